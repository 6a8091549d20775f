/* SPDX-License-Identifier: MIT */
/* Children: run to the end with their output collected, or started with streams.
 *
 * A job is a running child. It is waited for by its descriptor, never by signal or number, and is reaped
 * by nobody but us; until then its process group is its own to end. What it has written is
 * read while it runs, so that no pipe can block it for ever. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "process.h"

#define OUTPUT_MAX ((size_t)16 << 20) /* of each stream, when not said otherwise */
#define PIDFD 3                       /* P_PIDFD */

typedef struct tool {
    uint32_t n;
    proc_program v[];
} tool;

typedef struct sink {
    int fd;
    uint64_t watch;
    char *p;
    size_t len, cap;
} sink;

enum { KIND_RUN, KIND_OUTPUT, KIND_CHILD };

typedef struct waiter {
    proc_wait w; /* first */
    struct waiter *next;
    struct proc_job *job;
} waiter;

typedef struct proc_job {
    struct proc_job *next, *prev;
    proc *p;
    int kind;
    pid_t pid;
    int pidfd;
    uint64_t pid_watch, timer;
    bool exited, timed_out, overflow, bytes, orphan;
    int status, signal;
    waiter *waiters;
    int in;
    uint64_t in_watch;
    const char *input; /* the caller's, while it waits */
    size_t input_left;
    sink out[2];
    size_t max;
    char name[32];
} proc_job;

static amb_status failed(const proc *p, amb_call *c, int e, const char *what)
{
    if (e == -ENOMEM) return AMB_E_NOMEM;
    return p->h->fail(c, AMB_E_IO, -e, "%s: %s", what, strerror(-e));
}

/* --- the life of a job ----------------------------------------------------------------- */

static void close_fd(proc *p, int *fd, uint64_t *watch)
{
    if (watch && *watch) p->h->unwatch(p->hctx, *watch);
    if (watch) *watch = 0;
    if (*fd >= 0) close(*fd);
    *fd = -1;
}

static void job_free(proc_job *j)
{
    proc *p = j->p;
    if (j->next) j->next->prev = j->prev;
    if (j->prev) j->prev->next = j->next;
    else p->jobs = j->next;
    close_fd(p, &j->in, &j->in_watch);
    for (int i = 0; i < 2; i++) {
        close_fd(p, &j->out[i].fd, &j->out[i].watch);
        free(j->out[i].p);
    }
    if (j->timer) p->h->unwatch(p->hctx, j->timer);
    close_fd(p, &j->pidfd, &j->pid_watch);
    while (j->waiters) {
        waiter *w = j->waiters;
        j->waiters = w->next;
        proc_wait_end(p, &w->w);
        free(w);
    }
    free(j);
}

/* The whole group: it is the child's until the child has been reaped. */
static void job_kill(proc_job *j)
{
    if (!j->exited) kill(-j->pid, SIGKILL);
}

/* True once it has ended. */
static bool reap(proc_job *j, bool wait)
{
    if (j->exited) return true;
    siginfo_t si = {0};
    int r;
    /* A reactor may have made the descriptor one that never blocks. */
    struct pollfd end = {.fd = j->pidfd, .events = POLLIN};
    while (wait && poll(&end, 1, -1) < 0 && errno == EINTR) continue;
    do r = waitid((idtype_t)PIDFD, (id_t)j->pidfd, &si, WEXITED | (wait ? 0 : WNOHANG));
    while (r < 0 && errno == EINTR);
    if (r == 0 && si.si_pid == 0) return false;
    j->exited = true;
    /* Somebody else in this process took it: how it ended is not known. */
    if (r < 0) j->status = -1;
    else if (si.si_code == CLD_EXITED) j->status = si.si_status;
    else j->signal = si.si_status;
    return true;
}

static void drain(proc_job *j, sink *s)
{
    while (s->fd >= 0) {
        if (s->len == s->cap) {
            size_t cap = s->cap ? s->cap * 2 : 4096;
            char *q = realloc(s->p, cap);
            if (!q) {
                j->overflow = true;
                job_kill(j);
                close_fd(j->p, &s->fd, &s->watch);
                return;
            }
            s->p = q;
            s->cap = cap;
        }
        ssize_t k = read(s->fd, s->p + s->len, s->cap - s->len);
        if (k < 0 && errno == EINTR) continue;
        if (k < 0 && errno == EAGAIN) return;
        if (k > 0) s->len += (size_t)k;
        if (k > 0 && s->len > j->max) j->overflow = true;
        if (j->overflow) job_kill(j);
        if (k <= 0 || j->overflow) close_fd(j->p, &s->fd, &s->watch);
    }
}

/* --- writing without a signal --------------------------------------------------------- */

/* The host may not ignore SIGPIPE. */
static ssize_t write_quietly(int fd, const void *p, size_t n)
{
    sigset_t pipe_only, old, pending;
    sigemptyset(&pipe_only);
    sigaddset(&pipe_only, SIGPIPE);
    sigpending(&pending);
    pthread_sigmask(SIG_BLOCK, &pipe_only, &old);
    ssize_t k;
    do k = write(fd, p, n);
    while (k < 0 && errno == EINTR);
    int e = k < 0 ? errno : 0;
    if (e == EPIPE && !sigismember(&pending, SIGPIPE)) {
        static const struct timespec none;
        sigtimedwait(&pipe_only, NULL, &none);
    }
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return e ? -e : k;
}

/* --- results ------------------------------------------------------------------------ */

static amb_arg word(const char *s)
{
    return (amb_arg){.type = AMB_T_STR, .len = (uint32_t)strlen(s), .v.p = s};
}

static void how(const proc_job *j, amb_arg *status, amb_arg *signal)
{
    *status = (amb_arg){.type = AMB_T_NIL};
    *signal = *status;
    if (j->signal) *signal = word(proc_signal_name(j->signal));
    else if (j->status >= 0) *status = (amb_arg){.type = AMB_T_I64, .v.i = j->status};
}

static bool content(const proc_job *j, amb_call *c, const sink *s, amb_arg *out)
{
    if (!j->bytes) return proc_text(j->p, c, s->len ? s->p : "", s->len, out);
    char *t = j->p->h->alloc(c, s->len + 1);
    if (!t) return false;
    if (s->len) memcpy(t, s->p, s->len);
    *out = (amb_arg){.type = AMB_T_BYTES, .len = (uint32_t)s->len, .v.p = t};
    return true;
}

/* The last line of what it said, for the error's text. */
static void complaint(const sink *s, char out[96])
{
    size_t end = s->len;
    while (end && (s->p[end - 1] == '\n' || s->p[end - 1] == '\r')) end--;
    size_t from = end;
    while (from && s->p[from - 1] != '\n') from--;
    size_t n = 0;
    for (size_t i = from; i < end && n < 90; i++) {
        unsigned char ch = (unsigned char)s->p[i];
        out[n++] = ch >= 0x20 && ch < 0x7f ? (char)ch : '?';
    }
    out[n] = 0;
}

static amb_status result(proc_job *j, amb_call *c, amb_arg *ret)
{
    const amb_host *h = j->p->h;
    if (j->kind == KIND_CHILD) {
        amb_arg *t = h->alloc(c, 5 * sizeof *t);
        if (!t) return AMB_E_NOMEM;
        t[0] = (amb_arg){.type = AMB_T_TUPLE, .flags = AMB_A_NAMED, .len = 2};
        t[1] = word("status");
        t[3] = word("signal");
        how(j, &t[2], &t[4]);
        *ret = (amb_arg){.type = AMB_T_TREE, .len = 5, .v.p = t};
        return AMB_OK;
    }
    if (j->timed_out) return AMB_E_TIMEOUT;
    if (j->overflow) return AMB_E_QUOTA;
    if (j->kind == KIND_OUTPUT) {
        if (j->status == 0 && !j->signal) {
            char *t = h->alloc(c, j->out[0].len + 1);
            if (!t) return AMB_E_NOMEM;
            if (j->out[0].len) memcpy(t, j->out[0].p, j->out[0].len);
            *ret = (amb_arg){.type = AMB_T_STR, .len = (uint32_t)j->out[0].len, .v.p = t};
            return AMB_OK;
        }
        char why[96];
        complaint(&j->out[1], why);
        if (j->signal)
            return h->fail(c, AMB_E_IO, ECHILD, "output: %s was ended by SIG%s", j->name,
                           proc_signal_name(j->signal));
        return h->fail(c, AMB_E_IO, ECHILD, "output: %s ended with status %d%s%s", j->name,
                       j->status, why[0] ? ": " : "", why);
    }
    amb_arg *t = h->alloc(c, 9 * sizeof *t);
    if (!t) return AMB_E_NOMEM;
    t[0] = (amb_arg){.type = AMB_T_TUPLE, .flags = AMB_A_NAMED, .len = 4};
    t[1] = word("status");
    t[3] = word("signal");
    how(j, &t[2], &t[4]);
    t[5] = word("stdout");
    t[7] = word("stderr");
    if (!content(j, c, &j->out[0], &t[6]) || !content(j, c, &j->out[1], &t[8]))
        return AMB_E_NOMEM;
    *ret = (amb_arg){.type = AMB_T_TREE, .len = 9, .v.p = t};
    return AMB_OK;
}

static void answer_all(proc_job *j)
{
    while (j->waiters) {
        waiter *w = j->waiters;
        j->waiters = w->next;
        amb_call *c = proc_wait_open(j->p, &w->w);
        free(w);
        if (!c) continue;
        amb_arg ret = {.type = AMB_T_NIL};
        amb_status st = result(j, c, &ret);
        j->p->h->reply(c, st, &ret);
    }
}

/* --- events ------------------------------------------------------------------------- */

static void on_exit_(void *ud, uint32_t events)
{
    (void)events;
    proc_job *j = ud;
    if (!reap(j, false)) return;
    j->p->h->unwatch(j->p->hctx, j->pid_watch);
    j->pid_watch = 0;
    /* What it wrote is in the pipes; who inherited them may go on, but not with us. */
    if (j->kind != KIND_CHILD)
        for (int i = 0; i < 2; i++) drain(j, &j->out[i]);
    answer_all(j);
    if (j->kind != KIND_CHILD || j->orphan) job_free(j);
}

static void on_output(void *ud, uint32_t events)
{
    (void)events;
    proc_job *j = ud;
    drain(j, &j->out[0]);
}
static void on_error(void *ud, uint32_t events)
{
    (void)events;
    proc_job *j = ud;
    drain(j, &j->out[1]);
}

static void on_input(void *ud, uint32_t events)
{
    (void)events;
    proc_job *j = ud;
    /* The text is there while the caller waits for the answer. */
    if (j->waiters && j->waiters->w.t) {
        ssize_t k = write_quietly(j->in, j->input, j->input_left);
        if (k == -EAGAIN) return;
        if (k > 0) {
            j->input += k;
            j->input_left -= (size_t)k;
            if (j->input_left) return;
        }
        /* Done, or it does not want more. */
    }
    close_fd(j->p, &j->in, &j->in_watch);
}

static void on_time(void *ud, uint32_t events)
{
    (void)events;
    proc_job *j = ud;
    j->timer = 0;
    j->timed_out = true;
    job_kill(j);
}

static void waiter_canceled(proc_wait *pw)
{
    waiter *w = (waiter *)pw;
    proc_job *j = w->job;
    for (waiter **at = &j->waiters; *at; at = &(*at)->next)
        if (*at == w) {
            *at = w->next;
            break;
        }
    free(w);
    if (j->kind == KIND_CHILD) return;
    close_fd(j->p, &j->in, &j->in_watch);
    job_kill(j);
}

/* --- starting ----------------------------------------------------------------------- */

static void free_words(char **v)
{
    for (char **p = v; p && *p; p++) free(*p);
    free(v);
}

/* A list of texts as the system wants it; with `pairs` a map's entries as NAME=VALUE. */
static amb_status words(const proc *p, amb_call *c, const char *what, const amb_arg *a,
                        bool pairs, char ***out)
{
    const amb_arg *t = a->type == AMB_T_TREE && a->len ? a->v.p : NULL;
    bool shape = t && (pairs ? t[0].type == AMB_T_MAP
                             : t[0].type == AMB_T_LIST ||
                                   (t[0].type == AMB_T_TUPLE && !t[0].flags));
    uint32_t n = shape ? t[0].len : 0;
    if (a->type != AMB_T_NIL && (!shape || a->len != n * (pairs ? 2 : 1) + 1))
        return p->h->fail(c, AMB_E_ARG, 0, pairs ? "%s: env is a map of names and texts"
                                                 : "%s: takes a list of words", what);
    char **v = calloc((size_t)n + 1, sizeof *v);
    if (!v) return AMB_E_NOMEM;
    for (uint32_t i = 0; i < n; i++) {
        const amb_arg *k = pairs ? &t[1 + 2 * i] : &t[1 + i], *val = k + 1;
        bool ok = (k->type == AMB_T_STR || k->type == AMB_T_BYTES) &&
                  !(k->len && memchr(k->v.p, 0, k->len));
        if (ok && pairs)
            ok = k->type == AMB_T_STR && k->len && !memchr(k->v.p, '=', k->len) &&
                 (val->type == AMB_T_STR || val->type == AMB_T_BYTES) &&
                 !(val->len && memchr(val->v.p, 0, val->len));
        if (!ok) {
            free_words(v);
            return p->h->fail(c, AMB_E_ARG, 0, "%s: %s %s", what,
                              pairs ? "env has texts without zero bytes, names without `=`,"
                                    : "words are texts",
                              pairs ? "and nothing else" : "without zero bytes");
        }
        size_t len = k->len + (pairs ? val->len + 1 : 0);
        if (!(v[i] = malloc(len + 1))) {
            free_words(v);
            return AMB_E_NOMEM;
        }
        if (k->len) memcpy(v[i], k->v.p, k->len);
        if (pairs) {
            v[i][k->len] = '=';
            if (val->len) memcpy(v[i] + k->len + 1, val->v.p, val->len);
        }
        v[i][len] = 0;
    }
    *out = v;
    return AMB_OK;
}

static int make_pipe(int ours_theirs[2], bool we_write)
{
    int v[2];
    if (pipe2(v, O_CLOEXEC)) return -errno;
    ours_theirs[0] = v[we_write];
    ours_theirs[1] = v[!we_write];
    (void)!fcntl(ours_theirs[0], F_SETFL, O_NONBLOCK);
    return 0;
}

/* A name as it can be shown in a message. */
static void printable(char *s)
{
    for (; *s; s++)
        if ((unsigned char)*s < 0x20 || (unsigned char)*s > 0x7e) *s = '?';
}

/* The folder to start in, kept by descriptor from here on: *dir is -1 when none was named. */
static amb_status enter(const proc *p, amb_call *c, const char *what, const amb_arg *cwd, int *dir)
{
    *dir = -1;
    if (cwd->type == AMB_T_NIL) return AMB_OK;
    char path[PATH_MAX];
    if (cwd->len >= sizeof path || (cwd->len && memchr(cwd->v.p, 0, cwd->len)))
        return p->h->fail(c, AMB_E_ARG, 0, "%s: cwd is not a path", what);
    if (cwd->len) memcpy(path, cwd->v.p, cwd->len);
    path[cwd->len] = 0;
    *dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int e = *dir < 0 ? errno
            : syscall(SYS_faccessat2, *dir, "", X_OK, AT_EMPTY_PATH | AT_EACCESS) ? errno
                                                                                 : 0;
    if (!e || (*dir >= 0 && e == ENOSYS)) return AMB_OK; /* an old system says it when it starts */
    if (*dir >= 0) close(*dir);
    *dir = -1;
    path[60] = 0;
    printable(path);
    return p->h->fail(c, AMB_E_IO, e, "%s: cannot start in %s: %s", what, path, strerror(e));
}

/* Starts what the words say. input: whether its standard input is a pipe. */
static amb_status launch(proc *p, amb_call *c, const tool *t, const char *what,
                         const amb_arg *list, const amb_arg *env, const amb_arg *cwd, bool input, int kind,
                         proc_job **out)
{
    char **argv = NULL, **envp = NULL;
    amb_status st = words(p, c, what, list, false, &argv);
    if (st == AMB_OK && !argv[0])
        st = p->h->fail(c, AMB_E_ARG, 0, "%s: the first word names the program", what);
    if (st == AMB_OK) st = words(p, c, what, env, true, &envp);
    const proc_program *program = NULL;
    for (uint32_t i = 0; st == AMB_OK && i < t->n; i++)
        if (strcmp(t->v[i].name, argv[0]) == 0) program = &t->v[i];
    if (st == AMB_OK && !program)
        st = p->h->fail(c, AMB_E_RIGHTS, 0, "%s: not a program that was granted", what);
    int dir = -1;
    if (st == AMB_OK) st = enter(p, c, what, cwd, &dir);
    proc_job *j = st == AMB_OK ? calloc(1, sizeof *j) : NULL;
    if (st == AMB_OK && !j) st = AMB_E_NOMEM;
    if (st == AMB_OK) {
        *j = (proc_job){.p = p, .kind = kind, .in = -1, .pidfd = -1,
                        .out = {{.fd = -1}, {.fd = -1}}, .max = OUTPUT_MAX};
        snprintf(j->name, sizeof j->name, "%.31s", argv[0]);
        printable(j->name);
        int in[2] = {-1, -1}, o[2] = {-1, -1}, e[2] = {-1, -1}, bad = 0;
        if (input) bad = make_pipe(in, true);
        else if ((in[1] = open("/dev/null", O_RDONLY | O_CLOEXEC)) < 0) bad = -errno;
        if (!bad) bad = make_pipe(o, false);
        if (!bad) bad = make_pipe(e, false);
        j->in = in[0];
        j->out[0].fd = o[0];
        j->out[1].fd = e[0];
        if (!bad) {
            proc_start s = {program, argv, envp, in[1], o[1], e[1], dir};
            j->pid = proc_spawn(&s, &j->pidfd);
            if (j->pid < 0) bad = j->pid;
        }
        if (in[1] >= 0) close(in[1]);
        if (o[1] >= 0) close(o[1]);
        if (e[1] >= 0) close(e[1]);
        j->next = p->jobs;
        if (j->next) j->next->prev = j;
        p->jobs = j;
        if (bad) {
            st = bad == -ENOMEM ? AMB_E_NOMEM
                                : p->h->fail(c, AMB_E_IO, -bad, "%s: cannot start %s: %s",
                                             what, j->name, strerror(-bad));
            job_free(j);
            j = NULL;
        }
    }
    if (dir >= 0) close(dir);
    free_words(argv);
    free_words(envp);
    *out = j;
    return st;
}

/* Nobody will ask for it any more. */
static void abandon(proc_job *j)
{
    proc *p = j->p;
    j->orphan = true;
    if (j->kind == KIND_CHILD) {
        close_fd(p, &j->in, &j->in_watch);
        for (int i = 0; i < 2; i++) close_fd(p, &j->out[i].fd, &j->out[i].watch);
    }
    job_kill(j);
    /* It was killed: its end is a matter of moments. Where that cannot be watched for, stop() sees to it. */
    if (reap(j, false)) job_free(j);
    else if (!j->pid_watch) p->h->watch(p->hctx, j->pidfd, POLLIN, on_exit_, j, &j->pid_watch);
}

void proc_jobs_end(proc *p)
{
    while (p->jobs) {
        job_kill(p->jobs);
        reap(p->jobs, true);
        job_free(p->jobs);
    }
}

/* --- operations --------------------------------------------------------------------- */

void proc_tool_close(void *inst, void *res)
{
    (void)inst;
    tool *t = res;
    for (uint32_t i = 0; i < t->n; i++) proc_program_free(&t->v[i]);
    free(t);
}

PROC_OP(proc_tool_new)
{
    (void)self;
    proc *p = inst;
    if (!n) return p->h->fail(c, AMB_E_ARG, 0, "process.run takes the names of programs");
    tool *t = calloc(1, sizeof *t + n * sizeof t->v[0]);
    if (!t) return AMB_E_NOMEM;
    char label[96];
    size_t used = 0;
    label[0] = 0;
    for (uint32_t i = 0; i < n; i++) {
        char *name = memchr(a[i].v.p, 0, a[i].len) ? NULL : strndup(a[i].v.p, a[i].len);
        int bad = name ? proc_program_find(name, &t->v[t->n]) : -EINVAL;
        if (bad) {
            char shown[64];
            snprintf(shown, sizeof shown, "%.60s", name ? name : "");
            printable(shown);
            free(name);
            proc_tool_close(p, t);
            return bad == -ENOMEM ? AMB_E_NOMEM
                                  : p->h->fail(c, AMB_E_IO, -bad, "process.run: %s: %s", shown,
                                               bad == -ENOENT ? "there is no such program"
                                                              : strerror(-bad));
        }
        t->n++;
        int k = snprintf(label + used, sizeof label - used, "%s%s", used ? ", " : "", name);
        if (k > 0 && (size_t)k < sizeof label - used) used += (size_t)k;
        label[used] = 0;
        free(name);
    }
    amb_status st = p->h->res_new(c, PROC_RES_TOOL, t, ~(amb_rights)0, label, ret, NULL);
    if (st != AMB_OK) proc_tool_close(p, t);
    return st;
}

/* a: the words, stdin, env, timeout, max, for KIND_RUN bytes, cwd. */
static amb_status run(proc *p, amb_call *c, const tool *t, const char *what, int kind,
                      const amb_arg *a)
{
    bool text = a[1].type == AMB_T_STR || a[1].type == AMB_T_BYTES;
    if (a[1].type != AMB_T_NIL && !text)
        return p->h->fail(c, AMB_E_ARG, 0, "%s: stdin is a string or bytes", what);
    if (a[3].type == AMB_T_F64 && !(a[3].v.f >= 0 && a[3].v.f < 1e9))
        return p->h->fail(c, AMB_E_ARG, 0, "%s: timeout is a number of seconds", what);
    if (a[4].type == AMB_T_I64 && (a[4].v.i < 0 || a[4].v.i > (int64_t)AMB_TRANSFER_MAX))
        return p->h->fail(c, AMB_E_ARG, 0, "%s: max is at most 1 GiB", what);
    proc_job *j;
    waiter *w = calloc(1, sizeof *w);
    if (!w) return AMB_E_NOMEM;
    amb_status st = launch(p, c, t, what, &a[0], &a[2], &a[kind == KIND_RUN ? 6 : 5], text && a[1].len, kind, &j);
    if (st != AMB_OK) {
        free(w);
        return st;
    }
    if (a[4].type == AMB_T_I64) j->max = (size_t)a[4].v.i;
    j->bytes = kind == KIND_RUN && a[5].type == AMB_T_BOOL && a[5].v.i;
    if (text) {
        j->input = a[1].v.p;
        j->input_left = a[1].len;
    }
    double seconds = a[3].type == AMB_T_F64 ? a[3].v.f : -1;
    st = p->h->watch(p->hctx, j->pidfd, POLLIN, on_exit_, j, &j->pid_watch);
    if (st == AMB_OK)
        st = p->h->watch(p->hctx, j->out[0].fd, POLLIN, on_output, j, &j->out[0].watch);
    if (st == AMB_OK)
        st = p->h->watch(p->hctx, j->out[1].fd, POLLIN, on_error, j, &j->out[1].watch);
    if (st == AMB_OK && j->in >= 0)
        st = p->h->watch(p->hctx, j->in, POLLOUT, on_input, j, &j->in_watch);
    if (st == AMB_OK && seconds >= 0)
        st = p->h->timer(p->hctx, (uint64_t)(seconds * 1e9), on_time, j, &j->timer);
    /* Nothing of that runs before we return. */
    amb_ticket ticket = st == AMB_OK ? p->h->pend(c) : 0;
    if (!ticket) {
        free(w);
        abandon(j);
        return st != AMB_OK ? st : p->h->fail(c, AMB_E_NOSYS, 0, "%s: cannot wait here", what);
    }
    w->job = j;
    w->w.canceled = waiter_canceled;
    j->waiters = w;
    proc_wait_begin(p, &w->w, ticket);
    return AMB_PENDING;
}

PROC_OP(proc_tool_run)
{
    (void)n, (void)ret;
    return run(inst, c, self, "run", KIND_RUN, a);
}
PROC_OP(proc_tool_output)
{
    (void)n, (void)ret;
    return run(inst, c, self, "output", KIND_OUTPUT, a);
}

PROC_OP(proc_tool_start)
{
    (void)n;
    proc *p = inst;
    proc_job *j;
    amb_status st = launch(p, c, self, "start", &a[0], &a[1], &a[2], true, KIND_CHILD, &j);
    if (st != AMB_OK) return st;
    st = p->h->res_new(c, PROC_RES_CHILD, j, ~(amb_rights)0, j->name, ret, NULL);
    if (st != AMB_OK) abandon(j);
    return st;
}

/* A child ends with its capability. */
void proc_child_close(void *inst, void *res)
{
    (void)inst;
    proc_job *j = res;
    while (j->waiters) {
        waiter *w = j->waiters;
        j->waiters = w->next;
        proc_wait_end(j->p, &w->w);
        free(w);
    }
    abandon(j);
}

PROC_OP(proc_child_pid)
{
    PROC_UNUSED;
    *ret = (amb_arg){.type = AMB_T_I64, .v.i = ((proc_job *)self)->pid};
    return AMB_OK;
}

PROC_OP(proc_child_kill)
{
    (void)n;
    proc *p = inst;
    proc_job *j = self;
    int number = a[0].type == AMB_T_NIL ? SIGTERM : proc_signal_number(a[0].v.p, a[0].len);
    if (!number) return p->h->fail(c, AMB_E_ARG, 0, "kill: there is no such signal");
    /* By descriptor: never somebody else who has got the number since. */
    bool there = !reap(j, false) && syscall(SYS_pidfd_send_signal, j->pidfd, number, NULL, 0) == 0;
    *ret = (amb_arg){.type = AMB_T_BOOL, .v.i = there};
    return AMB_OK;
}

PROC_OP(proc_child_wait)
{
    (void)a, (void)n;
    proc *p = inst;
    proc_job *j = self;
    if (reap(j, false)) return result(j, c, ret);
    amb_status st = j->pid_watch ? AMB_OK
                                 : p->h->watch(p->hctx, j->pidfd, POLLIN, on_exit_, j, &j->pid_watch);
    if (st != AMB_OK) return st;
    waiter *w = calloc(1, sizeof *w);
    if (!w) return AMB_E_NOMEM;
    amb_ticket t = p->h->pend(c);
    if (!t) {
        free(w);
        return p->h->fail(c, AMB_E_NOSYS, 0, "wait: cannot wait here");
    }
    w->job = j;
    w->w.canceled = waiter_canceled;
    w->next = j->waiters;
    j->waiters = w;
    proc_wait_begin(p, &w->w, t);
    return AMB_PENDING;
}

/* --- a child's streams ---------------------------------------------------------------- */

typedef struct stream {
    proc *p;
    int fd;
    uint64_t id;
    proc_wait wait;
    void *buf;
    uint32_t len;
    bool out; /* we write */
} stream;

void proc_stream_close(void *inst, void *res)
{
    proc *p = inst;
    stream *s = res;
    proc_wait_end(p, &s->wait);
    close_fd(p, &s->fd, &s->id);
    free(s);
}

static amb_status hand_over(proc *p, amb_call *c, int *fd, bool out, const char *label,
                            amb_arg *ret)
{
    if (*fd < 0)
        return p->h->fail(c, AMB_E_IO, EBUSY, "%s: it was taken before", label);
    stream *s = calloc(1, sizeof *s);
    if (!s) return AMB_E_NOMEM;
    *s = (stream){.p = p, .fd = *fd, .out = out};
    amb_status st = p->h->res_new(c, out ? PROC_RES_INPUT : PROC_RES_OUTPUT, s,
                                  ~(amb_rights)0, label, ret, NULL);
    if (st == AMB_OK) *fd = -1;
    else free(s);
    return st;
}

PROC_OP(proc_child_stdin)
{
    (void)a, (void)n;
    return hand_over(inst, c, &((proc_job *)self)->in, true, "stdin", ret);
}
PROC_OP(proc_child_stdout)
{
    (void)a, (void)n;
    return hand_over(inst, c, &((proc_job *)self)->out[0].fd, false, "stdout", ret);
}
PROC_OP(proc_child_stderr)
{
    (void)a, (void)n;
    return hand_over(inst, c, &((proc_job *)self)->out[1].fd, false, "stderr", ret);
}

static ssize_t stream_try(stream *s, void *buf, size_t n)
{
    if (s->out) return write_quietly(s->fd, buf, n);
    ssize_t k;
    do k = read(s->fd, buf, n);
    while (k < 0 && errno == EINTR);
    return k < 0 ? -errno : k;
}

static void stream_ready(void *ud, uint32_t events)
{
    (void)events;
    stream *s = ud;
    proc *p = s->p;
    proc_pause(p, &s->id);
    amb_call *c = proc_wait_open(p, &s->wait);
    if (!c) return;
    ssize_t k = stream_try(s, s->buf, s->len);
    if (k == -EAGAIN) k = -EBUSY;
    amb_arg ret = {.type = k < 0 ? AMB_T_NIL : AMB_T_I64, .v.i = k < 0 ? 0 : k};
    p->h->reply(c, k < 0 ? failed(p, c, (int)k, s->out ? "write" : "read") : AMB_OK, &ret);
}

static amb_status transfer(proc *p, amb_call *c, stream *s, void *buf, uint32_t len,
                           amb_arg *ret)
{
    ssize_t k = stream_try(s, buf, len);
    if (k >= 0) {
        *ret = (amb_arg){.type = AMB_T_I64, .v.i = k};
        return AMB_OK;
    }
    if (k != -EAGAIN) return failed(p, c, (int)k, s->out ? "write" : "read");
    if (s->wait.t) return AMB_E_BUSY;
    amb_status st = proc_ready(p, &s->id, s->fd, s->out ? POLLOUT : POLLIN, stream_ready, s);
    if (st != AMB_OK) return st;
    amb_ticket t = p->h->pend(c);
    if (!t) {
        proc_pause(p, &s->id);
        return p->h->fail(c, AMB_E_NOSYS, 0, "cannot wait here");
    }
    s->buf = buf;
    s->len = len;
    proc_wait_begin(p, &s->wait, t);
    return AMB_PENDING;
}

PROC_OP(proc_stream_read)
{
    (void)n;
    return transfer(inst, c, self, a[0].v.w, a[0].len, ret);
}
PROC_OP(proc_stream_write)
{
    (void)n;
    return transfer(inst, c, self, (void *)a[0].v.p, a[0].len, ret);
}
