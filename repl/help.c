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
     "Authority (see also `ambit caps` and `ambit help grant`):\n"
     "  --allow 'fs.dir(./out):write'   grant this as well; repeatable\n"
     "  --policy FILE                   grant what its lines say, each as for --allow\n"
     "  -y, --allow-declared            grant everything the script declares\n"
     "  --deny-all                      grant nothing but what --allow and --policy name\n"
     "  --profile pure                  without flags only console, clock, timers, entropy\n"
     "  --profile workspace             also change what is beneath the current directory\n"
     "  --audit FILE                    append what passes the gate, one JSON object on a line\n"
     "  --suggest                       tell at the end what the run needed (with -y: to learn)\n"
     "  --provider fs=memory            files in memory, empty at first, instead of real ones\n"
     "  --provider net=memory           connections inside the program instead of real ones\n"
     "  --provider ./NAME.so            also this provider or native module; its code is trusted\n\n"
     "Limits:\n"
     "  --max-memory BYTES              of the script's heap; k, m and g may follow the "
     "number\n"
     "  --max-tasks N                   tasks at once; a million without it\n"
     "  --fuel N                        work: about N bytecode instructions\n"
     "  --timeout SECONDS               of the whole run\n\n"
     "Looking at a run:\n"
     "  --cpu-profile FILE              where the time goes: FILE.svg gets a flame graph, any "
     "other\n"
     "                                  name collapsed stacks for other tools\n"
     "  --gc-stats                      what the collector did, on standard error at the end\n"
     "  --color, --no-color             in error messages\n\n"
     "Repeating a run:\n"
     "  --seed N                        hashes, and what is chosen by them, are the same each time\n"
     "  --virtual-time                  timers fire in order without waiting\n\n"
     "Testing the interpreter itself: --stress collects at every step, --wire passes operations\n"
     "through a byte stream, --chaos SEED lets them wait, move to threads and do less than asked,\n"
     "--chaos-fails N lets N of 1000 fail.\n\n"
     "Without flags a script may read beneath the current directory and its own, read "
     "and\n"
     "create files named on the command line, and use the console, clocks, timers, entropy,\n"
     "variables of the environment named in it that are no secrets, and scratch directories.\n"
     "Anything else is asked at the terminal before it starts; without one it is refused,\n"
     "with status 77.\n\n"
     "Exit status: 0, or what the script says; 1 uncaught error; 2 wrong command line;\n"
     "65 not accepted by the compiler; 66 cannot be read; 73 profile or audit cannot be written;\n"
     "77 not granted; 130 and 143 interrupted; 137 a limit was exceeded.\n"},
    {"check", "ambit check FILE...", "report mistakes without running",
     "Compiles each file and reports errors and warnings. Status 65 if there was an "
     "error.\n"},
    {"eval", "ambit eval [--json] FILE [ARGS...]", "the value that a file computes",
     "Runs FILE without any authority and prints what its last expression gives: a configuration, for\n"
     "example. A `use` line in it is an error, it may import modules beneath its directory, and what it\n"
     "prints goes to standard error. -e CODE and - as for scripts.\n\n"
     "  --json               nil, bools, numbers, strings, lists, tuples and maps with strings as keys;\n"
     "                       a tuple whose parts have names is an object. Anything else is an error that\n"
     "                       names its place in the value\n"
     "  --max-memory BYTES   64m without it, of the value as JSON, too\n"
     "  --fuel N             100 million without it\n"
     "  --timeout SECONDS    5 without it\n\n"
     "Exit status: as for scripts (`ambit help run`); 1 also if JSON has no form for the value.\n"},
    {"caps", "ambit caps [--json] FILE", "show what a script may touch",
     "Prints the `use` lines of a script, which are a complete list of what it may "
     "touch;\n"
     "--json for other programs to read. Nothing of it runs.\n"},
    {"grant", "ambit grant [OPTIONS] SCRIPT [ARGS...]", "allow a script for always",
     "Asks what SCRIPT would ask with these arguments, remembers the answer and runs nothing. "
     "With\n"
     "--allow, --policy or -y that say so, it remembers without asking.\n\n"
     "A remembered grant holds while the script and its modules stay as they are, and for the\n"
     "places its requests led to. It is kept in ambit/grants beneath $XDG_CONFIG_HOME or\n"
     "~/.config. What would let a script do anything you can is never remembered.\n"},
    {"grants", "ambit grants", "list what is remembered",
     "Prints each script and what it was allowed for always.\n"},
    {"revoke", "ambit revoke SCRIPT", "forget what a script was allowed",
     "Status 1 if nothing is remembered for it.\n"},
    {"dis", "ambit dis FILE", "show the bytecode",
     "Prints the compiled functions with source lines.\n"},
    {"new", "ambit new provider|host NAME [DIR]", "begin a project in C",
     "Makes a directory (NAME, or DIR) with a provider, or a program that runs scripts: source, makefile,\n"
     "tests and a README, to be changed as you like. `make check` there passes at once; it needs a C\n"
     "compiler, pkg-config and an installed Ambit. Nothing is written over: DIR must be new or empty.\n"
     "NAME is made of a to z, 0 to 9 and _.\n"},
    {"provider", "ambit provider describe|check PATH", "what a provider offers; whether it is sound",
     "ambit provider describe NAME|PATH [--json | --markdown]\n"
     "  Prints what a provider offers: a standard one by its name, a shared object by a path with a '/'.\n"
     "  --markdown makes documentation of it. Nothing of the provider is started.\n\n"
     "ambit provider check PATH [--script FILE] [--make 'NAME(ARGS)'] [--without TYPE]\n"
     "  Calls all of it, with ordinary, extreme and made-up arguments, in empty directories, while memory,\n"
     "  handles, tickets, timers and watches run out, calls are cancelled, handles close, answers come\n"
     "  too late. Each rule is a line and a process of its own. --make gives arguments for a constructor or operation\n"
     "  that needs particular ones, --without says that nothing here can make such a resource; both repeatable. --script runs FILE with the provider as it is, through a byte\n"
     "  stream, and disturbed: the output must be the same, and that of FILE's name with .out if there is one.\n"
     "  Its line `# flags: ...` is used as options, else -y. Status 1 if a rule is broken.\n"},
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
        printf("  %-40s %s\n", topics[i].usage, topics[i].summary);
    printf("  %-40s %s\n", "ambit", "read, run and show line by line");
    printf("\nMost used options: --allow GRANT, -y, --audit FILE, --suggest, --timeout SECONDS,\n"
           "--max-memory BYTES, --max-tasks N, --cpu-profile FILE.\n"
           "`ambit help run` tells about all options, authority and exit statuses.\n");
    return EXIT_OK;
}

int cmd_version(const cli_options *o)
{
    (void)o;
    printf("ambit " AMB_VERSION " (" AMB_BUILD ")\n");
    return EXIT_OK;
}
