/* SPDX-License-Identifier: MIT */
/* Internet addresses, host names and the patterns by which they are granted: one reading of them
 * for whoever grants, compares grants, or opens connections.
 *
 * There is one spelling of each address. What other programs read in different ways is not read at
 * all: octal, hexadecimal, short and bare numbers for IPv4, zones, names that are not ASCII. An IPv6
 * address that stands for an IPv4 one is that IPv4 address. */
#ifndef AMBIT_HOSTPORT_H
#define AMBIT_HOSTPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define AMB_HOST_MAX 254 /* a canonical name with its zero byte */

typedef struct amb_ip {
    uint8_t v;     /* 4 or 6 */
    uint8_t b[16]; /* 4 uses the first four; network order */
} amb_ip;

enum {
    AMB_HOST_NAME,   /* example.org */
    AMB_HOST_SUBS,   /* *.example.org: whatever is beneath, not the name itself */
    AMB_HOST_ANY,    /* * */
    AMB_HOST_IP,     /* 10.1.2.3, [::1] */
    AMB_HOST_NET     /* 10.0.0.0/8, [fd00::/8] */
};

/* A pattern of targets, and, being one, a target: HOST_NAME or HOST_IP with one port. */
typedef struct amb_hostport {
    uint8_t kind; /* AMB_HOST_* */
    uint8_t bits; /* HOST_NET: length of the prefix */
    bool ports;   /* false: written without ports */
    uint16_t low, high; /* ports, both included */
    amb_ip ip;
    char name[AMB_HOST_MAX]; /* HOST_NAME, HOST_SUBS (without "*."): lower case, no dot at the end */
} amb_hostport;

#define AMB_HOSTPORT_API __attribute__((visibility("default")))

/* Reads host:ports. False: *why is a text that says what is wrong, without the input. */
AMB_HOSTPORT_API bool amb_hostport_parse(const char *s, size_t n, amb_hostport *out, const char **why);
/* The same without ports, which are 0-65535 then. */
AMB_HOSTPORT_API bool amb_host_parse(const char *s, size_t n, amb_hostport *out, const char **why);
/* Is it one host and one port? */
AMB_HOSTPORT_API bool amb_hostport_single(const amb_hostport *p);
/* Does a grant for `outer` include everything `inner` asks for? All ports include none; names never include addresses that are
 * not public; "localhost" is both addresses of the loopback interface and nothing else. */
AMB_HOSTPORT_API bool amb_hostport_covers(const amb_hostport *outer, const amb_hostport *inner);
/* Does the pattern include this name, as a name, or this address, as an address? Where a name leads
 * is another question: to public addresses, and to those that some pattern includes by themselves. */
AMB_HOSTPORT_API bool amb_hostport_name(const amb_hostport *p, const char *name, uint16_t port);
AMB_HOSTPORT_API bool amb_hostport_ip(const amb_hostport *p, const amb_ip *ip, uint16_t port);
/* Reachable by everybody; false for private, loopback, link-local, multicast and reserved ones. */
AMB_HOSTPORT_API bool amb_ip_public(const amb_ip *ip);
AMB_HOSTPORT_API bool amb_ip_loopback(const amb_ip *ip);
/* Sixteen bytes of IPv6, in the form used here: addresses that stand for IPv4 become that. */
AMB_HOSTPORT_API amb_ip amb_ip_of6(const uint8_t b[16]);
/* The canonical texts. Return what snprintf does. */
AMB_HOSTPORT_API int amb_ip_print(const amb_ip *ip, char *out, size_t size);
AMB_HOSTPORT_API int amb_hostport_print(const amb_hostport *p, char *out, size_t size);

#ifdef __cplusplus
}
#endif
#endif
