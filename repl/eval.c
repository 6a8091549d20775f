/* SPDX-License-Identifier: MIT */
/* ambit eval FILE: a file that computes a value, such as a configuration, and the value as text or JSON.
 *
 * It gets no authority whatever the command line says, and always has limits. What JSON has no form for is an
 * error that names its place in the value. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "repl.h"

#define EVAL_FUEL UINT64_C(100000000)
#define EVAL_HEAP ((size_t)64 << 20)
#define EVAL_TIMEOUT_NS UINT64_C(5000000000)
#define EVAL_DEPTH 200 /* of lists and maps within each other */

/* --- the value as JSON ---------------------------------------------------------------- */

typedef struct step {
    amb_value container;
    const char *key; /* NULL: element `index` */
    size_t key_len;
    uint32_t index;
} step;

typedef struct json {
    amb_vm *vm;
    text out, problem;
    size_t max;
    step path[EVAL_DEPTH + 1];
    uint32_t depth;
} json;

static void add_place(const json *j, text *t)
{
    if (!j->depth) text_str(t, "the value");
    for (uint32_t i = 0; i < j->depth; i++) {
        const step *s = &j->path[i];
        bool word = s->key && s->key_len;
        for (size_t k = 0; word && k < s->key_len; k++) {
            char c = s->key[k];
            word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (k && c >= '0' && c <= '9');
        }
        if (!s->key) {
            text_printf(t, "[%u]", s->index);
        } else if (word) {
            text_str(t, ".");
            text_add(t, s->key, s->key_len);
        } else {
            size_t n = s->key_len < 60 ? s->key_len : 60;
            while (n < s->key_len && n && ((unsigned char)s->key[n] & 0xc0) == 0x80) n--;
            text_str(t, "[\"");
            text_shown(t, s->key, n);
            text_str(t, n < s->key_len ? "...\"]" : "\"]");
        }
        if (i == 15 && j->depth > 20) {
            text_str(t, "...");
            break;
        }
    }
}

static amb_status refuse(json *j, const char *before, const char *type, const char *after)
{
    add_place(j, &j->problem);
    text_str(&j->problem, before);
    text_shown(&j->problem, type, strlen(type));
    text_str(&j->problem, after);
    return AMB_E_ARG;
}

static void collect(void *ud, const char *s, size_t n) { text_add(ud, s, n); }

static amb_status add_value(json *j, amb_value v);

static amb_status add_child(json *j, amb_value v, step s)
{
    j->path[j->depth++] = s;
    amb_status st = add_value(j, v);
    j->depth--;
    return st;
}

static amb_status add_elements(json *j, amb_value v, bool named)
{
    uint64_t n;
    amb_status st = amb_len(j->vm, v, &n);
    text_str(&j->out, named ? "{" : "[");
    for (uint32_t i = 0; !st && i < n; i++) {
        amb_scope scope = amb_scope_open(j->vm);
        amb_value e;
        const char *name = named ? amb_tuple_name(j->vm, v, i) : NULL;
        if (i) text_str(&j->out, ", ");
        if (name) text_json(&j->out, name, strlen(name));
        if (name) text_str(&j->out, ": ");
        st = amb_at(j->vm, v, i, &e);
        if (!st) st = add_child(j, e, (step){v, name, name ? strlen(name) : 0, i});
        amb_scope_close(j->vm, scope);
    }
    text_str(&j->out, named ? "}" : "]");
    return st;
}

static amb_status add_map(json *j, amb_value v)
{
    uint32_t at = 0;
    amb_status st = AMB_OK;
    text_str(&j->out, "{");
    for (bool first = true; !st; first = false) {
        amb_scope scope = amb_scope_open(j->vm);
        amb_value key, e;
        const char *s;
        size_t n;
        st = amb_map_next(j->vm, v, &at, &key, &e);
        if (!st && amb_type(key) != AMB_TYPE_STRING) {
            st = refuse(j, " has a key of the type ", amb_type_name(j->vm, key), "; in JSON keys are strings");
        } else if (!st) {
            st = amb_as_string(j->vm, key, &s, &n);
            if (!st) {
                if (!first) text_str(&j->out, ", ");
                text_json(&j->out, s, n);
                text_str(&j->out, ": ");
                st = add_child(j, e, (step){v, s, n, 0});
            }
        }
        amb_scope_close(j->vm, scope);
    }
    text_str(&j->out, "}");
    return st == AMB_E_EOF ? AMB_OK : st;
}

static amb_status add_container(json *j, amb_value v, int type)
{
    for (uint32_t i = 0; i < j->depth; i++)
        if (amb_same(j->path[i].container, v)) return refuse(j, " is a ", amb_type_name(j->vm, v), " that contains itself");
    if (j->depth == EVAL_DEPTH) return refuse(j, " is nested too deep: a ", amb_type_name(j->vm, v), " in 200 others");
    if (type == AMB_TYPE_MAP) return add_map(j, v);
    return add_elements(j, v, type == AMB_TYPE_TUPLE && amb_tuple_name(j->vm, v, 0));
}

static amb_status add_value(json *j, amb_value v)
{
    const char *s;
    size_t n;
    double f;
    int type = amb_type(v), b;
    amb_status st;
    if (j->out.len > j->max) return AMB_E_LIMIT; /* few values can refer to each other very often */
    switch (type) {
    case AMB_TYPE_NIL: text_str(&j->out, "null"); return AMB_OK;
    case AMB_TYPE_BOOL:
        amb_as_bool(v, &b);
        text_str(&j->out, b ? "true" : "false");
        return AMB_OK;
    case AMB_TYPE_INT: return amb_show(j->vm, v, 0, collect, &j->out);
    case AMB_TYPE_FLOAT:
        amb_as_float(v, &f);
        if (!isfinite(f)) return refuse(j, " is ", isnan(f) ? "nan" : f > 0 ? "inf" : "-inf", ": JSON has finite numbers only");
        return amb_show(j->vm, v, 0, collect, &j->out);
    case AMB_TYPE_STRING:
        st = amb_as_string(j->vm, v, &s, &n);
        if (!st) text_json(&j->out, s, n);
        return st;
    case AMB_TYPE_LIST:
    case AMB_TYPE_TUPLE:
    case AMB_TYPE_MAP: return add_container(j, v, type);
    default: return refuse(j, " is of the type ", amb_type_name(j->vm, v), ", which has no form in JSON");
    }
}

/* --- the command ---------------------------------------------------------------------- */

static void complain(const char *name, const char *what, const text *more)
{
    text t = {0};
    text_str(&t, "ambit eval: ");
    text_shown(&t, name, strlen(name));
    text_str(&t, what);
    if (more) text_shown(&t, more->p, more->len);
    text_str(&t, "\n");
    host_stderr(NULL, t.p, t.len);
    text_free(&t);
}

/* Nothing that it asks for is asked, remembered or looked at. */
static int refuse_uses(const amb_manifest *m, const char *name)
{
    text t = {0};
    const amb_use *u = &m->uses[0];
    if (!m->nuses) return 0;
    text_printf(&t, ":%u: `use %s.%s`: a file that is evaluated gets no authority; `ambit FILE` runs scripts that need some",
                u->line, u->provider, u->resource);
    complain(name, "", &t);
    text_free(&t);
    return EXIT_DENIED;
}

/* The value, on standard output; 0 or the status to exit with. */
static int print_value(host *h, const cli_options *o, const char *name, amb_value v)
{
    json j = {.vm = h->vm, .max = o->heap_bytes};
    amb_status st = o->json ? add_value(&j, v) : amb_show(h->vm, v, 0, collect, &j.out);
    int status = EXIT_OK;
    if (st == AMB_E_LIMIT && j.out.len > j.max) {
        complain(name, ": the value is longer than the limit of memory (--max-memory) as JSON", NULL);
        status = EXIT_LIMIT;
    } else if (j.problem.len) {
        complain(name, ": ", &j.problem);
        status = EXIT_ERROR;
    } else {
        status = host_report(h, st);
    }
    h->aside = false;
    if (!status) {
        text_str(&j.out, "\n");
        host_output(h, 1, j.out.p, j.out.len);
    }
    text_free(&j.out);
    text_free(&j.problem);
    return status;
}

static int usage(const char *what)
{
    text t = {0};
    if (what) text_printf(&t, "ambit eval: %s: a file that is evaluated gets no authority\n", what);
    else text_str(&t, "Usage: ambit eval [--json] FILE [ARGS...]\n");
    host_stderr(NULL, t.p, t.len);
    text_free(&t);
    return EXIT_USAGE;
}

int cmd_eval(const cli_options *given)
{
    cli_options o = *given;
    if (o.nallow || o.allow_declared || o.policy || o.profile || o.nproviders)
        return usage(o.nallow ? "--allow" : o.allow_declared ? "-y" : o.policy ? "--policy" : o.profile ? "--profile" : "--provider");
    if (!o.code && !o.argc) return usage(NULL);
    if (!o.code) {
        o.script = *o.argv++;
        o.argc--;
    }
    if (!o.heap_bytes) o.heap_bytes = EVAL_HEAP;
    if (!o.fuel) o.fuel = EVAL_FUEL;
    if (!o.timeout_ns) o.timeout_ns = EVAL_TIMEOUT_NS;
    o.no_console = true;
    host *h = host_new(&o);
    const char *name;
    char *source = NULL;
    size_t len = 0;
    script_args args = {0};
    amb_script *script;
    amb_value v;
    h->aside = true;
    int status = host_source(h, &o, &name, &source, &len), wanted = 0;
    if (!status)
        status = host_report(h, amb_load(h->vm, name, source, len, AMB_LOAD_VALUE, host_stderr, h, &script));
    if (status) goto done;
    const amb_manifest *m = amb_script_manifest(script);
    status = refuse_uses(m, name);
    if (!status && (status = args_parse(h, m, &o, name, &args)) != 0) {
        status--;
        h->aside = false;
        goto done;
    }
    if (!status) status = host_report(h, amb_run(h->vm, script, args.value, NULL, &wanted));
    if (!status) status = host_report(h, amb_script_result(script, &v));
    /* A value that is an int counts as an exit status, too; exit() leaves none. */
    if (!status && amb_type(v) != AMB_TYPE_INT) status = wanted & 255;
    if (!status) status = print_value(h, &o, name, v);
done:
    args_free(&args);
    free(source);
    host_output(h, 1, NULL, 0);
    if (h->failed && !status) {
        static const char note[] = "ambit: standard output cannot be written\n";
        host_stderr(NULL, note, sizeof note - 1);
        status = EXIT_ERROR;
    }
    host_free(h);
    return status;
}
