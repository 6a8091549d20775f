/* SPDX-License-Identifier: MIT */
/* The process provider: variables of the environment, other programs, signals. */
#include <stdlib.h>

#include "process.h"

static const amb_right rights[] = {
    {PROC_READ, "read", "see variables of the environment and the process id", 0, 0},
    {PROC_RUN, "run", "start these programs, with all rights of the user",
     AMB_RIGHT_ESCAPE, 0},
    {PROC_SIGNALS, "signals", "take signals instead of being ended by them", 0, 0},
};

#define STR(nm, dc, fl) {.name = nm, .doc = dc, .type = AMB_T_STR, .flags = fl}
#define WORDS                                                                     \
    {.name = "words", .doc = "the program's name and its arguments, a list of texts", \
     .type = AMB_T_TREE}
#define ENV                                                                        \
    {.name = "env", .doc = "the environment, a map of texts; empty if left out",   \
     .type = AMB_T_TREE, .flags = AMB_P_OPT | AMB_P_SECRET}
#define STDIN                                                                       \
    {.name = "stdin", .doc = "what it reads, a string or bytes; nothing if left out", \
     .type = AMB_T_ANY, .flags = AMB_P_OPT}
#define TIMEOUT                                                                  \
    {.name = "timeout", .doc = "seconds, then it is killed", .type = AMB_T_F64, \
     .flags = AMB_P_OPT}
#define MAX                                                                          \
    {.name = "max", .doc = "bytes of output at most, of each stream; 16 MiB if left out", \
     .type = AMB_T_I64, .flags = AMB_P_OPT}
#define CWD                                                                           \
    {.name = "cwd", .doc = "the folder it starts in; this process's if left out",     \
     .type = AMB_T_STR, .flags = AMB_P_OPT, .max_len = 4095}

static const amb_param p_names[] = {
    {.name = "names", .doc = "of variables", .type = AMB_T_STR, .match = AMB_M_NAMES,
     .flags = AMB_P_REST | AMB_P_OPT, .max_len = 4096}};
static const amb_param p_programs[] = {
    {.name = "programs", .doc = "found in PATH when it is granted", .type = AMB_T_STR,
     .match = AMB_M_PROGRAMS, .flags = AMB_P_REST | AMB_P_OPT, .max_len = 4000}};
static const amb_param p_signals[] = {
    {.name = "names", .doc = "HUP, INT, QUIT, TERM, USR1, USR2, WINCH, CONT, ALRM",
     .type = AMB_T_STR, .match = AMB_M_NAMES, .flags = AMB_P_REST | AMB_P_OPT,
     .max_len = 16}};
static const amb_param p_name[] = {STR("name", "of a variable", 0)};
static const amb_param p_run[] = {
    WORDS, STDIN, ENV, TIMEOUT, MAX,
    {.name = "bytes", .doc = "stdout and stderr as bytes", .type = AMB_T_BOOL,
     .flags = AMB_P_OPT}, CWD};
static const amb_param p_output[] = {WORDS, STDIN, ENV, TIMEOUT, MAX, CWD};
static const amb_param p_start[] = {WORDS, ENV, CWD};
static const amb_param p_kill[] = {STR("signal", "its name; TERM if left out", AMB_P_OPT)};
static const amb_param p_in[] = {
    {.name = "buf", .doc = "", .type = AMB_T_BUF, .flags = AMB_P_OUT}};
static const amb_param p_out[] = {
    {.name = "data", .doc = "", .type = AMB_T_BUF, .flags = AMB_P_IN}};
static const amb_param p_next[] = {
    {.name = "max", .doc = "items at most", .type = AMB_T_I64}};

enum { ORD_READ = 50, ORD_WRITE = 51, ORD_NEXT = 60 };

#define PARAMS(p) .params = p, .nparams = sizeof(p) / sizeof(p[0])
#define OPENS(type, fixed)                                          \
    .ret_type = AMB_T_RES, .ret_restype = type, .ret_fixed = fixed, \
    .flags = AMB_OP_INLINE
#define RUNS                                                                      \
    .restype = PROC_RES_TOOL, .need = PROC_RUN, .effect = AMB_FX_EXTERNAL,        \
    .cost = 20000
#define CHILD .restype = PROC_RES_CHILD, .need = PROC_RUN

static const amb_op ops[] = {
    {.ordinal = 1, .name = "process", .doc = "this process",
     OPENS(PROC_RES_SELF, PROC_READ), .fn = proc_self_new, .cost = 10},
    {.ordinal = 2, .name = "env", .doc = "variables of the environment", PARAMS(p_names),
     OPENS(PROC_RES_ENV, PROC_READ), .fn = proc_env_new, .cost = 100},
    {.ordinal = 3, .name = "run", .doc = "programs to run", PARAMS(p_programs),
     OPENS(PROC_RES_TOOL, PROC_RUN), .fn = proc_tool_new, .cost = 1000},
    {.ordinal = 4, .name = "signals", .doc = "signals as a sequence", PARAMS(p_signals),
     OPENS(PROC_RES_SIGNALS, PROC_SIGNALS), .fn = proc_signals_new, .cost = 100},

    {.ordinal = 10, .restype = PROC_RES_SELF, .name = "pid", .doc = "the process id",
     .ret_type = AMB_T_I64, .need = PROC_READ, .flags = AMB_OP_INLINE | AMB_OP_IDEMPOTENT,
     .effect = AMB_FX_READ, .cost = 10, .fn = proc_self_pid},
    {.ordinal = 20, .restype = PROC_RES_ENV, .name = "get",
     .doc = "the value of a variable, nil when it is not set", PARAMS(p_name),
     .ret_type = AMB_T_STR, .need = PROC_READ, .flags = AMB_OP_INLINE | AMB_OP_IDEMPOTENT,
     .effect = AMB_FX_READ, .cost = 20, .fn = proc_env_get},
    {.ordinal = 21, .restype = PROC_RES_ENV, .name = "all",
     .doc = "a map of those that are set", .ret_type = AMB_T_TREE, .need = PROC_READ,
     .flags = AMB_OP_INLINE | AMB_OP_IDEMPOTENT, .effect = AMB_FX_READ, .cost = 100,
     .fn = proc_env_all},

    {.ordinal = 30, .name = "run",
     .doc = "runs a program to its end: (status, signal, stdout, stderr)", PARAMS(p_run),
     .ret_type = AMB_T_TREE, .flags = AMB_OP_INLINE | AMB_OP_CANCEL, RUNS,
     .fn = proc_tool_run},
    {.ordinal = 31, .name = "output",
     .doc = "runs a program and gives what it printed; IOError when it fails",
     PARAMS(p_output), .ret_type = AMB_T_STR, .flags = AMB_OP_INLINE | AMB_OP_CANCEL, RUNS,
     .fn = proc_tool_output},
    {.ordinal = 32, .name = "start", .doc = "starts a program with streams to it",
     PARAMS(p_start), OPENS(PROC_RES_CHILD, PROC_RUN), RUNS, .fn = proc_tool_start},

    {.ordinal = 40, CHILD, .name = "stdin", .doc = "what it reads; once",
     OPENS(PROC_RES_INPUT, PROC_RUN), .fn = proc_child_stdin, .cost = 50},
    {.ordinal = 41, CHILD, .name = "stdout", .doc = "what it prints; once",
     OPENS(PROC_RES_OUTPUT, PROC_RUN), .fn = proc_child_stdout, .cost = 50},
    {.ordinal = 42, CHILD, .name = "stderr", .doc = "what it prints as errors; once",
     OPENS(PROC_RES_OUTPUT, PROC_RUN), .fn = proc_child_stderr, .cost = 50},
    {.ordinal = 43, CHILD, .name = "wait", .doc = "until it ends: (status, signal)",
     .ret_type = AMB_T_TREE, .flags = AMB_OP_INLINE | AMB_OP_CANCEL, .effect = AMB_FX_READ,
     .cost = 100, .fn = proc_child_wait},
    {.ordinal = 44, CHILD, .name = "kill",
     .doc = "sends it a signal; false when it has ended", PARAMS(p_kill),
     .ret_type = AMB_T_BOOL, .flags = AMB_OP_INLINE, .effect = AMB_FX_EXTERNAL,
     .cost = 100, .fn = proc_child_kill},
    {.ordinal = 45, CHILD, .name = "pid", .doc = "its process id", .ret_type = AMB_T_I64,
     .flags = AMB_OP_INLINE | AMB_OP_IDEMPOTENT, .effect = AMB_FX_READ, .cost = 10,
     .fn = proc_child_pid},

    {.ordinal = ORD_READ, .restype = PROC_RES_OUTPUT, .name = "read_into", .doc = "",
     PARAMS(p_in), .ret_type = AMB_T_I64, .need = PROC_RUN,
     .flags = AMB_OP_INLINE | AMB_OP_KERNEL | AMB_OP_CANCEL, .effect = AMB_FX_EXTERNAL,
     .cost = 100, .cost_per_kib = 10, .fn = proc_stream_read},
    {.ordinal = ORD_WRITE, .restype = PROC_RES_INPUT, .name = "write_some", .doc = "",
     PARAMS(p_out), .ret_type = AMB_T_I64, .need = PROC_RUN,
     .flags = AMB_OP_INLINE | AMB_OP_KERNEL | AMB_OP_CANCEL, .effect = AMB_FX_EXTERNAL,
     .cost = 100, .cost_per_kib = 10, .fn = proc_stream_write},
    {.ordinal = ORD_NEXT, .restype = PROC_RES_SIGNALS, .name = "next_batch", .doc = "",
     PARAMS(p_next), .ret_type = AMB_T_TREE, .need = PROC_SIGNALS,
     .flags = AMB_OP_INLINE | AMB_OP_KERNEL | AMB_OP_CANCEL, .effect = AMB_FX_READ,
     .cost = 100, .fn = proc_signals_next},
};

static const amb_restype types[] = {
    {.id = PROC_RES_SELF, .flags = AMB_R_STATELESS, .name = "process",
     .doc = "this process", .all = PROC_READ, .dflt = PROC_READ},
    {.id = PROC_RES_ENV, .name = "env", .doc = "variables of the environment",
     .all = PROC_READ, .dflt = PROC_READ, .close = proc_env_close},
    {.id = PROC_RES_TOOL, .name = "run", .doc = "programs to run", .all = PROC_RUN,
     .dflt = PROC_RUN, .close = proc_tool_close},
    {.id = PROC_RES_CHILD, .name = "child", .doc = "a running program; ends with its capability",
     .all = PROC_RUN, .dflt = PROC_RUN, .close = proc_child_close},
    {.id = PROC_RES_INPUT, .flags = AMB_R_SERIAL, .write_op = ORD_WRITE, .name = "input",
     .doc = "what a child reads", .all = PROC_RUN, .dflt = PROC_RUN,
     .close = proc_stream_close},
    {.id = PROC_RES_OUTPUT, .flags = AMB_R_SERIAL, .read_op = ORD_READ, .name = "output",
     .doc = "what a child writes", .all = PROC_RUN, .dflt = PROC_RUN,
     .close = proc_stream_close},
    {.id = PROC_RES_SIGNALS, .flags = AMB_R_SERIAL, .next_op = ORD_NEXT, .name = "signals",
     .doc = "signals as a sequence of names", .all = PROC_SIGNALS, .dflt = PROC_SIGNALS,
     .close = proc_signals_close},
};

static amb_status start(const amb_host *h, void *hctx, const amb_arg *cfg, uint32_t ncfg,
                        void **inst)
{
    (void)cfg, (void)ncfg;
    proc *p = calloc(1, sizeof *p);
    if (!p) return AMB_E_NOMEM;
    p->h = h;
    p->hctx = hctx;
    *inst = p;
    return AMB_OK;
}

static void stop(void *inst)
{
    proc_jobs_end(inst);
    free(inst);
}

AMB_PROVIDER(process) = {
    AMB_PROVIDER_HEAD,
    .iface = "process",
    .doc = "variables of the environment, other programs, signals",
    .iface_major = 1,
    AMB_PROVIDER_TABLES(ops, types, rights),
    .start = start,
    .stop = stop,
    .cancel = proc_cancel,
};
