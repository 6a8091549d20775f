/* SPDX-License-Identifier: MIT */
/* Memory: blocks from the host, allocation, storage, what objects own outside the heap, and the
 * notes that writes into old objects leave for the collector.
 *
 * The collector is non-moving, precise, block-structured, generational by sticky marks, and its
 * major collections run in steps between pieces of the program (gc_cycle.c). Small objects live
 * in 32 KiB blocks, one size per block, aligned so that an address names its block. A block's
 * header holds one mark byte per 16 bytes; a slot is taken while its byte is one of the two
 * values in gc->white and gc->black, so nothing is ever cleared. Blocks are swept when allocation gets
 * to them: it looks for the next run of slots that are not taken and bumps through it.
 *
 * Storage (the variable part of lists, maps ...) lives in blocks of its own without headers
 * and is marked by its owner; above GC_STORAGE_SMALL bytes it is malloc'ed, and its owner is tracked:
 * a byte beside its mark says that it must be finalised when it is found dead.
 *
 * Nothing allocates and collects in one step: allocation only notes that a collection is due, and the
 * interpreter collects at its next safepoint. */
#include "gc_internal.h"

#include <string.h>

#include "class.h"
#include "host.h"
#include "module.h"
#include "proto.h"

#define CHUNK_BLOCKS 8

/* Lists and maps longer than this have their writes noted one by one, shorter ones are looked through. */
#define LONG_CONTAINER 512

static const uint16_t class_sizes[GC_CLASSES] = {16,  32,  48,  64,  80,  96,   112,  128,
                                                 160, 192, 224, 256, 320, 384,  448,  512,
                                                 640, 768, 896, 1024, 1280, 1536, 1792, 2048};

static unsigned class_of(size_t size) {
    if (size <= 128) return size ? (unsigned)((size + 15) >> 4) - 1 : 0;
    /* four classes per doubling from 128 on */
    unsigned log = 63 - (unsigned)__builtin_clzll(size - 1);
    return 8 + (log - 7) * 4 + (unsigned)(((size - 1) >> (log - 2)) & 3);
}

/* ---- memory from the host ---- */

static void *fail(amb_vm *vm, amb_status st, const char *what) {
    if (vm->failed == AMB_OK) {
        vm->failed = st;
        vm->limit_text = what;
    }
    return NULL;
}

void *gc_host_alloc(amb_vm *vm, void *p, size_t old, size_t size, size_t align) {
    struct ambgc *gc = vm->gc;
    if (size > old) {
        size_t more = size - old, limit = vm->limits.heap_bytes;
        /* Notes may have to grow while there is no room for anything else. */
        size_t used = gc->total + gc->notes;
        if (limit && (used > limit || more > limit - used))
            return fail(vm, AMB_E_LIMIT, "memory");
        if (size > SIZE_MAX / 2) return fail(vm, AMB_E_NOMEM, "memory");
    }
    void *q = gc->alloc(gc->alloc_ud, p, old, size, align);
    if (!q && size) return fail(vm, AMB_E_NOMEM, "memory");
    gc->total = gc->total - old + size;
    if (gc->total > gc->stats.peak_bytes) gc->stats.peak_bytes = gc->total;
    return q;
}

void *gc_note_alloc(struct ambgc *gc, void *p, size_t old, size_t size) {
    void *q = gc->alloc(gc->alloc_ud, p, old, size, 16);
    if (!q && size) return NULL;
    gc->notes = gc->notes - old + size;
    gc->total = gc->total - old + size;
    if (gc->total > gc->stats.peak_bytes) gc->stats.peak_bytes = gc->total;
    return q;
}

/* Notes `n` bytes of new allocation towards the next collection. */
static void owe(amb_vm *vm, size_t n) {
    struct ambgc *gc = vm->gc;
    gc->debt += n;
    if (gc->debt >= gc->event_at) vm->gc_wanted = true;
}

void *ambgc_malloc(amb_vm *vm, size_t size) { return gc_host_alloc(vm, NULL, 0, size, 16); }

void *ambgc_realloc(amb_vm *vm, void *p, size_t old_size, size_t new_size) {
    return gc_host_alloc(vm, p, old_size, new_size, 16);
}

void ambgc_free(amb_vm *vm, void *p, size_t size) {
    if (p) gc_host_alloc(vm, p, size, 0, 16);
}

void *ambgc_outside(amb_vm *vm, void *p, size_t old_size, size_t new_size) {
    void *q = gc_host_alloc(vm, p, old_size, new_size, 16);
    if (q || !new_size) vm->gc->outside += new_size - old_size;
    if (q && new_size > old_size) owe(vm, new_size - old_size);
    return q;
}

/* ---- blocks ---- */

void gc_push_block(gc_list *l, gc_block *b) {
    b->next = l->head;
    l->head = b;
    if (!b->next) l->tail = b;
}

void gc_append(gc_list *l, gc_list *more) {
    if (!more->head) return;
    if (l->head) l->tail->next = more->head;
    else l->head = more->head;
    l->tail = more->tail;
    *more = (gc_list){NULL, NULL};
}

static gc_block *pop(gc_list *l) {
    gc_block *b = l->head;
    if (b) l->head = b->next;
    return b;
}

gc_space *gc_space_of(struct ambgc *gc, const gc_block *b) {
    return &(b->kind == GC_STORAGE ? gc->storage : gc->objects)[class_of(b->size)];
}

void gc_recycle(struct ambgc *gc, gc_block *b) {
    b->kind = GC_FREE;
    b->next = gc->free_blocks;
    gc->free_blocks = b;
    gc->nfree++;
    gc->chunks[b->chunk].nfree++;
}

static gc_block *new_block(amb_vm *vm) {
    struct ambgc *gc = vm->gc;
    if (!gc->free_blocks) {
        size_t n = gc->nchunks < 4 ? CHUNK_BLOCKS : CHUNK_BLOCKS * 4;
        size_t limit = vm->limits.heap_bytes;
        if (limit && gc->total + n * GC_BLOCK > limit) n = 1;
        if (gc->nchunks == gc->chunks_cap) {
            uint32_t cap = gc->chunks_cap ? gc->chunks_cap * 2 : 16;
            gc_chunk *c = ambgc_realloc(vm, gc->chunks, gc->chunks_cap * sizeof *c,
                                        cap * sizeof *c);
            if (!c) return NULL;
            gc->chunks = c;
            gc->chunks_cap = cap;
        }
        char *mem = gc_host_alloc(vm, NULL, 0, n * GC_BLOCK, GC_BLOCK);
        if (!mem) return NULL;
        gc->chunks[gc->nchunks++] = (gc_chunk){mem, (uint32_t)n, 0};
        for (size_t i = n; i-- > 0;) {
            gc_block *b = (gc_block *)(mem + i * GC_BLOCK);
            b->chunk = gc->nchunks - 1;
            gc_recycle(gc, b);
        }
    }
    gc_block *b = gc->free_blocks;
    gc->free_blocks = b->next;
    gc->nfree--;
    gc->chunks[b->chunk].nfree--;
    return b;
}

/* The next run of free slots in the block under the allocator's cursor; false: none left. */
static bool next_run(struct ambgc *gc, gc_space *s) {
    gc_block *b = s->block;
    if (!b) return false;
    uint32_t size = s->size, stride = size >> 4, n = s->per_block;
    const uint8_t *marks = b->marks + (GC_DATA >> 4);
    uint8_t white = gc->white, black = gc->black;
    uint32_t i = s->cursor;
    while (i < n && (marks[i * stride] == black || marks[i * stride] == white)) i++;
    if (i >= n) return false;
    uint32_t j = i + 1;
#ifndef AMB_STRESS /* there every allocation comes by here */
    while (j < n && marks[j * stride] != black && marks[j * stride] != white) j++;
#endif
    s->cur = gc_slot(s, b, i);
    s->end = gc_slot(s, b, j);
    s->cursor = j;
    return true;
}

bool gc_sweep_block(amb_vm *vm, gc_space *s, gc_block *b) {
    struct ambgc *gc = vm->gc;
    uint8_t *marks = b->marks + (GC_DATA >> 4);
    uint32_t stride = s->size >> 4, n = s->per_block;
    bool any = false;
    if (!b->ntracked) {
        for (uint32_t i = 0; i < n && !any; i++) any = gc_taken(gc, marks[i * stride]);
        return any;
    }
    for (uint32_t i = 0; i < n; i++) {
        if (gc_taken(gc, marks[i * stride])) {
            any = true;
        } else if (marks[i * stride + 1] == GC_TRACKED) {
            marks[i * stride + 1] = 0;
            b->ntracked--;
            gc_finalize(vm, gc_slot(s, b, i));
        }
    }
    return any;
}

static bool refill(amb_vm *vm, gc_space *s) {
    struct ambgc *gc = vm->gc;
    while (!next_run(gc, s)) {
        bool fresh = s->cursor == 0; /* nothing was taken from it: it is full of the living */
        if (s->block) gc_push_block(fresh ? &s->full : &s->used, s->block);
        s->block = NULL;
        s->cursor = 0;
        if (ambvm_overdue(vm)) return false; /* what makes many objects may take long */
        s->block = pop(&s->partial);
        if (s->block) continue;
        s->block = pop(&s->unswept);
        if (s->block) {
            gc_sweep_block(vm, s, s->block);
            continue;
        }
        gc_block *b = s->block = new_block(vm);
        if (!b) return false;
        memset(b->marks, 0, sizeof b->marks);
        b->kind = s->storage ? GC_STORAGE : GC_OBJECTS;
        b->size = s->size;
        b->ntracked = 0;
    }
    gc->stats.allocated_bytes += (size_t)(s->end - s->cur);
    owe(vm, (size_t)(s->end - s->cur));
    return true;
}

static void *space_alloc(amb_vm *vm, gc_space *s) {
    char *p = s->cur;
    if (AMB_UNLIKELY(p == s->end)) {
        if (!refill(vm, s)) {
            s->cur = s->end = NULL;
            return NULL;
        }
        p = s->cur;
    }
    s->cur = p + s->size;
    return p;
}

static void *large_new(amb_vm *vm, size_t size) {
    struct ambgc *gc = vm->gc;
    size_t whole = GC_DATA + size;
    gc_block *b = gc_host_alloc(vm, NULL, 0, whole, GC_BLOCK);
    if (!b) return NULL;
    gc->outside += whole;
    owe(vm, whole);
    b->marks[GC_DATA >> 4] = b->marks[(GC_DATA >> 4) + 1] = 0;
    b->kind = GC_LARGE;
    b->ntracked = 0;
    b->size = 0;
    b->large_size = whole;
    b->next = gc->large_young;
    gc->large_young = b;
    return (char *)b + GC_DATA;
}

void *ambgc_new(amb_vm *vm, size_t size, enum amb_tag type) {
    amb_obj *o = AMB_LIKELY(size <= GC_SMALL)
                     ? space_alloc(vm, &vm->gc->objects[class_of(size)])
                     : large_new(vm, size);
    if (AMB_UNLIKELY(!o)) return NULL;
    *o = (amb_obj){.type = (uint8_t)type};
    return o;
}

/* ---- what objects own ---- */

bool ambgc_track(amb_vm *vm, void *obj) {
    struct ambgc *gc = vm->gc;
    amb_obj *o = obj;
    if (o->flags & OBJ_EXTERN) return true;
    uint8_t *m = gc_mark_byte(o);
    if (gc_taken(gc, *m)) {
        m[1] = GC_TRACKED;
        gc_block_of(o)->ntracked++;
        o->flags |= OBJ_EXTERN;
        return true;
    }
    if (gc->ntracked == gc->tracked_cap) {
        size_t cap = gc->tracked_cap ? gc->tracked_cap * 2 : 64;
        amb_obj **t = ambgc_realloc(vm, gc->tracked, gc->tracked_cap * sizeof *t, cap * sizeof *t);
        if (!t) return false;
        gc->tracked = t;
        gc->tracked_cap = cap;
    }
    gc->tracked[gc->ntracked++] = o;
    o->flags |= OBJ_EXTERN;
    return true;
}

void *ambgc_storage(amb_vm *vm, void *owner, void *old, size_t old_size, size_t new_size) {
    bool was_small = old_size <= GC_STORAGE_SMALL;
    if (new_size == 0) {
        if (old && !was_small) ambgc_outside(vm, old, old_size, 0);
        return NULL;
    }
    if (new_size > GC_STORAGE_SMALL) {
        if (!ambgc_track(vm, owner)) return NULL;
        void *p = ambgc_outside(vm, was_small ? NULL : old, was_small ? 0 : old_size, new_size);
        if (!p) return NULL;
        if (was_small && old) memcpy(p, old, old_size);
        return p;
    }
    if (old && was_small && class_of(old_size) == class_of(new_size)) return old;
    void *p = space_alloc(vm, &vm->gc->storage[class_of(new_size)]);
    if (!p) return NULL;
    /* An old owner is not looked at again by a minor collection unless it is remembered. */
    ambgc_barrier(vm, owner);
    if (old) {
        memcpy(p, old, old_size < new_size ? old_size : new_size);
        if (!was_small) ambgc_outside(vm, old, old_size, 0);
    }
    return p;
}

void gc_finalize(amb_vm *vm, amb_obj *o) {
    switch (o->type) {
    case TAG_STRING: ambstr_finalize(vm, (amb_string *)o); break;
    case TAG_STRBUF: ambgc_storage(vm, o, ((amb_strbuf *)o)->data, ((amb_strbuf *)o)->cap, 0); break;
    case TAG_BYTES: ambbytes_finalize(vm, (amb_bytes *)o); break;
    case TAG_LIST: amblist_release(vm, (amb_list *)o); break;
    case TAG_MAP:
    case TAG_SET: ambmap_release(vm, (amb_map *)o); break;
    case TAG_CLASS: ambclass_finalize(vm, (amb_class *)o); break;
    case TAG_MODULE: ambmodule_finalize(vm, (amb_module *)o); break;
    case TAG_PROTO: ambproto_finalize(vm, (amb_proto *)o); break;
    case TAG_CAP: ambcap_finalize(vm, (amb_cap *)o); break;
    case TAG_NATIVE: ambhost_drop_native(vm, (amb_native *)o); break;
    case TAG_INSTANCE: ambhost_finalize(vm, (amb_instance *)o); break;
    case TAG_TASK: ambtask_finalize(vm, (amb_task *)o); break;
    case TAG_CHANNEL: ambchannel_finalize(vm, (amb_channel *)o); break;
    default: break;
    }
}

/* ---- writes into old objects ---- */

/* What it will cost to look through o again, as bytes of debt. No more than so much: one write into
 * something huge is no reason to collect at once. */
static size_t rescan_cost(const amb_obj *o) {
    size_t n = 0;
    if (o->type == TAG_LIST) {
        const amb_list *l = (const amb_list *)o;
        n = l->tags || l->h.aux16 >= TAG_HEAP ? l->len : 0;
    } else if (o->type == TAG_MAP || o->type == TAG_SET) {
        n = ((const amb_map *)o)->used;
    }
    return 128 + (n < 16384 ? n : 16384) * 8;
}

void ambgc_remember(amb_vm *vm, amb_obj *o) {
    struct ambgc *gc = vm->gc;
    if (gc->nremembered == gc->remembered_cap) {
        size_t cap = gc->remembered_cap ? gc->remembered_cap * 2 : 256;
        amb_obj **t = gc_note_alloc(gc, gc->remembered, gc->remembered_cap * sizeof *t, cap * sizeof *t);
        if (!t) {
            gc->log_lost = true;
            vm->gc_wanted = true;
            return;
        }
        gc->remembered = t;
        gc->remembered_cap = cap;
    }
    o->flags &= (uint8_t)~OBJ_OLD;
    gc->remembered[gc->nremembered++] = o;
    owe(vm, rescan_cost(o));
}

static uint32_t length_of(const amb_obj *o) {
    return o->type == TAG_LIST ? ((const amb_list *)o)->cap : ((const amb_map *)o)->cap;
}

static gc_written *find_written(gc_written *t, uint32_t cap, const amb_obj *o) {
    uint32_t k = (uint32_t)(((uintptr_t)o >> 5) * 0x9E3779B1u) & (cap - 1);
    while (t[k].o && t[k].o != o) k = (k + 1) & (cap - 1);
    return &t[k];
}

static bool grow_written(struct ambgc *gc) {
    uint32_t cap = gc->written_cap ? gc->written_cap * 2 : 16;
    gc_written *t = gc_note_alloc(gc, NULL, 0, cap * sizeof *t);
    if (!t) return false;
    memset(t, 0, cap * sizeof *t);
    for (uint32_t i = 0; i < gc->written_cap; i++)
        if (gc->written[i].o) *find_written(t, cap, gc->written[i].o) = gc->written[i];
    if (gc->written) gc_note_alloc(gc, gc->written, gc->written_cap * sizeof *t, 0);
    gc->written = t;
    gc->written_cap = cap;
    gc->last_written = NULL;
    return true;
}

static size_t map_bytes(uint32_t bits) { return (size_t)(bits / 64) * 8; }

void ambgc_remember_at(amb_vm *vm, amb_obj *o, uint32_t i) {
    struct ambgc *gc = vm->gc;
    gc_written *w = gc->last_written;
    if (AMB_UNLIKELY(!w || w->o != o || i >= w->bits)) {
        uint32_t n = length_of(o);
        if (n < LONG_CONTAINER) {
            ambgc_remember(vm, o);
            return;
        }
        if (gc->nwritten * 2 >= gc->written_cap && !grow_written(gc)) {
            ambgc_remember(vm, o);
            return;
        }
        w = find_written(gc->written, gc->written_cap, o);
        if (i >= w->bits) {
            uint32_t bits = (n + 63) & ~63u;
            uint64_t *map = gc_note_alloc(gc, w->map, map_bytes(w->bits), map_bytes(bits));
            if (!map) {
                ambgc_remember(vm, o);
                return;
            }
            memset((char *)map + map_bytes(w->bits), 0, map_bytes(bits) - map_bytes(w->bits));
            if (!w->o) {
                gc->nwritten++;
                owe(vm, map_bytes(bits) / 4);
            }
            *w = (gc_written){o, bits, map};
        }
        gc->last_written = w;
    }
    uint64_t bit = (uint64_t)1 << (i & 63);
    if (w->map[i >> 6] & bit) return;
    w->map[i >> 6] |= bit;
    owe(vm, 32);
}

void gc_forget_written(struct ambgc *gc) {
    if (!gc->nwritten) return;
    for (uint32_t i = 0; i < gc->written_cap; i++)
        if (gc->written[i].o) gc_note_alloc(gc, gc->written[i].map, map_bytes(gc->written[i].bits), 0);
    memset(gc->written, 0, gc->written_cap * sizeof *gc->written);
    gc->nwritten = 0;
    gc->last_written = NULL;
}

/* ---- the heap walker ---- */

bool ambgc_is_live(const amb_vm *vm, const void *o) { return gc_taken(vm->gc, *gc_mark_byte(o)); }

size_t ambgc_walk(amb_vm *vm, void (*visit)(void *ud, amb_obj *o), void *ud) {
    struct ambgc *gc = vm->gc;
    size_t n = 0;
    for (uint32_t c = 0; c < gc->nchunks; c++)
        for (uint32_t k = 0; k < gc->chunks[c].nblocks; k++) {
            gc_block *b = (gc_block *)(gc->chunks[c].mem + (size_t)k * GC_BLOCK);
            if (b->kind != GC_OBJECTS) continue;
            gc_space *s = gc_space_of(gc, b);
            for (uint32_t i = 0; i < s->per_block; i++) {
                amb_obj *o = gc_slot(s, b, i);
                if (!gc_taken(gc, *gc_mark_byte(o))) continue;
                visit(ud, o);
                n++;
            }
        }
    gc_block *lists[] = {gc->large_young, gc->large, gc->large_unswept};
    for (int l = 0; l < 3; l++)
        for (gc_block *b = lists[l]; b; b = b->next) {
            amb_obj *o = (amb_obj *)((char *)b + GC_DATA);
            if (!gc_taken(gc, *gc_mark_byte(o))) continue;
            visit(ud, o);
            n++;
        }
    return n;
}

/* ---- life ---- */

static void *default_alloc(void *ud, void *p, size_t old, size_t size, size_t align) {
    (void)ud;
    (void)old;
    if (size == 0) {
        free(p);
        return NULL;
    }
    if (align > 16) return aligned_alloc(align, (size + align - 1) / align * align);
    return realloc(p, size);
}

amb_status ambgc_setup(amb_vm *vm, ambgc_alloc_fn alloc, void *ud) {
    if (!alloc) alloc = default_alloc;
    struct ambgc *gc = alloc(ud, NULL, 0, sizeof *gc, 16);
    if (!gc) return AMB_E_NOMEM;
    memset(gc, 0, sizeof *gc);
    gc->alloc = alloc;
    gc->alloc_ud = ud;
    gc->white = gc->black = 1;
    gc_work *work[] = {&gc->gray, &gc->young};
    for (int i = 0; i < 2; i++) {
        work[i]->items = work[i]->first;
        work[i]->cap = sizeof work[i]->first / sizeof *work[i]->first;
    }
    for (unsigned i = 0; i < GC_SPACES; i++) {
        gc_space *s = gc_space_at(gc, i);
        s->size = class_sizes[i % GC_CLASSES];
        s->per_block = (uint32_t)((GC_BLOCK - GC_DATA) / s->size);
        s->storage = i >= GC_CLASSES;
    }
    vm->gc = gc;
    gc_pace(vm);
    return AMB_OK;
}

void gc_free_large(amb_vm *vm, gc_block *b) {
    if (b->ntracked) gc_finalize(vm, (amb_obj *)((char *)b + GC_DATA));
    vm->gc->outside -= b->large_size;
    gc_host_alloc(vm, b, b->large_size, 0, GC_BLOCK);
}

static void free_all_large(amb_vm *vm, gc_block *b) {
    while (b) {
        gc_block *next = b->next;
        gc_free_large(vm, b);
        b = next;
    }
}

void ambgc_finalize_all(amb_vm *vm) {
    struct ambgc *gc = vm->gc;
    for (size_t i = 0; i < gc->ntracked; i++) gc_finalize(vm, gc->tracked[i]);
    gc->ntracked = 0;
    for (uint32_t c = 0; c < gc->nchunks; c++)
        for (uint32_t k = 0; k < gc->chunks[c].nblocks; k++) {
            gc_block *b = (gc_block *)(gc->chunks[c].mem + (size_t)k * GC_BLOCK);
            if (b->kind != GC_OBJECTS || !b->ntracked) continue;
            gc_space *s = gc_space_of(gc, b);
            for (uint32_t i = 0; i < s->per_block; i++)
                if (gc_mark_byte(gc_slot(s, b, i))[1] == GC_TRACKED) gc_finalize(vm, gc_slot(s, b, i));
        }
    free_all_large(vm, gc->large_young);
    free_all_large(vm, gc->large);
    free_all_large(vm, gc->large_unswept);
}

void ambgc_teardown(amb_vm *vm) {
    struct ambgc *gc = vm->gc;
    if (!gc) return;
    gc_forget_written(gc);
    for (uint32_t i = 0; i < gc->nchunks; i++)
        gc_host_alloc(vm, gc->chunks[i].mem, (size_t)gc->chunks[i].nblocks * GC_BLOCK, 0, GC_BLOCK);
    ambgc_free(vm, gc->chunks, gc->chunks_cap * sizeof *gc->chunks);
    ambgc_free(vm, gc->tracked, gc->tracked_cap * sizeof *gc->tracked);
    gc_work *work[] = {&gc->gray, &gc->young};
    for (int i = 0; i < 2; i++) {
        if (work[i]->items != work[i]->first) gc_note_alloc(gc, work[i]->items, work[i]->cap * sizeof(amb_obj *), 0);
        if (work[i]->big) gc_note_alloc(gc, work[i]->big, work[i]->big_cap * sizeof(gc_big), 0);
    }
    if (gc->remembered) gc_note_alloc(gc, gc->remembered, gc->remembered_cap * sizeof(amb_obj *), 0);
    if (gc->written) gc_note_alloc(gc, gc->written, gc->written_cap * sizeof *gc->written, 0);
    ambgc_alloc_fn alloc = gc->alloc;
    void *ud = gc->alloc_ud;
    alloc(ud, gc, sizeof *gc, 0, 16);
    vm->gc = NULL;
}
