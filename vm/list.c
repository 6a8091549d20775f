/* SPDX-License-Identifier: MIT */
/* Lists: growth, representation changes and the structural operations.
 *
 * While all elements have one tag it stands once in the header (aux16) and there is no
 * tag array; the first element of another type makes one. An emptied list returns to the
 * plain form.
 *
 * Removing the first element of a long list moves nothing: vals and tags step over it and leave a
 * gap at the start of their storage. The gap is closed when it is longer than what is left, so a
 * list serves as a queue at a constant cost for each element. */
#include <string.h>

#include "vm.h"

/* Shorter lists are moved: that is as fast. */
enum { GAP_FROM = 16 };

amb_status ambobj_check_writable(amb_vm *vm, const amb_obj *o) {
    if (AMB_LIKELY(!(o->flags & (OBJ_FROZEN | OBJ_LOCKED)))) return AMB_OK;
    const char *type = ambtype_tag_name(o->type);
    if (o->flags & OBJ_FROZEN)
        return amberr_raise(vm, AMB_ERR_STATE,
                            "the %s is frozen; copy() gives one that can change", type);
    return amberr_raise(
        vm, AMB_ERR_STATE,
        "the %s is in use (being sorted, compared or printed) and cannot change", type);
}

static amb_status too_long(amb_vm *vm) {
    return amberr_raise(vm, AMB_ERR_LIMIT, "a list cannot have more than %u elements",
                        AMB_LIST_MAX);
}

static amb_status recorded(amb_vm *vm) { return vm->failed ? vm->failed : AMB_E_NOMEM; }

amb_list *amblist_new(amb_vm *vm, uint32_t cap) {
    if (AMB_UNLIKELY(cap > AMB_LIST_MAX)) {
        too_long(vm);
        return NULL;
    }
    amb_list *l = ambgc_new(vm, sizeof *l, TAG_LIST);
    if (!l) return NULL;
    l->h.aux16 = TAG_UNDEF;
    l->h.aux32 = 0;
    l->len = l->cap = 0;
    l->vals = NULL;
    l->tags = NULL;
    if (cap) {
        uint64_t *v = ambgc_storage(vm, l, NULL, 0, (size_t)cap * 8);
        if (!v) return NULL;
        l->vals = v;
        l->cap = cap;
    }
    return l;
}

amb_list *amblist_of(amb_vm *vm, const ambv *vals, uint32_t n) {
    amb_list *l = amblist_new(vm, n);
    if (!l || n == 0) return l;
    uint64_t first = vals[0].tag, mixed = 0;
    for (uint32_t i = 0; i < n; i++) {
        l->vals[i] = vals[i].u;
        mixed |= vals[i].tag ^ first;
    }
    l->h.aux16 = (uint16_t)first;
    if (mixed) {
        uint8_t *tags = ambgc_storage(vm, l, NULL, 0, n);
        if (!tags) return NULL;
        for (uint32_t i = 0; i < n; i++) tags[i] = (uint8_t)vals[i].tag;
        l->tags = tags;
    }
    l->len = n;
    return l;
}

amb_status amblist_tag_each(amb_vm *vm, amb_list *l) {
    uint8_t *tags = ambgc_storage(vm, l, NULL, 0, amblist_storage_cap(l));
    if (!tags) return recorded(vm);
    l->tags = tags + l->h.aux32;
    memset(l->tags, l->h.aux16, l->len);
    return AMB_OK;
}

void amblist_release(amb_vm *vm, amb_list *l) {
    size_t cap = amblist_storage_cap(l);
    ambgc_storage(vm, l, amblist_tags_storage(l), cap, 0);
    ambgc_storage(vm, l, amblist_vals_storage(l), cap * 8, 0);
    l->tags = NULL;
    l->vals = NULL;
    l->len = l->cap = l->h.aux32 = 0;
    l->h.aux16 = TAG_UNDEF;
}

void amblist_reverse(amb_vm *vm, amb_list *l) {
    ambvm_charge(vm, l->len / 16);
    for (uint32_t i = 0, j = l->len; i + 1 < j; i++) {
        j--;
        uint64_t t = l->vals[i];
        l->vals[i] = l->vals[j];
        l->vals[j] = t;
        if (l->tags) {
            uint8_t g = l->tags[i];
            l->tags[i] = l->tags[j];
            l->tags[j] = g;
        }
    }
    ambgc_barrier(vm, l);
}

static void close_gap(amb_vm *vm, amb_list *l) {
    uint32_t gap = l->h.aux32;
    if (gap == 0) return;
    memmove(l->vals - gap, l->vals, (size_t)l->len * 8);
    if (l->tags) {
        memmove(l->tags - gap, l->tags, l->len);
        l->tags -= gap;
    }
    l->vals -= gap;
    l->cap += gap;
    l->h.aux32 = 0;
    ambgc_barrier(vm, l);
}

amb_status amblist_reserve(amb_vm *vm, amb_list *l, uint32_t cap) {
    if (cap <= l->cap) return AMB_OK;
    if (cap > AMB_LIST_MAX) return too_long(vm);
    close_gap(vm, l);
    uint8_t *tags = NULL;
    if (l->tags) {
        tags = ambgc_storage(vm, l, NULL, 0, cap);
        if (!tags) return recorded(vm);
    }
    uint64_t *vals = ambgc_storage(vm, l, l->vals, (size_t)l->cap * 8, (size_t)cap * 8);
    if (!vals) {
        if (tags) ambgc_storage(vm, l, tags, cap, 0);
        return recorded(vm);
    }
    l->vals = vals;
    if (tags) {
        memcpy(tags, l->tags, l->len);
        ambgc_storage(vm, l, l->tags, l->cap, 0);
        l->tags = tags;
    }
    l->cap = cap;
    return AMB_OK;
}

static amb_status grow(amb_vm *vm, amb_list *l, uint64_t need) {
    if (need > AMB_LIST_MAX) return too_long(vm);
    /* A gap as long as the list is room enough; a shorter one would soon be used up again. */
    if (l->h.aux32 && l->h.aux32 >= l->len) close_gap(vm, l);
    if (need <= l->cap) return AMB_OK;
    uint64_t cap = l->cap < 4      ? 4
                   : l->cap < 4096 ? (uint64_t)l->cap * 2
                                   : l->cap + l->cap / 2;
    if (cap < need) cap = need;
    if (cap > AMB_LIST_MAX) cap = AMB_LIST_MAX;
    return amblist_reserve(vm, l, (uint32_t)cap);
}

/* Makes room for elements of `tag`: afterwards either tags exists or etag == tag. */
static amb_status admit(amb_vm *vm, amb_list *l, uint64_t tag) {
    if (l->tags || l->h.aux16 == tag) return AMB_OK;
    if (l->len == 0) {
        l->h.aux16 = (uint16_t)tag;
        return AMB_OK;
    }
    return amblist_tag_each(vm, l);
}

static inline void put(amb_vm *vm, amb_list *l, uint32_t i, ambv v) {
    l->vals[i] = v.u;
    if (l->tags) l->tags[i] = (uint8_t)v.tag;
    if (ambv_is_heap(v)) ambgc_barrier_at(vm, l, i);
}

amb_status amblist_push_slow(amb_vm *vm, amb_list *l, ambv v) {
    amb_status st = ambobj_check_writable(vm, &l->h);
    if (st) return st;
    if (l->len == l->cap && (st = grow(vm, l, (uint64_t)l->len + 1)) != AMB_OK) return st;
    if ((st = admit(vm, l, v.tag)) != AMB_OK) return st;
    put(vm, l, l->len, v);
    l->len++;
    return AMB_OK;
}

amb_status amblist_set_slow(amb_vm *vm, amb_list *l, uint32_t i, ambv v) {
    amb_status st = ambobj_check_writable(vm, &l->h);
    if (st) return st;
    if (l->len == 1 && !l->tags) l->h.aux16 = (uint16_t)v.tag;
    if ((st = admit(vm, l, v.tag)) != AMB_OK) return st;
    put(vm, l, i, v);
    return AMB_OK;
}

amb_status amblist_insert(amb_vm *vm, amb_list *l, uint32_t i, ambv v) {
    amb_status st = ambobj_check_writable(vm, &l->h);
    if (st) return st;
    if (l->len == l->cap && (st = grow(vm, l, (uint64_t)l->len + 1)) != AMB_OK) return st;
    if ((st = admit(vm, l, v.tag)) != AMB_OK) return st;
    memmove(l->vals + i + 1, l->vals + i, (size_t)(l->len - i) * 8);
    if (l->tags) memmove(l->tags + i + 1, l->tags + i, l->len - i);
    put(vm, l, i, v);
    l->len++;
    ambgc_barrier(vm, l);
    return AMB_OK;
}

amb_status amblist_remove_at(amb_vm *vm, amb_list *l, uint32_t i, ambv *out) {
    amb_status st = ambobj_check_writable(vm, &l->h);
    if (st) return st;
    ambv old = amblist_at(l, i);
    l->len--;
    if (i == 0 && l->len >= GAP_FROM) {
        l->vals++;
        if (l->tags) l->tags++;
        l->cap--;
        l->h.aux32++;
        if (l->h.aux32 > l->len) close_gap(vm, l);
        ambgc_barrier(vm, l);
        *out = old;
        return AMB_OK;
    }
    memmove(l->vals + i, l->vals + i + 1, (size_t)(l->len - i) * 8);
    if (l->tags) memmove(l->tags + i, l->tags + i + 1, l->len - i);
    if (i < l->len) ambgc_barrier(vm, l);
    *out = old;
    return AMB_OK;
}

amb_list *amblist_slice(amb_vm *vm, const amb_list *l, uint32_t from, uint32_t to) {
    ambvm_charge(vm, (to - from) / 16);
    uint32_t n = to - from;
    amb_list *r = amblist_new(vm, n);
    if (!r) return NULL;
    if (n == 0) return r;
    bool mixed = false;
    if (l->tags) {
        uint8_t first = l->tags[from];
        for (uint32_t i = from + 1; i < to && !mixed; i++) mixed = l->tags[i] != first;
        r->h.aux16 = first;
    } else {
        r->h.aux16 = l->h.aux16;
    }
    if (mixed) {
        uint8_t *tags = ambgc_storage(vm, r, NULL, 0, r->cap);
        if (!tags) return NULL;
        memcpy(tags, l->tags + from, n);
        r->tags = tags;
    }
    memcpy(r->vals, l->vals + from, (size_t)n * 8);
    r->len = n;
    return r;
}

amb_status amblist_extend(amb_vm *vm, amb_list *l, const amb_list *from) {
    amb_status st = ambobj_check_writable(vm, &l->h);
    if (st) return st;
    uint32_t n = from->len;
    if (n == 0) return AMB_OK;
    uint64_t need = (uint64_t)l->len + n;
    if (need > l->cap && (st = grow(vm, l, need)) != AMB_OK) return st;
    if (from->tags) {
        if (l->len == 0) l->h.aux16 = TAG_UNDEF;
        if (!l->tags && (st = amblist_tag_each(vm, l)) != AMB_OK) return st;
        memcpy(l->tags + l->len, from->tags, n);
    } else {
        if ((st = admit(vm, l, from->h.aux16)) != AMB_OK) return st;
        if (l->tags) memset(l->tags + l->len, from->h.aux16, n);
    }
    memcpy(l->vals + l->len, from->vals, (size_t)n * 8);
    l->len = (uint32_t)need;
    ambgc_barrier(vm, l);
    return AMB_OK;
}
