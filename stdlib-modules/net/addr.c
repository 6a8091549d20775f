/* SPDX-License-Identifier: MIT */
/* Addresses: the system's form, ours, and text. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net.h"

socklen_t net_sockaddr(const net_addr *a, struct sockaddr_storage *out)
{
    memset(out, 0, sizeof *out);
    if (a->ip.v == 4) {
        struct sockaddr_in *in = (struct sockaddr_in *)out;
        in->sin_family = AF_INET;
        in->sin_port = htons(a->port);
        memcpy(&in->sin_addr, a->ip.b, 4);
        return sizeof *in;
    }
    struct sockaddr_in6 *in = (struct sockaddr_in6 *)out;
    in->sin6_family = AF_INET6;
    in->sin6_port = htons(a->port);
    memcpy(&in->sin6_addr, a->ip.b, 16);
    return sizeof *in;
}

bool net_addr_of(const struct sockaddr_storage *s, net_addr *out)
{
    memset(out, 0, sizeof *out);
    if (s->ss_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)s;
        out->ip.v = 4;
        memcpy(out->ip.b, &in->sin_addr, 4);
        out->port = ntohs(in->sin_port);
        return true;
    }
    if (s->ss_family != AF_INET6) return false;
    const struct sockaddr_in6 *in = (const struct sockaddr_in6 *)s;
    out->ip = amb_ip_of6(in->sin6_addr.s6_addr);
    out->port = ntohs(in->sin6_port);
    return true;
}

int net_addr_print(const net_addr *a, char *out, size_t size)
{
    char ip[NET_ADDR_TEXT];
    amb_ip_print(&a->ip, ip, sizeof ip);
    return snprintf(out, size, a->ip.v == 4 ? "%s:%u" : "[%s]:%u", ip, a->port);
}

void net_name_of(int fd, bool peer, char out[NET_ADDR_TEXT])
{
    struct sockaddr_storage s;
    socklen_t len = sizeof s;
    net_addr a;
    memset(&s, 0, sizeof s);
    int bad = peer ? getpeername(fd, (struct sockaddr *)&s, &len) : getsockname(fd, (struct sockaddr *)&s, &len);
    if (bad) snprintf(out, NET_ADDR_TEXT, "closed");
    else if (net_addr_of(&s, &a)) net_addr_print(&a, out, NET_ADDR_TEXT);
    else snprintf(out, NET_ADDR_TEXT, "unix");
}

amb_status net_text(net *n, amb_call *c, const char *s, amb_arg *ret)
{
    size_t len = strlen(s);
    char *p = n->h->alloc(c, len + 1);
    if (!p) return AMB_E_NOMEM;
    memcpy(p, s, len + 1);
    *ret = (amb_arg){.type = AMB_T_STR, .len = (uint32_t)len, .v.p = p};
    return AMB_OK;
}

bool net_addr_read(const amb_arg *a, net_addr *out)
{
    amb_hostport p;
    const char *why;
    if (!amb_hostport_parse(a->v.p, a->len, &p, &why)) return false;
    if (p.kind != AMB_HOST_IP || p.low != p.high) return false;
    *out = (net_addr){p.ip, p.low};
    return true;
}

/* --- datagrams ---------------------------------------------------------------------- */

static bool same(const net_addr *a, const net_addr *b)
{
    return a->port == b->port && a->ip.v == b->ip.v && memcmp(a->ip.b, b->ip.b, a->ip.v == 4 ? 4 : 16) == 0;
}

void net_recent_add(net_recent *r, const net_addr *a)
{
    if (net_recent_has(r, a)) return;
    r->v[r->at++ % 32] = *a;
}

bool net_recent_has(const net_recent *r, const net_addr *a)
{
    for (uint32_t i = 0; i < 32 && i < r->at; i++)
        if (same(&r->v[i], a)) return true;
    return false;
}

amb_status net_payload(net *n, amb_call *c, const amb_arg *a, const char *what)
{
    if (a->type != AMB_T_STR && a->type != AMB_T_BYTES)
        return n->h->fail(c, AMB_E_ARG, 0, "%s: data must be a string or bytes", what);
    if (a->len > 65507) return n->h->fail(c, AMB_E_ARG, 0, "%s: a datagram has at most 65507 bytes", what);
    return AMB_OK;
}

amb_status net_datagrams(net *n, amb_call *c, bool list, uint32_t count, const char *const *data,
                         const uint32_t *len, const net_addr *from, amb_arg *ret)
{
    uint32_t slots = list + count * 5;
    amb_arg *t = n->h->alloc(c, (slots ? slots : 1) * sizeof *t), *p = t;
    if (!t) return AMB_E_NOMEM;
    if (list) *p++ = (amb_arg){.type = AMB_T_LIST, .len = count};
    for (uint32_t i = 0; i < count; i++) {
        char *copy = n->h->alloc(c, len[i] + (size_t)NET_ADDR_TEXT);
        if (!copy) return AMB_E_NOMEM;
        if (len[i]) memcpy(copy, data[i], len[i]);
        int k = net_addr_print(&from[i], copy + len[i], NET_ADDR_TEXT);
        *p++ = (amb_arg){.type = AMB_T_TUPLE, .flags = AMB_A_NAMED, .len = 2};
        *p++ = (amb_arg){.type = AMB_T_STR, .len = 4, .v.p = "data"};
        *p++ = (amb_arg){.type = AMB_T_BYTES, .len = len[i], .v.p = copy};
        *p++ = (amb_arg){.type = AMB_T_STR, .len = 4, .v.p = "from"};
        *p++ = (amb_arg){.type = AMB_T_STR, .len = (uint32_t)k, .v.p = copy + len[i]};
    }
    *ret = (amb_arg){.type = AMB_T_TREE, .len = slots, .v.p = t};
    return AMB_OK;
}
