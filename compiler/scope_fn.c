/* SPDX-License-Identifier: MIT */
/* Functions and types. */
#include "scope_pass.h"

#include <string.h>

void ambscope_enter_fn(struct ambscope *s, struct amb_fn *fn,
                       struct ambscope_frame *frame)
{
    *frame = (struct ambscope_frame){.fn = fn, .outer = s->frame};
    fn->outer = s->frame->fn;
    s->frame = frame;
    fn->scope = ambscope_enter(s, NULL);
    if (fn->self) ambscope_declare(s, fn->self, DECL_SELF);
}

void ambscope_leave_fn(struct ambscope *s)
{
    struct ambscope_frame *frame = s->frame;
    ambscope_leave(s);
    if (frame->fn->is_generator)
        for (uint32_t i = 0; i < frame->tail_count; i++)
            frame->tails[i]->as.call.tail = false;
    s->frame = frame->outer;
}

/* A default sees the parameters before its own. */
void ambscope_params(struct ambscope *s, struct amb_fn *fn)
{
    for (uint32_t i = 0; i < fn->param_count; i++) {
        struct amb_param *param = &fn->params[i];
        if (param->type) ambscope_type(s, param->type);
        if (param->fallback) ambscope_expr(s, param->fallback);
        if (param->pattern) {
            ambcheck_plain_pattern(s, param->pattern);
            ambscope_pattern(s, param->pattern, DECL_PARAM);
        } else {
            ambscope_declare(s, param->decl, DECL_PARAM);
        }
    }
}

void ambscope_fn(struct ambscope *s, struct amb_fn *fn)
{
    struct ambscope_frame frame;
    ambscope_enter_fn(s, fn, &frame);
    ambscope_params(s, fn);
    if (fn->result) ambscope_type(s, fn->result);
    if (fn->body->kind == NODE_BLOCK) {
        ambscope_block(s, fn->body, USE_LAST);
    } else {
        ambscope_expr(s, fn->body);
        if (fn->expr_body) ambscope_tail(s, fn->body);
    }
    ambscope_leave_fn(s);
}

/* ---- types */

static const char *const builtins[BUILTIN_COUNT] = {
    [BUILTIN_INT] = "int",       [BUILTIN_FLOAT] = "float", [BUILTIN_NUMBER] = "number",
    [BUILTIN_STRING] = "string", [BUILTIN_BYTES] = "bytes", [BUILTIN_BOOL] = "bool",
    [BUILTIN_LIST] = "list",     [BUILTIN_MAP] = "map",     [BUILTIN_SET] = "set",
    [BUILTIN_TUPLE] = "tuple",   [BUILTIN_FN] = "fn",       [BUILTIN_ANY] = "any",
    [BUILTIN_TASK] = "task",     [BUILTIN_CHANNEL] = "channel", [BUILTIN_LOCK] = "lock",
};

static int builtin_type(amb_text name)
{
    for (int i = 0; i < BUILTIN_COUNT; i++)
        if (strlen(builtins[i]) == name.len &&
            memcmp(builtins[i], name.at, name.len) == 0)
            return i;
    return -1;
}

static void not_a_type(struct ambscope *s, const struct amb_node *type, amb_text name,
                       amb_text what)
{
    ambdiag_add(s->diags, DIAG_NOT_A_TYPE, type->span, name, what);
}

static void set_capability(struct ambscope *s, struct amb_node *type)
{
    type->as.type.kind = TYPE_CAPABILITY;
    type->as.type.text = (amb_text){s->module->src->text + type->span.start,
                                    type->span.end - type->span.start};
}

static void unknown_type(struct ambscope *s, struct amb_node *type, amb_text name)
{
    for (uint32_t i = 0; i < s->module->lost_count; i++)
        if (ambtext_equal(s->module->lost[i], name)) return;
    struct amb_diag *diag = ambdiag_add(s->diags, DIAG_UNKNOWN_TYPE, type->span, name);
    if (!diag || s->guesses++ >= AMB_MAX_GUESSES) return;
    struct ambscope_guess guess = {.wanted = name};
    for (int i = 0; i < BUILTIN_COUNT; i++)
        ambscope_guess_try(&guess,
                           (amb_text){builtins[i], (uint32_t)strlen(builtins[i])});
    for (uint32_t i = 0; i < s->symbol_count; i++) {
        const struct amb_decl *decl = s->symbols[i].decl;
        if (decl && (decl->kind == DECL_CLASS || decl->kind == DECL_ENUM))
            ambscope_guess_try(&guess, decl->name);
    }
    ambscope_guess_hint(s, diag, &guess);
}

static bool is_upper(amb_text name)
{
    return name.len > 0 && name.at[0] >= 'A' && name.at[0] <= 'Z';
}

/* By an earlier line of a read-eval loop. */
static bool said_before(const struct ambscope *s, amb_text name)
{
    for (uint32_t i = 0; i < s->options->outer_count; i++)
        if (ambtext_equal(s->options->outer[i].name, name)) return true;
    return false;
}

static void plain_type(struct ambscope *s, struct amb_node *type, bool capability)
{
    struct amb_node *path = type->as.type.path;
    amb_text name = path->as.name.name;
    struct ambscope_symbol *symbol = ambscope_find(s, name, false);
    struct amb_decl *decl = symbol ? symbol->decl : NULL;
    int builtin = builtin_type(name);
    type->as.type.kind = TYPE_CLASS;
    if (decl) {
        switch (decl->kind) {
        case DECL_CLASS:
        case DECL_ENUM:
        case DECL_IMPORT_NAME: ambscope_name(s, path, false); return;
        case DECL_USE:
        case DECL_NEED: set_capability(s, type); return;
        default: break;
        }
    }
    if (builtin >= 0) {
        type->as.type.kind = TYPE_BUILTIN;
        type->as.type.builtin = (uint8_t)builtin;
    } else if (decl) {
        not_a_type(s, type, name, ambscope_kind_text(decl));
    } else if (is_upper(name) && ((symbol && symbol->prelude) || said_before(s, name))) {
        ambscope_name(s, path, false);
    } else if (symbol && symbol->prelude) {
        not_a_type(s, type, name, AMB_TEXT("a built-in"));
    } else if (capability) {
        set_capability(s, type);
    } else {
        unknown_type(s, type, name);
    }
}

static void dotted_type(struct ambscope *s, struct amb_node *type)
{
    struct amb_node *path = type->as.type.path, *root = path;
    while (root->kind == NODE_MEMBER) root = root->as.member.object;
    struct ambscope_symbol *symbol = ambscope_find(s, root->as.name.name, false);
    struct amb_decl *decl = symbol ? symbol->decl : NULL;
    if (decl && decl->kind == DECL_IMPORT) {
        type->as.type.kind = TYPE_CLASS;
        ambscope_expr(s, path);
        if (path->as.member.import) {
            const struct amb_iface *iface = path->as.member.import->iface;
            for (uint32_t i = 0; iface && i < iface->export_count; i++) {
                const struct amb_export *e = &iface->exports[i];
                if (e->slot == path->as.member.slot && e->kind != DECL_CLASS &&
                    e->kind != DECL_ENUM && ambtext_equal(e->name, path->as.member.name))
                    not_a_type(s, type, path->as.member.name,
                               e->kind == DECL_FN ? AMB_TEXT("a function")
                                                  : AMB_TEXT("a value"));
            }
        }
        return;
    }
    if (decl && (decl->kind == DECL_CLASS || decl->kind == DECL_ENUM)) {
        not_a_type(s, type, path->as.member.name,
                   decl->kind == DECL_ENUM ? AMB_TEXT("a case: compare with ==, or match")
                                           : AMB_TEXT("a member of a class"));
        return;
    }
    set_capability(s, type);
}

static void walk_type(struct ambscope *s, struct amb_node *type, bool capability)
{
    switch (type->kind) {
    case NODE_TYPE_NAME:
        if (type->as.type.path->kind == NODE_NAME)
            plain_type(s, type, capability);
        else
            dotted_type(s, type);
        break;
    case NODE_TYPE_OPT:
    case NODE_TYPE_LIST: walk_type(s, type->as.child, capability); break;
    case NODE_TYPE_UNION:
    case NODE_TYPE_TUPLE:
        for (uint32_t i = 0; i < type->as.list.len; i++)
            walk_type(s, type->as.list.at[i], capability);
        break;
    case NODE_TYPE_MAP:
        walk_type(s, type->as.pair.left, capability);
        walk_type(s, type->as.pair.right, capability);
        break;
    case NODE_TYPE_FN:
        for (uint32_t i = 0; i < type->as.type_fn.params.len; i++)
            walk_type(s, type->as.type_fn.params.at[i], capability);
        if (type->as.type_fn.result) walk_type(s, type->as.type_fn.result, capability);
        break;
    default: break;
    }
}

void ambscope_type(struct ambscope *s, struct amb_node *type)
{
    walk_type(s, type, false);
}

/* Behind `need`, one word may name a capability. */
void ambscope_need_type(struct ambscope *s, struct amb_node *type)
{
    walk_type(s, type, true);
}

bool ambscope_admits_nil(const struct amb_node *type)
{
    switch (type->kind) {
    case NODE_TYPE_NIL:
    case NODE_TYPE_OPT: return true;
    case NODE_TYPE_NAME:
        return type->as.type.kind == TYPE_BUILTIN && type->as.type.builtin == BUILTIN_ANY;
    case NODE_TYPE_UNION:
        for (uint32_t i = 0; i < type->as.list.len; i++)
            if (ambscope_admits_nil(type->as.list.at[i])) return true;
        return false;
    default: return false;
    }
}
