/* SPDX-License-Identifier: MIT */
/* Code generation: emitting, registers, jumps, and whole functions. See gen.h. */
#include "gen.h"

#include <string.h>

#define MAX_WORDS (1u << 20) /* of one function */
#define NEAR 32000           /* words a function may have for 16-bit jumps to reach */

void gen_error_many(genfn *f, amb_span at, amb_text limit, amb_text what)
{
    if (!f->stop) ambdiag_add(f->g->diags, DIAG_TOO_MANY, at, limit, what);
    f->stop = true;
}

bool gen_failed(const genfn *f)
{
    return f->stop || ambpb_failed(f->pb) || f->g->arena->oom;
}

uint32_t gen_emit(genfn *f, enum amb_opcode op, uint16_t a, uint16_t b, uint16_t c)
{
    if (ambpb_here(f->pb) > MAX_WORDS)
        gen_error_many(f, f->span, AMB_TEXT("1048576"), AMB_TEXT("instructions in one function"));
    return ambpb_emit(f->pb, op, a, b, c, f->span.start, f->span.end);
}

uint32_t gen_emit_bx(genfn *f, enum amb_opcode op, uint16_t a, int32_t bx)
{
    return gen_emit(f, op, a, (uint16_t)((uint32_t)bx & 0xffff), (uint16_t)((uint32_t)bx >> 16));
}

void gen_word(genfn *f, uint64_t w)
{
    ambpb_word(f->pb, w);
}

uint16_t gen_k(genfn *f, uint32_t constant)
{
    if (constant > AMB_MAX_KSCALED) {
        gen_error_many(f, f->span, AMB_TEXT("4096"), AMB_TEXT("names and constants in one function"));
        return 0;
    }
    return ambreg(constant);
}

uint16_t gen_name(genfn *f, amb_text name)
{
    return gen_k(f, ambpb_string(f->pb, name.at, name.len));
}

uint32_t gen_alloc(genfn *f, uint32_t n)
{
    uint32_t r = f->top;
    if (r + n > AMB_MAX_REGS) {
        gen_error_many(f, f->span, AMB_TEXT("4000"), AMB_TEXT("variables and temporaries in one function"));
        return 0;
    }
    f->top += n;
    if (f->top > f->most) f->most = f->top;
    return r;
}

/* ---- jumps ---- */

static void wait_for(genfn *f, label *l, uint32_t at)
{
    patch *p = ambarena_alloc(f->g->arena, sizeof *p);
    if (!p) return;
    p->at = at;
    p->next = l->waiting;
    l->waiting = p;
}

/* Points the jump at word `at` to `to`. */
static void aim(genfn *f, uint32_t at, uint32_t to)
{
    if (gen_failed(f)) return;
    amb_instr *i = ambpb_at(f->pb, at);
    int64_t off = (int64_t)to - (int64_t)at - 1;
    switch (i->op) {
    case OP_JMP: case OP_LOOP: case OP_JT: case OP_JF: case OP_JNIL: case OP_JNNIL: case OP_JDEF:
    case OP_FORPREP: case OP_FORRANGE: case OP_FORRANGEC: case OP_LOOPT: case OP_LOOPF:
        i->b = (uint16_t)((uint32_t)(int32_t)off & 0xffff);
        i->c = (uint16_t)((uint32_t)(int32_t)off >> 16);
        break;
    default:
        i->c = (uint16_t)(int16_t)off; /* in reach: longer functions are compiled `far` */
    }
}

static void jump_from(genfn *f, uint32_t at, label *l)
{
    if (l->bound) aim(f, at, l->pos);
    else wait_for(f, l, at);
}

/* A jump back to a loop's start, with the fuel of what lies between. */
static void loop_back(genfn *f, label *l)
{
    uint32_t cost = ambpb_here(f->pb) - l->pos + 1;
    aim(f, gen_emit_bx(f, OP_LOOP, (uint16_t)(cost > 2000 ? 2000 : cost), 0), l->pos);
}

/* The jump that also charges fuel, for the end of a loop; OP_COUNT: there is none. */
static enum amb_opcode looping(enum amb_opcode op)
{
    switch (op) {
    case OP_JT: return OP_LOOPT;
    case OP_JF: return OP_LOOPF;
    case OP_JLT: return OP_LOOPLT;
    case OP_JLE: return OP_LOOPLE;
    case OP_JGT: return OP_LOOPGT;
    case OP_JGE: return OP_LOOPGE;
    case OP_JEQ: return OP_LOOPEQ;
    case OP_JNE: return OP_LOOPNE;
    case OP_JLTI: return OP_LOOPLTI;
    case OP_JLEI: return OP_LOOPLEI;
    case OP_JGTI: return OP_LOOPGTI;
    case OP_JGEI: return OP_LOOPGEI;
    case OP_JEQI: return OP_LOOPEQI;
    case OP_JNEI: return OP_LOOPNEI;
    case OP_JLTK: return OP_LOOPLTK;
    case OP_JLEK: return OP_LOOPLEK;
    case OP_JGTK: return OP_LOOPGTK;
    case OP_JGEK: return OP_LOOPGEK;
    case OP_FORLOOP: case OP_FORNEXT: case OP_FORNEXT2: return op;
    default: return OP_COUNT;
    }
}

void gen_jump(genfn *f, label *l)
{
    if (l->bound) loop_back(f, l);
    else jump_from(f, gen_emit_bx(f, OP_JMP, 0, 0), l);
}

void gen_jump_if(genfn *f, enum amb_opcode op, uint32_t reg, label *l)
{
    if (!l->bound) {
        jump_from(f, gen_emit_bx(f, op, ambreg(reg), 0), l);
    } else if (looping(op) != OP_COUNT) {
        aim(f, gen_emit_bx(f, looping(op), ambreg(reg), 0), l->pos);
    } else {
        gen_emit_bx(f, op, ambreg(reg), 1);
        gen_emit_bx(f, OP_JMP, 0, 1);
        loop_back(f, l);
    }
}

void gen_jump_cmp(genfn *f, enum amb_opcode op, uint16_t a, uint16_t b, label *l)
{
    enum amb_opcode o = l->bound ? looping(op) : op;
    if (!f->far && o != OP_COUNT) {
        jump_from(f, gen_emit(f, o, a, b, 0), l);
        return;
    }
    gen_emit(f, op, a, b, 1);
    gen_emit_bx(f, OP_JMP, 0, 1);
    if (op == OP_FORLOOP || op == OP_FORNEXT || op == OP_FORNEXT2) { /* charged by the step itself */
        aim(f, gen_emit_bx(f, OP_JMP, 0, 0), l->pos);
        return;
    }
    gen_jump(f, l);
}

void gen_bind(genfn *f, label *l)
{
    l->bound = true;
    l->pos = ambpb_here(f->pb);
    for (patch *p = l->waiting; p; p = p->next) aim(f, p->at, l->pos);
    l->waiting = NULL;
}

/* ---- ways out ---- */

way *gen_way_open(genfn *f, way *w, enum way_kind kind)
{
    *w = (way){ .kind = kind, .start = ambpb_here(f->pb), .outer = f->ways };
    f->ways = w;
    return w;
}

static void cut(genfn *f, way *w)
{
    uint32_t here = ambpb_here(f->pb);
    if (here > w->start) {
        covered *r = ambarena_alloc(f->g->arena, sizeof *r);
        if (!r) return;
        *r = (covered){ w->start, here, w->ranges };
        w->ranges = r;
    }
}

void gen_leave(genfn *f, way *to)
{
    way *innermost = f->ways;
    for (way *w = innermost; w != to; w = w->outer) {
        cut(f, w);
        if (w->kind == WAY_CATCH || gen_failed(f)) continue;
        f->ways = w->outer;
        if (w->kind == WAY_ITER) gen_emit(f, OP_CLOSEITER, ambreg(w->reg), 0, 0);
        else if (w->kind == WAY_REGION) gen_emit(f, OP_REGIONEND, ambreg(w->reg), 0, 0);
        else gen_value(f, w->node, NOREG);
        f->ways = innermost;
    }
}

void gen_leave_done(genfn *f, way *to)
{
    for (way *w = f->ways; w != to; w = w->outer) w->start = ambpb_here(f->pb);
}

void gen_way_close(genfn *f, way *w)
{
    cut(f, w);
    f->ways = w->outer;
}

void gen_way_handlers(genfn *f, way *w, uint32_t target, uint32_t reg)
{
    for (covered *r = w->ranges; r; r = r->next) ambpb_handler(f->pb, r->start, r->end, target, reg);
}

/* ---- functions ---- */

bool gen_open(gen *g, genfn *f, struct genfn *outer, struct amb_fn *fn, amb_text name)
{
    *f = (genfn){ .g = g, .fn = fn, .outer = outer, .self_reg = NOREG };
    f->pb = ambpb_new(g->vm, g->vmodule, name.at ? name.at : "", name.len);
    if (!f->pb) {
        g->arena->oom = true;
        return false;
    }
    f->span = fn ? fn->span : (amb_span){ 0, 0 };
    return true;
}

struct amb_proto *gen_finish(genfn *f, const ambpb_shape *shape)
{
    ambpb_shape s = *shape;
    s.nregs = f->most;
    if (f->fn) {
        s.start = f->fn->span.start;
        s.end = f->fn->span.end;
    }
    if (gen_failed(f)) {
        if (ambpb_failed(f->pb)) f->g->arena->oom = true;
        ambpb_free(f->pb);
        return NULL;
    }
    struct amb_proto *p = ambpb_finish(f->pb, &s);
    if (!p) f->g->arena->oom = true;
    return p;
}

void gen_params(genfn *f, struct amb_param *params, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t r = gen_alloc(f, 1);
        if (params[i].decl) params[i].decl->reg = r;
        if (params[i].name.len) ambpb_param(f->pb, params[i].name.at, params[i].name.len);
        else ambpb_param(f->pb, "(pattern)", 9);
    }
}

void gen_param_code(genfn *f, struct amb_param *params, uint32_t count, uint32_t first)
{
    for (uint32_t i = 0; i < count && !gen_failed(f); i++) {
        struct amb_param *p = &params[i];
        uint32_t r = first + i;
        f->span = p->span;
        if (p->fallback) {
            label given = { 0 };
            gen_jump_if(f, OP_JDEF, r, &given);
            gen_expr(f, p->fallback, r);
            gen_bind(f, &given);
        }
        f->span = p->span;
        if (p->type && !p->rest) gen_check(f, p->type, r, CHECK_PARAM, p->name);
        if (p->decl && p->decl->storage == STORE_CELL)
            gen_emit(f, OP_NEWCELL, ambreg(r), ambreg(r), 0);
        /* At once: the defaults behind it see the names it binds. */
        if (p->pattern) gen_pattern(f, p->pattern, r, NULL);
    }
}

static void function_body(genfn *f)
{
    struct amb_fn *fn = f->fn;
    f->top = f->most = 0;
    f->ways = NULL;
    f->loops = NULL;
    f->chains = NULL;
    if (fn->self) {
        fn->self->reg = gen_alloc(f, 1);
        f->self_reg = fn->self->reg;
    }
    uint32_t first = f->top;
    gen_params(f, fn->params, fn->param_count);
    if (fn->scope && fn->kind != AMB_FNK_MAIN) { /* a module's scope is that of its block */
        /* names of parameter patterns; plain parameters and self have their registers */
        for (uint32_t i = 0; i < fn->scope->decl_count; i++) {
            struct amb_decl *d = fn->scope->decls[i];
            bool plain = d->kind == DECL_SELF;
            for (uint32_t j = 0; j < fn->param_count && !plain; j++) plain = fn->params[j].decl == d;
            if (!plain) d->reg = gen_alloc(f, 1);
        }
    }
    if (fn->self && fn->self->storage == STORE_CELL)
        gen_emit(f, OP_NEWCELL, ambreg(f->self_reg), ambreg(f->self_reg), 0);
    gen_param_code(f, fn->params, fn->param_count, first);
    f->span = fn->span;
    if (fn->is_generator) gen_emit(f, OP_GENERATOR, ambreg(gen_alloc(f, 1)), 0, 0);
    if (fn->kind == AMB_FNK_INIT && fn->class_ && fn->class_->parent) {
        uint32_t base = gen_alloc(f, 3);
        gen_emit(f, OP_MOVE, ambreg(base + 2), ambreg(f->self_reg), 0);
        gen_emit(f, OP_SUPERINIT, ambreg(base), 0, 0);
        f->top = base;
    }
    if (fn->expr_body && !gen_is_jump(fn->body)) {
        uint32_t r = gen_any(f, fn->body);
        f->span = fn->body->span;
        if (fn->result) gen_check(f, fn->result, r, CHECK_RESULT, fn->name);
        gen_emit(f, OP_RETURN, ambreg(r), 0, 0);
        return;
    }
    if (fn->kind == AMB_FNK_MAIN) {
        uint32_t value = gen_alloc(f, 1);
        if (f->g->repl) {
            gen_block(f, fn->body, value);
        } else {
            gen_block(f, fn->body, NOREG);
            for (uint32_t i = 0; i < f->g->unit->slot_count; i++) {
                struct amb_decl *d = f->g->unit->slots[i];
                if (!d->is_pub || (d->kind != DECL_LET && d->kind != DECL_PATTERN)) continue;
                gen_emit(f, OP_GETM, ambreg(value), 0, 0);
                ambpb_slot_word(f->pb, f->g->vmodule, d->slot);
                gen_emit(f, OP_FREEZE, ambreg(value), 0, 0);
            }
            if (f->g->unit->main_decl) {
                uint32_t call = gen_alloc(f, 2);
                struct amb_decl *d = f->g->unit->main_decl;
                f->span = d->span;
                struct amb_ref ref = { .decl = d, .kind = d->storage == STORE_MODULE ? REF_MODULE : REF_LOCAL,
                                       .index = d->slot };
                gen_read(f, &ref, d->name, call);
                gen_emit(f, OP_CALL, ambreg(call), 0, 0);
                gen_emit(f, OP_MOVE, ambreg(value), ambreg(call), 0);
            } else {
                gen_emit(f, OP_LOADNIL, ambreg(value), 0, 0);
            }
        }
        gen_emit(f, OP_RETURN, ambreg(value), 0, 0);
        return;
    }
    gen_value(f, fn->body, NOREG);
    f->span = fn->span;
    if (fn->result && !fn->is_generator) {
        uint32_t r = gen_alloc(f, 1);
        gen_emit(f, OP_LOADNIL, ambreg(r), 0, 0);
        gen_check(f, fn->result, r, CHECK_RESULT, fn->name);
    }
    gen_emit(f, OP_RETNIL, 0, 0, 0);
}

static struct amb_proto *function(gen *g, genfn *outer, struct amb_fn *fn)
{
    genfn f;
    amb_text name = fn->name;
    if (fn->kind == AMB_FNK_MAIN) name = AMB_TEXT("top level");
    else if (!name.len) name = AMB_TEXT("anonymous function");
    if (!gen_open(g, &f, outer, fn, name)) return NULL;
    function_body(&f);
    if (!gen_failed(&f) && ambpb_here(f.pb) > NEAR && !f.far) {
        /* Inner functions are kept from the first time (fn->gen). */
        ambpb_rewind(f.pb);
        f.far = true;
        function_body(&f);
    }
    for (uint32_t i = 0; i < fn->upval_count; i++) {
        struct amb_upval *u = &fn->upvals[i];
        ambpb_upvalue(f.pb, u->from_outer_local, u->from_outer_local ? u->decl->reg : u->index);
    }
    uint32_t n = fn->param_count, required = fn->required;
    ambpb_shape shape = { .nparams = n, .nrequired = required, .rest = fn->has_rest,
                          .generator = fn->is_generator, .takes_self = fn->self != NULL };
    return gen_finish(&f, &shape);
}

/* Code that stands in several places (finally, the fields of a class) is emitted once for each of
 * them, and what its functions capture may then be in other registers: one compiled form for each. */
typedef struct variant {
    struct amb_proto *proto;
    struct variant *next;
    uint32_t regs[];
} variant;

static bool same_captures(const variant *v, const struct amb_fn *fn)
{
    for (uint32_t i = 0; i < fn->upval_count; i++)
        if (fn->upvals[i].from_outer_local && fn->upvals[i].decl->reg != v->regs[i]) return false;
    return true;
}

uint32_t gen_child(genfn *f, struct amb_fn *fn)
{
    if (gen_failed(f)) return UINT32_MAX;
    variant *v = fn->gen;
    while (v && !same_captures(v, fn)) v = v->next;
    if (!v) {
        v = ambarena_alloc(f->g->arena, sizeof *v + fn->upval_count * sizeof v->regs[0]);
        if (!v) return UINT32_MAX;
        for (uint32_t i = 0; i < fn->upval_count; i++)
            v->regs[i] = fn->upvals[i].from_outer_local ? fn->upvals[i].decl->reg : 0;
        v->proto = function(f->g, f, fn);
        if (!v->proto) {
            f->stop = true;
            return UINT32_MAX;
        }
        v->next = fn->gen;
        fn->gen = v;
    }
    return ambpb_child(f->pb, v->proto);
}

struct amb_proto *ambgen_module(struct amb_vm *vm, struct amb_unit *unit,
                                struct amb_module *vmodule, struct amb_diags *diags, bool repl)
{
    gen g = { .vm = vm, .unit = unit, .vmodule = vmodule, .diags = diags, .arena = unit->arena,
              .repl = repl };
    return function(&g, NULL, unit->main);
}
