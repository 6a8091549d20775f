/* SPDX-License-Identifier: MIT */
/* What the gate's check alone costs: is the handle live, does the operation exist, do the rights cover it, is
 * the gate open, is the quota kept. Everything a call does besides is measured by native.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "api.h"
#include "gate.h"
#include "host.h"

enum { CALLS = 20000000, ROUNDS = 7 };

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

int main(void)
{
    amb_vm *vm = amb_vm_new(NULL, NULL);
    amb_value made, text;
    if (vm) amb_scope_open(vm);
    if (!vm || amb_provider_add(vm, &amb_provider_clock) ||
        amb_grant(vm, "clock", "clock", NULL, 0, NULL, 0, &made, NULL) ||
        amb_string_new(vm, "monotonic_ns", 12, &text)) {
        fprintf(stderr, "gate: cannot be set up\n");
        return 1;
    }
    ambv cap = ambhost_value(vm, made);
    const amb_string *name = ambhost_value(vm, text).str;
    double least = 1e18, loop = 1e18;
    uint64_t good = 0;
    for (int k = 0; k < ROUNDS; k++) {
        double t0 = now();
        for (int i = 0; i < CALLS; i++) {
            ambrow *r;
            if (ambhandle_row(vm, cap, &r) != AMB_OK) return 1;
            const amb_op *op = ambgate_op(vm->gate, r->res->prov, r->res->type, name->data, name->len);
            good += op && ambgate_allowed(vm, r, op, "monotonic_ns") == AMB_OK;
        }
        double t1 = now();
        for (volatile int i = 0; i < CALLS; i++) { }
        double t2 = now();
        if (t1 - t0 < least) least = t1 - t0;
        if (t2 - t1 < loop) loop = t2 - t1;
    }
    if (good != (uint64_t)CALLS * ROUNDS) return 1;
    printf("The gate's check alone: %.1f ns (an empty loop step: %.1f ns); target ≤ 10 ns: %s\n", least / CALLS,
           loop / CALLS, least / CALLS <= 10 ? "met" : "**missed**");
    amb_vm_free(vm);
    return 0;
}
