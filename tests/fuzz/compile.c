/* SPDX-License-Identifier: MIT */
/* Fuzz target: any bytes given to the compiler give diagnostics or a script, never a
 * crash. */
#include <stddef.h>
#include <stdint.h>

#include "ambit/ambit.h"

static void swallow(void *ud, const char *s, size_t n)
{
    *(size_t *)ud += n;
    (void)s;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* A machine serves some inputs: making one costs more than compiling a page. */
    static amb_vm *vm;
    static int served;
    amb_config c = {.size = sizeof c,
                    .heap_bytes = (size_t)256 << 20,
                    .stack_slots = 4000,
                    .seed = 1};
    amb_status why;
    amb_script *script;
    size_t said = 0;
    if (vm && ++served == 50) {
        amb_vm_free(vm);
        vm = NULL;
    }
    if (!vm) vm = amb_vm_new(&c, &why), served = 0;
    if (!vm) return 0;
    /* The first byte chooses how: as a script, for `check`, as a line of a read-eval
     * loop. */
    uint32_t flags = size ? data[0] & 3 : 0;
    if (size) data++, size--;
    amb_load(vm, "fuzz", (const char *)data, size, flags, swallow, &said, &script);
    amb_incomplete(vm, (const char *)data, size);
    return 0;
}
