/* SPDX-License-Identifier: MIT */
/* One transcript for every implementation of net, and what only sockets can show. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kit.h"

extern const amb_provider amb_provider_net, amb_provider_net_memory;

#define SEC UINT64_C(1000000000)

static kit *k;

static const char hosts[] = "rebind.example=93.184.216.34;rebind.example=127.0.0.1;inside.example=10.0.0.1,[::1];"
                            "mixed.example=127.0.0.1,93.184.216.34;mapped.example=[::ffff:127.0.0.1];"
                            "meta.example=169.254.169.254;twice.example=127.0.0.9,127.0.0.1";

static void open_kit(int which)
{
    amb_arg cfg = kit_str(hosts);
    k = kit_new(which ? &amb_provider_net_memory : &amb_provider_net, amb_reactor_uv_new(), &cfg, 1);
    cr_assert_not_null(k);
}
static void close_kit(void)
{
    cr_assert_eq(k->late, 0, "%d answers came too late", k->late);
    cr_assert_eq(kit_free(k), 0);
}

#define BOTH(name)                                                                  \
    static void name(int memory);                                                   \
    Test(net, name##_sockets) { open_kit(0); name(0); close_kit(); }                \
    Test(net, name##_memory) { open_kit(1); name(1); close_kit(); }                 \
    static void name(int memory)

/* --- shorthands --------------------------------------------------------------------- */

static kit_cap *grant(const char *resource, const char *target)
{
    amb_arg a = kit_str(target);
    kit_cap *cap = kit_make(k, NULL, resource, &a, 1);
    cr_assert_not_null(cap);
    return cap;
}
static kit_cap *make1(kit_cap *self, const char *op, const char *arg)
{
    amb_arg a = arg ? kit_str(arg) : kit_nil();
    kit_cap *cap = kit_make(k, self, op, &a, arg ? 1 : 0);
    cr_assert_not_null(cap, "%s %s", op, arg ? arg : "");
    return cap;
}
static amb_status try1(kit_cap *self, const char *op, const char *arg, int *os_errno)
{
    amb_arg a = arg ? kit_str(arg) : kit_nil();
    kit_call *c;
    amb_status st = kit_do(k, self, op, &a, arg ? 1 : 0, &c);
    if (os_errno) *os_errno = c->os_errno;
    kit_forget(k, c);
    return st;
}
static const char *text_of(kit_cap *self, const char *op)
{
    static char out[4][100];
    static int at;
    kit_call *c;
    cr_assert_eq(kit_do(k, self, op, NULL, 0, &c), AMB_OK);
    char *s = out[at++ % 4];
    snprintf(s, 100, "%.*s", (int)c->ret.len, (const char *)c->ret.v.p);
    kit_forget(k, c);
    return s;
}
static int64_t number_of(kit_cap *self, const char *op)
{
    kit_call *c;
    cr_assert_eq(kit_do(k, self, op, NULL, 0, &c), AMB_OK);
    int64_t v = c->ret.v.i;
    kit_forget(k, c);
    return v;
}

static char room[1 << 20];

static kit_call *reading(kit_cap *conn, uint32_t n)
{
    amb_arg a = kit_buf(room, n);
    return kit_start(k, conn, "read", &a, 1);
}
static void wait_for(kit_call *c) { cr_assert(kit_wait(k, c, 5 * SEC), "%s does not come back", c->op->name); }

/* What one read gives, as text. */
static const char *read_text(kit_cap *conn)
{
    kit_call *c = reading(conn, sizeof room - 1);
    wait_for(c);
    cr_assert_eq(c->st, AMB_OK, "read: %d %s", c->st, c->text);
    room[c->ret.v.i] = 0;
    kit_forget(k, c);
    return room;
}
static kit_call *writing(kit_cap *conn, const void *p, uint32_t n)
{
    amb_arg a = {.type = AMB_T_BUF, .len = n, .v.p = p};
    return kit_start(k, conn, "write", &a, 1);
}
static amb_status write_text(kit_cap *conn, const char *s)
{
    kit_call *c = writing(conn, s, (uint32_t)strlen(s));
    wait_for(c);
    amb_status st = c->st;
    cr_assert(st != AMB_OK || c->ret.v.i == (int64_t)strlen(s));
    kit_forget(k, c);
    return st;
}

typedef struct pair {
    kit_cap *tcp, *listener, *a, *b;
    char at[100];
} pair;

static pair connected(void)
{
    pair p;
    p.tcp = grant("tcp", "127.0.0.1:*");
    p.listener = make1(p.tcp, "listen", "127.0.0.1:0");
    snprintf(p.at, sizeof p.at, "%s", text_of(p.listener, "local"));
    p.a = make1(p.tcp, "connect", p.at);
    p.b = make1(p.listener, "accept", NULL);
    return p;
}

/* --- the transcript ----------------------------------------------------------------- */

BOTH(both_directions)
{
    (void)memory;
    pair p = connected();
    cr_assert_str_eq(text_of(p.a, "peer"), p.at);
    cr_assert_str_eq(text_of(p.a, "peer"), text_of(p.b, "local"));
    cr_assert_str_eq(text_of(p.b, "peer"), text_of(p.a, "local"));
    cr_assert_eq(number_of(p.listener, "port"), atoi(strrchr(p.at, ':') + 1));
    cr_assert_eq(write_text(p.a, "hello"), AMB_OK);
    cr_assert_str_eq(read_text(p.b), "hello");
    /* The reader first. */
    kit_call *r = reading(p.a, 100);
    cr_assert(!r->done);
    cr_assert_eq(write_text(p.b, "back"), AMB_OK);
    wait_for(r);
    cr_assert_eq(r->ret.v.i, 4);
    cr_assert_eq(memcmp(room, "back", 4), 0);
    /* One reader at a time. */
    r = reading(p.a, 1);
    cr_assert_eq(reading(p.a, 1)->st, AMB_E_BUSY);
    cr_assert_eq(write_text(p.b, "xy"), AMB_OK);
    wait_for(r);
    cr_assert_eq(r->ret.v.i, 1);
    cr_assert_str_eq(read_text(p.a), "y");
    amb_arg off = {.type = AMB_T_BOOL, .v.i = 0};
    cr_assert_eq(kit_do(k, p.a, "nodelay", &off, 1, NULL), AMB_OK);
}

BOTH(the_end)
{
    (void)memory;
    pair p = connected();
    cr_assert_eq(write_text(p.a, "last"), AMB_OK);
    cr_assert_eq(try1(p.a, "shutdown", NULL, NULL), AMB_OK);
    cr_assert_str_eq(read_text(p.b), "last");
    cr_assert_str_eq(read_text(p.b), "");
    cr_assert_str_eq(read_text(p.b), "");
    /* The other direction goes on. */
    kit_call *r = reading(p.a, 100);
    cr_assert_eq(write_text(p.b, "answer"), AMB_OK);
    wait_for(r);
    cr_assert_eq(r->ret.v.i, 6);
    cr_assert_eq(try1(p.a, "shutdown", "sideways", NULL), AMB_E_ARG);
    int e;
    kit_call *w = writing(p.a, "x", 1);
    wait_for(w);
    e = w->os_errno;
    cr_assert_eq(w->st, AMB_E_IO);
    cr_assert_eq(e, EPIPE);
    /* A reader waits while the other side closes. */
    r = reading(p.a, 100);
    cr_assert(!r->done);
    kit_close(k, p.b);
    wait_for(r);
    cr_assert_eq(r->st, AMB_OK);
    cr_assert_eq(r->ret.v.i, 0);
}

BOTH(reset)
{
    (void)memory;
    pair p = connected();
    cr_assert_eq(write_text(p.a, "never read"), AMB_OK);
    kit_pump(k, SEC / 50);
    kit_close(k, p.b);
    kit_call *r = reading(p.a, 100);
    wait_for(r);
    cr_assert_eq(r->st, AMB_E_IO);
    cr_assert_eq(r->os_errno, ECONNRESET);
}

BOTH(slow_reader)
{
    (void)memory;
    enum { N = 8 << 20 };
    pair p = connected();
    char *data = malloc(N);
    uint64_t sent = 0, got = 0, x = 88172645463325252u;
    for (int i = 0; i < N; i++) {
        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        data[i] = (char)x;
    }
    kit_call *w = NULL;
    int waits = 0;
    while (got < N) {
        if (w && w->done) {
            cr_assert_eq(w->st, AMB_OK);
            cr_assert(w->ret.v.i > 0);
            sent += (uint64_t)w->ret.v.i;
            kit_forget(k, w);
            w = NULL;
        }
        if (!w && sent < N) {
            w = writing(p.a, data + sent, (uint32_t)(N - sent));
            waits += !w->done;
            if (w->done) continue;
        }
        kit_call *r = reading(p.b, 100000);
        wait_for(r);
        cr_assert_eq(memcmp(room, data + got, (size_t)r->ret.v.i), 0);
        got += (uint64_t)r->ret.v.i;
        kit_forget(k, r);
        if (w && !w->done) kit_wait(k, w, 0);
    }
    cr_assert(waits > 0, "the writer never had to wait");
    free(data);
}

BOTH(cancelled_reads_lose_nothing)
{
    (void)memory;
    pair p = connected();
    for (int i = 0; i < 3; i++) {
        kit_call *r = reading(p.b, 100);
        cr_assert_eq(kit_cancel(k, r), AMB_E_CANCELED);
    }
    cr_assert_eq(write_text(p.a, "kept"), AMB_OK);
    cr_assert_str_eq(read_text(p.b), "kept");
    kit_call *acc = kit_start(k, p.listener, "accept", NULL, 0);
    cr_assert(!acc->done);
    cr_assert_eq(kit_cancel(k, acc), AMB_E_CANCELED);
    make1(p.tcp, "connect", p.at);
    kit_cap *b = make1(p.listener, "accept", NULL);
    cr_assert_not_null(b);
}

BOTH(closing_what_waits)
{
    (void)memory;
    pair p = connected();
    kit_call *r = reading(p.b, 100), *acc = kit_start(k, p.listener, "accept", NULL, 0);
    kit_close(k, p.b);
    kit_close(k, p.listener);
    kit_pump(k, SEC / 100);
    cr_assert_eq(r->st, AMB_E_STALE);
    cr_assert_eq(acc->st, AMB_E_STALE);
    int e;
    cr_assert_eq(try1(p.tcp, "connect", p.at, &e), AMB_E_IO);
    cr_assert_eq(e, ECONNREFUSED);
}

BOTH(accepting_in_a_loop)
{
    (void)memory;
    enum { N = 40 };
    kit_cap *tcp = grant("tcp", "127.0.0.1:*"), *l = make1(tcp, "listen", "127.0.0.1:0");
    char at[100];
    snprintf(at, sizeof at, "%s", text_of(l, "local"));
    amb_arg max = kit_int(64);
    kit_call *first = kit_start(k, l, "next", &max, 1);
    cr_assert(!first->done);
    for (int i = 0; i < N; i++) make1(tcp, "connect", at);
    wait_for(first);
    cr_assert_not_null(first->made);
    for (int i = 1; i < N; i++) {
        kit_call *c = kit_start(k, l, "next", &max, 1);
        wait_for(c);
        cr_assert_not_null(c->made);
    }
}

BOTH(addresses_in_use)
{
    (void)memory;
    kit_cap *tcp = grant("tcp", "127.0.0.1:*"), *l = make1(tcp, "listen", "127.0.0.1:0");
    int e;
    cr_assert_eq(try1(tcp, "listen", text_of(l, "local"), &e), AMB_E_IO);
    cr_assert_eq(e, EADDRINUSE);
}

BOTH(six)
{
    kit_cap *tcp = grant("tcp", "[::1]:*");
    amb_arg a = kit_str("[::1]:0");
    kit_call *c = kit_start(k, tcp, "listen", &a, 1);
    if (!memory && c->st != AMB_OK && (c->os_errno == EADDRNOTAVAIL || c->os_errno == EAFNOSUPPORT)) return;
    cr_assert_eq(c->st, AMB_OK);
    char at[100];
    snprintf(at, sizeof at, "%s", text_of(c->made, "local"));
    cr_assert_eq(strncmp(at, "[::1]:", 6), 0);
    kit_cap *x = make1(tcp, "connect", at), *y = make1(c->made, "accept", NULL);
    cr_assert_eq(write_text(x, "six"), AMB_OK);
    cr_assert_str_eq(read_text(y), "six");
    cr_assert_str_eq(text_of(x, "peer"), at);
}

BOTH(all_addresses)
{
    (void)memory;
    kit_cap *star = grant("tcp", "*:*"), *here = grant("tcp", "127.0.0.1:*");
    kit_cap *l = make1(star, "listen", "*:0");
    char at[100];
    snprintf(at, sizeof at, "127.0.0.1:%d", (int)number_of(l, "port"));
    cr_assert_eq(try1(star, "connect", at, NULL), AMB_E_RIGHTS);
    kit_cap *a = make1(here, "connect", at), *b = make1(l, "accept", NULL);
    cr_assert_eq(write_text(a, "x"), AMB_OK);
    cr_assert_str_eq(read_text(b), "x");
    /* An IPv4 peer of a socket for both is an IPv4 address. */
    cr_assert_eq(strncmp(text_of(b, "peer"), "127.0.0.1:", 10), 0);
}

/* --- grants ------------------------------------------------------------------------- */

BOTH(outside_of_the_grant)
{
    (void)memory;
    static const struct {
        const char *grant, *target;
        amb_status st;
    } t[] = {
        {"127.0.0.1:9", "127.0.0.1:8", AMB_E_RIGHTS},
        {"127.0.0.1:*", "127.0.0.2:9", AMB_E_RIGHTS},
        {"127.0.0.1:*", "[::1]:9", AMB_E_RIGHTS},
        {"127.0.0.1:*", "example.org:9", AMB_E_RIGHTS},
        {"127.0.0.1:*", "127.1:9", AMB_E_ARG},
        {"127.0.0.1:*", "2130706433:9", AMB_E_ARG},
        {"127.0.0.1:*", "0x7f.1:9", AMB_E_ARG},
        {"127.0.0.1:*", "127.0.0.1:9-10", AMB_E_ARG},
        {"127.0.0.1:*", "*:9", AMB_E_ARG},
        {"127.0.0.1:*", "127.0.0.0/8:9", AMB_E_ARG},
        {"127.0.0.1:*", "127.0.0.1", AMB_E_ARG},
        {"*:*", "127.0.0.1:9", AMB_E_RIGHTS},
        {"*:*", "10.0.0.1:9", AMB_E_RIGHTS},
        {"*:*", "[::ffff:127.0.0.1]:9", AMB_E_RIGHTS},
        {"*:*", "localhost:9", AMB_E_RIGHTS},
        {"*.example:*", "example:9", AMB_E_RIGHTS},
        {"*.example:*", "evilexample:9", AMB_E_RIGHTS},
        /* names that lead inside */
        {"inside.example:*", "inside.example:9", AMB_E_RIGHTS},
        {"*.example:*", "mapped.example:9", AMB_E_RIGHTS},
        {"*:*", "meta.example:80", AMB_E_RIGHTS},
    };
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        kit_cap *tcp = grant("tcp", t[i].grant);
        cr_assert_eq(try1(tcp, "connect", t[i].target, NULL), t[i].st, "%s for %s", t[i].target, t[i].grant);
    }
    cr_assert_eq(try1(grant("tcp", "127.0.0.1:*"), "connect", NULL, NULL), AMB_E_ARG);
    cr_assert_eq(try1(grant("tcp", "127.0.0.1:*"), "listen", "0.0.0.0:0", NULL), AMB_E_RIGHTS);
    cr_assert_eq(try1(grant("tcp", "127.0.0.1:*"), "listen", "*:0", NULL), AMB_E_RIGHTS);
    cr_assert_eq(try1(grant("tcp", "example.org:*"), "listen", "example.org:80", NULL), AMB_E_ARG);
    cr_assert_eq(try1(grant("tcp", "127.0.0.1:8000-8100"), "listen", "127.0.0.1:0", NULL), AMB_E_RIGHTS);
}

BOTH(an_answer_that_changes)
{
    (void)memory;
    kit_cap *l = make1(grant("tcp", "127.0.0.1:*"), "listen", "127.0.0.1:0");
    char at[100];
    /* Asked for the first time the name leads outside, the second time here. */
    kit_call *c;
    amb_arg name = kit_str("rebind.example");
    cr_assert_eq(kit_do(k, grant("dns", "*.example"), "resolve", &name, 1, &c), AMB_OK);
    cr_assert_eq(strncmp(((const amb_arg *)c->ret.v.p)[1].v.p, "93.", 3), 0);
    snprintf(at, sizeof at, "rebind.example:%d", (int)number_of(l, "port"));
    kit_cap *tcp = grant("tcp", "*.example:*");
    cr_assert_eq(try1(tcp, "connect", at, NULL), AMB_E_RIGHTS);
    /* Written out, the same address is fine, by name, too. */
    amb_arg two[2] = {kit_str("*.example:*"), kit_str("127.0.0.0/8:*")};
    kit_cap *both = kit_make(k, NULL, "tcp", two, 2);
    make1(both, "connect", at);
}

BOTH(by_name)
{
    (void)memory;
    kit_cap *tcp = grant("tcp", "localhost:*"), *l = make1(tcp, "listen", "localhost:0");
    char at[100];
    int port = (int)number_of(l, "port");
    snprintf(at, sizeof at, "LOCALHOST.:%d", port);
    make1(tcp, "connect", at);
    /* One address after the other: nobody is at the first. */
    amb_arg two[2] = {kit_str("twice.example:*"), kit_str("127.0.0.0/8:*")};
    kit_cap *both = kit_make(k, NULL, "tcp", two, 2);
    snprintf(at, sizeof at, "twice.example:%d", port);
    kit_cap *c = make1(both, "connect", at);
    cr_assert_str_eq(strncmp(text_of(c, "peer"), "127.0.0.1:", 10) == 0 ? "ok" : "no", "ok");
    /* A grant for one target needs no argument. */
    snprintf(at, sizeof at, "localhost:%d", port);
    make1(grant("tcp", at), "connect", NULL);
    kit_cap *sub = make1(tcp, "sub", at);
    make1(sub, "connect", NULL);
    snprintf(at, sizeof at, "localhost:%d", port + 1);
    cr_assert_eq(try1(sub, "connect", at, NULL), AMB_E_RIGHTS);
    cr_assert_eq(try1(sub, "sub", "localhost:*", NULL), AMB_E_RIGHTS);
}

BOTH(names)
{
    (void)memory;
    kit_cap *dns = grant("dns", "*.example");
    amb_arg a = kit_str("inside.example");
    kit_call *c;
    cr_assert_eq(kit_do(k, dns, "resolve", &a, 1, &c), AMB_OK);
    const amb_arg *t = c->ret.v.p;
    cr_assert_eq(t[0].len, 2);
    cr_assert_eq(strncmp(t[1].v.p, "10.0.0.1", t[1].len), 0);
    cr_assert_eq(strncmp(t[2].v.p, "::1", t[2].len), 0);
    cr_assert_eq(try1(dns, "resolve", "example.org", NULL), AMB_E_RIGHTS);
    cr_assert_eq(try1(dns, "resolve", "1.2.3.4", NULL), AMB_E_ARG);
    cr_assert_eq(try1(dns, "resolve", "*.example", NULL), AMB_E_ARG);
    amb_arg bad = kit_str("10.0.0.1");
    kit_do(k, NULL, "dns", &bad, 1, &c);
    cr_assert_eq(c->st, AMB_E_ARG);
    kit_do(k, NULL, "dns", NULL, 0, &c);
    cr_assert_eq(c->st, AMB_E_ARG);
    kit_do(k, NULL, "tcp", NULL, 0, &c);
    cr_assert_eq(c->st, AMB_E_ARG);
}

/* --- unix sockets ------------------------------------------------------------------- */

static char dir[80];
static const char *in_dir(const char *name)
{
    static char path[2][128];
    static int at;
    char *p = path[at++ % 2];
    snprintf(p, 128, "%s/%s", dir, name);
    return p;
}
static void make_dir(void)
{
    snprintf(dir, sizeof dir, "/tmp/ambit-net-XXXXXX");
    cr_assert_not_null(mkdtemp(dir));
}

BOTH(local_sockets)
{
    make_dir();
    kit_cap *u = grant("unix", in_dir("s"));
    int e;
    cr_assert_eq(try1(u, "connect", NULL, &e), AMB_E_IO);
    cr_assert_eq(e, ENOENT);
    kit_cap *l = make1(u, "listen", NULL);
    cr_assert_eq(number_of(l, "port"), 0);
    cr_assert_eq(try1(u, "listen", NULL, &e), AMB_E_IO);
    cr_assert_eq(e, EADDRINUSE);
    kit_cap *a = make1(u, "connect", NULL), *b = make1(l, "accept", NULL);
    cr_assert_eq(write_text(a, "local"), AMB_OK);
    cr_assert_str_eq(read_text(b), "local");
    cr_assert_str_eq(text_of(b, "peer"), "unix");
    kit_close(k, l);
    cr_assert_eq(try1(u, "connect", NULL, &e), AMB_E_IO);
    cr_assert_eq(e, ENOENT);
    cr_assert_eq(write_text(a, "still"), AMB_OK);
    cr_assert_str_eq(read_text(b), "still");
    static const char *const bad[] = {"", "/", "x/..", "..", ".", "x/"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        amb_arg p = kit_str(bad[i]);
        kit_call *c;
        kit_do(k, NULL, "unix", &p, 1, &c);
        cr_assert_eq(c->st, AMB_E_ARG, "%s", bad[i]);
    }
    (void)memory;
    rmdir(dir);
}

Test(net, local_sockets_follow_nothing)
{
    open_kit(0);
    make_dir();
    kit_cap *real = grant("unix", in_dir("real"));
    kit_cap *l = make1(real, "listen", NULL);
    cr_assert_eq(symlink("real", in_dir("link")), 0);
    int e;
    cr_assert_eq(try1(grant("unix", in_dir("link")), "connect", NULL, &e), AMB_E_IO);
    cr_assert_eq(e, ENOTSOCK);
    /* Someone puts another file in its place: it is not removed at the end. */
    cr_assert_eq(unlink(in_dir("real")), 0);
    int fd = open(in_dir("real"), O_CREAT | O_WRONLY, 0600);
    close(fd);
    cr_assert_eq(try1(real, "connect", NULL, &e), AMB_E_IO);
    kit_close(k, l);
    cr_assert_eq(access(in_dir("real"), F_OK), 0);
    /* The directory is the one that was opened, whatever its name leads to now. */
    cr_assert_eq(unlink(in_dir("real")), 0);
    kit_cap *pinned = grant("unix", in_dir("s"));
    char moved[80];
    snprintf(moved, sizeof moved, "%.60s-moved", dir);
    cr_assert_eq(rename(dir, moved), 0);
    l = make1(pinned, "listen", NULL);
    cr_assert_neq(access(in_dir("s"), F_OK), 0);
    make1(pinned, "connect", NULL);
    kit_close(k, l);
    snprintf(dir, sizeof dir, "%s", moved);
    unlink(in_dir("link"));
    cr_assert_eq(rmdir(moved), 0);
    close_kit();
}

/* --- datagrams ---------------------------------------------------------------------- */

static amb_status send_text(kit_cap *s, const char *op, const char *data, const char *to)
{
    amb_arg a[2] = {kit_str(data), to ? kit_str(to) : kit_nil()};
    return kit_do(k, s, op, a, 2, NULL);
}

BOTH(datagrams)
{
    (void)memory;
    kit_cap *udp = grant("udp", "127.0.0.1:*"), *server = make1(udp, "bind", "127.0.0.1:0");
    char at[100];
    snprintf(at, sizeof at, "%s", text_of(server, "local"));
    kit_cap *client = make1(udp, "open", NULL);
    kit_call *r = kit_start(k, server, "recv", NULL, 0);
    cr_assert(!r->done);
    cr_assert_eq(send_text(client, "send", "ping", at), AMB_OK);
    wait_for(r);
    cr_assert_eq(r->st, AMB_OK);
    const amb_arg *t = r->ret.v.p;
    cr_assert_eq(t[0].len, 2);
    cr_assert_eq(t[2].len, 4);
    cr_assert_eq(memcmp(t[2].v.p, "ping", 4), 0);
    char from[100];
    snprintf(from, sizeof from, "%.*s", (int)t[4].len, (const char *)t[4].v.p);
    cr_assert_eq(send_text(server, "reply", "pong", from), AMB_OK);
    kit_call *back;
    cr_assert_eq(kit_do(k, client, "recv", NULL, 0, &back), AMB_OK);
    t = back->ret.v.p;
    cr_assert_eq(memcmp(t[2].v.p, "pong", 4), 0);
    cr_assert_eq(strncmp(t[4].v.p, at, t[4].len), 0);
    /* Several at once. */
    for (int i = 0; i < 5; i++) cr_assert_eq(send_text(client, "send", "x", at), AMB_OK);
    kit_pump(k, SEC / 100);
    amb_arg max = kit_int(64);
    cr_assert_eq(kit_do(k, server, "next", &max, 1, &back), AMB_OK);
    cr_assert_eq(((const amb_arg *)back->ret.v.p)[0].len, 5);
    /* Empty ones are datagrams, too. */
    cr_assert_eq(send_text(client, "send", "", at), AMB_OK);
    cr_assert_eq(kit_do(k, server, "recv", NULL, 0, &back), AMB_OK);
    cr_assert_eq(((const amb_arg *)back->ret.v.p)[2].len, 0);
    /* Outside. */
    cr_assert_eq(send_text(client, "send", "x", "127.0.0.2:9"), AMB_E_RIGHTS);
    cr_assert_eq(send_text(server, "reply", "x", "127.0.0.1:1"), AMB_E_RIGHTS);
    cr_assert_eq(send_text(server, "reply", "x", "nobody"), AMB_E_ARG);
    amb_arg big[2] = {{.type = AMB_T_BYTES, .len = 65508, .v.p = room}, kit_str(at)};
    cr_assert_eq(kit_do(k, client, "send", big, 2, NULL), AMB_E_ARG);
    kit_call *waits = kit_start(k, server, "recv", NULL, 0);
    cr_assert_eq(kit_cancel(k, waits), AMB_E_CANCELED);
}

BOTH(strangers_are_not_heard)
{
    (void)memory;
    kit_cap *udp = grant("udp", "127.0.0.1:*");
    amb_arg two[2] = {kit_str("*.example:*"), kit_str("127.0.0.5:9")};
    kit_cap *named = kit_make(k, NULL, "udp", two, 2);
    kit_cap *mute = make1(named, "open", NULL), *loud = make1(udp, "open", NULL);
    char at[100];
    cr_assert_eq(send_text(mute, "send", "x", "mapped.example:9"), AMB_E_RIGHTS);
    /* Sending gives it a port. */
    cr_assert_eq(send_text(mute, "send", "x", "127.0.0.5:9"), AMB_OK);
    snprintf(at, sizeof at, "127.0.0.1:%d", (int)number_of(mute, "port"));
    cr_assert_neq(number_of(mute, "port"), 0);
    cr_assert_eq(send_text(loud, "send", "psst", at), AMB_OK);
    kit_call *r = kit_start(k, mute, "recv", NULL, 0);
    kit_pump(k, SEC / 50);
    cr_assert(!r->done);
    kit_cancel(k, r);
}

/* --- faults ------------------------------------------------------------------------- */

BOTH(faults)
{
    (void)memory;
    pair p = connected();
    k->fail.pend = 0;
    cr_assert_eq(reading(p.b, 1)->st, AMB_E_NOSYS);
    cr_assert_eq(kit_do(k, p.listener, "accept", NULL, 0, NULL), AMB_E_NOSYS);
    k->fail.pend = -1;
    k->fail.alloc = 0;
    cr_assert_eq(kit_do(k, p.a, "peer", NULL, 0, NULL), AMB_E_NOMEM);
    k->fail.alloc = -1;
    for (int i = 0; i < 3; i++) {
        k->fail.res_new = 0;
        cr_assert_eq(try1(p.tcp, "connect", p.at, NULL), AMB_E_NOMEM);
        k->fail.res_new = -1;
    }
    /* Nobody is there for the answer. */
    kit_call *r = reading(p.b, 100);
    k->fail.answer = 0;
    cr_assert_eq(write_text(p.a, "data"), AMB_OK);
    kit_pump(k, SEC / 50);
    k->fail.answer = -1;
    cr_assert(r->done);
    cr_assert_str_eq(read_text(p.b), "data");
}

Test(net, faults_of_watching)
{
    open_kit(0);
    pair p = connected();
    k->fail.watch = 0;
    cr_assert_eq(reading(p.b, 1)->st, AMB_E_NOMEM);
    cr_assert_eq(kit_do(k, p.listener, "accept", NULL, 0, NULL), AMB_E_NOMEM);
    k->fail.watch = -1;
    cr_assert_eq(write_text(p.a, "x"), AMB_OK);
    cr_assert_str_eq(read_text(p.b), "x");
    close_kit();
}

Test(net, descriptors_run_out)
{
    open_kit(0);
    kit_cap *tcp = grant("tcp", "127.0.0.1:*"), *l = make1(tcp, "listen", "127.0.0.1:0");
    char at[100];
    snprintf(at, sizeof at, "%s", text_of(l, "local"));
    kit_call *acc = kit_start(k, l, "accept", NULL, 0); /* watches, so the loop exists */
    cr_assert(!acc->done);
    struct sockaddr_in s = {.sin_family = AF_INET, .sin_port = htons((uint16_t)number_of(l, "port"))};
    s.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd[3];
    for (int i = 0; i < 3; i++) fd[i] = socket(AF_INET, SOCK_STREAM, 0);
    struct rlimit old, tight;
    getrlimit(RLIMIT_NOFILE, &old);
    tight = old;
    tight.rlim_cur = (rlim_t)fd[2] + 1;
    setrlimit(RLIMIT_NOFILE, &tight);
    for (int i = 0; i < 3; i++) cr_assert_eq(connect(fd[i], (struct sockaddr *)&s, sizeof s), 0);
    wait_for(acc);
    cr_assert_eq(acc->st, AMB_E_IO);
    cr_assert_eq(acc->os_errno, EMFILE);
    /* While it rests nothing spins, and the next one waits. */
    acc = kit_start(k, l, "accept", NULL, 0);
    cr_assert(!acc->done);
    int watches = k->watches;
    kit_pump(k, SEC / 50);
    cr_assert(!acc->done);
    cr_assert_eq(k->watches, watches);
    setrlimit(RLIMIT_NOFILE, &old);
    wait_for(acc);
    cr_assert_eq(acc->st, AMB_OK);
    for (int i = 0; i < 3; i++) close(fd[i]);
    close_kit();
}

/* An answered request costs no change of a watch in the system: only the reactor's own note. */
Test(net, echo_keeps_its_watch)
{
    open_kit(0);
    pair p = connected();
    kit_call *r = reading(p.b, 100);
    int before = -1;
    for (int i = 0; i < 10; i++) {
        cr_assert_eq(write_text(p.a, "ping"), AMB_OK);
        wait_for(r);
        cr_assert_eq(r->ret.v.i, 4);
        r = reading(p.b, 100);
        if (i == 0) before = k->watches;
    }
    cr_assert_eq(k->watches - before, 9 * 2);
    close_kit();
}
