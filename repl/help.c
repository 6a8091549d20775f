/* SPDX-License-Identifier: MIT */
/* ambit help, ambit version. */
#include <stdio.h>
#include <string.h>

#include "repl.h"

static const struct topic {
    const char *name, *usage, *summary, *text;
} topics[] = {
    {"run", "ambit [OPTIONS] FILE [ARGS...]", "run a script",
     "Runs FILE; -e CODE runs the text, - what comes on standard input. Everything after "
     "FILE\n"
     "belongs to the script.\n\n"
     "Authority (see also `ambit caps`):\n"
     "  --allow 'fs.dir(./out):write'   grant this as well; repeatable\n"
     "  -y, --allow-declared            grant everything the script declares\n"
     "  --deny-all                      grant nothing but what --allow names\n\n"
     "Limits:\n"
     "  --max-memory BYTES              of the script's heap; k, m and g may follow the "
     "number\n"
     "  --fuel N                        about N bytecode instructions\n"
     "  --timeout SECONDS\n\n"
     "Others:\n"
     "  --cpu-profile FILE                  where the time goes: FILE.svg gets a flame graph, any "
     "other\n"
     "                                  name collapsed stacks for other tools\n"
     "  --gc-stats                      what the collector did, on standard error at the end\n"
     "  --seed N                        make hashes and `random` repeatable\n"
     "  --color, --no-color             in error messages\n\n"
     "Without flags a script may read beneath the current directory and its own, read "
     "and\n"
     "create files named on the command line, and use the console, the clock and "
     "scratch\n"
     "directories. Anything else is refused before it starts, with status 77.\n\n"
     "Exit status: 0, or what the script says; 1 uncaught error; 2 wrong command line;\n"
     "65 not accepted by the compiler; 66 cannot be read; 73 the profile cannot be written;\n"
     "77 not granted; 130 and 143 interrupted; 137 a limit was exceeded.\n"},
    {"check", "ambit check FILE...", "report mistakes without running",
     "Compiles each file and reports errors and warnings. Status 65 if there was an "
     "error.\n"},
    {"caps", "ambit caps [--json] FILE", "show what a script may touch",
     "Prints the `use` lines of a script, which are a complete list of what it may "
     "touch.\n"
     "Nothing of it runs.\n"},
    {"dis", "ambit dis FILE", "show the bytecode",
     "Prints the compiled functions with source lines.\n"},
    {"help", "ambit help [COMMAND | ID]", "this text, a command's, a diagnostic's",
     "ID is the word in brackets behind a message of the compiler.\n"},
    {"version", "ambit --version", "the version", "\n"},
};
#define TOPICS (sizeof topics / sizeof topics[0])

int cmd_help(const cli_options *o)
{
    const char *name = o->argc ? o->argv[0] : NULL;
    for (size_t i = 0; name && i < TOPICS; i++)
        if (strcmp(name, topics[i].name) == 0) {
            printf("Usage: %s\n\n%s", topics[i].usage, topics[i].text);
            return EXIT_OK;
        }
    const char *help = name ? amb_diagnostic_help(name) : NULL;
    if (help) {
        size_t n = strlen(help);
        printf("%s%s", help, n && help[n - 1] != '\n' ? "\n" : "");
        return EXIT_OK;
    }
    if (name) {
        fprintf(stderr, "ambit: no such command or diagnostic: %s\n", name);
        return EXIT_USAGE;
    }
    printf("Ambit: a program can do what it was handed, and nothing else.\n\n");
    for (size_t i = 0; i < TOPICS; i++)
        printf("  %-34s %s\n", topics[i].usage, topics[i].summary);
    printf("  %-34s %s\n", "ambit", "read, run and show line by line");
    printf("\n`ambit help run` tells about options, authority and exit statuses.\n");
    return EXIT_OK;
}

int cmd_version(const cli_options *o)
{
    (void)o;
    printf("ambit " AMB_VERSION " (" AMB_BUILD ")\n");
    return EXIT_OK;
}
