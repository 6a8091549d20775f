/* SPDX-License-Identifier: MIT */
/* Making VMs and running entry scripts: what the compiler's side of the embedding interface needs. */
#ifndef AMB_VM_EXECUTE_H
#define AMB_VM_EXECUTE_H
#include <stdbool.h>

#include "ambit/ambit.h"

struct amb_module;

/* Runs m's top level with these inputs; see amb_run. pumped: until it waits; see amb_start. *result: what
 * the top level gave. */
amb_status ambexecute_module(amb_vm *vm, struct amb_module *m, amb_value args, const amb_value *caps,
                             bool pumped, int *exit_status, amb_value *result);
amb_status ambexecute_pump(amb_vm *vm, uint64_t wait_ns, int *exit_status, amb_value *result);
/* How the VM makes its reactor when the host has given none. */
void ambapi_set_reactor(amb_vm *vm, struct amb_reactor *(*make)(void));
/* A VM from the public configuration, without a compiler installed. */
amb_vm *ambapi_new(const amb_config *config, amb_status *why);
#endif
