/* SPDX-License-Identifier: MIT */
/* Children with faults of everything the provider relies on: each is reaped, no pipe stays open. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kit.h"

extern const amb_provider amb_provider_process;

static kit *k;
static kit_cap *tool;
static int before;

static int descriptors(void)
{
    int n = 0;
    DIR *d = opendir("/proc/self/fd");
    while (readdir(d)) n++;
    closedir(d);
    return n;
}

static void open_kit(void)
{
    k = kit_new(&amb_provider_process, amb_reactor_uv_new(), NULL, 0);
    cr_assert_not_null(k);
    amb_arg names[3] = {kit_str("sh"), kit_str("cat"), kit_str("sleep")};
    tool = kit_make(k, NULL, "run", names, 3);
    cr_assert_not_null(tool);
    kit_pump(k, 1000); /* the reactor has its descriptors now */
    before = descriptors();
}

static void close_kit(void)
{
    cr_assert_eq(k->late, 0);
    cr_assert_eq(kit_free(k), 0);
    /* Nobody is left behind, not even as a zombie. */
    pid_t left = waitpid(-1, NULL, WNOHANG);
    cr_assert_eq(left, -1, "%d", (int)left);
    cr_assert_eq(errno, ECHILD);
}

static amb_arg words(amb_arg *t, const char *a, const char *b, const char *c)
{
    uint32_t n = 1;
    t[n++] = kit_str(a);
    if (b) t[n++] = kit_str(b);
    if (c) t[n++] = kit_str(c);
    t[0] = (amb_arg){.type = AMB_T_LIST, .len = n - 1};
    return (amb_arg){.type = AMB_T_TREE, .len = n, .v.p = t};
}

static kit_call *start_run(const char *script, amb_arg in, double timeout)
{
    static amb_arg t[4];
    amb_arg a[6] = {words(t, "sh", "-c", script), in, kit_nil(),
                    timeout ? kit_float(timeout) : kit_nil(), kit_nil(), kit_nil()};
    return kit_start(k, tool, "run", a, 6);
}

static const amb_arg *field(const kit_call *c, int i) { return (const amb_arg *)c->ret.v.p + 2 + 2 * i; }

Test(process, runs_to_the_end)
{
    open_kit();
    kit_call *c = start_run("cat; echo err >&2; exit 3", kit_str("input"), 10);
    cr_assert(!c->done);
    cr_assert(kit_wait(k, c, 5000000000));
    cr_assert_eq(c->st, AMB_OK);
    cr_assert_eq(field(c, 0)->v.i, 3);
    cr_assert_eq(field(c, 1)->type, AMB_T_NIL);
    cr_assert(field(c, 2)->len == 5 && memcmp(field(c, 2)->v.p, "input", 5) == 0);
    cr_assert(field(c, 3)->len == 4 && memcmp(field(c, 3)->v.p, "err\n", 4) == 0);
    cr_assert_eq(descriptors(), before);
    close_kit();
}

Test(process, nothing_to_wait_with)
{
    open_kit();
    k->fail.pend = 0;
    kit_call *c = start_run("exec sleep 5", kit_nil(), 0);
    cr_assert(c->done);
    cr_assert_eq(c->st, AMB_E_NOSYS);
    k->fail.pend = -1;
    for (int left = 0; left < 4; left++) {
        k->fail.watch = left;
        c = start_run("exec sleep 5", kit_str("x"), 10);
        kit_wait(k, c, 2000000000);
        k->fail.watch = -1;
        cr_assert(c->done);
        cr_assert_lt(c->st, 0, "%d", left);
    }
    k->fail.timer = 0;
    c = start_run("exec sleep 5", kit_nil(), 10);
    kit_wait(k, c, 2000000000);
    k->fail.timer = -1;
    cr_assert(c->done && c->st < 0);
    close_kit();
}

Test(process, no_memory_for_the_answer)
{
    open_kit();
    for (int left = 0; left < 3; left++) {
        kit_call *c = start_run("echo x", kit_nil(), 0);
        k->fail.alloc = left;
        cr_assert(kit_wait(k, c, 5000000000));
        k->fail.alloc = -1;
        cr_assert_eq(c->st, AMB_E_NOMEM);
    }
    cr_assert_eq(descriptors(), before);
    close_kit();
}

Test(process, cancelled_runs_end)
{
    open_kit();
    kit_call *c = start_run("exec sleep 20", kit_nil(), 0);
    cr_assert_eq(kit_cancel(k, c), AMB_E_CANCELED);
    for (int i = 0; i < 200 && descriptors() != before; i++) kit_pump(k, 10000000);
    cr_assert_eq(descriptors(), before);
    /* One that is cancelled with its end already on the way. */
    c = start_run("exit 0", kit_nil(), 0);
    usleep(50000);
    kit_cancel(k, c);
    cr_assert(c->done);
    kit_pump(k, 50000000);
    cr_assert_eq(descriptors(), before);
    close_kit();
}

Test(process, timeouts)
{
    open_kit();
    kit_call *c = start_run("sleep 20 & sleep 20", kit_nil(), 0.05);
    cr_assert(kit_wait(k, c, 5000000000));
    cr_assert_eq(c->st, AMB_E_TIMEOUT);
    cr_assert_eq(descriptors(), before);
    close_kit();
}

Test(process, children_without_handles)
{
    open_kit();
    amb_arg t[4], a = words(t, "cat", NULL, NULL);
    k->fail.res_new = 0;
    cr_assert_eq(kit_do(k, tool, "start", &a, 1, NULL), AMB_E_NOMEM);
    k->fail.res_new = -1;
    for (int i = 0; i < 200 && descriptors() != before; i++) kit_pump(k, 10000000);
    cr_assert_eq(descriptors(), before);
    kit_cap *child = kit_make(k, tool, "start", &a, 1);
    cr_assert_not_null(child);
    k->fail.res_new = 0;
    cr_assert_eq(kit_do(k, child, "stdin", NULL, 0, NULL), AMB_E_NOMEM);
    k->fail.res_new = -1;
    kit_cap *in = kit_make(k, child, "stdin", NULL, 0), *out = kit_make(k, child, "stdout", NULL, 0);
    cr_assert(in && out);
    char block[64];
    amb_arg buf = kit_buf(block, sizeof block), data = kit_buf((char *)"hello", 5);
    kit_call *r = kit_start(k, out, "read_into", &buf, 1);
    cr_assert(!r->done);
    cr_assert_eq(kit_do(k, in, "write_some", &data, 1, NULL), AMB_OK);
    cr_assert(kit_wait(k, r, 5000000000));
    cr_assert(r->st == AMB_OK && r->ret.v.i == 5 && memcmp(block, "hello", 5) == 0);
    /* Two wait for the end; one gives up. */
    kit_call *w1 = kit_start(k, child, "wait", NULL, 0), *w2 = kit_start(k, child, "wait", NULL, 0);
    cr_assert(!w1->done && !w2->done);
    cr_assert_eq(kit_cancel(k, w1), AMB_E_CANCELED);
    kit_close(k, in);
    cr_assert(kit_wait(k, w2, 5000000000));
    cr_assert_eq(w2->st, AMB_OK);
    r = kit_start(k, out, "read_into", &buf, 1);
    cr_assert(kit_wait(k, r, 5000000000));
    cr_assert(r->st == AMB_OK && r->ret.v.i == 0);
    kit_close(k, out);
    kit_close(k, child);
    kit_pump(k, 1000000);
    cr_assert_eq(descriptors(), before);
    close_kit();
}

/* A reader that is gone is an error of the writer, not a signal. */
Test(process, nobody_reads)
{
    open_kit();
    signal(SIGPIPE, SIG_DFL);
    amb_arg t[4], a = words(t, "sh", "-c", "exec 0<&-; echo closed; exec sleep 20");
    kit_cap *child = kit_make(k, tool, "start", &a, 1);
    kit_cap *in = kit_make(k, child, "stdin", NULL, 0), *out = kit_make(k, child, "stdout", NULL, 0);
    char block[16];
    amb_arg buf = kit_buf(block, sizeof block), data = kit_buf((char *)"hello", 5);
    cr_assert_eq(kit_do(k, out, "read_into", &buf, 1, NULL), AMB_OK);
    kit_call *c;
    cr_assert_eq(kit_do(k, in, "write_some", &data, 1, &c), AMB_E_IO);
    cr_assert_eq(c->os_errno, EPIPE);
    close_kit();
}
