/* SPDX-License-Identifier: MIT */
/* The smallest provider with a resource: a number that can be added to. Built with the installed headers only. */
#include <stdlib.h>

#include <ambit/spi.h>

enum { COUNTER = 1 };
enum { ADD = 1, LOOK = 2 };

static amb_status counter_new(void *inst, amb_call *c, void *self, const amb_arg *a, uint32_t n, amb_arg *ret);
static amb_status counter_add(void *inst, amb_call *c, void *self, const amb_arg *a, uint32_t n, amb_arg *ret);
static amb_status counter_value(void *inst, amb_call *c, void *self, const amb_arg *a, uint32_t n, amb_arg *ret);

static const amb_param number[] = {{.name = "n", .doc = "how many", .type = AMB_T_I64}};
static const amb_op ops[] = {
    {.ordinal = 1, .ret_restype = COUNTER, .effect = AMB_FX_READ, .ret_type = AMB_T_RES, .nparams = 1,
     .flags = AMB_OP_INLINE, .name = "new", .doc = "A counter that begins at n.", .params = number,
     .ret_fixed = ADD | LOOK, .fn = counter_new},
    {.ordinal = 2, .restype = COUNTER, .effect = AMB_FX_WRITE, .nparams = 1, .flags = AMB_OP_INLINE,
     .name = "add", .doc = "Adds n.", .params = number, .need = ADD, .fn = counter_add},
    {.ordinal = 3, .restype = COUNTER, .effect = AMB_FX_READ, .ret_type = AMB_T_I64, .flags = AMB_OP_INLINE,
     .name = "value", .doc = "What it has come to.", .need = LOOK, .fn = counter_value},
};
static const amb_right rights[] = {
    {.bit = ADD, .name = "add", .doc = "to change it"},
    {.bit = LOOK, .name = "look", .doc = "to see it"},
};
static void counter_close(void *inst, void *res) { (void)inst, free(res); }
static const amb_restype types[] = {
    {.id = COUNTER, .name = "counter", .doc = "A number.", .all = ADD | LOOK, .dflt = ADD | LOOK,
     .close = counter_close},
};

static const amb_host *host;
static amb_status start(const amb_host *h, void *hctx, const amb_arg *cfg, uint32_t ncfg, void **inst)
{
    (void)hctx, (void)cfg, (void)ncfg;
    host = h;
    *inst = NULL;
    return AMB_OK;
}
static void stop(void *inst) { (void)inst; }

static amb_status counter_new(void *inst, amb_call *c, void *self, const amb_arg *a, uint32_t n, amb_arg *ret)
{
    (void)inst, (void)self, (void)n;
    int64_t *value = malloc(sizeof *value);
    if (!value) return host->fail(c, AMB_E_NOMEM, 0, "out of memory");
    *value = a[0].v.i;
    amb_status st = host->res_new(c, COUNTER, value, ~(amb_rights)0, "counter", ret, NULL);
    if (st != AMB_OK) free(value);
    return st;
}
static amb_status counter_add(void *inst, amb_call *c, void *self, const amb_arg *a, uint32_t n, amb_arg *ret)
{
    (void)inst, (void)n, (void)ret;
    if (__builtin_add_overflow(*(int64_t *)self, a[0].v.i, (int64_t *)self))
        return host->fail(c, AMB_E_ARG, 0, "the counter is full");
    return AMB_OK;
}
static amb_status counter_value(void *inst, amb_call *c, void *self, const amb_arg *a, uint32_t n, amb_arg *ret)
{
    (void)inst, (void)c, (void)a, (void)n;
    ret->type = AMB_T_I64;
    ret->v.i = *(int64_t *)self;
    return AMB_OK;
}

AMB_PROVIDER(counter) = {
    AMB_PROVIDER_HEAD,
    .iface = "counter", .doc = "Numbers that can be added to.", .iface_major = 1,
    .nops = sizeof ops / sizeof *ops, .nres = 1, .nrights = 2, .ops = ops, .res = types, .rights = rights,
    .start = start, .stop = stop,
};
