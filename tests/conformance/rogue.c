/* SPDX-License-Identifier: MIT */
/* A provider that answers twice, too late, or what was never asked: the kernel drops that and counts it. */
#include <criterion/criterion.h>
#include <string.h>

#include "api.h"
#include "gate.h"
#include "host.h"
#include "kit.h"

static struct {
    const amb_host *h;
    void *hctx;
    amb_ticket last;
    int dropped, taken; /* answers that reply_open refused, and those it took */
} r;

#define OP(name)                                                                                \
    static amb_status name(void *inst, amb_call *c, void *self, const amb_arg *a, uint32_t n, \
                           amb_arg *ret)
#define UNUSED (void)inst, (void)c, (void)self, (void)a, (void)n, (void)ret

static void answer(amb_ticket t, int64_t i)
{
    amb_call *c = r.h->reply_open(r.hctx, t);
    if (!c) {
        r.dropped++;
        return;
    }
    r.taken++;
    amb_arg ret = {.type = AMB_T_I64, .v.i = i};
    r.h->reply(c, AMB_OK, &ret);
}
static void both(void *ud, uint32_t events)
{
    (void)ud, (void)events;
    amb_ticket t = r.last;
    answer(t, 1);
    answer(t, 2);
    answer(t + (UINT64_C(1) << 32), 3); /* nobody has had that generation */
    answer(0, 4);
    answer(UINT64_MAX, 5);
}

OP(make)
{
    UNUSED;
    return r.h->res_new(c, 1, &r, ~(amb_rights)0, "rogue", ret, NULL);
}
OP(twice)
{
    UNUSED;
    r.last = r.h->pend(c);
    if (!r.last) return AMB_E_NOSYS;
    r.h->post(r.hctx, both, NULL);
    return AMB_PENDING;
}
/* The ticket of the call before, again. */
OP(stale)
{
    UNUSED;
    answer(r.last, 6);
    *ret = (amb_arg){.type = AMB_T_I64, .v.i = 7};
    return AMB_OK;
}
static amb_status start(const amb_host *h, void *hctx, const amb_arg *cfg, uint32_t n, void **inst)
{
    (void)cfg, (void)n;
    r = (__typeof__(r)){.h = h, .hctx = hctx};
    *inst = &r;
    return AMB_OK;
}
static void stop(void *inst) { (void)inst; }

#define WAITS .restype = 1, .ret_type = AMB_T_I64, .flags = AMB_OP_INLINE
static const amb_op ops[] = {
    {.ordinal = 1, .name = "rogue", .doc = "x", .ret_type = AMB_T_RES, .ret_restype = 1, .flags = AMB_OP_INLINE,
     .fn = make},
    {.ordinal = 2, .name = "twice", .doc = "x", WAITS, .fn = twice},
    {.ordinal = 4, .name = "stale", .doc = "x", WAITS, .fn = stale},
};
static const amb_restype types[] = {{.id = 1, .flags = AMB_R_STATELESS, .name = "rogue", .doc = "x"}};
static const amb_provider rogue = {
    AMB_PROVIDER_HEAD, .iface = "rogue", .doc = "x", .iface_major = 1, .nops = sizeof ops / sizeof *ops, .nres = 1,
    .ops = ops, .res = types, .start = start, .stop = stop,
};

Test(rogue, second_and_late_answers_are_dropped)
{
    cr_assert_eq(kit_lint(&rogue), 0);
    amb_vm *vm = ambapi_new(NULL, NULL);
    cr_assert_not_null(vm);
    cr_assert_eq(amb_provider_add(vm, &rogue), AMB_OK);
    amb_scope_open(vm);
    amb_value v;
    char why[256];
    cr_assert_eq(amb_grant(vm, "rogue", "rogue", NULL, 0, NULL, 0, &v, why), AMB_OK, "%s", why);
    ambv cap = ambhost_value(vm, v), out;
    uint64_t late = vm->gate->late;
    cr_assert_eq(ambgate_invoke(vm, cap, ambstr_intern(vm, "twice", 5), NULL, 0, &out), AMB_OK);
    cr_assert_eq(r.taken, 1);
    cr_assert_eq(r.dropped, 4);
    cr_assert_eq(out.i, 1, "the first answer is the one that counts");
    cr_assert_eq(ambgate_invoke(vm, cap, ambstr_intern(vm, "stale", 5), NULL, 0, &out), AMB_OK);
    cr_assert_eq(out.i, 7);
    cr_assert_eq(r.dropped, 5);
    cr_assert_eq(vm->gate->late - late, 5);
    amb_vm_free(vm);
}
