/* SPDX-License-Identifier: MIT */
/* Timers in a heap, posts from other threads, a few threads for what blocks, and the reactor. */
#include "scheduler.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "ambit/spi.h"
#include "task.h"

#define TIMER_ID ((uint64_t)1 << 63)

const amb_reactor *ambsched_reactor(amb_vm *vm) {
    struct ambsched *s = vm->sched;
    const amb_reactor *r = atomic_load(&s->reactor);
    if (AMB_LIKELY(r != NULL)) return r;
    r = s->given ? s->given : s->make ? s->make() : NULL;
    atomic_store(&s->reactor, r);
    return r;
}

uint64_t ambsched_now(amb_vm *vm) {
    const amb_reactor *r = vm->sched->given;
    return r ? r->now(r->state) : ambvm_now_ns();
}

void ambsched_wake(amb_vm *vm) {
    struct ambsched *s = vm->sched;
    if (!s) return;
    atomic_store(&s->wanted, true);
    const amb_reactor *r = atomic_load(&s->reactor);
    if (r) r->wake(r->state);
}

/* ---- timers ---- */

static bool before(const ambtimer *a, const ambtimer *b) {
    return a->at < b->at || (a->at == b->at && a->order < b->order);
}

static void put(struct ambsched *s, uint32_t i, ambtimer *t) {
    s->heap[i] = t;
    t->place = i;
}

static void rise(struct ambsched *s, uint32_t i, ambtimer *t) {
    for (; i > 1 && before(t, s->heap[i / 2]); i /= 2) put(s, i, s->heap[i / 2]);
    put(s, i, t);
}

static void sink(struct ambsched *s, uint32_t i, ambtimer *t) {
    for (uint32_t child; (child = 2 * i) <= s->ntimers; i = child) {
        if (child < s->ntimers && before(s->heap[child + 1], s->heap[child])) child++;
        if (!before(s->heap[child], t)) break;
        put(s, i, s->heap[child]);
    }
    put(s, i, t);
}

amb_status ambsched_arm(amb_vm *vm, ambtimer *t, uint64_t at) {
    struct ambsched *s = vm->sched;
    if (s->ntimers + 1 >= s->heap_cap) {
        uint32_t cap = s->heap_cap ? s->heap_cap * 2 : 16;
        ambtimer **heap = ambgc_realloc(vm, s->heap, s->heap_cap * sizeof *heap, cap * sizeof *heap);
        if (!heap) return vm->failed ? vm->failed : AMB_E_NOMEM;
        s->heap = heap;
        s->heap_cap = cap;
    }
    t->at = at;
    t->order = s->order++;
    rise(s, ++s->ntimers, t);
    return AMB_OK;
}

void ambsched_disarm(amb_vm *vm, ambtimer *t) {
    struct ambsched *s = vm->sched;
    uint32_t i = t->place;
    if (!i) return;
    t->place = 0;
    ambtimer *last = s->heap[s->ntimers--];
    if (last == t) return;
    if (i > 1 && before(last, s->heap[i / 2])) rise(s, i, last);
    else sink(s, i, last);
}

static void fire_due(amb_vm *vm) {
    struct ambsched *s = vm->sched;
    if (!s->ntimers) return;
    /* Only what was armed before: a timer that arms another for now does not keep the rest waiting. */
    uint64_t now = ambsched_now(vm), until = s->order;
    while (s->ntimers && s->heap[1]->at <= now && s->heap[1]->order < until) {
        ambtimer *t = s->heap[1];
        ambsched_disarm(vm, t);
        t->fire(vm, t);
    }
}

/* ---- posts ---- */

amb_status ambsched_post(amb_vm *vm, amb_event_fn fn, void *ud) {
    struct ambsched *s = vm->sched;
    ambpost *p = malloc(sizeof *p); /* the VM's allocator belongs to the home thread */
    if (!p) return AMB_E_NOMEM;
    *p = (ambpost){NULL, fn, ud};
    pthread_mutex_lock(&s->lock);
    *s->posts_end = p;
    s->posts_end = &p->next;
    pthread_mutex_unlock(&s->lock);
    ambsched_wake(vm);
    return AMB_OK;
}

bool ambsched_posted(amb_vm *vm) {
    struct ambsched *s = vm->sched;
    if (!atomic_load_explicit(&s->wanted, memory_order_acquire)) return false;
    atomic_store(&s->wanted, false);
    pthread_mutex_lock(&s->lock);
    ambpost *p = s->posts;
    s->posts = NULL;
    s->posts_end = &s->posts;
    pthread_mutex_unlock(&s->lock);
    bool any = p != NULL;
    while (p) {
        ambpost *next = p->next;
        p->fn(p->ud, 0);
        free(p);
        p = next;
    }
    return any;
}

/* ---- threads ---- */

static void *worker(void *ud) {
    struct ambsched *s = ud;
    pthread_mutex_lock(&s->lock);
    for (;;) {
        while (!s->jobs && !s->stopping) {
            s->idle++;
            pthread_cond_wait(&s->work, &s->lock);
            s->idle--;
        }
        ambjob *j = s->jobs;
        if (!j) break;
        s->jobs = j->next;
        if (!s->jobs) s->jobs_end = &s->jobs;
        s->njobs--;
        pthread_mutex_unlock(&s->lock);
        j->run(j);
        pthread_mutex_lock(&s->lock);
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

amb_status ambsched_job(amb_vm *vm, ambjob *j) {
    struct ambsched *s = vm->sched;
    amb_status st = AMB_OK;
    pthread_mutex_lock(&s->lock);
    if (s->idle <= s->njobs && s->nthreads < AMB_WORKERS) {
        /* Signals are the host's: its threads take them. */
        sigset_t all, old;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &old);
        if (pthread_create(&s->threads[s->nthreads], NULL, worker, s) == 0) s->nthreads++;
        else if (!s->nthreads) st = AMB_E_NOMEM;
        pthread_sigmask(SIG_SETMASK, &old, NULL);
    }
    if (st == AMB_OK) {
        j->next = NULL;
        *s->jobs_end = j;
        s->jobs_end = &j->next;
        s->njobs++;
        pthread_cond_signal(&s->work);
    }
    pthread_mutex_unlock(&s->lock);
    return st;
}

void ambsched_join(amb_vm *vm) {
    struct ambsched *s = vm->sched;
    pthread_mutex_lock(&s->lock);
    s->stopping = true;
    pthread_cond_broadcast(&s->work);
    pthread_mutex_unlock(&s->lock);
    /* A thread may be waiting for something that is done here. */
    for (uint32_t i = 0; i < s->nthreads; i++)
        while (pthread_tryjoin_np(s->threads[i], NULL) != 0) {
            if (ambsched_posted(vm)) continue;
            struct timespec pause = {0, 200000};
            nanosleep(&pause, NULL);
        }
    s->nthreads = 0;
    ambsched_posted(vm);
}

/* ---- waiting ---- */

amb_status ambsched_turn(amb_vm *vm, bool wait, uint64_t until) {
    struct ambsched *s = vm->sched;
    amb_status failed = vm->failed;
    if (ambsched_posted(vm)) wait = false;
    const amb_reactor *r = atomic_load(&s->reactor);
    if (!r && (wait || s->nwatches)) r = ambsched_reactor(vm);
    if (!r && wait) return AMB_E_NOSYS;
    uint64_t timeout = 0;
    if (wait) {
        uint64_t at = s->ntimers && s->heap[1]->at < until ? s->heap[1]->at : until;
        uint64_t now = at == UINT64_MAX ? 0 : ambsched_now(vm);
        timeout = at == UINT64_MAX ? at : at > now ? at - now : 0;
        if (atomic_load(&s->wanted) || vm->interrupt) timeout = 0;
    }
    /* What was printed is not held back while nothing happens. */
    if (timeout && vm->output) vm->output(vm->output_ud, 1, NULL, 0);
    if (r && (timeout || s->nwatches)) r->wait(r->state, timeout);
    fire_due(vm);
    ambsched_posted(vm);
    if (atomic_exchange(&s->cancel_root, false)) {
        amb_task *root = s->root ? s->root : vm->c_depth ? ambtask_self(vm) : NULL;
        if (root) ambtask_cancel(vm, root);
    }
    vm->failed = failed; /* providers were told when there was no memory; no script was running */
    return AMB_OK;
}

/* ---- what providers ask for ---- */

amb_status ambsched_watch(amb_vm *vm, int fd, uint32_t events, amb_event_fn fn, void *ud, uint64_t *id) {
    const amb_reactor *r = ambsched_reactor(vm);
    if (!r) return AMB_E_NOSYS;
    amb_status st = r->watch(r->state, fd, events, fn, ud, id);
    if (st == AMB_OK) vm->sched->nwatches++;
    return st;
}

amb_status ambsched_rewatch(amb_vm *vm, uint64_t id, uint32_t events) {
    const amb_reactor *r = ambsched_reactor(vm);
    return r ? r->rewatch(r->state, id, events) : AMB_E_NOSYS;
}

static void release(struct ambsched *s, ambhost_timer *h) {
    h->generation++;
    h->next_free = s->free_host_timer;
    s->free_host_timer = h->index + 1;
}

static void host_timer_fires(amb_vm *vm, ambtimer *t) {
    struct ambsched *s = vm->sched;
    ambhost_timer *h = (ambhost_timer *)t;
    amb_event_fn fn = h->fn;
    void *ud = h->ud;
    release(s, h);
    fn(ud, 0);
}

amb_status ambsched_timer(amb_vm *vm, uint64_t ns, amb_event_fn fn, void *ud, uint64_t *id) {
    struct ambsched *s = vm->sched;
    if (!s->free_host_timer) {
        if (s->nhost_timers == s->host_timers_cap) {
            uint32_t cap = s->host_timers_cap ? s->host_timers_cap * 2 : 16;
            ambhost_timer **all = ambgc_realloc(vm, s->host_timers, s->host_timers_cap * sizeof *all,
                                                cap * sizeof *all);
            if (!all) return AMB_E_NOMEM;
            s->host_timers = all;
            s->host_timers_cap = cap;
        }
        ambhost_timer *h = ambgc_malloc(vm, sizeof *h);
        if (!h) return AMB_E_NOMEM;
        *h = (ambhost_timer){.t.fire = host_timer_fires, .index = s->nhost_timers, .generation = 1};
        s->host_timers[s->nhost_timers++] = h;
        s->free_host_timer = s->nhost_timers;
    }
    uint32_t i = s->free_host_timer - 1;
    ambhost_timer *h = s->host_timers[i];
    uint64_t now = ambsched_now(vm);
    if (ambsched_arm(vm, &h->t, ns > UINT64_MAX - now ? UINT64_MAX : now + ns) != AMB_OK) return AMB_E_NOMEM;
    s->free_host_timer = h->next_free;
    h->fn = fn;
    h->ud = ud;
    *id = TIMER_ID | (uint64_t)(h->generation & 0x7fffffff) << 32 | i;
    return AMB_OK;
}

void ambsched_unwatch(amb_vm *vm, uint64_t id) {
    struct ambsched *s = vm->sched;
    if (!(id & TIMER_ID)) {
        const amb_reactor *r = ambsched_reactor(vm);
        if (!r || !id) return;
        r->unwatch(r->state, id);
        s->nwatches--;
        return;
    }
    uint32_t i = (uint32_t)id;
    if (i >= s->nhost_timers) return;
    ambhost_timer *h = s->host_timers[i];
    if ((h->generation & 0x7fffffff) != (uint32_t)(id >> 32 & 0x7fffffff) || !h->t.place) return;
    ambsched_disarm(vm, &h->t);
    release(s, h);
}

/* ---- life ---- */

amb_status ambsched_setup(amb_vm *vm, const amb_reactor *given) {
    struct ambsched *s = ambgc_malloc(vm, sizeof *s);
    if (!s) return vm->failed ? vm->failed : AMB_E_NOMEM;
    memset(s, 0, sizeof *s);
    s->vm = vm;
    s->program_error = ambv_undef();
    s->given = given;
    s->posts_end = &s->posts;
    s->jobs_end = &s->jobs;
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->work, NULL);
    vm->sched = s;
    return AMB_OK;
}

void ambsched_teardown(amb_vm *vm) {
    struct ambsched *s = vm->sched;
    if (!s) return;
    for (ambpost *p = s->posts, *next; p; p = next) {
        next = p->next;
        free(p);
    }
    const amb_reactor *r = atomic_load(&s->reactor);
    vm->sched = NULL;
    if (r && r != s->given) r->free(r->state);
    for (uint32_t i = 0; i < s->nhost_timers; i++) ambgc_free(vm, s->host_timers[i], sizeof **s->host_timers);
    if (s->host_timers) ambgc_free(vm, s->host_timers, s->host_timers_cap * sizeof *s->host_timers);
    if (s->heap) ambgc_free(vm, s->heap, s->heap_cap * sizeof *s->heap);
    pthread_mutex_destroy(&s->lock);
    pthread_cond_destroy(&s->work);
    ambgc_free(vm, s, sizeof *s);
}
