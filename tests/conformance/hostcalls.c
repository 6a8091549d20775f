/* SPDX-License-Identifier: MIT */
/* System calls that transfer data, in front of the C library's: they can be told to move less than asked, to be
 * interrupted, to be not ready, or to find no room.
 *
 * They stand in the test program, so the providers linked into it use them. Only the thread that armed them is
 * disturbed, and only on files, pipes and sockets: what a reactor tells itself through other descriptors
 * is nobody's data. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "kit.h"

static _Thread_local struct {
    int how;
    bool inside;
    long room;
    unsigned calls, disturbed;
} state;

void kit_disturb(int how, long room)
{
    state.how = how;
    state.room = room;
    state.calls = 0;
    state.disturbed = 0;
}
unsigned kit_undisturb(void)
{
    state.how = KIT_CALM;
    return state.disturbed;
}

enum { FILES = 1, STREAMS = 2, DATAGRAMS = 4 };

static int kind_of(int fd)
{
    struct stat st;
    int type;
    socklen_t n = sizeof type;
    if (fstat(fd, &st)) return 0;
    if (S_ISREG(st.st_mode)) return FILES;
    if (S_ISFIFO(st.st_mode)) return STREAMS;
    if (!S_ISSOCK(st.st_mode) || getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &n)) return 0;
    return type == SOCK_STREAM ? STREAMS : DATAGRAMS;
}

/* What to do with a transfer of n bytes: how many it may be, or -1 with errno set. */
static ssize_t allowed(int fd, size_t n, bool out, bool patient)
{
    if (state.how == KIT_CALM || state.inside) return (ssize_t)n;
    state.inside = true;
    int e = errno, kind = kind_of(fd), flags = fcntl(fd, F_GETFL);
    state.inside = false;
    errno = e;
    if (!kind) return (ssize_t)n;
    state.calls++;
    if (state.how == KIT_SHORT && kind != DATAGRAMS && n > 1) {
        state.disturbed++;
        size_t most = n > 4096 ? 4093 : 1 + state.calls % 7;
        return (ssize_t)(most < n ? most : n);
    }
    if (state.how == KIT_INTERRUPTED && state.calls % 2) {
        state.disturbed++;
        errno = EINTR;
        return -1;
    }
    if (state.how == KIT_NOT_READY && state.calls % 2 && kind != FILES && (!patient || flags & O_NONBLOCK)) {
        state.disturbed++;
        errno = EAGAIN;
        return -1;
    }
    if (state.how == KIT_FULL && out && kind == FILES) {
        if (state.room <= 0) {
            state.disturbed++;
            errno = ENOSPC;
            return -1;
        }
        if ((long)n > state.room) n = (size_t)state.room;
        state.room -= (long)n;
    }
    return (ssize_t)n;
}

/* The next one of that name: the C library's or a sanitizer's. */
#define NEXT(name)                                                      \
    static __typeof__(name) *real;                                      \
    if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

ssize_t read(int fd, void *p, size_t n)
{
    NEXT(read);
    ssize_t k = allowed(fd, n, false, true);
    return k < 0 ? k : real(fd, p, (size_t)k);
}
ssize_t write(int fd, const void *p, size_t n)
{
    NEXT(write);
    ssize_t k = allowed(fd, n, true, true);
    return k < 0 ? k : real(fd, p, (size_t)k);
}
ssize_t pread(int fd, void *p, size_t n, off_t at)
{
    NEXT(pread);
    ssize_t k = allowed(fd, n, false, true);
    return k < 0 ? k : real(fd, p, (size_t)k, at);
}
ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
    NEXT(pwrite);
    ssize_t k = allowed(fd, n, true, true);
    return k < 0 ? k : real(fd, p, (size_t)k, at);
}
ssize_t preadv2(int fd, const struct iovec *v, int n, off_t at, int flags)
{
    NEXT(preadv2);
    if (n != 1) return real(fd, v, n, at, flags);
    ssize_t k = allowed(fd, v->iov_len, false, !(flags & RWF_NOWAIT));
    struct iovec less = {v->iov_base, (size_t)k};
    return k < 0 ? k : real(fd, &less, 1, at, flags);
}
ssize_t pwritev2(int fd, const struct iovec *v, int n, off_t at, int flags)
{
    NEXT(pwritev2);
    if (n != 1) return real(fd, v, n, at, flags);
    ssize_t k = allowed(fd, v->iov_len, true, !(flags & RWF_NOWAIT));
    struct iovec less = {v->iov_base, (size_t)k};
    return k < 0 ? k : real(fd, &less, 1, at, flags);
}
ssize_t recv(int fd, void *p, size_t n, int flags)
{
    NEXT(recv);
    ssize_t k = allowed(fd, n, false, !(flags & MSG_DONTWAIT));
    return k < 0 ? k : real(fd, p, (size_t)k, flags);
}
ssize_t send(int fd, const void *p, size_t n, int flags)
{
    NEXT(send);
    ssize_t k = allowed(fd, n, true, !(flags & MSG_DONTWAIT));
    return k < 0 ? k : real(fd, p, (size_t)k, flags);
}
ssize_t copy_file_range(int in, off_t *from, int out, off_t *to, size_t n, unsigned flags)
{
    NEXT(copy_file_range);
    ssize_t k = allowed(out, n, true, true);
    return k < 0 ? k : real(in, from, out, to, (size_t)k, flags);
}
ssize_t getrandom(void *p, size_t n, unsigned flags)
{
    NEXT(getrandom);
    /* 256 bytes always come at once: the system promises so. */
    if (n <= 256 || state.inside) return real(p, n, flags);
    if (state.how == KIT_INTERRUPTED && ++state.calls % 2) {
        state.disturbed++;
        errno = EINTR;
        return -1;
    }
    if (state.how == KIT_SHORT) {
        state.disturbed++;
        n = 257;
    }
    return real(p, n, flags);
}
