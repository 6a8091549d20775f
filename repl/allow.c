/* SPDX-License-Identifier: MIT */
/* Grants as text, from --allow and from policy files: fs.dir(./out):write
 *
 * A text that says nothing (an unknown provider, resource or right, an argument that has no
 * meaning) is an error, so that a slip of the pen is noticed and never grants more. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "policy.h"

struct pattern {
    const amb_provider *provider;
    char resource[48];
    amb_rights rights;
    int match;
    char **args; /* canonical */
    uint32_t nargs;
};

static bool word(char *out, size_t size, const char *s, size_t n)
{
    if (n == 0 || n >= size) return false;
    memcpy(out, s, n);
    out[n] = 0;
    return true;
}

static bool add_arg(pattern *v, const char *s, size_t n, const char *base, char why[256])
{
    char given[PATH_MAX], full[PATH_MAX * 2];
    while (n && (*s == ' ' || *s == '\t')) s++, n--;
    while (n && (s[n - 1] == ' ' || s[n - 1] == '\t')) n--;
    if (!word(given, sizeof given, s, n)) {
        snprintf(why, 256, "an empty or too long argument");
        return false;
    }
    bool path = v->match == AMB_M_DIR || v->match == AMB_M_FILE;
    if (path && base && given[0] != '/') snprintf(full, sizeof full, "%s/%s", base, given);
    else snprintf(full, sizeof full, "%s", given);
    char *canonical = must(malloc(PATH_MAX));
    if (amb_match_canonical(v->match, full, canonical, PATH_MAX, why) != AMB_OK) {
        /* A path that is not there covers nothing; that is no mistake in the text. */
        if (!path) {
            free(canonical);
            return false;
        }
        snprintf(canonical, PATH_MAX, "%s", "");
    }
    v->args = must(realloc(v->args, (v->nargs + (size_t)1) * sizeof *v->args));
    v->args[v->nargs++] = canonical;
    return true;
}

static bool parse(const host *h, pattern *v, const char *s, const char *base, char why[256])
{
    *v = (pattern){0};
    char iface[48];
    size_t head = strcspn(s, "(:"), dot = strcspn(s, ".(:");
    if (!word(iface, sizeof iface, s, dot) ||
        !word(v->resource, sizeof v->resource, s[dot] == '.' ? s + dot + 1 : s,
              s[dot] == '.' ? head - dot - 1 : head)) {
        snprintf(why, 256, "expected PROVIDER.RESOURCE(ARGUMENTS):RIGHTS");
        return false;
    }
    v->provider = provider_table(h, iface);
    const amb_restype *type;
    amb_rights usual;
    const amb_op *op = v->provider ? provider_constructor(v->provider, v->resource, &type,
                                                          &usual)
                                   : NULL;
    if (!op) {
        if (!v->provider) snprintf(why, 256, "there is no provider '%s'", iface);
        else snprintf(why, 256, "%s has no resource '%s'", iface, v->resource);
        return false;
    }
    v->match = op->nparams ? op->params[0].match : AMB_M_NONE;
    v->rights = usual;
    const char *p = s + head;
    if (*p == '(') {
        /* Up to the last bracket: paths may contain some. */
        const char *end = strrchr(p, ')');
        if (!end || (end[1] && end[1] != ':')) {
            snprintf(why, 256, "a bracket is missing");
            return false;
        }
        bool one = v->match == AMB_M_DIR || v->match == AMB_M_FILE;
        if (end == p + 1) {
            snprintf(why, 256, "nothing stands in the brackets");
            return false;
        }
        for (const char *a = p + 1; a < end;) {
            const char *comma = one ? NULL : memchr(a, ',', (size_t)(end - a));
            if (!add_arg(v, a, (size_t)((comma ? comma : end) - a), base, why)) return false;
            a = comma ? comma + 1 : end;
        }
        p = end + 1;
    }
    if (*p == ':') {
        v->rights = 0;
        for (p++; *p;) {
            p += strspn(p, ", ");
            size_t n = strcspn(p, ", ");
            amb_rights bits = provider_right(v->provider, p, n) & type->all;
            if (n && !bits) {
                snprintf(why, 256, "%s.%s knows no right '%.*s'", iface, v->resource,
                         n > 40 ? 40 : (int)n, p);
                return false;
            }
            v->rights |= bits;
            p += n;
        }
        if (!v->rights) {
            snprintf(why, 256, "no right is named behind the colon");
            return false;
        }
    }
    return true;
}

static void wrong(host *h, const char *where, const char *text_, const char *why)
{
    text t = {0};
    text_str(&t, "ambit: ");
    text_shown(&t, where, strlen(where));
    if (text_) {
        text_str(&t, " '");
        text_shown(&t, text_, strlen(text_));
        text_str(&t, "'");
    }
    text_str(&t, ": ");
    text_shown(&t, why, strlen(why));
    text_str(&t, "\n");
    host_stderr(h, t.p, t.len);
    text_free(&t);
}

static bool keep(pattern **out, uint32_t *n, const pattern *v)
{
    *out = must(realloc(*out, (*n + (size_t)1) * sizeof **out));
    (*out)[(*n)++] = *v;
    return true;
}

/* Lines of a policy: `allow PATTERN`, `profile NAME`, # comments. Paths are relative to the
 * file's own directory. */
static int read_policy(host *h, cli_options *o, pattern **out, uint32_t *n)
{
    char real[PATH_MAX], why[256];
    struct stat st;
    size_t len = 0;
    int fd = open(o->policy, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    char *all = NULL;
    why[0] = 0;
    if (fd < 0 || fstat(fd, &st) || !realpath(o->policy, real))
        snprintf(why, sizeof why, "%s", strerror(errno));
    else if (!S_ISREG(st.st_mode)) snprintf(why, sizeof why, "not a file");
    else if (st.st_mode & 022 || (st.st_uid != geteuid() && st.st_uid != 0))
        snprintf(why, sizeof why, "others can change it");
    else if (!(all = read_file(fd, 1 << 20, &len)))
        snprintf(why, sizeof why, "%s", strerror(errno));
    else if (strlen(all) != len) snprintf(why, sizeof why, "not a text");
    if (fd >= 0) close(fd);
    if (why[0]) {
        wrong(h, o->policy, NULL, why);
        free(all);
        return EXIT_USAGE;
    }
    char *slash = strrchr(real, '/');
    if (slash == real) slash++;
    *slash = 0;
    int status = 0, line = 0;
    for (char *s = all; s && !status;) {
        char *end = strchr(s, '\n');
        if (end) *end = 0;
        line++;
        s += strspn(s, " \t");
        size_t k = strlen(s);
        while (k && strchr(" \t\r", s[k - 1])) s[--k] = 0;
        if (strncmp(s, "allow ", 6) == 0) s += 6, s += strspn(s, " \t");
        pattern v;
        why[0] = 0;
        if (*s == 0 || *s == '#') {
            /* nothing */
        } else if (strncmp(s, "profile ", 8) == 0) {
            s += 8;
            if (!profile_named(o, s + strspn(s, " \t")))
                snprintf(why, sizeof why, "there is no such profile");
        } else if (parse(h, &v, s, real, why)) {
            keep(out, n, &v);
        } else {
            for (uint32_t i = 0; i < v.nargs; i++) free(v.args[i]);
            free(v.args);
        }
        if (why[0]) {
            text where = {0};
            text_printf(&where, "%s:%d:", o->policy, line);
            wrong(h, where.p, s, why);
            text_free(&where);
            status = EXIT_USAGE;
        }
        s = end ? end + 1 : NULL;
    }
    free(all);
    return status;
}

int patterns_read(host *h, cli_options *o, pattern **out, uint32_t *n)
{
    *out = NULL;
    *n = 0;
    for (uint32_t i = 0; i < o->nallow; i++) {
        pattern v;
        char why[256] = "";
        bool ok = parse(h, &v, o->allow[i], NULL, why);
        keep(out, n, &v);
        if (!ok) {
            wrong(h, "--allow", o->allow[i], why);
            return EXIT_USAGE;
        }
    }
    return o->policy ? read_policy(h, o, out, n) : 0;
}

void patterns_free(pattern *v, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t k = 0; k < v[i].nargs; k++) free(v[i].args[k]);
        free(v[i].args);
    }
    if (n) free(v);
}

static bool covers(const pattern *v, const request *q, const target *t)
{
    if (t->dash) return v->provider == provider_standard("console");
    if (v->provider != q->provider || q->rights & ~v->rights) return false;
    const char *mine = q->list ? "file" : q->use->resource, *theirs = v->resource;
    if (strcmp(theirs, "files") == 0 && strcmp(q->provider->iface, "fs") == 0)
        theirs = "file";
    bool same = strcmp(mine, theirs) == 0;
    /* A directory covers the files in it. */
    bool within = strcmp(q->provider->iface, "fs") == 0 && strcmp(mine, "file") == 0 &&
                  strcmp(theirs, "dir") == 0;
    if (!same && !within) return false;
    if (!t->given) return true;
    for (uint32_t i = 0; t->real && i < v->nargs; i++)
        if (*v->args[i] && amb_match_covers(v->match, v->args[i], t->real)) return true;
    return false;
}

bool patterns_cover(const pattern *v, uint32_t n, const request *q, const target *t)
{
    for (uint32_t i = 0; i < n; i++)
        if (covers(&v[i], q, t)) return true;
    return false;
}
