/* SPDX-License-Identifier: MIT */
/* Maps and sets: dense entries in insertion order and an open-addressing index of entry
 * numbers.
 *
 * Up to AMB_MAP_LINEAR entries there is no index and look-up scans. A removed entry keeps
 * its place (ktag == TAG_UNDEF) and its index slot, so probe sequences stay whole; both
 * go when the entries are packed, which happens only when a new key finds no room. The
 * index has twice as many slots as there are entries, so an empty one always ends a
 * probe.
 *
 * Script code (hash, ==) runs only for keys that are, or contain, instances; the map is
 * locked meanwhile, so that entry pointers stay good. */
#include <string.h>

#include "equal.h"
#include "vm.h"

#define MAP_MAX 0x3fffffffu

static amb_status recorded(amb_vm *vm) { return vm->failed ? vm->failed : AMB_E_NOMEM; }

static amb_map *make(amb_vm *vm, uint32_t cap, enum amb_tag tag) {
    amb_map *m = ambgc_new(vm, sizeof *m, tag);
    if (!m) return NULL;
    m->count = m->used = m->cap = m->mask = m->version = m->first = 0;
    m->entries = NULL;
    m->index = NULL;
    if (cap > MAP_MAX) {
        amberr_raise(vm, AMB_ERR_LIMIT, "a map cannot have more than %u entries",
                     MAP_MAX);
        return NULL;
    }
    if (cap && ambmap_reserve(vm, m, cap)) return NULL;
    return m;
}

amb_map *ambmap_new(amb_vm *vm, uint32_t cap) { return make(vm, cap, TAG_MAP); }
amb_map *ambset_new(amb_vm *vm, uint32_t cap) { return make(vm, cap, TAG_SET); }

/* Where the search for a hash begins. Neighbouring ints have neighbouring hashes (equal.h): in a large index
 * that saves misses of the cache, in a small one they are spread, for they would get in each other's way. */
static inline uint32_t first_slot(uint32_t mask, uint32_t hash) {
    return (mask >> 15 ? hash : hash * 0x9e3779b1u >> 17) & mask;
}

static void index_put(amb_map *m, uint32_t hash, uint32_t i) {
    uint32_t k = first_slot(m->mask, hash);
    while (m->index[k]) k = (k + 1) & m->mask;
    m->index[k] = (hash & ~m->mask) | (i + 1);
}

/* Closes the gaps of removed entries and rebuilds the index. */
static void pack(amb_vm *vm, amb_map *m) {
    uint32_t n = 0;
    amb_entry *e = m->entries;
    for (uint32_t i = m->first; i < m->used; i++)
        if (e[i].ktag != TAG_UNDEF) {
            if (n != i) e[n] = e[i];
            n++;
        }
    if (n != m->used) ambgc_barrier(vm, m);
    m->used = n;
    m->first = 0;
    if (!m->index) return;
    memset(m->index, 0, ((size_t)m->mask + 1) * sizeof *m->index);
    for (uint32_t i = 0; i < n; i++) index_put(m, e[i].hash, i);
}

amb_status ambmap_reserve(amb_vm *vm, amb_map *m, uint32_t cap) {
    if (cap <= m->cap) return AMB_OK;
    if (cap > MAP_MAX)
        return amberr_raise(vm, AMB_ERR_LIMIT, "a %s cannot have more than %u entries",
                            ambtype_tag_name(m->h.type), MAP_MAX);
    uint32_t *index = NULL;
    uint32_t slots = 0;
    if (cap > AMB_MAP_LINEAR) {
        slots = 32;
        while (slots < cap * 2) slots *= 2;
        cap = slots / 2;
        index = ambgc_storage(vm, m, NULL, 0, (size_t)slots * sizeof *index);
        if (!index) return recorded(vm);
    }
    amb_entry *e = ambgc_storage(vm, m, m->entries, (size_t)m->cap * sizeof *e,
                                 (size_t)cap * sizeof *e);
    if (!e) {
        if (index) ambgc_storage(vm, m, index, (size_t)slots * sizeof *index, 0);
        return recorded(vm);
    }
    m->entries = e;
    m->cap = cap;
    if (index) {
        if (m->index)
            ambgc_storage(vm, m, m->index, ((size_t)m->mask + 1) * sizeof *index, 0);
        m->index = index;
        m->mask = slots - 1;
    }
    pack(vm, m);
    return AMB_OK;
}

static amb_status make_room(amb_vm *vm, amb_map *m) {
    if (m->used < m->cap) return AMB_OK;
    if (m->cap && m->count <= m->cap - m->cap / 4 - 1) {
        pack(vm, m);
        return AMB_OK;
    }
    return ambmap_reserve(vm, m, m->cap ? m->cap * 2 : 4);
}

/* ---- look-up ---- */

/* A slot of the index keeps the high bits of the hash beside the entry's number, so that most
 * strangers are told apart without touching their entries. */
#define PROBE(m, h, MATCH)                                                               \
    do {                                                                                 \
        if (!(m)->index) {                                                               \
            for (uint32_t i_ = (m)->first; i_ < (m)->used; i_++) {                       \
                amb_entry *e = &(m)->entries[i_];                                        \
                if (e->hash == (h) && (MATCH)) return e;                                 \
            }                                                                            \
            return NULL;                                                                 \
        }                                                                                \
        const uint32_t *index_ = (m)->index;                                             \
        uint32_t mask_ = (m)->mask;                                                      \
        for (uint32_t k_ = first_slot(mask_, h);; k_ = (k_ + 1) & mask_) {                        \
            uint32_t slot_ = index_[k_];                                                 \
            if (!slot_) return NULL;                                                     \
            if (((slot_ ^ (h)) & ~mask_) != 0) continue;                                 \
            amb_entry *e = &(m)->entries[(slot_ & mask_) - 1];                           \
            if (e->hash == (h) && (MATCH)) return e;                                     \
        }                                                                                \
    } while (0)

static amb_entry *find_str(const amb_map *m, amb_string *key, uint32_t h) {
    PROBE(m, h,
          e->ktag == TAG_STRING &&
                    ambstr_same_text((amb_string *)(uintptr_t)e->key, key));
}

static amb_entry *find_int(const amb_map *m, int64_t key, uint32_t h) {
    PROBE(m, h, e->key == (uint64_t)key && e->ktag == TAG_INT);
}

/* Keys whose equality is that of payload and tag. */
static amb_entry *find_same(const amb_map *m, ambv key, uint32_t h) {
    PROBE(m, h, e->ktag == key.tag && e->key == key.u);
}

static amb_entry *find_any(amb_vm *vm, const amb_map *m, ambv key, uint32_t h,
                           amb_status *st) {
    PROBE(m, h,
          e->ktag == key.tag && ambeq_keys(vm, ambv_pack(e->key, e->ktag), key, st));
}

/* A key that was just looked up is often looked up again, to be stored under. The VM remembers where it
 * was found; the entry itself says whether that still holds, so nothing has to be forgotten. */
static inline amb_entry *found_before(const amb_vm *vm, const amb_map *m, uint32_t h) {
    if (vm->found_map != m || vm->found_at >= m->used) return NULL;
    amb_entry *e = &m->entries[vm->found_at];
    return e->hash == h ? e : NULL;
}

static inline amb_entry *find_str_again(amb_vm *vm, const amb_map *m, amb_string *key, uint32_t h) {
    amb_entry *e = found_before(vm, m, h);
    if (e && e->ktag == TAG_STRING && ambstr_same_text((amb_string *)(uintptr_t)e->key, key)) return e;
    e = find_str(m, key, h);
    if (e) {
        vm->found_map = m;
        vm->found_at = (uint32_t)(e - m->entries);
    }
    return e;
}

static inline amb_entry *find_int_again(amb_vm *vm, const amb_map *m, int64_t key, uint32_t h) {
    amb_entry *e = found_before(vm, m, h);
    if (e && e->ktag == TAG_INT && e->key == (uint64_t)key) return e;
    e = find_int(m, key, h);
    if (e) {
        vm->found_map = m;
        vm->found_at = (uint32_t)(e - m->entries);
    }
    return e;
}

amb_entry *ambmap_find_str(amb_vm *vm, const amb_map *m, amb_string *key) {
    if (m->count == 0) return NULL;
    return find_str_again(vm, m, key, ambstr_hash(vm, key));
}

amb_entry *ambmap_find_int(amb_vm *vm, const amb_map *m, int64_t key) {
    if (m->count == 0) return NULL;
    return find_int_again(vm, m, key, ambeq_hash_int(vm, key));
}

/* Normalises the key and finds its hash and entry. */
static AMB_COLD amb_status find_slow(amb_vm *vm, amb_map *m, ambv *key, uint32_t *h,
                                     amb_entry **e) {
    *e = NULL;
    if (key->tag == TAG_FLOAT) {
        double f = key->f;
        if (f >= -9223372036854775808.0 && f < 9223372036854775808.0 &&
            (double)(int64_t)f == f) {
            *key = ambv_int((int64_t)f);
            *h = ambeq_hash_int(vm, key->i);
            *e = find_int(m, key->i, *h);
            return AMB_OK;
        }
    }
    if (key->tag < TAG_INT || key->tag == TAG_DONE) key->u = 0;
    amb_status st = ambeq_hash(vm, *key, h);
    if (st) return st;
    switch (key->tag) {
    case TAG_TUPLE:
    case TAG_INSTANCE:
    case TAG_CAP:
    case TAG_BOUND:
    case TAG_RANGE: {
        uint8_t was = m->h.flags & OBJ_LOCKED;
        m->h.flags |= OBJ_LOCKED;
        *e = find_any(vm, m, *key, *h, &st);
        m->h.flags = (uint8_t)((m->h.flags & ~OBJ_LOCKED) | was);
        return st;
    }
    default: *e = find_same(m, *key, *h); return AMB_OK;
    }
}

static inline amb_status find(amb_vm *vm, amb_map *m, ambv *key, uint32_t *h,
                              amb_entry **e) {
    if (AMB_LIKELY(key->tag == TAG_STRING)) {
        *h = ambstr_hash(vm, key->str);
        *e = find_str_again(vm, m, key->str, *h);
        return AMB_OK;
    }
    if (key->tag == TAG_INT) {
        *h = ambeq_hash_int(vm, key->i);
        *e = find_int_again(vm, m, key->i, *h);
        return AMB_OK;
    }
    return find_slow(vm, m, key, h, e);
}

amb_status ambmap_find(amb_vm *vm, amb_map *m, ambv key, amb_entry **e) {
    uint32_t h;
    return find(vm, m, &key, &h, e);
}

amb_status ambmap_get(amb_vm *vm, amb_map *m, ambv key, ambv *out) {
    uint32_t h;
    amb_entry *e;
    amb_status st = find(vm, m, &key, &h, &e);
    if (AMB_UNLIKELY(st)) return st;
    *out = e ? ambv_pack(e->val, e->vtag) : ambv_nil();
    return AMB_OK;
}

static void insert(amb_vm *vm, amb_map *m, ambv key, uint32_t h, ambv val) {
    uint32_t i = m->used++;
    amb_entry *e = &m->entries[i];
    *e = (amb_entry){.key = key.u,
                     .val = val.u,
                     .hash = h,
                     .ktag = (uint8_t)key.tag,
                     .vtag = (uint8_t)val.tag};
    m->count++;
    m->version++;
    if (m->index) index_put(m, h, i);
    if (ambv_is_heap(key) || ambv_is_heap(val)) ambgc_barrier_at(vm, m, i);
}

amb_status ambmap_set(amb_vm *vm, amb_map *m, ambv key, ambv val) {
    amb_status st = ambobj_check_writable(vm, &m->h);
    if (AMB_UNLIKELY(st)) return st;
    uint32_t h;
    amb_entry *e;
    st = find(vm, m, &key, &h, &e);
    if (AMB_UNLIKELY(st)) return st;
    if (e) {
        e->val = val.u;
        e->vtag = (uint8_t)val.tag;
        if (ambv_is_heap(val)) ambgc_barrier_at(vm, m, (uint32_t)(e - m->entries));
        return AMB_OK;
    }
    if (m->used == m->cap && (st = make_room(vm, m)) != AMB_OK) return st;
    insert(vm, m, key, h, val);
    return AMB_OK;
}

amb_status ambmap_inc(amb_vm *vm, amb_map *m, ambv key, ambv by, ambv *out) {
    amb_status st = ambobj_check_writable(vm, &m->h);
    if (AMB_UNLIKELY(st)) return st;
    uint32_t h;
    amb_entry *e;
    st = find(vm, m, &key, &h, &e);
    if (AMB_UNLIKELY(st)) return st;
    if (!e) {
        if (m->used == m->cap && (st = make_room(vm, m)) != AMB_OK) return st;
        insert(vm, m, key, h, by);
        *out = by;
        return AMB_OK;
    }
    ambv sum;
    if (e->vtag == TAG_INT && by.tag == TAG_INT) {
        int64_t r;
        if (__builtin_add_overflow((int64_t)e->val, by.i, &r))
            return amberr_raise(vm, AMB_ERR_OVERFLOW,
                                "%lld + %lld does not fit in 64 bits", (long long)e->val,
                                (long long)by.i);
        sum = ambv_int(r);
    } else if (e->vtag == TAG_INT || e->vtag == TAG_FLOAT) {
        sum = ambv_float(ambv_to_double(ambv_pack(e->val, e->vtag)) + ambv_to_double(by));
    } else {
        char b1[64];
        return amberr_raise(vm, AMB_ERR_TYPE,
                            "inc() needs a number under the key, not %s %s",
                            ambtype_name(vm, ambv_pack(e->val, e->vtag)),
                            ambtext_brief(vm, ambv_pack(e->val, e->vtag), b1));
    }
    e->val = sum.u;
    e->vtag = (uint8_t)sum.tag;
    *out = sum;
    return AMB_OK;
}

void ambmap_remove_entry(amb_map *m, amb_entry *e) {
    uint32_t i = (uint32_t)(e - m->entries);
    e->ktag = TAG_UNDEF;
    e->vtag = TAG_NIL;
    e->hash = 0;
    m->count--;
    m->version++;
    /* With an index the emptied places are won back by the next pack, so that a map that
     * fills and empties again and again stays linear. */
    if (m->count == 0 && !m->index)
        m->used = m->first = 0;
    else if (i == m->first)
        while (m->first < m->used && m->entries[m->first].ktag == TAG_UNDEF) m->first++;
}

amb_status ambmap_remove(amb_vm *vm, amb_map *m, ambv key, bool *removed, ambv *old) {
    amb_status st = ambobj_check_writable(vm, &m->h);
    if (st) return st;
    uint32_t h;
    amb_entry *e;
    st = find(vm, m, &key, &h, &e);
    if (st) return st;
    *removed = e != NULL;
    if (!e) return AMB_OK;
    *old = ambv_pack(e->val, e->vtag);
    ambmap_remove_entry(m, e);
    return AMB_OK;
}

void ambmap_release(amb_vm *vm, amb_map *m) {
    if (m->entries)
        ambgc_storage(vm, m, m->entries, (size_t)m->cap * sizeof *m->entries, 0);
    if (m->index)
        ambgc_storage(vm, m, m->index, ((size_t)m->mask + 1) * sizeof *m->index, 0);
    m->entries = NULL;
    m->index = NULL;
    m->count = m->used = m->cap = m->mask = m->first = 0;
}

amb_status ambmap_clear(amb_vm *vm, amb_map *m) {
    amb_status st = ambobj_check_writable(vm, &m->h);
    if (st) return st;
    ambmap_release(vm, m);
    m->version++;
    return AMB_OK;
}

/* The copy has the type asked for: a map's keys become a set without hashing anything
 * again. */
amb_map *ambmap_copy_as(amb_vm *vm, const amb_map *m, enum amb_tag tag) {
    amb_map *c = make(vm, m->count, tag);
    if (!c) return NULL;
    for (uint32_t i = m->first; i < m->used; i++) {
        amb_entry e = m->entries[i];
        if (e.ktag == TAG_UNDEF) continue;
        if (tag == TAG_SET) {
            e.val = 0;
            e.vtag = TAG_NIL;
        }
        c->entries[c->used] = e;
        if (c->index) index_put(c, e.hash, c->used);
        c->used++;
    }
    c->count = c->used;
    return c;
}

amb_map *ambmap_copy(amb_vm *vm, const amb_map *m) {
    return ambmap_copy_as(vm, m, (enum amb_tag)m->h.type);
}

/* Sets or adds an entry whose hash is known to be right for this VM; the key is
 * normalised. */
amb_status ambmap_put_entry(amb_vm *vm, amb_map *m, const amb_entry *from) {
    ambv key = ambv_pack(from->key, from->ktag);
    amb_entry *e;
    amb_status st = AMB_OK;
    if (key.tag == TAG_STRING)
        e = find_str(m, key.str, from->hash);
    else if (key.tag == TAG_INT)
        e = find_int(m, key.i, from->hash);
    else
        e = find_any(vm, m, key, from->hash, &st);
    if (st) return st;
    if (e) {
        e->val = from->val;
        e->vtag = from->vtag;
        ambgc_barrier_at(vm, m, (uint32_t)(e - m->entries));
        return AMB_OK;
    }
    if (m->used == m->cap && (st = make_room(vm, m)) != AMB_OK) return st;
    insert(vm, m, key, from->hash, ambv_pack(from->val, from->vtag));
    return AMB_OK;
}

amb_status ambmap_find_entry(amb_vm *vm, amb_map *m, const amb_entry *like,
                             amb_entry **e) {
    ambv key = ambv_pack(like->key, like->ktag);
    amb_status st = AMB_OK;
    if (key.tag == TAG_STRING)
        *e = find_str(m, key.str, like->hash);
    else if (key.tag == TAG_INT)
        *e = find_int(m, key.i, like->hash);
    else
        *e = find_any(vm, m, key, like->hash, &st);
    return st;
}
