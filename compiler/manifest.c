/* SPDX-License-Identifier: MIT */
/* `use` lines and args { } as plain data.
 *
 * Only constant expressions get through: literals, args and its parts, cwd, home,
 * script_dir, env("NAME"), texts put together from these, and lists. */
#include "manifest.h"

#include <string.h>

#define MAX_DEPTH 32

struct builder {
    struct amb_arena *arena;
    const struct amb_unit *module;
    struct amb_diags *diags;
    bool ok;
};

static const char *text_of(struct builder *b, amb_text t)
{
    amb_text copy = ambarena_text(b->arena, t.at, t.len);
    return copy.at ? copy.at : "";
}

static bool not_constant(struct builder *b, const struct amb_node *n)
{
    ambdiag_plain(b->diags, DIAG_USE_ARGUMENT, n->span);
    b->ok = false;
    return false;
}

static bool is_args(const struct amb_node *n)
{
    return n->kind == NODE_NAME && ambtext_equal(n->as.name.name, AMB_TEXT("args")) &&
           (!n->as.name.ref.decl || n->as.name.ref.decl->kind == DECL_ARGS);
}

static bool expr(struct builder *b, const struct amb_node *n, int depth,
                 amb_const_expr *out);

static bool kids(struct builder *b, struct amb_node *const *at, uint32_t len, int depth,
                 uint32_t kind, amb_const_expr *out)
{
    amb_const_expr *v = ambarena_alloc(b->arena, (len + (size_t)1) * sizeof *v);
    if (!v) return b->ok = false;
    for (uint32_t i = 0; i < len; i++)
        if (!expr(b, at[i], depth, &v[i])) return false;
    *out = (amb_const_expr){.kind = kind, .kids = v, .nkids = len};
    return true;
}

static bool name(struct builder *b, const struct amb_node *n, amb_const_expr *out)
{
    if (is_args(n)) {
        *out = (amb_const_expr){.kind = AMB_X_ARGS};
        return true;
    }
    if (n->as.name.ref.kind != REF_USE_WORD) return not_constant(b, n);
    switch (n->as.name.ref.index) {
    case USE_CWD: *out = (amb_const_expr){.kind = AMB_X_CWD}; return true;
    case USE_HOME: *out = (amb_const_expr){.kind = AMB_X_HOME}; return true;
    case USE_SCRIPT_DIR: *out = (amb_const_expr){.kind = AMB_X_SCRIPT_DIR}; return true;
    default: return not_constant(b, n);
    }
}

static bool expr(struct builder *b, const struct amb_node *n, int depth,
                 amb_const_expr *out)
{
    if (depth <= 0) return not_constant(b, n);
    switch (n->kind) {
    case NODE_NIL: *out = (amb_const_expr){.kind = AMB_X_NIL}; return true;
    case NODE_TRUE: *out = (amb_const_expr){.kind = AMB_X_BOOL, .i = 1}; return true;
    case NODE_FALSE: *out = (amb_const_expr){.kind = AMB_X_BOOL}; return true;
    case NODE_INT: *out = (amb_const_expr){.kind = AMB_X_INT, .i = n->as.i}; return true;
    case NODE_FLOAT:
        *out = (amb_const_expr){.kind = AMB_X_FLOAT, .f = n->as.f};
        return true;
    case NODE_STRING:
        *out = (amb_const_expr){
            .kind = AMB_X_STRING, .text = text_of(b, n->as.text), .len = n->as.text.len};
        return true;
    case NODE_NAME: return name(b, n, out);
    case NODE_MEMBER:
        if (!is_args(n->as.member.object)) return not_constant(b, n);
        *out = (amb_const_expr){.kind = AMB_X_ARG, .text = text_of(b, n->as.member.name)};
        return true;
    case NODE_INDEX:
        if (!is_args(n->as.index.object) || n->as.index.key->kind != NODE_INT)
            return not_constant(b, n);
        *out = (amb_const_expr){.kind = AMB_X_ARG_AT, .i = n->as.index.key->as.i};
        return true;
    case NODE_CHAIN:
    case NODE_SPREAD: return not_constant(b, n);
    case NODE_CALL: {
        const struct amb_node *f = n->as.call.callee;
        if (f->kind != NODE_NAME || f->as.name.ref.kind != REF_USE_WORD ||
            f->as.name.ref.index != USE_ENV || n->as.call.args.len != 1 ||
            n->as.call.args.at[0]->kind != NODE_STRING)
            return not_constant(b, n);
        *out = (amb_const_expr){.kind = AMB_X_ENV,
                                .text = text_of(b, n->as.call.args.at[0]->as.text)};
        return true;
    }
    case NODE_INTERP:
        return kids(b, n->as.list.at, n->as.list.len, depth - 1, AMB_X_CONCAT, out);
    case NODE_FORMAT:
        if (n->as.format.spec) return not_constant(b, n);
        return expr(b, n->as.format.value, depth - 1, out);
    case NODE_BINARY:
        if (n->as.binary.op != AMB_ADD) return not_constant(b, n);
        return kids(b, (struct amb_node *const[]){n->as.binary.left, n->as.binary.right},
                    2, depth - 1, AMB_X_CONCAT, out);
    case NODE_UNARY:
        if (n->as.binary.op == AMB_NEG && n->as.binary.left->kind == NODE_FLOAT) {
            *out = (amb_const_expr){.kind = AMB_X_FLOAT, .f = -n->as.binary.left->as.f};
            return true;
        }
        if (n->as.binary.op == AMB_NEG && n->as.binary.left->kind == NODE_INT) {
            *out = (amb_const_expr){
                .kind = AMB_X_INT, .i = (int64_t)(0 - (uint64_t)n->as.binary.left->as.i)};
            return true;
        }
        return not_constant(b, n);
    case NODE_LIST:
        return kids(b, n->as.list.at, n->as.list.len, depth - 1, AMB_X_LIST, out);
    default: return not_constant(b, n);
    }
}

static void use(struct builder *b, const struct amb_node *n, amb_use *out)
{
    const struct amb_use_part *first = &n->as.use.parts[0];
    const struct amb_use_part *last = &n->as.use.parts[n->as.use.part_count - 1];
    uint32_t line, column;
    ambsource_locate(b->module->src, n->span.start, &line, &column);
    amb_const_expr args = {0};
    for (uint32_t i = 0; i < last->args.len; i++)
        if (last->args.at[i]->kind == NODE_NAMED) not_constant(b, last->args.at[i]);
    for (uint32_t i = 0; i + 1 < n->as.use.part_count; i++)
        if (n->as.use.parts[i].args.len) not_constant(b, n->as.use.parts[i].args.at[0]);
    if (b->ok) kids(b, last->args.at, last->args.len, MAX_DEPTH, AMB_X_LIST, &args);
    const char **rights =
        ambarena_alloc(b->arena, (n->as.use.right_count + 1) * sizeof *rights);
    if (!rights) {
        b->ok = false;
        return;
    }
    for (uint32_t i = 0; i < n->as.use.right_count; i++)
        rights[i] = text_of(b, n->as.use.rights[i]);
    *out = (amb_use){
        .provider = text_of(b, first->name),
        .resource = text_of(b, last->name),
        .name = text_of(b, n->as.use.decl->name),
        .args = args.kids,
        .nargs = args.nkids,
        .rights = rights,
        .nrights = n->as.use.right_count,
        .line = line,
        .optional = n->as.use.optional,
    };
}

/* "-x  text" gives x and "text". */
static void help(struct builder *b, amb_text t, amb_arg_spec *out)
{
    if (t.len >= 2 && t.at[0] == '-' && t.at[1] != '-' &&
        (t.len == 2 || t.at[2] == ' ')) {
        out->short_name = t.at[1];
        t.at += 2;
        t.len -= 2;
    }
    while (t.len && (*t.at == ' ' || *t.at == '\t')) t.at++, t.len--;
    out->help = text_of(b, t);
}

static uint8_t arg_type(const struct amb_node *type, amb_arg_spec *out)
{
    while (type && (type->kind == NODE_TYPE_OPT || type->kind == NODE_TYPE_LIST)) {
        if (type->kind == NODE_TYPE_OPT) out->maybe = 1;
        type = type->as.child;
    }
    if (!type || type->kind != NODE_TYPE_NAME || type->as.type.kind != TYPE_BUILTIN)
        return AMB_ARG_STRING;
    switch (type->as.type.builtin) {
    case BUILTIN_INT: return AMB_ARG_INT;
    case BUILTIN_FLOAT:
    case BUILTIN_NUMBER: return AMB_ARG_FLOAT;
    case BUILTIN_BOOL: return AMB_ARG_BOOL;
    default: return AMB_ARG_STRING;
    }
}

static void arg(struct builder *b, const struct amb_arg_decl *a, amb_arg_spec *out)
{
    *out = (amb_arg_spec){.name = text_of(b, a->name), .many = a->many};
    help(b, a->help, out);
    out->type = arg_type(a->type, out);
    if (!a->fallback) return;
    if (!a->type) {
        switch (a->fallback->kind) {
        case NODE_INT: out->type = AMB_ARG_INT; break;
        case NODE_FLOAT: out->type = AMB_ARG_FLOAT; break;
        case NODE_TRUE:
        case NODE_FALSE: out->type = AMB_ARG_BOOL; break;
        default: break;
        }
    }
    out->has_default = 1;
    expr(b, a->fallback, MAX_DEPTH, &out->value);
}

/* The ## lines that a script begins with, after a #! line and blank ones. */
static const char *leading_doc(struct builder *b)
{
    const struct amb_source *src = b->module->src;
    const char *p = src->text, *end = p + src->len;
    amb_text none = {"", 0};
    char *doc = ambarena_alloc(b->arena, src->len < 4096 ? src->len + 1 : 4097);
    size_t used = 0;
    if (!doc) return text_of(b, none);
    for (bool first = true; p < end; first = false) {
        const char *nl = memchr(p, '\n', (size_t)(end - p));
        const char *next = nl ? nl + 1 : end, *stop = nl ? nl : end;
        while (stop > p && (stop[-1] == '\r' || stop[-1] == ' ')) stop--;
        bool doc_line = stop - p >= 2 && p[0] == '#' && p[1] == '#';
        bool skip = !used &&
                    (p == stop || (first && stop - p >= 2 && p[0] == '#' && p[1] == '!'));
        if (!doc_line && !skip) break;
        if (doc_line) {
            p += stop - p > 2 && p[2] == ' ' ? 3 : 2;
            if (used + (size_t)(stop - p) + 2 > 4096) break;
            if (used) doc[used++] = '\n';
            memcpy(doc + used, p, (size_t)(stop - p));
            used += (size_t)(stop - p);
        }
        p = next;
    }
    return doc;
}

bool ambmanifest_build(struct amb_arena *arena, const struct amb_unit *module,
                       struct amb_diags *diags, amb_manifest *out)
{
    struct builder b = {arena, module, diags, true};
    const struct amb_node *args = module->args;
    uint32_t nargs = args ? args->as.args.count : 0;
    amb_use *uses = ambarena_alloc(arena, (module->use_count + (size_t)1) * sizeof *uses);
    amb_arg_spec *specs = ambarena_alloc(arena, (nargs + (size_t)1) * sizeof *specs);
    if (!uses || !specs) return false;
    for (uint32_t i = 0; i < module->use_count; i++) use(&b, module->uses[i], &uses[i]);
    for (uint32_t i = 0; i < nargs; i++) arg(&b, &args->as.args.items[i], &specs[i]);
    *out = (amb_manifest){
        .uses = uses,
        .args = specs,
        .nuses = module->use_count,
        .nargs = nargs,
        .has_args = args != NULL,
        .has_main = module->main_decl != NULL,
        .doc = module->doc.len ? text_of(&b, module->doc) : leading_doc(&b),
    };
    return b.ok && !arena->oom;
}
