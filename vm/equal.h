/* SPDX-License-Identifier: MIT */
/* Equality and hashing as maps need them, and the parts of maps only this library's files
 * use. */
#ifndef AMB_VM_EQUAL_H
#define AMB_VM_EQUAL_H
#include "types.h"
#include "vm.h"

/* Values nested deeper than this are not compared, hashed, frozen or printed. */
#define AMB_DEPTH_MAX 200

/* Sixteen neighbours hash to neighbouring places, so that keys that count up share cache lines of the
 * index; which places is as unpredictable as for any other key. */
static inline uint32_t ambeq_hash_int(const amb_vm *vm, int64_t i) {
    unsigned __int128 m = (unsigned __int128)((uint64_t)i >> 4 ^ vm->hash_seed) *
                          (0x9e3779b97f4a7c15u ^ vm->hash_seed >> 7);
    uint64_t h = (uint64_t)m ^ (uint64_t)(m >> 64);
    return ((uint32_t)(h ^ h >> 32) & ~15u) | ((uint32_t)i & 15);
}

/* a == b for two keys of the same tag; an error is left in *st and counts as "equal",
 * which ends the probe. */
bool ambeq_keys(amb_vm *vm, ambv a, ambv b, amb_status *st);

amb_status ambmap_reserve(amb_vm *vm, amb_map *m, uint32_t cap);
/* The key's number += by (which is a number); a missing one becomes `by`. */
amb_status ambmap_inc(amb_vm *vm, amb_map *m, ambv key, ambv by, ambv *out);
void ambmap_remove_entry(amb_map *m, amb_entry *e);
amb_map *ambmap_copy_as(amb_vm *vm, const amb_map *m, enum amb_tag tag);
amb_status ambmap_put_entry(amb_vm *vm, amb_map *m, const amb_entry *from);
amb_status ambmap_find_entry(amb_vm *vm, amb_map *m, const amb_entry *like,
                             amb_entry **e);
/* Every live entry of m, in order. */
#define AMBMAP_EACH(m, e)                                                               \
    for (amb_entry *e = (m)->used ? (m)->entries + (m)->first : NULL,                   \
                   *e##_end = (m)->used ? (m)->entries + (m)->used : NULL;              \
         e < e##_end; e++)                                                              \
        if (e->ktag != TAG_UNDEF)
#endif
