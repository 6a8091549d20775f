/* SPDX-License-Identifier: MIT */
/* A VM as other threads and signal handlers hold it. */
#include "remote.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "host.h"
#include "scheduler.h"

/* Nobody takes a lock, as a signal may arrive anywhere: whoever uses the VM counts itself in first, and
 * the VM goes only when nobody is in. */
struct amb_remote {
    atomic_uint holders; /* the VM is one */
    atomic_uint inside;
    _Atomic(amb_vm *) vm; /* NULL: it is gone */
};

static amb_vm *enter(amb_remote *r) {
    atomic_fetch_add(&r->inside, 1);
    return atomic_load(&r->vm);
}

static void leave(amb_remote *r) { atomic_fetch_sub(&r->inside, 1); }

amb_remote *amb_remote_new(amb_vm *vm) {
    amb_remote *r = vm->host->remote;
    if (!r) {
        r = malloc(sizeof *r); /* not the VM's memory: it may outlive it */
        if (!r) return NULL;
        atomic_init(&r->holders, 1);
        atomic_init(&r->inside, 0);
        atomic_init(&r->vm, vm);
        vm->host->remote = r;
    }
    atomic_fetch_add(&r->holders, 1);
    return r;
}

void amb_remote_free(amb_remote *r) {
    if (r && atomic_fetch_sub(&r->holders, 1) == 1) free(r);
}

void ambremote_detach(amb_vm *vm) {
    amb_remote *r = vm->host ? vm->host->remote : NULL;
    if (!r) return;
    atomic_store(&r->vm, NULL);
    while (atomic_load(&r->inside)) sched_yield();
    vm->host->remote = NULL;
    amb_remote_free(r);
}

void amb_remote_interrupt(amb_remote *r) {
    amb_vm *vm = enter(r);
    if (vm) amb_interrupt(vm);
    leave(r);
}

void amb_remote_cancel(amb_remote *r) {
    amb_vm *vm = enter(r);
    if (vm) amb_cancel(vm);
    leave(r);
}

/* ---- functions to be called on the VM's thread ---- */

typedef struct post {
    amb_vm *vm;
    void (*fn)(amb_vm *vm, void *ud);
    void *ud;
    void (*drop)(void *ud);
} post;

static void run(void *ud, uint32_t events) {
    post *p = ud;
    ambhost *h = p->vm->host;
    (void)events;
    if (h && h->remote) { /* else the VM is being freed */
        amb_scope s = amb_scope_open(p->vm);
        bool outer = h->posted;
        h->posted = true;
        p->vm->no_gc++; /* called from places of many kinds */
        ambv exc = p->vm->exc;
        amb_status failed = p->vm->failed;
        p->fn(p->vm, p->ud);
        p->vm->exc = exc; /* what failed in it was for it to hear */
        p->vm->failed = failed;
        p->vm->no_gc--;
        h->posted = outer;
        h->depth = s.depth - 1;
        h->nnames = s.first;
    }
    if (p->drop) p->drop(p->ud);
    free(p);
}

amb_status amb_remote_post(amb_remote *r, void (*fn)(amb_vm *vm, void *ud), void *ud, void (*drop)(void *ud)) {
    post *p = malloc(sizeof *p);
    if (!p) return AMB_E_NOMEM;
    amb_vm *vm = enter(r);
    *p = (post){vm, fn, ud, drop};
    amb_status st = vm ? ambsched_post(vm, run, p) : AMB_E_STALE;
    leave(r);
    if (st != AMB_OK) free(p);
    return st;
}
