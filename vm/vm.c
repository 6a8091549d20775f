/* SPDX-License-Identifier: MIT */
/* The life of a VM. */
#include "vm_internal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "class.h"
#include "gate.h"
#include "host.h"
#include "remote.h"
#include "task.h"
#include "module.h"

#define STACK_SLOTS 1000000u

const char *const ambvm_operator_names[] = {"==", "<",  "<=", ">",  ">=", "!=",  "+",  "-",  "*",
                                            "/",  "//", "%",  "**", "&",  "|",   "^",  "~",  "<<",
                                            ">>", ">>>", "+%", "-%", "*%", "[]", "[]="};

static uint64_t system_seed(void) {
    uint64_t s = 0;
    if (getrandom(&s, sizeof s, GRND_NONBLOCK) != (ssize_t)sizeof s) {
        struct timespec t;
        clock_gettime(CLOCK_MONOTONIC, &t);
        s = (uint64_t)t.tv_nsec * 0x9e3779b97f4a7c15u ^ (uint64_t)t.tv_sec ^ (uint64_t)(uintptr_t)&s;
    }
    return s;
}

/* splitmix64: spreads one seed over the states that need one */
static uint64_t spread(uint64_t *x) {
    uint64_t z = (*x += 0x9e3779b97f4a7c15u);
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static amb_status symbols(amb_vm *vm) {
    static const char *const names[] = {
#define X(n) #n,
        AMB_SYMBOLS(X)
#undef X
    };
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
        vm->symbols[i] = ambstr_intern(vm, names[i], strlen(names[i]));
        if (!vm->symbols[i]) return vm->failed;
    }
    for (unsigned i = 0; i <= OPER_SETINDEX; i++) {
        const char *n = ambvm_operator_names[i];
        vm->symbols[SYM_OP_FIRST + i] = ambstr_intern(vm, n, strlen(n));
        if (!vm->symbols[SYM_OP_FIRST + i]) return vm->failed;
    }
    return AMB_OK;
}

amb_vm *ambvm_new(const ambvm_options *o, amb_status *why) {
    ambgc_alloc_fn alloc = o->alloc;
    amb_vm *vm = alloc ? alloc(o->alloc_ud, NULL, 0, sizeof *vm, 16) : malloc(sizeof *vm);
    if (!vm) {
        *why = AMB_E_NOMEM;
        return NULL;
    }
    memset(vm, 0, sizeof *vm);
    vm->limits = o->limits;
    uint64_t seed = o->seed ? o->seed : system_seed();
    vm->hash_seed = spread(&seed);
    for (int i = 0; i < 4; i++) vm->random_state[i] = spread(&seed);
    vm->exc = ambv_undef();
    vm->slice = vm->slice_size = 0;
    vm->stress = o->stress;
#ifdef AMB_STRESS
    vm->stress = true;
#endif
    amb_status st = ambgc_setup(vm, alloc, o->alloc_ud);
    if (st != AMB_OK) { /* without a collector there is nothing else to take down */
        if (alloc)
            alloc(o->alloc_ud, vm, sizeof *vm, 0, 16);
        else
            free(vm);
        *why = st;
        return NULL;
    }
    uint32_t slots = o->limits.stack_slots ? o->limits.stack_slots : STACK_SLOTS;
    if (slots < 2000) slots = 2000;
    vm->limits.stack_slots = slots;
    vm->stack = ambgc_malloc(vm, (slots + AMB_STACK_RESERVE) * sizeof(ambv));
    if (!vm->stack) {
        st = vm->failed;
        goto fail;
    }
    vm->stack_limit = vm->stack + slots;
    vm->base = vm->top = vm->stack + 3;
    vm->stack_end = vm->base + 64;
    for (ambv *v = vm->stack; v < vm->stack_end; v++) *v = ambv_nil();
    if ((st = ambstr_setup(vm)) != AMB_OK) goto fail;
    if ((st = symbols(vm)) != AMB_OK) goto fail;
    if ((st = ambclass_setup(vm)) != AMB_OK) goto fail;
    if ((st = ambmodules_setup(vm)) != AMB_OK) goto fail;
    if ((st = ambsched_setup(vm, o->reactor)) != AMB_OK) goto fail;
    if ((st = ambgate_setup(vm)) != AMB_OK) goto fail;
    if ((st = ambhost_setup(vm)) != AMB_OK) goto fail;
    return vm;
fail:
    *why = st;
    ambvm_free(vm);
    return NULL;
}

void ambvm_free(amb_vm *vm) {
    if (!vm) return;
    ambgc_alloc_fn alloc = NULL;
    void *ud = NULL;
    if (vm->gc) {
        alloc = vm->gc->alloc;
        ud = vm->gc->alloc_ud;
        ambremote_detach(vm);
        if (vm->sched && vm->host) ambtask_end_all(vm);
        while (vm->at_free) {
            struct ambatfree *a = vm->at_free;
            vm->at_free = a->next;
            a->fn(vm, a->ud);
            ambgc_free(vm, a, sizeof *a);
        }
        if (vm->free_compiler) vm->free_compiler(vm, vm->compiler);
        if (vm->gate) ambgate_teardown(vm);
        ambsched_teardown(vm);
        ambmodules_teardown(vm);
        ambmembers_teardown(vm);
        ambstr_teardown(vm);
        ambgc_free(vm, vm->classes, vm->classes_cap * sizeof *vm->classes);
        ambgc_free(vm, vm->pins, vm->pins_cap * sizeof *vm->pins);
        if (vm->stack)
            ambgc_free(vm, vm->stack, (vm->limits.stack_slots + AMB_STACK_RESERVE) * sizeof(ambv));
        ambgc_finalize_all(vm);
        ambhost_teardown(vm);
        ambgc_teardown(vm);
    }
    if (alloc) alloc(ud, vm, sizeof *vm, 0, 16);
    else free(vm);
}

bool ambvm_overdue(amb_vm *vm) {
    if (!vm->c_depth || vm->failed) return false;
    bool late = vm->limits.deadline_ns && ambvm_now_ns() >= vm->limits.deadline_ns;
    if (!late && !vm->interrupt) return false;
    vm->failed = AMB_E_LIMIT;
    vm->limit_text = vm->interrupt ? "interrupt" : "deadline";
    return true;
}

void *ambvm_compiler_memory(void *ud, void *p, size_t old_size, size_t new_size, size_t align) {
    (void)align;
    amb_vm *vm = ud;
    if (new_size == 0) {
        ambgc_free(vm, p, old_size);
        return NULL;
    }
    return ambgc_realloc(vm, p, old_size, new_size);
}

amb_status ambvm_write(amb_vm *vm, int fd, const char *s, size_t n) {
    if (!vm->output || n == 0) return AMB_OK;
    vm->no_gc++; /* s may be a string's text, whatever the host does meanwhile */
    amb_status st = vm->output(vm->output_ud, fd, s, n);
    vm->no_gc--;
    if (st == AMB_OK) return AMB_OK;
    if (st == AMB_E_EOF) { /* nobody reads any more: the program ends quietly */
        vm->failed = AMB_E_EOF;
        vm->limit_text = "output";
        return AMB_E_EOF;
    }
    return amberr_io(vm, "io", 0, NULL, "the output cannot be written");
}

amb_status ambvm_pin(amb_vm *vm, ambv v) {
    if (vm->npins == vm->pins_cap) {
        uint32_t cap = vm->pins_cap ? vm->pins_cap * 2 : 16;
        ambv *p = ambgc_realloc(vm, vm->pins, vm->pins_cap * sizeof *p, cap * sizeof *p);
        if (!p) return vm->failed;
        vm->pins = p;
        vm->pins_cap = cap;
    }
    vm->pins[vm->npins++] = v;
    return AMB_OK;
}
