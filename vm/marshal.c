/* SPDX-License-Identifier: MIT */
/* Script values to flat slots and back.
 *
 * Strings and bytes are passed by pointer: nothing collects before the call is answered,
 * and a bytes argument is leased for that time. What a provider returns is copied out of
 * the call's memory. Everything a provider says is checked: types, lengths, UTF-8, the
 * shape of trees. */
#include <stdlib.h>
#include <string.h>

#include "equal.h"
#include "gate.h"

/* --- memory of a call --------------------------------------------------------------- */

#define BLOB 4000u

void *ambmarshal_alloc(ambcall *c, size_t n) {
    if (n > (size_t)2 * AMB_TRANSFER_MAX) return NULL;
    n = (n + 15) & ~(size_t)15;
    ambblob *b = c->blobs;
    if (!b || b->size - b->used < n) {
        size_t size = n > BLOB / 4 ? n : BLOB;
        /* A call that is answered later may be so by any thread: the VM's memory is not for it. */
        ambblob *fresh = c->kept ? malloc(sizeof *fresh + size) : ambgc_malloc(c->vm, sizeof *fresh + size);
        if (!fresh) return NULL;
        fresh->plain = c->kept;
        fresh->size = size;
        fresh->used = 0;
        /* A block that is full at once goes behind the one still being filled. */
        if (b && n == size) {
            fresh->next = b->next;
            b->next = fresh;
        } else {
            fresh->next = b;
            c->blobs = fresh;
        }
        b = fresh;
    }
    void *p = (char *)(b + 1) + b->used;
    b->used += n;
    return p;
}
_Static_assert(sizeof(ambblob) % 8 == 0, "slots behind a blob's head are aligned");

void ambmarshal_free(ambcall *c) {
    for (ambblob *b = c->blobs; b;) {
        ambblob *next = b->next;
        if (b->plain) free(b);
        else ambgc_free(c->vm, b, sizeof *b + b->size);
        b = next;
    }
    c->blobs = NULL;
    while (AMB_UNLIKELY(c->nloans)) ambloan_drop(c->vm->gate, c->loans[--c->nloans]);
}

/* --- in ----------------------------------------------------------------------------- */

static uint32_t max_len(const amb_param *p) {
    return p->max_len ? p->max_len : AMB_TRANSFER_MAX;
}

static amb_status bytes_in(ambcall *c, const amb_param *p, const char *what, ambv v,
                           amb_arg *out) {
    amb_status st = ambbytes_check(c->vm, v.bytes);
    if (st) return st;
    uint32_t len = v.bytes->len;
    if (len > max_len(p))
        return amberr_raise(c->vm, AMB_ERR_VALUE, "%s: %s is longer than %u bytes", what,
                            p->name, max_len(p));
    v.bytes->leased++;
    *out = (amb_arg){
        .type = AMB_T_BYTES, .len = len, .v.p = len ? v.bytes->block->data : NULL};
    return AMB_OK;
}

static amb_status string_in(ambcall *c, const amb_param *p, const char *what, ambv v,
                            amb_arg *out) {
    if (v.str->len > max_len(p))
        return amberr_raise(c->vm, AMB_ERR_VALUE, "%s: %s is longer than %u bytes", what,
                            p->name, max_len(p));
    *out = (amb_arg){.type = AMB_T_STR, .len = v.str->len, .v.p = v.str->data};
    return AMB_OK;
}

/* --- trees in: lists, tuples and maps of what AMB_T_ANY stands for ---
 *
 * Texts and bytes are copied: the provider may answer long after the list was changed. */

#define TREE_SLOTS (1u << 20)

typedef struct treein {
    ambcall *c;
    const char *what, *name;
    amb_arg *t; /* NULL while counting */
    uint32_t n;
    uint64_t bytes;
} treein;

static amb_status tree_in(treein *k, ambv v, int depth);

static amb_status leaf_in(treein *k, ambv v, amb_arg *out) {
    const void *p = NULL;
    uint32_t len = 0;
    switch (v.tag) {
    case TAG_NIL: *out = (amb_arg){.type = AMB_T_NIL}; return AMB_OK;
    case TAG_FALSE:
    case TAG_TRUE:
        *out = (amb_arg){.type = AMB_T_BOOL, .v.i = v.tag == TAG_TRUE};
        return AMB_OK;
    case TAG_INT: *out = (amb_arg){.type = AMB_T_I64, .v.i = v.i}; return AMB_OK;
    case TAG_FLOAT: *out = (amb_arg){.type = AMB_T_F64, .v.f = v.f}; return AMB_OK;
    case TAG_STRING: p = v.str->data, len = v.str->len; break;
    case TAG_BYTES: {
        amb_status st = ambbytes_check(k->c->vm, v.bytes);
        if (st) return st;
        len = v.bytes->len;
        p = len ? v.bytes->block->data : NULL;
        break;
    }
    default:
        return amberr_arg(k->c->vm, k->what, k->name,
                          "nil, bools, numbers, strings, bytes, and lists, tuples and "
                          "maps of them",
                          v);
    }
    *out = (amb_arg){.type = v.tag == TAG_STRING ? AMB_T_STR : AMB_T_BYTES, .len = len};
    k->bytes += len;
    if (!k->t) return AMB_OK;
    char *copy = ambmarshal_alloc(k->c, len + (size_t)1);
    if (!copy) return AMB_E_NOMEM;
    if (len) memcpy(copy, p, len);
    copy[len] = 0;
    out->v.p = copy;
    return AMB_OK;
}

/* Recursion is bounded by AMB_TREE_DEPTH, the work by TREE_SLOTS. */
static amb_status tree_in(treein *k, ambv v, int depth) {
    amb_vm *vm = k->c->vm;
    if (depth <= 0)
        return amberr_raise(vm, AMB_ERR_VALUE, "%s: %s is nested too deeply", k->what,
                            k->name);
    if (k->n >= TREE_SLOTS || k->bytes > AMB_TRANSFER_MAX)
        return amberr_raise(vm, AMB_ERR_VALUE, "%s: %s is too long", k->what, k->name);
    amb_arg none, *at = k->t ? &k->t[k->n] : &none;
    k->n++;
    amb_status st = AMB_OK;
    switch (v.tag) {
    case TAG_LIST:
        *at = (amb_arg){.type = AMB_T_LIST, .len = v.list->len};
        for (uint32_t i = 0; i < v.list->len && !st; i++)
            st = tree_in(k, amblist_at(v.list, i), depth - 1);
        return st;
    case TAG_TUPLE: {
        const amb_tuple *t = v.tuple;
        *at = (amb_arg){.type = AMB_T_TUPLE,
                        .flags = t->names ? AMB_A_NAMED : 0,
                        .len = t->h.aux32};
        for (uint32_t i = 0; i < t->h.aux32 && !st; i++) {
            if (t->names) st = tree_in(k, t->names->vals[i], depth - 1);
            if (!st) st = tree_in(k, t->vals[i], depth - 1);
        }
        return st;
    }
    case TAG_MAP:
        *at = (amb_arg){.type = AMB_T_MAP, .len = v.map->count};
        AMBMAP_EACH (v.map, e) {
            if (!st) st = tree_in(k, ambv_pack(e->key, e->ktag), depth - 1);
            if (!st) st = tree_in(k, ambv_pack(e->val, e->vtag), depth - 1);
        }
        return st;
    default: return leaf_in(k, v, at);
    }
}

static amb_status whole_tree_in(ambcall *c, const amb_param *p, const char *what, ambv v,
                                amb_arg *out) {
    treein k = {.c = c, .what = what, .name = p->name};
    amb_status st = tree_in(&k, v, AMB_TREE_DEPTH);
    if (st) return st;
    ambvm_charge(c->vm, k.n + (k.bytes >> 6));
    uint32_t n = k.n;
    k = (treein){.c = c, .what = what, .name = p->name,
                 .t = ambmarshal_alloc(c, n * sizeof *k.t)};
    if (!k.t) return AMB_E_NOMEM;
    if ((st = tree_in(&k, v, AMB_TREE_DEPTH)) != AMB_OK) return st;
    *out = (amb_arg){.type = AMB_T_TREE, .len = n, .v.p = k.t};
    return AMB_OK;
}

static const char *wanted(uint8_t type) {
    switch (type) {
    case AMB_T_BOOL: return "a bool";
    case AMB_T_I64: return "an int";
    case AMB_T_F64: return "a number";
    case AMB_T_STR: return "a string";
    case AMB_T_BYTES: return "bytes";
    case AMB_T_TREE: return "a list, a tuple or a map";
    case AMB_T_RES:
    case AMB_T_LOAN: return "a capability";
    default: return "nil, a bool, a number, a string or bytes";
    }
}

amb_status ambmarshal_in(ambcall *c, const amb_param *p, const char *what, ambv v,
                         amb_arg *out) {
    *out = (amb_arg){.type = AMB_T_NIL};
    if (v.tag == TAG_UNDEF || v.tag == TAG_NIL) {
        if (p->flags & AMB_P_OPT || (p->type == AMB_T_ANY && v.tag == TAG_NIL))
            return AMB_OK;
        if (v.tag == TAG_UNDEF)
            return amberr_raise(c->vm, AMB_ERR_TYPE, "%s is missing the argument '%s'",
                                what, p->name);
        return amberr_arg(c->vm, what, p->name, wanted(p->type), v);
    }
    bool any = p->type == AMB_T_ANY;
    switch (v.tag) {
    case TAG_LIST:
    case TAG_TUPLE:
    case TAG_MAP:
        if (p->type != AMB_T_TREE) break;
        return whole_tree_in(c, p, what, v, out);
    case TAG_FALSE:
    case TAG_TRUE:
        if (!any && p->type != AMB_T_BOOL) break;
        *out = (amb_arg){.type = AMB_T_BOOL, .v.i = v.tag == TAG_TRUE};
        return AMB_OK;
    case TAG_INT:
        if (p->type == AMB_T_F64) *out = (amb_arg){.type = AMB_T_F64, .v.f = (double)v.i};
        else if (any || p->type == AMB_T_I64)
            *out = (amb_arg){.type = AMB_T_I64, .v.i = v.i};
        else break;
        return AMB_OK;
    case TAG_FLOAT:
        if (!any && p->type != AMB_T_F64) break;
        *out = (amb_arg){.type = AMB_T_F64, .v.f = v.f};
        return AMB_OK;
    case TAG_STRING:
        if (!any && p->type != AMB_T_STR) break;
        return string_in(c, p, what, v, out);
    case TAG_BYTES:
        if (!any && p->type != AMB_T_BYTES) break;
        return bytes_in(c, p, what, v, out);
    case TAG_CAP: {
        if (p->type == AMB_T_LOAN) return ambloan_in(c, p, what, v, out);
        if (p->type != AMB_T_RES) break;
        ambrow *r;
        amb_status st = ambhandle_row(c->vm, v, &r);
        if (st) return st;
        if (r->kind != ROW_CAP || r->res->prov != c->prov ||
            (p->restype && r->res->type->id != p->restype))
            break;
        if ((r->rights & p->need) != p->need)
            return amberr_raise(c->vm, AMB_ERR_CAPABILITY,
                                "%s: %s lacks a right it needs", what, p->name);
        *out = (amb_arg){.type = AMB_T_RES, .v.res = r->res->res};
        return AMB_OK;
    }
    default: break;
    }
    return amberr_arg(c->vm, what, p->name, wanted(p->type), v);
}

void ambmarshal_unlease(const ambv *args, uint32_t n) {
    for (uint32_t i = 0; i < n; i++)
        if (args[i].tag == TAG_BYTES && args[i].bytes->leased) args[i].bytes->leased--;
}

/* --- out ---------------------------------------------------------------------------- */

static amb_status broken(ambcall *c) {
    return amberr_raise(c->vm, AMB_ERR_STATE,
                        "the provider %s answered out of its contract",
                        c->prov->p->iface);
}

static amb_status no_memory(amb_vm *vm) {
    if (vm->exc.tag != TAG_UNDEF) return AMB_E_THROW;
    return vm->failed ? vm->failed : AMB_E_NOMEM;
}

static amb_status leaf_out(ambcall *c, const amb_arg *a, ambv *out) {
    amb_vm *vm = c->vm;
    switch (a->type) {
    case AMB_T_NIL: *out = ambv_nil(); return AMB_OK;
    case AMB_T_BOOL: *out = ambv_bool(a->v.i != 0); return AMB_OK;
    case AMB_T_I64: *out = ambv_int(a->v.i); return AMB_OK;
    case AMB_T_F64: *out = ambv_float(a->v.f); return AMB_OK;
    case AMB_T_STR: {
        amb_string *s = ambstr_checked(vm, a->v.p, a->len);
        if (!s) return no_memory(vm);
        *out = ambv_obj(s);
        return AMB_OK;
    }
    case AMB_T_BYTES: {
        amb_bytes *b = ambbytes_new(vm, a->len ? a->v.p : NULL, a->len);
        if (!b) return no_memory(vm);
        *out = ambv_obj(b);
        return AMB_OK;
    }
    default: return broken(c);
    }
}

static amb_status tree_out(ambcall *c, const amb_arg *t, uint32_t len, uint32_t *at,
                           int depth, ambv *out);

static amb_status tuple_out(ambcall *c, const amb_arg *t, uint32_t len, uint32_t *at,
                            int depth, const amb_arg *head, ambv *out) {
    amb_vm *vm = c->vm;
    if (head->len > len) return broken(c);
    amb_tuple *tuple = ambtuple_new(vm, head->len), *names = NULL;
    if (!tuple) return no_memory(vm);
    if (head->flags & AMB_A_NAMED && !(names = ambtuple_new(vm, head->len)))
        return no_memory(vm);
    for (uint32_t i = 0; i < head->len; i++) {
        if (names) {
            if (*at >= len || t[*at].type != AMB_T_STR) return broken(c);
            amb_string *s = ambstr_intern(vm, t[*at].v.p, t[*at].len);
            if (!s) return no_memory(vm);
            names->vals[i] = ambv_obj(s);
            ++*at;
        }
        amb_status st = tree_out(c, t, len, at, depth, &tuple->vals[i]);
        if (st) return st;
    }
    tuple->names = names;
    *out = ambv_obj(tuple);
    return AMB_OK;
}

/* Recursion is bounded by AMB_TREE_DEPTH. */
static amb_status tree_out(ambcall *c, const amb_arg *t, uint32_t len, uint32_t *at,
                           int depth, ambv *out) {
    amb_vm *vm = c->vm;
    if (*at >= len || depth <= 0) return broken(c);
    const amb_arg *head = &t[(*at)++];
    amb_status st;
    switch (head->type) {
    case AMB_T_LIST: {
        if (head->len > len) return broken(c);
        amb_list *l = amblist_new(vm, head->len);
        if (!l) return no_memory(vm);
        for (uint32_t i = 0; i < head->len; i++) {
            ambv v;
            if ((st = tree_out(c, t, len, at, depth - 1, &v)) != AMB_OK) return st;
            if ((st = amblist_push_slow(vm, l, v)) != AMB_OK) return st;
        }
        *out = ambv_obj(l);
        return AMB_OK;
    }
    case AMB_T_TUPLE: return tuple_out(c, t, len, at, depth - 1, head, out);
    case AMB_T_MAP: {
        if (head->len > len) return broken(c);
        amb_map *m = ambmap_new(vm, head->len);
        if (!m) return no_memory(vm);
        for (uint32_t i = 0; i < head->len; i++) {
            ambv k, v;
            if ((st = tree_out(c, t, len, at, depth - 1, &k)) != AMB_OK) return st;
            if ((st = tree_out(c, t, len, at, depth - 1, &v)) != AMB_OK) return st;
            if ((st = ambmap_set(vm, m, k, v)) != AMB_OK) return st;
        }
        *out = ambv_obj(m);
        return AMB_OK;
    }
    default: return leaf_out(c, head, out);
    }
}

amb_status ambmarshal_item(ambcall *c, const amb_arg *tree, uint32_t len, uint32_t *at,
                           ambv *out) {
    uint32_t p = *at;
    amb_status st = tree_out(c, tree, len, &p, AMB_TREE_DEPTH, out);
    if (st == AMB_OK) *at = p; /* else it is asked for again after a collection */
    return st;
}

bool ambmarshal_list(const amb_arg *ret, uint32_t *count) {
    if (ret->type != AMB_T_TREE || !ret->len) return false;
    const amb_arg *t = ret->v.p;
    if (t[0].type != AMB_T_LIST) return false;
    *count = t[0].len;
    return true;
}

amb_status ambmarshal_out(ambcall *c, const amb_arg *ret, ambv *out) {
    uint8_t want = c->op->ret_type;
    if (ret->type != want && ret->type != AMB_T_NIL) return broken(c);
    if (ret->type == AMB_T_RES) {
        if (!c->made) return broken(c);
        *out = ambv_obj(c->new_cap);
        return AMB_OK;
    }
    if (ret->type == AMB_T_TREE) {
        uint32_t at = 0;
        amb_status st = tree_out(c, ret->v.p, ret->len, &at, AMB_TREE_DEPTH, out);
        return st ? st : at == ret->len ? AMB_OK : broken(c);
    }
    return leaf_out(c, ret, out);
}
