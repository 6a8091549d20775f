/* SPDX-License-Identifier: MIT */
/* What hosts hold of a VM: names of values, functions and classes of theirs, calls they will answer.
 *
 * A host never holds a bare pointer that is trusted. The amb_value of an object carries where it stands in
 * a table, of the open scopes or of pins, and is good only if that place still holds this very
 * object. So every amb_value that comes in is checked with two compares, and the tables are what keeps objects
 * alive: a collection may run in any call from a host, unless C code beneath it holds pointers
 * (vm->no_gc). */
#ifndef AMB_VM_HOST_H
#define AMB_VM_HOST_H
#include "ambit/native.h"
#include "run.h"

/* A native function of a host. The def comes first: a host's natives are told by its flag. */
typedef struct ambhostfn {
    amb_native_def def; /* fn NULL, flags NATIVE_HOST */
    amb_native_fn fn;
    void *ud;
    amb_native *self;   /* the value; weak */
    amb_class *home;    /* members: of the class; NULL: none */
    void (*drop)(void *ud);
    char usage[120];
} ambhostfn;

/* What a class's instances need; lives as long as the VM. */
typedef struct ambhostclass {
    uint32_t id;
    void (*finalize)(void *host);
    struct ambhostclass *next;
} ambhostclass;

typedef struct ambhostwait {
    uint32_t generation, next_free;
    amb_task *task; /* that waits; NULL: free */
    void (*left)(void *ud);
    void *ud;
} ambhostwait;

/* The place of a call whose function calls another in its stead. */
typedef struct ambhostthen {
    amb_then_fn then;
    void *ud;
    void (*drop)(void *ud);
    /* where the result goes */
    ptrdiff_t f; /* from vm->base */
    enum frame_kind kind;
    uint32_t dst;
    const amb_instr *ret;
} ambhostthen;

#define AMBHOST_THEN_ARGS 256u
typedef struct ambhost {
    ambv *names; /* of all open scopes */
    uint32_t nnames, names_cap, depth;
    ambv *pins;
    uint32_t npins, pins_cap, free_pin; /* place + 1 */
    ambhostwait *waits;
    uint32_t waits_cap, free_wait, waiting;
    ambhostclass *classes;
    amb_module **modules;
    uint32_t nmodules, modules_cap;
    uint32_t then_id;      /* of the class whose instances stand for an ambhostthen; 0: not made yet */
    bool asked;            /* the native function that runs has asked to wait, or for a call in its place */
    amb_instance *then;    /* that call */
    ambv *then_args;       /* its function and arguments: room for AMBHOST_THEN_ARGS; NULL: never asked for */
    uint32_t nthen_args;
    amb_module *program;   /* whose run is under way; NULL: a function's */
    ambv making;           /* a value that is about to get a name */
    ambv result;           /* of the last run */
    amb_status failed;     /* the limit that ended the last call from outside */
    bool litter;           /* a limit has ended the last run: what it left has not been collected */
    bool posted;           /* a function of amb_remote_post runs: no scripts */
    struct amb_remote *remote; /* NULL: nobody has asked for one */
} ambhost;

amb_status ambhost_setup(amb_vm *vm);
void ambhost_teardown(amb_vm *vm);
void ambhost_mark(struct ambgc *gc, const ambhost *h);

/* ---- values ---- */
#define AMBHOST_PIN 0x100u
/* An argument of the call under way: the place is a register of the frame that calls. What was there before a
 * collection and is no register any more has been cleared by it. */
#define AMBHOST_ARG 0x200u

static inline bool ambhost_scalar(uint64_t tag) { return tag <= TAG_DONE; }
AMB_COLD amb_status ambhost_stray(amb_vm *vm);
AMB_COLD amb_status ambhost_no_scope(amb_vm *vm);
/* What a name stands for; false: it is none. */
static inline bool ambhost_named(const amb_vm *vm, amb_value v, ambv *out) {
    const ambhost *h = vm->host;
    uint64_t tag = v.tag & 0xff;
    uint32_t at = (uint32_t)(v.tag >> 32);
    const ambv *table = h->names;
    uint32_t n = h->nnames;
    if (v.tag & (AMBHOST_PIN | AMBHOST_ARG)) {
        bool pin = v.tag & AMBHOST_PIN;
        table = pin ? h->pins : vm->stack;
        n = pin ? h->npins : (uint32_t)(vm->stack_end - vm->stack);
    }
    if (AMB_UNLIKELY(at >= n || table[at].u != v.payload || table[at].tag != tag || tag < TAG_HEAP)) return false;
    *out = table[at];
    return true;
}
/* A value that comes from a host. AMB_E_SCOPE: it is none. */
static inline amb_status ambhost_in(amb_vm *vm, amb_value v, ambv *out) {
    if (AMB_LIKELY(ambhost_scalar(v.tag))) {
        *out = (ambv){.u = v.payload, .tag = v.tag};
        return AMB_OK;
    }
    if (AMB_LIKELY(ambhost_named(vm, v, out))) return AMB_OK;
    *out = ambv_undef();
    return ambhost_stray(vm);
}
AMB_COLD amb_status ambhost_name_slowly(amb_vm *vm, ambv v, amb_value *out);
static inline amb_status ambhost_name(amb_vm *vm, ambv v, amb_value *out) {
    ambhost *h = vm->host;
    if (AMB_UNLIKELY(!h->depth || h->nnames == h->names_cap)) return ambhost_name_slowly(vm, v, out);
    h->names[h->nnames] = v;
    *out = (amb_value){v.u, v.tag | (uint64_t)h->nnames++ << 32};
    return AMB_OK;
}
/* A value that goes to a host: it gets a name in the innermost scope. */
static inline amb_status ambhost_out(amb_vm *vm, ambv v, amb_value *out) {
    if (AMB_LIKELY(ambhost_scalar(v.tag))) {
        *out = (amb_value){v.u, v.tag};
        return AMB_OK;
    }
    return ambhost_name(vm, v, out);
}

/* For tests and the like: what a good name stands for. */
static inline ambv ambhost_value(const amb_vm *vm, amb_value v) {
    ambv out = {.u = v.payload, .tag = v.tag};
    if (!ambhost_scalar(v.tag) && !ambhost_named(vm, v, &out)) return ambv_undef();
    return out;
}

/* After a failed allocation: true once, when there may be room now. tries: 0 at first. */
bool ambhost_room(amb_vm *vm, int *tries);
/* to = make, which gives NULL (or, for AMBHOST_DO, a status that is not AMB_OK) when there is no memory: once more after a
 * collection. What it gave is for the caller to look at. */
#define AMBHOST_MAKE(vm, to, make)                      \
    do {                                                \
        int tries_ = 0;                                 \
        do to = (make);                                 \
        while (!to && ambhost_room(vm, &tries_));       \
    } while (0)
#define AMBHOST_DO(vm, st, do_it)                             \
    do {                                                      \
        int tries_ = 0;                                       \
        do st = (do_it);                                      \
        while (st != AMB_OK && ambhost_room(vm, &tries_));    \
    } while (0)
/* At the start of what may allocate for long: collects when it is time. */
static inline void ambhost_safepoint(amb_vm *vm) {
    if (AMB_UNLIKELY(vm->gc_wanted) && !vm->no_gc) ambrun_collect(vm);
}
/* What a failed call gives to a host: st, or what was recorded. Outside of scripts nothing stays recorded but
 * vm->exc. */
amb_status ambhost_failed(amb_vm *vm, amb_status st);

/* A call that is wrong in itself: leaves an error of that kind to be asked for and gives st, or the status of there being no
 * memory for it. */
AMB_COLD amb_status ambhost_wrong(amb_vm *vm, amb_status st, enum amb_error_kind kind, const char *fmt, ...)
    AMB_PRINTF(4, 5);

/* ---- calls ---- */
/* Like ambrun_call_native, for a NATIVE_HOST. */
int ambhost_call(amb_vm *vm, ambv *f, const amb_native_def *d, uint32_t n, enum frame_kind kind,
                 uint32_t dst, const amb_instr *ret);
/* The frame of an amb_call_then was left with v, or by vm->exc; `at` is what it kept below. Gives what a
 * call gives, for the call that it stood for. */
int ambhost_went_on(amb_vm *vm, ambv at, bool threw, ambv v);
/* Before what may run a script's methods (==, str) though no run is under way: they get the fuel and time of one. True:
 * ambhost_give_back ends it. */
bool ambhost_borrow(amb_vm *vm);
void ambhost_give_back(amb_vm *vm);
/* A run begins: nothing of the last one counts any more. */
void ambhost_begin(amb_vm *vm);
/* It has ended with st: tells limits from errors, and forgets what only the run needed. */
amb_status ambhost_end(amb_vm *vm, amb_status st);
void ambhost_drop_native(amb_vm *vm, amb_native *n);
void ambhost_finalize(amb_vm *vm, amb_instance *o);
/* t does not wait any more for what it has a ticket for. */
void ambhost_left(amb_vm *vm, amb_task *t);
amb_module *ambhost_module(const amb_vm *vm, const char *name, size_t len);
#endif
