/* SPDX-License-Identifier: MIT */
/* The part of the embedding interface that needs no compiler. */
#ifndef AMB_VM_API_H
#define AMB_VM_API_H
#include "ambit/ambit.h"
#include "execute.h"
#include "value.h"

static inline ambv ambapi_in(amb_value v) { return (ambv){.u = v.payload, .tag = v.tag}; }
static inline amb_value ambapi_out(ambv v) { return (amb_value){v.u, v.tag}; }
#endif
