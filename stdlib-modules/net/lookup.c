/* SPDX-License-Identifier: MIT */
/* Names to addresses: what is known here, else the system's resolver on a few threads.
 *
 * The system's resolver waits and cannot be interrupted, so a lookup nobody wants any more runs to
 * its end for nobody. A thread only reads the name and fills in the answer; the list of lookups and
 * all decisions belong to the home thread. */
#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "net.h"

/* --- without asking anybody --------------------------------------------------------- */

/* name=addr,addr;name=addr... A name that is there again gives another answer the next time. */
bool net_overrides_read(net *n, const char *s, size_t len)
{
    net_override **end = &n->overrides;
    for (const char *stop = s + len; s < stop;) {
        const char *semi = memchr(s, ';', (size_t)(stop - s));
        if (!semi) semi = stop;
        const char *eq = memchr(s, '=', (size_t)(semi - s)), *why;
        amb_hostport name, addr;
        if (!eq || !amb_host_parse(s, (size_t)(eq - s), &name, &why) || name.kind != AMB_HOST_NAME) return false;
        net_override *o = calloc(1, sizeof *o);
        if (!o) return false;
        *end = o;
        end = &o->next;
        memcpy(o->name, name.name, sizeof o->name);
        for (s = eq + 1; s < semi;) {
            const char *comma = memchr(s, ',', (size_t)(semi - s));
            if (!comma) comma = semi;
            if (o->count == NET_ADDRS || !amb_host_parse(s, (size_t)(comma - s), &addr, &why) ||
                addr.kind != AMB_HOST_IP)
                return false;
            o->addrs[o->count++] = addr.ip;
            s = comma + (comma < semi);
        }
        s = semi + (semi < stop);
    }
    return true;
}

bool net_known(net *n, net_target *t)
{
    if (strcmp(t->name, "localhost") == 0) {
        t->addrs[0] = (amb_ip){.v = 4, .b = {127, 0, 0, 1}};
        t->addrs[1] = (amb_ip){.v = 6, .b = {[15] = 1}};
        t->n = 2;
        return true;
    }
    net_override *last = NULL;
    for (net_override *o = n->overrides; o; o = o->next) {
        if (strcmp(o->name, t->name) != 0) continue;
        last = o;
        if (o->used) continue;
        o->used = true;
        break;
    }
    if (last) {
        t->n = last->count;
        memcpy(t->addrs, last->addrs, sizeof t->addrs);
        return true;
    }
    if (n->memory) t->n = 0; /* there is no other world */
    return n->memory;
}

/* --- the system's resolver ---------------------------------------------------------- */

static void resolve(net_lookup *l)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG}, *list = NULL;
    int bad = getaddrinfo(l->name, NULL, &hints, &list);
    switch (bad) {
    case 0: break;
    case EAI_AGAIN: l->error = EAGAIN; return;
    case EAI_MEMORY: l->error = ENOMEM; return;
    case EAI_SYSTEM: l->error = errno ? errno : EIO; return;
    default: l->error = ENOENT; return;
    }
    for (const struct addrinfo *i = list; i && l->count < NET_ADDRS; i = i->ai_next) {
        struct sockaddr_storage s = {0};
        net_addr a;
        if (i->ai_addrlen > sizeof s) continue;
        memcpy(&s, i->ai_addr, i->ai_addrlen);
        if (net_addr_of(&s, &a)) l->addrs[l->count++] = a.ip;
    }
    freeaddrinfo(list);
    if (!l->count) l->error = ENOENT;
}

static void finished(void *ud, uint32_t events)
{
    (void)events;
    net_lookup *l = ud;
    for (net_lookup **at = &l->n->lookups; *at; at = &(*at)->next)
        if (*at == l) {
            *at = l->next;
            break;
        }
    if (l->done) l->done(l->ud, l);
    free(l);
}

static void *thread(void *ud)
{
    net *n = ud;
    pthread_mutex_lock(&n->lock);
    for (;;) {
        while (!n->queue && !n->stopping) {
            n->idle++;
            pthread_cond_wait(&n->work, &n->lock);
            n->idle--;
        }
        if (n->stopping) break;
        net_lookup *l = n->queue;
        n->queue = l->queued;
        if (!n->queue) n->queue_end = &n->queue;
        pthread_mutex_unlock(&n->lock);
        resolve(l);
        n->h->post(n->hctx, finished, l);
        pthread_mutex_lock(&n->lock);
    }
    pthread_mutex_unlock(&n->lock);
    return NULL;
}

static bool more_threads(net *n)
{
    sigset_t all, old;
    sigfillset(&all);
    /* Signals are for the host's threads. */
    pthread_sigmask(SIG_SETMASK, &all, &old);
    bool ok = pthread_create(&n->threads[n->nthreads], NULL, thread, n) == 0;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    n->nthreads += ok;
    return ok;
}

net_lookup *net_lookup_start(net *n, const char *name, void (*done)(void *ud, net_lookup *l), void *ud)
{
    net_lookup *l = calloc(1, sizeof *l);
    if (!l) return NULL;
    l->n = n;
    l->done = done;
    l->ud = ud;
    memcpy(l->name, name, strlen(name) + 1);
    pthread_mutex_lock(&n->lock);
    bool ok = n->idle || n->nthreads == NET_THREADS || more_threads(n) || n->nthreads;
    if (ok) {
        *n->queue_end = l;
        n->queue_end = &l->queued;
        pthread_cond_signal(&n->work);
    }
    pthread_mutex_unlock(&n->lock);
    if (!ok) {
        free(l);
        return NULL;
    }
    l->next = n->lookups;
    n->lookups = l;
    return l;
}

void net_lookup_setup(net *n)
{
    pthread_mutex_init(&n->lock, NULL);
    pthread_cond_init(&n->work, NULL);
    n->queue_end = &n->queue;
}

void net_lookup_stop(net *n)
{
    pthread_mutex_lock(&n->lock);
    n->stopping = true;
    pthread_cond_broadcast(&n->work);
    pthread_mutex_unlock(&n->lock);
    for (uint32_t i = 0; i < n->nthreads; i++) pthread_join(n->threads[i], NULL);
    pthread_cond_destroy(&n->work);
    pthread_mutex_destroy(&n->lock);
    while (n->lookups) {
        net_lookup *l = n->lookups;
        n->lookups = l->next;
        free(l);
    }
}

amb_status net_unresolved(net *n, amb_call *c, int error)
{
    if (error == ENOMEM) return AMB_E_NOMEM;
    if (error == EAGAIN) return n->h->fail(c, AMB_E_IO, ETIMEDOUT, "no answer about this name");
    if (error == ENOENT || !error) return n->h->fail(c, AMB_E_IO, ENOENT, "there is no such name");
    return net_failed(n, c, error, "resolve");
}
