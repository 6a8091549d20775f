/* SPDX-License-Identifier: MIT */
/* Tasks: switching, waiting, ending, cancelling. Groups, withins and bounds on work are in region.c, what
 * scripts call is in lib_task.c. */
#include "task.h"

#include <stdio.h>
#include <string.h>

#include "class.h"
#include "gc_internal.h"
#include "host.h"
#include "run.h"

#define GRACE_NS 50000000u
/* Ready tasks that run before the world outside is looked at again. */
#define SWITCHES 61
/* Switches in one amb_pump at most: the host has other things to do. */
#define PUMP_SWITCHES 1000
#define TASKS_DEFAULT 1000000u

/* Where the outermost frame of whichever task runs begins: above the frame that C code calls from. */
#define FLOOR(vm) ((vm)->stack + 3 + ARG_SLACK)

/* ---- queues ---- */

void ambqueue_add(ambqueue *q, ambwaiter *w) {
    w->queue = q;
    w->next = NULL;
    w->prev = q->last;
    if (q->last) q->last->next = w;
    else q->first = w;
    q->last = w;
}

void ambqueue_remove(ambwaiter *w) {
    ambqueue *q = w->queue;
    if (!q) return;
    if (w->prev) w->prev->next = w->next;
    else q->first = w->next;
    if (w->next) w->next->prev = w->prev;
    else q->last = w->prev;
    w->queue = NULL;
    w->prev = w->next = NULL;
}

/* ---- making ---- */

static void alarm_fires(amb_vm *vm, ambtimer *t);
static void grace_ends(amb_vm *vm, ambtimer *t);
static void ended(amb_vm *vm, amb_task *t);
static void unheard(amb_vm *vm, amb_task *t);

static amb_task *task_new(amb_vm *vm) {
    amb_task *t = ambgc_new(vm, sizeof *t, TAG_TASK);
    if (!t) return NULL;
    memset((char *)t + sizeof t->h, 0, sizeof *t - sizeof t->h);
    t->h.aux16 = TASK_NEW;
    t->h.aux32 = ++vm->sched->task_number;
    t->node.task = t;
    t->timer.fire = alarm_fires;
    t->grace.fire = grace_ends;
    t->wake = t->offer = t->on = t->result = ambv_nil();
    t->signal = ambv_undef();
    return t;
}

amb_task *ambtask_self(amb_vm *vm) {
    if (vm->task) return vm->task;
    if (vm->sched->root) return vm->sched->root; /* a call beside a program that has been started */
    amb_task *t = task_new(vm);
    if (!t) return NULL;
    t->h.aux16 = TASK_RUNNING;
    vm->sched->root = vm->task = t;
    return t;
}

static amb_task **children(amb_task *t) { return t->group ? &t->group->first : &t->parent->first; }
static void *owner_of(amb_task *t) { return t->group ? (void *)t->group : (void *)t->parent; }

static void link_child(amb_vm *vm, amb_task *t) {
    amb_task **first = children(t);
    t->prev = NULL;
    t->next = *first;
    if (*first) {
        (*first)->prev = t;
        ambgc_barrier(vm, *first);
    }
    *first = t;
    ambgc_barrier(vm, owner_of(t));
    ambgc_barrier(vm, t);
}

static void unlink_child(amb_vm *vm, amb_task *t) {
    if (t->prev) {
        t->prev->next = t->next;
        ambgc_barrier(vm, t->prev);
    } else {
        *children(t) = t->next;
        ambgc_barrier(vm, owner_of(t));
    }
    if (t->next) {
        t->next->prev = t->prev;
        ambgc_barrier(vm, t->next);
    }
    t->prev = t->next = NULL;
}

static void make_ready(amb_vm *vm, amb_task *t) {
    ambqueue_remove(&t->node);
    ambqueue_add(&vm->sched->ready, &t->node);
}

/* A task whose stack begins with f[0] and f[2...2+n). */
static amb_task *spawn(amb_vm *vm, const ambv *f, uint32_t n, amb_region *group) {
    amb_task *self = ambtask_self(vm);
    if (!self) return NULL;
    uint32_t limit = vm->limits.tasks ? vm->limits.tasks : TASKS_DEFAULT;
    if (vm->sched->ntasks >= limit) {
        amberr_raise(vm, AMB_ERR_LIMIT, "too many tasks (%u)", limit);
        return NULL;
    }
    amb_task *t = task_new(vm);
    if (!t) return NULL;
    t->regs = ambgc_storage(vm, t, NULL, 0, (n + 1) * sizeof(ambv));
    if (!t->regs) return NULL;
    t->cap = t->nregs = n + 1;
    t->regs[0] = f[0];
    if (n) memcpy(t->regs + 1, f + 2, n * sizeof *f);
    if (self->locals && !(t->locals = ambmap_copy(vm, self->locals))) return NULL;
    if (group && group->tasks && amblist_push_slow(vm, group->tasks, ambv_obj(t)) != AMB_OK) return NULL;
    t->parent = self;
    t->group = group;
    vm->sched->ntasks++;
    link_child(vm, t);
    if (group && group->limit && group->running >= group->limit) {
        ambqueue_add(&group->held, &t->node);
    } else {
        if (group) group->running++;
        make_ready(vm, t);
    }
    return t;
}

/* ---- errors made here ---- */

ambv ambtask_error(amb_vm *vm, enum amb_error_kind kind, const char *text) {
    ambv before = vm->exc;
    vm->exc = ambv_undef();
    amberr_raise(vm, kind, "%s", text);
    ambv e = vm->exc;
    vm->exc = before;
    return e.tag == TAG_UNDEF ? ambv_nil() : e;
}

/* Fuel that the program has used until now. */
uint64_t ambtask_fuel_used(const amb_vm *vm) {
    return vm->fuel_used + (uint64_t)((int64_t)vm->slice_size - vm->slice);
}

/* ---- switching ---- */

static bool save(amb_vm *vm, amb_task *t, const ambv *end) {
    ambv *from = FLOOR(vm);
    uint32_t n = end > from ? (uint32_t)(end - from) : 0;
    if (n > t->cap) {
        uint32_t cap = n < 24 ? 24 : n + n / 4;
        ambv *regs = ambgc_storage(vm, t, NULL, 0, cap * sizeof *regs);
        if (!regs) return false;
        if (t->regs) ambgc_storage(vm, t, t->regs, t->cap * sizeof *regs, 0);
        t->regs = regs;
        t->cap = cap;
    }
    ambgc_stack_left(vm);
    if (t->bounded) ambtask_use_fuel(vm);
    if (n) memcpy(t->regs, from, n * sizeof *t->regs);
    t->nregs = n;
    t->base = (uint32_t)(vm->base - from);
    t->pc = vm->pc;
    ambgc_barrier(vm, t);
    return true;
}

static const amb_instr redo_code[] = {{.op = OP_REDO}};

/* Puts t on the stack. Where its calls end, the interpreter must come back to ambtask_returned. */
static int enter(amb_vm *vm, amb_task *t) {
    ambv *floor = FLOOR(vm);
    bool fresh = t->h.aux16 == TASK_NEW;
    ambgc_stack_left(vm); /* a collection between two tasks has looked at frames that were gone */
    vm->task = t;
    vm->pc = redo_code; /* nothing below the floor is ever gone on with */
    vm->base = vm->stack + 3;
    uint32_t n = t->nregs;
    ambv *need = floor + n + 2;
    if (need > vm->stack_end && !ambrun_reserve(vm, need)) return RUN_THROW;
    bool at_end = t->on.tag == TAG_REGION; /* its own end comes before any other */
    amb_task *of = t->on.tag == TAG_TASK ? t->on.task : NULL; /* whose end it waited for */
    t->h.aux16 = TASK_RUNNING;
    t->what = NULL;
    t->on = ambv_nil();
    if (fresh) {
        bool calls = t->h.flags & TASK_CALLS;
        ambv *f = floor;
        if (calls) {
            /* A frame that gives back what the call leaves in its first register. */
            if (ambrun_enter(vm, f, vm->sched->start.closure, FRAME_TASK, 0, redo_code) == RUN_THROW)
                return RUN_THROW;
            vm->base[0] = ambv_nil();
            f = ambrun_top(vm);
            if (!ambrun_reserve(vm, f + n + 2)) return RUN_THROW;
        }
        f[0] = t->regs[0];
        f[1] = ambv_nil();
        memcpy(f + 2, t->regs + 1, (n - 1) * sizeof *f);
        t->nregs = 0;
        if (calls) return ambrun_call(vm, f, n - 1, FRAME_DST, 0, vm->pc);
        return ambrun_enter(vm, f, f->closure, FRAME_TASK, 0, redo_code);
    }
    memcpy(floor, t->regs, n * sizeof *floor);
    if (t->bounded) t->entered = ambtask_fuel_used(vm);
    vm->base = floor + t->base;
    vm->pc = t->pc;
    t->nregs = 0;
    if (t->wakes == WAKE_ERROR) {
        t->wakes = WAKE_NOT;
        t->redo = REDO_NOTHING;
        t->partial = false;
        vm->exc = t->wake;
        t->wake = ambv_nil();
        ambtask_drop_answer(vm);
        return RUN_THROW;
    }
    /* What the call brought counts, unless it is the cancellation that everybody waited for. */
    bool brought = t->wakes == WAKE_VALUE || (t->call && t->call->status != AMB_E_CANCELED);
    if (!brought && !at_end && ambtask_due(t)) {
        /* It does not hear of an error that it would have been told. */
        if (of && of->h.aux16 == TASK_DONE && of->h.flags & TASK_FAILED && !of->heard && of->parent && !of->group)
            unheard(vm, of);
        t->wakes = WAKE_NOT;
        t->redo = REDO_NOTHING;
        t->partial = false;
        ambtask_drop_answer(vm);
        return ambtask_check(vm);
    }
    if (t->wakes == WAKE_AGAIN) t->wakes = WAKE_NOT;
    if (t->redo) vm->pc = redo_code;
    return RUN_RESUME;
}

/* Another task goes on; nobody can: the interpreter's loop ends with AMB_PENDING. */
static int next(amb_vm *vm) {
    struct ambsched *s = vm->sched;
    if (--s->until_turn <= 0) {
        s->until_turn = SWITCHES;
        ambsched_turn(vm, false, 0);
    }
    if ((vm->slice -= 30) < 0) {
        /* Nobody's time is up between two tasks. Before one is chosen: timers may end who has not started. */
        vm->task = NULL;
        ambrun_poll(vm);
    }
    ambwaiter *w = s->ready.first;
    if (!w || vm->interrupt || vm->failed || (s->pumped && --s->budget < 0)) {
        vm->task = NULL;
        vm->base = vm->stack + 3;
        vm->idle = true;
        return RUN_THROW;
    }
    ambqueue_remove(w);
    return enter(vm, w->task);
}

static void forget_call(amb_task *t) {
    ambpending *p = t->call;
    t->call = NULL;
    if (p) ambpending_abandon(p);
}

int ambtask_suspend(amb_vm *vm, const ambv *end) {
    amb_task *t = vm->task;
    bool saved = save(vm, t, end);
    if (!saved && !vm->no_gc) {
        ambrun_make_room(vm, end);
        saved = save(vm, t, end);
    }
    if (!saved) {
        /* It cannot wait: whatever it waited for does not find it. */
        ambtask_unpark(vm);
        forget_call(t);
        if (vm->failed == AMB_OK) vm->failed = AMB_E_NOMEM;
        return RUN_THROW;
    }
    return next(vm);
}

int ambtask_suspend_call(amb_vm *vm, ambv *f, uint32_t slots, uint32_t n, uint8_t kind, uint32_t dst,
                         const amb_instr *ret, const struct amb_native_def *def, bool receiver,
                         amb_string *name) {
    amb_task *t = vm->task;
    const ambv *top = ambrun_frame_end(vm), *end = f + 3 + slots;
    t->again.f = (uint32_t)(f - FLOOR(vm));
    t->again.n = n;
    t->again.dst = dst;
    t->again.kind = kind;
    t->again.receiver = receiver;
    t->again.ret = ret;
    t->again.def = def;
    t->again.name = name;
    t->redo = def ? REDO_NATIVE : name ? REDO_CAP : REDO_VALUE;
    int rc = ambtask_suspend(vm, end > top ? end : top);
    if (t->h.aux16 == TASK_RUNNING && vm->task == t && rc == RUN_THROW && !vm->idle) t->redo = REDO_NOTHING;
    return rc;
}

int ambtask_suspend_result(amb_vm *vm, ambv *f, uint8_t kind, uint32_t dst, const amb_instr *ret) {
    return ambtask_suspend_call(vm, f, 0, 0, kind, dst, ret, NULL, false, NULL);
}

int ambtask_redo(amb_vm *vm) {
    amb_task *t = vm->task;
    uint8_t redo = t->redo;
    vm->pc = t->pc;
    t->redo = REDO_NOTHING;
    ambv *f = FLOOR(vm) + t->again.f, v;
    if (redo == REDO_VALUE) {
        if (!ambtask_resumed(vm, &v)) v = ambv_nil();
        return ambrun_deliver_result(vm, f, (enum frame_kind)t->again.kind, t->again.dst, t->again.ret, v);
    }
    if (redo == REDO_NATIVE)
        return ambrun_call_native(vm, f, t->again.def, t->again.n, t->again.receiver,
                                  (enum frame_kind)t->again.kind, t->again.dst, t->again.ret);
    return ambrun_call_cap(vm, f, t->again.name, t->again.n, (enum frame_kind)t->again.kind,
                           t->again.dst, t->again.ret);
}

/* ---- waiting ---- */

amb_status ambtask_park(amb_vm *vm, const char *what, ambv on, ambqueue *q) {
    if (vm->c_depth > 1 || vm->c_depth == 0)
        return amberr_raise(vm, AMB_ERR_STATE,
                            "%s: cannot wait here, inside a function that native code has called", what);
    if (ambgate_closed(vm))
        return amberr_raise(vm, AMB_ERR_STATE,
                            "%s: no waiting inside `==`, `<`, `hash` and `str` methods", what);
    amb_task *t = ambtask_self(vm);
    if (!t) return vm->failed ? vm->failed : AMB_E_NOMEM;
    if (ambtask_due(t)) return ambtask_check(vm) == RUN_THROW ? (vm->failed ? vm->failed : AMB_E_THROW) : AMB_OK;
    t->h.aux16 = TASK_WAITING;
    t->wakes = WAKE_NOT;
    t->what = what;
    t->on = on;
    if (q) ambqueue_add(q, &t->node);
    ambgc_barrier(vm, t);
    return AMB_PENDING;
}

amb_status ambtask_alarm(amb_vm *vm, uint64_t ns) {
    amb_task *t = vm->task;
    uint64_t now = ambsched_now(vm);
    amb_status st = ambsched_arm(vm, &t->timer, ns > UINT64_MAX - now ? UINT64_MAX : now + ns);
    if (st == AMB_OK) return AMB_PENDING;
    ambqueue_remove(&t->node);
    t->h.aux16 = TASK_RUNNING;
    return st;
}

static void leave_queues(amb_vm *vm, amb_task *t) {
    if (t->ticket) ambhost_left(vm, t);
    ambqueue_remove(&t->node);
    for (uint32_t i = 0; i < t->nselect; i++) ambqueue_remove(&t->select[i]);
    ambsched_disarm(vm, &t->timer);
}

static void wake(amb_vm *vm, amb_task *t, uint8_t how, ambv v) {
    if (t->h.aux16 != TASK_WAITING) return;
    leave_queues(vm, t);
    t->wakes = how;
    t->wake = v;
    t->offer = ambv_nil();
    ambgc_barrier(vm, t);
    t->h.aux16 = TASK_READY;
    make_ready(vm, t);
}

void ambtask_wake(amb_vm *vm, amb_task *t, ambv v) { wake(vm, t, WAKE_VALUE, v); }
void ambtask_wake_error(amb_vm *vm, amb_task *t, ambv e) { wake(vm, t, WAKE_ERROR, e); }
void ambtask_unpark(amb_vm *vm) {
    leave_queues(vm, vm->task);
    vm->task->h.aux16 = TASK_RUNNING;
}
void ambtask_wake_again(amb_vm *vm, amb_task *t) { wake(vm, t, WAKE_AGAIN, ambv_nil()); }
void ambtask_wake_all(amb_vm *vm, ambqueue *q) {
    while (q->first) ambtask_wake_again(vm, q->first->task);
}

static void alarm_fires(amb_vm *vm, ambtimer *timer) {
    amb_task *t = (amb_task *)((char *)timer - offsetof(amb_task, timer));
    ambtask_wake(vm, t, ambv_done());
}

/* ---- calls of providers ---- */

amb_status ambtask_await(amb_vm *vm, ambpending *p, const char *what) {
    if (vm->c_depth == 0) return ambpending_wait(p);
    amb_status st = ambtask_park(vm, what, ambv_nil(), NULL);
    if (st != AMB_PENDING) {
        ambpending_abandon(p);
        return st;
    }
    p->task = vm->task;
    vm->task->call = p;
    return AMB_PENDING;
}

void ambtask_answered(amb_vm *vm, ambpending *p) {
    if (p->task) ambtask_wake_again(vm, p->task);
}

void ambtask_drop_answer(amb_vm *vm) {
    if (vm->task) forget_call(vm->task);
}

void ambtask_orphaned(amb_vm *vm, ambpending *p) {
    amb_task *t = p->task;
    ambpending_abandon(p);
    if (!t) return;
    t->call = NULL;
    ambtask_wake_again(vm, t); /* the signal is due */
}

void ambtask_row_ended(amb_vm *vm, ambpending *p, bool revoked) {
    amb_task *t = p->task;
    ambpending_abandon(p);
    if (!t) return;
    t->call = NULL;
    ambv e = revoked ? ambtask_error(vm, AMB_ERR_CAPABILITY, "this capability was revoked while it was used")
                     : ambtask_error(vm, AMB_ERR_STATE, "this capability was closed while it was used");
    if (e.tag == TAG_NIL) ambtask_wake_again(vm, t);
    else wake(vm, t, WAKE_ERROR, e);
}

bool ambtask_alone(amb_vm *vm) {
    const struct ambsched *s = vm->sched;
    return !s->ntasks && !s->ntimers && !s->nwatches && !vm->gate->nflight;
}

/* ---- cancelling ---- */

/* The outermost thing that is to end and has not been told; within a region's own end nothing is. */
static amb_region *region_due(const amb_task *t) {
    amb_region *found = NULL;
    for (amb_region *r = t->regions; r; r = r->outer)
        if (r->h.flags & REGION_ENDED_EARLY && r->signal.tag == TAG_UNDEF) found = r;
    return found;
}

/* What the task, or else the outermost region, was told; UNDEF: nothing. */
static ambv told(const amb_task *t) {
    ambv signal = ambv_undef();
    if (t->cancelled && t->signal.tag != TAG_UNDEF) return t->signal;
    for (amb_region *r = t->regions; r; r = r->outer)
        if (r->signal.tag != TAG_UNDEF) signal = r->signal;
    return signal;
}

bool ambtask_is_told(const amb_task *t) { return told(t).tag != TAG_UNDEF; }

bool ambtask_due(const amb_task *t) {
    if (t->cancelled && t->signal.tag == TAG_UNDEF) return true;
    if (t->grace_over && ambtask_is_told(t)) return true;
    return t->regions && region_due(t);
}

int ambtask_check(amb_vm *vm) {
    amb_task *t = vm->task;
    if (AMB_LIKELY(!t) || !ambtask_due(t)) return RUN_NEXT;
    bool whole = t->cancelled && t->signal.tag == TAG_UNDEF;
    amb_region *r = whole ? NULL : region_due(t);
    if (!whole && !r) { /* told before, and its time for putting things in order is over */
        vm->exc = told(t);
        return RUN_THROW;
    }
    ambv e = ambtask_error(vm, AMB_ERR_CANCELLED, whole ? "the task was cancelled" : "cancelled");
    if (e.tag == TAG_NIL) return RUN_THROW; /* vm->failed */
    if (whole) t->signal = e;
    else r->signal = e;
    ambgc_barrier(vm, whole ? (void *)t : (void *)r);
    if (!t->grace.place && !t->grace_over) ambsched_arm(vm, &t->grace, ambsched_now(vm) + GRACE_NS);
    vm->exc = e;
    return RUN_THROW;
}

bool ambtask_forced(const amb_vm *vm) {
    const amb_task *t = vm->task;
    if (AMB_LIKELY(!t || !t->grace_over) || vm->exc.tag != TAG_INSTANCE) return false;
    if (t->cancelled && ambv_same(t->signal, vm->exc)) return true;
    for (amb_region *r = t->regions; r; r = r->outer)
        if (ambv_same(r->signal, vm->exc)) return true;
    return false;
}

static void grace_ends(amb_vm *vm, ambtimer *timer) {
    amb_task *t = (amb_task *)((char *)timer - offsetof(amb_task, grace));
    t->grace_over = true;
    if (t->h.aux16 == TASK_WAITING) ambtask_interrupt(vm, t);
}

bool ambtask_at_end_of(const amb_task *t, const amb_region *r) {
    return t->on.tag == TAG_REGION && t->on.o == &r->h;
}

/* A waiting task is to end: its wait does. Waiting for tasks of its own goes on: they are ended instead. */
void ambtask_interrupt(amb_vm *vm, amb_task *t) {
    if (t->h.aux16 != TASK_WAITING || !ambtask_due(t)) return;
    if (t->on.tag == TAG_REGION) {
        amb_region *r = (amb_region *)t->on.o;
        ambtask_cancel_all(vm, r->first);
        return;
    }
    if (t->call) {
        ambpending *p = t->call;
        if (p->asked) return;
        if (!p->grace.place) ambsched_arm(vm, &p->grace, ambsched_now(vm) + GRACE_NS);
        ambpending_ask_cancel(p);
        return;
    }
    if (t->ending) return;
    ambtask_wake_again(vm, t);
}

void ambtask_cancel_all(amb_vm *vm, amb_task *first) {
    for (amb_task *c = first, *after; c; c = after) {
        after = c->next;
        ambtask_cancel(vm, c);
    }
}

/* One after the other, however deep the tree is. */
void ambtask_cancel(amb_vm *vm, amb_task *t) {
    struct ambsched *s = vm->sched;
    if (t->h.aux16 == TASK_DONE || t->cancelled) return;
    t->cancelled = true;
    t->cancel_next = s->to_cancel;
    s->to_cancel = t;
    if (s->cancelling) return;
    s->cancelling = true;
    while ((t = s->to_cancel) != NULL) {
        s->to_cancel = t->cancel_next;
        t->cancel_next = NULL;
        if (t->h.aux16 == TASK_NEW) {
            /* It never ran: there is nothing to clean up. */
            if (t->group && t->node.queue != &t->group->held) t->group->running--;
            ambqueue_remove(&t->node);
            t->h.flags |= TASK_CANCELLED;
            ended(vm, t);
        } else if (t->ending) {
            ambtask_cancel_all(vm, t->first);
        } else {
            ambtask_interrupt(vm, t);
        }
    }
    s->cancelling = false;
}

/* ---- ending ---- */

/* The program cannot go on as if nothing had happened: e is what it ends with. */
static void program_fails(amb_vm *vm, ambv e) {
    struct ambsched *s = vm->sched;
    if (s->program_error.tag == TAG_UNDEF) s->program_error = e;
    if (s->root) ambtask_cancel(vm, s->root);
}

bool ambtask_is_signal(amb_vm *vm, ambv e, enum amb_error_kind kind) {
    return e.tag == TAG_INSTANCE && ambinst_class(vm, e.inst) == vm->error_class[kind];
}

/* Its function is over and its tasks are: what becomes of it. */
static void settle_result(amb_vm *vm, amb_task *t) {
    if (!t->failing && t->failed) {
        t->failing = true;
        t->result = t->failed->result;
        ambgc_barrier(vm, t);
    }
    if (t->failing) t->h.flags |= TASK_FAILED;
    if (t->group) t->group->running--;
}

/* Nobody has waited for the error that t ended with: it is its owner's, or the program's. */
static void unheard(amb_vm *vm, amb_task *t) {
    amb_task *parent = t->parent;
    if (ambtask_is_signal(vm, t->result, AMB_ERR_EXIT) || !(t->h.flags & TASK_USED) || parent->h.aux16 == TASK_DONE) {
        program_fails(vm, t->result);
        return;
    }
    for (amb_task *f = parent->failed; f; f = f->next)
        if (f == t) return;
    t->next = parent->failed;
    parent->failed = t;
    ambgc_barrier(vm, t);
    ambgc_barrier(vm, parent);
}

/* t's function and all its tasks have ended; so may then those that waited for it. */
static void ended(amb_vm *vm, amb_task *t) {
    for (;;) {
        t->h.aux16 = TASK_DONE;
        ambsched_disarm(vm, &t->grace);
        ambsched_disarm(vm, &t->timer);
        bool failed = t->h.flags & TASK_FAILED, wanted = t->waiters.first != NULL;
        ambtask_wake_all(vm, &t->waiters);
        for (amb_lock *m = t->locks; m; m = m->next) ambtask_wake_all(vm, &m->waiting); /* in vain */
        if (t->regs) {
            ambgc_storage(vm, t, t->regs, t->cap * sizeof *t->regs, 0);
            t->regs = NULL;
            t->cap = t->nregs = 0;
        }
        t->locals = NULL;
        unlink_child(vm, t);
        vm->sched->ntasks--;
        amb_region *g = t->group;
        amb_task *parent = t->parent;
        if (!failed) { /* a handle that is kept keeps nothing else */
            t->parent = NULL;
            t->group = NULL;
        }
        if (g) {
            while (g->held.first && g->running < g->limit) {
                ambwaiter *w = g->held.first;
                g->running++;
                make_ready(vm, w->task);
            }
            if (failed && ambtask_is_signal(vm, t->result, AMB_ERR_EXIT)) program_fails(vm, t->result);
            if (failed && !g->keep) ambregion_end_early(vm, g, t->result);
            if (!g->first && ambtask_at_end_of(g->owner, g)) ambtask_wake_again(vm, g->owner);
            return;
        }
        if (failed && !wanted) unheard(vm, t);
        if (parent->first || !parent->ending || !parent->parent) return;
        settle_result(vm, parent);
        t = parent;
    }
}

/* The function of the running task is over. */
static int over(amb_vm *vm, amb_task *t) {
    t->what = NULL;
    t->nregs = 0;
    if (t->failing || t->cancelled)
        ambtask_cancel_all(vm, t->first);
    /* Not before: a task that never started ends by being cancelled, and would end this one, too. */
    t->ending = true;
    if (t->first) {
        t->h.aux16 = TASK_WAITING;
        t->what = "its tasks";
    } else {
        settle_result(vm, t);
        ended(vm, t);
    }
    ambgc_barrier(vm, t);
    return next(vm);
}

int ambtask_returned(amb_vm *vm, ambv v) {
    amb_task *t = vm->task;
    t->result = v;
    return over(vm, t);
}

int ambtask_threw(amb_vm *vm) {
    amb_task *t = vm->task;
    ambv e = vm->exc;
    vm->exc = ambv_undef();
    if (ambtask_is_signal(vm, e, AMB_ERR_CANCELLED)) {
        t->h.flags |= TASK_CANCELLED;
        t->cancelled = true;
    } else {
        t->failing = true;
        t->result = e;
    }
    return over(vm, t);
}

/* ---- the whole program ---- */

const amb_proto *ambtask_where(const amb_vm *vm, const amb_task *t, uint32_t *line) {
    bool here = !t || t->h.aux16 == TASK_RUNNING;
    const ambv *low = here ? vm->stack + 3 : t->regs, *base = here ? vm->base : t->regs + t->base;
    const amb_instr *pc = here ? vm->pc : t->pc;
    if (!here && !t->nregs) return NULL;
    while (base > low + 1 && (base[-1].tag & 0xff) == TAG_FRAME) {
        const amb_proto *p = base[-2].tag == TAG_CLOSURE ? base[-2].closure->proto : NULL;
        if (p && !(p->flags & PROTO_HIDDEN) && p->spans && p->module && !p->module->hidden) {
            int64_t at = pc - p->code;
            uint32_t column;
            ambmodule_locate(p->module, at >= 0 && at < p->ncode ? p->spans[at].start : p->whole.start, line,
                             &column);
            return p;
        }
        size_t delta = frame_delta(base[-1].tag);
        if (!delta) break;
        pc = (const amb_instr *)base[-1].p - 1;
        base = (const ambv *)((const char *)base - delta);
    }
    return NULL;
}

static void say_where(amb_vm *vm, ambbuf *b, const amb_task *t) {
    uint32_t line;
    const amb_proto *p = ambtask_where(vm, t, &line);
    if (p) ambbuf_printf(b, " in %s (%s:%u)", p->name->data, p->module->name->data, line);
}

static void say_tasks(amb_vm *vm, ambbuf *b, const amb_task *t, uint32_t *n) {
    if (++*n > 10) return;
    char brief[64];
    bool region = t->on.tag == TAG_REGION;
    ambbuf_printf(b, "\n%s %u waits for %s", t->parent ? "task" : "the program, task", t->h.aux32,
                  region ? "the tasks of its group" : t->what ? t->what : "nothing");
    if (t->on.tag == TAG_TASK) ambbuf_printf(b, " %u", t->on.o->aux32);
    else if (!region && t->on.tag != TAG_NIL) ambbuf_printf(b, " %s", ambtext_brief(vm, t->on, brief));
    if (t->on.tag == TAG_LOCK && t->on.lock->owner)
        ambbuf_printf(b, ", held by task %u,", t->on.lock->owner->h.aux32);
    say_where(vm, b, t);
    for (const amb_task *c = t->first; c; c = c->next) say_tasks(vm, b, c, n);
    for (const amb_region *r = t->regions; r; r = r->outer)
        for (const amb_task *c = r->first; c; c = c->next) say_tasks(vm, b, c, n);
}

/* Whether somebody receives from a channel that nobody closed: one of these tasks. */
static bool channel_is_open(const amb_task *t) {
    for (; t; t = t->next)
        if (t->on.tag == TAG_CHANNEL && t->what && !strcmp(t->what, "recv")) return true;
    return false;
}

/* Every task waits and nothing is on its way: says who waits for what, to the first task. */
static void deadlock(amb_vm *vm) {
    struct ambsched *s = vm->sched;
    amb_task *root = s->root;
    ambbuf b;
    uint32_t n = 0;
    ambbuf_init(&b, vm);
    ambbuf_printf(&b, "deadlock: every task waits for another");
    say_tasks(vm, &b, root, &n);
    if (n > 10) ambbuf_printf(&b, "\nand %u more", n - 10);
    if (channel_is_open(root) || channel_is_open(root->first))
        ambbuf_printf(&b, "\nwho receives waits until the channel is closed: close()");
    ambbuf_addc(&b, 0);
    ambv e = ambtask_error(vm, AMB_ERR_STATE, b.failed ? "deadlock" : b.p);
    ambbuf_free(&b);
    if (e.tag == TAG_NIL) {
        vm->failed = AMB_E_NOMEM;
        return;
    }
    if (root->ending || root->on.tag == TAG_REGION || s->program_error.tag != TAG_UNDEF) {
        /* It waits for its tasks: they end, and it with them. */
        if (s->program_error.tag == TAG_UNDEF) s->program_error = e;
        if (root->ending)
            ambtask_cancel_all(vm, root->first);
        root->cancelled = true;
        ambtask_interrupt(vm, root);
    } else {
        wake(vm, root, WAKE_ERROR, e);
    }
}

/* Waits until some task can go on; a program that its host pumps, for as long as the host says: AMB_PENDING. */
static amb_status idle(amb_vm *vm) {
    struct ambsched *s = vm->sched;
    bool told = false;
    while (!s->ready.first) {
        if (s->root->ending && !s->root->first) return AMB_OK;
        if (vm->interrupt) return AMB_OK; /* seen by the caller */
        uint64_t until = UINT64_MAX;
        if (vm->limits.deadline_ns) {
            uint64_t now = ambvm_now_ns();
            if (now >= vm->limits.deadline_ns) {
                vm->failed = AMB_E_LIMIT;
                vm->limit_text = "deadline";
                return vm->failed;
            }
            until = ambsched_now(vm) + (vm->limits.deadline_ns - now);
        }
        bool coming = vm->gate->nflight || s->ntimers || vm->host->waiting || atomic_load(&s->wanted);
        bool over = s->pumped && ambsched_now(vm) >= s->pump_until;
        if (!coming) {
            if (told) { /* and could do nothing about it */
                vm->limit_text = "deadlock";
                return vm->failed = AMB_E_LIMIT;
            }
            told = true;
            deadlock(vm);
            if (vm->failed) return vm->failed;
            continue;
        }
        if (s->pumped && s->pump_until < until) until = s->pump_until;
        if (ambsched_turn(vm, !over, until) != AMB_OK) {
            vm->limit_text = "reactor";
            return vm->failed = AMB_E_LIMIT;
        }
        if (over && !s->ready.first) return AMB_PENDING;
    }
    return AMB_OK;
}

amb_status ambtask_finish(amb_vm *vm, amb_status st, ambv *result) {
    struct ambsched *s = vm->sched;
    amb_status (*loop)(amb_vm *vm) = vm->tracked ? ambrun_loop_tracked : ambrun_loop;
    amb_task *root = s->root;
    for (;;) {
        if (st == AMB_OK && !root->ending) {
            root->result = *result;
            root->ending = true;
        } else if (st == AMB_E_THROW && !root->ending) {
            root->result = vm->exc;
            root->failing = true;
            root->ending = true;
            vm->exc = ambv_undef();
        } else if (st != AMB_PENDING) {
            return st; /* a limit */
        }
        ambgc_barrier(vm, root);
        if (root->ending && root->h.aux16 != TASK_WAITING) {
            root->h.aux16 = TASK_WAITING;
            root->what = "its tasks";
            root->nregs = 0;
            if (root->failing || root->cancelled)
                ambtask_cancel_all(vm, root->first);
        }
        vm->task = NULL;
        if (vm->interrupt) {
            vm->limit_text = "interrupt";
            return vm->failed = AMB_E_LIMIT;
        }
        if (vm->failed) return vm->failed; /* a limit was met between two tasks */
        if (s->pumped && s->budget < 0) return AMB_PENDING;
        if (!s->ready.first && (!root->ending || root->first) && (st = idle(vm)) != AMB_OK) return st;
        if (root->ending && !root->first && !s->ready.first) break;
        int rc = next(vm);
        if (rc == RUN_THROW) st = ambrun_unwind(vm) ? loop(vm) : vm->exit_status;
        else st = loop(vm);
        if (st == AMB_OK) *result = vm->result;
    }
    vm->task = NULL;
    settle_result(vm, root);
    if (s->program_error.tag != TAG_UNDEF) {
        root->failing = true;
        root->result = s->program_error;
    }
    if (!root->failing) {
        *result = root->result;
        return AMB_OK;
    }
    vm->exc = root->result;
    return AMB_E_THROW;
}

amb_status ambtask_pump(amb_vm *vm, uint64_t wait_ns, ambv *result) {
    struct ambsched *s = vm->sched;
    uint64_t now = ambsched_now(vm);
    s->pump_until = wait_ns > UINT64_MAX - now ? UINT64_MAX : now + wait_ns;
    s->budget = PUMP_SWITCHES;
    vm->c_depth++;
    ambsched_turn(vm, false, 0);
    amb_status st = ambtask_finish(vm, AMB_PENDING, result);
    vm->c_depth--;
    vm->base = vm->stack + 3;
    if (st != AMB_PENDING) {
        ambtask_end_all(vm);
        ambgc_frame_left(vm);
    }
    return st;
}

/* Moves a list of tasks before `rest`. */
static amb_task *onto(amb_task **first, amb_task *rest) {
    while (*first) {
        amb_task *c = *first;
        *first = c->next;
        c->next = rest;
        rest = c;
    }
    return rest;
}

static void drop(amb_vm *vm, amb_task *t) {
    /* Down the tree without recursion: children first become siblings further on. */
    while (t) {
        leave_queues(vm, t);
        ambsched_disarm(vm, &t->grace);
        forget_call(t);
        amb_task *rest = t->next;
        for (amb_region *r = t->regions; r; r = r->outer) {
            ambsched_disarm(vm, &r->timer);
            rest = onto(&r->first, rest);
        }
        rest = onto(&t->first, rest);
        t->h.aux16 = TASK_DONE;
        t->h.flags |= TASK_CANCELLED;
        t->next = NULL;
        t = rest;
    }
}

void ambtask_end_all(amb_vm *vm) {
    struct ambsched *s = vm->sched;
    if (s->root) drop(vm, s->root);
    s->ready = (ambqueue){NULL, NULL};
    s->root = vm->task = NULL;
    s->ntasks = s->task_number = 0;
    s->program_error = ambv_undef();
    vm->idle = false;
}

/* ---- instructions ---- */

int ambtask_op_spawn(amb_vm *vm, ambv *f, uint32_t n, uint64_t how, ambv names) {
    uint32_t at = (uint32_t)how & 0xffff;
    amb_region *g = at == 0xffff ? NULL : (amb_region *)REG(vm, at).o;
    if (f->tag < TAG_HEAP || f->tag == TAG_STRING || f->tag == TAG_LIST || f->tag == TAG_MAP)
        return ambrun_not_callable(vm, *f);
    if (vm->task && vm->task->bounded) {
        amberr_raise(vm, AMB_ERR_STATE, "spawn: what runs with a bound on its fuel cannot start tasks");
        return RUN_THROW;
    }
    ambv *made = f; /* the arguments in their places */
    if (n == 0xffff || names.tag != TAG_NIL) {
        int rc = n == 0xffff ? ambrun_place_spread(vm, f, &made, &n)
                             : ambrun_place_named(vm, f, &made, &n, names.tuple);
        if (rc != RUN_NEXT) return vm->failed ? ambrun_failed(vm, vm->failed) : rc;
    }
    const amb_closure *c = made->tag == TAG_CLOSURE ? made->closure : NULL;
    bool direct = c && c->proto->exact == n && !(c->proto->flags & PROTO_GENERATOR);
    if (!direct && vm->sched->start.tag != TAG_CLOSURE) {
        amb_status st = ambmodules_core(vm, "task:start", &vm->sched->start);
        if (st != AMB_OK) return ambrun_failed(vm, st);
    }
    amb_task *t = spawn(vm, made, n, g);
    if (!t) return ambrun_failed(vm, vm->failed);
    if (!direct) t->h.flags |= TASK_CALLS;
    if (how & 1 << 16) t->h.flags |= TASK_USED;
    f[0] = ambv_obj(t);
    if (vm->gc_wanted) ambrun_collect(vm);
    return RUN_NEXT;
}

/* ---- for the collector ---- */

void ambtask_finalize(amb_vm *vm, amb_task *t) {
    if (t->regs) ambgc_storage(vm, t, t->regs, t->cap * sizeof *t->regs, 0);
    if (t->select) ambgc_storage(vm, t, t->select, t->select_room * sizeof *t->select, 0);
}

void ambtask_mark(struct ambgc *gc, amb_obj *o) {
    if (o->type == TAG_REGION) {
        amb_region *r = (amb_region *)o;
        ambgc_mark_obj(gc, r->outer);
        ambgc_mark_obj(gc, r->owner);
        ambgc_mark_value(gc, r->reason);
        ambgc_mark_value(gc, r->signal);
        ambgc_mark_obj(gc, r->first);
        ambgc_mark_obj(gc, r->tasks);
        return;
    }
    amb_task *t = (amb_task *)o;
    ambgc_mark_obj(gc, t->parent);
    ambgc_mark_obj(gc, t->group);
    ambgc_mark_obj(gc, t->prev);
    ambgc_mark_obj(gc, t->next);
    ambgc_mark_obj(gc, t->first);
    ambgc_mark_obj(gc, t->failed);
    ambgc_mark_obj(gc, t->regions);
    ambgc_mark_storage(gc, t->regs, t->cap * sizeof *t->regs);
    for (uint32_t i = 0; i < t->nregs; i++)
        if (t->regs[i].tag < TAG_COUNT) ambgc_mark_value(gc, t->regs[i]); /* not frame words */
    ambgc_mark_storage(gc, t->select, t->select_room * sizeof *t->select);
    ambgc_mark_value(gc, t->wake);
    ambgc_mark_value(gc, t->offer);
    ambgc_mark_value(gc, t->signal);
    ambgc_mark_value(gc, t->result);
    ambgc_mark_value(gc, t->on);
    ambgc_mark_obj(gc, t->locals);
    ambgc_mark_obj(gc, t->locks);
    ambgc_mark_obj(gc, t->again.name);
}
