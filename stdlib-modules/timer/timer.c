/* SPDX-License-Identifier: MIT */
/* The timer provider: waiting for time to pass.
 *
 * All time is the kernel's (h->now, h->timer), so under a virtual reactor these are virtual
 * timers. A timer of the kernel runs only while somebody waits: a ticker nobody asks counts
 * by arithmetic when it is asked again. */
#include <stdlib.h>

#include "../runtime/tickets.h"

enum { TIMER_WAIT = 1 };
enum { RES_TIMER = 1, RES_ALARM, RES_TICKER };

typedef struct timer_inst {
    const amb_host *h;
    void *hctx;
    tickets waiting;
} timer_inst;

/* Someone who waits until `due`; a sleeper lives as long as its call, the others are part of
 * their resource. */
typedef struct waiter {
    timer_inst *k;
    amb_ticket t; /* 0: nobody waits */
    uint64_t id;  /* the kernel's timer */
    uint64_t due;
    enum { SLEEP, ALARM_WAIT, ALARM_NEXT, TICKER_NEXT } kind;
} waiter;

typedef struct alarm_res {
    waiter w;
    bool taken; /* its one item was given */
} alarm_res;

typedef struct ticker_res {
    waiter w;
    uint64_t start, period;
    uint64_t given; /* ticks told so far, those that were missed included */
} ticker_res;

static const char the_timer;

#define OP(name)                                                                  \
    static amb_status name(void *inst, amb_call *c, void *self, const amb_arg *a, \
                           uint32_t n, amb_arg *ret)

#define LONGEST 1e9 /* seconds: thirty years, and far from the end of 64 bits */

static bool duration(const amb_arg *a, double least, uint64_t *ns)
{
    double s = a->v.f;
    if (!(s >= least && s <= LONGEST)) return false;
    *ns = (uint64_t)(s * 1e9 + 0.5);
    return true;
}

static amb_status no_duration(const timer_inst *k, amb_call *c, const char *what, const char *least)
{
    return k->h->fail(c, AMB_E_ARG, 0, "%s: seconds are from %s to %.0f", what, least, LONGEST);
}

/* A list of no or one number. */
static amb_status items(const timer_inst *k, amb_call *c, bool one, int64_t v, amb_arg *ret)
{
    amb_arg *t = k->h->alloc(c, 2 * sizeof *t);
    if (!t) return AMB_E_NOMEM;
    t[0] = (amb_arg){.type = AMB_T_LIST, .len = one};
    t[1] = (amb_arg){.type = AMB_T_I64, .v.i = v};
    *ret = (amb_arg){.type = AMB_T_TREE, .len = 1u + one, .v.p = t};
    return AMB_OK;
}

/* The number of the last tick that is over. */
static uint64_t ticks_at(const ticker_res *r, uint64_t now)
{
    return now < r->start ? 0 : (now - r->start) / r->period;
}

static amb_status ticked(ticker_res *r, amb_call *c, uint64_t now, amb_arg *ret)
{
    uint64_t upto = ticks_at(r, now);
    amb_status st = items(r->w.k, c, true, (int64_t)upto, ret);
    if (st == AMB_OK) r->given = upto;
    return st;
}

static amb_status rang(alarm_res *r, amb_call *c, amb_arg *ret)
{
    amb_status st = items(r->w.k, c, true, 1, ret);
    if (st == AMB_OK) r->taken = true;
    return st;
}

static void on_time(void *ud, uint32_t events)
{
    (void)events;
    waiter *w = ud;
    timer_inst *k = w->k;
    w->id = 0;
    uint64_t now = k->h->now(k->hctx);
    /* A timer may be early by what its clock rounds away. */
    if (now < w->due && k->h->timer(k->hctx, w->due - now, on_time, w, &w->id) == AMB_OK) return;
    amb_ticket t = w->t;
    tickets_take(&k->waiting, t);
    w->t = 0;
    amb_call *c = k->h->reply_open(k->hctx, t);
    if (c) {
        amb_arg ret = {.type = AMB_T_NIL};
        amb_status st = AMB_OK;
        if (w->kind == ALARM_NEXT) st = rang((alarm_res *)w, c, &ret);
        if (w->kind == TICKER_NEXT) st = ticked((ticker_res *)w, c, now < w->due ? w->due : now, &ret);
        k->h->reply(c, st, &ret);
    }
    if (w->kind == SLEEP) free(w);
}

/* The call waits until w->due. */
static amb_status wait_for(waiter *w, amb_call *c, uint64_t now)
{
    timer_inst *k = w->k;
    if (!tickets_reserve(&k->waiting)) return AMB_E_NOMEM;
    uint64_t ns = w->due > now ? w->due - now : 0;
    amb_status st = k->h->timer(k->hctx, ns, on_time, w, &w->id);
    if (st) return st == AMB_E_NOMEM ? st : k->h->fail(c, st, 0, "cannot wait here");
    amb_ticket t = k->h->pend(c);
    if (!t) {
        k->h->unwatch(k->hctx, w->id);
        w->id = 0;
        return k->h->fail(c, AMB_E_NOSYS, 0, "cannot wait here");
    }
    w->t = t;
    tickets_put(&k->waiting, t, w);
    return AMB_PENDING;
}

static void forget(waiter *w)
{
    timer_inst *k = w->k;
    if (w->id) k->h->unwatch(k->hctx, w->id);
    tickets_take(&k->waiting, w->t);
    w->id = 0;
    w->t = 0;
}

static void cancel(void *inst, amb_ticket t)
{
    timer_inst *k = inst;
    waiter *w = tickets_take(&k->waiting, t);
    if (!w) return;
    w->t = 0;
    forget(w);
    if (w->kind == SLEEP) free(w);
    amb_call *c = k->h->reply_open(k->hctx, t);
    if (c) k->h->reply(c, AMB_E_CANCELED, &(amb_arg){.type = AMB_T_NIL});
}

/* --- operations --------------------------------------------------------------------- */

OP(timer_new)
{
    (void)self, (void)a, (void)n;
    timer_inst *k = inst;
    return k->h->res_new(c, RES_TIMER, (void *)&the_timer, ~(amb_rights)0, "timer", ret, NULL);
}

OP(timer_sleep)
{
    (void)self, (void)n, (void)ret;
    timer_inst *k = inst;
    uint64_t ns, now = k->h->now(k->hctx);
    if (!duration(&a[0], 0, &ns)) return no_duration(k, c, "sleep", "0");
    waiter *w = malloc(sizeof *w);
    if (!w) return AMB_E_NOMEM;
    *w = (waiter){.k = k, .due = now + ns, .kind = SLEEP};
    amb_status st = wait_for(w, c, now);
    if (st != AMB_PENDING) free(w);
    return st;
}

OP(timer_after)
{
    (void)self, (void)n;
    timer_inst *k = inst;
    uint64_t ns;
    if (!duration(&a[0], 0, &ns)) return no_duration(k, c, "after", "0");
    alarm_res *r = malloc(sizeof *r);
    if (!r) return AMB_E_NOMEM;
    *r = (alarm_res){.w = {.k = k, .due = k->h->now(k->hctx) + ns}};
    amb_status st = k->h->res_new(c, RES_ALARM, r, ~(amb_rights)0, "alarm", ret, NULL);
    if (st) free(r);
    return st;
}

OP(timer_every)
{
    (void)self, (void)n;
    timer_inst *k = inst;
    uint64_t ns;
    if (!duration(&a[0], 1e-6, &ns)) return no_duration(k, c, "every", "0.000001");
    ticker_res *r = malloc(sizeof *r);
    if (!r) return AMB_E_NOMEM;
    *r = (ticker_res){.w = {.k = k}, .start = k->h->now(k->hctx), .period = ns};
    amb_status st = k->h->res_new(c, RES_TICKER, r, ~(amb_rights)0, "ticker", ret, NULL);
    if (st) free(r);
    return st;
}

static amb_status busy(const waiter *w, amb_call *c)
{
    return w->k->h->fail(c, AMB_E_BUSY, 0, "another task waits for it");
}

OP(alarm_wait)
{
    (void)inst, (void)a, (void)n, (void)ret;
    alarm_res *r = self;
    if (r->w.t) return busy(&r->w, c);
    uint64_t now = r->w.k->h->now(r->w.k->hctx);
    if (now >= r->w.due) return AMB_OK;
    r->w.kind = ALARM_WAIT;
    return wait_for(&r->w, c, now);
}

OP(alarm_next)
{
    (void)inst, (void)a, (void)n;
    alarm_res *r = self;
    if (r->w.t) return busy(&r->w, c);
    if (r->taken) return items(r->w.k, c, false, 0, ret);
    uint64_t now = r->w.k->h->now(r->w.k->hctx);
    if (now >= r->w.due) return rang(r, c, ret);
    r->w.kind = ALARM_NEXT;
    return wait_for(&r->w, c, now);
}

OP(alarm_left)
{
    (void)inst, (void)c, (void)a, (void)n;
    const alarm_res *r = self;
    uint64_t now = r->w.k->h->now(r->w.k->hctx);
    *ret = (amb_arg){.type = AMB_T_F64, .v.f = now < r->w.due ? (double)(r->w.due - now) / 1e9 : 0};
    return AMB_OK;
}

OP(ticker_next)
{
    (void)inst, (void)a, (void)n;
    ticker_res *r = self;
    if (r->w.t) return busy(&r->w, c);
    uint64_t now = r->w.k->h->now(r->w.k->hctx);
    if (ticks_at(r, now) > r->given) return ticked(r, c, now, ret);
    r->w.kind = TICKER_NEXT;
    r->w.due = r->start + (r->given + 1) * r->period;
    return wait_for(&r->w, c, now);
}

static void waiter_close(void *inst, void *res)
{
    (void)inst;
    forget(res);
    free(res);
}

/* --- the table ---------------------------------------------------------------------- */

static const amb_right rights[] = {{TIMER_WAIT, "wait", "wait for time to pass", 0, 0}};
#define SECONDS(dc) {{.name = "seconds", .doc = dc, .type = AMB_T_F64}}
static const amb_param p_sleep[] = SECONDS("how long");
static const amb_param p_after[] = SECONDS("from now");
static const amb_param p_every[] = SECONDS("from one tick to the next");
static const amb_param p_next[] = {{.name = "max", .doc = "items at most", .type = AMB_T_I64}};

#define PARAMS(p) .params = p, .nparams = sizeof(p) / sizeof(p[0])
#define WAITS .need = TIMER_WAIT, .flags = AMB_OP_INLINE | AMB_OP_CANCEL, .effect = AMB_FX_READ, .cost = 50
#define NEXTS                                                                        \
    .need = TIMER_WAIT, .flags = AMB_OP_INLINE | AMB_OP_CANCEL | AMB_OP_KERNEL,      \
    .effect = AMB_FX_READ, .cost = 50, .ret_type = AMB_T_TREE
#define MAKES                                                                        \
    .need = TIMER_WAIT, .flags = AMB_OP_INLINE, .ret_type = AMB_T_RES,               \
    .ret_fixed = TIMER_WAIT, .effect = AMB_FX_READ, .cost = 50

enum { ORD_ALARM_NEXT = 21, ORD_TICKER_NEXT = 30 };

static const amb_op ops[] = {
    {.ordinal = 1, .name = "timer", .doc = "timers", .ret_type = AMB_T_RES, .ret_restype = RES_TIMER,
     .ret_fixed = TIMER_WAIT, .flags = AMB_OP_INLINE, .cost = 10, .fn = timer_new},
    {.ordinal = 10, .restype = RES_TIMER, .name = "sleep", .doc = "goes on when the time is over",
     PARAMS(p_sleep), WAITS, .fn = timer_sleep},
    {.ordinal = 11, .restype = RES_TIMER, .name = "after", .doc = "an alarm that rings once",
     PARAMS(p_after), MAKES, .ret_restype = RES_ALARM, .fn = timer_after},
    {.ordinal = 12, .restype = RES_TIMER, .name = "every",
     .doc = "a ticker: the numbers of the ticks, one at a time", PARAMS(p_every), MAKES,
     .ret_restype = RES_TICKER, .fn = timer_every},
    {.ordinal = 20, .restype = RES_ALARM, .name = "wait", .doc = "until it rings, or rang", WAITS,
     .fn = alarm_wait},
    {.ordinal = ORD_ALARM_NEXT, .restype = RES_ALARM, .name = "next", .doc = "1 when it rings, then the end",
     PARAMS(p_next), NEXTS, .fn = alarm_next},
    {.ordinal = 22, .restype = RES_ALARM, .name = "left", .doc = "seconds until it rings, 0 after it rang",
     .ret_type = AMB_T_F64, .need = TIMER_WAIT, .flags = AMB_OP_INLINE, .effect = AMB_FX_READ, .cost = 10,
     .fn = alarm_left},
    {.ordinal = ORD_TICKER_NEXT, .restype = RES_TICKER, .name = "next",
     .doc = "the number of the latest tick; missed ones are left out", PARAMS(p_next),
     NEXTS, .fn = ticker_next},
};
static const amb_restype types[] = {
    {.id = RES_TIMER, .flags = AMB_R_STATELESS, .name = "timer", .doc = "makes timers", .all = TIMER_WAIT,
     .dflt = TIMER_WAIT},
    {.id = RES_ALARM, .next_op = ORD_ALARM_NEXT, .name = "alarm", .doc = "rings once", .all = TIMER_WAIT,
     .dflt = TIMER_WAIT, .close = waiter_close},
    {.id = RES_TICKER, .next_op = ORD_TICKER_NEXT, .name = "ticker", .doc = "ticks again and again",
     .all = TIMER_WAIT, .dflt = TIMER_WAIT, .close = waiter_close},
};

static amb_status start(const amb_host *h, void *hctx, const amb_arg *cfg, uint32_t ncfg, void **inst)
{
    (void)cfg, (void)ncfg;
    timer_inst *k = calloc(1, sizeof *k);
    if (!k) return AMB_E_NOMEM;
    k->h = h;
    k->hctx = hctx;
    *inst = k;
    return AMB_OK;
}

/* Alarms and tickers are closed already; sleepers may be left. */
static void stop(void *inst)
{
    timer_inst *k = inst;
    for (uint32_t i = 0; i < k->waiting.cap; i++) {
        if (!k->waiting.v[i].t) continue;
        waiter *w = k->waiting.v[i].what;
        if (w->id) k->h->unwatch(k->hctx, w->id);
        if (w->kind == SLEEP) free(w);
    }
    free(k->waiting.v);
    free(k);
}

AMB_PROVIDER(timer) = {
    AMB_PROVIDER_HEAD,
    .iface = "timer",
    .doc = "waiting for time to pass",
    .iface_major = 1,
    AMB_PROVIDER_TABLES(ops, types, rights),
    .start = start,
    .stop = stop,
    .cancel = cancel,
};
