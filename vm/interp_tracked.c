/* SPDX-License-Identifier: MIT */
/* The interpreter loop of a VM that is being profiled. */
#define AMB_TRACKED
#include "interp.c"
