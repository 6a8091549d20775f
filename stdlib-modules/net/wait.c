/* SPDX-License-Identifier: MIT */
/* Calls that wait, and how they fail. */
#include <errno.h>
#include <string.h>

#include "net.h"

amb_status net_failed(net *n, amb_call *c, int os_errno, const char *what)
{
    char text[128];
    const char *why = strerror_r(os_errno, text, sizeof text);
    if (os_errno == ENOMEM) return AMB_E_NOMEM;
    return n->h->fail(c, AMB_E_IO, os_errno, "%s: %s", what, why);
}

amb_status net_busy(net *n, amb_call *c, const char *what)
{
    return n->h->fail(c, AMB_E_BUSY, 0, "%s: another task does that already", what);
}

amb_status net_pend(net *n, amb_call *c, net_wait *w)
{
    if (!tickets_reserve(&n->waiting)) return AMB_E_NOMEM;
    amb_ticket t = n->h->pend(c);
    if (!t) return n->h->fail(c, AMB_E_NOSYS, 0, "cannot wait here");
    w->t = t;
    tickets_put(&n->waiting, t, w);
    return AMB_PENDING;
}

amb_call *net_open(net *n, net_wait *w)
{
    amb_ticket t = w->t;
    if (!t) return NULL;
    net_forget(n, w);
    return n->h->reply_open(n->hctx, t);
}

void net_answer_failed(net *n, net_wait *w, amb_status st, int os_errno, const char *what)
{
    amb_call *c = net_open(n, w);
    if (!c) return;
    if (os_errno) st = net_failed(n, c, os_errno, what);
    n->h->reply(c, st, &(amb_arg){.type = AMB_T_NIL});
}

void net_forget(net *n, net_wait *w)
{
    if (w->t) tickets_take(&n->waiting, w->t);
    w->t = 0;
}

void net_cancel(void *inst, amb_ticket t)
{
    net *n = inst;
    net_wait *w = tickets_take(&n->waiting, t);
    if (!w) return;
    w->t = 0;
    if (w->drop) w->drop(n, w);
    amb_call *c = n->h->reply_open(n->hctx, t);
    if (c) n->h->reply(c, AMB_E_CANCELED, &(amb_arg){.type = AMB_T_NIL});
}
