/* SPDX-License-Identifier: MIT */
/* The reactor of tests: time moves only when nothing else does.
 *
 * What is ready runs in the order in which it was first watched, so two runs of a program
 * whose descriptors answer alike are alike. A wait that finds nothing ready adds its
 * whole timeout to the clock and returns: the caller's next timer is due. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "ambit/reactor.h"

typedef struct vwatch {
    uint64_t id; /* 0: ended */
    amb_event_fn fn;
    void *ud;
} vwatch;

typedef struct vreactor {
    amb_reactor table;
    uint64_t clock, last_id;
    int wake_fd;
    /* Two arrays of n entries side by side; p[i].fd is ~fd while paused. Entry 0 is
     * wake_fd's. Ended entries are taken out by the next wait. */
    struct pollfd *p;
    vwatch *w;
    uint32_t n, cap;
    bool ended;
} vreactor;

static uint64_t now(void *state) { return ((vreactor *)state)->clock; }

static bool more(vreactor *r)
{
    uint32_t cap = r->cap ? r->cap * 2 : 16;
    struct pollfd *p = realloc(r->p, cap * sizeof *p);
    if (p) r->p = p;
    vwatch *w = p ? realloc(r->w, cap * sizeof *w) : NULL;
    if (!w) return false;
    r->w = w;
    r->cap = cap;
    return true;
}

/* Ids grow along the array: entries are only ever added at its end. */
static uint32_t find(const vreactor *r, uint64_t id)
{
    uint32_t lo = 1, hi = r->n;
    while (id && lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (r->w[mid].id < id) lo = mid + 1;
        else hi = mid;
    }
    return id && lo < r->n && r->w[lo].id == id && r->w[lo].fn ? lo : 0;
}

static void set(struct pollfd *p, int fd, uint32_t events)
{
    p->events = (short)(events & (POLLIN | POLLOUT));
    p->fd = p->events ? fd : ~fd;
    p->revents = 0;
}

static amb_status watch(void *state, int fd, uint32_t events, amb_event_fn fn, void *ud,
                        uint64_t *id)
{
    vreactor *r = state;
    if (fd < 0 || fcntl(fd, F_GETFD) < 0) return AMB_E_IO;
    for (uint32_t i = 1; i < r->n; i++)
        if (r->w[i].fn && (r->p[i].fd == fd || r->p[i].fd == ~fd)) return AMB_E_IO;
    if (r->n == r->cap && !more(r)) return AMB_E_NOMEM;
    set(&r->p[r->n], fd, events);
    r->w[r->n] = (vwatch){++r->last_id, fn, ud};
    r->n++;
    *id = r->last_id;
    return AMB_OK;
}

static amb_status rewatch(void *state, uint64_t id, uint32_t events)
{
    vreactor *r = state;
    uint32_t i = find(r, id);
    if (!i) return AMB_E_STALE;
    set(&r->p[i], r->p[i].fd < 0 ? ~r->p[i].fd : r->p[i].fd, events);
    return AMB_OK;
}

static void unwatch(void *state, uint64_t id)
{
    vreactor *r = state;
    uint32_t i = find(r, id);
    if (!i) return;
    r->w[i].fn = NULL;
    r->p[i].fd = -1;
    r->p[i].revents = 0;
    r->ended = true;
}

static void compact(vreactor *r)
{
    if (!r->ended) return;
    uint32_t n = 1;
    for (uint32_t i = 1; i < r->n; i++) {
        if (!r->w[i].fn) continue;
        r->p[n] = r->p[i];
        r->w[n++] = r->w[i];
    }
    r->n = n;
    r->ended = false;
}

static int wait(void *state, uint64_t timeout_ns)
{
    vreactor *r = state;
    compact(r);
    int k;
    do k = poll(r->p, r->n, timeout_ns == UINT64_MAX ? -1 : 0);
    while (k < 0 && errno == EINTR && timeout_ns != UINT64_MAX);
    if (k < 0) return 0;
    if (k == 0) {
        r->clock = timeout_ns > UINT64_MAX - 1 - r->clock ? UINT64_MAX - 1
                                                          : r->clock + timeout_ns;
        return 0;
    }
    if (r->p[0].revents) {
        uint64_t count;
        if (read(r->wake_fd, &count, sizeof count) < 0) count = 0;
    }
    int ran = 0;
    uint32_t n = r->n; /* watches made by callbacks are for the next wait */
    for (uint32_t i = 1; i < n; i++) {
        uint32_t got = (uint16_t)r->p[i].revents;
        r->p[i].revents = 0;
        if (!got || !r->w[i].fn || r->p[i].fd < 0) continue;
        if (got & POLLNVAL) { /* closed without unwatch */
            r->p[i].fd = -1;
            continue;
        }
        /* As with epoll, an error or hang-up wakes whoever waits. */
        if (got & (POLLERR | POLLHUP)) got |= (uint16_t)r->p[i].events;
        ran++;
        r->w[i].fn(r->w[i].ud, got & (POLLIN | POLLOUT | POLLERR | POLLHUP));
    }
    return ran;
}

static void wake(void *state)
{
    uint64_t one = 1;
    int e = errno;
    if (write(((vreactor *)state)->wake_fd, &one, sizeof one) < 0) errno = e;
}

/* No one descriptor tells of all the others. */
static int poll_fd(void *state) { return (void)state, -1; }

static void end(void *state)
{
    vreactor *r = state;
    close(r->wake_fd);
    free(r->p);
    free(r->w);
    free(r);
}

amb_reactor *amb_reactor_virtual_new(uint64_t start_ns)
{
    vreactor *r = calloc(1, sizeof *r);
    if (!r) return NULL;
    r->clock = start_ns;
    r->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (r->wake_fd < 0 || !more(r)) {
        if (r->wake_fd >= 0) close(r->wake_fd);
        free(r->p);
        free(r);
        return NULL;
    }
    r->p[0] = (struct pollfd){.fd = r->wake_fd, .events = POLLIN};
    r->w[0] = (vwatch){0};
    r->n = 1;
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
