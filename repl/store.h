/* SPDX-License-Identifier: MIT */
/* The files of remembered grants, for store.c and the commands that list them. */
#ifndef AMBIT_STORE_H
#define AMBIT_STORE_H

#include "policy.h"

#define STORE_NAME 64

typedef struct store_line {
    char *a, *b, *c; /* grant: resource, rights, place; source: sum, id */
} store_line;
typedef struct store_file {
    char *all, *script;
    store_line *sources, *grants;
    uint32_t nsources, ngrants;
} store_file;

/* The directory of grants; -1: not there, or (why says something) not to be trusted. */
int store_open(bool make, char why[256]);
void store_file_name(const char *script, char out[STORE_NAME]);
/* False: there is none that could be trusted. */
bool store_read(int dir, const char *name, store_file *out);
void store_file_free(store_file *f);
bool store_write(int dir, const char *name, const text *t);

#endif
