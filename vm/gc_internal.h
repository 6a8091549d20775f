/* SPDX-License-Identifier: MIT */
/* The collector's own structures and its agreements with the files that know how to mark a type. */
#ifndef AMB_VM_GC_INTERNAL_H
#define AMB_VM_GC_INTERNAL_H
#include <stdlib.h>

#include "gc.h"
#include "vm.h"

#define GC_BLOCK 32768u
#define GC_SMALL 2048u         /* larger objects have a block of their own */
#define GC_STORAGE_SMALL 2048u /* larger storage is malloc'ed */
#define GC_CLASSES 24
#define GC_DROP_MAX 64

enum { GC_FREE, GC_OBJECTS, GC_STORAGE, GC_LARGE, GC_DROPPED };

typedef struct gc_block {
    struct gc_block *next;         /* in its space, the pool, or the list of large objects */
    struct gc_block *next_unswept;
    size_t large_size;             /* GC_LARGE: bytes of the whole block */
    uint32_t size;                 /* of a slot */
    uint8_t kind;
    bool full; /* no free slot was found since the last full collection */
    uint8_t marks[GC_BLOCK / 16];
} gc_block;

/* All blocks of one slot size. [cur, end) is the free run being filled. */
typedef struct gc_space {
    char *cur, *end;
    gc_block *block; /* the run is in this one; `cursor` is the next slot to look at */
    uint32_t cursor, size, per_block;
    bool storage;
    gc_block *blocks, *unswept;
} gc_space;

typedef struct gc_chunk {
    char *mem;
    uint32_t nblocks;
} gc_chunk;

/* The allocator hook: like realloc, with the old size and the alignment; size 0 frees. */
typedef void *(*ambgc_alloc_fn)(void *ud, void *p, size_t old, size_t size, size_t align);

struct ambgc {
    gc_space objects[GC_CLASSES], storage[GC_CLASSES];
    size_t debt, debt_limit; /* bytes allocated since the last collection; when to collect */
    bool force_full, gray_overflow;
    uint8_t epoch;
    size_t total;   /* bytes obtained from the host */
    size_t live;    /* bytes marked by the last collection */
    size_t marked;  /* running count */
    size_t full_at; /* a full collection when live reaches this */
    gc_block *free_blocks, *large;
    gc_chunk *chunks;
    uint32_t nchunks, chunks_cap;
    gc_chunk dropped[GC_DROP_MAX];
    uint32_t ndropped;
    amb_obj **gray, **remembered, **tracked;
    size_t ngray, gray_cap, nremembered, remembered_cap, ntracked, tracked_cap;
    size_t minor_count, full_count;
    ambgc_alloc_fn alloc;
    void *alloc_ud;
};

amb_status ambgc_setup(amb_vm *vm, ambgc_alloc_fn alloc, void *ud);
void ambgc_teardown(amb_vm *vm);
void ambgc_clear_marks(struct ambgc *gc);
/* Whether the last collection found o reachable. Only between marking and the next allocation. */
bool ambgc_is_live(const amb_vm *vm, const void *o);
/* Calls visit on every object the last collection found live; returns how many. */
size_t ambgc_walk(amb_vm *vm, void (*visit)(void *ud, amb_obj *o), void *ud);
/* Checks every invariant of every live object; aborts with a description (stress builds, tests). */
void ambgc_verify(amb_vm *vm);

/* For the files that mark a type's insides. NULL is fine. */
void ambgc_mark_obj(struct ambgc *gc, void *o);
void ambgc_mark_value(struct ambgc *gc, ambv v);
void ambgc_mark_storage(struct ambgc *gc, const void *p, size_t size);

/* Supplied by the types. A finaliser frees what ambgc_track was called for; it sees a dead object and must
 * not look at other objects. */
void ambstr_mark(struct ambgc *gc, amb_string *s);
void ambstr_finalize(amb_vm *vm, amb_string *s);
void ambbytes_finalize(amb_vm *vm, amb_bytes *b);
void ambcap_finalize(amb_vm *vm, amb_cap *c);
#endif
