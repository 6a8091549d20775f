/* SPDX-License-Identifier: MIT */
/* Connections and listeners on non-blocking sockets.
 *
 * Every operation is tried first and waits only if it must. A descriptor is watched from the first
 * wait on until it closes; between waits the watch is paused. A read that got less than it had
 * room for has emptied the socket, so the next one waits at once instead of asking for EAGAIN. */
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net.h"

/* --- connections -------------------------------------------------------------------- */

typedef struct buffer_wait {
    net_wait w;
    void *p;
    uint32_t len;
} buffer_wait;

typedef struct conn {
    net *n;
    uint64_t watch;
    buffer_wait in, out;
    int fd;
    bool tcp;
    bool emptied; /* the last read got all there was */
} conn;

static uint32_t conn_events(const conn *k)
{
    return (k->in.w.t ? POLLIN : 0) | (k->out.w.t ? POLLOUT : 0);
}

static void answer_io(conn *k, net_wait *w, amb_call *c, ssize_t got, const char *what)
{
    net *n = k->n;
    int e = errno;
    amb_arg ret = {.type = AMB_T_I64, .v.i = got};
    amb_status st = AMB_OK;
    if (got < 0 && e == EAGAIN) {
        /* Somebody said it was ready and it is not: it waits on. */
        if ((st = net_pend(n, c, w)) == AMB_PENDING) return;
    } else if (got < 0) {
        st = net_failed(n, c, e, what);
    }
    n->h->reply(c, st, &ret);
}

static ssize_t receive(conn *k, void *p, uint32_t len)
{
    ssize_t got;
    do got = recv(k->fd, p, len, MSG_DONTWAIT);
    while (got < 0 && errno == EINTR);
    k->emptied = got < 0 ? errno == EAGAIN : got > 0 && got < (ssize_t)len;
    return got;
}

static ssize_t transmit(const conn *k, const void *p, uint32_t len)
{
    ssize_t sent;
    do sent = send(k->fd, p, len, MSG_DONTWAIT | MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent;
}

static void conn_ready(void *ud, uint32_t events)
{
    conn *k = ud;
    net *n = k->n;
    bool broken = events & (POLLERR | POLLHUP);
    if (k->in.w.t && (broken || events & POLLIN)) {
        amb_call *c = net_open(n, &k->in.w);
        if (c) answer_io(k, &k->in.w, c, receive(k, k->in.p, k->in.len), "read");
    }
    if (k->out.w.t && (broken || events & POLLOUT)) {
        amb_call *c = net_open(n, &k->out.w);
        if (c) answer_io(k, &k->out.w, c, transmit(k, k->out.p, k->out.len), "write");
    }
    n->h->rewatch(n->hctx, k->watch, conn_events(k));
}

static amb_status conn_wait(conn *k, amb_call *c, buffer_wait *b, uint32_t event, const amb_arg *a)
{
    net *n = k->n;
    uint32_t events = conn_events(k) | event;
    amb_status st = k->watch ? n->h->rewatch(n->hctx, k->watch, events)
                             : n->h->watch(n->hctx, k->fd, events, conn_ready, k, &k->watch);
    if (st) return st == AMB_E_NOMEM ? st : n->h->fail(c, st, 0, "cannot wait here");
    b->p = a->v.w;
    b->len = a->len;
    return net_pend(n, c, &b->w);
}

NET_OP(net_conn_read)
{
    (void)n;
    conn *k = self;
    if (k->in.w.t) return net_busy(inst, c, "read");
    if (!k->emptied) {
        ssize_t got = receive(k, a[0].v.w, a[0].len);
        if (got >= 0) {
            *ret = (amb_arg){.type = AMB_T_I64, .v.i = got};
            return AMB_OK;
        }
        if (errno != EAGAIN) return net_failed(inst, c, errno, "read");
    }
    return conn_wait(k, c, &k->in, POLLIN, &a[0]);
}

NET_OP(net_conn_write)
{
    (void)n;
    conn *k = self;
    if (k->out.w.t) return net_busy(inst, c, "write");
    ssize_t sent = a[0].len ? transmit(k, a[0].v.p, a[0].len) : 0;
    if (sent >= 0) {
        *ret = (amb_arg){.type = AMB_T_I64, .v.i = sent};
        return AMB_OK;
    }
    if (errno != EAGAIN) return net_failed(inst, c, errno, "write");
    return conn_wait(k, c, &k->out, POLLOUT, &a[0]);
}

void net_conn_close(void *inst, void *res)
{
    net *n = inst;
    conn *k = res;
    if (k->watch) n->h->unwatch(n->hctx, k->watch);
    net_forget(n, &k->in.w);
    net_forget(n, &k->out.w);
    close(k->fd);
    free(k);
}

amb_status net_conn_answer(net *n, amb_call *c, int fd, bool tcp, const char *label, amb_arg *ret)
{
    conn *k = calloc(1, sizeof *k);
    if (!k) {
        close(fd);
        return AMB_E_NOMEM;
    }
    int on = 1;
    k->n = n;
    k->fd = fd;
    k->tcp = tcp;
    /* A stream written in pieces must not wait for acknowledgements of the pieces before. */
    if (tcp) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    amb_status st = n->h->res_new(c, NET_RES_CONN, k, ~(amb_rights)0, label, ret, NULL);
    if (st) net_conn_close(n, k);
    return st;
}

NET_OP(net_conn_shutdown)
{
    (void)n, (void)ret;
    net *k = inst;
    int how = SHUT_WR;
    if (a[0].type == AMB_T_STR) {
        if (a[0].len == 4 && memcmp(a[0].v.p, "read", 4) == 0) how = SHUT_RD;
        else if (a[0].len == 4 && memcmp(a[0].v.p, "both", 4) == 0) how = SHUT_RDWR;
        else if (a[0].len != 5 || memcmp(a[0].v.p, "write", 5) != 0)
            return k->h->fail(c, AMB_E_ARG, 0, "shutdown: side is \"write\", \"read\" or \"both\"");
    }
    if (shutdown(((conn *)self)->fd, how)) return net_failed(k, c, errno, "shutdown");
    return AMB_OK;
}

NET_OP(net_conn_peer)
{
    (void)a, (void)n;
    char text[NET_ADDR_TEXT];
    net_name_of(((conn *)self)->fd, true, text);
    return net_text(inst, c, text, ret);
}
NET_OP(net_conn_local)
{
    (void)a, (void)n;
    char text[NET_ADDR_TEXT];
    net_name_of(((conn *)self)->fd, false, text);
    return net_text(inst, c, text, ret);
}

NET_OP(net_conn_nodelay)
{
    (void)inst, (void)c, (void)n, (void)ret;
    int on = a[0].type == AMB_T_NIL || a[0].v.i;
    conn *k = self;
    if (k->tcp && setsockopt(k->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on))
        return net_failed(inst, c, errno, "nodelay");
    return AMB_OK;
}

/* --- listeners ---------------------------------------------------------------------- */

/* Connections are taken from the system some at a time and handed out one by one. When descriptors
 * run out, whoever accepts is told, once, and then the listener rests for a moment: the connection
 * that could not be taken stays in the system's queue and would be announced for ever. */
enum { AT_A_TIME = 16 };
#define REST_NS 100000000u

typedef struct listener {
    net *n;
    int fd;
    bool tcp, resting;
    uint64_t watch, timer;
    net_wait w;
    uint32_t at, count;
    struct {
        int fd;
        net_addr from;
    } queue[AT_A_TIME];
    int dir;    /* of path; or -1 */
    char *path; /* the name of a unix socket in dir, removed at the end */
    dev_t dev;
    ino_t ino;
} listener;

/* Fills the empty queue. 0, EAGAIN, or what is wrong. */
static int take_in(listener *l)
{
    int error = 0;
    l->at = l->count = 0;
    while (l->count < AT_A_TIME) {
        struct sockaddr_storage s;
        socklen_t len = sizeof s;
        memset(&s, 0, sizeof(sa_family_t));
        int fd = accept4(l->fd, (struct sockaddr *)&s, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            l->queue[l->count].fd = fd;
            if (!net_addr_of(&s, &l->queue[l->count].from)) l->queue[l->count].from.ip.v = 0;
            l->count++;
            continue;
        }
        error = errno;
        /* Errors of one connection that is gone are not the listener's. */
        if (error == EINTR || error == ECONNABORTED || error == EPROTO || error == ENETDOWN ||
            error == ENOPROTOOPT || error == EHOSTDOWN || error == ENONET || error == EHOSTUNREACH ||
            error == ENETUNREACH || error == EOPNOTSUPP)
            continue;
        break;
    }
    return l->count ? 0 : error;
}

static amb_status hand_out(listener *l, amb_call *c, amb_arg *ret)
{
    char label[NET_ADDR_TEXT] = "unix";
    uint32_t i = l->at++;
    if (l->queue[i].from.ip.v) net_addr_print(&l->queue[i].from, label, sizeof label);
    return net_conn_answer(l->n, c, l->queue[i].fd, l->tcp, label, ret);
}

static void listener_ready(void *ud, uint32_t events);

static void rested(void *ud, uint32_t events)
{
    (void)events;
    listener *l = ud;
    l->timer = 0;
    l->resting = false;
    if (l->w.t) l->n->h->rewatch(l->n->hctx, l->watch, POLLIN);
}

static void rest(listener *l)
{
    net *n = l->n;
    if (n->h->timer(n->hctx, REST_NS, rested, l, &l->timer) != AMB_OK) return;
    l->resting = true;
    if (l->watch) n->h->rewatch(n->hctx, l->watch, 0);
}

static bool exhausted(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

static amb_status accept_failed(listener *l, amb_call *c, int error)
{
    if (exhausted(error)) rest(l);
    if (error == EMFILE || error == ENFILE)
        return l->n->h->fail(c, AMB_E_IO, error,
                             "accept: no descriptor is left for another connection; close some or raise the limit");
    return net_failed(l->n, c, error, "accept");
}

static void listener_ready(void *ud, uint32_t events)
{
    (void)events;
    listener *l = ud;
    net *n = l->n;
    int error = l->w.t ? take_in(l) : 0;
    if (l->w.t && error != EAGAIN) {
        amb_call *c = net_open(n, &l->w);
        if (c) {
            amb_arg ret = {.type = AMB_T_NIL};
            amb_status st = error ? accept_failed(l, c, error) : hand_out(l, c, &ret);
            n->h->reply(c, st, &ret);
        }
    }
    n->h->rewatch(n->hctx, l->watch, l->w.t && !l->resting ? POLLIN : 0);
}

static amb_status accept_one(listener *l, amb_call *c, amb_arg *ret)
{
    net *n = l->n;
    if (l->w.t) return net_busy(n, c, "accept");
    if (!l->resting) {
        int error = l->at < l->count ? 0 : take_in(l);
        if (!error) return hand_out(l, c, ret);
        if (error != EAGAIN) return accept_failed(l, c, error);
    }
    uint32_t events = l->resting ? 0 : POLLIN;
    amb_status st = l->watch ? n->h->rewatch(n->hctx, l->watch, events)
                             : n->h->watch(n->hctx, l->fd, events, listener_ready, l, &l->watch);
    if (st) return st == AMB_E_NOMEM ? st : n->h->fail(c, st, 0, "cannot wait here");
    return net_pend(n, c, &l->w);
}

NET_OP(net_accept) { return (void)inst, (void)a, (void)n, accept_one(self, c, ret); }
NET_OP(net_accept_next) { return (void)inst, (void)a, (void)n, accept_one(self, c, ret); }

NET_OP(net_listener_local)
{
    (void)a, (void)n;
    char text[NET_ADDR_TEXT];
    net_name_of(((listener *)self)->fd, false, text);
    return net_text(inst, c, text, ret);
}
NET_OP(net_listener_port)
{
    (void)inst, (void)c, (void)a, (void)n;
    struct sockaddr_storage s;
    socklen_t len = sizeof s;
    net_addr at = {.port = 0};
    memset(&s, 0, sizeof s);
    if (getsockname(((listener *)self)->fd, (struct sockaddr *)&s, &len) == 0) net_addr_of(&s, &at);
    *ret = (amb_arg){.type = AMB_T_I64, .v.i = at.port};
    return AMB_OK;
}

void net_listener_close(void *inst, void *res)
{
    net *n = inst;
    listener *l = res;
    if (l->watch) n->h->unwatch(n->hctx, l->watch);
    if (l->timer) n->h->unwatch(n->hctx, l->timer);
    net_forget(n, &l->w);
    while (l->at < l->count) close(l->queue[l->at++].fd);
    close(l->fd);
    if (l->path) {
        struct stat st;
        if (fstatat(l->dir, l->path, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_dev == l->dev &&
            st.st_ino == l->ino)
            unlinkat(l->dir, l->path, 0);
        free(l->path);
    }
    if (l->dir >= 0) close(l->dir);
    free(l);
}

amb_status net_listener_answer(net *n, amb_call *c, int fd, int dir, const char *path, const char *label,
                               amb_arg *ret)
{
    listener *l = calloc(1, sizeof *l);
    char *copy = path && l ? strdup(path) : NULL;
    struct stat st;
    if (!l || (path && !copy)) {
        free(l);
        close(fd);
        if (dir >= 0) close(dir);
        return AMB_E_NOMEM;
    }
    l->n = n;
    l->fd = fd;
    l->tcp = !path;
    l->dir = dir;
    if (path && fstatat(dir, path, &st, AT_SYMLINK_NOFOLLOW) == 0) {
        l->path = copy;
        l->dev = st.st_dev;
        l->ino = st.st_ino;
    } else {
        free(copy);
    }
    amb_status bad = n->h->res_new(c, NET_RES_LISTENER, l, ~(amb_rights)0, label, ret, NULL);
    if (bad) net_listener_close(n, l);
    return bad;
}

int net_backlog(const amb_arg *a)
{
    if (a->type == AMB_T_NIL) return 1024;
    return a->v.i < 1 ? 1 : a->v.i > 65535 ? 65535 : (int)a->v.i;
}

NET_OP(net_tcp_listen)
{
    (void)n;
    net *k = inst;
    net_target t;
    amb_status st = net_bind(k, c, self, &a[0], "listen", &t);
    if (st) return st;
    net_addr at = {.port = t.port, .ip = t.n ? t.addrs[0] : (amb_ip){.v = 6}};
    int on = 1, both = 0, fd = -1;
    for (int try = 0; try < 2 && fd < 0; try++) {
        fd = socket(at.ip.v == 4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        /* A machine without IPv6 listens at all the addresses it has. */
        if (fd >= 0 || !t.any || errno != EAFNOSUPPORT) break;
        at.ip = (amb_ip){.v = 4};
    }
    if (fd < 0) return net_failed(k, c, errno, "listen");
    struct sockaddr_storage s;
    socklen_t len = net_sockaddr(&at, &s);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (at.ip.v == 6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, t.any ? &both : &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&s, len) || listen(fd, net_backlog(&a[1]))) {
        int e = errno;
        close(fd);
        return net_failed(k, c, e, "listen");
    }
    char label[NET_ADDR_TEXT];
    net_name_of(fd, false, label);
    return net_listener_answer(k, c, fd, -1, NULL, label, ret);
}
