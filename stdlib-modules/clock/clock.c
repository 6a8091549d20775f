/* SPDX-License-Identifier: MIT */
/* The clock provider: what time it is. Floats are seconds, the *_ns operations
 * nanoseconds. */
#include <stdlib.h>
#include <time.h>

#include "ambit/spi.h"

enum { CLOCK_READ = 1 };
enum { RES_CLOCK = 1 };

typedef struct clock_inst {
    const amb_host *h;
    void *hctx;
} clock_inst;
static const char the_clock;

#define OP(name)                                                                  \
    static amb_status name(void *inst, amb_call *c, void *self, const amb_arg *a, \
                           uint32_t n, amb_arg *ret)
#define UNUSED_ARGS (void)inst, (void)c, (void)self, (void)a, (void)n, (void)ret

static int64_t wall_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}
/* The kernel's, so that it goes with its timers, also where time is virtual. */
static int64_t kernel_ns(const clock_inst *k) { return (int64_t)k->h->now(k->hctx); }

OP(clock_new)
{
    UNUSED_ARGS;
    clock_inst *k = inst;
    return k->h->res_new(c, RES_CLOCK, (void *)&the_clock, ~(amb_rights)0, "clock", ret,
                         NULL);
}
OP(now)
{
    UNUSED_ARGS;
    *ret = (amb_arg){.type = AMB_T_F64, .v.f = (double)wall_ns() / 1e9};
    return AMB_OK;
}
OP(now_ns)
{
    UNUSED_ARGS;
    *ret = (amb_arg){.type = AMB_T_I64, .v.i = wall_ns()};
    return AMB_OK;
}
OP(monotonic)
{
    UNUSED_ARGS;
    *ret = (amb_arg){.type = AMB_T_F64, .v.f = (double)kernel_ns(inst) / 1e9};
    return AMB_OK;
}
OP(monotonic_ns)
{
    UNUSED_ARGS;
    *ret = (amb_arg){.type = AMB_T_I64, .v.i = kernel_ns(inst)};
    return AMB_OK;
}

/* Seconds that local time is ahead of UTC, at a time or now. */
OP(offset)
{
    UNUSED_ARGS;
    double at = a[0].type == AMB_T_F64 ? a[0].v.f : 0;
    if (a[0].type == AMB_T_F64 && !(at > -1e11 && at < 1e11))
        return ((clock_inst *)inst)
            ->h->fail(c, AMB_E_ARG, 0, "offset: the time is out of range");
    time_t t = a[0].type == AMB_T_F64 ? (time_t)at : time(NULL);
    struct tm tm;
    tzset();
    if (!localtime_r(&t, &tm)) tm.tm_gmtoff = 0;
    *ret = (amb_arg){.type = AMB_T_I64, .v.i = tm.tm_gmtoff};
    return AMB_OK;
}

static const amb_right rights[] = {{CLOCK_READ, "read", "see the time", 0, 0}};
static const amb_param p_at[] = {{.name = "at",
                                  .doc = "seconds since 1970; now if left out",
                                  .type = AMB_T_F64,
                                  .flags = AMB_P_OPT}};

#define READS                                                         \
    .restype = RES_CLOCK, .need = CLOCK_READ, .flags = AMB_OP_INLINE, \
    .effect = AMB_FX_READ, .cost = 10
static const amb_op ops[] = {
    {.ordinal = 1, .name = "clock", .doc = "the time", .ret_type = AMB_T_RES,
     .ret_restype = RES_CLOCK, .ret_fixed = CLOCK_READ, .flags = AMB_OP_INLINE,
     .cost = 10, .fn = clock_new},
    {.ordinal = 10, .name = "now", .doc = "seconds since 1970, UTC",
     .ret_type = AMB_T_F64, READS, .fn = now},
    {.ordinal = 11, .name = "now_ns", .doc = "nanoseconds since 1970, UTC",
     .ret_type = AMB_T_I64, READS, .fn = now_ns},
    {.ordinal = 12, .name = "monotonic",
     .doc = "seconds from a fixed point, never going back", .ret_type = AMB_T_F64, READS,
     .fn = monotonic},
    {.ordinal = 13, .name = "monotonic_ns",
     .doc = "nanoseconds from a fixed point, never going back", .ret_type = AMB_T_I64,
     READS, .fn = monotonic_ns},
    {.ordinal = 14, .name = "offset", .doc = "seconds that local time is ahead of UTC",
     .params = p_at, .nparams = 1, .ret_type = AMB_T_I64, READS, .fn = offset},
};
static const amb_restype types[] = {
    {.id = RES_CLOCK, .flags = AMB_R_STATELESS, .name = "clock", .doc = "the time",
     .all = CLOCK_READ, .dflt = CLOCK_READ},
};

static amb_status start(const amb_host *h, void *hctx, const amb_arg *cfg, uint32_t ncfg,
                        void **inst)
{
    (void)cfg, (void)ncfg;
    clock_inst *k = malloc(sizeof *k);
    if (!k) return AMB_E_NOMEM;
    k->h = h;
    k->hctx = hctx;
    *inst = k;
    return AMB_OK;
}

static void stop(void *inst) { free(inst); }

AMB_PROVIDER(clock) = {
    AMB_PROVIDER_HEAD,
    .iface = "clock",
    .doc = "what time it is",
    .iface_major = 1,
    AMB_PROVIDER_TABLES(ops, types, rights),
    .start = start,
    .stop = stop,
};
