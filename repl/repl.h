/* SPDX-License-Identifier: MIT */
/* What the files of the command line share. */
#ifndef AMBIT_REPL_H
#define AMBIT_REPL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "ambit/ambit.h"

/* Exit statuses. */
enum {
    EXIT_OK = 0,
    EXIT_ERROR = 1,      /* an uncaught error */
    EXIT_USAGE = 2,      /* the command line is wrong */
    EXIT_SYNTAX = 65,    /* the source was not accepted */
    EXIT_NOFILE = 66,    /* the script cannot be read */
    EXIT_INTERNAL = 70,  /* no memory to begin with, and the like */
    EXIT_NOPROFILE = 73, /* the file for the profile cannot be written */
    EXIT_DENIED = 77,    /* it asks for more than it is granted */
    EXIT_INTERRUPT = 130,
    EXIT_TERMINATED = 143,
    EXIT_LIMIT = 137     /* memory, fuel, time or stack used up */
};

/* What is granted without flags. */
enum { PROFILE_DEFAULT, PROFILE_PURE, PROFILE_WORKSPACE };

/* What comes before the script's name, and the script. */
typedef struct cli_options {
    const char **allow; /* --allow texts */
    const char **providers; /* --provider texts */
    uint32_t nallow, nproviders;
    bool allow_declared, deny_all, json, stress, gc_stats;
    bool no_console; /* not even standard input */
    bool suggest, virtual_time;
    const char *audit;
    bool asking;  /* `ambit grant`: nothing runs */
    int profile;  /* PROFILE_* */
    const char *policy;
    int colour; /* -1: as the terminal is */
    size_t heap_bytes;
    uint32_t tasks, chaos_fails;
    uint64_t chaos;
    bool wire;
    uint64_t fuel, timeout_ns, seed;
    const char *cpu_profile; /* where to write one, or NULL */
    const char *code;   /* -e */
    const char *script; /* path, "-" for standard input, NULL with -e */
    char **argv;        /* the script's arguments */
    int argc;
    char **given;       /* the whole command line, for what can be pasted */
    int ngiven, script_at; /* given[script_at] is the script or -e */
} cli_options;

/* ---- text.c: texts that grow, and texts that are safe to show */
typedef struct text {
    char *p;
    size_t len, cap;
} text;
void text_add(text *t, const char *s, size_t n);
void text_str(text *t, const char *s);
void text_printf(text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* No control, bidi or zero-width characters: they show as \u{...}. */
void text_shown(text *t, const char *s, size_t n);
/* As one word of a shell's command line. */
void text_shell(text *t, const char *s);
void text_json(text *t, const char *s, size_t n);
void text_free(text *t);
/* Reads a whole file (at most `max` bytes); NULL with errno set. */
char *read_file(int fd, size_t max, size_t *len);
void *must(void *p); /* exits when NULL: there is no memory for the command line itself */

/* ---- host.c: the machine and its surroundings */
#define HOST_OUT ((size_t)1 << 16)
typedef struct source_text {
    char *id, *text; /* "" is the script */
    size_t len;
    char sum[65];
} source_text;
typedef struct host {
    amb_vm *vm;
    amb_scope scope;   /* of everything that is not a line of a read-eval loop's */
    int root;          /* modules are found beneath this directory */
    char *dir;         /* the script's directory as the user wrote it */
    bool own_dir;      /* the script is a file, so that is where it lies */
    char *script_real; /* its real path, or NULL */
    source_text *sources; /* the script and every module it loads */
    uint32_t nsources;
    const char *const *providers; /* --provider texts */
    uint32_t nproviders;
    const struct amb_provider **loaded; /* from shared objects */
    uint32_t nloaded;
    bool virtual_fs, virtual_net; /* not the files, not the network of this machine */
    char *audit_real;  /* where the audit is written, or NULL */
    dev_t audit_dev;
    ino_t audit_ino;
    struct amb_reactor *reactor; /* of virtual time, or NULL */
    struct suggestion *suggestion; /* what the program needs so far, or NULL */
    char *out;         /* standard output held back: HOST_OUT bytes */
    size_t held;
    bool tty, raw,
        closed; /* stdout: terminal; control characters allowed; nobody reads */
    bool failed;
    bool aside; /* what the program prints goes to standard error, shown harmless */
    int colour;
} host;
host *host_new(const cli_options *o);
void host_free(host *h);
uint32_t list_len(const host *h, amb_value v); /* 0: not a list */
/* Adds the provider when it is not there yet. */
amb_status host_provider(host *h, const char *iface);
/* Whether it is a file, or `fs=memory` and the like; false: it means nothing. */
bool host_provider_text(const char *text_);
/* Loads what --provider PATH names; false: one cannot be loaded (told), EXIT_USAGE. Once, before anything is
 * compiled. */
bool host_load(host *h);
bool host_loads(const cli_options *o); /* whether there is any */
/* --audit FILE; false: it cannot be opened (told). */
bool host_audit(host *h, const char *path);
/* Sums of all sources; to be called before a grant is recalled or remembered. */
void host_sum_sources(host *h);
void host_drop_sources(host *h); /* their texts: no more sums will be made */
int host_caught(void); /* the signal that ended the program, or 0 */
amb_status host_output(void *ud, int fd, const char *s, size_t n);
void host_stderr(void *ud, const char *s, size_t n); /* an amb_text_fn */
void host_stdout(void *ud, const char *s, size_t n); /* an amb_text_fn; ud: the host */
/* Source of the entry script. Prints why and gives the status to exit with. */
int host_source(host *h, const cli_options *o, const char **name, char **source,
                size_t *len);
/* Status of a failed run: reports and translates it. */
int host_report(host *h, amb_status st);
/* ---- gcstats.c */
void gc_report(host *h); /* what the collector did */

/* ---- args.c: args { } */
typedef struct given_arg {
    amb_value value;
    bool given; /* the user wrote it */
} given_arg;
typedef struct script_args {
    given_arg *v;     /* one per amb_arg_spec; `many`: a list */
    uint32_t n;
    amb_value value;  /* what the script sees as `args` */
} script_args;
/* 0: go on; else exit with that status - 1 (help was asked for: 1, so status 0). */
int args_parse(host *h, const amb_manifest *m, const cli_options *o, const char *script,
               script_args *out);
void args_free(script_args *a);

/* ---- expr.c: constant expressions of `use` lines */
typedef struct expr_env {
    host *h;
    const amb_manifest *m;
    const script_args *args;
} expr_env;
/* Gives false with a reason when there is no value (an unset variable...). */
bool expr_value(const expr_env *e, const amb_const_expr *x, amb_value *out,
                char why[256]);
/* As it was written, near enough: args.dir + "/x". */
void expr_text(text *t, const amb_const_expr *x);
/* Whether a variable of that name holds a secret, by its name. */
bool expr_secret(const char *name);
/* Whether its value is a word the user wrote on the command line. */
bool expr_named(const expr_env *e, const amb_const_expr *x);

/* ---- policy.c: what of it is granted */
/* caps: one value per `use`. 0: go on; else the status to exit with. o->asking: decides and
 * remembers, gives nothing. */
int policy_grant(host *h, const amb_manifest *m, const script_args *args,
                 const cli_options *o, const char *script, amb_value *caps);
/* --profile NAME; false: there is none of that name. */
bool profile_named(cli_options *o, const char *name);

/* ---- suggest.c: what a run needed */
typedef struct suggestion suggestion;
void suggest_report(suggestion *s);
void suggest_free(suggestion *s);

/* ---- profile.c: where the time goes */
typedef struct profile profile;
/* Opens the file, so that it is known before the script runs whether it can be written.
 * NULL: it cannot (told). */
profile *profile_open(const char *path);
/* From now on; one at a time. The VM's configuration says `sampled`. False: told. */
bool profile_start(profile *p, amb_vm *vm);
/* Stops, writes and frees; NULL is fine. False: it could not be written (told). */
bool profile_finish(profile *p, const char *script);

/* ---- one file per command */
int cmd_run(const cli_options *o);
int cmd_check(const cli_options *o);
int cmd_grant(const cli_options *o);
int cmd_grants(const cli_options *o);
int cmd_revoke(const cli_options *o);
int cmd_caps(const cli_options *o);
int cmd_dis(const cli_options *o);
int cmd_help(const cli_options *o);
int cmd_version(const cli_options *o);
int cmd_new(const cli_options *o);
int cmd_provider(const cli_options *o);
int cmd_eval(const cli_options *o);
int cmd_repl(const cli_options *o);

/* ---- lineedit.c: one line from the user, with history where libedit is there */
char *
lineedit_read(const char *prompt); /* malloc'ed, without the line end; NULL at the end */
void lineedit_remember(const char *line);

#endif
