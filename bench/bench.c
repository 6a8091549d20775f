/* SPDX-License-Identifier: MIT */
/* Compares Ambit with other interpreters and prints the results as Markdown.
 *
 * Whole processes are measured, by the kernel's accounts. In each round every interpreter runs
 * once, so that a drift of the machine's speed meets all of them; ratios are formed round by round,
 * and medians of those are printed. Outputs are compared: a wrong result is no result. */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char usage[] =
    "usage: bench COMMAND [OPTION]... --ambit PATH [NAME...]\n"
    "\n"
    "  machine    what machine this is and which versions are compared\n"
    "  programs   time and memory of the programs in DIR, by program and by class\n"
    "  startup    time of an empty script\n"
    "  pauses     how long small units of work take while 200 MB are live\n"
    "  files      reading a long file and copying many small ones; NAMES: MiB, how many\n"
    "  record     lines for the file of expected ratios\n"
    "  check      fails where a program is far slower than the file says\n"
    "\n"
    "  --ambit PATH       the interpreter that is compared with the others\n"
    "  --dir DIR          where the scripts are\n"
    "  --peers LIST       with whom: lua5.4,luajit-joff,luajit,python3,node,node-jitless,ruby [all "
    "found]\n"
    "  --classes LIST     programs of these classes only, as `# class:` in their first lines says\n"
    "  --expected FILE    of `check`\n"
    "  -n ROUNDS          interleaved rounds\n"
    "  NAME               programs, without suffix [all]\n";

static void line_of(const char *file, const char *key, char *to, size_t size)
{
    char line[512];
    size_t n = strlen(key);
    FILE *f = fopen(file, "r");
    snprintf(to, size, "unknown");
    while (f && fgets(line, sizeof line, f)) {
        if (strncmp(line, key, n) != 0) continue;
        const char *v = strchr(line, ':');
        if (!v) v = strchr(line, '=');
        if (!v) continue;
        v += 1 + strspn(v + 1, " \t\"");
        snprintf(to, size, "%.*s", (int)strcspn(v, "\"\n"), v);
        break;
    }
    if (f) fclose(f);
}

int cmd_machine(const options *o)
{
    char cpu[256], memory[256], system[256], date[32];
    line_of("/proc/cpuinfo", "model name", cpu, sizeof cpu);
    line_of("/proc/meminfo", "MemTotal", memory, sizeof memory);
    line_of("/etc/os-release", "PRETTY_NAME", system, sizeof system);
    time_t t = time(NULL);
    strftime(date, sizeof date, "%Y-%m-%d", gmtime(&t));
    printf("# Benchmarks, %s\n\n", date);
    printf("* machine: %s, %ld processors, %s of memory\n* system: %s\n", cpu,
           sysconf(_SC_NPROCESSORS_ONLN), memory, system);
    for (int i = 0; i < PEERS; i++) {
        if (!peers[i].wanted || i == JOFF || i == JITLESS) continue;
        if (peers[i].present)
            printf("* %s: %s\n", peers[i].title, peer_version(&peers[i]));
        else
            printf("* %s: not installed\n", peers[i].title);
    }
    printf("\n");
    (void)o;
    return 0;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(const options *);
    } commands[] = {
        {"machine", cmd_machine}, {"programs", cmd_programs}, {"record", cmd_record},
        {"check", cmd_check},     {"startup", cmd_startup},   {"pauses", cmd_pauses},
        {"files", cmd_files},
    };
    options o = {.dir = "bench/programs"};
    const char *ambit = NULL, *only = NULL;
    const char *command = argc > 1 ? argv[1] : "";
    o.names = argv; /* names are collected in place, never ahead of what is read */
    for (int i = 2; i < argc; i++) {
        const char **text = NULL;
        if (!strcmp(argv[i], "--ambit"))
            text = &ambit;
        else if (!strcmp(argv[i], "--dir"))
            text = &o.dir;
        else if (!strcmp(argv[i], "--peers"))
            text = &only;
        else if (!strcmp(argv[i], "--classes"))
            text = &o.classes;
        else if (!strcmp(argv[i], "--expected"))
            text = &o.expected;
        if (text && i + 1 < argc)
            *text = argv[++i];
        else if (!strcmp(argv[i], "-n") && i + 1 < argc)
            o.rounds = atoi(argv[++i]);
        else if (argv[i][0] == '-')
            ambit = NULL, argc = 0;
        else
            o.names[o.nnames++] = argv[i];
    }
    if (o.rounds < 0 || o.rounds > MAX_ROUNDS) ambit = NULL;
    for (size_t i = 0; ambit && i < sizeof commands / sizeof *commands; i++)
        if (!strcmp(command, commands[i].name)) {
            if (!peers_find(ambit, only)) return 2;
            setvbuf(stdout, NULL, _IOLBF, 0);
            return commands[i].run(&o);
        }
    fputs(usage, stderr);
    return 2;
}
