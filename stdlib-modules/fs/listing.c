/* SPDX-License-Identifier: MIT */
/* Directory listings, entries as trees, glob patterns, removal of whole trees.
 *
 * Listings are sorted by name, so programs behave the same on every file system. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fs.h"

static const char *kind_of(mode_t m)
{
    return S_ISREG(m) ? "file" : S_ISDIR(m) ? "dir" : S_ISLNK(m) ? "link" : "other";
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const fs_entry *)a)->path, ((const fs_entry *)b)->path);
}

void fs_listing_free(fs_listing *l)
{
    for (size_t i = 0; i < l->n; i++) free(l->v[i].path);
    free(l->v);
    *l = (fs_listing){0};
}

static int listing_add(fs_listing *l, const char *prefix, const char *name,
                       const struct stat *st)
{
    if (l->n == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 32;
        fs_entry *v = realloc(l->v, cap * sizeof *v);
        if (!v) return -ENOMEM;
        l->v = v;
        l->cap = cap;
    }
    size_t lead = strcmp(prefix, ".") == 0 ? 0 : strlen(prefix);
    while (lead && prefix[lead - 1] == '/') lead--;
    size_t len = strlen(name);
    char *p = malloc(lead + len + 2);
    if (!p) return -ENOMEM;
    memcpy(p, prefix, lead);
    if (lead) p[lead++] = '/';
    memcpy(p + lead, name, len + 1);
    l->v[l->n++] =
        (fs_entry){p, p + lead, kind_of(st->st_mode), st->st_size,
                   (double)st->st_mtim.tv_sec + (double)st->st_mtim.tv_nsec / 1e9};
    return 0;
}

int fs_list(int dir, const char *path, fs_listing *out)
{
    int fd = fs_beneath(dir, path, O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0) return fd;
    DIR *d = fdopendir(fd);
    if (!d) {
        close(fd);
        return -ENOMEM;
    }
    int bad = 0;
    while (!bad) {
        errno = 0;
        struct dirent *e = readdir(d);
        if (!e) {
            bad = -errno;
            break;
        }
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0) continue;
        struct stat st;
        if (fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW)) {
            if (errno == ENOENT) continue; /* went away meanwhile */
            bad = -errno;
            break;
        }
        bad = listing_add(out, path, e->d_name, &st);
    }
    closedir(d);
    if (bad) fs_listing_free(out);
    else if (out->n) qsort(out->v, out->n, sizeof *out->v, by_path);
    return bad;
}

/* --- trees -------------------------------------------------------------------------- */

static amb_arg text_slot(const char *s, size_t n)
{
    return (amb_arg){.type = AMB_T_STR, .len = (uint32_t)n, .v.p = s};
}

/* Length of the valid UTF-8 sequence at s, 0 if there is none. */
static size_t sequence(const unsigned char *s)
{
    if (s[0] < 0x80) return 1;
    size_t n = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
    if (s[0] < 0xc2 || s[0] > 0xf4) return 0;
    for (size_t i = 1; i < n; i++)
        if ((s[i] & 0xc0) != 0x80) return 0;
    if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
        (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
        return 0;
    return n;
}

/* File names are bytes, strings are UTF-8: what is not valid shows as U+FFFD (and cannot
 * be opened under that name). */
static bool name_slot(const fs *f, amb_call *c, const char *s, amb_arg *out)
{
    size_t n = strlen(s), used = 0;
    char *p = f->h->alloc(c, n * 3 + 1);
    if (!p) return false;
    for (const unsigned char *q = (const unsigned char *)s; *q;) {
        size_t k = sequence(q);
        if (k) memcpy(p + used, q, k), used += k, q += k;
        else memcpy(p + used, "\xef\xbf\xbd", 3), used += 3, q++;
    }
    *out = text_slot(p, used);
    return true;
}

enum { ENTRY_SLOTS = 11 }; /* the tuple, then five names and values */

static bool entry_slots(const fs *f, amb_call *c, const fs_entry *e, amb_arg *t)
{
    t[0] = (amb_arg){.type = AMB_T_TUPLE, .flags = AMB_A_NAMED, .len = 5};
    t[1] = text_slot("name", 4);
    if (!name_slot(f, c, e->name, &t[2])) return false;
    t[3] = text_slot("path", 4);
    if (!name_slot(f, c, e->path, &t[4])) return false;
    t[5] = text_slot("kind", 4);
    t[6] = text_slot(e->kind, strlen(e->kind));
    t[7] = text_slot("size", 4);
    t[8] = (amb_arg){.type = AMB_T_I64, .v.i = e->size};
    t[9] = text_slot("mtime", 5);
    t[10] = (amb_arg){.type = AMB_T_F64, .v.f = e->mtime};
    return true;
}

amb_status fs_listing_tree(const fs *f, amb_call *c, const fs_entry *v, size_t n,
                           amb_arg *ret)
{
    if (n > UINT32_MAX / ENTRY_SLOTS - 1) return AMB_E_NOMEM;
    amb_arg *t = f->h->alloc(c, (n * ENTRY_SLOTS + 1) * sizeof *t);
    if (!t) return AMB_E_NOMEM;
    t[0] = (amb_arg){.type = AMB_T_LIST, .len = (uint32_t)n};
    for (size_t i = 0; i < n; i++)
        if (!entry_slots(f, c, &v[i], t + 1 + i * ENTRY_SLOTS)) return AMB_E_NOMEM;
    *ret =
        (amb_arg){.type = AMB_T_TREE, .len = (uint32_t)(n * ENTRY_SLOTS + 1), .v.p = t};
    return AMB_OK;
}

amb_status fs_entry_tree(const fs *f, amb_call *c, const char *path,
                         const struct stat *st, amb_arg *ret)
{
    const char *slash = strrchr(path, '/');
    fs_entry e = {(char *)path, slash && slash[1] ? slash + 1 : path,
                  kind_of(st->st_mode), st->st_size,
                  (double)st->st_mtim.tv_sec + (double)st->st_mtim.tv_nsec / 1e9};
    amb_arg *t = f->h->alloc(c, ENTRY_SLOTS * sizeof *t);
    if (!t || !entry_slots(f, c, &e, t)) return AMB_E_NOMEM;
    *ret = (amb_arg){.type = AMB_T_TREE, .len = ENTRY_SLOTS, .v.p = t};
    return AMB_OK;
}

/* --- glob patterns ------------------------------------------------------------------ */

/* [set] at p matches byte c; *end is behind it. No closing bracket: an ordinary '['. */
static bool set_matches(const char *p, size_t n, unsigned char ch, size_t *end)
{
    size_t i = 1;
    bool negated = i < n && (p[i] == '!' || p[i] == '^'), hit = false;
    if (negated) i++;
    size_t first = i;
    for (; i < n && (p[i] != ']' || i == first); i++) {
        unsigned char lo = (unsigned char)p[i], hi = lo;
        if (i + 2 < n && p[i + 1] == '-' && p[i + 2] != ']')
            hi = (unsigned char)p[i + 2], i += 2;
        if (ch >= lo && ch <= hi) hit = true;
    }
    if (i >= n) {
        *end = 1;
        return ch == '[';
    }
    *end = i + 1;
    return hit != negated;
}

/* One part of a path against one part of a pattern. Only the last star is ever retried:
 * the time is bounded by the product of the lengths. */
static bool part_matches(const char *p, size_t pn, const char *s, size_t sn)
{
    size_t i = 0, j = 0, star = SIZE_MAX, mark = 0;
    if (sn && s[0] == '.' && !(pn && p[0] == '.')) return false;
    while (j < sn) {
        size_t end = i + 1;
        bool ok = false;
        if (i < pn && p[i] == '*') {
            star = i++;
            mark = j;
            continue;
        }
        size_t width = 1;
        if (i < pn && p[i] == '?') {
            size_t k = sequence((const unsigned char *)s + j);
            width = k ? k : 1;
            ok = true;
        } else if (i < pn && p[i] == '[') {
            size_t len;
            ok = set_matches(p + i, pn - i, (unsigned char)s[j], &len);
            end = i + len;
        } else if (i < pn) {
            ok = p[i] == s[j];
        }
        if (ok) i = end, j += width;
        else if (star != SIZE_MAX) i = star + 1, j = ++mark;
        else return false;
    }
    while (i < pn && p[i] == '*') i++;
    return i == pn;
}

static size_t part_len(const char *s) { return strcspn(s, "/"); }
static const char *part_next(const char *s)
{
    s += part_len(s);
    return *s ? s + 1 : s;
}

/* prefix: `path` is a directory, and the question is whether something in it can match.
 */
static bool match_parts(const char *p, const char *s, bool prefix)
{
    const char *star = NULL, *mark = NULL;
    while (*s) {
        size_t pn = part_len(p), sn = part_len(s);
        if (pn == 2 && memcmp(p, "**", 2) == 0) {
            if (prefix) return true;
            star = part_next(p);
            mark = s;
            p = star;
            if (!*p) return s[0] != '.';
            continue;
        }
        if (*p && part_matches(p, pn, s, sn)) {
            p = part_next(p);
            s = part_next(s);
        } else if (star && mark[0] != '.') {
            mark = part_next(mark);
            p = star;
            s = mark;
        } else {
            return false;
        }
    }
    if (prefix) return *p != 0;
    return !*p;
}

bool fs_glob_match(const char *pattern, const char *path)
{
    return match_parts(pattern, path, false);
}
bool fs_glob_enters(const char *pattern, const char *dir)
{
    return match_parts(pattern, dir, true);
}

/* --- removal ------------------------------------------------------------------------ */

int fs_remove_tree(int parent, const char *name, int depth)
{
    if (unlinkat(parent, name, 0) == 0) return 0;
    if (errno != EISDIR && errno != EPERM) return -errno;
    if (depth > 200) return -ELOOP;
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) return -errno;
    DIR *d = fdopendir(fd);
    if (!d) {
        close(fd);
        return -ENOMEM;
    }
    int bad = 0;
    for (struct dirent *e; !bad && (e = readdir(d));)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            bad = fs_remove_tree(fd, e->d_name, depth + 1);
    closedir(d);
    if (!bad && unlinkat(parent, name, AT_REMOVEDIR)) bad = -errno;
    return bad;
}
