/* SPDX-License-Identifier: MIT */
/* Start-up: an empty script, against the other interpreters and a program that does nothing. */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int cmd_startup(const options *o)
{
    static double wall[PEERS + 1][MAX_ROUNDS], cpu[PEERS + 1][MAX_ROUNDS],
        kib[PEERS + 1][MAX_ROUNDS];
    static double to_lua[MAX_ROUNDS];
    /* Each is a matter of milliseconds, so few rounds would not tell anything. */
    int rounds = o->rounds > 51 ? o->rounds : 51;
    char path[] = "/tmp/ambit-empty-XXXXXX";
    int fd = mkstemp(path);
    if (fd < 0) {
        perror("bench: a temporary file");
        return 2;
    }
    close(fd);
    bool right = true;
    for (int k = 0; k < rounds && right; k++) {
        for (int i = 0; i <= PEERS && right; i++) {
            if (i < PEERS && !peers[i].present) continue;
            sample s = i < PEERS ? run_command(peers[i].words, path, NULL)
                                 : run_command((const char *[]){"/bin/true", NULL}, NULL, NULL);
            right = s.ok;
            if (!right)
                fprintf(stderr, "bench: %s fails on an empty script\n",
                        i < PEERS ? peers[i].title : "true");
            wall[i][k] = s.wall * 1e3;
            cpu[i][k] = s.cpu * 1e3;
            kib[i][k] = (double)s.kib;
        }
        if (peers[LUA].present && right) to_lua[k] = wall[AMBIT][k] / wall[LUA][k];
    }
    unlink(path);
    if (!right) return 1;
    printf("## Start-up\n\nAn empty script, medians of %d interleaved rounds:\n\n", rounds);
    printf("| | elapsed ms | processor ms | memory KiB |\n|---|---|---|---|\n");
    for (int i = 0; i <= PEERS; i++) {
        if (i < PEERS && !peers[i].present) continue;
        printf("| %s | %.2f | %.2f | %.0f |\n", i < PEERS ? peers[i].title : "`true`",
               median(wall[i], rounds), median(cpu[i], rounds), median(kib[i], rounds));
    }
    if (peers[LUA].present) {
        double m = median(to_lua, rounds);
        printf("\nElapsed time ÷ lua5.4's: %.2f (target: below 1, %s)\n", m,
               m < 1 ? "met" : "**missed**");
    }
    printf("\n");
    return 0;
}
