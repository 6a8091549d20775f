/* SPDX-License-Identifier: MIT */
/* ambit caps [--json] FILE: what a script may touch, without running it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "repl.h"

static void print_plain(text *t, const amb_manifest *m)
{
    if (!m->nuses) text_str(t, "nothing but its console output\n");
    for (uint32_t i = 0; i < m->nuses; i++) {
        const amb_use *u = &m->uses[i];
        text spec = {0};
        text_str(&spec, u->provider);
        if (strcmp(u->provider, u->resource) != 0) text_printf(&spec, ".%s", u->resource);
        for (uint32_t k = 0; k < u->nargs; k++) {
            text_str(&spec, k ? ", " : "(");
            expr_text(&spec, &u->args[k]);
        }
        if (u->nargs) text_str(&spec, ")");
        text rights = {0};
        for (uint32_t k = 0; k < u->nrights; k++) {
            if (k) text_str(&rights, ", ");
            text_str(&rights, u->rights[k]);
        }
        if (!u->nrights) text_str(&rights, "default rights");
        text line = {0};
        text_printf(&line, "%-36s  %-20s  as %s%s, line %u", spec.p, rights.p, u->name,
                    u->optional ? " (optional)" : "", u->line);
        text_shown(t, line.p, line.len);
        text_str(t, "\n");
        text_free(&line);
        text_free(&spec);
        text_free(&rights);
    }
}

static void json_expr(text *t, const amb_const_expr *x)
{
    if (x->kind == AMB_X_STRING) {
        text_json(t, x->text, x->len);
        return;
    }
    text e = {0};
    text_add(&e, "", 0);
    expr_text(&e, x);
    if (x->kind == AMB_X_NIL) text_str(t, "null");
    else if (x->kind == AMB_X_BOOL || x->kind == AMB_X_INT || x->kind == AMB_X_FLOAT)
        text_str(t, e.p);
    else {
        text_str(t, "{\"expr\": ");
        text_json(t, e.p, e.len);
        text_str(t, "}");
    }
    text_free(&e);
}

static void json_text(text *t, const char *s) { text_json(t, s, strlen(s)); }

static void print_json(text *t, const amb_manifest *m)
{
    text_str(t, "[");
    for (uint32_t i = 0; i < m->nuses; i++) {
        const amb_use *u = &m->uses[i];
        text_str(t, i ? ",\n {\"provider\": " : "\n {\"provider\": ");
        json_text(t, u->provider);
        text_str(t, ", \"resource\": ");
        json_text(t, u->resource);
        text_str(t, ", \"args\": [");
        for (uint32_t k = 0; k < u->nargs; k++) {
            if (k) text_str(t, ", ");
            json_expr(t, &u->args[k]);
        }
        text_str(t, "], \"rights\": [");
        for (uint32_t k = 0; k < u->nrights; k++) {
            if (k) text_str(t, ", ");
            json_text(t, u->rights[k]);
        }
        text_str(t, "], \"name\": ");
        json_text(t, u->name);
        text_printf(t, ", \"optional\": %s, \"line\": %u}",
                    u->optional ? "true" : "false", u->line);
    }
    text_str(t, m->nuses ? "\n]\n" : "]\n");
}

int cmd_caps(const cli_options *given)
{
    cli_options o = *given;
    if (!o.argc) {
        fprintf(stderr, "Usage: ambit caps [--json] FILE\n");
        return EXIT_USAGE;
    }
    o.script = o.argv[0];
    o.argc = 0;
    host *h = host_new(&o);
    const char *name;
    char *source = NULL;
    size_t len = 0;
    amb_script *script;
    int status = host_load(h) ? host_source(h, &o, &name, &source, &len) : EXIT_USAGE;
    if (!status) {
        amb_status st = amb_load(h->vm, name, source, len, 0, host_stderr, h, &script);
        if (st != AMB_OK) status = host_report(h, st);
        else {
            text t = {0};
            if (o.json) print_json(&t, amb_script_manifest(script));
            else print_plain(&t, amb_script_manifest(script));
            host_stdout(h, t.p, t.len);
            text_free(&t);
        }
    }
    free(source);
    host_free(h);
    return status;
}
