/* SPDX-License-Identifier: MIT */
/* ambit check FILE...: reports what is wrong, runs nothing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "repl.h"

static int check_one(const cli_options *o)
{
    host *h = host_new(o);
    const char *name;
    char *source = NULL;
    size_t len = 0;
    amb_script *script;
    int status = host_load(h) ? host_source(h, o, &name, &source, &len) : EXIT_USAGE;
    if (!status) {
        amb_status st =
            amb_load(h->vm, name, source, len, 0, host_stderr, h, &script);
        if (st != AMB_OK) status = host_report(h, st);
    }
    free(source);
    host_free(h);
    return status;
}

int cmd_check(const cli_options *o)
{
    int worst = 0;
    for (int i = 0; i < o->argc || i == 0; i++) {
        cli_options one = *o;
        one.script = o->argc ? o->argv[i] : "-";
        one.argc = 0;
        int status = check_one(&one);
        if (status > worst) worst = status;
    }
    return worst;
}
