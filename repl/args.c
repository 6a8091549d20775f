/* SPDX-License-Identifier: MIT */
/* The command line of a script, read by its args { }.
 *
 * A parameter with a short option (-n) or of type bool is an option, any other is
 * positional; each can be given as --name, too. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "repl.h"

static bool is_option(const amb_arg_spec *s)
{
    return s->short_name || s->type == AMB_ARG_BOOL;
}

static const char *type_word(const amb_arg_spec *s)
{
    switch (s->type) {
    case AMB_ARG_INT: return "INT";
    case AMB_ARG_FLOAT: return "NUMBER";
    default: return "TEXT";
    }
}

static void dashed(text *t, const char *name)
{
    for (; *name; name++) text_add(t, *name == '_' ? "-" : name, 1);
}

static void upper(text *t, const char *name)
{
    for (; *name; name++) {
        char c = *name == '_'                   ? '-'
                 : *name >= 'a' && *name <= 'z' ? (char)(*name - 32)
                                                : *name;
        text_add(t, &c, 1);
    }
}

static void usage_line(text *t, const amb_manifest *m, const char *script)
{
    text_str(t, "Usage: ");
    const char *base = strrchr(script, '/');
    text_shown(t, base ? base + 1 : script, strlen(base ? base + 1 : script));
    bool options = false;
    for (uint32_t i = 0; i < m->nargs; i++) options |= is_option(&m->args[i]);
    text_str(t, options ? " [OPTIONS]" : "");
    for (uint32_t i = 0; i < m->nargs; i++) {
        const amb_arg_spec *s = &m->args[i];
        if (is_option(s)) continue;
        bool may = s->has_default || s->maybe || s->many;
        text_str(t, may ? " [" : " ");
        upper(t, s->name);
        text_str(t, s->many ? "..." : "");
        text_str(t, may ? "]" : "");
    }
    text_str(t, "\n");
}

static void row(text *t, const text *left, const amb_arg_spec *s)
{
    text_printf(t, "  %-24s", left->p);
    if (left->len > 24) text_printf(t, "\n  %-24s", "");
    text_str(t, "  ");
    text_str(t, s ? s->help : "show this text");
    if (s && s->has_default && s->type != AMB_ARG_BOOL) {
        text_str(t, *s->help ? " [" : "[");
        if (s->value.kind == AMB_X_STRING) text_shown(t, s->value.text, s->value.len);
        else expr_text(t, &s->value);
        text_str(t, "]");
    }
    while (t->len && t->p[t->len - 1] == ' ') t->p[--t->len] = 0;
    text_str(t, "\n");
}

static void help_text(text *t, const amb_manifest *m, const char *script)
{
    usage_line(t, m, script);
    if (m->doc && *m->doc) text_printf(t, "\n%s\n", m->doc);
    bool head = false;
    for (uint32_t i = 0; i < m->nargs; i++) {
        const amb_arg_spec *s = &m->args[i];
        if (is_option(s)) continue;
        if (!head) text_str(t, "\nArguments:\n");
        head = true;
        text left = {0};
        upper(&left, s->name);
        if (s->many) text_str(&left, "...");
        row(t, &left, s);
        text_free(&left);
    }
    text_str(t, "\nOptions:\n");
    for (uint32_t i = 0; i < m->nargs; i++) {
        const amb_arg_spec *s = &m->args[i];
        if (!is_option(s)) continue;
        text left = {0};
        if (s->short_name) text_printf(&left, "-%c, --", s->short_name);
        else text_str(&left, "    --");
        bool negative = s->type == AMB_ARG_BOOL && s->has_default && s->value.i;
        if (negative) text_str(&left, "no-");
        dashed(&left, s->name);
        if (s->type != AMB_ARG_BOOL) text_printf(&left, " %s", type_word(s));
        row(t, &left, s);
        text_free(&left);
    }
    text left = {0};
    text_str(&left, "    --help");
    row(t, &left, NULL);
    text_free(&left);
}

typedef struct parser {
    host *h;
    const amb_manifest *m;
    const char *script;
    script_args *out;
    text problem;
} parser;

static bool complain(parser *p, const char *what, const char *word, const char *rest)
{
    text_str(&p->problem, what);
    text_shown(&p->problem, word, strlen(word));
    text_str(&p->problem, rest);
    return false;
}

static bool parse_value(parser *p, const amb_arg_spec *s, const char *word,
                        amb_value *out)
{
    char *end;
    errno = 0;
    switch (s->type) {
    case AMB_ARG_INT: {
        long long i = strtoll(word, &end, 10);
        if (!*word || *end || errno || word[0] == ' ' || word[0] == '+')
            return complain(p, "not an int: ", word, "");
        *out = amb_int(i);
        return true;
    }
    case AMB_ARG_FLOAT: {
        double d = strtod(word, &end);
        if (!*word || *end || word[0] == ' ' || strpbrk(word, "xXnN"))
            return complain(p, "not a number: ", word, "");
        *out = amb_float(d);
        return true;
    }
    case AMB_ARG_BOOL: {
        bool yes = strcmp(word, "true") == 0 || strcmp(word, "yes") == 0;
        if (!yes && strcmp(word, "false") != 0 && strcmp(word, "no") != 0)
            return complain(p, "neither true nor false: ", word, "");
        *out = amb_bool(yes);
        return true;
    }
    default: {
        amb_status st = amb_string_new(p->h->vm, word, strlen(word), out);
        if (st == AMB_E_NOMEM || st == AMB_E_LIMIT) must(NULL);
        return st == AMB_OK || complain(p, "not UTF-8: ", word, "");
    }
    }
}

static bool assign(parser *p, uint32_t i, const char *word)
{
    const amb_arg_spec *s = &p->m->args[i];
    given_arg *g = &p->out->v[i];
    amb_value v;
    if (!parse_value(p, s, word, &v)) {
        text t = {0};
        text_printf(&t, "%s: %s", s->name, p->problem.p);
        text_free(&p->problem);
        p->problem = t;
        return false;
    }
    if (s->many) {
        if (!g->given && amb_list_new(p->h->vm, NULL, 0, &g->value)) must(NULL);
        if (amb_list_push(p->h->vm, g->value, v)) must(NULL);
    } else {
        g->value = v;
    }
    g->given = true;
    return true;
}

static bool same_name(const char *name, const char *word, size_t len)
{
    size_t i = 0;
    for (; i < len && name[i]; i++)
        if (name[i] != word[i] && !(name[i] == '_' && word[i] == '-')) return false;
    return i == len && !name[i];
}

static int find_long(const amb_manifest *m, const char *word, size_t len)
{
    for (uint32_t i = 0; i < m->nargs; i++)
        if (same_name(m->args[i].name, word, len)) return (int)i;
    return -1;
}

static int find_short(const amb_manifest *m, char c)
{
    for (uint32_t i = 0; i < m->nargs; i++)
        if (m->args[i].short_name == c) return (int)i;
    return -1;
}

static bool parse_words(parser *p, char **argv, int argc, bool *help)
{
    const amb_manifest *m = p->m;
    uint32_t next = 0;
    bool only_words = false;
    for (int k = 0; k < argc; k++) {
        const char *w = argv[k];
        bool option = !only_words && w[0] == '-' && w[1];
        if (option && find_short(m, w[1]) < 0 &&
            ((w[1] >= '0' && w[1] <= '9') || w[1] == '.'))
            option = false; /* a negative number */
        if (!option) {
            while (next < m->nargs && (is_option(&m->args[next]) ||
                                       (p->out->v[next].given && !m->args[next].many)))
                next++;
            if (next == m->nargs) return complain(p, "one word too many: ", w, "");
            if (!assign(p, next, w)) return false;
            if (!m->args[next].many) next++;
            continue;
        }
        if (strcmp(w, "--") == 0) {
            only_words = true;
            continue;
        }
        if (strncmp(w, "--", 2) == 0) {
            const char *name = w + 2, *eq = strchr(name, '=');
            size_t len = eq ? (size_t)(eq - name) : strlen(name);
            int i = find_long(m, name, len);
            if (i < 0 && strcmp(w, "--help") == 0) {
                *help = true;
                return true;
            }
            if (i < 0 && strncmp(name, "no-", 3) == 0 && !eq &&
                (i = find_long(m, name + 3, len - 3)) >= 0 &&
                m->args[i].type == AMB_ARG_BOOL) {
                p->out->v[i] = (given_arg){amb_bool(0), true};
                continue;
            }
            if (i < 0) return complain(p, "no such option: ", w, "");
            if (m->args[i].type == AMB_ARG_BOOL && !eq) {
                p->out->v[i] = (given_arg){amb_bool(1), true};
                continue;
            }
            if (!eq && ++k == argc) return complain(p, "", w, " needs a value");
            if (!assign(p, (uint32_t)i, eq ? eq + 1 : argv[k])) return false;
            continue;
        }
        for (const char *c = w + 1; *c; c++) {
            int i = find_short(m, *c);
            if (i < 0 && *c == 'h' && w[2] == 0) {
                *help = true;
                return true;
            }
            if (i < 0) return complain(p, "no such option: ", w, "");
            if (m->args[i].type == AMB_ARG_BOOL) {
                p->out->v[i] = (given_arg){amb_bool(1), true};
                continue;
            }
            const char *value = c[1] ? c + 1 : ++k < argc ? argv[k] : NULL;
            if (!value) return complain(p, "", w, " needs a value");
            if (!assign(p, (uint32_t)i, value)) return false;
            break;
        }
    }
    return true;
}

static bool fill_rest(parser *p)
{
    expr_env env = {p->h, p->m, p->out};
    for (uint32_t i = 0; i < p->m->nargs; i++) {
        const amb_arg_spec *s = &p->m->args[i];
        given_arg *g = &p->out->v[i];
        char why[256];
        if (g->given) continue;
        if (s->has_default) {
            if (!expr_value(&env, &s->value, &g->value, why))
                return complain(p, why, "", "");
            int64_t n;
            if (s->type == AMB_ARG_FLOAT && amb_as_int(g->value, &n))
                g->value = amb_float((double)n);
        } else if (s->many) {
            if (amb_list_new(p->h->vm, NULL, 0, &g->value)) must(NULL);
        } else if (s->type == AMB_ARG_BOOL && !s->maybe) {
            g->value = amb_bool(0);
        } else if (s->maybe) {
            g->value = amb_nil();
        } else {
            text t = {0};
            if (is_option(s)) text_str(&t, "--"), dashed(&t, s->name);
            else upper(&t, s->name);
            bool r = complain(p, "", t.p, " is missing");
            text_free(&t);
            return r;
        }
    }
    return true;
}

int args_parse(host *h, const amb_manifest *m, const cli_options *o, const char *script,
               script_args *out)
{
    *out = (script_args){.value = amb_nil()};
    if (!m->has_args) {
        if (amb_list_new(h->vm, NULL, 0, &out->value)) must(NULL);
        for (int i = 0; i < o->argc; i++) {
            amb_value v;
            amb_status st = amb_string_new(h->vm, o->argv[i], strlen(o->argv[i]), &v);
            if (st == AMB_OK) st = amb_list_push(h->vm, out->value, v);
            if (st == AMB_E_NOMEM || st == AMB_E_LIMIT) must(NULL);
            if (st) {
                text t = {0};
                text_str(&t, "ambit: not UTF-8: ");
                text_shown(&t, o->argv[i], strlen(o->argv[i]));
                text_str(&t, "\n");
                host_stderr(h, t.p, t.len);
                text_free(&t);
                return EXIT_USAGE + 1;
            }
        }
        return 0;
    }
    out->n = m->nargs;
    out->v = must(calloc(m->nargs + 1, sizeof *out->v));
    parser p = {h, m, script, out, {0}};
    bool help = false;
    bool ok = parse_words(&p, o->argv, o->argc, &help);
    if (help) {
        text t = {0};
        help_text(&t, m, script);
        host_stdout(h, t.p, t.len);
        text_free(&t);
        return EXIT_OK + 1;
    }
    ok = ok && fill_rest(&p);
    if (!ok) {
        text t = {0};
        const char *base = strrchr(script, '/');
        text_shown(&t, base ? base + 1 : script, strlen(base ? base + 1 : script));
        text_printf(&t, ": %s\n", p.problem.p);
        usage_line(&t, m, script);
        text_str(&t, "Try --help for all there is.\n");
        host_stderr(h, t.p, t.len);
        text_free(&t);
        text_free(&p.problem);
        return EXIT_USAGE + 1;
    }
    const char **names = must(calloc(m->nargs + 1, sizeof *names));
    amb_value *v = must(calloc(m->nargs + 1, sizeof *v));
    for (uint32_t i = 0; i < m->nargs; i++) {
        names[i] = m->args[i].name;
        v[i] = out->v[i].value;
    }
    if (amb_tuple_new(h->vm, v, names, m->nargs, &out->value)) must(NULL);
    free(names);
    free(v);
    return 0;
}

void args_free(script_args *a)
{
    free(a->v);
    *a = (script_args){0};
}
