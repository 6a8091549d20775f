/* SPDX-License-Identifier: MIT */
/* Directory listings and entries as trees.
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

const char *fs_kind(mode_t m)
{
    return S_ISREG(m) ? "file" : S_ISDIR(m) ? "dir" : S_ISLNK(m) ? "link" : "other";
}

double fs_mtime(const struct stat *st)
{
    return (double)st->st_mtim.tv_sec + (double)st->st_mtim.tv_nsec / 1e9;
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const fs_entry *)a)->path, ((const fs_entry *)b)->path);
}

void fs_listing_sort(fs_listing *l)
{
    if (l->n) qsort(l->v, l->n, sizeof *l->v, by_path);
}

void fs_listing_free(fs_listing *l)
{
    for (size_t i = 0; i < l->n; i++) free(l->v[i].path);
    free(l->v);
    *l = (fs_listing){0};
}

int fs_listing_add(fs_listing *l, const char *prefix, const char *name, const char *kind,
                   int64_t size, double mtime)
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
    l->v[l->n++] = (fs_entry){p, p + lead, kind, size, mtime};
    return 0;
}

int fs_list(int dir, const char *path, bool follow, fs_listing *out)
{
    int fd = fs_beneath(dir, path, O_RDONLY | O_DIRECTORY | (follow ? 0 : O_NOFOLLOW), 0);
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
        bad = fs_listing_add(out, path, e->d_name, fs_kind(st.st_mode), st.st_size,
                             fs_mtime(&st));
    }
    closedir(d);
    if (bad) fs_listing_free(out);
    else fs_listing_sort(out);
    return bad;
}

/* --- trees -------------------------------------------------------------------------- */

static amb_arg text_slot(const char *s, size_t n)
{
    return (amb_arg){.type = AMB_T_STR, .len = (uint32_t)n, .v.p = s};
}

/* File names are bytes, strings are UTF-8: what is not valid shows as U+FFFD (and cannot
 * be opened under that name). */
static bool name_slot(const fs *f, amb_call *c, const char *s, amb_arg *out)
{
    size_t n = strlen(s), used = 0;
    char *p = f->h->alloc(c, n * 3 + 1);
    if (!p) return false;
    for (const unsigned char *q = (const unsigned char *)s; *q;) {
        size_t k = fs_sequence(q);
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

amb_status fs_entry_tree(const fs *f, amb_call *c, const char *path, const char *kind,
                         int64_t size, double mtime, amb_arg *ret)
{
    const char *slash = strrchr(path, '/');
    fs_entry e = {(char *)path, slash && slash[1] ? slash + 1 : path, kind, size, mtime};
    amb_arg *t = f->h->alloc(c, ENTRY_SLOTS * sizeof *t);
    if (!t || !entry_slots(f, c, &e, t)) return AMB_E_NOMEM;
    *ret = (amb_arg){.type = AMB_T_TREE, .len = ENTRY_SLOTS, .v.p = t};
    return AMB_OK;
}

amb_status fs_stat_tree(const fs *f, amb_call *c, const char *path, const struct stat *st,
                        amb_arg *ret)
{
    return fs_entry_tree(f, c, path, fs_kind(st->st_mode), st->st_size, fs_mtime(st), ret);
}

amb_status fs_changes_tree(const fs *f, amb_call *c, const fs_change *v, size_t n,
                           amb_arg *ret)
{
    amb_arg *t = f->h->alloc(c, (n * 5 + 1) * sizeof *t);
    if (!t) return AMB_E_NOMEM;
    t[0] = (amb_arg){.type = AMB_T_LIST, .len = (uint32_t)n};
    for (size_t i = 0; i < n; i++) {
        amb_arg *e = t + 1 + i * 5;
        e[0] = (amb_arg){.type = AMB_T_TUPLE, .flags = AMB_A_NAMED, .len = 2};
        e[1] = text_slot("kind", 4);
        e[2] = text_slot(v[i].kind, strlen(v[i].kind));
        e[3] = text_slot("path", 4);
        if (!name_slot(f, c, v[i].path, &e[4])) return AMB_E_NOMEM;
    }
    *ret = (amb_arg){.type = AMB_T_TREE, .len = (uint32_t)(n * 5 + 1), .v.p = t};
    return AMB_OK;
}
