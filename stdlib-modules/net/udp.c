/* SPDX-License-Identifier: MIT */
/* Datagrams.
 *
 * A socket that was opened for sending delivers only what comes from where something was sent to
 * lately, or where the grant reaches by address; one that is bound delivers everything, and
 * whoever sent something lately may be answered. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "net.h"

enum { BATCH = 16 };

typedef struct usocket {
    net *n;
    net_grant *g;
    net_wait in;
    bool list; /* the waiting call is next */
    bool bound;
    int fd, fd6; /* opened for sending: one of each kind, made when needed; -1 */
    uint64_t watch, watch6;
    net_recent *recent;
    struct sending *sendings; /* waiting for names */
} usocket;

static int new_socket(const amb_ip *ip)
{
    int fd = socket(ip->v == 4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;
    if (fd >= 0 && ip->v == 6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    return fd;
}

typedef struct sending {
    net_wait w;
    net *n;
    usocket *u;
    net_lookup *l;
    net_target t;
    amb_arg data;
    struct sending *next;
} sending;

static void sending_end(sending *q)
{
    if (q->l) q->l->done = NULL;
    for (sending **at = &q->u->sendings; *at; at = &(*at)->next)
        if (*at == q) {
            *at = q->next;
            break;
        }
    free(q);
}
void net_socket_close(void *inst, void *res)
{
    net *n = inst;
    usocket *u = res;
    if (u->watch) n->h->unwatch(n->hctx, u->watch);
    if (u->watch6) n->h->unwatch(n->hctx, u->watch6);
    net_forget(n, &u->in);
    while (u->sendings) {
        net_forget(n, &u->sendings->w);
        sending_end(u->sendings);
    }
    if (u->fd >= 0) close(u->fd);
    if (u->fd6 >= 0) close(u->fd6);
    net_grant_drop(u->g);
    free(u->recent);
    free(u);
}

static amb_status make(net *n, amb_call *c, net_grant *g, int fd, int fd6, bool bound, const char *label,
                       amb_arg *ret)
{
    usocket *u = calloc(1, sizeof *u);
    if (u) u->recent = calloc(1, sizeof *u->recent);
    if (!u || !u->recent) {
        free(u);
        if (fd >= 0) close(fd);
        if (fd6 >= 0) close(fd6);
        return AMB_E_NOMEM;
    }
    u->n = n;
    u->g = g;
    g->refs++;
    u->fd = fd;
    u->fd6 = fd6;
    u->bound = bound;
    amb_status st = n->h->res_new(c, NET_RES_SOCKET, u, ~(amb_rights)0, label, ret, NULL);
    if (st) net_socket_close(n, u);
    return st;
}

NET_OP(net_udp_open)
{
    (void)a, (void)n;
    amb_ip four = {.v = 4}, six = {.v = 6};
    int fd = new_socket(&four);
    if (fd < 0 && errno != EAFNOSUPPORT) return net_failed(inst, c, errno, "open");
    int fd6 = new_socket(&six);
    if (fd < 0 && fd6 < 0) return net_failed(inst, c, errno, "open");
    return make(inst, c, self, fd, fd6, false, "udp", ret);
}

NET_OP(net_udp_bind)
{
    (void)n;
    net *k = inst;
    net_target t;
    amb_status st = net_bind(k, c, self, &a[0], "bind", &t);
    if (st) return st;
    net_addr at = {t.n ? t.addrs[0] : (amb_ip){.v = 4}, t.port};
    struct sockaddr_storage s;
    socklen_t len = net_sockaddr(&at, &s);
    int fd = new_socket(&at.ip);
    if (fd < 0) return net_failed(k, c, errno, "bind");
    if (bind(fd, (struct sockaddr *)&s, len)) {
        int e = errno;
        close(fd);
        return net_failed(k, c, e, "bind");
    }
    char label[NET_ADDR_TEXT];
    net_name_of(fd, false, label);
    bool six = at.ip.v == 6;
    return make(k, c, self, six ? -1 : fd, six ? fd : -1, true, label, ret);
}

/* --- sending ------------------------------------------------------------------------ */

static int send_to(const usocket *u, const net_addr *to, const amb_arg *data)
{
    struct sockaddr_storage s;
    socklen_t len = net_sockaddr(to, &s);
    int fd = to->ip.v == 4 ? u->fd : u->fd6;
    if (fd < 0) return EAFNOSUPPORT;
    ssize_t k;
    do k = sendto(fd, data->v.p, data->len, MSG_NOSIGNAL | MSG_DONTWAIT, (struct sockaddr *)&s, len);
    while (k < 0 && errno == EINTR);
    /* A full queue loses datagrams, as does the network; an earlier one that nobody took is no
     * failure of this one. */
    if (k < 0 && errno == ECONNREFUSED)
        do k = sendto(fd, data->v.p, data->len, MSG_NOSIGNAL | MSG_DONTWAIT, (struct sockaddr *)&s, len);
        while (k < 0 && errno == EINTR);
    return k < 0 && errno != EAGAIN && errno != ENOBUFS ? errno : 0;
}

static void sending_drop(net *n, net_wait *w)
{
    (void)n;
    sending_end((sending *)w);
}

static amb_status send_first(net *n, amb_call *c, usocket *u, const net_target *t, const amb_arg *data)
{
    int error = EAFNOSUPPORT;
    if (!t->n)
        return n->h->fail(c, AMB_E_RIGHTS, 0,
                          "send: the name leads to addresses that are not public; grant them by address");
    for (uint32_t i = 0; i < t->n && error == EAFNOSUPPORT; i++) {
        net_addr to = {t->addrs[i], t->port};
        error = send_to(u, &to, data);
        if (!error && u->recent) net_recent_add(u->recent, &to);
    }
    return error ? net_failed(n, c, error, "send") : AMB_OK;
}

static void send_resolved(void *ud, net_lookup *l)
{
    sending *q = ud;
    net *n = q->n;
    q->l = NULL;
    amb_call *c = net_open(n, &q->w);
    if (c) {
        amb_status st;
        if (l->error) {
            st = net_unresolved(n, c, l->error);
        } else {
            q->t.n = l->count;
            memcpy(q->t.addrs, l->addrs, sizeof q->t.addrs);
            net_permit(q->u->g, &q->t);
            st = send_first(n, c, q->u, &q->t, &q->data);
        }
        n->h->reply(c, st, &(amb_arg){.type = AMB_T_NIL});
    }
    sending_end(q);
}

NET_OP(net_socket_send)
{
    (void)n, (void)ret;
    net *k = inst;
    usocket *u = self;
    net_target t;
    amb_status st = net_payload(k, c, &a[0], "send");
    if (!st) st = net_reach(k, c, u->g, &a[1], "send", &t);
    if (st) return st;
    if (!t.named || t.n || net_known(k, &t)) {
        if (t.named && !t.n) return net_unresolved(k, c, ENOENT);
        if (t.named) net_permit(u->g, &t);
        return send_first(k, c, u, &t, &a[0]);
    }
    sending *q = calloc(1, sizeof *q);
    if (!q) return AMB_E_NOMEM;
    *q = (sending){.w.drop = sending_drop, .n = k, .u = u, .t = t, .data = a[0], .next = u->sendings};
    u->sendings = q;
    q->l = net_lookup_start(k, t.name, send_resolved, q);
    st = q->l ? net_pend(k, c, &q->w) : AMB_E_NOMEM;
    if (st != AMB_PENDING) sending_end(q);
    return st;
}

NET_OP(net_socket_reply)
{
    (void)n, (void)ret;
    net *k = inst;
    usocket *u = self;
    net_addr to;
    amb_status st = net_payload(k, c, &a[0], "reply");
    if (st) return st;
    if (!net_addr_read(&a[1], &to)) return k->h->fail(c, AMB_E_ARG, 0, "reply: not the address of a sender");
    if (!net_recent_has(u->recent, &to))
        return k->h->fail(c, AMB_E_RIGHTS, 0, "reply: nothing came from there lately");
    int error = send_to(u, &to, &a[0]);
    return error ? net_failed(k, c, error, "reply") : AMB_OK;
}

/* --- receiving ---------------------------------------------------------------------- */

/* At most max datagrams into memory of the call. 0, EAGAIN or another errno. */
static int receive(usocket *u, amb_call *c, uint32_t max, bool list, amb_arg *ret, amb_status *st)
{
    net *n = u->n;
    const char *data[BATCH];
    uint32_t len[BATCH], count = 0;
    net_addr from[BATCH];
    int error = EAGAIN;
    char *room = malloc(NET_DATAGRAM);
    if (!room) return ENOMEM;
    for (int which = 0; which < 2; which++) {
        int fd = which ? u->fd6 : u->fd;
        while (fd >= 0 && count < max) {
            struct sockaddr_storage s;
            socklen_t slen = sizeof s;
            memset(&s, 0, sizeof(sa_family_t));
            ssize_t k = recvfrom(fd, room, NET_DATAGRAM, MSG_DONTWAIT, (struct sockaddr *)&s, &slen);
            if (k < 0 && errno == EINTR) continue;
            /* Somebody refused what was sent to them: not a failure of receiving. */
            if (k < 0 && (errno == ECONNREFUSED || errno == EHOSTUNREACH || errno == ENETUNREACH)) continue;
            if (k < 0) {
                if (errno != EAGAIN) error = errno;
                break;
            }
            if (!net_addr_of(&s, &from[count])) continue;
            if (!u->bound && !net_recent_has(u->recent, &from[count]) &&
                !net_permits(u->g, &from[count].ip, from[count].port, false))
                continue;
            net_recent_add(u->recent, &from[count]);
            char *copy = n->h->alloc(c, k ? (size_t)k : 1);
            if (!copy) {
                error = ENOMEM;
                break;
            }
            memcpy(copy, room, (size_t)k);
            data[count] = copy;
            len[count++] = (uint32_t)k;
        }
    }
    free(room);
    if (!count) return error;
    *st = net_datagrams(n, c, list, count, data, len, from, ret);
    return 0;
}

static void socket_ready(void *ud, uint32_t events)
{
    (void)events;
    usocket *u = ud;
    net *n = u->n;
    if (u->in.t) {
        amb_call *c = net_open(n, &u->in);
        if (c) {
            amb_arg ret = {.type = AMB_T_NIL};
            amb_status st = AMB_OK;
            int error = receive(u, c, u->list ? BATCH : 1, u->list, &ret, &st);
            if (error == EAGAIN && net_pend(n, c, &u->in) == AMB_PENDING) return;
            if (error) st = net_failed(n, c, error, "recv");
            n->h->reply(c, st, &ret);
        }
    }
    if (u->watch) n->h->rewatch(n->hctx, u->watch, 0);
    if (u->watch6) n->h->rewatch(n->hctx, u->watch6, 0);
}

static amb_status listen_to(usocket *u, int fd, uint64_t *watch)
{
    net *n = u->n;
    if (fd < 0) return AMB_OK;
    return *watch ? n->h->rewatch(n->hctx, *watch, POLLIN)
                  : n->h->watch(n->hctx, fd, POLLIN, socket_ready, u, watch);
}

static amb_status recv_some(usocket *u, amb_call *c, uint32_t max, bool list, amb_arg *ret)
{
    net *n = u->n;
    if (u->in.t) return net_busy(n, c, "recv");
    amb_status st = AMB_OK;
    int error = receive(u, c, max, list, ret, &st);
    if (!error) return st;
    if (error != EAGAIN) return net_failed(n, c, error, "recv");
    st = listen_to(u, u->fd, &u->watch);
    if (st == AMB_OK) st = listen_to(u, u->fd6, &u->watch6);
    if (st) return st == AMB_E_NOMEM ? st : n->h->fail(c, st, 0, "cannot wait here");
    u->list = list;
    return net_pend(n, c, &u->in);
}

NET_OP(net_socket_recv) { return (void)inst, (void)a, (void)n, recv_some(self, c, 1, false, ret); }
NET_OP(net_socket_next)
{
    (void)inst, (void)n;
    uint32_t max = a[0].v.i < 1 ? 1 : a[0].v.i > BATCH ? BATCH : (uint32_t)a[0].v.i;
    return recv_some(self, c, max, true, ret);
}

NET_OP(net_socket_local)
{
    (void)a, (void)n;
    const usocket *u = self;
    char text[NET_ADDR_TEXT];
    net_name_of(u->fd >= 0 ? u->fd : u->fd6, false, text);
    return net_text(inst, c, text, ret);
}
NET_OP(net_socket_port)
{
    (void)inst, (void)c, (void)a, (void)n;
    const usocket *u = self;
    struct sockaddr_storage s;
    socklen_t len = sizeof s;
    net_addr at = {.port = 0};
    memset(&s, 0, sizeof s);
    if (getsockname(u->fd >= 0 ? u->fd : u->fd6, (struct sockaddr *)&s, &len) == 0) net_addr_of(&s, &at);
    *ret = (amb_arg){.type = AMB_T_I64, .v.i = at.port};
    return AMB_OK;
}
