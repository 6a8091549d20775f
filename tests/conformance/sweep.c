/* SPDX-License-Identifier: MIT */
/* Faults at every request of a provider to its host: whatever fails first, second, third ..., the provider keeps
 * its contract, nothing leaks (the sanitizer builds look), and everything can be closed. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "kit.h"

extern const amb_provider amb_provider_net, amb_provider_net_memory, amb_provider_timer, amb_provider_entropy;

#define MS UINT64_C(1000000)

static kit_call *go(kit *k, kit_cap *self, const char *op, amb_arg a, int n)
{
    kit_call *c = kit_start(k, self, op, &a, (uint32_t)n);
    if (!c->done) kit_wait(k, c, 20 * MS);
    return c;
}
static kit_cap *cap_of(const kit_call *c) { return c->st == AMB_OK ? c->made : NULL; }

/* A bit of everything; nothing is expected of any step but an answer or patience. */
static void everything(kit *k)
{
    static char room[200000];
    if (strcmp(k->p->iface, "timer") == 0) {
        kit_cap *t = cap_of(go(k, NULL, "timer", kit_nil(), 0));
        if (!t) return;
        go(k, t, "sleep", kit_float(0.001), 1);
        kit_cap *a = cap_of(go(k, t, "after", kit_float(0.001), 1)), *e = cap_of(go(k, t, "every", kit_float(0.001), 1));
        if (a) go(k, a, "wait", kit_nil(), 0), go(k, a, "next", kit_int(5), 1), go(k, a, "left", kit_nil(), 0);
        for (int i = 0; e && i < 3; i++) go(k, e, "next", kit_int(5), 1);
        return;
    }
    if (strcmp(k->p->iface, "entropy") == 0) {
        kit_cap *t = cap_of(go(k, NULL, "entropy", kit_nil(), 0));
        if (t) go(k, t, "bytes", kit_int(100), 1), go(k, t, "bytes", kit_int(100000), 1);
        return;
    }
    kit_cap *dns = cap_of(go(k, NULL, "dns", kit_str("*"), 1));
    if (dns) go(k, dns, "resolve", kit_str("localhost"), 1), go(k, dns, "resolve", kit_str("there.example"), 1);
    kit_cap *tcp = cap_of(go(k, NULL, "tcp", kit_str("127.0.0.1:*"), 1));
    kit_cap *udp = cap_of(go(k, NULL, "udp", kit_str("127.0.0.1:*"), 1));
    if (tcp) go(k, tcp, "sub", kit_str("127.0.0.1:80"), 1), go(k, tcp, "connect", kit_str("127.0.0.1:1"), 1);
    kit_cap *l = tcp ? cap_of(go(k, tcp, "listen", kit_str("127.0.0.1:0"), 1)) : NULL;
    if (l) {
        char at[64];
        kit_call *where = go(k, l, "port", kit_nil(), 0);
        snprintf(at, sizeof at, "127.0.0.1:%d", where->st == AMB_OK ? (int)where->ret.v.i : 1);
        kit_call *first = kit_start(k, l, "accept", NULL, 0);
        kit_cap *a = cap_of(go(k, tcp, "connect", kit_str(at), 1));
        if (!first->done) kit_wait(k, first, 20 * MS);
        kit_cap *b = cap_of(first);
        if (!b && a) b = cap_of(go(k, l, "next", kit_int(8), 1));
        for (int i = 0; a && b && i < 3; i++) {
            go(k, a, "write", kit_buf(room, 100000), 1);
            go(k, b, "read", kit_buf(room, sizeof room), 1);
            go(k, b, "peer", kit_nil(), 0);
        }
        if (a) go(k, a, "shutdown", kit_nil(), 0), go(k, a, "nodelay", kit_nil(), 0);
        if (b) kit_close(k, b);
        if (a) go(k, a, "read", kit_buf(room, 10), 1);
    }
    kit_cap *in = udp ? cap_of(go(k, udp, "bind", kit_str("127.0.0.1:0"), 1)) : NULL;
    kit_cap *out = udp ? cap_of(go(k, udp, "open", kit_nil(), 0)) : NULL;
    if (in && out) {
        char to[64];
        kit_call *where = go(k, in, "port", kit_nil(), 0);
        snprintf(to, sizeof to, "127.0.0.1:%d", where->st == AMB_OK ? (int)where->ret.v.i : 1);
        amb_arg a[2] = {kit_str("datagram"), kit_str(to)};
        for (int i = 0; i < 3; i++) kit_do(k, out, "send", a, 2, NULL);
        go(k, in, "recv", kit_nil(), 0);
        go(k, in, "next", kit_int(4), 1);
        go(k, in, "next", kit_int(4), 1);
    }
}

static kit *opened(const amb_provider *p)
{
    static const char hosts[] = "there.example=93.184.216.34,[2606:4700::1]";
    amb_arg cfg = kit_str(hosts);
    kit *k = kit_new(p, amb_reactor_uv_new(), &cfg, p->ncfg ? 1 : 0);
    cr_assert_not_null(k);
    return k;
}

static void sweep(const amb_provider *p)
{
    for (int kind = 0; kind < 6; kind++) {
        for (int n = 0; n < 8; n++) {
            kit *k = opened(p);
            int *fault[] = {&k->fail.alloc, &k->fail.res_new, &k->fail.pend, &k->fail.watch, &k->fail.timer,
                            &k->fail.answer};
            *fault[kind] = n;
            everything(k);
            *fault[kind] = -1;
            everything(k); /* and then it works again */
            cr_assert_eq(kit_free(k), 0, "%s: fault %d after %d", p->iface, kind, n);
        }
    }
}
Test(sweep, net) { sweep(&amb_provider_net); }
Test(sweep, net_memory) { sweep(&amb_provider_net_memory); }
Test(sweep, timer) { sweep(&amb_provider_timer); }
Test(sweep, entropy) { sweep(&amb_provider_entropy); }

/* Cancelling what is not there, and twice. */
Test(sweep, cancelling_nothing)
{
    static const amb_provider *const all[] = {&amb_provider_net, &amb_provider_net_memory, &amb_provider_timer};
    for (int i = 0; i < 3; i++) {
        kit *k = opened(all[i]);
        k->p->cancel(k->inst, 1);
        k->p->cancel(k->inst, UINT64_MAX);
        everything(k);
        for (amb_ticket t = 0; t <= k->last_ticket + 1; t++) k->p->cancel(k->inst, t);
        for (amb_ticket t = 0; t <= k->last_ticket + 1; t++) k->p->cancel(k->inst, t);
        everything(k);
        cr_assert_eq(kit_free(k), 0);
    }
}

static void nothing(int sig) { (void)sig; }

/* Signals that interrupt system calls all the time. */
Test(sweep, interrupted)
{
    struct sigaction sa = {.sa_handler = nothing};
    sigaction(SIGALRM, &sa, NULL);
    struct itimerval often = {{0, 300}, {0, 300}}, never = {{0, 0}, {0, 0}};
    setitimer(ITIMER_REAL, &often, NULL);
    kit *k = opened(&amb_provider_net);
    for (int i = 0; i < 20; i++) everything(k);
    int failed = 0;
    for (const kit_call *c = k->calls; c; c = c->next)
        failed += c->done && c->st == AMB_E_IO && c->os_errno == 4; /* EINTR */
    setitimer(ITIMER_REAL, &never, NULL);
    cr_assert_eq(failed, 0, "%d calls saw an interruption", failed);
    cr_assert_eq(kit_free(k), 0);
}
