/* SPDX-License-Identifier: MIT */
/* Constant folding while the tree is built. What would raise at run time is left alone.
 */
#include "parse_build.h"

#include <string.h>

#define MAX_FOLDED_TEXT \
    4096 /* bytes; keeps long chains of + from copying quadratically */
#define EXACT_INT ((int64_t)1 << 53)

static bool is_int(const struct amb_node *node)
{
    return node->kind == NODE_INT && !node->big;
}

static bool is_number(const struct amb_node *node)
{
    return is_int(node) || node->kind == NODE_FLOAT;
}

static double as_float(const struct amb_node *node)
{
    return node->kind == NODE_INT ? (double)node->as.i : node->as.f;
}

static struct amb_node *make_int(struct amb_arena *arena, const struct amb_node *at,
                                 int64_t value)
{
    struct amb_node *node = ambast_node(arena, NODE_INT, at->span);
    node->as.i = value;
    return node;
}

static struct amb_node *make_float(struct amb_arena *arena, const struct amb_node *at,
                                   double value)
{
    struct amb_node *node = ambast_node(arena, NODE_FLOAT, at->span);
    node->as.f = value;
    return node;
}

/* 1 and 0 for a constant's truth, -1 for what is no constant. */
static int truth(const struct amb_node *node)
{
    switch (node->kind) {
    case NODE_NIL:
    case NODE_FALSE: return 0;
    case NODE_TRUE:
    case NODE_INT:
    case NODE_FLOAT:
    case NODE_STRING: return 1;
    default: return -1;
    }
}

struct amb_node *ambfold_unary(struct amb_arena *arena, struct amb_node *node)
{
    const struct amb_node *value = node->as.binary.left;
    switch (node->as.binary.op) {
    case AMB_NEG:
        if (value->kind == NODE_INT && value->big && !value->parenthesised)
            return make_int(arena, node, INT64_MIN);
        if (is_int(value) && value->as.i != INT64_MIN)
            return make_int(arena, node, -value->as.i);
        if (value->kind == NODE_FLOAT) return make_float(arena, node, -value->as.f);
        return node;
    case AMB_BIT_NOT: return is_int(value) ? make_int(arena, node, ~value->as.i) : node;
    default:
        if (truth(value) < 0) return node;
        return ambast_node(arena, truth(value) ? NODE_FALSE : NODE_TRUE, node->span);
    }
}

static bool int_power(int64_t base, int64_t exponent, int64_t *result)
{
    *result = 1;
    while (exponent > 0) {
        if ((exponent & 1) && __builtin_mul_overflow(*result, base, result)) return false;
        exponent >>= 1;
        if (exponent > 0 && __builtin_mul_overflow(base, base, &base)) return false;
    }
    return exponent == 0;
}

/* False where the operation would raise. */
static bool int_operation(enum amb_op op, int64_t a, int64_t b, int64_t *out)
{
    switch (op) {
    case AMB_ADD: return !__builtin_add_overflow(a, b, out);
    case AMB_SUB: return !__builtin_sub_overflow(a, b, out);
    case AMB_MUL: return !__builtin_mul_overflow(a, b, out);
    case AMB_ADD_WRAP: *out = (int64_t)((uint64_t)a + (uint64_t)b); return true;
    case AMB_SUB_WRAP: *out = (int64_t)((uint64_t)a - (uint64_t)b); return true;
    case AMB_MUL_WRAP: *out = (int64_t)((uint64_t)a * (uint64_t)b); return true;
    case AMB_FLOORDIV:
        if (b == 0 || (a == INT64_MIN && b == -1)) return false;
        *out = a / b - (a % b != 0 && (a % b < 0) != (b < 0));
        return true;
    case AMB_MOD:
        if (b == 0) return false;
        *out = b == -1 ? 0 : a % b;
        if (*out != 0 && (*out < 0) != (b < 0)) *out += b;
        return true;
    case AMB_POW: return b >= 0 && int_power(a, b, out);
    case AMB_BIT_AND: *out = a & b; return true;
    case AMB_BIT_OR: *out = a | b; return true;
    case AMB_BIT_XOR: *out = a ^ b; return true;
    case AMB_SHL:
    case AMB_SHR:
    case AMB_USHR:
        if (b < 0 || b > 63) return false;
        *out = op == AMB_SHL   ? (int64_t)((uint64_t)a << b)
               : op == AMB_SHR ? a >> b
                               : (int64_t)((uint64_t)a >> b);
        return true;
    default: return false;
    }
}

static struct amb_node *join_texts(struct amb_arena *arena, struct amb_node *node)
{
    const amb_text a = node->as.binary.left->as.text, b = node->as.binary.right->as.text;
    if (a.len > MAX_FOLDED_TEXT || b.len > MAX_FOLDED_TEXT ||
        a.len + b.len > MAX_FOLDED_TEXT)
        return node;
    char *joined = ambarena_alloc(arena, (size_t)a.len + b.len + 1);
    if (a.len > 0) memcpy(joined, a.at, a.len);
    if (b.len > 0) memcpy(joined + a.len, b.at, b.len);
    struct amb_node *text = ambast_node(arena, NODE_STRING, node->span);
    text->as.text = (amb_text){joined, a.len + b.len};
    return text;
}

struct amb_node *ambfold_binary(struct amb_arena *arena, struct amb_node *node)
{
    const struct amb_node *a = node->as.binary.left, *b = node->as.binary.right;
    enum amb_op op = node->as.binary.op;
    if (a->kind == NODE_STRING && b->kind == NODE_STRING && op == AMB_ADD)
        return join_texts(arena, node);
    if (!is_number(a) || !is_number(b)) return node;
    if (is_int(a) && is_int(b) && op != AMB_DIV) {
        int64_t result;
        return int_operation(op, a->as.i, b->as.i, &result)
                   ? make_int(arena, node, result)
                   : node;
    }
    if (op == AMB_DIV && is_int(a) && is_int(b) &&
        (a->as.i > EXACT_INT || a->as.i < -EXACT_INT || b->as.i > EXACT_INT ||
         b->as.i < -EXACT_INT))
        return node;
    double x = as_float(a), y = as_float(b);
    switch (op) {
    case AMB_ADD: return make_float(arena, node, x + y);
    case AMB_SUB: return make_float(arena, node, x - y);
    case AMB_MUL: return make_float(arena, node, x * y);
    case AMB_DIV: return make_float(arena, node, x / y);
    default: return node;
    }
}

struct amb_node *ambfold_logic(struct amb_arena *arena, struct amb_node *node)
{
    struct amb_node *a = node->as.binary.left, *b = node->as.binary.right;
    if (truth(a) < 0 || truth(b) < 0) return node;
    bool right = node->as.binary.op == AMB_AND  ? truth(a) == 1
                 : node->as.binary.op == AMB_OR ? truth(a) == 0
                                                : a->kind == NODE_NIL;
    struct amb_node *value = ambast_node(arena, right ? b->kind : a->kind, node->span);
    value->as = right ? b->as : a->as;
    value->big = right ? b->big : a->big;
    return value;
}
