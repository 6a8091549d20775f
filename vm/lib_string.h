/* SPDX-License-Identifier: MIT */
/* String work that other natives share. */
#ifndef AMB_VM_LIB_STRING_H
#define AMB_VM_LIB_STRING_H
#include "lib.h"

const char *amblib_find(const char *s, size_t n, const char *what, size_t m);
/* s * count; a negative count gives "". */
amb_status amblib_repeat_string(amb_vm *vm, amb_string *s, int64_t count, ambv *out);
/* The text without ASCII white space around it. */
void amblib_trimmed(const amb_string *s, const char **p, size_t *n);
amb_status amblib_want_base(amb_vm *vm, const char *what, ambv v, unsigned *base);
#endif
