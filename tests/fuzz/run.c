/* SPDX-License-Identifier: MIT */
/* Fuzz target: compiles and runs any bytes with limits on memory, fuel and stack. */
#include <stddef.h>
#include <stdint.h>

#include "ambit/ambit.h"

static void swallow(void *ud, const char *s, size_t n)
{
    *(size_t *)ud += n;
    (void)s;
}

static amb_status discard(void *ud, int fd, const char *s, size_t n)
{
    (void)ud, (void)fd, (void)s, (void)n;
    return AMB_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* Tasks that sleep cost no time. */
    amb_reactor *reactor = amb_reactor_virtual_new(0);
    if (!reactor) return 0;
    amb_config c = {.size = sizeof c,
                    .heap_bytes = (size_t)32 << 20,
                    .fuel = 200000,
                    .timeout_ns = 500000000,
                    .stack_slots = 20000,
                    .seed = 1,
                    .output = discard,
                    .reactor = reactor};
    amb_status why;
    amb_vm *vm = amb_vm_new(&c, &why);
    amb_script *script;
    size_t said = 0;
    if (!vm) {
        reactor->free(reactor->state);
        return 0;
    }
    if (amb_load(vm, "fuzz", (const char *)data, size, 0, swallow, &said, &script) ==
        AMB_OK) {
        const amb_manifest *m = amb_script_manifest(script);
        amb_value caps[16];
        int status;
        for (int i = 0; i < 16; i++) caps[i] = amb_nil();
        if (m->nuses <= 16) {
            amb_status st = amb_run(vm, script, amb_nil(), caps, &status);
            if (st != AMB_OK) amb_error_report(vm, 0, swallow, &said);
        }
    }
    amb_vm_free(vm);
    reactor->free(reactor->state);
    return 0;
}
