/* SPDX-License-Identifier: MIT */
/* What a VM waits for: time, descriptors, threads.
 *
 * Everything that happens outside the running task arrives here and becomes visible in one
 * order: timers by time, then posts and answers in the order they came. It is looked at where a
 * task waits and at the end of a slice of fuel, never in between. */
#ifndef AMB_VM_SCHEDULER_H
#define AMB_VM_SCHEDULER_H
#include <pthread.h>
#include <stdatomic.h>

#include "ambit/reactor.h"
#include "vm.h"

/* Part of whatever has a time; armed ones are in the heap. */
typedef struct ambtimer {
    uint64_t at;    /* ns of ambsched_now */
    uint64_t order; /* among those of the same time */
    uint32_t place; /* in the heap, from 1; 0: not armed */
    void (*fire)(amb_vm *vm, struct ambtimer *t);
} ambtimer;

typedef struct ambpost {
    struct ambpost *next;
    amb_event_fn fn;
    void *ud;
} ambpost;

/* A place in a queue; a task has one, and more while it selects. */
typedef struct ambwaiter {
    struct ambwaiter *prev, *next;
    struct ambqueue *queue; /* NULL: in none */
    amb_task *task;
    uint32_t index; /* of a select's arm */
} ambwaiter;
typedef struct ambqueue {
    ambwaiter *first, *last;
} ambqueue;
void ambqueue_add(ambqueue *q, ambwaiter *w);
void ambqueue_remove(ambwaiter *w);

/* A job for a thread of the pool. */
typedef struct ambjob {
    struct ambjob *next;
    void (*run)(struct ambjob *j); /* on the thread */
} ambjob;

typedef struct ambhost_timer {
    ambtimer t;
    amb_event_fn fn;
    void *ud;
    uint32_t index, generation, next_free;
} ambhost_timer;

#define AMB_WORKERS 4u

struct ambsched {
    amb_vm *vm;
    const amb_reactor *given; /* the host's, or NULL */
    amb_reactor *(*make)(void); /* the library's, where there is one */
    _Atomic(const amb_reactor *) reactor; /* made on first need */
    ambtimer **heap; /* [1..n] */
    uint32_t ntimers, heap_cap;
    uint64_t order;
    ambhost_timer **host_timers; /* what providers asked for, by number */
    uint32_t nhost_timers, host_timers_cap, free_host_timer;
    uint32_t nwatches;
    atomic_bool wanted; /* something arrived from another thread */
    atomic_bool cancel_root; /* the program is asked to end */

    /* task.c */
    amb_task *root; /* the program's first task; NULL: it has never waited nor spawned */
    ambqueue ready;
    uint32_t ntasks, task_number; /* not ended, without the first one; all there ever were */
    int until_turn;
    bool pumped;         /* the host drives: nothing waits longer than until pump_until */
    int budget;          /* task switches left until the host has its turn */
    uint64_t pump_until;
    ambv start;         /* the core function beneath what is not simply entered */
    ambv program_error; /* what ends the program; UNDEF: nothing */
    amb_task *to_cancel;
    bool cancelling;

    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t work;
    ambpost *posts, **posts_end;
    ambjob *jobs, **jobs_end;
    pthread_t threads[AMB_WORKERS];
    uint32_t nthreads, idle, njobs;
    bool stopping;
};

amb_status ambsched_setup(amb_vm *vm, const amb_reactor *given);
/* Ends the threads once their jobs are done; before the providers stop. */
void ambsched_join(amb_vm *vm);
/* Runs what was posted. */
bool ambsched_posted(amb_vm *vm);
void ambsched_teardown(amb_vm *vm);

/* The reactor; NULL: there is none. */
const amb_reactor *ambsched_reactor(amb_vm *vm);
/* The clock that timers count by; virtual when the reactor's is. */
uint64_t ambsched_now(amb_vm *vm);
/* Arms a timer that is not armed. AMB_E_NOMEM. */
amb_status ambsched_arm(amb_vm *vm, ambtimer *t, uint64_t at);
void ambsched_disarm(amb_vm *vm, ambtimer *t);
/* From any thread: the home thread calls fn(ud, 0) soon. AMB_E_NOMEM. */
amb_status ambsched_post(amb_vm *vm, amb_event_fn fn, void *ud);
/* From any thread or a signal handler: whoever waits in ambsched_turn returns. */
void ambsched_wake(amb_vm *vm);
/* Gives a job to a thread. AMB_E_NOMEM: there is no thread and none can be made. */
amb_status ambsched_job(amb_vm *vm, ambjob *j);
/* Runs what is due. wait: when nothing was, waits for something until `until` (UINT64_MAX: as long as
 * it takes). AMB_E_NOSYS: nothing can ever come, there is no reactor. */
amb_status ambsched_turn(amb_vm *vm, bool wait, uint64_t until);

/* What providers ask for. */
amb_status ambsched_watch(amb_vm *vm, int fd, uint32_t events, amb_event_fn fn, void *ud, uint64_t *id);
amb_status ambsched_rewatch(amb_vm *vm, uint64_t id, uint32_t events);
amb_status ambsched_timer(amb_vm *vm, uint64_t ns, amb_event_fn fn, void *ud, uint64_t *id);
void ambsched_unwatch(amb_vm *vm, uint64_t id);
#endif
