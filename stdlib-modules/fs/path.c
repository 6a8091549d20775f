/* SPDX-License-Identifier: MIT */
/* Paths beneath a directory.
 *
 * The kernel of the operating system does the confinement: openat2 with RESOLVE_BENEATH
 * refuses every step that would leave the directory, symbolic links and concurrent
 * renames included. Nothing here ever compares path texts. Operations on names (remove,
 * rename) resolve the parent that way and hand the last part alone to the *at call. */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fs.h"

#ifndef RESOLVE_CACHED
#define RESOLVE_CACHED 0x20
#endif

int fs_cstring(fs_path out, const amb_arg *a)
{
    if (a->len >= PATH_MAX) return -ENAMETOOLONG;
    if (a->len && memchr(a->v.p, 0, a->len)) return -EINVAL;
    if (a->len) memcpy(out, a->v.p, a->len);
    out[a->len] = 0;
    return 0;
}

static long open_beneath(int dir, const char *path, int flags, mode_t mode,
                         uint64_t resolve)
{
    struct open_how how = {
        .flags = (uint64_t)(unsigned)(flags | O_CLOEXEC),
        .mode = flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE ? mode : 0,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | resolve,
    };
    return syscall(SYS_openat2, dir, path, &how, sizeof how);
}

int fs_beneath(int dir, const char *path, int flags, mode_t mode)
{
    /* EAGAIN: a rename went on somewhere while `..` was resolved. */
    for (int tries = 0; tries < 64; tries++) {
        long fd = open_beneath(dir, path, flags, mode, 0);
        if (fd >= 0) return (int)fd;
        if (errno != EAGAIN && errno != EINTR) return -errno;
    }
    return -EBUSY;
}

int fs_beneath_known(int dir, const char *path, int flags)
{
    long fd = open_beneath(dir, path, flags, 0, RESOLVE_CACHED);
    if (fd >= 0) return (int)fd;
    /* EINVAL: a kernel before 5.12, or a name that is refused anyhow. */
    return errno == EINVAL || errno == EINTR ? -EAGAIN : -errno;
}

int fs_parent(int dir, const char *path, const char **last)
{
    size_t n = strlen(path);
    while (n > 1 && path[n - 1] == '/') n--;
    size_t cut = n;
    while (cut > 0 && path[cut - 1] != '/') cut--;
    const char *name = path + cut;
    size_t len = n - cut;
    if (n == 0) return -ENOENT;
    if (path[n] != 0) return -EINVAL; /* a trailing slash */
    if (len == 0 || strcmp(name, ".") == 0) return -EINVAL;
    if (strcmp(name, "..") == 0) return -EXDEV;
    fs_path parent;
    if (cut == 0) {
        strcpy(parent, ".");
    } else {
        memcpy(parent, path, cut);
        parent[cut] = 0;
    }
    *last = name;
    return fs_beneath(dir, parent, O_PATH | O_DIRECTORY, 0);
}

int fs_regular(int dir, const char *path, int flags, mode_t mode, bool wait)
{
    /* O_NONBLOCK: opening a pipe must not wait for its other end. It means nothing to a
     * regular file. */
    flags |= O_NONBLOCK | O_NOCTTY;
    int fd = wait ? fs_beneath(dir, path, flags, mode) : fs_beneath_known(dir, path, flags);
    if (fd < 0) return fd;
    struct stat st;
    int bad = fstat(fd, &st) ? -errno : S_ISDIR(st.st_mode) ? -EISDIR
              : !S_ISREG(st.st_mode)                        ? -ENXIO
                                                            : 0;
    if (bad) close(fd);
    return bad ? bad : fd;
}

amb_status fs_copy_failed(const fs *f, amb_call *c, int e, const char *to)
{
    char what[160];
    if (snprintf(what, sizeof what, "copy to %s", to) >= (int)sizeof what) return fs_failed(f, c, e, "copy");
    return fs_failed(f, c, e, what);
}

amb_status fs_failed(const fs *f, amb_call *c, int e, const char *what)
{
    switch (-e) {
    case EAGAIN:
        if (!f->h->may_block(c)) return AMB_WOULD_BLOCK;
        break;
    case EXDEV:
        return f->h->fail(c, AMB_E_RIGHTS, EXDEV,
                          "%s: the path leads outside the directory", what);
    case ENOMEM: return AMB_E_NOMEM;
    case ECANCELED:
    case EINTR: return AMB_E_CANCELED;
    case ENOSYS:
        return f->h->fail(c, AMB_E_NOSYS, ENOSYS, "%s: this system has no openat2", what);
    case ENXIO: return f->h->fail(c, AMB_E_IO, ENXIO, "%s: not a regular file", what);
    case EINVAL: return f->h->fail(c, AMB_E_IO, EINVAL, "%s: not a usable name", what);
    default: break;
    }
    return f->h->fail(c, AMB_E_IO, -e, "%s: %s", what, strerror(-e));
}
