/* SPDX-License-Identifier: MIT */
/* ambit dis FILE: the bytecode, with source lines. */
#include <stdio.h>
#include <stdlib.h>

#include "repl.h"

int cmd_dis(const cli_options *given)
{
    cli_options o = *given;
    if (!o.argc && !o.code) {
        fprintf(stderr, "Usage: ambit dis FILE\n");
        return EXIT_USAGE;
    }
    if (!o.code) o.script = o.argv[0];
    o.argc = 0;
    host *h = host_new(&o);
    const char *name;
    char *source = NULL;
    size_t len = 0;
    amb_script *script;
    int status = host_load(h) ? host_source(h, &o, &name, &source, &len) : EXIT_USAGE;
    if (!status) {
        amb_status st = amb_load(h->vm, name, source, len, 0, host_stderr, h, &script);
        if (st == AMB_OK) st = amb_disassemble(h->vm, script, host_stdout, h);
        if (st != AMB_OK) status = host_report(h, st);
    }
    free(source);
    host_free(h);
    return status;
}
