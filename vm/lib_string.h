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
/* A string that must not be empty. */
amb_status amblib_want_text(amb_vm *vm, const char *what, const char *which, ambv v,
                            amb_string **out);
static inline amb_status amblib_give_string(amb_vm *vm, amb_string *s, ambv *out) {
    if (AMB_UNLIKELY(!s)) return amblib_nomem(vm);
    out->str = s;
    out->tag = TAG_STRING;
    return AMB_OK;
}

/* Methods that stand in lib_string_build.c and lib_string_parts.c, for the table in
 * lib_string.c. */
#define STRING_METHODS(X) \
    X(string_repeat)      \
    X(string_replace)     \
    X(string_join)        \
    X(string_pad_left)    \
    X(string_pad_right)   \
    X(string_center)      \
    X(string_reversed)    \
    X(string_upper)       \
    X(string_lower)       \
    X(string_capitalize)  \
    X(string_chars)       \
    X(string_codes)       \
    X(string_bytes)       \
    X(string_code_at)     \
    X(string_byte_at)     \
    X(string_quoted)      \
    X(string_indent)      \
    X(string_dedent)      \
    X(string_to_int)      \
    X(string_to_float)    \
    X(string_format)
#define X(name) amb_status amblib_##name(amb_vm *vm, ambv *args, uint32_t n, ambv *out);
STRING_METHODS(X)
#undef X
#endif
