/* SPDX-License-Identifier: MIT */
/* Disturbing calls, by numbers from a seed: what the gate's contract allows at any time happens all the
 * time. Programs must give the same results when calls wait, move to threads, read and write less than
 * they were asked to; and when calls fail, nothing but errors may come of it. */
#include "task.h"

/* xorshift64*: the state is never 0. */
static uint32_t roll(struct ambgate *g, uint32_t n) {
    uint64_t x = g->chaos;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    g->chaos = x;
    return (uint32_t)((x * 0x2545f4914f6cdd1du) >> 33) % n;
}

bool ambchaos_waits(amb_vm *vm) {
    return vm->c_depth == 1 && !ambgate_closed(vm) && roll(vm->gate, 3) == 0;
}

bool ambchaos_elsewhere(amb_vm *vm) {
    return vm->c_depth == 1 && roll(vm->gate, 3) == 0;
}

const amb_arg *ambchaos_args(ambcall *c, const amb_arg *a, uint32_t n) {
    struct ambgate *g = c->vm->gate;
    const amb_restype *type = c->res ? c->res->type : NULL;
    if (!type || n != 1) return a;
    uint16_t op = c->op->ordinal;
    bool moves = op == type->read_op || op == type->write_op, lists = op == type->next_op;
    if (!(moves || lists) || roll(g, 2)) return a;
    amb_arg *less = ambmarshal_alloc(c, sizeof *less);
    if (!less) return a;
    *less = *a;
    if (moves && a->type == AMB_T_BUF && a->len > 1) less->len = 1 + roll(g, a->len);
    if (lists && a->type == AMB_T_I64 && a->v.i > 1) less->v.i = 1 + roll(g, (uint32_t)a->v.i);
    return less;
}

amb_status ambchaos_fails(ambcall *c) {
    struct ambgate *g = c->vm->gate;
    static const amb_status how[] = {AMB_E_IO,   AMB_E_IO,      AMB_E_CANCELED, AMB_E_TIMEOUT,
                                     AMB_E_BUSY, AMB_E_NOSYS,   AMB_E_EOF,      AMB_E_DIED};
    if (c->prov->dead) return AMB_E_DIED;
    if (roll(g, 1000) >= g->chaos_fails) return AMB_OK;
    amb_status st = how[roll(g, sizeof how / sizeof *how)];
    if (st == AMB_E_DIED) c->prov->dead = roll(g, 4) == 0;
    return st;
}
