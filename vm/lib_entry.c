/* SPDX-License-Identifier: MIT */
/* What only the entry script can name besides its arguments: input and exit. */
#include "class.h"
#include "gate.h"

static amb_status entry_input(amb_vm *vm, ambv *args, uint32_t n, ambv *out) {
    const amb_string *prompt = NULL;
    if (n && args[0].tag != TAG_UNDEF && args[0].tag != TAG_NIL) {
        if (args[0].tag != TAG_STRING)
            return amberr_arg(vm, "input", "prompt", "a string", args[0]);
        prompt = args[0].str;
    }
    return ambgate_input(vm, prompt, out);
}

static amb_status entry_exit(amb_vm *vm, ambv *args, uint32_t n, ambv *out) {
    (void)out;
    ambv status = n && args[0].tag != TAG_UNDEF ? args[0] : ambv_int(0);
    if (status.tag != TAG_INT || status.u > 255)
        return amberr_arg(vm, "exit", "status", "an int from 0 to 255", status);
    amb_status st = amberr_raise(vm, AMB_ERR_EXIT, "exit");
    if (st == AMB_E_THROW) ambinst_put(vm->exc.inst, ERR_FIELDS, status);
    return st;
}

const amb_native_def amblib_entry[] = {
    {"input", entry_input, 0, 1, 0, "prompt", "input(prompt: string = nil) -> string?",
     "The next line of standard input without its end, nil when there is none.", NULL},
    {"exit", entry_exit, 0, 1, 0, "status", "exit(status: int = 0)",
     "Ends the program; `defer` and `finally` run.", NULL},
    {NULL, NULL, 0, 0, 0, NULL, NULL, NULL, NULL},
};
