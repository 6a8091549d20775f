/* SPDX-License-Identifier: MIT */
/* Equality, order and hashing of values.
 *
 * All three walk structures recursively, at most AMB_DEPTH_MAX deep and at most WORK_MAX
 * elements: shared substructures make a small graph look exponentially big. Containers
 * are locked while script code (fn ==, <, hash of a class) may run, so the walk never
 * sees them change. */
#include "equal.h"

#include <math.h>
#include <string.h>

#define WORK_MAX 200000000u

typedef struct walk {
    amb_vm *vm;
    uint32_t depth;
    uint32_t work;
    const char *verb;
} walk;

static AMB_COLD amb_status too_deep(walk *w) {
    return amberr_raise(w->vm, AMB_ERR_STATE,
                        "the values are nested too deeply to %s (more than %d levels)",
                        w->verb, AMB_DEPTH_MAX);
}

static AMB_COLD amb_status too_big(walk *w) {
    return amberr_raise(w->vm, AMB_ERR_LIMIT, "the values are too big to %s", w->verb);
}

static inline amb_status step(walk *w) {
    return AMB_LIKELY(++w->work < WORK_MAX) ? AMB_OK : too_big(w);
}

/* Doubles carry 53 bits: beyond that the int side decides exactly. */
static int compare_int_float(int64_t i, double f) {
    if (f != f) return 2;
    if (f >= 9223372036854775808.0) return -1;
    if (f < -9223372036854775808.0) return 1;
    int64_t t = (int64_t)f;
    if (i != t) return i < t ? -1 : 1;
    double rest = f - (double)t;
    return rest > 0 ? -1 : rest < 0;
}

int ambeq_compare_numbers(ambv a, ambv b) {
    if (a.tag == TAG_INT) {
        if (b.tag == TAG_INT) return a.i < b.i ? -1 : a.i > b.i;
        return compare_int_float(a.i, b.f);
    }
    if (b.tag == TAG_INT) {
        int c = compare_int_float(b.i, a.f);
        return c == 2 ? 2 : -c;
    }
    return a.f < b.f ? -1 : a.f > b.f ? 1 : a.f == b.f ? 0 : 2;
}

static uint8_t lock(amb_obj *o) {
    uint8_t was = o->flags & OBJ_LOCKED;
    o->flags |= OBJ_LOCKED;
    return was;
}

static void unlock(amb_obj *o, uint8_t was) {
    o->flags = (uint8_t)((o->flags & ~OBJ_LOCKED) | was);
}

/* ---- equality ---- */

static amb_status equal(walk *w, ambv a, ambv b, bool *out);

static amb_status equal_lists(walk *w, amb_list *a, amb_list *b, bool *out) {
    *out = false;
    if (a->len != b->len) return AMB_OK;
    ambvm_charge(w->vm, a->len / 16);
    if (!a->tags && !b->tags && a->h.aux16 == b->h.aux16 && a->h.aux16 <= TAG_INT) {
        *out = a->h.aux16 < TAG_INT || a->len == 0 ||
               memcmp(a->vals, b->vals, (size_t)a->len * 8) == 0;
        return AMB_OK;
    }
    uint8_t wa = lock(&a->h), wb = lock(&b->h);
    amb_status st = AMB_OK;
    bool same = true;
    for (uint32_t i = 0; i < a->len && same && !st; i++)
        st = equal(w, amblist_at(a, i), amblist_at(b, i), &same);
    unlock(&b->h, wb);
    unlock(&a->h, wa);
    *out = same;
    return st;
}

static amb_status equal_tuples(walk *w, amb_tuple *a, amb_tuple *b, bool *out) {
    *out = false;
    if (a->h.aux32 != b->h.aux32) return AMB_OK;
    ambvm_charge(w->vm, a->h.aux32 / 16);
    bool same = true;
    amb_status st = AMB_OK;
    for (uint32_t i = 0; i < a->h.aux32 && same && !st; i++)
        st = equal(w, a->vals[i], b->vals[i], &same);
    *out = same;
    return st;
}

static amb_status equal_maps(walk *w, amb_map *a, amb_map *b, bool *out) {
    *out = false;
    if (a->count != b->count) return AMB_OK;
    uint8_t wa = lock(&a->h), wb = lock(&b->h);
    amb_status st = AMB_OK;
    bool same = true;
    AMBMAP_EACH (a, e) {
        amb_entry *f;
        if ((st = ambmap_find_entry(w->vm, b, e, &f)) != AMB_OK) break;
        same = f != NULL;
        if (f && a->h.type == TAG_MAP)
            st = equal(w, ambv_pack(e->val, e->vtag), ambv_pack(f->val, f->vtag), &same);
        if (st || !same || (st = step(w)) != AMB_OK) break;
    }
    unlock(&b->h, wb);
    unlock(&a->h, wa);
    *out = same;
    return st;
}

/* Equal when they give the same elements. */
static bool equal_ranges(const amb_range *a, const amb_range *b) {
    int64_t n = ambrange_count(a);
    if (n != ambrange_count(b)) return false;
    if (n == 0) return true;
    return a->a == b->a && (n == 1 || a->step == b->step);
}

static amb_status equal_instances(walk *w, amb_instance *a, ambv bv, bool *out) {
    amb_vm *vm = w->vm;
    amb_class *c = vm->classes[a->h.aux32];
    if (c->op_eq.tag != TAG_NIL) {
        ambv args[2] = {ambv_obj(a), bv}, r;
        amb_status st = ambcall_pure(vm, c->op_eq, args, 2, &r);
        if (st) return st;
        *out = ambv_truthy(r);
        return AMB_OK;
    }
    *out = false;
    if (bv.tag != TAG_INSTANCE || bv.inst->h.aux32 != a->h.aux32) return AMB_OK;
    if (!(c->h.flags & (CLASS_VALUE | CLASS_CASE))) return AMB_OK;
    bool same = true;
    amb_status st = AMB_OK;
    for (uint32_t i = 0; i < c->nfields && same && !st; i++)
        st = equal(w, ambinst_get(a, i), ambinst_get(bv.inst, i), &same);
    *out = same;
    return st;
}

static amb_status equal_objects(walk *w, ambv a, ambv b, bool *out) {
    if (w->depth >= AMB_DEPTH_MAX) return too_deep(w);
    w->depth++;
    amb_status st;
    switch (a.tag) {
    case TAG_LIST: st = equal_lists(w, a.list, b.list, out); break;
    case TAG_TUPLE: st = equal_tuples(w, a.tuple, b.tuple, out); break;
    case TAG_INSTANCE: st = equal_instances(w, a.inst, b, out); break;
    default: st = equal_maps(w, a.map, b.map, out); break;
    }
    w->depth--;
    return st;
}

static amb_status equal(walk *w, ambv a, ambv b, bool *out) {
    amb_status st = step(w);
    if (st) return st;
    if (a.tag == TAG_INSTANCE) {
        bool plain = w->vm->classes[a.inst->h.aux32]->op_eq.tag == TAG_NIL;
        if (plain && b.tag == TAG_INSTANCE && a.inst == b.inst) {
            *out = true;
            return AMB_OK;
        }
        return equal_objects(w, a, b, out);
    }
    if (a.tag != b.tag) {
        *out = ambv_is_number(a) && ambv_is_number(b) && ambeq_compare_numbers(a, b) == 0;
        return AMB_OK;
    }
    switch (a.tag) {
    case TAG_NIL:
    case TAG_FALSE:
    case TAG_TRUE:
    case TAG_DONE: *out = true; return AMB_OK;
    case TAG_FLOAT: *out = a.f == b.f; return AMB_OK;
    case TAG_STRING: *out = ambstr_equal(a.str, b.str); return AMB_OK;
    case TAG_BYTES:
        *out = a.bytes->len == b.bytes->len &&
               (a.bytes->len == 0 ||
                memcmp(a.bytes->block->data, b.bytes->block->data, a.bytes->len) == 0);
        return AMB_OK;
    case TAG_RANGE: *out = equal_ranges(a.range, b.range); return AMB_OK;
    case TAG_BOUND:
        *out = a.u == b.u || (ambv_same(a.bound->self, b.bound->self) &&
                              ambv_same(a.bound->fn, b.bound->fn));
        return AMB_OK;
    case TAG_CAP:
        *out = a.cap->slot == b.cap->slot && a.cap->generation == b.cap->generation;
        return AMB_OK;
    case TAG_LIST:
    case TAG_TUPLE:
    case TAG_MAP:
    case TAG_SET:
        if (a.u == b.u) {
            *out = true;
            return AMB_OK;
        }
        return equal_objects(w, a, b, out);
    default: *out = a.u == b.u; return AMB_OK;
    }
}

amb_status ambeq_values(amb_vm *vm, ambv a, ambv b, bool *out) {
    walk w = {vm, 0, 0, "compare"};
    return equal(&w, a, b, out);
}

bool ambeq_keys(amb_vm *vm, ambv a, ambv b, amb_status *st) {
    bool same = false;
    *st = ambeq_values(vm, a, b, &same);
    return *st || same;
}

/* ---- order ---- */

static amb_status less(walk *w, ambv a, ambv b, bool *out);

static AMB_COLD amb_status no_order(amb_vm *vm, ambv a, ambv b) {
    char ba[64], bb[64];
    return amberr_raise(vm, AMB_ERR_TYPE, "cannot compare %s with %s: %s < %s",
                        ambtype_name(vm, a), ambtype_name(vm, b),
                        ambtext_brief(vm, a, ba), ambtext_brief(vm, b, bb));
}

static amb_status less_sequence(walk *w, ambv a, ambv b, bool *out) {
    bool lists = a.tag == TAG_LIST;
    uint32_t na = lists ? a.list->len : a.tuple->h.aux32;
    uint32_t nb = lists ? b.list->len : b.tuple->h.aux32;
    ambvm_charge(w->vm, (na < nb ? na : nb) / 16);
    uint8_t wa = lock(a.o), wb = lock(b.o);
    amb_status st = AMB_OK;
    bool decided = false;
    for (uint32_t i = 0; i < na && i < nb; i++) {
        ambv x = lists ? amblist_at(a.list, i) : a.tuple->vals[i];
        ambv y = lists ? amblist_at(b.list, i) : b.tuple->vals[i];
        bool same = false;
        if ((st = equal(w, x, y, &same)) != AMB_OK) break;
        if (same) continue;
        st = less(w, x, y, out);
        decided = true;
        break;
    }
    unlock(b.o, wb);
    unlock(a.o, wa);
    if (!st && !decided) *out = na < nb;
    return st;
}

static amb_status less(walk *w, ambv a, ambv b, bool *out) {
    amb_vm *vm = w->vm;
    amb_status st = step(w);
    if (st) return st;
    if (ambv_is_number(a) && ambv_is_number(b)) {
        *out = ambeq_compare_numbers(a, b) == -1;
        return AMB_OK;
    }
    if (a.tag == TAG_INSTANCE) {
        amb_class *c = vm->classes[a.inst->h.aux32];
        if (c->op_lt.tag == TAG_NIL) return no_order(vm, a, b);
        ambv args[2] = {a, b}, r;
        if ((st = ambcall_pure(vm, c->op_lt, args, 2, &r)) != AMB_OK) return st;
        *out = ambv_truthy(r);
        return AMB_OK;
    }
    if (a.tag != b.tag) return no_order(vm, a, b);
    switch (a.tag) {
    case TAG_STRING:
        ambvm_charge(vm, (a.str->len < b.str->len ? a.str->len : b.str->len) / 256);
        *out = ambstr_compare(a.str, b.str) < 0;
        return AMB_OK;
    case TAG_BYTES: {
        uint32_t n = a.bytes->len < b.bytes->len ? a.bytes->len : b.bytes->len;
        int c = n ? memcmp(a.bytes->block->data, b.bytes->block->data, n) : 0;
        *out = c ? c < 0 : a.bytes->len < b.bytes->len;
        return AMB_OK;
    }
    case TAG_LIST:
    case TAG_TUPLE:
        if (w->depth >= AMB_DEPTH_MAX) return too_deep(w);
        w->depth++;
        st = less_sequence(w, a, b, out);
        w->depth--;
        return st;
    default: return no_order(vm, a, b);
    }
}

amb_status ambeq_less(amb_vm *vm, ambv a, ambv b, bool *out) {
    walk w = {vm, 0, 0, "compare"};
    return less(&w, a, b, out);
}

/* ---- hashing ---- */

static uint32_t combine(uint32_t h, uint32_t k) {
    uint64_t m = ((uint64_t)h << 32 | k) * 0x9e3779b97f4a7c15u;
    return (uint32_t)(m >> 32) ^ (uint32_t)m;
}

/* From a counter, so that addresses never show. Kept in the header: in 32 bits where the
 * type leaves them free, else in 16. */
static uint32_t identity(amb_vm *vm, amb_obj *o) {
    if (o->type == TAG_CLASS) return ambeq_hash_int(vm, -1 - (int64_t)o->aux32);
    bool wide = o->type == TAG_GENERATOR || o->type == TAG_MODULE ||
                (o->type >= TAG_TASK && o->type <= TAG_LOCAL);
    uint32_t id = wide ? o->aux32 : o->aux16;
    while (id == 0) id = wide ? ++vm->next_identity : (uint16_t)++vm->next_identity;
    if (wide)
        o->aux32 = id;
    else
        o->aux16 = (uint16_t)id;
    return ambeq_hash_int(vm, (int64_t)id << 8 | o->type);
}

static AMB_COLD amb_status unhashable(amb_vm *vm, ambv v) {
    const char *hint = "";
    switch (v.tag) {
    case TAG_NIL: return amberr_raise(vm, AMB_ERR_TYPE, "nil cannot be a key");
    case TAG_FLOAT: return amberr_raise(vm, AMB_ERR_TYPE, "nan cannot be a key");
    case TAG_LIST: hint = "; use a tuple"; break;
    case TAG_BYTES: hint = "; use a string or a tuple"; break;
    case TAG_INSTANCE:
        return amberr_raise(vm, AMB_ERR_TYPE,
                            "%s cannot be a key: its class defines == but not hash",
                            ambtype_name(vm, v));
    default: break;
    }
    return amberr_raise(vm, AMB_ERR_TYPE, "%s%s cannot be a key: it can change%s",
                        v.tag == TAG_BYTES ? "" : "a ", ambtype_tag_name(v.tag), hint);
}

static amb_status hash(walk *w, ambv v, uint32_t *out);

static amb_status hash_parts(walk *w, ambv v, uint32_t h, uint32_t n, uint32_t *out) {
    ambvm_charge(w->vm, n / 16);
    if (w->depth >= AMB_DEPTH_MAX) return too_deep(w);
    w->depth++;
    amb_status st = AMB_OK;
    for (uint32_t i = 0; i < n && !st; i++) {
        ambv x = v.tag == TAG_TUPLE ? v.tuple->vals[i] : ambinst_get(v.inst, i);
        uint32_t k = 0;
        /* A part may be nil; only a whole key may not. */
        if (x.tag == TAG_NIL)
            k = 0x51ed270bu;
        else
            st = hash(w, x, &k);
        h = combine(h, k);
    }
    w->depth--;
    *out = h;
    return st;
}

static amb_status hash_instance(walk *w, ambv v, uint32_t *out) {
    amb_vm *vm = w->vm;
    amb_class *c = vm->classes[v.inst->h.aux32];
    if (c->op_hash.tag != TAG_NIL) {
        ambv r;
        amb_status st = ambcall_pure(vm, c->op_hash, &v, 1, &r);
        if (st) return st;
        if (r.tag != TAG_INT)
            return amberr_raise(vm, AMB_ERR_TYPE, "hash() of %s must give an int, not %s",
                                ambtype_name(vm, v), ambtype_name(vm, r));
        *out = ambeq_hash_int(vm, r.i);
        return AMB_OK;
    }
    if (c->op_eq.tag != TAG_NIL) return unhashable(vm, v);
    if (c->h.flags & (CLASS_VALUE | CLASS_CASE))
        return hash_parts(w, v, ambeq_hash_int(vm, c->h.aux32), c->nfields, out);
    *out = identity(vm, v.o);
    return AMB_OK;
}

static amb_status hash(walk *w, ambv v, uint32_t *out) {
    amb_vm *vm = w->vm;
    amb_status st = step(w);
    if (st) return st;
    switch (v.tag) {
    case TAG_FALSE:
    case TAG_TRUE:
    case TAG_DONE: *out = ambeq_hash_int(vm, -1000 - (int64_t)v.tag); return AMB_OK;
    case TAG_INT: *out = ambeq_hash_int(vm, v.i); return AMB_OK;
    case TAG_FLOAT: {
        double f = v.f;
        if (f != f) return unhashable(vm, v);
        if (f >= -9223372036854775808.0 && f < 9223372036854775808.0 &&
            (double)(int64_t)f == f)
            *out = ambeq_hash_int(vm, (int64_t)f);
        else
            *out = ambeq_hash_int(vm, v.i ^ 0x5bd1e995);
        return AMB_OK;
    }
    case TAG_STRING: *out = ambstr_hash(vm, v.str); return AMB_OK;
    case TAG_TUPLE: return hash_parts(w, v, 0x2545f491u, v.tuple->h.aux32, out);
    case TAG_RANGE: {
        int64_t n = ambrange_count(v.range);
        uint32_t h = combine(0x7f4a7c15u, ambeq_hash_int(vm, n));
        if (n > 0) h = combine(h, ambeq_hash_int(vm, v.range->a));
        if (n > 1) h = combine(h, ambeq_hash_int(vm, v.range->step));
        *out = h;
        return AMB_OK;
    }
    case TAG_INSTANCE: return hash_instance(w, v, out);
    case TAG_CAP:
        *out = combine(ambeq_hash_int(vm, v.cap->slot), v.cap->generation);
        return AMB_OK;
    case TAG_BOUND: /* equal ones may be different objects */
        *out = 0x1b873593u;
        return AMB_OK;
    case TAG_CLOSURE:
    case TAG_NATIVE:
    case TAG_CLASS:
    case TAG_MODULE:
    case TAG_GENERATOR:
    case TAG_TASK:
    case TAG_CHANNEL:
    case TAG_LOCK:
    case TAG_LOCAL: *out = identity(vm, v.o); return AMB_OK;
    default: return unhashable(vm, v);
    }
}

amb_status ambeq_hash(amb_vm *vm, ambv v, uint32_t *out) {
    walk w = {vm, 0, 0, "hash"};
    return hash(&w, v, out);
}
