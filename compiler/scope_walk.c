/* SPDX-License-Identifier: MIT */
/* Walks expressions, statements and patterns. */
#include "scope_pass.h"

#include <string.h>

#define TEXT_OF(literal) AMB_TEXT(literal)

/* ---- names */

amb_text ambscope_kind_text(const struct amb_decl *decl)
{
    switch (decl->kind) {
    case DECL_FN: return TEXT_OF("a function");
    case DECL_CLASS: return TEXT_OF("a class");
    case DECL_ENUM: return TEXT_OF("an enum");
    case DECL_IMPORT: return TEXT_OF("a module");
    case DECL_IMPORT_NAME: return TEXT_OF("imported");
    case DECL_PATTERN: return TEXT_OF("bound by a pattern");
    case DECL_USE:
    case DECL_NEED: return TEXT_OF("a capability");
    case DECL_ARGS: return TEXT_OF("the command line");
    case DECL_PARAM: return TEXT_OF("a parameter");
    default: return TEXT_OF("a variable");
    }
}

static void check_assignable(struct ambscope *s, const struct amb_node *node,
                             struct amb_decl *decl)
{
    switch (decl->kind) {
    case DECL_VAR:
    case DECL_PARAM:
    case DECL_LOOP:
    case DECL_CATCH: decl->reassigned = true; return;
    case DECL_LET: {
        struct amb_diag *diag =
            ambdiag_add(s->diags, DIAG_ASSIGN_TO_LET, node->span, decl->name);
        ambdiag_relate(diag, decl->span, TEXT_OF("it is declared here"));
        return;
    }
    default:
        ambdiag_add(s->diags, DIAG_ASSIGN_TO_NAME, node->span, decl->name,
                    ambscope_kind_text(decl));
    }
}

/* Whether fn is `owner` or stands somewhere inside it. */
static bool inside(const struct amb_fn *fn, const struct amb_fn *owner)
{
    while (fn && fn != owner) fn = fn->outer;
    return fn != NULL;
}

/* In init, the header's parameters are fields of self: those that are not declared as
 * such are kept in hidden ones. True when the node became self.name. */
static bool header_name(struct ambscope *s, struct amb_node *node)
{
    for (struct amb_fn *fn = s->frame->fn; fn; fn = fn->outer) {
        if (fn->kind != AMB_FNK_INIT) continue;
        struct amb_class_decl *cls = fn->class_;
        struct amb_fn *header = cls->fields_fn;
        for (uint32_t i = 0; i < header->param_count; i++) {
            struct amb_param *param = &header->params[i];
            if (!param->decl || !ambtext_equal(param->name, node->as.name.name)) continue;
            if (!param->field) {
                struct amb_field *field = &cls->fields[cls->field_count];
                *field = (struct amb_field){.name = param->name,
                                            .span = param->span,
                                            .doc = {"", 0},
                                            .class_ = cls,
                                            .index = cls->field_count,
                                            .is_private = true,
                                            .hidden = true,
                                            .param = param};
                cls->field_count++;
                param->field = field;
            }
            amb_span span = node->span;
            amb_text name = node->as.name.name;
            struct amb_node *self = ambast_node(s->arena, NODE_SELF, span);
            self->as.name.name = TEXT_OF("self");
            ambscope_mention(s, &self->as.name.ref, self, fn->self);
            memset(&node->as, 0, sizeof node->as);
            node->kind = NODE_MEMBER;
            node->as.member.object = self;
            node->as.member.name = name;
            node->as.member.name_span = span;
            node->as.member.field = param->field;
            return true;
        }
    }
    return false;
}

/* A bare name that is a member of a class around it. */
static bool report_bare_member(struct ambscope *s, const struct amb_node *node)
{
    amb_text name = node->as.name.name;
    for (struct amb_fn *fn = s->frame->fn; fn; fn = fn->outer) {
        if (!fn->class_) continue;
        const struct ambscope_member *member = ambscope_member(s, fn->class_, name);
        if (member) {
            ambdiag_add(s->diags, DIAG_BARE_FIELD, node->span, name, name);
            return true;
        }
        const struct amb_fn *header = fn->class_->fields_fn;
        for (uint32_t i = 0; i < header->param_count; i++)
            if (header->params[i].decl && ambtext_equal(header->params[i].name, name)) {
                ambdiag_add(s->diags, DIAG_PLAIN_PARAMETER, node->span, name, name);
                return true;
            }
    }
    return false;
}

void ambscope_name(struct ambscope *s, struct amb_node *node, bool assign)
{
    amb_text name = node->as.name.name;
    struct ambscope_symbol *symbol = ambscope_find(s, name, false);
    struct amb_decl *decl = symbol ? symbol->decl : NULL;
    /* A local of init hides the header's parameters; what is outside the class does not.
     */
    bool local = false;
    for (struct amb_fn *fn = s->frame->fn; decl && fn && !local; fn = fn->outer)
        local = fn->kind == AMB_FNK_INIT && inside(decl->owner, fn);
    if (!local && header_name(s, node)) {
        if (assign) ambscope_member_access(s, node, true);
        return;
    }
    if (decl) {
        ambscope_mention(s, &node->as.name.ref, node, decl);
        if (assign) check_assignable(s, node, decl);
        return;
    }
    for (uint32_t i = s->options->outer_count; i > 0; i--) {
        const struct amb_outer_name *outer = &s->options->outer[i - 1];
        if (!ambtext_equal(outer->name, name)) continue;
        node->as.name.ref.kind = REF_IMPORT;
        node->as.name.ref.import = outer->import;
        node->as.name.ref.index = outer->slot;
        node->as.name.ref.needs_check = true;
        if (assign && !outer->is_var)
            ambdiag_add(s->diags, DIAG_ASSIGN_TO_NAME, node->span, name,
                        TEXT_OF("not a variable"));
        return;
    }
    if (symbol && symbol->prelude) {
        const struct amb_prelude_name *p = &s->options->prelude[symbol->prelude - 1];
        if ((p->flags & AMB_PRELUDE_ENTRY_ONLY) && !s->options->is_entry)
            ambdiag_add(s->diags, DIAG_ENTRY_ONLY, node->span, name);
        node->as.name.ref.kind = REF_PRELUDE;
        node->as.name.ref.index = symbol->prelude - 1;
        if (assign)
            ambdiag_add(s->diags, DIAG_ASSIGN_TO_NAME, node->span, name,
                        TEXT_OF("built in"));
        return;
    }
    if (name.len == 1 && name.at[0] == '_')
        ambdiag_plain(s->diags, DIAG_NO_UNDERSCORE, node->span);
    else if (!report_bare_member(s, node))
        ambscope_undefined(s, node);
}

/* The method whose self is meant, for self and super. */
void ambscope_self(struct ambscope *s, struct amb_node *at, struct amb_ref *ref)
{
    for (struct amb_fn *fn = s->frame->fn; fn; fn = fn->outer) {
        if (fn->self) {
            ambscope_mention(s, ref, at, fn->self);
            return;
        }
        if (fn->kind == AMB_FNK_FIELDS) {
            ambdiag_plain(s->diags, DIAG_SELF_IN_FIELD, at->span);
            return;
        }
        if (fn->is_static) {
            ambdiag_plain(s->diags, DIAG_SELF_IN_STATIC, at->span);
            return;
        }
    }
    ambdiag_plain(s->diags,
                  at->kind == NODE_SUPER ? DIAG_SUPER_OUTSIDE : DIAG_SELF_OUTSIDE,
                  at->span);
}

static void walk_super(struct ambscope *s, struct amb_node *node)
{
    ambscope_self(s, node, &node->as.super.self);
    struct amb_decl *self = node->as.super.self.decl;
    if (!self) return;
    struct amb_class_decl *cls = self->owner->class_;
    self->owner->uses_super = true;
    node->as.super.class_ = cls;
    if (!cls)
        ambdiag_plain(s->diags, DIAG_SUPER_OUTSIDE, node->span);
    else if (!cls->parent)
        ambdiag_add(s->diags, DIAG_NO_PARENT, node->span, cls->name);
}

/* ---- patterns */

struct alternatives {
    uint32_t first, end; /* the names of the first alternative, among the scope's */
};

static void pattern(struct ambscope *s, struct amb_node *node, enum amb_decl_kind kind,
                    const struct alternatives *same);

static void bind(struct ambscope *s, struct amb_node *node, enum amb_decl_kind kind,
                 const struct alternatives *same)
{
    struct amb_decl *decl = node->as.bind.decl;
    if (!decl) return;
    if (!same) {
        ambscope_declare(s, decl, kind);
        return;
    }
    for (uint32_t i = same->first; i < same->end; i++) {
        if (ambtext_equal(s->scope->decls[i]->name, decl->name)) {
            node->as.bind.decl = s->scope->decls[i];
            return;
        }
    }
    ambdiag_add(s->diags, DIAG_OR_NAMES, decl->span, decl->name);
}

static uint32_t count_names(const struct amb_node *node)
{
    uint32_t n = 0;
    switch (node->kind) {
    case NODE_PAT_BIND:
    case NODE_PAT_REST: return node->as.bind.decl != NULL;
    case NODE_PAT_AS: return 1 + count_names(node->as.bind.inner);
    case NODE_PAT_TUPLE:
    case NODE_PAT_LIST:
    case NODE_PAT_MAP:
        for (uint32_t i = 0; i < node->as.list.len; i++)
            n += count_names(node->as.list.at[i]);
        return n;
    case NODE_PAT_OR: return count_names(node->as.list.at[0]);
    case NODE_PAT_CALL:
        for (uint32_t i = 0; i < node->as.pat_call.args.len; i++)
            n += count_names(node->as.pat_call.args.at[i]);
        return n;
    case NODE_PAT_ENTRY: return count_names(node->as.pair.right);
    case NODE_PAT_NAMED: return count_names(node->as.named.value);
    default: return 0;
    }
}

static void walk_alternatives(struct ambscope *s, struct amb_node *node,
                              enum amb_decl_kind kind, const struct alternatives *same)
{
    struct alternatives mine = {s->scope->decl_count, 0};
    pattern(s, node->as.list.at[0], kind, same);
    mine.end = s->scope->decl_count;
    uint32_t names = count_names(node->as.list.at[0]);
    for (uint32_t i = 1; i < node->as.list.len; i++) {
        struct amb_node *other = node->as.list.at[i];
        pattern(s, other, kind, same ? same : &mine);
        if (count_names(other) < names)
            ambdiag_add(s->diags, DIAG_OR_NAMES, other->span,
                        names == 1 && !same ? s->scope->decls[mine.first]->name
                                            : TEXT_OF("every name"));
    }
}

static void pattern(struct ambscope *s, struct amb_node *node, enum amb_decl_kind kind,
                    const struct alternatives *same)
{
    switch (node->kind) {
    case NODE_PAT_BIND:
    case NODE_PAT_REST: bind(s, node, kind, same); break;
    case NODE_PAT_AS:
        pattern(s, node->as.bind.inner, kind, same);
        bind(s, node, kind, same);
        break;
    case NODE_PAT_VALUE:
        ambscope_expr(s, node->as.child);
        ambcheck_case(s, node);
        break;
    case NODE_PAT_RANGE: {
        const struct amb_node *ends[] = {node->as.range.from, node->as.range.to};
        for (int i = 0; i < 2; i++) {
            if (ends[i] && ends[i]->kind != NODE_INT && ends[i]->kind != NODE_FLOAT) {
                ambdiag_plain(s->diags, DIAG_BAD_RANGE_PATTERN, ends[i]->span);
                break;
            }
            if (ends[i] && ends[i]->big) ambscope_expr(s, (struct amb_node *)ends[i]);
        }
        break;
    }
    case NODE_PAT_IS: ambscope_type(s, node->as.is.type); break;
    case NODE_PAT_TUPLE:
    case NODE_PAT_LIST:
    case NODE_PAT_MAP:
        for (uint32_t i = 0; i < node->as.list.len; i++)
            pattern(s, node->as.list.at[i], kind, same);
        ambcheck_named(s, &node->as.list);
        break;
    case NODE_PAT_ENTRY:
        ambscope_expr(s, node->as.pair.left);
        pattern(s, node->as.pair.right, kind, same);
        break;
    case NODE_PAT_NAMED: pattern(s, node->as.named.value, kind, same); break;
    case NODE_PAT_CALL:
        ambscope_expr(s, node->as.pat_call.callee);
        ambcheck_case(s, node);
        for (uint32_t i = 0; i < node->as.pat_call.args.len; i++)
            pattern(s, node->as.pat_call.args.at[i], kind, same);
        ambcheck_named(s, &node->as.pat_call.args);
        break;
    case NODE_PAT_OR: walk_alternatives(s, node, kind, same); break;
    default: break;
    }
}

void ambscope_pattern(struct ambscope *s, struct amb_node *node, enum amb_decl_kind kind)
{
    pattern(s, node, kind, NULL);
}

/* ---- control forms */

static void walk_body(struct ambscope *s, struct amb_node *body, enum ambscope_use use)
{
    if (body->kind == NODE_BLOCK)
        ambscope_block(s, body, use);
    else if (body->kind != NODE_NIL) /* `_ => nil` says that nothing is to be done */
        ambscope_node(s, body, use);
}

static void walk_if(struct ambscope *s, struct amb_node *node, enum ambscope_use use)
{
    for (uint32_t i = 0; i < node->as.if_.branches.len; i++) {
        struct amb_node *branch = node->as.if_.branches.at[i];
        ambscope_expr(s, branch->as.branch.cond);
        if (branch->as.branch.pattern) {
            branch->as.branch.scope = ambscope_enter(s, NULL);
            ambcheck_pattern_case(s, branch->as.branch.pattern);
            ambscope_pattern(s, branch->as.branch.pattern, DECL_PATTERN);
        }
        ambscope_block(s, branch->as.branch.body, use);
        if (branch->as.branch.pattern) ambscope_leave(s);
    }
    if (node->as.if_.otherwise) ambscope_block(s, node->as.if_.otherwise, use);
}

static void walk_match(struct ambscope *s, struct amb_node *node, enum ambscope_use use)
{
    ambscope_expr(s, node->as.match.subject);
    for (uint32_t i = 0; i < node->as.match.arms.len; i++) {
        struct amb_node *arm = node->as.match.arms.at[i];
        if (arm->kind != NODE_ARM) continue;
        arm->as.arm.scope = ambscope_enter(s, NULL);
        ambcheck_pattern_case(s, arm->as.arm.pattern);
        ambscope_pattern(s, arm->as.arm.pattern, DECL_PATTERN);
        if (arm->as.arm.guard) ambscope_expr(s, arm->as.arm.guard);
        walk_body(s, arm->as.arm.body, use);
        arm->as.arm.irrefutable =
            !arm->as.arm.guard && ambcheck_irrefutable(arm->as.arm.pattern);
        ambscope_leave(s);
    }
    ambcheck_match(s, node);
}

static void walk_try(struct ambscope *s, struct amb_node *node, enum ambscope_use use)
{
    s->frame->no_tail++;
    ambscope_block(s, node->as.try_.body, use);
    for (uint32_t i = 0; i < node->as.try_.catches.len; i++) {
        struct amb_node *c = node->as.try_.catches.at[i];
        if (c->as.catch_.type) ambscope_type(s, c->as.catch_.type);
        c->as.catch_.scope = ambscope_enter(s, NULL);
        if (c->as.catch_.decl) {
            amb_text name = c->as.catch_.decl->name;
            if (!c->as.catch_.type && name.len && name.at[0] >= 'A' && name.at[0] <= 'Z')
                ambdiag_add(s->diags, DIAG_UPPER_CATCH, c->as.catch_.decl->span, name, name);
            ambscope_declare(s, c->as.catch_.decl, DECL_CATCH);
        }
        if (c->as.catch_.guard) ambscope_expr(s, c->as.catch_.guard);
        ambscope_block(s, c->as.catch_.body, use);
        ambscope_leave(s);
    }
    if (node->as.try_.finally) ambscope_block(s, node->as.try_.finally, USE_DROP);
    s->frame->no_tail--;
    ambcheck_catches(s, node);
}

static void walk_group(struct ambscope *s, struct amb_node *node)
{
    struct ambscope_frame *frame = s->frame;
    struct amb_node *outer = frame->group;
    const char *no_yield = frame->no_yield;
    for (uint32_t i = 0; i < node->as.group.args.len; i++)
        ambscope_expr(s, node->as.group.args.at[i]);
    frame->group = node;
    frame->no_yield = "group";
    frame->no_tail++;
    ambscope_block(s, node->as.group.body, USE_DROP);
    frame->no_tail--;
    frame->no_yield = no_yield;
    frame->group = outer;
}

static void walk_within(struct ambscope *s, struct amb_node *node, enum ambscope_use use)
{
    struct ambscope_frame *frame = s->frame;
    const char *no_yield = frame->no_yield;
    ambscope_expr(s, node->as.within.limit);
    frame->no_yield = "within";
    frame->no_tail++;
    ambscope_block(s, node->as.within.body, use);
    frame->no_tail--;
    frame->no_yield = no_yield;
}

static void walk_select(struct ambscope *s, struct amb_node *node, enum ambscope_use use)
{
    for (uint32_t i = 0; i < node->as.list.len; i++) {
        struct amb_node *arm = node->as.list.at[i];
        if (arm->kind != NODE_SELECT_ARM) continue;
        ambscope_expr(s, arm->as.select_arm.source);
        arm->as.select_arm.scope = ambscope_enter(s, NULL);
        if (arm->as.select_arm.pattern) {
            ambcheck_pattern_case(s, arm->as.select_arm.pattern);
            ambscope_pattern(s, arm->as.select_arm.pattern, DECL_PATTERN);
        }
        walk_body(s, arm->as.select_arm.body, use);
        ambscope_leave(s);
    }
}

static void walk_spawn(struct ambscope *s, struct amb_node *node, enum ambscope_use use)
{
    node->as.spawn.group = s->frame->group;
    node->as.spawn.used = use == USE_VALUE;
    ambscope_expr(s, node->as.spawn.call);
}

/* ---- jumps */

static void walk_jump(struct ambscope *s, struct amb_node *node)
{
    amb_text word = node->kind == NODE_BREAK ? TEXT_OF("break") : TEXT_OF("continue");
    amb_text label = node->as.jump.label;
    bool walled = false;
    for (struct ambscope_loop *loop = s->frame->loops; loop; loop = loop->outer) {
        if (!loop->node) {
            walled = true;
        } else if (label.len == 0 || ambtext_equal(label, loop->label)) {
            if (walled) ambdiag_add(s->diags, DIAG_JUMP_IN_DEFER, node->span, word);
            node->as.jump.target = loop->node;
            return;
        }
    }
    if (s->frame->fn->kind == AMB_FNK_SPAWN && s->frame->outer && s->frame->outer->loops)
        ambdiag_add(s->diags, DIAG_SPAWN_JUMP, node->span, word);
    else if (label.len > 0)
        ambdiag_add(s->diags, DIAG_UNKNOWN_LABEL, node->as.jump.label_span, label);
    else if (walled)
        ambdiag_add(s->diags, DIAG_JUMP_IN_DEFER, node->span, word);
    else
        ambdiag_add(s->diags, DIAG_JUMP_OUTSIDE, node->span, word);
}

static void walk_return(struct ambscope *s, struct amb_node *node)
{
    enum amb_fn_kind kind = s->frame->fn->kind;
    if (s->frame->defers > 0)
        ambdiag_add(s->diags, DIAG_JUMP_IN_DEFER, node->span, TEXT_OF("return"));
    else if (kind == AMB_FNK_MAIN || kind == AMB_FNK_FIELDS)
        ambdiag_plain(s->diags, DIAG_RETURN_OUTSIDE, node->span);
    if (node->as.child) {
        ambscope_expr(s, node->as.child);
        ambscope_tail(s, node->as.child);
    }
}

static void walk_yield(struct ambscope *s, struct amb_node *node)
{
    struct amb_fn *fn = s->frame->fn;
    switch (fn->kind) {
    case AMB_FNK_MAIN:
    case AMB_FNK_FIELDS:
    case AMB_FNK_INIT:
    case AMB_FNK_TEST: ambdiag_plain(s->diags, DIAG_YIELD_OUTSIDE, node->span); break;
    case AMB_FNK_SPAWN:
        ambdiag_add(s->diags, DIAG_SPAWN_JUMP, node->span, TEXT_OF("yield"));
        break;
    default:
        if (s->frame->defers > 0)
            ambdiag_add(s->diags, DIAG_JUMP_IN_DEFER, node->span, TEXT_OF("yield"));
        else if (s->frame->no_yield)
            ambdiag_add(
                s->diags, DIAG_YIELD_INSIDE, node->span,
                ((amb_text){s->frame->no_yield, (uint32_t)strlen(s->frame->no_yield)}));
        fn->is_generator = true;
    }
    ambscope_expr(s, node->as.child);
}

static void walk_defer(struct ambscope *s, struct amb_node *node)
{
    struct ambscope_loop wall = {NULL, {"", 0}, s->frame->loops};
    s->frame->loops = &wall;
    s->frame->defers++;
    s->frame->no_tail++;
    walk_body(s, node->as.child, USE_DROP);
    s->frame->no_tail--;
    s->frame->defers--;
    s->frame->loops = wall.outer;
}

/* ---- loops */

static void enter_loop(struct ambscope *s, struct ambscope_loop *loop,
                       struct amb_node *node, amb_text label)
{
    if (label.len > 0)
        for (struct ambscope_loop *l = s->frame->loops; l; l = l->outer)
            if (l->node && ambtext_equal(l->label, label)) {
                ambdiag_add(s->diags, DIAG_DUPLICATE_LABEL,
                            ((amb_span){node->span.start, node->span.start + label.len}),
                            label);
                break;
            }
    *loop = (struct ambscope_loop){node, label, s->frame->loops};
    s->frame->loops = loop;
    s->frame->loop_depth++;
}

static void leave_loop(struct ambscope *s, const struct ambscope_loop *loop)
{
    s->frame->loop_depth--;
    s->frame->loops = loop->outer;
}

/* Iterating these needs no closing when the loop is left. */
static bool is_builtin_container(const struct amb_node *node)
{
    switch (node->kind) {
    case NODE_RANGE:
    case NODE_LIST:
    case NODE_TUPLE:
    case NODE_MAP:
    case NODE_STRING:
    case NODE_INTERP:
    case NODE_BYTES: return true;
    default: return false;
    }
}

static void walk_for(struct ambscope *s, struct amb_node *node)
{
    struct ambscope_loop loop;
    bool closes = !is_builtin_container(node->as.for_.iter);
    ambscope_expr(s, node->as.for_.iter);
    enter_loop(s, &loop, node, node->as.for_.label);
    s->frame->no_tail += closes;
    node->as.for_.scope = ambscope_enter(s, NULL);
    ambcheck_plain_pattern(s, node->as.for_.pattern);
    ambscope_pattern(s, node->as.for_.pattern, DECL_LOOP);
    ambscope_block(s, node->as.for_.body, USE_DROP);
    ambscope_leave(s);
    s->frame->no_tail -= closes;
    leave_loop(s, &loop);
}

static void walk_while(struct ambscope *s, struct amb_node *node)
{
    struct ambscope_loop loop;
    enter_loop(s, &loop, node, node->as.while_.label);
    if (node->as.while_.cond) ambscope_expr(s, node->as.while_.cond);
    ambscope_block(s, node->as.while_.body, USE_DROP);
    leave_loop(s, &loop);
}

/* ---- let and assignment */

static void walk_let(struct ambscope *s, struct amb_node *node)
{
    if (node->as.let.type) ambscope_type(s, node->as.let.type);
    if (node->as.let.value)
        ambscope_expr(s, node->as.let.value);
    else if (node->as.let.type && !ambscope_admits_nil(node->as.let.type))
        ambdiag_add(s->diags, DIAG_VAR_NEEDS_VALUE, node->as.let.pattern->span,
                    node->as.let.pattern->as.bind.name);
    ambcheck_plain_pattern(s, node->as.let.pattern);
}

static void walk_target(struct ambscope *s, struct amb_node *target)
{
    if (target->kind == NODE_NAME) {
        ambscope_name(s, target, true);
    } else if (target->kind == NODE_MEMBER) {
        if (target->as.member.object->kind != NODE_SUPER)
            ambscope_expr(s, target->as.member.object);
        ambscope_member_access(s, target, true);
    } else {
        ambscope_expr(s, target);
    }
}

static void walk_list(struct ambscope *s, const struct amb_nodes *list)
{
    for (uint32_t i = 0; i < list->len; i++) ambscope_expr(s, list->at[i]);
}

/* ---- everything */

void ambscope_expr(struct ambscope *s, struct amb_node *node)
{
    ambscope_node(s, node, USE_VALUE);
}

static void walk_statement(struct ambscope *s, struct amb_node *node)
{
    switch (node->kind) {
    case NODE_LET: walk_let(s, node); break;
    case NODE_ASSIGN:
        walk_target(s, node->as.pair.left);
        ambscope_expr(s, node->as.pair.right);
        break;
    case NODE_ASSIGN_MANY:
        for (uint32_t i = 0; i < node->as.many.targets.len; i++)
            walk_target(s, node->as.many.targets.at[i]);
        ambscope_expr(s, node->as.many.value);
        break;
    case NODE_AUGMENT:
        walk_target(s, node->as.binary.left);
        ambscope_expr(s, node->as.binary.right);
        break;
    case NODE_RETURN: walk_return(s, node); break;
    case NODE_THROW: ambscope_expr(s, node->as.child); break;
    case NODE_BREAK:
    case NODE_CONTINUE: walk_jump(s, node); break;
    case NODE_YIELD: walk_yield(s, node); break;
    case NODE_DEFER: walk_defer(s, node); break;
    case NODE_FOR: walk_for(s, node); break;
    case NODE_WHILE:
    case NODE_LOOP: walk_while(s, node); break;
    case NODE_FN_DECL: ambscope_fn(s, node->as.fn); break;
    case NODE_CLASS: ambscope_class(s, node->as.class_); break;
    case NODE_ENUM: ambscope_enum(s, node->as.enum_); break;
    case NODE_IMPORT: ambscope_import(s, node); break;
    case NODE_USE: ambscope_use(s, node); break;
    case NODE_NEED: ambscope_need(s, node); break;
    case NODE_ARGS: ambscope_args(s, node); break;
    case NODE_TEST: ambscope_test(s, node); break;
    default: break;
    }
}

void ambscope_node(struct ambscope *s, struct amb_node *node, enum ambscope_use use)
{
    if (use != USE_VALUE) ambcheck_effect(s, node, use);
    switch (node->kind) {
    case NODE_INT:
        if (node->big)
            ambdiag_add(s->diags, DIAG_INT_TOO_LARGE, node->span,
                        TEXT_OF("9223372036854775808"));
        break;
    case NODE_INTERP:
    case NODE_LIST: walk_list(s, &node->as.list); break;
    case NODE_TUPLE:
        walk_list(s, &node->as.list);
        ambcheck_named(s, &node->as.list);
        break;
    case NODE_MAP:
        walk_list(s, &node->as.list);
        ambcheck_map_keys(s, node);
        break;
    case NODE_FORMAT:
        ambscope_expr(s, node->as.format.value);
        if (node->as.format.spec) ambscope_expr(s, node->as.format.spec);
        break;
    case NODE_NAME: ambscope_name(s, node, false); break;
    case NODE_SELF: ambscope_self(s, node, &node->as.name.ref); break;
    case NODE_SUPER: walk_super(s, node); break;
    case NODE_ENTRY:
    case NODE_PAT_ENTRY:
        ambscope_expr(s, node->as.pair.left);
        ambscope_expr(s, node->as.pair.right);
        break;
    case NODE_SPREAD:
    case NODE_CHAIN: ambscope_expr(s, node->as.child); break;
    case NODE_NAMED: ambscope_expr(s, node->as.named.value); break;
    case NODE_FN: ambscope_fn(s, node->as.fn); break;
    case NODE_UNARY: ambscope_expr(s, node->as.binary.left); break;
    case NODE_BINARY:
    case NODE_LOGIC:
        ambscope_expr(s, node->as.binary.left);
        ambscope_expr(s, node->as.binary.right);
        break;
    case NODE_IS:
        ambscope_expr(s, node->as.is.value);
        ambscope_type(s, node->as.is.type);
        break;
    case NODE_RANGE:
        if (node->as.range.from) ambscope_expr(s, node->as.range.from);
        if (node->as.range.to) ambscope_expr(s, node->as.range.to);
        break;
    case NODE_MEMBER:
        ambscope_expr(s, node->as.member.object);
        ambscope_member_access(s, node, false);
        break;
    case NODE_INDEX:
        ambscope_expr(s, node->as.index.object);
        ambscope_expr(s, node->as.index.key);
        break;
    case NODE_CALL:
        ambscope_expr(s, node->as.call.callee);
        walk_list(s, &node->as.call.args);
        if (node->as.call.has_named) ambcheck_named(s, &node->as.call.args);
        break;
    case NODE_IF: walk_if(s, node, use); break;
    case NODE_MATCH: walk_match(s, node, use); break;
    case NODE_TRY: walk_try(s, node, use); break;
    case NODE_GROUP: walk_group(s, node); break;
    case NODE_WITHIN: walk_within(s, node, use); break;
    case NODE_SELECT: walk_select(s, node, use); break;
    case NODE_SPAWN: walk_spawn(s, node, use); break;
    case NODE_BLOCK: ambscope_block(s, node, use); break;
    default: walk_statement(s, node);
    }
}

/* All names of a block are known from its start: functions and classes so that they can
 * be mentioned anywhere, variables so that a mention above them is noticed. */
static void declare_statement(struct ambscope *s, struct amb_node *node)
{
    switch (node->kind) {
    case NODE_LET: {
        uint32_t first = s->scope->decl_count;
        enum amb_decl_kind kind = node->as.let.is_var ? DECL_VAR : DECL_LET;
        if (node->as.let.is_pub) ambscope_top_level(s, node, TEXT_OF("pub"));
        ambscope_pattern(s, node->as.let.pattern, kind);
        for (uint32_t i = first; i < s->scope->decl_count; i++) {
            s->scope->decls[i]->is_pub = node->as.let.is_pub;
            s->scope->decls[i]->node = node;
        }
        if (node->as.let.pattern->kind == NODE_PAT_BIND)
            node->as.let.pattern->as.bind.decl->type = node->as.let.type;
        break;
    }
    case NODE_FN_DECL:
        if (node->as.fn->is_pub) ambscope_top_level(s, node, TEXT_OF("pub"));
        ambscope_declare(s, node->as.fn->decl, DECL_FN);
        break;
    case NODE_CLASS:
        if (node->as.class_->is_pub) ambscope_top_level(s, node, TEXT_OF("pub"));
        ambscope_declare(s, node->as.class_->decl, DECL_CLASS);
        break;
    case NODE_ENUM:
        if (node->as.enum_->is_pub) ambscope_top_level(s, node, TEXT_OF("pub"));
        ambscope_declare(s, node->as.enum_->decl, DECL_ENUM);
        ambscope_enum_head(s, node->as.enum_);
        break;
    case NODE_IMPORT: ambscope_import_head(s, node); break;
    case NODE_USE: ambscope_declare(s, node->as.use.decl, DECL_USE); break;
    case NODE_NEED: ambscope_declare(s, node->as.need.decl, DECL_NEED); break;
    case NODE_ARGS:
        if (!s->module->args) /* a second block is reported when it is walked */
            ambscope_declare(s, node->as.args.decl, DECL_ARGS);
        s->module->args = s->module->args ? s->module->args : node;
        break;
    case NODE_DEFER:
        ((struct ambscope_data *)s->scope->hidden)->block->as.block.has_defer = true;
        break;
    default: break;
    }
}

void ambscope_block(struct ambscope *s, struct amb_node *block, enum ambscope_use use)
{
    const struct amb_nodes *stmts = &block->as.block.stmts;
    struct amb_lexical_scope *scope = ambscope_enter(s, block);
    struct ambscope_data *data = scope->hidden;
    struct amb_fn *fn = s->frame->fn;
    block->as.block.scope = scope;
    if (fn->kind == AMB_FNK_MAIN && !fn->scope) fn->scope = scope;
    for (uint32_t i = 0; i < stmts->len; i++) {
        data->stmt = i;
        declare_statement(s, stmts->at[i]);
    }
    bool classes = false;
    for (uint32_t i = 0; i < stmts->len; i++) {
        if (stmts->at[i]->kind == NODE_CLASS) {
            classes = true;
            ambscope_class_head(s, stmts->at[i]->as.class_);
        }
    }
    if (classes) ambscope_class_cycles(s, block);
    s->frame->no_tail += block->as.block.has_defer;
    for (uint32_t i = 0; i < stmts->len; i++) {
        bool last = i + 1 == stmts->len;
        data->stmt = i;
        /* What stands behind a jump gets one message, that it cannot run. */
        bool dead = i > 0 && ambcheck_is_jump(stmts->at[i - 1]);
        ambscope_node(s, stmts->at[i], dead ? USE_VALUE : last ? use : USE_DROP);
    }
    s->frame->no_tail -= block->as.block.has_defer;
    ambcheck_statements(s, block);
    if (scope->outer == NULL) ambscope_finish_module(s, scope);
    ambscope_leave(s);
}
