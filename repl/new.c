/* SPDX-License-Identifier: MIT */
/* ambit new: a project that builds and passes its own tests, from the templates in this program. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ambit/embedded.h"
#include "policy.h"

/* "provider/skeleton.c" and its text, for each file; in gen/templates.c. */
extern const amb_embedded ambit_templates[];

static const char model[] = "skeleton"; /* stands for the project's name wherever it occurs */
#define MODEL (sizeof model - 1)

static int told(int status, const char *what, const char *name, const char *why)
{
    text t = {0};
    text_str(&t, "ambit new: ");
    text_str(&t, what);
    text_shown(&t, name, strlen(name));
    text_printf(&t, "%s%s\n", *why && *why != ' ' && *why != ':' ? ": " : "", why);
    host_stderr(NULL, t.p, t.len);
    text_free(&t);
    return status;
}

/* A name of an interface that is also good for a C identifier and a file. */
static const char *wrong_name(const char *s)
{
    static const char *const taken[] = {
        "auto",     "break",    "case",   "char",   "const",    "continue", "default", "do",      "double",
        "else",     "enum",     "extern", "float",  "for",      "goto",     "if",      "inline",  "int",
        "long",     "register", "return", "short",  "signed",   "sizeof",   "static",  "struct",  "switch",
        "typedef",  "union",    "void",   "while",  "unsigned", "volatile", "restrict", "main",    "math",
        "cap",      "use",      "import", "from",   "need",     "pub",      "let",     "var",     "fn",
        "class",    "match",    "try",    "catch",  "throw",    "spawn",    "true",    "false",   "nil",
        "and",      "or",       "not",    "in",     "as",       "test",     "check",   "tests",   "all",
        "clean",    "defer",    "finally", "loop",  "select",   "done",     "self",    "super",   "yield",
        "instance", "counter",  "pause",  "answer", "cancel",   "start",    "stop",    "rights",  "ops",
        "types",    "show",     "shout",  "run",    "supply",   "functions", "greet"};
    size_t n = strlen(s);
    if (n < 2 || n > 40) return " has 2 to 40 characters";
    if (!(*s >= 'a' && *s <= 'z')) return ": a name begins with a letter from a to z";
    for (const char *p = s; *p; p++)
        if (!((*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9') || *p == '_'))
            return ": a name is made of a to z, 0 to 9 and _";
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
        if (strcmp(taken[i], s) == 0) return ": that word means something else already";
    if (provider_standard(s)) return ": Ambit has a provider of that name";
    return NULL;
}

/* The text with the project's name in it. */
static void filled(text *t, const char *s, size_t n, const char *name)
{
    while (n) {
        const char *at = memmem(s, n, model, MODEL);
        size_t k = at ? (size_t)(at - s) : n;
        text_add(t, s, k);
        if (!at) return;
        text_str(t, name);
        s += k + MODEL;
        n -= k + MODEL;
    }
}

/* The directories that lead to the file. */
static bool make_parents(const char *path)
{
    char part[4096];
    for (const char *p = strchr(path + 1, '/'); p; p = strchr(p + 1, '/')) {
        snprintf(part, sizeof part, "%.*s", (int)(p - path), path);
        if (mkdir(part, 0777) && errno != EEXIST) return false;
    }
    return true;
}

static bool write_file(const char *path, const char *s, size_t n)
{
    int fd = make_parents(path) ? open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666) : -1;
    if (fd < 0) return false;
    while (n) {
        ssize_t k = write(fd, s, n);
        if (k < 0 && errno == EINTR) continue;
        if (k <= 0) break;
        s += k;
        n -= (size_t)k;
    }
    int e = errno;
    if (close(fd) == 0 && !n) return true;
    errno = e ? e : EIO;
    return false;
}

/* Whether there is no such directory, or nothing in it. */
static bool is_free(const char *dir)
{
    errno = 0;
    DIR *d = opendir(dir);
    if (!d) return errno == ENOENT;
    int n = 0;
    while (readdir(d)) n++;
    closedir(d);
    errno = 0;
    return n <= 2; /* itself and what it is in */
}

static bool make_all(const char *kind, const char *name, const char *dir)
{
    size_t k = strlen(kind);
    for (const amb_embedded *f = ambit_templates; f->name; f++) {
        if (strncmp(f->name, kind, k) != 0 || f->name[k] != '/') continue;
        const char *rel = f->name + k + 1;
        text path = {0}, body = {0};
        text_printf(&path, "%s/", dir);
        if (strcmp(rel, "gitignore") == 0) text_str(&path, ".gitignore");
        else filled(&path, rel, strlen(rel), name);
        filled(&body, (const char *)f->text, f->len, name);
        bool ok = write_file(path.p, body.p, body.len);
        if (!ok) told(0, "cannot write ", path.p, strerror(errno));
        text_free(&path);
        text_free(&body);
        if (!ok) return false;
    }
    return true;
}

int cmd_new(const cli_options *o)
{
    bool host = o->argc && strcmp(o->argv[0], "host") == 0;
    if (o->argc < 2 || o->argc > 3 || (!host && strcmp(o->argv[0], "provider") != 0)) {
        static const char usage[] = "Usage: ambit new provider|host NAME [DIR]\nTry `ambit help new`.\n";
        host_stderr(NULL, usage, sizeof usage - 1);
        return EXIT_USAGE;
    }
    const char *name = o->argv[1], *dir = o->argc == 3 ? o->argv[2] : name, *why = wrong_name(name);
    if (why) return told(EXIT_USAGE, "the name ", name, why);
    if (!*dir || strlen(dir) > 3000) return told(EXIT_USAGE, "not a directory: ", dir, "");
    /* Nothing is ever written over: the directory is new or empty. */
    if (!is_free(dir)) return told(EXIT_ERROR, "", dir, errno ? strerror(errno) : " is not empty; nothing was written");
    if (!make_all(host ? "host" : "provider", name, dir)) return EXIT_ERROR;
    text t = {0};
    text_str(&t, "Made ");
    text_shown(&t, dir, strlen(dir));
    text_str(&t, ". Now: cd ");
    text_shell(&t, dir);
    text_str(&t, " && make check\n");
    fwrite(t.p, 1, t.len, stdout);
    text_free(&t);
    return EXIT_OK;
}
