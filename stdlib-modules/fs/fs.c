/* SPDX-License-Identifier: MIT */
/* The fs provider: files of this machine, as a table. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <fcntl.h>

#include "fs.h"

#define WRITE_BITS (FS_WRITE | FS_CREATE | FS_APPEND)

static const amb_right rights[] = {
    {FS_READ, "read", "see names, sizes and contents", 0, 0},
    {FS_CREATE, "create", "make new files and directories; nothing existing changes", 0,
     0},
    {FS_APPEND, "append", "add to the end of files, making them if needed", 0, 0},
    {WRITE_BITS, "write", "change contents, create, append", 0, 0},
    {FS_REMOVE, "remove", "remove files and directories", 0, 0},
    {FS_ALL, "full", "all of these", 0, 0},
};

#define STR(nm, dc, fl, mt)                                                \
    {                                                                      \
        .name = nm, .doc = dc, .type = AMB_T_STR, .flags = fl, .match = mt \
    }
#define INT(nm, dc, fl) {.name = nm, .doc = dc, .type = AMB_T_I64, .flags = fl}
#define RIGHTS                                                                 \
    {                                                                          \
        .name = "rights", .doc = "", .type = AMB_T_I64, .match = AMB_M_RIGHTS, \
        .flags = AMB_P_HIDDEN                                                  \
    }

static const amb_param p_path[] = {STR("path", "beneath the directory", AMB_P_PATH, 0)};
static const amb_param p_maybe_path[] = {
    STR("path", "beneath the directory; itself if left out", AMB_P_PATH | AMB_P_OPT, 0)};
static const amb_param p_pattern[] = {
    STR("pattern", "* ? [a-z] within a part, ** for any depth", AMB_P_PATH, 0)};
static const amb_param p_write_text[] = {
    STR("path", "beneath the directory", AMB_P_PATH, 0),
    STR("text", "the whole new content", 0, 0)};
static const amb_param p_write_bytes[] = {
    STR("path", "beneath the directory", AMB_P_PATH, 0),
    {.name = "data", .doc = "the whole new content", .type = AMB_T_BYTES}};
static const amb_param p_mkdir[] = {
    STR("path", "beneath the directory", AMB_P_PATH, 0),
    {.name = "parents",
     .doc = "make missing ones on the way, and accept that it exists",
     .type = AMB_T_BOOL,
     .flags = AMB_P_OPT}};
static const amb_param p_from_to[] = {STR("from", "beneath the directory", AMB_P_PATH, 0),
                                      STR("to", "beneath the directory", 0, 0)};
static const amb_param p_dir_new[] = {STR("path", "the directory", AMB_P_PATH, AMB_M_DIR),
                                      RIGHTS};
static const amb_param p_file_new[] = {STR("path", "the file", AMB_P_PATH, AMB_M_FILE),
                                       RIGHTS};
static const amb_param p_named_new[] = {{.name = "argv",
                                         .doc = "",
                                         .type = AMB_T_TREE,
                                         .match = AMB_M_ARGV,
                                         .flags = AMB_P_HIDDEN}};
static const amb_param p_next[] = {INT("max", "items at most", 0)};
static const amb_param p_in[] = {
    {.name = "buf", .doc = "", .type = AMB_T_BUF, .flags = AMB_P_OUT}};
static const amb_param p_out[] = {
    {.name = "data", .doc = "", .type = AMB_T_BUF, .flags = AMB_P_IN}};
static const amb_param p_read_at[] = {INT("offset", "from the start, in bytes", 0),
                                      INT("n", "bytes at most", 0)};
static const amb_param p_write_at[] = {
    INT("offset", "from the start, in bytes", 0),
    {.name = "data", .doc = "string or bytes", .type = AMB_T_ANY}};
static const amb_param p_data[] = {
    {.name = "data", .doc = "string or bytes", .type = AMB_T_ANY}};
static const amb_param p_seek[] = {
    INT("offset", "bytes", 0),
    STR("from", "\"start\", \"here\" or \"end\"", AMB_P_OPT, 0)};
static const amb_param p_size[] = {INT("size", "bytes; 0 if left out", AMB_P_OPT)};

#define PARAMS(p) .params = p, .nparams = sizeof(p) / sizeof(p[0])
#define QUICK .flags = AMB_OP_INLINE | AMB_OP_BLOCKING, .cost = 200
#define LOOK                                                                             \
    .flags = AMB_OP_INLINE | AMB_OP_BLOCKING | AMB_OP_IDEMPOTENT, .effect = AMB_FX_READ, \
    .cost = 200
#define CHANGE QUICK, .effect = AMB_FX_WRITE
#define DIR .restype = FS_RES_DIR
#define FILE_ .restype = FS_RES_FILE

enum { ORD_READ = 40, ORD_WRITE = 41, ORD_SEEK = 42, ORD_NEXT = 60 };

static const amb_op ops[] = {
    {.ordinal = 1, .name = "dir", .doc = "a directory and everything beneath it",
     PARAMS(p_dir_new), .ret_restype = FS_RES_DIR, .ret_type = AMB_T_RES,
     .ret_fixed = FS_ALL, .fn = fs_dir_new, QUICK},
    {.ordinal = 2, .name = "file", .doc = "one file", PARAMS(p_file_new),
     .ret_restype = FS_RES_FILE, .ret_type = AMB_T_RES, .ret_fixed = FS_ALL,
     .fn = fs_file_new, QUICK},
    {.ordinal = 3, .name = "named", .doc = "files named on the command line",
     PARAMS(p_named_new), .ret_restype = FS_RES_NAMED, .ret_type = AMB_T_RES,
     .ret_fixed = FS_ALL, .fn = fs_named_new, QUICK},
    {.ordinal = 4, .name = "temp", .doc = "a private directory, removed at the end",
     .ret_restype = FS_RES_DIR, .ret_type = AMB_T_RES, .ret_fixed = FS_ALL,
     .ret_same = FS_ALL, .fn = fs_temp_new, QUICK},

    {.ordinal = 10, DIR, .name = "list",
     .doc = "the entries (name, path, kind, size, mtime), sorted by name",
     PARAMS(p_maybe_path), .ret_type = AMB_T_TREE, .need = FS_READ, .fn = fs_dir_list,
     LOOK, .cost_per_kib = 50},
    {.ordinal = 11, DIR, .name = "open", .doc = "a file for reading", PARAMS(p_path),
     .ret_type = AMB_T_RES, .ret_restype = FS_RES_FILE, .need = FS_READ,
     .ret_fixed = FS_READ, .fn = fs_dir_open, LOOK},
    {.ordinal = 12, DIR, .name = "create",
     .doc = "a new file, for reading and writing; it must not exist", PARAMS(p_path),
     .ret_type = AMB_T_RES, .ret_restype = FS_RES_FILE, .need = FS_CREATE,
     .ret_fixed = FS_READ | WRITE_BITS, .fn = fs_dir_create, CHANGE},
    {.ordinal = 13, DIR, .name = "append",
     .doc = "a file for adding at its end, made if missing", PARAMS(p_path),
     .ret_type = AMB_T_RES, .ret_restype = FS_RES_FILE, .need = FS_APPEND,
     .ret_fixed = FS_APPEND, .fn = fs_dir_append, CHANGE},
    {.ordinal = 14, DIR, .name = "edit", .doc = "an existing file for changing",
     PARAMS(p_path), .ret_type = AMB_T_RES, .ret_restype = FS_RES_FILE, .need = FS_WRITE,
     .ret_fixed = WRITE_BITS, .ret_same = FS_READ, .fn = fs_dir_edit, CHANGE},
    {.ordinal = 15, DIR, .name = "read_text", .doc = "the whole file as a string",
     PARAMS(p_path), .ret_type = AMB_T_STR, .need = FS_READ, .fn = fs_dir_read_text,
     LOOK, .cost_per_kib = 20},
    {.ordinal = 16, DIR, .name = "read_bytes", .doc = "the whole file as bytes",
     PARAMS(p_path), .ret_type = AMB_T_BYTES, .need = FS_READ, .fn = fs_dir_read_bytes,
     LOOK, .cost_per_kib = 20},
    {.ordinal = 17, DIR, .name = "write_text",
     .doc = "makes or replaces the file in one step", PARAMS(p_write_text),
     .need = FS_WRITE, .fn = fs_dir_write, CHANGE, .cost_per_kib = 20},
    {.ordinal = 18, DIR, .name = "write_bytes",
     .doc = "makes or replaces the file in one step", PARAMS(p_write_bytes),
     .need = FS_WRITE, .fn = fs_dir_write, CHANGE, .cost_per_kib = 20},
    {.ordinal = 19, DIR, .name = "mkdir", .doc = "a new directory", PARAMS(p_mkdir),
     .need = FS_CREATE, .fn = fs_dir_mkdir, CHANGE},
    {.ordinal = 20, DIR, .name = "remove", .doc = "a file, or an empty directory",
     PARAMS(p_path), .need = FS_REMOVE, .fn = fs_dir_remove, CHANGE},
    {.ordinal = 21, DIR, .name = "remove_all",
     .doc = "a file or a directory with all it contains; nothing there is fine",
     PARAMS(p_path), .need = FS_REMOVE, .fn = fs_dir_remove_all, CHANGE},
    {.ordinal = 22, DIR, .name = "rename", .doc = "gives another name; never replaces",
     PARAMS(p_from_to), .need = FS_REMOVE | FS_CREATE, .fn = fs_dir_rename, CHANGE},
    {.ordinal = 23, DIR, .name = "replace",
     .doc = "gives another name, in place of what has it", PARAMS(p_from_to),
     .need = FS_REMOVE | FS_WRITE, .fn = fs_dir_replace, CHANGE},
    {.ordinal = 24, DIR, .name = "copy", .doc = "copies a file to a new one",
     PARAMS(p_from_to), .need = FS_READ | FS_CREATE, .fn = fs_dir_copy, CHANGE},
    {.ordinal = 25, DIR, .name = "stat",
     .doc = "name, path, kind, size, mtime; follows links", PARAMS(p_path),
     .ret_type = AMB_T_TREE, .need = FS_READ, .fn = fs_dir_stat, LOOK},
    {.ordinal = 26, DIR, .name = "exists", .doc = "whether the path leads to something",
     PARAMS(p_path), .ret_type = AMB_T_BOOL, .need = FS_READ, .fn = fs_dir_exists, LOOK},
    {.ordinal = 27, DIR, .name = "walk",
     .doc = "all entries beneath, directories before what they contain",
     PARAMS(p_maybe_path), .ret_type = AMB_T_RES, .ret_restype = FS_RES_WALK,
     .need = FS_READ, .ret_fixed = FS_READ, .fn = fs_dir_walk, LOOK},
    {.ordinal = 28, DIR, .name = "glob",
     .doc = "the entries whose path fits the pattern, as a list", PARAMS(p_pattern),
     .ret_type = AMB_T_TREE, .need = FS_READ, .fn = fs_dir_glob, LOOK,
     .cost_per_kib = 50},
    {.ordinal = 29, DIR, .name = "sub",
     .doc = "a directory beneath, with the same rights", PARAMS(p_path),
     .ret_type = AMB_T_RES, .ret_restype = FS_RES_DIR, .ret_same = FS_ALL,
     .fn = fs_dir_sub, LOOK},
    {.ordinal = 30, DIR, .name = "temp",
     .doc = "a file without a name, gone when closed", .ret_type = AMB_T_RES,
     .ret_restype = FS_RES_FILE, .need = FS_CREATE, .ret_fixed = FS_READ | WRITE_BITS,
     .fn = fs_dir_temp, CHANGE},

    {.ordinal = ORD_READ, FILE_, .name = "read_into", .doc = "", PARAMS(p_in),
     .ret_type = AMB_T_I64, .need = FS_READ, .fn = fs_file_read,
     .flags = AMB_OP_INLINE | AMB_OP_BLOCKING | AMB_OP_KERNEL, .effect = AMB_FX_READ,
     .cost = 100, .cost_per_kib = 10},
    {.ordinal = ORD_WRITE, FILE_, .name = "write_some", .doc = "", PARAMS(p_out),
     .ret_type = AMB_T_I64, .need = FS_APPEND, .fn = fs_file_write,
     .flags = AMB_OP_INLINE | AMB_OP_BLOCKING | AMB_OP_KERNEL, .effect = AMB_FX_WRITE,
     .cost = 100, .cost_per_kib = 10},
    {.ordinal = ORD_SEEK, FILE_, .name = "seek",
     .doc = "moves the position and gives it", PARAMS(p_seek), .ret_type = AMB_T_I64,
     .fn = fs_file_seek, .flags = AMB_OP_INLINE, .cost = 20},
    {.ordinal = 43, FILE_, .name = "tell", .doc = "the position in bytes",
     .ret_type = AMB_T_I64, .fn = fs_file_tell,
     .flags = AMB_OP_INLINE | AMB_OP_IDEMPOTENT, .cost = 20},
    {.ordinal = 44, FILE_, .name = "read_at",
     .doc = "bytes at an offset; the position stays", PARAMS(p_read_at),
     .ret_type = AMB_T_BYTES, .need = FS_READ, .fn = fs_file_read_at, LOOK,
     .cost_per_kib = 10},
    {.ordinal = 45, FILE_, .name = "write_at",
     .doc = "writes all of it at an offset; the position stays", PARAMS(p_write_at),
     .ret_type = AMB_T_I64, .need = FS_WRITE, .fn = fs_file_write_at, CHANGE,
     .cost_per_kib = 10},
    {.ordinal = 46, FILE_, .name = "write_text", .doc = "replaces the whole content",
     PARAMS(p_data), .need = FS_WRITE, .fn = fs_file_write_text, CHANGE,
     .cost_per_kib = 10},
    {.ordinal = 47, FILE_, .name = "truncate", .doc = "cuts or extends to a size",
     PARAMS(p_size), .need = FS_WRITE, .fn = fs_file_truncate, CHANGE},
    {.ordinal = 48, FILE_, .name = "sync", .doc = "waits until it is on the disk",
     .need = FS_APPEND, .fn = fs_file_sync, .flags = AMB_OP_BLOCKING,
     .effect = AMB_FX_WRITE, .cost = 1000},
    {.ordinal = 49, FILE_, .name = "flush",
     .doc = "does nothing: writes are not held back", .fn = fs_file_flush,
     .flags = AMB_OP_INLINE, .cost = 1},
    {.ordinal = 50, FILE_, .name = "stat", .doc = "kind, size, mtime",
     .ret_type = AMB_T_TREE, .fn = fs_file_stat, LOOK},

    {.ordinal = ORD_NEXT, .restype = FS_RES_WALK, .name = "next_batch", .doc = "",
     PARAMS(p_next), .ret_type = AMB_T_TREE, .need = FS_READ, .fn = fs_walk_next,
     .flags = AMB_OP_INLINE | AMB_OP_BLOCKING | AMB_OP_KERNEL, .effect = AMB_FX_READ,
     .cost = 200},

    {.ordinal = 70, .restype = FS_RES_NAMED, .name = "open", .doc = "a file for reading",
     PARAMS(p_path), .ret_type = AMB_T_RES, .ret_restype = FS_RES_FILE, .need = FS_READ,
     .ret_fixed = FS_READ, .fn = fs_named_open, LOOK},
    {.ordinal = 71, .restype = FS_RES_NAMED, .name = "create",
     .doc = "a new file; it must not exist", PARAMS(p_path), .ret_type = AMB_T_RES,
     .ret_restype = FS_RES_FILE, .need = FS_CREATE, .ret_fixed = FS_READ | WRITE_BITS,
     .fn = fs_named_create, CHANGE},
};

static const amb_restype types[] = {
    {.id = FS_RES_DIR, .name = "dir", .doc = "a directory", .all = FS_ALL,
     .dflt = FS_READ, .close = fs_dir_close},
    {.id = FS_RES_FILE, .flags = AMB_R_FD | AMB_R_SERIAL, .read_op = ORD_READ,
     .write_op = ORD_WRITE, .seek_op = ORD_SEEK, .name = "file", .doc = "an open file",
     .all = FS_ALL, .dflt = FS_READ, .close = fs_file_close, .getfd = fs_file_getfd},
    {.id = FS_RES_WALK, .next_op = ORD_NEXT, .name = "walk",
     .doc = "a walk through a directory", .all = FS_READ, .dflt = FS_READ,
     .close = fs_walk_close},
    {.id = FS_RES_NAMED, .name = "named", .doc = "files named on the command line",
     .all = FS_READ | FS_CREATE, .dflt = FS_READ, .close = fs_named_close},
};

static amb_status start(const amb_host *h, void *hctx, const amb_arg *cfg, uint32_t ncfg,
                        void **inst)
{
    (void)cfg, (void)ncfg;
    fs *f = calloc(1, sizeof *f);
    if (!f) return AMB_E_NOMEM;
    f->h = h;
    f->hctx = hctx;
    *inst = f;
    return AMB_OK;
}

static void stop(void *inst)
{
    fs *f = inst;
    for (fs_scratch *s = f->scratch; s;) {
        fs_scratch *next = s->next;
        fs_remove_tree(AT_FDCWD, s->path, 0);
        free(s);
        s = next;
    }
    free(f);
}

AMB_PROVIDER(fs) = {
    AMB_PROVIDER_HEAD,
    .iface = "fs",
    .doc = "files and directories",
    .iface_major = 1,
    .nops = sizeof ops / sizeof ops[0],
    .nres = sizeof types / sizeof types[0],
    .nrights = sizeof rights / sizeof rights[0],
    .ops = ops,
    .res = types,
    .rights = rights,
    .start = start,
    .stop = stop,
};
