/* SPDX-License-Identifier: MIT */
/* Whole trees: removing and copying a directory with what it contains.
 *
 * Every step takes one name beneath an open directory and follows no link, so nothing that
 * somebody puts in the way meanwhile leads elsewhere. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fs.h"

static bool dots(const char *name)
{
    return name[0] == '.' && (name[1] == 0 || (name[1] == '.' && name[2] == 0));
}

/* --- removing ----------------------------------------------------------------------- */

/* Descriptors in use at a time: what lies deeper is moved up to the top and removed from
 * there. */
#define REMOVE_DEPTH 24

typedef struct remover {
    int top;
    bool force, moved;
    unsigned serial;
} remover;

static int open_dir(int parent, const char *name, bool force)
{
    int flags = O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    int fd = openat(parent, name, O_RDONLY | flags);
    if (fd < 0 && errno == EACCES && force) {
        char self[40];
        int path = openat(parent, name, O_PATH | flags);
        if (path < 0) return -errno;
        snprintf(self, sizeof self, "/proc/self/fd/%d", path);
        if (chmod(self, 0700) == 0) fd = openat(parent, name, O_RDONLY | flags);
        int e = errno;
        close(path);
        errno = e;
    }
    if (fd < 0) return -errno;
    struct stat st;
    if (force && fstat(fd, &st) == 0 && (st.st_mode & 0700) != 0700) (void)!fchmod(fd, 0700);
    return fd;
}

static int to_the_top(remover *r, int fd, const char *name)
{
    char fresh[40];
    for (;;) {
        snprintf(fresh, sizeof fresh, ".ambit-remove.%u", r->serial++);
        if (renameat2(fd, name, r->top, fresh, RENAME_NOREPLACE) == 0) {
            r->moved = true;
            return 0;
        }
        if (errno != EEXIST) return errno == ENOENT ? 0 : -errno;
    }
}

/* Takes fd. */
static int empty(remover *r, int fd, int depth)
{
    DIR *d = fdopendir(fd);
    if (!d) {
        close(fd);
        return -ENOMEM;
    }
    int bad = 0;
    for (struct dirent *e; !bad && (e = readdir(d));) {
        if (dots(e->d_name) || unlinkat(fd, e->d_name, 0) == 0 || errno == ENOENT) continue;
        int refused = errno;
        if (refused != EISDIR && refused != EPERM) {
            bad = -refused;
        } else if (depth == REMOVE_DEPTH) {
            bad = to_the_top(r, fd, e->d_name);
        } else {
            int sub = open_dir(fd, e->d_name, r->force);
            if (sub < 0) {
                bad = sub == -ENOTDIR ? -refused : sub == -ENOENT ? 0 : sub;
                continue;
            }
            bad = empty(r, sub, depth + 1);
            if (!bad && unlinkat(fd, e->d_name, AT_REMOVEDIR) && errno != ENOENT) bad = -errno;
        }
    }
    closedir(d);
    return bad;
}

int fs_remove_tree(int parent, const char *name, bool force)
{
    if (unlinkat(parent, name, 0) == 0) return 0;
    int refused = errno;
    if (refused != EISDIR && refused != EPERM) return -refused;
    remover r = {.force = force};
    r.top = open_dir(parent, name, force);
    if (r.top < 0) return r.top == -ENOTDIR ? -refused : r.top;
    int bad = 0;
    do {
        r.moved = false;
        int fd = openat(r.top, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        bad = fd < 0 ? -errno : empty(&r, fd, 0);
    } while (!bad && r.moved);
    close(r.top);
    if (!bad && unlinkat(parent, name, AT_REMOVEDIR)) bad = -errno;
    return bad;
}

/* --- copying ------------------------------------------------------------------------ */

#define COPY_DEPTH 128 /* two descriptors each */
#define SMALL (128 << 10) /* read and written; the longer ones are left to the system */

static bool canceled(const fs *f, amb_call *c)
{
    return f->h->canceled(f->hctx, f->h->ticket(c));
}

static int by_hand(const fs *f, amb_call *c, int in, int out, char *block, size_t size)
{
    for (;;) {
        ssize_t k = read(in, block, size);
        if (k < 0 && errno == EINTR) continue;
        if (k < 0) return -errno;
        if (k == 0) return 0;
        int bad = fs_write_whole(out, block, (size_t)k);
        if (bad) return bad;
        if ((size_t)k == size && canceled(f, c)) return -ECANCELED;
    }
}

static int copy_content(const fs *f, amb_call *c, int in, int out, const struct stat *st,
                        char *block)
{
    if (st->st_size <= SMALL) return by_hand(f, c, in, out, block, SMALL);
    for (;;) {
        ssize_t k = copy_file_range(in, NULL, out, NULL, 64 << 20, 0);
        if (k == 0) return 0;
        if (k < 0 && errno == EINTR) continue;
        if (k < 0) return by_hand(f, c, in, out, block, SMALL); /* not between these two */
        if (canceled(f, c)) return -ECANCELED;
    }
}

int fs_copy_file(const fs *f, amb_call *c, int in, int out, const struct stat *st)
{
    char *block = malloc(SMALL);
    if (!block) return -ENOMEM;
    int bad = copy_content(f, c, in, out, st, block);
    free(block);
    return bad;
}

typedef struct copier {
    const fs *f;
    amb_call *c;
    char *block;
    dev_t dev; /* the new directory: must not be copied into itself */
    ino_t ino;
    unsigned count;
} copier;

static int copy_one(copier *k, int from, int into, const char *name)
{
    struct stat st;
    int in = openat(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (in < 0) return -errno;
    int bad = fstat(in, &st) ? -errno : S_ISREG(st.st_mode) ? 0 : -ENXIO, out = -1;
    if (!bad) {
        out = openat(into, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                     st.st_mode & 0777);
        if (out < 0) bad = -errno;
    }
    if (!bad) bad = copy_content(k->f, k->c, in, out, &st, k->block);
    close(in);
    if (out >= 0 && close(out) && !bad) bad = -errno;
    if (bad && out >= 0) unlinkat(into, name, 0);
    return bad;
}

static int copy_link(int from, int into, const char *name)
{
    fs_path text;
    ssize_t n = readlinkat(from, name, text, sizeof text);
    /* EINVAL: it became something else since it was listed, so that link is gone. */
    if (n < 0) return errno == EINVAL ? -ENOENT : -errno;
    if (n == (ssize_t)sizeof text) return -ENAMETOOLONG;
    text[n] = 0;
    return symlinkat(text, into, name) ? -errno : 0;
}

static int copy_dir(copier *k, int from, int into, int depth);

static int copy_sub(copier *k, int from, int into, const char *name, int depth)
{
    if (depth == COPY_DEPTH) return -ELOOP;
    int fd = openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) return -errno;
    struct stat st;
    int bad = fstat(fd, &st) ? -errno : 0, out = -1;
    if (!bad && st.st_dev == k->dev && st.st_ino == k->ino) bad = -EINVAL;
    if (!bad && mkdirat(into, name, (st.st_mode & 0777) | 0700)) bad = -errno;
    if (!bad) {
        out = openat(into, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (out < 0) bad = -errno;
    }
    if (bad) close(fd);
    else bad = copy_dir(k, fd, out, depth + 1);
    if (out >= 0) close(out);
    return bad;
}

/* Takes from. */
static int copy_dir(copier *k, int from, int into, int depth)
{
    DIR *d = fdopendir(from);
    if (!d) {
        close(from);
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
        if (dots(e->d_name)) continue;
        if (k->count++ % 64 == 0 && canceled(k->f, k->c)) {
            bad = -ECANCELED;
            break;
        }
        unsigned char type = e->d_type;
        struct stat st;
        if (type == DT_UNKNOWN && fstatat(from, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0)
            type = (unsigned char)IFTODT(st.st_mode);
        bad = type == DT_DIR   ? copy_sub(k, from, into, e->d_name, depth)
              : type == DT_LNK ? copy_link(from, into, e->d_name)
              : type == DT_REG ? copy_one(k, from, into, e->d_name)
                               : -ENXIO;
        /* What went away meanwhile is not missing in a copy. */
        if (bad == -ENOENT && faccessat(from, e->d_name, F_OK, AT_SYMLINK_NOFOLLOW))
            bad = 0;
    }
    closedir(d);
    return bad;
}

int fs_copy_tree(const fs *f, amb_call *c, int dir, const char *from, int into,
                 const char *to)
{
    int fd = fs_beneath(dir, from, O_RDONLY | O_DIRECTORY, 0), out = -1;
    if (fd < 0) return fd;
    const char *last;
    struct stat st;
    copier k = {.f = f, .c = c, .block = malloc(SMALL)};
    int parent = fs_parent(into, to, &last), bad = parent < 0 ? parent : 0;
    if (!k.block) bad = -ENOMEM;
    if (!bad && fstat(fd, &st)) bad = -errno;
    if (!bad && mkdirat(parent, last, (st.st_mode & 0777) | 0700)) bad = -errno;
    if (!bad) {
        out = openat(parent, last, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (out < 0 || fstat(out, &st)) bad = -errno;
    }
    if (bad) {
        close(fd);
    } else {
        k.dev = st.st_dev;
        k.ino = st.st_ino;
        bad = copy_dir(&k, fd, out, 0);
    }
    if (out >= 0) close(out);
    if (parent >= 0) close(parent);
    free(k.block);
    return bad;
}
