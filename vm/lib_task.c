/* SPDX-License-Identifier: MIT */
/* What scripts do with tasks: sleep, channels, locks, select, values of a task's own. */
#include <math.h>
#include <string.h>

#include "class.h"
#include "gc_internal.h"
#include "run.h"
#include "task.h"

static amb_status no_memory(amb_vm *vm) {
    if (vm->exc.tag != TAG_UNDEF) return AMB_E_THROW;
    return vm->failed ? vm->failed : AMB_E_NOMEM;
}

/* Seconds as nanoseconds; what is too long to count is for ever. */
static amb_status span_of(amb_vm *vm, const char *what, ambv v, uint64_t *ns) {
    if (!ambv_is_number(v)) return amberr_arg(vm, what, "seconds", "a number", v);
    double s = ambv_to_double(v);
    if (!(s >= 0)) return amberr_raise(vm, AMB_ERR_VALUE, "%s: seconds must not be negative", what);
    *ns = s > 9e9 ? UINT64_MAX : (uint64_t)(s * 1e9);
    return AMB_OK;
}

amb_status amblib_sleep(amb_vm *vm, ambv *args, uint32_t n, ambv *out) {
    (void)n;
    ambv v;
    uint64_t ns;
    if (ambtask_resumed(vm, &v)) {
        *out = ambv_nil();
        return AMB_OK;
    }
    amb_status st = span_of(vm, "sleep", args[0], &ns);
    if (!st) st = ambtask_park(vm, "sleep", ambv_nil(), NULL);
    if (st != AMB_PENDING) return st;
    if (ns == 0) { /* behind everybody who can go on now */
        ambtask_wake(vm, vm->task, ambv_nil());
        return AMB_PENDING;
    }
    return ambtask_alarm(vm, ns);
}

/* ---- channels ---- */

void ambchannel_finalize(amb_vm *vm, amb_channel *c) {
    if (c->items) ambgc_storage(vm, c, c->items, c->room * sizeof *c->items, 0);
}

amb_status amblib_channel_new(amb_vm *vm, ambv *args, uint32_t n, ambv *out) {
    int64_t cap = 0;
    if (n && args[0].tag != TAG_UNDEF && args[0].tag != TAG_NIL) {
        if (args[0].tag != TAG_INT) return amberr_arg(vm, "channel", "capacity", "an int", args[0]);
        cap = args[0].i;
        if (cap < 0 || cap > INT32_MAX)
            return amberr_raise(vm, AMB_ERR_VALUE, "channel: capacity must be from 0 to 2147483647");
    }
    amb_channel *c = ambgc_new(vm, sizeof *c, TAG_CHANNEL);
    if (!c) return no_memory(vm);
    memset((char *)c + sizeof c->h, 0, sizeof *c - sizeof c->h);
    c->cap = (uint32_t)cap;
    *out = ambv_obj(c);
    return AMB_OK;
}

static amb_status grow(amb_vm *vm, amb_channel *c) {
    if (c->len < c->room) return AMB_OK;
    uint32_t room = c->room ? c->room * 2 : 8;
    if (room > c->cap) room = c->cap;
    ambv *items = ambgc_storage(vm, c, NULL, 0, room * sizeof *items);
    if (!items) return no_memory(vm);
    for (uint32_t i = 0; i < c->len; i++) items[i] = c->items[(c->at + i) % c->room];
    for (uint32_t i = c->len; i < room; i++) items[i] = ambv_nil(); /* the collector looks at all of them */
    if (c->items) ambgc_storage(vm, c, c->items, c->room * sizeof *c->items, 0);
    c->items = items;
    c->room = room;
    c->at = 0;
    ambgc_barrier(vm, c);
    return AMB_OK;
}

static void put(amb_vm *vm, amb_channel *c, ambv v) {
    c->items[(c->at + c->len++) % c->room] = v;
    ambgc_barrier(vm, c);
}

/* Gives v to whoever receives. */
static bool hand_over(amb_vm *vm, amb_channel *c, ambv v) {
    ambwaiter *w = c->receivers.first;
    if (!w) return false;
    w->task->progress = w->index;
    ambtask_wake(vm, w->task, v);
    return true;
}

/* Takes a value without waiting: the oldest, and a sender's moves up. */
static bool take(amb_vm *vm, amb_channel *c, ambv *v) {
    ambwaiter *w = c->senders.first;
    if (c->len) {
        *v = c->items[c->at];
        c->items[c->at] = ambv_nil();
        c->at = (c->at + 1) % c->room;
        c->len--;
        if (w) {
            put(vm, c, w->task->offer);
            ambtask_wake(vm, w->task, ambv_nil());
        }
        return true;
    }
    if (w) {
        *v = w->task->offer;
        ambtask_wake(vm, w->task, ambv_nil());
        return true;
    }
    *v = ambv_done();
    return c->h.aux16;
}

static amb_status closed(amb_vm *vm, const char *what) {
    return amberr_raise(vm, AMB_ERR_STATE, "%s: the channel is closed", what);
}

/* True: sent. */
static amb_status offer(amb_vm *vm, const char *what, amb_channel *c, ambv v, bool *sent) {
    *sent = false;
    if (v.tag == TAG_DONE)
        return amberr_raise(vm, AMB_ERR_VALUE, "%s: `done` says that a channel is closed and cannot be sent", what);
    if (c->h.aux16) return closed(vm, what);
    if (hand_over(vm, c, v)) {
        *sent = true;
        return AMB_OK;
    }
    if (c->len >= c->cap) return AMB_OK;
    amb_status st = grow(vm, c);
    if (st) return st;
    put(vm, c, v);
    *sent = true;
    return AMB_OK;
}

static amb_status channel_send(amb_vm *vm, ambv *args, uint32_t n, ambv *out) {
    (void)n;
    ambv v;
    bool sent;
    amb_channel *c = args[0].channel;
    if (ambtask_resumed(vm, &v)) {
        *out = ambv_nil();
        return AMB_OK;
    }
    amb_status st = offer(vm, "send", c, args[1], &sent);
    if (st) return st;
    if (!sent) {
        st = ambtask_park(vm, "send", args[0], &c->senders);
        if (st == AMB_PENDING) vm->task->offer = args[1];
        return st;
    }
    *out = ambv_nil();
    return AMB_OK;
}

static amb_status channel_try_send(amb_vm *vm, ambv *args, uint32_t n, ambv *out) {
    (void)n;
    bool sent;
    amb_status st = offer(vm, "try_send", args[0].channel, args[1], &sent);
    if (st == AMB_OK) *out = ambv_bool(sent);
    return st;
}

amb_status ambchannel_recv(amb_vm *vm, ambv channel, ambv *out) {
    amb_channel *c = channel.channel;
    if (ambtask_resumed(vm, out) || take(vm, c, out)) return AMB_OK;
    return ambtask_park(vm, "recv", channel, &c->receivers);
}

static amb_status channel_recv(amb_vm *vm, ambv *args, uint32_t n, ambv *out) {
    (void)n;
    ambv v;
    amb_status st = ambchannel_recv(vm, args[0], &v);
    if (st == AMB_OK) *out = v;
    return st;
}

static amb_status channel_try_recv(amb_vm *vm, ambv *args, uint32_t n, ambv *out) {
    ambv v, otherwise = n > 1 && args[1].tag != TAG_UNDEF ? args[1] : ambv_nil();
    *out = take(vm, args[0].channel, &v) ? v : otherwise;
    return AMB_OK;
}

static amb_status channel_close(amb_vm *vm, ambv *args, uint32_t n, ambv *out) {
    (void)n;
    amb_channel *c = args[0].channel;
    c->h.aux16 = 1;
    while (c->receivers.first) {
        ambwaiter *w = c->receivers.first;
        w->task->progress = w->index;
        ambtask_wake(vm, w->task, ambv_done());
    }
    ambtask_wake_all(vm, &c->senders); /* which find it closed */
    *out = ambv_nil();
    return AMB_OK;
}

static amb_status channel_len(amb_vm *vm, ambv *args, uint32_t n, ambv *out) {
    (void)vm, (void)n;
    *out = ambv_int(args[0].channel->len);
    return AMB_OK;
}
static amb_status channel_closed(amb_vm *vm, ambv *args, uint32_t n, ambv *out) {
    (void)vm, (void)n;
    *out = ambv_bool(args[0].channel->h.aux16);
    return AMB_OK;
}

const amb_native_def amblib_channel[] = {
    {"send", channel_send, 1, 1, NATIVE_METHOD, "value", "send(value)",
     "Gives a value to who receives; waits while nobody does and the channel is full. StateError: it is closed.", NULL},
    {"recv", channel_recv, 0, 0, NATIVE_METHOD, NULL, "recv()",
     "The next value, waiting for one; `done` when the channel is closed and empty.", NULL},
    {"try_send", channel_try_send, 1, 1, NATIVE_METHOD, "value", "try_send(value) -> bool",
     "Sends unless that would wait: whether it did.", NULL},
    {"try_recv", channel_try_recv, 0, 1, NATIVE_METHOD, "default", "try_recv(default = nil)",
     "The next value if there is one; `done` when the channel is closed and empty; else `default`.", NULL},
    {"close", channel_close, 0, 0, NATIVE_METHOD, NULL, "close()",
     "Nothing more can be sent; what is in it can still be received.", NULL},
    {"len", channel_len, 0, 0, NATIVE_METHOD | NATIVE_PROPERTY, NULL, "len -> int",
     "How many values wait in it.", NULL},
    {"closed", channel_closed, 0, 0, NATIVE_METHOD | NATIVE_PROPERTY, NULL, "closed -> bool",
     "Whether it is closed.", NULL},
    {NULL, NULL, 0, 0, 0, NULL, NULL, NULL, NULL},
};

/* ---- select ---- */

/* R[1], the value; the result is the number of the arm: n for `after`. */
int ambtask_op_select(amb_vm *vm, ambv *arms, uint32_t n, bool timed) {
    ambv v, *channels = arms + 2;
    uint64_t ns = 0;
    if (ambtask_resumed(vm, &v)) {
        arms[0] = ambv_int(vm->task->progress);
        arms[1] = v;
        vm->task->nselect = 0;
        return RUN_NEXT;
    }
    for (uint32_t i = 0; i < n; i++) {
        if (channels[i].tag != TAG_CHANNEL) {
            if (channels[i].tag == TAG_CAP)
                amberr_raise(vm, AMB_ERR_TYPE, "select expects a channel, not %s; let a task send what comes "
                             "from it to one", ambtype_name(vm, channels[i]));
            else
                amberr_arg(vm, "select", NULL, "a channel", channels[i]);
            return RUN_THROW;
        }
    }
    if (timed && span_of(vm, "after", channels[n], &ns) != AMB_OK) return RUN_THROW;
    for (uint32_t i = 0; i < n; i++) {
        if (!take(vm, channels[i].channel, &v)) continue;
        arms[0] = ambv_int(i);
        arms[1] = v;
        return RUN_NEXT;
    }
    if (timed && ns == 0) {
        arms[0] = ambv_int(n);
        arms[1] = ambv_nil();
        return RUN_NEXT;
    }
    amb_task *t = ambtask_self(vm);
    if (!t) return ambrun_failed(vm, no_memory(vm));
    if (t->select_room < n) {
        ambwaiter *w = ambgc_storage(vm, t, NULL, 0, n * sizeof *w);
        if (!w) return ambrun_failed(vm, no_memory(vm));
        if (t->select) ambgc_storage(vm, t, t->select, t->select_room * sizeof *w, 0);
        t->select = w;
        t->select_room = n;
    }
    amb_status st = ambtask_park(vm, "select", ambv_nil(), NULL);
    if (st == AMB_PENDING && timed && ns != UINT64_MAX) st = ambtask_alarm(vm, ns);
    if (st != AMB_PENDING) return ambrun_failed(vm, st);
    t->progress = n;
    t->nselect = n;
    for (uint32_t i = 0; i < n; i++) {
        t->select[i] = (ambwaiter){.task = t, .index = i};
        ambqueue_add(&channels[i].channel->receivers, &t->select[i]);
    }
    return ambrun_failed(vm, AMB_PENDING);
}

/* ---- tasks ---- */

static void not_lost(amb_vm *vm, amb_task *t) {
    if (!t->parent) return;
    amb_task *before = NULL;
    for (amb_task *f = t->parent->failed; f; before = f, f = f->next) {
        if (f != t) continue;
        if (before) before->next = t->next;
        else t->parent->failed = t->next;
        ambgc_barrier(vm, before ? before : t->parent);
        t->next = NULL;
        return;
    }
}

static amb_status task_wait(amb_vm *vm, ambv *args, uint32_t n, ambv *out) {
    (void)n;
    amb_task *t = args[0].task;
    if (t->h.aux16 != TASK_DONE) {
        if (t == vm->task) return amberr_raise(vm, AMB_ERR_STATE, "wait: a task cannot wait for itself");
        return ambtask_park(vm, "task", args[0], &t->waiters);
    }
    if (t->h.flags & TASK_FAILED) {
        not_lost(vm, t);
        t->heard = true;
        vm->exc = t->result;
        return AMB_E_THROW;
    }
    if (t->h.flags & TASK_CANCELLED) return amberr_raise(vm, AMB_ERR_STATE, "wait: the task was cancelled");
    *out = t->result;
    return AMB_OK;
}

static amb_status task_cancel(amb_vm *vm, ambv *args, uint32_t n, ambv *out) {
    (void)n;
    ambtask_cancel(vm, args[0].task);
    *out = ambv_nil();
    return AMB_OK;
}
static amb_status task_done(amb_vm *vm, ambv *args, uint32_t n, ambv *out) {
    (void)vm, (void)n;
    *out = ambv_bool(args[0].task->h.aux16 == TASK_DONE);
    return AMB_OK;
}

const amb_native_def amblib_task[] = {
    {"wait", task_wait, 0, 0, NATIVE_METHOD, NULL, "wait()",
     "Waits for its end: its result. Its error is thrown here; StateError when it was cancelled.", NULL},
    {"cancel", task_cancel, 0, 0, NATIVE_METHOD, NULL, "cancel()",
     "Ends it where it waits, or where it does next; `defer` and `finally` run.", NULL},
    {"done", task_done, 0, 0, NATIVE_METHOD | NATIVE_PROPERTY, NULL, "done -> bool", "Whether it has ended.", NULL},
    {NULL, NULL, 0, 0, 0, NULL, NULL, NULL, NULL},
};

/* ---- locks ---- */

amb_status amblib_lock_new(amb_vm *vm, ambv *args, uint32_t n, ambv *out) {
    (void)args, (void)n;
    amb_lock *m = ambgc_new(vm, sizeof *m, TAG_LOCK);
    if (!m) return no_memory(vm);
    memset((char *)m + sizeof m->h, 0, sizeof *m - sizeof m->h);
    *out = ambv_obj(m);
    return AMB_OK;
}

static void own(amb_vm *vm, amb_lock *m, amb_task *t) {
    m->owner = t;
    m->next = t->locks;
    t->locks = m;
    ambgc_barrier(vm, m);
    ambgc_barrier(vm, t);
}

static void disown(amb_vm *vm, amb_lock *m) {
    amb_task *t = m->owner;
    amb_lock *before = NULL;
    for (amb_lock *l = t->locks; l != m; l = l->next) before = l;
    if (before) {
        before->next = m->next;
        ambgc_barrier(vm, before);
    } else {
        t->locks = m->next;
        ambgc_barrier(vm, t);
    }
    m->next = NULL;
    m->owner = NULL;
}

/* What the lock guards may be half done: nobody gets it as if nothing had happened. */
static amb_status left_behind(amb_vm *vm, const char *what) {
    return amberr_raise(vm, AMB_ERR_STATE, "%s: the task that holds the lock has ended", what);
}

static amb_status lock_acquire(amb_vm *vm, ambv *args, uint32_t n, ambv *out) {
    (void)n;
    ambv v;
    amb_lock *m = args[0].lock;
    if (!ambtask_resumed(vm, &v)) { /* else it was handed over */
        amb_task *t = ambtask_self(vm);
        if (!t) return no_memory(vm);
        if (m->owner == t) return amberr_raise(vm, AMB_ERR_STATE, "acquire: this task holds the lock already");
        if (m->owner && m->owner->h.aux16 == TASK_DONE) return left_behind(vm, "acquire");
        if (m->owner) return ambtask_park(vm, "lock", args[0], &m->waiting);
        own(vm, m, t);
    }
    *out = ambv_nil();
    return AMB_OK;
}

static amb_status lock_try(amb_vm *vm, ambv *args, uint32_t n, ambv *out) {
    (void)n;
    amb_lock *m = args[0].lock;
    amb_task *t = ambtask_self(vm);
    if (!t) return no_memory(vm);
    bool got = !m->owner;
    if (got) own(vm, m, t);
    else if (m->owner->h.aux16 == TASK_DONE) return left_behind(vm, "try_acquire");
    *out = ambv_bool(got);
    return AMB_OK;
}

static amb_status lock_release(amb_vm *vm, ambv *args, uint32_t n, ambv *out) {
    (void)n;
    amb_lock *m = args[0].lock;
    if (!m->owner || m->owner != vm->task)
        return amberr_raise(vm, AMB_ERR_STATE, "release: this task does not hold the lock");
    disown(vm, m);
    ambwaiter *w = m->waiting.first;
    if (w) {
        own(vm, m, w->task);
        ambtask_wake(vm, w->task, ambv_nil());
    }
    *out = ambv_nil();
    return AMB_OK;
}

static amb_status lock_locked(amb_vm *vm, ambv *args, uint32_t n, ambv *out) {
    (void)vm, (void)n;
    *out = ambv_bool(args[0].lock->owner != NULL);
    return AMB_OK;
}

const amb_native_def amblib_lock[] = {
    {"acquire", lock_acquire, 0, 0, NATIVE_METHOD, NULL, "acquire()",
     "Takes the lock, waiting for it in turn. StateError: this task holds it, or one that has ended.", NULL},
    {"try_acquire", lock_try, 0, 0, NATIVE_METHOD, NULL, "try_acquire() -> bool",
     "Takes the lock if it is free: whether it did.", NULL},
    {"release", lock_release, 0, 0, NATIVE_METHOD, NULL, "release()",
     "Gives the lock to who waits longest. StateError: this task does not hold it.", NULL},
    {"with", NULL, 1, 1, NATIVE_METHOD, "f", "with(f: fn())", "The result of f(), called while holding the lock.",
     "task:with_lock"},
    {"locked", lock_locked, 0, 0, NATIVE_METHOD | NATIVE_PROPERTY, NULL, "locked -> bool",
     "Whether some task holds it.", NULL},
    {NULL, NULL, 0, 0, 0, NULL, NULL, NULL, NULL},
};

/* ---- values that each task has its own of ---- */

amb_status amblib_local_new(amb_vm *vm, ambv *args, uint32_t n, ambv *out) {
    amb_local *l = ambgc_new(vm, sizeof *l, TAG_LOCAL);
    if (!l) return no_memory(vm);
    l->otherwise = n && args[0].tag != TAG_UNDEF ? args[0] : ambv_nil();
    *out = ambv_obj(l);
    return AMB_OK;
}

static amb_status local_get(amb_vm *vm, ambv *args, uint32_t n, ambv *out) {
    (void)n;
    amb_map *m = vm->task ? vm->task->locals : NULL;
    amb_entry *e = NULL;
    amb_status st = m ? ambmap_find(vm, m, args[0], &e) : AMB_OK;
    if (st) return st;
    *out = e ? ambv_pack(e->val, e->vtag) : args[0].local->otherwise;
    return AMB_OK;
}

static amb_status local_set(amb_vm *vm, ambv *args, uint32_t n, ambv *out) {
    (void)n;
    amb_task *t = ambtask_self(vm);
    if (!t) return no_memory(vm);
    if (!t->locals) {
        t->locals = ambmap_new(vm, 1);
        ambgc_barrier(vm, t);
        if (!t->locals) return no_memory(vm);
    }
    amb_status st = ambmap_set(vm, t->locals, args[0], args[1]);
    if (st == AMB_OK) *out = ambv_nil();
    return st;
}

const amb_native_def amblib_local[] = {
    {"get", local_get, 0, 0, NATIVE_METHOD, NULL, "get()",
     "This task's value; without one, the one given to task_local().", NULL},
    {"set", local_set, 1, 1, NATIVE_METHOD, "value", "set(value)",
     "Sets the value for this task and those it spawns from now on.", NULL},
    {"with", NULL, 2, 2, NATIVE_METHOD, "value, f", "with(value, f: fn())",
     "The result of f(), called with that value; then the old one is back.", "task:with_local"},
    {NULL, NULL, 0, 0, 0, NULL, NULL, NULL, NULL},
};
