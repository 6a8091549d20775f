/* SPDX-License-Identifier: MIT */
/* One `use` line: what it asks for by the provider's tables, and what that leads to.
 *
 * Opening is harmless for what exists: a directory, a program, or a regular file that is not
 * emptied by it. So it comes first, and everything else looks at the descriptor. What does not exist
 * yet, and files that are no regular ones, are opened when they were granted; if they then
 * are not what was decided about, they are not given. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "policy.h"

/* --- the provider's tables ---------------------------------------------------------- */

static const amb_op *op_at(const amb_provider *p, uint32_t i)
{
    return (const amb_op *)((const char *)p->ops + (size_t)i * p->op_stride);
}

static const amb_param *param_at(const amb_provider *p, const amb_op *op, uint32_t i)
{
    return (const amb_param *)((const char *)op->params + (size_t)i * p->param_stride);
}

static const amb_right *right_at(const amb_provider *p, uint32_t i)
{
    return (const amb_right *)((const char *)p->rights + (size_t)i * p->right_stride);
}

const amb_op *provider_constructor(const amb_provider *p, const char *resource,
                                   const amb_restype **type, amb_rights *usual)
{
    /* A list of files is a list of `file`. */
    if (strcmp(p->iface, "fs") == 0 && strcmp(resource, "files") == 0) resource = "file";
    for (uint32_t i = 0; i < p->nops; i++) {
        const amb_op *op = op_at(p, i);
        if (op->restype || op->ret_type != AMB_T_RES || strcmp(op->name, resource) != 0)
            continue;
        for (uint32_t j = 0; j < p->nres; j++) {
            const amb_restype *t =
                (const amb_restype *)((const char *)p->res + (size_t)j * p->res_stride);
            if (t->id != op->ret_restype) continue;
            *type = t;
            *usual = op->ret_same ? op->ret_same : t->dflt;
            return op;
        }
    }
    return NULL;
}

amb_rights provider_right(const amb_provider *p, const char *name, size_t len)
{
    for (uint32_t i = 0; i < p->nrights; i++) {
        const amb_right *r = right_at(p, i);
        if (strlen(r->name) == len && memcmp(r->name, name, len) == 0) return r->bit;
    }
    return 0;
}

/* The widest names first, each bit once: "write" rather than "create, append". */
void rights_text(text *t, const amb_provider *p, amb_rights rights, const char *between)
{
    bool first = true;
    while (rights) {
        const amb_right *best = NULL;
        for (uint32_t i = 0; i < p->nrights; i++) {
            const amb_right *r = right_at(p, i);
            if (r->bit && (r->bit & rights) == r->bit &&
                (!best || __builtin_popcountll(r->bit) > __builtin_popcountll(best->bit)))
                best = r;
        }
        for (uint32_t i = 0; !best && i < p->nrights; i++)
            if (right_at(p, i)->bit & rights) best = right_at(p, i);
        if (!best) break;
        rights &= ~best->bit;
        if (!first) text_str(t, between);
        text_str(t, best->name);
        first = false;
    }
}

bool reads_only(const request *q)
{
    return !(q->rights & ~provider_right(q->provider, "read", 4));
}

/* --- texts -------------------------------------------------------------------------- */

void request_name(text *t, const request *q)
{
    text_str(t, q->use->provider);
    if (strcmp(q->use->provider, q->use->resource) != 0)
        text_printf(t, ".%s", q->list ? "file" : q->use->resource);
}

void request_spec(text *t, const request *q, const target *at)
{
    request_name(t, q);
    if (at->given) text_printf(t, "(%s)", at->given);
    if (q->use->nrights) {
        text_str(t, ":");
        for (uint32_t i = 0; i < q->use->nrights; i++)
            text_printf(t, "%s%s", i ? "," : "", q->use->rights[i]);
    }
}

int request_misfit(policy *p, const amb_use *u, int status, const char *why)
{
    text t = {0};
    text_shown(&t, p->script, strlen(p->script));
    text_printf(&t, ":%u: use ", u->line);
    text_shown(&t, u->provider, strlen(u->provider));
    if (strcmp(u->provider, u->resource) != 0) {
        text_str(&t, ".");
        text_shown(&t, u->resource, strlen(u->resource));
    }
    text_str(&t, ": ");
    text_shown(&t, why, strlen(why));
    text_str(&t, "\n");
    host_stderr(p->h, t.p, t.len);
    text_free(&t);
    return status;
}

/* --- targets ------------------------------------------------------------------------ */

static target *add_target(request *q)
{
    q->targets =
        must(realloc(q->targets, (q->ntargets + (size_t)1) * sizeof *q->targets));
    target *t = &q->targets[q->ntargets++];
    *t = (target){.cap = amb_nil()};
    return t;
}

static bool is_path(int match) { return match == AMB_M_DIR || match == AMB_M_FILE; }

static amb_status open_target(policy *p, request *q, const target *t, amb_value *out,
                              char why[256])
{
    const amb_use *u = q->use;
    if (!q->list)
        return amb_grant(p->h->vm, u->provider, u->resource, q->values, u->nargs,
                         u->rights, u->nrights, out, why);
    if (t->dash) {
        bool in = q->rights & provider_right(q->provider, "read", 4);
        if (host_provider(p->h, "console")) return AMB_E_NOMEM;
        return amb_grant(p->h->vm, "console", in ? "stdin" : "stdout", NULL, 0, NULL, 0,
                         out, why);
    }
    amb_value path;
    if (amb_string_new(p->h->vm, t->given, strlen(t->given), &path)) return AMB_E_ARG;
    return amb_grant(p->h->vm, "fs", "file", &path, 1, u->rights, u->nrights, out, why);
}

/* Where a descriptor leads, or NULL. */
static char *real_path(int fd)
{
    char link[64], to[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = fd < 0 ? -1 : readlink(link, to, sizeof to - 1);
    if (n <= 0 || to[0] != '/') return NULL;
    return must(strndup(to, (size_t)n));
}

static void look(policy *p, request *q, target *t, int match)
{
    char full[PATH_MAX], why[256];
    struct stat st;
    bool virtual = (p->h->virtual_fs && strcmp(q->provider->iface, "fs") == 0) ||
                   (p->h->virtual_net && strcmp(q->provider->iface, "net") == 0);
    if (is_path(match) && !virtual && stat(t->given, &st) == 0) {
        t->known = true;
        t->dev = st.st_dev;
        t->ino = st.st_ino;
        bool harmless = match == AMB_M_DIR ? S_ISDIR(st.st_mode)
                                           : S_ISREG(st.st_mode) &&
                                                 strcmp(q->provider->iface, "fs") == 0;
        if (harmless && (q->list || q->use->nargs == 1) &&
            open_target(p, q, t, &t->cap, why) == AMB_OK) {
            int fd = amb_capability_fd(p->h->vm, t->cap);
            if ((t->real = real_path(fd)) && fstat(fd, &st) == 0) {
                t->opened = true;
                t->dev = st.st_dev;
                t->ino = st.st_ino;
                return;
            }
            amb_revoke(p->h->vm, t->cap);
        }
    } else if (is_path(match)) {
        t->made = true;
    }
    if (amb_match_canonical(match, t->given, full, sizeof full, why) == AMB_OK)
        t->real = must(strdup(full));
    else if (is_path(match) && t->known) /* /dev/fd/3 and the like have no other name */
        t->real = must(strdup(t->given));
}

static void collect(void *ud, const char *s, size_t n) { text_add(ud, s, n); }

/* A text that names something becomes a target. */
static int name_target(policy *p, request *q, const amb_const_expr *x, amb_value v,
                       int match)
{
    const char *s;
    size_t n;
    char why[256], full[PATH_MAX];
    if (amb_as_string(p->h->vm, v, &s, &n) != AMB_OK) {
        text note = {0};
        text_str(&note, "expects a text, not ");
        amb_show(p->h->vm, v, 1, collect, &note);
        int status = request_misfit(p, q->use, EXIT_USAGE, note.p);
        text_free(&note);
        return status;
    }
    if (n >= PATH_MAX || memchr(s, 0, n))
        return request_misfit(p, q->use, EXIT_USAGE,
                              is_path(match) ? "not a usable path" : "not a usable name");
    if (match == AMB_M_HOSTPORT && strcmp(q->use->resource, "dns") != 0 && !strchr(s, ':'))
        return request_misfit(p, q->use, EXIT_USAGE,
                              "the port is missing: write host:port, with * for any");
    target *t = add_target(q);
    t->given = must(strndup(s, n));
    t->expr = x;
    t->dash = q->list && strcmp(t->given, "-") == 0;
    if (t->dash) return 0;
    look(p, q, t, match);
    bool elsewhere = (p->h->virtual_fs && strcmp(q->provider->iface, "fs") == 0) ||
                     (p->h->virtual_net && strcmp(q->provider->iface, "net") == 0);
    if (!t->real && !(is_path(match) && elsewhere)) {
        /* What cannot be named in one way only cannot be decided about. */
        amb_match_canonical(match, t->given, full, sizeof full, why);
        text note = {0};
        text_printf(&note, "%s: %s", t->given, why);
        int bad = match == AMB_M_HOSTPORT || match == AMB_M_NAMES ? EXIT_USAGE : EXIT_ERROR;
        int status = q->use->optional ? 0 : request_misfit(p, q->use, bad, note.p);
        text_free(&note);
        q->refused = q->use->optional;
        return status;
    }
    /* Behind some sockets, too, are programs that do what they are told. */
    if (q->rights && !reads_only(q) && is_path(match) && !elsewhere && t->real)
        t->escape = place_escape(p, t->real);
    return 0;
}

/* Of --name=file what stands behind the sign, as fs.named sees it. */
static const char *named_part(const char *word)
{
    const char *eq = *word == '-' ? strchr(word, '=') : NULL;
    return eq ? eq + 1 : word;
}

/* What fs.named is about: not the script's words but the user's. */
static void list_words(const policy *p, text *t)
{
    for (int i = 0; i < p->o->argc; i++) {
        text_str(t, i ? " " : "");
        text_shell(t, named_part(p->o->argv[i]));
    }
}

/* Names after each other; each list stands where a script named something else. */
static void list_name(text *t, const char *name)
{
    text_str(t, t->len && t->p[t->len - 1] != ' ' ? ", " : "");
    text_str(t, name);
}

static void list_providers(text *t, const void *ud)
{
    const char *name;
    for (uint32_t i = 0; (name = provider_name(ud, i)) != NULL; i++) list_name(t, name);
}

static void list_resources(text *t, const void *ud)
{
    const amb_provider *p = ud;
    for (uint32_t i = 0; i < p->nops; i++) {
        const amb_op *op = op_at(p, i);
        if (op->restype || op->ret_type != AMB_T_RES || op->flags & AMB_OP_KERNEL) continue;
        if (t->len) list_name(t, p->iface);
        if (strcmp(op->name, p->iface) != 0) text_printf(t, ".%s", op->name);
        if (strcmp(p->iface, "fs") == 0 && strcmp(op->name, "file") == 0) list_name(t, "fs.files");
    }
}

static void list_rights(text *t, const void *ud)
{
    const request *q = ud;
    for (uint32_t i = 0; i < q->provider->nrights; i++) {
        const amb_right *r = right_at(q->provider, i);
        if (r->bit & q->type->all) list_name(t, r->name);
    }
}

static int unknown(policy *p, const amb_use *u, const char *why,
                   void (*list)(text *, const void *), const void *ud)
{
    text t = {0};
    text_str(&t, why);
    list(&t, ud);
    int status = request_misfit(p, u, EXIT_SYNTAX, t.p);
    text_free(&t);
    return status;
}

int request_make(policy *p, request *q, const amb_use *u)
{
    char why[256];
    q->use = u;
    q->provider = provider_table(p->h, u->provider);
    const amb_provider *module = q->provider ? NULL : amb_provider_find(p->h->vm, u->provider);
    if (module && module->flags & AMB_PROVIDER_PURE)
        return request_misfit(p, u, EXIT_SYNTAX, "it is a module of functions, which nobody needs to grant: import it");
    if (!q->provider) {
        snprintf(why, sizeof why, "there is no provider '%s'; there are: ", u->provider);
        return unknown(p, u, why, list_providers, p->h);
    }
    if (host_provider(p->h, u->provider))
        return request_misfit(p, u, EXIT_ERROR, "the provider does not start");
    amb_rights usual;
    q->op = provider_constructor(q->provider, u->resource, &q->type, &usual);
    if (!q->op) {
        if (strcmp(u->provider, u->resource) == 0)
            snprintf(why, sizeof why, "say what of it; there are: ");
        else
            snprintf(why, sizeof why, "%s has no resource '%s'; there are: ", u->provider, u->resource);
        return unknown(p, u, why, list_resources, q->provider);
    }
    q->rights = u->nrights ? 0 : usual;
    for (uint32_t i = 0; i < u->nrights; i++) {
        amb_rights bits =
            provider_right(q->provider, u->rights[i], strlen(u->rights[i])) &
            q->type->all;
        if (!bits) {
            snprintf(why, sizeof why, "%s.%s knows no right '%s'; there are: ", u->provider,
                     q->type->name, u->rights[i]);
            return unknown(p, u, why, list_rights, q);
        }
        q->rights |= bits;
    }
    q->list = strcmp(u->provider, "fs") == 0 && strcmp(u->resource, "files") == 0;
    uint32_t least = 0, most = 0;
    for (uint32_t i = 0; i < q->op->nparams; i++) {
        const amb_param *pa = param_at(q->provider, q->op, i);
        if (pa->flags & AMB_P_HIDDEN) continue;
        if (pa->flags & AMB_P_REST) most = AMB_GRANT_ARGS;
        else most++;
        if (!(pa->flags & (AMB_P_OPT | AMB_P_REST))) least++;
    }
    if (u->nargs < least) {
        const amb_param *pa = param_at(q->provider, q->op, u->nargs);
        snprintf(why, sizeof why, "say which: its '%s' is missing", pa->name);
        return request_misfit(p, u, EXIT_SYNTAX, why);
    }
    if (u->nargs > most) {
        snprintf(why, sizeof why, "it takes %u argument%s, not %u", most, most == 1 ? "" : "s", u->nargs);
        return request_misfit(p, u, EXIT_SYNTAX, why);
    }
    if (u->nargs > AMB_GRANT_ARGS)
        return request_misfit(p, u, EXIT_SYNTAX, "too many arguments");
    for (uint32_t i = 0; i < u->nargs; i++)
        if (!expr_value(&p->env, &u->args[i], &q->values[i], why)) {
            q->refused = true;
            return u->optional ? 0 : request_misfit(p, u, EXIT_DENIED, why);
        }
    text rest = {0};
    int status = 0;
    for (uint32_t i = 0; i < u->nargs && !status; i++) {
        uint32_t np = q->op->nparams;
        while (np && param_at(q->provider, q->op, np - 1)->flags & AMB_P_HIDDEN) np--;
        const amb_param *pa = np ? param_at(q->provider, q->op, i < np ? i : np - 1) : NULL;
        q->match[i] = pa ? pa->match : AMB_M_NONE;
        uint32_t items = list_len(p->h, q->values[i]);
        if (q->match[i] == AMB_M_NONE) {
            text_str(&rest, rest.len ? ", " : "");
            amb_show(p->h->vm, q->values[i], 1, collect, &rest);
        } else if (q->list || items) {
            for (uint32_t k = 0; k < items && !status; k++) {
                amb_value v = amb_nil();
                amb_at(p->h->vm, q->values[i], k, &v);
                status = name_target(p, q, &u->args[i], v, q->match[i]);
            }
        } else {
            status = name_target(p, q, &u->args[i], q->values[i], q->match[i]);
        }
    }
    bool named = strcmp(u->provider, "fs") == 0 && strcmp(u->resource, "named") == 0;
    if (named) list_words(p, &rest);
    q->rest = rest.p;
    if (!status && !q->list && !q->ntargets) add_target(q);
    /* Programs are found now: what is shown is what will run, whatever comes into PATH. */
    if (!status && q->ntargets && q->match[0] == AMB_M_PROGRAMS && q->targets[0].given &&
        amb_grant(p->h->vm, u->provider, u->resource, q->values, u->nargs, u->rights,
                  u->nrights, &q->targets[0].cap, why) == AMB_OK)
        q->targets[0].opened = true;
    for (int i = 0; named && !reads_only(q) && i < p->o->argc; i++) {
        char full[PATH_MAX];
        if (amb_match_canonical(AMB_M_FILE, named_part(p->o->argv[i]), full, sizeof full,
                                why) == AMB_OK &&
            !q->targets[0].escape)
            q->targets[0].escape = place_escape(p, full);
    }
    for (uint32_t i = 0; i < q->provider->nrights; i++) {
        const amb_right *r = right_at(q->provider, i);
        if (!(r->flags & AMB_RIGHT_ESCAPE) || !(r->bit & q->rights)) continue;
        for (uint32_t k = 0; k < q->ntargets; k++)
            if (!q->targets[k].escape) q->targets[k].escape = r->doc;
    }
    return status;
}

/* --- opening what was granted --------------------------------------------------------- */

static bool same_place(policy *p, const target *t)
{
    int fd = amb_capability_fd(p->h->vm, t->cap);
    struct stat st;
    if (fd < 0 || !t->real) return true; /* nothing with a place, or not on this machine */
    if (t->known)
        return fstat(fd, &st) == 0 && st.st_dev == t->dev && st.st_ino == t->ino;
    char *real = real_path(fd);
    bool same = real && strcmp(real, t->real) == 0;
    free(real);
    return same;
}

int request_grant(policy *p, request *q, amb_value *out)
{
    const amb_use *u = q->use;
    char why[256] = "";
    *out = amb_nil();
    if (q->list && amb_list_new(p->h->vm, NULL, 0, out)) must(NULL);
    for (uint32_t i = 0; i < (q->list ? q->ntargets : 1); i++) {
        target *t = &q->targets[i];
        if (!t->opened) {
            amb_status st = open_target(p, q, t, &t->cap, why);
            if (st != AMB_OK) {
                *out = amb_nil();
                if (u->optional) return 0;
                return request_misfit(p, u, st == AMB_E_ARG ? EXIT_SYNTAX : EXIT_ERROR,
                                      why);
            }
            t->opened = true;
            if (!t->dash && !same_place(p, t)) {
                amb_revoke(p->h->vm, t->cap);
                return request_misfit(p, u, EXIT_DENIED,
                                      "it changed while it was decided about");
            }
        }
        if (!q->list) *out = t->cap;
        else if (amb_list_push(p->h->vm, *out, t->cap)) must(NULL);
    }
    return 0;
}

void request_free(policy *p, request *q)
{
    (void)p;
    for (uint32_t i = 0; i < q->ntargets; i++) {
        free(q->targets[i].given);
        free(q->targets[i].real);
    }
    free(q->targets);
    free(q->rest);
}
