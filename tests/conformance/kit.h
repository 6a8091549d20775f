/* SPDX-License-Identifier: MIT */
/* The provider conformance kit (repl/kit.h), and what only the tests of the standard providers use. */
#ifndef AMBIT_TESTS_KIT_H
#define AMBIT_TESTS_KIT_H

#include "../../repl/kit.h"

/* From now on this thread's transfers on files, pipes and sockets are disturbed; KIT_FULL: files take `room`
 * more bytes. kit_undisturb ends it and says how many were. */
enum { KIT_CALM, KIT_SHORT, KIT_INTERRUPTED, KIT_NOT_READY, KIT_FULL };
void kit_disturb(int how, long room);
unsigned kit_undisturb(void);

/* Calls every operation of a provider of the standard set at least once, and expects nothing but answers or
 * patience (drive.c). */
void kit_everything(kit *k);
extern int kit_typed; /* the console reads what is written here; -1: its standard input is left alone */

#endif
