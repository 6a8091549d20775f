/* SPDX-License-Identifier: MIT */
/* Digits of floats: what printing and format specs share. */
#ifndef AMB_VM_NUMBER_H
#define AMB_VM_NUMBER_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Unsigned text of u in a base from 2 to 36; returns the length (at most 64). */
size_t ambnum_base(char out[64], uint64_t u, unsigned base, bool upper);
/* Integer text in a base (2..36); 0 obeys a prefix. Sign, underscores between digits, and
 * for 16, 8 and 2 the prefix are accepted; blanks are not. */
bool ambnum_parse(const char *s, size_t n, unsigned base, int64_t *out, bool *overflow);
/* |d| (finite) as printf's conversion e, f or g would write it with that precision,
 * always with '.' as decimal point. out has room for `room` bytes; returns the length,
 * which is < room. alt: keeps the zeros of g. */
size_t ambnum_printf(char *out, size_t room, char conv, int precision, double d,
                     bool alt);
/* Bytes ambnum_printf may need. */
size_t ambnum_room(int precision);
/* `//` and `%` of floats: rounded down, with the sign of the divisor. */
double ambnum_floordiv(double a, double b);
double ambnum_mod(double a, double b);

#endif
