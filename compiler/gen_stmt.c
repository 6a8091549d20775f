/* SPDX-License-Identifier: MIT */
/* Code for statements, and for the control forms that give values. */
#include "gen.h"

#include <string.h>

bool gen_is_jump(const struct amb_node *n)
{
    return n->kind == NODE_RETURN || n->kind == NODE_THROW || n->kind == NODE_BREAK ||
           n->kind == NODE_CONTINUE;
}

/* ---- blocks ---- */

void gen_scope(genfn *f, struct amb_lexical_scope *s)
{
    if (!s) return;
    for (uint32_t i = 0; i < s->decl_count && !gen_failed(f); i++) {
        struct amb_decl *d = s->decls[i];
        if (d->storage != STORE_REGISTER && d->storage != STORE_CELL) continue;
        d->reg = gen_alloc(f, 1);
        if (d->storage == STORE_CELL && d->early_cell) {
            gen_emit(f, OP_LOADUNDEF, ambreg(d->reg), 0, 0);
            gen_emit(f, OP_NEWCELL, ambreg(d->reg), ambreg(d->reg), 0);
        }
    }
}

static void statements(genfn *f, struct amb_node *block, uint32_t from, uint32_t dst);

/* `defer x` is try { the rest of the block } finally { x }. */
static void deferred(genfn *f, struct amb_node *block, uint32_t at, uint32_t dst)
{
    struct amb_node *what = block->as.block.stmts.at[at]->as.child;
    way w;
    gen_way_open(f, &w, WAY_FINALLY)->node = what;
    statements(f, block, at + 1, dst);
    gen_way_close(f, &w);
    label end = { 0 };
    gen_value(f, what, NOREG);
    gen_jump(f, &end);
    uint32_t top = f->top, e = gen_alloc(f, 1);
    gen_way_handlers(f, &w, ambpb_here(f->pb), e);
    gen_value(f, what, NOREG);
    gen_emit(f, OP_THROW, ambreg(e), 0, 0);
    f->top = top;
    gen_bind(f, &end);
}

static bool is_expression(const struct amb_node *n)
{
    return n->kind < NODE_BLOCK && n->kind != NODE_ERROR;
}

static void statements(genfn *f, struct amb_node *block, uint32_t from, uint32_t dst)
{
    struct amb_nodes *l = &block->as.block.stmts;
    bool valued = false;
    for (uint32_t i = from; i < l->len && !gen_failed(f); i++) {
        struct amb_node *n = l->at[i];
        f->span = n->span;
        if (n->kind == NODE_DEFER) {
            deferred(f, block, i, dst);
            return;
        }
        if (i + 1 == l->len && dst != NOREG && is_expression(n)) {
            gen_expr(f, n, dst);
            valued = true;
        } else {
            gen_stmt(f, n);
        }
    }
    if (dst != NOREG && !valued) gen_emit(f, OP_LOADNIL, ambreg(dst), 0, 0);
}

void gen_block(genfn *f, struct amb_node *n, uint32_t dst)
{
    uint32_t top = f->top;
    gen_scope(f, n->as.block.scope);
    statements(f, n, 0, dst);
    f->top = top;
}

void gen_value(genfn *f, struct amb_node *n, uint32_t dst)
{
    if (gen_failed(f)) return;
    if (n->kind == NODE_BLOCK) {
        gen_block(f, n, dst);
    } else if (dst != NOREG && is_expression(n)) {
        gen_expr(f, n, dst);
    } else {
        gen_stmt(f, n);
        if (dst != NOREG && !gen_is_jump(n)) gen_emit(f, OP_LOADNIL, ambreg(dst), 0, 0);
    }
}

/* ---- if, match ---- */

/* Where a branch goes that is nothing but a break or continue with nothing to do on the way; or NULL. */
static label *plain_jump(genfn *f, const struct amb_node *n)
{
    while (n->kind == NODE_BLOCK && n->as.block.stmts.len == 1) n = n->as.block.stmts.at[0];
    if (n->kind != NODE_BREAK && n->kind != NODE_CONTINUE) return NULL;
    loop *l = f->loops;
    while (l && l->node != n->as.jump.target) l = l->outer;
    if (!l || f->ways != (n->kind == NODE_BREAK ? l->outside : l->inside)) return NULL;
    return n->kind == NODE_BREAK ? &l->leave : &l->next;
}

void gen_if(genfn *f, struct amb_node *n, uint32_t dst)
{
    label end = { 0 };
    struct amb_nodes *l = &n->as.if_.branches;
    for (uint32_t i = 0; i < l->len && !gen_failed(f); i++) {
        struct amb_node *b = l->at[i];
        label next = { 0 }, *out;
        uint32_t top = f->top;
        if (b->as.branch.pattern) {
            uint32_t v = gen_alloc(f, 1);
            gen_expr(f, b->as.branch.cond, v);
            gen_scope(f, b->as.branch.scope);
            gen_pattern(f, b->as.branch.pattern, v, &next);
        } else if ((out = plain_jump(f, b->as.branch.body)) != NULL) {
            gen_cond(f, b->as.branch.cond, true, out);
            continue;
        } else {
            gen_cond(f, b->as.branch.cond, false, &next);
        }
        gen_value(f, b->as.branch.body, dst);
        bool last = i + 1 == l->len && !n->as.if_.otherwise && dst == NOREG;
        if (!last) gen_jump(f, &end);
        gen_bind(f, &next);
        f->top = top;
    }
    if (n->as.if_.otherwise) gen_value(f, n->as.if_.otherwise, dst);
    else if (dst != NOREG) gen_emit(f, OP_LOADNIL, ambreg(dst), 0, 0);
    gen_bind(f, &end);
}

void gen_match(genfn *f, struct amb_node *n, uint32_t dst)
{
    label end = { 0 };
    uint32_t top = f->top, v = gen_fixed(f, n->as.match.subject);
    bool open = true;
    for (uint32_t i = 0; i < n->as.match.arms.len && !gen_failed(f); i++) {
        struct amb_node *a = n->as.match.arms.at[i];
        label next = { 0 };
        uint32_t inner = f->top;
        gen_scope(f, a->as.arm.scope);
        gen_pattern(f, a->as.arm.pattern, v, &next);
        if (a->as.arm.guard) gen_cond(f, a->as.arm.guard, false, &next);
        gen_value(f, a->as.arm.body, dst);
        gen_jump(f, &end);
        gen_bind(f, &next);
        f->top = inner;
        if (a->as.arm.irrefutable) open = false;
    }
    f->span = n->as.match.subject->span;
    if (open) gen_emit(f, OP_MATCHFAIL, ambreg(v), 0, 0);
    gen_bind(f, &end);
    f->top = top;
}

/* ---- try ---- */

/* Jumps to `next` unless the error in e is one that this clause takes. */
static void catch_test(genfn *f, struct amb_node *c, uint32_t e, label *next)
{
    uint32_t top = f->top, first, count, type;
    if (c->as.catch_.type) {
        type = gen_type(f, c->as.catch_.type, &first, &count);
    } else {
        /* any Error; signals are none */
        first = gen_alloc(f, 1);
        for (uint32_t i = 0; i < ambprelude_count(f->g->vm); i++)
            if (!strcmp(ambprelude_name(f->g->vm, i), "Error"))
                gen_load_k(f, ambpb_prelude(f->pb, i), first);
        type = ambpb_type(f->pb, 0, 1, "Error", 5);
    }
    gen_emit(f, OP_ISTYPE, ambreg(first), ambreg(e), (uint16_t)type);
    gen_jump_if(f, OP_JF, first, next);
    f->top = top;
}

static void catches(genfn *f, struct amb_node *n, uint32_t e, uint32_t dst, label *end)
{
    for (uint32_t i = 0; i < n->as.try_.catches.len && !gen_failed(f); i++) {
        struct amb_node *c = n->as.try_.catches.at[i];
        label next = { 0 };
        uint32_t top = f->top;
        f->span = c->span;
        catch_test(f, c, e, &next);
        gen_scope(f, c->as.catch_.scope);
        if (c->as.catch_.decl) gen_define(f, c->as.catch_.decl, e);
        if (c->as.catch_.guard) gen_cond(f, c->as.catch_.guard, false, &next);
        gen_value(f, c->as.catch_.body, dst);
        gen_jump(f, end);
        gen_bind(f, &next);
        f->top = top;
    }
    f->span = n->span;
    gen_emit(f, OP_THROW, ambreg(e), 0, 0); /* none took it */
}

void gen_try(genfn *f, struct amb_node *n, uint32_t dst)
{
    label end = { 0 }, done = { 0 };
    way outer, inner;
    uint32_t top = f->top, e = gen_alloc(f, 1);
    bool finally = n->as.try_.finally != NULL;
    if (finally) gen_way_open(f, &outer, WAY_FINALLY)->node = n->as.try_.finally;
    if (n->as.try_.catches.len) {
        gen_way_open(f, &inner, WAY_CATCH);
        gen_value(f, n->as.try_.body, dst);
        gen_way_close(f, &inner);
        gen_jump(f, &done);
        gen_way_handlers(f, &inner, ambpb_here(f->pb), e);
        catches(f, n, e, dst, &done);
    } else {
        gen_value(f, n->as.try_.body, dst);
    }
    gen_bind(f, &done);
    if (finally) {
        gen_way_close(f, &outer);
        gen_value(f, n->as.try_.finally, NOREG);
        gen_jump(f, &end);
        gen_way_handlers(f, &outer, ambpb_here(f->pb), e);
        gen_value(f, n->as.try_.finally, NOREG);
        gen_emit(f, OP_THROW, ambreg(e), 0, 0);
    }
    gen_bind(f, &end);
    f->top = top;
}

/* ---- loops ---- */

static void loop_open(genfn *f, loop *l, struct amb_node *n, way *outside)
{
    *l = (loop){ .node = n, .outside = outside, .inside = f->ways, .outer = f->loops };
    f->loops = l;
}

static uint16_t cost_since(genfn *f, uint32_t start)
{
    uint32_t n = ambpb_here(f->pb) - start + 1;
    return (uint16_t)(n > 2000 ? 2000 : n);
}

static bool is_counting(const struct amb_node *n)
{
    const struct amb_node *it = n->as.for_.iter, *p = n->as.for_.pattern;
    return it->kind == NODE_RANGE && it->as.range.from && it->as.range.to &&
           (p->kind == NODE_PAT_WILD || p->kind == NODE_PAT_BIND);
}

static void for_counting(genfn *f, struct amb_node *n)
{
    struct amb_node *it = n->as.for_.iter, *p = n->as.for_.pattern;
    loop l;
    label body = { 0 };
    uint32_t top = f->top, s = gen_alloc(f, 2);
    gen_expr(f, it->as.range.from, s);
    gen_expr(f, it->as.range.to, s + 1);
    struct amb_decl *d = p->kind == NODE_PAT_BIND ? p->as.bind.decl : NULL;
    bool direct = d && d->storage == STORE_REGISTER && !d->reassigned;
    if (direct) d->reg = s;
    else gen_scope(f, n->as.for_.scope);
    f->span = it->span;
    uint32_t prep = gen_emit_bx(f, it->as.range.closed ? OP_FORRANGEC : OP_FORRANGE, ambreg(s), 0);
    loop_open(f, &l, n, f->ways);
    uint32_t start = ambpb_here(f->pb);
    gen_bind(f, &body);
    if (d && !direct) gen_define(f, d, s);
    gen_value(f, n->as.for_.body, NOREG);
    f->span = it->span;
    gen_bind(f, &l.next);
    gen_jump_cmp(f, OP_FORLOOP, ambreg(s), cost_since(f, start), &body);
    gen_bind(f, &l.leave);
    if (!gen_failed(f)) {
        uint32_t off = l.leave.pos - prep - 1;
        ambpb_at(f->pb, prep)->b = (uint16_t)off;
        ambpb_at(f->pb, prep)->c = (uint16_t)(off >> 16);
    }
    f->loops = l.outer;
    f->top = top;
}

/* Whether the pattern (a, b) binds two plain registers and nothing else. */
static bool two_registers(const struct amb_node *p)
{
    for (uint32_t i = 0; i < 2; i++) {
        const struct amb_node *e = p->as.list.at[i];
        if (e->kind != NODE_PAT_BIND || e->as.bind.decl->storage != STORE_REGISTER) return false;
    }
    return true;
}

static void for_each(genfn *f, struct amb_node *n)
{
    struct amb_node *p = n->as.for_.pattern;
    loop l;
    way w;
    label body = { 0 }, end = { 0 };
    way *outside = f->ways;
    uint32_t top = f->top, s = gen_alloc(f, 3);
    gen_expr(f, n->as.for_.iter, s);
    f->span = n->as.for_.iter->span;
    uint32_t prep = gen_emit_bx(f, OP_FORPREP, ambreg(s), 0);
    gen_way_open(f, &w, WAY_ITER)->reg = s;
    loop_open(f, &l, n, outside);
    bool pair = p->kind == NODE_PAT_TUPLE && p->as.list.len == 2 &&
                p->as.list.at[0]->kind <= NODE_PAT_BIND && p->as.list.at[1]->kind <= NODE_PAT_BIND;
    uint32_t item = NOREG;
    if (p->kind == NODE_PAT_BIND && p->as.bind.decl->storage == STORE_REGISTER) {
        gen_scope(f, n->as.for_.scope);
        item = p->as.bind.decl->reg;
        gen_bind(f, &body);
    } else {
        bool straight = pair && two_registers(p);
        if (straight) {
            item = gen_alloc(f, 2);
            p->as.list.at[0]->as.bind.decl->reg = item;
            p->as.list.at[1]->as.bind.decl->reg = item + 1;
            gen_bind(f, &body);
        } else {
            item = gen_alloc(f, pair ? 2 : 1);
            gen_bind(f, &body);
            gen_scope(f, n->as.for_.scope); /* fresh cells each time */
        }
        if (straight) {
            /* the step fills them */
        } else if (pair) {
            for (uint32_t i = 0; i < 2; i++)
                if (p->as.list.at[i]->kind == NODE_PAT_BIND)
                    gen_define(f, p->as.list.at[i]->as.bind.decl, item + i);
        } else {
            gen_pattern(f, p, item, NULL);
        }
    }
    gen_value(f, n->as.for_.body, NOREG);
    gen_bind(f, &l.next);
    f->span = n->as.for_.iter->span;
    /* The step itself is not covered: an iterator that failed is not ended again. */
    gen_way_close(f, &w);
    gen_jump_cmp(f, pair ? OP_FORNEXT2 : OP_FORNEXT, ambreg(s), ambreg(item), &body);
    if (!gen_failed(f)) {
        uint32_t off = l.next.pos - prep - 1;
        ambpb_at(f->pb, prep)->b = (uint16_t)off;
        ambpb_at(f->pb, prep)->c = (uint16_t)(off >> 16);
    }
    gen_jump(f, &end);
    uint32_t e = gen_alloc(f, 1);
    gen_way_handlers(f, &w, ambpb_here(f->pb), e);
    gen_emit(f, OP_CLOSEITER, ambreg(s), 0, 0);
    gen_emit(f, OP_THROW, ambreg(e), 0, 0);
    gen_bind(f, &end);
    gen_bind(f, &l.leave);
    f->loops = l.outer;
    f->top = top;
}

/* The condition stands at the end, where its jump closes the loop. */
static void while_loop(genfn *f, struct amb_node *n)
{
    loop l;
    label again = { 0 }, test = { 0 };
    loop_open(f, &l, n, f->ways);
    if (n->as.while_.cond) gen_jump(f, &test);
    gen_bind(f, &again);
    gen_value(f, n->as.while_.body, NOREG);
    gen_bind(f, &l.next);
    gen_bind(f, &test);
    f->span = n->span;
    if (n->as.while_.cond) gen_cond(f, n->as.while_.cond, true, &again);
    else gen_jump(f, &again);
    gen_bind(f, &l.leave);
    f->loops = l.outer;
}

static void jump(genfn *f, struct amb_node *n)
{
    loop *l = f->loops;
    while (l && l->node != n->as.jump.target) l = l->outer;
    if (!l) return;
    bool leave = n->kind == NODE_BREAK;
    way *to = leave ? l->outside : l->inside;
    gen_leave(f, to);
    gen_jump(f, leave ? &l->leave : &l->next);
    gen_leave_done(f, to);
}

static void give_back(genfn *f, struct amb_node *n)
{
    uint32_t top = f->top;
    if (!n->as.child) {
        gen_leave(f, NULL);
        if (f->fn->result && !f->fn->is_generator) {
            uint32_t r = gen_alloc(f, 1);
            gen_emit(f, OP_LOADNIL, ambreg(r), 0, 0);
            gen_check(f, f->fn->result, r, CHECK_RESULT, f->fn->name);
        }
        gen_emit(f, OP_RETNIL, 0, 0, 0);
        gen_leave_done(f, NULL);
        return;
    }
    uint32_t r;
    if (f->ways) {
        r = gen_alloc(f, 1); /* kept apart from variables that a finally block may change */
        gen_expr(f, n->as.child, r);
    } else {
        r = gen_any(f, n->as.child);
    }
    f->span = n->as.child->span;
    if (f->fn->result && !f->fn->is_generator) gen_check(f, f->fn->result, r, CHECK_RESULT, f->fn->name);
    gen_leave(f, NULL);
    gen_emit(f, OP_RETURN, ambreg(r), 0, 0);
    gen_leave_done(f, NULL);
    f->top = top;
}

/* ---- assignment ---- */

/* Whether compiling n into a variable's register cannot spoil the variable before it is read. */
static bool direct(const struct amb_node *n)
{
    switch (n->kind) {
    case NODE_NIL: case NODE_TRUE: case NODE_FALSE: case NODE_INT: case NODE_FLOAT:
    case NODE_STRING: case NODE_NAME: case NODE_BINARY: case NODE_UNARY: case NODE_FN:
    case NODE_RANGE: case NODE_INTERP: case NODE_TUPLE: return true;
    case NODE_MEMBER: return !n->as.member.optional;
    case NODE_INDEX: return !n->as.index.optional;
    default: return false;
    }
}

static void store_member(genfn *f, struct amb_node *t, uint32_t obj, uint32_t from)
{
    struct amb_field *field = t->as.member.field;
    uint32_t base, slot;
    f->span = t->span;
    if (field && !field->is_static && gen_field_base(field->class_, f->g->vm, &base) &&
        (!field->type || gen_type_is_plain(field->type))) {
        if (field->type) gen_check(f, field->type, from, CHECK_FIELD, field->name);
        slot = base + field->index;
        uint32_t group = slot >> 3, i = slot & 7;
        uint32_t tag = 8 + group * 72 + i, val = 8 + group * 72 + 8 + i * 8;
        if (obj == 0 && f->self_reg == 0 && val <= 0xffff)
            gen_emit(f, OP_SETSELF, ambreg(from), (uint16_t)tag, (uint16_t)val);
        else gen_emit(f, OP_SETSLOT, ambreg(obj), ambreg(from), (uint16_t)slot);
        return;
    }
    bool private = t->as.member.private_in || (field && field->is_private);
    gen_emit(f, private ? OP_SETPRIV : OP_SETFIELD, ambreg(obj), ambreg(from),
             gen_name(f, t->as.member.name));
    gen_word(f, UINT32_MAX);
}

static void store_index(genfn *f, struct amb_node *t, uint32_t obj, uint32_t key, uint32_t from)
{
    f->span = t->span;
    gen_emit(f, OP_SETIDX, ambreg(obj), ambreg(key), ambreg(from));
}

static void check_variable(genfn *f, const struct amb_ref *ref, uint32_t from)
{
    if (ref->decl && ref->decl->type) gen_check(f, ref->decl->type, from, CHECK_BINDING, ref->decl->name);
}

static void assign(genfn *f, struct amb_node *n)
{
    struct amb_node *t = n->as.pair.left, *v = n->as.pair.right;
    uint32_t top = f->top;
    switch (t->kind) {
    case NODE_NAME: {
        struct amb_ref *ref = &t->as.name.ref;
        if (ref->kind == REF_LOCAL && ref->decl->storage == STORE_REGISTER && !ref->decl->type &&
            !ref->needs_check && direct(v)) {
            gen_expr(f, v, ref->decl->reg);
            break;
        }
        uint32_t r = gen_alloc(f, 1);
        gen_expr(f, v, r);
        f->span = n->span;
        check_variable(f, ref, r);
        gen_write(f, ref, r, t->as.name.name);
        break;
    }
    case NODE_MEMBER: {
        uint32_t obj = gen_any_before(f, t->as.member.object, v);
        uint32_t r = t->as.member.field && t->as.member.field->type ? gen_alloc(f, 1) : NOREG;
        if (r != NOREG) gen_expr(f, v, r); /* a check may widen it: not in the variable itself */
        else r = gen_any(f, v);
        store_member(f, t, obj, r);
        break;
    }
    default: {
        uint32_t obj = gen_any_before(f, t->as.index.object, v);
        uint32_t key = gen_any_before(f, t->as.index.key, v);
        uint32_t r = gen_any(f, v);
        store_index(f, t, obj, key, r);
        break;
    }
    }
    f->top = top;
}

/* The register of a part of a target; `named`: the assignment has variables among its targets. */
static uint32_t place(genfn *f, struct amb_node *n, const struct amb_node *value, bool named)
{
    if (!named && gen_keeps_variables(value)) return gen_any(f, n);
    uint32_t r = gen_alloc(f, 1);
    gen_expr(f, n, r);
    return r;
}

static void assign_many(genfn *f, struct amb_node *n)
{
    struct amb_nodes *targets = &n->as.many.targets;
    uint32_t top = f->top, count = targets->len;
    struct amb_node *v = n->as.many.value;
    uint32_t *places = ambarena_alloc(f->g->arena, 2 * count * sizeof *places);
    if (!places) return;
    /* Objects and keys of the targets first, then all values, then the stores. Variables among them are read
     * where they are when nothing here assigns variables. */
    bool named = false;
    for (uint32_t i = 0; i < count; i++) {
        const struct amb_node *t = targets->at[i];
        named |= t->kind == NODE_NAME || !gen_keeps_variables(t);
    }
    for (uint32_t i = 0; i < count && !gen_failed(f); i++) {
        struct amb_node *t = targets->at[i];
        if (t->kind == NODE_MEMBER) places[2 * i] = place(f, t->as.member.object, v, named);
        if (t->kind == NODE_INDEX) {
            places[2 * i] = place(f, t->as.index.object, v, named);
            places[2 * i + 1] = place(f, t->as.index.key, v, named);
        }
    }
    uint32_t values = gen_alloc(f, count);
    if (v->kind == NODE_TUPLE && v->as.list.len == count &&
        v->as.list.at[0]->kind != NODE_NAMED) {
        for (uint32_t i = 0; i < count && !gen_failed(f); i++) gen_expr(f, v->as.list.at[i], values + i);
    } else {
        uint32_t whole = gen_alloc(f, 2), test = whole + 1;
        gen_expr(f, v, whole);
        f->span = n->span;
        label ok = { 0 };
        gen_emit(f, OP_TESTTUPLE, ambreg(test), ambreg(whole), (uint16_t)count);
        gen_jump_if(f, OP_JT, test, &ok);
        gen_emit(f, OP_TESTLIST, ambreg(test), ambreg(whole), (uint16_t)count);
        gen_jump_if(f, OP_JT, test, &ok);
        gen_emit(f, OP_MISFIT, ambreg(whole), gen_name(f, AMB_TEXT("of the assignment's targets")), 0);
        gen_bind(f, &ok);
        for (uint32_t i = 0; i < count; i++)
            gen_emit(f, OP_ELEM, ambreg(values + i), ambreg(whole), (uint16_t)i);
    }
    for (uint32_t i = 0; i < count && !gen_failed(f); i++) {
        struct amb_node *t = targets->at[i];
        f->span = t->span;
        if (t->kind == NODE_NAME) {
            check_variable(f, &t->as.name.ref, values + i);
            gen_write(f, &t->as.name.ref, values + i, t->as.name.name);
        } else if (t->kind == NODE_MEMBER) {
            store_member(f, t, places[2 * i], values + i);
        } else {
            store_index(f, t, places[2 * i], places[2 * i + 1], values + i);
        }
    }
    f->top = top;
}

/* dst = dst op right, for the value of the target in dst. `??=`: jumps to end when it is not nil. */
static void combine(genfn *f, struct amb_node *n, uint32_t dst, label *end)
{
    if (n->as.binary.op == AMB_COALESCE) {
        gen_jump_if(f, OP_JNNIL, dst, end);
        if (direct(n->as.binary.right)) {
            gen_expr(f, n->as.binary.right, dst);
        } else { /* it may read the variable whose register dst is */
            uint32_t top = f->top, r = gen_alloc(f, 1);
            gen_expr(f, n->as.binary.right, r);
            gen_emit(f, OP_MOVE, ambreg(dst), ambreg(r), 0);
            f->top = top;
        }
        return;
    }
    /* The left side as a name for the register that holds it already. */
    struct amb_decl d = { .storage = STORE_REGISTER, .reg = dst };
    struct amb_node left = { .kind = NODE_NAME, .span = n->as.binary.left->span };
    left.as.name.ref = (struct amb_ref){ .decl = &d, .kind = REF_LOCAL };
    struct amb_node op = { .kind = NODE_BINARY, .span = n->span, .depth = n->depth };
    op.as.binary.left = &left;
    op.as.binary.right = n->as.binary.right;
    op.as.binary.op = n->as.binary.op;
    d.reassigned = true;
    gen_expr(f, &op, dst);
}

static void augment(genfn *f, struct amb_node *n)
{
    struct amb_node *t = n->as.binary.left;
    uint32_t top = f->top;
    label end = { 0 };
    switch (t->kind) {
    case NODE_NAME: {
        struct amb_ref *ref = &t->as.name.ref;
        if (ref->kind == REF_LOCAL && ref->decl->storage == STORE_REGISTER && !ref->decl->type &&
            !ref->needs_check) {
            combine(f, n, ref->decl->reg, &end);
            break;
        }
        uint32_t r = gen_alloc(f, 1);
        gen_read(f, ref, t->as.name.name, r);
        combine(f, n, r, &end);
        f->span = n->span;
        check_variable(f, ref, r);
        gen_write(f, ref, r, t->as.name.name);
        break;
    }
    case NODE_MEMBER: {
        uint32_t obj = gen_any_before(f, t->as.member.object, n->as.binary.right);
        uint32_t r = gen_alloc(f, 1);
        struct amb_decl d = { .storage = STORE_REGISTER, .reg = obj };
        struct amb_node o = { .kind = NODE_NAME, .span = t->as.member.object->span };
        o.as.name.ref = (struct amb_ref){ .decl = &d, .kind = REF_LOCAL };
        struct amb_node m = *t;
        m.as.member.object = &o;
        gen_expr(f, &m, r);
        combine(f, n, r, &end);
        store_member(f, t, obj, r);
        break;
    }
    default: {
        uint32_t obj = gen_any_before(f, t->as.index.object, n->as.binary.right);
        uint32_t key = gen_any_before(f, t->as.index.key, n->as.binary.right);
        uint32_t r = gen_alloc(f, 1);
        f->span = t->span;
        gen_emit(f, OP_GETIDX, ambreg(r), ambreg(obj), ambreg(key));
        combine(f, n, r, &end);
        store_index(f, t, obj, key, r);
        break;
    }
    }
    gen_bind(f, &end);
    f->top = top;
}

/* ---- declarations ---- */

static void let(genfn *f, struct amb_node *n)
{
    struct amb_node *p = n->as.let.pattern, *v = n->as.let.value;
    uint32_t top = f->top;
    if (p->kind == NODE_PAT_BIND) {
        struct amb_decl *d = p->as.bind.decl;
        uint32_t r = d->storage == STORE_REGISTER ? d->reg : gen_alloc(f, 1);
        if (v) gen_expr(f, v, r);
        else gen_emit(f, OP_LOADNIL, ambreg(r), 0, 0);
        f->span = v ? v->span : n->span;
        if (n->as.let.type) gen_check(f, n->as.let.type, r, CHECK_BINDING, d->name);
        f->span = n->span;
        gen_define(f, d, r);
    } else {
        uint32_t r = gen_alloc(f, 1);
        gen_expr(f, v, r);
        if (n->as.let.type) gen_check(f, n->as.let.type, r, CHECK_BINDING, AMB_TEXT("the value"));
        gen_pattern(f, p, r, NULL);
    }
    f->top = top;
}

static void import(genfn *f, struct amb_node *n)
{
    struct amb_import *im = n->as.import;
    struct amb_module *m = im->iface->module;
    uint32_t k = ambpb_module(f->pb, m), top = f->top;
    for (uint32_t i = 0; i < im->with_count && !gen_failed(f); i++) {
        uint32_t r = gen_any(f, im->withs[i].value);
        gen_emit(f, OP_WITH, ambreg(r), gen_k(f, k), (uint16_t)i);
    }
    f->span = n->span;
    gen_emit_bx(f, OP_IMPORT, 0, (int32_t)k);
    if (im->decl && im->decl->storage != STORE_IMPORT) {
        uint32_t r = gen_alloc(f, 1);
        gen_load_k(f, k, r);
        gen_define(f, im->decl, r);
    }
    f->top = top;
}

static uint32_t position(struct amb_node **list, uint32_t count, const struct amb_node *n)
{
    uint32_t i = 0;
    while (i < count && list[i] != n) i++;
    return i;
}

static void input(genfn *f, enum amb_opcode op, uint32_t index, struct amb_decl *d)
{
    uint32_t top = f->top, r = gen_alloc(f, 1);
    gen_emit(f, op, ambreg(r), (uint16_t)index, 0);
    gen_define(f, d, r);
    f->top = top;
}

void gen_stmt(genfn *f, struct amb_node *n)
{
    if (gen_failed(f)) return;
    f->span = n->span;
    uint32_t top = f->top;
    switch (n->kind) {
    case NODE_LET: let(f, n); break;
    case NODE_ASSIGN: assign(f, n); break;
    case NODE_ASSIGN_MANY: assign_many(f, n); break;
    case NODE_AUGMENT: augment(f, n); break;
    case NODE_RETURN: give_back(f, n); break;
    case NODE_THROW: {
        uint32_t r = gen_any(f, n->as.child);
        f->span = n->span;
        gen_emit(f, OP_THROW, ambreg(r), 0, 0);
        break;
    }
    case NODE_BREAK:
    case NODE_CONTINUE: jump(f, n); break;
    case NODE_YIELD: {
        uint32_t r = gen_any(f, n->as.child);
        f->span = n->span;
        gen_emit(f, OP_YIELD, ambreg(r), 0, 0);
        break;
    }
    case NODE_FOR:
        if (is_counting(n)) for_counting(f, n);
        else for_each(f, n);
        break;
    case NODE_WHILE:
    case NODE_LOOP: while_loop(f, n); break;
    case NODE_FN_DECL: {
        uint32_t i = gen_child(f, n->as.fn), r = gen_alloc(f, 1);
        gen_emit_bx(f, OP_CLOSURE, ambreg(r), (int32_t)i);
        gen_define(f, n->as.fn->decl, r);
        break;
    }
    case NODE_CLASS: gen_class(f, n); break;
    case NODE_STATICS: gen_statics(f, n); break;
    case NODE_ENUM: gen_enum(f, n); break;
    case NODE_IMPORT: import(f, n); break;
    case NODE_USE:
        input(f, OP_USE, position(f->g->unit->uses, f->g->unit->use_count, n), n->as.use.decl);
        break;
    case NODE_NEED:
        input(f, OP_NEED, position(f->g->unit->needs, f->g->unit->need_count, n), n->as.need.decl);
        if (n->as.need.type) {
            uint32_t r = gen_alloc(f, 1);
            struct amb_ref ref = { .decl = n->as.need.decl,
                                   .kind = n->as.need.decl->storage == STORE_MODULE ? REF_MODULE : REF_LOCAL,
                                   .index = n->as.need.decl->slot };
            gen_read(f, &ref, n->as.need.decl->name, r);
            gen_check(f, n->as.need.type, r, CHECK_BINDING, n->as.need.decl->name);
        }
        break;
    case NODE_ARGS: input(f, OP_ARGS, 0, n->as.args.decl); break;
    case NODE_TEST: break;
    case NODE_BLOCK: gen_block(f, n, NOREG); break;
    case NODE_IF: gen_if(f, n, NOREG); break;
    case NODE_MATCH: gen_match(f, n, NOREG); break;
    case NODE_TRY: gen_try(f, n, NOREG); break;
    case NODE_DEFER: break; /* handled by the block */
    case NODE_GROUP: gen_group(f, n, NOREG); break;
    case NODE_WITHIN: gen_within(f, n, NOREG); break;
    case NODE_SELECT: gen_select(f, n, NOREG); break;
    case NODE_SPAWN: gen_spawn(f, n, NOREG); break;
    case NODE_LOGIC: {
        /* a ?? return, a and f(): the value is not wanted */
        uint32_t r = gen_alloc(f, 1);
        gen_expr(f, n, r);
        break;
    }
    default: gen_effect(f, n); break;
    }
    f->top = top;
}
