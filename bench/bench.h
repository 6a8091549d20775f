/* SPDX-License-Identifier: MIT */
/* The measurements of the program `bench`, each a command of it. */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include "measure.h"

typedef struct options {
    const char *dir;      /* where the scripts are */
    const char *classes;  /* programs of these classes only; NULL: all */
    const char *expected; /* the file of `check` */
    char **names;         /* programs named on the command line */
    int nnames;
    int rounds; /* 0: the command's own default */
} options;

/* Each prints a part of the report and gives the exit status. */
int cmd_machine(const options *o);
int cmd_programs(const options *o);
int cmd_record(const options *o);
int cmd_check(const options *o);
int cmd_startup(const options *o);
int cmd_pauses(const options *o);
int cmd_files(const options *o);

#endif
