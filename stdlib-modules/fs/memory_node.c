/* SPDX-License-Identifier: MIT */
/* A tree of files in memory: nodes, names, resolution beneath a directory, the quota. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "memory.h"

#define NODE_COST 128 /* bytes a file takes from the quota whatever it contains */

static void touch(mem_node *n) { clock_gettime(CLOCK_REALTIME, &n->mtime); }

mem_node *mem_hold(mem_node *n)
{
    n->refs++;
    return n;
}

mem_node *mem_node_new(mem *m, bool dir)
{
    if (m->used + NODE_COST > m->quota) return NULL;
    mem_node *n = calloc(1, sizeof *n);
    if (!n) return NULL;
    n->refs = 1;
    n->dir = dir;
    m->used += NODE_COST;
    touch(n);
    return n;
}

/* --- names -------------------------------------------------------------------------- */

/* Where the name is, or would be. */
static size_t position(const mem_node *dir, const char *name, bool *found)
{
    size_t lo = 0, hi = dir->nkids;
    *found = false;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        int order = strcmp(dir->kids[mid]->name, name);
        if (order == 0) {
            *found = true;
            return mid;
        }
        if (order < 0) lo = mid + 1;
        else hi = mid;
    }
    return lo;
}

mem_node *mem_child(const mem_node *dir, const char *name)
{
    bool found;
    size_t at = position(dir, name, &found);
    return found ? dir->kids[at] : NULL;
}

int mem_link(mem *m, mem_node *dir, const char *name, mem_node *n)
{
    (void)m;
    bool found;
    size_t at = position(dir, name, &found);
    if (found) return -EEXIST;
    if (!dir->linked) return -ENOENT;
    if (strlen(name) > 255) return -ENAMETOOLONG;
    char *copy = strdup(name);
    if (!copy) return -ENOMEM;
    if (dir->nkids == dir->cap) {
        size_t cap = dir->cap ? dir->cap * 2 : 8;
        mem_node **kids = realloc(dir->kids, cap * sizeof *kids);
        if (!kids) {
            free(copy);
            return -ENOMEM;
        }
        dir->kids = kids;
        dir->cap = cap;
    }
    memmove(dir->kids + at + 1, dir->kids + at, (dir->nkids - at) * sizeof *dir->kids);
    dir->kids[at] = n;
    dir->nkids++;
    n->name = copy;
    n->parent = dir;
    n->linked = true;
    touch(dir);
    return 0;
}

void mem_unlink(mem *m, mem_node *n)
{
    mem_node *dir = n->parent;
    bool found;
    size_t at = position(dir, n->name, &found);
    memmove(dir->kids + at, dir->kids + at + 1, (dir->nkids - at - 1) * sizeof *dir->kids);
    dir->nkids--;
    touch(dir);
    free(n->name);
    n->name = NULL;
    n->parent = NULL;
    n->linked = false;
    mem_release(m, n);
}

void mem_release(mem *m, mem_node *n)
{
    if (n->refs == 1) {
        /* From the leaves: what is below may be as deep as it likes. */
        for (mem_node *at = n; at != n || n->nkids;) {
            if (at->nkids) {
                at = at->kids[at->nkids - 1];
                continue;
            }
            mem_node *up = at->parent;
            mem_unlink(m, at);
            at = up;
        }
    }
    if (--n->refs) return;
    m->used -= NODE_COST + n->size;
    free(n->name);
    free(n->data);
    free(n->kids);
    free(n);
}

bool mem_within(const mem_node *n, const mem_node *dir)
{
    while (n && n != dir) n = n->parent;
    return n == dir;
}

/* --- paths: as openat2 resolves them beneath a directory ----------------------------- */

int mem_resolve(mem_node *base, const char *path, mem_node **out)
{
    mem_node *at = base;
    if (!*path) return -ENOENT;
    if (*path == '/') return -EXDEV;
    for (const char *p = path; *p;) {
        size_t n = strcspn(p, "/");
        char name[256];
        if (n > 255) return -ENAMETOOLONG;
        if (!at->dir) return -ENOTDIR;
        memcpy(name, p, n);
        name[n] = 0;
        if (strcmp(name, "..") == 0) {
            if (at == base || !at->parent) return -EXDEV;
            at = at->parent;
        } else if (n && strcmp(name, ".") != 0) {
            at = mem_child(at, name);
            if (!at) return -ENOENT;
        }
        p += n;
        if (*p == '/' && !at->dir) return -ENOTDIR;
        while (*p == '/') p++;
    }
    *out = at;
    return 0;
}

int mem_parent(mem_node *base, const char *path, mem_node **dir, const char **last)
{
    size_t n = strlen(path), cut = n;
    if (n == 0) return -ENOENT;
    while (cut > 0 && path[cut - 1] != '/') cut--;
    *last = path + cut;
    if (cut == n || strcmp(*last, ".") == 0) return -EINVAL;
    if (strcmp(*last, "..") == 0) return -EXDEV;
    if (cut == 0) {
        *dir = base;
        return 0;
    }
    fs_path parent;
    memcpy(parent, path, cut);
    parent[cut] = 0;
    int bad = mem_resolve(base, parent, dir);
    return bad ? bad : (*dir)->dir ? 0 : -ENOTDIR;
}

mem_node *mem_following(const mem_node *n, const mem_node *top)
{
    if (n->dir && n->nkids) return n->kids[0];
    while (n && n != top && n->parent) {
        bool found;
        size_t at = position(n->parent, n->name, &found);
        if (at + 1 < n->parent->nkids) return n->parent->kids[at + 1];
        n = n->parent;
    }
    return NULL;
}

char *mem_path(const mem_node *n, const mem_node *top)
{
    size_t len = 0;
    for (const mem_node *p = n; p != top; p = p->parent) len += strlen(p->name) + 1;
    char *path = malloc(len + 2);
    if (!path) return NULL;
    if (!len) return strcpy(path, ".");
    char *end = path + len;
    for (const mem_node *p = n; p != top; p = p->parent) {
        *--end = p == n ? 0 : '/';
        size_t k = strlen(p->name);
        end -= k;
        memcpy(end, p->name, k);
    }
    return path;
}

const char *mem_kind(const mem_node *n) { return n->dir ? "dir" : "file"; }
double mem_mtime(const mem_node *n)
{
    return (double)n->mtime.tv_sec + (double)n->mtime.tv_nsec / 1e9;
}

/* --- contents ----------------------------------------------------------------------- */

int mem_resize(mem *m, mem_node *n, size_t size)
{
    if (size > n->size && size - n->size > m->quota - m->used) return -ENOSPC;
    if (size > n->cap) {
        size_t cap = n->cap * 2 > size ? n->cap * 2 : size;
        char *p = realloc(n->data, cap);
        if (!p) return -ENOMEM;
        n->data = p;
        n->cap = cap;
    }
    if (size > n->size) memset(n->data + n->size, 0, size - n->size);
    m->used = m->used - n->size + size;
    n->size = size;
    if (!size) {
        free(n->data);
        n->data = NULL;
        n->cap = 0;
    }
    touch(n);
    return 0;
}

int mem_write(mem *m, mem_node *n, int64_t at, const void *p, size_t len)
{
    if (!len) return 0;
    if (at > (int64_t)(SIZE_MAX >> 2)) return -EFBIG;
    size_t end = (size_t)at + len;
    if (end > n->size) {
        int bad = mem_resize(m, n, end);
        if (bad) return bad;
    }
    memcpy(n->data + at, p, len);
    touch(n);
    return 0;
}
