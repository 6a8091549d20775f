/* SPDX-License-Identifier: MIT */
/* Waiting: the one place where a VM asks its surroundings for time and for ready descriptors.
 *
 * The VM keeps its own timers and its own queue of completions; a reactor only watches
 * descriptors, tells the time and sleeps. All functions but `wake` are called on the thread that uses the
 * VM, never from within one another's callbacks except watch, unwatch and now.
 *
 * A host with an event loop of its own passes its own table, or leaves the default one and drives the
 * VM by amb_pump. */
#ifndef AMBIT_REACTOR_H
#define AMBIT_REACTOR_H

#include <stdint.h>

#include "ambit/status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define AMB_REACTOR_API __attribute__((visibility("default")))

/* Something happened. events: what of POLLIN, POLLOUT, POLLHUP, POLLERR is so; 0 for timers and posts. */
typedef void (*amb_event_fn)(void *ud, uint32_t events);

typedef struct amb_reactor {
    uint32_t size; /* sizeof(amb_reactor) as its maker saw it: later fields read as absent */
    void *state;   /* given to every function */
    /* Nanoseconds of a clock that never goes back; may be virtual. */
    uint64_t (*now)(void *state);
    /* Calls fn(ud, events) from `wait` whenever the descriptor is ready for one of `events` (POLLIN,
     * POLLOUT), again and again until unwatched (level-triggered). *id: not 0. The same descriptor
     * may be watched once at a time; its flags stay as they are. AMB_E_NOMEM, AMB_E_IO. */
    amb_status (*watch)(void *state, int fd, uint32_t events, amb_event_fn fn, void *ud, uint64_t *id);
    /* Changes what a watch waits for; 0: nothing for now. */
    amb_status (*rewatch)(void *state, uint64_t id, uint32_t events);
    void (*unwatch)(void *state, uint64_t id);
    /* Runs the callbacks of what is ready; when nothing is, waits for at most timeout_ns (0: not
     * at all, UINT64_MAX: as long as it takes) and runs what became so. Returns early after `wake`.
     * Gives how many callbacks ran. A virtual clock goes forward by timeout_ns instead of waiting. */
    int (*wait)(void *state, uint64_t timeout_ns);
    /* From any thread or a signal handler: the present or the next wait returns at once. */
    void (*wake)(void *state);
    /* A descriptor that is readable when `wait` has something to do; -1: there is none. */
    int (*poll_fd)(void *state);
    void (*free)(void *state); /* ends the reactor, this table included */
} amb_reactor;

/* The ones that come with Ambit; NULL: out of memory. Each belongs to one VM at a time.
 *
 * On libuv. Nothing of it exists until something is watched or waited for. */
AMB_REACTOR_API amb_reactor *amb_reactor_uv_new(void);
/* Virtual time, for tests: the clock starts at start_ns and moves only when nothing is ready, then by
 * the whole timeout of `wait` at once. Descriptors are real, and polled in the order of their
 * watches. A wait without a timeout really waits, for a descriptor or `wake`. */
AMB_REACTOR_API amb_reactor *amb_reactor_virtual_new(uint64_t start_ns);

#ifdef __cplusplus
}
#endif
#endif
