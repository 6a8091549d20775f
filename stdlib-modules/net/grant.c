/* SPDX-License-Identifier: MIT */
/* What a capability covers, and what a call wants of it.
 *
 * A name is checked before anybody is asked about it, and every address it leads to is checked
 * before anything is sent there: a name's owner decides where it leads, but not that it leads into
 * the user's own network. Only these addresses are used; the name is not asked for again. */
#include <errno.h>
#include <string.h>

#include "net.h"

/* --- making ------------------------------------------------------------------------- */

static amb_status read_patterns(net *n, amb_call *c, const amb_arg *a, uint32_t count, bool ports,
                                const char *what, net_grant **out)
{
    if (!count) return n->h->fail(c, AMB_E_ARG, 0, "%s: say what for, as in %s", what,
                                  ports ? "\"example.org:443\"" : "\"example.org\"");
    net_grant *g = malloc(sizeof *g + count * sizeof g->v[0]);
    if (!g) return AMB_E_NOMEM;
    g->refs = 1;
    g->n = count;
    for (uint32_t i = 0; i < count; i++) {
        const char *why = "not a text";
        bool ok = a[i].type == AMB_T_STR &&
                  (ports ? amb_hostport_parse(a[i].v.p, a[i].len, &g->v[i], &why)
                         : amb_host_parse(a[i].v.p, a[i].len, &g->v[i], &why));
        if (ok && !ports && (g->v[i].kind == AMB_HOST_IP || g->v[i].kind == AMB_HOST_NET))
            ok = false, why = "an address has no address";
        if (ok) continue;
        amb_status st = n->h->fail(c, AMB_E_ARG, 0, "%s: %s", what, why);
        free(g);
        return st;
    }
    *out = g;
    return AMB_OK;
}

void net_grant_drop(net_grant *g)
{
    if (g && --g->refs == 0) free(g);
}

void net_grant_close(void *inst, void *res)
{
    (void)inst;
    net_grant_drop(res);
}

static amb_status answer(net *n, amb_call *c, uint16_t type, net_grant *g, amb_arg *ret)
{
    char label[120];
    size_t used = 0;
    label[0] = 0;
    for (uint32_t i = 0; i < g->n; i++) {
        char one[AMB_HOST_MAX + 32];
        int k = amb_hostport_print(&g->v[i], one, sizeof one);
        if (used + (size_t)k + 8 >= sizeof label) {
            memcpy(label + used, used ? ", ..." : "...", used ? 6 : 4);
            break;
        }
        if (used) memcpy(label + used, ", ", 2), used += 2;
        memcpy(label + used, one, (size_t)k + 1);
        used += (size_t)k;
    }
    amb_status st = n->h->res_new(c, type, g, ~(amb_rights)0, label, ret, NULL);
    if (st) net_grant_drop(g);
    return st;
}

static amb_status make(net *n, amb_call *c, uint16_t type, const amb_arg *a, uint32_t count, bool ports,
                       const char *what, amb_arg *ret)
{
    net_grant *g;
    amb_status st = read_patterns(n, c, a, count, ports, what, &g);
    return st ? st : answer(n, c, type, g, ret);
}

NET_OP(net_tcp_new) { return (void)self, make(inst, c, NET_RES_TCP, a, n, true, "tcp", ret); }
NET_OP(net_udp_new) { return (void)self, make(inst, c, NET_RES_UDP, a, n, true, "udp", ret); }
NET_OP(net_dns_new) { return (void)self, make(inst, c, NET_RES_DNS, a, n, false, "dns", ret); }

static amb_status sub(net *n, amb_call *c, uint16_t type, const net_grant *from, const amb_arg *a, uint32_t count,
                      amb_arg *ret)
{
    net_grant *g;
    amb_status st = read_patterns(n, c, a, count, true, "sub", &g);
    if (st) return st;
    for (uint32_t i = 0; i < count; i++) {
        bool ok = false;
        for (uint32_t k = 0; k < from->n && !ok; k++) ok = amb_hostport_covers(&from->v[k], &g->v[i]);
        if (ok) continue;
        net_grant_drop(g);
        return n->h->fail(c, AMB_E_RIGHTS, 0, "sub: this is more than what it was granted for");
    }
    return answer(n, c, type, g, ret);
}

NET_OP(net_tcp_sub) { return sub(inst, c, NET_RES_TCP, self, a, n, ret); }
NET_OP(net_udp_sub) { return sub(inst, c, NET_RES_UDP, self, a, n, ret); }

/* --- asking ------------------------------------------------------------------------- */

bool net_permits(const net_grant *g, const amb_ip *ip, uint16_t port, bool named)
{
    if (named && amb_ip_public(ip)) return true;
    for (uint32_t i = 0; i < g->n; i++)
        if (amb_hostport_ip(&g->v[i], ip, port)) return true;
    return false;
}

void net_permit(const net_grant *g, net_target *t)
{
    uint32_t kept = 0;
    /* localhost may come with a pattern of addresses; it is no name somebody else answers for. */
    bool named = t->named && strcmp(t->name, "localhost") != 0;
    for (uint32_t i = 0; i < t->n; i++)
        if (net_permits(g, &t->addrs[i], t->port, named)) t->addrs[kept++] = t->addrs[i];
    t->n = kept;
}

static amb_status wanted(net *n, amb_call *c, const net_grant *g, const amb_arg *a, const char *what,
                         amb_hostport *out)
{
    const char *why;
    if (a->type == AMB_T_NIL) {
        if (g->n != 1 || g->v[0].low != g->v[0].high)
            return n->h->fail(c, AMB_E_ARG, 0, "%s: the grant is for more than one target, say which", what);
        *out = g->v[0];
        return AMB_OK;
    }
    if (!amb_hostport_parse(a->v.p, a->len, out, &why)) return n->h->fail(c, AMB_E_ARG, 0, "%s: %s", what, why);
    if (out->low != out->high) return n->h->fail(c, AMB_E_ARG, 0, "%s: one port, not several", what);
    return AMB_OK;
}

static amb_status outside(net *n, amb_call *c, const char *what)
{
    return n->h->fail(c, AMB_E_RIGHTS, 0, "%s: not among what was granted", what);
}

amb_status net_reach(net *n, amb_call *c, const net_grant *g, const amb_arg *a, const char *what, net_target *out)
{
    amb_hostport p;
    amb_status st = wanted(n, c, g, a, what, &p);
    if (st) return st;
    memset(out, 0, sizeof *out);
    out->port = p.low;
    if (p.kind == AMB_HOST_IP) {
        if (!net_permits(g, &p.ip, p.low, false)) return outside(n, c, what);
        out->addrs[0] = p.ip;
        out->n = 1;
        return AMB_OK;
    }
    if (p.kind != AMB_HOST_NAME) return n->h->fail(c, AMB_E_ARG, 0, "%s: one host, not a pattern", what);
    out->named = true;
    memcpy(out->name, p.name, sizeof out->name);
    bool covered = false;
    for (uint32_t i = 0; i < g->n && !covered; i++) covered = amb_hostport_name(&g->v[i], p.name, p.low);
    if (!covered && strcmp(p.name, "localhost") != 0) return outside(n, c, what);
    if (!covered) {
        net_known(n, out);
        net_permit(g, out);
        if (!out->n) return outside(n, c, what);
    }
    return AMB_OK;
}

amb_status net_bind(net *n, amb_call *c, const net_grant *g, const amb_arg *a, const char *what, net_target *out)
{
    amb_hostport p;
    amb_status st = wanted(n, c, g, a, what, &p);
    if (st) return st;
    memset(out, 0, sizeof *out);
    out->port = p.low;
    bool local = p.kind == AMB_HOST_NAME && strcmp(p.name, "localhost") == 0;
    if (local) p.kind = AMB_HOST_IP, p.ip = (amb_ip){.v = 4, .b = {127, 0, 0, 1}};
    if (p.kind != AMB_HOST_IP && p.kind != AMB_HOST_ANY)
        return n->h->fail(c, AMB_E_ARG, 0, "%s: an address of this machine, localhost or * is needed", what);
    out->any = p.kind == AMB_HOST_ANY;
    for (uint32_t i = 0; i < g->n; i++) {
        const amb_hostport *v = &g->v[i];
        if (p.low < v->low || p.low > v->high) continue;
        /* A star stands for every address of this machine here: they are the user's own. */
        if (v->kind != AMB_HOST_ANY && (out->any || !amb_hostport_ip(v, &p.ip, p.low))) continue;
        out->addrs[0] = p.ip;
        out->n = !out->any;
        return AMB_OK;
    }
    return outside(n, c, what);
}

/* --- names -------------------------------------------------------------------------- */

static amb_status addresses(net *n, amb_call *c, const amb_ip *v, uint32_t count, amb_arg *ret)
{
    amb_arg *t = n->h->alloc(c, (count + 1) * sizeof *t);
    if (!t) return AMB_E_NOMEM;
    t[0] = (amb_arg){.type = AMB_T_LIST, .len = count};
    for (uint32_t i = 0; i < count; i++) {
        char *s = n->h->alloc(c, NET_ADDR_TEXT);
        if (!s) return AMB_E_NOMEM;
        int k = amb_ip_print(&v[i], s, NET_ADDR_TEXT);
        t[i + 1] = (amb_arg){.type = AMB_T_STR, .len = (uint32_t)k, .v.p = s};
    }
    *ret = (amb_arg){.type = AMB_T_TREE, .len = count + 1, .v.p = t};
    return AMB_OK;
}

typedef struct asking {
    net_wait w;
    net *n;
    net_lookup *l;
} asking;

static void asking_drop(net *n, net_wait *w)
{
    (void)n;
    asking *q = (asking *)w;
    if (q->l) q->l->done = NULL;
    free(q);
}

static void asked(void *ud, net_lookup *l)
{
    asking *q = ud;
    net *n = q->n;
    amb_call *c = net_open(n, &q->w);
    amb_arg ret = {.type = AMB_T_NIL};
    if (c) {
        amb_status st = l->error ? net_unresolved(n, c, l->error) : addresses(n, c, l->addrs, l->count, &ret);
        n->h->reply(c, st, &ret);
    }
    free(q);
}

NET_OP(net_dns_resolve)
{
    (void)n;
    net *k = inst;
    const net_grant *g = self;
    amb_hostport p;
    const char *why;
    if (!amb_host_parse(a[0].v.p, a[0].len, &p, &why)) return k->h->fail(c, AMB_E_ARG, 0, "resolve: %s", why);
    if (p.kind != AMB_HOST_NAME) return k->h->fail(c, AMB_E_ARG, 0, "resolve: a host name is needed");
    bool covered = strcmp(p.name, "localhost") == 0;
    for (uint32_t i = 0; i < g->n && !covered; i++) covered = amb_hostport_name(&g->v[i], p.name, 0);
    if (!covered) return outside(k, c, "resolve");
    net_target t = {.named = true};
    memcpy(t.name, p.name, sizeof t.name);
    if (net_known(k, &t)) return t.n ? addresses(k, c, t.addrs, t.n, ret) : net_unresolved(k, c, ENOENT);
    asking *q = calloc(1, sizeof *q);
    if (!q) return AMB_E_NOMEM;
    q->n = k;
    q->w.drop = asking_drop;
    q->l = net_lookup_start(k, p.name, asked, q);
    if (!q->l) {
        free(q);
        return AMB_E_NOMEM;
    }
    amb_status st = net_pend(k, c, &q->w);
    if (st != AMB_PENDING) asking_drop(k, &q->w);
    return st;
}
