/* SPDX-License-Identifier: MIT */
/* Finding what waits by its ticket, for providers with many calls waiting at once.
 *
 * Open addressing; what leaves closes its gap, so nothing but what waits is stored. Room is made
 * before a ticket is taken: after that nothing can fail. */
#ifndef AMBIT_TICKETS_H
#define AMBIT_TICKETS_H

#include <stdbool.h>
#include <stdlib.h>

#include "ambit/spi.h"

typedef struct tickets {
    struct ticket {
        amb_ticket t; /* 0: free */
        void *what;
    } *v;
    uint32_t n, cap; /* cap: 0 or a power of two */
} tickets;

static inline uint32_t tickets_home(const tickets *s, amb_ticket t)
{
    return (uint32_t)((t * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & (s->cap - 1);
}

static inline void tickets_put(tickets *s, amb_ticket t, void *what)
{
    uint32_t i = tickets_home(s, t);
    while (s->v[i].t) i = (i + 1) & (s->cap - 1);
    s->v[i] = (struct ticket){t, what};
    s->n++;
}

/* Room for one more. */
static inline bool tickets_reserve(tickets *s)
{
    if ((uint64_t)s->n * 4 < (uint64_t)s->cap * 3) return true;
    tickets bigger = {.cap = s->cap ? s->cap * 2 : 16};
    bigger.v = bigger.cap ? calloc(bigger.cap, sizeof *bigger.v) : NULL;
    if (!bigger.v) return false;
    for (uint32_t i = 0; i < s->cap; i++)
        if (s->v[i].t) tickets_put(&bigger, s->v[i].t, s->v[i].what);
    free(s->v);
    *s = bigger;
    return true;
}

/* Takes out and gives what waits under t; NULL: nothing does. */
static inline void *tickets_take(tickets *s, amb_ticket t)
{
    if (!s->n || !t) return NULL;
    uint32_t mask = s->cap - 1, i = tickets_home(s, t);
    while (s->v[i].t != t) {
        if (!s->v[i].t) return NULL;
        i = (i + 1) & mask;
    }
    void *what = s->v[i].what;
    for (uint32_t j = i;;) {
        j = (j + 1) & mask;
        if (!s->v[j].t) break;
        /* May it move into the gap? Not when its home lies behind the gap. */
        uint32_t home = tickets_home(s, s->v[j].t);
        if (((j - home) & mask) < ((j - i) & mask)) continue;
        s->v[i] = s->v[j];
        i = j;
    }
    s->v[i].t = 0;
    s->n--;
    return what;
}

#endif
