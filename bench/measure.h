/* SPDX-License-Identifier: MIT */
/* What all measurements share: the interpreters compared, running one as a process of its own and
 * accounting for it, medians. */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include <stdbool.h>
#include <stddef.h>

enum { MAX_ROUNDS = 101, MAX_WORDS = 8 };

/* One way to run scripts. `suffixes` are tried in order: the first file that exists is the one. */
typedef struct peer {
    const char *title;            /* in reports */
    const char *id;               /* on the command line and in `# without:` lines */
    const char *words[MAX_WORDS]; /* the command, without the script */
    const char *suffixes[3];
    const char *version_words[4]; /* a command whose first line names the version */
    bool present, wanted;
} peer;

enum { AMBIT, LUA, JOFF, LUAJIT, PYTHON, NODE, JITLESS, RUBY, PEERS };
extern peer peers[PEERS];

/* Finds out which peers there are. only: ids separated by commas, NULL for all. False: an id is
 * unknown (said on standard error). */
bool peers_find(const char *ambit, const char *only);
/* The version as the peer itself states it; static memory, overwritten by the next call. */
const char *peer_version(const peer *p);
/* The file of `name` in `dir` that this peer would run; false if there is none. */
bool peer_script(const peer *p, const char *dir, const char *name, char path[1024]);

typedef struct sample {
    double cpu, wall; /* seconds: user and system as the kernel accounts them; elapsed */
    long kib;         /* peak resident size */
    bool ok;          /* ended by itself with status 0 */
} sample;

/* Runs a command to its end. output: NULL, or where to put what it wrote (from malloc, tabs turned
 * to spaces). */
sample run_command(const char *const *words, const char *script, char **output);

double median(double *v, int n); /* sorts v */
/* The value below which the fraction q of the sorted values lies. */
double quantile(const double *sorted, int n, double q);
void sort_doubles(double *v, int n);

#endif
