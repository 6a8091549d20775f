/* SPDX-License-Identifier: MIT */
/* Profiles: sampled by profile.c, drawn by flame.c. */
#ifndef AMBIT_REPL_PROFILE_H
#define AMBIT_REPL_PROFILE_H

#include <stdio.h>

#include "repl.h"

typedef struct profile_label {
    amb_frame frame;
    char *text; /* safe to show; NULL: an empty place */
    int kind;   /* AMB_FRAME_* */
} profile_label;

/* A function in one place of the call tree. The root has no label. */
typedef struct profile_frame {
    const char *label;
    int kind;
    uint32_t depth, nchildren;
    uint64_t self, total; /* milliseconds of CPU time */
    struct profile_frame **children;
} profile_frame;

/* ---- flame.c: the tree as a picture that can be looked into */
void flame_write(FILE *out, const profile_frame *root, const char *script);

#endif
