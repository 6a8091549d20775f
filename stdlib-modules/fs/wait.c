/* SPDX-License-Identifier: MIT */
/* Calls that are answered later: found by their ticket, ended once. */
#include "fs.h"

void fs_wait_begin(fs *f, fs_wait *w, amb_ticket t)
{
    w->t = t;
    w->prev = NULL;
    w->next = f->waiting;
    if (w->next) w->next->prev = w;
    f->waiting = w;
}

void fs_wait_end(fs *f, fs_wait *w)
{
    if (!w->t) return;
    if (w->next) w->next->prev = w->prev;
    if (w->prev) w->prev->next = w->next;
    else f->waiting = w->next;
    w->t = 0;
}

amb_call *fs_wait_open(fs *f, fs_wait *w)
{
    amb_ticket t = w->t;
    if (!t) return NULL;
    fs_wait_end(f, w);
    return f->h->reply_open(f->hctx, t);
}

void fs_cancel(void *inst, amb_ticket t)
{
    fs *f = inst;
    for (fs_wait *w = f->waiting; w; w = w->next) {
        if (w->t != t) continue;
        amb_call *c = fs_wait_open(f, w);
        amb_arg none = {.type = AMB_T_NIL};
        if (c) f->h->reply(c, AMB_E_CANCELED, &none);
        return;
    }
}

amb_status fs_ready(fs *f, uint64_t *id, int fd, uint32_t events, amb_event_fn fn,
                    void *ud)
{
    if (*id) return f->h->rewatch(f->hctx, *id, events);
    return f->h->watch(f->hctx, fd, events, fn, ud, id);
}

void fs_pause(fs *f, uint64_t *id)
{
    if (!*id || f->h->rewatch(f->hctx, *id, 0) == AMB_OK) return;
    f->h->unwatch(f->hctx, *id);
    *id = 0;
}
