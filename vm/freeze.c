/* SPDX-License-Identifier: MIT */
/* Freezing in place: what a module's `pub let` containers get once the module ran. */
#include "vm.h"

typedef struct work {
    amb_obj **at;
    size_t len, cap;
} work;

static bool add(amb_vm *vm, work *w, ambv v) {
    if (v.tag != TAG_LIST && v.tag != TAG_MAP && v.tag != TAG_SET && v.tag != TAG_TUPLE &&
        v.tag != TAG_BYTES)
        return true;
    if (v.o->flags & OBJ_FROZEN) return true;
    v.o->flags |= OBJ_FROZEN;
    if (w->len == w->cap) {
        size_t cap = w->cap ? w->cap * 2 : 32;
        amb_obj **p = ambgc_realloc(vm, w->at, w->cap * sizeof *p, cap * sizeof *p);
        if (!p) return false;
        w->at = p;
        w->cap = cap;
    }
    w->at[w->len++] = v.o;
    return true;
}

amb_status ambobj_freeze(amb_vm *vm, ambv v) {
    work w = {0};
    bool ok = add(vm, &w, v);
    while (ok && w.len) {
        amb_obj *o = w.at[--w.len];
        switch (o->type) {
        case TAG_LIST: {
            const amb_list *l = (const amb_list *)o;
            for (uint32_t i = 0; ok && i < l->len; i++) ok = add(vm, &w, amblist_at(l, i));
            break;
        }
        case TAG_TUPLE: {
            const amb_tuple *t = (const amb_tuple *)o;
            for (uint32_t i = 0; ok && i < t->h.aux32; i++) ok = add(vm, &w, t->vals[i]);
            break;
        }
        case TAG_MAP:
        case TAG_SET: {
            const amb_map *m = (const amb_map *)o;
            for (uint32_t i = m->first; ok && i < m->used; i++) {
                const amb_entry *e = &m->entries[i];
                if (e->ktag == TAG_UNDEF) continue;
                ok = add(vm, &w, ambv_pack(e->key, e->ktag)) && add(vm, &w, ambv_pack(e->val, e->vtag));
            }
            break;
        }
        default: break;
        }
    }
    ambgc_free(vm, w.at, w.cap * sizeof *w.at);
    return ok ? AMB_OK : vm->failed;
}
