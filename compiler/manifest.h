/* SPDX-License-Identifier: MIT */
/* From the syntax tree to the public description of what an entry script asks for. */
#ifndef AMB_COMPILER_MANIFEST_H
#define AMB_COMPILER_MANIFEST_H

#include "ambit/manifest.h"
#include "ast.h"
#include "diag.h"

/* After ambscope_run. Everything is copied into `arena`, which lives as long as the
 * script; the tree may go. Arguments that are no constants are reported. False: errors,
 * or out of memory. */
bool ambmanifest_build(struct amb_arena *arena, const struct amb_unit *module,
                       struct amb_diags *diags, amb_manifest *out);

#endif
