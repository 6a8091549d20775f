/* SPDX-License-Identifier: MIT */
/* What of a script's `use` lines is granted.
 *
 * Everything is decided before the program starts. Without flags the default profile grants
 * what is harmless. Flags add to it or take it away, what the user allowed for always is
 * remembered, and what is left is asked at the terminal, or refused where there is none. No
 * environment variable widens anything. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policy.h"

/* --- the profiles ----------------------------------------------------------------------- */

bool profile_named(cli_options *o, const char *name)
{
    if (strcmp(name, "pure") == 0) o->profile = PROFILE_PURE;
    else if (strcmp(name, "workspace") == 0) o->profile = PROFILE_WORKSPACE;
    else return false;
    return true;
}

static bool quiet_provider(const char *iface)
{
    static const char *const quiet[] = {"console", "clock", "timer", "entropy"};
    for (size_t i = 0; i < sizeof quiet / sizeof quiet[0]; i++)
        if (strcmp(iface, quiet[i]) == 0) return true;
    return false;
}

/* Whether what is read could leave the machine by it. Providers this file knows nothing about
 * count as such. */
static bool reaches_out(const host *h, const amb_use *u)
{
    if (strcmp(u->provider, "net") == 0) return !h->virtual_net;
    if (strcmp(u->provider, "process") == 0) return strcmp(u->resource, "run") == 0;
    /* A plug-in has what the script hands it. */
    return !quiet_provider(u->provider) && strcmp(u->provider, "fs") != 0 &&
           strcmp(u->provider, "modules") != 0;
}

bool policy_profile_allows(const policy *p, const request *q, const target *t)
{
    const char *iface = q->provider->iface, *what = q->use->resource;
    if (t->dash || quiet_provider(iface)) return true;
    if (p->o->profile == PROFILE_PURE) return false;
    if (strcmp(iface, "process") == 0 && strcmp(what, "env") == 0)
        return t->given && t->expr->kind == AMB_X_STRING && !expr_secret(t->given);
    /* The process's number, and to be told of signals. */
    if (strcmp(iface, "process") == 0) return strcmp(what, "run") != 0;
    if (strcmp(iface, "net") == 0) return p->h->virtual_net;
    /* To load plug-ins is to read them. */
    if (strcmp(iface, "modules") == 0)
        return t->real && ((!p->reaches && place_beneath_cwd(t->real, t)) ||
                           place_beneath_script(p->h, t->real));
    if (strcmp(iface, "fs") != 0) return false;
    const amb_rights make = provider_right(q->provider, "read", 4) |
                            provider_right(q->provider, "create", 6);
    if (strcmp(what, "temp") == 0) return true;
    if (strcmp(what, "named") == 0) return !(q->rights & ~make);
    if (!t->given) return false;
    if (p->h->virtual_fs) return true;
    if (t->expr && expr_named(&p->env, t->expr)) {
        bool file = strcmp(what, "dir") != 0;
        if (reads_only(q) || (file && !(q->rights & ~make))) return true;
    }
    if (!t->real) return false;
    if (p->o->profile == PROFILE_WORKSPACE && !t->escape && !p->reaches &&
        place_beneath_cwd(t->real, t))
        return true;
    if (!reads_only(q)) return false;
    return (!p->reaches && place_beneath_cwd(t->real, t)) ||
           place_beneath_script(p->h, t->real);
}

/* --- what is refused --------------------------------------------------------------------- */

static void report_refusals(const policy *p, bool asked)
{
    const cli_options *o = p->o;
    text t = {0}, flags = {0};
    text_str(&t, asked ? "ambit: not granted:\n"
                       : "ambit: the script asks for more than it is granted:\n");
    for (uint32_t i = 0; i < p->n; i++)
        for (uint32_t k = 0; k < p->q[i].ntargets; k++) {
            const request *q = &p->q[i];
            const target *at = &q->targets[k];
            if (at->verdict != OPEN_QUESTION || q->refused || q->use->optional) continue;
            text spec = {0};
            request_spec(&spec, q, at);
            text_str(&t, "  ");
            text_shown(&t, p->script, strlen(p->script));
            text_printf(&t, ":%u  ", q->use->line);
            text_shown(&t, spec.p, spec.len);
            text_str(&t, "  as ");
            text_shown(&t, q->use->name, strlen(q->use->name));
            text_str(&t, "\n");
            if (at->real && at->given && strcmp(at->real, at->given) != 0 &&
                at->given[0] == '/') {
                text_str(&t, "      which leads to ");
                text_shown(&t, at->real, strlen(at->real));
                text_str(&t, "\n");
            }
            if (at->escape) {
                text_str(&t, "      can do anything you can: ");
                text_shown(&t, at->escape, strlen(at->escape));
                text_str(&t, "\n");
            }
            text_str(&flags, flags.len ? " --allow " : "--allow ");
            text_shell(&flags, spec.p);
            text_free(&spec);
        }
    if (p->changed.len) {
        text_str(&t, "Changed since it was allowed: ");
        text_shown(&t, p->changed.p, p->changed.len);
        text_str(&t, "\n");
    }
    text_str(&t, "\nTo allow it:\n  ");
    for (int i = 0; i < o->ngiven && flags.len; i++) {
        if (i == o->script_at) text_printf(&t, "%s ", flags.p);
        text_shell(&t, o->given[i]);
        text_str(&t, i + 1 < o->ngiven ? " " : "\n");
    }
    host_stderr(p->h, t.p, t.len);
    text_free(&t);
    text_free(&flags);
}

/* --- decisions ---------------------------------------------------------------------------- */

static uint32_t decide(policy *p, const pattern *patterns, uint32_t npatterns)
{
    const cli_options *o = p->o;
    uint32_t open = 0;
    for (uint32_t i = 0; i < p->n; i++)
        for (uint32_t k = 0; k < p->q[i].ntargets && !p->q[i].refused; k++) {
            request *q = &p->q[i];
            target *t = &q->targets[k];
            if (patterns_cover(patterns, npatterns, q, t)) t->verdict = BY_FLAG;
            if (!t->verdict && o->allow_declared && !o->deny_all) t->verdict = BY_FLAG;
            if (!t->verdict && !o->deny_all && policy_profile_allows(p, q, t))
                t->verdict = BY_PROFILE;
            open += !t->verdict;
        }
    return open;
}

/* Open questions; *must_have: those the script cannot do without. */
static uint32_t still_open(const policy *p, uint32_t *must_have)
{
    uint32_t open = 0;
    *must_have = 0;
    for (uint32_t i = 0; i < p->n; i++)
        for (uint32_t k = 0; k < p->q[i].ntargets && !p->q[i].refused; k++) {
            if (p->q[i].targets[k].verdict) continue;
            open++;
            *must_have += !p->q[i].use->optional;
        }
    return open;
}

static int settle(policy *p)
{
    uint32_t must_have, open;
    if (!p->o->deny_all) store_recall(p);
    open = still_open(p, &must_have);
    if (!open) return 0;
    answer a = p->o->deny_all ? ANSWER_NOBODY : consent_ask(p);
    if (host_caught()) return 128 + host_caught();
    if ((a == ANSWER_NO || a == ANSWER_NOBODY) && (must_have || p->o->asking)) {
        report_refusals(p, a == ANSWER_NO);
        return EXIT_DENIED;
    }
    for (uint32_t i = 0; i < p->n; i++)
        for (uint32_t k = 0; k < p->q[i].ntargets; k++) {
            target *t = &p->q[i].targets[k];
            if (t->verdict || p->q[i].refused) continue;
            if (a == ANSWER_ONCE || a == ANSWER_ALWAYS) t->verdict = BY_ANSWER;
            else p->q[i].refused = true;
        }
    if (a == ANSWER_ALWAYS && !store_remember(p) && p->o->asking) return EXIT_ERROR;
    return 0;
}

/* `ambit grant` with flags that allow it: the flags are the answer. */
static int remember_flags(policy *p)
{
    bool any = false;
    for (uint32_t i = 0; i < p->n; i++)
        for (uint32_t k = 0; k < p->q[i].ntargets; k++) {
            target *t = &p->q[i].targets[k];
            if (t->verdict != BY_FLAG || policy_profile_allows(p, &p->q[i], t)) continue;
            if (t->escape) {
                text why = {0};
                text_printf(&why, "this can do anything you can (%s) and is never remembered",
                            t->escape);
                int status = request_misfit(p, p->q[i].use, EXIT_DENIED, why.p);
                text_free(&why);
                return status;
            }
            t->verdict = BY_ANSWER;
            any = true;
        }
    return !any || store_remember(p) ? 0 : EXIT_ERROR;
}

/* Nobody may change what is written about it. */
static int audit_is_safe(policy *p)
{
    const host *h = p->h;
    for (uint32_t i = 0; i < p->n && h->audit_real; i++)
        for (uint32_t k = 0; k < p->q[i].ntargets; k++) {
            const request *q = &p->q[i];
            const target *t = &q->targets[k];
            if (strcmp(q->provider->iface, "fs") != 0 || h->virtual_fs || !t->real) continue;
            bool itself = strcmp(t->real, h->audit_real) == 0 ||
                          (t->known && t->dev == h->audit_dev && t->ino == h->audit_ino);
            if (itself || (!reads_only(q) &&
                           amb_match_covers(AMB_M_DIR, t->real, h->audit_real)))
                return request_misfit(p, q->use, EXIT_DENIED,
                                      "the file of --audit lies there: it would be in the "
                                      "script's reach");
        }
    return 0;
}

int policy_grant(host *h, const amb_manifest *m, const script_args *args,
                 const cli_options *given, const char *script, amb_value *caps)
{
    policy *p = must(calloc(1, sizeof *p));
    *p = (policy){.h = h, .options = *given, .m = m, .env = {h, m, args}, .script = script,
                  .n = m->nuses};
    cli_options *o = &p->options;
    p->o = o;
    pattern *patterns = NULL;
    uint32_t npatterns = 0;
    for (uint32_t i = 0; i < m->nuses; i++) caps[i] = amb_nil();
    int status = patterns_read(h, o, &patterns, &npatterns);
    p->q = must(calloc(m->nuses + (size_t)1, sizeof *p->q));
    for (uint32_t i = 0; i < p->n && !status; i++) {
        status = request_make(p, &p->q[i], &m->uses[i]);
        p->reaches |= reaches_out(h, &m->uses[i]);
    }
    if (!status) status = audit_is_safe(p);
    if (!status && decide(p, patterns, npatterns)) status = settle(p);
    if (!status && o->asking) status = remember_flags(p);
    for (uint32_t i = 0; i < p->n && !status && !o->asking; i++) {
        request *q = &p->q[i];
        if (q->refused) continue;
        status = request_grant(p, q, &caps[i]);
        if (!status && strcmp(q->use->provider, "console") == 0 &&
            q->rights & provider_right(q->provider, "raw", 3))
            h->raw = true;
    }
    /* What was opened to look at it, but is not given. */
    for (uint32_t i = 0; i < p->n; i++)
        for (uint32_t k = 0; p->q[i].use && k < p->q[i].ntargets; k++)
            if (p->q[i].targets[k].opened && (status || p->q[i].refused))
                amb_revoke(h->vm, p->q[i].targets[k].cap);
    patterns_free(patterns, npatterns);
    if (!status && o->suggest && !h->suggestion) h->suggestion = suggest_start(p, caps);
    else policy_free(p);
    return status;
}

void policy_free(policy *p)
{
    for (uint32_t i = 0; i < p->n; i++)
        if (p->q[i].use) request_free(p, &p->q[i]);
    text_free(&p->changed);
    free(p->q);
    free(p);
}
