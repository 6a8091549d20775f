/* SPDX-License-Identifier: MIT */
/* Calls that are answered later.
 *
 * A provider takes a ticket (pend) or a thread runs the operation; either way the call is copied
 * into an ambpending, which holds its arguments, keeps the values they point into alive, and stays
 * until it has been answered, whoever has lost interest meanwhile. Answers come from any
 * thread; they are settled on the home thread, in the order they came: rows are made, interposers
 * told, leases ended. Only then the task that waits is made ready.
 *
 * Nobody answers twice: a ticket is slot and generation, and an answered slot has the next one. */
#include <stdlib.h>
#include <string.h>

#include "gate.h"
#include "gc_internal.h"
#include "task.h"

static ambpending *inner(amb_call *c) { return (ambpending *)c; }

/* ---- the table ---- */

/* Slots of one size, so that they can be used again: operations have few arguments. */
#define ROOTS 18u
#define ARGS 18u

static ambpending *obtain(struct ambgate *g) {
    if (g->free_pending) {
        ambpending *p = g->pendings[g->free_pending - 1];
        g->free_pending = p->next_free;
        return p;
    }
    amb_vm *vm = g->vm;
    if (g->npendings == g->pendings_cap) {
        uint32_t cap = g->pendings_cap ? g->pendings_cap * 2 : 8;
        ambpending **all = ambgc_realloc(vm, g->pendings, g->pendings_cap * sizeof *all, cap * sizeof *all);
        if (!all) return NULL;
        /* Other threads look tickets up. */
        g->pendings = all;
        g->pendings_cap = cap;
    }
    size_t size = sizeof(ambpending) + ROOTS * sizeof(ambv) + ARGS * sizeof(amb_arg);
    ambpending *p = ambgc_malloc(vm, size);
    if (!p) return NULL;
    memset(p, 0, size);
    p->slot = g->npendings;
    p->generation = 1;
    p->args = (amb_arg *)(p->roots + ROOTS);
    g->pendings[g->npendings++] = p;
    return p;
}

static void run_again(amb_vm *vm, ambtimer *t);

static void grace_over(amb_vm *vm, ambtimer *t) {
    (void)vm;
    ambpending *p = (ambpending *)((char *)t - offsetof(ambpending, grace));
    ambtask_orphaned(p->call.vm, p);
}

ambpending *ambpending_take(ambcall *c) {
    amb_vm *vm = c->vm;
    struct ambgate *g = vm->gate;
    if (c->nargs > ARGS || c->nvalues + 2 > ROOTS) return NULL;
    pthread_mutex_lock(&g->lock);
    ambpending *p = obtain(g);
    if (p) p->state = PEND_FLIGHT;
    pthread_mutex_unlock(&g->lock);
    if (!p) return NULL;
    p->call = *c;
    p->call.kept = true;
    p->call.pending = p;
    p->call.args = p->args;
    c->blobs = NULL;
    c->nloans = 0;
    p->invoked = NULL;
    c->pending = p;
    p->orphan = p->asked = p->settled = p->retried = false;
    if (c->res) c->res->inflight++;
    p->task = NULL;
    p->done_next = NULL;
    p->grace.fire = grace_over;
    p->again.fire = run_again;
    if (c->nargs) memcpy(p->args, c->args, c->nargs * sizeof *p->args);
    p->nroots = 0;
    for (uint32_t i = 0; i < c->nvalues; i++) p->roots[p->nroots++] = c->values[i];
    if (c->new_cap) p->roots[p->nroots++] = ambv_obj(c->new_cap);
    p->row_prev = p->row_next = NULL;
    if (c->row) {
        ambrow *r = &g->rows[c->row];
        p->row_next = r->pending;
        if (r->pending) r->pending->row_prev = p;
        r->pending = p;
    }
    g->nflight++;
    return p;
}

static void unlink_row(ambpending *p) {
    struct ambgate *g = p->call.vm->gate;
    if (!p->call.row) return;
    if (p->row_prev) p->row_prev->row_next = p->row_next;
    else if (g->rows[p->call.row].pending == p) g->rows[p->call.row].pending = p->row_next;
    if (p->row_next) p->row_next->row_prev = p->row_prev;
    p->row_next = p->row_prev = NULL;
}

/* ---- tickets ---- */

amb_ticket ambpending_ticket(ambcall *c) {
    ambpending *p = c->kept ? c->pending : NULL;
    return p ? (amb_ticket)p->generation << 32 | p->slot : 0;
}

static ambpending *of_ticket(struct ambgate *g, amb_ticket t) {
    uint32_t slot = (uint32_t)t;
    ambpending *p = slot < g->npendings ? g->pendings[slot] : NULL;
    return p && p->generation == (uint32_t)(t >> 32) ? p : NULL;
}

amb_call *ambpending_open(struct ambgate *g, amb_ticket t) {
    pthread_mutex_lock(&g->lock);
    ambpending *p = of_ticket(g, t);
    if (p && p->state == PEND_FLIGHT && !p->orphan) p->state = PEND_OPEN;
    else {
        /* Nobody waits for what an orphan brings: it ends when its provider speaks up. */
        if (p && p->state == PEND_FLIGHT) {
            p->state = PEND_OPEN;
            pthread_mutex_unlock(&g->lock);
            ambpending_reply((amb_call *)p, AMB_E_CANCELED, NULL);
            pthread_mutex_lock(&g->lock);
        }
        p = NULL;
        g->late++;
    }
    pthread_mutex_unlock(&g->lock);
    return (amb_call *)p;
}

bool ambpending_canceled(struct ambgate *g, amb_ticket t) {
    pthread_mutex_lock(&g->lock);
    const ambpending *p = of_ticket(g, t);
    bool yes = !p || p->orphan || p->asked;
    pthread_mutex_unlock(&g->lock);
    return yes;
}

/* ---- answers ---- */

static void settle(ambpending *p) {
    ambcall *c = &p->call;
    amb_vm *vm = c->vm;
    struct ambgate *g = vm->gate;
    amb_status st = p->status;
    ambsched_disarm(vm, &p->grace);
    unlink_row(p);
    g->nflight--;
    /* What res_new noted elsewhere becomes a handle here. */
    if (c->made_type) {
        amb_arg ret;
        const amb_restype *type = c->made_type;
        void *res = c->made_res;
        c->made_type = NULL;
        c->settling = false;
        amb_status made = st != AMB_OK ? st
                                       : g->host.res_new((amb_call *)c, type->id, res, c->made_want,
                                                         c->made_label, &ret, NULL);
        free(c->made_label);
        c->made_label = NULL;
        if (made != AMB_OK) {
            if (type->close) type->close(c->prov->inst, res);
            if (st == AMB_OK) st = made;
        } else {
            c->ret = ret;
        }
    }
    for (uint32_t i = 0; i < c->nvalues && i < c->nleased; i++)
        ambmarshal_unlease(&p->roots[i], 1);
    if (AMB_UNLIKELY(g->wire)) st = p->status = ambwire_answer(c, st);
    ambstream_filled(p);
    ambres *res = c->res;
    if (res) res->refs++;
    p->status = ambgate_leave(c, st);
    p->settled = true;
    if (p->orphan) {
        if (p->status == AMB_OK && c->new_row) ambhandle_close(vm, c->new_row);
        /* A provider that made the call has lent its arguments until now. */
        p->status = AMB_E_STALE;
        if (p->invoked) ambloan_answered(p);
        else ambpending_end(p);
    } else {
        ambtask_answered(vm, p);
        if (p->invoked) ambloan_answered(p);
    }
    if (!res) return;
    ambstream_next_turn(vm, res);
    if (!res->inflight) ambtask_wake_all(vm, &res->turn);
    ambhandle_drop(vm, res);
}

static void settle_all(void *ud, uint32_t events) {
    (void)events;
    struct ambgate *g = ud;
    pthread_mutex_lock(&g->lock);
    ambpending *p = g->answered;
    g->answered = NULL;
    g->answered_end = &g->answered;
    g->answered_posted = false;
    pthread_mutex_unlock(&g->lock);
    while (p) {
        ambpending *next = p->done_next;
        settle(p);
        p = next;
    }
}

void ambpending_reply(amb_call *call, amb_status st, const amb_arg *ret) {
    ambpending *p = inner(call);
    struct ambgate *g = p->call.vm->gate;
    if (p->call.failed && st < 0) st = p->call.failed;
    p->call.ret = ret && st == AMB_OK ? *ret : (amb_arg){.type = AMB_T_NIL};
    pthread_mutex_lock(&g->lock);
    bool post = !g->answered_posted;
    p->state = PEND_ANSWERED;
    p->status = st > 0 ? AMB_E_NOSYS : st;
    p->generation++;
    p->done_next = NULL;
    *g->answered_end = p;
    g->answered_end = &p->done_next;
    g->answered_posted = true;
    pthread_mutex_unlock(&g->lock);
    /* One post for all that arrive until it runs. Without memory for it the next answer tries again. */
    if (post && ambsched_post(p->call.vm, settle_all, g) != AMB_OK) {
        pthread_mutex_lock(&g->lock);
        g->answered_posted = false;
        pthread_mutex_unlock(&g->lock);
    }
}

/* ---- on a thread ---- */

static void run_job(ambjob *j);

/* Nothing could be done: once more, later. */
static void run_again(amb_vm *vm, ambtimer *t) {
    ambpending *p = (ambpending *)((char *)t - offsetof(ambpending, again));
    p->call.args = p->args;
    p->asked |= vm->sched->stopping; /* no thread is left: it is answered by not being run */
    if (vm->sched->stopping || ambsched_job(vm, &p->job) != AMB_OK) run_job(&p->job);
}

static void wait_again(void *ud, uint32_t events) {
    (void)events;
    ambpending *p = ud;
    amb_vm *vm = p->call.vm;
    uint64_t ns = p->call.again;
    p->call.again = 0;
    if (p->orphan || p->asked || ambsched_arm(vm, &p->again, ambsched_now(vm) + ns) != AMB_OK) {
        p->asked = true;
        run_again(vm, &p->again);
    }
}

static void run_job(ambjob *j) {
    ambpending *p = (ambpending *)((char *)j - offsetof(ambpending, job));
    ambcall *c = &p->call;
    struct ambgate *g = c->vm->gate;
    amb_arg ret = {.type = AMB_T_NIL};
    amb_status st = AMB_E_CANCELED;
    pthread_mutex_lock(&g->lock);
    bool wanted = !p->orphan && !p->asked;
    p->state = PEND_OPEN;
    pthread_mutex_unlock(&g->lock);
    if (wanted)
        st = ambgate_enter(c, &ret);
    if (st == AMB_WOULD_BLOCK && c->again) {
        pthread_mutex_lock(&g->lock);
        p->state = PEND_FLIGHT;
        pthread_mutex_unlock(&g->lock);
        c->failed = AMB_OK;
        if (ambsched_post(c->vm, wait_again, p) == AMB_OK) return;
        st = AMB_E_NOMEM;
    }
    ambpending_reply((amb_call *)c, st, &ret);
}

amb_status ambpending_work(ambcall *c) {
    ambpending *p = ambpending_take(c);
    if (!p) return c->vm->failed ? c->vm->failed : AMB_E_NOMEM;
    p->call.worker = true;
    p->call.settling = true;
    p->job.run = run_job;
    if (c->helper) {
        ambloan_help(c->helper, &p->job);
        return AMB_PENDING;
    }
    amb_status st = ambsched_job(c->vm, &p->job);
    if (st == AMB_OK) return AMB_PENDING;
    /* No thread: here, then. */
    p->call.settling = false;
    run_job(&p->job);
    return AMB_PENDING;
}

/* ---- for those who wait ---- */

amb_status ambpending_wait(ambpending *p) {
    amb_vm *vm = p->call.vm;
    while (!p->settled) {
        amb_status st = vm->interrupt ? AMB_E_CANCELED : ambsched_turn(vm, true, UINT64_MAX);
        if (st != AMB_OK) {
            ambpending_abandon(p);
            return st;
        }
    }
    return AMB_OK;
}

void ambpending_end(ambpending *p) {
    struct ambgate *g = p->call.vm->gate;
    ambmarshal_free(&p->call);
    p->call.new_cap = NULL;
    p->nroots = 0;
    p->task = NULL;
    p->settled = false;
    pthread_mutex_lock(&g->lock);
    p->state = PEND_FREE;
    p->next_free = g->free_pending;
    g->free_pending = p->slot + 1;
    pthread_mutex_unlock(&g->lock);
}

void ambpending_ask_cancel(ambpending *p) {
    ambcall *c = &p->call;
    struct ambgate *g = c->vm->gate;
    pthread_mutex_lock(&g->lock);
    bool ask = p->state == PEND_FLIGHT && !p->asked;
    p->asked = true;
    amb_ticket t = (amb_ticket)p->generation << 32 | p->slot;
    pthread_mutex_unlock(&g->lock);
    /* A call that a thread runs looks at canceled(). */
    if (p->again.place) { /* it is not run again, and that at once */
        ambsched_disarm(c->vm, &p->again);
        run_again(c->vm, &p->again);
    }
    const amb_provider *prov = c->prov->p;
    if (ask && !c->worker && prov->size > offsetof(amb_provider, cancel) && prov->cancel)
        prov->cancel(c->prov->inst, t);
}

/* The script gets fresh storage where a buffer of its own is still being written. */
static void detach(ambpending *p) {
    for (uint32_t i = 0; i < p->call.nvalues && i < p->call.nleased; i++) {
        if (p->roots[i].tag != TAG_BYTES) continue;
        amb_bytes *b = p->roots[i].bytes, *keep = b->leased == 1 ? ambbytes_renew(p->call.vm, b) : NULL;
        if (!keep) continue; /* it stays lent until the answer */
        b->leased--;
        p->roots[i] = ambv_obj(keep);
    }
}

void ambpending_abandon(ambpending *p) {
    if (p->settled) {
        if (p->status == AMB_OK && p->call.new_row) ambhandle_close(p->call.vm, p->call.new_row);
        ambpending_end(p);
        return;
    }
    ambpending_ask_cancel(p);
    p->task = NULL;
    pthread_mutex_lock(&p->call.vm->gate->lock); /* a thread may be looking: canceled() */
    p->orphan = true;
    pthread_mutex_unlock(&p->call.vm->gate->lock);
    detach(p);
}

void ambpending_mark(struct ambgc *gc, struct ambgate *g) {
    for (uint32_t i = 0; i < g->npendings; i++) {
        /* Those that are free have no roots; what state they are in is other threads' to write. */
        const ambpending *p = g->pendings[i];
        for (uint32_t k = 0; k < p->nroots; k++) ambgc_mark_value(gc, p->roots[k]);
    }
}

amb_status ambpending_setup(amb_vm *vm) {
    pthread_mutex_init(&vm->gate->lock, NULL);
    vm->gate->answered_end = &vm->gate->answered;
    return AMB_OK;
}

void ambpending_teardown(amb_vm *vm) {
    struct ambgate *g = vm->gate;
    size_t size = sizeof(ambpending) + ROOTS * sizeof(ambv) + ARGS * sizeof(amb_arg);
    for (uint32_t i = 0; i < g->npendings; i++) {
        ambmarshal_free(&g->pendings[i]->call);
        ambgc_free(vm, g->pendings[i], size);
    }
    if (g->pendings) ambgc_free(vm, g->pendings, g->pendings_cap * sizeof *g->pendings);
    pthread_mutex_destroy(&g->lock);
}
