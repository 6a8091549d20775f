/* SPDX-License-Identifier: MIT */
#ifndef AMB_VM_TASK_H
#define AMB_VM_TASK_H
#include "gate.h"

/* Whether nothing else could happen while the running task blocks the thread. */
bool ambtask_alone(amb_vm *vm);
/* The answer to a call is there and settled. */
void ambtask_answered(amb_vm *vm, ambpending *p);
/* A cancelled call was not answered in time: its task goes on without it. */
void ambtask_orphaned(amb_vm *vm, ambpending *p);
#endif
