/* SPDX-License-Identifier: MIT */
/* Watching directories in memory. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

#define QUEUE 4096 /* as many as the other implementation keeps */

typedef struct mem_watch {
    mem *m;
    struct mem_watch *next;
    mem_node *node;
    char *base; /* what the paths start with; "": nothing */
    bool tree, overflow;
    fs_change *q;
    size_t n;
    fs_wait wait;
    size_t max;
} mem_watch;

void mem_watch_close(void *inst, void *res)
{
    mem *m = inst;
    mem_watch *w = res;
    fs_wait_end(&m->f, &w->wait);
    for (mem_watch **p = &m->watches; *p; p = &(*p)->next)
        if (*p == w) {
            *p = w->next;
            break;
        }
    for (size_t i = 0; i < w->n; i++) free(w->q[i].path);
    free(w->q);
    free(w->base);
    mem_release(m, w->node);
    free(w);
}

static amb_status give(mem_watch *w, amb_call *c, amb_arg *ret)
{
    size_t n = w->n < w->max ? w->n : w->max;
    amb_status st = fs_changes_tree(&w->m->f, c, w->q, n, ret);
    if (st != AMB_OK) return st;
    for (size_t i = 0; i < n; i++) free(w->q[i].path);
    memmove(w->q, w->q + n, (w->n - n) * sizeof *w->q);
    w->n -= n;
    if (!w->n) w->overflow = false;
    return AMB_OK;
}

static void push(mem_watch *w, const char *kind, char *path)
{
    if (!path) return;
    if (w->n && w->q[w->n - 1].kind == kind && strcmp(w->q[w->n - 1].path, path) == 0) {
        free(path);
        return;
    }
    if (!w->overflow && w->n == QUEUE - 1) {
        free(path);
        path = strdup(".");
        kind = "overflow";
        w->overflow = true;
    } else if (w->overflow) {
        free(path);
        return;
    }
    if (path) w->q[w->n++] = (fs_change){kind, path};
    amb_call *c = w->n ? fs_wait_open(&w->m->f, &w->wait) : NULL;
    if (!c) return;
    amb_arg ret = {.type = AMB_T_NIL};
    amb_status st = give(w, c, &ret);
    w->m->f.h->reply(c, st, &ret);
}

void mem_changed(mem *m, const mem_node *n, const char *kind)
{
    for (mem_watch *w = m->watches; w; w = w->next) {
        if (n == w->node || (w->tree ? !mem_within(n, w->node) : n->parent != w->node))
            continue;
        char *rel = mem_path(n, w->node), *path = NULL;
        if (rel && *w->base && (path = malloc(strlen(w->base) + strlen(rel) + 2))) {
            strcpy(path, w->base);
            strcat(path, "/");
            strcat(path, rel);
            free(rel);
        } else {
            path = rel;
        }
        push(w, kind, path);
    }
}

void mem_gone(mem *m, const mem_node *n)
{
    for (mem_watch *w = m->watches; w; w = w->next) {
        amb_call *c = w->node == n ? fs_wait_open(&m->f, &w->wait) : NULL;
        if (!c) continue;
        amb_arg ret = {.type = AMB_T_NIL};
        amb_status st = give(w, c, &ret);
        m->f.h->reply(c, st, &ret);
    }
}

FS_OP(mem_dir_watch)
{
    (void)n;
    mem *m = inst;
    fs *f = &m->f;
    OPTIONAL_PATH_ARG(path, 0, "watch");
    mem_node *node;
    int bad = mem_resolve(((mem_dir *)self)->node, path, &node);
    if (!bad && !node->dir) bad = -ENOTDIR;
    if (bad) return fs_failed(f, c, bad, "watch");
    mem_watch *w = calloc(1, sizeof *w);
    if (!w) return AMB_E_NOMEM;
    w->m = m;
    w->node = mem_hold(node);
    w->tree = fs_flag(&a[1]);
    w->q = malloc(QUEUE * sizeof *w->q);
    w->base = strdup(strcmp(path, ".") == 0 ? "" : path);
    if (!w->q || !w->base) {
        mem_watch_close(m, w);
        return AMB_E_NOMEM;
    }
    size_t len = strlen(w->base);
    while (len && w->base[len - 1] == '/') w->base[--len] = 0;
    w->next = m->watches;
    m->watches = w;
    amb_status st = f->h->res_new(c, FS_RES_WATCH, w, ~(amb_rights)0, path, ret, NULL);
    if (st != AMB_OK) mem_watch_close(m, w);
    return st;
}

FS_OP(mem_watch_next)
{
    (void)n;
    mem *m = inst;
    mem_watch *w = self;
    w->max = a[0].v.i < 1 ? 1 : a[0].v.i > 256 ? 256 : (size_t)a[0].v.i;
    if (w->n || !w->node->linked) return give(w, c, ret);
    if (w->wait.t) return AMB_E_BUSY;
    amb_ticket t = m->f.h->pend(c);
    if (!t) return m->f.h->fail(c, AMB_E_NOSYS, 0, "watch: cannot wait here");
    fs_wait_begin(&m->f, &w->wait, t);
    return AMB_PENDING;
}
