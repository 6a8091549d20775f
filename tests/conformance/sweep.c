/* SPDX-License-Identifier: MIT */
/* Faults at every request of a provider to its host, and at what the system does for it: whatever fails first, second,
 * third ..., the provider keeps its contract, nothing leaks (the sanitizer builds look), and everything can be
 * closed. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include "kit.h"

extern const amb_provider amb_provider_fs, amb_provider_fs_memory, amb_provider_net, amb_provider_net_memory,
    amb_provider_timer, amb_provider_clock, amb_provider_process, amb_provider_console, amb_provider_entropy,
    amb_provider_modules;

#define EACH(x)                                                                                             \
    x(fs) x(fs_memory) x(net) x(net_memory) x(timer) x(clock) x(process) x(console) x(entropy) x(modules)

static kit *opened(const amb_provider *p)
{
    static const char hosts[] = "there.example=93.184.216.34,[2606:4700::1]";
    amb_arg cfg = kit_str(hosts);
    bool net = strcmp(p->iface, "net") == 0;
    if (kit_typed < 0 && strcmp(p->iface, "console") == 0) {
        int both[2];
        cr_assert_eq(pipe(both), 0);
        dup2(both[0], 0);
        close(both[0]);
        kit_typed = both[1];
    }
    kit *k = kit_new(p, amb_reactor_uv_new(), &cfg, net && p->ncfg ? 1 : 0);
    cr_assert_not_null(k);
    return k;
}

static void sweep(const amb_provider *p)
{
    int most = strcmp(p->iface, "fs") == 0 ? 3 : 6; /* each waits for the disk */
    for (int kind = 0; kind < 6; kind++) {
        for (int n = 0; n < most; n++) {
            kit *k = opened(p);
            int *fault[] = {&k->fail.alloc, &k->fail.res_new, &k->fail.pend, &k->fail.watch, &k->fail.timer,
                            &k->fail.answer};
            *fault[kind] = n;
            kit_everything(k);
            *fault[kind] = -1;
            kit_everything(k); /* and then it works again */
            cr_assert_eq(kit_free(k), 0, "%s: fault %d after %d", p->iface, kind, n);
        }
    }
}
#define SWEEP(name) Test(sweep, name) { sweep(&amb_provider_##name); }
EACH(SWEEP)

/* The drive leaves nothing out: an operation that it never calls is one whose faults nobody has seen. */
static void complete(const amb_provider *p)
{
    kit *k = opened(p);
    k->patience = 300000000;
    for (int i = 0; i < 2; i++) kit_everything(k);
    for (uint32_t i = 0; i < p->nops; i++)
        cr_expect(k->called[i], "%s: operation %d, '%s', is not driven", p->iface, p->ops[i].ordinal, p->ops[i].name);
    cr_assert_eq(kit_free(k), 0);
}
#define COMPLETE(name) Test(drive, name) { complete(&amb_provider_##name); }
EACH(COMPLETE)

/* Every call cancelled before it starts, while it waits, and once more when it has ended. */
static void cancelling(const amb_provider *p)
{
    kit *k = opened(p);
    k->cancels = true;
    for (int i = 0; i < 2; i++) kit_everything(k);
    k->cancels = false;
    kit_everything(k);
    cr_assert_eq(kit_free(k), 0);
}
#define CANCELLING(name) Test(cancelling, name) { cancelling(&amb_provider_##name); }
EACH(CANCELLING)

/* No descriptor left, or one, two, three ...: an error that says so, and nothing is lost or kept. */
static int descriptors(void)
{
    int n = 0;
    DIR *d = opendir("/proc/self/fd");
    while (readdir(d)) n++;
    closedir(d);
    return n;
}
static void scarce(const amb_provider *p)
{
    kit *k = opened(p); /* what stays open for the whole process is open afterwards */
    kit_everything(k);
    cr_assert_eq(kit_free(k), 0);
    int open_before = descriptors();
    k = opened(p);
    kit_everything(k); /* the reactor has its own by now */
    struct rlimit before, little;
    getrlimit(RLIMIT_NOFILE, &before);
    int others = 0;
    for (int left = 0; left < 8; left++) {
        int lowest = dup(2);
        cr_assert_geq(lowest, 0);
        close(lowest);
        little = before;
        little.rlim_cur = (rlim_t)(lowest + left);
        kit_call *old = k->calls;
        cr_assert_eq(setrlimit(RLIMIT_NOFILE, &little), 0);
        kit_everything(k);
        cr_assert_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
        for (const kit_call *c = k->calls; c != old; c = c->next)
            if (c->done && c->st == AMB_E_IO && c->os_errno == EBADF) others++;
        kit_everything(k);
    }
    cr_assert_eq(others, 0, "%s: %d calls took the lack of descriptors for something else", p->iface, others);
    cr_assert_eq(kit_free(k), 0);
    cr_assert_eq(descriptors(), open_before, "%s", p->iface);
}
#define SCARCE(name) Test(scarce, name) { scarce(&amb_provider_##name); }
EACH(SCARCE)

/* Nothing but disturbed transfers: no call may see an interruption or that something was not ready. */
static void disturbed(const amb_provider *p, unsigned at_least)
{
    unsigned n = 0;
    int seen = 0;
    for (int how = KIT_SHORT; how <= KIT_FULL; how++) {
        kit *k = opened(p);
        kit_disturb(how, 700);
        kit_everything(k);
        n += kit_undisturb();
        for (const kit_call *c = k->calls; c; c = c->next)
            seen += c->done && c->st == AMB_E_IO && (c->os_errno == EINTR || c->os_errno == EAGAIN);
        kit_everything(k);
        cr_assert_eq(kit_free(k), 0);
    }
    cr_assert_eq(seen, 0, "%s: %d calls saw what is none of their business", p->iface, seen);
    cr_assert_geq(n, at_least, "%s: only %u transfers were disturbed", p->iface, n);
}
Test(disturbed, fs) { disturbed(&amb_provider_fs, 20); }
Test(disturbed, net) { disturbed(&amb_provider_net, 20); }
Test(disturbed, process) { disturbed(&amb_provider_process, 5); }
Test(disturbed, console) { disturbed(&amb_provider_console, 2); }
Test(disturbed, entropy) { disturbed(&amb_provider_entropy, 20); }
Test(disturbed, modules) { disturbed(&amb_provider_modules, 3); }

/* Cancelling what is not there, and twice. */
Test(sweep, cancelling_nothing)
{
    static const amb_provider *const all[] = {&amb_provider_net, &amb_provider_net_memory, &amb_provider_timer,
                                              &amb_provider_fs, &amb_provider_fs_memory, &amb_provider_process,
                                              &amb_provider_console};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        kit *k = opened(all[i]);
        k->p->cancel(k->inst, 1);
        k->p->cancel(k->inst, UINT64_MAX);
        kit_everything(k);
        for (amb_ticket t = 0; t <= k->last_ticket + 1; t++) k->p->cancel(k->inst, t);
        for (amb_ticket t = 0; t <= k->last_ticket + 1; t++) k->p->cancel(k->inst, t);
        kit_everything(k);
        cr_assert_eq(kit_free(k), 0);
    }
}

static void nothing(int sig) { (void)sig; }

/* Signals that interrupt system calls all the time. */
Test(sweep, interrupted)
{
    struct sigaction sa = {.sa_handler = nothing};
    sigaction(SIGALRM, &sa, NULL);
    struct itimerval often = {{0, 300}, {0, 300}}, never = {{0, 0}, {0, 0}};
    setitimer(ITIMER_REAL, &often, NULL);
    kit *k = opened(&amb_provider_net);
    for (int i = 0; i < 20; i++) kit_everything(k);
    int failed = 0;
    for (const kit_call *c = k->calls; c; c = c->next)
        failed += c->done && c->st == AMB_E_IO && c->os_errno == 4; /* EINTR */
    setitimer(ITIMER_REAL, &never, NULL);
    cr_assert_eq(failed, 0, "%d calls saw an interruption", failed);
    cr_assert_eq(kit_free(k), 0);
}

/* What is disturbed is not damaged: the same content comes back, whatever the system did in between. */
static void fill(char *p, size_t n)
{
    uint32_t x = 12345;
    for (size_t i = 0; i < n; i++) p[i] = (char)(x = x * 1664525u + 1013904223u, 'a' + (x >> 24) % 26);
}
static bool move(kit *k, kit_cap *s, const char *op, char *p, size_t n)
{
    while (n) {
        amb_arg a = kit_buf(p, (uint32_t)n);
        kit_call *c;
        if (kit_do(k, s, op, &a, 1, &c) != AMB_OK || c->ret.v.i <= 0 || (size_t)c->ret.v.i > n) return false;
        p += c->ret.v.i;
        n -= (size_t)c->ret.v.i;
        kit_forget(k, c);
    }
    return true;
}

enum { MUCH = 150000 };
static char sent[MUCH + 1], got[MUCH + 1];

static void files_keep(const amb_provider *p, int how)
{
    kit *k = opened(p);
    kit_cap *t = kit_make(k, NULL, "temp", NULL, 0);
    amb_arg w[2] = {kit_str("a"), kit_str(sent)}, cp[2] = {kit_str("a"), kit_str("b")}, at[2] = {kit_int(0), kit_int(MUCH)};
    kit_call *c;
    kit_disturb(how, 0);
    cr_assert_eq(kit_do(k, t, "write_text", w, 2, NULL), AMB_OK);
    cr_assert_eq(kit_do(k, t, "copy", cp, 2, NULL), AMB_OK);
    cr_assert_eq(kit_do(k, t, "read_text", &cp[1], 1, &c), AMB_OK);
    cr_assert(c->ret.len == MUCH && memcmp(c->ret.v.p, sent, MUCH) == 0);
    kit_cap *f = kit_make(k, t, "create", &(amb_arg){.type = AMB_T_STR, .len = 1, .v.p = "c"}, 1);
    cr_assert(move(k, f, "write_some", sent, MUCH));
    amb_arg start = kit_int(0);
    cr_assert_eq(kit_do(k, f, "seek", &start, 1, NULL), AMB_OK);
    cr_assert(move(k, f, "read_into", got, MUCH));
    cr_assert_eq(memcmp(sent, got, MUCH), 0);
    amb_arg put[2] = {kit_int(5), kit_str(sent)};
    cr_assert_eq(kit_do(k, f, "write_at", put, 2, &c), AMB_OK);
    cr_assert_eq(kit_do(k, f, "read_at", at, 2, &c), AMB_OK);
    cr_assert(c->ret.len <= MUCH && c->ret.len > 5 && memcmp((const char *)c->ret.v.p + 5, sent, c->ret.len - 5) == 0);
    kit_undisturb();
    cr_assert_eq(kit_free(k), 0);
}

static void connections_keep(const amb_provider *p, int how)
{
    kit *k = opened(p);
    amb_arg where = kit_str("127.0.0.1:*"), any = kit_str("127.0.0.1:0");
    kit_cap *tcp = kit_make(k, NULL, "tcp", &where, 1), *l = kit_make(k, tcp, "listen", &any, 1);
    kit_call *c;
    cr_assert_eq(kit_do(k, l, "port", NULL, 0, &c), AMB_OK);
    char at[32];
    snprintf(at, sizeof at, "127.0.0.1:%d", (int)c->ret.v.i);
    kit_call *in = kit_start(k, l, "accept", NULL, 0);
    amb_arg to = kit_str(at);
    kit_cap *a = kit_make(k, tcp, "connect", &to, 1);
    cr_assert(a && (in->done || kit_wait(k, in, 5000000000)));
    kit_cap *b = in->made;
    kit_disturb(how, 0);
    for (int done = 0; done < MUCH; done += 3000) {
        cr_assert(move(k, a, "write", sent + done, 3000));
        cr_assert(move(k, b, "read", got + done, 3000));
    }
    kit_undisturb();
    cr_assert_eq(memcmp(sent, got, MUCH), 0);
    cr_assert_eq(kit_free(k), 0);
}

static void children_keep(int how)
{
    kit *k = opened(&amb_provider_process);
    amb_arg cat = kit_str("cat"), t[2] = {{.type = AMB_T_LIST, .len = 1}, cat};
    kit_cap *tool = kit_make(k, NULL, "run", &cat, 1);
    amb_arg a[2] = {{.type = AMB_T_TREE, .len = 2, .v.p = t}, kit_str(sent)};
    kit_call *c;
    kit_disturb(how, 0);
    cr_assert_eq(kit_do(k, tool, "output", a, 2, &c), AMB_OK, "%s", c->text);
    kit_undisturb();
    cr_assert(c->ret.len == MUCH && memcmp(c->ret.v.p, sent, MUCH) == 0, "%d: %u bytes", how, c->ret.len);
    cr_assert_eq(kit_free(k), 0);
}

#define KEPT(name, what)                                                             \
    Test(kept, name)                                                                 \
    {                                                                                \
        fill(sent, MUCH);                                                            \
        for (int how = KIT_SHORT; how <= KIT_NOT_READY; how++) what;                 \
    }
KEPT(fs, files_keep(&amb_provider_fs, how))
KEPT(fs_memory, files_keep(&amb_provider_fs_memory, how))
KEPT(net, connections_keep(&amb_provider_net, how))
KEPT(net_memory, connections_keep(&amb_provider_net_memory, how))
KEPT(process, children_keep(how))

/* A disk that is full after so many bytes: an error of that kind, and what was there before is still there. */
Test(kept, full_disk)
{
    fill(sent, MUCH);
    kit *k = opened(&amb_provider_fs);
    kit_cap *t = kit_make(k, NULL, "temp", NULL, 0);
    amb_arg old[2] = {kit_str("a"), kit_str("old")}, new[2] = {kit_str("a"), kit_str(sent)},
            cp[2] = {kit_str("big"), kit_str("copy")}, big[2] = {kit_str("big"), kit_str(sent)};
    kit_call *c;
    cr_assert_eq(kit_do(k, t, "write_text", old, 2, NULL), AMB_OK);
    cr_assert_eq(kit_do(k, t, "write_text", big, 2, NULL), AMB_OK);
    for (long room = 0; room < MUCH; room = room * 3 + 1) {
        kit_disturb(KIT_FULL, room);
        amb_status st = kit_do(k, t, "write_text", new, 2, &c);
        cr_assert(kit_undisturb() > 0);
        cr_assert(st == AMB_E_IO && c->os_errno == ENOSPC, "%ld: %d %d", room, st, c->os_errno);
        cr_assert_eq(kit_do(k, t, "read_text", old, 1, &c), AMB_OK);
        cr_assert(c->ret.len == 3 && memcmp(c->ret.v.p, "old", 3) == 0, "%ld: half of a file stands there", room);
        kit_disturb(KIT_FULL, room);
        st = kit_do(k, t, "copy", cp, 2, &c);
        cr_assert(kit_undisturb() > 0);
        cr_assert(st == AMB_E_IO && c->os_errno == ENOSPC, "%ld: %d %d", room, st, c->os_errno);
        cr_assert_eq(kit_do(k, t, "exists", &cp[1], 1, &c), AMB_OK);
        cr_assert_eq(c->ret.v.i, 0, "%ld: half of a copy stands there", room);
    }
    cr_assert_eq(kit_do(k, t, "list", NULL, 0, &c), AMB_OK);
    cr_assert_eq(((const amb_arg *)c->ret.v.p)[0].len, 2, "something was left behind");
    cr_assert_eq(kit_free(k), 0);
}
