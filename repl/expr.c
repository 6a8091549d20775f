/* SPDX-License-Identifier: MIT */
/* Constant expressions of `use` lines and defaults: their values, and how they are shown.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "repl.h"

static bool make_string(const expr_env *e, const char *s, size_t n, amb_value *out,
                        char why[256])
{
    amb_status st = amb_string_new(e->h->vm, s, n, out);
    if (st == AMB_E_NOMEM || st == AMB_E_LIMIT) must(NULL);
    if (st) snprintf(why, 256, "not UTF-8");
    return st == AMB_OK;
}

static int find_arg(const expr_env *e, const char *name)
{
    for (uint32_t i = 0; e->args && i < e->args->n; i++)
        if (strcmp(e->m->args[i].name, name) == 0) return (int)i;
    return -1;
}

/* Secrets are not handed out by merely naming them. */
bool expr_secret(const char *s)
{
    static const char *const parts[] = {"SECRET", "TOKEN", "KEY", "PASS"};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (strcasestr(s, parts[i])) return true;
    return false;
}

static void collect(void *ud, const char *s, size_t n) { text_add(ud, s, n); }

bool expr_value(const expr_env *e, const amb_const_expr *x, amb_value *out, char why[256])
{
    why[0] = 0;
    *out = amb_nil();
    switch (x->kind) {
    case AMB_X_NIL: return true;
    case AMB_X_BOOL: *out = amb_bool(x->i != 0); return true;
    case AMB_X_INT: *out = amb_int(x->i); return true;
    case AMB_X_FLOAT: *out = amb_float(x->f); return true;
    case AMB_X_STRING: return make_string(e, x->text, x->len, out, why);
    case AMB_X_ARG: {
        int i = find_arg(e, x->text);
        if (i < 0) {
            snprintf(why, 256, "args has no `%s`", x->text);
            return false;
        }
        *out = e->args->v[i].value;
        return true;
    }
    case AMB_X_ARGS:
        *out = e->args ? e->args->value : amb_nil();
        return true;
    case AMB_X_ARG_AT: {
        int64_t n = e->args ? list_len(e->h, e->args->value) : 0;
        if (x->i >= 0 && x->i < n &&
            amb_at(e->h->vm, e->args->value, (uint32_t)x->i, out) == AMB_OK)
            return true;
        snprintf(why, 256, "the command line has no word number %lld",
                 (long long)x->i + 1);
        return false;
    }
    case AMB_X_CWD: {
        char path[PATH_MAX];
        if (!getcwd(path, sizeof path)) {
            snprintf(why, 256, "there is no current directory");
            return false;
        }
        return make_string(e, path, strlen(path), out, why);
    }
    case AMB_X_HOME: {
        const char *home = getenv("HOME");
        if (!home || !*home) {
            snprintf(why, 256, "there is no home directory");
            return false;
        }
        return make_string(e, home, strlen(home), out, why);
    }
    case AMB_X_SCRIPT_DIR: return make_string(e, e->h->dir, strlen(e->h->dir), out, why);
    case AMB_X_ENV: {
        const char *v = expr_secret(x->text) ? NULL : getenv(x->text);
        if (!v) {
            snprintf(why, 256, "the environment has no %s", x->text);
            return false;
        }
        return make_string(e, v, strlen(v), out, why);
    }
    case AMB_X_CONCAT: {
        text t = {0};
        text_add(&t, "", 0);
        for (uint32_t i = 0; i < x->nkids; i++) {
            amb_value v;
            if (!expr_value(e, &x->kids[i], &v, why) ||
                amb_show(e->h->vm, v, 0, collect, &t) != AMB_OK) {
                text_free(&t);
                return false;
            }
        }
        bool ok = make_string(e, t.p, t.len, out, why);
        text_free(&t);
        return ok;
    }
    case AMB_X_LIST:
        if (amb_list_new(e->h->vm, NULL, 0, out)) must(NULL);
        for (uint32_t i = 0; i < x->nkids; i++) {
            amb_value v;
            if (!expr_value(e, &x->kids[i], &v, why)) return false;
            if (amb_list_push(e->h->vm, *out, v)) must(NULL);
        }
        return true;
    default: snprintf(why, 256, "not a constant"); return false;
    }
}

void expr_text(text *t, const amb_const_expr *x)
{
    switch (x->kind) {
    case AMB_X_NIL: text_str(t, "nil"); break;
    case AMB_X_BOOL: text_str(t, x->i ? "true" : "false"); break;
    case AMB_X_INT: text_printf(t, "%lld", (long long)x->i); break;
    case AMB_X_FLOAT: text_printf(t, "%.17g", x->f); break;
    case AMB_X_STRING:
        text_str(t, "\"");
        text_shown(t, x->text, x->len);
        text_str(t, "\"");
        break;
    case AMB_X_ARG: text_printf(t, "args.%s", x->text); break;
    case AMB_X_ARGS: text_str(t, "args"); break;
    case AMB_X_ARG_AT: text_printf(t, "args[%lld]", (long long)x->i); break;
    case AMB_X_CWD: text_str(t, "cwd"); break;
    case AMB_X_HOME: text_str(t, "home"); break;
    case AMB_X_SCRIPT_DIR: text_str(t, "script_dir"); break;
    case AMB_X_ENV: text_printf(t, "env(\"%s\")", x->text); break;
    case AMB_X_CONCAT:
        for (uint32_t i = 0; i < x->nkids; i++) {
            if (i) text_str(t, " + ");
            expr_text(t, &x->kids[i]);
        }
        break;
    case AMB_X_LIST:
        text_str(t, "[");
        for (uint32_t i = 0; i < x->nkids; i++) {
            if (i) text_str(t, ", ");
            expr_text(t, &x->kids[i]);
        }
        text_str(t, "]");
        break;
    default: text_str(t, "?"); break;
    }
}

bool expr_named(const expr_env *e, const amb_const_expr *x)
{
    if (x->kind == AMB_X_ARGS || x->kind == AMB_X_ARG_AT) return !e->m->has_args;
    int i = x->kind == AMB_X_ARG ? find_arg(e, x->text) : -1;
    return i >= 0 && e->args->v[i].given;
}
