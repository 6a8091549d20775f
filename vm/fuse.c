/* SPDX-License-Identifier: MIT */
/* Pairs of instructions that often follow each other run as one.
 *
 * Only the opcode of the first one changes: its handler does the work of both when the operands are
 * what they usually are, else only its own. The second instruction stays what it is, so jumps
 * to it, error positions and everything that walks code need to know nothing about pairs. */
#include "code.h"

uint32_t ambrun_words(const amb_instr *i) {
    static const uint8_t words[OP_COUNT] = {
#define OP(name, operands, extra, doc) extra,
#include "opcodes.def"
#undef OP
    };
    return 1u + words[i->op];
}

/* Whether i is that operation on that register. */
static bool follows(const amb_instr *i, uint16_t op, uint16_t reg) {
    return i->op == op && i->a == reg;
}

/* Arithmetic whose result is an operand of the next: the other operand is not that register, too. */
static uint16_t arithmetic(const amb_instr *i, const amb_instr *n) {
    static const uint16_t fused[3][4] = {
        {OP_ADD_ADD, OP_ADD_SUB, OP_ADD_RSUB, OP_ADD_MUL},
        {OP_SUB_ADD, OP_SUB_SUB, OP_SUB_RSUB, OP_SUB_MUL},
        {OP_MUL_ADD, OP_MUL_SUB, OP_MUL_RSUB, OP_MUL_MUL},
    };
    bool left = n->b == i->a, right = n->c == i->a;
    if (follows(n, OP_RETURN, i->a))
        return i->op == OP_ADD ? OP_ADD_RETURN : i->op == OP_SUB ? OP_SUB_RETURN : OP_MUL_RETURN;
    if (i->op == OP_ADD && n->op == OP_FORLOOP) return OP_ADD_FORLOOP;
    if (i->op == OP_ADD && follows(n, OP_LOOPLT, i->a)) return OP_ADD_LOOPLT;
    if (i->op == OP_ADD && follows(n, OP_LOOPLE, i->a)) return OP_ADD_LOOPLE;
    if (i->op == OP_ADD && n->op == OP_ADDI && left) return OP_ADD_ADDI;
    if (left == right) return i->op;
    unsigned first = i->op == OP_ADD ? 0 : i->op == OP_SUB ? 1 : 2;
    switch (n->op) {
    case OP_ADD: return fused[first][0];
    case OP_SUB: return fused[first][left ? 1 : 2];
    case OP_MUL: return fused[first][3];
    default: return i->op;
    }
}

static uint16_t element(const amb_instr *i, const amb_instr *n) {
    bool left = n->b == i->a, right = n->c == i->a;
    switch (n->op) {
    case OP_GETIDX: return left && !right ? OP_GETIDX_GETIDX : i->op;
    case OP_ADD: return left != right ? OP_GETIDX_ADD : i->op;
    case OP_MUL: return left != right ? OP_GETIDX_MUL : i->op;
    case OP_GETFIELD: return left ? OP_GETIDX_GETFIELD : i->op;
    case OP_SETIDX: return right ? OP_GETIDX_SETIDX : i->op;
    default: return i->op;
    }
}

/* x += constant and its relatives: read, add, write back to where it came from. */
static uint16_t update(const amb_instr *i, const amb_instr *n, uint32_t left) {
    if (left < 2 || n[0].a != i->a || n[0].b != i->a) return i->op;
    const amb_instr *w = n + 1;
    switch (i->op) {
    case OP_GETUPCELL:
        return n->op == OP_ADDI && w->op == OP_SETUPCELL && w->a == i->a && w->b == i->b
                   ? OP_UPCELL_ADDI
                   : i->op;
    case OP_GETSELF:
        return n->op == OP_ADDI && w->op == OP_SETSELF && w->a == i->a && w->b == i->b && w->c == i->c
                   ? OP_SELF_ADDI
                   : i->op;
    default:
        if (w->op != OP_SETIDX || w->a != i->b || w->b != i->c || w->c != i->a || i->a == i->b ||
            i->a == i->c)
            return i->op;
        if (n->op == OP_ADDI) return OP_ELEM_ADDI;
        return n->op == OP_ADD && n->c != i->a ? OP_ELEM_ADD : i->op;
    }
}

/* Arms of a match that name a case of an enum. */
static uint16_t enum_case(const amb_instr *i, const amb_instr *n, uint32_t left) {
    if (left < 4 || n->op != OP_GETFIELD || n->b != i->a) return i->op;
    const amb_instr *t = n + 2;
    if (t->c != n->a || t->b == i->a || t->b == n->a || !follows(t + 1, OP_JF, t->a)) return i->op;
    if (t->op == OP_ISINST) return OP_CASE_ISINST;
    return t->op == OP_SAME ? OP_CASE_SAME : i->op;
}

/* Jumps to jumps and to returns go there at once. */
static void thread(amb_instr *code, uint32_t at, bool handlers) {
    amb_instr *i = &code[at];
    for (int steps = 0; steps < 8; steps++) {
        int32_t off = (int32_t)((uint32_t)i->b | (uint32_t)i->c << 16);
        const amb_instr *to = i + 1 + off;
        if (to->op == OP_RETURN || to->op == OP_RETNIL) {
            if (!handlers) *i = *to;
            return;
        }
        if (to->op != OP_JMP || to == i) return;
        off += 1 + (int32_t)((uint32_t)to->b | (uint32_t)to->c << 16);
        i->b = (uint16_t)((uint32_t)off & 0xffff);
        i->c = (uint16_t)((uint32_t)off >> 16);
    }
}

void ambproto_fuse(amb_instr *code, uint32_t n, bool handlers) {
    for (uint32_t at = 0; at < n; at += ambrun_words(&code[at]))
        if (code[at].op == OP_JMP) thread(code, at, handlers);
    for (uint32_t at = 0; at < n;) {
        amb_instr *i = &code[at];
        at += ambrun_words(i);
        if (at >= n) break;
        const amb_instr *next = &code[at];
        uint32_t left = n - at;
        switch (i->op) {
        case OP_ADD:
        case OP_SUB:
        case OP_MUL: i->op = arithmetic(i, next); break;
        case OP_MULI:
            if (next->op == OP_ADD && (next->b == i->a) != (next->c == i->a)) i->op = OP_MULI_ADD;
            if (next->op == OP_ADDI && next->b == i->a) i->op = OP_MULI_ADDI;
            if (next->op == OP_ADDK && next->b == i->a) i->op = OP_MULI_ADDK;
            break;
        case OP_MULK:
            if (next->op == OP_ADDI && next->b == i->a) i->op = OP_MULK_ADDI;
            break;
        case OP_ADDI:
            if (next->op == OP_FORLOOP) i->op = OP_ADDI_FORLOOP;
            if (next->op == OP_GETIDX && next->c == i->a) i->op = OP_ADDI_GETIDX;
            if (follows(next, OP_LOOPLT, i->a)) i->op = OP_ADDI_LOOPLT;
            if (follows(next, OP_LOOPLE, i->a)) i->op = OP_ADDI_LOOPLE;
            if (follows(next, OP_LOOPLTI, i->a)) i->op = OP_ADDI_LOOPLTI;
            break;
        case OP_SETIDX:
            if (next->op == OP_FORLOOP) i->op = OP_SETIDX_FORLOOP;
            break;
        case OP_LOADTRUE:
            if (next->op == OP_SETIDX) i->op = OP_LOADTRUE_SETIDX;
            break;
        case OP_LOADFALSE:
            if (next->op == OP_SETIDX) i->op = OP_LOADFALSE_SETIDX;
            break;
        case OP_LOADI:
            if (next->op == OP_SETIDX) i->op = OP_LOADI_SETIDX;
            break;
        case OP_LT:
            if (follows(next, OP_RETURN, i->a)) i->op = OP_LT_RETURN;
            break;
        case OP_GETUPCELL: i->op = update(i, next, left); break;
        case OP_GETSELF:
            i->op = follows(next, OP_RETURN, i->a) ? OP_GETSELF_RETURN : update(i, next, left);
            if (i->op != OP_GETSELF) break;
            if (next->op == OP_GETSELF) i->op = OP_GETSELF_GETSELF;
            if (next->op == OP_GETFIELD) i->op = OP_GETSELF_GETFIELD;
            if (next->op == OP_GETIDX) i->op = OP_GETSELF_GETIDX;
            break;
        case OP_GETUP:
            if (next->op == OP_GETIDX) i->op = OP_GETUP_GETIDX;
            break;
        case OP_GETFIELD:
            if (next->op == OP_GETFIELD) i->op = OP_GETFIELD_GETFIELD;
            break;
        case OP_NEW:
            if (follows(next, OP_SETSLOT, i->a)) i->op = OP_NEW_FILL;
            break;
        case OP_SUBI:
            if (next->op == OP_CALLM) i->op = OP_SUBI_CALLM;
            if (next->op == OP_GETIDX && next->c == i->a) i->op = OP_SUBI_GETIDX;
            break;
        case OP_GETIDX:
            i->op = update(i, next, left);
            if (i->op == OP_GETIDX) i->op = element(i, next);
            break;
        case OP_GETM: i->op = enum_case(i, next, left); break;
        case OP_MOVE:
            if (next->op == OP_MOVE) {
                i->op = OP_MOVE_MOVE;
                if (left > 1 && next[1].op == OP_CALL) i->op = OP_MOVE_MOVE_CALL;
                if (left > 1 && next[1].op == OP_CALLM) i->op = OP_MOVE_MOVE_CALLM;
            }
            if (next->op == OP_CALL) i->op = OP_MOVE_CALL;
            if (next->op == OP_CALLM) i->op = OP_MOVE_CALLM;
            if (next->op == OP_INVOKE) i->op = OP_MOVE_INVOKE;
            break;
        case OP_MODI:
            if (next->a == i->a && next->op == OP_JEQI) i->op = OP_MODI_JEQI;
            if (next->a == i->a && next->op == OP_JNEI) i->op = OP_MODI_JNEI;
            break;
        default: break;
        }
    }
}
