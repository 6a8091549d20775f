/* SPDX-License-Identifier: MIT */
/* Open files: positioned reads and writes, and what is made of them. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fs.h"

amb_status fs_file_answer(fs *f, amb_call *c, int fd, int mode, const char *label,
                          amb_arg *ret)
{
    fs_file *r = malloc(sizeof *r);
    if (!r) {
        close(fd);
        return AMB_E_NOMEM;
    }
    *r = (fs_file){.fd = fd, .append = mode & FS_APPENDING, .fresh = mode & FS_FRESH,
                   .stream = lseek(fd, 0, SEEK_CUR) < 0};
    amb_status st = f->h->res_new(c, FS_RES_FILE, r, ~(amb_rights)0, label, ret, NULL);
    if (st != AMB_OK) fs_file_close(f, r);
    return st;
}

void fs_file_close(void *inst, void *res)
{
    (void)inst;
    fs_file *r = res;
    close(r->fd);
    free(r);
}

int fs_file_getfd(void *inst, void *res)
{
    (void)inst;
    return ((fs_file *)res)->fd;
}

/* fs.file(path): the rights that were granted decide how it is opened. */
FS_OP(fs_file_new)
{
    (void)self, (void)n;
    fs *f = inst;
    fs_path path;
    int bad = fs_cstring(path, &a[0]);
    if (bad) return fs_failed(f, c, bad, "open");
    amb_rights rights = a[1].v.u;
    bool in = rights & FS_READ, out = rights & (FS_WRITE | FS_APPEND | FS_CREATE);
    int flags = in && (rights & FS_WRITE) ? O_RDWR
                : in && out               ? O_RDWR
                : out                     ? O_WRONLY
                                          : O_RDONLY;
    if (out) flags |= O_CREAT;
    bool only_new = out && !(rights & (FS_WRITE | FS_APPEND));
    if (only_new) flags |= O_EXCL;
    bool append = out && !(rights & FS_WRITE) && !only_new;
    if (append) flags |= O_APPEND;
    int fd;
    do fd = open(path, flags | O_CLOEXEC | O_NOCTTY, 0666);
    while (fd < 0 && errno == EINTR);
    if (fd < 0) return fs_failed(f, c, -errno, "open");
    struct stat st;
    if (fstat(fd, &st) || S_ISDIR(st.st_mode)) {
        close(fd);
        return fs_failed(f, c, -EISDIR, "open");
    }
    int mode = append ? FS_APPENDING : out && !in && S_ISREG(st.st_mode) ? FS_FRESH : 0;
    return fs_file_answer(f, c, fd, mode, path, ret);
}

FS_OP(fs_file_read)
{
    (void)n;
    fs_file *r = self;
    size_t want = a[0].len;
    ssize_t k;
    do k = r->stream ? read(r->fd, a[0].v.w, want) : pread(r->fd, a[0].v.w, want, r->pos);
    while (k < 0 && errno == EINTR && !r->stream);
    if (k < 0) return fs_failed(inst, c, -errno, "read");
    if (!r->stream) r->pos += k;
    *ret = (amb_arg){.type = AMB_T_I64, .v.i = k};
    return AMB_OK;
}

static int make_fresh(fs_file *r)
{
    if (!r->fresh) return 0;
    if (ftruncate(r->fd, 0)) return -errno;
    r->fresh = false;
    return 0;
}

FS_OP(fs_file_write)
{
    (void)n;
    fs_file *r = self;
    int bad = make_fresh(r);
    if (bad) return fs_failed(inst, c, bad, "write");
    ssize_t k = r->stream || r->append ? write(r->fd, a[0].v.p, a[0].len)
                                       : pwrite(r->fd, a[0].v.p, a[0].len, r->pos);
    if (k < 0) return fs_failed(inst, c, -errno, "write");
    if (!r->stream && !r->append) r->pos += k;
    *ret = (amb_arg){.type = AMB_T_I64, .v.i = k};
    return AMB_OK;
}

FS_OP(fs_file_read_at)
{
    (void)n;
    fs *f = inst;
    fs_file *r = self;
    if (a[0].v.i < 0 || a[1].v.i < 0 || a[1].v.i > (int64_t)AMB_TRANSFER_MAX)
        return f->h->fail(c, AMB_E_ARG, 0,
                          "read_at: offset and count must not be negative, and "
                          "the count at most 1 GiB");
    size_t want = (size_t)a[1].v.i, got = 0;
    struct stat st;
    if (fstat(r->fd, &st) == 0 && S_ISREG(st.st_mode)) {
        int64_t left = st.st_size > a[0].v.i ? st.st_size - a[0].v.i : 0;
        if ((int64_t)want > left) want = (size_t)left;
    }
    char *p = f->h->alloc(c, want ? want : 1);
    if (!p) return AMB_E_NOMEM;
    while (got < want) {
        ssize_t k = pread(r->fd, p + got, want - got, a[0].v.i + (int64_t)got);
        if (k < 0 && errno == EINTR) continue;
        if (k < 0) return fs_failed(f, c, -errno, "read_at");
        if (k == 0) break;
        got += (size_t)k;
    }
    *ret = (amb_arg){.type = AMB_T_BYTES, .len = (uint32_t)got, .v.p = p};
    return AMB_OK;
}

FS_OP(fs_file_write_at)
{
    (void)n;
    fs *f = inst;
    fs_file *r = self;
    if (a[0].v.i < 0)
        return f->h->fail(c, AMB_E_ARG, 0, "write_at: the offset must not be negative");
    if (a[1].type != AMB_T_STR && a[1].type != AMB_T_BYTES)
        return f->h->fail(c, AMB_E_ARG, 0, "write_at: data must be a string or bytes");
    r->fresh = false;
    for (size_t done = 0; done < a[1].len;) {
        ssize_t k = pwrite(r->fd, (const char *)a[1].v.p + done, a[1].len - done,
                           a[0].v.i + (int64_t)done);
        if (k < 0 && errno == EINTR) continue;
        if (k < 0) return fs_failed(f, c, -errno, "write_at");
        done += (size_t)k;
    }
    *ret = (amb_arg){.type = AMB_T_I64, .v.i = a[1].len};
    return AMB_OK;
}

/* Replaces the whole content. */
FS_OP(fs_file_write_text)
{
    (void)n, (void)ret;
    fs_file *r = self;
    if (a[0].type != AMB_T_STR && a[0].type != AMB_T_BYTES)
        return ((fs *)inst)->h->fail(c, AMB_E_ARG, 0, "expected a string or bytes");
    if (!r->stream) {
        if (ftruncate(r->fd, 0) || lseek(r->fd, 0, SEEK_SET) < 0)
            return fs_failed(inst, c, -errno, "write_text");
        r->fresh = false;
    }
    int bad = fs_write_whole(r->fd, a[0].v.p, a[0].len);
    if (bad) return fs_failed(inst, c, bad, "write_text");
    if (!r->stream) r->pos = a[0].len;
    return AMB_OK;
}

FS_OP(fs_file_seek)
{
    (void)n;
    fs *f = inst;
    fs_file *r = self;
    int64_t base = 0, at;
    const char *from = a[1].type == AMB_T_NIL ? "start" : a[1].v.p;
    uint32_t len = a[1].type == AMB_T_NIL ? 5 : a[1].len;
    if (r->stream) return fs_failed(f, c, -ESPIPE, "seek");
    if (len == 5 && memcmp(from, "start", 5) == 0) base = 0;
    else if (len == 4 && memcmp(from, "here", 4) == 0) base = r->pos;
    else if (len == 3 && memcmp(from, "end", 3) == 0) {
        struct stat st;
        if (fstat(r->fd, &st)) return fs_failed(f, c, -errno, "seek");
        base = st.st_size;
    } else {
        return f->h->fail(c, AMB_E_ARG, 0,
                          "seek: from is \"start\", \"here\" or \"end\"");
    }
    if (__builtin_add_overflow(base, a[0].v.i, &at) || at < 0)
        return f->h->fail(c, AMB_E_ARG, 0,
                          "seek: the new position would be before the start");
    r->pos = at;
    *ret = (amb_arg){.type = AMB_T_I64, .v.i = at};
    return AMB_OK;
}

FS_OP(fs_file_tell)
{
    (void)inst, (void)c, (void)a, (void)n;
    *ret = (amb_arg){.type = AMB_T_I64, .v.i = ((fs_file *)self)->pos};
    return AMB_OK;
}

FS_OP(fs_file_truncate)
{
    (void)n, (void)ret;
    fs *f = inst;
    fs_file *r = self;
    int64_t size = a[0].type == AMB_T_NIL ? 0 : a[0].v.i;
    if (size < 0)
        return f->h->fail(c, AMB_E_ARG, 0, "truncate: the size must not be negative");
    r->fresh = false;
    if (ftruncate(r->fd, size)) return fs_failed(f, c, -errno, "truncate");
    return AMB_OK;
}

FS_OP(fs_file_sync)
{
    (void)a, (void)n, (void)ret;
    if (fsync(((fs_file *)self)->fd) && errno != EINVAL)
        return fs_failed(inst, c, -errno, "sync");
    return AMB_OK;
}

/* Nothing is held back here; streams agree in having it. */
FS_OP(fs_file_flush)
{
    (void)inst, (void)c, (void)self, (void)a, (void)n, (void)ret;
    return AMB_OK;
}

FS_OP(fs_file_stat)
{
    (void)a, (void)n;
    struct stat st;
    if (fstat(((fs_file *)self)->fd, &st)) return fs_failed(inst, c, -errno, "stat");
    return fs_entry_tree(inst, c, "", &st, ret);
}

/* --- whole files, for the directory's operations ------------------------------------ */

amb_status fs_read_whole(const fs *f, amb_call *c, int fd, uint8_t type, amb_arg *ret)
{
    struct stat st;
    if (fstat(fd, &st)) return fs_failed(f, c, -errno, "read");
    if (st.st_size > (int64_t)AMB_TRANSFER_MAX) return fs_failed(f, c, -EFBIG, "read");
    /* The size is a hint: some files (in /proc) say 0, others grow while being read. */
    size_t cap = (size_t)st.st_size + 1, got = 0;
    if (st.st_size == 0) cap = 4096;
    char *p = f->h->alloc(c, cap);
    if (!p) return AMB_E_NOMEM;
    for (;;) {
        if (got == cap) {
            if (cap > AMB_TRANSFER_MAX / 2) return fs_failed(f, c, -EFBIG, "read");
            char *q = f->h->alloc(c, cap * 2);
            if (!q) return AMB_E_NOMEM;
            memcpy(q, p, got);
            p = q;
            cap *= 2;
        }
        ssize_t k = read(fd, p + got, cap - got);
        if (k < 0 && errno == EINTR) continue;
        if (k < 0) return fs_failed(f, c, -errno, "read");
        if (k == 0) break;
        got += (size_t)k;
    }
    *ret = (amb_arg){.type = type, .len = (uint32_t)got, .v.p = p};
    return AMB_OK;
}

int fs_write_whole(int fd, const void *p, size_t n)
{
    for (size_t done = 0; done < n;) {
        ssize_t k = write(fd, (const char *)p + done, n - done);
        if (k < 0 && errno == EINTR) continue;
        if (k < 0) return -errno;
        done += (size_t)k;
    }
    return 0;
}
