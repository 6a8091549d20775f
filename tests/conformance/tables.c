/* SPDX-License-Identifier: MIT */
/* Every provider's table, and the rights matrix: with any right missing that an operation needs, the gate
 * refuses before the provider is entered. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "gate.h"
#include "host.h"
#include "kit.h"

extern const amb_provider amb_provider_fs, amb_provider_console, amb_provider_clock, amb_provider_timer,
    amb_provider_entropy, amb_provider_net, amb_provider_net_memory, amb_provider_fs_memory, amb_provider_process, amb_provider_modules;

static const amb_provider *const all[] = {
    &amb_provider_fs, &amb_provider_console, &amb_provider_clock, &amb_provider_timer, &amb_provider_entropy,
    &amb_provider_net, &amb_provider_net_memory, &amb_provider_fs_memory, &amb_provider_process, &amb_provider_modules,
};

Test(tables, hang_together)
{
    int problems = 0;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) problems += kit_lint(all[i]);
    cr_assert_eq(problems, 0);
}

/* --- the rights matrix -------------------------------------------------------------- */

static int entered;
static char nothing;

static amb_status tripwire(void *inst, amb_call *c, void *self, const amb_arg *a, uint32_t n, amb_arg *ret)
{
    (void)inst, (void)c, (void)self, (void)a, (void)n, (void)ret;
    entered++;
    return AMB_E_CANCELED;
}

static struct ambgate *gate; /* of the VM under test */
static amb_status make_it(void *inst, amb_call *c, void *self, const amb_arg *a, uint32_t n, amb_arg *ret)
{
    (void)inst, (void)self, (void)a, (void)n;
    const amb_op *op = ((ambcall *)c)->op;
    return gate->host.res_new(c, op->ret_restype, &nothing, ~(amb_rights)0, "x", ret, NULL);
}
static amb_status start(const amb_host *h, void *hctx, const amb_arg *cfg, uint32_t n, void **inst)
{
    (void)h, (void)hctx, (void)cfg, (void)n;
    *inst = &nothing;
    return AMB_OK;
}

/* The provider's table with a constructor `make_N` for each type, and no code of its own. */
static void matrix(const amb_provider *p)
{
    static char names[64][16];
    amb_op *ops = calloc(p->nops + p->nres, sizeof *ops);
    amb_restype *types = calloc(p->nres, sizeof *types);
    for (uint32_t i = 0; i < p->nops; i++) {
        ops[i] = p->ops[i];
        ops[i].fn = tripwire;
        ops[i].flags &= ~(uint32_t)AMB_OP_KERNEL;
    }
    for (uint32_t i = 0; i < p->nres; i++) {
        types[i] = p->res[i];
        types[i].close = NULL;
        types[i].flags = 0;
        types[i].read_op = types[i].write_op = types[i].next_op = types[i].seek_op = types[i].source_op = 0;
        snprintf(names[i], sizeof names[i], "make_%u", i);
        ops[p->nops + i] = (amb_op){.ordinal = (uint16_t)(60000 + i), .name = names[i], .doc = "x",
                                    .ret_type = AMB_T_RES, .ret_restype = types[i].id,
                                    .ret_fixed = ~(amb_rights)0, .flags = AMB_OP_INLINE, .fn = make_it};
    }
    amb_provider q = *p;
    q.ops = ops;
    q.nops = (uint16_t)(p->nops + p->nres);
    q.res = types;
    q.start = start;
    q.stop = NULL;
    q.cancel = NULL;
    amb_vm *vm = ambapi_new(NULL, NULL);
    cr_assert_not_null(vm);
    gate = vm->gate;
    cr_assert_eq(amb_provider_add(vm, &q), AMB_OK);
    for (uint32_t t = 0; t < p->nres; t++) {
        amb_scope_open(vm);
        amb_value v;
        char why[256];
        cr_assert_eq(amb_grant(vm, p->iface, names[t], NULL, 0, NULL, 0, &v, why), AMB_OK, "%s", why);
        ambv cap = ambhost_value(vm, v);
        ambrow *row = ambhandle_peek(vm, cap);
        for (uint32_t i = 0; i < p->nops; i++) {
            const amb_op *op = &ops[i];
            if (op->restype != types[t].id) continue;
            for (int bit = 0; bit < 64; bit++) {
                amb_rights one = (amb_rights)1 << bit;
                if (!(op->need & one)) continue;
                row->rights = types[t].all & ~one;
                entered = 0;
                amb_status st = ambgate_allowed(vm, row, op, op->name);
                cr_assert_eq(st, AMB_E_THROW, "%s.%s without right %d", p->iface, op->name, bit);
                vm->exc = ambv_undef();
                ambv out, args[16];
                for (int k = 0; k < 16; k++) args[k] = ambv_nil();
                st = ambgate_invoke(vm, cap, ambstr_intern(vm, op->name, strlen(op->name)), args,
                                    ambgate_visible(ambgate_provider(gate, p->iface, strlen(p->iface)), op), &out);
                cr_assert_eq(st, AMB_E_THROW);
                cr_assert_eq(entered, 0, "%s.%s was entered", p->iface, op->name);
                vm->exc = ambv_undef();
            }
        }
        row->rights = types[t].all;
    }
    amb_vm_free(vm);
    free(ops);
    free(types);
}

Test(tables, no_right_no_entry)
{
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) matrix(all[i]);
}
