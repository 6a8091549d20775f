/* SPDX-License-Identifier: MIT */
/* Making VMs and running entry scripts: what the compiler's side of the embedding interface needs. */
#ifndef AMB_VM_EXECUTE_H
#define AMB_VM_EXECUTE_H
#include <stdbool.h>

#include "ambit/ambit.h"

struct amb_module;

/* Runs m's top level with these inputs; see amb_run. pumped: until it waits; see amb_start. */
amb_status ambexecute_module(amb_vm *vm, struct amb_module *m, amb_value args, const amb_value *caps,
                             bool pumped, int *exit_status);
/* See amb_script_result and amb_script_get. */
amb_status ambexecute_result(amb_vm *vm, const struct amb_module *m, amb_value *out);
amb_status ambexecute_global(amb_vm *vm, const struct amb_module *m, const char *name, amb_value *out);
/* Collects what a program that was ended by a limit has left, if that has not been done. */
void ambexecute_tidy(amb_vm *vm);
/* What m gives is a value of the host's, no exit status. */
void ambexecute_gives_value(struct amb_module *m);
/* m is no longer kept alive by the VM. */
void ambexecute_forget(amb_vm *vm, struct amb_module *m);
/* How the VM makes its reactor when the host has given none. */
void ambapi_set_reactor(amb_vm *vm, struct amb_reactor *(*make)(void));
/* A VM from the public configuration, without a compiler installed. */
amb_vm *ambapi_new(const amb_config *config, amb_status *why);
#endif
