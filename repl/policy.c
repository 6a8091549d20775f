/* SPDX-License-Identifier: MIT */
/* What of a script's `use` lines is granted.
 *
 * Everything is decided before the program starts. Without flags the default profile
 * grants what is harmless: the console, the clock, scratch directories, reading beneath
 * the current and the script's own directory, and reading or creating what the user named
 * on the command line.
 * --allow adds to it, --allow-declared grants all that is declared, --deny-all takes the
 * profile away. No environment variable widens anything. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ambit/spi.h"
#include "repl.h"

typedef struct request {
    const amb_use *use;
    const amb_provider *provider;
    const amb_restype *type;
    amb_rights rights;
    amb_value values[4];
    bool denied;
} request;

/* --- the provider's tables ---------------------------------------------------------- */

static const amb_restype *resource_type(const amb_provider *p, const char *resource,
                                        amb_rights *usual)
{
    /* A list of files is a list of `file`. */
    if (strcmp(p->iface, "fs") == 0 && strcmp(resource, "files") == 0) resource = "file";
    for (uint32_t i = 0; i < p->nops; i++) {
        const amb_op *op =
            (const amb_op *)((const char *)p->ops + (size_t)i * p->op_stride);
        if (op->restype || strcmp(op->name, resource) != 0) continue;
        for (uint32_t j = 0; j < p->nres; j++) {
            const amb_restype *t =
                (const amb_restype *)((const char *)p->res + (size_t)j * p->res_stride);
            if (t->id != op->ret_restype) continue;
            *usual = op->ret_same ? op->ret_same : t->dflt;
            return t;
        }
    }
    return NULL;
}

static amb_rights right_bits(const amb_provider *p, const char *name, size_t len)
{
    for (uint32_t i = 0; i < p->nrights; i++) {
        const amb_right *r =
            (const amb_right *)((const char *)p->rights + (size_t)i * p->right_stride);
        if (strlen(r->name) == len && memcmp(r->name, name, len) == 0) return r->bit;
    }
    return 0;
}

/* --- paths -------------------------------------------------------------------------- */

/* Where the path leads, links resolved; what does not exist yet counts as its place. */
static bool canonical(const char *path, char out[PATH_MAX])
{
    if (realpath(path, out)) return true;
    size_t n = strlen(path);
    while (n > 1 && path[n - 1] == '/') n--;
    size_t cut = n;
    while (cut > 0 && path[cut - 1] != '/') cut--;
    size_t len = n - cut;
    char parent[PATH_MAX];
    if (n >= PATH_MAX || !len || (len <= 2 && strncmp(path + cut, "..", len) == 0))
        return false;
    if (cut) memcpy(parent, path, cut);
    else parent[cut++] = '.';
    parent[cut] = 0;
    if (!realpath(parent, out)) return false;
    size_t k = strlen(out);
    if (k + 1 + len >= PATH_MAX) return false;
    if (out[k - 1] != '/') out[k++] = '/';
    memcpy(out + k, path + n - len, len);
    out[k + len] = 0;
    return true;
}

/* Both canonical. */
static bool beneath(const char *path, const char *dir)
{
    size_t n = strlen(dir);
    if (strcmp(dir, "/") == 0) return true;
    return strncmp(path, dir, n) == 0 && (path[n] == '/' || path[n] == 0);
}

/* A directory that stands for a project, not for everything: not /, nor the home
 * directory, nor (for `above`) one that contains it. */
static bool modest(const char *dir, bool above)
{
    char home[PATH_MAX];
    const char *h = getenv("HOME");
    if (strcmp(dir, "/") == 0) return false;
    if (!h || !realpath(h, home)) return true;
    return above ? !beneath(home, dir) : strcmp(home, dir) != 0;
}

static bool readable_place(const host *h, const char *path)
{
    char full[PATH_MAX], dir[PATH_MAX];
    if (!canonical(path, full)) return false;
    if (realpath(".", dir) && modest(dir, true) && beneath(full, dir)) return true;
    return realpath(h->dir, dir) && modest(dir, false) && beneath(full, dir);
}

/* --- decisions ---------------------------------------------------------------------- */

static bool default_allows(const expr_env *e, const request *q, const char *path)
{
    const char *iface = q->provider->iface, *what = q->use->resource;
    if (strcmp(iface, "console") == 0 || strcmp(iface, "clock") == 0) return true;
    if (strcmp(iface, "fs") != 0) return false;
    amb_rights read = right_bits(q->provider, "read", 4),
               make = right_bits(q->provider, "create", 6);
    if (strcmp(what, "temp") == 0) return true;
    if (strcmp(what, "named") == 0) return !(q->rights & ~(read | make));
    if (!path) return false;
    if (q->use->nargs && expr_named(e, &q->use->args[0]))
        return !(q->rights & ~(read | make));
    return !(q->rights & ~read) && readable_place(e->h, path);
}

/* --allow 'fs.dir(./out):write, read' */
static bool flag_allows(const request *q, const char *path, const char *flag)
{
    const char *open = strchr(flag, '('), *close = open ? strrchr(flag, ')') : NULL;
    const char *end = close ? close + 1 : flag + strcspn(flag, ":");
    size_t head = open && close ? (size_t)(open - flag) : (size_t)(end - flag);
    if (open && !close) return false;
    const char *dot = memchr(flag, '.', head);
    size_t iface = dot ? (size_t)(dot - flag) : head;
    if (strlen(q->provider->iface) != iface ||
        memcmp(q->provider->iface, flag, iface) != 0)
        return false;
    const char *res = dot ? dot + 1 : flag;
    size_t reslen = dot ? head - iface - 1 : head;
    const char *what = q->use->resource;
    bool same = strlen(what) == reslen && memcmp(what, res, reslen) == 0;
    bool file = strcmp(what, "file") == 0 || strcmp(what, "files") == 0;
    bool is_dir = reslen == 3 && memcmp(res, "dir", 3) == 0;
    bool one_file = reslen == 4 && memcmp(res, "file", 4) == 0 && file;
    if (strcmp(q->provider->iface, "fs") == 0) {
        if (!same && !one_file && !(is_dir && file)) return false;
    } else if (!same) {
        return false;
    }
    if (path) {
        char mine[PATH_MAX], theirs[PATH_MAX];
        if (!open) return false;
        char *given = must(strndup(open + 1, (size_t)(close - open - 1)));
        bool ok = canonical(given, theirs) && canonical(path, mine);
        free(given);
        if (!ok || !(is_dir ? beneath(mine, theirs) : strcmp(mine, theirs) == 0))
            return false;
    }
    amb_rights allowed = 0;
    if (*end == ':') {
        for (const char *p = end + 1; *p;) {
            p += strspn(p, ", ");
            size_t n = strcspn(p, ", ");
            allowed |= right_bits(q->provider, p, n);
            p += n;
        }
    } else if (*end == 0) {
        allowed = q->type->dflt;
    }
    return !(q->rights & ~allowed);
}

static bool allows(const expr_env *e, const request *q, const cli_options *o,
                   const char *path)
{
    if (o->allow_declared && !o->deny_all) return true;
    for (uint32_t i = 0; i < o->nallow; i++)
        if (flag_allows(q, path, o->allow[i])) return true;
    return !o->deny_all && default_allows(e, q, path);
}

static void add_rights(text *t, const amb_use *u)
{
    for (uint32_t i = 0; i < u->nrights; i++) {
        text_str(t, i ? "," : ":");
        text_str(t, u->rights[i]);
    }
}

void policy_spec(text *t, const expr_env *e, const amb_use *u, bool values)
{
    text_str(t, u->provider);
    if (strcmp(u->provider, u->resource) != 0) text_printf(t, ".%s", u->resource);
    for (uint32_t i = 0; i < u->nargs; i++) {
        text_str(t, i ? ", " : "(");
        amb_value v;
        char why[256];
        const char *s;
        size_t n;
        if (values && expr_value(e, &u->args[i], &v, why) && amb_as_string(v, &s, &n))
            text_shown(t, s, n);
        else expr_text(t, &u->args[i]);
    }
    if (u->nargs) text_str(t, ")");
    add_rights(t, u);
}

/* --- all of a script's requests ----------------------------------------------------- */

typedef struct refusals {
    text lines, flags;
    uint32_t n;
} refusals;

static void refuse(refusals *r, const char *script, const request *q, const char *path)
{
    const amb_use *u = q->use;
    text spec = {0};
    text_str(&spec, u->provider);
    if (strcmp(u->provider, u->resource) != 0)
        text_printf(&spec, ".%s",
                    path && strcmp(u->resource, "files") == 0 ? "file" : u->resource);
    if (path) text_printf(&spec, "(%s)", path);
    add_rights(&spec, u);
    text_str(&r->lines, "  ");
    text_shown(&r->lines, script, strlen(script));
    text_printf(&r->lines, ":%u  ", u->line);
    text_shown(&r->lines, spec.p, spec.len);
    text_printf(&r->lines, "  as %s\n", u->name);
    text_str(&r->flags, " --allow ");
    text_shell(&r->flags, spec.p);
    text_free(&spec);
    r->n++;
}

static int misfit(host *h, const char *script, const amb_use *u, int status,
                  const char *why)
{
    text t = {0};
    text_shown(&t, script, strlen(script));
    text_printf(&t, ":%u: use %s", u->line, u->provider);
    if (strcmp(u->provider, u->resource) != 0) text_printf(&t, ".%s", u->resource);
    text_str(&t, ": ");
    text_shown(&t, why, strlen(why));
    text_str(&t, "\n");
    host_stderr(h, t.p, t.len);
    text_free(&t);
    return status;
}

/* The paths among a request's values: one text, or a list's items. */
static uint32_t path_count(amb_value v)
{
    const char *s;
    size_t n;
    if (amb_as_string(v, &s, &n)) return 1;
    return amb_list_len(v);
}

static bool path_at(amb_value v, uint32_t i, char out[PATH_MAX])
{
    const char *s;
    size_t n;
    if (!amb_as_string(v, &s, &n)) {
        amb_value item;
        if (!amb_list_at(v, i, &item) || !amb_as_string(item, &s, &n)) return false;
    }
    if (n >= PATH_MAX || memchr(s, 0, n)) return false;
    memcpy(out, s, n);
    out[n] = 0;
    return true;
}

static int decide(const expr_env *e, const cli_options *o, const char *script, request *q,
                  refusals *refused)
{
    host *h = e->h;
    const amb_use *u = q->use;
    char why[256];
    q->provider = amb_provider_find(h->vm, u->provider);
    if (!q->provider) {
        snprintf(why, sizeof why, "there is no provider '%s'", u->provider);
        return misfit(h, script, u, EXIT_SYNTAX, why);
    }
    amb_rights usual;
    q->type = resource_type(q->provider, u->resource, &usual);
    if (!q->type) {
        snprintf(why, sizeof why, "%s has no resource '%s'", u->provider, u->resource);
        return misfit(h, script, u, EXIT_SYNTAX, why);
    }
    q->rights = u->nrights ? 0 : usual;
    for (uint32_t i = 0; i < u->nrights; i++) {
        amb_rights bits =
            right_bits(q->provider, u->rights[i], strlen(u->rights[i])) & q->type->all;
        if (!bits) {
            snprintf(why, sizeof why, "%s.%s knows no right '%s'", u->provider,
                     q->type->name, u->rights[i]);
            return misfit(h, script, u, EXIT_SYNTAX, why);
        }
        q->rights |= bits;
    }
    if (u->nargs > 4) return misfit(h, script, u, EXIT_SYNTAX, "too many arguments");
    for (uint32_t i = 0; i < u->nargs; i++)
        if (!expr_value(e, &u->args[i], &q->values[i], why)) {
            q->denied = true;
            return u->optional ? 0 : misfit(h, script, u, EXIT_DENIED, why);
        }
    bool paths = strcmp(u->provider, "fs") == 0 && u->nargs;
    uint32_t n = paths ? path_count(q->values[0]) : 1;
    for (uint32_t i = 0; i < n; i++) {
        char path[PATH_MAX];
        if (paths && !path_at(q->values[0], i, path))
            return misfit(h, script, u, EXIT_USAGE, "not a usable path");
        if (paths && strcmp(u->resource, "files") == 0 && strcmp(path, "-") == 0 &&
            !o->deny_all)
            continue;
        if (allows(e, q, o, paths ? path : NULL)) continue;
        q->denied = true;
        if (!u->optional) refuse(refused, script, q, paths ? path : NULL);
    }
    return 0;
}

static void report_refusals(host *h, const cli_options *o, const refusals *r)
{
    text t = {0};
    text_printf(&t, "ambit: the script asks for more than it is granted:\n%s\n",
                r->lines.p);
    text_str(&t, "To allow it:\n  ");
    for (int i = 0; i < o->ngiven; i++) {
        if (i == o->script_at)
            text_add(&t, r->flags.p + 1, r->flags.len - 1), text_str(&t, " ");
        text_shell(&t, o->given[i]);
        text_str(&t, i + 1 < o->ngiven ? " " : "\n");
    }
    host_stderr(h, t.p, t.len);
    text_free(&t);
}

int policy_grant(host *h, const amb_manifest *m, const script_args *args,
                 const cli_options *o, const char *script, amb_value *caps)
{
    expr_env e = {h, m, args};
    request *q = must(calloc(m->nuses + 1, sizeof *q));
    refusals refused = {0};
    int status = 0;
    for (uint32_t i = 0; i < m->nuses && !status; i++) {
        q[i].use = &m->uses[i];
        status = decide(&e, o, script, &q[i], &refused);
    }
    if (!status && refused.n) {
        report_refusals(h, o, &refused);
        status = EXIT_DENIED;
    }
    for (uint32_t i = 0; i < m->nuses && !status; i++) {
        const amb_use *u = q[i].use;
        char why[256];
        caps[i] = amb_nil();
        if (q[i].denied) continue;
        amb_status st = amb_grant(h->vm, u->provider, u->resource, q[i].values, u->nargs,
                                  u->rights, u->nrights, &caps[i], why);
        if (st != AMB_OK && !u->optional)
            status =
                misfit(h, script, u, st == AMB_E_ARG ? EXIT_SYNTAX : EXIT_ERROR, why);
        if (st != AMB_OK) caps[i] = amb_nil();
        else if (strcmp(u->provider, "console") == 0 &&
                 q[i].rights & right_bits(q[i].provider, "raw", 3))
            h->raw = true;
    }
    text_free(&refused.lines);
    text_free(&refused.flags);
    free(q);
    return status;
}
