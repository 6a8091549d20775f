/* SPDX-License-Identifier: MIT */
/* What the files of the fs providers share. */
#ifndef AMBIT_FS_H
#define AMBIT_FS_H

#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "ambit/spi.h"

enum {
    FS_READ = 1,
    FS_CREATE = 2, /* new files and directories only */
    FS_APPEND = 4,
    FS_WRITE = 8,  /* change what exists */
    FS_REMOVE = 16,
    FS_ALL = 31
};
enum { FS_RES_DIR = 1, FS_RES_FILE, FS_RES_WALK, FS_RES_NAMED, FS_RES_WATCH };

/* A call that waits, linked into its instance so that it can be cancelled. */
typedef struct fs_wait {
    struct fs_wait *next, *prev;
    amb_ticket t; /* 0: nobody waits */
} fs_wait;

/* An instance. Only the home thread touches what it contains: the constructors, and operations
 * that wait. */
typedef struct fs {
    const amb_host *h;
    void *hctx;
    struct fs_scratch *scratch; /* temporary directories to remove at stop */
    fs_wait *waiting;
} fs;

/* A directory: everything is resolved beneath its descriptor. Never changes. */
typedef struct fs_dir {
    int fd;
    bool scratch; /* gone at the end anyhow: nothing in it is worth waiting for the disk */
} fs_dir;

/* An open file. The position is ours, reads and writes are pread and pwrite: no shared
 * offset with anyone. Pipes and terminals have no position (`stream`). */
typedef struct fs_file {
    fs *f;
    int fd;
    int64_t pos;
    bool append, stream;
    bool fresh;  /* opened for writing only: the first write empties it */
    bool slow_read, slow_write; /* the file system cannot say what would wait */
    fs_wait wait; /* a read or write of a stream, or a lock */
    uint64_t watch, timer, delay;
    void *buf;
    uint32_t len;
    int what; /* POLLIN, POLLOUT, or 0: a lock of the kind */
    int lock;
} fs_file;

typedef struct fs_entry {
    char *path;       /* malloc'ed; relative to the directory asked */
    const char *name; /* its last part */
    const char *kind;
    int64_t size;
    double mtime;
} fs_entry;
typedef struct fs_listing {
    fs_entry *v;
    size_t n, cap;
} fs_listing;

/* path.c: paths and descriptors. All functions that return int give a descriptor or 0, or
 * -errno. */
typedef char fs_path[PATH_MAX];
/* A zero-terminated copy of a string argument; -EINVAL with a zero byte inside. */
int fs_cstring(fs_path out, const amb_arg *a);
/* Opens a path beneath dir: no `..`, link or race leads outside. */
int fs_beneath(int dir, const char *path, int flags, mode_t mode);
/* The same without waiting for a disk: -EAGAIN when it would. */
int fs_beneath_known(int dir, const char *path, int flags);
/* The parent directory of path (to be closed) and its last part, for operations on names.
 */
int fs_parent(int dir, const char *path, const char **last);
/* Only regular files; wait: false as fs_beneath_known. */
int fs_regular(int dir, const char *path, int flags, mode_t mode, bool wait);
amb_status fs_failed(const fs *f, amb_call *c, int negative_errno, const char *what);
/* The same for a copy that cannot be made at `to`. */
amb_status fs_copy_failed(const fs *f, amb_call *c, int negative_errno, const char *to);

/* wait.c: calls that are answered later */
void fs_wait_begin(fs *f, fs_wait *w, amb_ticket t);
void fs_wait_end(fs *f, fs_wait *w);
/* Opens the answer of a waiting call, which is no longer waiting. NULL: nobody wants it. */
amb_call *fs_wait_open(fs *f, fs_wait *w);
void fs_cancel(void *inst, amb_ticket t);
/* Has fn(ud) called when fd is ready; *id keeps the watch. */
amb_status fs_ready(fs *f, uint64_t *id, int fd, uint32_t events, amb_event_fn fn,
                    void *ud);
void fs_pause(fs *f, uint64_t *id);

/* listing.c */
int fs_list(int dir, const char *path, bool follow, fs_listing *out);
int fs_listing_add(fs_listing *l, const char *prefix, const char *name, const char *kind,
                   int64_t size, double mtime);
void fs_listing_sort(fs_listing *l);
void fs_listing_free(fs_listing *l);
amb_status fs_listing_tree(const fs *f, amb_call *c, const fs_entry *v, size_t n,
                           amb_arg *ret);
amb_status fs_entry_tree(const fs *f, amb_call *c, const char *path, const char *kind,
                         int64_t size, double mtime, amb_arg *ret);
amb_status fs_stat_tree(const fs *f, amb_call *c, const char *path, const struct stat *st,
                        amb_arg *ret);
const char *fs_kind(mode_t m);
double fs_mtime(const struct stat *st);
/* What a watch tells: a list of (kind, path). */
typedef struct fs_change {
    const char *kind;
    char *path; /* malloc'ed */
} fs_change;
amb_status fs_changes_tree(const fs *f, amb_call *c, const fs_change *v, size_t n,
                           amb_arg *ret);

/* named.c */
typedef struct fs_named {
    uint32_t n;
    char *names[];
} fs_named;
amb_status fs_named_check(const fs *f, amb_call *c, const fs_named *d, const char *path,
                          const char *what);

/* glob.c: one pattern against one path */
bool fs_glob_match(const char *pattern, const char *path);
/* Whether something in that directory can match. */
bool fs_glob_enters(const char *pattern, const char *dir);
/* Length of the valid UTF-8 sequence at s, 0 if there is none. */
size_t fs_sequence(const unsigned char *s);

/* tree.c: directories with all they contain */
/* force: also what its owner may not read or change at present. */
int fs_remove_tree(int parent, const char *name, bool force);
/* Copies the directory or file `from` beneath dir to the new name `to` beneath into. */
int fs_copy_tree(const fs *f, amb_call *c, int dir, const char *from, int into,
                 const char *to);
int fs_copy_file(const fs *f, amb_call *c, int in, int out, const struct stat *st);

#define FS_OP(name)                                                                    \
    amb_status name(void *inst, amb_call *c, void *self, const amb_arg *a, uint32_t n, \
                    amb_arg *ret)
#define FS_UNUSED (void)inst, (void)c, (void)self, (void)a, (void)n, (void)ret

/* Every operation, for each implementation. */
#define FS_OPS(X)                                                                       \
    X(dir_new) X(file_new) X(named_new) X(temp_new) X(dir_list) X(dir_open)             \
    X(dir_create) X(dir_append) X(dir_edit) X(dir_read_text) X(dir_read_bytes)          \
    X(dir_write) X(dir_mkdir) X(dir_remove) X(dir_rename) X(dir_replace) X(dir_copy)    \
    X(dir_copy_to) X(dir_stat) X(dir_exists) X(dir_walk) X(dir_glob) X(dir_sub)         \
    X(dir_temp) X(dir_watch) X(walk_next) X(watch_next) X(named_open) X(named_create)   \
    X(named_edit)                                                                       \
    X(file_read) X(file_write) X(file_read_at) X(file_write_at) X(file_write_text)      \
    X(file_seek) X(file_tell) X(file_truncate) X(file_sync) X(file_flush) X(file_stat)  \
    X(file_lock) X(file_lock_shared) X(file_unlock)
#define FS_DECLARE(name) FS_OP(fs_##name);
FS_OPS(FS_DECLARE)

void fs_dir_close(void *inst, void *res);
int fs_dir_getfd(void *inst, void *res);
void fs_walk_close(void *inst, void *res);
void fs_watch_close(void *inst, void *res);
void fs_named_close(void *inst, void *res);
void fs_scratch_free(fs *f);

/* The path of argument i as a C string, or leave with an error. */
#define PATH_ARG(var, i, what)                        \
    fs_path var;                                      \
    do {                                              \
        int bad_ = fs_cstring(var, &a[i]);            \
        if (bad_) return fs_failed(f, c, bad_, what); \
    } while (0)
/* The same where leaving it out means the directory itself. */
#define OPTIONAL_PATH_ARG(var, i, what)                                             \
    fs_path var = ".";                                                              \
    do {                                                                            \
        int bad_ = a[i].type == AMB_T_NIL ? 0 : fs_cstring(var, &a[i]);             \
        if (bad_) return fs_failed(f, c, bad_, what);                               \
    } while (0)
static inline bool fs_flag(const amb_arg *a) { return a->type == AMB_T_BOOL && a->v.i; }

/* file.c */
enum { FS_APPENDING = 1, FS_FRESH = 2 };
/* mode: FS_APPENDING, FS_FRESH. Wraps fd as a file resource and answers with it; takes fd
 * even when it fails. */
amb_status fs_file_answer(fs *f, amb_call *c, int fd, int mode, const char *label,
                          amb_arg *ret);
amb_status fs_read_whole(const fs *f, amb_call *c, int fd, uint8_t type, amb_arg *ret);
int fs_write_whole(int fd, const void *p, size_t n);
/* Where a seek leads, or -1 with the failure noted. */
int64_t fs_seek_target(const fs *f, amb_call *c, const amb_arg *a, int64_t pos,
                       int64_t size);
void fs_file_close(void *inst, void *res);
int fs_file_getfd(void *inst, void *res);

#endif
