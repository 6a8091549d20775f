/* SPDX-License-Identifier: MIT */
/* Whom to trust: authorities, names, certificates and keys.
 *
 * A client checks the other's certificate against the system's authorities, or those it was given instead, and its name against
 * the one it was told. There is an operation that does not check; it needs a right of its own. */
#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tls_provider.h"

void tls_reason(char *out, size_t size)
{
    unsigned long e = ERR_peek_last_error();
    const char *text = e ? ERR_reason_error_string(e) : NULL;
    snprintf(out, size, "%s", text ? text : "the other side gave up");
    ERR_clear_error();
}

static amb_status no_memory(void)
{
    ERR_clear_error();
    return AMB_E_NOMEM;
}

/* --- what a certificate says -------------------------------------------------------- */

static void text_of(X509_NAME *name, char *out, size_t size)
{
    BIO *b = BIO_new(BIO_s_mem());
    int n = 0;
    if (b && name && X509_NAME_print_ex(b, name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) >= 0)
        n = BIO_read(b, out, (int)size - 1);
    out[n > 0 ? n : 0] = 0;
    BIO_free(b);
    /* It is for messages: nothing that is not plain. */
    for (char *p = out; *p; p++)
        if ((unsigned char)*p < 0x20 || (unsigned char)*p > 0x7e) *p = '?';
}

static void time_of(const ASN1_TIME *t, char out[32])
{
    struct tm tm;
    if (!ASN1_TIME_to_tm(t, &tm) || !strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &tm)) strcpy(out, "?");
}

/* One name of subjectAltName. False: of a kind that means nothing here. */
static bool name_text(const GENERAL_NAME *g, char *out, size_t size)
{
    char ip[INET6_ADDRSTRLEN];
    if (g->type == GEN_DNS) {
        int n = ASN1_STRING_length(g->d.dNSName);
        const unsigned char *p = ASN1_STRING_get0_data(g->d.dNSName);
        if (n <= 0 || n >= (int)size) return false;
        for (int i = 0; i < n; i++)
            if (p[i] < 0x21 || p[i] > 0x7e) return false;
        memcpy(out, p, (size_t)n);
        out[n] = 0;
        return true;
    }
    if (g->type != GEN_IPADD) return false;
    int n = ASN1_STRING_length(g->d.iPAddress);
    if ((n != 4 && n != 16) ||
        !inet_ntop(n == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(g->d.iPAddress), ip, sizeof ip))
        return false;
    snprintf(out, size, "%s", ip);
    return true;
}

static void names_text(X509 *x, char *out, size_t size)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
    size_t used = 0;
    out[0] = 0;
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        char one[128];
        if (!name_text(sk_GENERAL_NAME_value(names, i), one, sizeof one)) continue;
        int k = snprintf(out + used, size - used, "%s%s", used ? ", " : "", one);
        if (k < 0 || (size_t)k >= size - used) break;
        used += (size_t)k;
    }
    GENERAL_NAMES_free(names);
}

static amb_arg *say(const tlsinst *z, amb_call *c, amb_arg *at, const char *name, const char *text)
{
    size_t n = strlen(text);
    char *copy = z->h->alloc(c, n + 1);
    if (!copy) return NULL;
    memcpy(copy, text, n + 1);
    *at++ = (amb_arg){.type = AMB_T_STR, .len = (uint32_t)strlen(name), .v.p = name};
    *at++ = (amb_arg){.type = AMB_T_STR, .len = (uint32_t)n, .v.p = copy};
    return at;
}

amb_status tls_certificate(tlsinst *z, amb_call *c, X509 *x, amb_arg *ret)
{
    char text[256], when[32];
    GENERAL_NAMES *names = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
    uint32_t count = 0, max = names ? (uint32_t)sk_GENERAL_NAME_num(names) : 0;
    amb_arg *t = z->h->alloc(c, (14 + (size_t)max) * sizeof *t), *at = t;
    if (!t) goto none;
    *at++ = (amb_arg){.type = AMB_T_TUPLE, .flags = AMB_A_NAMED, .len = 6};
    text_of(X509_get_subject_name(x), text, sizeof text);
    if (!(at = say(z, c, at, "subject", text))) goto none;
    text_of(X509_get_issuer_name(x), text, sizeof text);
    if (!(at = say(z, c, at, "issuer", text))) goto none;
    time_of(X509_get0_notBefore(x), when);
    if (!(at = say(z, c, at, "since", when))) goto none;
    time_of(X509_get0_notAfter(x), when);
    if (!(at = say(z, c, at, "until", when))) goto none;
    unsigned char sum[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    char hex[2 * EVP_MAX_MD_SIZE + 1] = "";
    if (X509_digest(x, EVP_sha256(), sum, &n))
        for (unsigned i = 0; i < n; i++) snprintf(hex + 2 * i, 3, "%02x", sum[i]);
    if (!(at = say(z, c, at, "sha256", hex))) goto none;
    *at++ = (amb_arg){.type = AMB_T_STR, .len = 5, .v.p = "names"};
    amb_arg *list = at++;
    for (uint32_t i = 0; i < max; i++) {
        if (!name_text(sk_GENERAL_NAME_value(names, (int)i), text, sizeof text)) continue;
        char *copy = z->h->alloc(c, strlen(text) + 1);
        if (!copy) goto none;
        strcpy(copy, text);
        *at++ = (amb_arg){.type = AMB_T_STR, .len = (uint32_t)strlen(text), .v.p = copy};
        count++;
    }
    *list = (amb_arg){.type = AMB_T_LIST, .len = count};
    GENERAL_NAMES_free(names);
    *ret = (amb_arg){.type = AMB_T_TREE, .len = (uint32_t)(at - t), .v.p = t};
    return AMB_OK;
none:
    GENERAL_NAMES_free(names);
    return AMB_E_NOMEM;
}

/* --- checking ----------------------------------------------------------------------- */

/* Keeps what was wrong first, and with which certificate. */
static int looked_at(int good, X509_STORE_CTX *x)
{
    const SSL *ssl = X509_STORE_CTX_get_ex_data(x, SSL_get_ex_data_X509_STORE_CTX_idx());
    verdict *v = ssl ? SSL_get_app_data(ssl) : NULL;
    if (good || !v || v->error) return good;
    X509 *cert = X509_STORE_CTX_get_current_cert(x);
    v->error = X509_STORE_CTX_get_error(x);
    v->depth = X509_STORE_CTX_get_error_depth(x);
    if (!cert) return good;
    char when[32], text[160];
    text_of(X509_get_subject_name(cert), v->subject, sizeof v->subject);
    switch (v->error) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
        time_of(X509_get0_notAfter(cert), when);
        snprintf(v->detail, sizeof v->detail, "; it was good until %s", when);
        break;
    case X509_V_ERR_CERT_NOT_YET_VALID:
        time_of(X509_get0_notBefore(cert), when);
        snprintf(v->detail, sizeof v->detail, "; it is good from %s on", when);
        break;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        names_text(cert, text, sizeof text);
        snprintf(v->detail, sizeof v->detail, "; it is for %s", text[0] ? text : "no host");
        break;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        text_of(X509_get_issuer_name(cert), text, sizeof text);
        snprintf(v->detail, sizeof v->detail, "; it is issued by %s", text);
        break;
    default: break;
    }
    return good;
}

/* A server takes the first of its own protocols that the client has, too. */
static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *len, const unsigned char *in, unsigned n,
                           void *ud)
{
    (void)ud;
    const verdict *v = SSL_get_app_data(ssl);
    const setup *s = v ? v->wanted : NULL;
    if (!s || !s->alpn_len) return SSL_TLSEXT_ERR_NOACK;
    for (uint32_t i = 0; i < s->alpn_len; i += 1u + s->alpn[i])
        for (unsigned k = 0; k < n; k += 1u + in[k])
            if (in[k] == s->alpn[i] && k + 1 + in[k] <= n && memcmp(in + k + 1, s->alpn + i + 1, in[k]) == 0) {
                *out = in + k + 1;
                *len = in[k];
                return SSL_TLSEXT_ERR_OK;
            }
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

static SSL_CTX *context(bool server)
{
    SSL_CTX *x = SSL_CTX_new(server ? TLS_server_method() : TLS_client_method());
    if (!x) return NULL;
    SSL_CTX_set_min_proto_version(x, TLS1_2_VERSION);
    SSL_CTX_set_options(x, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_mode(x, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_session_cache_mode(x, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(x, 0);
    if (server) SSL_CTX_set_alpn_select_cb(x, choose_protocol, NULL);
    return x;
}

static bool text_arg(const amb_arg *a) { return a->type == AMB_T_STR || a->type == AMB_T_BYTES; }

/* Passwords are for keys in files of people: here they are wrong, and nobody is asked. */
static int no_password(char *buf, int size, int writing, void *ud)
{
    (void)buf, (void)size, (void)writing, (void)ud;
    return -1;
}

/* A store of the authorities in a PEM text. */
static amb_status authorities(tlsinst *z, amb_call *c, const char *what, const amb_arg *pem, X509_STORE **out)
{
    if (!text_arg(pem)) return z->h->fail(c, AMB_E_ARG, 0, "%s: ca is a text with certificates (PEM)", what);
    X509_STORE *store = X509_STORE_new();
    BIO *b = BIO_new_mem_buf(pem->v.p, (int)pem->len);
    int count = 0;
    X509 *x;
    if (!store || !b) {
        X509_STORE_free(store);
        BIO_free(b);
        return no_memory();
    }
    while ((x = PEM_read_bio_X509(b, NULL, no_password, NULL)) != NULL) {
        count += X509_STORE_add_cert(store, x);
        X509_free(x);
    }
    BIO_free(b);
    ERR_clear_error();
    if (!count) {
        X509_STORE_free(store);
        return z->h->fail(c, AMB_E_ARG, 0, "%s: there is no certificate (PEM) in ca", what);
    }
    *out = store;
    return AMB_OK;
}

static amb_status protocols(tlsinst *z, amb_call *c, const char *what, const amb_arg *a, setup *s)
{
    const amb_arg *t = a->type == AMB_T_TREE ? a->v.p : NULL;
    s->alpn_len = 0;
    for (uint32_t i = 0; t && i < t->len; i++) {
        const amb_arg *p = &t[1 + i];
        if (t->type != AMB_T_LIST || p->type != AMB_T_STR || !p->len || p->len > 255 ||
            s->alpn_len + 1 + p->len > sizeof s->alpn)
            return z->h->fail(c, AMB_E_ARG, 0, "%s: alpn is a list of a few short names", what);
        s->alpn[s->alpn_len++] = (uint8_t)p->len;
        memcpy(s->alpn + s->alpn_len, p->v.p, p->len);
        s->alpn_len += p->len;
    }
    if (t && t->type != AMB_T_LIST) return z->h->fail(c, AMB_E_ARG, 0, "%s: alpn is a list", what);
    return AMB_OK;
}

/* --- identities --------------------------------------------------------------------- */

amb_status tls_identity(tlsinst *z, amb_call *c, const amb_arg *a, identity **out)
{
    if (!text_arg(&a[0]) || !text_arg(&a[1]))
        return z->h->fail(c, AMB_E_ARG, 0, "identity: certificate and key are texts (PEM)");
    identity *id = calloc(1, sizeof *id);
    BIO *b = BIO_new_mem_buf(a[0].v.p, (int)a[0].len), *kb = BIO_new_mem_buf(a[1].v.p, (int)a[1].len);
    X509 *x = NULL, *more;
    EVP_PKEY *key = NULL;
    amb_status st = AMB_OK;
    char why[120];
    if (!id || !b || !kb || !(id->server = context(true))) {
        st = no_memory();
    } else if (!(x = PEM_read_bio_X509(b, NULL, no_password, NULL))) {
        st = z->h->fail(c, AMB_E_ARG, 0, "identity: there is no certificate (PEM) in the first text");
    } else if (!(key = PEM_read_bio_PrivateKey(kb, NULL, no_password, NULL))) {
        st = z->h->fail(c, AMB_E_ARG, 0, "identity: there is no key without a password (PEM) in the second text");
    } else if (X509_check_private_key(x, key) != 1) {
        st = z->h->fail(c, AMB_E_ARG, 0, "identity: the key does not belong to the certificate");
    } else if (SSL_CTX_use_certificate(id->server, x) != 1 || SSL_CTX_use_PrivateKey(id->server, key) != 1) {
        tls_reason(why, sizeof why);
        st = z->h->fail(c, AMB_E_ARG, 0, "identity: %s", why);
    } else {
        text_of(X509_get_subject_name(x), id->label, sizeof id->label);
        while ((more = PEM_read_bio_X509(b, NULL, no_password, NULL)) != NULL)
            if (SSL_CTX_add0_chain_cert(id->server, more) != 1) X509_free(more);
    }
    ERR_clear_error();
    X509_free(x);
    EVP_PKEY_free(key);
    BIO_free(b);
    BIO_free(kb);
    if (st && id) {
        SSL_CTX_free(id->server);
        free(id);
    } else {
        *out = id;
    }
    return st;
}

/* --- connections -------------------------------------------------------------------- */

static bool is_address(const char *host)
{
    unsigned char any[16];
    return inet_pton(AF_INET, host, any) == 1 || inet_pton(AF_INET6, host, any) == 1;
}

/* a: conn, host, ca, alpn, identity. */
amb_status tls_client_setup(tlsinst *z, amb_call *c, const amb_arg *a, bool verified, setup *s, verdict *v)
{
    *s = (setup){.verified = verified};
    *v = (verdict){0};
    if (!a[1].len || a[1].len > 253 || memchr(a[1].v.p, 0, a[1].len))
        return z->h->fail(c, AMB_E_ARG, 0, "client: this is no name of a host");
    memcpy(s->host, a[1].v.p, a[1].len);
    amb_status st = protocols(z, c, "client", &a[3], s);
    if (st) return st;
    X509_STORE *store = NULL;
    if (a[2].type != AMB_T_NIL && (st = authorities(z, c, "client", &a[2], &store))) return st;
    if (!z->client) {
        z->client = context(false);
        if (z->client) SSL_CTX_set_default_verify_paths(z->client);
        ERR_clear_error();
    }
    s->ssl = z->client ? SSL_new(z->client) : NULL;
    bool good = s->ssl != NULL, address = is_address(s->host);
    if (good && store) good = SSL_set1_verify_cert_store(s->ssl, store) == 1;
    X509_STORE_free(store);
    if (good && !address) good = SSL_set_tlsext_host_name(s->ssl, s->host) == 1;
    if (good && verified) {
        SSL_set_hostflags(s->ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
        good = address ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(s->ssl), s->host) == 1
                       : SSL_set1_host(s->ssl, s->host) == 1;
    }
    if (good && s->alpn_len) good = SSL_set_alpn_protos(s->ssl, s->alpn, s->alpn_len) == 0;
    if (good && a[4].type == AMB_T_RES) {
        const identity *id = a[4].v.res;
        STACK_OF(X509) *chain = NULL;
        SSL_CTX_get0_chain_certs(id->server, &chain);
        good = SSL_use_certificate(s->ssl, SSL_CTX_get0_certificate(id->server)) == 1 &&
               SSL_use_PrivateKey(s->ssl, SSL_CTX_get0_privatekey(id->server)) == 1 &&
               (!chain || SSL_set1_chain(s->ssl, chain) == 1);
    }
    if (!good) {
        SSL_free(s->ssl);
        s->ssl = NULL;
        return no_memory();
    }
    SSL_set_verify(s->ssl, verified ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, looked_at);
    SSL_set_connect_state(s->ssl);
    return AMB_OK;
}

/* a: conn, identity, alpn, client_ca. */
amb_status tls_server_setup(tlsinst *z, amb_call *c, const amb_arg *a, setup *s, verdict *v)
{
    *s = (setup){.server = true};
    *v = (verdict){0};
    const identity *id = a[1].v.res;
    amb_status st = protocols(z, c, "server", &a[2], s);
    if (st) return st;
    X509_STORE *store = NULL;
    if (a[3].type != AMB_T_NIL && (st = authorities(z, c, "server", &a[3], &store))) return st;
    s->ssl = SSL_new(id->server);
    bool good = s->ssl != NULL;
    if (good && store) {
        good = SSL_set1_verify_cert_store(s->ssl, store) == 1;
        SSL_set_verify(s->ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, looked_at);
    }
    X509_STORE_free(store);
    if (!good) {
        SSL_free(s->ssl);
        s->ssl = NULL;
        return no_memory();
    }
    SSL_set_accept_state(s->ssl);
    return AMB_OK;
}
