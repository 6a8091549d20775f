/* SPDX-License-Identifier: MIT */
/* Arithmetic that the number methods, the prelude and math share. */
#ifndef AMB_VM_LIB_NUMBER_H
#define AMB_VM_LIB_NUMBER_H
#include "lib.h"

/* v, x: numbers. */
amb_status amblib_abs(amb_vm *vm, ambv v, ambv *out);
amb_status amblib_round(amb_vm *vm, ambv v, ambv digits, ambv *out);
amb_status amblib_clamp(amb_vm *vm, ambv x, ambv lo, ambv hi, ambv *out);
/* d as an int; ValueError for nan and inf, OverflowError when it does not fit. original:
 * for the message. */
amb_status amblib_float_to_int(amb_vm *vm, const char *what, double original, double d,
                               ambv *out);
int64_t amblib_gcd(uint64_t a, uint64_t b);
#endif
