/* SPDX-License-Identifier: MIT */
/* What the files of the net provider share.
 *
 * Two implementations of one interface: sockets of this machine (tcp.c, udp.c, local.c, net.c) and
 * connections inside the process (memory*.c). Grants, names and what waits are the same code for both. */
#ifndef AMBIT_NET_H
#define AMBIT_NET_H

#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>

#include "../runtime/tickets.h"
#include "ambit/hostport.h"

enum { NET_CONNECT = 1, NET_LISTEN = 2, NET_RESOLVE = 4, NET_READ = 8, NET_WRITE = 16 };
enum {
    NET_RES_TCP = 1,
    NET_RES_UNIX,
    NET_RES_UDP,
    NET_RES_DNS,
    NET_RES_LISTENER,
    NET_RES_CONN,
    NET_RES_SOCKET
};

enum { NET_ADDRS = 16, NET_ADDR_TEXT = 64, NET_DATAGRAM = 65536 };

typedef struct net net;

/* A call that waits, inside whatever it waits for. drop: frees what only the call needed; the
 * ticket is gone already. */
typedef struct net_wait {
    amb_ticket t; /* 0: nobody waits */
    void (*drop)(net *n, struct net_wait *w);
} net_wait;

typedef struct net_addr {
    amb_ip ip;
    uint16_t port;
} net_addr;

/* Where a grant leads. Shared by everything made from it that still has to ask. */
typedef struct net_grant {
    uint32_t refs, n;
    amb_hostport v[];
} net_grant;

/* What a call wants to reach, after the grant agreed. */
typedef struct net_target {
    bool any;   /* listening: on all addresses */
    bool named; /* by a name: addrs comes from net_lookup, or is known already */
    uint16_t port;
    char name[AMB_HOST_MAX];
    uint32_t n;
    amb_ip addrs[NET_ADDRS];
} net_target;

/* A name being resolved by a thread. */
typedef struct net_lookup {
    struct net_lookup *next, *queued;
    net *n;
    void (*done)(void *ud, struct net_lookup *l); /* NULL: nobody cares any more */
    void *ud;
    char name[AMB_HOST_MAX];
    int error; /* 0 or an errno */
    uint32_t count;
    amb_ip addrs[NET_ADDRS];
} net_lookup;

typedef struct net_override {
    struct net_override *next;
    bool used;
    char name[AMB_HOST_MAX];
    uint32_t count;
    amb_ip addrs[NET_ADDRS];
} net_override;

enum { NET_THREADS = 8 };

struct net {
    const amb_host *h;
    void *hctx;
    bool memory;
    tickets waiting;
    net_override *overrides;
    /* resolver threads; everything below `lock` is under it */
    net_lookup *lookups; /* all that are not over; home thread */
    pthread_mutex_t lock;
    pthread_cond_t work;
    net_lookup *queue, **queue_end;
    uint32_t nthreads, idle;
    bool stopping;
    pthread_t threads[NET_THREADS];
    /* in memory */
    struct mem_listener *mem_listeners;
    struct mem_socket *mem_sockets;
    uint16_t mem_port;
};

#define NET_OP(name)                                                              \
    amb_status name(void *inst, amb_call *c, void *self, const amb_arg *a, uint32_t n, \
                    amb_arg *ret)
#define NET_UNUSED (void)inst, (void)c, (void)self, (void)a, (void)n, (void)ret

/* --- waiting (wait.c) --- */
/* Takes a ticket for the call. AMB_PENDING, or why not (said already). */
amb_status net_pend(net *n, amb_call *c, net_wait *w);
/* The waiting call, for its answer; nobody waits in w afterwards. NULL: too late. */
amb_call *net_open(net *n, net_wait *w);
/* The same, when only the failure is left to say. */
void net_answer_failed(net *n, net_wait *w, amb_status st, int os_errno, const char *what);
/* Forgets who waits, without an answer. */
void net_forget(net *n, net_wait *w);
void net_cancel(void *inst, amb_ticket t);
amb_status net_failed(net *n, amb_call *c, int os_errno, const char *what);
amb_status net_busy(net *n, amb_call *c, const char *what);

/* --- grants (grant.c) --- */
NET_OP(net_tcp_new);
NET_OP(net_udp_new);
NET_OP(net_tcp_sub);
NET_OP(net_udp_sub);
NET_OP(net_dns_new);
NET_OP(net_dns_resolve);
void net_grant_close(void *inst, void *res);
void net_grant_drop(net_grant *g);
/* What connecting or sending to a[0] (nil: the grant's own single target) means. */
amb_status net_reach(net *n, amb_call *c, const net_grant *g, const amb_arg *a, const char *what,
                     net_target *out);
/* The same for listening. */
amb_status net_bind(net *n, amb_call *c, const net_grant *g, const amb_arg *a, const char *what,
                    net_target *out);
/* Keeps the addresses the grant allows: public ones for a name, others only when written out. */
void net_permit(const net_grant *g, net_target *t);
bool net_permits(const net_grant *g, const amb_ip *ip, uint16_t port, bool named);

/* --- names (lookup.c) --- */
/* Fills t->addrs at once where that needs no waiting: true. */
bool net_known(net *n, net_target *t);
net_lookup *net_lookup_start(net *n, const char *name, void (*done)(void *ud, net_lookup *l), void *ud);
void net_lookup_setup(net *n);
void net_lookup_stop(net *n);
bool net_overrides_read(net *n, const char *s, size_t len);
amb_status net_unresolved(net *n, amb_call *c, int error);

/* --- addresses (addr.c) --- */
socklen_t net_sockaddr(const net_addr *a, struct sockaddr_storage *out);
bool net_addr_of(const struct sockaddr_storage *s, net_addr *out);
int net_addr_print(const net_addr *a, char *out, size_t size);
amb_status net_text(net *n, amb_call *c, const char *s, amb_arg *ret);
/* The local (or peer) address of a socket as text: "unix" for one without. */
void net_name_of(int fd, bool peer, char out[NET_ADDR_TEXT]);

/* --- sockets --- */
NET_OP(net_tcp_connect);
NET_OP(net_tcp_listen);
NET_OP(net_unix_new);
NET_OP(net_unix_connect);
NET_OP(net_unix_listen);
void net_unix_close(void *inst, void *res);
NET_OP(net_accept);
NET_OP(net_accept_next);
NET_OP(net_listener_local);
NET_OP(net_listener_port);
void net_listener_close(void *inst, void *res);
NET_OP(net_conn_read);
NET_OP(net_conn_write);
NET_OP(net_conn_shutdown);
NET_OP(net_conn_peer);
NET_OP(net_conn_local);
NET_OP(net_conn_nodelay);
void net_conn_close(void *inst, void *res);
NET_OP(net_udp_open);
NET_OP(net_udp_bind);
NET_OP(net_socket_send);
NET_OP(net_socket_reply);
NET_OP(net_socket_recv);
NET_OP(net_socket_next);
NET_OP(net_socket_local);
NET_OP(net_socket_port);
void net_socket_close(void *inst, void *res);

/* Makes a connection of fd, which it takes even when it fails. */
amb_status net_conn_answer(net *n, amb_call *c, int fd, bool tcp, const char *label, amb_arg *ret);
/* path: of a unix socket, to be removed at the end, in the directory dir; else NULL, -1. */
amb_status net_listener_answer(net *n, amb_call *c, int fd, int dir, const char *path, const char *label,
                               amb_arg *ret);
int net_backlog(const amb_arg *a);

/* A datagram and where it came from, as a tree: ret's, from c's memory. */
amb_status net_datagrams(net *n, amb_call *c, bool list, uint32_t count, const char *const *data,
                         const uint32_t *len, const net_addr *from, amb_arg *ret);
/* Data for a datagram: a string or bytes. */
amb_status net_payload(net *n, amb_call *c, const amb_arg *a, const char *what);

/* Who sent something lately may be answered, whatever the grant says about sending. */
typedef struct net_recent {
    net_addr v[32];
    uint32_t at;
} net_recent;
void net_recent_add(net_recent *r, const net_addr *a);
bool net_recent_has(const net_recent *r, const net_addr *a);
/* "addr:port" exactly as `from` says it. */
bool net_addr_read(const amb_arg *a, net_addr *out);

/* --- in memory --- */
NET_OP(mem_tcp_connect);
NET_OP(mem_tcp_listen);
NET_OP(mem_unix_new);
NET_OP(mem_unix_connect);
NET_OP(mem_unix_listen);
void mem_unix_close(void *inst, void *res);
NET_OP(mem_accept);
NET_OP(mem_accept_next);
NET_OP(mem_listener_local);
NET_OP(mem_listener_port);
void mem_listener_close(void *inst, void *res);
NET_OP(mem_conn_read);
NET_OP(mem_conn_write);
NET_OP(mem_conn_shutdown);
NET_OP(mem_conn_peer);
NET_OP(mem_conn_local);
NET_OP(mem_conn_nodelay);
void mem_conn_close(void *inst, void *res);
NET_OP(mem_udp_open);
NET_OP(mem_udp_bind);
NET_OP(mem_socket_send);
NET_OP(mem_socket_reply);
NET_OP(mem_socket_recv);
NET_OP(mem_socket_next);
NET_OP(mem_socket_local);
NET_OP(mem_socket_port);
void mem_socket_close(void *inst, void *res);

amb_status net_start(const amb_host *h, void *hctx, const amb_arg *cfg, uint32_t ncfg, void **inst);
amb_status net_start_memory(const amb_host *h, void *hctx, const amb_arg *cfg, uint32_t ncfg, void **inst);
void net_stop(void *inst);

#endif
