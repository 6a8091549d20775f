/* SPDX-License-Identifier: MIT */
/* What describes a module as a whole: import, use, need, args, test, exports. */
#include "scope_pass.h"

#include <string.h>

bool ambscope_top_level(struct ambscope *s, const struct amb_node *node, amb_text what)
{
    if (s->scope == s->module->main->scope) return true;
    ambdiag_add(s->diags, DIAG_NOT_TOP_LEVEL, node->span, what);
    return false;
}

static void *grown(struct ambscope *s, void *items, uint32_t *cap, uint32_t want,
                   size_t size)
{
    ambarena_grow(s->arena, &items, cap, want, size);
    return items;
}

/* ---- import */

const struct amb_export *ambscope_export(struct ambscope *s,
                                         const struct amb_import *import, amb_text name,
                                         amb_span span)
{
    const struct amb_iface *iface = import->iface;
    struct ambscope_guess guess = {.wanted = name};
    for (uint32_t i = 0; i < iface->export_count; i++)
        if (ambtext_equal(iface->exports[i].name, name)) return &iface->exports[i];
    struct amb_diag *diag =
        ambdiag_add(s->diags, DIAG_NO_EXPORT, span, import->spec, name);
    if (diag && s->guesses++ < AMB_MAX_GUESSES) {
        for (uint32_t i = 0; i < iface->export_count; i++)
            ambscope_guess_try(&guess, iface->exports[i].name);
        ambscope_guess_hint(s, diag, &guess);
    }
    return NULL;
}

static void check_withs(struct ambscope *s, struct amb_import *import)
{
    const struct amb_iface *iface = import->iface;
    struct amb_with *sorted =
        ambarena_alloc(s->arena, (iface->need_count + 1) * sizeof *sorted);
    bool complete = true;
    for (uint32_t i = 0; i < iface->need_count; i++) {
        bool found = false;
        for (uint32_t k = 0; k < import->with_count && !found; k++) {
            if (ambtext_equal(import->withs[k].name, iface->needs[i])) {
                sorted[i] = import->withs[k];
                found = true;
            }
        }
        if (!found) {
            ambdiag_add(s->diags, DIAG_WITH_MISSING, import->span, import->spec,
                        iface->needs[i], iface->needs[i]);
            complete = false;
        }
    }
    for (uint32_t k = 0; k < import->with_count; k++) {
        bool needed = false;
        for (uint32_t i = 0; i < iface->need_count && !needed; i++)
            needed = ambtext_equal(import->withs[k].name, iface->needs[i]);
        for (uint32_t i = 0; i < k; i++)
            if (ambtext_equal(import->withs[k].name, import->withs[i].name))
                ambdiag_add(s->diags, DIAG_DUPLICATE_NAME, import->withs[k].span,
                            import->withs[k].name);
        if (!needed) {
            ambdiag_add(s->diags, DIAG_WITH_SURPLUS, import->withs[k].span, import->spec,
                        import->withs[k].name);
            complete = false;
        }
    }
    if (complete && s->diags->errors == 0) {
        import->withs = sorted;
        import->with_count = iface->need_count;
    }
}

/* What was meant by a name that is no standard module. */
static void no_module(struct ambscope *s, const struct amb_import *import)
{
    static const char *const providers[] = {"fs",    "net",     "process", "clock",
                                            "timer", "entropy", "console", "modules"};
    struct amb_diag *d = ambdiag_add(s->diags, DIAG_NO_MODULE, import->span, import->spec);
    if (!import->is_standard) return;
    for (size_t i = 0; i < sizeof providers / sizeof providers[0]; i++)
        if (ambtext_equal(import->spec, (amb_text){providers[i], (uint32_t)strlen(providers[i])})) {
            ambdiag_hint(s->diags, d, AMB_TEXT("it is a provider, and granted: use provider.resource(...) as name"));
            return;
        }
    ambdiag_hint(s->diags, d, AMB_TEXT("modules of your own are imported by path: import \"./name\"; native ones come with "
                                         "--provider ./name.so"));
}

void ambscope_import_head(struct ambscope *s, struct amb_node *node)
{
    struct amb_import *import = node->as.import;
    struct amb_unit *module = s->module;
    bool top = ambscope_top_level(s, node, AMB_TEXT("import"));
    module->imports = grown(s, module->imports, &s->import_cap, module->import_count + 1,
                            sizeof *module->imports);
    import->index = module->import_count;
    module->imports[module->import_count++] = import;
    if (top && !import->unnamed && s->options->resolve_import) {
        enum amb_resolve_result result =
            s->options->resolve_import(s->options->ud, import->spec, import->is_standard,
                                       import->span, &import->iface);
        if (result == AMB_RESOLVE_NOT_FOUND)
            no_module(s, import);
        if (result != AMB_RESOLVE_OK) import->iface = NULL;
    }
    if (import->decl) ambscope_declare(s, import->decl, DECL_IMPORT);
    for (uint32_t i = 0; i < import->name_count; i++) {
        struct amb_import_name *name = &import->names[i];
        const struct amb_export *e =
            import->iface ? ambscope_export(s, import, name->name, name->span) : NULL;
        if (e) name->slot = name->decl->slot = e->slot;
        ambscope_declare(s, name->decl, DECL_IMPORT_NAME);
    }
}

void ambscope_import(struct ambscope *s, struct amb_node *node)
{
    struct amb_import *import = node->as.import;
    for (uint32_t i = 0; i < import->with_count; i++)
        ambscope_expr(s, import->withs[i].value);
    if (import->iface) check_withs(s, import);
}

/* ---- use */

static const char *const use_words[] = {
    [USE_CWD] = "cwd",
    [USE_HOME] = "home",
    [USE_SCRIPT_DIR] = "script_dir",
    [USE_ENV] = "env",
};

static int use_word(const struct amb_node *node)
{
    amb_text name = node->as.name.name;
    for (int i = 0; i < (int)(sizeof use_words / sizeof use_words[0]); i++)
        if (strlen(use_words[i]) == name.len &&
            memcmp(use_words[i], name.at, name.len) == 0)
            return i;
    return -1;
}

static bool is_args(const struct amb_node *node)
{
    return node->kind == NODE_NAME && ambtext_equal(node->as.name.name, AMB_TEXT("args"));
}

/* Everything here must be known before the program runs. */
static void use_argument(struct ambscope *s, struct amb_node *node)
{
    switch (node->kind) {
    case NODE_NIL:
    case NODE_TRUE:
    case NODE_FALSE:
    case NODE_INT:
    case NODE_FLOAT:
    case NODE_STRING: return;
    case NODE_LIST:
    case NODE_INTERP:
    case NODE_MAP:
        for (uint32_t i = 0; i < node->as.list.len; i++)
            use_argument(s, node->as.list.at[i]);
        return;
    case NODE_ENTRY:
        use_argument(s, node->as.pair.left);
        use_argument(s, node->as.pair.right);
        return;
    case NODE_NAMED: use_argument(s, node->as.named.value); return;
    case NODE_FORMAT:
        if (node->as.format.spec) break;
        use_argument(s, node->as.format.value);
        return;
    case NODE_BINARY:
        if (node->as.binary.op != AMB_ADD) break;
        use_argument(s, node->as.binary.left);
        use_argument(s, node->as.binary.right);
        return;
    case NODE_MEMBER:
        if (!is_args(node->as.member.object)) break;
        ambscope_name(s, node->as.member.object, false);
        return;
    case NODE_INDEX:
        if (!is_args(node->as.index.object) || node->as.index.key->kind != NODE_INT)
            break;
        ambscope_name(s, node->as.index.object, false);
        return;
    case NODE_NAME:
        if (is_args(node)) {
            ambscope_name(s, node, false);
            return;
        }
        if (use_word(node) < 0 || use_word(node) == USE_ENV) break;
        node->as.name.ref.kind = REF_USE_WORD;
        node->as.name.ref.index = (uint32_t)use_word(node);
        return;
    case NODE_CALL: {
        struct amb_node *callee = node->as.call.callee;
        const struct amb_nodes *args = &node->as.call.args;
        if (callee->kind != NODE_NAME || use_word(callee) != USE_ENV || args->len != 1 ||
            args->at[0]->kind != NODE_STRING)
            break;
        callee->as.name.ref.kind = REF_USE_WORD;
        callee->as.name.ref.index = USE_ENV;
        return;
    }
    default: break;
    }
    ambdiag_plain(s->diags, DIAG_USE_ARGUMENT, node->span);
}

void ambscope_use(struct ambscope *s, struct amb_node *node)
{
    struct amb_unit *module = s->module;
    if (!ambscope_top_level(s, node, AMB_TEXT("use"))) return;
    if (!s->options->is_entry) {
        ambdiag_add(s->diags, DIAG_ENTRY_ONLY, node->span, AMB_TEXT("use"));
        return;
    }
    for (uint32_t i = 0; i < node->as.use.part_count; i++) {
        struct amb_use_part *part = &node->as.use.parts[i];
        for (uint32_t k = 0; k < part->args.len; k++) {
            if (part->args.at[k]->kind == NODE_SPREAD)
                ambdiag_plain(s->diags, DIAG_USE_ARGUMENT, part->args.at[k]->span);
            else
                use_argument(s, part->args.at[k]);
        }
    }
    module->uses =
        grown(s, module->uses, &s->use_cap, module->use_count + 1, sizeof *module->uses);
    module->uses[module->use_count++] = node;
}

/* ---- need, args, test */

void ambscope_need(struct ambscope *s, struct amb_node *node)
{
    struct amb_unit *module = s->module;
    if (!ambscope_top_level(s, node, AMB_TEXT("need"))) return;
    if (node->as.need.type) ambscope_need_type(s, node->as.need.type);
    module->needs = grown(s, module->needs, &s->need_cap, module->need_count + 1,
                          sizeof *module->needs);
    module->needs[module->need_count++] = node;
}

static bool fits_argument(const struct amb_node *type, const struct amb_node *value)
{
    if (type->kind == NODE_TYPE_OPT)
        return value->kind == NODE_NIL || fits_argument(type->as.child, value);
    if (type->kind != NODE_TYPE_NAME || type->as.type.kind != TYPE_BUILTIN) return true;
    switch (type->as.type.builtin) {
    case BUILTIN_INT: return value->kind == NODE_INT;
    case BUILTIN_FLOAT:
    case BUILTIN_NUMBER: return value->kind == NODE_FLOAT || value->kind == NODE_INT;
    case BUILTIN_STRING: return value->kind == NODE_STRING;
    case BUILTIN_BOOL: return value->kind == NODE_TRUE || value->kind == NODE_FALSE;
    default: return true;
    }
}

/* What a command line can be read as. */
static bool is_argument_type(const struct amb_node *type)
{
    if (type->kind == NODE_TYPE_OPT) return is_argument_type(type->as.child);
    if (type->kind != NODE_TYPE_NAME || type->as.type.kind != TYPE_BUILTIN) return false;
    switch (type->as.type.builtin) {
    case BUILTIN_INT:
    case BUILTIN_FLOAT:
    case BUILTIN_NUMBER:
    case BUILTIN_STRING:
    case BUILTIN_BOOL: return true;
    default: return false;
    }
}

void ambscope_args(struct ambscope *s, struct amb_node *node)
{
    if (!ambscope_top_level(s, node, AMB_TEXT("args"))) return;
    if (!s->options->is_entry)
        ambdiag_add(s->diags, DIAG_ENTRY_ONLY, node->as.args.decl->span,
                    AMB_TEXT("args"));
    if (s->module->args != node)
        ambdiag_plain(s->diags, DIAG_ARGS_TWICE, node->as.args.decl->span);
    bool many = false;
    for (uint32_t i = 0; i < node->as.args.count; i++) {
        struct amb_arg_decl *arg = &node->as.args.items[i];
        if (arg->type) ambscope_type(s, arg->type);
        for (uint32_t k = 0; k < i && i < AMB_MAX_ARGS; k++)
            if (ambtext_equal(node->as.args.items[k].name, arg->name))
                ambdiag_add(s->diags, DIAG_DUPLICATE_NAME, arg->span, arg->name);
        if (arg->type && !is_argument_type(arg->type))
            ambdiag_add(s->diags, DIAG_ARGS_DEFAULT, arg->type->span,
                        AMB_TEXT("an argument is a string, int, float, number or bool"));
        else if (arg->type && arg->fallback && !fits_argument(arg->type, arg->fallback))
            ambdiag_add(s->diags, DIAG_ARGS_DEFAULT, arg->fallback->span,
                        AMB_TEXT("the default does not fit the type"));
        if (arg->many && many)
            ambdiag_add(s->diags, DIAG_ARGS_DEFAULT, arg->span,
                        AMB_TEXT("only one argument can take all the rest"));
        many |= arg->many;
        if (i == AMB_MAX_ARGS)
            ambdiag_add(s->diags, DIAG_TOO_MANY, arg->span, AMB_TEXT("255"),
                        AMB_TEXT("arguments"));
    }
}

void ambscope_test(struct ambscope *s, struct amb_node *node)
{
    struct amb_unit *module = s->module;
    if (!ambscope_top_level(s, node, AMB_TEXT("test"))) return;
    ambscope_fn(s, node->as.test.fn);
    module->tests = grown(s, module->tests, &s->test_cap, module->test_count + 1,
                          sizeof *module->tests);
    module->tests[module->test_count++] = node;
}

/* ---- exports: slots are given out when the scope is left, in the same order */

static uint8_t export_kind(const struct amb_decl *decl)
{
    return decl->kind == DECL_FN || decl->kind == DECL_CLASS || decl->kind == DECL_ENUM
               ? decl->kind
               : DECL_LET;
}

void ambscope_finish_module(struct ambscope *s, struct amb_lexical_scope *scope)
{
    struct amb_unit *module = s->module;
    uint32_t exports = 0, slot = 0;
    for (uint32_t i = 0; i < scope->decl_count; i++) exports += scope->decls[i]->is_pub;
    module->iface.exports =
        ambarena_alloc(s->arena, (exports + 1) * sizeof *module->iface.exports);
    for (uint32_t i = 0; i < scope->decl_count; i++) {
        struct amb_decl *decl = scope->decls[i];
        bool has_slot = decl->kind != DECL_IMPORT_NAME &&
                        (decl->captured || decl->is_pub || s->options->is_repl);
        if (decl->is_pub)
            module->iface.exports[module->iface.export_count++] = (struct amb_export){
                decl->name, slot, export_kind(decl),
                decl->kind == DECL_CLASS ? decl->node->as.class_ : NULL};
        slot += has_slot;
        if (decl->kind == DECL_FN && s->options->is_entry &&
            ambtext_equal(decl->name, AMB_TEXT("main")))
            module->main_decl = decl;
    }
    module->iface.needs =
        ambarena_alloc(s->arena, (module->need_count + 1) * sizeof *module->iface.needs);
    for (uint32_t i = 0; i < module->need_count; i++)
        module->iface.needs[i] = module->needs[i]->as.need.decl->name;
    module->iface.need_count = module->need_count;
}
