/* SPDX-License-Identifier: MIT */
/* The collector's own structures and its agreements with the files that know how to mark a type. */
#ifndef AMB_VM_GC_INTERNAL_H
#define AMB_VM_GC_INTERNAL_H
#include <stdlib.h>

#include "ambit/ambit.h"
#include "gc.h"
#include "vm.h"

#define GC_BLOCK 32768u
#define GC_SMALL 2048u         /* larger objects have a block of their own */
#define GC_STORAGE_SMALL 2048u /* larger storage is malloc'ed */
#define GC_CLASSES 24

enum { GC_FREE, GC_OBJECTS, GC_STORAGE, GC_LARGE, GC_DROPPED };

typedef struct gc_block {
    struct gc_block *next; /* in the one list it is in */
    size_t large_size;     /* GC_LARGE: bytes of the whole block */
    uint32_t size;         /* of a slot */
    uint32_t chunk;        /* index into chunks */
    uint16_t ntracked;     /* slots whose object has something to give back when it dies */
    uint8_t kind;
    /* One byte per 16 bytes. At an object's first one the epoch it was last found alive in; at its
     * second, GC_TRACKED or 0. */
    uint8_t marks[GC_BLOCK / 16];
} gc_block;
#define GC_DATA ((sizeof(gc_block) + 15) & ~(size_t)15)
#define GC_TRACKED 1

typedef struct gc_list {
    gc_block *head, *tail;
} gc_list;

/* All blocks of one slot size; each is in exactly one list, or is `block`. [cur, end) is the free
 * run being filled. */
typedef struct gc_space {
    char *cur, *end;
    gc_block *block; /* the run is in this one; `cursor` is the next slot to look at */
    uint32_t cursor, size, per_block;
    bool storage;
    gc_list partial; /* may have free slots */
    gc_list used;    /* filled since the last minor collection */
    gc_list full;    /* nothing free: left alone until the next major collection ends */
    gc_list unswept; /* not looked at since the last major collection ended */
} gc_space;

typedef struct gc_chunk {
    char *mem;
    uint32_t nblocks, nfree;
} gc_chunk;

/* Objects found and not yet looked into. Long ones are looked into piece by piece: `big` says
 * from where on. */
typedef struct gc_big {
    amb_obj *o;
    uint32_t next;
} gc_big;
typedef struct gc_work {
    amb_obj **items;
    size_t n, cap;
    gc_big *big;
    size_t nbig, big_cap;
    amb_obj *first[64]; /* where items begins: so that it holds something even without memory */
} gc_work;

/* Which elements of a long old list or map were written since the last minor collection. */
typedef struct gc_written {
    amb_obj *o;
    uint32_t bits; /* how many there is room for */
    uint64_t *map;
} gc_written;

/* The allocator hook: like realloc, with the old size and the alignment; size 0 frees. */
typedef void *(*ambgc_alloc_fn)(void *ud, void *p, size_t old, size_t size, size_t align);

enum gc_phase { GC_IDLE, GC_MARK, GC_SWEEP };

struct ambgc {
    gc_space objects[GC_CLASSES], storage[GC_CLASSES];
    /* A slot is taken when its mark is one of these two; they differ while a major collection
     * marks: `white` was alive before it, `black` has been found alive by it (or is new). */
    uint8_t white, black;
    uint8_t phase;    /* enum gc_phase */
    bool stepping;    /* marking for the major collection: young objects are left alone */
    const amb_obj *verifying; /* stress builds: marking only checks what this object refers to */
    bool overflow;    /* a work list could not grow: found again by a walk over the heap */
    bool log_lost;    /* a written old object could not be noted: all old ones are looked at */
    size_t debt;      /* bytes allocated since the last minor collection */
    size_t minor_at;  /* debt at which the next one is due */
    size_t event_at;  /* debt at which anything is due: a minor collection or a step */
    size_t step_bytes; /* allocation between two steps */
    size_t owed;       /* allocation that no step has been done for */
    size_t seen;       /* debt when a collection last looked */
    size_t total;     /* bytes obtained from the host */
    size_t notes;     /* of these: for notes and lists of the collector */
    size_t outside;   /* of them: storage that collected objects own */
    size_t live;      /* bytes of slots in use after the last collection */
    size_t marked;    /* bytes of black slots while a major collection marks */
    size_t major_at;  /* a major collection starts when live + outside reach this */
    gc_block *free_blocks, *large_young, *large, *large_unswept;
    size_t nfree;
    gc_chunk *chunks;
    uint32_t nchunks, chunks_cap, sweep_space;
    amb_obj **remembered, **tracked; /* tracked: only objects not yet collected once */
    size_t nremembered, remembered_cap, ntracked, tracked_cap;
    gc_written *written; /* a hash table, emptied by each minor collection */
    uint32_t nwritten, written_cap;
    gc_written *last_written;
    /* Stack slots below hold what they held at the last minor collection: only frames that were
     * running since are looked at. The frame that stands there has FRAME_KNOWN. */
    ambv *stack_known;
    gc_work gray, young;
    amb_gc_stats stats;
    bool timed;
    ambgc_alloc_fn alloc;
    void *alloc_ud;
};

static inline gc_block *gc_block_of(const void *p) {
    return (gc_block *)((uintptr_t)p & ~(uintptr_t)(GC_BLOCK - 1));
}
static inline uint8_t *gc_mark_byte(const void *p) {
    return &gc_block_of(p)->marks[((uintptr_t)p & (GC_BLOCK - 1)) >> 4];
}
static inline bool gc_taken(const struct ambgc *gc, uint8_t mark) {
    return mark == gc->black || mark == gc->white;
}
/* All spaces, numbered from 0. */
#define GC_SPACES (2 * GC_CLASSES)
static inline gc_space *gc_space_at(struct ambgc *gc, unsigned i) {
    return i < GC_CLASSES ? &gc->objects[i] : &gc->storage[i - GC_CLASSES];
}
static inline void *gc_slot(const gc_space *s, const gc_block *b, uint32_t i) {
    return (char *)b + GC_DATA + (size_t)i * s->size;
}

/* ---- gc.c ---- */
void *gc_host_alloc(amb_vm *vm, void *p, size_t old, size_t size, size_t align);
void gc_push_block(gc_list *l, gc_block *b);
void gc_append(gc_list *l, gc_list *more); /* takes everything out of `more` */
/* Gives back what dead objects of the block own, and says whether any slot is taken. */
bool gc_sweep_block(amb_vm *vm, gc_space *s, gc_block *b);
void gc_finalize(amb_vm *vm, amb_obj *o);
void gc_free_large(amb_vm *vm, gc_block *b); /* a dead large object, with what it owns */
void gc_recycle(struct ambgc *gc, gc_block *b); /* to the pool of free blocks */
gc_space *gc_space_of(struct ambgc *gc, const gc_block *b);
void gc_forget_written(struct ambgc *gc);

/* ---- gc_cycle.c ---- */
void gc_pace(amb_vm *vm); /* decides when the next collection is due */

/* ---- gc_mark.c ---- */
void gc_mark_young(amb_vm *vm);  /* everything new that is reachable becomes black */
void gc_mark_begin(amb_vm *vm);  /* the roots become gray */
void gc_mark_children(amb_vm *vm, amb_obj *o);
/* Marks about `work` units on, less only when nothing gray is left; returns how much was done. A
 * unit takes about 5 ns. */
size_t gc_mark_step(amb_vm *vm, size_t work);
static inline bool gc_any_gray(const struct ambgc *gc) { return gc->gray.n || gc->gray.nbig; }

amb_status ambgc_setup(amb_vm *vm, ambgc_alloc_fn alloc, void *ud);
/* Memory for notes and work lists; a store must not fail, so the limit does not stop it. But as much as there is of it
 * is kept free besides, as it grows by doubling. */
void *gc_note_alloc(struct ambgc *gc, void *p, size_t old, size_t size);
void gc_trim(struct ambgc *gc);
/* Every object that owns something outside gives it back. */
void ambgc_finalize_all(amb_vm *vm);
void ambgc_teardown(amb_vm *vm);
/* Whether o has not been found dead by a collection that has ended. */
bool ambgc_is_live(const amb_vm *vm, const void *o);
/* Calls visit on every object the last collection found live; returns how many. */
size_t ambgc_walk(amb_vm *vm, void (*visit)(void *ud, amb_obj *o), void *ud);
/* Checks every invariant of every live object; aborts with a description (stress builds, tests). */
void ambgc_verify(amb_vm *vm);

void gc_verify_reached(const struct ambgc *gc, const amb_obj *child);
void gc_verify_storage(const struct ambgc *gc, const uint8_t *mark);

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
void ambtask_finalize(amb_vm *vm, amb_task *t);
void ambchannel_finalize(amb_vm *vm, amb_channel *c);
#endif
