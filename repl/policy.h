/* SPDX-License-Identifier: MIT */
/* What the files of granting share.
 *
 * A request is one `use` line; it has a target for each thing it names (a directory, a file,
 * a host, a program), or one without a name. Existing directories and files are opened
 * before anything is decided: what is decided about, shown and remembered is where the
 * descriptor leads, and that descriptor is what the script gets. */
#ifndef AMBIT_POLICY_H
#define AMBIT_POLICY_H

#include <sys/types.h>

#include "ambit/spi.h"
#include "repl.h"

typedef enum verdict {
    OPEN_QUESTION,
    BY_PROFILE,    /* harmless */
    BY_FLAG,       /* --allow, --policy, -y */
    BY_MEMORY,     /* remembered */
    BY_ANSWER      /* the user said yes just now */
} verdict;

typedef struct target {
    char *given, *real;         /* as the script says; canonical. NULL: there is no name */
    const amb_const_expr *expr; /* what gave it */
    verdict verdict;
    const char *escape; /* why it can do anything the user can, or NULL */
    bool opened, made;  /* cap is there; it does not exist yet and would be made */
    bool dash;          /* fs.files: "-" */
    bool known;         /* it exists as dev, ino */
    dev_t dev;
    ino_t ino;
    amb_value cap;
} target;

typedef struct request {
    const amb_use *use;
    const amb_provider *provider;
    const amb_op *op;
    const amb_restype *type;
    amb_rights rights;
    bool list;    /* fs.files */
    bool refused; /* an optional one that the script does without */
    amb_value values[AMB_GRANT_ARGS];
    uint8_t match[AMB_GRANT_ARGS]; /* AMB_M_* of each value */
    char *rest; /* values that name nothing, for showing and remembering; or NULL */
    target *targets;
    uint32_t ntargets;
} request;

typedef struct policy {
    host *h;
    const cli_options *o;
    cli_options options; /* with what a policy file adds */
    const amb_manifest *m;
    expr_env env;
    const char *script;
    request *q;
    uint32_t n;
    bool reaches; /* network or processes are asked for: reading may become sending */
    text changed; /* what changed since it was allowed */
} policy;

/* ---- request.c */
/* 0, or the status to exit with (told). */
int request_make(policy *p, request *q, const amb_use *u);
/* Opens what is not open yet and checks that it is what was decided about. */
int request_grant(policy *p, request *q, amb_value *out);
void request_free(policy *p, request *q);
/* One that can be granted; NULL: there is none of that name. */
const amb_provider *provider_table(const host *h, const char *iface);
const amb_provider *provider_standard(const char *iface); /* of Ambit's own */
const char *provider_name(const host *h, uint32_t i); /* of those there are, in order; NULL behind the last */
const amb_op *provider_constructor(const amb_provider *p, const char *resource,
                                   const amb_restype **type, amb_rights *usual);
amb_rights provider_right(const amb_provider *p, const char *name, size_t len);
/* "read,create" */
void rights_text(text *t, const amb_provider *p, amb_rights rights, const char *between);
/* fs.dir, or clock */
void request_name(text *t, const request *q);
/* The text of --allow for it: fs.dir(./out):write */
void request_spec(text *t, const request *q, const target *at);
int request_misfit(policy *p, const amb_use *u, int status, const char *why);
bool reads_only(const request *q);

/* ---- policy.c */
bool policy_profile_allows(const policy *p, const request *q, const target *t);
void policy_free(policy *p);

/* ---- suggest.c */
/* Begins to note what the program needs; takes p. */
suggestion *suggest_start(policy *p, const amb_value *caps);

/* ---- places.c: paths that matter */
bool place_beneath_cwd(const char *real, const target *t);
bool place_beneath_script(const host *h, const char *real);
/* What a grant to change `real` gives beyond itself, or NULL. */
const char *place_escape(const policy *p, const char *real);

/* ---- allow.c: --allow and --policy */
typedef struct pattern pattern;
/* Reads them all; 0 or the status to exit with (told). */
int patterns_read(host *h, cli_options *o, pattern **out, uint32_t *n);
void patterns_free(pattern *v, uint32_t n);
/* Whether one of them does. */
bool patterns_cover(const pattern *v, uint32_t n, const request *q, const target *t);

/* ---- consent.c */
typedef enum answer { ANSWER_NO, ANSWER_ONCE, ANSWER_ALWAYS, ANSWER_NOBODY } answer;
/* Shows all requests and asks. ANSWER_NOBODY: there is no terminal to ask at. */
answer consent_ask(policy *p);

/* ---- store.c: remembered grants */
/* Marks the open questions that were answered before; fills p->changed. */
void store_recall(policy *p);
/* Remembers what was answered now. False: it could not be written (told). */
bool store_remember(policy *p);
/* Whether the script has a place of its own, so that grants can be remembered for it. */
bool store_possible(const policy *p);

/* ---- sha256.c */
void sha256(const void *p, size_t n, unsigned char out[32]);
void sha256_hex(const void *p, size_t n, char out[65]);

#endif
