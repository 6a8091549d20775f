/* SPDX-License-Identifier: MIT */
/* What the files about text share beyond types.h. */
#ifndef AMB_VM_TEXT_H
#define AMB_VM_TEXT_H
#include "types.h"

/* The string as a literal in double quotes. */
void ambtext_quote(ambbuf *b, const char *s, size_t n);
/* Room for n more bytes; NULL (sticky) when there is no memory. The caller adds to len
 * itself. */
char *ambbuf_room(ambbuf *b, size_t n);
/* The status a failed buffer stands for. */
amb_status ambbuf_status(const ambbuf *b);
/* Appends v formatted by the spec (ambtext_format into a buffer). */
amb_status ambformat_append(ambbuf *b, ambv v, const char *spec, size_t n);
/* The declared name of a function, or the empty string. */
amb_string *ambtext_closure_name(const amb_vm *vm, const amb_closure *c);
#endif
