/* SPDX-License-Identifier: MIT */
/* Code for the task forms: spawn, group, within, select.
 *
 * A group or within is open from REGION to REGIONEND; every way out passes one of those: jumps by the
 * way's own code, errors by REGIONFAIL. */
#include "gen.h"

void gen_spawn(genfn *f, struct amb_node *n, uint32_t dst)
{
    struct amb_node *call = n->as.spawn.call;
    uint32_t top = f->top, base = gen_alloc(f, 3), names = UINT32_MAX, count = 0;
    if (call->kind == NODE_CALL) count = gen_call_parts(f, call, base, &names);
    else gen_expr(f, call, base);
    f->span = n->span;
    uint64_t how = 0xffff;
    if (n->as.spawn.group) how = ambreg(n->as.spawn.group->as.group.reg);
    if (n->as.spawn.used) how |= 1 << 16;
    if (names != UINT32_MAX) how |= 1 << 17;
    gen_emit(f, OP_SPAWN, ambreg(base), (uint16_t)count, names != UINT32_MAX ? gen_k(f, names) : 0);
    gen_word(f, how);
    if (dst != NOREG) gen_emit(f, OP_MOVE, ambreg(dst), ambreg(base), 0);
    f->top = top;
}

/* The body of a region whose register is r, and its ends; `value`: where the body's value goes. */
static void region(genfn *f, struct amb_node *n, struct amb_node *body, uint32_t r, uint32_t value)
{
    way w;
    label end = { 0 };
    gen_way_open(f, &w, WAY_REGION)->reg = r;
    gen_block(f, body, value);
    gen_way_close(f, &w);
    f->span = n->span;
    gen_emit(f, OP_REGIONEND, ambreg(r), 0, 0);
    gen_jump(f, &end);
    uint32_t e = gen_alloc(f, 1);
    gen_way_handlers(f, &w, ambpb_here(f->pb), e);
    gen_emit(f, OP_REGIONFAIL, ambreg(r), ambreg(e), 0);
    gen_bind(f, &end);
}

static void option(genfn *f, struct amb_node *n, amb_text name, uint32_t dst)
{
    for (uint32_t i = 0; i < n->as.group.args.len; i++) {
        struct amb_node *a = n->as.group.args.at[i];
        if (a->kind != NODE_NAMED || !ambtext_equal(a->as.named.name, name)) continue;
        gen_expr(f, a->as.named.value, dst);
        return;
    }
    gen_emit(f, OP_LOADNIL, ambreg(dst), 0, 0);
}

void gen_group(genfn *f, struct amb_node *n, uint32_t dst)
{
    uint32_t top = f->top, r = gen_alloc(f, 2);
    option(f, n, AMB_TEXT("limit"), r);
    option(f, n, AMB_TEXT("errors"), r + 1);
    f->span = n->span;
    gen_emit(f, OP_REGION, ambreg(r), dst == NOREG ? 2 : 0, 0);
    n->as.group.reg = r;
    region(f, n, n->as.group.body, r, NOREG);
    if (dst != NOREG) gen_emit(f, OP_MOVE, ambreg(dst), ambreg(r), 0);
    f->top = top;
}

void gen_within(genfn *f, struct amb_node *n, uint32_t dst)
{
    uint32_t top = f->top, r = gen_alloc(f, 2);
    gen_expr(f, n->as.within.limit, r);
    f->span = n->as.within.limit->span;
    gen_emit(f, OP_REGION, ambreg(r), 1, 0);
    region(f, n, n->as.within.body, r, dst);
    f->top = top;
}

void gen_select(genfn *f, struct amb_node *n, uint32_t dst)
{
    struct amb_nodes *arms = &n->as.list;
    uint32_t top = f->top, base = gen_alloc(f, 2 + arms->len), count = 0;
    struct amb_node *after = NULL;
    for (uint32_t i = 0; i < arms->len && !gen_failed(f); i++) {
        struct amb_node *a = arms->at[i];
        if (a->kind != NODE_SELECT_ARM) continue;
        if (a->as.select_arm.pattern) gen_expr(f, a->as.select_arm.source, base + 2 + count++);
        else after = a;
    }
    if (after) gen_expr(f, after->as.select_arm.source, base + 2 + count);
    f->span = n->span;
    gen_emit(f, OP_SELECT, ambreg(base), (uint16_t)count, after != NULL);
    label end = { 0 };
    uint32_t at = 0;
    for (uint32_t i = 0; i < arms->len && !gen_failed(f); i++) {
        struct amb_node *a = arms->at[i];
        if (a->kind != NODE_SELECT_ARM) continue;
        label next = { 0 };
        uint32_t inner = f->top, which = gen_alloc(f, 1);
        gen_load_int(f, a == after ? count : at++, which);
        gen_jump_cmp(f, OP_JNE, ambreg(base), ambreg(which), &next);
        gen_scope(f, a->as.select_arm.scope);
        if (a->as.select_arm.pattern) gen_pattern(f, a->as.select_arm.pattern, base + 1, NULL);
        gen_value(f, a->as.select_arm.body, dst);
        gen_jump(f, &end);
        gen_bind(f, &next);
        f->top = inner;
    }
    gen_bind(f, &end);
    f->top = top;
}
