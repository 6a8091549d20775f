/* SPDX-License-Identifier: MIT */
/* What hosts hold: names of values, and how functions of a host are called, wait and go on. */
#include "host.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "class.h"
#include "execute.h"
#include "gc_internal.h"
#include "remote.h"
#include "task.h"

#define FEW_ARGS 12u

/* ---- names of values ---- */

amb_status ambhost_stray(amb_vm *vm) {
    return ambhost_wrong(vm, AMB_E_SCOPE, AMB_ERR_STATE,
                         "a value was used after its scope was closed, or in another VM");
}

amb_status ambhost_no_scope(amb_vm *vm) {
    return ambhost_wrong(vm, AMB_E_SCOPE, AMB_ERR_STATE, "no scope is open for a value: see amb_scope_open");
}

/* Tables of values grow by half; they count as memory of the VM. */
static bool grow(amb_vm *vm, ambv **table, uint32_t *cap, const ambv *keep) {
    uint32_t more = *cap ? *cap + *cap / 2 : 32;
    ambv *t;
    if (*cap > UINT32_MAX / 2) return false;
    /* A collection would not see what is to be put there. */
    vm->host->making = *keep;
    AMBHOST_MAKE(vm, t, ambgc_realloc(vm, *table, *cap * sizeof *t, more * sizeof *t));
    if (!t) return false;
    *table = t;
    *cap = more;
    return true;
}

amb_status ambhost_name_slowly(amb_vm *vm, ambv v, amb_value *out) {
    ambhost *h = vm->host;
    if (!h->depth) return ambhost_no_scope(vm);
    if (h->nnames == h->names_cap && !grow(vm, &h->names, &h->names_cap, &v)) return ambhost_failed(vm, vm->failed);
    return ambhost_name(vm, v, out);
}

amb_scope amb_scope_open(amb_vm *vm) {
    ambhost *h = vm->host;
    return (amb_scope){h->nnames, ++h->depth};
}

amb_status amb_scope_close(amb_vm *vm, amb_scope s) {
    ambhost *h = vm->host;
    if (s.depth != h->depth || !s.depth || s.first > h->nnames) return AMB_E_SCOPE;
    h->nnames = s.first;
    h->depth--;
    return AMB_OK;
}

amb_status amb_scope_escape(amb_vm *vm, amb_scope s, amb_value v, amb_value *out) {
    ambv x;
    amb_status st = ambhost_in(vm, v, &x);
    if (st == AMB_OK) st = amb_scope_close(vm, s);
    return st == AMB_OK ? ambhost_out(vm, x, out) : st;
}

amb_status amb_pin(amb_vm *vm, amb_value v, amb_value *out) {
    ambhost *h = vm->host;
    ambv x;
    amb_status st = ambhost_in(vm, v, &x);
    if (st != AMB_OK) return st;
    if (ambhost_scalar(x.tag)) {
        *out = v;
        return AMB_OK;
    }
    uint32_t at;
    if (h->free_pin) {
        at = h->free_pin - 1;
        h->free_pin = (uint32_t)h->pins[at].u;
    } else {
        if (h->npins == h->pins_cap && !grow(vm, &h->pins, &h->pins_cap, &x))
            return ambhost_failed(vm, vm->failed);
        at = h->npins++;
    }
    h->pins[at] = x;
    *out = (amb_value){x.u, x.tag | AMBHOST_PIN | (uint64_t)at << 32};
    return AMB_OK;
}

void amb_unpin(amb_vm *vm, amb_value v) {
    ambhost *h = vm->host;
    ambv x;
    if (!(v.tag & AMBHOST_PIN) || !ambhost_named(vm, v, &x)) return;
    uint32_t at = (uint32_t)(v.tag >> 32);
    h->pins[at] = (ambv){.u = h->free_pin, .tag = TAG_UNDEF};
    h->free_pin = at + 1;
}

/* ---- memory and statuses ---- */

bool ambhost_room(amb_vm *vm, int *tries) {
    if (!ambrun_wants_room(vm) || (*tries)++) return false;
    ambrun_make_room(vm, vm->base);
    return true;
}

amb_status ambhost_failed(amb_vm *vm, amb_status st) {
    if (st == AMB_OK || (st == AMB_E_THROW && vm->failed)) st = vm->failed;
    if (st == AMB_OK) st = vm->exc.tag != TAG_UNDEF ? AMB_E_THROW : AMB_E_NOMEM;
    if (vm->c_depth == 0) {
        vm->host->failed = vm->failed;
        vm->failed = AMB_OK;
    }
    return st;
}

amb_status ambhost_wrong(amb_vm *vm, amb_status st, enum amb_error_kind kind, const char *fmt, ...) {
    char text[400];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    amb_status raised = ambhost_failed(vm, amberr_raise(vm, kind, "%s", text));
    return raised == AMB_E_THROW ? st : raised;
}

void ambexecute_tidy(amb_vm *vm) {
    if (!vm->host->litter) return;
    vm->host->litter = false;
    amb_gc_collect(vm);
}

/* Fuel and time are counted from now on. */
static void start_clock(amb_vm *vm) {
    vm->fuel_used = 0;
    ambrun_first_slice(vm);
    vm->limits.deadline_ns = vm->timeout_ns ? ambvm_now_ns() + vm->timeout_ns : 0;
}

void ambhost_begin(amb_vm *vm) {
    ambexecute_tidy(vm);
    vm->host->failed = vm->failed = AMB_OK;
    vm->host->result = ambv_nil();
    vm->host->program = NULL;
    vm->limit_text = NULL;
    vm->exc = ambv_undef();
    atomic_store_explicit(&vm->interrupt, 0, memory_order_relaxed);
    start_clock(vm);
}

bool ambhost_borrow(amb_vm *vm) {
    if (vm->c_depth || vm->sched->pumped) return false;
    start_clock(vm);
    return true;
}

void ambhost_give_back(amb_vm *vm) { vm->limits.deadline_ns = 0; }

amb_status ambhost_end(amb_vm *vm, amb_status st) {
    vm->limits.deadline_ns = 0;
    vm->fuel_used = ambtask_fuel_used(vm);
    vm->slice_size = vm->slice;
    if (st == AMB_E_THROW && vm->exc.tag == TAG_INSTANCE &&
        ambinst_class(vm, vm->exc.inst) == vm->error_class[AMB_ERR_CANCELLED]) {
        vm->exc = ambv_undef();
        vm->failed = st = AMB_E_LIMIT;
        vm->limit_text = "interrupt";
    }
    if (st == AMB_E_LIMIT || st == AMB_E_NOMEM) {
        /* What the program had filled is garbage: the next one will find the room it had. Not now: the host is to
         * have its thread back at once. */
        vm->host->litter = true;
        if (!vm->limit_text) vm->limit_text = "memory";
    }
    vm->host->failed = vm->failed;
    vm->failed = AMB_OK;
    if (st == AMB_E_LIMIT && vm->limit_text && !strcmp(vm->limit_text, "interrupt")) return AMB_E_CANCELED;
    return st;
}

/* ---- calls of a host's functions ---- */

/* A function of the host is left: its names go. One that has closed a scope which was not its own has lost names of its
 * callers: what they stood for may be gone. */
static inline void leave_scope(ambhost *h, uint32_t first, uint32_t depth) {
    while (AMB_UNLIKELY(h->nnames < first)) h->names[h->nnames++] = ambv_nil();
    h->nnames = first;
    h->depth = depth;
}

static ambv then_host(const amb_instance *o) { return ambinst_get(o, 0); }

/* Calls what amb_call_then was asked to call, in place of the call (f, kind, dst, ret). */
static int call_instead(amb_vm *vm, ambv *f, enum frame_kind kind, uint32_t dst, const amb_instr *ret) {
    ambhost *h = vm->host;
    amb_instance *o = h->then;
    ambhostthen *t = then_host(o).p;
    h->then = NULL;
    t->f = f - vm->base;
    t->kind = kind;
    t->dst = dst;
    t->ret = ret;
    ambv *g = ambrun_top(vm);
    if (g <= f) g = f + 1; /* a call from above the frame: what is below stays */
    uint32_t n = h->nthen_args - 1;
    if (!ambrun_reserve(vm, g + 3 + n)) return RUN_THROW;
    g[0] = ambv_obj(o);
    g[1] = h->then_args[0];
    g[2] = ambv_nil();
    memcpy(g + 3, h->then_args + 1, n * sizeof *g);
    h->nthen_args = 0;
    const ambv *base = vm->base;
    const amb_task *task = vm->task;
    int rc = ambrun_call(vm, g + 1, n, FRAME_HOST, 0, ret);
    /* Not even called: that is an end, too. Once it has a frame, it is unwinding that comes by. */
    if (rc == RUN_THROW && !vm->failed && !vm->idle && vm->base == base && vm->task == task &&
        then_host(o).tag == TAG_INT)
        return ambhost_went_on(vm, ambv_obj(o), true, ambv_undef());
    return rc;
}

/* A status that is no error of the language yet. */
static void raise_status(amb_vm *vm, const char *name, amb_status st) {
    static const struct {
        amb_status st;
        enum amb_error_kind kind;
        const char *text;
    } known[] = {
        {AMB_E_ARG, AMB_ERR_VALUE, "an argument is not accepted"},
        {AMB_E_RIGHTS, AMB_ERR_CAPABILITY, "a right is missing"},
        {AMB_E_STALE, AMB_ERR_STATE, "it is closed"},
        {AMB_E_IO, AMB_ERR_IO, "input or output failed"},
        {AMB_E_TIMEOUT, AMB_ERR_TIMEOUT, "it took too long"},
        {AMB_E_CANCELED, AMB_ERR_ERROR, "it was cancelled"},
        {AMB_E_QUOTA, AMB_ERR_LIMIT, "a limit is used up"},
        {AMB_E_EOF, AMB_ERR_STATE, "there is no more"},
        {AMB_E_NOSYS, AMB_ERR_ERROR, "it is not supported"},
        {AMB_E_BUSY, AMB_ERR_STATE, "it is in use"},
    };
    for (unsigned i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].st == st) {
            amberr_raise(vm, known[i].kind, "%s: %s", name, known[i].text);
            return;
        }
    amberr_raise(vm, AMB_ERR_ERROR, "%s failed (status %d)", name, (int)st);
}

/* A function of the host has returned st and `out`: what becomes of the call (f, kind, dst, ret). */
static int returned(amb_vm *vm, const char *name, amb_status st, amb_value out, ambv *f, enum frame_kind kind,
                    uint32_t dst, const amb_instr *ret) {
    ambhost *h = vm->host;
    ambv v = ambv_nil();
    bool waits = h->asked && vm->task && vm->task->h.aux16 == TASK_WAITING && vm->task->ticket;
    h->asked = false;
    if (AMB_UNLIKELY(vm->failed != AMB_OK)) st = AMB_E_THROW;
    if (AMB_LIKELY(st == AMB_OK)) st = ambhost_in(vm, out, &v);
    if (AMB_UNLIKELY(st == AMB_PENDING && (h->then || waits))) return RUN_NEXT;
    if (AMB_UNLIKELY(waits)) ambtask_unpark(vm);
    if (AMB_UNLIKELY(h->then != NULL)) { /* asked for, and then not wanted */
        ambhost_finalize(vm, h->then);
        h->then = NULL;
        h->nthen_args = 0;
    }
    if (AMB_UNLIKELY(st != AMB_OK)) {
        if (st == AMB_E_NOMEM && vm->exc.tag == TAG_UNDEF && !vm->failed) vm->failed = st;
        if (vm->failed == AMB_OK && vm->exc.tag == TAG_UNDEF) raise_status(vm, name, st);
        return RUN_THROW;
    }
    vm->exc = ambv_undef();
    int rc = ambrun_deliver_result(vm, f, kind, dst, ret, v);
    if (vm->gc_wanted && rc == RUN_RESUME) ambrun_collect(vm);
    return rc;
}

static int wait_or_go(amb_vm *vm, ambv *f, enum frame_kind kind, uint32_t dst, const amb_instr *ret) {
    return vm->host->then ? call_instead(vm, f, kind, dst, ret)
                          : ambtask_suspend_result(vm, f, (uint8_t)kind, dst, ret);
}

int ambhost_call(amb_vm *vm, ambv *f, const amb_native_def *d, uint32_t n, enum frame_kind kind,
                 uint32_t dst, const amb_instr *ret) {
    const ambhostfn *fn = (const ambhostfn *)d;
    ambhost *h = vm->host;
    uint32_t receiver = d->flags & NATIVE_METHOD ? 1 : 0, all = d->max + receiver;
    if (all < n || d->flags & NATIVE_REST) all = n;
    amb_value few[FEW_ARGS], *args = few, out = {0, TAG_NIL};
    const ambv *in = f + 2;
    ambv goes_on = ambv_nil(); /* f[-1] of a call from above the frame, where calls from C will write */
    if (receiver && (in->tag != TAG_INSTANCE || !ambclass_is_a(ambinst_class(vm, in->inst), fn->home))) {
        amberr_raise(vm, AMB_ERR_TYPE, "%s is a method of %s: it cannot be called on %s", d->name,
                     fn->home->name->data, ambtype_name(vm, *in));
        return RUN_THROW;
    }
    if ((d->flags & NATIVE_REST) && n > receiver + 1u && in[n - 2].tag == TAG_UNDEF) {
        amberr_raise(vm, AMB_ERR_TYPE, "%s takes no arguments by name", d->name);
        return RUN_THROW;
    }
    if (all > FEW_ARGS && !(args = ambgc_malloc(vm, all * sizeof *args))) return RUN_THROW;
    uint32_t first = h->nnames, depth = ++h->depth;
    amb_status st = AMB_OK;
    if (AMB_LIKELY(in + n <= ambrun_frame_end(vm))) {
        /* Registers: they stay as they are, and so does the function, until it returns. */
        for (uint32_t i = 0; i < n; i++) {
            uint64_t tag = in[i].tag;
            args[i].payload = in[i].u;
            args[i].tag = AMB_LIKELY(ambhost_scalar(tag)) ? tag
                          : tag == TAG_UNDEF ? (uint64_t)TAG_NIL
                                             : tag | AMBHOST_ARG | (uint64_t)(in + i - vm->stack) << 32;
        }
    } else {
        amb_value self;
        if (kind == FRAME_HOST) st = ambhost_name(vm, goes_on = f[-1], &self);
        if (st == AMB_OK) st = ambhost_name(vm, ambv_obj(fn->self), &self);
        for (uint32_t i = 0; i < n && st == AMB_OK; i++)
            st = ambhost_out(vm, in[i].tag == TAG_UNDEF ? ambv_nil() : in[i], &args[i]);
    }
    for (uint32_t i = n; i < all; i++) args[i] = (amb_value){0, TAG_NIL};
    int rc = RUN_THROW;
    if (AMB_LIKELY(st == AMB_OK)) {
        uintptr_t outer = ambsample_enter(vm, ambsample_native(&ambsample_host));
        st = fn->fn(vm, fn->ud, args, n, &out);
        ambsample_enter(vm, outer);
        h->depth = depth;
        if (AMB_LIKELY(st == AMB_OK && ambhost_scalar(out.tag) && kind == FRAME_CALL && !h->asked && !vm->failed &&
                       !vm->gc_wanted)) {
            vm->exc.tag = TAG_UNDEF;
            f[0] = (ambv){.u = out.payload, .tag = out.tag};
            vm->pc = ret;
            rc = RUN_RESUME;
        } else {
            if (kind == FRAME_HOST) f[-1] = goes_on;
            rc = returned(vm, d->name, st, out, f, kind, dst, ret);
            if (rc == RUN_NEXT) rc = wait_or_go(vm, f, kind, dst, ret);
        }
    }
    leave_scope(h, first, depth - 1);
    if (AMB_UNLIKELY(args != few)) ambgc_free(vm, args, all * sizeof *args);
    return rc;
}

static void free_then(ambhostthen *t) {
    if (t->drop) t->drop(t->ud);
    free(t);
}

int ambhost_went_on(amb_vm *vm, ambv at, bool threw, ambv v) {
    ambhost *h = vm->host;
    amb_instance *o = at.inst;
    ambhostthen *t = then_host(o).p;
    ambinst_put(o, 0, ambv_nil()); /* from here on it is ours */
    ambv *f = vm->base + t->f;
    enum frame_kind kind = t->kind;
    uint32_t dst = t->dst;
    const amb_instr *ret = t->ret;
    int rc;
    if (!t->then) {
        rc = threw ? RUN_THROW : ambrun_deliver_result(vm, f, kind, dst, ret, v);
    } else {
        ambv error = vm->exc;
        amb_value in, out = {0, TAG_NIL};
        uint32_t first = h->nnames, depth = ++h->depth;
        vm->exc = ambv_undef();
        ambv goes_on = kind == FRAME_HOST ? f[-1] : ambv_nil(); /* as in ambhost_call */
        amb_value name;
        amb_status st = ambhost_out(vm, threw ? error : v, &in);
        if (st == AMB_OK) st = ambhost_out(vm, goes_on, &name);
        if (st == AMB_OK) st = t->then(vm, t->ud, threw ? AMB_E_THROW : AMB_OK, in, &out);
        h->depth = depth;
        if (kind == FRAME_HOST) f[-1] = goes_on;
        if (threw && st == AMB_E_THROW && vm->exc.tag == TAG_UNDEF && !vm->failed) vm->exc = error;
        rc = returned(vm, "a function called from the host", st, out, f, kind, dst, ret);
        if (rc == RUN_NEXT) {
            const ambhostthen *again = h->then ? then_host(h->then).p : NULL;
            if (again && again->ud && again->ud == t->ud && again->drop == t->drop) t->drop = NULL; /* handed on */
            rc = wait_or_go(vm, f, kind, dst, ret);
            free_then(t);
            leave_scope(h, first, depth - 1);
            return rc;
        }
        leave_scope(h, first, depth - 1);
    }
    free_then(t);
    if (rc == RUN_THROW && ret) vm->pc = ret - 1; /* inside the calling instruction */
    return rc;
}

/* ---- waiting ---- */

void ambhost_left(amb_vm *vm, amb_task *t) {
    ambhost *h = vm->host;
    ambhostwait *w = &h->waits[t->ticket - 1];
    void (*left)(void *ud) = w->left;
    void *ud = w->ud;
    w->generation++;
    w->task = NULL;
    w->next_free = h->free_wait;
    h->free_wait = t->ticket;
    h->waiting--;
    t->ticket = 0;
    if (left) left(ud);
}

/* ---- life ---- */

void ambhost_drop_native(amb_vm *vm, amb_native *n) {
    if (!(n->def->flags & NATIVE_HOST)) return;
    ambhostfn *f = (ambhostfn *)n->def;
    if (f->drop) f->drop(f->ud);
    ambgc_free(vm, f, sizeof *f);
}

void ambhost_finalize(amb_vm *vm, amb_instance *o) {
    ambv v = ambinst_get(o, 0);
    if (v.tag != TAG_INT) return; /* released */
    ambinst_put(o, 0, ambv_nil());
    /* Classes may be gone already when the whole heap goes; what they say of finalizing is not. */
    if (vm->host->then_id == o->h.aux32) {
        free_then(v.p);
        return;
    }
    for (ambhostclass *c = vm->host->classes; c; c = c->next)
        if (c->id == o->h.aux32) {
            if (c->finalize) c->finalize(v.p);
            return;
        }
}

void ambhost_mark(struct ambgc *gc, const ambhost *h) {
    for (uint32_t i = 0; i < h->nnames; i++) ambgc_mark_value(gc, h->names[i]);
    for (uint32_t i = 0; i < h->npins; i++) ambgc_mark_value(gc, h->pins[i]);
    for (uint32_t i = 0; i < h->nmodules; i++) ambgc_mark_obj(gc, h->modules[i]);
    ambgc_mark_value(gc, h->making);
    ambgc_mark_value(gc, h->result);
    ambgc_mark_obj(gc, h->then);
    for (uint32_t i = 0; i < h->nthen_args; i++) ambgc_mark_value(gc, h->then_args[i]);
    ambgc_mark_obj(gc, h->program);
}

amb_module *ambhost_module(const amb_vm *vm, const char *name, size_t len) {
    const ambhost *h = vm->host;
    for (uint32_t i = 0; i < h->nmodules; i++)
        if (h->modules[i]->name->len == len && !memcmp(h->modules[i]->name->data, name, len)) return h->modules[i];
    return NULL;
}

amb_status ambhost_setup(amb_vm *vm) {
    ambhost *h = ambgc_malloc(vm, sizeof *h);
    if (!h) return vm->failed;
    memset(h, 0, sizeof *h);
    h->making = h->result = ambv_nil();
    vm->host = h;
    return AMB_OK;
}

void ambhost_teardown(amb_vm *vm) {
    ambhost *h = vm->host;
    if (!h) return;
    ambgc_free(vm, h->names, h->names_cap * sizeof *h->names);
    ambgc_free(vm, h->pins, h->pins_cap * sizeof *h->pins);
    if (h->then_args) ambgc_free(vm, h->then_args, AMBHOST_THEN_ARGS * sizeof *h->then_args);
    ambgc_free(vm, h->waits, h->waits_cap * sizeof *h->waits);
    ambgc_free(vm, h->modules, h->modules_cap * sizeof *h->modules);
    while (h->classes) {
        ambhostclass *c = h->classes;
        h->classes = c->next;
        ambgc_free(vm, c, sizeof *c);
    }
    ambgc_free(vm, h, sizeof *h);
    vm->host = NULL;
}
