/* SPDX-License-Identifier: MIT */
/* Tuples: immutable rows of values, made here and filled by whoever made them. */
#include "vm.h"

amb_tuple *ambtuple_new(amb_vm *vm, uint32_t n) {
    if (n > AMB_LIST_MAX / 4) {
        amberr_raise(vm, AMB_ERR_LIMIT, "a tuple cannot have %u parts", n);
        return NULL;
    }
    amb_tuple *t = ambgc_new(vm, sizeof *t + (size_t)n * sizeof(ambv), TAG_TUPLE);
    if (!t) return NULL;
    t->h.aux32 = n;
    t->names = NULL;
    for (uint32_t i = 0; i < n; i++) t->vals[i] = ambv_nil();
    return t;
}

amb_tuple *ambtuple_pair(amb_vm *vm, ambv a, ambv b) {
    amb_tuple *t = ambgc_new(vm, sizeof *t + 2 * sizeof(ambv), TAG_TUPLE);
    if (!t) return NULL;
    t->h.aux32 = 2;
    t->names = NULL;
    t->vals[0] = a;
    t->vals[1] = b;
    return t;
}
