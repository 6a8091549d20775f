/* SPDX-License-Identifier: MIT */
/* Making nodes and lists. */
#include "ast.h"

struct amb_node *ambast_node(struct amb_arena *arena, enum amb_node_kind kind,
                             amb_span span)
{
    struct amb_node *node = ambarena_alloc(arena, sizeof *node);
    if (node) {
        node->kind = (uint8_t)kind;
        node->span = span;
        node->depth = 1;
    }
    return node;
}

bool ambnodes_push(struct amb_arena *arena, struct amb_nodes *list, struct amb_node *node)
{
    if (!ambarena_grow(arena, (void **)&list->at, &list->cap, list->len + 1,
                       sizeof *list->at))
        return false;
    list->at[list->len++] = node;
    return true;
}

const char *ambast_op_text(enum amb_op op)
{
    static const char *const texts[AMB_OP_COUNT] = {
        [AMB_ADD] = "+",       [AMB_SUB] = "-",       [AMB_MUL] = "*",
        [AMB_DIV] = "/",       [AMB_FLOORDIV] = "//", [AMB_MOD] = "%",
        [AMB_POW] = "**",      [AMB_ADD_WRAP] = "+%", [AMB_SUB_WRAP] = "-%",
        [AMB_MUL_WRAP] = "*%", [AMB_BIT_AND] = "&",   [AMB_BIT_OR] = "|",
        [AMB_BIT_XOR] = "^",   [AMB_SHL] = "<<",      [AMB_SHR] = ">>",
        [AMB_USHR] = ">>>",    [AMB_EQ] = "==",       [AMB_NE] = "!=",
        [AMB_LT] = "<",        [AMB_LE] = "<=",       [AMB_GT] = ">",
        [AMB_GE] = ">=",       [AMB_IN] = "in",       [AMB_NOT_IN] = "not in",
        [AMB_NEG] = "-",       [AMB_BIT_NOT] = "~",   [AMB_NOT] = "not",
        [AMB_AND] = "and",     [AMB_OR] = "or",       [AMB_COALESCE] = "??",
    };
    return op < AMB_OP_COUNT && texts[op] ? texts[op] : "?";
}

/* ---- visiting */

struct visitor {
    ambast_visit visit;
    void *ud;
};

static void visit(const struct visitor *v, struct amb_node *node)
{
    if (node) v->visit(v->ud, node);
}

static void visit_list(const struct visitor *v, const struct amb_nodes *list)
{
    for (uint32_t i = 0; i < list->len; i++) visit(v, list->at[i]);
}

static void visit_params(const struct visitor *v, const struct amb_fn *fn)
{
    for (uint32_t i = 0; i < fn->param_count; i++) {
        visit(v, fn->params[i].type);
        visit(v, fn->params[i].fallback);
        visit(v, fn->params[i].pattern);
    }
}

static void visit_fn(const struct visitor *v, const struct amb_fn *fn)
{
    visit_params(v, fn);
    visit(v, fn->result);
    visit(v, fn->body);
}

static void visit_fields(const struct visitor *v, const struct amb_field *fields,
                         uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (fields[i].param) continue;
        visit(v, fields[i].type);
        visit(v, fields[i].value);
    }
}

static void visit_methods(const struct visitor *v, const struct amb_method *methods,
                          uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) visit_fn(v, methods[i].fn);
}

static void visit_class(const struct visitor *v, const struct amb_class_decl *cls)
{
    visit(v, cls->parent);
    visit_params(v, cls->fields_fn);
    visit_list(v, &cls->super_args);
    visit_fields(v, cls->fields, cls->field_count);
    visit_fields(v, cls->statics, cls->static_count);
    visit_methods(v, cls->methods, cls->method_count);
    if (cls->init) visit_fn(v, cls->init);
}

static void visit_declaration(const struct visitor *v, struct amb_node *node)
{
    switch (node->kind) {
    case NODE_CLASS: visit_class(v, node->as.class_); break;
    case NODE_ENUM:
        for (uint32_t i = 0; i < node->as.enum_->case_count; i++)
            if (node->as.enum_->cases[i].fn) visit_params(v, node->as.enum_->cases[i].fn);
        visit_methods(v, node->as.enum_->methods, node->as.enum_->method_count);
        break;
    case NODE_IMPORT:
        for (uint32_t i = 0; i < node->as.import->with_count; i++)
            visit(v, node->as.import->withs[i].value);
        break;
    case NODE_USE:
        for (uint32_t i = 0; i < node->as.use.part_count; i++)
            visit_list(v, &node->as.use.parts[i].args);
        break;
    case NODE_NEED: visit(v, node->as.need.type); break;
    case NODE_ARGS:
        for (uint32_t i = 0; i < node->as.args.count; i++) {
            visit(v, node->as.args.items[i].type);
            visit(v, node->as.args.items[i].fallback);
        }
        break;
    case NODE_TEST: visit_fn(v, node->as.test.fn); break;
    default: break;
    }
}

static void visit_control(const struct visitor *v, struct amb_node *node)
{
    switch (node->kind) {
    case NODE_IF:
        visit_list(v, &node->as.if_.branches);
        visit(v, node->as.if_.otherwise);
        break;
    case NODE_BRANCH:
        visit(v, node->as.branch.cond);
        visit(v, node->as.branch.pattern);
        visit(v, node->as.branch.body);
        break;
    case NODE_MATCH:
        visit(v, node->as.match.subject);
        visit_list(v, &node->as.match.arms);
        break;
    case NODE_ARM:
        visit(v, node->as.arm.pattern);
        visit(v, node->as.arm.guard);
        visit(v, node->as.arm.body);
        break;
    case NODE_TRY:
        visit(v, node->as.try_.body);
        visit_list(v, &node->as.try_.catches);
        visit(v, node->as.try_.finally);
        break;
    case NODE_CATCH:
        visit(v, node->as.catch_.type);
        visit(v, node->as.catch_.guard);
        visit(v, node->as.catch_.body);
        break;
    case NODE_GROUP:
        visit_list(v, &node->as.group.args);
        visit(v, node->as.group.body);
        break;
    case NODE_WITHIN:
        visit(v, node->as.within.limit);
        visit(v, node->as.within.body);
        break;
    case NODE_SELECT_ARM:
        visit(v, node->as.select_arm.pattern);
        visit(v, node->as.select_arm.source);
        visit(v, node->as.select_arm.body);
        break;
    case NODE_SPAWN: visit(v, node->as.spawn.call); break;
    case NODE_FOR:
        visit(v, node->as.for_.iter);
        visit(v, node->as.for_.pattern);
        visit(v, node->as.for_.body);
        break;
    case NODE_WHILE:
    case NODE_LOOP:
        visit(v, node->as.while_.cond);
        visit(v, node->as.while_.body);
        break;
    default: visit_declaration(v, node);
    }
}

void ambast_children(struct amb_node *node, ambast_visit each, void *ud)
{
    const struct visitor visitor = {each, ud}, *v = &visitor;
    switch (node->kind) {
    case NODE_INTERP:
    case NODE_LIST:
    case NODE_TUPLE:
    case NODE_MAP:
    case NODE_SELECT:
    case NODE_PAT_TUPLE:
    case NODE_PAT_LIST:
    case NODE_PAT_MAP:
    case NODE_PAT_OR:
    case NODE_TYPE_UNION:
    case NODE_TYPE_TUPLE: visit_list(v, &node->as.list); break;
    case NODE_SPREAD:
    case NODE_CHAIN:
    case NODE_RETURN:
    case NODE_THROW:
    case NODE_YIELD:
    case NODE_DEFER:
    case NODE_PAT_VALUE:
    case NODE_TYPE_OPT:
    case NODE_TYPE_LIST: visit(v, node->as.child); break;
    case NODE_ENTRY:
    case NODE_ASSIGN:
    case NODE_PAT_ENTRY:
    case NODE_TYPE_MAP:
        visit(v, node->as.pair.left);
        visit(v, node->as.pair.right);
        break;
    case NODE_NAMED:
    case NODE_PAT_NAMED: visit(v, node->as.named.value); break;
    case NODE_FORMAT:
        visit(v, node->as.format.value);
        visit(v, node->as.format.spec);
        break;
    case NODE_FN:
    case NODE_FN_DECL: visit_fn(v, node->as.fn); break;
    case NODE_UNARY:
    case NODE_BINARY:
    case NODE_LOGIC:
    case NODE_AUGMENT:
        visit(v, node->as.binary.left);
        visit(v, node->as.binary.right);
        break;
    case NODE_IS:
    case NODE_PAT_IS:
        visit(v, node->as.is.value);
        visit(v, node->as.is.type);
        break;
    case NODE_RANGE:
    case NODE_PAT_RANGE:
        visit(v, node->as.range.from);
        visit(v, node->as.range.to);
        break;
    case NODE_MEMBER: visit(v, node->as.member.object); break;
    case NODE_INDEX:
        visit(v, node->as.index.object);
        visit(v, node->as.index.key);
        break;
    case NODE_CALL:
        visit(v, node->as.call.callee);
        visit_list(v, &node->as.call.args);
        break;
    case NODE_BLOCK: visit_list(v, &node->as.block.stmts); break;
    case NODE_LET:
        visit(v, node->as.let.type);
        visit(v, node->as.let.value);
        visit(v, node->as.let.pattern);
        break;
    case NODE_ASSIGN_MANY:
        visit_list(v, &node->as.many.targets);
        visit(v, node->as.many.value);
        break;
    case NODE_PAT_CALL:
        visit(v, node->as.pat_call.callee);
        visit_list(v, &node->as.pat_call.args);
        break;
    case NODE_PAT_AS: visit(v, node->as.bind.inner); break;
    case NODE_TYPE_NAME: visit(v, node->as.type.path); break;
    case NODE_TYPE_FN:
        visit_list(v, &node->as.type_fn.params);
        visit(v, node->as.type_fn.result);
        break;
    default: visit_control(v, node);
    }
}
