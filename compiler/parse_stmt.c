/* SPDX-License-Identifier: MIT */
/* Builds statements, control forms and functions. */
#include "parse_build.h"

#include <string.h>

#include "grammar.h"

void ambbuild_program(struct amb_parser *p, struct amb_nodes *stmts)
{
    struct amb_node *body = ambbuild_node(p, NODE_BLOCK, 0, p->src->len);
    ambbuild_take_list(p, body, &body->as.block.stmts, stmts);
    body->as.block.close = (amb_span){p->src->len, p->src->len};
    p->module->main->body = body;
}

struct amb_nodes *ambbuild_push_stmt(struct amb_parser *p, struct amb_nodes *list,
                                    struct amb_node *stmt)
{
    if (stmt && stmt->kind == NODE_BLOCK && stmt->parenthesised) {
        for (uint32_t i = 0; i < stmt->as.block.stmts.len; i++)
            ambnodes_push(p->arena, list, stmt->as.block.stmts.at[i]);
        return list;
    }
    return ambbuild_push(p, list, stmt);
}

/* The mistake stands right behind an expression, which then is a piece of something else:
 * `def` of `def f()`. One message about it is enough. */
struct amb_nodes *ambbuild_push_bad(struct amb_parser *p, struct amb_nodes *list,
                                   struct amb_node *bad)
{
    if (list->len > 0 && list->at[list->len - 1]->kind < NODE_BLOCK) list->len--;
    return ambbuild_push(p, list, bad);
}

struct amb_node *ambbuild_bad(struct amb_parser *p)
{
    uint32_t start = amblexer_body(&p->lexer)->stmt_start;
    return ambbuild_node(p, NODE_ERROR, start, start);
}

/* The bodies of what could not be read were parsed for the mistakes in them only: without
 * their heads they would give wrong messages about names and jumps. */
struct amb_node *ambbuild_bad_body(struct amb_parser *p, struct amb_node *bad,
                                   struct amb_nodes *stmts)
{
    (void)p;
    (void)stmts;
    return bad;
}

struct amb_node *ambbuild_bad_block(struct amb_parser *p, struct amb_node *bad,
                                    struct amb_node *block)
{
    (void)p;
    (void)block;
    return bad;
}

struct amb_node *ambbuild_block(struct amb_parser *p, struct amb_token *open,
                                struct amb_nodes *stmts, struct amb_token *close)
{
    struct amb_node *node =
        ambbuild_node(p, NODE_BLOCK, open->span.start, close->span.end);
    ambbuild_take_list(p, node, &node->as.block.stmts, stmts);
    node->as.block.close = close->span;
    return node;
}

/* ---- assignment */

static void check_target(struct amb_parser *p, const struct amb_node *target)
{
    amb_text what;
    switch (target->kind) {
    case NODE_NAME:
    case NODE_MEMBER:
    case NODE_ERROR: return;
    case NODE_INDEX:
        if (target->as.index.key->kind != NODE_RANGE) return;
        what = AMB_TEXT("a slice");
        break;
    case NODE_CALL: what = AMB_TEXT("the result of a call"); break;
    case NODE_CHAIN: what = AMB_TEXT("an optional chain"); break;
    case NODE_SELF:
    case NODE_SUPER: what = AMB_TEXT("self"); break;
    case NODE_TUPLE: what = AMB_TEXT("a tuple; write: a, b = ..."); break;
    case NODE_LIST:
    case NODE_MAP:
        what = AMB_TEXT("a literal; to take it apart write: let [a, b] = ...");
        break;
    case NODE_INT:
    case NODE_FLOAT:
    case NODE_STRING:
    case NODE_NIL:
    case NODE_TRUE:
    case NODE_FALSE:
    case NODE_BYTES:
    case NODE_INTERP: what = AMB_TEXT("a literal"); break;
    default: what = AMB_TEXT("an expression"); break;
    }
    ambdiag_add(p->diags, DIAG_BAD_TARGET, target->span, what);
}

struct amb_node *ambbuild_assign(struct amb_parser *p, struct amb_node *target,
                                 struct amb_node *value)
{
    check_target(p, target);
    return ambbuild_pair(p, NODE_ASSIGN, target, value);
}

static struct amb_node *tuple_of(struct amb_parser *p, struct amb_nodes *values)
{
    struct amb_node *first = values->at[0], *last = values->at[values->len - 1];
    if (values->len == 1) return first;
    struct amb_node *node =
        ambbuild_node(p, NODE_TUPLE, first->span.start, last->span.end);
    ambbuild_take_list(p, node, &node->as.list, values);
    return node;
}

struct amb_node *ambbuild_assign_many(struct amb_parser *p, struct amb_node *first,
                                      struct amb_nodes *rest, struct amb_nodes *values)
{
    struct amb_node *value = tuple_of(p, values);
    struct amb_node *node =
        ambbuild_node(p, NODE_ASSIGN_MANY, first->span.start, value->span.end);
    struct amb_nodes *targets = &node->as.many.targets;
    ambnodes_push(p->arena, targets, first);
    for (uint32_t i = 0; i < rest->len; i++) ambnodes_push(p->arena, targets, rest->at[i]);
    for (uint32_t i = 0; i < targets->len; i++) {
        check_target(p, targets->at[i]);
        ambbuild_deepen(p, node, targets->at[i]);
    }
    node->as.many.value = value;
    ambbuild_deepen(p, node, value);
    if (values->len > 1 && values->len != targets->len)
        ambdiag_plain(p->diags, DIAG_ASSIGN_COUNT, value->span);
    if (targets->len > AMB_MAX_ARGS)
        ambdiag_add(p->diags, DIAG_TOO_MANY, targets->at[AMB_MAX_ARGS]->span,
                    AMB_TEXT("255"), AMB_TEXT("targets"));
    return node;
}

struct amb_node *ambbuild_augment(struct amb_parser *p, struct amb_node *target,
                                  struct amb_token *op, struct amb_node *value)
{
    check_target(p, target);
    struct amb_node *node =
        ambbuild_node(p, NODE_AUGMENT, target->span.start, value->span.end);
    node->as.binary.left = target;
    node->as.binary.right = value;
    node->as.binary.op = op->op;
    node->as.binary.op_span = op->span;
    ambbuild_deepen(p, node, target);
    ambbuild_deepen(p, node, value);
    return node;
}

struct amb_node *ambbuild_assign_cond(struct amb_parser *p, struct amb_node *left,
                                      struct amb_token *op)
{
    ambdiag_plain(p->diags, DIAG_ASSIGN_IN_CONDITION, op->span);
    return left;
}

/* ---- jumps */

struct amb_node *ambbuild_jump_many(struct amb_parser *p, enum amb_node_kind kind,
                                    struct amb_token *t, struct amb_node *first,
                                    struct amb_nodes *rest)
{
    struct amb_nodes *all = ambbuild_push(p, ambbuild_list(p), first);
    for (uint32_t i = 0; i < rest->len; i++) ambnodes_push(p->arena, all, rest->at[i]);
    return ambbuild_wrap(p, kind, t, tuple_of(p, all));
}

struct amb_node *ambbuild_jump(struct amb_parser *p, enum amb_node_kind kind,
                               struct amb_token *t, struct amb_token *label)
{
    struct amb_node *node =
        ambbuild_node(p, kind, t->span.start, label ? label->span.end : t->span.end);
    if (label) {
        node->as.jump.label = label->as.text;
        node->as.jump.label_span = label->span;
    }
    return node;
}

/* ---- let and var */

struct amb_decl *ambbuild_decl(struct amb_parser *p, enum amb_decl_kind kind,
                               amb_text name, amb_span span)
{
    struct amb_decl *decl = ambarena_alloc(p->arena, sizeof *decl);
    decl->kind = (uint8_t)kind;
    decl->name = name;
    decl->span = span;
    return decl;
}

struct amb_node *ambbuild_let(struct amb_parser *p, struct amb_token *t,
                              struct amb_node *pattern, struct amb_node *type,
                              struct amb_node *value, bool pub)
{
    (void)pub;
    uint32_t end = value ? value->span.end : type ? type->span.end : pattern->span.end;
    struct amb_node *node = ambbuild_node(p, NODE_LET, t->span.start, end);
    bool is_var = p->src->text[t->span.start] == 'v';
    if (!value) {
        if (pattern->kind != NODE_PAT_BIND)
            ambdiag_plain(p->diags, DIAG_PATTERN_WITHOUT_VALUE, pattern->span);
        else if (!is_var)
            ambdiag_plain(p->diags, DIAG_LET_WITHOUT_VALUE, node->span);
        if (pattern->kind != NODE_PAT_BIND || !is_var)
            node->as.let.value = ambbuild_node(p, NODE_ERROR, end, end);
    } else {
        node->as.let.value = value;
    }
    node->as.let.pattern = pattern;
    node->as.let.type = type;
    node->as.let.is_var = is_var;
    node->as.let.doc = amblexer_doc(&p->lexer, t->span.start);
    ambbuild_deepen(p, node, pattern);
    ambbuild_deepen(p, node, type);
    ambbuild_deepen(p, node, value);
    return node;
}

struct amb_node *ambbuild_let_list(struct amb_parser *p, struct amb_token *t,
                                   struct amb_nodes *values)
{
    (void)values;
    ambdiag_plain(p->diags, DIAG_LET_LIST, t->span);
    struct amb_node *node = ambbuild_node(p, NODE_ERROR, t->span.start, t->span.end);
    node->big = true; /* its names are unknown to the scope pass: see ambbuild_lost */
    return node;
}

struct amb_node *ambbuild_pub(struct amb_parser *p, struct amb_token *t,
                              struct amb_node *decl)
{
    amb_text doc = amblexer_doc(&p->lexer, t->span.start);
    switch (decl->kind) {
    case NODE_LET:
        decl->as.let.is_pub = true;
        if (doc.len > 0) decl->as.let.doc = doc;
        if (decl->as.let.is_var)
            ambdiag_plain(p->diags, DIAG_PUB_VAR,
                          ((amb_span){t->span.start, decl->span.start + 3}));
        break;
    case NODE_FN_DECL:
        decl->as.fn->is_pub = decl->as.fn->decl->is_pub = true;
        if (doc.len > 0) decl->as.fn->doc = doc;
        break;
    case NODE_CLASS:
        decl->as.class_->is_pub = decl->as.class_->decl->is_pub = true;
        if (doc.len > 0) decl->as.class_->doc = doc;
        break;
    case NODE_ENUM:
        decl->as.enum_->is_pub = decl->as.enum_->decl->is_pub = true;
        if (doc.len > 0) decl->as.enum_->doc = doc;
        break;
    default: break;
    }
    decl->span.start = t->span.start;
    return decl;
}

/* ---- loops */

struct amb_node *ambbuild_label(struct amb_parser *p, struct amb_token *label,
                                struct amb_node *loop)
{
    (void)p;
    if (loop->kind == NODE_FOR)
        loop->as.for_.label = label->as.text;
    else
        loop->as.while_.label = label->as.text;
    loop->span.start = label->span.start;
    return loop;
}

struct amb_node *ambbuild_for(struct amb_parser *p, struct amb_token *t,
                              struct amb_node *pattern, struct amb_node *iter,
                              struct amb_node *body)
{
    struct amb_node *node = ambbuild_node(p, NODE_FOR, t->span.start, body->span.end);
    node->as.for_.pattern = pattern;
    node->as.for_.iter = iter;
    node->as.for_.body = body;
    ambbuild_deepen(p, node, pattern);
    ambbuild_deepen(p, node, iter);
    ambbuild_deepen(p, node, body);
    return node;
}

/* for k, v in m: the same as for (k, v) in m. */
struct amb_node *ambbuild_for_pair(struct amb_parser *p, struct amb_token *t,
                                   struct amb_node *first, struct amb_nodes *rest,
                                   struct amb_node *iter, struct amb_node *body)
{
    struct amb_node *last = rest->at[rest->len - 1];
    struct amb_node *pattern =
        ambbuild_node(p, NODE_PAT_TUPLE, first->span.start, last->span.end);
    ambnodes_push(p->arena, &pattern->as.list, first);
    ambbuild_deepen(p, pattern, first);
    for (uint32_t i = 0; i < rest->len; i++) {
        ambnodes_push(p->arena, &pattern->as.list, rest->at[i]);
        ambbuild_deepen(p, pattern, rest->at[i]);
    }
    return ambbuild_for(p, t, pattern, iter, body);
}

struct amb_node *ambbuild_while(struct amb_parser *p, struct amb_token *t,
                                struct amb_node *cond, struct amb_node *body)
{
    struct amb_node *node =
        ambbuild_node(p, cond ? NODE_WHILE : NODE_LOOP, t->span.start, body->span.end);
    node->as.while_.cond = cond;
    node->as.while_.body = body;
    ambbuild_deepen(p, node, cond);
    ambbuild_deepen(p, node, body);
    return node;
}

/* ---- if, match, try */

struct amb_node *ambbuild_if(struct amb_parser *p, struct amb_node *list,
                             struct amb_token *t, struct amb_node *pattern,
                             struct amb_node *cond, struct amb_node *body)
{
    struct amb_node *branch =
        ambbuild_node(p, NODE_BRANCH, t->span.start, body->span.end);
    branch->as.branch.cond = cond;
    branch->as.branch.pattern = pattern;
    branch->as.branch.body = body;
    ambbuild_deepen(p, branch, cond);
    ambbuild_deepen(p, branch, pattern);
    ambbuild_deepen(p, branch, body);
    if (!list) list = ambbuild_node(p, NODE_IF, t->span.start, body->span.end);
    ambnodes_push(p->arena, &list->as.if_.branches, branch);
    ambbuild_deepen(p, list, branch);
    list->span.end = body->span.end;
    return list;
}

struct amb_node *ambbuild_else(struct amb_parser *p, struct amb_node *list,
                               struct amb_node *body)
{
    list->as.if_.otherwise = body;
    list->span.end = body->span.end;
    ambbuild_deepen(p, list, body);
    return list;
}

struct amb_node *ambbuild_match(struct amb_parser *p, struct amb_token *t,
                                struct amb_node *subject, struct amb_nodes *arms,
                                struct amb_token *close)
{
    struct amb_node *node = ambbuild_node(p, NODE_MATCH, t->span.start, close->span.end);
    node->as.match.subject = subject;
    ambbuild_deepen(p, node, subject);
    ambbuild_take_list(p, node, &node->as.match.arms, arms);
    return node;
}

struct amb_node *ambbuild_arm(struct amb_parser *p, struct amb_node *pattern,
                              struct amb_node *guard, struct amb_node *body)
{
    struct amb_node *node =
        ambbuild_node(p, NODE_ARM, pattern->span.start, body->span.end);
    node->as.arm.pattern = pattern;
    node->as.arm.guard = guard;
    node->as.arm.body = body;
    ambbuild_deepen(p, node, pattern);
    ambbuild_deepen(p, node, guard);
    ambbuild_deepen(p, node, body);
    return node;
}

struct amb_nodes *ambbuild_catch(struct amb_parser *p, struct amb_nodes *list,
                                struct amb_token *t, struct amb_token *name,
                                struct amb_node *type, struct amb_node *guard,
                                struct amb_node *body)
{
    struct amb_node *node = ambbuild_node(p, NODE_CATCH, t->span.start, body->span.end);
    if (name && !ambtext_equal(name->as.text, AMB_TEXT("_")))
        node->as.catch_.decl = ambbuild_decl(p, DECL_CATCH, name->as.text, name->span);
    if (type) ambbuild_check_tested(p, type);
    node->as.catch_.type = type;
    node->as.catch_.guard = guard;
    node->as.catch_.body = body;
    ambbuild_deepen(p, node, type);
    ambbuild_deepen(p, node, guard);
    ambbuild_deepen(p, node, body);
    return ambbuild_push(p, list ? list : ambbuild_list(p), node);
}

struct amb_node *ambbuild_try(struct amb_parser *p, struct amb_token *t,
                              struct amb_node *body, struct amb_nodes *catches,
                              struct amb_node *finally)
{
    uint32_t end = finally   ? finally->span.end
                   : catches ? catches->at[catches->len - 1]->span.end
                             : body->span.end;
    struct amb_node *node = ambbuild_node(p, NODE_TRY, t->span.start, end);
    if (!catches && !finally) ambdiag_plain(p->diags, DIAG_TRY_ALONE, t->span);
    node->as.try_.body = body;
    node->as.try_.finally = finally;
    ambbuild_deepen(p, node, body);
    ambbuild_deepen(p, node, finally);
    ambbuild_take_list(p, node, &node->as.try_.catches, catches);
    return node;
}

/* ---- tasks */

struct amb_node *ambbuild_group(struct amb_parser *p, struct amb_token *t,
                                struct amb_nodes *args, struct amb_node *body)
{
    struct amb_node *node = ambbuild_node(p, NODE_GROUP, t->span.start, body->span.end);
    ambbuild_take_list(p, node, &node->as.group.args, args);
    node->as.group.body = body;
    ambbuild_deepen(p, node, body);
    const struct amb_nodes *options = &node->as.group.args;
    bool limit = false, errors = false;
    for (uint32_t i = 0; i < options->len; i++) {
        const struct amb_node *option = options->at[i];
        bool is_limit = option->kind == NODE_NAMED &&
                        ambtext_equal(option->as.named.name, AMB_TEXT("limit"));
        bool is_errors = option->kind == NODE_NAMED &&
                         ambtext_equal(option->as.named.name, AMB_TEXT("errors"));
        if (!is_limit && !is_errors)
            ambdiag_plain(p->diags, DIAG_GROUP_OPTION, option->span);
        else if (is_limit ? limit : errors)
            ambdiag_add(p->diags, DIAG_DUPLICATE_NAME, option->as.named.name_span,
                        option->as.named.name);
        limit |= is_limit;
        errors |= is_errors;
    }
    return node;
}

struct amb_node *ambbuild_within(struct amb_parser *p, struct amb_token *t,
                                 struct amb_node *limit, struct amb_node *body)
{
    struct amb_node *node = ambbuild_node(p, NODE_WITHIN, t->span.start, body->span.end);
    node->as.within.limit = limit;
    node->as.within.body = body;
    ambbuild_deepen(p, node, limit);
    ambbuild_deepen(p, node, body);
    return node;
}

struct amb_node *ambbuild_select(struct amb_parser *p, struct amb_token *t,
                                 struct amb_nodes *arms, struct amb_token *close)
{
    struct amb_node *node = ambbuild_listy(p, NODE_SELECT, t, arms, close);
    bool after = false;
    if (arms->len == 0) ambdiag_plain(p->diags, DIAG_EMPTY_SELECT, t->span);
    for (uint32_t i = 0; i < arms->len; i++) {
        const struct amb_node *arm = arms->at[i];
        if (arm->kind != NODE_SELECT_ARM || arm->as.select_arm.pattern) continue;
        if (after) ambdiag_plain(p->diags, DIAG_AFTER_TWICE, arm->span);
        after = true;
    }
    return node;
}

struct amb_node *ambbuild_select_arm(struct amb_parser *p, struct amb_token *after,
                                     struct amb_node *pattern, struct amb_node *source,
                                     struct amb_node *body)
{
    struct amb_node *node =
        ambbuild_node(p, NODE_SELECT_ARM, after ? after->span.start : pattern->span.start,
                      body->span.end);
    node->as.select_arm.pattern = pattern;
    node->as.select_arm.source = source;
    node->as.select_arm.body = body;
    ambbuild_deepen(p, node, pattern);
    ambbuild_deepen(p, node, source);
    ambbuild_deepen(p, node, body);
    return node;
}

/* ---- functions */

struct amb_fn *ambbuild_fn(struct amb_parser *p)
{
    struct amb_fn *fn = ambarena_alloc(p->arena, sizeof *fn);
    fn->kind = AMB_FNK_ANON;
    fn->name = fn->doc = (amb_text){"", 0};
    return fn;
}

struct amb_fn *ambbuild_param(struct amb_parser *p, struct amb_fn *fn,
                              struct amb_param *param)
{
    const struct amb_param *last =
        fn->param_count > 0 ? &fn->params[fn->param_count - 1] : NULL;
    if (last && last->rest)
        ambdiag_add(p->diags, DIAG_REST_PLACE, param->span,
                    AMB_TEXT("nothing follows the `...` parameter"));
    else if (last && last->fallback && !param->fallback && !param->rest)
        ambdiag_add(p->diags, DIAG_PARAMETER_ORDER, param->span,
                    param->name.len > 0 ? param->name : AMB_TEXT("it"));
    ambarena_grow(p->arena, (void **)&fn->params, &fn->param_cap, fn->param_count + 1,
                  sizeof *fn->params);
    fn->params[fn->param_count++] = *param;
    if (fn->param_count == AMB_MAX_PARAMS + 1)
        ambdiag_add(p->diags, DIAG_TOO_MANY, param->span, AMB_TEXT("255"),
                    AMB_TEXT("parameters"));
    if (param->rest)
        fn->has_rest = true;
    else if (!param->fallback && fn->required + 1 == fn->param_count)
        fn->required = fn->param_count;
    return fn;
}

struct amb_param *ambbuild_plain_param(struct amb_parser *p, struct amb_token *name,
                                       struct amb_node *type, struct amb_node *fallback,
                                       bool rest)
{
    struct amb_param *param = ambarena_alloc(p->arena, sizeof *param);
    param->name = name->as.text;
    param->span = name->span;
    param->type = type;
    param->fallback = fallback;
    param->rest = rest;
    if (ambtext_equal(name->as.text, AMB_TEXT("_"))) {
        param->name = (amb_text){"", 0};
        param->pattern =
            ambbuild_node(p, NODE_PAT_WILD, name->span.start, name->span.end);
    } else {
        param->decl = ambbuild_decl(p, DECL_PARAM, name->as.text, name->span);
        param->decl->type = type;
    }
    return param;
}

struct amb_param *ambbuild_pattern_param(struct amb_parser *p, enum amb_node_kind kind,
                                         struct amb_token *open, struct amb_nodes *items,
                                         struct amb_token *close, struct amb_node *type)
{
    struct amb_param *param = ambarena_alloc(p->arena, sizeof *param);
    /* A comma makes even one part a tuple here: (a) would need no parentheses. */
    param->pattern = ambbuild_pat_list(p, kind, open, items, close, true);
    param->name = (amb_text){"", 0};
    param->span = param->pattern->span;
    param->type = type;
    return param;
}

uint16_t ambbuild_fn_depth(const struct amb_fn *fn)
{
    uint16_t depth = fn->body ? fn->body->depth : 0;
    for (uint32_t i = 0; i < fn->param_count; i++) {
        const struct amb_param *param = &fn->params[i];
        const struct amb_node *parts[] = {param->pattern, param->type, param->fallback};
        for (uint32_t k = 0; k < 3; k++)
            if (parts[k] && parts[k]->depth > depth) depth = parts[k]->depth;
    }
    return fn->result && fn->result->depth > depth ? fn->result->depth : depth;
}

static struct amb_node *fn_node(struct amb_parser *p, enum amb_node_kind kind,
                                uint32_t start, struct amb_fn *fn,
                                struct amb_node *result, struct amb_node *body, bool expr)
{
    struct amb_node *node = ambbuild_node(p, kind, start, body->span.end);
    fn->span = node->span;
    fn->result = result;
    fn->body = body;
    fn->expr_body = expr && body->kind != NODE_BLOCK;
    node->as.fn = fn;
    struct amb_node below = {.depth = ambbuild_fn_depth(fn)};
    ambbuild_deepen(p, node, &below);
    return node;
}

struct amb_node *ambbuild_fn_value(struct amb_parser *p, struct amb_token *t,
                                   struct amb_fn *fn, struct amb_node *result,
                                   struct amb_node *body, bool expr)
{
    fn->name_span = t->span;
    return fn_node(p, NODE_FN, t->span.start, fn, result, body, expr);
}

struct amb_node *ambbuild_fn_decl(struct amb_parser *p, struct amb_token *t,
                                  struct amb_token *name, struct amb_fn *fn,
                                  struct amb_node *result, struct amb_node *body,
                                  bool expr)
{
    fn->kind = AMB_FNK_NAMED;
    fn->name = name->as.text;
    fn->name_span = name->span;
    fn->doc = amblexer_doc(&p->lexer, t->span.start);
    fn->decl = ambbuild_decl(p, DECL_FN, name->as.text, name->span);
    struct amb_node *node =
        fn_node(p, NODE_FN_DECL, t->span.start, fn, result, body, expr);
    fn->decl->node = node;
    return node;
}

struct amb_node *ambbuild_arrow_name(struct amb_parser *p, struct amb_token *name,
                                     struct amb_node *body)
{
    struct amb_fn *fn = ambbuild_param(p, ambbuild_fn(p),
                                       ambbuild_plain_param(p, name, NULL, NULL, false));
    fn->name_span = name->span;
    return fn_node(p, NODE_FN, name->span.start, fn, NULL, body, true);
}

static struct amb_param *to_param(struct amb_parser *p, struct amb_node *item)
{
    bool rest = item->kind == NODE_SPREAD, fallback = item->kind == NODE_ASSIGN;
    struct amb_node *target = rest       ? item->as.child
                              : fallback ? item->as.pair.left
                                         : item;
    struct amb_node *value = fallback ? item->as.pair.right : NULL;
    if (item->kind == NODE_NAMED) {
        ambdiag_plain(p->diags, DIAG_ARROW_ANNOTATION, item->span);
        struct amb_token name = {.span = item->as.named.name_span};
        name.as.text = item->as.named.name;
        return ambbuild_plain_param(p, &name, NULL, NULL, false);
    }
    if (target->kind == NODE_NAME && !target->parenthesised) {
        struct amb_token name = {.span = target->span};
        name.as.text = target->as.name.name;
        return ambbuild_plain_param(p, &name, NULL, value, rest);
    }
    struct amb_param *param = ambarena_alloc(p->arena, sizeof *param);
    param->name = (amb_text){"", 0};
    param->span = item->span;
    if (rest || fallback) {
        ambdiag_plain(p->diags, DIAG_BAD_PARAMETER, item->span);
        param->pattern =
            ambbuild_node(p, NODE_PAT_WILD, item->span.start, item->span.end);
    } else {
        param->pattern = ambbuild_to_pattern(p, target);
    }
    return param;
}

struct amb_node *ambbuild_arrow(struct amb_parser *p, struct amb_node *params,
                                struct amb_token *arrow, struct amb_node *body)
{
    struct amb_fn *fn = ambbuild_fn(p);
    for (uint32_t i = 0; i < params->as.list.len; i++)
        fn = ambbuild_param(p, fn, to_param(p, params->as.list.at[i]));
    fn->name_span = arrow->span;
    return fn_node(p, NODE_FN, params->span.start, fn, NULL, body, true);
}
