/* SPDX-License-Identifier: MIT */
/* ambit without arguments: reads a line, runs it, shows its value. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "repl.h"

static void run_text(host *h, const cli_options *o, const char *source, size_t len)
{
    amb_script *script;
    amb_status st =
        amb_load(h->vm, "repl", source, len, AMB_LOAD_REPL, host_stderr, h, &script);
    if (st != AMB_OK) {
        host_report(h, st);
        return;
    }
    const amb_manifest *m = amb_script_manifest(script);
    amb_value *caps = must(calloc(m->nuses + 1, sizeof *caps));
    amb_scope scope = amb_scope_open(h->vm);
    int wanted = 0;
    script_args args = {.value = amb_nil()};
    if (policy_grant(h, m, &args, o, "repl", caps) == 0) {
        st = amb_run(h->vm, script, amb_nil(), caps, &wanted);
        if (st != AMB_OK) host_report(h, st);
        else {
            amb_value v;
            if (amb_script_result(script, &v) == AMB_OK && !amb_is_nil(v)) {
                amb_show(h->vm, v, 1, host_stdout, h);
                host_stdout(h, "\n", 1);
            }
        }
    }
    amb_scope_close(h->vm, scope);
    free(caps);
    host_output(h, 1, NULL, 0);
}

int cmd_repl(const cli_options *given)
{
    cli_options o = *given;
    host *h = host_new(&o);
    if (!host_load(h)) {
        host_free(h);
        return EXIT_USAGE;
    }
    bool talks = isatty(0);
    if (talks) printf("Ambit " AMB_VERSION ". Ctrl-D ends.\n");
    fflush(stdout);
    text t = {0};
    for (;;) {
        char *line = lineedit_read(t.len ? "... " : "> ");
        if (!line) break;
        text_str(&t, line);
        text_str(&t, "\n");
        lineedit_remember(line);
        bool empty = !*line;
        free(line);
        if (!empty && amb_incomplete(h->vm, t.p, t.len)) continue;
        run_text(h, &o, t.p, t.len);
        text_free(&t);
    }
    if (t.len) run_text(h, &o, t.p, t.len);
    text_free(&t);
    if (talks) printf("\n");
    host_free(h);
    return EXIT_OK;
}
