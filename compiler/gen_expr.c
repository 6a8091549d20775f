/* SPDX-License-Identifier: MIT */
/* Code for expressions. */
#include "gen.h"

#include <string.h>

/* ---- names ---- */

void gen_read(genfn *f, const struct amb_ref *ref, amb_text name, uint32_t dst)
{
    const struct amb_decl *d = ref->decl;
    switch (ref->kind) {
    case REF_LOCAL:
        if (d->storage == STORE_CELL) {
            if (ref->needs_check)
                gen_emit(f, OP_CELLGETC, ambreg(dst), ambreg(d->reg), gen_name(f, name));
            else gen_emit(f, OP_CELLGET, ambreg(dst), ambreg(d->reg), 0);
        } else if (ref->needs_check) {
            /* A register that is read before its declaration never holds a value. */
            gen_emit(f, OP_LOADUNDEF, ambreg(dst), 0, 0);
            gen_emit(f, OP_CHECKDEF, ambreg(dst), gen_name(f, name), 0);
        } else if (d->reg != dst) {
            gen_emit(f, OP_MOVE, ambreg(dst), ambreg(d->reg), 0);
        }
        break;
    case REF_UPVALUE:
        if (d->storage == STORE_CELL) {
            if (ref->needs_check)
                gen_emit(f, OP_GETUPCELLC, ambreg(dst), (uint16_t)ref->index, gen_name(f, name));
            else gen_emit(f, OP_GETUPCELL, ambreg(dst), (uint16_t)ref->index, 0);
        } else if (ref->needs_check) {
            gen_emit(f, OP_GETUPC, ambreg(dst), (uint16_t)ref->index, gen_name(f, name));
        } else {
            gen_emit(f, OP_GETUP, ambreg(dst), (uint16_t)ref->index, 0);
        }
        break;
    case REF_MODULE:
        if (ref->needs_check) gen_emit(f, OP_GETMC, ambreg(dst), gen_name(f, name), 0);
        else gen_emit(f, OP_GETM, ambreg(dst), 0, 0);
        ambpb_slot_word(f->pb, f->g->vmodule, ref->index);
        break;
    case REF_IMPORT: {
        struct amb_module *m = ref->import->iface->module;
        if (ref->needs_check) gen_emit(f, OP_GETMC, ambreg(dst), gen_name(f, name), 0);
        else gen_emit(f, OP_GETM, ambreg(dst), 0, 0);
        ambpb_slot_word(f->pb, m, ref->index);
        break;
    }
    case REF_PRELUDE:
        if (ambtext_equal(name, AMB_TEXT("args")) && ambprelude_entry_only(f->g->vm, ref->index)) {
            gen_emit(f, OP_ARGS, ambreg(dst), 0, 0);
            break;
        }
        gen_load_k(f, ambpb_prelude(f->pb, ref->index), dst);
        break;
    default: gen_emit(f, OP_LOADNIL, ambreg(dst), 0, 0); break;
    }
}

void gen_write(genfn *f, const struct amb_ref *ref, uint32_t from, amb_text name)
{
    const struct amb_decl *d = ref->decl;
    if (ref->needs_check) {
        uint32_t t = gen_alloc(f, 1);
        gen_read(f, ref, name, t);
        f->top = t;
    }
    switch (ref->kind) {
    case REF_LOCAL:
        if (d->storage == STORE_CELL) gen_emit(f, OP_CELLSET, ambreg(d->reg), ambreg(from), 0);
        else if (d->reg != from) gen_emit(f, OP_MOVE, ambreg(d->reg), ambreg(from), 0);
        break;
    case REF_UPVALUE: gen_emit(f, OP_SETUPCELL, ambreg(from), (uint16_t)ref->index, 0); break;
    case REF_MODULE:
        gen_emit(f, OP_SETM, ambreg(from), 0, 0);
        ambpb_slot_word(f->pb, f->g->vmodule, ref->index);
        break;
    case REF_IMPORT: /* a variable of an earlier line of a read-eval loop */
        gen_emit(f, OP_SETM, ambreg(from), 0, 0);
        ambpb_slot_word(f->pb, ref->import->iface->module, ref->index);
        break;
    default: break;
    }
}

void gen_define(genfn *f, struct amb_decl *d, uint32_t from)
{
    switch (d->storage) {
    case STORE_REGISTER:
        if (d->reg != from) gen_emit(f, OP_MOVE, ambreg(d->reg), ambreg(from), 0);
        break;
    case STORE_CELL:
        if (d->early_cell) gen_emit(f, OP_CELLSET, ambreg(d->reg), ambreg(from), 0);
        else gen_emit(f, OP_NEWCELL, ambreg(d->reg), ambreg(from), 0);
        break;
    case STORE_MODULE:
        gen_emit(f, OP_SETM, ambreg(from), 0, 0);
        ambpb_slot_word(f->pb, f->g->vmodule, d->slot);
        break;
    default: break;
    }
}

uint32_t gen_self(genfn *f, const struct amb_ref *ref)
{
    if (ref->kind == REF_LOCAL && ref->decl->storage == STORE_REGISTER) return ref->decl->reg;
    uint32_t r = gen_alloc(f, 1);
    gen_read(f, ref, AMB_TEXT("self"), r);
    return r;
}

/* ---- constants ---- */

void gen_load_k(genfn *f, uint32_t constant, uint32_t dst)
{
    gen_emit_bx(f, OP_LOADK, ambreg(dst), (int32_t)constant);
}

void gen_load_int(genfn *f, int64_t i, uint32_t dst)
{
    if (i >= INT32_MIN && i <= INT32_MAX) gen_emit_bx(f, OP_LOADI, ambreg(dst), (int32_t)i);
    else {
        ambpb_loading(f->pb, true);
        gen_load_k(f, ambpb_int(f->pb, i), dst);
        ambpb_loading(f->pb, false);
    }
}

bool gen_small_int(const struct amb_node *n, int64_t *i)
{
    if (n->kind != NODE_INT || n->as.i < INT16_MIN || n->as.i > INT16_MAX) return false;
    *i = n->as.i;
    return true;
}

/* A number constant that can stand as an operand. */
static bool number_k(genfn *f, const struct amb_node *n, uint16_t *k)
{
    uint32_t c;
    if (n->kind == NODE_FLOAT) c = ambpb_float(f->pb, n->as.f);
    else if (n->kind == NODE_INT) c = ambpb_int(f->pb, n->as.i);
    else return false;
    if (c > AMB_MAX_KSCALED) return false;
    *k = ambreg(c);
    return true;
}

/* A string constant that can stand as an operand. */
static bool string_k(genfn *f, const struct amb_node *n, uint16_t *k)
{
    if (n->kind != NODE_STRING) return false;
    uint32_t c = ambpb_string(f->pb, n->as.text.at, n->as.text.len);
    if (c > AMB_MAX_KSCALED) return false;
    *k = ambreg(c);
    return true;
}

/* ---- operands ---- */

static bool is_register(const struct amb_node *n)
{
    return (n->kind == NODE_NAME || n->kind == NODE_SELF) && n->as.name.ref.kind == REF_LOCAL &&
           n->as.name.ref.decl->storage == STORE_REGISTER && !n->as.name.ref.needs_check;
}

uint32_t gen_any(genfn *f, struct amb_node *n)
{
    if (is_register(n)) return n->as.name.ref.decl->reg;
    uint32_t r = gen_alloc(f, 1);
    gen_expr(f, n, r);
    return r;
}

/* Whether evaluating n can assign to a local variable: only blocks within expressions can. */
static bool may_assign(const struct amb_node *n)
{
    if (!n) return false;
    if (n->depth > 12) return true;
    switch (n->kind) {
    case NODE_NIL: case NODE_TRUE: case NODE_FALSE: case NODE_INT: case NODE_FLOAT: case NODE_STRING:
    case NODE_BYTES: case NODE_NAME: case NODE_SELF: case NODE_SUPER: case NODE_FN: return false;
    case NODE_UNARY: return may_assign(n->as.binary.left);
    case NODE_BINARY: return may_assign(n->as.binary.left) || may_assign(n->as.binary.right);
    case NODE_MEMBER: return may_assign(n->as.member.object);
    case NODE_INDEX: return may_assign(n->as.index.object) || may_assign(n->as.index.key);
    case NODE_CALL:
        if (may_assign(n->as.call.callee)) return true;
        for (uint32_t i = 0; i < n->as.call.args.len; i++)
            if (may_assign(n->as.call.args.at[i])) return true;
        return false;
    default: return true;
    }
}

uint32_t gen_any_before(genfn *f, struct amb_node *n, const struct amb_node *later)
{
    if (is_register(n) && (!n->as.name.ref.decl->reassigned || !may_assign(later)))
        return n->as.name.ref.decl->reg;
    uint32_t r = gen_alloc(f, 1);
    gen_expr(f, n, r);
    return r;
}

bool gen_keeps_variables(const struct amb_node *n)
{
    if (n->kind != NODE_TUPLE) return !may_assign(n);
    for (uint32_t i = 0; i < n->as.list.len; i++) {
        const struct amb_node *e = n->as.list.at[i];
        if (may_assign(e->kind == NODE_NAMED ? e->as.named.value : e)) return false;
    }
    return true;
}

uint32_t gen_fixed(genfn *f, struct amb_node *n)
{
    if (is_register(n) && !n->as.name.ref.decl->reassigned) return n->as.name.ref.decl->reg;
    uint32_t r = gen_alloc(f, 1);
    gen_expr(f, n, r);
    return r;
}

/* ---- operators ---- */

/* 2**64 / by, rounded up: what a number below 2**32 is multiplied with to divide it. */
static uint64_t reciprocal(int64_t by) { return UINT64_MAX / (uint64_t)by + 1; }

static void binary_op(genfn *f, enum amb_op op, struct amb_node *left, struct amb_node *right,
                      uint32_t dst)
{
    static const uint16_t rr[AMB_OP_COUNT] = {
        [AMB_ADD] = OP_ADD, [AMB_SUB] = OP_SUB, [AMB_MUL] = OP_MUL, [AMB_DIV] = OP_DIV,
        [AMB_FLOORDIV] = OP_FLOORDIV, [AMB_MOD] = OP_MOD, [AMB_POW] = OP_POW,
        [AMB_ADD_WRAP] = OP_ADDW, [AMB_SUB_WRAP] = OP_SUBW, [AMB_MUL_WRAP] = OP_MULW,
        [AMB_BIT_AND] = OP_BAND, [AMB_BIT_OR] = OP_BOR, [AMB_BIT_XOR] = OP_BXOR,
        [AMB_SHL] = OP_SHL, [AMB_SHR] = OP_SHR, [AMB_USHR] = OP_USHR, [AMB_EQ] = OP_EQ,
        [AMB_NE] = OP_NE, [AMB_LT] = OP_LT, [AMB_LE] = OP_LE, [AMB_GT] = OP_GT, [AMB_GE] = OP_GE,
        [AMB_IN] = OP_IN, [AMB_NOT_IN] = OP_IN
    };
    amb_span span = f->span;
    uint32_t top = f->top;
    int64_t i;
    uint16_t k;
    if (gen_small_int(right, &i)) {
        enum amb_opcode o = OP_COUNT;
        switch (op) {
        case AMB_ADD: o = OP_ADDI; break;
        case AMB_SUB: o = OP_SUBI; break;
        case AMB_MUL: o = OP_MULI; break;
        case AMB_MOD: if (i > 1) o = OP_MODI; break;
        case AMB_FLOORDIV: if (i > 1) o = OP_FLOORDIVI; break;
        case AMB_BIT_AND: o = OP_BANDI; break;
        case AMB_SHL: if (i >= 0 && i < 64) o = OP_SHLI; break;
        case AMB_SHR: if (i >= 0 && i < 64) o = OP_SHRI; break;
        case AMB_USHR: if (i >= 0 && i < 64) o = OP_USHRI; break;
        case AMB_BIT_XOR: o = OP_BXORI; break;
        case AMB_DIV: if (i != 0) o = OP_DIVI; break;
        case AMB_EQ: o = OP_EQI; break;
        case AMB_NE: o = OP_NEI; break;
        case AMB_LT: o = OP_LTI; break;
        case AMB_LE: o = OP_LEI; break;
        case AMB_GT: o = OP_GTI; break;
        case AMB_GE: o = OP_GEI; break;
        default: break;
        }
        if (o != OP_COUNT) {
            uint32_t l = gen_any(f, left);
            f->span = span;
            gen_emit(f, o, ambreg(dst), ambreg(l), (uint16_t)(int16_t)i);
            if (o == OP_MODI || o == OP_FLOORDIVI) gen_word(f, reciprocal(i));
            f->top = top;
            return;
        }
    }
    if ((op == AMB_ADD_WRAP || op == AMB_MUL_WRAP) && number_k(f, right, &k)) {
        uint32_t l = gen_any(f, left);
        f->span = span;
        gen_emit(f, op == AMB_ADD_WRAP ? OP_ADDWK : OP_MULWK, ambreg(dst), ambreg(l), k);
        f->top = top;
        return;
    }
    if (right->kind == NODE_INT) {
        enum amb_opcode o = op == AMB_MOD && right->as.i > 1 ? OP_MODK
                          : op == AMB_BIT_AND                ? OP_BANDK
                          : op == AMB_BIT_OR                 ? OP_BORK
                          : op == AMB_BIT_XOR                ? OP_BXORK
                                                             : OP_COUNT;
        if (o != OP_COUNT && number_k(f, right, &k)) {
            uint32_t l = gen_any(f, left);
            f->span = span;
            gen_emit(f, o, ambreg(dst), ambreg(l), k);
            if (o == OP_MODK) gen_word(f, reciprocal(right->as.i));
            f->top = top;
            return;
        }
    }
    if (op <= AMB_DIV && op != AMB_FLOORDIV) {
        static const uint16_t rk[] = { OP_ADDK, OP_SUBK, OP_MULK, OP_DIVK,
                                       OP_ADDKF, OP_SUBKF, OP_MULKF, OP_DIVKF };
        static const uint16_t kr[] = { OP_ADDKR, OP_SUBKR, OP_MULKR, OP_DIVKR,
                                       OP_ADDKRF, OP_SUBKRF, OP_MULKRF, OP_DIVKRF };
        if (number_k(f, right, &k)) {
            uint32_t l = gen_any(f, left);
            f->span = span;
            gen_emit(f, rk[op + (right->kind == NODE_FLOAT ? 4 : 0)], ambreg(dst), ambreg(l), k);
            f->top = top;
            return;
        }
        if (number_k(f, left, &k)) {
            uint32_t r = gen_any(f, right);
            f->span = span;
            gen_emit(f, kr[op + (left->kind == NODE_FLOAT ? 4 : 0)], ambreg(dst), k, ambreg(r));
            f->top = top;
            return;
        }
    }
    uint32_t l = gen_any_before(f, left, right);
    uint32_t r = gen_any(f, right);
    f->span = span;
    gen_emit(f, rr[op], ambreg(dst), ambreg(l), ambreg(r));
    if (op == AMB_NOT_IN) gen_emit(f, OP_NOT, ambreg(dst), ambreg(dst), 0);
    f->top = top;
}

static void unary(genfn *f, struct amb_node *n, uint32_t dst)
{
    amb_span span = f->span;
    uint32_t top = f->top, r = gen_any(f, n->as.binary.left);
    f->span = span;
    enum amb_opcode op = n->as.binary.op == AMB_NEG ? OP_NEG
                       : n->as.binary.op == AMB_BIT_NOT ? OP_BNOT : OP_NOT;
    gen_emit(f, op, ambreg(dst), ambreg(r), 0);
    f->top = top;
}

static void logic(genfn *f, struct amb_node *n, uint32_t dst)
{
    label end = { 0 };
    gen_expr(f, n->as.binary.left, dst);
    gen_jump_if(f, n->as.binary.op == AMB_AND ? OP_JF
                 : n->as.binary.op == AMB_OR ? OP_JT : OP_JNNIL, dst, &end);
    if (gen_is_jump(n->as.binary.right)) gen_stmt(f, n->as.binary.right);
    else gen_expr(f, n->as.binary.right, dst);
    gen_bind(f, &end);
}

static void is_type(genfn *f, struct amb_node *n, uint32_t dst)
{
    amb_span span = f->span;
    uint32_t top = f->top, first, count;
    uint32_t v = gen_any(f, n->as.is.value);
    uint32_t type = gen_type(f, n->as.is.type, &first, &count);
    f->span = span;
    gen_emit(f, OP_ISTYPE, ambreg(first), ambreg(v), (uint16_t)type);
    gen_emit(f, n->as.is.negated ? OP_NOT : OP_MOVE, ambreg(dst), ambreg(first), 0);
    f->top = top;
}

/* ---- conditions ---- */

static void compare(genfn *f, struct amb_node *n, bool sense, label *l)
{
    /* jump when true, jump when not true; the same with an immediate */
    static const uint16_t ops[6][4] = {
        { OP_JEQ, OP_JNE, OP_JEQI, OP_JNEI },   { OP_JNE, OP_JEQ, OP_JNEI, OP_JEQI },
        { OP_JLT, OP_JNLT, OP_JLTI, OP_JNLTI }, { OP_JLE, OP_JNLE, OP_JLEI, OP_JNLEI },
        { OP_JGT, OP_JNGT, OP_JGTI, OP_JNGTI }, { OP_JGE, OP_JNGE, OP_JGEI, OP_JNGEI }
    };
    const uint16_t *o = ops[n->as.binary.op - AMB_EQ];
    struct amb_node *left = n->as.binary.left, *right = n->as.binary.right;
    amb_span span = n->span;
    uint32_t top = f->top;
    int64_t i;
    if (gen_small_int(right, &i)) {
        uint32_t r = gen_any(f, left);
        f->span = span;
        gen_jump_cmp(f, o[sense ? 2 : 3], ambreg(r), (uint16_t)(int16_t)i, l);
        f->top = top;
        return;
    }
    if (right->kind == NODE_STRING && n->as.binary.op <= AMB_NE) {
        uint32_t k = ambpb_string(f->pb, right->as.text.at, right->as.text.len);
        if (k <= AMB_MAX_KSCALED) {
            uint32_t r = gen_any(f, left);
            f->span = span;
            bool equal = (n->as.binary.op == AMB_EQ) == sense;
            gen_jump_cmp(f, equal ? OP_JEQK : OP_JNEK, ambreg(r), ambreg(k), l);
            f->top = top;
            return;
        }
    }
    if (n->as.binary.op <= AMB_NE && right->kind == NODE_NIL) {
        uint32_t r = gen_any(f, left);
        f->span = span;
        gen_jump_cmp(f, (n->as.binary.op == AMB_EQ) == sense ? OP_JEQNIL : OP_JNENIL, ambreg(r), 0, l);
        f->top = top;
        return;
    }
    uint16_t k;
    if (n->as.binary.op >= AMB_LT && (number_k(f, right, &k) || string_k(f, right, &k))) {
        static const uint16_t with_k[4][2] = {
            { OP_JLTK, OP_JNLTK }, { OP_JLEK, OP_JNLEK }, { OP_JGTK, OP_JNGTK }, { OP_JGEK, OP_JNGEK }
        };
        uint32_t r = gen_any(f, left);
        f->span = span;
        gen_jump_cmp(f, with_k[n->as.binary.op - AMB_LT][sense ? 0 : 1], ambreg(r), k, l);
        f->top = top;
        return;
    }
    uint32_t x = gen_any_before(f, left, right), y = gen_any(f, right);
    f->span = span;
    gen_jump_cmp(f, o[sense ? 0 : 1], ambreg(x), ambreg(y), l);
    f->top = top;
}

void gen_cond(genfn *f, struct amb_node *n, bool sense, label *l)
{
    if (gen_failed(f)) return;
    f->span = n->span;
    switch (n->kind) {
    case NODE_TRUE:
        if (sense) gen_jump(f, l);
        return;
    case NODE_FALSE: case NODE_NIL:
        if (!sense) gen_jump(f, l);
        return;
    case NODE_UNARY:
        if (n->as.binary.op == AMB_NOT) {
            gen_cond(f, n->as.binary.left, !sense, l);
            return;
        }
        break;
    case NODE_BINARY:
        if (n->as.binary.op >= AMB_EQ && n->as.binary.op <= AMB_GE) {
            compare(f, n, sense, l);
            return;
        }
        if (n->as.binary.op == AMB_NOT_IN) {
            uint32_t top = f->top, t = gen_alloc(f, 1);
            binary_op(f, AMB_IN, n->as.binary.left, n->as.binary.right, t);
            gen_jump_if(f, sense ? OP_JF : OP_JT, t, l);
            f->top = top;
            return;
        }
        break;
    case NODE_LOGIC:
        if (n->as.binary.op == AMB_COALESCE || gen_is_jump(n->as.binary.right)) break;
        if ((n->as.binary.op == AMB_AND) == sense) {
            label out = { 0 };
            gen_cond(f, n->as.binary.left, !sense, &out);
            gen_cond(f, n->as.binary.right, sense, l);
            gen_bind(f, &out);
        } else {
            gen_cond(f, n->as.binary.left, sense, l);
            gen_cond(f, n->as.binary.right, sense, l);
        }
        return;
    default: break;
    }
    uint32_t top = f->top, r = gen_any(f, n);
    gen_jump_if(f, sense ? OP_JT : OP_JF, r, l);
    f->top = top;
}

/* ---- members and elements ---- */

static void skip_nil(genfn *f, bool optional, uint32_t reg)
{
    if (optional && f->chains) gen_jump_if(f, OP_JNIL, reg, &f->chains->nil);
}

static void slot_access(genfn *f, enum amb_opcode self_op, enum amb_opcode slot_op, uint32_t obj,
                        uint32_t slot, uint32_t reg)
{
    uint32_t group = slot >> 3, i = slot & 7;
    uint32_t tag = 8 + group * 72 + i, val = 8 + group * 72 + 8 + i * 8;
    if (obj == 0 && f->self_reg == 0 && val <= 0xffff) {
        gen_emit(f, self_op, ambreg(reg), (uint16_t)tag, (uint16_t)val);
    } else if (slot_op == OP_GETSLOT) {
        gen_emit(f, slot_op, ambreg(reg), ambreg(obj), (uint16_t)slot);
    } else {
        gen_emit(f, slot_op, ambreg(obj), ambreg(reg), (uint16_t)slot);
    }
}

static bool field_slot(genfn *f, const struct amb_field *field, uint32_t *slot)
{
    uint32_t base;
    if (!gen_field_base(field->class_, f->g->vm, &base)) return false;
    *slot = base + field->index;
    return true;
}

static void import_read(genfn *f, const struct amb_import *import, uint32_t slot, uint32_t dst)
{
    gen_emit(f, OP_GETM, ambreg(dst), 0, 0);
    ambpb_slot_word(f->pb, import->iface->module, slot);
}

static void member(genfn *f, struct amb_node *n, uint32_t dst)
{
    amb_span span = n->span;
    uint32_t top = f->top, slot;
    if (n->as.member.import) {
        import_read(f, n->as.member.import, n->as.member.slot, dst);
        return;
    }
    uint32_t obj = gen_any(f, n->as.member.object);
    skip_nil(f, n->as.member.optional, obj);
    f->span = span;
    if (n->as.member.field && !n->as.member.field->is_static &&
        field_slot(f, n->as.member.field, &slot)) {
        slot_access(f, OP_GETSELF, OP_GETSLOT, obj, slot, dst);
    } else {
        amb_text name = n->as.member.name;
        bool len = name.len == 3 && !memcmp(name.at, "len", 3);
        bool private = n->as.member.private_in ||
                       (n->as.member.field && n->as.member.field->is_private);
        gen_emit(f, private ? OP_GETPRIV : len ? OP_LEN : OP_GETFIELD, ambreg(dst), ambreg(obj),
                 gen_name(f, name));
        gen_word(f, UINT32_MAX);
    }
    f->top = top;
}

void gen_index(genfn *f, struct amb_node *n, uint32_t obj, uint32_t dst)
{
    amb_span span = n->span;
    struct amb_node *key = n->as.index.key;
    uint32_t top = f->top;
    int64_t i;
    if (key->kind == NODE_RANGE && !key->parenthesised) {
        uint32_t r = gen_alloc(f, 2);
        if (key->as.range.from) gen_expr(f, key->as.range.from, r);
        else gen_emit(f, OP_LOADNIL, ambreg(r), 0, 0);
        if (key->as.range.to) gen_expr(f, key->as.range.to, r + 1);
        else gen_emit(f, OP_LOADNIL, ambreg(r + 1), 0, 0);
        f->span = span;
        gen_emit(f, key->as.range.closed ? OP_SLICEC : OP_SLICE, ambreg(dst), ambreg(obj), ambreg(r));
    } else if (gen_small_int(key, &i)) {
        f->span = span;
        gen_emit(f, OP_GETIDXI, ambreg(dst), ambreg(obj), (uint16_t)(int16_t)i);
    } else {
        uint32_t k = UINT32_MAX;
        if (key->kind == NODE_STRING) k = ambpb_string(f->pb, key->as.text.at, key->as.text.len);
        if (k <= AMB_MAX_KSCALED) {
            f->span = span;
            gen_emit(f, OP_GETIDXK, ambreg(dst), ambreg(obj), ambreg(k));
        } else {
            uint32_t r = gen_any(f, key);
            f->span = span;
            gen_emit(f, OP_GETIDX, ambreg(dst), ambreg(obj), ambreg(r));
        }
    }
    f->top = top;
}

static void element(genfn *f, struct amb_node *n, uint32_t dst)
{
    uint32_t top = f->top;
    uint32_t obj = gen_any_before(f, n->as.index.object, n->as.index.key);
    skip_nil(f, n->as.index.optional, obj);
    gen_index(f, n, obj, dst);
    f->top = top;
}

/* ---- calls ---- */

static void append_all(genfn *f, struct amb_node *spread, uint32_t list)
{
    label body = { 0 }, next = { 0 };
    uint32_t top = f->top, s = gen_alloc(f, 4);
    gen_expr(f, spread->as.child, s);
    uint32_t at = gen_emit_bx(f, OP_FORPREP, ambreg(s), 0);
    gen_bind(f, &body);
    gen_emit(f, OP_PUSH, ambreg(list), ambreg(s + 3), 0);
    gen_bind(f, &next);
    amb_instr *i = gen_failed(f) ? NULL : ambpb_at(f->pb, at);
    if (i) {
        uint32_t off = next.pos - at - 1;
        i->b = (uint16_t)off;
        i->c = (uint16_t)(off >> 16);
    }
    gen_jump_cmp(f, OP_FORNEXT, ambreg(s), ambreg(s + 3), &body);
    f->top = top;
}

static void list_into(genfn *f, struct amb_node **at, uint32_t n, uint32_t dst)
{
    gen_emit(f, OP_NEWLIST, ambreg(dst), 0, 0);
    for (uint32_t i = 0; i < n && !gen_failed(f); i++) {
        if (at[i]->kind == NODE_SPREAD) {
            append_all(f, at[i], dst);
            continue;
        }
        uint32_t top = f->top, r = gen_any(f, at[i]);
        gen_emit(f, OP_PUSH, ambreg(dst), ambreg(r), 0);
        f->top = top;
    }
}

/* The register where a call's callee goes: dst itself when it is the newest temporary. */
static uint32_t call_base(genfn *f, uint32_t dst, uint32_t more)
{
    if (dst != NOREG && dst + 1 == f->top) {
        gen_alloc(f, more);
        return dst;
    }
    return gen_alloc(f, 1 + more);
}

static void call_done(genfn *f, uint32_t base, uint32_t dst, uint32_t top)
{
    if (dst != NOREG && dst != base) gen_emit(f, OP_MOVE, ambreg(dst), ambreg(base), 0);
    f->top = top;
}

/* Arguments in consecutive registers from f->top. */
static void arguments(genfn *f, struct amb_nodes *args)
{
    for (uint32_t i = 0; i < args->len && !gen_failed(f); i++) {
        struct amb_node *a = args->at[i];
        uint32_t r = gen_alloc(f, 1);
        gen_expr(f, a->kind == NODE_NAMED ? a->as.named.value : a, r);
    }
}

/* The arguments of a call whose callee is in base; see gen_call_parts. */
static uint32_t call_arguments(genfn *f, struct amb_node *n, uint32_t base, uint32_t *names)
{
    struct amb_nodes *args = &n->as.call.args;
    *names = UINT32_MAX;
    if (n->as.call.has_spread) {
        gen_alloc(f, 1); /* base + 3 */
        uint32_t named = 0;
        while (named < args->len && args->at[named]->kind != NODE_NAMED) named++;
        list_into(f, args->at, named, base + 2);
        if (named < args->len) {
            gen_emit(f, OP_NEWMAP, ambreg(base + 3), (uint16_t)(args->len - named), 0);
            for (uint32_t i = named; i < args->len && !gen_failed(f); i++) {
                uint32_t top = f->top, k = gen_alloc(f, 2);
                gen_load_k(f, ambpb_string(f->pb, args->at[i]->as.named.name.at,
                                           args->at[i]->as.named.name.len), k);
                gen_expr(f, args->at[i]->as.named.value, k + 1);
                gen_emit(f, OP_MAPPUT, ambreg(base + 3), ambreg(k), ambreg(k + 1));
                f->top = top;
            }
        } else {
            gen_emit(f, OP_LOADNIL, ambreg(base + 3), 0, 0);
        }
        f->span = n->span;
        return 0xffff;
    }
    f->top = base + 2;
    arguments(f, args);
    f->span = n->span;
    if (n->as.call.has_named) {
        uint32_t ids[256], count = 0;
        for (uint32_t i = 0; i < args->len; i++)
            if (args->at[i]->kind == NODE_NAMED && count < 256)
                ids[count++] = ambpb_string(f->pb, args->at[i]->as.named.name.at,
                                            args->at[i]->as.named.name.len);
        *names = ambpb_names(f->pb, ids, count);
    }
    return args->len;
}

static void call_value(genfn *f, struct amb_node *n, uint32_t base)
{
    uint32_t names, count = call_arguments(f, n, base, &names);
    if (count == 0xffff) {
        gen_emit(f, OP_CALLSPREAD, ambreg(base), 0, 0);
    } else if (names != UINT32_MAX) {
        gen_emit(f, OP_CALLNAMED, ambreg(base), (uint16_t)count, gen_k(f, names));
    } else {
        bool tail = n->as.call.tail && !f->ways && !f->fn->result && !f->fn->is_generator;
        gen_emit(f, tail ? OP_TAILCALL : OP_CALL, ambreg(base), (uint16_t)count, 0);
    }
}

/* Callees known by name: native functions and functions of modules. */
static bool call_known(genfn *f, struct amb_node *n, uint32_t dst)
{
    struct amb_node *callee = n->as.call.callee;
    uint32_t argc = n->as.call.args.len, top = f->top;
    if (n->as.call.has_named || n->as.call.has_spread) return false;
    const struct amb_ref *ref = callee->kind == NODE_NAME ? &callee->as.name.ref : NULL;
    struct amb_module *m = NULL;
    uint32_t slot = 0;
    bool native = false, prelude = false;
    if (ref && ref->kind == REF_PRELUDE) {
        native = prelude = ambpb_is_native_prelude(f->g->vm, ref->index, argc);
        if (!native) return false;
    } else if (ref && ref->kind == REF_IMPORT) {
        m = ref->import->iface->module;
        slot = ref->index;
    } else if (callee->kind == NODE_MEMBER && callee->as.member.import) {
        m = callee->as.member.import->iface->module;
        slot = callee->as.member.slot;
    } else if (ref && ref->kind == REF_MODULE && ref->decl && !ref->needs_check &&
               (ref->decl->kind == DECL_FN || ref->decl->kind == DECL_CLASS)) {
        m = f->g->vmodule;
        slot = ref->index;
    } else {
        return false;
    }
    if (m && ambpb_is_native_export(m, slot, argc)) native = true;
    if (n->as.call.tail && !native) return false;
    uint32_t base = call_base(f, dst, 1);
    arguments(f, &n->as.call.args);
    f->span = n->span;
    gen_emit(f, native ? OP_CALLN : OP_CALLM, ambreg(base), (uint16_t)argc, 0);
    if (prelude) ambpb_native_prelude_word(f->pb, ref->index);
    else if (native) ambpb_native_export_word(f->pb, m, slot);
    else ambpb_slot_word(f->pb, m, slot);
    call_done(f, base, dst, top);
    return true;
}

/* Whether `callee` names the class with a private constructor in whose body this stands. */
static bool own_private_class(const genfn *f, const struct amb_node *callee)
{
    if (callee->kind != NODE_NAME) return false;
    const struct amb_decl *decl = callee->as.name.ref.decl;
    if (!decl || decl->kind != DECL_CLASS || !decl->node->as.class_->private_ctor) return false;
    if (f->g->statics_of == decl->node->as.class_) return true;
    for (; f; f = f->outer)
        if (f->fn && f->fn->class_ == decl->node->as.class_) return true;
    return false;
}

static void call(genfn *f, struct amb_node *n, uint32_t dst)
{
    struct amb_node *callee = n->as.call.callee;
    uint32_t top = f->top;
    bool own = own_private_class(f, callee);
    if (!own && call_known(f, n, dst)) return;
    bool plain = !n->as.call.has_named && !n->as.call.has_spread;
    if (callee->kind == NODE_MEMBER && !callee->as.member.import && plain &&
        !callee->parenthesised) {
        uint32_t base = call_base(f, dst, 2);
        gen_expr(f, callee->as.member.object, base + 2);
        skip_nil(f, callee->as.member.optional, base + 2);
        arguments(f, &n->as.call.args);
        f->span = n->span;
        bool private = callee->as.member.private_in ||
                       (callee->as.member.field && callee->as.member.field->is_private);
        gen_emit(f, private ? OP_INVOKEPRIV : OP_INVOKE, ambreg(base), (uint16_t)n->as.call.args.len,
                 gen_name(f, callee->as.member.name));
        gen_word(f, UINT32_MAX);
        gen_word(f, 0);
        call_done(f, base, dst, top);
        return;
    }
    if (callee->kind == NODE_SUPER && plain) {
        uint32_t base = call_base(f, dst, 2);
        gen_read(f, &callee->as.super.self, AMB_TEXT("self"), base + 2);
        arguments(f, &n->as.call.args);
        f->span = n->span;
        gen_emit(f, OP_SUPERCALL, ambreg(base), (uint16_t)n->as.call.args.len,
                 gen_name(f, callee->as.super.name));
        call_done(f, base, dst, top);
        return;
    }
    uint32_t base = call_base(f, dst, 0);
    gen_expr(f, callee, base);
    if (own) gen_emit(f, OP_CTOR, ambreg(base), 0, 0);
    gen_alloc(f, 2);
    call_value(f, n, base);
    call_done(f, base, dst, top);
}

uint32_t gen_call_parts(genfn *f, struct amb_node *n, uint32_t base, uint32_t *names)
{
    struct amb_node *callee = n->as.call.callee;
    gen_expr(f, callee, base);
    if (own_private_class(f, callee)) gen_emit(f, OP_CTOR, ambreg(base), 0, 0);
    f->top = base + 3;
    return call_arguments(f, n, base, names);
}

/* ---- literals with parts ---- */

static void map(genfn *f, struct amb_node *n, uint32_t dst)
{
    struct amb_nodes *l = &n->as.list;
    gen_emit(f, OP_NEWMAP, ambreg(dst), (uint16_t)(l->len > 1000 ? 1000 : l->len), 0);
    for (uint32_t i = 0; i < l->len && !gen_failed(f); i++) {
        struct amb_node *e = l->at[i];
        uint32_t top = f->top;
        f->span = e->span;
        if (e->kind == NODE_SPREAD) {
            uint32_t s = gen_alloc(f, 5), type = ambpb_type(f->pb, AMBT_MAP, 0, "map", 3);
            gen_expr(f, e->as.child, s);
            f->span = e->span;
            gen_emit(f, OP_CHECK, ambreg(s), ambreg(s), (uint16_t)type);
            gen_word(f, (uint64_t)CHECK_BINDING << 32 | ambpb_string(f->pb, "...", 3));
            uint32_t at = gen_emit_bx(f, OP_FORPREP, ambreg(s), 0);
            label body = { 0 };
            gen_bind(f, &body);
            gen_emit(f, OP_MAPPUT, ambreg(dst), ambreg(s + 3), ambreg(s + 4));
            if (!gen_failed(f)) {
                uint32_t off = ambpb_here(f->pb) - at - 1;
                ambpb_at(f->pb, at)->b = (uint16_t)off;
                ambpb_at(f->pb, at)->c = (uint16_t)(off >> 16);
            }
            gen_jump_cmp(f, OP_FORNEXT2, ambreg(s), ambreg(s + 3), &body);
        } else {
            uint32_t k = gen_alloc(f, 2);
            gen_expr(f, e->as.pair.left, k);
            gen_expr(f, e->as.pair.right, k + 1);
            f->span = e->span;
            gen_emit(f, OP_MAPPUT, ambreg(dst), ambreg(k), ambreg(k + 1));
        }
        f->top = top;
    }
}

static void list(genfn *f, struct amb_node *n, uint32_t dst)
{
    struct amb_nodes *l = &n->as.list;
    bool simple = l->len <= 50;
    for (uint32_t i = 0; i < l->len && simple; i++) simple = l->at[i]->kind != NODE_SPREAD;
    if (!simple) {
        list_into(f, l->at, l->len, dst);
        return;
    }
    uint32_t first = f->top;
    arguments(f, l);
    f->span = n->span;
    gen_emit(f, OP_NEWLIST, ambreg(dst), ambreg(first), (uint16_t)l->len);
    f->top = first;
}

static void tuple(genfn *f, struct amb_node *n, uint32_t dst)
{
    struct amb_nodes *l = &n->as.list;
    uint32_t first = f->top;
    arguments(f, l);
    f->span = n->span;
    gen_emit(f, OP_NEWTUPLE, ambreg(dst), ambreg(first), (uint16_t)l->len);
    f->top = first;
    if (l->len && l->at[0]->kind == NODE_NAMED) {
        uint32_t count = 0, *names = ambarena_alloc(f->g->arena, l->len * sizeof *names);
        for (uint32_t i = 0; names && i < l->len; i++)
            names[count++] = ambpb_string(f->pb, l->at[i]->as.named.name.at, l->at[i]->as.named.name.len);
        gen_emit(f, OP_NAMES, ambreg(dst), gen_k(f, ambpb_names(f->pb, names, count)), 0);
    }
}

static void part(genfn *f, struct amb_node *p, uint32_t r)
{
    if (p->kind == NODE_STRING) {
        gen_expr(f, p, r);
        return;
    }
    if (p->as.format.spec) {
        uint32_t top = f->top, v = gen_any_before(f, p->as.format.value, p->as.format.spec);
        uint32_t s = gen_alloc(f, 1);
        gen_expr(f, p->as.format.spec, s);
        f->span = p->span;
        gen_emit(f, OP_FORMAT, ambreg(r), ambreg(v), ambreg(s));
        f->top = top;
        return;
    }
    uint32_t top = f->top, v = gen_any(f, p->as.format.value);
    f->span = p->span;
    gen_emit(f, OP_TOSTR, ambreg(r), ambreg(v), 0);
    f->top = top;
}

static void interpolation(genfn *f, struct amb_node *n, uint32_t dst)
{
    struct amb_nodes *l = &n->as.list;
    uint32_t first = f->top, n_here = 0;
    for (uint32_t i = 0; i < l->len && !gen_failed(f); i++) {
        part(f, l->at[i], gen_alloc(f, 1));
        if (++n_here == 100 && i + 1 < l->len) { /* long ones in pieces */
            gen_emit(f, OP_CONCAT, ambreg(first), ambreg(first), (uint16_t)n_here);
            f->top = first + 1;
            n_here = 1;
        }
    }
    f->span = n->span;
    gen_emit(f, OP_CONCAT, ambreg(dst), ambreg(first), (uint16_t)n_here);
    f->top = first;
}

/* ---- everything ---- */

static void range(genfn *f, struct amb_node *n, uint32_t dst)
{
    uint32_t top = f->top;
    uint32_t a = gen_any_before(f, n->as.range.from, n->as.range.to), b = gen_any(f, n->as.range.to);
    f->span = n->span;
    gen_emit(f, n->as.range.closed ? OP_NEWRANGEC : OP_NEWRANGE, ambreg(dst), ambreg(a), ambreg(b));
    f->top = top;
}

void gen_effect(genfn *f, struct amb_node *n)
{
    uint32_t top = f->top;
    if (n->kind == NODE_CALL) {
        f->span = n->span;
        call(f, n, NOREG);
    } else {
        gen_expr(f, n, gen_alloc(f, 1));
    }
    f->top = top;
}

void gen_expr(genfn *f, struct amb_node *n, uint32_t dst)
{
    if (gen_failed(f)) return;
    amb_span outer = f->span;
    f->span = n->span;
    switch (n->kind) {
    case NODE_NIL: gen_emit(f, OP_LOADNIL, ambreg(dst), 0, 0); break;
    case NODE_TRUE: gen_emit(f, OP_LOADTRUE, ambreg(dst), 0, 0); break;
    case NODE_FALSE: gen_emit(f, OP_LOADFALSE, ambreg(dst), 0, 0); break;
    case NODE_INT: gen_load_int(f, n->as.i, dst); break;
    case NODE_FLOAT:
        ambpb_loading(f->pb, true);
        gen_load_k(f, ambpb_float(f->pb, n->as.f), dst);
        ambpb_loading(f->pb, false);
        break;
    case NODE_STRING:
        ambpb_loading(f->pb, true);
        gen_load_k(f, ambpb_string(f->pb, n->as.text.at, n->as.text.len), dst);
        ambpb_loading(f->pb, false);
        break;
    case NODE_BYTES: {
        /* A fresh buffer each time: bytes can be changed. */
        uint32_t top = f->top, base = gen_alloc(f, 3);
        gen_load_k(f, ambpb_bytes(f->pb, n->as.text.at, n->as.text.len), base + 2);
        gen_emit(f, OP_INVOKE, ambreg(base), 0, gen_name(f, AMB_TEXT("copy")));
        gen_word(f, UINT32_MAX);
        gen_word(f, 0);
        gen_emit(f, OP_MOVE, ambreg(dst), ambreg(base), 0);
        f->top = top;
        break;
    }
    case NODE_INTERP: interpolation(f, n, dst); break;
    case NODE_NAME:
    case NODE_SELF: gen_read(f, &n->as.name.ref, n->as.name.name, dst); break;
    case NODE_SUPER: {
        uint32_t top = f->top, s = gen_self(f, &n->as.super.self);
        gen_emit(f, OP_SUPERGET, ambreg(dst), ambreg(s), gen_name(f, n->as.super.name));
        f->top = top;
        break;
    }
    case NODE_LIST: list(f, n, dst); break;
    case NODE_TUPLE: tuple(f, n, dst); break;
    case NODE_MAP: map(f, n, dst); break;
    case NODE_FN: {
        uint32_t i = gen_child(f, n->as.fn);
        gen_emit_bx(f, OP_CLOSURE, ambreg(dst), (int32_t)i);
        break;
    }
    case NODE_UNARY: unary(f, n, dst); break;
    case NODE_BINARY: binary_op(f, n->as.binary.op, n->as.binary.left, n->as.binary.right, dst); break;
    case NODE_LOGIC: logic(f, n, dst); break;
    case NODE_IS: is_type(f, n, dst); break;
    case NODE_RANGE: range(f, n, dst); break;
    case NODE_MEMBER: member(f, n, dst); break;
    case NODE_INDEX: element(f, n, dst); break;
    case NODE_CALL: call(f, n, dst); break;
    case NODE_CHAIN: {
        chain c = { { 0 }, f->chains };
        label end = { 0 };
        f->chains = &c;
        gen_expr(f, n->as.child, dst);
        f->chains = c.outer;
        gen_jump(f, &end);
        gen_bind(f, &c.nil);
        gen_emit(f, OP_LOADNIL, ambreg(dst), 0, 0);
        gen_bind(f, &end);
        break;
    }
    case NODE_IF: gen_if(f, n, dst); break;
    case NODE_MATCH: gen_match(f, n, dst); break;
    case NODE_TRY: gen_try(f, n, dst); break;
    case NODE_GROUP: gen_group(f, n, dst); break;
    case NODE_WITHIN: gen_within(f, n, dst); break;
    case NODE_SELECT: gen_select(f, n, dst); break;
    case NODE_SPAWN: gen_spawn(f, n, dst); break;
    case NODE_BLOCK: gen_block(f, n, dst); break;
    default:
        gen_stmt(f, n); /* jumps, and what is no expression */
        break;
    }
    f->span = outer;
}
