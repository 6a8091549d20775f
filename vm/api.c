/* SPDX-License-Identifier: MIT */
/* The embedding interface: machines. Values and functions are in api_value.c and api_native.c, loading and
 * running are the compiler's. */
#include "api.h"

#include <string.h>
#include <unistd.h>

#include "execute.h"
#include "gate.h"
#include "host.h"
#include "task.h"
#include "vm_internal.h"

/* ---- machines ---- */

static amb_status plain_output(void *ud, int fd, const char *s, size_t n) {
    (void)ud;
    while (s && n) {
        ssize_t k = write(fd, s, n);
        if (k < 0) return AMB_E_IO;
        s += k;
        n -= (size_t)k;
    }
    return AMB_OK;
}

amb_vm *ambapi_new(const amb_config *given, amb_status *why) {
    amb_config c = {0};
    amb_status ignored;
    if (!why) why = &ignored;
    if (given) memcpy(&c, given, given->size < sizeof c ? given->size : sizeof c);
    if (!c.heap_bytes) c.heap_bytes = AMB_HEAP_DEFAULT;
    if (c.heap_bytes == AMB_NO_LIMIT) c.heap_bytes = 0;
    ambvm_options o = {
        .alloc = c.alloc,
        .alloc_ud = c.alloc_ud,
        .limits = {.heap_bytes = c.heap_bytes,
                   .fuel = c.fuel,
                   .stack_slots = c.stack_slots,
                   .handles = c.handles,
                   .tasks = c.tasks},
        .seed = c.seed,
        .stress = c.stress != 0,
        .reactor = c.reactor,
    };
    /* The stack counts towards the limit: an eighth of it, unless the host says
     * otherwise. */
    if (!o.limits.stack_slots && c.heap_bytes &&
        c.heap_bytes / 8 / sizeof(ambv) < 1000000)
        o.limits.stack_slots = (uint32_t)(c.heap_bytes / 8 / sizeof(ambv));
    amb_vm *vm = ambvm_new(&o, why);
    if (!vm) return NULL;
    vm->gate->wire = c.wire != 0;
    vm->gate->chaos = c.chaos;
    vm->gate->chaos_fails = c.chaos_fails;
    vm->timeout_ns = c.timeout_ns;
    vm->tracked = c.sampled != 0;
    vm->output = c.output ? c.output : plain_output;
    vm->output_ud = c.output_ud;
    return vm;
}

void ambapi_set_reactor(amb_vm *vm, struct amb_reactor *(*make)(void)) { vm->sched->make = make; }

void amb_vm_free(amb_vm *vm) { ambvm_free(vm); }

void amb_set_fuel(amb_vm *vm, uint64_t fuel) { vm->limits.fuel = fuel; }
void amb_set_timeout(amb_vm *vm, uint64_t ns) { vm->timeout_ns = ns; }
uint64_t amb_fuel_used(const amb_vm *vm) { return ambtask_fuel_used(vm); }

void amb_gc_collect(amb_vm *vm) {
    if (vm->c_depth || vm->no_gc) return;
    vm->top = vm->base;
    ambgc_collect(vm, true);
}

void amb_cancel(amb_vm *vm) {
    atomic_store(&vm->sched->cancel_root, true);
    ambsched_wake(vm);
}

void amb_interrupt(amb_vm *vm) {
    vm->interrupt = 1;
    ambsched_wake(vm);
}

int amb_poll_fd(amb_vm *vm) {
    const amb_reactor *r = ambsched_reactor(vm);
    return r && r->poll_fd ? r->poll_fd(r->state) : -1;
}

uint64_t amb_next_deadline(amb_vm *vm) {
    const struct ambsched *s = vm->sched;
    if (s->ready.first || atomic_load(&s->wanted)) return 0;
    if (!s->ntimers) return UINT64_MAX;
    uint64_t now = ambsched_now(vm), at = s->heap[1]->at;
    return at > now ? at - now : 0;
}
