/* SPDX-License-Identifier: MIT */
/* The command `ambit`: reads the command line and hands over to a command. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "repl.h"

static int wrong(const char *what, const char *word)
{
    text t = {0};
    text_printf(&t, "ambit: %s", what);
    text_shown(&t, word, strlen(word));
    text_str(&t, "\nTry `ambit help`.\n");
    host_stderr(NULL, t.p, t.len);
    text_free(&t);
    return EXIT_USAGE;
}

static bool number(const char *s, bool sized, uint64_t *out)
{
    char *end;
    errno = 0;
    if (*s < '0' || *s > '9') return false;
    unsigned long long n = strtoull(s, &end, 10);
    if (errno) return false;
    unsigned shift = 0;
    if (sized && *end) {
        char unit = (char)(*end | 32);
        shift = unit == 'k' ? 10 : unit == 'm' ? 20 : unit == 'g' ? 30 : 0;
        if (!shift || end[1]) return false;
    } else if (*end) {
        return false;
    }
    if (shift && n > UINT64_MAX >> shift) return false;
    *out = (uint64_t)n << shift;
    return true;
}

static const struct command {
    const char *name;
    int (*run)(const cli_options *o);
} commands[] = {
    {"check", cmd_check}, {"caps", cmd_caps},       {"grant", cmd_grant},
    {"grants", cmd_grants}, {"revoke", cmd_revoke}, {"dis", cmd_dis},
    {"help", cmd_help},   {"version", cmd_version}, {"new", cmd_new},
    {"provider", cmd_provider}, {"eval", cmd_eval},
};

/* Takes an option at argv[*i]. 1: taken, 0: it is none, -1: wrong (told). */
static int take_option(cli_options *o, char **argv, int argc, int *i)
{
    const char *w = argv[*i], *value = NULL;
    const char *eq = strncmp(w, "--", 2) == 0 ? strchr(w, '=') : NULL;
    size_t len = eq ? (size_t)(eq - w) : strlen(w);
#define IS(name) (len == sizeof name - 1 && memcmp(w, name, len) == 0)
    if (IS("-y") || IS("--allow-declared")) o->allow_declared = true;
    else if (IS("--deny-all")) o->deny_all = true;
    else if (IS("--json")) o->json = true;
    else if (IS("--color")) o->colour = 1;
    else if (IS("--no-color")) o->colour = 0;
    else if (IS("--stress")) o->stress = true;
    else if (IS("--wire")) o->wire = true;
    else if (IS("--gc-stats")) o->gc_stats = true;
    else if (IS("--suggest")) o->suggest = true;
    else if (IS("--virtual-time")) o->virtual_time = true;
    else if (IS("--allow") || IS("--max-memory") || IS("--max-tasks") || IS("--chaos") ||
             IS("--chaos-fails") || IS("--fuel") || IS("--timeout") ||
             IS("--seed") || IS("--cpu-profile") || IS("--profile") || IS("--policy") || IS("--audit") ||
             IS("--provider")) {
        value = eq ? eq + 1 : *i + 1 < argc ? argv[++*i] : NULL;
        uint64_t n = 0;
        if (!value) return wrong(w, " needs a value"), -1;
        if (IS("--allow")) o->allow[o->nallow++] = value;
        else if (IS("--cpu-profile")) o->cpu_profile = value;
        else if (IS("--policy")) o->policy = value;
        else if (IS("--audit")) o->audit = value;
        else if (IS("--profile")) {
            if (!profile_named(o, value))
                return wrong("--profile is pure or workspace (where the time goes tells "
                             "--cpu-profile FILE), not ", value), -1;
        } else if (IS("--provider")) {
            if (!host_provider_text(value))
                return wrong("--provider is a file's path with a '/', fs=memory or net=memory, not ", value), -1;
            o->providers[o->nproviders++] = value;
        }
        else if (IS("--timeout")) {
            char *end;
            double s = strtod(value, &end);
            if (!*value || *end || !(s > 0) || s > 1e9)
                return wrong("not a time in seconds: ", value), -1;
            o->timeout_ns = (uint64_t)(s * 1e9);
        } else if (!number(value, IS("--max-memory"), &n)) {
            return wrong("not a number: ", value), -1;
        } else if (IS("--max-memory")) o->heap_bytes = n;
        else if (IS("--chaos")) o->chaos = n ? n : 1;
        else if (IS("--chaos-fails")) o->chaos_fails = n > 1000 ? 1000 : (uint32_t)n;
        else if (IS("--max-tasks")) o->tasks = n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
        else if (IS("--fuel")) o->fuel = n;
        else o->seed = n;
        return 1;
    } else
        return 0;
    if (eq) return wrong("takes no value: ", w), -1;
    return 1;
}

int main(int argc, char **argv)
{
    cli_options o = {.colour = -1, .given = argv, .ngiven = argc};
    o.allow = must(calloc((size_t)argc + 1, sizeof *o.allow));
    o.providers = must(calloc((size_t)argc + 1, sizeof *o.providers));
    int (*run)(const cli_options *) = cmd_repl;
    int i = 1, status = -1;
    for (; i < argc; i++) {
        const char *w = argv[i];
        int taken = take_option(&o, argv, argc, &i);
        if (taken < 0) status = EXIT_USAGE;
        if (taken < 0) goto done;
        if (taken) continue;
        o.script_at = i;
        if (strcmp(w, "-e") == 0 || strcmp(w, "--eval") == 0) {
            if (i + 1 == argc) {
                status = wrong(w, " needs a value");
                goto done;
            }
            o.code = argv[i + 1];
            i += 2;
            run = run == cmd_repl ? cmd_run : run;
            break;
        }
        if (strcmp(w, "--version") == 0 || strcmp(w, "-V") == 0) run = cmd_version;
        else if (strcmp(w, "--help") == 0 || strcmp(w, "-h") == 0) run = cmd_help;
        else if (w[0] == '-' && w[1]) {
            status = wrong("no such option: ", w);
            goto done;
        } else {
            for (size_t k = 0;
                 k < sizeof commands / sizeof commands[0] && run == cmd_repl; k++)
                if (strcmp(w, commands[k].name) == 0) run = commands[k].run;
            if (run != cmd_repl) {
                /* Options of a command may follow its name. */
                while (i + 1 < argc && argv[i + 1][0] == '-' && argv[i + 1][1]) {
                    i++;
                    if (strcmp(argv[i], "-e") == 0 && i + 1 < argc) {
                        o.code = argv[++i];
                        continue;
                    }
                    taken = take_option(&o, argv, argc, &i);
                    if (taken == 0) status = wrong("no such option: ", argv[i]);
                    if (taken < 0) status = EXIT_USAGE;
                    if (taken <= 0) goto done;
                }
            } else {
                run = cmd_run;
                o.script = w;
            }
        }
        i++;
        break;
    }
    if ((o.audit || o.suggest) && run != cmd_run) {
        status = wrong(o.audit ? "--audit is for scripts that run; there is none"
                               : "--suggest is for scripts that run; there is none", "");
        goto done;
    }
    if ((o.cpu_profile || o.gc_stats) && run != cmd_run) {
        status = wrong(o.cpu_profile ? "--cpu-profile is for scripts that run; there is none"
                                 : "--gc-stats is for scripts that run; there is none", "");
        goto done;
    }
    o.argv = argv + i;
    o.argc = i < argc ? argc - i : 0;
    status = run(&o);
    fflush(stdout);
done:
    free(o.allow);
    free(o.providers);
    return status;
}
