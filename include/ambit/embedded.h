/* SPDX-License-Identifier: MIT */
/* The modules written in Ambit itself that travel inside the library. */
#ifndef AMBIT_EMBEDDED_H
#define AMBIT_EMBEDDED_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct amb_embedded {
    const char *name;          /* "core/list", "text"; NULL ends the table */
    const unsigned char *text; /* UTF-8 source; a zero byte follows the last one */
    size_t len;                /* bytes, without that zero */
} amb_embedded;

extern const amb_embedded amb_embedded_modules[];

#ifdef __cplusplus
}
#endif
#endif
