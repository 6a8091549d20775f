/* SPDX-License-Identifier: MIT */
/* The net interface inside the process: connections with bounded buffers, and nothing outside.
 *
 * Both ends of a connection are here; what one writes lies in the other's ring until it is read. Names,
 * grants, rights and errors are those of the sockets. There is one machine, which has the
 * addresses 127.0.0.1 and ::1 and every other one somebody listens at. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "net.h"

#define FN(name) mem_##name
#include "table.h"
#include "memory.h"

AMB_PROVIDER(net_memory) = {NET_TABLE(net_start_memory)};

/* --- connections -------------------------------------------------------------------- */

static void answer(net *n, net_wait *w, int error, const char *what, int64_t count)
{
    amb_call *c = net_open(n, w);
    if (!c) return;
    amb_arg ret = {.type = AMB_T_I64, .v.i = count};
    amb_status st = error ? net_failed(n, c, error, what) : AMB_OK;
    n->h->reply(c, st, &ret);
}

static uint32_t put(mem_conn *to, const char *p, uint32_t len)
{
    if (!to->ring && !(to->ring = malloc(MEM_RING))) return 0;
    uint32_t room = MEM_RING - to->used, k = len < room ? len : room;
    uint32_t at = (to->at + to->used) % MEM_RING, first = MEM_RING - at < k ? MEM_RING - at : k;
    memcpy(to->ring + at, p, first);
    memcpy(to->ring, p + first, k - first);
    to->used += k;
    return k;
}

static uint32_t take(mem_conn *k, char *p, uint32_t len)
{
    uint32_t n = len < k->used ? len : k->used;
    uint32_t first = MEM_RING - k->at < n ? MEM_RING - k->at : n;
    if (n) {
        memcpy(p, k->ring + k->at, first);
        memcpy(p + first, k->ring, n - first);
    }
    k->at = (k->at + n) % MEM_RING;
    k->used -= n;
    if (!k->used) {
        free(k->ring);
        k->ring = NULL;
        k->at = 0;
    }
    return n;
}

/* Answers whoever waits at this end, as far as that is possible now. */
static void stir(mem_conn *k)
{
    net *n = k->n;
    if (k->in.w.t && (k->used || k->eof || k->reset)) {
        amb_call *c = net_open(n, &k->in.w);
        if (c) {
            amb_arg ret = {.type = AMB_T_I64};
            amb_status st = AMB_OK;
            if (k->reset) st = net_failed(n, c, ECONNRESET, "read");
            else ret.v.i = take(k, k->in.p, k->in.len);
            n->h->reply(c, st, &ret);
        }
    }
    if (!k->out.w.t) return;
    if (k->reset || k->ended || !k->peer) {
        answer(n, &k->out.w, k->reset ? ECONNRESET : EPIPE, "write", 0);
    } else if (k->peer->used < MEM_RING) {
        amb_call *c = net_open(n, &k->out.w);
        if (!c) return;
        uint32_t sent = put(k->peer, k->out.p, k->out.len);
        n->h->reply(c, sent ? AMB_OK : AMB_E_NOMEM, &(amb_arg){.type = AMB_T_I64, .v.i = sent});
        if (sent) stir(k->peer);
    }
}

NET_OP(mem_conn_read)
{
    (void)n;
    mem_conn *k = self;
    if (k->in.w.t) return net_busy(inst, c, "read");
    if (k->reset) return net_failed(inst, c, ECONNRESET, "read");
    if (k->used || k->eof) {
        *ret = (amb_arg){.type = AMB_T_I64, .v.i = take(k, a[0].v.w, a[0].len)};
        if (k->peer) stir(k->peer);
        return AMB_OK;
    }
    k->in.p = a[0].v.w;
    k->in.len = a[0].len;
    return net_pend(inst, c, &k->in.w);
}

NET_OP(mem_conn_write)
{
    (void)n;
    mem_conn *k = self;
    if (k->out.w.t) return net_busy(inst, c, "write");
    if (k->reset) return net_failed(inst, c, ECONNRESET, "write");
    if (k->ended || !k->peer) return net_failed(inst, c, EPIPE, "write");
    if (!a[0].len || k->peer->used < MEM_RING) {
        uint32_t sent = a[0].len ? put(k->peer, a[0].v.p, a[0].len) : 0;
        if (a[0].len && !sent) return AMB_E_NOMEM;
        *ret = (amb_arg){.type = AMB_T_I64, .v.i = sent};
        stir(k->peer);
        return AMB_OK;
    }
    k->out.p = a[0].v.w;
    k->out.len = a[0].len;
    return net_pend(inst, c, &k->out.w);
}

void mem_conn_close(void *inst, void *res)
{
    net *n = inst;
    mem_conn *k = res, *peer = k->peer;
    net_forget(n, &k->in.w);
    net_forget(n, &k->out.w);
    if (peer) {
        peer->peer = NULL;
        peer->eof = true;
        /* What was sent and never read is lost, and the other side is told. */
        peer->reset |= k->used > 0;
        stir(peer);
    }
    free(k->ring);
    free(k);
}

NET_OP(mem_conn_shutdown)
{
    (void)n, (void)ret;
    mem_conn *k = self;
    bool in = false, out = true;
    if (a[0].type == AMB_T_STR) {
        in = a[0].len == 4;
        out = a[0].len == 5 || (in && memcmp(a[0].v.p, "both", 4) == 0);
        if ((a[0].len == 4 && memcmp(a[0].v.p, "read", 4) != 0 && memcmp(a[0].v.p, "both", 4) != 0) ||
            (a[0].len == 5 && memcmp(a[0].v.p, "write", 5) != 0) || (!in && !out))
            return k->n->h->fail(c, AMB_E_ARG, 0, "shutdown: side is \"write\", \"read\" or \"both\"");
    }
    if (!k->peer || k->reset) return net_failed(inst, c, ENOTCONN, "shutdown");
    if (out) {
        k->ended = true;
        k->peer->eof = true;
        stir(k->peer);
    }
    if (in) k->eof = true;
    stir(k);
    return AMB_OK;
}

static amb_status name_of(net *n, amb_call *c, const mem_conn *k, const net_addr *a, amb_arg *ret)
{
    char text[NET_ADDR_TEXT] = "unix";
    if (!k->local_only) net_addr_print(a, text, sizeof text);
    return net_text(n, c, text, ret);
}
NET_OP(mem_conn_peer)
{
    (void)a, (void)n;
    const mem_conn *k = self;
    if (!k->peer) return net_text(inst, c, "closed", ret);
    return name_of(inst, c, k, &k->there, ret);
}
NET_OP(mem_conn_local)
{
    (void)a, (void)n;
    const mem_conn *k = self;
    return name_of(inst, c, k, &k->here, ret);
}
NET_OP(mem_conn_nodelay)
{
    NET_UNUSED;
    return AMB_OK;
}

/* --- listeners ---------------------------------------------------------------------- */

bool mem_at(const net_addr *bound, bool any, const net_addr *to)
{
    static const uint8_t zero[16];
    if (bound->port != to->port) return false;
    if (any) return true;
    if (bound->ip.v != to->ip.v) return false;
    size_t len = to->ip.v == 4 ? 4 : 16;
    return memcmp(bound->ip.b, zero, len) == 0 || memcmp(bound->ip.b, to->ip.b, len) == 0;
}

static mem_listener *find(const net *n, const net_addr *to)
{
    for (mem_listener *l = n->mem_listeners; l; l = l->next)
        if (!l->path && mem_at(&l->at, l->any, to)) return l;
    return NULL;
}

static mem_listener *find_path(const net *n, const char *path)
{
    for (mem_listener *l = n->mem_listeners; l; l = l->next)
        if (l->path && strcmp(l->path, path) == 0) return l;
    return NULL;
}

uint16_t mem_free_port(net *n, bool udp)
{
    for (int i = 0; i < 16384; i++) {
        uint16_t p = n->mem_port++;
        if (n->mem_port < 49152) n->mem_port = 49152;
        bool used = false;
        for (mem_listener *l = n->mem_listeners; l && !udp && !used; l = l->next) used = !l->path && l->at.port == p;
        for (mem_socket *s = n->mem_sockets; s && udp && !used; s = s->next) used = s->at.port == p;
        if (!used) return p;
    }
    return 0;
}

static amb_status wrap(net *n, amb_call *c, mem_conn *k, amb_arg *ret)
{
    char label[NET_ADDR_TEXT] = "unix";
    if (!k->local_only) net_addr_print(&k->there, label, sizeof label);
    amb_status st = n->h->res_new(c, NET_RES_CONN, k, ~(amb_rights)0, label, ret, NULL);
    if (st) mem_conn_close(n, k);
    return st;
}

static amb_status link_up(net *n, amb_call *c, mem_listener *l, const net_addr *to, amb_arg *ret)
{
    if (l->count == l->backlog) return net_failed(n, c, ETIMEDOUT, "connect");
    mem_conn *mine = calloc(1, sizeof *mine), *theirs = calloc(1, sizeof *theirs);
    if (!mine || !theirs) {
        free(mine);
        free(theirs);
        return AMB_E_NOMEM;
    }
    mine->n = theirs->n = n;
    mine->peer = theirs;
    theirs->peer = mine;
    mine->local_only = theirs->local_only = to == NULL;
    if (to) {
        mine->there = theirs->here = *to;
        mine->here.ip = amb_ip_loopback(&to->ip) ? to->ip : (amb_ip){.v = 4, .b = {127, 0, 0, 1}};
        if (to->ip.v == 6 && !amb_ip_loopback(&to->ip)) mine->here.ip = to->ip;
        mine->here.port = mem_free_port(n, false);
        theirs->there = mine->here;
    }
    amb_status st = wrap(n, c, mine, ret);
    if (st) {
        mem_conn_close(n, theirs);
        return st;
    }
    *l->end = theirs;
    l->end = &theirs->next;
    l->count++;
    if (!l->w.t) return AMB_OK;
    amb_call *waits = net_open(n, &l->w);
    if (!waits) return AMB_OK;
    amb_arg got = {.type = AMB_T_NIL};
    amb_status s = mem_hand_out(l, waits, &got);
    n->h->reply(waits, s, &got);
    return AMB_OK;
}

amb_status mem_hand_out(mem_listener *l, amb_call *c, amb_arg *ret)
{
    mem_conn *k = l->queue;
    l->queue = k->next;
    if (!l->queue) l->end = &l->queue;
    l->count--;
    return wrap(l->n, c, k, ret);
}

static amb_status accept_one(mem_listener *l, amb_call *c, amb_arg *ret)
{
    if (l->w.t) return net_busy(l->n, c, "accept");
    return l->queue ? mem_hand_out(l, c, ret) : net_pend(l->n, c, &l->w);
}
NET_OP(mem_accept) { return (void)inst, (void)a, (void)n, accept_one(self, c, ret); }
NET_OP(mem_accept_next) { return (void)inst, (void)a, (void)n, accept_one(self, c, ret); }

NET_OP(mem_listener_local)
{
    (void)a, (void)n;
    char text[NET_ADDR_TEXT] = "unix";
    const mem_listener *l = self;
    if (!l->path) net_addr_print(&l->at, text, sizeof text);
    return net_text(inst, c, text, ret);
}
NET_OP(mem_listener_port)
{
    (void)inst, (void)c, (void)a, (void)n;
    const mem_listener *l = self;
    *ret = (amb_arg){.type = AMB_T_I64, .v.i = l->path ? 0 : l->at.port};
    return AMB_OK;
}

void mem_listener_close(void *inst, void *res)
{
    net *n = inst;
    mem_listener *l = res;
    net_forget(n, &l->w);
    for (mem_listener **at = &n->mem_listeners; *at; at = &(*at)->next)
        if (*at == l) {
            *at = l->next;
            break;
        }
    while (l->queue) {
        mem_conn *k = l->queue;
        l->queue = k->next;
        if (k->peer) k->peer->reset = true;
        mem_conn_close(n, k);
    }
    free(l->path);
    free(l);
}

static amb_status new_listener(net *n, amb_call *c, const net_addr *at, bool any, const char *path,
                               const amb_arg *backlog, const char *label, amb_arg *ret)
{
    mem_listener *l = calloc(1, sizeof *l);
    if (!l || (path && !(l->path = strdup(path)))) {
        free(l);
        return AMB_E_NOMEM;
    }
    l->n = n;
    if (at) l->at = *at;
    l->any = any;
    l->end = &l->queue;
    l->backlog = (uint32_t)net_backlog(backlog);
    l->next = n->mem_listeners;
    n->mem_listeners = l;
    amb_status st = n->h->res_new(c, NET_RES_LISTENER, l, ~(amb_rights)0, label, ret, NULL);
    if (st) mem_listener_close(n, l);
    return st;
}

/* --- tcp ---------------------------------------------------------------------------- */

NET_OP(mem_tcp_listen)
{
    (void)n;
    net *k = inst;
    net_target t;
    amb_status st = net_bind(k, c, self, &a[0], "listen", &t);
    if (st) return st;
    net_addr at = {.port = t.port, .ip = t.n ? t.addrs[0] : (amb_ip){.v = 6}};
    if (!at.port) at.port = mem_free_port(k, false);
    for (const mem_listener *l = k->mem_listeners; l; l = l->next)
        if (!l->path && l->at.port == at.port && (l->any || t.any || mem_at(&l->at, false, &at)))
            return net_failed(k, c, EADDRINUSE, "listen");
    char label[NET_ADDR_TEXT];
    net_addr_print(&at, label, sizeof label);
    return new_listener(k, c, &at, t.any, NULL, &a[1], label, ret);
}

NET_OP(mem_tcp_connect)
{
    (void)n;
    net *k = inst;
    net_target t;
    amb_status st = net_reach(k, c, self, &a[0], "connect", &t);
    if (st) return st;
    if (t.named && !t.n) net_known(k, &t);
    if (!t.n) return net_unresolved(k, c, ENOENT);
    if (t.named) net_permit(self, &t);
    if (!t.n)
        return k->h->fail(c, AMB_E_RIGHTS, 0,
                          "connect: the name leads to addresses that are not public; grant them by address");
    for (uint32_t i = 0; i < t.n; i++) {
        net_addr to = {t.addrs[i], t.port};
        mem_listener *l = find(k, &to);
        if (l) return link_up(k, c, l, &to, ret);
    }
    return net_failed(k, c, ECONNREFUSED, "connect");
}

/* --- unix --------------------------------------------------------------------------- */

NET_OP(mem_unix_new)
{
    (void)self, (void)n;
    net *k = inst;
    const char *s = a[0].v.p;
    uint32_t len = a[0].len;
    if (!len || len > 4000 || memchr(s, 0, len)) return k->h->fail(c, AMB_E_ARG, 0, "unix: not a usable path");
    if (s[len - 1] == '/' || (len == 1 && *s == '.') || (len > 1 && memcmp(s + len - 2, "/.", 2) == 0) ||
        (len > 1 && memcmp(s + len - 2, "..", 2) == 0 && (len == 2 || s[len - 3] == '/')))
        return k->h->fail(c, AMB_E_ARG, 0, "unix: not the path of a socket");
    char *path = malloc(len + (size_t)1);
    if (!path) return AMB_E_NOMEM;
    memcpy(path, s, len);
    path[len] = 0;
    amb_status st = k->h->res_new(c, NET_RES_UNIX, path, ~(amb_rights)0, path, ret, NULL);
    if (st) free(path);
    return st;
}

void mem_unix_close(void *inst, void *res)
{
    (void)inst;
    free(res);
}

NET_OP(mem_unix_connect)
{
    (void)a, (void)n;
    mem_listener *l = find_path(inst, self);
    return l ? link_up(inst, c, l, NULL, ret) : net_failed(inst, c, ENOENT, "connect");
}

NET_OP(mem_unix_listen)
{
    (void)n;
    if (find_path(inst, self)) return net_failed(inst, c, EADDRINUSE, "listen");
    return new_listener(inst, c, NULL, false, self, &a[0], self, ret);
}
