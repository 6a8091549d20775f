/* SPDX-License-Identifier: MIT */
/* Both reactors: readiness, pausing, wake, time. */
#include <criterion/criterion.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "ambit/reactor.h"

#define MS UINT64_C(1000000)
#define FOREVER UINT64_MAX

typedef struct seen {
    amb_reactor *r;
    uint64_t id;
    int calls, order, *clock;
    uint32_t events;
    bool drain, leave;
    int fd;
} seen;

static void note(void *ud, uint32_t events)
{
    seen *s = ud;
    s->calls++;
    s->events = events;
    if (s->clock) s->order = ++*s->clock;
    char b[64];
    if (s->drain) cr_assert(read(s->fd, b, sizeof b) >= 0);
    if (s->leave) s->r->unwatch(s->r->state, s->id);
}

static amb_reactor *make(int which)
{
    amb_reactor *r = which ? amb_reactor_virtual_new(5) : amb_reactor_uv_new();
    cr_assert_not_null(r);
    cr_assert_eq(r->size, sizeof *r);
    return r;
}
#define BOTH(name)                                          \
    static void name(amb_reactor *r, int which);            \
    Test(reactor, name##_uv) { amb_reactor *r = make(0); name(r, 0); r->free(r->state); }      \
    Test(reactor, name##_virtual) { amb_reactor *r = make(1); name(r, 1); r->free(r->state); } \
    static void name(amb_reactor *r, int which)

static uint64_t real(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 * MS + (uint64_t)t.tv_nsec;
}

static void watch(amb_reactor *r, seen *s, int fd, uint32_t events)
{
    s->r = r;
    s->fd = fd;
    cr_assert_eq(r->watch(r->state, fd, events, note, s, &s->id), AMB_OK);
    cr_assert_neq(s->id, 0);
}

BOTH(level_triggered_until_unwatched)
{
    (void)which;
    int p[2];
    cr_assert_eq(pipe(p), 0);
    seen s = {0};
    watch(r, &s, p[0], POLLIN);
    cr_assert_eq(r->wait(r->state, 0), 0);
    cr_assert_eq(write(p[1], "x", 1), 1);
    cr_assert_eq(r->wait(r->state, FOREVER), 1);
    cr_assert_eq(r->wait(r->state, FOREVER), 1);
    cr_assert_eq(s.calls, 2);
    cr_assert_eq(s.events & (POLLIN | POLLOUT), POLLIN);
    r->unwatch(r->state, s.id);
    cr_assert_eq(r->wait(r->state, 0), 0);
    r->unwatch(r->state, s.id); /* late: names nothing */
    cr_assert_neq(r->rewatch(r->state, s.id, POLLIN), AMB_OK);
    cr_assert_eq(s.calls, 2);
    close(p[0]), close(p[1]);
}

BOTH(paused_and_resumed)
{
    (void)which;
    int p[2];
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, p), 0);
    seen s = {.drain = false};
    watch(r, &s, p[0], POLLIN);
    cr_assert_eq(write(p[1], "x", 1), 1);
    cr_assert_eq(r->wait(r->state, FOREVER), 1);
    cr_assert_eq(r->rewatch(r->state, s.id, 0), AMB_OK);
    for (int i = 0; i < 3; i++) cr_assert_eq(r->wait(r->state, 0), 0);
    cr_assert_eq(s.calls, 1);
    cr_assert_eq(r->rewatch(r->state, s.id, POLLIN), AMB_OK);
    cr_assert_eq(r->wait(r->state, FOREVER), 1);
    cr_assert_eq(s.calls, 2);
    /* Changing sides: writable at once, not readable any more. */
    s.drain = true;
    cr_assert_eq(r->wait(r->state, FOREVER), 1);
    s.drain = false;
    cr_assert_eq(r->rewatch(r->state, s.id, POLLOUT), AMB_OK);
    cr_assert_eq(r->wait(r->state, FOREVER), 1);
    cr_assert_eq(s.events & (POLLIN | POLLOUT), POLLOUT);
    r->unwatch(r->state, s.id);
    close(p[0]), close(p[1]);
}

BOTH(hang_up_wakes_the_reader)
{
    (void)which;
    int p[2];
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, p), 0);
    seen s = {0};
    watch(r, &s, p[0], POLLIN);
    close(p[1]);
    cr_assert_eq(r->wait(r->state, FOREVER), 1);
    cr_assert(s.events & POLLIN);
    r->unwatch(r->state, s.id);
    close(p[0]);
}

BOTH(unwatch_from_within)
{
    (void)which;
    int p[2];
    cr_assert_eq(pipe(p), 0);
    cr_assert_eq(write(p[1], "x", 1), 1);
    seen s = {.leave = true};
    watch(r, &s, p[0], POLLIN);
    cr_assert_eq(r->wait(r->state, FOREVER), 1);
    cr_assert_eq(r->wait(r->state, 0), 0);
    cr_assert_eq(s.calls, 1);
    /* The same descriptor may be watched again at once. */
    s.leave = false;
    watch(r, &s, p[0], POLLIN);
    cr_assert_eq(r->wait(r->state, FOREVER), 1);
    cr_assert_eq(s.calls, 2);
    r->unwatch(r->state, s.id);
    close(p[0]), close(p[1]);
}

BOTH(many_watches)
{
    (void)which;
    enum { N = 300 };
    int p[N][2], clock = 0;
    static seen s[N];
    for (int i = 0; i < N; i++) {
        cr_assert_eq(pipe(p[i]), 0);
        s[i] = (seen){.drain = true, .clock = &clock};
        watch(r, &s[i], p[i][0], POLLIN);
    }
    for (int i = N; i-- > 0;) cr_assert_eq(write(p[i][1], "x", 1), 1);
    for (int ran = 0; ran < N;) ran += r->wait(r->state, FOREVER);
    for (int i = 0; i < N; i++) {
        cr_assert_eq(s[i].calls, 1);
        if (which) cr_assert_eq(s[i].order, i + 1);
    }
    for (int i = 0; i < N; i += 2) r->unwatch(r->state, s[i].id);
    for (int i = 0; i < N; i++) cr_assert_eq(write(p[i][1], "x", 1), 1);
    for (int ran = 0; ran < N / 2;) ran += r->wait(r->state, FOREVER);
    cr_assert_eq(r->wait(r->state, 0), 0);
    for (int i = 0; i < N; i++) {
        cr_assert_eq(s[i].calls, 1 + i % 2);
        r->unwatch(r->state, s[i].id);
        close(p[i][0]), close(p[i][1]);
    }
}

static void *wake_later(void *arg)
{
    amb_reactor *r = arg;
    struct timespec t = {0, 20 * MS};
    nanosleep(&t, NULL);
    r->wake(r->state);
    return NULL;
}

BOTH(wake_ends_a_wait)
{
    (void)which;
    /* Before the wait, as the very first use, too. */
    r->wake(r->state);
    cr_assert_eq(r->wait(r->state, FOREVER), 0);
    pthread_t t;
    cr_assert_eq(pthread_create(&t, NULL, wake_later, r), 0);
    cr_assert_eq(r->wait(r->state, FOREVER), 0);
    pthread_join(t, NULL);
}

Test(reactor, real_time_waits)
{
    amb_reactor *r = make(0);
    static const uint64_t lengths[] = {300000, 1500000, 5 * MS, 30 * MS};
    for (int i = 0; i < 4; i++) {
        uint64_t from = real();
        cr_assert(r->now(r->state) >= from);
        cr_assert_eq(r->wait(r->state, lengths[i]), 0);
        uint64_t took = real() - from;
        cr_assert(took >= lengths[i], "%lu of %lu", (unsigned long)took,
                  (unsigned long)lengths[i]);
    }
    r->free(r->state);
}

Test(reactor, bad_descriptors)
{
    for (int i = 0; i < 2; i++) {
        amb_reactor *r = make(i);
        uint64_t id = 0;
        cr_assert_eq(r->watch(r->state, 987654, POLLIN, note, NULL, &id), AMB_E_IO);
        r->free(r->state);
    }
}

Test(reactor, virtual_time_jumps)
{
    amb_reactor *r = amb_reactor_virtual_new(1000);
    uint64_t from = real();
    cr_assert_eq(r->now(r->state), 1000);
    cr_assert_eq(r->wait(r->state, 3600 * 1000 * MS), 0);
    cr_assert_eq(r->now(r->state), 1000 + 3600 * 1000 * MS);
    cr_assert(real() - from < 1000 * MS);
    /* Not while something is ready. */
    int p[2];
    cr_assert_eq(pipe(p), 0);
    cr_assert_eq(write(p[1], "x", 1), 1);
    seen s = {.drain = true};
    watch(r, &s, p[0], POLLIN);
    cr_assert_eq(r->wait(r->state, MS), 1);
    cr_assert_eq(r->now(r->state), 1000 + 3600 * 1000 * MS);
    cr_assert_eq(r->wait(r->state, MS), 0);
    cr_assert_eq(r->now(r->state), 1000 + 3600 * 1000 * MS + MS);
    /* The end of all time is not passed. */
    cr_assert_eq(r->wait(r->state, UINT64_MAX - 1), 0);
    cr_assert_eq(r->now(r->state), UINT64_MAX - 1);
    r->unwatch(r->state, s.id);
    r->free(r->state);
    close(p[0]), close(p[1]);
}

/* A host that waits by poll(2) on the reactor's descriptor misses nothing, whenever it was watched. */
Test(reactor, polled_by_the_host)
{
    amb_reactor *r = make(0);
    int p[2][2];
    cr_assert(pipe(p[0]) == 0 && pipe(p[1]) == 0);
    seen s[2] = {{.drain = true}, {.drain = true}};
    watch(r, &s[0], p[0][0], POLLIN);
    struct pollfd fd = {.fd = r->poll_fd(r->state), .events = POLLIN};
    cr_assert(fd.fd >= 0);
    watch(r, &s[1], p[1][0], POLLIN);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 2; i++) {
            cr_assert_eq(write(p[i][1], "x", 1), 1);
            for (int turns = 0; s[i].calls == round && turns < 20; turns++) {
                cr_assert_eq(poll(&fd, 1, 1000), 1);
                r->wait(r->state, 0);
            }
            cr_assert_eq(s[i].calls, round + 1);
            cr_assert_eq(r->rewatch(r->state, s[i].id, 0), AMB_OK);
            cr_assert_eq(r->rewatch(r->state, s[i].id, POLLIN), AMB_OK);
        }
    }
    /* And it is quiet when nothing happens. */
    for (int turns = 0; turns < 5; turns++) r->wait(r->state, 0);
    cr_assert_eq(poll(&fd, 1, 0), 0);
    for (int i = 0; i < 2; i++) r->unwatch(r->state, s[i].id);
    r->free(r->state);
    amb_reactor *v = make(1);
    cr_assert_eq(v->poll_fd(v->state), -1);
    v->free(v->state);
}
