/* SPDX-License-Identifier: MIT */
/* From source text to a syntax tree. */
#ifndef AMB_COMPILER_PARSE_H
#define AMB_COMPILER_PARSE_H

#include "ast.h"
#include "diag.h"

/* Always gives a module unless out of memory (NULL, arena->oom set). With diags->errors >
 * 0 the tree has holes (NODE_ERROR) and is only good for further checks by ambscope_run.
 * Also folds constants. */
struct amb_unit *ambparse_module(struct amb_arena *arena, struct amb_source *src,
                                   struct amb_diags *diags);

/* Whether nothing is wrong but that the text ends inside an open bracket or a statement:
 * a REPL then asks for another line. */
bool ambparse_incomplete(const struct amb_unit *module, const struct amb_diags *diags);

#endif
