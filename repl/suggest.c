/* SPDX-License-Identifier: MIT */
/* ambit -y --suggest: the least that a run needed, as `use` lines and as a command line.
 *
 * An observer at the gate notes for each root capability which rights the operations on it
 * and on its parts needed, and what they were about. Files are counted at the directory that
 * opened them: what may be done with an open file follows from how it was opened. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy.h"

typedef struct needed {
    uint64_t roots[64]; /* capabilities of this `use` */
    uint32_t nroots;
    amb_rights rights;
    bool used, edited;
    char *hosts[32];          /* that were spoken to */
    uint32_t nhosts;
    bool all_hosts;           /* too many, or some without a name of its own */
    char *common; /* the directory all paths are in; NULL: none yet */
} needed;

struct suggestion {
    policy *p;
    needed *v;
    uint32_t n;
};

static void widen(needed *d, const char *dir, size_t n)
{
    if (!d->common) {
        d->common = must(strndup(dir, n));
        return;
    }
    size_t same = 0, i = 0;
    for (; i < n && d->common[i] && dir[i] == d->common[i]; i++)
        if (dir[i] == '/') same = i;
    if ((i == n || dir[i] == '/') && (!d->common[i] || d->common[i] == '/')) same = i;
    d->common[same] = 0;
}

/* The parts of the path that mean something; false: it leads upwards, which is refused. */
static bool clean(const char *beneath, const char *path, char *out, size_t size)
{
    size_t at = 0;
    const char *both[2] = {beneath, path};
    for (int k = 0; k < 2; k++)
        for (const char *s = both[k]; s && *s;) {
            size_t n = strcspn(s, "/");
            if (n == 2 && memcmp(s, "..", 2) == 0) return false;
            if (n && !(n == 1 && *s == '.')) {
                if (at + n + 2 > size) return false;
                if (at) out[at++] = '/';
                memcpy(out + at, s, n);
                at += n;
            }
            s += n + (s[n] == '/');
        }
    out[at] = 0;
    return true;
}

/* What the request does not cover was refused. */
static void add_host(needed *d, const request *q, const char *path)
{
    char full[512], why[256];
    size_t n = strlen(path);
    bool plain = amb_match_canonical(AMB_M_HOSTPORT, path, full, sizeof full, why) == AMB_OK &&
                 !strchr(full, '*') && (n < 2 || strcmp(path + n - 2, ":0") != 0);
    bool covered = !plain;
    for (uint32_t i = 0; i < q->ntargets && !covered; i++)
        covered = q->targets[i].real &&
                  amb_match_covers(AMB_M_HOSTPORT, q->targets[i].real, full);
    if (!covered) return;
    for (uint32_t i = 0; plain && i < d->nhosts; i++)
        if (strcmp(d->hosts[i], full) == 0) return;
    if (!plain || d->nhosts == 32) d->all_hosts = true;
    else d->hosts[d->nhosts++] = must(strdup(full));
}

static void note(void *ud, const amb_event *e)
{
    suggestion *s = ud;
    if (!e->root || e->status != AMB_OK) return;
    for (uint32_t i = 0; i < s->n; i++) {
        needed *d = &s->v[i];
        const request *q = &s->p->q[i];
        bool mine = false;
        for (uint32_t k = 0; k < d->nroots; k++) mine |= d->roots[k] == e->root;
        if (!mine) continue;
        d->used = true;
        bool same = strcmp(e->resource, q->type->name) == 0;
        amb_rights read = provider_right(q->provider, "read", 4);
        if (same) d->rights |= e->need;
        else if (d->edited) d->rights |= e->need & read;
        d->edited |= strcmp(e->operation, "edit") == 0;
        if (same && q->match[0] == AMB_M_HOSTPORT && e->path) add_host(d, q, e->path);
        if (!same || strcmp(q->type->name, "dir") != 0) return;
        char path[2048];
        bool dir = strcmp(e->operation, "list") == 0 || strcmp(e->operation, "walk") == 0 ||
                   strcmp(e->operation, "sub") == 0 || strcmp(e->operation, "watch") == 0;
        char about[1024];
        snprintf(about, sizeof about, "%s", e->path ? e->path : "");
        if (strcmp(e->operation, "glob") == 0) about[strcspn(about, "*?[")] = 0;
        if (!clean(e->beneath, about, path, sizeof path)) return;
        if (strcmp(e->operation, "sub") == 0) return; /* what is done beneath it counts */
        char *slash = strrchr(path, '/');
        widen(d, path, dir ? strlen(path) : slash ? (size_t)(slash - path) : 0);
        return;
    }
}

static void add_root(const host *h, needed *d, amb_value cap)
{
    uint64_t id = amb_capability_id(h->vm, cap);
    uint32_t n = list_len(h, cap);
    if (id && d->nroots < 64) d->roots[d->nroots++] = id;
    for (uint32_t i = 0; i < n; i++) {
        amb_value v;
        if (amb_at(h->vm, cap, i, &v) == AMB_OK) add_root(h, d, v);
    }
}

suggestion *suggest_start(policy *p, const amb_value *caps)
{
    suggestion *s = must(calloc(1, sizeof *s));
    s->p = p;
    s->n = p->n;
    s->v = must(calloc(p->n + (size_t)1, sizeof *s->v));
    for (uint32_t i = 0; i < p->n; i++) add_root(p->h, &s->v[i], caps[i]);
    if (amb_observe(p->h->vm, note, s)) must(NULL);
    return s;
}

/* The words between the brackets: the source's own when nothing is narrower. */
static void arguments(text *t, const request *q, const needed *d, const char *narrow)
{
    const amb_use *u = q->use;
    if (!u->nargs) return;
    text_str(t, "(");
    if (d->nhosts && !d->all_hosts) {
        for (uint32_t i = 0; i < d->nhosts; i++) {
            text_str(t, i ? ", \"" : "\"");
            text_shown(t, d->hosts[i], strlen(d->hosts[i]));
            text_str(t, "\"");
        }
        text_str(t, ")");
        return;
    }
    for (uint32_t i = 0; i < u->nargs; i++) {
        if (i) text_str(t, ", ");
        if (narrow && *narrow && u->args[i].kind == AMB_X_STRING) {
            text_str(t, "\"");
            text_shown(t, u->args[i].text, u->args[i].len);
            text_str(t, "/");
            text_shown(t, narrow, strlen(narrow));
            text_str(t, "\"");
        } else {
            expr_text(t, &u->args[i]);
            if (narrow && *narrow) {
                text_str(t, " + \"/");
                text_shown(t, narrow, strlen(narrow));
                text_str(t, "\"");
            }
        }
    }
    text_str(t, ")");
}

static void flags_for(text *flags, policy *p, const request *q, const needed *d,
                      amb_rights rights, const char *narrow)
{
    if (d->nhosts && !d->all_hosts && !p->h->virtual_net) {
        text spec = {0};
        request_name(&spec, q);
        for (uint32_t i = 0; i < d->nhosts; i++)
            text_printf(&spec, "%s%s", i ? ", " : "(", d->hosts[i]);
        text_str(&spec, "):");
        rights_text(&spec, q->provider, rights, ",");
        text_str(flags, " --allow ");
        text_shell(flags, spec.p);
        text_free(&spec);
        return;
    }
    request less = *q;
    less.rights = rights;
    for (uint32_t k = 0; k < q->ntargets; k++) {
        target t = q->targets[k];
        text real = {0}, spec = {0};
        if (t.real) text_printf(&real, "%s%s%s", t.real, *narrow ? "/" : "", narrow);
        t.real = real.p;
        if (*narrow) t.known = false;
        if (t.escape && t.real) t.escape = place_escape(p, t.real);
        if (t.dash || policy_profile_allows(p, &less, &t)) {
            text_free(&real);
            continue;
        }
        request_name(&spec, q);
        if (t.given)
            text_printf(&spec, "(%s%s%s)", t.given, *narrow ? "/" : "", narrow);
        if (rights && rights != q->type->dflt) {
            text_str(&spec, ":");
            rights_text(&spec, q->provider, rights, ",");
        }
        text_str(flags, " --allow ");
        text_shell(flags, spec.p);
        text_free(&spec);
        text_free(&real);
    }
}

void suggest_report(suggestion *s)
{
    text t = {0}, flags = {0};
    policy *p = s->p;
    text_add(&flags, "", 0);
    text_str(&t, "ambit: what this run needed:\n");
    for (uint32_t i = 0; i < s->n; i++) {
        const request *q = &p->q[i];
        const needed *d = &s->v[i];
        text rights = {0};
        const char *narrow = d->common && strcmp(q->use->resource, "temp") ? d->common : "";
        if (!d->used) {
            text_str(&t, "  # not used: ");
            text_shown(&t, q->use->name, strlen(q->use->name));
            text_printf(&t, ", line %u\n", q->use->line);
            continue;
        }
        amb_rights need = d->rights & q->type->all;
        if (!need) need = q->rights;
        text_str(&t, "  use ");
        text_str(&t, q->use->provider);
        if (strcmp(q->use->provider, q->use->resource) != 0)
            text_printf(&t, ".%s", q->use->resource);
        arguments(&t, q, d, narrow);
        rights_text(&rights, q->provider, need, ", ");
        if (need != q->type->dflt && rights.len) text_printf(&t, " for %s", rights.p);
        text_str(&t, " as ");
        text_shown(&t, q->use->name, strlen(q->use->name));
        text_str(&t, q->use->optional ? "?\n" : "\n");
        flags_for(&flags, p, q, d, need, narrow);
        text_free(&rights);
    }
    if (!s->n) text_str(&t, "  nothing\n");
    const cli_options *o = p->o;
    text_str(&t, "and on the command line:\n  ");
    for (int i = 0; i < o->ngiven; i++) {
        const char *w = o->given[i];
        if (i == o->script_at && flags.len) text_printf(&t, "%s ", flags.p + 1);
        if (i < o->script_at && i && (strcmp(w, "-y") == 0 || strcmp(w, "--suggest") == 0 ||
                                      strcmp(w, "--allow-declared") == 0))
            continue;
        text_shell(&t, w);
        text_str(&t, i + 1 < o->ngiven ? " " : "");
    }
    text_str(&t, "\n");
    host_stderr(p->h, t.p, t.len);
    text_free(&t);
    text_free(&flags);
}

void suggest_free(suggestion *s)
{
    if (!s) return;
    for (uint32_t i = 0; i < s->n; i++) {
        for (uint32_t k = 0; k < s->v[i].nhosts; k++) free(s->v[i].hosts[k]);
        free(s->v[i].common);
    }
    policy_free(s->p);
    free(s->v);
    free(s);
}
