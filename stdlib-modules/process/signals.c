/* SPDX-License-Identifier: MIT */
/* Signals as a sequence of names.
 *
 * They come through a descriptor: each one is blocked while somebody takes it, so nothing runs in
 * between. Other threads of the process must leave signals alone, as the kernel's do. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "process.h"

typedef struct signals {
    proc *p;
    int fd;
    sigset_t set;
    proc_wait wait;
    uint64_t id;
} signals;

enum { BATCH = 16 };

/* Those that are taken for the first time are blocked, those nobody takes any more not. */
static void count(proc *p, const sigset_t *set, int by)
{
    sigset_t change;
    sigemptyset(&change);
    for (int i = 1; i < 65; i++) {
        if (!sigismember(set, i)) continue;
        p->signals[i] = (unsigned char)(p->signals[i] + by);
        if (p->signals[i] == (by > 0)) sigaddset(&change, i);
    }
    pthread_sigmask(by > 0 ? SIG_BLOCK : SIG_UNBLOCK, &change, NULL);
}

void proc_signals_close(void *inst, void *res)
{
    proc *p = inst;
    signals *s = res;
    proc_wait_end(p, &s->wait);
    if (s->id) p->h->unwatch(p->hctx, s->id);
    /* What came and was not asked for must not strike now. */
    struct signalfd_siginfo one;
    bool last = true;
    for (int i = 1; i < 65; i++)
        if (sigismember(&s->set, i) && p->signals[i] > 1) last = false;
    while (last && read(s->fd, &one, sizeof one) == sizeof one) continue;
    close(s->fd);
    count(p, &s->set, -1);
    free(s);
}

PROC_OP(proc_signals_new)
{
    (void)self;
    proc *p = inst;
    if (!n) return p->h->fail(c, AMB_E_ARG, 0, "process.signals takes the names of signals");
    signals *s = calloc(1, sizeof *s);
    if (!s) return AMB_E_NOMEM;
    s->p = p;
    sigemptyset(&s->set);
    for (uint32_t i = 0; i < n; i++) {
        static const int allowed[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1,
                                      SIGUSR2, SIGWINCH, SIGCONT, SIGALRM};
        int number = proc_signal_number(a[i].v.p, a[i].len);
        bool known = false;
        for (size_t k = 0; k < sizeof allowed / sizeof *allowed; k++)
            known |= number == allowed[k];
        if (!known) {
            free(s);
            return p->h->fail(c, AMB_E_ARG, 0,
                              "process.signals: HUP, INT, QUIT, TERM, USR1, USR2, WINCH, "
                              "CONT or ALRM");
        }
        if (p->signals[number] == 250) {
            free(s);
            return AMB_E_QUOTA;
        }
        sigaddset(&s->set, number);
    }
    s->fd = signalfd(-1, &s->set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (s->fd < 0) {
        int e = errno;
        free(s);
        return p->h->fail(c, AMB_E_IO, e, "signals: %s", strerror(e));
    }
    count(p, &s->set, 1);
    amb_status st =
        p->h->res_new(c, PROC_RES_SIGNALS, s, ~(amb_rights)0, "signals", ret, NULL);
    if (st != AMB_OK) proc_signals_close(p, s);
    return st;
}

/* True: there was one. */
static bool take(signals *s, amb_call *c, amb_status *st, amb_arg *ret)
{
    struct signalfd_siginfo v[BATCH];
    ssize_t k;
    do k = read(s->fd, v, sizeof v);
    while (k < 0 && errno == EINTR);
    if (k < (ssize_t)sizeof *v) return false;
    size_t n = (size_t)k / sizeof *v;
    amb_arg *t = s->p->h->alloc(c, (n + 1) * sizeof *t);
    *st = t ? AMB_OK : AMB_E_NOMEM;
    if (!t) return true;
    t[0] = (amb_arg){.type = AMB_T_LIST, .len = (uint32_t)n};
    for (size_t i = 0; i < n; i++) {
        const char *name = proc_signal_name((int)v[i].ssi_signo);
        t[i + 1] = (amb_arg){.type = AMB_T_STR, .len = (uint32_t)strlen(name), .v.p = name};
    }
    *ret = (amb_arg){.type = AMB_T_TREE, .len = (uint32_t)n + 1, .v.p = t};
    return true;
}

static void ready(void *ud, uint32_t events)
{
    (void)events;
    signals *s = ud;
    proc *p = s->p;
    struct pollfd pf = {.fd = s->fd, .events = POLLIN};
    if (s->wait.t && poll(&pf, 1, 0) <= 0) return;
    proc_pause(p, &s->id);
    amb_call *c = proc_wait_open(p, &s->wait);
    if (!c) return;
    amb_arg ret = {.type = AMB_T_NIL};
    amb_status st = AMB_E_BUSY;
    take(s, c, &st, &ret);
    p->h->reply(c, st, &ret);
}

PROC_OP(proc_signals_next)
{
    (void)a, (void)n;
    proc *p = inst;
    signals *s = self;
    amb_status st;
    if (take(s, c, &st, ret)) return st;
    if (s->wait.t) return AMB_E_BUSY;
    st = proc_ready(p, &s->id, s->fd, POLLIN, ready, s);
    if (st != AMB_OK) return st;
    amb_ticket t = p->h->pend(c);
    if (!t) {
        proc_pause(p, &s->id);
        return p->h->fail(c, AMB_E_NOSYS, 0, "signals: cannot wait here");
    }
    proc_wait_begin(p, &s->wait, t);
    return AMB_PENDING;
}
