/* SPDX-License-Identifier: MIT */
/* freeze(x): a deep copy that can no longer change. Shared parts stay shared and cycles
 * stay cycles, by a table from originals to copies. */
#include "code.h"
#include "lib.h"

typedef struct pair {
    const amb_obj *from;
    amb_obj *to;
} pair;

typedef struct freezer {
    amb_vm *vm;
    pair *table;
    size_t count, size; /* size: a power of two or 0 */
    uint32_t depth;
} freezer;

static size_t slot_of(const freezer *f, const amb_obj *o) {
    size_t i = ((uintptr_t)o >> 4) * 0x9e3779b97f4a7c15u >> 20;
    for (i &= f->size - 1; f->table[i].from && f->table[i].from != o;
         i = (i + 1) & (f->size - 1)) {
    }
    return i;
}

static amb_status remember(freezer *f, const amb_obj *from, amb_obj *to) {
    if (f->count * 2 >= f->size) {
        size_t size = f->size ? f->size * 2 : 64;
        pair *old = f->table, *t = ambgc_malloc(f->vm, size * sizeof *t);
        if (!t) return amblib_nomem(f->vm);
        memset(t, 0, size * sizeof *t);
        size_t old_size = f->size;
        f->table = t;
        f->size = size;
        for (size_t i = 0; i < old_size; i++)
            if (old[i].from) t[slot_of(f, old[i].from)] = old[i];
        if (old) ambgc_free(f->vm, old, old_size * sizeof *old);
    }
    f->table[slot_of(f, from)] = (pair){from, to};
    f->count++;
    return AMB_OK;
}

static amb_status freeze(freezer *f, ambv v, ambv *out);

static amb_status freeze_list(freezer *f, amb_list *l, ambv *out) {
    amb_list *c = amblist_slice(f->vm, l, 0, l->len);
    if (!c) return amblib_nomem(f->vm);
    amb_status st = remember(f, &l->h, &c->h);
    *out = ambv_obj(c);
    for (uint32_t i = 0; i < c->len && !st; i++) {
        ambv x = amblist_at(c, i), y;
        if (!ambv_is_heap(x)) continue;
        st = freeze(f, x, &y);
        if (!st) c->vals[i] = y.u; /* the type stays */
    }
    c->h.flags |= OBJ_FROZEN;
    return st;
}

static amb_status freeze_map(freezer *f, amb_map *m, ambv *out) {
    amb_map *c = ambmap_copy(f->vm, m);
    if (!c) return amblib_nomem(f->vm);
    amb_status st = remember(f, &m->h, &c->h);
    *out = ambv_obj(c);
    AMBMAP_EACH (c, e) {
        ambv y;
        if (e->ktag >= TAG_HEAP) {
            if ((st = freeze(f, ambv_pack(e->key, e->ktag), &y)) != AMB_OK) break;
            e->key = y.u;
        }
        if (e->vtag >= TAG_HEAP) {
            if ((st = freeze(f, ambv_pack(e->val, e->vtag), &y)) != AMB_OK) break;
            e->val = y.u;
        }
    }
    c->h.flags |= OBJ_FROZEN;
    return st;
}

static amb_status freeze_tuple(freezer *f, amb_tuple *t, ambv *out) {
    amb_tuple *c = ambtuple_new(f->vm, t->h.aux32);
    if (!c) return amblib_nomem(f->vm);
    c->names = t->names;
    amb_status st = remember(f, &t->h, &c->h);
    *out = ambv_obj(c);
    for (uint32_t i = 0; i < t->h.aux32 && !st; i++)
        st = freeze(f, t->vals[i], &c->vals[i]);
    c->h.flags |= OBJ_FROZEN;
    return st;
}

static amb_status freeze_bytes(freezer *f, amb_bytes *b, ambv *out) {
    amb_status st = ambbytes_check(f->vm, b);
    if (st) return st;
    amb_bytes *c = ambbytes_new(f->vm, b->block ? b->block->data : NULL, b->len);
    if (!c) return amblib_nomem(f->vm);
    c->h.flags |= OBJ_FROZEN;
    *out = ambv_obj(c);
    return remember(f, &b->h, &c->h);
}

static AMB_COLD amb_status refuse(amb_vm *vm, const char *what, const char *why) {
    return amberr_raise(vm, AMB_ERR_TYPE, "freeze() cannot freeze %s: %s", what, why);
}

/* Instances are kept when nothing in them can change; value instances and enum cases are
 * copied. */
static amb_status freeze_instance(freezer *f, ambv v, ambv *out) {
    amb_vm *vm = f->vm;
    amb_class *c = vm->classes[v.inst->h.aux32];
    bool copy = c->h.flags & (CLASS_VALUE | CLASS_CASE);
    for (uint32_t i = 0; c->members && i <= c->member_mask; i++) {
        const amb_member *m = &c->members[i];
        if (m->name && m->kind == MEMBER_FIELD && !(m->flags & MEMBER_LET))
            return refuse(vm, ambtype_name(vm, v), "it has var fields");
    }
    bool same = true;
    for (uint32_t i = 0; i < c->nfields; i++) {
        ambv x = ambinst_get(v.inst, i), y;
        amb_status st = freeze(f, x, &y);
        if (st) return st;
        same &= x.u == y.u;
    }
    *out = v;
    if (same) return AMB_OK;
    if (!copy) return refuse(vm, ambtype_name(vm, v), "a field of it can change");
    size_t size = ambinst_size(c->nfields);
    amb_instance *o = ambgc_new(vm, size, TAG_INSTANCE);
    if (!o) return amblib_nomem(vm);
    amb_obj h = o->h;
    memcpy(o, v.inst, size);
    h.aux32 = v.inst->h.aux32;
    o->h = h;
    for (uint32_t i = 0; i < c->nfields; i++) {
        ambv y;
        amb_status st = freeze(f, ambinst_get(v.inst, i), &y); /* known by now */
        if (st) return st;
        ambinst_put(o, i, y);
    }
    *out = ambv_obj(o);
    return remember(f, v.o, &o->h);
}

static amb_status freeze_closure(freezer *f, ambv v, ambv *out) {
    amb_closure *c = v.closure;
    *out = v;
    for (uint32_t i = 0; i < c->h.aux32; i++) {
        ambv y;
        if (c->up[i].tag == TAG_CELL)
            return refuse(f->vm, "a function", "it uses variables that can change");
        if (c->up[i].u == v.u && c->up[i].tag == v.tag) continue;
        amb_status st = freeze(f, c->up[i], &y);
        if (st) return st;
        if (y.u != c->up[i].u)
            return refuse(f->vm, "a function", "it holds a container that can change");
    }
    return AMB_OK;
}

static amb_status freeze(freezer *f, ambv v, ambv *out) {
    *out = v;
    if (v.tag < TAG_HEAP || v.tag == TAG_STRING || v.tag == TAG_RANGE ||
        v.tag == TAG_CLASS || v.tag == TAG_NATIVE || v.tag == TAG_MODULE ||
        v.tag == TAG_CAP)
        return AMB_OK;
    if (v.tag != TAG_INSTANCE && (v.o->flags & OBJ_FROZEN)) return AMB_OK;
    if (f->size) {
        const pair *p = &f->table[slot_of(f, v.o)];
        if (p->from) {
            out->o = p->to;
            return AMB_OK;
        }
    }
    if (f->depth >= AMB_DEPTH_MAX)
        return amberr_raise(
            f->vm, AMB_ERR_STATE,
            "the value is nested too deeply to freeze (more than %d levels)",
            AMB_DEPTH_MAX);
    f->depth++;
    amb_status st;
    switch (v.tag) {
    case TAG_LIST: st = freeze_list(f, v.list, out); break;
    case TAG_MAP:
    case TAG_SET: st = freeze_map(f, v.map, out); break;
    case TAG_TUPLE: st = freeze_tuple(f, v.tuple, out); break;
    case TAG_BYTES: st = freeze_bytes(f, v.bytes, out); break;
    case TAG_INSTANCE: st = freeze_instance(f, v, out); break;
    case TAG_CLOSURE: st = freeze_closure(f, v, out); break;
    case TAG_BOUND: {
        ambv y;
        st = freeze(f, v.bound->self, &y);
        if (!st && y.u != v.bound->self.u)
            st = refuse(f->vm, "a bound method", "its receiver can change");
        break;
    }
    default: st = refuse(f->vm, ambtype_tag_name(v.tag), "it can change"); break;
    }
    f->depth--;
    return st;
}

amb_status amblib_freeze(amb_vm *vm, ambv v, ambv *out) {
    freezer f = {.vm = vm};
    amb_status st = freeze(&f, v, out);
    if (f.table) ambgc_free(vm, f.table, f.size * sizeof *f.table);
    return st;
}
