/* SPDX-License-Identifier: MIT */
#include "task.h"

bool ambtask_alone(amb_vm *vm) {
    return !vm->sched->ntimers && !vm->gate->nflight;
}
void ambtask_answered(amb_vm *vm, ambpending *p) { (void)vm, (void)p; }
void ambtask_orphaned(amb_vm *vm, ambpending *p) { (void)vm, (void)p; }
