/* SPDX-License-Identifier: MIT */
/* Running interpreters as processes of their own, and what the kernel accounts for them. */
#include "measure.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LIMIT_SECONDS = 300 };

peer peers[PEERS] = {
    [AMBIT] = {"ambit", "ambit", {NULL}, {".amb"}, {NULL}, false, true},
    [LUA] = {"lua5.4", "lua5.4", {"lua5.4"}, {".lua"}, {"lua5.4", "-v"}, false, true},
    [JOFF] = {"luajit -joff",
              "luajit-joff",
              {"luajit", "-joff"},
              {".jit.lua", ".lua"},
              {"luajit", "-v"},
              false,
              true},
    [LUAJIT] =
        {"luajit", "luajit", {"luajit"}, {".jit.lua", ".lua"}, {"luajit", "-v"}, false, true},
    [PYTHON] = {"python3", "python3", {"python3"}, {".py"}, {"python3", "--version"}, false, true},
    [NODE] = {"node", "node", {"node"}, {".js"}, {"node", "--version"}, false, true},
    [JITLESS] = {"node --jitless",
                 "node-jitless",
                 {"node", "--jitless"},
                 {".js"},
                 {"node", "--version"},
                 false,
                 true},
    [RUBY] = {"ruby", "ruby", {"ruby"}, {".rb"}, {"ruby", "--version"}, false, true},
};

static char *slurp(int fd)
{
    size_t cap = 4096, n = 0;
    char *p = malloc(cap);
    ssize_t k;
    while (p && (k = read(fd, p + n, cap - n - 1)) > 0) {
        n += (size_t)k;
        if (n + 1 < cap) continue;
        char *q = realloc(p, cap *= 2);
        if (!q) free(p);
        p = q;
    }
    if (!p) {
        fputs("bench: out of memory\n", stderr);
        exit(2);
    }
    p[n] = 0;
    for (char *t = p; *t; t++)
        if (*t == '\t') *t = ' ';
    return p;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double seconds(struct timeval t) { return (double)t.tv_sec + (double)t.tv_usec / 1e6; }

sample run_command(const char *const *words, const char *script, char **output)
{
    sample s = {0};
    const char *argv[MAX_WORDS + 2];
    int n = 0, out[2];
    for (; n < MAX_WORDS && words[n]; n++) argv[n] = words[n];
    if (script) argv[n++] = script;
    argv[n] = NULL;
    if (pipe(out)) return s;
    double start = now();
    pid_t pid = fork();
    if (pid == 0) {
        /* By the clock on the wall: with a limit on its processor time a process could read
         * that time only to the nearest tick. The alarm outlives exec. */
        alarm(LIMIT_SECONDS);
        int null = open("/dev/null", O_RDWR);
        dup2(null, 0);
        dup2(out[1], 1);
        dup2(null, 2);
        close(out[0]);
        execvp(argv[0], (char *const *)argv);
        _exit(127);
    }
    close(out[1]);
    char *text = slurp(out[0]);
    close(out[0]);
    struct rusage u;
    int status;
    if (pid > 0 && wait4(pid, &status, 0, &u) == pid) {
        s.wall = now() - start;
        s.ok = WIFEXITED(status) && WEXITSTATUS(status) == 0;
        s.cpu = seconds(u.ru_utime) + seconds(u.ru_stime);
        s.kib = u.ru_maxrss;
    }
    if (output)
        *output = text;
    else
        free(text);
    return s;
}

static char *first_line(const char *const *words)
{
    /* Some state their version on standard error, so a shell joins the two. */
    char command[256] = "";
    size_t n = 0;
    for (int i = 0; words[i]; i++)
        n += (size_t)snprintf(command + n, sizeof command - n, "%s ", words[i]);
    snprintf(command + n, sizeof command - n, "2>&1");
    char *text;
    sample s = run_command((const char *[]){"sh", "-c", command, NULL}, NULL, &text);
    text[strcspn(text, "\n")] = 0;
    if (s.ok) return text;
    free(text);
    return NULL;
}

static bool listed(const char *list, const char *id)
{
    size_t n = strlen(id);
    for (const char *p = list; p; p = strchr(p, ',') ? strchr(p, ',') + 1 : NULL)
        if (strncmp(p, id, n) == 0 && (p[n] == ',' || p[n] == 0)) return true;
    return false;
}

bool peers_find(const char *ambit, const char *only)
{
    static char ambit_path[1024], python_path[1024];
    snprintf(ambit_path, sizeof ambit_path, "%s", ambit);
    peers[AMBIT].words[0] = peers[AMBIT].version_words[0] = ambit_path;
    peers[AMBIT].version_words[1] = "--version";
    for (const char *p = only; p; p = strchr(p, ',') ? strchr(p, ',') + 1 : NULL) {
        char id[32];
        snprintf(id, sizeof id, "%.*s", (int)strcspn(p, ","), p);
        bool known = false;
        for (int i = 0; i < PEERS; i++) known |= strcmp(peers[i].id, id) == 0;
        if (known) continue;
        fprintf(stderr, "bench: no peer is called '%s'; there are", id);
        for (int i = 0; i < PEERS; i++) fprintf(stderr, " %s", peers[i].id);
        fputs("\n", stderr);
        return false;
    }
    for (int i = 0; i < PEERS; i++) {
        peers[i].wanted = i == AMBIT || !only || listed(only, peers[i].id);
        if (!peers[i].wanted) continue;
        char *version = first_line(peers[i].version_words);
        peers[i].present = version != NULL;
        free(version);
    }
    /* Version managers put a script in front of python; the interpreter itself is what counts. */
    if (peers[PYTHON].present) {
        char *real = first_line(
            (const char *[]){"python3", "-c", "'import sys; print(sys.executable)'", NULL});
        if (real && *real) {
            snprintf(python_path, sizeof python_path, "%s", real);
            peers[PYTHON].words[0] = python_path;
        }
        free(real);
    }
    return true;
}

const char *peer_version(const peer *p)
{
    static char version[128];
    char *line = first_line(p->version_words);
    snprintf(version, sizeof version, "%.100s", line ? line : "unknown version");
    free(line);
    return version;
}

bool peer_script(const peer *p, const char *dir, const char *name, char path[1024])
{
    for (int i = 0; i < 3 && p->suffixes[i]; i++) {
        snprintf(path, 1024, "%s/%s%s", dir, name, p->suffixes[i]);
        if (access(path, R_OK) == 0) return true;
    }
    return false;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

void sort_doubles(double *v, int n) { qsort(v, (size_t)n, sizeof *v, ascending); }

double median(double *v, int n)
{
    sort_doubles(v, n);
    return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

double quantile(const double *sorted, int n, double q)
{
    int i = (int)(q * n);
    return sorted[i < n ? i : n - 1];
}
