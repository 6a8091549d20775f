/* SPDX-License-Identifier: MIT */
/* Ten thousand connections at once: an echo server in Ambit against a plain one on epoll in C.
 *
 *   echo run AMBIT SCRIPT [CONNECTIONS [SECONDS [ROUNDS]]]
 *   echo serve PORT            the server in C
 *
 * Every connection sends a message, waits for all of it to come back, compares hashes, sends the next
 * one. The two servers take turns; each round is a process of its own on one processor, the
 * clients are on another. The medians of the rounds are compared. Ends with status 1 when a byte
 * was lost or changed, or when the ratios asked for (half the throughput, twice the 99th percentile)
 * are not met. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef IP_BIND_ADDRESS_NO_PORT
#define IP_BIND_ADDRESS_NO_PORT 24
#endif

static void die(const char *what)
{
    fprintf(stderr, "echo: %s: %s\n", what, strerror(errno));
    exit(2);
}

static uint64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void stay_on(int cpu)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    if (sysconf(_SC_NPROCESSORS_ONLN) > 1) sched_setaffinity(0, sizeof set, &set);
}

/* --- the server in C ---------------------------------------------------------------- */

typedef struct serving {
    int fd;
    char *held; /* what could not be written yet */
    size_t at, len;
} serving;

static int listen_at(uint16_t port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) || listen(fd, 16384)) die("listen");
    return fd;
}

static bool served(int ep, serving *s, uint32_t events)
{
    static char buf[65536];
    if (s->len) {
        ssize_t k = send(s->fd, s->held + s->at, s->len, MSG_NOSIGNAL);
        if (k < 0) return errno == EAGAIN;
        s->at += (size_t)k;
        s->len -= (size_t)k;
        if (s->len) return true;
        free(s->held);
        s->held = NULL;
        struct epoll_event e = {.events = EPOLLIN, .data.ptr = s};
        epoll_ctl(ep, EPOLL_CTL_MOD, s->fd, &e);
        return true;
    }
    if (!(events & (EPOLLIN | EPOLLERR | EPOLLHUP))) return true;
    ssize_t k = recv(s->fd, buf, sizeof buf, 0);
    if (k <= 0) return k < 0 && errno == EAGAIN;
    ssize_t sent = send(s->fd, buf, (size_t)k, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) return false;
    if (sent < 0) sent = 0;
    if (sent == k) return true;
    s->held = malloc((size_t)(k - sent));
    if (!s->held) return false;
    memcpy(s->held, buf + sent, (size_t)(k - sent));
    s->at = 0;
    s->len = (size_t)(k - sent);
    struct epoll_event e = {.events = EPOLLOUT, .data.ptr = s};
    epoll_ctl(ep, EPOLL_CTL_MOD, s->fd, &e);
    return true;
}

static void serve(uint16_t port)
{
    static struct epoll_event events[1024];
    int door = listen_at(port), ep = epoll_create1(EPOLL_CLOEXEC), on = 1;
    struct epoll_event e = {.events = EPOLLIN};
    epoll_ctl(ep, EPOLL_CTL_ADD, door, &e);
    for (;;) {
        int n = epoll_wait(ep, events, 1024, -1);
        for (int i = 0; i < n; i++) {
            serving *s = events[i].data.ptr;
            if (s) {
                if (served(ep, s, events[i].events)) continue;
                close(s->fd);
                free(s->held);
                free(s);
                continue;
            }
            for (int fd; (fd = accept4(door, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
                s = calloc(1, sizeof *s);
                if (!s) die("memory");
                s->fd = fd;
                setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
                e = (struct epoll_event){.events = EPOLLIN, .data.ptr = s};
                epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e);
            }
        }
    }
}

/* --- the clients -------------------------------------------------------------------- */

enum { MOST = 512 };

typedef struct client {
    int fd;
    bool up;
    uint32_t len, sent, got;
    uint64_t hash, from, rounds;
    const char *message;
    char back[MOST];
} client;

static char noise[1 << 20];
static uint64_t seed = 0x9e3779b97f4a7c15u;
static uint64_t rnd(void)
{
    uint64_t z = seed += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static uint64_t hash(const char *p, uint32_t len)
{
    uint64_t h = len * 0x9fb21c651e98df25u, w;
    for (; len >= 8; p += 8, len -= 8) {
        memcpy(&w, p, 8);
        h = (h ^ w) * 0xff51afd7ed558ccdu;
        h ^= h >> 29;
    }
    w = 0;
    memcpy(&w, p, len);
    h = (h ^ w) * 0xc4ceb9fe1a85ec53u;
    return h ^ h >> 32;
}

/* Latencies by size: 32 steps for each doubling. */
static uint64_t hist[64 * 32], samples;
static void note(uint64_t ns)
{
    int top = ns < 32 ? 0 : 63 - __builtin_clzll(ns) - 5;
    hist[(size_t)top * 32 + (ns >> top)]++;
    samples++;
}
static double percentile(double q)
{
    uint64_t want = (uint64_t)((double)samples * q), seen = 0;
    for (size_t i = 0; i < 64 * 32; i++) {
        seen += hist[i];
        if (seen <= want) continue;
        /* index = top * 32 + mantissa, mantissa from 32 to 63 where top > 0 */
        size_t top = i < 64 ? i / 32 > 0 ? (i - 32) / 32 : 0 : (i - 32) / 32;
        return (double)((uint64_t)(i - top * 32) << top);
    }
    return 0;
}

typedef struct result {
    double rate, p50, p99, mib; /* MiB: of the server, for all idle connections */
    uint64_t messages, bytes, wrong, lost;
} result;

static long rss_kib(pid_t pid)
{
    char path[64], line[256];
    long kib = -1;
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *f = fopen(path, "r");
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "VmRSS: %ld", &kib) == 1) break;
    if (f) fclose(f);
    return kib;
}

static void push(int ep, client *c)
{
    while (c->sent < c->len) {
        ssize_t k = send(c->fd, c->message + c->sent, c->len - c->sent, MSG_NOSIGNAL);
        if (k < 0 && errno == EAGAIN) {
            struct epoll_event e = {.events = EPOLLIN | EPOLLOUT, .data.ptr = c};
            epoll_ctl(ep, EPOLL_CTL_MOD, c->fd, &e);
            return;
        }
        if (k < 0) die("send");
        c->sent += (uint32_t)k;
    }
}

static void next_message(int ep, client *c)
{
    uint64_t r = rnd();
    c->len = 32 + (uint32_t)(r % (MOST - 31));
    c->message = noise + (r >> 32) % (sizeof noise - MOST);
    c->hash = hash(c->message, c->len);
    c->sent = c->got = 0;
    c->from = now();
    push(ep, c);
}

/* True: a whole message came back. */
static bool pull(client *c, result *res)
{
    ssize_t k = recv(c->fd, c->back + c->got, c->len - c->got, 0);
    if (k < 0 && errno == EAGAIN) return false;
    if (k <= 0) {
        fprintf(stderr, "echo: a connection ended\n");
        res->lost++;
        close(c->fd);
        c->fd = -1;
        return false;
    }
    c->got += (uint32_t)k;
    if (c->got < c->len) return false;
    res->bytes += c->len;
    res->messages++;
    c->rounds++;
    if (hash(c->back, c->len) != c->hash) res->wrong++;
    return true;
}

static int dial(int ep, client *c, uint16_t port, int round)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)}, me = {.sin_family = AF_INET};
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    /* Each round from an address of its own: no port waits for its last round to be forgotten. */
    me.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + (uint32_t)round);
    int on = 1;
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (c->fd < 0) die("socket");
    setsockopt(c->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (bind(c->fd, (struct sockaddr *)&me, sizeof me)) die("bind");
    if (connect(c->fd, (struct sockaddr *)&a, sizeof a) && errno != EINPROGRESS) return -1;
    struct epoll_event e = {.events = EPOLLOUT, .data.ptr = c};
    return epoll_ctl(ep, EPOLL_CTL_ADD, c->fd, &e);
}

static result drive(pid_t server, uint16_t port, int n, double seconds, int round)
{
    static struct epoll_event events[1024];
    result res = {0};
    client *all = calloc((size_t)n, sizeof *all);
    int ep = epoll_create1(EPOLL_CLOEXEC), dialed = 0, up = 0;
    if (!all || ep < 0) die("memory");
    long before = rss_kib(server);
    uint64_t limit = now() + UINT64_C(60000000000);
    while (up < n) {
        while (dialed < n && dialed - up < 256)
            if (dial(ep, &all[dialed++], port, round)) die("connect");
        int k = epoll_wait(ep, events, 1024, 1000);
        for (int i = 0; i < k; i++) {
            client *c = events[i].data.ptr;
            int bad = 0;
            socklen_t len = sizeof bad;
            getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &bad, &len);
            if (bad) errno = bad, die("connect");
            struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};
            epoll_ctl(ep, EPOLL_CTL_MOD, c->fd, &e);
            c->up = true;
            up++;
        }
        if (now() > limit) die("not all connections came up");
    }
    /* One message on each, so that the server has seen them all, and a quiet moment: idle connections. */
    bool measuring = false, stopping = false;
    for (int phase = 0; phase < 2; phase++) {
        int busy = n;
        for (int i = 0; i < n; i++) next_message(ep, &all[i]);
        uint64_t start = now(), begin = start + UINT64_C(1000000000);
        uint64_t end = begin + (uint64_t)(seconds * 1e9), first = 0;
        while (busy > 0) {
            int k = epoll_wait(ep, events, 1024, 1000);
            uint64_t t = now();
            if (phase == 1 && !measuring && t >= begin) {
                measuring = true;
                first = res.messages;
                begin = t;
                memset(hist, 0, sizeof hist);
                samples = 0;
            }
            if (phase == 1 && measuring && !stopping && t >= end) {
                stopping = true;
                res.rate = (double)(res.messages - first) / ((double)(t - begin) / 1e9);
                res.p50 = percentile(0.5);
                res.p99 = percentile(0.99);
            }
            for (int i = 0; i < k; i++) {
                client *c = events[i].data.ptr;
                if (c->fd < 0) continue;
                if (events[i].events & EPOLLOUT) {
                    struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};
                    epoll_ctl(ep, EPOLL_CTL_MOD, c->fd, &e);
                    push(ep, c);
                }
                if (!pull(c, &res)) {
                    if (c->fd < 0) busy--;
                    continue;
                }
                note(now() - c->from);
                if (phase == 0 || stopping) busy--;
                else next_message(ep, c);
            }
            if (now() > end + UINT64_C(60000000000)) {
                fprintf(stderr, "echo: %d messages did not come back\n", busy);
                res.lost += (uint64_t)busy;
                break;
            }
        }
        if (phase == 0) {
            poll(NULL, 0, 300);
            res.mib = (double)(rss_kib(server) - before) / 1024;
        }
    }
    for (int i = 0; i < n; i++) {
        if (all[i].rounds < 2) res.lost++;
        if (all[i].fd >= 0) close(all[i].fd);
    }
    close(ep);
    free(all);
    return res;
}

/* --- both --------------------------------------------------------------------------- */

static pid_t start(char *const argv[])
{
    pid_t pid = fork();
    if (pid < 0) die("fork");
    if (pid == 0) {
        stay_on(0);
        int null = open("/dev/null", O_WRONLY);
        dup2(null, 1);
        execv(argv[0], argv);
        die(argv[0]);
    }
    return pid;
}

static void until_it_listens(uint16_t port)
{
    for (int i = 0; i < 500; i++) {
        struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
        a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        int bad = connect(fd, (struct sockaddr *)&a, sizeof a);
        close(fd);
        if (!bad) return;
        poll(NULL, 0, 20);
    }
    errno = ETIMEDOUT;
    die("the server does not listen");
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}
static double median(double *v, int n)
{
    qsort(v, (size_t)n, sizeof *v, by_size);
    return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "serve") == 0) serve((uint16_t)atoi(argv[2]));
    if (argc < 4 || strcmp(argv[1], "run") != 0) {
        fprintf(stderr, "usage: echo run AMBIT SCRIPT [CONNECTIONS [SECONDS [ROUNDS]]]\n");
        return 2;
    }
    int n = argc > 4 ? atoi(argv[4]) : 10000, rounds = argc > 6 ? atoi(argv[6]) : 3;
    double seconds = argc > 5 ? atof(argv[5]) : 4;
    if (n < 1 || rounds < 1 || rounds > 16 || seconds <= 0) return 2;
    struct rlimit lim;
    getrlimit(RLIMIT_NOFILE, &lim);
    lim.rlim_cur = lim.rlim_max;
    setrlimit(RLIMIT_NOFILE, &lim);
    if (lim.rlim_cur < (rlim_t)n + 64) {
        fprintf(stderr, "echo: %d descriptors at most, too few for %d connections\n", (int)lim.rlim_cur, n);
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    stay_on(1);
    for (size_t i = 0; i < sizeof noise; i += 8) {
        uint64_t r = rnd();
        memcpy(noise + i, &r, 8);
    }
    uint16_t port = (uint16_t)(20000 + getpid() % 10000);
    double v[2][4][16];
    uint64_t messages[2] = {0}, bytes[2] = {0}, wrong = 0, lost = 0;
    for (int i = 0; i < rounds * 2; i++) {
        int which = i % 2;
        char text[16], at[32];
        snprintf(text, sizeof text, "%u", ++port);
        snprintf(at, sizeof at, "127.0.0.1:%u", port);
        char *c_server[] = {argv[0], "serve", text, NULL};
        char *amb_server[] = {argv[2], "-y", argv[3], "--at", at, NULL};
        pid_t pid = start(which ? amb_server : c_server);
        until_it_listens(port);
        result r = drive(pid, port, n, seconds, i);
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        v[which][0][i / 2] = r.rate;
        v[which][1][i / 2] = r.p50 / 1e6;
        v[which][2][i / 2] = r.p99 / 1e6;
        v[which][3][i / 2] = r.mib * 1024 / n;
        messages[which] += r.messages;
        bytes[which] += r.bytes;
        wrong += r.wrong;
        lost += r.lost;
    }
    printf("\n## Echo over %d connections at once\n\n", n);
    printf("| server | messages/s | median ms | 99 %% ms | KiB per idle connection | messages, all verified |\n"
           "| --- | ---: | ---: | ---: | ---: | ---: |\n");
    double m[2][4];
    for (int which = 0; which < 2; which++) {
        for (int k = 0; k < 4; k++) m[which][k] = median(v[which][k], rounds);
        printf("| %s | %.0f | %.1f | %.1f | %.2f | %" PRIu64 " |\n", which ? "Ambit" : "C, epoll", m[which][0],
               m[which][1], m[which][2], m[which][3], messages[which]);
    }
    double share = m[1][0] / m[0][0], slower = m[1][2] / m[0][2];
    printf("\nAmbit: %.0f %% of the throughput, %.2f times the 99th percentile. Bytes: %.2f GB, changed messages: "
           "%" PRIu64 ", lost: %" PRIu64 ".\n",
           share * 100, slower, (double)(bytes[0] + bytes[1]) / 1e9, wrong, lost);
    bool ok = !wrong && !lost && share >= 0.5 && slower <= 2 && m[1][3] <= 8;
    if (!ok) printf("Not as asked for: half the throughput, twice the 99th percentile, 8 KiB, no byte lost.\n");
    return !ok;
}
