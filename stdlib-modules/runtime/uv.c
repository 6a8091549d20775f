/* SPDX-License-Identifier: MIT */
/* The default reactor: libuv behind the reactor's table.
 *
 * Pausing is lazy. A provider pauses its watch after every event and resumes it for the
 * next operation; a connection that answers each request would cost two system calls more
 * for nothing. So a paused watch stays armed until an event nobody wants comes in, and
 * only that event disarms it. */
#include <fcntl.h>
#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>
#include <uv.h>

#include "ambit/reactor.h"

typedef struct uvwatch {
    uv_poll_t poll; /* first: libuv gives it back */
    struct uvreactor *r;
    amb_event_fn fn;
    void *ud;
    uint32_t slot;
    uint16_t wanted, armed; /* POLLIN, POLLOUT: asked for; what libuv watches */
    bool dead;
} uvwatch;

typedef struct uvreactor {
    amb_reactor table;
    uv_loop_t loop;
    uv_async_t async;
    uv_timer_t timer;
    atomic_bool made, woken;
    bool exported; /* a host polls the loop's descriptor itself */
    int ran;
    /* A watch's id is its slot here and the slot's generation, so a late id names nothing. */
    struct uvslot {
        uvwatch *w;
        uint32_t generation, next_free;
    } *slots;
    uint32_t nslots, free_slot; /* slot 0 is not used */
} uvreactor;

static uint64_t now(void *state)
{
    (void)state;
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void on_async(uv_async_t *a) { (void)a; }
static void on_timer(uv_timer_t *t) { (void)t; }

static bool make(uvreactor *r)
{
    if (atomic_load(&r->made)) return true;
    if (uv_loop_init(&r->loop)) return false;
    if (uv_async_init(&r->loop, &r->async, on_async)) {
        uv_loop_close(&r->loop);
        return false;
    }
    uv_timer_init(&r->loop, &r->timer);
    uv_run(&r->loop, UV_RUN_NOWAIT); /* nothing can happen yet but that the loop listens to `async` */
    /* Whoever wakes sees this, or `wait` sees what they noted. */
    atomic_store(&r->made, true);
    return true;
}

/* --- watches ------------------------------------------------------------------------ */

static int to_uv(uint32_t events)
{
    return (events & POLLIN ? UV_READABLE : 0) | (events & POLLOUT ? UV_WRITABLE : 0);
}

static void on_event(uv_poll_t *p, int status, int uv);

/* libuv tells the system about a watch when it next runs; a host that polls the loop's descriptor has
 * to let it run first. */
static int arm(uvwatch *w)
{
    w->armed = w->wanted;
    if (w->r->exported) uv_async_send(&w->r->async);
    return uv_poll_start(&w->poll, to_uv(w->armed), on_event);
}

static void on_event(uv_poll_t *p, int status, int uv)
{
    uvwatch *w = (uvwatch *)p;
    uint32_t got = 0;
    if (status < 0) {
        /* libuv gave the descriptor up: whoever reads or writes it learns why. */
        w->armed = 0;
        got = POLLERR | POLLIN | POLLOUT;
    } else {
        got = (uv & UV_READABLE ? POLLIN : 0) | (uv & UV_WRITABLE ? POLLOUT : 0);
    }
    uint32_t ready = got & w->wanted;
    if (!ready) {
        if (w->wanted == w->armed) return;
        if (w->wanted) {
            arm(w);
        } else {
            w->armed = 0;
            uv_poll_stop(p);
        }
        return;
    }
    w->r->ran++;
    w->fn(w->ud, ready | (got & POLLERR));
    if (w->dead || status >= 0 || !w->wanted) return;
    arm(w);
}

static bool more_slots(uvreactor *r)
{
    uint32_t n = r->nslots ? r->nslots * 2 : 16;
    if (n > 1u << 28) return false;
    struct uvslot *s = realloc(r->slots, n * sizeof *s);
    if (!s) return false;
    for (uint32_t i = r->nslots; i < n; i++)
        s[i] = (struct uvslot){.generation = 1, .next_free = i + 1 < n ? i + 1 : 0};
    r->free_slot = r->nslots ? r->nslots : 1;
    r->slots = s;
    r->nslots = n;
    return true;
}

static uvwatch *find(const uvreactor *r, uint64_t id)
{
    uint32_t slot = (uint32_t)id;
    if (slot == 0 || slot >= r->nslots) return NULL;
    return r->slots[slot].generation == id >> 32 ? r->slots[slot].w : NULL;
}

static amb_status watch(void *state, int fd, uint32_t events, amb_event_fn fn, void *ud,
                        uint64_t *id)
{
    uvreactor *r = state;
    if (!make(r)) return AMB_E_NOMEM;
    if (!r->free_slot && !more_slots(r)) return AMB_E_NOMEM;
    uvwatch *w = malloc(sizeof *w);
    if (!w) return AMB_E_NOMEM;
    /* libuv makes it non-blocking. It may be shared with other programs, such as a terminal, and stays what it
     * was. */
    int flags = fcntl(fd, F_GETFL), bad = uv_poll_init(&r->loop, &w->poll, fd);
    if (!bad && flags >= 0 && !(flags & O_NONBLOCK)) (void)!fcntl(fd, F_SETFL, flags);
    if (bad) {
        free(w);
        return bad == UV_ENOMEM ? AMB_E_NOMEM : AMB_E_IO;
    }
    w->r = r;
    w->fn = fn;
    w->ud = ud;
    w->wanted = events & (POLLIN | POLLOUT);
    w->armed = 0;
    w->dead = false;
    w->slot = r->free_slot;
    if (w->wanted) arm(w);
    struct uvslot *s = &r->slots[w->slot];
    r->free_slot = s->next_free;
    s->w = w;
    *id = (uint64_t)s->generation << 32 | w->slot;
    return AMB_OK;
}

static amb_status rewatch(void *state, uint64_t id, uint32_t events)
{
    uvwatch *w = find(state, id);
    if (!w) return AMB_E_STALE;
    w->wanted = events & (POLLIN | POLLOUT);
    if ((w->wanted & ~w->armed) == 0) return AMB_OK;
    return arm(w) ? AMB_E_IO : AMB_OK;
}

static void on_closed(uv_handle_t *h) { free(h); }

static void unwatch(void *state, uint64_t id)
{
    uvreactor *r = state;
    uvwatch *w = find(r, id);
    if (!w) return;
    struct uvslot *s = &r->slots[w->slot];
    s->w = NULL;
    s->generation++;
    /* One that came round is not used again: an old id must not name a new watch. */
    if (s->generation != 0) {
        s->next_free = r->free_slot;
        r->free_slot = w->slot;
    }
    w->dead = true;
    w->wanted = 0;
    uv_close((uv_handle_t *)&w->poll, on_closed);
}

/* --- waiting ------------------------------------------------------------------------ */

/* libuv's timers count milliseconds; shorter waits sleep on the loop's own descriptor. */
#define SHORT_NS 2000000u

static int wait(void *state, uint64_t timeout_ns)
{
    uvreactor *r = state;
    if (!make(r)) {
        if (timeout_ns && timeout_ns != UINT64_MAX) {
            struct timespec t = {(time_t)(timeout_ns / 1000000000u),
                                 (long)(timeout_ns % 1000000000u)};
            nanosleep(&t, NULL);
        }
        return 0;
    }
    if (atomic_exchange(&r->woken, false)) timeout_ns = 0;
    r->ran = 0;
    if (timeout_ns == 0) {
        uv_run(&r->loop, UV_RUN_NOWAIT);
    } else if (timeout_ns == UINT64_MAX) {
        uv_run(&r->loop, UV_RUN_ONCE);
    } else if (timeout_ns < SHORT_NS) {
        /* What changed about watches reaches the kernel first. */
        uv_run(&r->loop, UV_RUN_NOWAIT);
        if (!r->ran && !atomic_exchange(&r->woken, false)) {
            struct pollfd p = {.fd = uv_backend_fd(&r->loop), .events = POLLIN};
            struct timespec t = {0, (long)timeout_ns};
            if (ppoll(&p, 1, &t, NULL) > 0) uv_run(&r->loop, UV_RUN_NOWAIT);
        }
    } else {
        uint64_t ms = timeout_ns / 1000000u + (timeout_ns % 1000000u != 0);
        uv_update_time(&r->loop);
        uv_timer_start(&r->timer, on_timer, ms, 0);
        uv_run(&r->loop, UV_RUN_ONCE);
        uv_timer_stop(&r->timer);
    }
    atomic_store(&r->woken, false);
    return r->ran;
}

static void wake(void *state)
{
    uvreactor *r = state;
    atomic_store(&r->woken, true);
    if (atomic_load(&r->made)) uv_async_send(&r->async);
}

static int poll_fd(void *state)
{
    uvreactor *r = state;
    if (!make(r)) return -1;
    r->exported = true;
    uv_async_send(&r->async); /* for what is not known to the system yet */
    return uv_backend_fd(&r->loop);
}

static void close_one(uv_handle_t *h, void *arg)
{
    (void)arg;
    if (!uv_is_closing(h)) uv_close(h, h->type == UV_POLL ? on_closed : NULL);
}

static void end(void *state)
{
    uvreactor *r = state;
    if (atomic_load(&r->made)) {
        uv_walk(&r->loop, close_one, NULL);
        uv_run(&r->loop, UV_RUN_DEFAULT);
        uv_loop_close(&r->loop);
    }
    free(r->slots);
    free(r);
}

amb_reactor *amb_reactor_uv_new(void)
{
    uvreactor *r = calloc(1, sizeof *r);
    if (!r) return NULL;
    r->table = (amb_reactor){.size = sizeof(amb_reactor),
                             .state = r,
                             .now = now,
                             .watch = watch,
                             .rewatch = rewatch,
                             .unwatch = unwatch,
                             .wait = wait,
                             .wake = wake,
                             .poll_fd = poll_fd,
                             .free = end};
    return &r->table;
}
