/* SPDX-License-Identifier: MIT */
/* Making nodes and lists. */
#include "ast.h"

struct amb_node *ambast_node(struct amb_arena *arena, enum amb_node_kind kind, amb_span span)
{
    struct amb_node *node = ambarena_alloc(arena, sizeof *node);
    if (node) {
        node->kind = (uint8_t)kind;
        node->span = span;
        node->depth = 1;
    }
    return node;
}

bool amblist_push(struct amb_arena *arena, struct amb_list *list, struct amb_node *node)
{
    if (!ambarena_grow(arena, (void **)&list->at, &list->cap, list->len + 1, sizeof *list->at))
        return false;
    list->at[list->len++] = node;
    return true;
}

const char *ambast_op_text(enum amb_op op)
{
    static const char *const texts[AMB_OP_COUNT] = {
        [AMB_ADD] = "+", [AMB_SUB] = "-", [AMB_MUL] = "*", [AMB_DIV] = "/",
        [AMB_FLOORDIV] = "//", [AMB_MOD] = "%", [AMB_POW] = "**", [AMB_ADD_WRAP] = "+%",
        [AMB_SUB_WRAP] = "-%", [AMB_MUL_WRAP] = "*%", [AMB_BIT_AND] = "&", [AMB_BIT_OR] = "|",
        [AMB_BIT_XOR] = "^", [AMB_SHL] = "<<", [AMB_SHR] = ">>", [AMB_USHR] = ">>>",
        [AMB_EQ] = "==", [AMB_NE] = "!=", [AMB_LT] = "<", [AMB_LE] = "<=", [AMB_GT] = ">",
        [AMB_GE] = ">=", [AMB_IN] = "in", [AMB_NOT_IN] = "not in", [AMB_NEG] = "-",
        [AMB_BIT_NOT] = "~", [AMB_NOT] = "not", [AMB_AND] = "and", [AMB_OR] = "or",
        [AMB_COALESCE] = "??",
    };
    return op < AMB_OP_COUNT && texts[op] ? texts[op] : "?";
}
