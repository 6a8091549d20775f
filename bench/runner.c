/* SPDX-License-Identifier: MIT */
/* Runs the benchmark programs of every interpreter in turn and prints ratios of medians.
 *
 * Usage: runner [-n RUNS] [-m] [-o FILE] --ambit PATH DIR [NAME...]
 * Whole processes are timed (user + system, as the kernel accounts them). In each round every interpreter runs
 * once, so that a drift of the machine's speed meets all of them; the ratio is formed round by round
 * and its median printed. Outputs are compared: a wrong result is no result. */
#include <dirent.h>
#include <fcntl.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_RUNS 51
#define MAX_PROGRAMS 100
#define LIMIT_SECONDS 120

typedef struct peer {
    const char *title, *command, *option, *suffix;
    bool present;
} peer;

static peer peers[] = {
    {"ambit", NULL, NULL, ".amb", true},
    {"lua5.4", "lua5.4", NULL, ".lua", false},
    {"luajit -joff", "luajit", "-joff", ".lua", false},
    {"luajit", "luajit", NULL, ".lua", false},
};
enum { PEERS = sizeof peers / sizeof *peers };

typedef struct sample {
    double seconds;
    long kib;
    bool ok;
} sample;

static char *slurp(int fd, size_t *len) {
    size_t cap = 4096, n = 0;
    char *p = malloc(cap);
    ssize_t k;
    while (p && (k = read(fd, p + n, cap - n - 1)) > 0) {
        n += (size_t)k;
        if (n + 1 >= cap) p = realloc(p, cap *= 2);
    }
    if (p) p[n] = 0;
    *len = n;
    return p;
}

static sample run(const peer *p, const char *dir, const char *name, char **output) {
    char path[1024];
    int out[2];
    sample s = {0, 0, false};
    snprintf(path, sizeof path, "%s/%s%s", dir, name, p->suffix);
    if (pipe(out)) return s;
    pid_t pid = fork();
    if (pid == 0) {
        struct rlimit r = {LIMIT_SECONDS, LIMIT_SECONDS};
        setrlimit(RLIMIT_CPU, &r);
        int null = open("/dev/null", O_RDWR);
        dup2(null, 0);
        dup2(out[1], 1);
        dup2(null, 2);
        close(out[0]);
        if (p->option) execlp(p->command, p->command, p->option, path, (char *)NULL);
        else execlp(p->command, p->command, path, (char *)NULL);
        _exit(127);
    }
    close(out[1]);
    size_t len;
    *output = slurp(out[0], &len);
    close(out[0]);
    for (size_t i = 0; i < len; i++)
        if ((*output)[i] == '\t') (*output)[i] = ' ';
    struct rusage u;
    int status;
    if (pid < 0 || wait4(pid, &status, 0, &u) != pid) return s;
    s.ok = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    s.seconds = (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
                (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
    s.kib = u.ru_maxrss;
    return s;
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double median(double *v, int n) {
    qsort(v, (size_t)n, sizeof *v, ascending);
    return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

static int by_name(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool exists(const char *command) {
    char text[300];
    snprintf(text, sizeof text, "command -v %s >/dev/null 2>&1", command);
    return system(text) == 0;
}

int main(int argc, char **argv) {
    int runs = 5, nprograms = 0, failures = 0;
    const char *dir = NULL, *worst_text = NULL;
    double limit = 0;
    char *programs[MAX_PROGRAMS];
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "-n") && i + 1 < argc) runs = atoi(argv[++i]);
        else if (!strcmp(argv[i], "--ambit") && i + 1 < argc) peers[0].command = argv[++i];
        else if (!strcmp(argv[i], "--limit") && i + 1 < argc) limit = atof(worst_text = argv[++i]);
        else if (!dir) dir = argv[i];
        else if (nprograms < MAX_PROGRAMS) programs[nprograms++] = argv[i];
    }
    if (!dir || !peers[0].command || runs < 1 || runs > MAX_RUNS) {
        fprintf(stderr, "usage: runner [-n RUNS] [--limit RATIO] --ambit PATH DIR [NAME...]\n");
        return 2;
    }
    for (int i = 1; i < PEERS; i++) peers[i].present = exists(peers[i].command);
    if (nprograms == 0) {
        DIR *d = opendir(dir);
        struct dirent *e;
        while (d && (e = readdir(d)) && nprograms < MAX_PROGRAMS) {
            size_t n = strlen(e->d_name);
            if (n > 4 && !strcmp(e->d_name + n - 4, ".amb")) programs[nprograms++] = strndup(e->d_name, n - 4);
        }
        if (d) closedir(d);
        qsort(programs, (size_t)nprograms, sizeof *programs, by_name);
    }
    printf("Whole-process CPU time of ambit divided by theirs, medians of %d interleaved runs.\n\n", runs);
    printf("| program | ambit s |");
    for (int i = 1; i < PEERS; i++) printf(" ÷ %s |", peers[i].title);
    printf(" memory ÷ lua5.4 |\n|---|---|");
    for (int i = 1; i < PEERS; i++) printf("---|");
    printf("---|\n");
    double logs[PEERS] = {0}, memory_log = 0;
    int counts[PEERS] = {0};
    for (int n = 0; n < nprograms; n++) {
        static double ratio[PEERS][MAX_RUNS], own[MAX_RUNS], memory[MAX_RUNS];
        bool ok[PEERS];
        for (int i = 0; i < PEERS; i++) ok[i] = peers[i].present;
        for (int r = 0; r < runs; r++) {
            sample s[PEERS];
            char *text[PEERS] = {0};
            for (int i = 0; i < PEERS; i++) {
                if (!ok[i]) continue;
                s[i] = run(&peers[i], dir, programs[n], &text[i]);
                if (!s[i].ok) ok[i] = false;
            }
            if (ok[0] && ok[1] && strcmp(text[0], text[1])) {
                fprintf(stderr, "%s: results differ\n  ambit:  %s  lua5.4: %s", programs[n], text[0], text[1]);
                ok[0] = false;
            }
            own[r] = ok[0] ? s[0].seconds : 0;
            for (int i = 1; i < PEERS; i++)
                ratio[i][r] = ok[0] && ok[i] && s[i].seconds > 0 ? s[0].seconds / s[i].seconds : 0;
            memory[r] = ok[0] && ok[1] && s[1].kib ? (double)s[0].kib / (double)s[1].kib : 0;
            for (int i = 0; i < PEERS; i++) free(text[i]);
        }
        if (!ok[0]) {
            printf("| %s | failed |\n", programs[n]);
            failures++;
            continue;
        }
        printf("| %s | %.3f |", programs[n], median(own, runs));
        for (int i = 1; i < PEERS; i++) {
            if (!ok[i]) {
                printf(" – |");
                continue;
            }
            double m = median(ratio[i], runs);
            printf(" %.2f |", m);
            logs[i] += log(m);
            counts[i]++;
            if (i == 1 && limit > 0 && m > limit) {
                fprintf(stderr, "%s: %.2f times lua5.4's time, the limit is %s\n", programs[n], m, worst_text);
                failures++;
            }
        }
        double mem = ok[1] ? median(memory, runs) : 0;
        if (mem > 0) memory_log += log(mem);
        printf(" %.2f |\n", mem);
        fflush(stdout);
    }
    printf("| **geometric mean** | |");
    for (int i = 1; i < PEERS; i++)
        if (counts[i]) printf(" **%.2f** |", exp(logs[i] / counts[i]));
        else printf(" – |");
    if (counts[1]) printf(" **%.2f** |\n", exp(memory_log / counts[1]));
    else printf(" – |\n");
    return failures ? 1 : 0;
}
