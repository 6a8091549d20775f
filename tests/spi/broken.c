/* SPDX-License-Identifier: MIT */
/* A provider with a right table that keeps no other rule: what `ambit provider check` must find. */
#include <stdlib.h>

#include <ambit/spi.h>

#define OP(name)                                                                             \
    static amb_status name(void *inst, amb_call *c, void *self, const amb_arg *a, uint32_t n, \
                           amb_arg *ret)
#define UNUSED (void)inst, (void)c, (void)self, (void)a, (void)n, (void)ret

typedef struct broken {
    const amb_host *h;
    void *hctx;
} broken;

OP(make)
{
    UNUSED;
    /* A thing that nobody frees. */
    return ((broken *)inst)->h->res_new(c, 1, malloc(100), ~(amb_rights)0, "thing", ret, NULL);
}
static void thing_close(void *inst, void *res) { (void)inst, (void)res; }

/* Writes to what it was not given. */
OP(crash)
{
    UNUSED;
    int *p = ((broken *)inst)->h->alloc(c, 64);
    *p = 1;
    return AMB_OK;
}
/* Says something else than its table. */
OP(number)
{
    UNUSED;
    *ret = (amb_arg){.type = AMB_T_I64, .v.i = 1};
    return AMB_OK;
}
OP(wait)
{
    UNUSED;
    ((broken *)inst)->h->pend(c);
    return AMB_PENDING;
}
/* Takes no ticket. */
OP(forget)
{
    UNUSED;
    return a[0].v.i == 1 ? AMB_PENDING : AMB_OK;
}
/* Goes on for ever with some numbers. */
OP(slow)
{
    UNUSED;
    const broken *b = inst;
    amb_ticket t = b->h->ticket(c);
    while (a[0].v.i == 1000 && !b->h->canceled(b->hctx, t)) continue;
    return AMB_OK;
}
static void cancel(void *inst, amb_ticket t) { (void)inst, (void)t; }

static amb_status start(const amb_host *h, void *hctx, const amb_arg *cfg, uint32_t ncfg, void **inst)
{
    (void)cfg, (void)ncfg;
    broken *b = malloc(sizeof *b);
    if (!b) return AMB_E_NOMEM;
    *b = (broken){h, hctx};
    *inst = b;
    return AMB_OK;
}
static void stop(void *inst) { free(inst); }

static const amb_right rights[] = {{1, "use", "use it", 0, 0}};
static const amb_param p_n[] = {{.name = "n", .doc = "a number", .type = AMB_T_I64}};
#define THING .restype = 1, .doc = "breaks a rule", .flags = AMB_OP_INLINE
static const amb_op ops[] = {
    {.ordinal = 1, .name = "broken", .doc = "a thing", .ret_type = AMB_T_RES, .ret_restype = 1, .ret_fixed = 1,
     .flags = AMB_OP_INLINE, .fn = make},
    {.ordinal = 2, THING, .name = "crash", .fn = crash},
    {.ordinal = 3, THING, .name = "number", .ret_type = AMB_T_STR, .fn = number},
    {.ordinal = 4, .restype = 1, .name = "wait", .flags = AMB_OP_INLINE | AMB_OP_CANCEL, .fn = wait},
    {.ordinal = 5, THING, .name = "forget", .params = p_n, .nparams = 1, .fn = forget},
    {.ordinal = 6, .restype = 1, .doc = "takes its time", .name = "slow", .params = p_n, .nparams = 1,
     .flags = AMB_OP_BLOCKING, .need = 1, .fn = slow},
    {.ordinal = 7, .restype = 2, .doc = "never", .name = "unreached", .flags = AMB_OP_INLINE, .fn = forget,
     .params = p_n, .nparams = 1},
};
static const amb_restype types[] = {
    {.id = 1, .name = "thing", .doc = "a thing", .all = 1, .dflt = 1, .close = thing_close},
    {.id = 2, .name = "other", .doc = "nobody makes one", .close = thing_close},
};

AMB_PROVIDER(broken) = {
    AMB_PROVIDER_HEAD, .iface = "broken", .doc = "keeps no rule", .iface_major = 1,
    AMB_PROVIDER_TABLES(ops, types, rights), .start = start, .stop = stop, .cancel = cancel,
};
