/* SPDX-License-Identifier: MIT */
/* TLS for Ambit, by OpenSSL: the table, and identities.
 *
 * A connection is made from one that a script lends: of `net`, or anything that can be read and written. The rights tell
 * apart who may be a client, a server, and who may talk to somebody unknown. */
#include <stdlib.h>

#include "tls_provider.h"

static char engine; /* there is only the one, and it has nothing in it */

TLS_OP(engine_new)
{
    (void)self, (void)a, (void)n;
    return ((tlsinst *)inst)->h->res_new(c, RES_ENGINE, &engine, ~(amb_rights)0, NULL, ret, NULL);
}

static void identity_close(void *inst, void *res)
{
    (void)inst;
    identity *id = res;
    SSL_CTX_free(id->server);
    free(id);
}

TLS_OP(identity_new)
{
    (void)self, (void)n;
    tlsinst *z = inst;
    identity *id = NULL;
    amb_status st = tls_identity(z, c, a, &id);
    if (st) return st;
    st = z->h->res_new(c, RES_IDENTITY, id, ~(amb_rights)0, id->label, ret, NULL);
    if (st) identity_close(z, id);
    return st;
}

/* --- the table ---------------------------------------------------------------------- */

static const amb_right rights[] = {
    {RIGHT_CLIENT, "client", "talk to servers whose certificates are checked", 0, 0},
    {RIGHT_SERVER, "server", "talk to clients, with a certificate of the script", 0, 0},
    {RIGHT_INSECURE, "insecure", "talk to servers whoever they are", 0, 0},
    {RIGHT_READ, "read", "receive", 0, 0},
    {RIGHT_WRITE, "write", "send", 0, 0},
};
#define CONN                                                                                                   \
    {                                                                                                          \
        .name = "conn", .doc = "the connection; lent until this one is closed", .type = AMB_T_LOAN,            \
        .iface = "readable", .flags = AMB_P_KEEP                                                               \
    }
#define HOST {.name = "host", .doc = "name or address that the certificate must be for", .type = AMB_T_STR}
#define CA(name_, doc_) {.name = name_, .doc = doc_, .type = AMB_T_ANY, .flags = AMB_P_OPT}
#define ALPN {.name = "alpn", .doc = "names of protocols, the best one first", .type = AMB_T_TREE, .flags = AMB_P_OPT}
#define IDENTITY(doc_, fl) \
    {.name = "identity", .doc = doc_, .type = AMB_T_RES, .restype = RES_IDENTITY, .flags = fl}
static const amb_param p_client[] = {CONN, HOST, CA("ca", "authorities to trust (PEM), instead of the system's"), ALPN,
                                     IDENTITY("who the client is, where the server asks", AMB_P_OPT)};
static const amb_param p_server[] = {CONN, IDENTITY("the server's certificate and key", 0), ALPN,
                                     CA("client_ca", "authorities (PEM) for clients, which need a certificate then")};
static const amb_param p_identity[] = {
    {.name = "certificate", .doc = "PEM, those of its authorities behind it", .type = AMB_T_ANY},
    {.name = "key", .doc = "PEM, without a password", .type = AMB_T_ANY, .flags = AMB_P_SECRET}};
static const amb_param p_in[] = {{.name = "buf", .doc = "", .type = AMB_T_BUF, .flags = AMB_P_OUT}};
static const amb_param p_out[] = {{.name = "data", .doc = "", .type = AMB_T_BUF, .flags = AMB_P_IN}};

#define P(p) .params = p, .nparams = sizeof(p) / sizeof(p[0])
#define ENGINE .restype = RES_ENGINE
#define MAKES_CONN                                                                              \
    .ret_type = AMB_T_RES, .ret_restype = RES_CONN, .ret_fixed = RIGHT_READ | RIGHT_WRITE,      \
    .flags = AMB_OP_INLINE | AMB_OP_CANCEL, .effect = AMB_FX_EXTERNAL, .cost = 20000
#define MOVES \
    .flags = AMB_OP_INLINE | AMB_OP_CANCEL | AMB_OP_KERNEL, .effect = AMB_FX_EXTERNAL, .cost = 300, .cost_per_kib = 50

static const amb_op ops[] = {
    {.ordinal = 1, .name = "engine", .doc = "TLS over connections that are lent", .ret_type = AMB_T_RES,
     .ret_restype = RES_ENGINE, .ret_fixed = RIGHT_CLIENT | RIGHT_SERVER | RIGHT_INSECURE, .flags = AMB_OP_INLINE,
     .cost = 20, .fn = engine_new},

    {.ordinal = 13, ENGINE, .name = "identity", .doc = "a certificate and its key", P(p_identity), .ret_type = AMB_T_RES,
     .ret_restype = RES_IDENTITY, .flags = AMB_OP_INLINE, .cost = 5000, .fn = identity_new},
    {.ordinal = 10, ENGINE, .name = "client", .doc = "the client's side; the server's certificate is checked", P(p_client),
     .need = RIGHT_CLIENT, MAKES_CONN, .fn = tls_client},
    {.ordinal = 11, ENGINE, .name = "client_insecure", .doc = "the same, and whoever answers is believed", P(p_client),
     .need = RIGHT_CLIENT | RIGHT_INSECURE, MAKES_CONN, .fn = tls_client_insecure},
    {.ordinal = 12, ENGINE, .name = "server", .doc = "the server's side", P(p_server), .need = RIGHT_SERVER, MAKES_CONN,
     .fn = tls_server},

    {.ordinal = 20, .restype = RES_CONN, .name = "read_into", .doc = "", P(p_in), .ret_type = AMB_T_I64,
     .need = RIGHT_READ, MOVES, .fn = tls_read},
    {.ordinal = 21, .restype = RES_CONN, .name = "write_some", .doc = "", P(p_out), .ret_type = AMB_T_I64,
     .need = RIGHT_WRITE, MOVES, .fn = tls_write},
    {.ordinal = 22, .restype = RES_CONN, .name = "shutdown",
     .doc = "says that nothing more is sent; reading goes on", .need = RIGHT_WRITE,
     .flags = AMB_OP_INLINE | AMB_OP_CANCEL, .effect = AMB_FX_EXTERNAL, .cost = 300, .fn = tls_shutdown},
    {.ordinal = 25, .restype = RES_CONN, .name = "close", .doc = "says goodbye, and ends this capability",
     .flags = AMB_OP_INLINE | AMB_OP_CANCEL | AMB_OP_ENDS, .effect = AMB_FX_EXTERNAL, .cost = 300, .fn = tls_close},
    {.ordinal = 23, .restype = RES_CONN, .name = "info", .doc = "(version, cipher, host, alpn, verified)",
     .ret_type = AMB_T_TREE, .flags = AMB_OP_INLINE, .effect = AMB_FX_READ, .cost = 50, .fn = tls_info},
    {.ordinal = 24, .restype = RES_CONN, .name = "peer",
     .doc = "the other side's certificate (subject, issuer, since, until, sha256, names), or nil", .ret_type = AMB_T_TREE,
     .flags = AMB_OP_INLINE, .effect = AMB_FX_READ, .cost = 500, .fn = tls_peer},
};

static const amb_restype types[] = {
    {.id = RES_ENGINE, .flags = AMB_R_STATELESS, .name = "engine", .doc = "makes TLS connections",
     .all = RIGHT_CLIENT | RIGHT_SERVER | RIGHT_INSECURE, .dflt = RIGHT_CLIENT | RIGHT_SERVER},
    {.id = RES_IDENTITY, .name = "identity", .doc = "a certificate and its key", .close = identity_close},
    {.id = RES_CONN, .read_op = 20, .write_op = 21, .name = "conn", .doc = "a TLS connection",
     .all = RIGHT_READ | RIGHT_WRITE, .dflt = RIGHT_READ | RIGHT_WRITE, .close = tls_conn_close},
};

static amb_status start(const amb_host *h, void *hctx, const amb_arg *cfg, uint32_t ncfg, void **inst)
{
    (void)cfg, (void)ncfg;
    /* No settings from outside, and nothing at the end of the process, where this may be gone already. */
    if (!OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, NULL)) return AMB_E_NOSYS;
    tlsinst *z = calloc(1, sizeof *z);
    if (!z) return AMB_E_NOMEM;
    z->h = h;
    z->hctx = hctx;
    *inst = z;
    return AMB_OK;
}
static void stop(void *inst)
{
    tlsinst *z = inst;
    tls_free_all(z);
    SSL_CTX_free(z->client);
    free(z);
}

AMB_PROVIDER(tls) = {
    AMB_PROVIDER_HEAD,
    .iface = "tls",
    .doc = "encrypted connections over those that are lent",
    .iface_major = 1,
    AMB_PROVIDER_TABLES(ops, types, rights),
    .start = start,
    .stop = stop,
    .cancel = tls_cancel,
};
