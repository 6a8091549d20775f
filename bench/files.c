/* SPDX-License-Identifier: MIT */
/* Files: reading a long one by lines, copying a tree of many small ones, against python3.
 *
 *   bench files [MIB [COUNT]]    the size of the long file and the number of small ones
 *
 * Both languages take turns on the same files, which have been read before: what is measured is the way through the
 * languages, not the disk. TMPDIR says where, /dev/shm if not. */
#include "bench.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PER_DIRECTORY 100
#define TARGET 1.5 /* times python3's time; and no more than its memory */

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *f)
{
    (void)st, (void)type, (void)f;
    return remove(path);
}

static void remove_tree(const char *path) { nftw(path, remove_one, 32, FTW_DEPTH | FTW_PHYS); }

/* Lines of 5 to 120 characters, the same in every run. */
static bool write_lines(const char *path, long mib)
{
    static const char *const words[] = {"alpha", "beta", "gamma", "delta", "epsilon", "zeta"};
    FILE *f = fopen(path, "w");
    if (!f) return false;
    unsigned seed = 1;
    for (long left = mib << 20; left > 0;) {
        seed = seed * 1664525 + 1013904223;
        for (unsigned n = 1 + (seed >> 16) % 20, i = 0; i < n; i++) {
            int k = fprintf(f, i ? " %s" : "%s", words[(seed >> (i % 24)) % 6]);
            if (k < 0) break;
            left -= k;
        }
        fputc('\n', f);
    }
    return fclose(f) == 0;
}

static bool write_tree(const char *dir, long count)
{
    char path[700], text[4096];
    memset(text, 'x', sizeof text);
    for (long i = 0; i < count; i++) {
        if (i % PER_DIRECTORY == 0) {
            snprintf(path, sizeof path, "%s/tree/d%ld", dir, i / PER_DIRECTORY);
            if (mkdir(path, 0777)) return false;
        }
        snprintf(path, sizeof path, "%s/tree/d%ld/f%ld", dir, i / PER_DIRECTORY, i);
        FILE *f = fopen(path, "w");
        if (!f) return false;
        fwrite(text, 1, (size_t)(i * 37 % (long)sizeof text), f);
        if (fclose(f)) return false;
    }
    return true;
}

typedef struct contender {
    const char *title;
    const char *words[8];
    double wall[MAX_ROUNDS], kib[MAX_ROUNDS];
} contender;

/* The last contender is what the others are measured by. */
static bool compete(const char *what, contender *all, int n, int rounds, const char *clean)
{
    char *first = NULL;
    bool right = true;
    for (int k = 0; k <= rounds && right; k++)
        for (int i = 0; i < n && right; i++) {
            char *out = NULL;
            if (clean) remove_tree(clean);
            sample s = run_command(all[i].words, NULL, &out);
            right = s.ok && (!first || strcmp(first, out) == 0);
            if (!right) fprintf(stderr, "bench: %s fails: %s\n", all[i].title, what);
            if (first) free(out);
            else first = out;
            /* The first round only warms up. */
            if (k) all[i].wall[k - 1] = s.wall, all[i].kib[k - 1] = (double)s.kib;
        }
    free(first);
    if (clean) remove_tree(clean);
    if (!right) return false;
    double base = median(all[n - 1].wall, rounds), memory = median(all[n - 1].kib, rounds);
    printf("%s, medians of %d interleaved rounds:\n\n| | seconds | ÷ %s | memory KiB |\n"
           "|---|---|---|---|\n", what, rounds, all[n - 1].title);
    for (int i = 0; i < n; i++) {
        double t = median(all[i].wall, rounds), m = median(all[i].kib, rounds);
        bool met = i == n - 1 || (t <= TARGET * base && m <= memory);
        printf("| %s | %.3f | %.2f%s | %.0f |\n", all[i].title, t, t / base,
               met ? "" : " **missed**", m);
    }
    printf("\n");
    return true;
}

int cmd_files(const options *o)
{
    long mib = o->nnames > 0 ? atol(o->names[0]) : 64;
    long count = o->nnames > 1 ? atol(o->names[1]) : 5000;
    int rounds = o->rounds ? o->rounds : 5;
    /* In memory where that is possible: a disk that is catching up would be measured instead. */
    const char *where = getenv("TMPDIR");
    if (!where) where = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    char dir[512], lines[600], tree[600], copy[600], s[5][1024];
    snprintf(dir, sizeof dir, "%s/ambit-files-XXXXXX", where);
    if (mib < 1 || count < 1 || !peers[PYTHON].present) {
        fprintf(stderr, "bench: files needs python3 and sizes above 0\n");
        return 2;
    }
    if (!mkdtemp(dir)) {
        perror("bench: a temporary directory");
        return 2;
    }
    snprintf(lines, sizeof lines, "%s/lines", dir);
    snprintf(tree, sizeof tree, "%s/tree", dir);
    snprintf(copy, sizeof copy, "%s/copy", dir);
    static const char *const names[] = {"lines.amb", "lines.py", "copy.amb", "walk.amb", "copy.py"};
    for (int i = 0; i < 5; i++) snprintf(s[i], sizeof s[i], "%s/%s", o->dir, names[i]);
    const char *ambit = peers[AMBIT].words[0], *python = peers[PYTHON].words[0];
    bool right = mkdir(tree, 0777) == 0 && write_lines(lines, mib) && write_tree(dir, count);
    if (!right) perror("bench: files");
    if (right) {
        char what[128];
        static contender reads[2], copies[3];
        reads[0] = (contender){.title = "Ambit", .words = {ambit, s[0], lines}};
        reads[1] = (contender){.title = "python3", .words = {python, s[1], lines}};
        copies[0] = (contender){.title = "Ambit, `copy` of a tree", .words = {ambit, "-y", s[2], dir}};
        copies[1] = (contender){.title = "Ambit, file by file", .words = {ambit, "-y", s[3], dir}};
        copies[2] = (contender){.title = "python3", .words = {python, s[4], dir}};
        printf("## Files\n\n");
        snprintf(what, sizeof what, "Reading a file of %ld MiB by lines", mib);
        right = compete(what, reads, 2, rounds, NULL);
        snprintf(what, sizeof what, "Copying a tree of %ld small files", count);
        right = right && compete(what, copies, 3, rounds, copy);
    }
    remove_tree(dir);
    return right ? 0 : 1;
}
