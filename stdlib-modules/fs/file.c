/* SPDX-License-Identifier: MIT */
/* Open files: positioned reads and writes, and what is made of them. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "fs.h"

/* --- life --------------------------------------------------------------------------- */

amb_status fs_file_answer(fs *f, amb_call *c, int fd, int mode, const char *label,
                          amb_arg *ret)
{
    fs_file *r = malloc(sizeof *r);
    if (!r) {
        close(fd);
        return AMB_E_NOMEM;
    }
    *r = (fs_file){.f = f, .fd = fd, .append = mode & FS_APPENDING,
                   .fresh = mode & FS_FRESH, .stream = lseek(fd, 0, SEEK_CUR) < 0};
    if (r->stream) (void)!fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    amb_status st = f->h->res_new(c, FS_RES_FILE, r, ~(amb_rights)0, label, ret, NULL);
    if (st != AMB_OK) fs_file_close(f, r);
    return st;
}

void fs_file_close(void *inst, void *res)
{
    fs *f = inst;
    fs_file *r = res;
    fs_wait_end(f, &r->wait);
    if (r->watch) f->h->unwatch(f->hctx, r->watch);
    if (r->timer) f->h->unwatch(f->hctx, r->timer);
    close(r->fd);
    free(r);
}

int fs_file_getfd(void *inst, void *res)
{
    (void)inst;
    return ((fs_file *)res)->fd;
}

/* Whoever may write a pipe waits for its reader, as a shell's redirection does. */
static int open_named(const char *path, int flags)
{
    int fd;
    do fd = open(path, flags | O_NONBLOCK, 0666);
    while (fd < 0 && errno == EINTR);
    if (fd < 0 && errno == ENXIO)
        do fd = open(path, flags, 0666);
        while (fd < 0 && errno == EINTR);
    return fd;
}

/* fs.file(path): the rights that were granted decide how it is opened. */
FS_OP(fs_file_new)
{
    (void)self, (void)n;
    fs *f = inst;
    PATH_ARG(path, 0, "open");
    amb_rights rights = a[1].v.u;
    bool in = rights & FS_READ, out = rights & (FS_WRITE | FS_APPEND | FS_CREATE);
    int flags = in && out ? O_RDWR : out ? O_WRONLY : O_RDONLY;
    if (out) flags |= O_CREAT;
    bool only_new = out && !(rights & (FS_WRITE | FS_APPEND));
    if (only_new) flags |= O_EXCL;
    bool append = out && !(rights & FS_WRITE) && !only_new;
    if (append) flags |= O_APPEND;
    int fd = open_named(path, flags | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) return fs_failed(f, c, -errno, "open");
    struct stat st;
    if (fstat(fd, &st) || S_ISDIR(st.st_mode)) {
        close(fd);
        return fs_failed(f, c, -EISDIR, "open");
    }
    int mode = append ? FS_APPENDING : out && !in && S_ISREG(st.st_mode) ? FS_FRESH : 0;
    return fs_file_answer(f, c, fd, mode, path, ret);
}

/* --- streams: pipes, terminals, sockets ---------------------------------------------- */

static ssize_t stream_try(fs_file *r, int what, void *p, size_t n)
{
    ssize_t k;
    do k = what == POLLIN ? read(r->fd, p, n) : write(r->fd, p, n);
    while (k < 0 && errno == EINTR);
    return k < 0 ? -errno : k;
}

static void stream_ready(void *ud, uint32_t events)
{
    (void)events;
    fs_file *r = ud;
    fs *f = r->f;
    struct pollfd pf = {.fd = r->fd, .events = (short)r->what};
    /* Somebody else may have been faster. */
    if (r->wait.t && poll(&pf, 1, 0) == 0) return;
    fs_pause(f, &r->watch);
    /* The buffer is only there while somebody waits for it. */
    amb_call *c = fs_wait_open(f, &r->wait);
    if (!c) return;
    ssize_t k = stream_try(r, r->what, r->buf, r->len);
    if (k == -EAGAIN) k = -EBUSY;
    amb_arg ret = {.type = k < 0 ? AMB_T_NIL : AMB_T_I64, .v.i = k < 0 ? 0 : k};
    const char *what = r->what == POLLIN ? "read" : "write";
    f->h->reply(c, k < 0 ? fs_failed(f, c, (int)k, what) : AMB_OK, &ret);
}

static amb_status stream_io(fs *f, amb_call *c, fs_file *r, int what, void *p, size_t n,
                            amb_arg *ret)
{
    ssize_t k;
    for (;;) {
        k = stream_try(r, what, p, n);
        if (k != -EAGAIN || !f->h->may_block(c)) break;
        struct pollfd pf = {.fd = r->fd, .events = (short)what};
        if (poll(&pf, 1, 100) < 0 && errno != EINTR) break;
        if (f->h->canceled(f->hctx, f->h->ticket(c))) return AMB_E_CANCELED;
    }
    if (k == -EAGAIN) {
        if (r->wait.t) return AMB_E_BUSY;
        /* The watch first: what has a ticket must wait for something. */
        amb_status st = fs_ready(f, &r->watch, r->fd, (uint32_t)what, stream_ready, r);
        if (st != AMB_OK) return st;
        amb_ticket t = f->h->pend(c);
        if (!t) {
            fs_pause(f, &r->watch);
            return AMB_WOULD_BLOCK;
        }
        r->what = what;
        r->buf = p;
        r->len = (uint32_t)n;
        fs_wait_begin(f, &r->wait, t);
        return AMB_PENDING;
    }
    const char *verb = what == POLLIN ? "read" : "write";
    if (k < 0) return fs_failed(f, c, (int)k, verb);
    *ret = (amb_arg){.type = AMB_T_I64, .v.i = k};
    return AMB_OK;
}

/* --- reading and writing -------------------------------------------------------------- */

/* Where the call may not wait, only what needs no waiting is done: -EAGAIN otherwise. *slow
 * remembers that the file system cannot tell. */
static ssize_t positioned(bool out, int fd, void *p, size_t n, int64_t at, bool wait,
                          bool *slow)
{
    ssize_t k;
    if (at > INT64_MAX - (int64_t)n) return -EFBIG; /* EINVAL, says the system */
    if (!wait) {
        if (*slow) return -EAGAIN;
        struct iovec v = {p, n};
        k = out ? pwritev2(fd, &v, 1, at, RWF_NOWAIT) : preadv2(fd, &v, 1, at, RWF_NOWAIT);
        if (k >= 0) return k;
        if (errno != EAGAIN) *slow = errno == EOPNOTSUPP || errno == ENOSYS;
        return *slow || errno == EINTR ? -EAGAIN : -errno;
    }
    do k = out ? pwrite(fd, p, n, at) : pread(fd, p, n, at);
    while (k < 0 && errno == EINTR);
    return k < 0 ? -errno : k;
}

FS_OP(fs_file_read)
{
    (void)n;
    fs *f = inst;
    fs_file *r = self;
    if (r->stream) return stream_io(f, c, r, POLLIN, a[0].v.w, a[0].len, ret);
    ssize_t k = positioned(false, r->fd, a[0].v.w, a[0].len, r->pos, f->h->may_block(c),
                           &r->slow_read);
    if (k < 0) return fs_failed(f, c, (int)k, "read");
    r->pos += k;
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
    fs *f = inst;
    fs_file *r = self;
    bool wait = f->h->may_block(c);
    if (r->stream) return stream_io(f, c, r, POLLOUT, (void *)a[0].v.p, a[0].len, ret);
    if (!wait && (r->fresh || r->append)) return AMB_WOULD_BLOCK;
    int bad = make_fresh(r);
    if (bad) return fs_failed(f, c, bad, "write");
    ssize_t k;
    if (r->append) {
        do k = write(r->fd, a[0].v.p, a[0].len);
        while (k < 0 && errno == EINTR);
        if (k < 0) k = -errno;
    } else {
        k = positioned(true, r->fd, (void *)a[0].v.p, a[0].len, r->pos, wait, &r->slow_write);
        if (k > 0) r->pos += k;
    }
    if (k < 0) return fs_failed(f, c, (int)k, "write");
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
    if (r->stream) return fs_failed(f, c, -ESPIPE, "read_at");
    size_t want = (size_t)a[1].v.i, got = 0;
    struct stat st;
    if (fstat(r->fd, &st) == 0 && S_ISREG(st.st_mode)) {
        int64_t left = st.st_size > a[0].v.i ? st.st_size - a[0].v.i : 0;
        if ((int64_t)want > left) want = (size_t)left;
    }
    char *p = f->h->alloc(c, want ? want : 1);
    if (!p) return AMB_E_NOMEM;
    bool wait = f->h->may_block(c);
    while (got < want) {
        ssize_t k = positioned(false, r->fd, p + got, want - got, a[0].v.i + (int64_t)got,
                               wait, &r->slow_read);
        if (k < 0) return fs_failed(f, c, (int)k, "read_at");
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
    if (r->stream) return fs_failed(f, c, -ESPIPE, "write_at");
    /* What is written twice at the same place is the same. */
    bool wait = f->h->may_block(c);
    r->fresh = false;
    for (size_t done = 0; done < a[1].len;) {
        ssize_t k = positioned(true, r->fd, (char *)a[1].v.p + done, a[1].len - done,
                               a[0].v.i + (int64_t)done, wait, &r->slow_write);
        if (k < 0) return fs_failed(f, c, (int)k, "write_at");
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
    if (r->stream) return fs_failed(inst, c, -ESPIPE, "write_text");
    if (ftruncate(r->fd, 0) || lseek(r->fd, 0, SEEK_SET) < 0)
        return fs_failed(inst, c, -errno, "write_text");
    r->fresh = false;
    int bad = fs_write_whole(r->fd, a[0].v.p, a[0].len);
    if (bad) return fs_failed(inst, c, bad, "write_text");
    r->pos = a[0].len;
    return AMB_OK;
}

int64_t fs_seek_target(const fs *f, amb_call *c, const amb_arg *a, int64_t pos,
                       int64_t size)
{
    int64_t base = 0, at;
    const char *from = a[1].type == AMB_T_NIL ? "start" : a[1].v.p;
    uint32_t len = a[1].type == AMB_T_NIL ? 5 : a[1].len;
    if (len == 5 && memcmp(from, "start", 5) == 0) base = 0;
    else if (len == 4 && memcmp(from, "here", 4) == 0) base = pos;
    else if (len == 3 && memcmp(from, "end", 3) == 0) base = size;
    else {
        f->h->fail(c, AMB_E_ARG, 0, "seek: from is \"start\", \"here\" or \"end\"");
        return -1;
    }
    if (__builtin_add_overflow(base, a[0].v.i, &at) || at < 0) {
        f->h->fail(c, AMB_E_ARG, 0, "seek: the new position would be before the start");
        return -1;
    }
    return at;
}

FS_OP(fs_file_seek)
{
    (void)n;
    fs *f = inst;
    fs_file *r = self;
    if (r->stream) return fs_failed(f, c, -ESPIPE, "seek");
    struct stat st;
    if (fstat(r->fd, &st)) return fs_failed(f, c, -errno, "seek");
    int64_t at = fs_seek_target(f, c, a, r->pos, st.st_size);
    if (at < 0) return AMB_E_ARG;
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
    return fs_stat_tree(inst, c, "", &st, ret);
}

/* --- locks: of the whole open file, which other programs see ----------------------------
 *
 * Those of fcntl, because what most programs take is seen by them, and because a shared lock that is to become
 * an exclusive one stays when that fails; flock would give it up first. */
static int set_lock(const fs_file *r, int kind)
{
    struct flock l = {.l_type = (short)kind, .l_whence = SEEK_SET};
    int bad;
    do bad = fcntl(r->fd, F_OFD_SETLK, &l) ? -errno : 0;
    while (bad == -EINTR);
    return bad == -EACCES ? -EAGAIN : bad;
}

#define FIRST_DELAY 1000000u /* ns; doubled up to LAST_DELAY */
#define LAST_DELAY 100000000u

static void lock_again(void *ud, uint32_t events)
{
    (void)events;
    fs_file *r = ud;
    fs *f = r->f;
    r->timer = 0;
    if (!r->wait.t) return;
    int bad = set_lock(r, r->lock);
    amb_status st = AMB_OK;
    if (bad == -EAGAIN) {
        r->delay = r->delay * 2 < LAST_DELAY ? r->delay * 2 : LAST_DELAY;
        st = f->h->timer(f->hctx, r->delay, lock_again, r, &r->timer);
        if (st == AMB_OK) return;
    }
    amb_call *c = fs_wait_open(f, &r->wait);
    if (!c) {
        if (!bad) set_lock(r, F_UNLCK);
        return;
    }
    if (st == AMB_OK && bad) st = fs_failed(f, c, bad, "lock");
    amb_arg ret = {.type = st == AMB_OK ? AMB_T_BOOL : AMB_T_NIL, .v.i = st == AMB_OK};
    f->h->reply(c, st, &ret);
}

static amb_status lock(fs *f, amb_call *c, fs_file *r, int kind, const amb_arg *wait,
                       amb_arg *ret)
{
    int bad = set_lock(r, kind);
    if (bad && bad != -EAGAIN) return fs_failed(f, c, bad, "lock");
    if (!bad || (wait->type == AMB_T_BOOL && !wait->v.i)) {
        *ret = (amb_arg){.type = AMB_T_BOOL, .v.i = !bad};
        return AMB_OK;
    }
    if (r->wait.t) return AMB_E_BUSY;
    if (r->timer) f->h->unwatch(f->hctx, r->timer); /* of one that was cancelled */
    r->lock = kind;
    r->delay = FIRST_DELAY;
    amb_status st = f->h->timer(f->hctx, r->delay, lock_again, r, &r->timer);
    if (st != AMB_OK) return st;
    amb_ticket t = f->h->pend(c);
    if (!t) {
        f->h->unwatch(f->hctx, r->timer);
        r->timer = 0;
        return f->h->fail(c, AMB_E_NOSYS, 0, "lock: cannot wait here");
    }
    fs_wait_begin(f, &r->wait, t);
    return AMB_PENDING;
}

FS_OP(fs_file_lock)
{
    (void)n;
    return lock(inst, c, self, F_WRLCK, &a[0], ret);
}
FS_OP(fs_file_lock_shared)
{
    (void)n;
    return lock(inst, c, self, F_RDLCK, &a[0], ret);
}
FS_OP(fs_file_unlock)
{
    FS_UNUSED;
    int bad = set_lock(self, F_UNLCK);
    return bad ? fs_failed(inst, c, bad, "unlock") : AMB_OK;
}

/* --- whole files, for the directory's operations ------------------------------------ */

/* Without waiting no more than this is read: copying it takes longer than a worker. */
#define AT_HOME (1 << 20)

amb_status fs_read_whole(const fs *f, amb_call *c, int fd, uint8_t type, amb_arg *ret)
{
    struct stat st;
    bool wait = f->h->may_block(c), slow = false;
    if (fstat(fd, &st)) return fs_failed(f, c, -errno, "read");
    if (st.st_size > (int64_t)AMB_TRANSFER_MAX) return fs_failed(f, c, -EFBIG, "read");
    if (!wait && st.st_size > AT_HOME) return AMB_WOULD_BLOCK;
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
        ssize_t k = positioned(false, fd, p + got, cap - got, (int64_t)got, wait, &slow);
        if (k < 0) return fs_failed(f, c, (int)k, "read");
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
