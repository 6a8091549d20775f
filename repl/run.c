/* SPDX-License-Identifier: MIT */
/* ambit FILE, ambit -e CODE, ambit -: runs a script. */
#include <stdlib.h>
#include <string.h>

#include "repl.h"

/* Whoever wrote the script wrote its first line, too: flags there cannot widen what it
 * gets. */
static bool first_line_widens(const char *source, size_t len)
{
    if (len < 2 || source[0] != '#' || source[1] != '!') return false;
    const char *end = memchr(source, '\n', len);
    size_t n = end ? (size_t)(end - source) : len;
    static const char *const flags[] = {" -y", "--allow", "--policy", "--profile"};
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
        if (memmem(source, n, flags[i], strlen(flags[i]))) return true;
    return false;
}

int cmd_run(const cli_options *given)
{
    cli_options o = *given;
    host *h = host_new(&o);
    const char *name;
    char *source = NULL;
    size_t len = 0;
    amb_value *caps = NULL;
    script_args args = {0};
    amb_script *script;
    profile *samples = NULL;
    int status = host_source(h, &o, &name, &source, &len), wanted = 0;
    if (status) goto done;
    if (first_line_widens(source, len)) {
        static const char note[] =
            "ambit: flags on the #! line cannot widen what a script is granted\n";
        host_stderr(h, note, sizeof note - 1);
        o.allow_declared = false;
        o.nallow = 0;
        o.profile = NULL;
    }
    if (o.profile) {
        samples = profile_open(o.profile);
        if (!samples || !profile_start(samples, h->vm)) {
            status = EXIT_NOPROFILE;
            goto done;
        }
    }
    if (o.gc_stats) amb_gc_time(h->vm, 1);
    amb_status st = amb_load(h->vm, name, source, len, 0, host_stderr, h, &script);
    if (st != AMB_OK) {
        status = host_report(h, st);
        goto done;
    }
    const amb_manifest *m = amb_script_manifest(script);
    status = args_parse(h, m, &o, name, &args);
    if (status) {
        status--;
        goto done;
    }
    caps = must(calloc(m->nuses + 1, sizeof *caps));
    status = policy_grant(h, m, &args, &o, name, caps);
    if (status) goto done;
    st = amb_run(h->vm, script, args.value, caps, &wanted);
    status = host_report(h, st);
    if (st == AMB_OK && status == EXIT_OK) status = wanted & 255;
done:
    if (!profile_finish(samples, name) && status == EXIT_OK) status = EXIT_NOPROFILE;
    args_free(&args);
    free(caps);
    free(source);
    bool lost = false;
    host_output(h, 1, NULL, 0);
    lost = h->failed;
    if (o.gc_stats) gc_report(h);
    host_free(h);
    if (lost && status == EXIT_OK) {
        static const char note[] = "ambit: standard output cannot be written\n";
        host_stderr(NULL, note, sizeof note - 1);
        status = EXIT_ERROR;
    }
    return status;
}
