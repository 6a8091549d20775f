/* SPDX-License-Identifier: MIT */
/* Runs scripts that state what they expect, many at a time.
 *
 *   runner [options] PATH...     folders are searched for *.amb, *.md and *.cmd
 *     --ambit PROGRAM            what to run [./ambit]
 *     -j N                       processes at a time [1]
 *     --filter TEXT              only cases whose name contains TEXT
 *     --timeout SECONDS          per case [20]
 *     --coverage DIR             rules in DIR's *.md that no test names, names that are
 * no rule
 *     --coverage-strict          uncovered rules count as failures
 *     --root DIR                 where the commands of *.cmd files run [.]
 *     -v                         name every case
 *
 * Expectations are comments; each one counts as a check:
 *   # expect: TEXT               one line of standard output, in order; may end a line of
 * code # expect error: ID           `ambit` must report that diagnostic on this line
 * (exit status 65) # expect warning: ID         the same for a warning; the case is run
 * with `ambit check` # expect throw: Type: TEXT   an uncaught error whose text begins so
 * (exit status 1) # expect status: N           exit status # expect stderr: TEXT standard
 * error contains TEXT Settings: `# args: ...`, `# flags: ...` (before the file), `#
 * stdin: TEXT` (a line; repeatable),
 *   `# command: check` (run `ambit check` and so on instead of the script).
 * Rules: `# spec: id, id` and `# spec-negative: id`.
 *
 * `#--- name` starts another case in the same file (settings and rules that stand before
 * the first one, with nothing but comments, hold for all of them); `#--- file PATH`
 * starts a file that the case before it finds beside itself. In Markdown, a block
 * ```ambit is a case if it has expectations, must compile if it has none, and
 * ```ambit-fragment is not looked at. A case NAME.cmd is one shell command, its standard
 * output NAME.out; `# spec:` may stand in comments before it. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* --- small tools -------------------------------------------------------------------- */

static void die(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    fputs("runner: ", stderr);
    vfprintf(stderr, fmt, ap);
    fputc('\n', stderr);
    va_end(ap);
    exit(2);
}

static void *grow(void *p, size_t n)
{
    p = realloc(p, n ? n : 1);
    if (!p) die("out of memory");
    return p;
}

static char *cut(const char *s, size_t n)
{
    char *p = grow(NULL, n + 1);
    memcpy(p, s, n);
    p[n] = 0;
    return p;
}

static char *textf(const char *fmt, ...)
{
    va_list ap;
    char *s;
    va_start(ap, fmt);
    if (vasprintf(&s, fmt, ap) < 0) die("out of memory");
    va_end(ap);
    return s;
}

typedef struct buf {
    char *p;
    size_t n, cap;
} buf;

static void add(buf *b, const char *s, size_t n)
{
    if (b->n + n + 1 > b->cap) {
        b->cap = (b->n + n + 1) * 2;
        b->p = grow(b->p, b->cap);
    }
    memcpy(b->p + b->n, s, n);
    b->n += n;
    b->p[b->n] = 0;
}
static void adds(buf *b, const char *s) { add(b, s, strlen(s)); }

static char *slurp(const char *path, size_t *n)
{
    FILE *f = fopen(path, "rb");
    if (!f) return NULL;
    buf b = {0};
    char block[65536];
    for (size_t k; (k = fread(block, 1, sizeof block, f)) > 0;) add(&b, block, k);
    fclose(f);
    if (!b.p) add(&b, "", 0);
    if (n) *n = b.n;
    return b.p;
}

static void spill(const char *path, const char *s, size_t n)
{
    char *p = cut(path, strlen(path));
    for (char *q = strchr(p + 1, '/'); q; q = strchr(q + 1, '/')) {
        *q = 0;
        mkdir(p, 0777);
        *q = '/';
    }
    free(p);
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(s, 1, n, f) != n || fclose(f)) die("cannot write %s", path);
}

static bool has_suffix(const char *s, const char *end)
{
    size_t n = strlen(s), k = strlen(end);
    return n >= k && strcmp(s + n - k, end) == 0;
}

static char *trimmed(const char *s, const char *end)
{
    while (s < end && isspace((unsigned char)*s)) s++;
    while (end > s && isspace((unsigned char)end[-1])) end--;
    return cut(s, (size_t)(end - s));
}

typedef struct words {
    char **v;
    size_t n;
} words;
static void push(words *w, char *s)
{
    w->v = grow(w->v, (w->n + 1) * sizeof *w->v);
    w->v[w->n++] = s;
}
static bool member(const words *w, const char *s)
{
    for (size_t i = 0; i < w->n; i++)
        if (strcmp(w->v[i], s) == 0) return true;
    return false;
}
/* Words separated by blanks; '...' and "..." quote. */
static void split(words *w, const char *s)
{
    while (*s) {
        while (isspace((unsigned char)*s)) s++;
        if (!*s) return;
        buf b = {0};
        add(&b, "", 0);
        while (*s && !isspace((unsigned char)*s)) {
            if (*s == '\'' || *s == '"') {
                char q = *s++;
                const char *e = strchr(s, q);
                if (!e) e = s + strlen(s);
                add(&b, s, (size_t)(e - s));
                s = *e ? e + 1 : e;
            } else {
                add(&b, s++, 1);
            }
        }
        push(w, b.p);
    }
}

/* --- cases -------------------------------------------------------------------------- */

typedef struct diag {
    char *id;
    int line;
    bool warning;
} diag;

typedef struct aux {
    char *path, *text;
    size_t n;
} aux;

typedef struct kase {
    char *name;     /* path, with #name or :line for a part of a file */
    const char *head; /* settings of the whole file */
    size_t nhead;
    char *inplace;  /* run this file; NULL: write `text` to a temporary one */
    char *text;
    size_t n;
    char *shell;    /* *.cmd: the command */
    buf out;        /* expected standard output */
    int nout;
    diag *diags;
    int ndiags;
    words throws, errs, args, flags, specs, negatives;
    char *command;
    buf in;
    int status;     /* -1: as the other expectations imply */
    bool compile_only, loose_out;
    aux *files;
    int nfiles;
} kase;

static kase **cases;
static size_t ncases;
static const char *filter, *ambit = "./ambit", *root = ".";
static int timeout_s = 20;
static bool verbose;

static void parse_line(kase *k, const char *s, const char *end, int line)
{
    for (const char *p = s; p < end && (p = memchr(p, '#', (size_t)(end - p))); p++) {
        if (p != s && !isspace((unsigned char)p[-1])) continue;
        const char *q = p + 1;
        if (q >= end || *q != ' ') continue;
        q++;
        size_t left = (size_t)(end - q);
#define IS(word) (left >= sizeof word - 1 && memcmp(q, word, sizeof word - 1) == 0)
#define REST(word) trimmed(q + sizeof word - 1, end)
        if (IS("expect:")) {
            const char *t = q + 7;
            if (t < end && *t == ' ') t++;
            add(&k->out, t, (size_t)(end - t));
            adds(&k->out, "\n");
            k->nout++;
        } else if (IS("expect error:") || IS("expect warning:")) {
            bool warn = IS("expect warning:");
            k->diags = grow(k->diags, (size_t)(k->ndiags + 1) * sizeof *k->diags);
            k->diags[k->ndiags++] = (diag){
                warn ? REST("expect warning:") : REST("expect error:"), line, warn};
        } else if (IS("expect throw:")) push(&k->throws, REST("expect throw:"));
        else if (IS("expect stderr:")) push(&k->errs, REST("expect stderr:"));
        else if (IS("expect status:")) k->status = atoi(REST("expect status:"));
        else if (p != s) continue; /* settings stand alone on their line */
        else if (IS("args:")) split(&k->args, REST("args:"));
        else if (IS("flags:")) split(&k->flags, REST("flags:"));
        else if (IS("command:")) k->command = REST("command:");
        else if (IS("stdin:")) {
            const char *t = q + 6;
            if (t < end && *t == ' ') t++;
            add(&k->in, t, (size_t)(end - t));
            adds(&k->in, "\n");
        } else if (IS("spec:") || IS("spec-negative:")) {
            bool neg = IS("spec-negative:");
            char *list = neg ? REST("spec-negative:") : REST("spec:");
            for (char *t = strtok(list, ", "); t; t = strtok(NULL, ", "))
                push(neg ? &k->negatives : &k->specs, t);
        } else continue;
        return;
    }
}

static void parse_text(kase *k, const char *s, size_t n)
{
    int line = 1;
    for (const char *end = s + n; s < end; line++) {
        const char *e = memchr(s, '\n', (size_t)(end - s));
        if (!e) e = end;
        parse_line(k, s, e > s && e[-1] == '\r' ? e - 1 : e, line);
        s = e + 1;
    }
}

static void parse_expectations(kase *k)
{
    if (k->head) parse_text(k, k->head, k->nhead);
    parse_text(k, k->text, k->n);
}

static int checks_of(const kase *k)
{
    int n = k->nout + k->ndiags + (int)k->throws.n + (int)k->errs.n + (k->status >= 0);
    return n ? n : 1;
}

static kase *new_case(char *name)
{
    kase *k = calloc(1, sizeof *k);
    if (!k) die("out of memory");
    k->name = name;
    k->status = -1;
    return k;
}
static void keep_case(kase *k)
{
    cases = grow(cases, (ncases + 1) * sizeof *cases);
    cases[ncases++] = k;
}

/* --- reading files of cases --------------------------------------------------------- */

static bool only_comments(const char *s, size_t n)
{
    for (const char *end = s + n; s < end;) {
        const char *e = memchr(s, '\n', (size_t)(end - s));
        if (!e) e = end;
        while (s < e && isspace((unsigned char)*s)) s++;
        if (s < e && *s != '#') return false;
        s = e + 1;
    }
    return true;
}

static void load_amb(const char *path)
{
    size_t n;
    char *text = slurp(path, &n);
    if (!text) die("cannot read %s", path);
    const char *end = text + n;
    kase *k = new_case(cut(path, strlen(path)));
    kase *first = k;
    const char *head = NULL;
    size_t nhead = 0;
    aux *file = NULL;
    const char *start = text;
    bool parts = false;
    for (const char *s = text; s <= end;) {
        const char *e = s < end ? memchr(s, '\n', (size_t)(end - s)) : end;
        if (!e) e = end;
        bool mark = e - s > 5 && memcmp(s, "#--- ", 5) == 0;
        if (mark || s == end) {
            if (file)
                file->text = cut(start, (size_t)(s - start)),
                file->n = (size_t)(s - start);
            else k->text = cut(start, (size_t)(s - start)), k->n = (size_t)(s - start);
            if (s == end) break;
            parts = true;
            char *label = trimmed(s + 5, e);
            start = e < end ? e + 1 : end;
            if (strncmp(label, "file ", 5) == 0) {
                k->files = grow(k->files, (size_t)(k->nfiles + 1) * sizeof *k->files);
                file = &k->files[k->nfiles++];
                *file = (aux){.path = trimmed(label + 5, label + strlen(label))};
            } else {
                file = NULL;
                if (k == first && only_comments(k->text, k->n))
                    head = k->text, nhead = k->n;
                else keep_case(k);
                k = new_case(textf("%s#%s", path, label));
                k->head = head;
                k->nhead = nhead;
            }
        }
        s = e < end ? e + 1 : end;
    }
    if (!parts) k->inplace = realpath(path, NULL);
    keep_case(k);
    free(text);
}

/* The next bold rule id of a line of Markdown: **[lex.newline.1]**; *from moves behind
 * it. */
static char *rule_in(const char **from, const char *end)
{
    for (const char *s = *from; s + 4 < end; s++) {
        if (memcmp(s, "**[", 3) != 0) continue;
        const char *p = s + 3, *q = p;
        bool dot = false;
        while (q < end && (islower((unsigned char)*q) || isdigit((unsigned char)*q) ||
                           *q == '-' || *q == '.' || *q == '_')) {
            if (*q == '.') dot = true;
            q++;
        }
        if (q + 2 < end && q[0] == ']' && q[1] == '*' && dot &&
            islower((unsigned char)*p)) {
            *from = q;
            return cut(p, (size_t)(q - p));
        }
    }
    return NULL;
}

static words rules;

static void load_md(const char *path, bool as_tests, bool as_rules)
{
    size_t n;
    char *text = slurp(path, &n);
    if (!text) die("cannot read %s", path);
    /* An example is a test of the rules that stand between it and the example before. */
    words near = {0};
    bool used = false;
    int line = 1;
    for (const char *s = text, *end = text + n; s < end; line++) {
        const char *e = memchr(s, '\n', (size_t)(end - s));
        if (!e) e = end;
        const char *from = s;
        for (char *r; (r = rule_in(&from, e));) {
            if (used) near = (words){0}, used = false;
            push(&near, r);
            if (as_rules && !member(&rules, r)) push(&rules, r);
        }
        const char *t = s;
        while (t < e && *t == ' ') t++;
        size_t indent = (size_t)(t - s);
        if (e - t >= 3 && memcmp(t, "```", 3) == 0) {
            char *info = trimmed(t + 3, e);
            bool wanted = strcmp(info, "ambit") == 0;
            int at = line;
            buf body = {0};
            add(&body, "", 0);
            for (s = e + 1; s < end; s = e + 1) {
                e = memchr(s, '\n', (size_t)(end - s));
                if (!e) e = end;
                line++;
                t = s;
                while (t < e && *t == ' ') t++;
                if (e - t >= 3 && memcmp(t, "```", 3) == 0) break;
                size_t drop = (size_t)(t - s) < indent ? (size_t)(t - s) : indent;
                add(&body, s + drop, (size_t)(e - s) - drop);
                adds(&body, "\n");
            }
            if (wanted && as_tests) {
                kase *k = new_case(textf("%s:%d", path, at));
                k->text = body.p;
                k->n = body.n;
                parse_expectations(k);
                k->compile_only = !(k->nout || k->ndiags || k->throws.n || k->errs.n ||
                                    k->status >= 0);
                for (size_t i = 0; i < near.n && !k->compile_only; i++)
                    push(&k->specs, near.v[i]);
                used = !k->compile_only || used;
                keep_case(k);
            }
        }
        s = e + 1;
    }
    free(text);
}

static void load_cmd(const char *path)
{
    kase *k = new_case(cut(path, strlen(path)));
    size_t n;
    char *cmd = slurp(path, &n);
    char *outpath = textf("%.*s.out", (int)strlen(path) - 4, path);
    k->shell = trimmed(cmd, cmd + n);
    for (const char *s = cmd; s && *s == '#'; s = strchr(s, '\n'), s = s ? s + 1 : NULL) {
        const char *end = s + strcspn(s, "\n");
        if (strncmp(s, "# spec:", 7) != 0) continue;
        for (const char *w = s + 7; w < end;) {
            size_t len = strcspn(w, ",\n");
            push(&k->specs, trimmed(w, w + len));
            w += len + 1;
        }
    }
    char *out = slurp(outpath, &n);
    if (!out) die("%s: there is no %s", path, outpath);
    add(&k->out, out, n);
    k->nout = 1;
    k->text = cut("", 0);
    keep_case(k);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void load(const char *path, bool as_tests, bool as_rules)
{
    struct stat st;
    if (stat(path, &st)) die("%s: %s", path, strerror(errno));
    if (S_ISDIR(st.st_mode)) {
        DIR *d = opendir(path);
        if (!d) die("%s: %s", path, strerror(errno));
        words w = {0};
        for (struct dirent *e; (e = readdir(d));)
            if (e->d_name[0] != '.' && e->d_name[0] != '_')
                push(&w, textf("%s/%s", path, e->d_name));
        closedir(d);
        if (w.n) qsort(w.v, w.n, sizeof *w.v, by_name);
        for (size_t i = 0; i < w.n; i++) load(w.v[i], as_tests, as_rules);
    } else if (has_suffix(path, ".md")) load_md(path, as_tests, as_rules);
    else if (as_tests && has_suffix(path, ".amb")) load_amb(path);
    else if (as_tests && has_suffix(path, ".cmd")) load_cmd(path);
}

/* --- running ------------------------------------------------------------------------ */

typedef struct job {
    kase *k;
    pid_t pid;
    int out, err; /* read ends, -1 when closed */
    buf sout, serr;
    double deadline;
    char *dir;
    bool timed_out;
} job;

static char *tmproot;
static unsigned serial;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static bool expects_warning(const kase *k)
{
    for (int i = 0; i < k->ndiags; i++)
        if (k->diags[i].warning) return true;
    return false;
}

static void start(job *j, kase *k)
{
    *j = (job){
        .k = k, .dir = textf("%s/%u", tmproot, serial++), .deadline = now() + timeout_s};
    mkdir(j->dir, 0777);
    words argv = {0};
    char *script = NULL;
    if (k->shell) {
        push(&argv, "sh");
        push(&argv, "-c");
        push(&argv, k->shell);
    } else {
        push(&argv, (char *)ambit);
        if (k->inplace) {
            script = k->inplace;
        } else {
            script = textf("%s/case.amb", j->dir);
            spill(script, k->text, k->n);
        }
        for (int i = 0; i < k->nfiles; i++) {
            char *p = textf("%s/%s", j->dir, k->files[i].path);
            spill(p, k->files[i].text, k->files[i].n);
            free(p);
        }
        if (k->command) split(&argv, k->command);
        else if (k->compile_only || expects_warning(k)) push(&argv, "check");
        for (size_t i = 0; i < k->flags.n; i++) push(&argv, k->flags.v[i]);
        push(&argv, script);
        for (size_t i = 0; i < k->args.n; i++) push(&argv, k->args.v[i]);
    }
    push(&argv, NULL);
    int o[2], e[2], in;
    if (pipe2(o, O_CLOEXEC) || pipe2(e, O_CLOEXEC)) die("pipe: %s", strerror(errno));
    if (k->in.n) {
        char *p = textf("%s/.stdin", j->dir);
        spill(p, k->in.p, k->in.n);
        in = open(p, O_RDONLY | O_CLOEXEC);
        unlink(p);
    } else {
        in = open("/dev/null", O_RDONLY | O_CLOEXEC);
    }
    j->pid = fork();
    if (j->pid < 0) die("fork: %s", strerror(errno));
    if (j->pid == 0) {
        setpgid(0, 0);
        dup2(in, 0);
        dup2(o[1], 1);
        dup2(e[1], 2);
        if (chdir(k->shell ? root : j->dir)) _exit(126);
        execvp(argv.v[0], argv.v);
        _exit(127);
    }
    setpgid(j->pid, j->pid);
    close(in);
    close(o[1]);
    close(e[1]);
    j->out = o[0];
    j->err = e[0];
    if (!k->inplace) free(script);
    free(argv.v);
}

static void remove_tree(const char *path)
{
    DIR *d = opendir(path);
    if (d) {
        for (struct dirent *e; (e = readdir(d));) {
            if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0) continue;
            char *p = textf("%s/%s", path, e->d_name);
            struct stat st;
            if (lstat(p, &st) == 0 && S_ISDIR(st.st_mode)) remove_tree(p);
            else unlink(p);
            free(p);
        }
        closedir(d);
    }
    rmdir(path);
}

/* Is diagnostic `id` reported on `line`? Understands `FILE:LINE:COL: error: text [id]` on
 * one line and `error[id]: text` followed by `--> FILE:LINE:COL`. */
static bool reported(const char *err, const diag *d)
{
    const char *kind = d->warning ? "warning" : "error";
    char *tail = textf("[%s]", d->id), *head = textf("%s[%s]", kind, d->id);
    char *place = textf(":%d:", d->line), *mid = textf(": %s: ", kind);
    bool pending = false, found = false;
    for (const char *s = err; *s && !found;) {
        const char *e = strchr(s, '\n');
        if (!e) e = s + strlen(s);
        char *l = trimmed(s, e);
        char *m = strstr(l, mid), *at;
        if (m && has_suffix(l, tail)) {
            char save = m[1];
            m[1] = 0;
            found = (at = strstr(l, place)) != NULL;
            m[1] = save;
        } else if (strncmp(l, head, strlen(head)) == 0) pending = true;
        else if (pending && strncmp(l, "--> ", 4) == 0) {
            found = strstr(l, place) != NULL;
            pending = false;
        }
        free(l);
        s = *e ? e + 1 : e;
    }
    free(tail), free(head), free(place), free(mid);
    return found;
}

static int count_errors(const char *err)
{
    int n = 0;
    for (const char *s = err; *s;) {
        const char *e = strchr(s, '\n');
        if (!e) e = s + strlen(s);
        char *l = trimmed(s, e);
        size_t len = strlen(l);
        if ((strstr(l, ": error: ") && len && l[len - 1] == ']') ||
            strncmp(l, "error[", 6) == 0)
            n++;
        free(l);
        s = *e ? e + 1 : e;
    }
    return n;
}

/* Without the source lines that a report quotes: these hold the expectations themselves. */
static char *without_source(const char *err)
{
    buf b = {0};
    add(&b, "", 0);
    for (const char *s = err; *s;) {
        const char *e = strchr(s, '\n'), *p = s;
        e = e ? e + 1 : s + strlen(s);
        while (*p == ' ') p++;
        const char *digits = p;
        while (isdigit((unsigned char)*p)) p++;
        if (p == digits || strncmp(p, " | ", 3) != 0) add(&b, s, (size_t)(e - s));
        s = e;
    }
    return b.p;
}

static bool threw(const char *err, const char *what)
{
    for (const char *p = err; (p = strstr(p, what)); p++)
        if (p == err || p[-1] == '\n' || p[-1] == ' ' || p[-1] == '\t') return true;
    return false;
}

static void show_diff(buf *r, const char *want, const char *got)
{
    int line = 1;
    while (*want || *got) {
        const char *we = strchrnul(want, '\n'), *ge = strchrnul(got, '\n');
        bool same = *want && *got && we - want == ge - got &&
                    !memcmp(want, got, (size_t)(we - want));
        if (!same) {
            char *t =
                textf("    output line %d\n      expected: %.*s\n      got:      %.*s\n",
                      line, *want ? (int)(we - want) : 6, *want ? want : "(none)",
                      *got ? (int)(ge - got) : 6, *got ? got : "(none)");
            adds(r, t);
            free(t);
            return;
        }
        want = *we ? we + 1 : we;
        got = *ge ? ge + 1 : ge;
        line++;
    }
}

static int matching_lines(const char *want, const char *got)
{
    int n = 0;
    while (*want && *got) {
        const char *we = strchrnul(want, '\n'), *ge = strchrnul(got, '\n');
        if (we - want == ge - got && !memcmp(want, got, (size_t)(we - want))) n++;
        want = *we ? we + 1 : we;
        got = *ge ? ge + 1 : ge;
    }
    return n;
}

static long passed, failed;

static void judge(job *j, int wstatus)
{
    kase *k = j->k;
    buf r = {0};
    int bad = 0, total = checks_of(k);
    add(&j->sout, "", 0);
    add(&j->serr, "", 0);
    add(&k->out, "", 0);
    int want = k->status;
    bool errors = false;
    for (int i = 0; i < k->ndiags; i++) errors |= !k->diags[i].warning;
    if (want < 0) want = k->throws.n ? 1 : errors ? 65 : 0;
    int got = WIFEXITED(wstatus) ? WEXITSTATUS(wstatus) : -1;
    if (j->timed_out) {
        char *t = textf("    no end after %d s\n", timeout_s);
        adds(&r, t);
        bad++;
    } else if (got != want) {
        char *t = got < 0 ? textf("    killed by signal %d\n", WTERMSIG(wstatus))
                          : textf("    exit status %d, expected %d\n", got, want);
        adds(&r, t);
        bad++;
    }
    if (!k->compile_only && !k->loose_out && !expects_warning(k) &&
        strcmp(k->out.p, j->sout.p) != 0 && (!k->command || k->nout)) {
        int missed = k->nout - matching_lines(k->out.p, j->sout.p);
        bad += missed > 0 ? missed : 1;
        show_diff(&r, k->out.p, j->sout.p);
    }
    for (int i = 0; i < k->ndiags; i++)
        if (!reported(j->serr.p, &k->diags[i])) {
            char *t = textf("    not reported: %s on line %d\n", k->diags[i].id,
                            k->diags[i].line);
            adds(&r, t);
            bad++;
        }
    if (errors) {
        int n = count_errors(j->serr.p), expected = 0;
        for (int i = 0; i < k->ndiags; i++) expected += !k->diags[i].warning;
        if (n > expected) {
            char *t = textf("    %d errors reported, %d expected\n", n, expected);
            adds(&r, t);
            bad++;
        }
    }
    char *said = without_source(j->serr.p);
    for (size_t i = 0; i < k->throws.n; i++)
        if (!threw(said, k->throws.v[i])) {
            char *t = textf("    not thrown: %s\n", k->throws.v[i]);
            adds(&r, t);
            bad++;
        }
    for (size_t i = 0; i < k->errs.n; i++)
        if (!strstr(said, k->errs.v[i])) {
            char *t = textf("    standard error lacks: %s\n", k->errs.v[i]);
            adds(&r, t);
            bad++;
        }
    free(said);
    if (bad > total) bad = total;
    passed += total - bad;
    failed += bad;
    if (bad) {
        printf("FAIL %s\n%s", k->name, r.p ? r.p : "");
        if (j->serr.n) {
            int lines = 0;
            for (const char *s = j->serr.p; *s && lines < 30; lines++) {
                const char *e = strchrnul(s, '\n');
                printf("    | %.*s\n", (int)(e - s > 300 ? 300 : e - s), s);
                s = *e ? e + 1 : e;
            }
        }
        fflush(stdout);
    } else if (verbose) {
        printf("ok   %s\n", k->name);
    }
    free(r.p);
}

static void drain(int *fd, buf *b)
{
    char block[65536];
    ssize_t n = read(*fd, block, sizeof block);
    if (n > 0) {
        if (b->n < (size_t)64 << 20) add(b, block, (size_t)n);
    } else if (n == 0 || errno != EINTR) {
        close(*fd);
        *fd = -1;
    }
}

static void run_all(int slots)
{
    job *jobs = calloc((size_t)slots, sizeof *jobs);
    struct pollfd *fds = calloc((size_t)slots * 2, sizeof *fds);
    size_t next = 0;
    int running = 0;
    while (next < ncases || running) {
        for (int i = 0; i < slots && next < ncases; i++)
            if (!jobs[i].k) {
                start(&jobs[i], cases[next++]);
                running++;
            }
        for (int i = 0; i < slots; i++) {
            fds[2 * i] = (struct pollfd){jobs[i].k ? jobs[i].out : -1, POLLIN, 0};
            fds[2 * i + 1] = (struct pollfd){jobs[i].k ? jobs[i].err : -1, POLLIN, 0};
        }
        poll(fds, (nfds_t)slots * 2, 100);
        for (int i = 0; i < slots; i++) {
            job *j = &jobs[i];
            if (!j->k) continue;
            if (fds[2 * i].revents && j->out >= 0) drain(&j->out, &j->sout);
            if (fds[2 * i + 1].revents && j->err >= 0) drain(&j->err, &j->serr);
            if (now() > j->deadline && !j->timed_out) {
                j->timed_out = true;
                kill(-j->pid, SIGKILL);
            }
            if (j->out < 0 && j->err < 0) {
                int st;
                while (waitpid(j->pid, &st, 0) < 0 && errno == EINTR) {}
                judge(j, st);
                remove_tree(j->dir);
                free(j->dir), free(j->sout.p), free(j->serr.p);
                *j = (job){0};
                running--;
            }
        }
    }
    free(jobs);
    free(fds);
}

/* --- coverage of the specification's rules ------------------------------------------ */

static void report_coverage(bool strict)
{
    long unknown = 0, uncovered = 0;
    words covered = {0};
    for (size_t i = 0; i < ncases; i++)
        for (int pass = 0; pass < 2; pass++) {
            const words *w = pass ? &cases[i]->negatives : &cases[i]->specs;
            for (size_t j = 0; j < w->n; j++) {
                if (!member(&rules, w->v[j])) {
                    printf("FAIL %s\n    names a rule that does not exist: %s\n",
                           cases[i]->name, w->v[j]);
                    unknown++;
                } else if (!pass && !member(&covered, w->v[j])) push(&covered, w->v[j]);
            }
        }
    for (size_t i = 0; i < rules.n; i++)
        if (!member(&covered, rules.v[i])) {
            if (!uncovered++) printf("rules without a test:");
            printf(" %s", rules.v[i]);
        }
    if (uncovered) printf("\n");
    printf("rules: %zu, without a test: %ld\n", rules.n, uncovered);
    failed += unknown + (strict ? uncovered : 0);
    passed += (long)rules.n - uncovered;
}

int main(int argc, char **argv)
{
    int slots = 1;
    bool strict = false;
    words paths = {0}, specs = {0};
    for (int i = 1; i < argc; i++) {
        const char *a = argv[i];
        bool more = i + 1 < argc;
        if (strcmp(a, "-j") == 0 && more) slots = atoi(argv[++i]);
        else if (strncmp(a, "-j", 2) == 0 && a[2]) slots = atoi(a + 2);
        else if (strcmp(a, "--ambit") == 0 && more) ambit = argv[++i];
        else if (strcmp(a, "--filter") == 0 && more) filter = argv[++i];
        else if (strcmp(a, "--timeout") == 0 && more) timeout_s = atoi(argv[++i]);
        else if (strcmp(a, "--coverage") == 0 && more) push(&specs, argv[++i]);
        else if (strcmp(a, "--coverage-strict") == 0) strict = true;
        else if (strcmp(a, "--root") == 0 && more) root = argv[++i];
        else if (strcmp(a, "-v") == 0) verbose = true;
        else if (a[0] == '-') die("unknown option %s", a);
        else push(&paths, argv[i]);
    }
    if (slots < 1) slots = 1;
    if (slots > 64) slots = 64;
    char *full = realpath(ambit, NULL);
    if (!full) die("%s: %s", ambit, strerror(errno));
    ambit = full;
    char *dir = cut(full, (size_t)(strrchr(full, '/') - full));
    const char *oldpath = getenv("PATH");
    setenv("PATH", textf("%s:%s", dir, oldpath ? oldpath : "/usr/bin:/bin"), 1);
    for (size_t i = 0; i < paths.n; i++) load(paths.v[i], true, false);
    for (size_t i = 0; i < specs.n; i++) load(specs.v[i], false, true);
    for (size_t i = 0; i < ncases; i++)
        if (cases[i]->text && !cases[i]->shell && !strstr(cases[i]->name, ".md:"))
            parse_expectations(cases[i]);
    size_t kept = 0;
    for (size_t i = 0; i < ncases; i++)
        if (!filter || strstr(cases[i]->name, filter)) cases[kept++] = cases[i];
    ncases = kept;
    const char *base = getenv("TMPDIR");
    tmproot = textf("%s/ambit-tests.XXXXXX", base ? base : "/tmp");
    if (!mkdtemp(tmproot)) die("%s: %s", tmproot, strerror(errno));
    run_all(slots);
    remove_tree(tmproot);
    if (specs.n && !filter) report_coverage(strict);
    printf("%ld passed, %ld failed\n", passed, failed);
    return failed ? 1 : 0;
}
