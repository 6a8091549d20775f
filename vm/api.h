/* SPDX-License-Identifier: MIT */
/* What the files of the embedding interface share. */
#ifndef AMB_VM_API_H
#define AMB_VM_API_H
#include "ambit/ambit.h"
#include "execute.h"
#include "value.h"
#endif
