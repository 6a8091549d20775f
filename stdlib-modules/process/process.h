/* SPDX-License-Identifier: MIT */
/* What the files of the process provider share. */
#ifndef AMBIT_PROCESS_H
#define AMBIT_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

#include "ambit/spi.h"

enum { PROC_READ = 1, PROC_RUN = 2, PROC_SIGNALS = 4 };
enum {
    PROC_RES_SELF = 1,
    PROC_RES_ENV,
    PROC_RES_TOOL,
    PROC_RES_CHILD,
    PROC_RES_INPUT,  /* what a child reads: written here */
    PROC_RES_OUTPUT, /* what a child writes: read here */
    PROC_RES_SIGNALS
};

/* A call that waits, linked into its instance so that it can be cancelled. */
typedef struct proc_wait {
    struct proc_wait *next, *prev;
    amb_ticket t; /* 0: nobody waits */
    void (*canceled)(struct proc_wait *w); /* after the answer; may be NULL */
} proc_wait;

typedef struct proc {
    const amb_host *h;
    void *hctx;
    proc_wait *waiting;
    struct proc_job *jobs; /* children that are still running, with nobody's capability or with one */
    unsigned char signals[65]; /* how many capabilities take each signal */
} proc;

void proc_wait_begin(proc *p, proc_wait *w, amb_ticket t);
void proc_wait_end(proc *p, proc_wait *w);
/* Opens the answer of a waiting call, which is no longer waiting. NULL: nobody wants it. */
amb_call *proc_wait_open(proc *p, proc_wait *w);
void proc_cancel(void *inst, amb_ticket t);
amb_status proc_ready(proc *p, uint64_t *id, int fd, uint32_t events, amb_event_fn fn,
                      void *ud);
void proc_pause(proc *p, uint64_t *id);

/* spawn.c */
enum { PROC_SCRIPTS = 4 }; /* a script's interpreter may be one, too; as many as the system takes */
typedef struct proc_program {
    char *name; /* as granted: what a script calls it */
    char *argv0;
    int fd;     /* O_PATH: what is executed in the end */
    uint32_t nscripts;
    struct {
        int fd;
        char *option; /* the one argument of its `#!` line, or NULL */
    } scripts[PROC_SCRIPTS]; /* the first is the one that was named */
} proc_program;
/* Finds a program: a path, or a name in PATH. 0 or -errno. */
int proc_program_find(const char *name, proc_program *out);
void proc_program_free(proc_program *p);

typedef struct proc_start {
    const proc_program *program;
    char **argv, **envp;    /* argv[0] is set by proc_spawn */
    int in, out, err;       /* become 0, 1 and 2 */
    int dir;                /* the folder it starts in, -1: this process's */
} proc_start;
/* Starts it. *pidfd: -1 when this system has none. The pid or -errno. */
pid_t proc_spawn(const proc_start *s, int *pidfd);

/* Number of a signal called "TERM" or "SIGTERM", 0: there is none. */
int proc_signal_number(const char *name, size_t len);
const char *proc_signal_name(int number); /* "TERM" */

/* A slot with valid UTF-8 whatever the bytes are. False: out of memory. */
bool proc_text(const proc *p, amb_call *c, const char *s, size_t n, amb_arg *out);

#define PROC_OP(name)                                                                  \
    amb_status name(void *inst, amb_call *c, void *self, const amb_arg *a, uint32_t n, \
                    amb_arg *ret)
#define PROC_UNUSED (void)inst, (void)c, (void)self, (void)a, (void)n, (void)ret

/* env.c */
PROC_OP(proc_self_new);
PROC_OP(proc_self_pid);
PROC_OP(proc_env_new);
PROC_OP(proc_env_get);
PROC_OP(proc_env_all);
void proc_env_close(void *inst, void *res);
/* signals.c */
PROC_OP(proc_signals_new);
PROC_OP(proc_signals_next);
void proc_signals_close(void *inst, void *res);
/* child.c */
PROC_OP(proc_tool_new);
PROC_OP(proc_tool_run);
PROC_OP(proc_tool_output);
PROC_OP(proc_tool_start);
PROC_OP(proc_child_stdin);
PROC_OP(proc_child_stdout);
PROC_OP(proc_child_stderr);
PROC_OP(proc_child_wait);
PROC_OP(proc_child_kill);
PROC_OP(proc_child_pid);
PROC_OP(proc_stream_read);
PROC_OP(proc_stream_write);
void proc_tool_close(void *inst, void *res);
void proc_child_close(void *inst, void *res);
void proc_stream_close(void *inst, void *res);
void proc_jobs_end(proc *p);

#endif
