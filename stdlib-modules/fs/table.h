/* SPDX-License-Identifier: MIT */
/* The table of the interface `fs`, included by each implementation: FN(x) is its function x, TRY and DISK are the
 * flags of operations that can be tried without waiting and of those that may always wait,
 * FILE_FLAGS and GETFD what files of it can do beyond the rest.
 *
 * Rights never depend on argument values, so what needs other rights is another operation. */
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
#define FLAG(nm, dc) {.name = nm, .doc = dc, .type = AMB_T_BOOL, .flags = AMB_P_OPT}
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
static const amb_param p_tree[] = {
    STR("path", "beneath the directory", AMB_P_PATH, 0),
    FLAG("tree", "a directory with all it contains")};
static const amb_param p_copy[] = {STR("from", "beneath the directory", AMB_P_PATH, 0),
                                   STR("to", "beneath the directory", 0, 0),
                                   FLAG("tree", "a directory with all it contains")};
static const amb_param p_copy_to[] = {
    {.name = "into", .doc = "a directory with the right to create", .type = AMB_T_RES,
     .restype = FS_RES_DIR, .need = FS_CREATE},
    STR("from", "beneath this directory", AMB_P_PATH, 0),
    STR("to", "beneath the other one; the same as `from` if left out", AMB_P_OPT, 0),
    FLAG("tree", "a directory with all it contains")};
static const amb_param p_watch[] = {
    STR("path", "beneath the directory; itself if left out", AMB_P_PATH | AMB_P_OPT, 0),
    FLAG("tree", "the directories in it, too")};
static const amb_param p_wait[] = {
    {.name = "wait", .doc = "until it is free; true if left out", .type = AMB_T_BOOL,
     .flags = AMB_P_OPT}};
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
#define OPENING .flags = AMB_OP_INLINE, .cost = 200
#define SHORT .flags = AMB_OP_INLINE, .cost = 20
#define LOOK .flags = TRY | AMB_OP_IDEMPOTENT, .effect = AMB_FX_READ, .cost = 200
#define SEARCH .flags = DISK | AMB_OP_IDEMPOTENT, .effect = AMB_FX_READ, .cost = 200
#define CHANGE .flags = DISK, .effect = AMB_FX_WRITE, .cost = 200
#define DIR .restype = FS_RES_DIR
#define FILE_ .restype = FS_RES_FILE

enum { ORD_READ = 40, ORD_WRITE = 41, ORD_SEEK = 42, ORD_NEXT = 60, ORD_CHANGES = 61 };

static const amb_op ops[] = {
    {.ordinal = 1, .name = "dir", .doc = "a directory and everything beneath it",
     PARAMS(p_dir_new), .ret_restype = FS_RES_DIR, .ret_type = AMB_T_RES,
     .ret_fixed = FS_ALL, .fn = FN(dir_new), OPENING},
    {.ordinal = 2, .name = "file", .doc = "one file", PARAMS(p_file_new),
     .ret_restype = FS_RES_FILE, .ret_type = AMB_T_RES, .ret_fixed = FS_ALL,
     .fn = FN(file_new), OPENING},
    {.ordinal = 3, .name = "named", .doc = "files named on the command line",
     PARAMS(p_named_new), .ret_restype = FS_RES_NAMED, .ret_type = AMB_T_RES,
     .ret_fixed = FS_ALL, .fn = FN(named_new), OPENING},
    {.ordinal = 4, .name = "temp", .doc = "a private directory, removed at the end",
     .ret_restype = FS_RES_DIR, .ret_type = AMB_T_RES, .ret_fixed = FS_ALL,
     .ret_same = FS_ALL, .fn = FN(temp_new), OPENING},

    {.ordinal = 10, DIR, .name = "list",
     .doc = "the entries (name, path, kind, size, mtime), sorted by name",
     PARAMS(p_maybe_path), .ret_type = AMB_T_TREE, .need = FS_READ, .fn = FN(dir_list),
     SEARCH, .cost_per_kib = 50},
    {.ordinal = 11, DIR, .name = "open", .doc = "a file for reading", PARAMS(p_path),
     .ret_type = AMB_T_RES, .ret_restype = FS_RES_FILE, .need = FS_READ,
     .ret_fixed = FS_READ, .fn = FN(dir_open), LOOK},
    {.ordinal = 12, DIR, .name = "create",
     .doc = "a new file, for reading and writing; it must not exist", PARAMS(p_path),
     .ret_type = AMB_T_RES, .ret_restype = FS_RES_FILE, .need = FS_CREATE,
     .ret_fixed = FS_READ | WRITE_BITS, .fn = FN(dir_create), CHANGE},
    {.ordinal = 13, DIR, .name = "append",
     .doc = "a file for adding at its end, made if missing", PARAMS(p_path),
     .ret_type = AMB_T_RES, .ret_restype = FS_RES_FILE, .need = FS_APPEND,
     .ret_fixed = FS_APPEND, .fn = FN(dir_append), CHANGE},
    {.ordinal = 14, DIR, .name = "edit", .doc = "an existing file for changing",
     PARAMS(p_path), .ret_type = AMB_T_RES, .ret_restype = FS_RES_FILE, .need = FS_WRITE,
     .ret_fixed = WRITE_BITS, .ret_same = FS_READ, .fn = FN(dir_edit),
     .flags = TRY, .effect = AMB_FX_WRITE, .cost = 200},
    {.ordinal = 15, DIR, .name = "read_text", .doc = "the whole file as a string",
     PARAMS(p_path), .ret_type = AMB_T_STR, .need = FS_READ, .fn = FN(dir_read_text),
     LOOK, .cost_per_kib = 20},
    {.ordinal = 16, DIR, .name = "read_bytes", .doc = "the whole file as bytes",
     PARAMS(p_path), .ret_type = AMB_T_BYTES, .need = FS_READ, .fn = FN(dir_read_bytes),
     LOOK, .cost_per_kib = 20},
    {.ordinal = 17, DIR, .name = "write_text",
     .doc = "makes or replaces the file in one step", PARAMS(p_write_text),
     .need = FS_WRITE, .fn = FN(dir_write), CHANGE, .cost_per_kib = 20},
    {.ordinal = 18, DIR, .name = "write_bytes",
     .doc = "makes or replaces the file in one step", PARAMS(p_write_bytes),
     .need = FS_WRITE, .fn = FN(dir_write), CHANGE, .cost_per_kib = 20},
    {.ordinal = 19, DIR, .name = "mkdir", .doc = "a new directory", PARAMS(p_mkdir),
     .need = FS_CREATE, .fn = FN(dir_mkdir), CHANGE},
    {.ordinal = 20, DIR, .name = "remove",
     .doc = "a file or an empty directory; with `tree` also what a directory contains",
     PARAMS(p_tree), .need = FS_REMOVE, .fn = FN(dir_remove), CHANGE},
    {.ordinal = 22, DIR, .name = "rename", .doc = "gives another name; never replaces",
     PARAMS(p_from_to), .need = FS_REMOVE | FS_CREATE, .fn = FN(dir_rename), CHANGE},
    {.ordinal = 23, DIR, .name = "replace",
     .doc = "gives another name, in place of what has it", PARAMS(p_from_to),
     .need = FS_REMOVE | FS_WRITE, .fn = FN(dir_replace), CHANGE},
    {.ordinal = 24, DIR, .name = "copy",
     .doc = "copies a file to a new one; with `tree` a directory and what it contains",
     PARAMS(p_copy), .need = FS_READ | FS_CREATE, .fn = FN(dir_copy), CHANGE},
    {.ordinal = 25, DIR, .name = "stat",
     .doc = "name, path, kind, size, mtime; follows links", PARAMS(p_path),
     .ret_type = AMB_T_TREE, .need = FS_READ, .fn = FN(dir_stat), LOOK},
    {.ordinal = 26, DIR, .name = "exists", .doc = "whether the path leads to something",
     PARAMS(p_path), .ret_type = AMB_T_BOOL, .need = FS_READ, .fn = FN(dir_exists), LOOK},
    {.ordinal = 27, DIR, .name = "walk",
     .doc = "all entries beneath, directories before what they contain",
     PARAMS(p_maybe_path), .ret_type = AMB_T_RES, .ret_restype = FS_RES_WALK,
     .need = FS_READ, .ret_fixed = FS_READ, .fn = FN(dir_walk), SEARCH},
    {.ordinal = 28, DIR, .name = "glob",
     .doc = "the entries whose path fits the pattern, as a list", PARAMS(p_pattern),
     .ret_type = AMB_T_TREE, .need = FS_READ, .fn = FN(dir_glob), SEARCH,
     .cost_per_kib = 50},
    {.ordinal = 29, DIR, .name = "sub",
     .doc = "a directory beneath, with the same rights", PARAMS(p_path),
     .ret_type = AMB_T_RES, .ret_restype = FS_RES_DIR, .ret_same = FS_ALL,
     .fn = FN(dir_sub), LOOK},
    {.ordinal = 30, DIR, .name = "temp",
     .doc = "a file without a name, gone when closed", .ret_type = AMB_T_RES,
     .ret_restype = FS_RES_FILE, .need = FS_CREATE, .ret_fixed = FS_READ | WRITE_BITS,
     .fn = FN(dir_temp), CHANGE},
    {.ordinal = 31, DIR, .name = "copy_to", .doc = "the same into another directory",
     PARAMS(p_copy_to), .need = FS_READ, .fn = FN(dir_copy_to), CHANGE},
    {.ordinal = 32, DIR, .name = "watch",
     .doc = "what changes in it from now on: a sequence of (kind, path)",
     PARAMS(p_watch), .ret_type = AMB_T_RES, .ret_restype = FS_RES_WATCH,
     .need = FS_READ, .ret_fixed = FS_READ, .fn = FN(dir_watch), SEARCH},

    {.ordinal = ORD_READ, FILE_, .name = "read_into", .doc = "", PARAMS(p_in),
     .ret_type = AMB_T_I64, .need = FS_READ, .fn = FN(file_read),
     .flags = TRY | AMB_OP_KERNEL | AMB_OP_CANCEL, .effect = AMB_FX_READ, .cost = 100,
     .cost_per_kib = 10},
    {.ordinal = ORD_WRITE, FILE_, .name = "write_some", .doc = "", PARAMS(p_out),
     .ret_type = AMB_T_I64, .need = FS_APPEND, .fn = FN(file_write),
     .flags = TRY | AMB_OP_KERNEL | AMB_OP_CANCEL, .effect = AMB_FX_WRITE, .cost = 100,
     .cost_per_kib = 10},
    {.ordinal = ORD_SEEK, FILE_, .name = "seek",
     .doc = "moves the position and gives it", PARAMS(p_seek), .ret_type = AMB_T_I64,
     .fn = FN(file_seek), SHORT},
    {.ordinal = 43, FILE_, .name = "tell", .doc = "the position in bytes",
     .ret_type = AMB_T_I64, .fn = FN(file_tell),
     .flags = AMB_OP_INLINE | AMB_OP_IDEMPOTENT, .cost = 20},
    {.ordinal = 44, FILE_, .name = "read_at",
     .doc = "bytes at an offset; the position stays", PARAMS(p_read_at),
     .ret_type = AMB_T_BYTES, .need = FS_READ, .fn = FN(file_read_at), LOOK,
     .cost_per_kib = 10},
    {.ordinal = 45, FILE_, .name = "write_at",
     .doc = "writes all of it at an offset; the position stays", PARAMS(p_write_at),
     .ret_type = AMB_T_I64, .need = FS_WRITE, .fn = FN(file_write_at),
     .flags = TRY, .effect = AMB_FX_WRITE, .cost = 200, .cost_per_kib = 10},
    {.ordinal = 46, FILE_, .name = "write_text", .doc = "replaces the whole content",
     PARAMS(p_data), .need = FS_WRITE, .fn = FN(file_write_text), CHANGE,
     .cost_per_kib = 10},
    {.ordinal = 47, FILE_, .name = "truncate", .doc = "cuts or extends to a size",
     PARAMS(p_size), .need = FS_WRITE, .fn = FN(file_truncate), CHANGE},
    {.ordinal = 48, FILE_, .name = "sync", .doc = "waits until it is on the disk",
     .need = FS_APPEND, .fn = FN(file_sync), .flags = DISK,
     .effect = AMB_FX_WRITE, .cost = 1000},
    {.ordinal = 49, FILE_, .name = "flush",
     .doc = "does nothing: writes are not held back", .fn = FN(file_flush),
     .flags = AMB_OP_INLINE, .cost = 1},
    {.ordinal = 50, FILE_, .name = "stat", .doc = "kind, size, mtime",
     .ret_type = AMB_T_TREE, .fn = FN(file_stat), .flags = AMB_OP_INLINE,
     .effect = AMB_FX_READ, .cost = 100},
    {.ordinal = 51, FILE_, .name = "lock",
     .doc = "an exclusive lock that other programs see; false if it is taken and `wait` "
            "is false",
     PARAMS(p_wait), .ret_type = AMB_T_BOOL, .need = FS_APPEND, .fn = FN(file_lock),
     .flags = AMB_OP_INLINE | AMB_OP_CANCEL, .effect = AMB_FX_EXTERNAL, .cost = 200},
    {.ordinal = 52, FILE_, .name = "lock_shared",
     .doc = "a lock that others can share, against exclusive ones", PARAMS(p_wait),
     .ret_type = AMB_T_BOOL, .need = FS_READ, .fn = FN(file_lock_shared),
     .flags = AMB_OP_INLINE | AMB_OP_CANCEL, .effect = AMB_FX_EXTERNAL, .cost = 200},
    {.ordinal = 53, FILE_, .name = "unlock", .doc = "gives the lock back",
     .fn = FN(file_unlock), .flags = AMB_OP_INLINE, .effect = AMB_FX_EXTERNAL,
     .cost = 100},

    {.ordinal = ORD_NEXT, .restype = FS_RES_WALK, .name = "next_batch", .doc = "",
     PARAMS(p_next), .ret_type = AMB_T_TREE, .need = FS_READ, .fn = FN(walk_next),
     .flags = DISK | AMB_OP_KERNEL, .effect = AMB_FX_READ, .cost = 200},
    {.ordinal = ORD_CHANGES, .restype = FS_RES_WATCH, .name = "next_batch", .doc = "",
     PARAMS(p_next), .ret_type = AMB_T_TREE, .need = FS_READ, .fn = FN(watch_next),
     .flags = AMB_OP_INLINE | AMB_OP_KERNEL | AMB_OP_CANCEL, .effect = AMB_FX_READ,
     .cost = 200},

    {.ordinal = 70, .restype = FS_RES_NAMED, .name = "open", .doc = "a file for reading",
     PARAMS(p_path), .ret_type = AMB_T_RES, .ret_restype = FS_RES_FILE, .need = FS_READ,
     .ret_fixed = FS_READ, .fn = FN(named_open), .flags = DISK, .effect = AMB_FX_READ,
     .cost = 200},
    {.ordinal = 71, .restype = FS_RES_NAMED, .name = "create",
     .doc = "a new file; it must not exist", PARAMS(p_path), .ret_type = AMB_T_RES,
     .ret_restype = FS_RES_FILE, .need = FS_CREATE, .ret_fixed = FS_READ | WRITE_BITS,
     .fn = FN(named_create), CHANGE},
    {.ordinal = 72, .restype = FS_RES_NAMED, .name = "edit",
     .doc = "an existing file for changing", PARAMS(p_path), .ret_type = AMB_T_RES,
     .ret_restype = FS_RES_FILE, .need = FS_WRITE, .ret_fixed = WRITE_BITS,
     .ret_same = FS_READ, .fn = FN(named_edit), CHANGE},
};

static const amb_restype types[] = {
    {.id = FS_RES_DIR, .name = "dir", .doc = "a directory", .all = FS_ALL,
     .dflt = FS_READ, .close = FN(dir_close) GETFD(dir_getfd)},
    {.id = FS_RES_FILE, .flags = FILE_FLAGS, .read_op = ORD_READ,
     .write_op = ORD_WRITE, .seek_op = ORD_SEEK, .name = "file", .doc = "an open file",
     .all = FS_ALL, .dflt = FS_READ, .close = FN(file_close) GETFD(file_getfd)},
    {.id = FS_RES_WALK, .flags = AMB_R_SERIAL, .next_op = ORD_NEXT, .name = "walk",
     .doc = "a walk through a directory", .all = FS_READ, .dflt = FS_READ,
     .close = FN(walk_close)},
    {.id = FS_RES_WATCH, .flags = AMB_R_SERIAL, .next_op = ORD_CHANGES, .name = "watch",
     .doc = "changes in a directory", .all = FS_READ, .dflt = FS_READ,
     .close = FN(watch_close)},
    {.id = FS_RES_NAMED, .name = "named", .doc = "files named on the command line",
     .all = FS_READ | WRITE_BITS, .dflt = FS_READ, .close = FN(named_close)},
};

