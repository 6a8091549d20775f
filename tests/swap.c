/* SPDX-License-Identifier: MIT */
/* The other process of race tests: exchanges what two names stand for, again and again.
 *
 *   swap SECONDS A B COMMAND...
 *
 * runs the command meanwhile and ends with its status, or kills it after the time. Both names are there at
 * every moment. The number of exchanges is checked, not shown: too few would test nothing. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    if (argc < 5) return 2;
    double end = now() + atof(argv[1]);
    pid_t child = fork();
    if (child == 0) {
        execvp(argv[4], argv + 4);
        _exit(127);
    }
    if (child < 0) return 2;
    long count = 0;
    int status;
    while (waitpid(child, &status, WNOHANG) == 0) {
        for (int i = 0; i < 50; i++, count++)
            if (renameat2(AT_FDCWD, argv[2], AT_FDCWD, argv[3], RENAME_EXCHANGE)) {
                perror("swap");
                kill(child, SIGKILL);
                waitpid(child, &status, 0);
                return 2;
            }
        if (now() > end) {
            kill(child, SIGKILL);
            waitpid(child, &status, 0);
            fprintf(stderr, "swap: out of time\n");
            return 2;
        }
    }
    if (count < 1000) {
        fprintf(stderr, "swap: only %ld exchanges\n", count);
        return 2;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
