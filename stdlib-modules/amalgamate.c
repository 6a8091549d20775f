/* SPDX-License-Identifier: MIT */
/* Build-time tool: puts all sources of the library into one file, ambit.c, and all public headers into
 * another, ambit.h.
 *
 *   amalgamate VERSION OUTDIR [-I DIR]... [-p PUBLIC-HEADER]... [-n PREFIX]... FILE.c...
 *
 * What were files of their own share one file scope now, so names that are static, types, enumerators and macros
 * of different files meet. A source file with what it includes without a guard, and each header with a guard, is a
 * unit here. A unit defines names; units that are visible in one another, or both in a third, mean the same by
 * a name; what still has several meanings is renamed in the units that mean it, with the unit's name behind.
 * Members keep their names (a token after . or ->, a declarator in a struct), and so do arguments that a macro makes
 * text of. Macros of a source file end with it. -n: identifiers with this prefix get amb_ in front everywhere,
 * since those functions are seen by the linker.
 *
 * It reads C by tokens, as this library writes it: one declarator for each typedef, no K&R functions. What it
 * gets wrong does not compile, and the tests of the amalgamation tell. */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void bad(const char *what, const char *name)
{
    fprintf(stderr, "amalgamate: %s: %s\n", what, name);
    exit(1);
}

static void *grow(void *p, size_t n, size_t size)
{
    if (n & (n - 1)) return p; /* sizes double: storage is renewed at powers of two */
    p = realloc(p, (n ? 2 * n : 1) * size);
    if (!p) bad("out of memory", "");
    return p;
}
#define PUSH(array, n) (array = grow(array, n, sizeof *array), &array[n++])

/* ---- words --------------------------------------------------------------------------------- */

typedef struct word {
    char *s;
    struct def *defs[2];         /* meanings: ordinary, tags */
    struct word *next;
} word;

static word *words[1 << 14];

static word *intern(const char *s, size_t n)
{
    unsigned h = 5381;
    for (size_t i = 0; i < n; i++) h = h * 33 ^ (unsigned char)s[i];
    word **at = &words[h % (sizeof words / sizeof *words)];
    for (word *w = *at; w; w = w->next)
        if (strlen(w->s) == n && memcmp(w->s, s, n) == 0) return w;
    word *w = calloc(1, sizeof *w);
    if (!w || !(w->s = malloc(n + 1))) bad("out of memory", "");
    memcpy(w->s, s, n);
    w->s[n] = 0;
    w->next = *at;
    return *at = w;
}

/* ---- tokens -------------------------------------------------------------------------------- */

enum { SPACE, IDENT, OTHER, PUNCT, NEWLINE, INCLUDE };

typedef struct token {
    int kind;
    const char *s;
    size_t n;
    word *w;            /* IDENT */
    struct unit *unit;  /* INCLUDE: a header with a guard */
    bool directive;     /* part of a line that begins with # */
    bool raw;           /* from a table of macro calls (.def): stays as it is */
    bool member;
    bool body;          /* struct or union before its members */
} token;

typedef struct unit {
    char *path, *tag;
    bool header, public, emitted;
    token *t;
    size_t nt;
    struct unit **sees; /* itself and the headers it includes, at any depth */
    size_t nsees;
    word **macros;      /* it defines, in order */
    size_t nmacros;
} unit;

static unit **units;
static size_t nunits;
static const char *dirs[64], *prefixes[32], *publics[32];
static size_t ndirs, nprefixes, npublics;
static word **systems; /* headers to include at the top */
static size_t nsystems;

static char *slurp(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f) return NULL;
    size_t n = 0, cap = 1 << 16;
    char *s = malloc(cap + 1);
    for (size_t got; s && (got = fread(s + n, 1, cap - n, f)) > 0;)
        if ((n += got) == cap) s = realloc(s, (cap *= 2) + 1);
    if (!s || ferror(f)) bad("cannot read", path);
    fclose(f);
    s[n] = 0;
    return s;
}

static size_t token_length(const char *s, int *kind)
{
    size_t n = 1;
    *kind = PUNCT;
    if (*s == '\n') return *kind = NEWLINE, 1;
    if (isspace((unsigned char)*s) || (*s == '\\' && s[1] == '\n')) {
        *kind = SPACE;
        n = *s == '\\' ? 2 : 1;
        return n;
    }
    if (s[0] == '/' && s[1] == '*') {
        const char *e = strstr(s + 2, "*/");
        return *kind = SPACE, e ? (size_t)(e + 2 - s) : strlen(s);
    }
    if (s[0] == '/' && s[1] == '/') return *kind = SPACE, strcspn(s, "\n");
    if (isalpha((unsigned char)*s) || *s == '_') {
        while (isalnum((unsigned char)s[n]) || s[n] == '_') n++;
        return *kind = IDENT, n;
    }
    if (isdigit((unsigned char)*s) || (*s == '.' && isdigit((unsigned char)s[1]))) {
        while (isalnum((unsigned char)s[n]) || s[n] == '_' || s[n] == '.' ||
               ((s[n] == '+' || s[n] == '-') && strchr("eEpP", s[n - 1]) && s[1] != 'x'))
            n++;
        return *kind = OTHER, n;
    }
    if (*s == '"' || *s == '\'') {
        while (s[n] && s[n] != *s && s[n] != '\n') n += s[n] == '\\' && s[n + 1] ? 2 : 1;
        return *kind = OTHER, n + (s[n] == *s);
    }
    if (strncmp(s, "...", 3) == 0) return 3;
    if (strncmp(s, "->", 2) == 0 || strncmp(s, "##", 2) == 0) return 2;
    return 1;
}

static bool is(const token *t, const char *s) { return strlen(s) == t->n && memcmp(t->s, s, t->n) == 0; }

/* ---- reading ------------------------------------------------------------------------------- */

static char *join(const char *a, size_t n, const char *b)
{
    char *s = malloc(n + strlen(b) + 2);
    if (!s) bad("out of memory", "");
    sprintf(s, "%.*s%s%s", (int)n, a, n ? "/" : "", b);
    return s;
}

static char *find(const char *from, const char *name)
{
    const char *slash = strrchr(from, '/');
    char *path = join(from, slash ? (size_t)(slash - from) : 0, name), *text;
    for (size_t i = 0;; i++) {
        if ((text = slurp(path))) {
            free(text);
            return path;
        }
        free(path);
        if (i == ndirs) return NULL;
        path = join(dirs[i], strlen(dirs[i]), name);
    }
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static bool guarded(const char *s)
{
    const char *d = s;
    int kind;
    while (*d) { /* the first thing that is no comment */
        size_t n = token_length(d, &kind);
        if (kind != SPACE && kind != NEWLINE) break;
        d += n;
    }
    return strncmp(d, "#ifndef ", 8) == 0;
}

static unit *unit_of(const char *path, bool header);

/* The tokens of a file into a unit, unguarded files that it includes, too. */
static void read_into(unit *u, const char *path, bool top)
{
    char *text = slurp(path);
    if (!text) bad("cannot read", path);
    bool raw = strlen(path) > 4 && strcmp(path + strlen(path) - 4, ".def") == 0;
    bool directive = false, first = true;
    int depth = top && u->header ? -1 : 0; /* of #if; the guard does not count */
    for (const char *s = text; *s;) {
        int kind;
        if (first && *s == '#') {
            size_t line = 0;
            while (s[line] && !(s[line] == '\n' && s[line - 1] != '\\')) line++;
            char name[256] = "", word_[32] = "", open = 0;
            sscanf(s, "# %31[a-z]", word_);
            if (strncmp(word_, "if", 2) == 0) depth++;
            if (strcmp(word_, "endif") == 0) depth--;
            if (strcmp(word_, "line") == 0) {
                s += line + (s[line] == '\n');
                continue;
            }
            if (strcmp(word_, "include") == 0 && sscanf(s, "# include %c%255[^\">\n]", &open, name) == 2) {
                if (open == '<' && strncmp(name, "ambit/", 6) != 0 && !u->public && depth <= 0) {
                    word *w = intern(name, strlen(name));
                    bool had = false;
                    for (size_t i = 0; i < nsystems; i++) had |= systems[i] == w;
                    if (!had) *PUSH(systems, nsystems) = w;
                    s += line + (s[line] == '\n');
                    continue;
                }
                char *file = open == '"' || strncmp(name, "ambit/", 6) == 0 ? find(path, name) : NULL;
                if (open == '"' && !file) bad(path, name);
                if (file) {
                    char *inner = slurp(file);
                    if (guarded(inner)) {
                        token *t = PUSH(u->t, u->nt);
                        *t = (token){.kind = INCLUDE, .unit = unit_of(file, true)};
                        s += line + (s[line] == '\n');
                    } else {
                        read_into(u, file, false);
                        s += line;
                    }
                    free(inner);
                    free(file);
                    continue;
                }
            }
            directive = true;
        }
        size_t n = token_length(s, &kind);
        token *t = PUSH(u->t, u->nt);
        *t = (token){.kind = kind, .s = s, .n = n, .directive = directive, .raw = raw};
        if (kind == IDENT) t->w = intern(s, n);
        if (kind == NEWLINE) directive = false, first = true;
        else if (kind != SPACE) first = false;
        s += n;
    }
    if (u->nt && u->t[u->nt - 1].kind != NEWLINE)
        *PUSH(u->t, u->nt) = (token){.kind = NEWLINE, .s = "\n", .n = 1};
    /* the text stays: tokens point into it */
}

static unit *unit_of(const char *path, bool header)
{
    char real[4096];
    if (strlen(path) >= sizeof real || !realpath(path, real)) bad("cannot read", path);
    for (size_t i = 0; i < nunits; i++)
        if (strcmp(units[i]->path, real) == 0) return units[i];
    unit *u = calloc(1, sizeof *u);
    if (!u) bad("out of memory", "");
    u->path = join("", 0, real);
    u->header = header;
    for (size_t i = 0; i < npublics; i++) {
        char other[4096];
        if (realpath(publics[i], other) && strcmp(other, real) == 0) u->public = true;
    }
    /* folder_file, or folder_file_h */
    const char *from = base_name(real);
    if (from > real + 1)
        for (from--; from > real && from[-1] != '/';) from--;
    u->tag = malloc(strlen(from) + 3);
    char *o = u->tag;
    if (!o) bad("out of memory", "");
    for (; *from && *from != '.'; from++) *o++ = isalnum((unsigned char)*from) ? *from : '_';
    strcpy(o, header ? "_h" : "");
    *PUSH(units, nunits) = u;
    read_into(u, real, true);
    return u;
}

static void see(unit *u, unit *what)
{
    for (size_t i = 0; i < u->nsees; i++)
        if (u->sees[i] == what) return;
    *PUSH(u->sees, u->nsees) = what;
    for (size_t i = 0; i < what->nt; i++)
        if (what->t[i].kind == INCLUDE) see(u, what->t[i].unit);
}

static bool sees(const unit *u, const unit *what)
{
    for (size_t i = 0; i < u->nsees; i++)
        if (u->sees[i] == what) return true;
    return false;
}

/* ---- what a unit defines ----------------------------------------------------------------- */

enum { ORDINARY, TAG };
enum { MACRO = 1, EXTERNAL = 2, BODY = 4, SHORT = 8 /* a macro that ends in the same unit */ };

typedef struct def {
    unit *u;
    unsigned what;
    struct def *same;  /* the first of those that mean the same; that one: itself */
    char *to;          /* in that one: what it is renamed to, or NULL */
    unsigned long long textual; /* parameters of a macro that it makes text or other names of */
    struct def *next;
} def;

static bool listed(const char *name, const char *const *list)
{
    while (*list && strcmp(*list, name) != 0) list++;
    return *list != NULL;
}

/* Functions of the system that some file does not know, and has one of that name. */
static const char *const taken[] = {"bind", "MAX", NULL};
static const char *const keywords[] = {"static", "const", "inline", "extern", "volatile", "int", "char", "void", NULL};

static def *define(unit *u, word *w, int space, unsigned what)
{
    if (listed(w->s, keywords)) return NULL;
    def *d = w->defs[space];
    while (d && d->u != u) d = d->next;
    if (!d) {
        d = calloc(1, sizeof *d);
        if (!d) bad("out of memory", "");
        d->u = u;
        d->what = what;
        d->same = d;
        d->next = w->defs[space];
        w->defs[space] = d;
    } else {
        d->what = (d->what & what & MACRO) | ((d->what | what) & ~MACRO);
    }
    return d;
}

static size_t next_token(const unit *u, size_t i)
{
    for (i++; i < u->nt; i++)
        if (u->t[i].kind != SPACE && u->t[i].kind != NEWLINE && u->t[i].kind != INCLUDE && !u->t[i].directive) break;
    return i;
}

static void macro(unit *u, size_t i)
{
    /* i: the name; its parameters and what the body makes text of */
    word *w = u->t[i].w, *params[64];
    size_t n = 0;
    def *d = define(u, w, ORDINARY, MACRO);
    bool had = false;
    for (size_t k = 0; k < u->nmacros; k++) had |= u->macros[k] == w;
    if (!had) *PUSH(u->macros, u->nmacros) = w;
    if (!is(&u->t[i + 1], "(")) return;
    for (i += 2; i < u->nt && !is(&u->t[i], ")"); i++)
        if (u->t[i].kind == IDENT && n < 64) params[n++] = u->t[i].w;
    size_t last = i; /* the token before, without space */
    for (i++; i < u->nt && u->t[i].kind != NEWLINE; i++) {
        token *t = &u->t[i];
        if (t->kind == SPACE) continue;
        if (t->kind == PUNCT && (is(t, "##") || is(t, "#"))) {
            size_t after = i + 1;
            while (after < u->nt && u->t[after].kind == SPACE) after++;
            for (size_t k = 0; k < n; k++)
                if (u->t[after].w == params[k] || (is(t, "##") && u->t[last].w == params[k]))
                    d->textual |= 1ull << k;
        }
        last = i;
    }
}

static const def *macro_for(const unit *u, const word *w)
{
    const def *found = NULL;
    for (def *d = w->defs[ORDINARY]; d; d = d->next)
        if ((d->what & MACRO) && sees(u, d->u) && !(found && found->u == u)) found = d;
    return found;
}

/* Names of a declaration at file scope, given by the tokens outside its braces. */
static void declaration(unit *u, size_t *at, size_t n)
{
    if (!n) return;
    bool type = false, hidden = false;
    for (size_t i = 0; i < n; i++) {
        token *t = &u->t[at[i]];
        if (is(t, "typedef")) type = true;
        if (is(t, "static") || is(t, "inline")) hidden = true;
        if (is(t, "_Static_assert")) return;
    }
    int parens = 0;
    bool value = false;
    size_t name = 0;
    bool named = false;
    for (size_t i = 0; i < n; i++) {
        token *t = &u->t[at[i]], *next = i + 1 < n ? &u->t[at[i + 1]] : NULL;
        if (is(t, "__attribute__") && next) { /* two parentheses */
            int deep = 0;
            for (i++; i < n; i++) {
                deep += is(&u->t[at[i]], "(") - is(&u->t[at[i]], ")");
                if (!deep) break;
            }
            continue;
        }
        if (is(t, "(") && i + 2 < n && is(next, "*") && u->t[at[i + 2]].kind == IDENT && !named && !value) {
            named = true; /* a pointer to a function */
            define(u, u->t[at[i + 2]].w, ORDINARY, hidden || type ? 0 : EXTERNAL);
            if (type) return;
        }
        if (is(t, "(") || is(t, "[")) {
            if (is(t, "(") && !parens && !value && !type && i && u->t[at[i - 1]].kind == IDENT && !named) {
                word *w = u->t[at[i - 1]].w;
                const def *m = macro_for(u, w);
                if (!m) define(u, w, ORDINARY, hidden ? 0 : EXTERNAL);
                /* OP(name) { ... }: a macro for heads of functions */
                else if (i + 1 < n && u->t[at[i + 1]].kind == IDENT && !(m->textual & 1)) define(u, u->t[at[i + 1]].w, ORDINARY, 0);
                return; /* a function */
            }
            parens++;
        }
        if (is(t, ")") || is(t, "]")) parens--;
        if (parens) continue;
        if (is(t, "=")) value = true;
        if (is(t, ",")) value = false;
        if (value) continue;
        if (t->kind == IDENT) name = at[i];
        bool end = !next || is(next, ",") || is(next, "=") || is(next, "[") || is(next, "__attribute__");
        if (t->kind == IDENT && end && !named && !(i && (is(&u->t[at[i - 1]], "struct") ||
                                                         is(&u->t[at[i - 1]], "union") ||
                                                         is(&u->t[at[i - 1]], "enum"))))
            define(u, u->t[name].w, ORDINARY, hidden || type ? 0 : EXTERNAL);
    }
}

/* From its brace on; gives the closing one. */
static size_t enumerators(unit *u, size_t i)
{
    for (bool start = true; i < u->nt && !is(&u->t[i], "}"); i = next_token(u, i)) {
        if (start && u->t[i].kind == IDENT && !u->t[i].raw) define(u, u->t[i].w, ORDINARY, 0);
        start = is(&u->t[i], "{") || is(&u->t[i], ",");
    }
    return i;
}

/* In a struct or union: marks the declarators. */
static size_t members(unit *u, size_t i)
{
    for (i = next_token(u, i); i < u->nt && !is(&u->t[i], "}"); i = next_token(u, i)) {
        token *t = &u->t[i];
        if (is(t, "struct") || is(t, "union") || is(t, "enum")) {
            bool body = is(t, "enum");
            size_t k = next_token(u, i);
            if (u->t[k].kind == IDENT) k = next_token(u, k);
            if (k < u->nt && is(&u->t[k], "{")) {
                if (body) {
                    k = enumerators(u, k);
                } else {
                    t->body = true;
                    if (u->t[next_token(u, i)].kind == IDENT) define(u, u->t[next_token(u, i)].w, TAG, BODY);
                    k = members(u, k);
                }
                i = k;
            } else if (u->t[next_token(u, i)].kind == IDENT) {
                i = next_token(u, i); /* the tag is none */
            }
            continue;
        }
        size_t k = next_token(u, i);
        if (t->kind == IDENT && k < u->nt &&
            (is(&u->t[k], ";") || is(&u->t[k], ",") || is(&u->t[k], "[") || is(&u->t[k], ":") || is(&u->t[k], ")")))
            t->member = true;
    }
    return i;
}

static size_t matching(const unit *u, size_t i)
{
    int deep = 0;
    for (; i < u->nt; i = next_token(u, i)) {
        deep += is(&u->t[i], "{") - is(&u->t[i], "}");
        if (!deep) break;
    }
    return i;
}

static void scan_macros(unit *u)
{
    for (size_t i = 0; i < u->nt; i++)
        if (u->t[i].directive && u->t[i].kind == IDENT && is(&u->t[i], "define")) {
            size_t k = i + 1;
            while (u->t[k].kind == SPACE) k++;
            if (u->t[k].kind == IDENT) macro(u, k);
        }
    for (size_t i = 0; i < u->nt; i++)
        if (u->t[i].directive && u->t[i].kind == IDENT && is(&u->t[i], "undef")) {
            size_t k = i + 1;
            while (u->t[k].kind == SPACE) k++;
            if (u->t[k].kind == IDENT)
                for (def *d = u->t[k].w->defs[ORDINARY]; d; d = d->next)
                    if (d->u == u) d->what |= SHORT;
        }
}

static void scan(unit *u)
{
    size_t *at = NULL, n = 0;
    /* struct bodies anywhere, in functions and macros, too */
    for (size_t i = 0; i < u->nt; i++)
        if (u->t[i].kind == PUNCT && i && (is(&u->t[i], ".") || is(&u->t[i], "->"))) {
            size_t k = i + 1;
            while (k < u->nt && (u->t[k].kind == SPACE || u->t[k].kind == NEWLINE)) k++;
            if (k < u->nt && u->t[k].kind == IDENT) u->t[k].member = true;
        }
    for (size_t i = next_token(u, (size_t)-1); i < u->nt; i = next_token(u, i)) {
        token *t = &u->t[i];
        if (t->raw) continue;
        if (is(t, "extern") && is(&u->t[next_token(u, i)], "\"C\"")) {
            i = next_token(u, next_token(u, i));
            n = 0;
            continue;
        }
        bool tagged = is(t, "struct") || is(t, "union");
        if (tagged || is(t, "enum")) {
            size_t k = next_token(u, i), tag = u->nt;
            while (k < u->nt && is(&u->t[k], "__attribute__")) {
                int deep = 0;
                do {
                    k = next_token(u, k);
                    deep += is(&u->t[k], "(") - is(&u->t[k], ")");
                } while (k < u->nt && deep);
                k = next_token(u, k);
            }
            if (k < u->nt && u->t[k].kind == IDENT) tag = k, k = next_token(u, k);
            if (k < u->nt && is(&u->t[k], "{")) {
                if (tag < u->nt) define(u, u->t[tag].w, TAG, BODY);
                if (tagged) {
                    t->body = true;
                    k = members(u, k);
                } else {
                    k = enumerators(u, k);
                }
                *PUSH(at, n) = k; /* the brace stands for the type */
                i = k;
            } else if (tag < u->nt) {
                if (u->header) define(u, u->t[tag].w, TAG, 0);
                *PUSH(at, n) = i;
                *PUSH(at, n) = tag;
                i = tag;
            }
            continue;
        }
        if (is(t, "{")) {
            size_t end = matching(u, i);
            bool value = false;
            for (size_t k = 0; k < n; k++) value |= is(&u->t[at[k]], "=");
            /* types within functions */
            for (size_t k = i; k < end; k = next_token(u, k))
                if (is(&u->t[k], "struct") || is(&u->t[k], "union")) {
                    size_t b = next_token(u, k);
                    if (u->t[b].kind == IDENT) b = next_token(u, b);
                    if (b < end && is(&u->t[b], "{")) u->t[k].body = true, k = members(u, b);
                }
            i = end;
            if (!value) declaration(u, at, n), n = 0;
            continue;
        }
        if (is(t, "}")) continue; /* of extern "C" */
        if (is(t, ";")) {
            declaration(u, at, n);
            n = 0;
            continue;
        }
        *PUSH(at, n) = i;
    }
    free(at);
}

/* ---- names that meet ------------------------------------------------------------------- */

static bool mean_the_same(const unit *a, const unit *b)
{
    for (size_t i = 0; i < nunits; i++)
        if (sees(units[i], a) && sees(units[i], b)) return true;
    return false;
}

static bool uses(const unit *u, const word *w)
{
    for (size_t i = 0; i < u->nt; i++)
        if (u->t[i].w == w) return true;
    return false;
}


static void resolve_among(word *w, int space, def *all)
{
    for (bool more = true; more;) {
        more = false;
        for (def *a = all; a; a = a->next)
            for (def *b = a->next; b; b = b->next)
                /* what the linker sees is one anyway */
                if (a->same != b->same && ((a->what & b->what & EXTERNAL) || mean_the_same(a->u, b->u))) {
                    def *from = b->same, *to = a->same;
                    for (def *d = all; d; d = d->next)
                        if (d->same == from) d->same = to;
                    more = true;
                }
    }
    size_t meanings = 0;
    bool macro_of_header = false;
    for (def *d = all; d; d = d->next) meanings += d->same == d;
    for (def *d = all; d; d = d->next) macro_of_header |= d->u->header && (d->what & MACRO);
    if (space == ORDINARY && meanings == 1 && macro_of_header) {
        /* a macro of a header that others use as a name of something else */
        bool public = false, met = false;
        for (def *d = all; d; d = d->next) public |= d->u->public;
        for (size_t i = 0; i < nunits && !public; i++) {
            bool knows = false;
            for (def *d = all; d; d = d->next) knows |= sees(units[i], d->u);
            if (!knows && uses(units[i], w)) met = true;
        }
        if (!met) return;
    } else if (meanings < 2 && !(space == ORDINARY && listed(w->s, taken)))
        return;
    bool kept = false;
    for (def *m = all; m; m = m->next) {
        if (m->same != m) continue;
        bool public = false, external = false, body = false, only_macro = true;
        for (def *d = all; d; d = d->next)
            if (d->same == m) {
                public |= d->u->public;
                external |= (d->what & EXTERNAL) != 0;
                body |= (d->what & BODY) != 0;
                only_macro &= d->what == MACRO && !d->u->header;
            }
        if (space == TAG && !body) continue;
        if (only_macro && !macro_of_header && !listed(w->s, taken)) continue; /* ends with its file */
        if (public || external) {
            if (kept && space == ORDINARY) bad("two meanings that both have to keep the name", w->s);
            kept = true;
            continue;
        }
        m->to = malloc(strlen(w->s) + strlen(m->u->tag) + 2);
        if (!m->to) bad("out of memory", "");
        sprintf(m->to, "%s_%s", w->s, m->u->tag);
    }
}

static void resolve(word *w, int space)
{
    def *all = NULL, *rest = NULL;
    for (def *d = w->defs[space], *next; d; d = next) {
        next = d->next;
        def **list = d->what & SHORT ? &rest : &all;
        d->next = *list;
        *list = d;
    }
    resolve_among(w, space, all);
    def **end = &w->defs[space];
    for (*end = all; *end; end = &(*end)->next) {}
    *end = rest;
}

static const char *renamed(const unit *u, const word *w, int space)
{
    for (def *d = w->defs[space]; d; d = d->next)
        if (d->same->to && sees(u, d->u)) return d->same->to;
    return NULL;
}

/* ---- writing ------------------------------------------------------------------------------- */

static void put_name(FILE *o, const unit *u, const token *t, int space)
{
    const char *to = t->raw || t->member ? NULL : renamed(u, t->w, space);
    for (size_t i = 0; i < nprefixes && !u->public; i++)
        if (strncmp(t->w->s, prefixes[i], strlen(prefixes[i])) == 0) fputs("amb_", o);
    fputs(to ? to : t->w->s, o);
}

static void emit(FILE *o, unit *u)
{
    struct call { const def *m; int depth; unsigned arg; } calls[64];
    size_t ncalls = 0;
    int depth = 0, space = ORDINARY;
    u->emitted = true;
    for (size_t i = 0; i < u->nt; i++) {
        token *t = &u->t[i];
        if (t->kind == INCLUDE) {
            if (t->unit->emitted || (t->unit->public && !u->public)) continue;
            const char *base = base_name(t->unit->path);
            if (!u->public) fprintf(o, "/* ==== %s ==== */\n", base);
            emit(o, t->unit);
            if (!u->public) fprintf(o, "/* ==== back to %s ==== */\n", base_name(u->path));
            continue;
        }
        if (t->kind == NEWLINE || t->kind == SPACE) {
            fwrite(t->s, 1, t->n, o);
            continue;
        }
        if (is(t, "(")) {
            depth++;
            size_t k = i;
            while (k && u->t[k - 1].kind == SPACE) k--;
            const def *m = k && u->t[k - 1].kind == IDENT ? macro_for(u, u->t[k - 1].w) : NULL;
            if (m && m->textual && ncalls < 64) calls[ncalls++] = (struct call){m, depth, 0};
        }
        if (is(t, ")")) {
            if (ncalls && calls[ncalls - 1].depth == depth) ncalls--;
            depth--;
        }
        if (is(t, ",") && ncalls && calls[ncalls - 1].depth == depth) calls[ncalls - 1].arg++;
        if (t->kind == IDENT) {
            bool textual = false;
            for (size_t k = 0; k < ncalls; k++)
                textual |= (calls[k].m->textual >> (calls[k].arg < 63 ? calls[k].arg : 63) & 1) != 0;
            if (textual) fwrite(t->s, 1, t->n, o);
            else put_name(o, u, t, space);
            if (t->body && !u->public) fputs(" AMB_OWN_ALIAS", o);
            space = is(t, "struct") || is(t, "union") || is(t, "enum") ? TAG : ORDINARY;
        } else {
            fwrite(t->s, 1, t->n, o);
            space = ORDINARY;
        }
    }
    if (u->header) return;
    for (size_t i = 0; i < u->nmacros; i++) {
        const char *to = renamed(u, u->macros[i], ORDINARY);
        bool only = true; /* a header that is there may define the same name again and again */
        for (def *d = u->macros[i]->defs[ORDINARY]; d; d = d->next) only &= !(d->u->header && sees(u, d->u));
        for (size_t k = 0; k < nprefixes; k++)
            if (strncmp(u->macros[i]->s, prefixes[k], strlen(prefixes[k])) == 0 && only) to = NULL;
        if (only) fprintf(o, "#undef %s\n", to ? to : u->macros[i]->s);
    }
}

static FILE *create(const char *dir, const char *name)
{
    char *path = join(dir, strlen(dir), name);
    FILE *f = fopen(path, "wb");
    if (!f) bad("cannot write", path);
    free(path);
    return f;
}

static const char licence[] =
    "/* SPDX-License-Identifier: MIT */\n"
    "/* Ambit %s, %s. Made by `make amalgamation`; the sources are elsewhere.\n *\n%s */\n";

static const char use_c[] =
    " *   cc app.c ambit.c -luv -lpthread -ldl -lm\n *\n"
    " * With -DAMB_NO_UV it does without libuv: then there is no reactor but the host's (amb_config.reactor) and\n"
    " * amb_reactor_virtual_new. -DAMB_DISPATCH=0 gives up computed goto. Optimise: -O2. */\n"
    "#ifndef _GNU_SOURCE\n#define _GNU_SOURCE 1\n#endif\n"
    "#ifndef NDEBUG\n#define NDEBUG 1\n#endif\n"
    "#ifndef AMB_STATIC\n#define AMB_STATIC 1\n#endif\n"
    /* What the Makefile says on the command line. Functions of all parts have the same options: else gcc would not
     * put one into another. */
    "#if defined(__clang__)\n#pragma STDC FP_CONTRACT OFF\n"
    "/* It counts inline functions of a header that nobody uses, since this is no header. */\n"
    "#pragma clang diagnostic ignored \"-Wunused-function\"\n"
    "#define AMB_OWN_DISPATCH 0\n"
    "#else\n"
    "#pragma GCC optimize(\"no-strict-aliasing\", \"fp-contract=off\", \"no-gcse\", \"no-crossjumping\", \\\n"
    "                     \"no-tree-slp-vectorize\")\n"
    "/* What it sees of a function put into another is not what decides there. */\n"
    "#pragma GCC diagnostic ignored \"-Wmaybe-uninitialized\"\n"
    "#define AMB_OWN_DISPATCH 1\n"
    "#endif\n"
    "#ifndef AMB_DISPATCH\n#define AMB_DISPATCH AMB_OWN_DISPATCH\n#endif\n"
    "/* Structs are read and written under several types. */\n"
    "#define AMB_OWN_ALIAS __attribute__((may_alias))\n";

int main(int argc, char **argv)
{
    if (argc < 4) bad("usage", "amalgamate VERSION OUTDIR [-I DIR]... [-p HEADER]... [-n PREFIX]... FILE.c...");
    const char *version = argv[1], *out = argv[2];
    unit **files = NULL, **headers = NULL;
    size_t nfiles = 0, nheaders = 0;
    for (int i = 3; i < argc; i++) {
        if (argv[i][0] != '-') continue;
        if (i + 1 == argc) bad("no value", argv[i]);
        if (argv[i][1] == 'I' && ndirs < 64) dirs[ndirs++] = argv[++i];
        else if (argv[i][1] == 'p' && npublics < 32) publics[npublics++] = argv[++i];
        else if (argv[i][1] == 'n' && nprefixes < 32) prefixes[nprefixes++] = argv[++i];
        else bad("unknown option, or too many of them", argv[i]);
    }
    for (size_t i = 0; i < npublics; i++) *PUSH(headers, nheaders) = unit_of(publics[i], true);
    for (int i = 3; i < argc; i++) {
        if (argv[i][0] == '-') i++;
        else *PUSH(files, nfiles) = unit_of(argv[i], false);
    }
    if (!nfiles || !nheaders) bad("nothing to do", "");
    for (size_t i = 0; i < nunits; i++) see(units[i], units[i]);
    for (size_t i = 0; i < nunits; i++) scan_macros(units[i]);
    for (size_t i = 0; i < nunits; i++) scan(units[i]);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        for (word *w = words[i]; w; w = w->next) {
            resolve(w, ORDINARY);
            resolve(w, TAG);
        }

    FILE *o = create(out, "ambit.h");
    fprintf(o, licence, version, "all public headers in one", " * See the comment of each part.");
    for (size_t i = 0; i < nheaders; i++)
        if (!headers[i]->emitted) emit(o, headers[i]);
    if (ferror(o) || fclose(o)) bad("cannot write", "ambit.h");

    o = create(out, "ambit.c");
    fprintf(o, "/* SPDX-License-Identifier: MIT */\n"
               "/* Ambit %s, the whole library in one file. Made by `make amalgamation` from its sources.\n *\n%s",
            version, use_c);
    fprintf(o, "#define AMB_VERSION \"%s\"\n#define AMB_BUILD \"amalgamation\"\n\n", version);
    for (size_t i = 0; i < nsystems; i++) {
        bool uv = strcmp(systems[i]->s, "uv.h") == 0;
        fprintf(o, uv ? "#ifndef AMB_NO_UV\n#include <%s>\n#endif\n" : "#include <%s>\n", systems[i]->s);
    }
    fprintf(o, "\n#include \"ambit.h\"\n\n#pragma GCC visibility push(hidden)\n");
    for (size_t i = 0; i < nfiles; i++) {
        const char *base = base_name(files[i]->path);
        bool uv = strcmp(base, "uv.c") == 0, grammar = strcmp(base, "grammar.c") == 0;
        bool loop = strncmp(base, "interp", 6) == 0;
        fprintf(o, "\n/* ======== %s ======== */\n", base);
        if (uv) fprintf(o, "#ifndef AMB_NO_UV\n");
        if (loop) /* that clang looks at for half a minute each */
            fprintf(o, "#pragma GCC diagnostic push\n#pragma GCC diagnostic ignored \"-Wuninitialized\"\n"
                       "#ifdef __clang__\n#pragma clang diagnostic ignored \"-Wsometimes-uninitialized\"\n"
                       "#pragma clang diagnostic ignored \"-Wconditional-uninitialized\"\n#endif\n");
        if (grammar) /* lemon's template, not ours to warn about */
            fprintf(o, "#pragma GCC diagnostic push\n#pragma GCC diagnostic ignored \"-Wunused-variable\"\n"
                       "#pragma GCC diagnostic ignored \"-Wunused-parameter\"\n");
        emit(o, files[i]);
        if (grammar || loop) fprintf(o, "#pragma GCC diagnostic pop\n");
        if (uv) fprintf(o, "#endif\n");
    }
    fprintf(o, "\n#pragma GCC visibility pop\n");
    if (ferror(o) || fclose(o)) bad("cannot write", "ambit.c");
    return 0;
}
