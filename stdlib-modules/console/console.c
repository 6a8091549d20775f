/* SPDX-License-Identifier: MIT */
/* The console provider: the program's standard streams and its terminal.
 *
 * Output goes through the kernel's output, so that it keeps its order with `print`. The descriptors are shared with
 * other programs: they are never made non-blocking, but asked whether they are ready. */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "ambit/spi.h"

enum { CON_READ = 1, CON_WRITE = 2, CON_RAW = 4, CON_ALL = 7 };
enum { RES_CONSOLE = 1, RES_INPUT, RES_OUTPUT };
enum { ORD_READ = 20, ORD_WRITE = 30 };

typedef struct console {
    const amb_host *h;
    void *hctx;
    bool raw;
    struct termios before; /* valid while raw */
    struct con_wait {
        amb_ticket t; /* 0: nobody waits */
        uint64_t watch;
        void *buf;
        uint32_t len;
    } waits[3]; /* one for each stream */
} console;

/* Resources are the descriptors' own addresses in this table. */
static const int streams[3] = {0, 1, 2};

#define OP(name)                                                                  \
    static amb_status name(void *inst, amb_call *c, void *self, const amb_arg *a, \
                           uint32_t n, amb_arg *ret)
#define UNUSED_ARGS (void)inst, (void)c, (void)self, (void)a, (void)n, (void)ret

static amb_status answer(const console *k, amb_call *c, uint16_t type, int fd,
                         const char *label, amb_arg *ret)
{
    return k->h->res_new(c, type, (void *)&streams[fd], ~(amb_rights)0, label, ret, NULL);
}

OP(console_new)
{
    UNUSED_ARGS;
    return answer(inst, c, RES_CONSOLE, 0, "console", ret);
}
OP(stdin_new)
{
    UNUSED_ARGS;
    return answer(inst, c, RES_INPUT, 0, "stdin", ret);
}
OP(stdout_new)
{
    UNUSED_ARGS;
    return answer(inst, c, RES_OUTPUT, 1, "stdout", ret);
}
OP(stderr_new)
{
    UNUSED_ARGS;
    return answer(inst, c, RES_OUTPUT, 2, "stderr", ret);
}

/* --- waiting ---------------------------------------------------------------------- */

static bool ready(int fd, short events, int timeout)
{
    struct pollfd p = {.fd = fd, .events = events};
    return poll(&p, 1, timeout) != 0;
}

static amb_call *take(console *k, int fd)
{
    amb_ticket t = k->waits[fd].t;
    k->waits[fd].t = 0;
    return t ? k->h->reply_open(k->hctx, t) : NULL;
}

static void pause_(console *k, int fd)
{
    struct con_wait *w = &k->waits[fd];
    if (!w->watch || k->h->rewatch(k->hctx, w->watch, 0) == AMB_OK) return;
    k->h->unwatch(k->hctx, w->watch);
    w->watch = 0;
}

/* Waits until the stream is ready; fn answers. */
static amb_status later(console *k, amb_call *c, int fd, short events, amb_event_fn fn,
                        void *buf, uint32_t len)
{
    struct con_wait *w = &k->waits[fd];
    if (w->t) return AMB_E_BUSY;
    amb_status st = w->watch ? k->h->rewatch(k->hctx, w->watch, (uint32_t)events)
                             : k->h->watch(k->hctx, fd, (uint32_t)events, fn, k, &w->watch);
    if (st != AMB_OK) return st == AMB_E_NOSYS ? AMB_WOULD_BLOCK : st;
    amb_ticket t = k->h->pend(c);
    if (!t) {
        pause_(k, fd);
        return AMB_WOULD_BLOCK;
    }
    w->t = t;
    w->buf = buf;
    w->len = len;
    return AMB_PENDING;
}

static void cancel(void *inst, amb_ticket t)
{
    console *k = inst;
    for (int fd = 0; fd < 3; fd++) {
        if (k->waits[fd].t != t) continue;
        amb_call *c = take(k, fd);
        amb_arg none = {.type = AMB_T_NIL};
        pause_(k, fd);
        if (c) k->h->reply(c, AMB_E_CANCELED, &none);
        return;
    }
}

/* --- reading ---------------------------------------------------------------------- */

static amb_status read_now(console *k, amb_call *c, void *buf, uint32_t len, amb_arg *ret)
{
    ssize_t got = read(0, buf, len);
    if (got < 0 && errno == EINTR) return AMB_E_CANCELED;
    if (got < 0) return k->h->fail(c, AMB_E_IO, errno, "read: %s", strerror(errno));
    *ret = (amb_arg){.type = AMB_T_I64, .v.i = got};
    return AMB_OK;
}

static void input_ready(void *ud, uint32_t events)
{
    (void)events;
    console *k = ud;
    if (k->waits[0].t && !ready(0, POLLIN, 0)) return; /* another program was faster */
    pause_(k, 0);
    amb_call *c = take(k, 0);
    if (!c) return;
    amb_arg ret = {.type = AMB_T_NIL};
    amb_status st = read_now(k, c, k->waits[0].buf, k->waits[0].len, &ret);
    k->h->reply(c, st, &ret);
}

OP(read_into)
{
    UNUSED_ARGS;
    console *k = inst;
    if (k->h->may_block(c)) {
        while (!ready(0, POLLIN, 100))
            if (k->h->canceled(k->hctx, k->h->ticket(c))) return AMB_E_CANCELED;
        return read_now(k, c, a[0].v.w, a[0].len, ret);
    }
    bool tty = isatty(0);
    if (tty || !ready(0, POLLIN, 0)) {
        /* Whoever is asked should see the question. */
        k->h->output(k->hctx, 1, NULL, 0);
        if (!ready(0, POLLIN, 0)) return later(k, c, 0, POLLIN, input_ready, a[0].v.w, a[0].len);
    }
    return read_now(k, c, a[0].v.w, a[0].len, ret);
}

/* --- writing ---------------------------------------------------------------------- */

static void output_ready(console *k, int fd)
{
    if (k->waits[fd].t && !ready(fd, POLLOUT, 0)) return;
    pause_(k, fd);
    amb_call *c = take(k, fd);
    if (!c) return;
    amb_status st = k->h->output(k->hctx, fd, k->waits[fd].buf, k->waits[fd].len);
    amb_arg ret = {.type = AMB_T_I64, .v.i = k->waits[fd].len};
    k->h->reply(c, st, &ret);
}
static void stdout_ready(void *ud, uint32_t events)
{
    (void)events;
    output_ready(ud, 1);
}
static void stderr_ready(void *ud, uint32_t events)
{
    (void)events;
    output_ready(ud, 2);
}

/* Nobody waits for a reader who is behind but the task that writes. */
OP(write_some)
{
    UNUSED_ARGS;
    console *k = inst;
    int fd = *(const int *)self;
    if (!ready(fd, POLLOUT, 0)) {
        amb_status st = later(k, c, fd, POLLOUT, fd == 1 ? stdout_ready : stderr_ready,
                              (void *)a[0].v.p, a[0].len);
        if (st != AMB_WOULD_BLOCK) return st; /* where nothing can wait, the write does */
    }
    amb_status st = k->h->output(k->hctx, fd, a[0].v.p, a[0].len);
    if (st != AMB_OK) return st;
    *ret = (amb_arg){.type = AMB_T_I64, .v.i = a[0].len};
    return AMB_OK;
}

OP(flush)
{
    UNUSED_ARGS;
    console *k = inst;
    return k->h->output(k->hctx, *(const int *)self, NULL, 0);
}

OP(stream_is_tty)
{
    UNUSED_ARGS;
    *ret = (amb_arg){.type = AMB_T_BOOL, .v.i = isatty(*(const int *)self) == 1};
    return AMB_OK;
}

OP(is_tty)
{
    UNUSED_ARGS;
    static const char *const names[3] = {"stdin", "stdout", "stderr"};
    int fd = a[0].type == AMB_T_NIL ? 1 : -1;
    for (int i = 0; i < 3 && fd < 0; i++)
        if (a[0].len == strlen(names[i]) && memcmp(a[0].v.p, names[i], a[0].len) == 0)
            fd = i;
    if (fd < 0)
        return ((console *)inst)
            ->h->fail(c, AMB_E_ARG, 0, "is_tty: \"stdin\", \"stdout\" or \"stderr\"");
    *ret = (amb_arg){.type = AMB_T_BOOL, .v.i = isatty(fd) == 1};
    return AMB_OK;
}

/* Keys one by one, without echo and line editing. Ctrl-C stays what it is, and so does output. */
OP(raw)
{
    UNUSED_ARGS;
    console *k = inst;
    bool on = a[0].type == AMB_T_NIL || a[0].v.i;
    if (on && !k->raw) {
        if (tcgetattr(0, &k->before))
            return k->h->fail(c, AMB_E_IO, ENOTTY, "raw: standard input is no terminal");
        struct termios t = k->before;
        t.c_iflag &= ~(tcflag_t)(BRKINT | ICRNL | INPCK | ISTRIP | IXON);
        t.c_lflag &= ~(tcflag_t)(ECHO | ICANON | IEXTEN);
        t.c_cc[VMIN] = 1;
        t.c_cc[VTIME] = 0;
        if (tcsetattr(0, TCSADRAIN, &t))
            return k->h->fail(c, AMB_E_IO, errno, "raw: %s", strerror(errno));
        k->raw = true;
    } else if (!on && k->raw) {
        tcsetattr(0, TCSADRAIN, &k->before);
        k->raw = false;
    }
    return AMB_OK;
}

/* (columns, rows) of the terminal, nil where there is none. */
OP(size)
{
    UNUSED_ARGS;
    console *k = inst;
    struct winsize w;
    if ((ioctl(1, TIOCGWINSZ, &w) && ioctl(2, TIOCGWINSZ, &w)) || w.ws_col == 0)
        return AMB_OK;
    amb_arg *t = k->h->alloc(c, 5 * sizeof *t);
    if (!t) return AMB_E_NOMEM;
    t[0] = (amb_arg){.type = AMB_T_TUPLE, .flags = AMB_A_NAMED, .len = 2};
    t[1] = (amb_arg){.type = AMB_T_STR, .len = 7, .v.p = "columns"};
    t[2] = (amb_arg){.type = AMB_T_I64, .v.i = w.ws_col};
    t[3] = (amb_arg){.type = AMB_T_STR, .len = 4, .v.p = "rows"};
    t[4] = (amb_arg){.type = AMB_T_I64, .v.i = w.ws_row};
    *ret = (amb_arg){.type = AMB_T_TREE, .len = 5, .v.p = t};
    return AMB_OK;
}

static const amb_right rights[] = {
    {CON_READ, "read", "read standard input", 0, 0},
    {CON_WRITE, "write", "write to standard output and error", 0, 0},
    {CON_RAW, "raw", "send control sequences to the terminal", 0, 0},
};

static const amb_param p_in[] = {
    {.name = "buf", .doc = "", .type = AMB_T_BUF, .flags = AMB_P_OUT}};
static const amb_param p_out[] = {
    {.name = "data", .doc = "", .type = AMB_T_BUF, .flags = AMB_P_IN}};
static const amb_param p_which[] = {
    {.name = "stream",
     .doc = "\"stdin\", \"stdout\" (if left out) or \"stderr\"",
     .type = AMB_T_STR,
     .flags = AMB_P_OPT}};

static const amb_param p_on[] = {{.name = "on", .doc = "true if left out",
                                  .type = AMB_T_BOOL, .flags = AMB_P_OPT}};

#define PARAMS(p) .params = p, .nparams = 1
#define OPENS(type, fixed)                                          \
    .ret_type = AMB_T_RES, .ret_restype = type, .ret_fixed = fixed, \
    .flags = AMB_OP_INLINE, .cost = 10

static const amb_op ops[] = {
    {.ordinal = 1, .name = "console", .doc = "the terminal and the standard streams",
     OPENS(RES_CONSOLE, CON_ALL), .fn = console_new},
    {.ordinal = 2, .name = "stdin", .doc = "standard input", OPENS(RES_INPUT, CON_READ),
     .fn = stdin_new},
    {.ordinal = 3, .name = "stdout", .doc = "standard output",
     OPENS(RES_OUTPUT, CON_WRITE | CON_RAW), .fn = stdout_new},
    {.ordinal = 4, .name = "stderr", .doc = "standard error",
     OPENS(RES_OUTPUT, CON_WRITE | CON_RAW), .fn = stderr_new},

    {.ordinal = 10, .restype = RES_CONSOLE, .name = "stdin", .doc = "standard input",
     OPENS(RES_INPUT, 0), .ret_same = CON_READ, .need = CON_READ, .fn = stdin_new},
    {.ordinal = 11, .restype = RES_CONSOLE, .name = "stdout", .doc = "standard output",
     OPENS(RES_OUTPUT, 0), .ret_same = CON_WRITE | CON_RAW, .need = CON_WRITE,
     .fn = stdout_new},
    {.ordinal = 12, .restype = RES_CONSOLE, .name = "stderr", .doc = "standard error",
     OPENS(RES_OUTPUT, 0), .ret_same = CON_WRITE | CON_RAW, .need = CON_WRITE,
     .fn = stderr_new},
    {.ordinal = 13, .restype = RES_CONSOLE, .name = "is_tty",
     .doc = "whether a stream is a terminal", PARAMS(p_which), .ret_type = AMB_T_BOOL,
     .flags = AMB_OP_INLINE | AMB_OP_IDEMPOTENT, .effect = AMB_FX_READ, .cost = 50,
     .fn = is_tty},
    {.ordinal = 14, .restype = RES_CONSOLE, .name = "size",
     .doc = "(columns, rows) of the terminal, nil without one", .ret_type = AMB_T_TREE,
     .flags = AMB_OP_INLINE | AMB_OP_IDEMPOTENT, .effect = AMB_FX_READ, .cost = 50,
     .fn = size},

    {.ordinal = 15, .restype = RES_CONSOLE, .name = "raw",
     .doc = "gives keys one by one, without echo; until the end or raw(false)",
     PARAMS(p_on), .need = CON_READ | CON_RAW, .flags = AMB_OP_INLINE,
     .effect = AMB_FX_EXTERNAL, .cost = 200, .fn = raw},

    {.ordinal = ORD_READ, .restype = RES_INPUT, .name = "read_into", .doc = "",
     PARAMS(p_in), .ret_type = AMB_T_I64, .need = CON_READ,
     .flags = AMB_OP_BLOCKING | AMB_OP_KERNEL | AMB_OP_INLINE | AMB_OP_CANCEL,
     .effect = AMB_FX_READ,
     .cost = 100, .cost_per_kib = 10, .fn = read_into},
    {.ordinal = 21, .restype = RES_INPUT, .name = "is_tty",
     .doc = "whether it is a terminal", .ret_type = AMB_T_BOOL,
     .flags = AMB_OP_INLINE | AMB_OP_IDEMPOTENT, .effect = AMB_FX_READ, .cost = 50,
     .fn = stream_is_tty},

    {.ordinal = ORD_WRITE, .restype = RES_OUTPUT, .name = "write_some", .doc = "",
     PARAMS(p_out), .ret_type = AMB_T_I64, .need = CON_WRITE,
     .flags = AMB_OP_INLINE | AMB_OP_KERNEL | AMB_OP_CANCEL, .effect = AMB_FX_WRITE,
     .cost = 20, .cost_per_kib = 10, .fn = write_some},
    {.ordinal = 31, .restype = RES_OUTPUT, .name = "flush",
     .doc = "sends on what is held back", .need = CON_WRITE,
     .flags = AMB_OP_INLINE, .effect = AMB_FX_WRITE, .cost = 100,
     .fn = flush},
    {.ordinal = 32, .restype = RES_OUTPUT, .name = "is_tty",
     .doc = "whether it is a terminal", .ret_type = AMB_T_BOOL,
     .flags = AMB_OP_INLINE | AMB_OP_IDEMPOTENT, .effect = AMB_FX_READ, .cost = 50,
     .fn = stream_is_tty},
};

static const amb_restype types[] = {
    {.id = RES_CONSOLE, .flags = AMB_R_STATELESS, .name = "console",
     .doc = "the terminal and the standard streams", .all = CON_ALL,
     .dflt = CON_READ | CON_WRITE},
    {.id = RES_INPUT, .flags = AMB_R_STATELESS | AMB_R_SERIAL, .read_op = ORD_READ, .name = "stdin",
     .doc = "standard input", .all = CON_READ, .dflt = CON_READ},
    {.id = RES_OUTPUT, .flags = AMB_R_STATELESS | AMB_R_SERIAL, .write_op = ORD_WRITE, .name = "stdout",
     .doc = "standard output or error", .all = CON_WRITE | CON_RAW, .dflt = CON_WRITE},
};

static amb_status start(const amb_host *h, void *hctx, const amb_arg *cfg, uint32_t ncfg,
                        void **inst)
{
    (void)cfg, (void)ncfg;
    console *k = calloc(1, sizeof *k);
    if (!k) return AMB_E_NOMEM;
    k->h = h;
    k->hctx = hctx;
    *inst = k;
    return AMB_OK;
}

static void stop(void *inst)
{
    console *k = inst;
    if (k->raw) tcsetattr(0, TCSADRAIN, &k->before);
    for (int fd = 0; fd < 3; fd++)
        if (k->waits[fd].watch) k->h->unwatch(k->hctx, k->waits[fd].watch);
    free(k);
}

AMB_PROVIDER(console) = {
    AMB_PROVIDER_HEAD,
    .iface = "console",
    .doc = "standard streams and the terminal",
    .iface_major = 1,
    AMB_PROVIDER_TABLES(ops, types, rights),
    .start = start,
    .stop = stop,
    .cancel = cancel,
};
