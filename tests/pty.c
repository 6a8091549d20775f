/* SPDX-License-Identifier: MIT */
/* Runs a command on a terminal of its own and answers its questions.
 *
 *   pty [-r ROWS] [-c COLUMNS] [-b TEXT] [-x COMMAND] [-a TEXT]... COMMAND...
 *     -b TEXT   is typed before anything is asked, with a line end
 *     -x COMMAND  is run by the shell when the first question stands, before it is answered
 *     -a TEXT   is typed at the next question, what ends in "no: ", with a line end
 *
 * What the terminal shows goes to standard output, without carriage returns; the status is
 * the command's. A question without an answer left ends the input. */
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* In one piece: what comes a moment later might meet a terminal in another mode, which shows it. */
static void type(int fd, const char *s, const char *end)
{
    char line[4096];
    int n = snprintf(line, sizeof line, "%s%s", s, end);
    if (n < 0 || (size_t)n >= sizeof line || write(fd, line, (size_t)n) != n) perror("pty");
}

int main(int argc, char **argv)
{
    struct winsize size = {.ws_row = 24, .ws_col = 80};
    const char *answers[16], *before = NULL, *meanwhile = NULL;
    int n = 0, next = 0, i = 1;
    for (; i + 1 < argc && argv[i][0] == '-'; i += 2) {
        if (argv[i][1] == 'r') size.ws_row = (unsigned short)atoi(argv[i + 1]);
        else if (argv[i][1] == 'c') size.ws_col = (unsigned short)atoi(argv[i + 1]);
        else if (argv[i][1] == 'b') before = argv[i + 1];
        else if (argv[i][1] == 'x') meanwhile = argv[i + 1];
        else if (argv[i][1] == 'a' && n < 16) answers[n++] = argv[i + 1];
        else return 2;
    }
    if (i >= argc) return 2;
    int tty;
    pid_t child = forkpty(&tty, NULL, NULL, &size);
    if (child < 0) {
        perror("pty");
        return 2;
    }
    if (child == 0) {
        /* Whoever waits for typed text first lets it arrive. */
        if (before) usleep(200000);
        execvp(argv[i], argv + i);
        _exit(127);
    }
    if (before) type(tty, before, "\n");
    char tail[8] = "", c;
    int rest = 15000;
    for (;;) {
        struct pollfd p = {tty, POLLIN, 0};
        int ready = poll(&p, 1, rest);
        if (ready == 0) {
            fprintf(stderr, "pty: nothing happens any more\n");
            kill(child, SIGKILL);
            break;
        }
        if (ready < 0 || read(tty, &c, 1) != 1) break;
        if (c == '\r') continue;
        putchar(c);
        memmove(tail, tail + 1, 3);
        tail[3] = c;
        if (memcmp(tail, "no: ", 4) != 0) continue;
        /* A moment, since what is typed before the question stands is thrown away. */
        usleep(50000);
        if (meanwhile && system(meanwhile) != 0) fprintf(stderr, "pty: %s failed\n", meanwhile);
        meanwhile = NULL;
        if (next < n) type(tty, answers[next++], "\n");
        else type(tty, "", "\4");
    }
    fflush(stdout);
    int status;
    if (waitpid(child, &status, 0) != child) return 2;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
