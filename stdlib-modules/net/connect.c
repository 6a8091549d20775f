/* SPDX-License-Identifier: MIT */
/* Opening connections: one address after the other until one answers. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "net.h"

/* How long an address may keep those behind it waiting. */
#define NEXT_NS UINT64_C(3000000000)

typedef struct attempt {
    net_wait w;
    net *n;
    net_grant *g;
    net_lookup *l;
    net_target t;
    uint32_t at;
    int fd, error; /* error: of the last address that failed */
    uint64_t watch, timer;
} attempt;

static void give_up_fd(attempt *q)
{
    const amb_host *h = q->n->h;
    if (q->watch) h->unwatch(q->n->hctx, q->watch);
    if (q->timer) h->unwatch(q->n->hctx, q->timer);
    if (q->fd >= 0) close(q->fd);
    q->watch = q->timer = 0;
    q->fd = -1;
}

static void end(attempt *q)
{
    give_up_fd(q);
    if (q->l) q->l->done = NULL;
    net_grant_drop(q->g);
    free(q);
}

static void attempt_drop(net *n, net_wait *w)
{
    (void)n;
    end((attempt *)w);
}

static void label_of(const attempt *q, char out[AMB_HOST_MAX + 16])
{
    net_addr a = {q->t.addrs[q->at], q->t.port};
    if (q->t.named) snprintf(out, AMB_HOST_MAX + 16, "%s:%u", q->t.name, q->t.port);
    else net_addr_print(&a, out, AMB_HOST_MAX + 16);
}

/* The connection is up. c: where to answer. */
static amb_status connected(attempt *q, amb_call *c, amb_arg *ret)
{
    char label[AMB_HOST_MAX + 16];
    label_of(q, label);
    int fd = q->fd;
    if (q->watch) q->n->h->unwatch(q->n->hctx, q->watch);
    q->watch = 0;
    q->fd = -1;
    return net_conn_answer(q->n, c, fd, true, label, ret);
}

enum { NOW, LATER, FAILED };

static void on_ready(void *ud, uint32_t events);
static void on_time(void *ud, uint32_t events);

/* Starts with the address `at` and goes on to the next ones as long as they fail at once. */
static int try_from(attempt *q)
{
    net *n = q->n;
    for (; q->at < q->t.n; q->at++) {
        net_addr a = {q->t.addrs[q->at], q->t.port};
        struct sockaddr_storage s;
        socklen_t len = net_sockaddr(&a, &s);
        q->fd = socket(s.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (q->fd < 0) {
            q->error = errno;
            if (q->error == EMFILE || q->error == ENFILE) return FAILED;
            continue;
        }
        int bad;
        do bad = connect(q->fd, (struct sockaddr *)&s, len);
        while (bad && errno == EINTR);
        if (!bad) return NOW;
        q->error = errno;
        if (q->error == EINPROGRESS || q->error == EAGAIN) {
            amb_status st = n->h->watch(n->hctx, q->fd, POLLOUT, on_ready, q, &q->watch);
            if (st == AMB_OK && q->at + 1 < q->t.n) st = n->h->timer(n->hctx, NEXT_NS, on_time, q, &q->timer);
            if (st == AMB_OK) return LATER;
            q->error = st == AMB_E_NOMEM ? ENOMEM : ENOSYS;
            give_up_fd(q);
            return FAILED;
        }
        give_up_fd(q);
    }
    return FAILED;
}

static void go_on(attempt *q, int how)
{
    net *n = q->n;
    if (how == LATER) return;
    amb_call *c = net_open(n, &q->w);
    if (c) {
        amb_arg ret = {.type = AMB_T_NIL};
        amb_status st = how == NOW ? connected(q, c, &ret) : net_failed(n, c, q->error, "connect");
        n->h->reply(c, st, &ret);
    }
    end(q);
}

static void next_address(attempt *q, int error)
{
    q->error = error;
    give_up_fd(q);
    q->at++;
    go_on(q, try_from(q));
}

static void on_ready(void *ud, uint32_t events)
{
    (void)events;
    attempt *q = ud;
    int error = 0;
    socklen_t len = sizeof error;
    if (getsockopt(q->fd, SOL_SOCKET, SO_ERROR, &error, &len)) error = errno;
    if (error) next_address(q, error);
    else go_on(q, NOW);
}

static void on_time(void *ud, uint32_t events)
{
    (void)events;
    attempt *q = ud;
    q->timer = 0;
    next_address(q, ETIMEDOUT);
}

static amb_status nowhere(net *n, amb_call *c)
{
    return n->h->fail(c, AMB_E_RIGHTS, 0,
                      "connect: the name leads to addresses that are not public; grant them by address");
}

static void looked_up(void *ud, net_lookup *l)
{
    attempt *q = ud;
    net *n = q->n;
    q->l = NULL;
    if (!l->error) {
        q->t.n = l->count;
        memcpy(q->t.addrs, l->addrs, sizeof q->t.addrs);
        net_permit(q->g, &q->t);
        if (q->t.n) {
            go_on(q, try_from(q));
            return;
        }
    }
    amb_call *c = net_open(n, &q->w);
    if (c) n->h->reply(c, l->error ? net_unresolved(n, c, l->error) : nowhere(n, c), &(amb_arg){.type = AMB_T_NIL});
    end(q);
}

NET_OP(net_tcp_connect)
{
    (void)n;
    net *k = inst;
    net_grant *g = self;
    net_target t;
    amb_status st = net_reach(k, c, g, &a[0], "connect", &t);
    if (st) return st;
    bool known = !t.named || t.n || net_known(k, &t);
    if (known && t.named) {
        if (!t.n) return net_unresolved(k, c, ENOENT);
        net_permit(g, &t);
        if (!t.n) return nowhere(k, c);
    }
    attempt *q = calloc(1, sizeof *q);
    if (!q) return AMB_E_NOMEM;
    q->n = k;
    q->t = t;
    q->g = g;
    g->refs++;
    q->fd = -1;
    q->w.drop = attempt_drop;
    if (known) {
        int how = try_from(q);
        if (how != LATER) {
            st = how == NOW ? connected(q, c, ret) : net_failed(k, c, q->error, "connect");
            end(q);
            return st;
        }
    } else if (!(q->l = net_lookup_start(k, t.name, looked_up, q))) {
        end(q);
        return AMB_E_NOMEM;
    }
    st = net_pend(k, c, &q->w);
    if (st != AMB_PENDING) end(q);
    return st;
}
