/* SPDX-License-Identifier: MIT */
/* Making and freeing a VM: for the embedding API and unit tests. */
#ifndef AMB_VM_VM_INTERNAL_H
#define AMB_VM_VM_INTERNAL_H
#include "gc_internal.h"
#include "vm.h"

typedef struct ambvm_options {
    ambgc_alloc_fn alloc; /* NULL: the C library's */
    void *alloc_ud;
    amb_limits limits;
    uint64_t seed; /* 0: from the system */
    bool stress;
    const struct amb_reactor *reactor; /* NULL: the library's */
} ambvm_options;

/* NULL: *why tells. */
amb_vm *ambvm_new(const ambvm_options *o, amb_status *why);
void ambvm_free(amb_vm *vm);
/* Keeps v alive until it is taken off vm->pins again. */
amb_status ambvm_pin(amb_vm *vm, ambv v);
/* What an uncaught error shows: message, excerpt, trace, cause, notes. Never fails. */
typedef void (*ambreport_write)(void *ud, const char *s, size_t n);
void ambreport_error(amb_vm *vm, ambv error, bool colour, ambreport_write write, void *ud);
/* The trace of an error as list of strings "name (module:line)"; NULL: no memory. */
amb_list *ambreport_trace(amb_vm *vm, amb_instance *e);
#endif
