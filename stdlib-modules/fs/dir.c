/* SPDX-License-Identifier: MIT */
/* Directories: everything a `dir` capability can do. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "fs.h"

static int dirfd_of(void *self) { return ((fs_dir *)self)->fd; }

/* --- constructors ------------------------------------------------------------------- */

static amb_status dir_answer(fs *f, amb_call *c, int fd, bool scratch, const char *label,
                             amb_arg *ret)
{
    fs_dir *d = malloc(sizeof *d);
    if (!d) {
        close(fd);
        return AMB_E_NOMEM;
    }
    *d = (fs_dir){fd, scratch};
    amb_status st = f->h->res_new(c, FS_RES_DIR, d, ~(amb_rights)0, label, ret, NULL);
    if (st != AMB_OK) fs_dir_close(f, d);
    return st;
}

void fs_dir_close(void *inst, void *res)
{
    (void)inst;
    close(dirfd_of(res));
    free(res);
}

/* For the host, which shows where a directory leads; never for scripts or providers. */
int fs_dir_getfd(void *inst, void *res)
{
    (void)inst;
    return dirfd_of(res);
}

/* fs.dir(path). With the right to create, the directory itself is made if it is missing.
 */
FS_OP(fs_dir_new)
{
    (void)self, (void)n;
    fs *f = inst;
    PATH_ARG(path, 0, "open");
    int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT && (a[1].v.u & FS_CREATE)) {
        if (mkdir(path, 0777) && errno != EEXIST) return fs_failed(f, c, -errno, "mkdir");
        fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    }
    if (fd < 0) return fs_failed(f, c, -errno, "open");
    return dir_answer(f, c, fd, false, path, ret);
}

/* What fs.temp() made: a name beneath a directory, and which directory it must still be when it
 * is removed. */
typedef struct fs_scratch {
    struct fs_scratch *next;
    int base;
    dev_t dev;
    ino_t ino;
    char name[24];
} fs_scratch;

/* fs.temp(): a private directory, removed with all it contains when the provider stops.
 */
FS_OP(fs_temp_new)
{
    (void)self, (void)a, (void)n;
    fs *f = inst;
    const char *where = getenv("TMPDIR");
    if (!where || !*where) where = "/tmp";
    fs_scratch *s = calloc(1, sizeof *s);
    if (!s) return AMB_E_NOMEM;
    int fd = -1, bad = 0;
    struct stat st;
    s->base = open(where, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (s->base < 0) bad = -errno;
    for (int tries = 0; !bad; tries++) {
        uint64_t r;
        if (getrandom(&r, sizeof r, 0) != sizeof r) bad = -EIO;
        snprintf(s->name, sizeof s->name, "ambit-%016llx", (unsigned long long)r);
        if (mkdirat(s->base, s->name, 0700) == 0) break;
        if (errno != EEXIST || tries > 100) bad = -errno;
    }
    if (!bad) {
        fd = openat(s->base, s->name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &st)) bad = -errno;
    }
    if (bad) {
        if (s->base >= 0) close(s->base);
        if (fd >= 0) close(fd);
        free(s);
        return fs_failed(f, c, bad, "temp");
    }
    s->dev = st.st_dev;
    s->ino = st.st_ino;
    s->next = f->scratch;
    f->scratch = s;
    return dir_answer(f, c, fd, true, "temp", ret);
}

void fs_scratch_free(fs *f)
{
    for (fs_scratch *s = f->scratch; s;) {
        fs_scratch *next = s->next;
        struct stat st;
        if (fstatat(s->base, s->name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
            st.st_dev == s->dev && st.st_ino == s->ino)
            fs_remove_tree(s->base, s->name, true);
        close(s->base);
        free(s);
        s = next;
    }
    f->scratch = NULL;
}

/* Resolves a path without waiting for the disk, or with it where that is fine. */
static int look(const fs *f, amb_call *c, void *self, const char *path, int flags)
{
    return f->h->may_block(c) ? fs_beneath(dirfd_of(self), path, flags, 0)
                              : fs_beneath_known(dirfd_of(self), path, flags);
}

/* --- opening ------------------------------------------------------------------------ */

FS_OP(fs_dir_open)
{
    (void)n;
    fs *f = inst;
    PATH_ARG(path, 0, "open");
    int fd = fs_regular(dirfd_of(self), path, O_RDONLY, 0, f->h->may_block(c));
    if (fd < 0) return fs_failed(f, c, fd, "open");
    return fs_file_answer(f, c, fd, 0, path, ret);
}

FS_OP(fs_dir_create)
{
    (void)n;
    fs *f = inst;
    PATH_ARG(path, 0, "create");
    int fd = fs_regular(dirfd_of(self), path, O_RDWR | O_CREAT | O_EXCL, 0666, true);
    if (fd < 0) return fs_failed(f, c, fd, "create");
    return fs_file_answer(f, c, fd, 0, path, ret);
}

FS_OP(fs_dir_append)
{
    (void)n;
    fs *f = inst;
    PATH_ARG(path, 0, "append");
    int fd = fs_regular(dirfd_of(self), path, O_WRONLY | O_CREAT | O_APPEND, 0666,
                        true);
    if (fd < 0) return fs_failed(f, c, fd, "append");
    return fs_file_answer(f, c, fd, FS_APPENDING, path, ret);
}

FS_OP(fs_dir_edit)
{
    (void)n;
    fs *f = inst;
    PATH_ARG(path, 0, "edit");
    int fd = fs_regular(dirfd_of(self), path, O_RDWR, 0, f->h->may_block(c));
    if (fd < 0) return fs_failed(f, c, fd, "edit");
    return fs_file_answer(f, c, fd, 0, path, ret);
}

FS_OP(fs_dir_sub)
{
    (void)n;
    fs *f = inst;
    PATH_ARG(path, 0, "sub");
    int fd = look(f, c, self, path, O_PATH | O_DIRECTORY);
    if (fd < 0) return fs_failed(f, c, fd, "sub");
    return dir_answer(f, c, fd, ((fs_dir *)self)->scratch, path, ret);
}

/* A file without a name, gone when it is closed. */
FS_OP(fs_dir_temp)
{
    (void)a, (void)n;
    fs *f = inst;
    int fd = fs_beneath(dirfd_of(self), ".", O_RDWR | O_TMPFILE, 0600);
    if (fd < 0) return fs_failed(f, c, fd, "temp");
    return fs_file_answer(f, c, fd, 0, "temp", ret);
}

/* --- whole files -------------------------------------------------------------------- */

static amb_status read_all(fs *f, amb_call *c, void *self, const amb_arg *a, uint8_t type,
                           amb_arg *ret)
{
    PATH_ARG(path, 0, "read");
    int fd = fs_regular(dirfd_of(self), path, O_RDONLY, 0, f->h->may_block(c));
    if (fd < 0) return fs_failed(f, c, fd, "read");
    amb_status st = fs_read_whole(f, c, fd, type, ret);
    close(fd);
    return st;
}

FS_OP(fs_dir_read_text)
{
    (void)n;
    return read_all(inst, c, self, a, AMB_T_STR, ret);
}

FS_OP(fs_dir_read_bytes)
{
    (void)n;
    return read_all(inst, c, self, a, AMB_T_BYTES, ret);
}

/* A file under a name nobody uses, beside the target. */
static int scratch_file(int parent, char name[64], mode_t mode)
{
    for (int tries = 0; tries < 100; tries++) {
        uint64_t r;
        if (getrandom(&r, sizeof r, 0) != sizeof r) return -EIO;
        snprintf(name, 64, ".ambit.%016llx", (unsigned long long)r);
        int fd = openat(parent, name,
                        O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
        if (fd >= 0 || errno != EEXIST) return fd >= 0 ? fd : -errno;
    }
    return -EEXIST;
}

/* write_text, write_bytes: readers see the old content or the new, never a part. */
FS_OP(fs_dir_write)
{
    (void)n, (void)ret;
    fs *f = inst;
    PATH_ARG(path, 0, "write");
    const char *last;
    int parent = fs_parent(dirfd_of(self), path, &last);
    if (parent < 0) return fs_failed(f, c, parent, "write");
    struct stat st;
    bool exists = fstatat(parent, last, &st, AT_SYMLINK_NOFOLLOW) == 0;
    int bad = 0;
    char scratch[64];
    if (exists && S_ISDIR(st.st_mode)) bad = -EISDIR;
    else if (exists && !S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode)) bad = -ENXIO;
    if (!bad) {
        int fd = scratch_file(parent, scratch, 0666);
        if (fd < 0) bad = fd;
        else {
            bad = fs_write_whole(fd, a[1].v.p, a[1].len);
            if (!bad && exists && S_ISREG(st.st_mode))
                (void)!fchmod(fd, st.st_mode & 0777);
            /* The name must not lead to content that a power failure could take back. */
            if (!bad && !((fs_dir *)self)->scratch && fsync(fd) && errno != EINVAL)
                bad = -errno;
            if (close(fd) && !bad) bad = -errno;
            if (!bad && renameat(parent, scratch, parent, last)) bad = -errno;
            if (bad) unlinkat(parent, scratch, 0);
        }
    }
    close(parent);
    return bad ? fs_failed(f, c, bad, "write") : AMB_OK;
}

static amb_status copy(fs *f, amb_call *c, int dir, const char *from, int into,
                       const char *to, bool tree)
{
    int in = fs_regular(dir, from, O_RDONLY, 0, true);
    if (in == -EISDIR && tree) {
        int bad = fs_copy_tree(f, c, dir, from, into, to);
        return bad ? fs_copy_failed(f, c, bad, to) : AMB_OK;
    }
    if (in < 0) return fs_failed(f, c, in, "copy");
    struct stat st;
    int bad = fstat(in, &st) ? -errno : 0, out = -1;
    if (!bad) {
        out = fs_regular(into, to, O_WRONLY | O_CREAT | O_EXCL, st.st_mode & 0777, true);
        if (out < 0) bad = out;
    }
    if (!bad) bad = fs_copy_file(f, c, in, out, &st);
    close(in);
    if (out >= 0 && close(out) && !bad) bad = -errno;
    if (bad && out >= 0) {
        const char *last;
        int parent = fs_parent(into, to, &last);
        if (parent >= 0) {
            unlinkat(parent, last, 0);
            close(parent);
        }
    }
    return bad ? fs_copy_failed(f, c, bad, to) : AMB_OK;
}

FS_OP(fs_dir_copy)
{
    (void)n, (void)ret;
    fs *f = inst;
    PATH_ARG(from, 0, "copy");
    PATH_ARG(to, 1, "copy");
    return copy(f, c, dirfd_of(self), from, dirfd_of(self), to, fs_flag(&a[2]));
}

FS_OP(fs_dir_copy_to)
{
    (void)n, (void)ret;
    fs *f = inst;
    PATH_ARG(from, 1, "copy_to");
    PATH_ARG(to, a[2].type == AMB_T_NIL ? 1 : 2, "copy_to");
    return copy(f, c, dirfd_of(self), from, dirfd_of(a[0].v.res), to, fs_flag(&a[3]));
}

/* --- names -------------------------------------------------------------------------- */

FS_OP(fs_dir_mkdir)
{
    (void)n, (void)ret;
    fs *f = inst;
    PATH_ARG(path, 0, "mkdir");
    bool parents = a[1].type == AMB_T_BOOL && a[1].v.i;
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/') path[--len] = 0;
    if (parents)
        for (char *p = path + 1; *p; p++) {
            if (*p != '/' || p[-1] == '/') continue;
            *p = 0;
            const char *last;
            int parent = fs_parent(dirfd_of(self), path, &last);
            if (parent >= 0) {
                int made = mkdirat(parent, last, 0777) ? -errno : 0;
                close(parent);
                if (made && made != -EEXIST) return fs_failed(f, c, made, "mkdir");
            } else if (parent != -EINVAL) { /* "./a": the step "." is there already */
                return fs_failed(f, c, parent, "mkdir");
            }
            *p = '/';
        }
    const char *last;
    int parent = fs_parent(dirfd_of(self), path, &last);
    if (parent < 0) return fs_failed(f, c, parent, "mkdir");
    int bad = mkdirat(parent, last, 0777) ? -errno : 0;
    close(parent);
    if (bad == -EEXIST && parents) {
        int fd = fs_beneath(dirfd_of(self), path, O_PATH | O_DIRECTORY, 0);
        if (fd >= 0) {
            close(fd);
            return AMB_OK;
        }
    }
    return bad ? fs_failed(f, c, bad, "mkdir") : AMB_OK;
}

FS_OP(fs_dir_remove)
{
    (void)n, (void)ret;
    fs *f = inst;
    PATH_ARG(path, 0, "remove");
    const char *last;
    int parent = fs_parent(dirfd_of(self), path, &last);
    if (parent < 0) return fs_failed(f, c, parent, "remove");
    int bad;
    if (fs_flag(&a[1])) {
        bad = fs_remove_tree(parent, last, false);
    } else {
        bad = unlinkat(parent, last, 0) ? -errno : 0;
        if (bad == -EISDIR || bad == -EPERM) {
            if (unlinkat(parent, last, AT_REMOVEDIR) == 0) bad = 0;
            else if (errno != ENOTDIR) bad = -errno;
        }
    }
    close(parent);
    return bad ? fs_failed(f, c, bad, "remove") : AMB_OK;
}

static amb_status move(fs *f, amb_call *c, void *self, const amb_arg *a, bool replace)
{
    const char *what = replace ? "replace" : "rename", *last_from, *last_to;
    PATH_ARG(from, 0, what);
    PATH_ARG(to, 1, what);
    int old = fs_parent(dirfd_of(self), from, &last_from);
    if (old < 0) return fs_failed(f, c, old, what);
    int new = fs_parent(dirfd_of(self), to, &last_to);
    if (new < 0) {
        close(old);
        return fs_failed(f, c, new, what);
    }
    int bad = renameat2(old, last_from, new, last_to, replace ? 0 : RENAME_NOREPLACE)
                  ? -errno
                  : 0;
    close(old);
    close(new);
    /* Between two file systems beneath one directory: not an escape. */
    if (bad == -EXDEV)
        return f->h->fail(c, AMB_E_IO, EXDEV, "%s: not on the same file system", what);
    return bad ? fs_failed(f, c, bad, what) : AMB_OK;
}

FS_OP(fs_dir_rename)
{
    (void)n, (void)ret;
    return move(inst, c, self, a, false);
}

FS_OP(fs_dir_replace)
{
    (void)n, (void)ret;
    return move(inst, c, self, a, true);
}

/* --- looking ------------------------------------------------------------------------ */

FS_OP(fs_dir_stat)
{
    (void)n;
    fs *f = inst;
    PATH_ARG(path, 0, "stat");
    int fd = look(f, c, self, path, O_PATH);
    if (fd < 0) return fs_failed(f, c, fd, "stat");
    struct stat st;
    int bad = fstat(fd, &st) ? -errno : 0;
    close(fd);
    return bad ? fs_failed(f, c, bad, "stat") : fs_stat_tree(f, c, path, &st, ret);
}

/* Whatever the reason is for not reaching it, the answer is the same "no". */
FS_OP(fs_dir_exists)
{
    (void)n;
    fs_path path;
    int fd = fs_cstring(path, &a[0]);
    if (fd == 0) fd = look(inst, c, self, path, O_PATH);
    else fd = -ENOENT;
    if (fd == -EAGAIN) return AMB_WOULD_BLOCK;
    if (fd >= 0) close(fd);
    *ret = (amb_arg){.type = AMB_T_BOOL, .v.i = fd >= 0};
    return AMB_OK;
}

FS_OP(fs_dir_list)
{
    (void)n;
    fs *f = inst;
    OPTIONAL_PATH_ARG(path, 0, "list");
    fs_listing l = {0};
    int bad = fs_list(dirfd_of(self), path, true, &l);
    if (bad) return fs_failed(f, c, bad, "list");
    amb_status st = fs_listing_tree(f, c, l.v, l.n, ret);
    fs_listing_free(&l);
    return st;
}
