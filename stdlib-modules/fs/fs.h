/* SPDX-License-Identifier: MIT */
/* What the files of the fs provider share. */
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
enum { FS_RES_DIR = 1, FS_RES_FILE, FS_RES_WALK, FS_RES_NAMED };

typedef struct fs {
    const amb_host *h;
    void *hctx;
    struct fs_scratch *scratch; /* temporary directories to remove at stop */
} fs;
typedef struct fs_scratch {
    struct fs_scratch *next;
    char path[];
} fs_scratch;

/* A directory: everything is resolved beneath its descriptor. */
typedef struct fs_dir {
    int fd;
} fs_dir;

/* An open file. The position is ours, reads and writes are pread and pwrite: no shared
 * offset with anyone. Pipes and terminals have no position (`stream`). */
typedef struct fs_file {
    int fd;
    int64_t pos;
    bool append, stream;
    bool fresh; /* opened for writing only: the first write empties it */
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
/* The parent directory of path (to be closed) and its last part, for operations on names.
 */
int fs_parent(int dir, const char *path, const char **last);
/* Only regular files. */
int fs_regular(int dir, const char *path, int flags, mode_t mode);
amb_status fs_failed(const fs *f, amb_call *c, int negative_errno, const char *what);

/* listing.c */
int fs_list(int dir, const char *path, fs_listing *out);
void fs_listing_free(fs_listing *l);
amb_status fs_listing_tree(const fs *f, amb_call *c, const fs_entry *v, size_t n,
                           amb_arg *ret);
amb_status fs_entry_tree(const fs *f, amb_call *c, const char *path,
                         const struct stat *st, amb_arg *ret);
bool fs_glob_match(const char *pattern, const char *path);
bool fs_glob_enters(const char *pattern, const char *dir);
int fs_remove_tree(int parent, const char *name, int depth);

#define FS_OP(name)                                                                    \
    amb_status name(void *inst, amb_call *c, void *self, const amb_arg *a, uint32_t n, \
                    amb_arg *ret)

/* dir.c */
FS_OP(fs_dir_new);
FS_OP(fs_temp_new);
FS_OP(fs_named_new);
FS_OP(fs_dir_list);
FS_OP(fs_dir_open);
FS_OP(fs_dir_create);
FS_OP(fs_dir_append);
FS_OP(fs_dir_edit);
FS_OP(fs_dir_read_text);
FS_OP(fs_dir_read_bytes);
FS_OP(fs_dir_write);
FS_OP(fs_dir_mkdir);
FS_OP(fs_dir_remove);
FS_OP(fs_dir_remove_all);
FS_OP(fs_dir_rename);
FS_OP(fs_dir_replace);
FS_OP(fs_dir_copy);
FS_OP(fs_dir_stat);
FS_OP(fs_dir_exists);
FS_OP(fs_dir_walk);
FS_OP(fs_dir_glob);
FS_OP(fs_dir_sub);
FS_OP(fs_dir_temp);
FS_OP(fs_walk_next);
FS_OP(fs_named_open);
FS_OP(fs_named_create);
void fs_dir_close(void *inst, void *res);
void fs_walk_close(void *inst, void *res);
void fs_named_close(void *inst, void *res);

/* file.c */
enum { FS_APPENDING = 1, FS_FRESH = 2 };
/* mode: FS_APPENDING, FS_FRESH. Wraps fd as a file resource and answers with it; takes fd
 * even when it fails. */
amb_status fs_file_answer(fs *f, amb_call *c, int fd, int mode, const char *label,
                          amb_arg *ret);
amb_status fs_read_whole(const fs *f, amb_call *c, int fd, uint8_t type, amb_arg *ret);
int fs_write_whole(int fd, const void *p, size_t n);
FS_OP(fs_file_new);
FS_OP(fs_file_read);
FS_OP(fs_file_write);
FS_OP(fs_file_read_at);
FS_OP(fs_file_write_at);
FS_OP(fs_file_write_text);
FS_OP(fs_file_seek);
FS_OP(fs_file_tell);
FS_OP(fs_file_truncate);
FS_OP(fs_file_sync);
FS_OP(fs_file_flush);
FS_OP(fs_file_stat);
void fs_file_close(void *inst, void *res);
int fs_file_getfd(void *inst, void *res);

#endif
