/* SPDX-License-Identifier: MIT */
/* Calls that are answered later: found by their ticket, ended once. */
#include "process.h"

void proc_wait_begin(proc *p, proc_wait *w, amb_ticket t)
{
    w->t = t;
    w->prev = NULL;
    w->next = p->waiting;
    if (w->next) w->next->prev = w;
    p->waiting = w;
}

void proc_wait_end(proc *p, proc_wait *w)
{
    if (!w->t) return;
    if (w->next) w->next->prev = w->prev;
    if (w->prev) w->prev->next = w->next;
    else p->waiting = w->next;
    w->t = 0;
}

amb_call *proc_wait_open(proc *p, proc_wait *w)
{
    amb_ticket t = w->t;
    if (!t) return NULL;
    proc_wait_end(p, w);
    return p->h->reply_open(p->hctx, t);
}

void proc_cancel(void *inst, amb_ticket t)
{
    proc *p = inst;
    for (proc_wait *w = p->waiting; w; w = w->next) {
        if (w->t != t) continue;
        amb_call *c = proc_wait_open(p, w);
        amb_arg none = {.type = AMB_T_NIL};
        if (c) p->h->reply(c, AMB_E_CANCELED, &none);
        if (w->canceled) w->canceled(w);
        return;
    }
}

amb_status proc_ready(proc *p, uint64_t *id, int fd, uint32_t events, amb_event_fn fn,
                      void *ud)
{
    if (*id) return p->h->rewatch(p->hctx, *id, events);
    return p->h->watch(p->hctx, fd, events, fn, ud, id);
}

void proc_pause(proc *p, uint64_t *id)
{
    if (!*id || p->h->rewatch(p->hctx, *id, 0) == AMB_OK) return;
    p->h->unwatch(p->hctx, *id);
    *id = 0;
}
