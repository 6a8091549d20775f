/* SPDX-License-Identifier: MIT */
/* The collector: non-moving, precise, block-structured, generational by sticky marks.
 *
 * Small objects live in 32 KiB blocks, one size per block, aligned so that an address names its
 * block. A block's header holds one mark byte per 16 bytes: an object is live while its byte
 * equals the current epoch, so nothing is ever cleared. A minor collection keeps the epoch: what
 * is already marked is old, and only unmarked objects reachable from the stack, the other roots and
 * the remembered set are marked. A full collection starts a new epoch. Blocks are swept
 * lazily: allocation looks for the next run of unmarked slots and bumps through it.
 *
 * Storage (the variable part of lists, maps ...) lives in blocks of its own without headers
 * and is marked by its owner; above STORAGE_SMALL bytes it is malloc'ed, and its owner listed in
 * `tracked` so that it is freed when the owner dies.
 *
 * Nothing allocates and collects in one step: allocation only notes that a collection is due, and the
 * interpreter collects at its next safepoint. */
#include "gc_internal.h"

#include <string.h>

#include "class.h"
#include "module.h"
#include "proto.h"

#define DATA_OFFSET ((sizeof(gc_block) + 15) & ~(size_t)15)
#define CHUNK_BLOCKS 8
#define MINOR_MIN ((size_t)1 << 20)
#define FULL_MIN ((size_t)4 << 20)

static const uint16_t class_sizes[GC_CLASSES] = {16,  32,  48,  64,  80,  96,   112,  128,
                                                 160, 192, 224, 256, 320, 384,  448,  512,
                                                 640, 768, 896, 1024, 1280, 1536, 1792, 2048};

static gc_block *block_of(const void *p) {
    return (gc_block *)((uintptr_t)p & ~(uintptr_t)(GC_BLOCK - 1));
}

static uint8_t *mark_byte(const void *p) {
    gc_block *b = block_of(p);
    return &b->marks[((uintptr_t)p & (GC_BLOCK - 1)) >> 4];
}

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

static void *host_alloc(amb_vm *vm, void *p, size_t old, size_t size, size_t align) {
    struct ambgc *gc = vm->gc;
    if (size > old) {
        size_t more = size - old, limit = vm->limits.heap_bytes;
        if (limit && (gc->total > limit || more > limit - gc->total))
            return fail(vm, AMB_E_LIMIT, "memory");
        if (size > SIZE_MAX / 2) return fail(vm, AMB_E_NOMEM, "memory");
    }
    void *q = gc->alloc(gc->alloc_ud, p, old, size, align);
    if (!q && size) return fail(vm, AMB_E_NOMEM, "memory");
    gc->total = gc->total - old + size;
    return q;
}

/* Notes `n` bytes of new allocation towards the next collection. */
static void owe(amb_vm *vm, size_t n) {
    struct ambgc *gc = vm->gc;
    gc->debt += n;
    /* Under stress at every allocation while the heap is small, then often enough to find mistakes and
     * seldom enough to end. */
    size_t limit = !vm->stress ? gc->debt_limit : gc->live < (size_t)256 << 10 ? 0 : gc->live / 64;
    if (gc->debt >= limit) vm->gc_wanted = true;
}

void *ambgc_malloc(amb_vm *vm, size_t size) { return host_alloc(vm, NULL, 0, size, 16); }

void *ambgc_realloc(amb_vm *vm, void *p, size_t old_size, size_t new_size) {
    return host_alloc(vm, p, old_size, new_size, 16);
}

void ambgc_free(amb_vm *vm, void *p, size_t size) {
    if (p) host_alloc(vm, p, size, 0, 16);
}

bool ambgc_charge(amb_vm *vm, size_t bytes) {
    struct ambgc *gc = vm->gc;
    size_t limit = vm->limits.heap_bytes;
    if (limit && (gc->total > limit || bytes > limit - gc->total)) {
        fail(vm, AMB_E_LIMIT, "memory");
        return false;
    }
    gc->total += bytes;
    owe(vm, bytes);
    return true;
}

void ambgc_refund(amb_vm *vm, size_t bytes) { vm->gc->total -= bytes; }

/* ---- blocks ---- */

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
        char *mem = host_alloc(vm, NULL, 0, n * GC_BLOCK, GC_BLOCK);
        if (!mem) return NULL;
        gc->chunks[gc->nchunks++] = (gc_chunk){mem, (uint32_t)n};
        for (size_t i = n; i-- > 0;) {
            gc_block *b = (gc_block *)(mem + i * GC_BLOCK);
            b->next = gc->free_blocks;
            b->kind = GC_FREE;
            gc->free_blocks = b;
        }
    }
    gc_block *b = gc->free_blocks;
    gc->free_blocks = b->next;
    return b;
}

/* The next run of free slots in the block under the allocator's cursor; false: none left. */
static bool next_run(struct ambgc *gc, gc_space *s) {
    gc_block *b = s->block;
    if (!b) return false;
    uint32_t size = s->size, stride = size >> 4, n = s->per_block;
    const uint8_t *marks = b->marks + (DATA_OFFSET >> 4);
    uint8_t epoch = gc->epoch;
    uint32_t i = s->cursor;
    while (i < n && marks[i * stride] == epoch) i++;
    if (i >= n) return false;
    uint32_t j = i + 1;
#ifndef AMB_STRESS /* there every allocation comes by here */
    while (j < n && marks[j * stride] != epoch) j++;
#endif
    s->cur = (char *)b + DATA_OFFSET + (size_t)i * size;
    s->end = (char *)b + DATA_OFFSET + (size_t)j * size;
    s->cursor = j;
    return true;
}

static bool refill(amb_vm *vm, gc_space *s) {
    struct ambgc *gc = vm->gc;
    for (;;) {
        if (next_run(gc, s)) break;
        if (s->unswept) {
            gc_block *b = s->unswept;
            s->unswept = b->next_unswept;
            b->next_unswept = NULL;
            s->block = b;
            s->cursor = 0;
            b->full = !next_run(gc, s);
            if (!b->full) break;
            continue;
        }
        gc_block *b = new_block(vm);
        if (!b) return false;
        memset(b->marks, 0, sizeof b->marks);
        b->kind = s->storage ? GC_STORAGE : GC_OBJECTS;
        b->size = s->size;
        b->full = false;
        b->next_unswept = NULL;
        b->next = s->blocks;
        s->blocks = b;
        s->block = b;
        s->cursor = 0;
    }
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
    size_t whole = DATA_OFFSET + size;
    gc_block *b = host_alloc(vm, NULL, 0, whole, GC_BLOCK);
    if (!b) return NULL;
    owe(vm, whole);
    b->marks[DATA_OFFSET >> 4] = 0;
    b->kind = GC_LARGE;
    b->large_size = whole;
    b->next = gc->large;
    gc->large = b;
    return (char *)b + DATA_OFFSET;
}

void *ambgc_new(amb_vm *vm, size_t size, enum amb_tag type) {
    amb_obj *o = AMB_LIKELY(size <= GC_SMALL)
                     ? space_alloc(vm, &vm->gc->objects[class_of(size)])
                     : large_new(vm, size);
    if (AMB_UNLIKELY(!o)) return NULL;
    *o = (amb_obj){.type = (uint8_t)type};
    return o;
}

bool ambgc_track(amb_vm *vm, void *obj) {
    struct ambgc *gc = vm->gc;
    amb_obj *o = obj;
    if (o->flags & OBJ_EXTERN) return true;
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
        if (old && !was_small) ambgc_free(vm, old, old_size);
        return NULL;
    }
    if (new_size > GC_STORAGE_SMALL) {
        if (!ambgc_track(vm, owner)) return NULL;
        void *p = ambgc_realloc(vm, was_small ? NULL : old, was_small ? 0 : old_size, new_size);
        if (!p) return NULL;
        if (new_size > old_size) owe(vm, new_size - old_size);
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
        if (!was_small) ambgc_free(vm, old, old_size);
    }
    return p;
}

void ambgc_remember(amb_vm *vm, amb_obj *o) {
    struct ambgc *gc = vm->gc;
    if (gc->nremembered == gc->remembered_cap) {
        size_t cap = gc->remembered_cap ? gc->remembered_cap * 2 : 256;
        size_t bytes = cap * sizeof *gc->remembered;
        /* Not against the limit: a store must not fail. Without memory the next collection is full. */
        amb_obj **t = gc->alloc(gc->alloc_ud, gc->remembered,
                                gc->remembered_cap * sizeof *t, bytes, 16);
        if (!t) {
            gc->force_full = true;
            return;
        }
        gc->remembered = t;
        gc->remembered_cap = cap;
    }
    o->flags &= (uint8_t)~OBJ_OLD;
    gc->remembered[gc->nremembered++] = o;
}



/* ---- marking ---- */

static void push_gray(struct ambgc *gc, amb_obj *o) {
    if (gc->ngray == gc->gray_cap) {
        size_t cap = gc->gray_cap ? gc->gray_cap * 2 : 1024;
        amb_obj **g = gc->alloc(gc->alloc_ud, gc->gray, gc->gray_cap * sizeof *g, cap * sizeof *g, 16);
        if (!g) {
            gc->gray_overflow = true; /* found again by a walk over all marked objects */
            return;
        }
        gc->gray = g;
        gc->gray_cap = cap;
    }
    gc->gray[gc->ngray++] = o;
}

static size_t slot_size(const void *p) {
    const gc_block *b = block_of(p);
    return b->kind == GC_LARGE ? b->large_size : b->size;
}

void ambgc_mark_obj(struct ambgc *gc, void *p) {
    amb_obj *o = p;
    if (!o) return;
    uint8_t *m = mark_byte(o);
    if (*m == gc->epoch) return;
    *m = gc->epoch;
    gc->marked += slot_size(o);
    o->flags |= OBJ_OLD;
    if (o->type == TAG_STRING && !(o->flags & (STR_SHARED | OBJ_EXTERN | STR_INDEXED))) return;
    push_gray(gc, o);
}

void ambgc_mark_value(struct ambgc *gc, ambv v) {
    if (v.tag >= TAG_HEAP) ambgc_mark_obj(gc, v.o);
}

void ambgc_mark_storage(struct ambgc *gc, const void *p, size_t size) {
    if (!p) return;
    if (size > GC_STORAGE_SMALL) {
        gc->marked += size;
        return;
    }
    uint8_t *m = mark_byte(p);
    if (*m == gc->epoch) return;
    *m = gc->epoch;
    gc->marked += block_of(p)->size;
}

static void mark_packed(struct ambgc *gc, uint64_t payload, uint8_t tag) {
    if (tag >= TAG_HEAP) ambgc_mark_obj(gc, (void *)(uintptr_t)payload);
}

static void mark_list(struct ambgc *gc, amb_list *l) {
    ambgc_mark_storage(gc, l->vals, (size_t)l->cap * 8);
    if (l->tags) {
        ambgc_mark_storage(gc, l->tags, l->cap);
        for (uint32_t i = 0; i < l->len; i++) mark_packed(gc, l->vals[i], l->tags[i]);
    } else if (l->h.aux16 >= TAG_HEAP) {
        for (uint32_t i = 0; i < l->len; i++) ambgc_mark_obj(gc, (void *)(uintptr_t)l->vals[i]);
    }
}

static void mark_map(struct ambgc *gc, amb_map *m) {
    ambgc_mark_storage(gc, m->entries, (size_t)m->cap * sizeof(amb_entry));
    if (m->index) ambgc_mark_storage(gc, m->index, ((size_t)m->mask + 1) * sizeof(uint32_t));
    for (uint32_t i = m->first; i < m->used; i++) {
        const amb_entry *e = &m->entries[i];
        if (e->ktag == TAG_UNDEF) continue;
        mark_packed(gc, e->key, e->ktag);
        mark_packed(gc, e->val, e->vtag);
    }
}

static void mark_instance(amb_vm *vm, amb_instance *o) {
    struct ambgc *gc = vm->gc;
    amb_class *c = vm->classes[o->h.aux32];
    ambgc_mark_obj(gc, c);
    for (uint32_t i = 0; i < c->nfields; i++) ambgc_mark_value(gc, ambinst_get(o, i));
}

static void mark_children(amb_vm *vm, amb_obj *o) {
    struct ambgc *gc = vm->gc;
    switch (o->type) {
    case TAG_STRING: ambstr_mark(gc, (amb_string *)o); break;
    case TAG_STRBUF: {
        amb_strbuf *b = (amb_strbuf *)o;
        ambgc_mark_storage(gc, b->data, b->cap);
        break;
    }
    case TAG_LIST: mark_list(gc, (amb_list *)o); break;
    case TAG_TUPLE: {
        amb_tuple *t = (amb_tuple *)o;
        ambgc_mark_obj(gc, t->names);
        for (uint32_t i = 0; i < t->h.aux32; i++) ambgc_mark_value(gc, t->vals[i]);
        break;
    }
    case TAG_MAP:
    case TAG_SET: mark_map(gc, (amb_map *)o); break;
    case TAG_CLOSURE: {
        amb_closure *c = (amb_closure *)o;
        ambgc_mark_obj(gc, c->proto);
        ambgc_mark_obj(gc, c->home);
        for (uint32_t i = 0; i < c->h.aux32; i++) ambgc_mark_value(gc, c->up[i]);
        break;
    }
    case TAG_NATIVE: ambgc_mark_value(gc, ((amb_native *)o)->data); break;
    case TAG_BOUND:
        ambgc_mark_value(gc, ((amb_bound *)o)->self);
        ambgc_mark_value(gc, ((amb_bound *)o)->fn);
        break;
    case TAG_CLASS: ambclass_mark(gc, (amb_class *)o); break;
    case TAG_INSTANCE: mark_instance(vm, (amb_instance *)o); break;
    case TAG_MODULE: ambmodule_mark(gc, (amb_module *)o); break;
    case TAG_GENERATOR: {
        amb_generator *g = (amb_generator *)o;
        ambgc_mark_obj(gc, g->closure);
        for (uint32_t i = 0; i < g->nregs; i++)
            if (g->regs[i].tag < TAG_COUNT) ambgc_mark_value(gc, g->regs[i]); /* not frame words */
        break;
    }
    case TAG_CELL: ambgc_mark_value(gc, ((amb_cell *)o)->v); break;
    case TAG_PROTO: ambproto_mark(gc, (amb_proto *)o); break;
    default: break; /* bytes, ranges, capabilities: nothing inside */
    }
}

static void drain(amb_vm *vm);

/* Pushes every marked object again: only after the gray stack could not grow. */
static void rescan_marked(amb_vm *vm) {
    struct ambgc *gc = vm->gc;
    for (unsigned c = 0; c < GC_CLASSES; c++) {
        gc_space *s = &gc->objects[c];
        for (gc_block *b = s->blocks; b; b = b->next)
            for (uint32_t i = 0; i < s->per_block; i++) {
                amb_obj *o = (amb_obj *)((char *)b + DATA_OFFSET + (size_t)i * s->size);
                if (*mark_byte(o) == gc->epoch) mark_children(vm, o);
                while (gc->ngray) mark_children(vm, gc->gray[--gc->ngray]);
            }
    }
    for (gc_block *b = gc->large; b; b = b->next) {
        amb_obj *o = (amb_obj *)((char *)b + DATA_OFFSET);
        if (*mark_byte(o) == gc->epoch) mark_children(vm, o);
    }
}

static void drain(amb_vm *vm) {
    struct ambgc *gc = vm->gc;
    for (;;) {
        while (gc->ngray) mark_children(vm, gc->gray[--gc->ngray]);
        if (!gc->gray_overflow) return;
        gc->gray_overflow = false;
        rescan_marked(vm);
    }
}

static void mark_roots(amb_vm *vm) {
    struct ambgc *gc = vm->gc;
    for (ambv *v = vm->stack; v < vm->top; v++)
        if (v->tag >= TAG_HEAP && v->tag < TAG_COUNT) ambgc_mark_obj(gc, v->o); /* not frame words */
    /* What lies above is stale: cleared so that no later frame shows a dead object. */
    for (ambv *v = vm->top; v < vm->stack_end; v++) *v = ambv_nil();
    ambgc_mark_value(gc, vm->exc);
    for (unsigned i = 0; i < SYM_COUNT; i++) ambgc_mark_obj(gc, vm->symbols[i]);
    for (unsigned i = 0; i < 128; i++) ambgc_mark_obj(gc, vm->ascii[i]);
    ambgc_mark_obj(gc, vm->empty_string);
    for (uint32_t i = 0; i < vm->nclasses; i++) ambgc_mark_obj(gc, vm->classes[i]);
    for (unsigned i = 0; i < TAG_COUNT; i++) ambmembers_mark(gc, vm->type_members[i]);
    ambmodules_mark(gc, vm->modules);
    ambprelude_mark(gc, vm->prelude);
    ambgc_mark_obj(gc, vm->entry);
    for (uint32_t i = 0; i < vm->npins; i++) ambgc_mark_value(gc, vm->pins[i]);
}

/* ---- after marking ---- */

static void finalize(amb_vm *vm, amb_obj *o) {
    switch (o->type) {
    case TAG_STRING: ambstr_finalize(vm, (amb_string *)o); break;
    case TAG_STRBUF: {
        amb_strbuf *b = (amb_strbuf *)o;
        if (b->cap > GC_STORAGE_SMALL) ambgc_free(vm, b->data, b->cap);
        break;
    }
    case TAG_BYTES: ambbytes_finalize(vm, (amb_bytes *)o); break;
    case TAG_LIST: {
        amb_list *l = (amb_list *)o;
        if ((size_t)l->cap * 8 > GC_STORAGE_SMALL) ambgc_free(vm, l->vals, (size_t)l->cap * 8);
        if (l->tags && l->cap > GC_STORAGE_SMALL) ambgc_free(vm, l->tags, l->cap);
        break;
    }
    case TAG_MAP:
    case TAG_SET: {
        amb_map *m = (amb_map *)o;
        size_t e = (size_t)m->cap * sizeof(amb_entry), x = ((size_t)m->mask + 1) * sizeof(uint32_t);
        if (e > GC_STORAGE_SMALL) ambgc_free(vm, m->entries, e);
        if (m->index && x > GC_STORAGE_SMALL) ambgc_free(vm, m->index, x);
        break;
    }
    case TAG_CLASS: ambclass_finalize(vm, (amb_class *)o); break;
    case TAG_MODULE: ambmodule_finalize(vm, (amb_module *)o); break;
    case TAG_PROTO: ambproto_finalize(vm, (amb_proto *)o); break;
    case TAG_CAP: ambcap_finalize(vm, (amb_cap *)o); break;
    default: break;
    }
}

static void sweep_tracked(amb_vm *vm) {
    struct ambgc *gc = vm->gc;
    size_t kept = 0;
    for (size_t i = 0; i < gc->ntracked; i++) {
        amb_obj *o = gc->tracked[i];
        if (*mark_byte(o) == gc->epoch) gc->tracked[kept++] = o;
        else finalize(vm, o);
    }
    gc->ntracked = kept;
}

static void sweep_large(amb_vm *vm) {
    struct ambgc *gc = vm->gc;
    gc_block **link = &gc->large;
    while (*link) {
        gc_block *b = *link;
        if (b->marks[DATA_OFFSET >> 4] == gc->epoch) {
            link = &b->next;
        } else {
            *link = b->next;
            host_alloc(vm, b, b->large_size, 0, GC_BLOCK);
        }
    }
}

static bool block_empty(const struct ambgc *gc, const gc_space *s, const gc_block *b) {
    const uint8_t *marks = b->marks + (DATA_OFFSET >> 4);
    uint32_t stride = s->size >> 4;
    for (uint32_t i = 0; i < s->per_block; i++)
        if (marks[i * stride] == gc->epoch) return false;
    return true;
}

/* Queues the blocks of a space for sweeping; after a full collection empty ones go back to the pool. */
static void queue_space(struct ambgc *gc, gc_space *s, bool full) {
    s->cur = s->end = NULL;
    s->block = NULL;
    s->cursor = 0;
    s->unswept = NULL;
    gc_block **link = &s->blocks;
    while (*link) {
        gc_block *b = *link;
        if (full && block_empty(gc, s, b)) {
            *link = b->next;
            b->kind = GC_FREE;
            b->next = gc->free_blocks;
            gc->free_blocks = b;
            continue;
        }
        /* A block full of old objects has nothing to give until a full collection. */
        if (full) b->full = false;
        if (!b->full) {
            b->next_unswept = s->unswept;
            s->unswept = b;
        }
        link = &b->next;
    }
}

/* Gives chunks whose blocks are all free back to the host, keeping a quarter of the live heap. */
static void release_chunks(amb_vm *vm) {
    struct ambgc *gc = vm->gc;
    size_t free_bytes = 0;
    for (gc_block *b = gc->free_blocks; b; b = b->next) free_bytes += GC_BLOCK;
    size_t keep = gc->live / 4 + ((size_t)1 << 20);
    if (free_bytes <= keep) return;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < gc->nchunks; i++) {
        gc_chunk c = gc->chunks[i];
        bool all = free_bytes > keep;
        for (uint32_t j = 0; all && j < c.nblocks; j++)
            if (((gc_block *)(c.mem + (size_t)j * GC_BLOCK))->kind != GC_FREE) all = false;
        if (!all) {
            gc->chunks[kept++] = c;
            continue;
        }
        for (uint32_t j = 0; j < c.nblocks; j++)
            ((gc_block *)(c.mem + (size_t)j * GC_BLOCK))->kind = GC_DROPPED;
        gc->dropped[gc->ndropped++] = c;
        free_bytes -= (size_t)c.nblocks * GC_BLOCK;
        if (gc->ndropped == GC_DROP_MAX) {
            while (++i < gc->nchunks) gc->chunks[kept++] = gc->chunks[i];
            break;
        }
    }
    gc->nchunks = kept;
    gc_block **link = &gc->free_blocks;
    while (*link)
        if ((*link)->kind == GC_DROPPED) *link = (*link)->next;
        else link = &(*link)->next;
    for (uint32_t i = 0; i < gc->ndropped; i++)
        host_alloc(vm, gc->dropped[i].mem, (size_t)gc->dropped[i].nblocks * GC_BLOCK, 0, GC_BLOCK);
    gc->ndropped = 0;
}

void ambgc_collect(amb_vm *vm, bool full) {
    struct ambgc *gc = vm->gc;
    if (gc->force_full || gc->live >= gc->full_at) full = true;
    gc->force_full = false;
    if (full) {
        /* 0 marks fresh blocks; a wrapped epoch would meet marks 255 collections old */
        gc->epoch = gc->epoch == 255 ? 1 : (uint8_t)(gc->epoch + 1);
        if (gc->epoch == 1) ambgc_clear_marks(gc);
        gc->marked = 0;
        for (size_t i = 0; i < gc->nremembered; i++) gc->remembered[i]->flags |= OBJ_OLD;
        gc->nremembered = 0;
        gc->full_count++;
    } else {
        gc->marked = gc->live;
        gc->minor_count++;
    }
    mark_roots(vm);
    for (size_t i = 0; i < gc->nremembered; i++) {
        amb_obj *o = gc->remembered[i];
        o->flags |= OBJ_OLD;
        mark_children(vm, o);
    }
    gc->nremembered = 0;
    drain(vm);
    gc->live = gc->marked;
    ambstr_sweep_interned(vm, full);
    sweep_tracked(vm);
    sweep_large(vm);
    for (unsigned c = 0; c < GC_CLASSES; c++) {
        queue_space(gc, &gc->objects[c], full);
        queue_space(gc, &gc->storage[c], full);
    }
    if (full) {
        gc->full_at = gc->live + (gc->live > FULL_MIN ? gc->live : FULL_MIN);
        release_chunks(vm);
    }
    gc->debt = 0;
    size_t minor = gc->live / 4;
    gc->debt_limit = minor < MINOR_MIN ? MINOR_MIN : minor > (size_t)16 << 20 ? (size_t)16 << 20 : minor;
    size_t limit = vm->limits.heap_bytes;
    if (limit && gc->total < limit && gc->debt_limit > (limit - gc->total) / 2 + GC_BLOCK)
        gc->debt_limit = (limit - gc->total) / 2 + GC_BLOCK;
    vm->gc_wanted = false;
    if (vm->top + AMB_STACK_STEP < vm->stack_end) vm->stack_end = vm->top + AMB_STACK_STEP;
#ifdef AMB_STRESS
    ambgc_verify(vm);
#endif
}

bool ambgc_is_live(const amb_vm *vm, const void *o) { return *mark_byte(o) == vm->gc->epoch; }

void ambgc_clear_marks(struct ambgc *gc) {
    for (unsigned c = 0; c < GC_CLASSES; c++) {
        for (gc_block *b = gc->objects[c].blocks; b; b = b->next) memset(b->marks, 0, sizeof b->marks);
        for (gc_block *b = gc->storage[c].blocks; b; b = b->next) memset(b->marks, 0, sizeof b->marks);
    }
    for (gc_block *b = gc->large; b; b = b->next) b->marks[DATA_OFFSET >> 4] = 0;
}

/* ---- the heap walker ---- */

size_t ambgc_walk(amb_vm *vm, void (*visit)(void *ud, amb_obj *o), void *ud) {
    struct ambgc *gc = vm->gc;
    size_t n = 0;
    for (unsigned c = 0; c < GC_CLASSES; c++) {
        gc_space *s = &gc->objects[c];
        for (gc_block *b = s->blocks; b; b = b->next)
            for (uint32_t i = 0; i < s->per_block; i++) {
                amb_obj *o = (amb_obj *)((char *)b + DATA_OFFSET + (size_t)i * s->size);
                if (*mark_byte(o) != gc->epoch) continue;
                visit(ud, o);
                n++;
            }
    }
    for (gc_block *b = gc->large; b; b = b->next) {
        amb_obj *o = (amb_obj *)((char *)b + DATA_OFFSET);
        if (*mark_byte(o) != gc->epoch) continue;
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
    gc->epoch = 1;
    gc->debt_limit = MINOR_MIN;
    gc->full_at = FULL_MIN;
    for (unsigned c = 0; c < GC_CLASSES; c++) {
        gc_space *spaces[2] = {&gc->objects[c], &gc->storage[c]};
        for (int i = 0; i < 2; i++) {
            spaces[i]->size = class_sizes[c];
            spaces[i]->per_block = (uint32_t)((GC_BLOCK - DATA_OFFSET) / class_sizes[c]);
            spaces[i]->storage = i == 1;
        }
    }
    vm->gc = gc;
    return AMB_OK;
}

void ambgc_teardown(amb_vm *vm) {
    struct ambgc *gc = vm->gc;
    if (!gc) return;
    for (size_t i = 0; i < gc->ntracked; i++) finalize(vm, gc->tracked[i]);
    while (gc->large) {
        gc_block *b = gc->large;
        gc->large = b->next;
        host_alloc(vm, b, b->large_size, 0, GC_BLOCK);
    }
    for (uint32_t i = 0; i < gc->nchunks; i++)
        host_alloc(vm, gc->chunks[i].mem, (size_t)gc->chunks[i].nblocks * GC_BLOCK, 0, GC_BLOCK);
    ambgc_free(vm, gc->chunks, gc->chunks_cap * sizeof *gc->chunks);
    ambgc_free(vm, gc->tracked, gc->tracked_cap * sizeof *gc->tracked);
    ambgc_alloc_fn alloc = gc->alloc;
    void *ud = gc->alloc_ud;
    if (gc->remembered) alloc(ud, gc->remembered, gc->remembered_cap * sizeof(amb_obj *), 0, 16);
    if (gc->gray) alloc(ud, gc->gray, gc->gray_cap * sizeof(amb_obj *), 0, 16);
    alloc(ud, gc, sizeof *gc, 0, 16);
    vm->gc = NULL;
}
