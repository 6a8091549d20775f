/* SPDX-License-Identifier: MIT */
/* Builds classes, enums, and the statements that describe a module. */
#include "parse_build.h"

#include <string.h>

#include "grammar.h"

static amb_text token_text(const struct amb_parser *p, amb_span span)
{
    return (amb_text){p->src->text + span.start, span.end - span.start};
}

/* ---- members are collected in a chain */

struct amb_member *ambbuild_member(struct amb_member *list, struct amb_member *member)
{
    if (!member) return list;
    member->last = member;
    if (!list) return member;
    list->last->next = member;
    list->last = member;
    return list;
}

static struct amb_member *new_member(struct amb_parser *p, enum amb_member_kind kind,
                                     amb_span span)
{
    struct amb_member *member = ambarena_alloc(p->arena, sizeof *member);
    member->kind = kind;
    member->span = span;
    member->last = member;
    return member;
}

struct amb_member *ambbuild_header(struct amb_parser *p, struct amb_token *open,
                                   struct amb_member *list)
{
    /* An empty member in front tells `()` from no header. */
    struct amb_member *head = new_member(p, MEMBER_PARAM, open->span);
    head->next = list;
    return head;
}

struct amb_member *ambbuild_class_param(struct amb_parser *p, struct amb_token *private_,
                                        struct amb_token *let, struct amb_param *param)
{
    struct amb_member *member = new_member(p, MEMBER_PARAM, param->span);
    member->param = *param;
    member->is_field = let != NULL;
    member->is_var = let && p->src->text[let->span.start] == 'v';
    if (private_) member->mods.flags = MOD_PRIVATE;
    if (let && !param->decl) ambdiag_plain(p->diags, DIAG_BAD_PARAMETER, param->span);
    return member;
}

struct amb_mods ambbuild_mod(struct amb_parser *p, struct amb_mods *mods, int flag,
                             struct amb_token *t)
{
    struct amb_mods all = {0, t->span};
    if (mods && mods->flags) {
        all = *mods;
        all.span.end = t->span.end;
    }
    if (flag == MOD_PUB)
        ambdiag_plain(p->diags, DIAG_PUB_PLACE, t->span);
    else if (all.flags & flag)
        ambdiag_add(p->diags, DIAG_REPEATED_WORD, t->span, token_text(p, t->span));
    all.flags |= (uint8_t)flag;
    return all;
}

static uint32_t member_start(struct amb_mods mods, const struct amb_token *t)
{
    return mods.flags ? mods.span.start : t->span.start;
}

struct amb_member *ambbuild_field(struct amb_parser *p, struct amb_mods mods,
                                  struct amb_token *let, struct amb_token *name,
                                  struct amb_node *type, struct amb_node *value)
{
    struct amb_member *member = new_member(p, MEMBER_FIELD, name->span);
    member->mods = mods;
    member->field.name = name->as.text;
    member->field.span = name->span;
    member->field.doc = amblexer_doc(&p->lexer, member_start(mods, let));
    member->field.is_var = p->src->text[let->span.start] == 'v';
    member->field.is_private = mods.flags & MOD_PRIVATE;
    member->field.is_static = mods.flags & MOD_STATIC;
    member->field.type = type;
    member->field.value = value;
    return member;
}

struct amb_member *ambbuild_init(struct amb_parser *p, struct amb_token *t,
                                 struct amb_node *body)
{
    struct amb_member *member = new_member(p, MEMBER_INIT, t->span);
    member->init = body;
    return member;
}

/* The one way an operator's name is written in the tree. */
static amb_text method_name(const struct amb_parser *p, const struct amb_token *name)
{
    amb_text text = token_text(p, name->span);
    if (text.at[0] != '[') return text;
    return text.at[text.len - 1] == '=' ? AMB_TEXT("[]=") : AMB_TEXT("[]");
}

static bool is_operator(amb_text name)
{
    char c = name.at[0];
    return !((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
             (unsigned char)c >= 0x80);
}

static void check_operator(struct amb_parser *p, struct amb_mods mods,
                           const struct amb_token *name, amb_text text,
                           const struct amb_fn *fn)
{
    static const char *const follow[] = {"!=", "<=", ">", ">=", "~"};
    for (size_t i = 0; i < sizeof follow / sizeof follow[0]; i++) {
        if (strlen(follow[i]) == text.len && memcmp(follow[i], text.at, text.len) == 0) {
            ambdiag_add(p->diags, DIAG_OPERATOR_NAME, name->span, text,
                        text.at[0] == '~'
                            ? AMB_TEXT("a method")
                            : AMB_TEXT("a method: it follows from == and <"));
            return;
        }
    }
    uint32_t wanted = ambtext_equal(text, AMB_TEXT("[]=")) ? 2 : 1;
    if (fn->param_count != wanted || fn->required != wanted)
        ambdiag_add(p->diags, DIAG_OPERATOR_ARITY, name->span, text,
                    wanted == 2 ? AMB_TEXT("two parameters") : AMB_TEXT("one parameter"));
    if (mods.flags & MOD_STATIC)
        ambdiag_add(p->diags, DIAG_BAD_MODIFIER, mods.span, AMB_TEXT("static"));
}

static struct amb_member *method_member(struct amb_parser *p, enum amb_fn_kind kind,
                                        struct amb_mods mods, struct amb_token *t,
                                        struct amb_token *name, struct amb_fn *fn,
                                        struct amb_node *result, struct amb_node *body,
                                        bool expr)
{
    struct amb_member *member = new_member(p, MEMBER_METHOD, name->span);
    amb_text text = method_name(p, name);
    struct amb_node *node = ambbuild_fn_value(p, t, fn, result, body, expr);
    fn->span = node->span;
    fn->span.start = member_start(mods, t);
    fn->kind = (uint8_t)kind;
    fn->name = text;
    fn->name_span = name->span;
    fn->doc = amblexer_doc(&p->lexer, fn->span.start);
    fn->is_static = mods.flags & MOD_STATIC;
    fn->is_private = mods.flags & MOD_PRIVATE;
    if (!fn->is_static)
        fn->self = ambbuild_decl(p, DECL_SELF, AMB_TEXT("self"), name->span);
    if (is_operator(text)) {
        if (kind == AMB_FNK_METHOD) {
            fn->kind = AMB_FNK_OPERATOR;
            check_operator(p, mods, name, text, fn);
        } else {
            ambdiag_add(p->diags, DIAG_OPERATOR_NAME, name->span, text,
                        kind == AMB_FNK_GETTER ? AMB_TEXT("a getter")
                                              : AMB_TEXT("a setter"));
        }
    }
    member->mods = mods;
    member->method.name = text;
    member->method.fn = fn;
    return member;
}

struct amb_member *ambbuild_method(struct amb_parser *p, struct amb_mods mods,
                                   struct amb_token *t, struct amb_token *name,
                                   struct amb_fn *fn, struct amb_node *result,
                                   struct amb_node *body, bool expr)
{
    return method_member(p, AMB_FNK_METHOD, mods, t, name, fn, result, body, expr);
}

struct amb_member *ambbuild_getter(struct amb_parser *p, struct amb_mods mods,
                                   struct amb_token *t, struct amb_token *name,
                                   struct amb_node *result, struct amb_node *body,
                                   bool expr)
{
    return method_member(p, AMB_FNK_GETTER, mods, t, name, ambbuild_fn(p), result, body,
                         expr);
}

struct amb_member *ambbuild_setter(struct amb_parser *p, struct amb_mods mods,
                                   struct amb_token *t, struct amb_token *name,
                                   struct amb_param *param, struct amb_node *body,
                                   bool expr)
{
    if (param->rest || param->fallback)
        ambdiag_plain(p->diags, DIAG_BAD_PARAMETER, param->span);
    struct amb_fn *fn = ambbuild_param(p, ambbuild_fn(p), param);
    return method_member(p, AMB_FNK_SETTER, mods, t, name, fn, NULL, body, expr);
}

struct amb_member *ambbuild_case(struct amb_parser *p, struct amb_token *name,
                                 struct amb_fn *params, struct amb_token *close)
{
    struct amb_member *member = new_member(p, MEMBER_CASE, name->span);
    struct amb_enum_case *c = &member->case_;
    c->name = name->as.text;
    c->span = name->span;
    c->doc = amblexer_doc(&p->lexer, name->span.start);
    if (params) {
        c->has_params = true;
        c->fn = params;
        params->kind = AMB_FNK_FIELDS;
        params->name = name->as.text;
        params->name_span = name->span;
        params->span = (amb_span){name->span.start, close->span.end};
        for (uint32_t i = 0; i < params->param_count; i++)
            if (!params->params[i].decl || params->params[i].rest)
                ambdiag_plain(p->diags, DIAG_BAD_PARAMETER, params->params[i].span);
        c->params = params->params;
        c->param_count = params->param_count;
        c->param_cap = params->param_cap;
    }
    return member;
}

/* ---- putting a class together */

static void add_method(struct amb_parser *p, struct amb_method **methods, uint32_t *count,
                       uint32_t *cap, const struct amb_member *member)
{
    ambarena_grow(p->arena, (void **)methods, cap, *count + 1, sizeof **methods);
    (*methods)[(*count)++] = member->method;
}

static void add_field(struct amb_class_decl *cls, const struct amb_field *field)
{
    struct amb_field *at = &cls->fields[cls->field_count];
    *at = *field;
    at->class_ = cls;
    at->index = cls->field_count++;
}

static void add_header(struct amb_parser *p, struct amb_class_decl *cls,
                       struct amb_member *header)
{
    struct amb_fn *fn = cls->fields_fn;
    for (struct amb_member *m = header; m; m = m->next)
        fn = ambbuild_param(p, fn, &m->param);
    uint32_t i = 0;
    for (struct amb_member *m = header; m; m = m->next, i++) {
        struct amb_param *param = &fn->params[i];
        if (cls->is_value && (m->is_var || m->mods.flags & MOD_PRIVATE || param->rest))
            ambdiag_add(p->diags, DIAG_VALUE_CLASS, m->span,
                        AMB_TEXT("has public `let` fields only"));
        if ((!m->is_field && !cls->is_value) || !param->decl) continue;
        struct amb_field field = {
            .name = param->name,
            .span = param->span,
            .is_var = m->is_var,
            .is_private = m->mods.flags & MOD_PRIVATE,
            .type = param->type,
            .param = param,
            .doc = {"", 0},
        };
        add_field(cls, &field);
        param->field = &cls->fields[cls->field_count - 1];
    }
}

static void add_static(struct amb_parser *p, struct amb_class_decl *cls,
                       const struct amb_field *field)
{
    ambarena_grow(p->arena, (void **)&cls->statics, &cls->static_cap,
                  cls->static_count + 1, sizeof *cls->statics);
    struct amb_field *at = &cls->statics[cls->static_count];
    *at = *field;
    at->class_ = cls;
    at->index = cls->static_count++;
}

static void add_init(struct amb_parser *p, struct amb_class_decl *cls,
                     struct amb_member *member)
{
    if (cls->init) {
        ambdiag_plain(p->diags, DIAG_INIT_TWICE, member->span);
        return;
    }
    struct amb_fn *fn = ambbuild_fn(p);
    fn->kind = AMB_FNK_INIT;
    fn->name = AMB_TEXT("init");
    fn->name_span = member->span;
    fn->span = (amb_span){member->span.start, member->init->span.end};
    fn->body = member->init;
    fn->class_ = cls;
    fn->self = ambbuild_decl(p, DECL_SELF, AMB_TEXT("self"), member->span);
    cls->init = fn;
}

struct amb_node *ambbuild_class(struct amb_parser *p, struct amb_mods mods,
                                struct amb_token *t, struct amb_token *name,
                                bool private_ctor, struct amb_member *header,
                                struct amb_node *parent, struct amb_member *body)
{
    struct amb_class_decl *cls = ambarena_alloc(p->arena, sizeof *cls);
    uint32_t start = mods.flags ? mods.span.start : t->span.start;
    /* The end is that of the last token read: the body's brace, or the head. */
    struct amb_node *node = ambbuild_node(p, NODE_CLASS, start, p->last.span.end);
    node->as.class_ = cls;
    cls->node = node;
    cls->name = name->as.text;
    cls->span = name->span;
    cls->doc = amblexer_doc(&p->lexer, start);
    cls->is_value = mods.flags & MOD_VALUE;
    cls->is_open = mods.flags & MOD_OPEN;
    cls->private_ctor = private_ctor;
    cls->has_header = header != NULL;
    cls->decl = ambbuild_decl(p, DECL_CLASS, name->as.text, name->span);
    cls->decl->node = node;
    cls->fields_fn = ambbuild_fn(p);
    cls->fields_fn->kind = AMB_FNK_FIELDS;
    cls->fields_fn->name = name->as.text;
    cls->fields_fn->name_span = name->span;
    cls->fields_fn->span = node->span;
    cls->fields_fn->class_ = cls;
    if (parent && parent->kind == NODE_CALL) {
        cls->parent = parent->as.call.callee;
        cls->has_super_args = true;
        cls->super_args = parent->as.call.args;
    } else {
        cls->parent = parent;
    }
    ambbuild_deepen(p, node, parent);
    if (cls->is_value && parent)
        ambdiag_add(p->diags, DIAG_VALUE_CLASS, parent->span, AMB_TEXT("has no parent"));
    /* Room for the hidden fields as well, so that pointers to fields stay good. */
    uint32_t room = 1;
    for (struct amb_member *m = header; m; m = m->next) room += 2;
    for (struct amb_member *m = body; m; m = m->next) room++;
    cls->fields = ambarena_alloc(p->arena, room * sizeof *cls->fields);
    cls->field_cap = room;
    if (header) add_header(p, cls, header->next);
    uint16_t depth = ambbuild_fn_depth(cls->fields_fn);
    for (struct amb_member *m = body; m; m = m->next) {
        uint16_t below = 0;
        switch (m->kind) {
        case MEMBER_FIELD:
            if (m->field.is_static) {
                add_static(p, cls, &m->field);
            } else {
                add_field(cls, &m->field);
                if (cls->is_value)
                    ambdiag_add(p->diags, DIAG_VALUE_CLASS, m->span,
                                AMB_TEXT("has no fields but its parameters"));
            }
            below = m->field.value ? m->field.value->depth : 0;
            break;
        case MEMBER_METHOD:
            m->method.fn->class_ = cls;
            add_method(p, &cls->methods, &cls->method_count, &cls->method_cap, m);
            below = ambbuild_fn_depth(m->method.fn);
            break;
        case MEMBER_INIT:
            add_init(p, cls, m);
            below = m->init->depth;
            break;
        default: break;
        }
        depth = below > depth ? below : depth;
    }
    struct amb_node deepest = {.depth = depth};
    ambbuild_deepen(p, node, &deepest);
    return node;
}

struct amb_node *ambbuild_enum(struct amb_parser *p, struct amb_token *t,
                               struct amb_token *name, struct amb_member *items,
                               struct amb_token *close)
{
    struct amb_enum *e = ambarena_alloc(p->arena, sizeof *e);
    struct amb_node *node = ambbuild_node(p, NODE_ENUM, t->span.start, close->span.end);
    node->as.enum_ = e;
    e->node = node;
    e->name = name->as.text;
    e->span = name->span;
    e->doc = amblexer_doc(&p->lexer, t->span.start);
    e->decl = ambbuild_decl(p, DECL_ENUM, name->as.text, name->span);
    e->decl->node = node;
    for (struct amb_member *m = items; m; m = m->next) {
        struct amb_node below = {.depth = 0};
        if (m->kind == MEMBER_CASE) {
            ambarena_grow(p->arena, (void **)&e->cases, &e->case_cap, e->case_count + 1,
                          sizeof *e->cases);
            e->cases[e->case_count++] = m->case_;
            if (m->case_.fn) {
                m->case_.fn->enum_ = e;
                below.depth = ambbuild_fn_depth(m->case_.fn);
            }
        } else {
            m->method.fn->enum_ = e;
            if (m->method.fn->kind == AMB_FNK_SETTER)
                ambdiag_plain(p->diags, DIAG_ENUM_MEMBER, m->span);
            if (m->mods.flags & MOD_PRIVATE)
                ambdiag_add(p->diags, DIAG_BAD_MODIFIER, m->mods.span,
                            AMB_TEXT("private"));
            add_method(p, &e->methods, &e->method_count, &e->method_cap, m);
            below.depth = ambbuild_fn_depth(m->method.fn);
        }
        ambbuild_deepen(p, node, &below);
    }
    return node;
}

/* ---- import */

struct amb_as ambbuild_as(struct amb_token *name, struct amb_token *mark)
{
    struct amb_as as = {.given = true, .optional = mark != NULL, .name = *name};
    if (mark) as.mark = *mark;
    return as;
}

static void refuse_optional(struct amb_parser *p, const struct amb_as *as)
{
    if (as->optional) ambdiag_plain(p->diags, DIAG_OPTIONAL_AS, as->mark.span);
}

static struct amb_import *new_import(struct amb_parser *p, struct amb_token *module,
                                     struct amb_nodes *with, struct amb_import *import)
{
    import->spec = module->as.text;
    import->span = module->span;
    import->is_standard = !module->big;
    import->has_with = with != NULL;
    for (uint32_t i = 0; with && i < with->len; i++) {
        struct amb_node *entry = with->at[i];
        if (entry->kind != NODE_ENTRY || entry->as.pair.left->kind != NODE_STRING ||
            p->src->text[entry->as.pair.left->span.start] == '[') {
            ambdiag_plain(p->diags, DIAG_WITH_ENTRY, entry->span);
            continue;
        }
        ambarena_grow(p->arena, (void **)&import->withs, &import->with_cap,
                      import->with_count + 1, sizeof *import->withs);
        import->withs[import->with_count++] =
            (struct amb_with){entry->as.pair.left->as.text, entry->as.pair.left->span,
                              entry->as.pair.right};
    }
    return import;
}

static bool is_plain_name(amb_text text)
{
    if (text.len == 0 || (text.at[0] >= '0' && text.at[0] <= '9')) return false;
    for (uint32_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.at[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
              (c >= '0' && c <= '9') || c == '_' || c >= 0x80))
            return false;
    }
    static const char *const reserved[] = {
#define HARD(text) text,
#define SOFT(text)
#define WORD(text, token, class) class(text)
#include "lexer_words.def"
#undef WORD
#undef SOFT
#undef HARD
    };
    for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++)
        if (strlen(reserved[i]) == text.len &&
            memcmp(reserved[i], text.at, text.len) == 0)
            return false;
    return true;
}

/* What a module is called without `as`: the last part of its path. */
static amb_text last_part(amb_text spec)
{
    uint32_t start = spec.len;
    while (start > 0 && spec.at[start - 1] != '/') start--;
    return (amb_text){spec.at + start, spec.len - start};
}

static uint32_t with_depth(const struct amb_import *import)
{
    uint32_t depth = 0;
    for (uint32_t i = 0; i < import->with_count; i++)
        if (import->withs[i].value->depth > depth) depth = import->withs[i].value->depth;
    return depth;
}

static struct amb_node *import_node(struct amb_parser *p, struct amb_token *t,
                                    struct amb_import *import)
{
    struct amb_node *node =
        ambbuild_node(p, NODE_IMPORT, t->span.start, p->last.span.end);
    node->as.import = import;
    struct amb_node below = {.depth = (uint16_t)with_depth(import)};
    ambbuild_deepen(p, node, &below);
    return node;
}

struct amb_node *ambbuild_import(struct amb_parser *p, struct amb_token *t,
                                 struct amb_token *module, struct amb_as as,
                                 struct amb_nodes *with)
{
    struct amb_import *import =
        new_import(p, module, with, ambarena_alloc(p->arena, sizeof *import));
    amb_text name = as.given ? as.name.as.text : last_part(import->spec);
    amb_span span = as.given ? as.name.span : module->span;
    refuse_optional(p, &as);
    import->unnamed = !as.given && !is_plain_name(name);
    if (import->unnamed) ambdiag_add(p->diags, DIAG_IMPORT_NAME, span, import->spec);
    import->decl = ambbuild_decl(p, DECL_IMPORT, name, span);
    import->decl->import = import;
    struct amb_node *node = import_node(p, t, import);
    import->decl->node = node;
    return node;
}

struct amb_import *ambbuild_import_name(struct amb_parser *p, struct amb_import *list,
                                        struct amb_token *name, struct amb_as as)
{
    if (!list) list = ambarena_alloc(p->arena, sizeof *list);
    refuse_optional(p, &as);
    ambarena_grow(p->arena, (void **)&list->names, &list->name_cap, list->name_count + 1,
                  sizeof *list->names);
    struct amb_token local = as.given ? as.name : *name;
    struct amb_decl *decl = ambbuild_decl(p, DECL_IMPORT_NAME, local.as.text, local.span);
    decl->import = list;
    list->names[list->name_count++] =
        (struct amb_import_name){.name = name->as.text, .span = name->span, .decl = decl};
    return list;
}

struct amb_node *ambbuild_from(struct amb_parser *p, struct amb_token *t,
                               struct amb_token *module, struct amb_nodes *with,
                               struct amb_import *names)
{
    names->is_from = true;
    new_import(p, module, with, names);
    struct amb_node *node = import_node(p, t, names);
    for (uint32_t i = 0; i < names->name_count; i++) names->names[i].decl->node = node;
    return node;
}

/* ---- use and need */

/* One line of source may make several statements: these come in a block that is marked as
 * parenthesised, which no real one is; see ambbuild_push_stmt. */
static struct amb_node *several(struct amb_parser *p, uint32_t start)
{
    struct amb_node *node = ambbuild_node(p, NODE_BLOCK, start, start);
    node->parenthesised = true;
    return node;
}

struct amb_words *ambbuild_word(struct amb_parser *p, struct amb_words *list,
                                struct amb_token *t)
{
    if (!list) list = ambarena_alloc(p->arena, sizeof *list);
    for (uint32_t i = 0; i < list->len; i++)
        if (ambtext_equal(list->items[i], t->as.text))
            ambdiag_add(p->diags, DIAG_DUPLICATE_NAME, t->span, t->as.text);
    if (list->len < AMB_MAX_ARGS) {
        ambarena_grow(p->arena, (void **)&list->items, &list->cap, list->len + 1,
                      sizeof *list->items);
        list->items[list->len++] = t->as.text;
    }
    return list;
}

struct amb_use_path *ambbuild_use_part(struct amb_parser *p, struct amb_use_path *path,
                                       struct amb_token *name, struct amb_nodes *args,
                                       struct amb_token *close)
{
    if (!path) path = ambarena_alloc(p->arena, sizeof *path);
    ambarena_grow(p->arena, (void **)&path->parts, &path->cap, path->len + 1,
                  sizeof *path->parts);
    struct amb_use_part *part = &path->parts[path->len++];
    part->name = name->as.text;
    part->span = name->span;
    part->has_args = args != NULL;
    if (args) part->args = *args;
    path->end = close ? close->span.end : name->span.end;
    return path;
}

struct amb_node *ambbuild_use(struct amb_parser *p, struct amb_token *t,
                              struct amb_use_path *path, struct amb_words *rights,
                              struct amb_as as)
{
    struct amb_node *node = ambbuild_node(p, NODE_USE, t->span.start, p->last.span.end);
    const struct amb_use_part *last = &path->parts[path->len - 1];
    node->as.use.parts = path->parts;
    node->as.use.part_count = path->len;
    if (rights) {
        node->as.use.rights = rights->items;
        node->as.use.right_count = rights->len;
    }
    node->as.use.optional = as.optional;
    node->as.use.decl =
        ambbuild_decl(p, DECL_USE, as.given ? as.name.as.text : last->name,
                      as.given ? as.name.span : last->span);
    node->as.use.decl->node = node;
    for (uint32_t i = 0; i < path->len; i++)
        for (uint32_t k = 0; k < path->parts[i].args.len; k++)
            ambbuild_deepen(p, node, path->parts[i].args.at[k]);
    return node;
}

struct amb_node *ambbuild_use_list(struct amb_parser *p, struct amb_token *t,
                                   struct amb_token *first, struct amb_nodes *rest)
{
    struct amb_node *all = several(p, t->span.start);
    struct amb_as none = {0};
    for (uint32_t i = 0; i <= rest->len; i++) {
        struct amb_token name = *first;
        if (i > 0) {
            name.as.text = rest->at[i - 1]->as.name.name;
            name.span = rest->at[i - 1]->span;
        }
        ambnodes_push(p->arena, &all->as.block.stmts,
                     ambbuild_use(p, t, ambbuild_use_part(p, NULL, &name, NULL, NULL),
                                  NULL, none));
    }
    return all;
}

struct amb_node *ambbuild_need(struct amb_parser *p, struct amb_token *t,
                               struct amb_token *name, struct amb_node *type,
                               struct amb_words *rights)
{
    struct amb_node *node = ambbuild_node(p, NODE_NEED, t->span.start, p->last.span.end);
    node->as.need.decl = ambbuild_decl(p, DECL_NEED, name->as.text, name->span);
    node->as.need.decl->node = node;
    node->as.need.decl->type = type;
    node->as.need.type = type;
    if (rights) {
        node->as.need.rights = rights->items;
        node->as.need.right_count = rights->len;
    }
    ambbuild_deepen(p, node, type);
    return node;
}

struct amb_node *ambbuild_need_list(struct amb_parser *p, struct amb_token *t,
                                    struct amb_nodes *names)
{
    struct amb_node *all = several(p, t->span.start);
    for (uint32_t i = 0; i < names->len; i++) {
        struct amb_token name = {.span = names->at[i]->span};
        name.as.text = names->at[i]->as.name.name;
        ambnodes_push(p->arena, &all->as.block.stmts,
                     ambbuild_need(p, t, &name, NULL, NULL));
    }
    return all;
}

/* ---- args and test */

struct amb_arg_list *ambbuild_arg(struct amb_parser *p, struct amb_arg_list *list,
                                  struct amb_arg_decl *item)
{
    if (!list) list = ambarena_alloc(p->arena, sizeof *list);
    if (item) {
        ambarena_grow(p->arena, (void **)&list->items, &list->cap, list->len + 1,
                      sizeof *list->items);
        list->items[list->len++] = *item;
    }
    return list;
}

struct amb_arg_decl *ambbuild_arg_decl(struct amb_token *name, struct amb_node *type,
                                       struct amb_arg_decl *item, bool many)
{
    item->name = name->as.text;
    item->span = name->span;
    item->type = type;
    item->many = many;
    return item;
}

struct amb_arg_decl *ambbuild_arg_default(struct amb_parser *p, struct amb_node *value,
                                          struct amb_token *help)
{
    struct amb_arg_decl *item = ambarena_alloc(p->arena, sizeof *item);
    item->fallback = value;
    item->help = (amb_text){"", 0};
    if (help) {
        item->help = ambbuild_string(p, help)->as.text;
        item->help_span = help->span;
    }
    return item;
}

struct amb_node *ambbuild_args(struct amb_parser *p, struct amb_token *t,
                               struct amb_arg_list *list, struct amb_token *close)
{
    struct amb_node *node = ambbuild_node(p, NODE_ARGS, t->span.start, close->span.end);
    node->as.args.items = list->items;
    node->as.args.count = list->len;
    node->as.args.decl = ambbuild_decl(p, DECL_ARGS, AMB_TEXT("args"), t->span);
    node->as.args.decl->node = node;
    for (uint32_t i = 0; i < list->len; i++)
        ambbuild_deepen(p, node, list->items[i].type);
    return node;
}

struct amb_node *ambbuild_test(struct amb_parser *p, struct amb_token *t,
                               struct amb_token *title, struct amb_node *body)
{
    struct amb_fn *fn = ambbuild_fn(p);
    struct amb_node *value = ambbuild_fn_value(p, t, fn, NULL, body, false);
    fn->kind = AMB_FNK_TEST;
    fn->name = ambbuild_string(p, title)->as.text;
    fn->name_span = title->span;
    struct amb_node *node = ambbuild_node(p, NODE_TEST, t->span.start, body->span.end);
    node->as.test.title = fn->name;
    node->as.test.fn = fn;
    ambbuild_deepen(p, node, value);
    return node;
}
