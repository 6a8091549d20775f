/* SPDX-License-Identifier: MIT */
/* Marking: what is reachable becomes black.
 *
 * A minor collection marks young objects only (those whose slots are not taken): roots, written old
 * objects and then what they lead to, directly, since the young are in the cache. A major collection
 * marks white objects, those that were alive before it, in steps; its gray objects are *edges*: an
 * object may be listed several times and is tested when it is taken out, after a ring of prefetches,
 * so that a step does not wait for memory at every object.
 *
 * The two meet in a minor collection while a major one marks: what survives becomes black at once, and
 * white objects it meets become gray. So after it nothing black leads to anything that is neither
 * black nor gray, whatever the program did between two steps; and when nothing gray is left then,
 * marking is done. */
#include <string.h>

#include "class.h"
#include "host.h"
#include "code.h"
#include "gc_internal.h"
#include "module.h"
#include "proto.h"
#include "task.h"

/* Objects with more elements than this are looked into piece by piece. */
#define PIECE 1024
#define RING 16

/* ---- work lists ---- */

static void *grow(struct ambgc *gc, void *p, size_t *cap, size_t item) {
    size_t want = *cap ? *cap * 2 : 1024;
    void *q = gc_note_alloc(gc, p, *cap * item, want * item);
    if (q) *cap = want;
    return q;
}

static AMB_COLD bool grow_items(struct ambgc *gc, gc_work *w) {
    amb_obj **from = w->items == w->first ? NULL : w->items;
    size_t cap = from ? w->cap : 0;
    amb_obj **items = grow(gc, from, &cap, sizeof *items);
    if (!items) {
        gc->overflow = true;
        return false;
    }
    if (!from) memcpy(items, w->first, w->n * sizeof *items);
    w->items = items;
    w->cap = cap;
    return true;
}

static inline void push(struct ambgc *gc, gc_work *w, amb_obj *o) {
    if (AMB_UNLIKELY(w->n == w->cap) && !grow_items(gc, w)) return;
    w->items[w->n++] = o;
}

static bool push_big(struct ambgc *gc, gc_work *w, amb_obj *o) {
    if (w->nbig == w->big_cap) {
        gc_big *big = grow(gc, w->big, &w->big_cap, sizeof *big);
        if (!big) return false;
        w->big = big;
    }
    w->big[w->nbig++] = (gc_big){o, 0};
    return true;
}

static size_t slot_size(const void *p) { return gc_block_of(p)->size; }

/* An object that a minor collection found: the young become black. */
static inline void reach(struct ambgc *gc, amb_obj *o) {
    uint8_t *m = gc_mark_byte(o);
    if (*m == gc->black) return;
    if (*m == gc->white) {
        push(gc, &gc->gray, o);
        return;
    }
    *m = gc->black;
    size_t size = slot_size(o);
    gc->live += size;
    gc->marked += size;
    gc->stats.survived_bytes += size;
    o->flags |= OBJ_OLD;
    if (o->type == TAG_STRING && ((amb_string *)o)->data == ((amb_string *)o)->inline_) return;
    push(gc, &gc->young, o);
}

void ambgc_mark_obj(struct ambgc *gc, void *p) {
    if (!p) return;
#ifdef AMB_STRESS
    if (gc->verifying) {
        gc_verify_reached(gc, p);
        return;
    }
#endif
    if (gc->stepping) push(gc, &gc->gray, p);
    else reach(gc, p);
}

void ambgc_mark_value(struct ambgc *gc, ambv v) {
    if (v.tag >= TAG_HEAP) ambgc_mark_obj(gc, v.o);
}

void ambgc_mark_storage(struct ambgc *gc, const void *p, size_t size) {
    if (!p || size > GC_STORAGE_SMALL) return;
    uint8_t *m = gc_mark_byte(p);
#ifdef AMB_STRESS
    if (gc->verifying) {
        gc_verify_storage(gc, m);
        return;
    }
#endif
    if (*m == gc->black) return;
    size_t bytes = slot_size(p);
    /* Storage younger than its old owner: a write into the owner has been noted, and the minor
     * collection will come by. */
    if (*m != gc->white) {
        if (gc->stepping) return;
        gc->live += bytes;
        gc->stats.survived_bytes += bytes;
    }
    *m = gc->black;
    gc->marked += bytes;
}

/* ---- children ---- */

static inline void mark_packed(struct ambgc *gc, uint64_t payload, uint8_t tag) {
    if (tag >= TAG_HEAP) ambgc_mark_obj(gc, (void *)(uintptr_t)payload);
}

static void mark_elements(struct ambgc *gc, const amb_list *l, uint32_t from, uint32_t to) {
    if (l->tags) {
        for (uint32_t i = from; i < to; i++) mark_packed(gc, l->vals[i], l->tags[i]);
    } else if (l->h.aux16 >= TAG_HEAP) {
        for (uint32_t i = from; i < to; i++) ambgc_mark_obj(gc, (void *)(uintptr_t)l->vals[i]);
    }
}

static void mark_entries(struct ambgc *gc, const amb_map *m, uint32_t from, uint32_t to) {
    for (uint32_t i = from; i < to; i++) {
        const amb_entry *e = &m->entries[i];
        if (e->ktag == TAG_UNDEF) continue;
        mark_packed(gc, e->key, e->ktag);
        mark_packed(gc, e->val, e->vtag);
    }
}

static uint32_t elements(const amb_obj *o) {
    switch (o->type) {
    case TAG_LIST: return ((const amb_list *)o)->len;
    case TAG_TUPLE: return o->aux32;
    case TAG_CHANNEL: return ((const amb_channel *)o)->room;
    default: return ((const amb_map *)o)->used;
    }
}

/* Marks elements [from, to) of a list, tuple, channel, map or set. */
static void mark_part(struct ambgc *gc, amb_obj *o, uint32_t from, uint32_t to) {
    switch (o->type) {
    case TAG_LIST: mark_elements(gc, (amb_list *)o, from, to); break;
    case TAG_TUPLE:
        for (uint32_t i = from; i < to; i++) ambgc_mark_value(gc, ((amb_tuple *)o)->vals[i]);
        break;
    case TAG_CHANNEL:
        for (uint32_t i = from; i < to; i++) ambgc_mark_value(gc, ((amb_channel *)o)->items[i]);
        break;
    default:
        if (from < ((amb_map *)o)->first) from = ((amb_map *)o)->first;
        mark_entries(gc, (amb_map *)o, from, to);
    }
}

/* The elements of o, at once or, when there are many, piece by piece. */
static void mark_all(struct ambgc *gc, amb_obj *o) {
    uint32_t n = elements(o);
    if (n > PIECE && !gc->verifying && push_big(gc, gc->stepping ? &gc->gray : &gc->young, o)) return;
    mark_part(gc, o, 0, n);
}

static void mark_instance(amb_vm *vm, amb_instance *o) {
    struct ambgc *gc = vm->gc;
    amb_class *c = vm->classes[o->h.aux32];
    for (uint32_t i = 0; i < c->nfields; i += 8) {
        const amb_group *g = &o->groups[i >> 3];
        uint32_t n = c->nfields - i < 8 ? c->nfields - i : 8;
        for (uint32_t k = 0; k < n; k++) mark_packed(gc, g->vals[k], g->tags[k]);
    }
}

void gc_mark_children(amb_vm *vm, amb_obj *o) {
    struct ambgc *gc = vm->gc;
    switch (o->type) {
    case TAG_STRING: ambstr_mark(gc, (amb_string *)o); break;
    case TAG_STRBUF: {
        amb_strbuf *b = (amb_strbuf *)o;
        ambgc_mark_storage(gc, b->data, b->cap);
        break;
    }
    case TAG_LIST: {
        amb_list *l = (amb_list *)o;
        size_t cap = amblist_storage_cap(l);
        ambgc_mark_storage(gc, amblist_vals_storage(l), cap * 8);
        if (l->tags) ambgc_mark_storage(gc, amblist_tags_storage(l), cap);
        if (l->tags || l->h.aux16 >= TAG_HEAP) mark_all(gc, o);
        break;
    }
    case TAG_TUPLE:
        ambgc_mark_obj(gc, ((amb_tuple *)o)->names);
        mark_all(gc, o);
        break;
    case TAG_MAP:
    case TAG_SET: {
        amb_map *m = (amb_map *)o;
        ambgc_mark_storage(gc, m->entries, (size_t)m->cap * sizeof(amb_entry));
        if (m->index) ambgc_mark_storage(gc, m->index, ((size_t)m->mask + 1) * sizeof(uint32_t));
        mark_all(gc, o);
        break;
    }
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
    case TAG_TASK:
    case TAG_REGION: ambtask_mark(gc, o); break;
    case TAG_CHANNEL: {
        amb_channel *c = (amb_channel *)o;
        ambgc_mark_storage(gc, c->items, c->room * sizeof *c->items);
        mark_all(gc, o);
        break;
    }
    case TAG_LOCK:
        ambgc_mark_obj(gc, ((amb_lock *)o)->owner);
        ambgc_mark_obj(gc, ((amb_lock *)o)->next);
        break;
    case TAG_LOCAL: ambgc_mark_value(gc, ((amb_local *)o)->otherwise); break;
    case TAG_CELL: ambgc_mark_value(gc, ((amb_cell *)o)->v); break;
    case TAG_PROTO: ambproto_mark(gc, (amb_proto *)o); break;
    default: break; /* bytes, ranges, capabilities: nothing inside */
    }
}

/* The stack's slots from `from` on, and what else is reachable from the start. */
static void mark_roots(amb_vm *vm, ambv *from) {
    struct ambgc *gc = vm->gc;
    for (ambv *v = from; v < vm->top; v++)
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
    if (vm->gate) {
        ambpending_mark(gc, vm->gate);
        ambloan_mark(gc, vm->gate);
    }
    if (vm->host) ambhost_mark(gc, vm->host);
    if (vm->sched) {
        ambgc_mark_obj(gc, vm->sched->root);
        ambgc_mark_value(gc, vm->sched->program_error);
        ambgc_mark_value(gc, vm->sched->start);
    }
}

/* ---- frames ---- */

/* How many frames may be left between two collections without telling. */
#define FRAMES_APART 32

/* All slots of the stack have been looked at, or nothing below vm->base has changed: marks a frame some
 * way down. */
static void know_frames(amb_vm *vm) {
    ambv *b = vm->base;
    vm->gc->stack_known = NULL;
    for (unsigned i = 0; i < FRAMES_APART; i++) {
        if (b < vm->stack + 3 || (b[-1].tag & 0xff) != TAG_FRAME) return;
        size_t delta = frame_delta(b[-1].tag);
        if (!delta) return;
        b = (ambv *)((char *)b - delta);
    }
    if (b < vm->stack + 3 || (b[-1].tag & 0xff) != TAG_FRAME) return;
    b[-1].tag |= FRAME_KNOWN;
    vm->gc->stack_known = b - 3; /* a generator's frame keeps something there */
}

void ambgc_stack_left(amb_vm *vm) {
    ambv *known = vm->gc->stack_known;
    if (known) known[2].tag &= ~FRAME_KNOWN;
    vm->gc->stack_known = NULL;
}

void ambgc_frame_left(amb_vm *vm) {
    if (vm->gc->stack_known) know_frames(vm);
}

/* After a full collection: what only a large heap needed is given back. */
void gc_trim(struct ambgc *gc) {
    gc_work *work[] = {&gc->gray, &gc->young};
    for (int i = 0; i < 2; i++) {
        gc_work *w = work[i];
        if (w->cap > 4096 && !w->n) {
            gc_note_alloc(gc, w->items, w->cap * sizeof *w->items, 0);
            w->items = w->first;
            w->cap = sizeof w->first / sizeof *w->first;
        }
        if (w->big_cap > 4096 && !w->nbig) {
            gc_note_alloc(gc, w->big, w->big_cap * sizeof *w->big, 0);
            w->big = NULL;
            w->big_cap = 0;
        }
    }
    if (gc->remembered_cap > 4096 && !gc->nremembered) {
        gc_note_alloc(gc, gc->remembered, gc->remembered_cap * sizeof *gc->remembered, 0);
        gc->remembered = NULL;
        gc->remembered_cap = 0;
    }
}

/* ---- the young ---- */

static void drain_young(amb_vm *vm) {
    struct ambgc *gc = vm->gc;
    gc_work *w = &gc->young;
    for (;;) {
        while (w->n) gc_mark_children(vm, w->items[--w->n]);
        if (!w->nbig) return;
        gc_big *b = &w->big[w->nbig - 1];
        amb_obj *o = b->o;
        uint32_t from = b->next, n = elements(o), to = n - from < PIECE ? n : from + PIECE;
        b->next = to;
        if (to == n) w->nbig--;
        mark_part(gc, o, from, to);
    }
}

/* ---- the old ---- */

static size_t step(amb_vm *vm, size_t work) {
    struct ambgc *gc = vm->gc;
    gc_work *w = &gc->gray;
    amb_obj *ring[RING] = {NULL};
    unsigned at = 0, waiting = 0;
    size_t done = 0;
    gc->stepping = true;
    while (done < work) {
        amb_obj *o = ring[at];
        if (w->n) {
            amb_obj *next = w->items[--w->n];
            __builtin_prefetch(gc_mark_byte(next));
            __builtin_prefetch(next);
            ring[at] = next;
            waiting += !o;
        } else if (waiting) {
            ring[at] = NULL;
            waiting -= o != NULL;
        } else if (w->nbig) {
            gc_big *b = &w->big[w->nbig - 1];
            amb_obj *big = b->o;
            uint32_t n = elements(big), from = b->next < n ? b->next : n;
            uint32_t to = n - from < PIECE ? n : from + PIECE;
            b->next = to;
            if (to == n) w->nbig--;
            mark_part(gc, big, from, to);
            done += to - from;
            continue;
        } else {
            break;
        }
        at = (at + 1) % RING;
        if (!o) continue;
        done++;
        uint8_t *m = gc_mark_byte(o);
        if (*m != gc->white) continue; /* black, or young */
        *m = gc->black;
        gc->marked += slot_size(o);
        size_t before = w->n;
        gc_mark_children(vm, o);
        done += 4 + (w->n - before);
    }
    for (unsigned i = 0; i < RING; i++)
        if (ring[i]) push(gc, w, ring[i]);
    gc->stepping = false;
    return done;
}

/* ---- lists that could not grow ---- */

static void look_through(void *ud, amb_obj *o) {
    amb_vm *vm = ud;
    if (*gc_mark_byte(o) == vm->gc->white && vm->gc->white != vm->gc->black && !vm->gc->log_lost) return;
    gc_mark_children(vm, o);
    drain_young(vm);
    /* White objects found on the way are marked at once: the list that could not grow is the one
     * they would wait in. */
    if (vm->gc->gray.n || vm->gc->gray.nbig) step(vm, SIZE_MAX);
}

/* A work list lost something: found again by looking through the roots and everything black. */
static void recover(amb_vm *vm) {
    struct ambgc *gc = vm->gc;
    while (gc->overflow) {
        gc->overflow = false;
        gc->stepping = false;
        mark_roots(vm, vm->stack);
        drain_young(vm);
        step(vm, SIZE_MAX);
        ambgc_walk(vm, look_through, vm);
    }
}

/* ---- collections ---- */

static const void *element_address(const amb_obj *o, uint32_t i) {
    if (o->type == TAG_LIST) return &((const amb_list *)o)->vals[i];
    return &((const amb_map *)o)->entries[i];
}

/* The elements of one long container that were written, fetched ahead. */
static void mark_bits(struct ambgc *gc, const gc_written *w) {
    uint32_t ring[RING], put = 0, take = 0, n = elements(w->o);
    for (uint32_t i = 0; i < w->bits / 64 && i * 64 < n; i++)
        for (uint64_t bits = w->map[i]; bits; bits &= bits - 1) {
            uint32_t at = i * 64 + (uint32_t)__builtin_ctzll(bits);
            if (at >= n) break;
            __builtin_prefetch(element_address(w->o, at));
            if (put - take == RING) {
                uint32_t k = ring[take++ % RING];
                mark_part(gc, w->o, k, k + 1);
            }
            ring[put++ % RING] = at;
        }
    for (; take != put; take++) mark_part(gc, w->o, ring[take % RING], ring[take % RING] + 1);
}

static void mark_written(struct ambgc *gc) {
    for (uint32_t k = 0; gc->nwritten && k < gc->written_cap; k++) {
        const gc_written *w = &gc->written[k];
        /* Without OBJ_OLD it is in the list of those to be looked through whole. */
        if (w->o && w->o->flags & OBJ_OLD) mark_bits(gc, w);
    }
    gc_forget_written(gc);
}

/* Starts fetching what marking the children of o will look at. */
static void peek(const amb_vm *vm, const amb_obj *o) {
    switch (o->type) {
    case TAG_INSTANCE: {
        uint32_t n = vm->classes[o->aux32]->nfields;
        for (uint32_t i = 0; i < n && i < 16; i++) {
            ambv v = ambinst_get((const amb_instance *)o, i);
            if (v.tag >= TAG_HEAP) __builtin_prefetch(gc_mark_byte(v.o));
        }
        break;
    }
    case TAG_LIST: __builtin_prefetch(((const amb_list *)o)->vals); break;
    case TAG_MAP:
    case TAG_SET: __builtin_prefetch(((const amb_map *)o)->entries); break;
    case TAG_CELL:
        if (((const amb_cell *)o)->v.tag >= TAG_HEAP) __builtin_prefetch(gc_mark_byte(((const amb_cell *)o)->v.o));
        break;
    default: break;
    }
}

void gc_mark_young(amb_vm *vm) {
    struct ambgc *gc = vm->gc;
    gc->stepping = false;
    ambv *known = gc->stack_known;
    if (!known || known + 3 > vm->base || !(known[2].tag & FRAME_KNOWN)) known = vm->stack;
    mark_roots(vm, known);
    know_frames(vm);
    drain_young(vm);
    mark_written(gc);
    for (size_t i = 0; i < gc->nremembered; i++) {
        /* They lie all over the heap: the first access to each would wait for memory, and so would those to
         * the marks of what it refers to. */
        if (i + 2 * RING < gc->nremembered) __builtin_prefetch(gc->remembered[i + 2 * RING]);
        if (i + RING < gc->nremembered) peek(vm, gc->remembered[i + RING]);
        amb_obj *o = gc->remembered[i];
        o->flags |= OBJ_OLD;
        gc_mark_children(vm, o);
        drain_young(vm);
    }
    gc->nremembered = 0;
    drain_young(vm);
    if (AMB_UNLIKELY(gc->log_lost)) {
        ambgc_walk(vm, look_through, vm);
        gc->log_lost = false;
    }
    recover(vm);
}

void gc_mark_begin(amb_vm *vm) {
    vm->gc->stepping = true;
    mark_roots(vm, vm->stack);
    vm->gc->stepping = false;
    recover(vm);
}

size_t gc_mark_step(amb_vm *vm, size_t work) {
    size_t done = step(vm, work);
    recover(vm);
    return done;
}
