/* SPDX-License-Identifier: MIT */
/* The files of a database, in the directory that was lent for it.
 *
 * Each connection has a file system (sqlite3_vfs) of its own, which knows nothing but that directory: names are
 * names beneath it, and whatever SQL may say, no other file can be reached. Temporary files are in memory.
 *
 * Locks: fs can lock a whole file for reading or for writing. A reader has it for reading; who wants to write has it for
 * writing from the first moment on, where SQLite by itself would let readers finish. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "sqlite_provider.h"

typedef struct file {
    sqlite3_file base;
    conn *k;
    amb_loan loan; /* 0: in memory */
    int64_t pos;   /* of the lent file; -1: unknown */
    int lock;      /* SQLITE_LOCK_* */
    bool writing;  /* the lock of the file is for writing */
    uint8_t *data;
    int64_t size, room;
} file;

#define STR(s) {.type = AMB_T_STR, .len = (uint32_t)strlen(s), .v.p = s}
#define INT(n) {.type = AMB_T_I64, .v.i = n}
#define NO_WAIT {.type = AMB_T_BOOL, .v.i = 0}

/* --- calls of what was lent --------------------------------------------------------- */

static amb_status ask(conn *k, amb_loan l, uint16_t ordinal, const amb_arg *a, uint32_t n, amb_arg *ret)
{
    amb_arg none;
    if (!ret) ret = &none;
    *ret = (amb_arg){.type = AMB_T_NIL};
    amb_status st = k->call ? k->z->h->invoke_wait(k->call, l, ordinal, a, n, ret) : AMB_E_CANCELED;
    if (st == AMB_OK) return st;
    k->io = st;
    k->io_errno = ret->type == AMB_T_STR ? ret->aux : 0;
    snprintf(k->io_text, sizeof k->io_text, "%.*s", ret->type == AMB_T_STR ? (int)ret->len : 0,
             ret->type == AMB_T_STR ? (const char *)ret->v.p : "");
    return st;
}

static int failed(const conn *k, int otherwise)
{
    if (k->io == AMB_E_NOMEM) return SQLITE_NOMEM;
    if (k->io_errno == ENOSPC || k->io_errno == EDQUOT) return SQLITE_FULL;
    return otherwise;
}

/* --- files -------------------------------------------------------------------------- */

typedef struct dropping {
    sqinst *z;
    amb_loan loan;
} dropping;

static void drop(void *ud, uint32_t events)
{
    (void)events;
    dropping *d = ud;
    d->z->h->loan_drop(d->z->hctx, d->loan);
    free(d);
}

static int x_close(sqlite3_file *p)
{
    file *f = (file *)p;
    sqinst *z = f->k->z;
    free(f->data);
    f->data = NULL;
    if (!f->loan) return SQLITE_OK;
    if (!f->k->call) { /* at home */
        z->h->loan_drop(z->hctx, f->loan);
    } else {
        dropping *d = malloc(sizeof *d);
        if (d) {
            *d = (dropping){z, f->loan};
            z->h->post(z->hctx, drop, d);
        } /* else it stays open until the program ends */
    }
    f->loan = 0;
    return SQLITE_OK;
}

static int x_read(sqlite3_file *p, void *to, int n, sqlite3_int64 at)
{
    file *f = (file *)p;
    int got = 0;
    if (!f->loan) {
        if (at < f->size) got = f->size - at < n ? (int)(f->size - at) : n;
        if (got) memcpy(to, f->data + at, (size_t)got);
    } else {
        amb_arg seek[] = {INT(at), STR("start")}, ret;
        if (f->pos != at && ask(f->k, f->loan, AMB_ORD_SEEK, seek, 2, NULL)) return failed(f->k, SQLITE_IOERR_READ);
        f->pos = -1;
        while (got < n) {
            amb_arg buf = {.type = AMB_T_BUF, .flags = AMB_P_OUT, .len = (uint32_t)(n - got),
                           .v.w = (char *)to + got};
            if (ask(f->k, f->loan, AMB_ORD_READ, &buf, 1, &ret)) return failed(f->k, SQLITE_IOERR_READ);
            if (ret.type != AMB_T_I64 || ret.v.i <= 0 || ret.v.i > n - got) break;
            got += (int)ret.v.i;
        }
        f->pos = at + got;
    }
    if (got == n) return SQLITE_OK;
    memset((char *)to + got, 0, (size_t)(n - got));
    return SQLITE_IOERR_SHORT_READ;
}

static int x_write(sqlite3_file *p, const void *from, int n, sqlite3_int64 at)
{
    file *f = (file *)p;
    if (!f->loan) {
        if (at + n > f->room) {
            int64_t room = f->room ? f->room : 4096;
            while (room < at + n) room *= 2;
            uint8_t *data = realloc(f->data, (size_t)room);
            if (!data) return SQLITE_IOERR_NOMEM;
            f->data = data;
            f->room = room;
        }
        if (at > f->size) memset(f->data + f->size, 0, (size_t)(at - f->size));
        memcpy(f->data + at, from, (size_t)n);
        if (at + n > f->size) f->size = at + n;
        return SQLITE_OK;
    }
    amb_arg a[] = {INT(at), {.type = AMB_T_BYTES, .len = (uint32_t)n, .v.p = from}};
    return ask(f->k, f->loan, f->k->op.write_at, a, 2, NULL) ? failed(f->k, SQLITE_IOERR_WRITE) : SQLITE_OK;
}

static int x_truncate(sqlite3_file *p, sqlite3_int64 size)
{
    file *f = (file *)p;
    amb_arg a = INT(size);
    if (!f->loan) {
        if (size < f->size) f->size = size;
        return SQLITE_OK;
    }
    return ask(f->k, f->loan, f->k->op.truncate, &a, 1, NULL) ? failed(f->k, SQLITE_IOERR_TRUNCATE) : SQLITE_OK;
}

static int x_sync(sqlite3_file *p, int flags)
{
    (void)flags;
    file *f = (file *)p;
    if (!f->loan) return SQLITE_OK;
    return ask(f->k, f->loan, f->k->op.sync, NULL, 0, NULL) ? failed(f->k, SQLITE_IOERR_FSYNC) : SQLITE_OK;
}

static int x_size(sqlite3_file *p, sqlite3_int64 *size)
{
    file *f = (file *)p;
    amb_arg a[] = {INT(0), STR("end")}, ret;
    *size = f->size;
    if (!f->loan) return SQLITE_OK;
    if (ask(f->k, f->loan, AMB_ORD_SEEK, a, 2, &ret) || ret.type != AMB_T_I64)
        return failed(f->k, SQLITE_IOERR_FSTAT);
    *size = f->pos = ret.v.i;
    return SQLITE_OK;
}

/* --- locks -------------------------------------------------------------------------- */

static int x_lock(sqlite3_file *p, int level)
{
    file *f = (file *)p;
    conn *k = f->k;
    amb_arg no = NO_WAIT, ret;
    if (f->lock >= level) return SQLITE_OK;
    if (f->loan && (f->lock == SQLITE_LOCK_NONE || (level > SQLITE_LOCK_SHARED && !f->writing))) {
        bool writing = level > SQLITE_LOCK_SHARED;
        if (ask(k, f->loan, writing ? k->op.lock : k->op.lock_shared, &no, 1, &ret))
            return failed(k, SQLITE_IOERR_LOCK);
        if (ret.type != AMB_T_BOOL || !ret.v.i) return SQLITE_BUSY;
        f->writing = writing;
    }
    f->lock = level;
    return SQLITE_OK;
}

static void whatever(void *ud, amb_status st, const amb_arg *ret) { (void)ud, (void)st, (void)ret; }

static int x_unlock(sqlite3_file *p, int level)
{
    file *f = (file *)p;
    conn *k = f->k;
    amb_arg no = NO_WAIT;
    if (f->lock <= level) return SQLITE_OK;
    f->lock = level;
    if (!f->loan || (level == SQLITE_LOCK_SHARED && !f->writing)) return SQLITE_OK;
    f->writing = false;
    /* At home nobody waits; what is asked for later comes after this. */
    if (!k->call) {
        k->z->h->invoke(k->z->hctx, 0, f->loan, level ? k->op.lock_shared : k->op.unlock, &no, level ? 1 : 0,
                        whatever, NULL);
        return SQLITE_OK;
    }
    amb_status st = level ? ask(k, f->loan, k->op.lock_shared, &no, 1, NULL)
                          : ask(k, f->loan, k->op.unlock, NULL, 0, NULL);
    return st ? failed(k, SQLITE_IOERR_UNLOCK) : SQLITE_OK;
}

/* Asked by who has the lock for reading: nobody else can have it for writing. */
static int x_reserved(sqlite3_file *p, int *yes)
{
    *yes = ((file *)p)->writing;
    return SQLITE_OK;
}

static int x_control(sqlite3_file *p, int op, void *arg) { return (void)p, (void)op, (void)arg, SQLITE_NOTFOUND; }
static int x_sector(sqlite3_file *p) { return (void)p, 4096; }
static int x_device(sqlite3_file *p) { return (void)p, 0; }

static const sqlite3_io_methods methods = {
    .iVersion = 1, /* no shared memory: no WAL */
    .xClose = x_close, .xRead = x_read, .xWrite = x_write, .xTruncate = x_truncate, .xSync = x_sync,
    .xFileSize = x_size, .xLock = x_lock, .xUnlock = x_unlock, .xCheckReservedLock = x_reserved,
    .xFileControl = x_control, .xSectorSize = x_sector, .xDeviceCharacteristics = x_device};

/* --- the directory ------------------------------------------------------------------ */

static int x_open(sqlite3_vfs *v, const char *name, sqlite3_file *p, int flags, int *out)
{
    conn *k = v->pAppData;
    file *f = (file *)p;
    *f = (file){.k = k, .pos = -1};
    if (out) *out = flags;
    if (!name || !k->has_dir || !(flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL))) {
        if (name && !k->has_dir) return SQLITE_CANTOPEN;
        f->base.pMethods = &methods;
        return SQLITE_OK;
    }
    amb_arg path = STR(name), ret;
    amb_status st = AMB_E_RIGHTS;
    bool writes = flags & SQLITE_OPEN_READWRITE;
    if (writes) {
        st = ask(k, k->dir, k->op.edit, &path, 1, &ret);
        if (st && k->io_errno == ENOENT && flags & SQLITE_OPEN_CREATE)
            st = ask(k, k->dir, k->op.create, &path, 1, &ret);
        if (st == AMB_OK) k->io = AMB_OK;
    } else {
        st = ask(k, k->dir, k->op.open, &path, 1, &ret);
    }
    if (st || ret.type != AMB_T_LOAN) return failed(k, SQLITE_CANTOPEN);
    f->loan = ret.v.loan;
    f->base.pMethods = &methods;
    return SQLITE_OK;
}

static int x_access(sqlite3_vfs *v, const char *name, int flags, int *yes)
{
    (void)flags;
    conn *k = v->pAppData;
    amb_arg path = STR(name), ret;
    *yes = 0;
    if (!k->has_dir) return SQLITE_OK;
    if (ask(k, k->dir, k->op.exists, &path, 1, &ret)) return failed(k, SQLITE_IOERR_ACCESS);
    *yes = ret.type == AMB_T_BOOL && ret.v.i;
    return SQLITE_OK;
}

/* Who may not remove empties it: an empty journal says the same as none. */
static int x_delete(sqlite3_vfs *v, const char *name, int sync)
{
    (void)sync;
    conn *k = v->pAppData;
    amb_arg a[] = {STR(name), {.type = AMB_T_NIL}}, ret, none = INT(0);
    if (!k->has_dir) return SQLITE_IOERR_DELETE_NOENT;
    amb_status st = ask(k, k->dir, k->op.remove, a, 2, NULL);
    if (st == AMB_E_RIGHTS) {
        st = ask(k, k->dir, k->op.edit, a, 1, &ret);
        if (st == AMB_OK && ret.type == AMB_T_LOAN) {
            file f = {.k = k, .loan = ret.v.loan};
            st = ask(k, f.loan, k->op.truncate, &none, 1, NULL);
            x_close(&f.base);
        }
    }
    if (st == AMB_OK) k->io = AMB_OK;
    if (st && k->io_errno == ENOENT) return SQLITE_IOERR_DELETE_NOENT;
    return st ? failed(k, SQLITE_IOERR_DELETE) : SQLITE_OK;
}

static int x_full_name(sqlite3_vfs *v, const char *name, int n, char *out)
{
    (void)v;
    if ((int)strlen(name) >= n) return SQLITE_CANTOPEN;
    strcpy(out, name);
    return SQLITE_OK;
}

static int x_random(sqlite3_vfs *v, int n, char *out)
{
    (void)v;
    for (int at = 0; at < n; at += 256)
        if (getentropy(out + at, (size_t)(n - at < 256 ? n - at : 256))) memset(out + at, 0, (size_t)(n - at));
    return n;
}

static int x_sleep(sqlite3_vfs *v, int us)
{
    (void)v;
    struct timespec t = {us / 1000000, us % 1000000 * 1000L};
    nanosleep(&t, NULL);
    return us;
}

static int x_now64(sqlite3_vfs *v, sqlite3_int64 *ms)
{
    (void)v;
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    *ms = 210866760000000 + (sqlite3_int64)t.tv_sec * 1000 + t.tv_nsec / 1000000; /* since noon in Greenwich, 4714 BC */
    return SQLITE_OK;
}
static int x_now(sqlite3_vfs *v, double *days)
{
    sqlite3_int64 ms;
    x_now64(v, &ms);
    *days = (double)ms / 86400000.0;
    return SQLITE_OK;
}
static int x_last_error(sqlite3_vfs *v, int n, char *out)
{
    const conn *k = v->pAppData;
    if (n > 0) snprintf(out, (size_t)n, "%s", k->io_text);
    return k->io_errno;
}
static void *x_no_library(sqlite3_vfs *v, const char *name) { return (void)v, (void)name, NULL; }

int vfs_register(conn *k)
{
    snprintf(k->vfs_name, sizeof k->vfs_name, "ambit-%p", (void *)k);
    k->vfs = (sqlite3_vfs){.iVersion = 2, .szOsFile = sizeof(file), .mxPathname = 1024, .zName = k->vfs_name,
                           .pAppData = k, .xOpen = x_open, .xDelete = x_delete, .xAccess = x_access,
                           .xFullPathname = x_full_name, .xDlOpen = x_no_library, .xRandomness = x_random,
                           .xSleep = x_sleep, .xCurrentTime = x_now, .xGetLastError = x_last_error,
                           .xCurrentTimeInt64 = x_now64};
    int rc = sqlite3_vfs_register(&k->vfs, 0);
    k->registered = rc == SQLITE_OK;
    return rc;
}
