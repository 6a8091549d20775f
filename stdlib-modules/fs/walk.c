/* SPDX-License-Identifier: MIT */
/* Walks through a directory and what they find. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fs.h"

/* A walk keeps one sorted listing per level and no descriptor but the root's. */
typedef struct walk {
    int fd;
    struct level {
        fs_listing l;
        size_t at;
    } *levels;
    size_t n, cap;
    char *pattern; /* only what it matches; NULL: everything */
    int failed; /* told after the entries that were found before it */
} walk;

static int walk_enter(walk *w, const char *path)
{
    if (w->n == w->cap) {
        size_t cap = w->cap ? w->cap * 2 : 8;
        struct level *v = realloc(w->levels, cap * sizeof *v);
        if (!v) return -ENOMEM;
        w->levels = v;
        w->cap = cap;
    }
    w->levels[w->n] = (struct level){0};
    int bad = fs_list(w->fd, path, w->n == 0, &w->levels[w->n].l);
    if (!bad) w->n++;
    return bad;
}

void fs_walk_close(void *inst, void *res)
{
    (void)inst;
    walk *w = res;
    for (size_t i = 0; i < w->n; i++) fs_listing_free(&w->levels[i].l);
    free(w->levels);
    free(w->pattern);
    if (w->fd >= 0) close(w->fd);
    free(w);
}

static int walk_new(int dir, const char *path, walk **out)
{
    walk *w = calloc(1, sizeof *w);
    if (!w) return -ENOMEM;
    w->fd = fcntl(dir, F_DUPFD_CLOEXEC, 0);
    int bad = w->fd < 0 ? -errno : walk_enter(w, path);
    if (bad) fs_walk_close(NULL, w);
    else *out = w;
    return bad;
}

/* The next entry; it is taken out of its listing. 0: the end, 1: *e is filled. */
static int walk_step(walk *w, fs_entry *e)
{
    while (w->n) {
        struct level *top = &w->levels[w->n - 1];
        if (top->at == top->l.n) {
            fs_listing_free(&top->l);
            w->n--;
            continue;
        }
        fs_entry *next = &top->l.v[top->at++];
        *e = *next;
        next->path = NULL;
        if (strcmp(e->kind, "dir") == 0 &&
            (!w->pattern || fs_glob_enters(w->pattern, e->path))) {
            int bad = walk_enter(w, e->path);
            /* What may not be read is listed, not entered; what went away is gone, also when something else
             * has its name now. */
            if (bad && bad != -EACCES && bad != -ENOENT && bad != -ENOTDIR && bad != -EXDEV &&
                bad != -ELOOP) {
                free(e->path);
                return bad;
            }
        }
        if (!w->pattern || fs_glob_match(w->pattern, e->path)) return 1;
        free(e->path);
    }
    return 0;
}

FS_OP(fs_dir_walk)
{
    (void)n;
    fs *f = inst;
    OPTIONAL_PATH_ARG(path, 0, "walk");
    walk *w = NULL;
    int bad = walk_new(((fs_dir *)self)->fd, path, &w);
    if (bad) return fs_failed(f, c, bad, "walk");
    amb_status st = f->h->res_new(c, FS_RES_WALK, w, ~(amb_rights)0, path, ret, NULL);
    if (st != AMB_OK) fs_walk_close(f, w);
    return st;
}

FS_OP(fs_walk_next)
{
    (void)n;
    fs *f = inst;
    walk *w = self;
    size_t max = a[0].v.i < 1 ? 1 : a[0].v.i > 64 ? 64 : (size_t)a[0].v.i, got = 0;
    fs_entry batch[64] = {{0}};
    int more = w->failed ? w->failed : 1;
    w->failed = 0;
    while (more > 0 && got < max) {
        more = walk_step(w, &batch[got]);
        if (more > 0) got++;
    }
    if (got && more < 0) w->failed = more;
    amb_status st = more < 0 && !got ? fs_failed(f, c, more, "walk")
                                     : fs_listing_tree(f, c, batch, got, ret);
    for (size_t i = 0; i < got; i++) free(batch[i].path);
    return st;
}

FS_OP(fs_dir_glob)
{
    (void)n;
    fs *f = inst;
    PATH_ARG(pattern, 0, "glob");
    walk *w = NULL;
    int bad = walk_new(((fs_dir *)self)->fd, ".", &w);
    if (bad) return fs_failed(f, c, bad, "glob");
    fs_listing l = {0};
    w->pattern = strdup(pattern);
    if (!w->pattern) bad = -ENOMEM;
    while (!bad) {
        fs_entry e;
        int more = walk_step(w, &e);
        if (more <= 0) {
            bad = more;
            break;
        }
        if (l.n == l.cap) {
            size_t cap = l.cap ? l.cap * 2 : 32;
            fs_entry *v = realloc(l.v, cap * sizeof *v);
            if (!v) {
                free(e.path);
                bad = -ENOMEM;
                break;
            }
            l.v = v;
            l.cap = cap;
        }
        l.v[l.n++] = e;
    }
    fs_walk_close(f, w);
    amb_status st =
        bad ? fs_failed(f, c, bad, "glob") : fs_listing_tree(f, c, l.v, l.n, ret);
    fs_listing_free(&l);
    return st;
}
