/* SPDX-License-Identifier: MIT */
/* What the files of the provider share. */
#ifndef TLS_PROVIDER_H
#define TLS_PROVIDER_H
#include <ambit/spi.h>
#include <errno.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>

enum { RES_ENGINE = 1, RES_IDENTITY, RES_CONN };
enum { RIGHT_CLIENT = 1, RIGHT_SERVER = 2, RIGHT_INSECURE = 4, RIGHT_READ = 8, RIGHT_WRITE = 16 };

typedef struct tlsinst {
    const amb_host *h;
    void *hctx;
    SSL_CTX *client; /* made when it is needed first: with the system's authorities */
    struct tconn *all;
} tlsinst;

/* A certificate with its chain, and the key. */
typedef struct identity {
    SSL_CTX *server;
    char label[128];
} identity;

/* What a connection is to be: filled by trust.c. */
typedef struct setup {
    SSL *ssl;
    bool server, verified;
    char host[256];
    uint8_t alpn[256]; /* names as they go over the wire */
    uint32_t alpn_len;
} setup;

/* Of one connection, for OpenSSL's callbacks. */
typedef struct verdict {
    int error, depth; /* X509_V_*; what was said first */
    char subject[160], detail[200];
    const setup *wanted; /* the protocols of a server */
} verdict;

/* trust.c. Each notes why it fails. */
amb_status tls_client_setup(tlsinst *z, amb_call *c, const amb_arg *a, bool verified, setup *s, verdict *v);
amb_status tls_server_setup(tlsinst *z, amb_call *c, const amb_arg *a, setup *s, verdict *v);
amb_status tls_identity(tlsinst *z, amb_call *c, const amb_arg *a, identity **out);
/* What OpenSSL has to say about the failure that just happened. */
void tls_reason(char *out, size_t size);
/* (subject, issuer, names, since, until, sha256) of a certificate. */
amb_status tls_certificate(tlsinst *z, amb_call *c, X509 *x, amb_arg *ret);

/* conn.c */
#define TLS_OP(name) \
    amb_status name(void *inst, amb_call *c, void *self, const amb_arg *a, uint32_t n, amb_arg *ret)
TLS_OP(tls_client);
TLS_OP(tls_client_insecure);
TLS_OP(tls_server);
TLS_OP(tls_read);
TLS_OP(tls_write);
TLS_OP(tls_shutdown);
TLS_OP(tls_close);
TLS_OP(tls_info);
TLS_OP(tls_peer);
void tls_conn_close(void *inst, void *res);
void tls_cancel(void *inst, amb_ticket t);
void tls_free_all(tlsinst *z);

#endif
