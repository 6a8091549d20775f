/* SPDX-License-Identifier: MIT */
/* Remembered grants: one file for each script beneath the user's configuration.
 *
 * A grant holds for the script at its real path, while the script and all modules it loads
 * have the sources they had, and for the places that its requests led to. All access goes
 * through descriptors of directories that only the user can write; otherwise the store is
 * as good as not there. Files are replaced, never written in place. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store.h"

static const char magic[] = "ambit grants 1\n";

/* --- the directory -------------------------------------------------------------------- */

static bool trusted(int fd, mode_t others, char why[256])
{
    struct stat st;
    if (fd < 0 || fstat(fd, &st)) snprintf(why, 256, "%s", strerror(errno));
    else if (st.st_uid != geteuid()) snprintf(why, 256, "it belongs to somebody else");
    else if (st.st_mode & others) snprintf(why, 256, "others can write to it");
    else return true;
    return false;
}

static void config_dir(char out[PATH_MAX])
{
    const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    if (config && *config == '/') {
        snprintf(out, PATH_MAX, "%s", config);
        return;
    }
    const struct passwd *pw = home && *home == '/' ? NULL : getpwuid(geteuid());
    if (pw) home = pw->pw_dir;
    snprintf(out, PATH_MAX, "%s/.config", home && *home == '/' ? home : "/nonexistent");
}

int store_open(bool make, char why[256])
{
    char base[PATH_MAX];
    static const char *const below[] = {"ambit", "grants"};
    config_dir(base);
    why[0] = 0;
    if (make) mkdir(base, 0700);
    int fd = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) return -1;
    bool ok = trusted(fd, 002, why);
    for (size_t i = 0; i < 2 && ok; i++) {
        if (make) mkdirat(fd, below[i], 0700);
        int next = openat(fd, below[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        int e = errno;
        close(fd);
        fd = next;
        errno = e;
        if (fd < 0 && errno == ENOENT) return -1;
        ok = trusted(fd, 022, why);
    }
    if (!ok && fd >= 0) close(fd);
    return ok ? fd : -1;
}

void store_file_name(const char *script, char out[STORE_NAME])
{
    char hex[65];
    sha256_hex(script, strlen(script), hex);
    snprintf(out, STORE_NAME, "%.40s.grant", hex);
}

/* --- the text of a file --------------------------------------------------------------- */

static void escaped(text *t, const char *s)
{
    if (!*s) text_str(t, "%");
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if (c <= ' ' || c == '%' || c == 0x7f) text_printf(t, "%%%02x", c);
        else text_add(t, s, 1);
    }
}

static void unescape(char *s)
{
    char *to = s;
    for (; *s; s++) {
        unsigned c;
        if (*s == '%' && sscanf(s + 1, "%2x", &c) == 1 && s[1] && s[2]) {
            *to++ = (char)c;
            s += 2;
        } else if (*s != '%') {
            *to++ = *s;
        }
    }
    *to = 0;
}

bool store_read(int dir, const char *name, store_file *out)
{
    char why[256];
    struct stat st;
    *out = (store_file){0};
    int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) return false;
    size_t len = 0;
    if (trusted(fd, 022, why) && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
        st.st_nlink == 1)
        out->all = read_file(fd, 4 << 20, &len);
    close(fd);
    size_t head = sizeof magic - 1;
    if (!out->all || len <= head || strlen(out->all) != len ||
        memcmp(out->all, magic, head) != 0 || out->all[len - 1] != '\n') {
        store_file_free(out);
        return false;
    }
    for (char *s = out->all + head; *s;) {
        char *end = strchr(s, '\n'), *w[4] = {0};
        *end = 0;
        uint32_t n = 0;
        for (char *p = s; p && n < 4;) {
            w[n++] = p;
            p = strchr(p, ' ');
            if (p) *p++ = 0;
        }
        for (uint32_t i = 0; i < n; i++) unescape(w[i]);
        if (n == 2 && strcmp(w[0], "script") == 0) out->script = w[1];
        store_line l = {w[1], w[2], n > 3 ? w[3] : NULL};
        bool source = n == 3 && strcmp(w[0], "source") == 0;
        bool grant = n == 4 && strcmp(w[0], "grant") == 0;
        store_line **v = source ? &out->sources : &out->grants;
        uint32_t *count = source ? &out->nsources : &out->ngrants;
        if (source || grant) {
            *v = must(realloc(*v, (*count + (size_t)1) * sizeof **v));
            (*v)[(*count)++] = l;
        }
        s = end + 1;
    }
    if (out->script) return true;
    store_file_free(out);
    return false;
}

void store_file_free(store_file *f)
{
    free(f->all);
    free(f->sources);
    free(f->grants);
    *f = (store_file){0};
}

/* --- recalling ------------------------------------------------------------------------- */

static void complain(const policy *p, const char *what, const char *why)
{
    text t = {0};
    text_printf(&t, "ambit: %s: ", what);
    text_shown(&t, why, strlen(why));
    text_str(&t, "\n");
    host_stderr(p->h, t.p, t.len);
    text_free(&t);
}

static void changed(policy *p, const char *id, const char *how)
{
    if (p->changed.len) text_str(&p->changed, ", ");
    text_printf(&p->changed, "%s%s%s", *id ? "module " : "", *id ? id : "the script", how);
}

static bool same_sources(policy *p, const store_file *f)
{
    const host *h = p->h;
    for (uint32_t i = 0; i < h->nsources; i++) {
        const store_line *old = NULL;
        for (uint32_t k = 0; k < f->nsources; k++)
            if (strcmp(f->sources[k].b, h->sources[i].id) == 0) old = &f->sources[k];
        if (!old) changed(p, h->sources[i].id, " is new");
        else if (strcmp(old->a, h->sources[i].sum) != 0) changed(p, h->sources[i].id, "");
    }
    for (uint32_t k = 0; k < f->nsources; k++) {
        bool found = false;
        for (uint32_t i = 0; i < h->nsources; i++)
            found |= strcmp(f->sources[k].b, h->sources[i].id) == 0;
        if (!found) changed(p, f->sources[k].b, " is gone");
    }
    return !p->changed.len;
}

/* What a target is remembered as: resource, rights, place. */
static void key(const request *q, const target *at, text *name, text *place)
{
    request_name(name, q);
    text_str(place, at->dash ? "-" : at->real ? at->real : "");
    if (q->rest && *q->rest) text_printf(place, " with %s", q->rest);
}

static amb_rights rights_of(const request *q, const char *names)
{
    amb_rights all = 0;
    for (const char *s = names; *s;) {
        size_t n = strcspn(s, ",");
        all |= provider_right(q->provider, s, n);
        s += n + (s[n] == ',');
    }
    return all;
}

bool store_possible(const policy *p) { return p->h->script_real != NULL; }

void store_recall(policy *p)
{
    char why[256], name[STORE_NAME];
    store_file f;
    if (!store_possible(p)) return;
    host_sum_sources(p->h);
    int dir = store_open(false, why);
    if (dir < 0) {
        if (why[0]) complain(p, "remembered grants are not used", why);
        return;
    }
    store_file_name(p->h->script_real, name);
    bool there = store_read(dir, name, &f);
    close(dir);
    if (!there) return;
    if (strcmp(f.script, p->h->script_real) == 0 && same_sources(p, &f)) {
        for (uint32_t i = 0; i < p->n; i++)
            for (uint32_t k = 0; k < p->q[i].ntargets; k++) {
                request *q = &p->q[i];
                target *at = &q->targets[k];
                text want = {0}, place = {0};
                if (at->verdict != OPEN_QUESTION) continue;
                key(q, at, &want, &place);
                for (uint32_t g = 0; g < f.ngrants && !at->escape; g++)
                    if (strcmp(f.grants[g].a, want.p) == 0 &&
                        strcmp(f.grants[g].c, place.p) == 0 &&
                        !(q->rights & ~rights_of(q, f.grants[g].b)))
                        at->verdict = BY_MEMORY;
                if (at->verdict == OPEN_QUESTION && !at->escape) {
                    /* Same sources, so it is where this leads, or the arguments it came from. */
                    text_printf(&p->changed, "%swhere ", p->changed.len ? ", " : "");
                    request_spec(&p->changed, q, at);
                    text_str(&p->changed, " leads");
                }
                text_free(&want);
                text_free(&place);
            }
    }
    store_file_free(&f);
}

/* --- remembering ----------------------------------------------------------------------- */

static bool write_all(int fd, const text *t)
{
    for (size_t at = 0; at < t->len;) {
        ssize_t k = write(fd, t->p + at, t->len - at);
        if (k < 0 && errno == EINTR) continue;
        if (k <= 0) return false;
        at += (size_t)k;
    }
    return fsync(fd) == 0;
}

bool store_write(int dir, const char *name, const text *t)
{
    char temp[STORE_NAME + 32];
    snprintf(temp, sizeof temp, ".%s.%ld", name, (long)getpid());
    unlinkat(dir, temp, 0);
    int fd = openat(dir, temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return false;
    bool ok = write_all(fd, t);
    ok = close(fd) == 0 && ok;
    ok = ok && renameat(dir, temp, dir, name) == 0;
    int e = errno;
    if (!ok) unlinkat(dir, temp, 0);
    errno = e;
    return ok;
}

/* Adds the line unless it is there. */
static void grant_line(text *t, const char *name, const char *rights, const char *place)
{
    text l = {0};
    text_str(&l, "grant ");
    escaped(&l, name);
    text_str(&l, " ");
    escaped(&l, rights);
    text_str(&l, " ");
    escaped(&l, place);
    text_str(&l, "\n");
    if (!strstr(t->p, l.p)) text_add(t, l.p, l.len);
    text_free(&l);
}

bool store_remember(policy *p)
{
    char why[256], file[STORE_NAME];
    store_file old = {0};
    const host *h = p->h;
    int dir = store_open(true, why);
    if (dir < 0) {
        complain(p, "the grant cannot be remembered", why[0] ? why : strerror(errno));
        return false;
    }
    store_file_name(h->script_real, file);
    host_sum_sources(p->h);
    text t = {0}, what = {0};
    text_str(&t, magic);
    text_str(&t, "script ");
    escaped(&t, h->script_real);
    text_str(&t, "\n");
    for (uint32_t i = 0; i < h->nsources; i++) {
        text_printf(&t, "source %s ", h->sources[i].sum);
        escaped(&t, h->sources[i].id);
        text_str(&t, "\n");
    }
    /* Other places of the same sources stay allowed. */
    what = p->changed;
    p->changed = (text){0};
    if (store_read(dir, file, &old) && strcmp(old.script, h->script_real) == 0 &&
        same_sources(p, &old))
        for (uint32_t g = 0; g < old.ngrants; g++)
            grant_line(&t, old.grants[g].a, old.grants[g].b, old.grants[g].c);
    text_free(&p->changed);
    p->changed = what;
    for (uint32_t i = 0; i < p->n; i++)
        for (uint32_t k = 0; k < p->q[i].ntargets; k++) {
            const request *q = &p->q[i];
            const target *at = &q->targets[k];
            text name = {0}, place = {0}, rights = {0};
            if (at->verdict != BY_ANSWER || at->escape) continue;
            key(q, at, &name, &place);
            text_add(&rights, "", 0);
            rights_text(&rights, q->provider, q->rights, ",");
            grant_line(&t, name.p, rights.p, place.p);
            text_free(&name);
            text_free(&place);
            text_free(&rights);
        }
    bool ok = store_write(dir, file, &t);
    if (!ok) complain(p, "the grant cannot be remembered", strerror(errno));
    close(dir);
    store_file_free(&old);
    text_free(&t);
    return ok;
}
