/* SPDX-License-Identifier: MIT */
/* What an entry script asks for, as data: its `use` lines and its `args { }`.
 *
 * The compiler fills these tables; nothing of the program runs for it. Everything belongs
 * to the loaded script and lives as long as it does. Texts end in a zero byte. */
#ifndef AMBIT_MANIFEST_H
#define AMBIT_MANIFEST_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A constant expression of a `use` argument or of a default. */
enum {
    AMB_X_NIL,
    AMB_X_BOOL,       /* i */
    AMB_X_INT,        /* i */
    AMB_X_FLOAT,      /* f */
    AMB_X_STRING,     /* text, len */
    AMB_X_ARG,        /* text: args.text */
    AMB_X_ARGS,       /* args itself (a script without args { }: the list of words) */
    AMB_X_CWD,
    AMB_X_HOME,
    AMB_X_SCRIPT_DIR,
    AMB_X_ENV,        /* text: env("text") */
    AMB_X_CONCAT,     /* kids as text, one after the other: "${args.dir}/x" or a + b */
    AMB_X_LIST,       /* kids */
    AMB_X_ARG_AT      /* i: args[i] */
};

typedef struct amb_const_expr {
    uint32_t kind;
    uint32_t len; /* of text, without its zero byte */
    const char *text;
    int64_t i;
    double f;
    const struct amb_const_expr *kids;
    uint32_t nkids;
    uint32_t pad0;
} amb_const_expr;

/* use PROVIDER.RESOURCE(args) for rights as name? */
typedef struct amb_use {
    const char *provider;
    const char *resource;      /* equal to provider in `use clock` */
    const char *name;          /* what the script calls it */
    const amb_const_expr *args;
    uint32_t nargs;
    uint32_t nrights;          /* 0: the resource's default rights */
    const char *const *rights;
    uint32_t line;             /* from 1 */
    int32_t optional;          /* as name? */
} amb_use;

/* One line of args { }. */
enum { AMB_ARG_STRING, AMB_ARG_INT, AMB_ARG_FLOAT, AMB_ARG_BOOL };

typedef struct amb_arg_spec {
    const char *name;          /* args.name; --name on the command line, _ shown as - */
    const char *help;          /* without the short option; may be empty */
    char short_name;           /* 'n' of "-n  text", else 0 */
    uint8_t type;              /* AMB_ARG_* */
    uint8_t many;              /* files...: takes every word that is left */
    uint8_t maybe;             /* T? : nil when not given */
    uint8_t has_default;
    uint8_t pad0[3];
    amb_const_expr value;      /* the default */
} amb_arg_spec;

typedef struct amb_manifest {
    const amb_use *uses;
    const amb_arg_spec *args;
    uint32_t nuses, nargs;
    int32_t has_args;          /* there is an args { }, even an empty one */
    int32_t has_main;          /* there is a fn main() */
    const char *doc;           /* ## lines at the top of the script, or "" */
} amb_manifest;

#ifdef __cplusplus
}
#endif
#endif
