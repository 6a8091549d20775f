/* SPDX-License-Identifier: MIT */
/* The programs: their classes, their rounds, the tables, and the check against recorded ratios. */
#include "bench.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_PROGRAMS = 100, CHECK_ATTEMPTS = 6 };
/* `check` lets pass what is at most this many times the recorded ratio. */
#define CHECK_FACTOR 1.3

/* What a class is to reach: at most this part of their time, 0 where there is no target. */
typedef struct target {
    const char *id, *title;
    double lua, joff, lua_stretch, joff_stretch;
} target;

static const target targets[] = {
    {"calls", "calls, recursion", .52, .80, .45, .68},
    {"loops", "mixed int and float loops", .70, .90, .60, .80},
    {"floats", "chains of floats", .72, 1.0, .60, .85},
    {"lists", "lists, permutations, matrices", .65, .85, .50, .70},
    {"methods", "methods and fields", .45, .55, .35, .42},
    {"int64", "64-bit integers", .95, 0, .80, 0},
    {"allocation", "allocation and collection", .45, .80, .35, .60},
    {"maps", "maps", .50, 1.1, .40, .95},
    {"strings", "strings, text", .80, .95, .65, .75},
    {"sort", "sorting with a comparator", .70, .70, .55, .55},
    {"closures", "closures, iterators", .58, .90, .45, .70},
    {"generators", "generators", .35, 1.2, .28, .95},
    {"json", "JSON written in the language", .58, .90, .45, .75},
    {"tasks", "tasks, against bare coroutines", 1.0, 0, .80, 0},
    {"exceptions", "exceptions", 0, 0, 0, 0},
};
enum { CLASSES = sizeof targets / sizeof *targets };
static const target overall = {"all", "geometric mean", .58, .86, .48, .72};

typedef struct program {
    char name[64];
    int klass;
    char without[300]; /* what stands behind `# without:` */
} program;

typedef struct result {
    bool ok[PEERS];
    double seconds, mib;               /* of ambit */
    double time[PEERS], memory[PEERS]; /* ambit's divided by theirs */
} result;

static int by_name(const void *a, const void *b)
{
    return strcmp(((const program *)a)->name, ((const program *)b)->name);
}

static bool read_header(const char *dir, program *p)
{
    char path[1024], line[300];
    if (!peer_script(&peers[AMBIT], dir, p->name, path)) {
        fprintf(stderr, "bench: there is no program %s in %s\n", p->name, dir);
        return false;
    }
    FILE *f = fopen(path, "r");
    p->klass = -1;
    p->without[0] = 0;
    while (f && fgets(line, sizeof line, f) && line[0] == '#') {
        line[strcspn(line, "\n")] = 0;
        if (!strncmp(line, "# class: ", 9)) {
            for (int i = 0; i < CLASSES; i++)
                if (!strcmp(targets[i].id, line + 9)) p->klass = i;
        } else if (!strncmp(line, "# without: ", 11)) {
            snprintf(p->without, sizeof p->without, "%s", line + 11);
        }
    }
    if (f) fclose(f);
    if (p->klass < 0) fprintf(stderr, "bench: %s does not say of which class it is\n", path);
    return p->klass >= 0;
}

/* -1: something is wrong with what is there or what was asked for. */
static int find_programs(const options *o, program *list)
{
    int n = 0;
    if (o->nnames) {
        for (int i = 0; i < o->nnames && n < MAX_PROGRAMS; i++)
            snprintf(list[n++].name, sizeof list->name, "%s", o->names[i]);
    } else {
        DIR *d = opendir(o->dir);
        struct dirent *e;
        while (d && (e = readdir(d)) && n < MAX_PROGRAMS) {
            size_t k = strlen(e->d_name);
            if (k > 4 && k < sizeof list->name && !strcmp(e->d_name + k - 4, ".amb"))
                snprintf(list[n++].name, sizeof list->name, "%.*s", (int)(k - 4), e->d_name);
        }
        if (d) closedir(d);
    }
    int kept = 0;
    for (int i = 0; i < n; i++) {
        program p = list[i];
        if (!read_header(o->dir, &p)) return -1;
        char pattern[80], all[300];
        snprintf(pattern, sizeof pattern, ",%s,", targets[p.klass].id);
        snprintf(all, sizeof all, ",%s,", o->classes ? o->classes : "");
        if (!o->classes || strstr(all, pattern)) list[kept++] = p;
    }
    qsort(list, (size_t)kept, sizeof *list, by_name);
    if (kept) return kept;
    fprintf(stderr, "bench: no programs in %s\n", o->dir);
    return -1;
}

/* Whether the peer takes part: it is there, has a version of the program, and the header does not
 * exclude it (the word there stands for all whose id begins with it). */
static bool takes_part(const peer *p, const char *dir, const program *prog, char path[1024])
{
    if (!p->present) return false;
    for (const char *w = prog->without; *w && *w != '(';
         w += strcspn(w, ", "), w += strspn(w, ", ")) {
        size_t n = strcspn(w, ", (");
        if (n && !strncmp(p->id, w, n)) return false;
    }
    return peer_script(p, dir, prog->name, path);
}

static bool measure(const options *o, const program *prog, int rounds, result *r)
{
    static double seconds[MAX_ROUNDS], mib[MAX_ROUNDS];
    static double time[PEERS][MAX_ROUNDS], memory[PEERS][MAX_ROUNDS];
    char path[PEERS][1024];
    bool right = true;
    memset(r, 0, sizeof *r);
    for (int i = 0; i < PEERS; i++) r->ok[i] = takes_part(&peers[i], o->dir, prog, path[i]);
    for (int k = 0; k < rounds && right; k++) {
        sample s[PEERS] = {0};
        char *text[PEERS] = {0};
        for (int i = 0; i < PEERS && right; i++) {
            if (!r->ok[i]) continue;
            s[i] = run_command(peers[i].words, path[i], &text[i]);
            if (!s[i].ok) {
                fprintf(stderr, "bench: %s failed in %s\n", prog->name, peers[i].title);
                right = false;
            } else if (strcmp(text[i], text[AMBIT])) {
                fprintf(stderr, "bench: results of %s differ\n  ambit: %s  %s: %s", prog->name,
                        text[AMBIT], peers[i].title, text[i]);
                right = false;
            }
        }
        for (int i = 0; i < PEERS && right; i++) {
            if (!r->ok[i]) continue;
            time[i][k] = s[AMBIT].cpu / (s[i].cpu > 0 ? s[i].cpu : 1e-6);
            memory[i][k] = (double)s[AMBIT].kib / (double)s[i].kib;
        }
        seconds[k] = s[AMBIT].cpu;
        mib[k] = (double)s[AMBIT].kib / 1024;
        for (int i = 0; i < PEERS; i++) free(text[i]);
    }
    if (!right) return false;
    r->seconds = median(seconds, rounds);
    r->mib = median(mib, rounds);
    for (int i = 0; i < PEERS; i++) {
        if (!r->ok[i]) continue;
        r->time[i] = median(time[i], rounds);
        r->memory[i] = median(memory[i], rounds);
    }
    return true;
}

/* A column of the tables, for a peer that is there and has a program at all. */
static bool column(int peer, const result *r, int n)
{
    if (peer == AMBIT || !peers[peer].present) return false;
    for (int k = 0; k < n; k++)
        if (r[k].ok[peer]) return true;
    return false;
}

/* The geometric mean over programs of one class, or of all with klass -1; 0 where there is none. */
static double mean(const program *p, const result *r, int n, int klass, int peer, bool memory)
{
    double sum = 0;
    int count = 0;
    for (int k = 0; k < n; k++) {
        if (!r[k].ok[peer] || (klass >= 0 && p[k].klass != klass)) continue;
        sum += log(memory ? r[k].memory[peer] : r[k].time[peer]);
        count++;
    }
    return count ? exp(sum / count) : 0;
}

static void cell(double v, const char *mark)
{
    if (v > 0)
        printf(" %s%.2f%s |", mark, v, mark);
    else
        printf(" – |");
}

static void table(const program *p, const result *r, int n, bool memory)
{
    printf("| program | class | ambit %s |", memory ? "MiB" : "s");
    for (int i = 0; i < PEERS; i++)
        if (column(i, r, n)) printf(" ÷ %s |", peers[i].title);
    printf("\n|---|---|---|");
    for (int i = 0; i < PEERS; i++)
        if (column(i, r, n)) printf("---|");
    printf("\n");
    for (int k = 0; k < n; k++) {
        printf("| %s | %s | ", p[k].name, targets[p[k].klass].id);
        if (memory)
            printf("%.1f |", r[k].mib);
        else
            printf("%.3f |", r[k].seconds);
        for (int i = 0; i < PEERS; i++)
            if (column(i, r, n)) cell(r[k].ok[i] ? memory ? r[k].memory[i] : r[k].time[i] : 0, "");
        printf("\n");
    }
    printf("| **geometric mean** | | |");
    for (int i = 0; i < PEERS; i++)
        if (column(i, r, n)) cell(mean(p, r, n, -1, i, memory), "**");
    printf("\n\n");
}

static void verdict(double v, double wanted, double stretch)
{
    cell(v, "");
    if (wanted <= 0)
        printf(" – | |");
    else if (v <= 0)
        printf(" ≤ %.2f | |", wanted);
    else
        printf(" ≤ %.2f | %s |", wanted,
               v > wanted    ? "**missed**"
               : v > stretch ? "met"
                             : "stretch met");
}

static void class_table(const program *p, const result *r, int n)
{
    printf("| class | programs | ÷ lua5.4 | target | | ÷ luajit -joff | target | |");
    for (int i = LUAJIT; i < PEERS; i++)
        if (column(i, r, n)) printf(" ÷ %s |", peers[i].title);
    printf(" memory ÷ lua5.4 |\n|---|---|---|---|---|---|---|---|---|");
    for (int i = LUAJIT; i < PEERS; i++)
        if (column(i, r, n)) printf("---|");
    printf("\n");
    for (int c = 0; c <= CLASSES; c++) {
        const target *t = c < CLASSES ? &targets[c] : &overall;
        int klass = c < CLASSES ? c : -1, count = 0;
        for (int k = 0; k < n; k++) count += klass < 0 || p[k].klass == klass;
        if (!count) continue;
        printf("| %s | %d |", t->title, count);
        verdict(mean(p, r, n, klass, LUA, false), t->lua, t->lua_stretch);
        verdict(mean(p, r, n, klass, JOFF, false), t->joff, t->joff_stretch);
        for (int i = LUAJIT; i < PEERS; i++)
            if (column(i, r, n)) cell(mean(p, r, n, klass, i, false), "");
        cell(mean(p, r, n, klass, LUA, true), "");
        printf("\n");
    }
    printf("\n");
}

int cmd_programs(const options *o)
{
    static program list[MAX_PROGRAMS];
    static result results[MAX_PROGRAMS];
    int n = find_programs(o, list), rounds = o->rounds ? o->rounds : 5, failures = 0, done = 0;
    if (n < 0) return 2;
    for (int k = 0; k < n; k++) {
        if (measure(o, &list[k], rounds, &results[done]))
            list[done++] = list[k];
        else
            failures++;
        if (isatty(2)) fprintf(stderr, "\r%d of %d programs", k + 1, n);
    }
    if (isatty(2)) fputs("\r\033[K", stderr);
    printf("## Programs\n\nAmbit's figures divided by theirs, of whole processes: below 1 is "
           "better. Medians of "
           "%d interleaved rounds.\n\nTime of the processor, user and system:\n\n",
           rounds);
    table(list, results, done, false);
    printf("Peak resident memory:\n\n");
    table(list, results, done, true);
    printf("Geometric means by class, against the targets:\n\n");
    class_table(list, results, done);
    if (failures) printf("%d programs failed.\n\n", failures);
    return failures != 0;
}

/* ---- a short check against ratios that were recorded --------------------------------- */

int cmd_record(const options *o)
{
    static program list[MAX_PROGRAMS];
    int n = find_programs(o, list), rounds = o->rounds ? o->rounds : 7, status = 0;
    if (n < 0) return 2;
    for (int k = 0; k < n; k++) {
        result r;
        if (measure(o, &list[k], rounds, &r) && r.ok[LUA])
            printf("%-12s %.2f\n", list[k].name, r.time[LUA]);
        else
            status = 1;
    }
    return status;
}

static double expected_ratio(const char *file, const char *name)
{
    char line[200], word[64];
    double ratio = 0, v;
    FILE *f = fopen(file, "r");
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "%63s %lf", word, &v) == 2 && !strcmp(word, name)) ratio = v;
    if (f) fclose(f);
    return ratio;
}

int cmd_check(const options *o)
{
    static program list[MAX_PROGRAMS];
    int n = find_programs(o, list), passed = 0, failed = 0;
    if (n < 0 || !o->expected) return 2;
    if (!peers[LUA].present) {
        fputs("bench: lua5.4 is not installed, nothing can be compared\n", stderr);
        return 2;
    }
    for (int k = 0; k < n; k++) {
        double recorded = expected_ratio(o->expected, list[k].name), best = 0;
        if (recorded <= 0) {
            printf("%s: not in %s\n", list[k].name, o->expected);
            failed++;
            continue;
        }
        /* Noise only ever makes one run slower or faster than it is; what is slow in truth is slow
         * in every attempt. */
        bool good = false;
        for (int attempt = 0; attempt < CHECK_ATTEMPTS && !good; attempt++) {
            result r;
            if (!measure(o, &list[k], 1 + attempt / 2, &r) || !r.ok[LUA]) break;
            if (best == 0 || r.time[LUA] < best) best = r.time[LUA];
            good = r.time[LUA] <= recorded * CHECK_FACTOR;
        }
        if (good) {
            passed++;
        } else {
            failed++;
            printf("%s: %.2f of lua5.4's time at best, recorded are %.2f\n", list[k].name, best,
                   recorded);
        }
    }
    printf("%d passed, %d failed\n", passed, failed);
    return failed != 0;
}
