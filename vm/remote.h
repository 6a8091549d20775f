/* SPDX-License-Identifier: MIT */
/* A VM as other threads and signal handlers hold it: counted, and empty once the VM is gone. */
#ifndef AMB_VM_REMOTE_H
#define AMB_VM_REMOTE_H
#include "ambit/native.h"

/* From here on those who hold one reach nothing; waits for those who are at it. */
void ambremote_detach(amb_vm *vm);
#endif
