/* SPDX-License-Identifier: MIT */
/* ambit FILE, ambit -e CODE, ambit -: runs a script. */
#include <stdlib.h>
#include <string.h>

#include "repl.h"

/* A word of the first line that cannot give the script anything. */
static bool harmless_word(const char *w, size_t n)
{
    static const char *const flags[] = {"--deny-all",   "--max-memory", "--fuel",
                                        "--timeout",    "--seed",       "--color",
                                        "--no-color",   "--gc-stats",   "--virtual-time",
                                        "-S"};
    if (n == 0 || w[0] != '-') return n == strspn(w, "0123456789kmgKMG.") || n == 0;
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        size_t k = strlen(flags[i]);
        if (n >= k && memcmp(w, flags[i], k) == 0 && (n == k || w[k] == '=')) return true;
    }
    return false;
}

/* Whoever wrote the script wrote its first line, too. What stands there behind the name of
 * the interpreter arrives like flags the user gave; so unless all of it is known to be
 * harmless, flags that widen authority are not taken from anybody. */
static bool first_line_has_flags(const char *source, size_t len)
{
    if (len < 2 || source[0] != '#' || source[1] != '!') return false;
    const char *end = memchr(source, '\n', len), *s = source + 2;
    if (!end) end = source + len;
    bool interpreter = false;
    while (s < end) {
        while (s < end && strchr(" \t\r", *s)) s++;
        const char *w = s;
        while (s < end && !strchr(" \t\r", *s)) s++;
        size_t n = (size_t)(s - w);
        /* The interpreter is a plain path; so is the env that looks for it. */
        bool plain = n > 0;
        for (size_t i = 0; i < n; i++)
            if (strchr("\\'\"$", w[i])) plain = false;
        if (n && !plain) return true;
        if (n >= 5 && memcmp(s - 5, "ambit", 5) == 0) interpreter = true;
        else if (interpreter && !harmless_word(w, n)) return true;
    }
    return false;
}

static int refuse_first_line(host *h)
{
    static const char note[] =
        "ambit: the script's #! line carries flags. They cannot widen what it is granted, and\n"
        "they cannot be told from flags of yours, so none is taken. Copy the script without\n"
        "its first line, or remove the flags from it.\n";
    host_stderr(h, note, sizeof note - 1);
    return EXIT_DENIED;
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
    if ((o.allow_declared || o.nallow || o.policy || o.profile == PROFILE_WORKSPACE ||
         o.cpu_profile || o.audit || host_loads(&o)) && first_line_has_flags(source, len)) {
        status = refuse_first_line(h);
        goto done;
    }
    if (!host_load(h)) {
        status = EXIT_USAGE;
        goto done;
    }
    if (o.cpu_profile) {
        samples = profile_open(o.cpu_profile);
        if (!samples || !profile_start(samples, h->vm)) {
            status = EXIT_NOPROFILE;
            goto done;
        }
    }
    if (o.audit && !host_audit(h, o.audit)) {
        status = EXIT_NOPROFILE;
        goto done;
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
    host_drop_sources(h);
    if (status || o.asking) goto done;
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
    if (h->suggestion) suggest_report(h->suggestion);
    if (o.gc_stats) gc_report(h);
    host_free(h);
    if (lost && status == EXIT_OK) {
        static const char note[] = "ambit: standard output cannot be written\n";
        host_stderr(NULL, note, sizeof note - 1);
        status = EXIT_ERROR;
    }
    return status;
}

int cmd_grant(const cli_options *given)
{
    cli_options o = *given;
    if (!o.argc || o.code || strcmp(o.argv[0], "-") == 0) {
        static const char note[] = "Usage: ambit grant [OPTIONS] SCRIPT [ARGS...]\n";
        host_stderr(NULL, note, sizeof note - 1);
        return EXIT_USAGE;
    }
    o.asking = true;
    o.script = *o.argv++;
    o.argc--;
    return cmd_run(&o);
}
