/* SPDX-License-Identifier: MIT */
/* A module of functions for the tests: every kind of parameter and answer, a resource, and ways to wait. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ambit/spi.h>

#define UNUSED (void)inst, (void)c, (void)self, (void)a, (void)n
#define FN(name) \
    static amb_status name(void *inst, amb_call *c, void *self, const amb_arg *a, uint32_t n, amb_arg *ret)

typedef struct words {
    const amb_host *h;
    void *hctx;
    struct waiting *waiting; /* calls that are not answered yet */
} words;

typedef struct counter {
    int64_t at, end;
} counter;

enum { RES_COUNTER = 1 };

FN(add)
{
    UNUSED;
    *ret = (amb_arg){.type = AMB_T_I64, .v.u = a[0].v.u + a[1].v.u};
    return AMB_OK;
}

FN(half)
{
    UNUSED;
    *ret = (amb_arg){.type = AMB_T_F64, .v.f = a[0].v.f / 2};
    return AMB_OK;
}

/* The text `times` times; once when that is left out. */
FN(repeat)
{
    UNUSED;
    const amb_host *h = ((words *)inst)->h;
    int64_t times = a[1].type == AMB_T_NIL ? 1 : a[1].v.i;
    if (times < 0 || times > 1000) return h->fail(c, AMB_E_ARG, 0, "repeat: times is from 0 to 1000");
    char *p = h->alloc(c, a[0].len * (size_t)times + 1);
    if (!p) return AMB_E_NOMEM;
    for (int64_t i = 0; a[0].len && i < times; i++) memcpy(p + i * a[0].len, a[0].v.p, a[0].len);
    *ret = (amb_arg){.type = AMB_T_STR, .len = (uint32_t)(a[0].len * (size_t)times), .v.p = p};
    return AMB_OK;
}

/* How many bytes of each length its arguments have, as a map. */
FN(sizes)
{
    UNUSED;
    const amb_host *h = ((words *)inst)->h;
    amb_arg *t = h->alloc(c, (2 * (size_t)n + 1) * sizeof *t);
    if (!t) return AMB_E_NOMEM;
    t[0] = (amb_arg){.type = AMB_T_MAP, .len = n};
    for (uint32_t i = 0; i < n; i++) {
        t[2 * i + 1] = a[i];
        t[2 * i + 2] = (amb_arg){.type = AMB_T_I64, .v.i = a[i].len};
    }
    *ret = (amb_arg){.type = AMB_T_TREE, .len = 2 * n + 1, .v.p = t};
    return AMB_OK;
}

FN(is_empty)
{
    UNUSED;
    *ret = (amb_arg){.type = AMB_T_BOOL, .v.i = a[0].len == 0};
    return AMB_OK;
}

/* What it was given, whatever that was. */
FN(same)
{
    UNUSED;
    *ret = (amb_arg){.type = AMB_T_TREE, .len = a[0].len, .v.p = a[0].v.p};
    return AMB_OK;
}

/* A long computation, on a worker where there are others to wait for it. */
FN(slow)
{
    UNUSED;
    if (!((words *)inst)->h->may_block(c)) return AMB_WOULD_BLOCK;
    usleep(1000);
    *ret = (amb_arg){.type = AMB_T_I64, .v.i = a[0].v.i + 1};
    return AMB_OK;
}

typedef struct waiting {
    words *w;
    struct waiting *next;
    amb_ticket t;
    uint64_t timer;
} waiting;
static void over(void *ud, uint32_t events)
{
    (void)events;
    waiting *k = ud;
    for (waiting **at = &k->w->waiting; *at; at = &(*at)->next)
        if (*at == k) {
            *at = k->next;
            break;
        }
    amb_call *c = k->w->h->reply_open(k->w->hctx, k->t);
    amb_arg ret = {.type = AMB_T_STR, .len = 5, .v.p = "later"};
    if (c) k->w->h->reply(c, AMB_OK, &ret);
    free(k);
}
FN(later)
{
    UNUSED;
    (void)ret;
    words *w = inst;
    uint64_t id;
    waiting *k = malloc(sizeof *k);
    if (!k) return AMB_E_NOMEM;
    k->w = w;
    amb_status st = w->h->timer(w->hctx, 1000000, over, k, &id);
    if (st == AMB_OK && (k->t = w->h->pend(c)) != 0) {
        k->next = w->waiting;
        k->timer = id;
        w->waiting = k;
        return AMB_PENDING;
    }
    if (st == AMB_OK) w->h->unwatch(w->hctx, id);
    free(k);
    return st ? st : w->h->fail(c, AMB_E_BUSY, 0, "later: it cannot wait here");
}

FN(count)
{
    UNUSED;
    const amb_host *h = ((words *)inst)->h;
    counter *k = malloc(sizeof *k);
    if (!k) return AMB_E_NOMEM;
    *k = (counter){.end = a[0].v.i};
    amb_status st = h->res_new(c, RES_COUNTER, k, ~(amb_rights)0, "counter", ret, NULL);
    if (st != AMB_OK) free(k);
    return st;
}
FN(counter_at)
{
    UNUSED;
    *ret = (amb_arg){.type = AMB_T_I64, .v.i = ((counter *)self)->at};
    return AMB_OK;
}
FN(counter_next)
{
    UNUSED;
    counter *k = self;
    const amb_host *h = ((words *)inst)->h;
    int64_t left = k->end > k->at ? k->end - k->at : 0;
    uint32_t some = (uint32_t)(left < a[0].v.i ? left : a[0].v.i);
    amb_arg *t = h->alloc(c, (some + (size_t)1) * sizeof *t);
    if (!t) return AMB_E_NOMEM;
    t[0] = (amb_arg){.type = AMB_T_LIST, .len = some};
    for (uint32_t i = 1; i <= some; i++) t[i] = (amb_arg){.type = AMB_T_I64, .v.i = k->at++};
    *ret = (amb_arg){.type = AMB_T_TREE, .len = some + 1, .v.p = t};
    return AMB_OK;
}
static void counter_close(void *inst, void *res)
{
    (void)inst;
    free(res);
}

#define INT(n, what) {.name = n, .doc = what, .type = AMB_T_I64}
static const amb_param p_two[] = {INT("a", "one"), INT("b", "the other")}, p_number[] = {
    {.name = "x", .doc = "a number", .type = AMB_T_F64}};
static const amb_param p_repeat[] = {{.name = "text", .doc = "what", .type = AMB_T_STR, .max_len = 1000},
                                     {.name = "times", .doc = "how often", .type = AMB_T_I64, .flags = AMB_P_OPT}};
static const amb_param p_rest[] = {{.name = "texts", .doc = "any number", .type = AMB_T_STR, .flags = AMB_P_REST}};
static const amb_param p_bytes[] = {{.name = "data", .doc = "some bytes", .type = AMB_T_BYTES}};
static const amb_param p_tree[] = {{.name = "value", .doc = "a list, tuple or map", .type = AMB_T_TREE}};
static const amb_param p_n[] = {INT("n", "a number")};

#define PARAMS(p) .params = p, .nparams = sizeof p / sizeof *p
static const amb_op ops[] = {
    {.ordinal = 1, .name = "add", .doc = "a + b, wrapped around", PARAMS(p_two), .ret_type = AMB_T_I64,
     .flags = AMB_OP_INLINE, .fn = add},
    {.ordinal = 2, .name = "half", .doc = "half of a number", PARAMS(p_number), .ret_type = AMB_T_F64,
     .flags = AMB_OP_INLINE, .fn = half},
    {.ordinal = 3, .name = "repeat", .doc = "the text, several times", PARAMS(p_repeat), .ret_type = AMB_T_STR,
     .flags = AMB_OP_INLINE, .fn = repeat},
    {.ordinal = 4, .name = "sizes", .doc = "bytes of each text", PARAMS(p_rest), .ret_type = AMB_T_TREE,
     .flags = AMB_OP_INLINE, .fn = sizes},
    {.ordinal = 5, .name = "is_empty", .doc = "whether there are no bytes", PARAMS(p_bytes), .ret_type = AMB_T_BOOL,
     .flags = AMB_OP_INLINE, .fn = is_empty},
    {.ordinal = 6, .name = "same", .doc = "a copy", PARAMS(p_tree), .ret_type = AMB_T_TREE, .flags = AMB_OP_INLINE,
     .fn = same},
    {.ordinal = 7, .name = "slow", .doc = "n + 1, after a while", PARAMS(p_n), .ret_type = AMB_T_I64,
     .flags = AMB_OP_INLINE | AMB_OP_BLOCKING, .fn = slow},
    {.ordinal = 8, .name = "later", .doc = "a text, after a while", .ret_type = AMB_T_STR, .flags = AMB_OP_INLINE,
     .fn = later},
    {.ordinal = 9, .name = "count", .doc = "the numbers from 0 up to n", PARAMS(p_n), .ret_type = AMB_T_RES,
     .ret_restype = RES_COUNTER, .flags = AMB_OP_INLINE, .fn = count},
    {.ordinal = 10, .restype = RES_COUNTER, .name = "at", .doc = "the next number", .ret_type = AMB_T_I64,
     .flags = AMB_OP_INLINE, .fn = counter_at},
    {.ordinal = 11, .restype = RES_COUNTER, .name = "next_some", PARAMS(p_n), .ret_type = AMB_T_TREE,
     .flags = AMB_OP_INLINE | AMB_OP_KERNEL, .fn = counter_next},
};
static const amb_restype types[] = {
    {.id = RES_COUNTER, .next_op = 11, .name = "counter", .doc = "numbers one after the other",
     .close = counter_close},
};

static amb_status start(const amb_host *h, void *hctx, const amb_arg *cfg, uint32_t ncfg, void **inst)
{
    (void)cfg, (void)ncfg;
    words *w = malloc(sizeof *w);
    if (!w) return AMB_E_NOMEM;
    *w = (words){.h = h, .hctx = hctx};
    *inst = w;
    return AMB_OK;
}
static void stop(void *inst)
{
    words *w = inst;
    while (w->waiting) {
        waiting *k = w->waiting;
        w->waiting = k->next;
        w->h->unwatch(w->hctx, k->timer);
        free(k);
    }
    free(w);
}

AMB_PROVIDER(words) = {
    AMB_PROVIDER_HEAD,
    .iface = "words",
    .doc = "functions for the tests",
    .iface_major = 1,
    AMB_PROVIDER_OPS_TYPES(ops, types),
    .start = start,
    .stop = stop,
    .flags = AMB_PROVIDER_PURE,
};
