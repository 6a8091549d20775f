/* SPDX-License-Identifier: MIT */
/* Datagrams inside the process: in order, lost only where nobody listens or the queue is full. */
#include <errno.h>
#include <string.h>

#include "memory.h"

void mem_socket_close(void *inst, void *res)
{
    net *n = inst;
    mem_socket *u = res;
    net_forget(n, &u->in);
    for (mem_socket **at = &n->mem_sockets; *at; at = &(*at)->next)
        if (*at == u) {
            *at = u->next;
            break;
        }
    while (u->queue) {
        mem_datagram *d = u->queue;
        u->queue = d->next;
        free(d);
    }
    net_grant_drop(u->g);
    free(u);
}

static amb_status make(net *n, amb_call *c, net_grant *g, const net_addr *at, bool any, bool bound, amb_arg *ret)
{
    mem_socket *u = calloc(1, sizeof *u);
    if (!u) return AMB_E_NOMEM;
    *u = (mem_socket){.n = n, .g = g, .at = *at, .any = any, .bound = bound, .next = n->mem_sockets};
    u->end = &u->queue;
    g->refs++;
    n->mem_sockets = u;
    char label[NET_ADDR_TEXT];
    net_addr_print(at, label, sizeof label);
    amb_status st = n->h->res_new(c, NET_RES_SOCKET, u, ~(amb_rights)0, bound ? label : "udp", ret, NULL);
    if (st) mem_socket_close(n, u);
    return st;
}

NET_OP(mem_udp_open)
{
    (void)a, (void)n;
    net_addr at = {.ip.v = 4, .port = mem_free_port(inst, true)};
    return make(inst, c, self, &at, true, false, ret);
}

NET_OP(mem_udp_bind)
{
    (void)n;
    net *k = inst;
    net_target t;
    amb_status st = net_bind(k, c, self, &a[0], "bind", &t);
    if (st) return st;
    net_addr at = {t.n ? t.addrs[0] : (amb_ip){.v = 4}, t.port};
    if (!at.port) at.port = mem_free_port(k, true);
    for (const mem_socket *u = k->mem_sockets; u; u = u->next)
        if (mem_at(&u->at, u->any, &at)) return net_failed(k, c, EADDRINUSE, "bind");
    return make(k, c, self, &at, t.any, true, ret);
}

/* --- receiving ---------------------------------------------------------------------- */

static amb_status deliver(mem_socket *u, amb_call *c, uint32_t max, bool list, amb_arg *ret)
{
    const char *data[16] = {0};
    uint32_t len[16] = {0}, count = 0;
    net_addr from[16] = {0};
    for (const mem_datagram *d = u->queue; d && count < max && count < 16; d = d->next) {
        data[count] = d->data;
        len[count] = d->len;
        from[count++] = d->from;
    }
    amb_status st = net_datagrams(u->n, c, list, count, data, len, from, ret);
    for (uint32_t i = 0; i < count && st == AMB_OK; i++) {
        mem_datagram *d = u->queue;
        u->queue = d->next;
        if (!u->queue) u->end = &u->queue;
        u->count--;
        free(d);
    }
    return st;
}

static amb_status recv_some(mem_socket *u, amb_call *c, uint32_t max, bool list, amb_arg *ret)
{
    if (u->in.t) return net_busy(u->n, c, "recv");
    if (u->queue) return deliver(u, c, max, list, ret);
    u->list = list;
    return net_pend(u->n, c, &u->in);
}

NET_OP(mem_socket_recv) { return (void)inst, (void)a, (void)n, recv_some(self, c, 1, false, ret); }
NET_OP(mem_socket_next)
{
    (void)inst, (void)n;
    return recv_some(self, c, a[0].v.i < 1 ? 1 : a[0].v.i > 16 ? 16 : (uint32_t)a[0].v.i, true, ret);
}

/* --- sending ------------------------------------------------------------------------ */

static amb_status send_to(net *n, mem_socket *u, const net_addr *to, const amb_arg *data)
{
    net_addr from = u->at;
    static const uint8_t zero[16];
    if (memcmp(from.ip.b, zero, 16) == 0 || u->any)
        from.ip = to->ip.v == 4 ? (amb_ip){.v = 4, .b = {127, 0, 0, 1}} : (amb_ip){.v = 6, .b = {[15] = 1}};
    mem_socket *there = n->mem_sockets;
    while (there && !mem_at(&there->at, there->any, to)) there = there->next;
    if (!there || there->count == MEM_DATAGRAMS) return AMB_OK;
    if (!there->bound && !net_recent_has(&there->recent, &from) &&
        !net_permits(there->g, &from.ip, from.port, false))
        return AMB_OK;
    mem_datagram *d = malloc(sizeof *d + data->len);
    if (!d) return AMB_E_NOMEM;
    d->next = NULL;
    d->from = from;
    d->len = data->len;
    if (data->len) memcpy(d->data, data->v.p, data->len);
    *there->end = d;
    there->end = &d->next;
    there->count++;
    net_recent_add(&there->recent, &from);
    amb_call *c = net_open(n, &there->in);
    if (!c) return AMB_OK;
    amb_arg ret = {.type = AMB_T_NIL};
    amb_status st = deliver(there, c, there->list ? 16 : 1, there->list, &ret);
    n->h->reply(c, st, &ret);
    return AMB_OK;
}

NET_OP(mem_socket_send)
{
    (void)n, (void)ret;
    net *k = inst;
    mem_socket *u = self;
    net_target t;
    amb_status st = net_payload(k, c, &a[0], "send");
    if (!st) st = net_reach(k, c, u->g, &a[1], "send", &t);
    if (st) return st;
    if (t.named && !t.n) net_known(k, &t);
    if (!t.n) return net_unresolved(k, c, ENOENT);
    if (t.named) net_permit(u->g, &t);
    if (!t.n)
        return k->h->fail(c, AMB_E_RIGHTS, 0,
                          "send: the name leads to addresses that are not public; grant them by address");
    net_addr to = {t.addrs[0], t.port};
    net_recent_add(&u->recent, &to);
    return send_to(k, u, &to, &a[0]);
}

NET_OP(mem_socket_reply)
{
    (void)n, (void)ret;
    net *k = inst;
    mem_socket *u = self;
    net_addr to;
    amb_status st = net_payload(k, c, &a[0], "reply");
    if (st) return st;
    if (!net_addr_read(&a[1], &to)) return k->h->fail(c, AMB_E_ARG, 0, "reply: not the address of a sender");
    if (!net_recent_has(&u->recent, &to))
        return k->h->fail(c, AMB_E_RIGHTS, 0, "reply: nothing came from there lately");
    return send_to(k, u, &to, &a[0]);
}

NET_OP(mem_socket_local)
{
    (void)a, (void)n;
    char text[NET_ADDR_TEXT];
    net_addr_print(&((mem_socket *)self)->at, text, sizeof text);
    return net_text(inst, c, text, ret);
}
NET_OP(mem_socket_port)
{
    (void)inst, (void)c, (void)a, (void)n;
    *ret = (amb_arg){.type = AMB_T_I64, .v.i = ((mem_socket *)self)->at.port};
    return AMB_OK;
}
