/* SPDX-License-Identifier: MIT */
/* What is inside the process instead of a network. */
#ifndef AMBIT_NET_MEMORY_H
#define AMBIT_NET_MEMORY_H

#include "net.h"

enum { MEM_RING = 65536, MEM_DATAGRAMS = 256 };

typedef struct mem_wait {
    net_wait w;
    char *p;
    uint32_t len;
} mem_wait;

/* One end of a connection. */
typedef struct mem_conn {
    net *n;
    struct mem_conn *peer; /* NULL: it closed */
    struct mem_conn *next; /* not yet accepted */
    mem_wait in, out;
    char *ring; /* what came and was not read; NULL while there is nothing */
    uint32_t at, used;
    bool eof;   /* nothing more comes */
    bool ended; /* nothing more is sent */
    bool reset;
    bool local_only; /* no internet addresses */
    net_addr here, there;
} mem_conn;

typedef struct mem_listener {
    net *n;
    struct mem_listener *next;
    net_addr at;
    bool any;
    char *path; /* of a unix socket */
    mem_conn *queue, **end;
    uint32_t count, backlog;
    net_wait w;
} mem_listener;

typedef struct mem_datagram {
    struct mem_datagram *next;
    net_addr from;
    uint32_t len;
    char data[];
} mem_datagram;

typedef struct mem_socket {
    net *n;
    struct mem_socket *next;
    net_grant *g;
    net_addr at;
    bool any, bound, list;
    mem_datagram *queue, **end;
    uint32_t count;
    net_wait in;
    net_recent recent;
} mem_socket;

/* Does something bound there get what goes to `to`? Zeros and any stand for all addresses. */
bool mem_at(const net_addr *bound, bool any, const net_addr *to);
uint16_t mem_free_port(net *n, bool udp);
amb_status mem_hand_out(mem_listener *l, amb_call *c, amb_arg *ret);

#endif
