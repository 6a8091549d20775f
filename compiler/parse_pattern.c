/* SPDX-License-Identifier: MIT */
/* Builds patterns and types. */
#include "parse_build.h"

#include <string.h>

static bool is_wild(amb_text name)
{
    return name.len == 1 && name.at[0] == '_';
}

static struct amb_node *binding(struct amb_parser *p, enum amb_node_kind kind,
                                amb_text name, amb_span span)
{
    struct amb_node *node = ambbuild_node(p, kind, span.start, span.end);
    node->as.bind.name = name;
    node->as.bind.decl = ambbuild_decl(p, DECL_PATTERN, name, span);
    return node;
}

struct amb_node *ambbuild_pat_name(struct amb_parser *p, struct amb_token *t)
{
    if (is_wild(t->as.text))
        return ambbuild_node(p, NODE_PAT_WILD, t->span.start, t->span.end);
    return binding(p, NODE_PAT_BIND, t->as.text, t->span);
}

struct amb_node *ambbuild_pat_value(struct amb_parser *p, struct amb_node *value)
{
    struct amb_node *node =
        ambbuild_node(p, NODE_PAT_VALUE, value->span.start, value->span.end);
    node->as.child = value;
    ambbuild_deepen(p, node, value);
    return node;
}

struct amb_node *ambbuild_pat_open(struct amb_parser *p, struct amb_node *from,
                                   struct amb_token *op, struct amb_node *to, bool closed)
{
    struct amb_node *node = ambbuild_open_range(p, from, op, to, closed);
    node->kind = NODE_PAT_RANGE;
    return node;
}

/* A rest pattern may stand once, and where `last` is asked for only at the end. */
static void check_rest(struct amb_parser *p, const struct amb_nodes *items, bool last)
{
    bool seen = false;
    for (uint32_t i = 0; i < items->len; i++) {
        const struct amb_node *item = items->at[i];
        if (item->kind != NODE_PAT_REST) continue;
        if (seen)
            ambdiag_add(p->diags, DIAG_REST_PLACE, item->span,
                        AMB_TEXT("a pattern has one `...` at most"));
        else if (last && i + 1 < items->len)
            ambdiag_add(p->diags, DIAG_REST_PLACE, item->span,
                        AMB_TEXT("`...` comes last"));
        seen = true;
    }
}

struct amb_node *ambbuild_pat_call(struct amb_parser *p, struct amb_node *callee,
                                   struct amb_nodes *args, struct amb_token *close)
{
    struct amb_node *node =
        ambbuild_node(p, NODE_PAT_CALL, callee->span.start, close->span.end);
    node->as.pat_call.callee = callee;
    ambbuild_deepen(p, node, callee);
    ambbuild_take_list(p, node, &node->as.pat_call.args, args);
    const struct amb_nodes *items = &node->as.pat_call.args;
    check_rest(p, items, true);
    bool named = false;
    for (uint32_t i = 0; i < items->len; i++) {
        const struct amb_node *item = items->at[i];
        if (item->kind == NODE_PAT_NAMED) {
            named = true;
        } else if (item->kind == NODE_PAT_REST) {
            node->as.pat_call.has_rest = true;
            if (item->as.bind.decl)
                ambdiag_add(p->diags, DIAG_REST_PLACE, item->span,
                            AMB_TEXT("the rest of the parts cannot be named"));
        } else if (named) {
            ambdiag_plain(p->diags, DIAG_ARGUMENT_ORDER, item->span);
        }
    }
    if (items->len > AMB_MAX_ARGS)
        ambdiag_add(p->diags, DIAG_TOO_MANY, items->at[AMB_MAX_ARGS]->span,
                    AMB_TEXT("255"), AMB_TEXT("parts"));
    return node;
}

void ambbuild_check_tested(struct amb_parser *p, const struct amb_node *type)
{
    switch (type->kind) {
    case NODE_TYPE_LIST:
    case NODE_TYPE_MAP:
    case NODE_TYPE_TUPLE: ambdiag_plain(p->diags, DIAG_TYPE_AFTER_IS, type->span); break;
    case NODE_TYPE_FN:
        if (type->as.type_fn.has_params)
            ambdiag_plain(p->diags, DIAG_TYPE_AFTER_IS, type->span);
        break;
    case NODE_TYPE_OPT: ambbuild_check_tested(p, type->as.child); break;
    case NODE_TYPE_UNION:
        for (uint32_t i = 0; i < type->as.list.len; i++)
            ambbuild_check_tested(p, type->as.list.at[i]);
        break;
    default: break;
    }
}

struct amb_node *ambbuild_pat_is(struct amb_parser *p, struct amb_token *t,
                                 struct amb_node *type, bool negated)
{
    ambbuild_check_tested(p, type);
    struct amb_node *node = ambbuild_node(p, NODE_PAT_IS, t->span.start, type->span.end);
    node->as.is.type = type;
    node->as.is.negated = negated;
    ambbuild_deepen(p, node, type);
    return node;
}

struct amb_node *ambbuild_pat_list(struct amb_parser *p, enum amb_node_kind kind,
                                   struct amb_token *open, struct amb_nodes *items,
                                   struct amb_token *close, bool comma)
{
    if (kind == NODE_PAT_TUPLE && items && items->len == 1 && !comma &&
        items->at[0]->kind != NODE_PAT_NAMED && items->at[0]->kind != NODE_PAT_REST)
        return items->at[0]; /* parentheses that only group */
    struct amb_node *node = ambbuild_listy(p, kind, open, items, close);
    check_rest(p, &node->as.list, kind == NODE_PAT_MAP);
    for (uint32_t i = 0; kind != NODE_PAT_MAP && i < node->as.list.len; i++)
        if (kind == NODE_PAT_LIST && node->as.list.at[i]->kind == NODE_PAT_NAMED)
            ambdiag_add(p->diags, DIAG_UNEXPECTED_TOKEN, node->as.list.at[i]->span,
                        AMB_TEXT("name in a list pattern"));
    return node;
}

struct amb_node *ambbuild_pat_as(struct amb_parser *p, struct amb_node *inner,
                                 struct amb_token *name)
{
    if (is_wild(name->as.text)) return inner;
    struct amb_node *node = binding(p, NODE_PAT_AS, name->as.text, name->span);
    node->span.start = inner->span.start;
    node->as.bind.inner = inner;
    ambbuild_deepen(p, node, inner);
    return node;
}

struct amb_node *ambbuild_pat_or(struct amb_parser *p, struct amb_node *left,
                                 struct amb_node *right)
{
    struct amb_node *node = left;
    if (left->kind != NODE_PAT_OR) {
        node = ambbuild_node(p, NODE_PAT_OR, left->span.start, right->span.end);
        ambnodes_push(p->arena, &node->as.list, left);
        ambbuild_deepen(p, node, left);
    }
    ambnodes_push(p->arena, &node->as.list, right);
    ambbuild_deepen(p, node, right);
    node->span.end = right->span.end;
    return node;
}

struct amb_node *ambbuild_pat_shorthand(struct amb_parser *p, struct amb_token *t)
{
    return ambbuild_pair(p, NODE_PAT_ENTRY, ambbuild_word_key(p, t),
                         ambbuild_pat_name(p, t));
}

struct amb_node *ambbuild_rest(struct amb_parser *p, struct amb_token *t,
                               struct amb_token *name)
{
    if (name && !is_wild(name->as.text))
        return binding(p, NODE_PAT_REST, name->as.text, name->span);
    return ambbuild_node(p, NODE_PAT_REST, t->span.start, t->span.end);
}

/* ---- parameters of => were read as expressions */

static struct amb_node *convert_items(struct amb_parser *p, struct amb_node *expr,
                                      enum amb_node_kind kind)
{
    struct amb_node *node = ambbuild_node(p, kind, expr->span.start, expr->span.end);
    for (uint32_t i = 0; i < expr->as.list.len; i++) {
        struct amb_node *item = expr->as.list.at[i], *part;
        if (item->kind == NODE_SPREAD && item->as.child->kind == NODE_NAME) {
            amb_text name = item->as.child->as.name.name;
            if (is_wild(name))
                part = ambbuild_node(p, NODE_PAT_REST, item->span.start, item->span.end);
            else
                part = binding(p, NODE_PAT_REST, name, item->as.child->span);
        } else if (item->kind == NODE_NAMED && kind == NODE_PAT_TUPLE) {
            part = ambbuild_node(p, NODE_PAT_NAMED, item->span.start, item->span.end);
            part->as.named.name = item->as.named.name;
            part->as.named.name_span = item->as.named.name_span;
            part->as.named.value = ambbuild_to_pattern(p, item->as.named.value);
            ambbuild_deepen(p, part, part->as.named.value);
        } else if (item->kind == NODE_ENTRY && kind == NODE_PAT_MAP) {
            part = ambbuild_pair(p, NODE_PAT_ENTRY, item->as.pair.left,
                                 ambbuild_to_pattern(p, item->as.pair.right));
        } else {
            part = ambbuild_to_pattern(p, item);
        }
        ambnodes_push(p->arena, &node->as.list, part);
        ambbuild_deepen(p, node, part);
    }
    check_rest(p, &node->as.list, kind == NODE_PAT_MAP);
    return node;
}

struct amb_node *ambbuild_to_pattern(struct amb_parser *p, struct amb_node *expr)
{
    switch (expr->kind) {
    case NODE_NAME:
        if (is_wild(expr->as.name.name))
            return ambbuild_node(p, NODE_PAT_WILD, expr->span.start, expr->span.end);
        return binding(p, NODE_PAT_BIND, expr->as.name.name, expr->span);
    case NODE_TUPLE: return convert_items(p, expr, NODE_PAT_TUPLE);
    case NODE_LIST: return convert_items(p, expr, NODE_PAT_LIST);
    case NODE_MAP: return convert_items(p, expr, NODE_PAT_MAP);
    default:
        ambdiag_plain(p->diags, DIAG_BAD_PARAMETER, expr->span);
        return ambbuild_node(p, NODE_PAT_WILD, expr->span.start, expr->span.end);
    }
}

/* ---- types */

struct amb_node *ambbuild_type_name(struct amb_parser *p, struct amb_node *path)
{
    struct amb_node *node =
        ambbuild_node(p, NODE_TYPE_NAME, path->span.start, path->span.end);
    node->as.type.path = path;
    ambbuild_deepen(p, node, path);
    return node;
}

struct amb_node *ambbuild_type_fn(struct amb_parser *p, struct amb_token *t,
                                  struct amb_nodes *params, struct amb_token *close,
                                  struct amb_node *result)
{
    struct amb_node *node = ambbuild_node(p, NODE_TYPE_FN, t->span.start,
                                          result  ? result->span.end
                                          : close ? close->span.end
                                                  : t->span.end);
    ambbuild_take_list(p, node, &node->as.type_fn.params, params);
    node->as.type_fn.result = result;
    node->as.type_fn.has_params = params != NULL;
    ambbuild_deepen(p, node, result);
    return node;
}

struct amb_node *ambbuild_type_opt(struct amb_parser *p, struct amb_node *type,
                                   struct amb_token *mark)
{
    struct amb_node *node =
        ambbuild_node(p, NODE_TYPE_OPT, type->span.start, mark->span.end);
    node->as.child = type;
    ambbuild_deepen(p, node, type);
    return node;
}

struct amb_node *ambbuild_type_union(struct amb_parser *p, struct amb_node *left,
                                     struct amb_node *right)
{
    struct amb_node *node = left;
    if (left->kind != NODE_TYPE_UNION) {
        node = ambbuild_node(p, NODE_TYPE_UNION, left->span.start, right->span.end);
        ambnodes_push(p->arena, &node->as.list, left);
        ambbuild_deepen(p, node, left);
    }
    ambnodes_push(p->arena, &node->as.list, right);
    ambbuild_deepen(p, node, right);
    node->span.end = right->span.end;
    return node;
}

struct amb_node *ambbuild_type_of(struct amb_parser *p, enum amb_node_kind kind,
                                  struct amb_token *open, struct amb_node *left,
                                  struct amb_node *right, struct amb_token *close)
{
    struct amb_node *node = ambbuild_node(p, kind, open->span.start, close->span.end);
    if (kind == NODE_TYPE_MAP) {
        node->as.pair.left = left;
        node->as.pair.right = right;
    } else {
        node->as.child = left;
    }
    ambbuild_deepen(p, node, left);
    ambbuild_deepen(p, node, right);
    return node;
}

struct amb_node *ambbuild_type_tuple(struct amb_parser *p, struct amb_token *open,
                                     struct amb_nodes *items, struct amb_token *close)
{
    if (items->len == 1) return items->at[0]; /* parentheses that only group */
    return ambbuild_listy(p, NODE_TYPE_TUPLE, open, items, close);
}
