/* SPDX-License-Identifier: MIT */
/* Sockets in the file system.
 *
 * The directory is opened when the capability is made and stays the same one, whatever its path
 * leads to later. Connecting goes to the file that was looked at, by its descriptor: a link or
 * another file put in its place meanwhile is not followed. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "net.h"

typedef struct place {
    int dir;
    char name[NAME_MAX + 1];
} place;

NET_OP(net_unix_new)
{
    (void)self, (void)n;
    net *k = inst;
    char path[PATH_MAX];
    if (!a[0].len || a[0].len >= sizeof path || memchr(a[0].v.p, 0, a[0].len))
        return k->h->fail(c, AMB_E_ARG, 0, "unix: not a usable path");
    memcpy(path, a[0].v.p, a[0].len);
    path[a[0].len] = 0;
    char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    if (!*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strlen(name) > NAME_MAX)
        return k->h->fail(c, AMB_E_ARG, 0, "unix: not the path of a socket");
    place *p = calloc(1, sizeof *p);
    if (!p) return AMB_E_NOMEM;
    strcpy(p->name, name);
    if (slash) *slash = 0;
    p->dir = open(!slash ? "." : slash == path ? "/" : path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (p->dir < 0) {
        int e = errno;
        free(p);
        return net_failed(k, c, e, "unix");
    }
    if (slash) *slash = '/';
    amb_status st = k->h->res_new(c, NET_RES_UNIX, p, ~(amb_rights)0, path, ret, NULL);
    if (st) net_unix_close(k, p);
    return st;
}

void net_unix_close(void *inst, void *res)
{
    (void)inst;
    place *p = res;
    close(p->dir);
    free(p);
}

static int new_socket(void) { return socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0); }

/* The server's queue of connections is full: the system offers nothing to wait for, so this asks
 * again after a moment. */
#define AGAIN_NS 2000000u

typedef struct knock {
    net_wait w;
    net *n;
    int fd, file;
    uint64_t timer;
    char name[NAME_MAX + 1];
} knock;

static void knock_end(knock *q)
{
    if (q->timer) q->n->h->unwatch(q->n->hctx, q->timer);
    if (q->fd >= 0) close(q->fd);
    close(q->file);
    free(q);
}
static void knock_drop(net *n, net_wait *w)
{
    (void)n;
    knock_end((knock *)w);
}

/* 0 or an errno. */
static int try(knock *q)
{
    struct sockaddr_un s = {.sun_family = AF_UNIX};
    snprintf(s.sun_path, sizeof s.sun_path, "/proc/self/fd/%d", q->file);
    int bad;
    do bad = connect(q->fd, (struct sockaddr *)&s, sizeof s);
    while (bad && errno == EINTR);
    return bad ? errno : 0;
}

static amb_status knocked(knock *q, amb_call *c, int error, amb_arg *ret)
{
    if (error) return net_failed(q->n, c, error, "connect");
    int fd = q->fd;
    q->fd = -1;
    return net_conn_answer(q->n, c, fd, false, q->name, ret);
}

static void again(void *ud, uint32_t events)
{
    (void)events;
    knock *q = ud;
    net *n = q->n;
    q->timer = 0;
    int error = try(q);
    if (error == EAGAIN && n->h->timer(n->hctx, AGAIN_NS, again, q, &q->timer) == AMB_OK) return;
    amb_call *c = net_open(n, &q->w);
    if (c) {
        amb_arg ret = {.type = AMB_T_NIL};
        n->h->reply(c, knocked(q, c, error, &ret), &ret);
    }
    knock_end(q);
}

NET_OP(net_unix_connect)
{
    (void)a, (void)n;
    net *k = inst;
    const place *p = self;
    int file = openat(p->dir, p->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    struct stat st;
    if (file < 0) return net_failed(k, c, errno, "connect");
    int bad = fstat(file, &st) ? errno : S_ISSOCK(st.st_mode) ? 0 : ENOTSOCK;
    int fd = bad ? -1 : new_socket();
    if (!bad && fd < 0) bad = errno;
    knock *q = bad ? NULL : calloc(1, sizeof *q);
    if (!q) {
        if (fd >= 0) close(fd);
        close(file);
        return net_failed(k, c, bad ? bad : ENOMEM, "connect");
    }
    *q = (knock){.w.drop = knock_drop, .n = k, .fd = fd, .file = file};
    strcpy(q->name, p->name);
    int error = try(q);
    amb_status s;
    if (error != EAGAIN) {
        s = knocked(q, c, error, ret);
    } else {
        s = k->h->timer(k->hctx, AGAIN_NS, again, q, &q->timer);
        s = s == AMB_OK ? net_pend(k, c, &q->w) : s == AMB_E_NOMEM ? s : k->h->fail(c, s, 0, "cannot wait here");
    }
    if (s != AMB_PENDING) knock_end(q);
    return s;
}

NET_OP(net_unix_listen)
{
    (void)n;
    net *k = inst;
    const place *p = self;
    struct sockaddr_un s = {.sun_family = AF_UNIX};
    if (snprintf(s.sun_path, sizeof s.sun_path, "/proc/self/fd/%d/%s", p->dir, p->name) >= (int)sizeof s.sun_path)
        return net_failed(k, c, ENAMETOOLONG, "listen");
    int fd = new_socket();
    if (fd < 0) return net_failed(k, c, errno, "listen");
    int dir = -1;
    if (bind(fd, (struct sockaddr *)&s, sizeof s) || listen(fd, net_backlog(&a[0])) ||
        (dir = fcntl(p->dir, F_DUPFD_CLOEXEC, 0)) < 0) {
        int e = errno;
        close(fd);
        return net_failed(k, c, e, "listen");
    }
    return net_listener_answer(k, c, fd, dir, p->name, p->name, ret);
}
