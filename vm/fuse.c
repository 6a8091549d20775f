/* SPDX-License-Identifier: MIT */
/* Pairs of instructions that often follow each other run as one.
 *
 * Only the opcode of the first one changes: its handler does the work of both when the operands are
 * what they usually are, else only its own. The second instruction stays what it is, so jumps
 * to it, error positions and everything that walks code need to know nothing about pairs. */
#include "code.h"

static uint32_t words_of(uint16_t op) {
    static const uint8_t words[OP_COUNT] = {
#define OP(name, operands, extra, doc) extra,
#include "opcodes.def"
#undef OP
    };
    return 1u + words[op];
}

/* Arithmetic whose result is an operand of the next: the other operand is not that register, too. */
static uint16_t arithmetic(const amb_instr *i, const amb_instr *n) {
    static const uint16_t fused[3][4] = {
        {OP_ADD_ADD, OP_ADD_SUB, OP_ADD_RSUB, OP_ADD_MUL},
        {OP_SUB_ADD, OP_SUB_SUB, OP_SUB_RSUB, OP_SUB_MUL},
        {OP_MUL_ADD, OP_MUL_SUB, OP_MUL_RSUB, OP_MUL_MUL},
    };
    bool left = n->b == i->a, right = n->c == i->a;
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
    default: return i->op;
    }
}

void ambproto_fuse(amb_instr *code, uint32_t n) {
    for (uint32_t at = 0; at < n;) {
        amb_instr *i = &code[at];
        at += words_of(i->op);
        if (at >= n) break;
        const amb_instr *next = &code[at];
        switch (i->op) {
        case OP_ADD:
        case OP_SUB:
        case OP_MUL: i->op = arithmetic(i, next); break;
        case OP_GETIDX: i->op = element(i, next); break;
        case OP_MOVE:
            if (next->op == OP_MOVE) i->op = OP_MOVE_MOVE;
            break;
        case OP_MODI:
            if (next->a == i->a && next->op == OP_JEQI) i->op = OP_MODI_JEQI;
            if (next->a == i->a && next->op == OP_JNEI) i->op = OP_MODI_JNEI;
            break;
        default: break;
        }
    }
}
