/* SPDX-License-Identifier: MIT */
/* Shows that cost grows as it should: ten times the input must not take more than twelve times the
 * time.
 *
 *   scaling [--full] [-v] FILE...
 *
 * Each file is a script that works on the size N, which is put in front of it. Its first comments
 * say:
 *   # size: 1000000      the larger of the two sizes in a full run; without --full both are a
 *                        tenth, and the limit is 20
 *   # at most: 20        another limit than twelve; for access all over a memory that is small
 *                        enough for the processor's caches at one size and too large at the other
 *   # full only          needs a full run to mean something
 *   # grows faster       cost that must not pass: shows that the measuring finds it; the size is
 *                        the same in every run
 *
 * Every run is a process of its own, so that all get their memory fresh; only running is timed, by
 * the process's own clock, which other processes do not advance. Other disturbances only ever add
 * time, so the least of several runs counts, and what does not pass is measured again, with more
 * runs, before it fails. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <ambit/ambit.h>

enum { ATTEMPTS = 6, SMALL_RUNS = 5, LARGE_RUNS = 2, TIMES = 10 };
#define LIMIT 12.0
/* Small runs end before the first collections and fit into the processor's caches. */
#define LIMIT_SMALL 20.0
#define HOPELESS    40.0  /* no disturbance does that */
#define TOO_SHORT   50e-6 /* seconds the smaller size must take for the ratio to mean something */

typedef struct scale_case {
    const char *name;
    char *text;
    long size;
    double limit;
    bool full_only, grows_faster;
} scale_case;

static void to_stderr(void *ud, const char *s, size_t n)
{
    (void)ud;
    fwrite(s, 1, n, stderr);
}

static amb_status discard(void *ud, int fd, const char *s, size_t n)
{
    (void)ud, (void)fd, (void)s, (void)n;
    return AMB_OK;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Seconds, or -1 with a message. */
static double run_once(const scale_case *c, long n)
{
    /* The same seed each time: hashing must not make one run luckier than another. */
    amb_config config = {.size = sizeof config, .seed = 1, .output = discard};
    amb_status st;
    amb_script *script;
    amb_vm *vm = amb_vm_new(&config, &st);
    size_t size = strlen(c->text) + 64;
    char *text = malloc(size);
    double took = -1;
    int status = 0;
    if (vm && text) {
        int len = snprintf(text, size, "let N = %ld\n%s", n, c->text);
        if (amb_load(vm, c->name, text, (size_t)len, 0, to_stderr, NULL, &script) == AMB_OK) {
            double start = now();
            st = amb_run(vm, script, amb_nil(), NULL, &status);
            if (st == AMB_OK && status == 0)
                took = now() - start;
            else
                amb_error_report(vm, 0, to_stderr, NULL);
        }
    }
    free(text);
    if (vm) amb_vm_free(vm);
    return took;
}

static double run_apart(const scale_case *c, long n)
{
    int ends[2];
    double took = -1;
    fflush(stdout);
    if (pipe(ends)) return -1;
    pid_t pid = fork();
    if (pid == 0) {
        took = run_once(c, n);
        _exit(write(ends[1], &took, sizeof took) != sizeof took);
    }
    close(ends[1]);
    if (pid < 0 || read(ends[0], &took, sizeof took) != sizeof took) {
        fprintf(stderr, "%s: the process of size %ld ended early\n", c->name, n);
        took = -1;
    }
    close(ends[0]);
    if (pid > 0) waitpid(pid, NULL, 0);
    return took;
}

static bool least(double *to, double v)
{
    if (v >= 0 && (*to == 0 || v < *to)) *to = v;
    return v >= 0;
}

/* 1: as it should be, 0: not. */
static int judge(const scale_case *c, bool full, bool verbose)
{
    long large = full || c->grows_faster ? c->size : c->size / TIMES, small = large / TIMES;
    double s = 0, l = 0, ratio = 0, limit = c->limit;
    if (!full && limit < LIMIT_SMALL) limit = LIMIT_SMALL;
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        for (int i = 0; i < SMALL_RUNS; i++)
            if (!least(&s, run_apart(c, small))) return 0;
        for (int i = 0; i < LARGE_RUNS; i++)
            if (!least(&l, run_apart(c, large))) return 0;
        ratio = l / s;
        if (ratio <= limit || ratio > HOPELESS) break;
    }
    if (verbose)
        printf("%-20s %8ld: %8.2f ms, %9ld: %9.2f ms, %5.1f times\n", c->name, small, s * 1e3,
               large, l * 1e3, ratio);
    if (s < TOO_SHORT) {
        printf("%s: a size of %ld takes only %.0f microseconds, too short to judge\n", c->name,
               small, s * 1e6);
        return 0;
    }
    if ((ratio <= limit) != c->grows_faster) return 1;
    printf("%s: %ld takes %.2f ms, %ld takes %.2f ms: %.1f times, %s %.0f\n", c->name, small,
           s * 1e3, large, l * 1e3, ratio,
           c->grows_faster ? "though it should have been more than" : "the limit is", limit);
    return 0;
}

static bool read_case(const char *path, scale_case *c)
{
    FILE *f = fopen(path, "r");
    if (!f) return false;
    size_t cap = 1 << 16, n;
    *c = (scale_case){.text = malloc(cap)};
    if (!c->text) {
        fclose(f);
        return false;
    }
    n = fread(c->text, 1, cap - 1, f);
    fclose(f);
    c->text[n] = 0;
    const char *slash = strrchr(path, '/');
    c->name = slash ? slash + 1 : path;
    const char *size = strstr(c->text, "# size: ");
    if (size) c->size = atol(size + 8);
    const char *limit = strstr(c->text, "# at most: ");
    c->limit = limit ? atof(limit + 11) : LIMIT;
    c->full_only = strstr(c->text, "# full only\n") != NULL;
    c->grows_faster = strstr(c->text, "# grows faster\n") != NULL;
    return c->size >= TIMES * TIMES;
}

int main(int argc, char **argv)
{
    bool full = false, verbose = false;
    int passed = 0, failed = 0;
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (int i = 1; i < argc; i++) {
        scale_case c;
        if (!strcmp(argv[i], "--full")) {
            full = true;
        } else if (!strcmp(argv[i], "-v")) {
            verbose = true;
        } else if (!read_case(argv[i], &c)) {
            printf("%s: cannot be read or does not state its size\n", argv[i]);
            failed++;
        } else {
            if (full || !c.full_only) judge(&c, full, verbose) ? passed++ : failed++;
            free(c.text);
        }
    }
    printf("%d passed, %d failed\n", passed, failed);
    return failed != 0;
}
