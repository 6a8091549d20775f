/* SPDX-License-Identifier: MIT */
/* The timer and entropy providers, driven by the kit in virtual time. */
#include <criterion/criterion.h>
#include <string.h>

#include "kit.h"

extern const amb_provider amb_provider_timer, amb_provider_entropy;

#define SEC UINT64_C(1000000000)

static kit *k;
static kit_cap *timer;

static void open_kit(void)
{
    k = kit_new(&amb_provider_timer, amb_reactor_virtual_new(0), NULL, 0);
    cr_assert_not_null(k);
    timer = kit_make(k, NULL, "timer", NULL, 0);
    cr_assert_not_null(timer);
}
static void close_kit(void) { cr_assert_eq(kit_free(k), 0); }

TestSuite(timers, .init = open_kit, .fini = close_kit);

static uint64_t now(void) { return k->r->now(k->r->state); }

static kit_call *start(kit_cap *self, const char *name, double seconds)
{
    amb_arg a = kit_float(seconds);
    return kit_start(k, self, name, &a, 1);
}

static kit_cap *make(const char *name, double seconds)
{
    amb_arg a = kit_float(seconds);
    kit_cap *cap = kit_make(k, timer, name, &a, 1);
    cr_assert_not_null(cap);
    return cap;
}

/* The one number of a list, -1: the list is empty. */
static int64_t item(const kit_call *c)
{
    cr_assert_eq(c->st, AMB_OK, "%s", c->text);
    const amb_arg *t = c->ret.v.p;
    cr_assert_eq(c->ret.type, AMB_T_TREE);
    cr_assert_eq(t[0].type, AMB_T_LIST);
    return t[0].len ? t[1].v.i : -1;
}
static int64_t next(kit_cap *cap)
{
    amb_arg a = kit_int(64);
    kit_call *c = kit_start(k, cap, "next", &a, 1);
    cr_assert(kit_wait(k, c, 3600 * SEC));
    return item(c);
}

Test(timers, sleepers_wake_in_order)
{
    kit_call *c = start(timer, "sleep", 3), *a = start(timer, "sleep", 1), *b = start(timer, "sleep", 2);
    cr_assert(!a->done && !b->done && !c->done);
    cr_assert(kit_wait(k, a, 10 * SEC));
    cr_assert_eq(now(), SEC);
    cr_assert(!b->done && !c->done);
    cr_assert(kit_wait(k, c, 10 * SEC));
    cr_assert(b->done && b->st == AMB_OK && c->st == AMB_OK);
    cr_assert_eq(now(), 3 * SEC);
}

Test(timers, lengths_are_checked)
{
    static const double bad[] = {-1, -0.001, 1.1e9, 1e300, -1e300};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        cr_assert_eq(start(timer, "sleep", bad[i])->st, AMB_E_ARG);
        cr_assert_eq(start(timer, "after", bad[i])->st, AMB_E_ARG);
        cr_assert_eq(start(timer, "every", bad[i])->st, AMB_E_ARG);
    }
    cr_assert_eq(start(timer, "sleep", 0.0 / 0.0)->st, AMB_E_ARG);
    cr_assert_eq(start(timer, "every", 0)->st, AMB_E_ARG);
    kit_call *c = start(timer, "sleep", 0);
    cr_assert(kit_wait(k, c, SEC));
    cr_assert_eq(now(), 0);
}

Test(timers, alarms_ring_once)
{
    kit_cap *a = make("after", 5);
    kit_call *w = kit_start(k, a, "wait", NULL, 0);
    cr_assert(!w->done);
    cr_assert_eq(kit_do(k, a, "wait", NULL, 0, NULL), AMB_E_BUSY);
    cr_assert(kit_wait(k, w, 10 * SEC));
    cr_assert_eq(now(), 5 * SEC);
    cr_assert_eq(kit_do(k, a, "wait", NULL, 0, NULL), AMB_OK);
    cr_assert_eq(next(a), 1);
    cr_assert_eq(next(a), -1);
    kit_cap *b = make("after", 1);
    kit_call *left;
    cr_assert_eq(kit_do(k, b, "left", NULL, 0, &left), AMB_OK);
    cr_assert_float_eq(left->ret.v.f, 1.0, 1e-9);
    cr_assert_eq(next(b), 1);
    cr_assert_eq(now(), 6 * SEC);
    cr_assert_eq(kit_do(k, b, "left", NULL, 0, &left), AMB_OK);
    cr_assert_float_eq(left->ret.v.f, 0.0, 1e-9);
}

Test(timers, missed_ticks_are_one_item)
{
    kit_cap *t = make("every", 2);
    cr_assert_eq(next(t), 1);
    cr_assert_eq(now(), 2 * SEC);
    cr_assert_eq(next(t), 2);
    kit_pump(k, 7 * SEC); /* 11 s: ticks 3, 4 and 5 are over */
    cr_assert_eq(next(t), 5);
    cr_assert_eq(now(), 11 * SEC);
    cr_assert_eq(next(t), 6);
    cr_assert_eq(now(), 12 * SEC);
}

Test(timers, cancelled_and_closed)
{
    kit_call *s = start(timer, "sleep", 100);
    cr_assert_eq(kit_cancel(k, s), AMB_E_CANCELED);
    kit_cap *t = make("every", 1), *a = make("after", 1);
    amb_arg max = kit_int(1);
    kit_call *n = kit_start(k, t, "next", &max, 1);
    cr_assert_eq(kit_cancel(k, n), AMB_E_CANCELED);
    cr_assert_eq(next(t), 1); /* the ticker goes on */
    n = kit_start(k, t, "next", &max, 1);
    kit_call *w = kit_start(k, a, "wait", NULL, 0);
    kit_close(k, t);
    kit_close(k, a);
    kit_pump(k, 10 * SEC);
    cr_assert_eq(n->st, AMB_E_STALE);
    cr_assert(w->done);
    cr_assert_eq(k->late, 0);
}

Test(timers, faults)
{
    k->fail.pend = 0;
    cr_assert_eq(start(timer, "sleep", 1)->st, AMB_E_NOSYS);
    k->fail.pend = -1;
    k->fail.timer = 0;
    cr_assert_eq(start(timer, "sleep", 1)->st, AMB_E_NOMEM);
    k->fail.timer = -1;
    k->fail.res_new = 0;
    cr_assert_eq(start(timer, "every", 1)->st, AMB_E_NOMEM);
    k->fail.res_new = -1;
    kit_cap *t = make("every", 1);
    amb_arg max = kit_int(1);
    k->fail.alloc = 0;
    kit_call *c = kit_start(k, t, "next", &max, 1);
    cr_assert(kit_wait(k, c, 10 * SEC));
    cr_assert_eq(c->st, AMB_E_NOMEM);
    k->fail.alloc = -1;
    cr_assert_eq(next(t), 1); /* the tick was not lost */
    k->fail.answer = 0;
    c = start(timer, "sleep", 1);
    kit_pump(k, 2 * SEC);
    cr_assert(c->done);
    k->fail.answer = -1;
}

Test(timers, many_at_once)
{
    enum { N = 2000 };
    static kit_call *c[N];
    for (int i = 0; i < N; i++) c[i] = start(timer, "sleep", 1 + (i * 7919 % N) * 0.001);
    for (int i = 0; i < N; i += 3) cr_assert_eq(kit_cancel(k, c[i]), AMB_E_CANCELED);
    kit_pump(k, 10 * SEC);
    for (int i = 0; i < N; i++) cr_assert_eq(c[i]->st, i % 3 ? AMB_OK : AMB_E_CANCELED);
}

Test(entropy, bytes)
{
    kit *e = kit_new(&amb_provider_entropy, amb_reactor_virtual_new(0), NULL, 0);
    kit_cap *cap = kit_make(e, NULL, "entropy", NULL, 0);
    amb_arg n = kit_int(32);
    kit_call *a, *b;
    cr_assert_eq(kit_do(e, cap, "bytes", &n, 1, &a), AMB_OK);
    cr_assert_eq(kit_do(e, cap, "bytes", &n, 1, &b), AMB_OK);
    cr_assert_eq(a->ret.len, 32);
    cr_assert_neq(memcmp(a->ret.v.p, b->ret.v.p, 32), 0);
    n = kit_int(1 << 20);
    cr_assert_eq(kit_do(e, cap, "bytes", &n, 1, &a), AMB_OK);
    cr_assert_eq(a->ret.len, 1 << 20);
    cr_assert(a->worker);
    static const int64_t bad[] = {-1, INT64_MIN, INT64_MAX, (16 << 20) + 1};
    for (int i = 0; i < 4; i++) {
        n = kit_int(bad[i]);
        cr_assert_eq(kit_do(e, cap, "bytes", &n, 1, NULL), AMB_E_ARG);
    }
    n = kit_int(0);
    cr_assert_eq(kit_do(e, cap, "bytes", &n, 1, NULL), AMB_OK);
    e->fail.alloc = 0;
    cr_assert_eq(kit_do(e, cap, "bytes", &n, 1, NULL), AMB_E_NOMEM);
    cr_assert_eq(kit_free(e), 0);
}
