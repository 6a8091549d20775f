/* SPDX-License-Identifier: MIT */
/* Compiling no more of the core library than is used. */
#ifndef AMB_COMPILER_CORE_PART_H
#define AMB_COMPILER_CORE_PART_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The text with everything left out that `function` does not need; from malloc, NULL: no memory. */
char *ambcore_part(const char *text, size_t len, const char *function, size_t *out_len);

#endif
