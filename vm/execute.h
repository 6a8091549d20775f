/* SPDX-License-Identifier: MIT */
/* Making VMs and running entry scripts: what the compiler's side of the embedding interface needs. */
#ifndef AMB_VM_EXECUTE_H
#define AMB_VM_EXECUTE_H
#include "ambit/ambit.h"

struct amb_module;

/* Runs m's top level with these inputs; see amb_run. *result: what the top level gave. */
amb_status ambexecute_module(amb_vm *vm, struct amb_module *m, amb_value args, const amb_value *caps,
                             int *exit_status, amb_value *result);
/* A VM from the public configuration, without a compiler installed. */
amb_vm *ambapi_new(const amb_config *config, amb_status *why);
#endif
