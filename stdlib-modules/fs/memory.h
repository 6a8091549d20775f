/* SPDX-License-Identifier: MIT */
/* What the files of the provider that keeps files in memory share. */
#ifndef AMBIT_FS_MEMORY_H
#define AMBIT_FS_MEMORY_H

#include "fs.h"

/* A file or directory. It lives as long as a name, a child or an open handle refers to it. */
typedef struct mem_node {
    uint32_t refs;
    bool dir, linked;         /* linked: it has a name, or is a root */
    struct mem_node *parent;  /* NULL: a root, or removed */
    char *name;
    struct mem_node **kids;   /* of a directory, sorted by name */
    size_t nkids, cap;        /* cap: of kids or data */
    char *data;
    size_t size;
    struct timespec mtime;
    int shared;               /* locks: how many hold a shared one; -1: an exclusive one */
} mem_node;

typedef struct mem {
    fs f; /* first: what does not touch the disk is shared with the other implementation */
    mem_node *root;
    size_t used, quota; /* bytes */
    struct mem_watch *watches;
    struct mem_file *lockers; /* who waits for a lock, in order */
} mem;

typedef struct mem_dir {
    mem_node *node;
} mem_dir;

typedef struct mem_file {
    mem *m;
    mem_node *node;
    int64_t pos;
    bool append, fresh;
    int held, wanted; /* LOCK_SH, LOCK_EX; 0: none */
    fs_wait wait;
    struct mem_file *next_locker;
} mem_file;

/* node.c: all functions that return int give 0 or -errno. */
mem_node *mem_node_new(mem *m, bool dir);
void mem_release(mem *m, mem_node *n);
mem_node *mem_hold(mem_node *n);
/* The node at path beneath base (not held). */
int mem_resolve(mem_node *base, const char *path, mem_node **out);
/* The directory that has or may get the last part of path. */
int mem_parent(mem_node *base, const char *path, mem_node **dir, const char **last);
mem_node *mem_child(const mem_node *dir, const char *name);
/* Gives the node a name; takes over the caller's reference when it succeeds. */
int mem_link(mem *m, mem_node *dir, const char *name, mem_node *n);
void mem_unlink(mem *m, mem_node *n);
bool mem_within(const mem_node *n, const mem_node *dir);
int mem_resize(mem *m, mem_node *n, size_t size);
int mem_write(mem *m, mem_node *n, int64_t at, const void *p, size_t len);
/* The node behind n in the order of a walk beneath top; NULL at the end. */
mem_node *mem_following(const mem_node *n, const mem_node *top);
/* Path of n relative to top, malloc'ed. */
char *mem_path(const mem_node *n, const mem_node *top);
const char *mem_kind(const mem_node *n);
double mem_mtime(const mem_node *n);

/* memory_watch.c */
/* Tells the watches; of what is removed before it is. */
void mem_changed(mem *m, const mem_node *n, const char *kind);
/* A directory has no name any more: sequences of its changes end. */
void mem_gone(mem *m, const mem_node *n);

amb_status mem_file_answer(mem *m, amb_call *c, mem_node *n, bool append, bool fresh,
                           const char *label, amb_arg *ret);

#define MEM_DECLARE(name) FS_OP(mem_##name);
FS_OPS(MEM_DECLARE)
void mem_dir_close(void *inst, void *res);
void mem_walk_close(void *inst, void *res);
void mem_watch_close(void *inst, void *res);
void mem_file_close(void *inst, void *res);
#define mem_named_new fs_named_new
#define mem_named_close fs_named_close

#endif
