/* SPDX-License-Identifier: MIT */
/* Builds leaves and expressions. */
#include "parse_build.h"

#include <string.h>

#include "grammar.h"

struct amb_node *ambbuild_node(struct amb_parser *p, enum amb_node_kind kind,
                               uint32_t start, uint32_t end)
{
    return ambast_node(p->arena, kind, (amb_span){start, end});
}

/* Recursion over the tree is bounded by this: an over-deep tree is refused where it would
 * come into being. */
static void set_depth(struct amb_parser *p, struct amb_node *node, uint32_t below)
{
    if (below + 1 <= node->depth) return;
    if (below + 1 > AMB_MAX_TREE_DEPTH) {
        if (!p->too_deep) ambdiag_plain(p->diags, DIAG_NESTED_TOO_DEEPLY, node->span);
        p->too_deep = true;
        below = AMB_MAX_TREE_DEPTH - 1;
    }
    node->depth = (uint16_t)(below + 1);
}

void ambbuild_deepen(struct amb_parser *p, struct amb_node *node,
                     const struct amb_node *child)
{
    if (child) set_depth(p, node, child->depth);
}

struct amb_nodes *ambbuild_list(struct amb_parser *p)
{
    return ambarena_alloc(p->arena, sizeof(struct amb_nodes));
}

struct amb_nodes *ambbuild_push(struct amb_parser *p, struct amb_nodes *list,
                               struct amb_node *node)
{
    if (node) ambnodes_push(p->arena, list, node);
    return list;
}

void ambbuild_take_list(struct amb_parser *p, struct amb_node *node,
                        struct amb_nodes *into, struct amb_nodes *list)
{
    if (list) *into = *list;
    for (uint32_t i = 0; i < into->len; i++) ambbuild_deepen(p, node, into->at[i]);
}

struct amb_token ambbuild_join(struct amb_token *from, struct amb_token *to)
{
    struct amb_token t = *from;
    t.span.end = to->span.end;
    return t;
}

static amb_text source_text(const struct amb_parser *p, amb_span span)
{
    return (amb_text){p->src->text + span.start, span.end - span.start};
}

struct amb_node *ambbuild_leaf(struct amb_parser *p, enum amb_node_kind kind,
                               struct amb_token *t)
{
    struct amb_node *node = ambbuild_node(p, kind, t->span.start, t->span.end);
    if (kind == NODE_INT) {
        node->as.i = t->as.i;
        node->big = t->big;
        if (p->src->text[t->span.start] == '+' || p->src->text[t->span.start] == '-')
            node->as.i = 1; /* of ++ and --, which were reported */
    } else if (kind == NODE_FLOAT) {
        node->as.f = t->as.f;
    }
    return node;
}

struct amb_node *ambbuild_negative(struct amb_parser *p, struct amb_token *minus,
                                   enum amb_node_kind kind, struct amb_token *t)
{
    struct amb_node *node = ambbuild_leaf(p, kind, t);
    if (kind == NODE_INT)
        node->as.i = (int64_t)(0 - (uint64_t)node->as.i);
    else
        node->as.f = -node->as.f;
    node->big = false;
    node->span.start = minus->span.start;
    return node;
}

struct amb_node *ambbuild_name(struct amb_parser *p, struct amb_token *t)
{
    struct amb_node *node = ambbuild_node(p, NODE_NAME, t->span.start, t->span.end);
    node->as.name.name = t->as.text;
    return node;
}

struct amb_node *ambbuild_self(struct amb_parser *p, struct amb_token *t)
{
    struct amb_node *node = ambbuild_node(p, NODE_SELF, t->span.start, t->span.end);
    node->as.name.name = t->as.text;
    return node;
}

struct amb_node *ambbuild_super(struct amb_parser *p, struct amb_token *t,
                                struct amb_token *name)
{
    struct amb_node *node = ambbuild_node(p, NODE_SUPER, t->span.start, name->span.end);
    node->as.super.name = name->as.text;
    node->as.super.name_span = name->span;
    return node;
}

struct amb_node *ambbuild_word_key(struct amb_parser *p, struct amb_token *t)
{
    struct amb_node *node = ambbuild_node(p, NODE_STRING, t->span.start, t->span.end);
    node->as.text = t->as.text;
    return node;
}

struct amb_node *ambbuild_shorthand(struct amb_parser *p, struct amb_token *t)
{
    return ambbuild_pair(p, NODE_ENTRY, ambbuild_word_key(p, t), ambbuild_name(p, t));
}

struct amb_node *ambbuild_pair(struct amb_parser *p, enum amb_node_kind kind,
                               struct amb_node *left, struct amb_node *right)
{
    struct amb_node *node = ambbuild_node(p, kind, left->span.start, right->span.end);
    node->as.pair.left = left;
    node->as.pair.right = right;
    ambbuild_deepen(p, node, left);
    ambbuild_deepen(p, node, right);
    return node;
}

struct amb_node *ambbuild_named(struct amb_parser *p, enum amb_node_kind kind,
                                struct amb_token *name, struct amb_node *value)
{
    struct amb_node *node = ambbuild_node(p, kind, name->span.start, value->span.end);
    node->as.named.name = name->as.text;
    node->as.named.name_span = name->span;
    node->as.named.value = value;
    ambbuild_deepen(p, node, value);
    return node;
}

struct amb_node *ambbuild_wrap(struct amb_parser *p, enum amb_node_kind kind,
                               struct amb_token *t, struct amb_node *child)
{
    struct amb_node *node =
        ambbuild_node(p, kind, t->span.start, child ? child->span.end : t->span.end);
    node->as.child = child;
    ambbuild_deepen(p, node, child);
    return node;
}

struct amb_node *ambbuild_listy(struct amb_parser *p, enum amb_node_kind kind,
                                struct amb_token *open, struct amb_nodes *items,
                                struct amb_token *close)
{
    struct amb_node *node = ambbuild_node(p, kind, open->span.start, close->span.end);
    ambbuild_take_list(p, node, &node->as.list, items);
    return node;
}

/* ---- operators */

static struct amb_node *two_sided(struct amb_parser *p, enum amb_node_kind kind,
                                  struct amb_node *left, struct amb_token *op,
                                  struct amb_node *right)
{
    struct amb_node *node = ambbuild_node(p, kind, left->span.start, right->span.end);
    node->as.binary.left = left;
    node->as.binary.right = right;
    node->as.binary.op = op->op;
    node->as.binary.op_span = op->span;
    ambbuild_deepen(p, node, left);
    ambbuild_deepen(p, node, right);
    return node;
}

struct amb_node *ambbuild_binary(struct amb_parser *p, struct amb_node *left,
                                 struct amb_token *op, struct amb_node *right)
{
    return ambfold_binary(p->arena, two_sided(p, NODE_BINARY, left, op, right));
}

static bool is_comparison(const struct amb_node *node)
{
    if (node->parenthesised) return false;
    return node->kind == NODE_IS ||
           (node->kind == NODE_BINARY && node->as.binary.op >= AMB_EQ &&
            node->as.binary.op <= AMB_NOT_IN);
}

struct amb_node *ambbuild_compare(struct amb_parser *p, struct amb_node *left,
                                  struct amb_token *op, struct amb_node *right)
{
    if (is_comparison(left)) ambdiag_plain(p->diags, DIAG_CHAINED_COMPARISON, op->span);
    return two_sided(p, NODE_BINARY, left, op, right);
}

struct amb_node *ambbuild_logic(struct amb_parser *p, struct amb_node *left,
                                struct amb_token *op, struct amb_node *right)
{
    return ambfold_logic(p->arena, two_sided(p, NODE_LOGIC, left, op, right));
}

struct amb_node *ambbuild_is(struct amb_parser *p, struct amb_node *value,
                             struct amb_token *op, struct amb_node *type, bool negated)
{
    if (is_comparison(value)) ambdiag_plain(p->diags, DIAG_CHAINED_COMPARISON, op->span);
    ambbuild_check_tested(p, type);
    struct amb_node *node = ambbuild_node(p, NODE_IS, value->span.start, type->span.end);
    node->as.is.value = value;
    node->as.is.type = type;
    node->as.is.negated = negated;
    ambbuild_deepen(p, node, value);
    ambbuild_deepen(p, node, type);
    return node;
}

struct amb_node *ambbuild_unary(struct amb_parser *p, struct amb_token *op,
                                struct amb_node *value)
{
    struct amb_node *node = ambbuild_node(p, NODE_UNARY, op->span.start, value->span.end);
    node->as.binary.left = value;
    node->as.binary.op = op->op == AMB_SUB ? AMB_NEG : op->op;
    node->as.binary.op_span = op->span;
    ambbuild_deepen(p, node, value);
    return ambfold_unary(p->arena, node);
}

struct amb_node *ambbuild_range(struct amb_parser *p, enum amb_node_kind kind,
                                struct amb_node *from, struct amb_node *to, bool closed)
{
    struct amb_node *node = ambbuild_node(p, kind, from->span.start, to->span.end);
    node->as.range.from = from;
    node->as.range.to = to;
    node->as.range.closed = closed;
    ambbuild_deepen(p, node, from);
    ambbuild_deepen(p, node, to);
    return node;
}

struct amb_node *ambbuild_open_range(struct amb_parser *p, struct amb_node *from,
                                     struct amb_token *op, struct amb_node *to,
                                     bool closed)
{
    struct amb_node *node =
        ambbuild_node(p, NODE_RANGE, from ? from->span.start : op->span.start,
                      to ? to->span.end : op->span.end);
    node->as.range.from = from;
    node->as.range.to = to;
    node->as.range.closed = closed;
    ambbuild_deepen(p, node, from);
    ambbuild_deepen(p, node, to);
    return node;
}

struct amb_node *ambbuild_colon_slice(struct amb_parser *p, struct amb_node *from,
                                      struct amb_token *colon, struct amb_node *to)
{
    ambdiag_plain(p->diags, DIAG_COLON_SLICE, colon->span);
    return ambbuild_open_range(p, from, colon, to, false);
}

/* ---- what follows an operand */

struct amb_node *ambbuild_member_of(struct amb_parser *p, struct amb_node *object,
                                    struct amb_token *name, bool optional)
{
    struct amb_node *node =
        ambbuild_node(p, NODE_MEMBER, object->span.start, name->span.end);
    node->as.member.object = object;
    node->as.member.name = name->as.text;
    node->as.member.name_span = name->span;
    node->as.member.optional = optional;
    ambbuild_deepen(p, node, object);
    return node;
}

struct amb_node *ambbuild_index(struct amb_parser *p, struct amb_node *object,
                                struct amb_node *key, struct amb_token *close,
                                bool optional)
{
    struct amb_node *node =
        ambbuild_node(p, NODE_INDEX, object->span.start, close->span.end);
    node->as.index.object = object;
    node->as.index.key = key;
    node->as.index.optional = optional;
    ambbuild_deepen(p, node, object);
    ambbuild_deepen(p, node, key);
    return node;
}

struct amb_node *ambbuild_call(struct amb_parser *p, struct amb_node *callee,
                               struct amb_nodes *args, struct amb_token *close)
{
    struct amb_node *node =
        ambbuild_node(p, NODE_CALL, callee->span.start, close->span.end);
    node->as.call.callee = callee;
    ambbuild_deepen(p, node, callee);
    ambbuild_take_list(p, node, &node->as.call.args, args);
    for (uint32_t i = 0; i < node->as.call.args.len; i++) {
        struct amb_node *arg = node->as.call.args.at[i];
        if (arg->kind == NODE_NAMED) {
            node->as.call.has_named = true;
        } else {
            if (node->as.call.has_named)
                ambdiag_plain(p->diags, DIAG_ARGUMENT_ORDER, arg->span);
            if (arg->kind == NODE_SPREAD) node->as.call.has_spread = true;
        }
    }
    if (node->as.call.args.len > AMB_MAX_ARGS)
        ambdiag_add(p->diags, DIAG_TOO_MANY, node->as.call.args.at[AMB_MAX_ARGS]->span,
                    AMB_TEXT("255"), AMB_TEXT("arguments"));
    return node;
}

/* The innermost optional link that the chain's end must know of. */
static bool has_optional(const struct amb_node *node)
{
    while (!node->parenthesised) {
        switch (node->kind) {
        case NODE_MEMBER:
            if (node->as.member.optional) return true;
            node = node->as.member.object;
            break;
        case NODE_INDEX:
            if (node->as.index.optional) return true;
            node = node->as.index.object;
            break;
        case NODE_CALL: node = node->as.call.callee; break;
        default: return false;
        }
    }
    return false;
}

struct amb_node *ambbuild_chain(struct amb_parser *p, struct amb_node *post)
{
    if (!has_optional(post)) return post;
    struct amb_node *node =
        ambbuild_node(p, NODE_CHAIN, post->span.start, post->span.end);
    node->as.child = post;
    ambbuild_deepen(p, node, post);
    return node;
}

struct amb_node *ambbuild_equals_arg(struct amb_parser *p, struct amb_node *name,
                                     struct amb_token *op, struct amb_node *value)
{
    if (name->kind != NODE_NAME) {
        ambdiag_plain(p->diags, DIAG_ASSIGN_AS_VALUE, op->span);
        return value;
    }
    ambdiag_add(p->diags, DIAG_NAMED_ARG_EQUALS, op->span, name->as.name.name);
    struct amb_node *node =
        ambbuild_node(p, NODE_NAMED, name->span.start, value->span.end);
    node->as.named.name = name->as.name.name;
    node->as.named.name_span = name->span;
    node->as.named.value = value;
    ambbuild_deepen(p, node, value);
    return node;
}

/* ---- parentheses */

/* Until it is known whether an => follows, the items stay as they were written.
 * `parenthesised` marks a comma behind the last one. */
struct amb_node *ambbuild_paren_list(struct amb_parser *p, struct amb_token *open,
                                     struct amb_nodes *items, bool comma,
                                     struct amb_token *close)
{
    struct amb_node *node = ambbuild_listy(p, NODE_TUPLE, open, items, close);
    node->parenthesised = comma;
    return node;
}

struct amb_node *ambbuild_paren(struct amb_parser *p, struct amb_node *list)
{
    struct amb_nodes *items = &list->as.list;
    struct amb_node *only = items->len == 1 && !list->parenthesised ? items->at[0] : NULL;
    list->parenthesised = true;
    if (only && only->kind != NODE_NAMED && only->kind != NODE_SPREAD) {
        if (only->kind == NODE_ASSIGN) {
            ambdiag_plain(p->diags, DIAG_ASSIGN_AS_VALUE,
                          ((amb_span){only->as.pair.left->span.start, only->span.end}));
            only = only->as.pair.right;
        }
        only->parenthesised = true;
        only->span = list->span;
        return only;
    }
    uint32_t named = 0;
    for (uint32_t i = 0; i < items->len; i++) {
        struct amb_node *item = items->at[i];
        if (item->kind == NODE_ASSIGN) {
            ambdiag_plain(p->diags, DIAG_ASSIGN_AS_VALUE, item->span);
            items->at[i] = item->as.pair.right;
        } else if (item->kind == NODE_SPREAD) {
            ambdiag_plain(p->diags, DIAG_SPREAD_PLACE, item->span);
            items->at[i] = item->as.child;
        } else if (item->kind == NODE_NAMED) {
            named++;
        }
    }
    if (named == 0 || named == items->len) return list;
    for (uint32_t i = 0; i < items->len; i++) {
        if ((items->at[i]->kind == NODE_NAMED) != (items->at[0]->kind == NODE_NAMED)) {
            ambdiag_plain(p->diags, DIAG_MIXED_TUPLE, items->at[i]->span);
            break;
        }
    }
    for (uint32_t i = 0; i < items->len; i++)
        if (items->at[i]->kind == NODE_NAMED) items->at[i] = items->at[i]->as.named.value;
    return list;
}

/* ---- spawn */

struct amb_node *ambbuild_spawn(struct amb_parser *p, struct amb_token *t,
                                struct amb_node *call)
{
    if (call->kind != NODE_CALL || call->parenthesised || has_optional(call)) {
        ambdiag_plain(p->diags, DIAG_SPAWN_WHAT, call->span);
        return ambbuild_node(p, NODE_ERROR, t->span.start, call->span.end);
    }
    struct amb_node *node = ambbuild_node(p, NODE_SPAWN, t->span.start, call->span.end);
    node->as.spawn.call = call;
    ambbuild_deepen(p, node, call);
    return node;
}

struct amb_node *ambbuild_spawn_block(struct amb_parser *p, struct amb_token *t,
                                      struct amb_node *block)
{
    struct amb_fn *fn = ambbuild_fn(p);
    struct amb_node *value = ambbuild_fn_value(p, t, fn, NULL, block, false);
    fn->kind = AMB_FNK_SPAWN;
    struct amb_node *node = ambbuild_node(p, NODE_SPAWN, t->span.start, block->span.end);
    node->as.spawn.call = value;
    ambbuild_deepen(p, node, value);
    return node;
}

/* ---- the text of a module name, decoded */

struct amb_token ambbuild_modname(struct amb_parser *p, struct amb_token *t, bool path)
{
    struct amb_token name = *t;
    if (path)
        name.as.text = ambbuild_string(p, t)->as.text;
    else
        name.as.text = source_text(p, t->span);
    name.big = path; /* told apart later */
    return name;
}
