/* SPDX-License-Identifier: MIT */
/* One line from the user. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if AMB_HAVE_EDITLINE
#include <editline/readline.h>
#endif

#include "repl.h"

static char *plain_line(const char *prompt)
{
    if (isatty(0)) {
        fputs(prompt, stdout);
        fflush(stdout);
    }
    char *s = NULL;
    size_t cap = 0;
    ssize_t n = getline(&s, &cap, stdin);
    if (n < 0) {
        free(s);
        return NULL;
    }
    if (n && s[n - 1] == '\n') s[--n] = 0;
    return s;
}

char *lineedit_read(const char *prompt)
{
#if AMB_HAVE_EDITLINE
    if (isatty(0) && isatty(1)) return readline(prompt);
#endif
    return plain_line(prompt);
}

void lineedit_remember(const char *line)
{
#if AMB_HAVE_EDITLINE
    if (isatty(0) && *line) add_history(line);
#else
    (void)line;
#endif
}
