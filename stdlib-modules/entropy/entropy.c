/* SPDX-License-Identifier: MIT */
/* The entropy provider: bytes nobody can foresee, from the operating system. */
#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#include "ambit/spi.h"

enum { ENTROPY_READ = 1 };
enum { RES_ENTROPY = 1 };
enum { MOST = 16 << 20, QUICK = 64 << 10 };

typedef struct entropy_inst {
    const amb_host *h;
} entropy_inst;
static const char the_source;

#define OP(name)                                                                  \
    static amb_status name(void *inst, amb_call *c, void *self, const amb_arg *a, \
                           uint32_t n, amb_arg *ret)

OP(entropy_new)
{
    (void)self, (void)a, (void)n;
    entropy_inst *e = inst;
    return e->h->res_new(c, RES_ENTROPY, (void *)&the_source, ~(amb_rights)0, "entropy", ret, NULL);
}

OP(bytes)
{
    (void)self, (void)n;
    const amb_host *h = ((entropy_inst *)inst)->h;
    int64_t want = a[0].v.i;
    if (want < 0 || want > MOST)
        return h->fail(c, AMB_E_ARG, 0, "bytes: n is from 0 to %d", MOST);
    if (want > QUICK && !h->may_block(c)) return AMB_WOULD_BLOCK;
    char *p = h->alloc(c, want ? (size_t)want : 1);
    if (!p) return AMB_E_NOMEM;
    for (size_t done = 0; done < (size_t)want;) {
        ssize_t k = getrandom(p + done, (size_t)want - done, 0);
        if (k < 0 && errno == EINTR) continue;
        if (k < 0) return h->fail(c, AMB_E_IO, errno, "bytes: no random bytes");
        done += (size_t)k;
    }
    *ret = (amb_arg){.type = AMB_T_BYTES, .len = (uint32_t)want, .v.p = p};
    return AMB_OK;
}

static const amb_right rights[] = {{ENTROPY_READ, "read", "get random bytes", 0, 0}};
static const amb_param p_n[] = {{.name = "n", .doc = "how many, at most 16 MiB", .type = AMB_T_I64}};
static const amb_op ops[] = {
    {.ordinal = 1, .name = "entropy", .doc = "random bytes", .ret_type = AMB_T_RES,
     .ret_restype = RES_ENTROPY, .ret_fixed = ENTROPY_READ, .flags = AMB_OP_INLINE, .cost = 10,
     .fn = entropy_new},
    {.ordinal = 10, .name = "bytes", .doc = "n random bytes, fit for keys", .params = p_n, .nparams = 1,
     .restype = RES_ENTROPY, .ret_type = AMB_T_BYTES, .need = ENTROPY_READ,
     .flags = AMB_OP_INLINE | AMB_OP_BLOCKING, .effect = AMB_FX_READ, .cost = 100, .fn = bytes},
};
static const amb_restype types[] = {
    {.id = RES_ENTROPY, .flags = AMB_R_STATELESS, .name = "entropy", .doc = "random bytes",
     .all = ENTROPY_READ, .dflt = ENTROPY_READ},
};

static amb_status start(const amb_host *h, void *hctx, const amb_arg *cfg, uint32_t ncfg, void **inst)
{
    (void)hctx, (void)cfg, (void)ncfg;
    entropy_inst *e = malloc(sizeof *e);
    if (!e) return AMB_E_NOMEM;
    e->h = h;
    *inst = e;
    return AMB_OK;
}
static void stop(void *inst) { free(inst); }

AMB_PROVIDER(entropy) = {
    AMB_PROVIDER_HEAD,
    .iface = "entropy",
    .doc = "random bytes of the operating system",
    .iface_major = 1,
    AMB_PROVIDER_TABLES(ops, types, rights),
    .start = start,
    .stop = stop,
};
