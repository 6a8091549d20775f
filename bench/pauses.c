/* SPDX-License-Identifier: MIT */
/* Pauses: the scripts pauses.* time their own units of work and print one line of figures. */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIGURES = 5, ROWS = PEERS + 1 };

/* Lua 5.4 appears twice, for its two ways of collecting. */
static const peer generational = {"lua5.4, generational",
                                  "lua5.4-generational",
                                  {"lua5.4", "-e", "collectgarbage('generational')"},
                                  {".lua"},
                                  {NULL},
                                  false,
                                  true};

int cmd_pauses(const options *o)
{
    static double figure[ROWS][FIGURES][MAX_ROUNDS], mib[ROWS][MAX_ROUNDS];
    static const char *const labels[FIGURES] = {"p50", "p99", "p99.9", "max", "units/s"};
    int rounds = o->rounds ? o->rounds : 3;
    const peer *row[ROWS];
    char path[ROWS][1024];
    bool has[ROWS];
    long right = 0;
    for (int i = 0, k = 0; k < ROWS; k++) {
        row[k] = k == LUA + 1 ? &generational : &peers[i++];
        has[k] = (k == LUA + 1 ? peers[LUA].present : row[k]->present) &&
                 peer_script(row[k], o->dir, "pauses", path[k]);
    }
    if (!has[AMBIT]) {
        fprintf(stderr, "bench: there is no pauses.amb in %s\n", o->dir);
        return 2;
    }
    for (int k = 0; k < rounds; k++) {
        for (int i = 0; i < ROWS; i++) {
            if (!has[i]) continue;
            char *text;
            double v[FIGURES];
            long check = 0;
            sample s = run_command(row[i]->words, path[i], &text);
            int n =
                sscanf(text, "%lf %lf %lf %lf %lf %ld", &v[0], &v[1], &v[2], &v[3], &v[4], &check);
            free(text);
            if (i == AMBIT) right = check;
            if (!s.ok || n != FIGURES + 1 || check != right) {
                fprintf(stderr, "bench: the pauses of %s could not be measured\n", row[i]->title);
                return 1;
            }
            for (int f = 0; f < FIGURES; f++) figure[i][f][k] = v[f];
            mib[i][k] = (double)s.kib / 1024;
        }
    }
    printf(
        "## Pauses\n\nUnits of work that allocate and change old objects while about 200 MB are "
        "live; "
        "microseconds a unit,\nthe reading of the clock included (plain Lua has only the "
        "processor's "
        "clock, which does not see waiting).\nOf %d interleaved runs: the medians of p50, p99 and "
        "units/s, the least of p99.9 and max,\nfor collectors do the same in every run and the "
        "rest of "
        "the machine only adds to it.\n\n",
        rounds);
    printf("| |");
    for (int f = 0; f < FIGURES; f++) printf(" %s |", labels[f]);
    printf(" peak MiB |\n|---|---|---|---|---|---|---|\n");
    for (int i = 0; i < ROWS; i++) {
        if (!has[i]) continue;
        printf("| %s |", row[i]->title);
        for (int f = 0; f < FIGURES; f++) {
            double middle = median(figure[i][f], rounds); /* sorts */
            printf(f == 4 ? " %.0f |" : " %.1f |", f == 2 || f == 3 ? figure[i][f][0] : middle);
        }
        printf(" %.0f |\n", median(mib[i], rounds));
    }
    double p999 = figure[AMBIT][2][0], most = figure[AMBIT][3][0];
    printf("\nTargets: p99.9 ≤ 1000 (%s), max ≤ 3000 (%s)", p999 <= 1000 ? "met" : "**missed**",
           most <= 3000 ? "met" : "**missed**");
    if (has[LUA]) {
        double own = median(figure[AMBIT][4], rounds), lua = median(figure[LUA][4], rounds);
        double faster = median(figure[LUA + 1][4], rounds);
        if (faster < lua) faster = lua;
        printf(", units/s at least those of lua5.4's faster way (%.2f times, %s)", own / faster,
               own >= faster ? "met" : "**missed**");
    }
    printf("\n\n");
    return 0;
}
