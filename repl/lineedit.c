/* SPDX-License-Identifier: MIT */
/* One line from the user.
 *
 * libedit, where it is installed, is loaded by the first line that is asked for on a terminal:
 * linked, it and the libraries it needs would take a third of the time in which a script starts. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if AMB_HAVE_EDITLINE
#include <dlfcn.h>
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

#if AMB_HAVE_EDITLINE
typedef struct editor {
    char *(*readline)(const char *prompt);
    int (*add_history)(const char *line);
} editor;

static const editor *library(void)
{
    static const char *const names[] = {"libedit.so.2", "libedit.so.0"};
    static editor e;
    static bool tried;
    for (size_t i = 0; !tried && i < sizeof names / sizeof names[0]; i++) {
        void *so = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
        if (!so) continue;
        *(void **)&e.readline = dlsym(so, "readline");
        *(void **)&e.add_history = dlsym(so, "add_history");
        break;
    }
    tried = true;
    return e.readline && e.add_history ? &e : NULL;
}
#endif

char *lineedit_read(const char *prompt)
{
#if AMB_HAVE_EDITLINE
    if (isatty(0) && isatty(1) && library()) return library()->readline(prompt);
#endif
    return plain_line(prompt);
}

void lineedit_remember(const char *line)
{
#if AMB_HAVE_EDITLINE
    if (isatty(0) && isatty(1) && *line && library()) library()->add_history(line);
#else
    (void)line;
#endif
}
