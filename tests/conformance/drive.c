/* SPDX-License-Identifier: MIT */
/* Every operation of the standard providers, called once or more.
 *
 * Nothing is expected of any step but an answer or patience: whoever calls this has told the host or the system to
 * fail somewhere. What a step did not bring, the steps that need it leave out. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kit.h"

static char room[200000];

static kit_call *call(kit *k, kit_cap *self, const char *op, const amb_arg *a, uint32_t n)
{
    kit_call *c = kit_start(k, self, op, a, n);
    if (!c->done) kit_wait(k, c, k->patience);
    return c;
}
static kit_call *go(kit *k, kit_cap *self, const char *op, amb_arg a, int n)
{
    return call(k, self, op, &a, (uint32_t)n);
}
static kit_call *pair(kit *k, kit_cap *self, const char *op, amb_arg a, amb_arg b)
{
    amb_arg both[2] = {a, b};
    return call(k, self, op, both, 2);
}
static kit_cap *cap_of(const kit_call *c) { return c->st == AMB_OK ? c->made : NULL; }
static amb_arg yes(void) { return (amb_arg){.type = AMB_T_BOOL, .v.i = 1}; }
static amb_arg bytes(const char *s)
{
    amb_arg a = kit_str(s);
    a.type = AMB_T_BYTES;
    return a;
}
static amb_arg list(amb_arg *t, const char *a, const char *b, const char *c)
{
    uint32_t n = 1;
    t[n++] = kit_str(a);
    if (b) t[n++] = kit_str(b);
    if (c) t[n++] = kit_str(c);
    t[0] = (amb_arg){.type = AMB_T_LIST, .len = n - 1};
    return (amb_arg){.type = AMB_T_TREE, .len = n, .v.p = t};
}

/* What the drive itself writes is disturbed like everything else. */
static void put(int fd, const char *s, size_t n)
{
    while (n) {
        ssize_t w = write(fd, s, n);
        if (w < 0 && errno != EINTR && errno != EAGAIN) return;
        if (w > 0) s += w, n -= (size_t)w;
    }
}

static void timers(kit *k)
{
    kit_cap *t = cap_of(go(k, NULL, "timer", kit_nil(), 0));
    if (!t) return;
    go(k, t, "sleep", kit_float(0.001), 1);
    kit_cap *a = cap_of(go(k, t, "after", kit_float(0.001), 1)), *e = cap_of(go(k, t, "every", kit_float(0.001), 1));
    if (a) go(k, a, "wait", kit_nil(), 0), go(k, a, "next", kit_int(5), 1), go(k, a, "left", kit_nil(), 0);
    for (int i = 0; e && i < 3; i++) go(k, e, "next", kit_int(5), 1);
}

static void entropy(kit *k)
{
    kit_cap *t = cap_of(go(k, NULL, "entropy", kit_nil(), 0));
    if (t) go(k, t, "bytes", kit_int(100), 1), go(k, t, "bytes", kit_int(100000), 1);
}

/* Operations without arguments, each on its own. */
static void plain(kit *k, kit_cap *self)
{
    for (uint32_t i = 0; self && i < k->p->nops; i++)
        if (k->p->ops[i].restype == self->type && k->p->ops[i].nparams == 0)
            go(k, self, k->p->ops[i].name, kit_nil(), 0);
}

static void net(kit *k)
{
    kit_cap *dns = cap_of(go(k, NULL, "dns", kit_str("*"), 1));
    if (dns) go(k, dns, "resolve", kit_str("localhost"), 1), go(k, dns, "resolve", kit_str("there.example"), 1);
    kit_cap *tcp = cap_of(go(k, NULL, "tcp", kit_str("127.0.0.1:*"), 1));
    kit_cap *udp = cap_of(go(k, NULL, "udp", kit_str("127.0.0.1:*"), 1));
    if (tcp) go(k, tcp, "sub", kit_str("127.0.0.1:80"), 1), go(k, tcp, "connect", kit_str("127.0.0.1:1"), 1);
    kit_cap *l = tcp ? cap_of(go(k, tcp, "listen", kit_str("127.0.0.1:0"), 1)) : NULL;
    if (l) {
        go(k, l, "local", kit_nil(), 0);
        char at[64];
        kit_call *where = go(k, l, "port", kit_nil(), 0);
        snprintf(at, sizeof at, "127.0.0.1:%d", where->st == AMB_OK ? (int)where->ret.v.i : 1);
        kit_call *first = kit_start(k, l, "accept", NULL, 0);
        kit_cap *a = cap_of(go(k, tcp, "connect", kit_str(at), 1));
        if (!first->done) kit_wait(k, first, k->patience);
        kit_cap *b = cap_of(first);
        if (a) {
            kit_cap *second = cap_of(go(k, tcp, "connect", kit_str(at), 1));
            go(k, l, "next", kit_int(8), 1);
            if (second) kit_close(k, second);
        }
        if (!b && a) b = cap_of(go(k, l, "next", kit_int(8), 1));
        for (int i = 0; a && b && i < 3; i++) {
            go(k, a, "write", kit_buf(room, 100000), 1);
            go(k, b, "read", kit_buf(room, sizeof room), 1);
            go(k, b, "peer", kit_nil(), 0);
        }
        if (a) go(k, a, "shutdown", kit_nil(), 0), go(k, a, "nodelay", kit_nil(), 0);
        if (b) kit_close(k, b);
        if (a) go(k, a, "read", kit_buf(room, 10), 1);
    }
    kit_cap *in = udp ? cap_of(go(k, udp, "bind", kit_str("127.0.0.1:0"), 1)) : NULL;
    kit_cap *out = udp ? cap_of(go(k, udp, "open", kit_nil(), 0)) : NULL;
    if (in && out) {
        char to[64];
        kit_call *where = go(k, in, "port", kit_nil(), 0);
        snprintf(to, sizeof to, "127.0.0.1:%d", where->st == AMB_OK ? (int)where->ret.v.i : 1);
        amb_arg a[2] = {kit_str("datagram"), kit_str(to)};
        for (int i = 0; i < 3; i++) kit_do(k, out, "send", a, 2, NULL);
        go(k, in, "recv", kit_nil(), 0);
        go(k, in, "next", kit_int(4), 1);
        go(k, in, "next", kit_int(4), 1);
    }
    kit_cap *fewer = udp ? cap_of(go(k, udp, "sub", kit_str("127.0.0.1:9"), 1)) : NULL;
    if (fewer) kit_close(k, fewer);
    if (in && out) {
        kit_call *got = go(k, in, "recv", kit_nil(), 0);
        (void)got;
        pair(k, in, "reply", kit_str("back"), kit_str("127.0.0.1:9"));
        go(k, in, "local", kit_nil(), 0);
    }
    char path[64];
    snprintf(path, sizeof path, "/tmp/ambit-kit-%d.sock", (int)getpid());
    unlink(path);
    kit_cap *local = cap_of(go(k, NULL, "unix", kit_str(path), 1));
    kit_cap *heard = local ? cap_of(go(k, local, "listen", kit_nil(), 0)) : NULL;
    kit_cap *peer = heard ? cap_of(go(k, local, "connect", kit_nil(), 0)) : NULL;
    if (peer) plain(k, peer);
    if (heard) kit_close(k, heard);
    unlink(path);
}

static void file(kit *k, kit_cap *f)
{
    amb_arg at[2] = {kit_int(3), bytes("at")}, from[2] = {kit_int(0), kit_int(10)};
    call(k, f, "write_some", (amb_arg[]){kit_buf(room, 3000)}, 1);
    call(k, f, "seek", (amb_arg[]){kit_int(0), kit_str("start")}, 2);
    call(k, f, "read_into", (amb_arg[]){kit_buf(room, 5000)}, 1);
    call(k, f, "read_at", from, 2);
    call(k, f, "write_at", at, 2);
    go(k, f, "write_text", kit_str("whole"), 1);
    go(k, f, "truncate", kit_int(4), 1);
    go(k, f, "lock", (amb_arg){.type = AMB_T_BOOL}, 1);
    go(k, f, "lock_shared", (amb_arg){.type = AMB_T_BOOL}, 1);
    static const char *const rest[] = {"tell", "sync", "flush", "stat", "unlock"};
    for (size_t i = 0; i < sizeof rest / sizeof *rest; i++) go(k, f, rest[i], kit_nil(), 0);
}

static void files(kit *k)
{
    char here[64], name[80];
    snprintf(here, sizeof here, "/tmp/ambit-kit-%d", (int)getpid());
    snprintf(name, sizeof name, "%s-named", here);
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd >= 0) close(fd);
    mkdir(here, 0700);
    kit_cap *d = cap_of(pair(k, NULL, "dir", kit_str(here), kit_int(-1)));
    if (d) plain(k, d), kit_close(k, d);
    kit_cap *one = cap_of(pair(k, NULL, "file", kit_str(name), kit_int(1)));
    if (one) kit_close(k, one);
    amb_arg words[4];
    kit_cap *named = cap_of(go(k, NULL, "named", list(words, name, NULL, NULL), 1));
    if (named) {
        go(k, named, "open", kit_str(name), 1);
        go(k, named, "edit", kit_str(name), 1);
        go(k, named, "create", kit_str(name), 1);
    }
    unlink(name);
    rmdir(here);

    kit_cap *t = cap_of(go(k, NULL, "temp", kit_nil(), 0));
    if (!t) return;
    kit_cap *seen = cap_of(pair(k, t, "watch", kit_nil(), yes()));
    pair(k, t, "mkdir", kit_str("d/e"), yes());
    pair(k, t, "write_text", kit_str("d/f"), kit_str("text"));
    pair(k, t, "write_bytes", kit_str("d/e/g"), bytes("more"));
    static const char *const one_path[] = {"list", "open", "append", "edit", "read_text", "read_bytes", "stat", "exists"};
    for (size_t i = 0; i < sizeof one_path / sizeof *one_path; i++) {
        kit_cap *made = cap_of(go(k, t, one_path[i], kit_str(i ? "d/f" : "d"), 1));
        if (made) kit_close(k, made);
    }
    kit_cap *f = cap_of(go(k, t, "create", kit_str("n"), 1));
    if (f) file(k, f), kit_close(k, f);
    f = cap_of(go(k, t, "temp", kit_nil(), 0));
    if (f) file(k, f), kit_close(k, f);
    pair(k, t, "rename", kit_str("n"), kit_str("m"));
    pair(k, t, "replace", kit_str("m"), kit_str("d/f"));
    call(k, t, "copy", (amb_arg[]){kit_str("d"), kit_str("c"), yes()}, 3);
    kit_cap *sub = cap_of(go(k, t, "sub", kit_str("d"), 1));
    if (sub)
        call(k, t, "copy_to", (amb_arg[]){{.type = AMB_T_RES, .v.res = sub->res}, kit_str("c"), kit_str("cc"), yes()}, 4);
    static const char *const search[] = {"walk", "glob"};
    for (int i = 0; i < 2; i++) {
        kit_cap *w = cap_of(go(k, t, search[i], kit_str(i ? "**" : "d"), 1));
        for (int more = 0; w && more < 3; more++) go(k, w, "next_batch", kit_int(2), 1);
        if (w) kit_close(k, w);
    }
    for (int i = 0; seen && i < 2; i++) go(k, seen, "next_batch", kit_int(1000), 1);
    pair(k, t, "remove", kit_str("c"), yes());
    go(k, t, "remove", kit_str("d/f"), 1);
    if (sub) kit_close(k, sub);
    if (seen) kit_close(k, seen);
    kit_close(k, t);
}

static void process(kit *k)
{
    amb_arg t[4];
    kit_cap *self = cap_of(go(k, NULL, "process", kit_nil(), 0));
    if (self) plain(k, self);
    kit_cap *env = cap_of(go(k, NULL, "env", kit_str("PATH"), 1));
    if (env) go(k, env, "get", kit_str("PATH"), 1), go(k, env, "all", kit_nil(), 0), kit_close(k, env);
    kit_cap *sig = cap_of(go(k, NULL, "signals", kit_str("USR1"), 1));
    if (sig) {
        kill(getpid(), SIGUSR1);
        go(k, sig, "next_batch", kit_int(4), 1);
        kit_close(k, sig);
    }
    kit_cap *tool = cap_of(go(k, NULL, "run", kit_str("cat"), 1));
    if (!tool) return;
    amb_arg run[7] = {list(t, "cat", NULL, NULL), kit_str("input"), kit_nil(), kit_float(5), kit_nil(), kit_nil(),
                      kit_str("/")};
    call(k, tool, "run", run, 7);
    amb_arg output[6] = {run[0], kit_str("input"), kit_nil(), kit_nil(), kit_nil(), kit_str("/")};
    call(k, tool, "output", output, 6);
    kit_cap *child = cap_of(call(k, tool, "start", (amb_arg[]){run[0], kit_nil(), kit_str("/")}, 3));
    if (child) {
        go(k, child, "pid", kit_nil(), 0);
        kit_cap *in = cap_of(go(k, child, "stdin", kit_nil(), 0)), *out = cap_of(go(k, child, "stdout", kit_nil(), 0));
        kit_cap *err = cap_of(go(k, child, "stderr", kit_nil(), 0));
        if (in) go(k, in, "write_some", kit_buf(room, 1000), 1);
        if (in && out) go(k, out, "read_into", kit_buf(room, 2000), 1);
        go(k, child, "kill", kit_str("TERM"), 1);
        go(k, child, "wait", kit_nil(), 0);
        if (err) kit_close(k, err);
        if (in) kit_close(k, in);
        if (out) kit_close(k, out);
        kit_close(k, child);
    }
    kit_close(k, tool);
}

/* Whoever calls this has put a pipe in the place of standard input; its other end is that of 'kit_typed'. */
int kit_typed = -1;
static void console(kit *k)
{
    kit_cap *con = cap_of(go(k, NULL, "console", kit_nil(), 0));
    go(k, NULL, "stdin", kit_nil(), 0), go(k, NULL, "stdout", kit_nil(), 0), go(k, NULL, "stderr", kit_nil(), 0);
    if (!con) return;
    go(k, con, "is_tty", kit_str("stdin"), 1);
    go(k, con, "size", kit_nil(), 0);
    go(k, con, "raw", yes(), 1);
    kit_cap *in = cap_of(go(k, con, "stdin", kit_nil(), 0));
    kit_cap *out[2] = {cap_of(go(k, con, "stdout", kit_nil(), 0)), cap_of(go(k, con, "stderr", kit_nil(), 0))};
    if (in) {
        /* Where nothing can pend, a read waits on a worker, and this thread is the kit's worker. */
        bool first = k->fail.pend >= 0;
        if (kit_typed >= 0 && first) put(kit_typed, "typed", 5);
        kit_call *c = kit_start(k, in, "read_into", (amb_arg[]){kit_buf(room, 10)}, 1);
        if (kit_typed >= 0) put(kit_typed, "typed", 5);
        if (!c->done) kit_wait(k, c, k->patience);
        if (kit_typed >= 0 && first) put(kit_typed, "typed", 5);
        if (kit_typed >= 0) go(k, in, "read_into", kit_buf(room, 10), 1);
        go(k, in, "is_tty", kit_nil(), 0);
    }
    for (int i = 0; i < 2; i++)
        if (out[i])
            go(k, out[i], "write_some", kit_buf(room, 0), 1), go(k, out[i], "flush", kit_nil(), 0),
                go(k, out[i], "is_tty", kit_nil(), 0);
}

static void modules(kit *k)
{
    char here[64], name[80];
    snprintf(here, sizeof here, "/tmp/ambit-kit-%d", (int)getpid());
    snprintf(name, sizeof name, "%s/plug.amb", here);
    mkdir(here, 0700);
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd >= 0) {
        put(fd, "export let x = 1\n", 17);
        close(fd);
    }
    kit_cap *d = cap_of(go(k, NULL, "dir", kit_str(here), 1));
    if (d) go(k, d, "list", kit_nil(), 0), go(k, d, "source", kit_str("plug"), 1), kit_close(k, d);
    unlink(name);
    rmdir(here);
}

static void clocks(kit *k)
{
    kit_cap *c = cap_of(go(k, NULL, "clock", kit_nil(), 0));
    plain(k, c);
    if (c) go(k, c, "offset", kit_nil(), 0);
}

void kit_everything(kit *k)
{
    static const struct {
        const char *iface;
        void (*drive)(kit *);
    } all[] = {{"timer", timers}, {"entropy", entropy}, {"net", net}, {"fs", files}, {"process", process},
               {"console", console}, {"modules", modules}, {"clock", clocks}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (strcmp(k->p->iface, all[i].iface) == 0) all[i].drive(k);
}
