/* SPDX-License-Identifier: MIT */
/* A module that uses what it is lent: reads, waits on threads, passes failures on, and has a last word. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "ambit/spi.h"

typedef struct inst {
    const amb_host *h;
    void *hctx;
} inst;

#define OP(name)                                                                                                \
    static amb_status name(void *at, amb_call *c, void *self, const amb_arg *a, uint32_t n, amb_arg *ret)
#define UNUSED (void)at, (void)c, (void)self, (void)a, (void)n, (void)ret

static amb_status pass_on(const inst *z, amb_call *c, amb_status st, const amb_arg *said)
{
    if (!st || !said || said->type != AMB_T_STR) return st;
    return z->h->fail(c, st, said->aux, "lent: %.*s", (int)said->len, (const char *)said->v.p);
}

/* first(from): what one read of it gives, as text. */
typedef struct reading {
    inst *z;
    amb_ticket t;
    char text[16];
} reading;
static void has_read(void *ud, amb_status st, const amb_arg *ret)
{
    reading *r = ud;
    amb_call *c = r->z->h->reply_open(r->z->hctx, r->t);
    if (c) {
        amb_arg out = {.type = AMB_T_STR};
        char *copy = r->z->h->alloc(c, sizeof r->text);
        if (st == AMB_OK && copy) {
            memcpy(copy, r->text, sizeof r->text);
            out.len = (uint32_t)ret->v.i;
            out.v.p = copy;
        }
        r->z->h->reply(c, copy ? pass_on(r->z, c, st, ret) : AMB_E_NOMEM, &out);
    }
    free(r);
}
OP(first)
{
    UNUSED;
    inst *z = at;
    reading *r = calloc(1, sizeof *r);
    if (!r) return AMB_E_NOMEM;
    r->z = z;
    r->t = z->h->pend(c);
    amb_arg buf = {.type = AMB_T_BUF, .flags = AMB_P_OUT, .len = sizeof r->text, .v.w = r->text};
    amb_status st = z->h->invoke(z->hctx, r->t, a[0].v.loan, AMB_ORD_READ, &buf, 1, has_read, r);
    if (st == AMB_OK) return AMB_PENDING;
    free(r);
    return st;
}

/* synced(file): its operation sync, which needs a thread, from a thread. */
OP(synced)
{
    UNUSED;
    inst *z = at;
    return pass_on(z, c, z->h->invoke_wait(c, a[0].v.loan, z->h->ordinal(z->hctx, "fs.file", "sync"), NULL, 0, ret), ret);
}
/* make(dir, name): a new file in it, which ends at once. */
OP(make)
{
    UNUSED;
    inst *z = at;
    return pass_on(z, c, z->h->invoke_wait(c, a[0].v.loan, z->h->ordinal(z->hctx, "fs.dir", "create"), &a[1], 1, ret), ret)
               ?: (*ret = (amb_arg){.type = AMB_T_NIL}, AMB_OK);
}
/* fifth(): is answered when it is run the fifth time. */
OP(fifth)
{
    UNUSED;
    static atomic_int runs;
    if (atomic_fetch_add(&runs, 1) % 5 < 4) return ((inst *)at)->h->again(c, 1000000);
    return AMB_OK;
}

/* keeper(to): writes "e" by its close, and "b" when it is really closed. */
typedef struct keeper {
    inst *z;
    amb_loan to;
} keeper;
static void wrote(void *ud, amb_status st, const amb_arg *ret) { (void)ud, (void)st, (void)ret; }
/* One byte: however little is written at a time, that is. */
static void say(const keeper *k, const char *text)
{
    amb_arg data = {.type = AMB_T_BUF, .flags = AMB_P_IN, .len = 1, .v.p = text};
    k->z->h->invoke(k->z->hctx, 0, k->to, AMB_ORD_WRITE, &data, 1, wrote, NULL);
}
static void keeper_closed(void *at, void *res)
{
    (void)at;
    say(res, "b");
    free(res);
}
OP(keep)
{
    UNUSED;
    keeper *k = calloc(1, sizeof *k);
    if (!k) return AMB_E_NOMEM;
    *k = (keeper){at, a[0].v.loan};
    amb_status st = k->z->h->res_new(c, 1, k, ~(amb_rights)0, NULL, ret, NULL);
    if (st) free(k);
    return st;
}
OP(keeper_close)
{
    UNUSED;
    say(self, "e");
    return a[0].type == AMB_T_NIL ? AMB_OK : ((inst *)at)->h->fail(c, AMB_E_ARG, 0, "as asked");
}

static const amb_param p_read[] = {{.name = "from", .doc = "", .type = AMB_T_LOAN, .iface = "readable"}};
static const amb_param p_file[] = {{.name = "file", .doc = "", .type = AMB_T_LOAN, .iface = "fs.file"}};
static const amb_param p_make[] = {{.name = "dir", .doc = "", .type = AMB_T_LOAN, .iface = "fs.dir"},
                                   {.name = "name", .doc = "", .type = AMB_T_STR}};
static const amb_param p_keep[] = {{.name = "to", .doc = "", .type = AMB_T_LOAN, .iface = "writable", .flags = AMB_P_KEEP}};
static const amb_param p_fail[] = {{.name = "fails", .doc = "", .type = AMB_T_BOOL, .flags = AMB_P_OPT}};
#define P(p) .params = p, .nparams = sizeof(p) / sizeof(p[0])
static const amb_op ops[] = {
    {.ordinal = 1, .name = "first", .doc = "one read", P(p_read), .ret_type = AMB_T_STR, .flags = AMB_OP_INLINE, .fn = first},
    {.ordinal = 2, .name = "synced", .doc = "to the disk", P(p_file), .flags = AMB_OP_BLOCKING, .fn = synced},
    {.ordinal = 3, .name = "make", .doc = "a file", P(p_make), .flags = AMB_OP_BLOCKING, .fn = make},
    {.ordinal = 4, .name = "fifth", .doc = "at last", .flags = AMB_OP_BLOCKING, .fn = fifth},
    {.ordinal = 5, .name = "keep", .doc = "until it is closed", P(p_keep), .ret_type = AMB_T_RES, .ret_restype = 1,
     .flags = AMB_OP_INLINE, .fn = keep},
    {.ordinal = 6, .restype = 1, .name = "close", .doc = "with a word", P(p_fail), .flags = AMB_OP_INLINE | AMB_OP_ENDS,
     .effect = AMB_FX_EXTERNAL, .fn = keeper_close},
};
static const amb_restype types[] = {{.id = 1, .name = "keeper", .doc = "has a last word", .close = keeper_closed}};

static amb_status start(const amb_host *h, void *hctx, const amb_arg *cfg, uint32_t ncfg, void **out)
{
    (void)cfg, (void)ncfg;
    inst *z = calloc(1, sizeof *z);
    if (!z) return AMB_E_NOMEM;
    *z = (inst){h, hctx};
    *out = z;
    return AMB_OK;
}

AMB_PROVIDER(lender) = {
    AMB_PROVIDER_HEAD, .iface = "lender", .doc = "uses what it is lent", .iface_major = 1,
    .nops = sizeof ops / sizeof ops[0], .nres = 1, .ops = ops, .res = types, .start = start, .stop = free,
    .flags = AMB_PROVIDER_PURE,
};
