/* SPDX-License-Identifier: MIT */
/* Watching directories: a sequence of what changed.
 *
 * Each directory is resolved beneath the granted one and then watched by its descriptor. The system's
 * queue is only read when somebody asks; what it could not hold is reported as an item
 * "overflow". */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "fs.h"

#define MASK                                                                       \
    (IN_CREATE | IN_MOVED_TO | IN_MODIFY | IN_DELETE | IN_MOVED_FROM | IN_ONLYDIR | \
     IN_EXCL_UNLINK)

typedef struct watched {
    int wd;
    char *path;
} watched;

typedef struct watch {
    fs *f;
    int fd, dir;
    int root; /* the watched directory's own number */
    bool tree, ended;
    watched *v;
    size_t n, cap;
    fs_change *q; /* decoded, from `at` on not yet given */
    size_t at, qn, qcap;
    fs_wait wait;
    uint64_t id;
    size_t max;
} watch;

void fs_watch_close(void *inst, void *res)
{
    (void)inst;
    watch *w = res;
    fs_wait_end(w->f, &w->wait);
    if (w->id) w->f->h->unwatch(w->f->hctx, w->id);
    for (size_t i = 0; i < w->n; i++) free(w->v[i].path);
    for (size_t i = w->at; i < w->qn; i++) free(w->q[i].path);
    free(w->v);
    free(w->q);
    if (w->fd >= 0) close(w->fd);
    if (w->dir >= 0) close(w->dir);
    free(w);
}

static char *joined(const char *dir, const char *name)
{
    size_t lead = strcmp(dir, ".") == 0 ? 0 : strlen(dir), len = strlen(name);
    char *p = malloc(lead + len + 2);
    if (!p) return NULL;
    memcpy(p, dir, lead);
    if (lead) p[lead++] = '/';
    memcpy(p + lead, name, len + 1);
    return p;
}

/* Takes path. */
static int push(watch *w, const char *kind, char *path)
{
    if (!path) return -ENOMEM;
    if (w->qn > w->at && w->q[w->qn - 1].kind == kind &&
        strcmp(w->q[w->qn - 1].path, path) == 0) {
        free(path);
        return 0;
    }
    if (w->at == w->qn) w->at = w->qn = 0;
    if (w->qn == w->qcap) {
        size_t cap = w->qcap ? w->qcap * 2 : 32;
        fs_change *q = realloc(w->q, cap * sizeof *q);
        if (!q) {
            free(path);
            return -ENOMEM;
        }
        w->q = q;
        w->qcap = cap;
    }
    w->q[w->qn++] = (fs_change){kind, path};
    return 0;
}

/* Starts watching one directory. Takes path. *wd: its number. */
static int add(watch *w, char *path, bool follow, int *wd)
{
    if (!path) return -ENOMEM;
    int fd = fs_beneath(w->dir, path, O_PATH | O_DIRECTORY | (follow ? 0 : O_NOFOLLOW), 0);
    int bad = 0;
    if (fd < 0) bad = fd;
    else {
        char self[40];
        snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
        *wd = inotify_add_watch(w->fd, self, MASK);
        if (*wd < 0) bad = -errno;
        close(fd);
    }
    for (size_t i = 0; !bad && i < w->n; i++)
        if (w->v[i].wd == *wd) {
            free(w->v[i].path);
            w->v[i].path = path;
            return 0;
        }
    if (!bad && w->n == w->cap) {
        size_t cap = w->cap ? w->cap * 2 : 8;
        watched *v = realloc(w->v, cap * sizeof *v);
        if (v) w->v = v, w->cap = cap;
        else bad = -ENOMEM;
    }
    if (bad) free(path);
    else w->v[w->n++] = (watched){*wd, path};
    return bad;
}

/* Watches what is in the directory `path`, and what is in there ... ; with `tell` each entry is reported
 * as created: it came before its watch. */
static int add_tree(watch *w, const char *path, bool tell)
{
    fs_listing todo = {0};
    int bad = fs_listing_add(&todo, ".", path, "dir", 0, 0);
    for (size_t i = 0; !bad && i < todo.n; i++) {
        fs_listing l = {0};
        int gone = fs_list(w->dir, todo.v[i].path, i == 0, &l), wd;
        /* What vanished or may not be looked into has nothing to tell. */
        if (gone) {
            bad = gone == -ENOMEM || gone == -EMFILE || gone == -ENFILE ? gone : 0;
            continue;
        }
        for (size_t j = 0; !bad && j < l.n; j++) {
            if (tell) bad = push(w, "created", strdup(l.v[j].path));
            if (bad || strcmp(l.v[j].kind, "dir") != 0) continue;
            int refused = add(w, strdup(l.v[j].path), false, &wd);
            if (refused == -ENOMEM || refused == -ENOSPC) bad = refused;
            else if (!refused) bad = fs_listing_add(&todo, ".", l.v[j].path, "dir", 0, 0);
        }
        fs_listing_free(&l);
    }
    fs_listing_free(&todo);
    return bad;
}

/* The directory is no longer there under this name. */
static void forget_tree(watch *w, const char *path)
{
    size_t len = strlen(path);
    for (size_t i = 0; i < w->n;) {
        const char *p = w->v[i].path;
        if (strncmp(p, path, len) != 0 || (p[len] != 0 && p[len] != '/')) {
            i++;
            continue;
        }
        inotify_rm_watch(w->fd, w->v[i].wd);
        free(w->v[i].path);
        w->v[i] = w->v[--w->n];
    }
}

FS_OP(fs_dir_watch)
{
    (void)n;
    fs *f = inst;
    OPTIONAL_PATH_ARG(path, 0, "watch");
    watch *w = calloc(1, sizeof *w);
    if (!w) return AMB_E_NOMEM;
    w->f = f;
    w->tree = fs_flag(&a[1]);
    w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    int bad = w->fd < 0 ? -errno : 0;
    w->dir = bad ? -1 : fcntl(((fs_dir *)self)->fd, F_DUPFD_CLOEXEC, 0);
    if (!bad && w->dir < 0) bad = -errno;
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/') path[--len] = 0;
    if (!bad) bad = add(w, strdup(path), true, &w->root);
    if (!bad && w->tree) bad = add_tree(w, path, false);
    amb_status st = bad ? fs_failed(f, c, bad, "watch")
                        : f->h->res_new(c, FS_RES_WATCH, w, ~(amb_rights)0, path, ret, NULL);
    if (st != AMB_OK) fs_watch_close(f, w);
    return st;
}

/* The names write_text uses before the file has its own. */
static bool is_scratch(const char *name)
{
    return strncmp(name, ".ambit.", 7) == 0 && strlen(name) == 23 &&
           strspn(name + 7, "0123456789abcdef") == 16;
}

static int decode(watch *w, const struct inotify_event *e)
{
    if (e->mask & IN_Q_OVERFLOW) {
        int bad = push(w, "overflow", strdup("."));
        return !bad && w->tree && w->n ? add_tree(w, w->v[0].path, false) : bad;
    }
    size_t i = 0;
    while (i < w->n && w->v[i].wd != e->wd) i++;
    if (i == w->n) return 0;
    if (e->mask & IN_IGNORED) {
        if (e->wd == w->root) w->ended = true;
        free(w->v[i].path);
        w->v[i] = w->v[--w->n];
        return 0;
    }
    if (!e->len || is_scratch(e->name)) return 0;
    char *path = joined(w->v[i].path, e->name);
    if (!path) return -ENOMEM;
    const char *kind = e->mask & IN_MODIFY                    ? "changed"
                       : e->mask & (IN_CREATE | IN_MOVED_TO) ? "created"
                                                              : "removed";
    int bad = push(w, kind, strdup(path)), wd;
    if (!bad && w->tree && e->mask & IN_ISDIR) {
        if (e->mask & (IN_CREATE | IN_MOVED_TO)) {
            bad = add(w, strdup(path), false, &wd);
            if (!bad) bad = add_tree(w, path, true);
            else if (bad != -ENOMEM && bad != -ENOSPC) bad = 0;
        } else if (e->mask & IN_MOVED_FROM) {
            forget_tree(w, path);
        }
    }
    free(path);
    return bad;
}

static int take_events(watch *w)
{
    char block[16 << 10] __attribute__((aligned(__alignof__(struct inotify_event))));
    while (w->qn - w->at < 4096) {
        ssize_t k = read(w->fd, block, sizeof block);
        if (k < 0 && errno == EINTR) continue;
        if (k < 0) return errno == EAGAIN ? 0 : -errno;
        for (char *p = block; p < block + k;) {
            struct inotify_event *e = (struct inotify_event *)p;
            int bad = decode(w, e);
            if (bad) return bad;
            p += sizeof *e + e->len;
        }
    }
    return 0;
}

static amb_status give(watch *w, amb_call *c, amb_arg *ret)
{
    size_t n = w->qn - w->at;
    if (n > w->max) n = w->max;
    amb_status st = fs_changes_tree(w->f, c, n ? w->q + w->at : NULL, n, ret);
    if (st != AMB_OK) return st;
    for (size_t i = 0; i < n; i++) free(w->q[w->at++].path);
    return AMB_OK;
}

static void ready(void *ud, uint32_t events)
{
    (void)events;
    watch *w = ud;
    if (!w->wait.t) {
        fs_pause(w->f, &w->id);
        return;
    }
    int bad = take_events(w);
    if (!bad && w->at == w->qn && !w->ended) return;
    fs_pause(w->f, &w->id);
    amb_call *c = fs_wait_open(w->f, &w->wait);
    if (!c) return;
    amb_arg ret = {.type = AMB_T_NIL};
    amb_status st = bad ? fs_failed(w->f, c, bad, "watch") : give(w, c, &ret);
    w->f->h->reply(c, st, &ret);
}

FS_OP(fs_watch_next)
{
    (void)n;
    fs *f = inst;
    watch *w = self;
    w->max = a[0].v.i < 1 ? 1 : a[0].v.i > 256 ? 256 : (size_t)a[0].v.i;
    int bad = w->at == w->qn ? take_events(w) : 0;
    if (bad) return fs_failed(f, c, bad, "watch");
    if (w->at < w->qn || w->ended) return give(w, c, ret);
    if (w->wait.t) return AMB_E_BUSY;
    amb_status st = fs_ready(f, &w->id, w->fd, POLLIN, ready, w);
    if (st != AMB_OK) return st;
    amb_ticket t = f->h->pend(c);
    if (!t) {
        fs_pause(f, &w->id);
        return f->h->fail(c, AMB_E_NOSYS, 0, "watch: cannot wait here");
    }
    fs_wait_begin(f, &w->wait, t);
    return AMB_PENDING;
}
