/* SPDX-License-Identifier: MIT */
/* The kit's host: one provider, calls, tickets, timers and posts, with faults on demand. */
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kit.h"

typedef struct kit_block {
    struct kit_block *next;
    char pad[8];
} kit_block;

typedef struct kit_timer {
    struct kit_timer *next;
    uint64_t id, due;
    amb_event_fn fn;
    void *ud;
} kit_timer;

typedef struct kit_post {
    struct kit_post *next;
    amb_event_fn fn;
    void *ud;
} kit_post;

#define TIMER_BIT (UINT64_C(1) << 63) /* ids of the kit's timers, apart from the reactor's */

static void breach(kit *k, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    fprintf(stderr, "%s: ", k->p->iface);
    vfprintf(stderr, fmt, ap);
    fputc('\n', stderr);
    va_end(ap);
    k->breaches++;
}

/* Uses up one of what still works. */
static bool fails(int *left)
{
    if (*left < 0) return false;
    if (*left == 0) return true;
    --*left;
    return false;
}

static const amb_op *op_at(const amb_provider *p, uint32_t i)
{
    return (const amb_op *)((const char *)p->ops + (size_t)i * p->op_stride);
}
static const amb_restype *type_of(const amb_provider *p, uint16_t id)
{
    for (uint32_t i = 0; i < p->nres; i++) {
        const amb_restype *t = (const amb_restype *)((const char *)p->res + (size_t)i * p->res_stride);
        if (t->id == id) return t;
    }
    return NULL;
}
static const amb_param *param_at(const amb_provider *p, const amb_op *op, uint32_t i)
{
    return (const amb_param *)((const char *)op->params + (size_t)i * p->param_stride);
}

/* --- the host table ----------------------------------------------------------------- */

static void *h_alloc(amb_call *c, size_t n)
{
    kit_call *q = (kit_call *)c;
    if (fails(&q->k->fail.alloc) || n > (size_t)2 * AMB_TRANSFER_MAX) return NULL; /* as the kernel has it */
    kit_block *b = malloc(sizeof *b + n);
    if (!b) return NULL;
    b->next = q->blocks;
    q->blocks = b;
    return b + 1;
}

static amb_status h_fail(amb_call *c, amb_status code, int os_errno, const char *fmt, ...)
{
    kit_call *q = (kit_call *)c;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(q->text, sizeof q->text, fmt, ap);
    va_end(ap);
    if (code >= 0) breach(q->k, "%s: fail with status %d", q->op->name, code);
    q->os_errno = os_errno;
    return code;
}

static amb_status h_res_new(amb_call *c, uint16_t restype, void *res, amb_rights want, const char *label,
                            amb_arg *ret, uint64_t *badge)
{
    kit_call *q = (kit_call *)c;
    kit *k = q->k;
    const amb_restype *t = type_of(k->p, restype);
    if (!t || restype != q->op->ret_restype) {
        breach(k, "%s: a resource of another type than the table says", q->op->name);
        return AMB_E_ARG;
    }
    if (q->op->ret_type == AMB_T_RES ? q->made != NULL : q->nitems == 64) {
        breach(k, "%s: too many resources", q->op->name);
        return AMB_E_ARG;
    }
    if (fails(&k->fail.res_new)) return AMB_E_NOMEM;
    kit_cap *cap = calloc(1, sizeof *cap);
    if (!cap) return AMB_E_NOMEM;
    amb_rights parent = q->self ? q->self->rights : ~(amb_rights)0;
    cap->type = restype;
    cap->res = res;
    cap->rights = want & t->all & (q->op->ret_fixed | (parent & q->op->ret_same));
    snprintf(cap->label, sizeof cap->label, "%s", label ? label : "");
    cap->next = k->caps;
    k->caps = cap;
    if (q->op->ret_type == AMB_T_RES) q->made = cap;
    else q->items[q->nitems++] = cap;
    *ret = (amb_arg){.type = AMB_T_RES, .v.res = cap};
    if (badge) *badge = 1;
    return AMB_OK;
}

static int h_may_block(amb_call *c) { return ((kit_call *)c)->worker; }
static amb_ticket h_ticket(amb_call *c)
{
    kit_call *q = (kit_call *)c;
    if (q->ticket) return q->ticket;
    if (!q->running) q->running = ++q->k->last_ticket;
    return q->running;
}

static amb_ticket h_pend(amb_call *c)
{
    kit_call *q = (kit_call *)c;
    if (fails(&q->k->fail.pend)) return 0;
    q->ticket = ++q->k->last_ticket;
    q->open = false;
    return q->ticket;
}

static kit_call *by_ticket(kit *k, amb_ticket t)
{
    for (kit_call *q = k->calls; q; q = q->next)
        if (t && q->ticket == t && (!q->done || q->orphan) && !q->open) return q;
    return NULL;
}

static void release(kit *k, kit_cap *cap);

/* A call for which nobody waits has been answered: what it kept alive goes. */
static void orphan_ends(kit *k, kit_call *q)
{
    kit_cap *cap = q->self;
    q->orphan = false;
    q->ticket = 0;
    if (q->forgotten) kit_forget(k, q);
    if (cap && cap->closed) release(k, cap);
}

static amb_call *h_reply_open(void *hctx, amb_ticket t)
{
    kit *k = hctx;
    kit_call *q = by_ticket(k, t);
    if (!q || q->orphan) {
        k->late++;
        if (q) orphan_ends(k, q);
        return NULL;
    }
    if (fails(&k->fail.answer)) { /* as if it had been given up */
        q->done = true;
        q->st = AMB_E_CANCELED;
        q->ticket = 0;
        return NULL;
    }
    q->open = true;
    return (amb_call *)q;
}

static void drop_made(kit *k, kit_call *q)
{
    if (q->made) kit_close(k, q->made);
    for (uint32_t i = 0; i < q->nitems; i++) kit_close(k, q->items[i]);
    q->made = NULL;
    q->nitems = 0;
}

static void settle(kit *k, kit_call *q, amb_status st, const amb_arg *ret)
{
    q->done = true;
    q->open = false;
    q->ticket = 0;
    q->st = st;
    q->ret = ret ? *ret : (amb_arg){.type = AMB_T_NIL};
    if (st > 0) breach(k, "%s: answered with status %d", q->op->name, st);
    if (st != AMB_OK) {
        drop_made(k, q);
        return;
    }
    if (q->ret.type != q->op->ret_type && q->ret.type != AMB_T_NIL)
        breach(k, "%s: answered with type %d, the table says %d", q->op->name, q->ret.type, q->op->ret_type);
    if (q->ret.type == AMB_T_RES && !q->made) breach(k, "%s: a resource that was not made", q->op->name);
}

static void h_reply(amb_call *c, amb_status st, const amb_arg *ret)
{
    kit_call *q = (kit_call *)c;
    if (!q->open) breach(q->k, "%s: a reply without reply_open", q->op->name);
    else settle(q->k, q, st, ret);
}
static uint64_t real_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}
static int h_canceled(void *hctx, amb_ticket t)
{
    const kit *k = hctx;
    for (const kit_call *q = k->calls; q; q = q->next)
        if (t && !q->done && (q->running == t || q->ticket == t))
            return q->running == t && real_ns() - q->began > 200000000;
    return 1;
}

static amb_status h_watch(void *hctx, int fd, uint32_t ev, amb_event_fn fn, void *ud, uint64_t *id)
{
    kit *k = hctx;
    k->watches++;
    if (fails(&k->fail.watch)) return AMB_E_NOMEM;
    return k->r->watch(k->r->state, fd, ev, fn, ud, id);
}
static amb_status h_rewatch(void *hctx, uint64_t id, uint32_t ev)
{
    kit *k = hctx;
    k->watches++;
    return k->r->rewatch(k->r->state, id, ev);
}
static amb_status h_timer(void *hctx, uint64_t ns, amb_event_fn fn, void *ud, uint64_t *id)
{
    kit *k = hctx;
    if (fails(&k->fail.timer)) return AMB_E_NOMEM;
    kit_timer *t = malloc(sizeof *t);
    if (!t) return AMB_E_NOMEM;
    *t = (kit_timer){.id = ++k->last_timer | TIMER_BIT, .due = k->r->now(k->r->state) + ns, .fn = fn, .ud = ud};
    kit_timer **at = &k->timers;
    while (*at && (*at)->due <= t->due) at = &(*at)->next;
    t->next = *at;
    *at = t;
    *id = t->id;
    return AMB_OK;
}
static void h_unwatch(void *hctx, uint64_t id)
{
    kit *k = hctx;
    if (!(id & TIMER_BIT)) {
        k->watches++;
        k->r->unwatch(k->r->state, id);
        return;
    }
    for (kit_timer **at = &k->timers; *at; at = &(*at)->next) {
        if ((*at)->id != id) continue;
        kit_timer *t = *at;
        *at = t->next;
        free(t);
        return;
    }
}
static void h_post(void *hctx, amb_event_fn fn, void *ud)
{
    kit *k = hctx;
    kit_post *p = malloc(sizeof *p);
    if (!p) abort();
    *p = (kit_post){.fn = fn, .ud = ud};
    pthread_mutex_lock(k->lock);
    kit_post **at = &k->posts;
    while (*at) at = &(*at)->next;
    *at = p;
    pthread_mutex_unlock(k->lock);
    k->r->wake(k->r->state);
}
static uint64_t h_now(void *hctx)
{
    kit *k = hctx;
    return k->r->now(k->r->state);
}
static void h_log(void *hctx, int level, const char *msg, size_t n)
{
    if (((const kit *)hctx)->quiet) return;
    fprintf(stderr, "log %d: %.*s\n", level, (int)n, msg);
}

/* --- loans: a stream that gives `lent` bytes and takes what it is given ---------------- */

typedef struct lending {
    amb_done_fn done;
    void *ud;
    amb_status st;
    amb_arg ret;
} lending;

static amb_status lend(kit *k, uint16_t ordinal, const amb_arg *a, uint32_t n, amb_arg *ret)
{
    *ret = (amb_arg){.type = AMB_T_I64};
    if (fails(&k->fail.invoke)) return AMB_E_STALE;
    if (!n || a[0].type != AMB_T_BUF) return AMB_E_NOSYS;
    if (ordinal == AMB_ORD_WRITE) {
        ret->v.i = a[0].len;
        return AMB_OK;
    }
    if (ordinal != AMB_ORD_READ) return AMB_E_NOSYS;
    uint32_t some = a[0].len < k->lent ? a[0].len : k->lent;
    if (some) memset(a[0].v.w, 'x', some);
    k->lent -= some;
    ret->v.i = some;
    return AMB_OK;
}
static void lent(void *ud, uint32_t events)
{
    lending *l = ud;
    (void)events;
    l->done(l->ud, l->st, &l->ret);
    free(l);
}
static amb_status h_invoke(void *hctx, amb_ticket on, amb_loan loan, uint16_t ordinal, const amb_arg *a, uint32_t n,
                           amb_done_fn done, void *ud)
{
    (void)on;
    if (!loan) return AMB_E_STALE;
    lending *l = malloc(sizeof *l);
    if (!l) return AMB_E_NOMEM;
    *l = (lending){.done = done, .ud = ud};
    l->st = lend(hctx, ordinal, a, n, &l->ret);
    h_post(hctx, lent, l);
    return AMB_OK;
}
static amb_status h_invoke_wait(amb_call *c, amb_loan loan, uint16_t ordinal, const amb_arg *a, uint32_t n,
                                amb_arg *ret)
{
    kit_call *q = (kit_call *)c;
    if (!q->worker) breach(q->k, "%s: invoke_wait where it may not block", q->op->name);
    return loan ? lend(q->k, ordinal, a, n, ret) : AMB_E_STALE;
}
static void h_loan_drop(void *hctx, amb_loan loan) { (void)hctx, (void)loan; }
static uint16_t h_ordinal(void *hctx, const char *type, const char *operation)
{
    (void)hctx, (void)type, (void)operation;
    return 0;
}
static amb_status h_again(amb_call *c, uint64_t ns)
{
    kit_call *q = (kit_call *)c;
    if (!q->worker) breach(q->k, "%s: again where it may not block", q->op->name);
    q->again = ns ? ns : 1;
    return AMB_WOULD_BLOCK;
}
static amb_status h_snap_put(amb_snap *s, uint64_t badge, const void *p, size_t n)
{
    (void)s, (void)badge, (void)p, (void)n;
    return AMB_E_NOSYS;
}
static amb_status h_snap_next(amb_snap *s, uint64_t *badge, const void **p, size_t *n)
{
    (void)s, (void)badge, (void)p, (void)n;
    return AMB_E_NOSYS;
}
static amb_status h_res_rebind(void *hctx, uint64_t badge, void *res)
{
    (void)hctx, (void)badge, (void)res;
    return AMB_E_NOSYS;
}

static amb_status h_output(void *hctx, int which, const void *p, size_t n)
{
    if (((const kit *)hctx)->quiet) return AMB_OK;
    FILE *to = which == 1 ? stdout : stderr;
    if (!p) return fflush(to) == 0 ? AMB_OK : AMB_E_IO;
    return fwrite(p, 1, n, to) == n ? AMB_OK : AMB_E_IO;
}

/* --- calls -------------------------------------------------------------------------- */

static void run_posts(kit *k)
{
    for (;;) {
        pthread_mutex_lock(k->lock);
        kit_post *p = k->posts;
        if (p) k->posts = p->next;
        pthread_mutex_unlock(k->lock);
        if (!p) return;
        p->fn(p->ud, 0);
        free(p);
    }
}

static bool run_timers(kit *k)
{
    bool any = false;
    while (k->timers && k->timers->due <= k->r->now(k->r->state)) {
        kit_timer *t = k->timers;
        k->timers = t->next;
        t->fn(t->ud, 0);
        free(t);
        any = true;
    }
    return any;
}

static void turn(kit *k, uint64_t until)
{
    run_posts(k);
    if (run_timers(k)) return;
    uint64_t now = k->r->now(k->r->state), next = until;
    if (k->timers && k->timers->due < next) next = k->timers->due;
    k->r->wait(k->r->state, next > now ? next - now : 0);
    run_posts(k);
    run_timers(k);
}

void kit_pump(kit *k, uint64_t ns)
{
    uint64_t until = k->r->now(k->r->state) + ns;
    do turn(k, until);
    while (k->r->now(k->r->state) < until);
}

bool kit_wait(kit *k, kit_call *c, uint64_t ns)
{
    uint64_t until = k->r->now(k->r->state) + ns;
    while (!c->done && k->r->now(k->r->state) < until) turn(k, until);
    return c->done;
}

kit_call *kit_start(kit *k, kit_cap *self, const char *name, const amb_arg *a, uint32_t n)
{
    kit_call *q = calloc(1, sizeof *q);
    if (!q) abort();
    q->k = k;
    q->began = real_ns();
    q->self = self;
    q->next = k->calls;
    k->calls = q;
    bool *called = NULL;
    for (uint32_t i = 0; i < k->p->nops && !q->op; i++) {
        const amb_op *op = op_at(k->p, i);
        if (op->restype == (self ? self->type : 0) && strcmp(op->name, name) == 0) {
            q->op = op;
            if (i < 256) called = &k->called[i];
        }
    }
    if (!q->op) {
        breach(k, "no operation '%s'", name);
        q->done = true;
        q->st = AMB_E_NOSYS;
        return q;
    }
    const amb_op *op = q->op;
    bool rest = op->nparams && param_at(k->p, op, op->nparams - 1)->flags & AMB_P_REST;
    uint32_t total = rest ? (n < op->nparams ? op->nparams - 1u : n) : op->nparams;
    for (uint32_t i = 0; i < total && i < 16; i++) q->args[i] = i < n ? a[i] : kit_nil();
    if (self && (self->closed || (self->rights & op->need) != op->need)) {
        q->done = true;
        q->st = self->closed ? AMB_E_STALE : AMB_E_RIGHTS;
        return q;
    }
    amb_arg ret = {.type = AMB_T_NIL};
    q->entered = true;
    if (called) *called = true;
    if (k->cancels && k->p->cancel) k->p->cancel(k->inst, k->last_ticket + 1);
    q->worker = !(op->flags & AMB_OP_INLINE);
    amb_status st = op->fn(k->inst, (amb_call *)q, self ? self->res : NULL, q->args, total, &ret);
    if (st == AMB_WOULD_BLOCK && !q->worker && op->flags & AMB_OP_BLOCKING) {
        q->worker = true;
        ret = (amb_arg){.type = AMB_T_NIL};
        st = op->fn(k->inst, (amb_call *)q, self ? self->res : NULL, q->args, total, &ret);
    }
    /* What cannot go on yet is run again, until whoever waits loses patience. */
    for (int i = 0; i < 20 && st == AMB_WOULD_BLOCK && q->again && q->worker; i++) {
        kit_pump(k, q->again < 1000000 ? q->again : 1000000);
        q->again = 0;
        ret = (amb_arg){.type = AMB_T_NIL};
        st = i < 19 ? op->fn(k->inst, (amb_call *)q, self ? self->res : NULL, q->args, total, &ret) : AMB_E_CANCELED;
    }
    if (st == AMB_PENDING) {
        if (q->done) return q; /* it has been answered already */
        if (!q->ticket) breach(k, "%s: pends without a ticket", name);
        if (k->cancels && k->p->cancel) {
            amb_ticket t = q->ticket;
            kit_cancel(k, q);
            k->p->cancel(k->inst, t);
        }
        return q;
    }
    if (q->ticket || q->done) breach(k, "%s: took a ticket and did not return AMB_PENDING", name);
    settle(k, q, st, &ret);
    if (self && op->flags & AMB_OP_ENDS) kit_close(k, self);
    return q;
}

amb_status kit_cancel(kit *k, kit_call *c)
{
    if (c->done) return c->st;
    if (k->p->cancel) k->p->cancel(k->inst, c->ticket);
    if (!kit_wait(k, c, k->grace)) {
        c->orphan = true;
        c->done = true;
        c->st = AMB_E_CANCELED;
        if (c->op->flags & AMB_OP_CANCEL) breach(k, "%s: does not react to cancel", c->op->name);
    }
    return c->st;
}

void kit_forget(kit *k, kit_call *c)
{
    for (kit_call **at = &k->calls; *at; at = &(*at)->next) {
        if (*at != c) continue;
        c->forgotten = true;
        if (c->orphan) return; /* its arguments live until it is answered */
        *at = c->next;
        while (c->blocks) {
            kit_block *b = c->blocks;
            c->blocks = b->next;
            free(b);
        }
        free(c);
        return;
    }
}

/* The resource goes with the last call on it that has been answered. */
static void release(kit *k, kit_cap *cap)
{
    if (cap->released || k->stopping) return;
    for (const kit_call *q = k->calls; q; q = q->next)
        if (q->self == cap && q->orphan) return;
    cap->released = true;
    const amb_restype *t = type_of(k->p, cap->type);
    if (t->close && !(t->flags & AMB_R_STATELESS)) t->close(k->inst, cap->res);
}

void kit_close(kit *k, kit_cap *cap)
{
    if (cap->closed) return;
    cap->closed = true;
    /* What still waits for it is told so; the provider's answers come too late. */
    for (kit_call *q = k->calls, *next; q; q = next) {
        next = q->next;
        if (q->self != cap || q->done) continue;
        if (k->p->cancel) k->p->cancel(k->inst, q->ticket);
        q->orphan = !q->done;
        q->done = true;
        q->st = AMB_E_STALE;
        drop_made(k, q);
    }
    release(k, cap);
}

amb_status kit_do(kit *k, kit_cap *self, const char *name, const amb_arg *a, uint32_t n, kit_call **out)
{
    kit_call *c = kit_start(k, self, name, a, n);
    if (!kit_wait(k, c, UINT64_C(10000000000))) kit_cancel(k, c);
    amb_status st = c->st;
    if (out) *out = c;
    else kit_forget(k, c);
    return st;
}

kit_cap *kit_make(kit *k, kit_cap *self, const char *name, const amb_arg *a, uint32_t n)
{
    kit_call *c;
    kit_do(k, self, name, a, n, &c);
    kit_cap *made = c->st == AMB_OK ? c->made : NULL;
    if (!made) fprintf(stderr, "%s.%s: %d %s\n", k->p->iface, name, c->st, c->text);
    kit_forget(k, c);
    return made;
}

/* --- life --------------------------------------------------------------------------- */

kit *kit_new(const amb_provider *p, amb_reactor *r, const amb_arg *cfg, uint32_t ncfg)
{
    kit *k = calloc(1, sizeof *k);
    pthread_mutex_t *lock = malloc(sizeof *lock);
    if (!k || !lock) abort();
    pthread_mutex_init(lock, NULL);
    k->lock = lock;
    k->p = p;
    k->r = r;
    k->patience = 10000000;
    k->grace = 50000000;
    k->fail = (kit_faults){-1, -1, -1, -1, -1, -1, -1};
    k->host = (amb_host){
        .size = sizeof(amb_host), .spi_major = AMB_SPI_MAJOR, .spi_minor = AMB_SPI_MINOR,
        .alloc = h_alloc, .fail = h_fail, .res_new = h_res_new, .may_block = h_may_block,
        .ticket = h_ticket, .pend = h_pend, .reply_open = h_reply_open, .reply = h_reply,
        .canceled = h_canceled, .invoke = h_invoke, .invoke_wait = h_invoke_wait, .loan_drop = h_loan_drop,
        .ordinal = h_ordinal, .again = h_again, .snap_put = h_snap_put, .snap_next = h_snap_next, .res_rebind = h_res_rebind,
        .watch = h_watch, .timer = h_timer, .unwatch = h_unwatch,
        .post = h_post, .now = h_now, .log = h_log, .output = h_output, .rewatch = h_rewatch,
    };
    k->inst = &k->host;
    if (p->start && p->start(&k->host, k, cfg, ncfg, &k->inst) != AMB_OK) {
        k->inst = NULL;
        k->p = NULL;
        kit_free(k);
        return NULL;
    }
    return k;
}

int kit_free(kit *k)
{
    for (kit_cap *cap = k->caps; cap; cap = cap->next) kit_close(k, cap);
    k->stopping = true;
    if (k->p && k->p->stop) k->p->stop(k->inst);
    for (kit_call *q = k->calls; q; q = q->next) q->orphan = false;
    while (k->caps) {
        kit_cap *cap = k->caps;
        k->caps = cap->next;
        free(cap);
    }
    while (k->calls) kit_forget(k, k->calls);
    while (k->timers) {
        kit_timer *t = k->timers;
        k->timers = t->next;
        free(t);
    }
    while (k->posts) {
        kit_post *p = k->posts;
        k->posts = p->next;
        free(p);
    }
    k->r->free(k->r->state);
    pthread_mutex_destroy(k->lock);
    free(k->lock);
    int breaches = k->breaches;
    free(k);
    return breaches;
}
