/* SPDX-License-Identifier: MIT */
/* The provider conformance kit: a host that is no virtual machine, to drive any provider's table.
 * `ambit provider check` and the tests in tests/conformance are made of it.
 *
 * It does what the kernel promises in ambit/spi.h (checks against the table, tickets, timers, posts,
 * a reactor) and can be told to fail at any of it. What the provider answers is checked as the
 * kernel would; every breach of the contract is counted in `breaches` and printed. */
#ifndef AMBIT_REPL_KIT_H
#define AMBIT_REPL_KIT_H

#include <stdbool.h>
#include <stdio.h>

#include "ambit/reactor.h"
#include "ambit/spi.h"

typedef struct kit kit;

/* A capability for a resource of the provider. */
typedef struct kit_cap {
    struct kit_cap *next;
    uint16_t type;
    amb_rights rights;
    void *res;
    char label[160];
    bool closed, released; /* released: so is the resource, once no call on it is under way */
} kit_cap;

typedef struct kit_call {
    struct kit_call *next;
    kit *k;
    const amb_op *op;
    kit_cap *self, *made, *items[64]; /* items: resources inside a list */
    uint32_t nitems;
    amb_ticket ticket; /* 0: none taken */
    amb_ticket running; /* its name while it runs, when it asked for one */
    bool open;         /* reply_open gave it and reply did not come yet */
    bool done, entered, worker;
    bool orphan, forgotten; /* nobody waits, but it has not been answered */
    amb_status st;
    int os_errno;
    char text[256];
    amb_arg ret;
    amb_arg args[16];
    struct kit_block *blocks;
    uint64_t again; /* it asked to be run again, after so long; or 0 */
    uint64_t began; /* one that asks whether it is cancelled is so after a fifth of a second */
} kit_call;

/* Faults: how many times it still works (-1: always). Each is used up by its own kind of request. */
typedef struct kit_faults {
    int alloc, res_new, pend, watch, timer, answer; /* answer: reply_open says too late */
    int invoke;
} kit_faults;

struct kit {
    const amb_provider *p;
    amb_reactor *r;
    void *inst;
    amb_host host;
    kit_faults fail;
    int breaches, late; /* late: answers to tickets that were not current */
    int watches;        /* calls of watch, rewatch and unwatch */
    kit_cap *caps;
    kit_call *calls;
    struct kit_timer *timers;
    struct kit_post *posts;
    uint64_t last_ticket, last_timer;
    uint64_t patience, grace; /* ns to wait for an answer, 10 ms; and for one after cancelling, 50 ms */
    bool called[256]; /* which operations of the table have been entered */
    unsigned lent;    /* bytes that the loans of kit_drive still give */
    bool stopping;
    bool quiet;       /* what the provider logs and prints is left out */
    bool cancels; /* every call is cancelled before it starts, when it waits, and after its answer */
    void *lock;
};

/* r becomes the kit's. NULL: start failed. */
kit *kit_new(const amb_provider *p, amb_reactor *r, const amb_arg *cfg, uint32_t ncfg);
/* Closes everything, stops the provider, and gives the number of breaches. */
int kit_free(kit *k);

/* The root constructor (self NULL) or operation called `name`; building blocks of the kernel count, too.
 * The call stays valid until kit_forget or kit_free. */
kit_call *kit_start(kit *k, kit_cap *self, const char *name, const amb_arg *a, uint32_t n);
/* Runs timers, posts and events until the call is answered or that much time has passed (the
 * reactor's time). */
bool kit_wait(kit *k, kit_call *c, uint64_t ns);
void kit_pump(kit *k, uint64_t ns);
/* As the kernel cancels: asks the provider, gives it a little time, then drops the ticket. */
amb_status kit_cancel(kit *k, kit_call *c);
void kit_forget(kit *k, kit_call *c);
void kit_close(kit *k, kit_cap *cap);

/* Start, wait for ten seconds at most, answer. *out: NULL if the caller does not care. */
amb_status kit_do(kit *k, kit_cap *self, const char *name, const amb_arg *a, uint32_t n, kit_call **out);
/* The same; the capability it makes, or NULL. */
kit_cap *kit_make(kit *k, kit_cap *self, const char *name, const amb_arg *a, uint32_t n);

static inline amb_arg kit_str(const char *s)
{
    amb_arg a = {.type = AMB_T_STR};
    a.v.p = s;
    while (s[a.len]) a.len++;
    return a;
}
static inline amb_arg kit_int(int64_t i) { return (amb_arg){.type = AMB_T_I64, .v.i = i}; }
static inline amb_arg kit_float(double f) { return (amb_arg){.type = AMB_T_F64, .v.f = f}; }
static inline amb_arg kit_nil(void) { return (amb_arg){.type = AMB_T_NIL}; }
static inline amb_arg kit_buf(void *p, uint32_t n)
{
    return (amb_arg){.type = AMB_T_BUF, .len = n, .v.w = p};
}

/* ---- kit_drive.c: any provider, with made-up arguments */
/* Arguments for a constructor or another operation, as the user gave them: `db(:memory:, 1)`. */
typedef struct kit_given {
    char name[64];
    uint32_t n;
    amb_arg args[8]; /* AMB_T_STR, AMB_T_I64 or AMB_T_F64 */
} kit_given;
enum { KIT_VARIANTS = 6 };
typedef struct kit_driver {
    const kit_given *given;
    uint32_t ngiven;
    unsigned variant; /* which values: ordinary ones, or extreme ones in different ways */
    void (*doing)(void *ud, const char *iface, const char *type, const char *op); /* before each call */
    void *ud;
    bool reached[256]; /* operations of the table that were entered */
} kit_driver;
/* Calls every root operation, and every operation of each resource that comes from one; then closes them. Each call is
 * given `patience` to answer, and cancelled then. */
void kit_drive(kit *k, kit_driver *d);

/* What a table promises must hang together. Prints what does not and counts it. */
int kit_lint(const amb_provider *p);

#endif
