/* SPDX-License-Identifier: MIT */
/* What is collected when.
 *
 * A minor collection is due when enough has been allocated; it is one pause, so its size follows
 * from how much survived the last ones. A major collection starts when the heap has grown enough since
 * the last one. It marks and then sweeps in steps, each of them due after some more allocation,
 * while minor collections go on; it ends in a minor collection after which nothing is gray. A pause
 * does as much of it as it has room for and allocation has paid for, so a small heap is done in one.
 *
 * Everything counts bytes and objects, never time, so runs are reproducible. */
#include <string.h>

#include "gc_internal.h"

#define KIB ((size_t)1 << 10)
#define MIB ((size_t)1 << 20)
#define MINOR_MIN (384 * KIB)  /* allocation between two minor collections */
#define MINOR_MAX (4 * MIB)
#define SURVIVORS_MANY (640 * KIB) /* per minor collection: above this they come more often */
#define SURVIVORS_FEW (320 * KIB)
#define WRITTEN_WORK ((size_t)128) /* looking through a written old object costs as much as so many
                                    * bytes of survivors */
#define MAJOR_MIN (MIB / 2)  /* growth of the heap before a major collection */
#define MARK_WORK ((size_t)48000)  /* a step: about 5 ns a unit */
#define MINOR_BYTES_PER_UNIT 10    /* survivors marked in the time of a unit */
#define STRESS_WORK 40
#define SWEEP_WORK 180 /* units for sweeping a block */
#define RELEASE_WORK 10000 /* for giving a chunk back */
#define CATCH_UP (64 * KIB) /* allocation between two steps while more is owed than one does */

/* ---- pacing ---- */

static void next_event(amb_vm *vm) {
    struct ambgc *gc = vm->gc;
    if (vm->stress) {
        /* At every allocation while the heap is small, then often enough to find mistakes and
         * seldom enough to end. */
        gc->event_at = gc->debt + (gc->live < 256 * KIB ? 1 : gc->live / 64);
    } else {
        gc->event_at = gc->minor_at;
        size_t soon = gc->owed > 2 * gc->step_bytes ? CATCH_UP : gc->step_bytes;
        if (gc->phase != GC_IDLE && gc->debt + soon < gc->minor_at) gc->event_at = gc->debt + soon;
    }
    vm->gc_wanted = false;
}

void gc_pace(amb_vm *vm) {
    struct ambgc *gc = vm->gc;
    gc->minor_at = MINOR_MIN;
    gc->major_at = MAJOR_MIN;
    next_event(vm);
}

/* After a minor collection whose pause was as long as `work` bytes of survivors make it. */
static void pace_minor(amb_vm *vm, size_t work) {
    struct ambgc *gc = vm->gc;
    size_t at = gc->minor_at, most = gc->live / 4;
    if (work > SURVIVORS_MANY) at /= 2;
    else if (work < SURVIVORS_FEW) at += at / 2;
    if (at > most) at = most;
    if (at > MINOR_MAX) at = MINOR_MAX;
    if (at < MINOR_MIN) at = MINOR_MIN;
    size_t limit = vm->limits.heap_bytes;
    if (limit && gc->total < limit && at > (limit - gc->total) / 2 + GC_BLOCK)
        at = (limit - gc->total) / 2 + GC_BLOCK;
    gc->minor_at = at;
}

/* A major collection is to be done when a quarter of the heap has been allocated meanwhile. */
static void pace_major(struct ambgc *gc) {
    size_t steps = (gc->live / 8 + gc->outside / 64) / MARK_WORK + 1;
    size_t each = (gc->live + gc->outside) / 4 / steps;
    gc->step_bytes = each < 64 * KIB ? 64 * KIB : each > MIB ? MIB : each;
}

/* ---- the end of a minor collection ---- */

static void finish_young(amb_vm *vm) {
    struct ambgc *gc = vm->gc;
    ambstr_sweep_interned(vm, false);
    for (size_t i = 0; i < gc->ntracked; i++) {
        amb_obj *o = gc->tracked[i];
        uint8_t *m = gc_mark_byte(o);
        if (*m == gc->black) {
            m[1] = GC_TRACKED;
            gc_block_of(o)->ntracked++;
        } else {
            gc_finalize(vm, o);
        }
    }
    gc->ntracked = 0;
    while (gc->large_young) {
        gc_block *b = gc->large_young;
        gc->large_young = b->next;
        if (b->marks[GC_DATA >> 4] == gc->black) {
            b->next = gc->large;
            gc->large = b;
        } else {
            gc_free_large(vm, b);
        }
    }
    for (unsigned i = 0; i < GC_SPACES; i++) {
        gc_space *s = gc_space_at(gc, i);
        gc->stats.allocated_bytes -= (size_t)(s->end - s->cur);
        s->cur = s->end = NULL;
        if (s->block) gc_push_block(&s->used, s->block);
        s->block = NULL;
        s->cursor = 0;
        /* The blocks just filled first: what died in them is still in the cache. */
        gc_append(&s->used, &s->partial);
        s->partial = s->used;
        s->used = (gc_list){NULL, NULL};
    }
}

/* Returns how much work it was, in bytes of survivors. */
static size_t minor(amb_vm *vm) {
    struct ambgc *gc = vm->gc;
    uint64_t before = gc->stats.survived_bytes;
    size_t written = gc->nremembered * WRITTEN_WORK;
    gc->stats.minor++;
    gc_mark_young(vm);
    finish_young(vm);
    gc->debt = gc->seen = 0;
    size_t work = (size_t)(gc->stats.survived_bytes - before) + written;
    pace_minor(vm, work);
    if (vm->top + AMB_STACK_STEP < vm->stack_end) vm->stack_end = vm->top + AMB_STACK_STEP;
    return work;
}

/* ---- a major collection ---- */

/* Starts the numbering of marks anew: what is taken gets 1, everything else 0. */
static void renumber(struct ambgc *gc) {
    for (uint32_t c = 0; c < gc->nchunks; c++)
        for (uint32_t k = 0; k < gc->chunks[c].nblocks; k++) {
            gc_block *b = (gc_block *)(gc->chunks[c].mem + (size_t)k * GC_BLOCK);
            if (b->kind != GC_OBJECTS && b->kind != GC_STORAGE) continue;
            const gc_space *s = gc_space_of(gc, b);
            uint8_t *marks = b->marks + (GC_DATA >> 4);
            for (uint32_t i = 0, stride = s->size >> 4; i < s->per_block; i++)
                marks[i * stride] = gc_taken(gc, marks[i * stride]);
        }
    for (gc_block *b = gc->large; b; b = b->next) b->marks[GC_DATA >> 4] = 1;
    gc->white = gc->black = 1;
}

/* Right after a minor collection: everything taken is old. */
static void begin(amb_vm *vm) {
    struct ambgc *gc = vm->gc;
    if (gc->black == UINT8_MAX) renumber(gc);
    gc->white = gc->black;
    gc->black++;
    gc->marked = 0;
    gc->phase = GC_MARK;
    gc->stats.major++;
    gc->owed = 0;
    pace_major(gc);
    gc_mark_begin(vm);
}

/* Right after a minor collection that left nothing gray: what is white is dead. */
static void finish(amb_vm *vm) {
    struct ambgc *gc = vm->gc;
    gc->white = gc->black;
    gc->live = gc->marked;
    gc->phase = GC_SWEEP;
    gc->sweep_space = 0;
    ambstr_sweep_interned(vm, true);
    for (unsigned i = 0; i < GC_SPACES; i++) {
        gc_space *s = gc_space_at(gc, i);
        gc_append(&s->unswept, &s->partial);
        gc_append(&s->unswept, &s->full);
    }
    gc->large_unswept = gc->large;
    gc->large = NULL;
}

/* Gives a chunk whose blocks are all free back to the host, while there are more of them than a quarter of
 * the live heap. False: there is none. */
static bool release(amb_vm *vm) {
    struct ambgc *gc = vm->gc;
    uint32_t i = 0;
    if (gc->nfree * GC_BLOCK <= gc->live / 4 + MIB) return false;
    while (i < gc->nchunks && gc->chunks[i].nfree < gc->chunks[i].nblocks) i++;
    if (i == gc->nchunks) return false;
    gc_chunk c = gc->chunks[i];
    for (uint32_t k = 0; k < c.nblocks; k++)
        ((gc_block *)(c.mem + (size_t)k * GC_BLOCK))->kind = GC_DROPPED;
    gc_block **link = &gc->free_blocks;
    while (*link)
        if ((*link)->kind == GC_DROPPED) *link = (*link)->next;
        else link = &(*link)->next;
    gc->nfree -= c.nblocks;
    gc->chunks[i] = gc->chunks[--gc->nchunks];
    if (i < gc->nchunks)
        for (uint32_t k = 0; k < gc->chunks[i].nblocks; k++)
            ((gc_block *)(gc->chunks[i].mem + (size_t)k * GC_BLOCK))->chunk = i;
    gc_host_alloc(vm, c.mem, (size_t)c.nblocks * GC_BLOCK, 0, GC_BLOCK);
    return true;
}

static void sweep_large(amb_vm *vm) {
    struct ambgc *gc = vm->gc;
    gc_block *b = gc->large_unswept;
    gc->large_unswept = b->next;
    if (b->marks[GC_DATA >> 4] == gc->black) {
        b->next = gc->large;
        gc->large = b;
    } else {
        gc_free_large(vm, b);
    }
}

/* Sweeps one block; false: all are swept. */
static bool sweep_one(amb_vm *vm) {
    struct ambgc *gc = vm->gc;
    for (; gc->sweep_space < GC_SPACES; gc->sweep_space++) {
        gc_space *s = gc_space_at(gc, gc->sweep_space);
        gc_block *b = s->unswept.head;
        if (!b) continue;
        s->unswept.head = b->next;
        if (gc_sweep_block(vm, s, b)) gc_push_block(&s->partial, b);
        else gc_recycle(gc, b);
        return true;
    }
    return false;
}

/* Sweeps on with about `work` units; returns what was done. */
static size_t sweep_step(amb_vm *vm, size_t work) {
    struct ambgc *gc = vm->gc;
    size_t done = 0;
    while (done < work) {
        if (gc->large_unswept) {
            sweep_large(vm);
            done += SWEEP_WORK;
        } else if (sweep_one(vm)) {
            done += SWEEP_WORK;
        } else if (release(vm)) {
            done += RELEASE_WORK;
        } else {
            gc->phase = GC_IDLE;
            size_t now = gc->live + gc->outside, growth = now / 4 * 3, limit = vm->limits.heap_bytes;
            if (growth < MAJOR_MIN) growth = MAJOR_MIN;
            if (limit) {
                /* early enough to end before the limit is met, if anything dies */
                size_t room = (limit > gc->total ? limit - gc->total : 0) + gc->nfree * GC_BLOCK;
                if (growth > room / 2 + GC_BLOCK) growth = room / 2 + GC_BLOCK;
            }
            gc->major_at = now + growth;
            break;
        }
    }
    return done;
}

/* Everything that is garbage now goes. */
static void at_once(amb_vm *vm) {
    struct ambgc *gc = vm->gc;
    minor(vm);
    for (int round = 0; round < 2; round++) {
        if (gc->phase == GC_IDLE) {
            if (round == 0) continue; /* nothing was under way */
            begin(vm);
        }
        while (gc->phase != GC_IDLE) {
            /* The run's time may be over meanwhile; what was done stays done. */
            if (ambvm_overdue(vm)) {
                vm->failed = AMB_OK;
                return;
            }
            if (gc->phase == GC_SWEEP) sweep_step(vm, MARK_WORK);
            else if (gc_any_gray(gc)) gc_mark_step(vm, MARK_WORK);
            else finish(vm);
        }
    }
    gc_trim(gc);
}

/* The next piece of the major collection, with about `work` units; what is left of them. */
static size_t major_step(amb_vm *vm, size_t work) {
    struct ambgc *gc = vm->gc;
    size_t done;
    gc->stats.steps++;
    if (gc->phase == GC_SWEEP) {
        done = sweep_step(vm, work);
    } else if (gc_any_gray(gc)) {
        done = gc_mark_step(vm, work);
    } else {
        /* Nothing gray is left, as far as is known: another look at the roots and the young. */
        done = minor(vm) / MINOR_BYTES_PER_UNIT + 1000;
        if (done < work) done += gc_mark_step(vm, work - done);
        if (!gc_any_gray(gc)) finish(vm);
    }
    return done < work ? work - done : 0;
}

/* ---- pauses ---- */

static void note_pause(amb_gc_stats *s, uint64_t ns) {
    static const uint32_t bounds[AMB_GC_PAUSES - 1] = AMB_GC_PAUSE_BOUNDS;
    unsigned i = 0;
    while (i < AMB_GC_PAUSES - 1 && ns >= (uint64_t)bounds[i] * 1000) i++;
    s->pauses[i]++;
    s->pause_total_ns += ns;
    if (ns > s->pause_max_ns) s->pause_max_ns = ns;
}

void ambgc_collect(amb_vm *vm, bool full) {
    struct ambgc *gc = vm->gc;
    uint64_t from = gc->timed ? ambvm_now_ns() : 0;
    gc->owed += gc->debt - gc->seen;
    gc->seen = gc->debt;
    size_t work = vm->stress ? STRESS_WORK + gc->owed / 64 : MARK_WORK, units = work;
    bool stepped = gc->phase != GC_IDLE;
    if (full) {
        at_once(vm);
    } else if (gc->debt >= gc->minor_at || !stepped || gc->log_lost) {
        size_t done = minor(vm) / MINOR_BYTES_PER_UNIT;
        work = done < work ? work - done : 0;
        if (gc->phase == GC_IDLE && (vm->stress || gc->live + gc->outside >= gc->major_at)) {
            size_t owed = gc->owed;
            begin(vm);
            gc->owed = owed;
        }
    }
    /* As many pieces as a pause has room for and allocation has paid for. */
    while (!full && gc->phase != GC_IDLE && work && (stepped || gc->owed)) {
        size_t left = major_step(vm, work), cost = (work - left) * (gc->step_bytes / 64) / (units / 64 + 1);
        gc->owed -= cost < gc->owed ? cost : gc->owed;
        work = left;
        stepped = false;
    }
    if (gc->phase == GC_IDLE) gc->owed = 0;
    if (vm->stress && gc->debt && gc->stats.steps % 2) minor(vm);
    next_event(vm);
    if (gc->timed) note_pause(&gc->stats, ambvm_now_ns() - from);
#ifdef AMB_STRESS
    if (gc->debt == 0) ambgc_verify(vm); /* new objects are unmarked */
#endif
}

void amb_gc_time(amb_vm *vm, int on) { vm->gc->timed = on != 0; }

void amb_gc_statistics(const amb_vm *vm, amb_gc_stats *out) {
    const struct ambgc *gc = vm->gc;
    size_t size = out->size < sizeof *out ? out->size : sizeof *out;
    amb_gc_stats s = gc->stats;
    s.size = out->size;
    s.live_bytes = gc->live;
    s.outside_bytes = gc->outside;
    s.heap_bytes = gc->total;
    memcpy(out, &s, size);
}
