/* SPDX-License-Identifier: MIT */
/* The scope pass: resolves every name, decides where each binding lives, checks what
 * grammar cannot, and fills the [scope] fields of ast.h. */
#ifndef AMB_COMPILER_SCOPE_H
#define AMB_COMPILER_SCOPE_H

#include "ast.h"
#include "diag.h"

enum amb_prelude_flag { AMB_PRELUDE_ENTRY_ONLY = 1 }; /* args, input, stdin, exit */

struct amb_prelude_name {
    const char *name;
    uint32_t len;
    uint32_t flags;
};

enum amb_resolve_result {
    AMB_RESOLVE_OK,
    AMB_RESOLVE_NOT_FOUND, /* the pass reports it */
    AMB_RESOLVE_FAILED /* the resolver reported it, or stops for good (out of memory) */
};

/* A name of an earlier line of a read-eval loop: a slot of that line's module. */
struct amb_outer_name {
    amb_text name;
    struct amb_import *import; /* only iface->module is looked at */
    uint32_t slot;
    bool is_var;
};

struct amb_scope_options {
    const struct amb_prelude_name *prelude; /* ref index = position */
    uint32_t prelude_count;
    bool is_entry; /* use, args, exit ... are allowed */
    bool is_value; /* the last top-level expression statement may be without effect: it is the result */
    bool is_repl;  /* any top-level expression statement may be without effect */
    const struct amb_outer_name
        *outer; /* found after the module's own, the last one first */
    uint32_t outer_count;
    /* `standard`: spec is a bare word. A `with` import asks for an interface only: making
     * a fresh instance is the caller's affair. */
    enum amb_resolve_result (*resolve_import)(void *ud, amb_text spec, bool standard,
                                              amb_span at, struct amb_iface **out);
    void *ud;
};

/* False when an error was reported or memory ran out. */
bool ambscope_run(struct amb_unit *module, struct amb_diags *diags,
                  const struct amb_scope_options *options);

#endif
