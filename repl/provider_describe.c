/* SPDX-License-Identifier: MIT */
/* ambit provider: what a provider offers, as text, JSON and documentation, from its table alone. */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "policy.h"
#include "provider.h"

const amb_restype *table_type_of(const amb_provider *p, uint16_t id)
{
    for (uint32_t i = 0; id && i < p->nres; i++)
        if (table_type(p, i)->id == id) return table_type(p, i);
    return NULL;
}

bool table_is_pure(const amb_provider *p)
{
    return p->size > offsetof(amb_provider, flags) && p->flags & AMB_PROVIDER_PURE;
}

static const char *doc(const char *s) { return s ? s : ""; }

static void type_name(text *t, const amb_provider *p, uint8_t type, uint16_t restype)
{
    static const char *const names[] = {
        [AMB_T_NIL] = "nil",    [AMB_T_BOOL] = "bool",   [AMB_T_I64] = "int",         [AMB_T_F64] = "number",
        [AMB_T_STR] = "string", [AMB_T_BYTES] = "bytes", [AMB_T_FD] = "descriptor",   [AMB_T_TREE] = "tree",
        [AMB_T_BUF] = "buffer", [AMB_T_LOAN] = "capability", [AMB_T_ANY] = "any",
    };
    const amb_restype *r = type == AMB_T_RES ? table_type_of(p, restype) : NULL;
    if (r) text_printf(t, "%s.%s", p->iface, r->name);
    else text_str(t, type < sizeof names / sizeof *names && names[type] ? names[type] : "capability");
}

static bool visible(const amb_param *p) { return !(p->flags & AMB_P_HIDDEN); }

static void signature(text *t, const amb_provider *p, const amb_op *op)
{
    bool first = true;
    text_printf(t, "%s(", op->name);
    for (uint32_t i = 0; i < op->nparams; i++) {
        const amb_param *a = table_param(p, op, i);
        if (!visible(a)) continue;
        text_printf(t, "%s%s%s: ", first ? "" : ", ", a->flags & AMB_P_REST ? "..." : "", a->name);
        if (a->type == AMB_T_LOAN && a->iface) text_str(t, a->iface);
        else type_name(t, p, a->type, a->restype);
        if (a->flags & AMB_P_OPT && !(a->flags & AMB_P_REST)) text_str(t, " = nil");
        first = false;
    }
    text_str(t, ")");
    if (op->ret_type == AMB_T_NIL) return;
    text_str(t, " -> ");
    type_name(t, p, op->ret_type, op->ret_restype);
}

/* Constructors are named by what a script writes. */
static void root(text *t, const amb_provider *p, const amb_op *op)
{
    if (table_is_pure(p) || strcmp(op->name, p->iface) != 0) text_printf(t, "%s.", p->iface);
}

static void facts(text *t, const amb_provider *p, const amb_op *op)
{
    static const char *const effects[] = {"", "reads", "writes", "acts outside"};
    const char *sep = "";
    if (op->need) {
        text_str(t, "needs ");
        rights_text(t, p, op->need, ", ");
        sep = "; ";
    }
    if (op->effect && op->effect < 4) text_printf(t, "%s%s", sep, effects[op->effect]), sep = "; ";
    if (op->flags & AMB_OP_CANCEL) text_printf(t, "%scan be cancelled", sep), sep = "; ";
    if (op->flags & AMB_OP_BLOCKING) text_printf(t, "%smay run on a thread", sep), sep = "; ";
    if (op->flags & AMB_OP_ENDS) text_printf(t, "%scloses its receiver", sep);
}

/* What the kernel makes of it. */
static void vocabulary(text *t, const amb_restype *r)
{
    const char *sep = "";
    if (r->read_op) text_printf(t, "%sread", sep), sep = ", ";
    if (r->write_op) text_printf(t, "%swrite", sep), sep = ", ";
    if (r->next_op) text_printf(t, "%siterate", sep), sep = ", ";
    if (r->seek_op) text_printf(t, "%sseek", sep), sep = ", ";
    if (r->source_op) text_printf(t, "%sload", sep);
}

/* --- text --------------------------------------------------------------------------- */

static void line(text *t, const text *left, const char *right)
{
    text_printf(t, "  %-44s", left->p);
    if (left->len > 44) text_printf(t, "\n  %-44s", "");
    text_printf(t, "  %s", right);
    while (t->len && t->p[t->len - 1] == ' ') t->p[--t->len] = 0;
    text_str(t, "\n");
}

static void operations(text *t, const amb_provider *p, uint16_t type)
{
    for (uint32_t i = 0; i < p->nops; i++) {
        const amb_op *op = table_op(p, i);
        if (op->restype != type || op->flags & AMB_OP_KERNEL) continue;
        text left = {0}, what = {0};
        if (!type && !table_is_pure(p)) root(&left, p, op);
        signature(&left, p, op);
        line(t, &left, doc(op->doc));
        facts(&what, p, op);
        if (what.len) text_printf(t, "  %-44s  (%s)\n", "", what.p);
        text_free(&what);
        text_free(&left);
    }
}

void describe_text(text *t, const amb_provider *p)
{
    text_printf(t, "%s %u.%u: %s\n", p->iface, p->iface_major, p->iface_minor, doc(p->doc));
    text_printf(t, "%s, interface %u.%u", table_is_pure(p) ? "a module of functions (import)" : "a provider (use)",
                p->spi_major, p->spi_minor);
    if (p->build_id) text_printf(t, ", build %u", p->build_id);
    text_str(t, "\n");
    if (p->nrights) text_str(t, "\nRights:\n");
    for (uint32_t i = 0; i < p->nrights; i++) {
        const amb_right *r = table_right(p, i);
        text left = {0};
        text_str(&left, r->name);
        line(t, &left, doc(r->doc));
        text_free(&left);
    }
    text_printf(t, "\n%s:\n", table_is_pure(p) ? "Functions" : "Constructors");
    operations(t, p, 0);
    for (uint32_t i = 0; i < p->nres; i++) {
        const amb_restype *r = table_type(p, i);
        text_printf(t, "\n%s.%s: %s\n", p->iface, r->name, doc(r->doc));
        if (r->all) {
            text_str(t, "  rights: ");
            rights_text(t, p, r->all, ", ");
            text_str(t, "; without `for`: ");
            rights_text(t, p, r->dflt, ", ");
            if (!r->dflt) text_str(t, "none");
            text_str(t, "\n");
        }
        text words = {0};
        vocabulary(&words, r);
        if (words.len) text_printf(t, "  like other streams and sequences: %s\n", words.p);
        text_free(&words);
        operations(t, p, r->id);
    }
}

/* --- JSON --------------------------------------------------------------------------- */

static void member(text *t, const char *name, const char *value)
{
    text_printf(t, "%s\"%s\":", t->p[t->len - 1] == '{' ? "" : ",", name);
    if (value) text_json(t, value, strlen(value));
    else text_str(t, "null");
}
static void number(text *t, const char *name, unsigned long long n)
{
    text_printf(t, "%s\"%s\":%llu", t->p[t->len - 1] == '{' ? "" : ",", name, n);
}
static void flag(text *t, const char *name, bool on)
{
    if (on) text_printf(t, "%s\"%s\":true", t->p[t->len - 1] == '{' ? "" : ",", name);
}
static void rights_json(text *t, const char *name, const amb_provider *p, amb_rights rights)
{
    text names = {0};
    text_printf(t, "%s\"%s\":[", t->p[t->len - 1] == '{' ? "" : ",", name);
    rights_text(&names, p, rights, "\",\"");
    if (names.len) text_printf(t, "\"%s\"", names.p);
    text_str(t, "]");
    text_free(&names);
}
static void type_json(text *t, const char *name, const amb_provider *p, uint8_t type, uint16_t restype)
{
    text s = {0};
    type_name(&s, p, type, restype);
    member(t, name, s.p);
    text_free(&s);
}

static void params_json(text *t, const amb_provider *p, const amb_param *params, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        const amb_param *a = (const amb_param *)((const char *)params + (size_t)i * p->param_stride);
        text_str(t, i ? ",{" : "{");
        member(t, "name", a->name);
        member(t, "doc", a->doc);
        type_json(t, "type", p, a->type, a->restype);
        if (a->type == AMB_T_LOAN) member(t, "of", a->iface);
        flag(t, "optional", a->flags & AMB_P_OPT);
        flag(t, "secret", a->flags & AMB_P_SECRET);
        flag(t, "rest", a->flags & AMB_P_REST);
        flag(t, "path", a->flags & AMB_P_PATH);
        flag(t, "hidden", a->flags & AMB_P_HIDDEN);
        flag(t, "kept", a->flags & AMB_P_KEEP);
        if (a->max_len) number(t, "max_len", a->max_len);
        if (a->need) rights_json(t, "needs", p, a->need);
        text_str(t, "}");
    }
}

void describe_json(text *t, const amb_provider *p)
{
    static const char *const effects[] = {"none", "read", "write", "external"};
    text_str(t, "{");
    member(t, "name", p->iface);
    member(t, "doc", p->doc);
    flag(t, "pure", table_is_pure(p));
    text_printf(t, ",\"version\":\"%u.%u\",\"spi\":\"%u.%u\"", p->iface_major, p->iface_minor, p->spi_major, p->spi_minor);
    number(t, "build", p->build_id);
    text_str(t, ",\"rights\":[");
    for (uint32_t i = 0; i < p->nrights; i++) {
        const amb_right *r = table_right(p, i);
        text_str(t, i ? ",{" : "{");
        member(t, "name", r->name);
        member(t, "doc", r->doc);
        number(t, "bits", r->bit);
        flag(t, "escape", r->flags & AMB_RIGHT_ESCAPE);
        text_str(t, "}");
    }
    text_str(t, "],\"types\":[");
    for (uint32_t i = 0; i < p->nres; i++) {
        const amb_restype *r = table_type(p, i);
        text_str(t, i ? ",{" : "{");
        member(t, "name", r->name);
        member(t, "doc", r->doc);
        number(t, "id", r->id);
        rights_json(t, "rights", p, r->all);
        rights_json(t, "default", p, r->dflt);
        flag(t, "reads", r->read_op);
        flag(t, "writes", r->write_op);
        flag(t, "iterates", r->next_op);
        flag(t, "seeks", r->seek_op);
        flag(t, "loads", r->source_op);
        flag(t, "serial", r->flags & AMB_R_SERIAL);
        flag(t, "constant", r->flags & AMB_R_STATELESS);
        text_str(t, "}");
    }
    text_str(t, "],\"operations\":[");
    for (uint32_t i = 0; i < p->nops; i++) {
        const amb_op *op = table_op(p, i);
        const amb_restype *r = table_type_of(p, op->restype);
        text_str(t, i ? ",{" : "{");
        member(t, "of", r ? r->name : NULL);
        member(t, "name", op->name);
        member(t, "doc", op->doc);
        number(t, "ordinal", op->ordinal);
        number(t, "since", op->since);
        text_str(t, ",\"params\":[");
        params_json(t, p, op->params, op->nparams);
        text_str(t, "]");
        type_json(t, "returns", p, op->ret_type, op->ret_restype);
        rights_json(t, "needs", p, op->need);
        member(t, "effect", effects[op->effect & 3]);
        flag(t, "kernel", op->flags & AMB_OP_KERNEL);
        flag(t, "cancels", op->flags & AMB_OP_CANCEL);
        flag(t, "blocks", op->flags & AMB_OP_BLOCKING);
        flag(t, "ends", op->flags & AMB_OP_ENDS);
        flag(t, "idempotent", op->flags & AMB_OP_IDEMPOTENT);
        number(t, "cost", op->cost);
        text_str(t, "}");
    }
    text_str(t, "],\"config\":[");
    params_json(t, p, p->cfg, p->ncfg);
    text_str(t, "]}\n");
}

/* --- documentation ------------------------------------------------------------------ */

static void operations_md(text *t, const amb_provider *p, uint16_t type)
{
    for (uint32_t i = 0; i < p->nops; i++) {
        const amb_op *op = table_op(p, i);
        if (op->restype != type || op->flags & AMB_OP_KERNEL) continue;
        text_str(t, "\n### `");
        if (!type) root(t, p, op);
        signature(t, p, op);
        text_printf(t, "`\n\n%s%s", doc(op->doc), op->doc && *op->doc ? "." : "");
        text what = {0};
        facts(&what, p, op);
        if (what.len) text_printf(t, " (%s.)", what.p);
        text_free(&what);
        text_str(t, "\n");
        bool first = true;
        for (uint32_t k = 0; k < op->nparams; k++) {
            const amb_param *a = table_param(p, op, k);
            if (!visible(a) || !a->doc) continue;
            text_printf(t, "%s- `%s`: %s", first ? "\n" : "", a->name, a->doc);
            if (a->max_len) text_printf(t, ", at most %u bytes", a->max_len);
            text_str(t, "\n");
            first = false;
        }
    }
}

void describe_markdown(text *t, const amb_provider *p)
{
    text_printf(t, "# %s\n\n%s%s Version %u.%u of the interface.\n", p->iface, doc(p->doc),
                p->doc && *p->doc ? "." : "", p->iface_major, p->iface_minor);
    if (p->nrights) text_str(t, "\n| right | lets whoever has it |\n| --- | --- |\n");
    for (uint32_t i = 0; i < p->nrights; i++) {
        const amb_right *r = table_right(p, i);
        text_printf(t, "| `%s` | %s%s |\n", r->name, doc(r->doc),
                    r->flags & AMB_RIGHT_ESCAPE ? "; it can do anything its user can" : "");
    }
    text_printf(t, "\n## %s\n", table_is_pure(p) ? "Functions" : "Constructors");
    operations_md(t, p, 0);
    for (uint32_t i = 0; i < p->nres; i++) {
        const amb_restype *r = table_type(p, i);
        text_printf(t, "\n## %s.%s\n\n%s%s", p->iface, r->name, doc(r->doc), r->doc && *r->doc ? "." : "");
        if (r->all) {
            text_str(t, " Rights: ");
            rights_text(t, p, r->all, ", ");
            text_str(t, ".");
        }
        text words = {0};
        vocabulary(&words, r);
        if (words.len) text_printf(t, " Like other streams and sequences it can %s.", words.p);
        text_free(&words);
        text_str(t, "\n");
        operations_md(t, p, r->id);
    }
}

/* --- the command -------------------------------------------------------------------- */

static int fail(const char *why)
{
    text t = {0};
    text_str(&t, "ambit provider: ");
    text_shown(&t, why, strlen(why));
    text_str(&t, "\n");
    host_stderr(NULL, t.p, t.len);
    text_free(&t);
    return EXIT_USAGE;
}

/* A file's table, or that of a standard provider; library: to be closed. */
static const amb_provider *find(const char *name, void **library)
{
    char why[256];
    *library = NULL;
    if (!strchr(name, '/')) {
        const amb_provider *p = provider_standard(name);
        if (p) return p;
        snprintf(why, sizeof why, "there is no standard provider '%.80s'; a file's path has a '/'", name);
        fail(why);
        return NULL;
    }
    *library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    const amb_provider *p = *library ? dlsym(*library, "amb_provider_v1") : NULL;
    if (!*library) {
        const char *said = dlerror();
        fail(said ? said : "the file cannot be opened");
        return NULL;
    }
    if (!p) snprintf(why, sizeof why, "%.200s is no provider: it does not export amb_provider_v1", name);
    if (p && amb_provider_check(p, why) == AMB_OK) return p;
    fail(why);
    dlclose(*library);
    return NULL;
}

static int describe(int argc, char **argv, bool json)
{
    const char *name = NULL;
    bool markdown = false;
    for (int i = 0; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0) json = true;
        else if (strcmp(argv[i], "--markdown") == 0) markdown = true;
        else if (name || argv[i][0] == '-') return fail("describe takes a file or a name, and --json or --markdown");
        else name = argv[i];
    }
    if (!name || (json && markdown)) return fail("describe takes a file or a name, and --json or --markdown");
    void *library;
    const amb_provider *p = find(name, &library);
    if (!p) return EXIT_USAGE;
    text t = {0};
    if (json) describe_json(&t, p);
    else if (markdown) describe_markdown(&t, p);
    else describe_text(&t, p);
    fwrite(t.p, 1, t.len, stdout);
    text_free(&t);
    if (library) dlclose(library);
    return EXIT_OK;
}

int cmd_provider(const cli_options *o)
{
    if (o->argc && strcmp(o->argv[0], "describe") == 0) return describe(o->argc - 1, o->argv + 1, o->json);
    if (o->argc && strcmp(o->argv[0], "check") == 0) return provider_check(o, o->argc - 1, o->argv + 1);
    static const char usage[] = "Usage: ambit provider describe NAME|PATH [--json|--markdown]\n"
                                "       ambit provider check PATH [--script FILE] [--make 'NAME(ARGS)'] [--without TYPE]\n"
                                "Try `ambit help provider`.\n";
    host_stderr(NULL, usage, sizeof usage - 1);
    return EXIT_USAGE;
}
