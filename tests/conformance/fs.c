/* SPDX-License-Identifier: MIT */
/* Every operation of fs, on disk and in memory, with faults of everything it relies on: no breach of the contract,
 * nothing half done, no descriptor lost. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kit.h"

extern const amb_provider amb_provider_fs, amb_provider_fs_memory;

static kit *k;
static kit_cap *root;

#define BOTH(name)                                                             \
    static void name(void);                                                    \
    Test(fs, name##_files) { open_kit(&amb_provider_fs); name(); close_kit(); } \
    Test(fs, name##_memory) { open_kit(&amb_provider_fs_memory); name(); close_kit(); } \
    static void name(void)

static int descriptors(void)
{
    int n = 0;
    DIR *d = opendir("/proc/self/fd");
    while (readdir(d)) n++;
    closedir(d);
    return n;
}

static amb_status do2(kit_cap *self, const char *op, const char *a, const char *b, kit_call **out)
{
    amb_arg args[2] = {a ? kit_str(a) : kit_nil(), b ? kit_str(b) : kit_nil()};
    return kit_do(k, self, op, args, b ? 2 : a ? 1 : 0, out);
}
static kit_cap *make(kit_cap *self, const char *op, const char *path)
{
    amb_arg a = path ? kit_str(path) : kit_nil();
    kit_cap *cap = kit_make(k, self, op, &a, path ? 1 : 0);
    cr_assert_not_null(cap, "%s %s", op, path ? path : "");
    return cap;
}

/* The same tree before each try. */
static void plant(void)
{
    amb_arg tree[2] = {kit_str("d"), {.type = AMB_T_BOOL, .v.i = 1}};
    kit_do(k, root, "remove", tree, 2, NULL);
    static const char *const gone[] = {"new", "n", "log"};
    for (size_t i = 0; i < sizeof gone / sizeof *gone; i++) {
        tree[0] = kit_str(gone[i]);
        kit_do(k, root, "remove", tree, 2, NULL);
    }
    cr_assert_eq(do2(root, "mkdir", "d", NULL, NULL), AMB_OK);
    cr_assert_eq(do2(root, "mkdir", "d/e", NULL, NULL), AMB_OK);
    cr_assert_eq(do2(root, "write_text", "d/f", "text", NULL), AMB_OK);
    cr_assert_eq(do2(root, "write_text", "d/e/g", "more", NULL), AMB_OK);
}

static void open_kit(const amb_provider *p)
{
    k = kit_new(p, amb_reactor_uv_new(), NULL, 0);
    cr_assert_not_null(k);
    root = make(NULL, "temp", NULL);
    /* The reactor has its own descriptors from the first watch on. */
    kit_cap *watch = make(root, "watch", NULL);
    amb_arg max = kit_int(1);
    kit_cancel(k, kit_start(k, watch, "next_batch", &max, 1));
    kit_close(k, watch);
}
static void close_kit(void)
{
    cr_assert_eq(k->late, 0, "%d answers came too late", k->late);
    cr_assert_eq(kit_free(k), 0);
}

static const struct {
    const char *op, *a, *b;
} each[] = {
    {"list", NULL, NULL},   {"list", "d", NULL},       {"open", "d/f", NULL},
    {"create", "n", NULL},  {"append", "log", NULL},   {"edit", "d/f", NULL},
    {"read_text", "d/f", NULL}, {"read_bytes", "d/f", NULL}, {"write_text", "n", "x"},
    {"mkdir", "n", NULL},   {"remove", "d/f", NULL},   {"rename", "d", "n"},
    {"replace", "d/f", "d/e/g"}, {"copy", "d/f", "n"}, {"stat", "d/f", NULL},
    {"exists", "d/f", NULL}, {"walk", "d", NULL},      {"glob", "**", NULL},
    {"sub", "d", NULL},     {"temp", NULL, NULL},      {"watch", "d", NULL},
};

BOTH(faults_of_memory_and_handles)
{
    int before = descriptors();
    for (size_t i = 0; i < sizeof each / sizeof *each; i++)
        for (int which = 0; which < 2; which++)
            for (int left = 0; left < 4; left++) {
                plant();
                *(which ? &k->fail.res_new : &k->fail.alloc) = left;
                kit_call *c;
                amb_status st = do2(root, each[i].op, each[i].a, each[i].b, &c);
                k->fail.res_new = k->fail.alloc = -1;
                cr_assert(st == AMB_OK || st == AMB_E_NOMEM, "%s: %d", each[i].op, st);
                if (st == AMB_OK && c->made) kit_close(k, c->made);
                kit_forget(k, c);
            }
    cr_assert_eq(descriptors(), before);
}

BOTH(walks_and_watches_without_memory)
{
    plant();
    int before = descriptors();
    for (int left = 0; left < 6; left++) {
        kit_cap *walk = make(root, "walk", NULL);
        amb_arg max = kit_int(2);
        k->fail.alloc = left;
        amb_status st = kit_do(k, walk, "next_batch", &max, 1, NULL);
        k->fail.alloc = -1;
        cr_assert(st == AMB_OK || st == AMB_E_NOMEM);
        kit_close(k, walk);
    }
    for (int left = 0; left < 4; left++) {
        kit_cap *watch = make(root, "watch", NULL);
        amb_arg max = kit_int(10);
        kit_call *c = kit_start(k, watch, "next_batch", &max, 1);
        cr_assert(!c->done);
        k->fail.alloc = left;
        char name[16];
        snprintf(name, sizeof name, "n%d", left);
        do2(root, "mkdir", name, NULL, NULL);
        cr_assert(kit_wait(k, c, 1000000000));
        k->fail.alloc = -1;
        cr_assert(c->st == AMB_OK || c->st == AMB_E_NOMEM);
        kit_close(k, watch);
    }
    cr_assert_eq(descriptors(), before);
}

BOTH(a_watch_that_cannot_wait_or_is_cancelled)
{
    kit_cap *watch = make(root, "watch", NULL);
    amb_arg max = kit_int(10);
    k->fail.pend = 0;
    cr_assert_eq(kit_do(k, watch, "next_batch", &max, 1, NULL), AMB_E_NOSYS);
    k->fail.pend = -1;
    kit_call *c = kit_start(k, watch, "next_batch", &max, 1);
    cr_assert_eq(kit_cancel(k, c), AMB_E_CANCELED);
    /* What happens afterwards is not lost. */
    cr_assert_eq(do2(root, "mkdir", "later", NULL, NULL), AMB_OK);
    cr_assert_eq(kit_do(k, watch, "next_batch", &max, 1, &c), AMB_OK);
    cr_assert_eq(c->ret.type, AMB_T_TREE);
    cr_assert_eq(((const amb_arg *)c->ret.v.p)[0].len, 1);
    /* Closed while somebody waits. */
    c = kit_start(k, watch, "next_batch", &max, 1);
    cr_assert(!c->done);
    kit_cancel(k, c);
    kit_close(k, watch);
    cr_assert_eq(do2(root, "mkdir", "after", NULL, NULL), AMB_OK);
    kit_pump(k, 1000000);
}

BOTH(locks_that_wait)
{
    plant();
    kit_cap *a = make(root, "edit", "d/f"), *b = make(root, "edit", "d/f"),
            *c = make(root, "edit", "d/f");
    cr_assert_eq(kit_do(k, a, "lock", NULL, 0, NULL), AMB_OK);
    k->fail.pend = 0;
    cr_assert_eq(kit_do(k, b, "lock", NULL, 0, NULL), AMB_E_NOSYS);
    k->fail.pend = -1;
    kit_call *first = kit_start(k, b, "lock", NULL, 0), *second = kit_start(k, c, "lock_shared", NULL, 0);
    cr_assert(!first->done && !second->done);
    cr_assert_eq(kit_cancel(k, first), AMB_E_CANCELED);
    cr_assert_eq(kit_do(k, a, "unlock", NULL, 0, NULL), AMB_OK);
    cr_assert(kit_wait(k, second, 2000000000));
    cr_assert_eq(second->st, AMB_OK);
    /* The cancelled one did not get it in secret. */
    amb_arg no = {.type = AMB_T_BOOL};
    kit_call *try;
    cr_assert_eq(kit_do(k, a, "lock_shared", &no, 1, &try), AMB_OK);
    cr_assert_eq(try->ret.v.i, 1);
    first = kit_start(k, b, "lock", NULL, 0);
    cr_assert(!first->done);
    kit_close(k, a);
    kit_close(k, c);
    cr_assert(kit_wait(k, first, 2000000000));
    cr_assert_eq(first->st, AMB_OK);
}

/* The answer to a lock that nobody wants any more gives it back. */
BOTH(late_lock)
{
    plant();
    kit_cap *a = make(root, "edit", "d/f"), *b = make(root, "edit", "d/f");
    cr_assert_eq(kit_do(k, a, "lock", NULL, 0, NULL), AMB_OK);
    kit_call *c = kit_start(k, b, "lock", NULL, 0);
    k->fail.answer = 0;
    cr_assert_eq(kit_do(k, a, "unlock", NULL, 0, NULL), AMB_OK);
    kit_pump(k, 20000000);
    k->fail.answer = -1;
    cr_assert(c->done);
}

static void pipe_pair(kit_cap **in, int *out, char path[64])
{
    snprintf(path, 64, "/tmp/ambit-fifo-%d", (int)getpid());
    cr_assert_eq(mkfifo(path, 0600), 0);
    amb_arg a[2] = {kit_str(path), {.type = AMB_T_I64, .v.i = 1 /* read */}};
    *in = kit_make(k, NULL, "file", a, 2);
    cr_assert_not_null(*in);
    *out = open(path, O_WRONLY);
    unlink(path);
}

Test(fs, pipes)
{
    open_kit(&amb_provider_fs);
    kit_cap *in;
    int out;
    char path[64], block[16];
    pipe_pair(&in, &out, path);
    amb_arg buf = kit_buf(block, sizeof block);
    kit_call *c = kit_start(k, in, "read_into", &buf, 1);
    cr_assert(!c->done);
    cr_assert_eq(write(out, "abc", 3), 3);
    cr_assert(kit_wait(k, c, 1000000000));
    cr_assert(c->st == AMB_OK && c->ret.v.i == 3);
    /* Cancelled: the bytes that come then are there for the next one. */
    c = kit_start(k, in, "read_into", &buf, 1);
    cr_assert_eq(kit_cancel(k, c), AMB_E_CANCELED);
    cr_assert_eq(write(out, "de", 2), 2);
    kit_pump(k, 1000000);
    cr_assert_eq(kit_do(k, in, "read_into", &buf, 1, &c), AMB_OK);
    cr_assert_eq(c->ret.v.i, 2);
    /* Nobody wants the answer: nothing is read for it. */
    c = kit_start(k, in, "read_into", &buf, 1);
    k->fail.answer = 0;
    cr_assert_eq(write(out, "fg", 2), 2);
    kit_pump(k, 20000000);
    k->fail.answer = -1;
    cr_assert_eq(kit_do(k, in, "read_into", &buf, 1, &c), AMB_OK);
    cr_assert_eq(c->ret.v.i, 2);
    c = kit_start(k, in, "read_into", &buf, 1);
    close(out);
    cr_assert(kit_wait(k, c, 1000000000));
    cr_assert(c->st == AMB_OK && c->ret.v.i == 0);
    close_kit();
}

Test(fs, a_pipe_that_cannot_be_watched)
{
    open_kit(&amb_provider_fs);
    kit_cap *in;
    int out;
    char path[64], block[16];
    pipe_pair(&in, &out, path);
    amb_arg buf = kit_buf(block, sizeof block);
    k->fail.watch = 0;
    cr_assert_lt(kit_do(k, in, "read_into", &buf, 1, NULL), 0);
    k->fail.watch = -1;
    cr_assert_eq(write(out, "abc", 3), 3);
    kit_call *c;
    cr_assert_eq(kit_do(k, in, "read_into", &buf, 1, &c), AMB_OK);
    cr_assert_eq(c->ret.v.i, 3);
    close(out);
    close_kit();
}

Test(fs, a_full_memory)
{
    amb_arg quota = kit_int(10000);
    k = kit_new(&amb_provider_fs_memory, amb_reactor_uv_new(), &quota, 1);
    cr_assert_not_null(k);
    root = make(NULL, "temp", NULL);
    char big[9000];
    memset(big, 'x', sizeof big);
    big[8999] = 0;
    cr_assert_eq(do2(root, "write_text", "a", big, NULL), AMB_OK);
    kit_call *c;
    cr_assert_eq(do2(root, "write_text", "b", big, &c), AMB_E_IO);
    cr_assert_eq(c->os_errno, ENOSPC);
    cr_assert_eq(do2(root, "copy", "a", "c", &c), AMB_E_IO);
    cr_assert_eq(c->os_errno, ENOSPC);
    cr_assert_eq(do2(root, "exists", "c", NULL, &c), AMB_OK);
    cr_assert_eq(c->ret.v.i, 0);
    int made = 0;
    for (char name[16]; made < 100; made++) {
        snprintf(name, sizeof name, "d%d", made);
        if (do2(root, "mkdir", name, NULL, NULL) != AMB_OK) break;
    }
    cr_assert_lt(made, 100);
    cr_assert_eq(do2(root, "remove", "a", NULL, NULL), AMB_OK);
    big[5000] = 0;
    cr_assert_eq(do2(root, "write_text", "b", big, NULL), AMB_OK);
    close_kit();
}
