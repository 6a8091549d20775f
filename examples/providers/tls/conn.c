/* SPDX-License-Identifier: MIT */
/* Connections: OpenSSL between two pieces of memory, and the lent connection that what is in them comes from and goes to.
 *
 * Everything happens on the home thread and nothing waits there. `pump` lets each operation that waits go as far as
 * it can, then sends what OpenSSL wants to send, and asks for more when it wants more; at most one read and one write of the
 * lent connection are on their way. The answer to a write comes when all of it was taken below, so that a slow
 * reader slows the writer. A connection that nobody closes still says goodbye (close_notify), if nothing else is being
 * sent. */
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tls_provider.h"

#define PIECE (17u << 10) /* a record and its head */

typedef struct waits {
    amb_ticket t; /* 0: nobody */
    amb_arg arg;
    uint32_t done; /* write: bytes that OpenSSL has */
} waits;

typedef struct tconn {
    tlsinst *z;
    struct tconn *next;
    setup s;
    verdict v;
    BIO *in, *out;
    amb_loan loan;
    waits hand, rd, wr, end; /* the handshake, reading, writing, shutdown */
    bool established, closed, pumping;
    bool reading, writing; /* calls below on their way */
    bool input_ended, said_goodbye;
    bool cut; /* what was lent cannot be written any more */
    uint32_t at, len; /* of `outgoing` */
    amb_status broken; /* nothing goes any more */
    int os_errno;
    char why[720];
    uint8_t incoming[PIECE], outgoing[PIECE];
} tconn;

static void pump(tconn *k);

/* --- life --------------------------------------------------------------------------- */

static void release(tconn *k)
{
    for (tconn **p = &k->z->all; *p; p = &(*p)->next)
        if (*p == k) {
            *p = k->next;
            break;
        }
    SSL_free(k->s.ssl);
    free(k);
}

static void release_when_quiet(tconn *k)
{
    if (k->closed && !k->reading && !k->writing && !k->pumping) release(k);
}

static void said(void *ud, amb_status st, const amb_arg *ret)
{
    (void)st, (void)ret;
    free(ud);
}

/* What is left to say as the last thing: nobody waits for it. */
static void last_words(tconn *k)
{
    int n = BIO_pending(k->out);
    uint8_t *copy = n > 0 && !k->writing ? malloc((size_t)n) : NULL;
    if (!copy) return;
    n = BIO_read(k->out, copy, n);
    amb_arg a = {.type = AMB_T_BUF, .flags = AMB_P_IN, .len = n > 0 ? (uint32_t)n : 0, .v.w = copy};
    if (n <= 0 || k->z->h->invoke(k->z->hctx, 0, k->loan, AMB_ORD_WRITE, &a, 1, said, copy) != AMB_OK) free(copy);
}

void tls_conn_close(void *inst, void *res)
{
    (void)inst;
    tconn *k = res;
    k->rd.t = k->wr.t = k->end.t = 0;
    if (k->established && !k->broken && !k->said_goodbye) {
        ERR_clear_error();
        SSL_shutdown(k->s.ssl);
        last_words(k);
    }
    k->closed = true;
    release_when_quiet(k);
}

void tls_free_all(tlsinst *z)
{
    while (z->all) release(z->all);
}

/* --- errors ------------------------------------------------------------------------- */

static void breaks(tconn *k, amb_status st, int os_errno, const char *fmt, const char *text)
{
    if (k->broken) return;
    k->why[0] = 0;
    k->broken = st;
    k->os_errno = os_errno;
    snprintf(k->why, sizeof k->why, fmt, text);
}

/* A call of what was lent has failed. */
static void below_fails(tconn *k, amb_status st, const amb_arg *ret, const char *what)
{
    char text[200];
    k->cut = true;
    if (ret && ret->type == AMB_T_STR) {
        snprintf(text, sizeof text, "%.*s", (int)(ret->len < 180 ? ret->len : 180), (const char *)ret->v.p);
        breaks(k, st, ret->aux, "%s", text);
    } else if (st == AMB_E_STALE || st == AMB_E_CANCELED) {
        breaks(k, AMB_E_IO, EPIPE, "%s", "the connection beneath has been closed");
    } else if (st == AMB_E_NOSYS || st == AMB_E_RIGHTS) {
        breaks(k, st == AMB_E_NOSYS ? AMB_E_ARG : st, 0, "the connection beneath cannot be %s", what);
    } else {
        breaks(k, st, 0, "%s", "");
    }
}

/* OpenSSL has failed; what it still sends is the reason, for the other side. */
static void tls_fails(tconn *k, const char *what)
{
    char reason[120], text[700];
    bool certificate = k->v.error != 0 && !k->established;
    tls_reason(reason, sizeof reason);
    if (certificate) {
        snprintf(text, sizeof text, "%s: the certificate of %s is not accepted: %s (%s%s)", what,
                 k->s.server ? "the client" : k->s.host, X509_verify_cert_error_string(k->v.error), k->v.subject, k->v.detail);
        breaks(k, AMB_E_IO, EKEYREJECTED, "%s", text);
    } else if (k->input_ended) {
        snprintf(text, sizeof text, "%s: the connection ended in the middle", what);
        breaks(k, AMB_E_EOF, 0, "%s", text);
    } else {
        snprintf(text, sizeof text, "%s: %s", what, reason);
        breaks(k, AMB_E_IO, EPROTO, "%s", text);
    }
}

/* --- answers ------------------------------------------------------------------------ */

static amb_status failure(const tconn *k, amb_call *c)
{
    return k->why[0] ? k->z->h->fail(c, k->broken, k->os_errno, "%s", k->why) : k->broken;
}

static void answer(tconn *k, waits *w, amb_status st, amb_arg ret)
{
    const amb_host *h = k->z->h;
    amb_call *c = w->t ? h->reply_open(k->z->hctx, w->t) : NULL;
    w->t = 0;
    if (!c) return;
    if (st) st = st == k->broken ? failure(k, c) : st;
    h->reply(c, st, &ret);
}

static const amb_arg nil = {.type = AMB_T_NIL};

/* The handshake is done, or will never be: the connection becomes a resource, or ends. */
static void answer_handshake(tconn *k)
{
    const amb_host *h = k->z->h;
    amb_call *c = h->reply_open(k->z->hctx, k->hand.t);
    k->hand.t = 0;
    amb_arg ret = nil;
    amb_status st = AMB_E_CANCELED;
    if (c) {
        st = k->broken ? failure(k, c)
                       : h->res_new(c, RES_CONN, k, ~(amb_rights)0, k->s.server ? "client" : k->s.host, &ret, NULL);
        k->established = st == AMB_OK;
        h->reply(c, st, &ret);
    }
    if (st) k->closed = true;
}

/* --- going on ----------------------------------------------------------------------- */

static bool drained(const tconn *k) { return !k->writing && k->at == k->len && !BIO_pending(k->out); }

static void read_done(void *ud, amb_status st, const amb_arg *ret)
{
    tconn *k = ud;
    k->reading = false;
    if (st != AMB_OK) below_fails(k, st, ret, "read");
    else if (ret->type == AMB_T_I64 && ret->v.i > 0 && ret->v.i <= (int64_t)PIECE) BIO_write(k->in, k->incoming, (int)ret->v.i);
    else k->input_ended = true;
    pump(k);
}

static void write_done(void *ud, amb_status st, const amb_arg *ret)
{
    tconn *k = ud;
    k->writing = false;
    if (st != AMB_OK) below_fails(k, st, ret, "written");
    else if (ret->type == AMB_T_I64 && ret->v.i > 0 && ret->v.i <= k->len - k->at) k->at += (uint32_t)ret->v.i;
    pump(k);
}

static void send_on(tconn *k)
{
    if (k->writing || k->cut) return;
    if (k->at == k->len) {
        int n = BIO_read(k->out, k->outgoing, PIECE);
        k->at = 0;
        k->len = n > 0 ? (uint32_t)n : 0;
    }
    if (k->at == k->len) return;
    amb_arg a = {.type = AMB_T_BUF, .flags = AMB_P_IN, .len = k->len - k->at, .v.w = k->outgoing + k->at};
    amb_status st = k->z->h->invoke(k->z->hctx, 0, k->loan, AMB_ORD_WRITE, &a, 1, write_done, k);
    k->writing = st == AMB_OK;
    k->cut |= st != AMB_OK;
    if (st) breaks(k, st, 0, "%s", "");
}

static void ask_for_more(tconn *k)
{
    if (k->reading || k->input_ended || k->broken) return;
    amb_arg a = {.type = AMB_T_BUF, .flags = AMB_P_OUT, .len = PIECE, .v.w = k->incoming};
    amb_status st = k->z->h->invoke(k->z->hctx, 0, k->loan, AMB_ORD_READ, &a, 1, read_done, k);
    k->reading = st == AMB_OK;
    if (st) breaks(k, st, 0, "%s", "");
}

/* What SSL_* gave: true: it wants more from the other side; else that has failed, or there never is more. */
static bool wants_more(tconn *k, int got, const char *what)
{
    int e = SSL_get_error(k->s.ssl, got);
    if (e == SSL_ERROR_WANT_READ && !k->input_ended) return true;
    tls_fails(k, what);
    return false;
}

static void shake_hands(tconn *k, bool *more)
{
    if (!SSL_is_init_finished(k->s.ssl)) {
        ERR_clear_error();
        int got = SSL_do_handshake(k->s.ssl);
        if (got != 1) *more |= wants_more(k, got, k->s.server ? "server" : "client");
    }
}

static void read_some(tconn *k, bool *more)
{
    ERR_clear_error();
    int got = SSL_read(k->s.ssl, k->rd.arg.v.w, (int)(k->rd.arg.len < INT32_MAX ? k->rd.arg.len : INT32_MAX));
    if (got > 0 || !k->rd.arg.len) {
        answer(k, &k->rd, AMB_OK, (amb_arg){.type = AMB_T_I64, .v.i = got > 0 ? got : 0});
    } else if (SSL_get_error(k->s.ssl, got) == SSL_ERROR_ZERO_RETURN) {
        answer(k, &k->rd, AMB_OK, (amb_arg){.type = AMB_T_I64, .v.i = 0});
    } else if (SSL_get_error(k->s.ssl, got) == SSL_ERROR_WANT_READ && k->input_ended) {
        breaks(k, AMB_E_EOF, 0, "%s", "read: the connection ended without a goodbye (close_notify): something may be missing");
    } else {
        *more |= wants_more(k, got, "read");
    }
}

static void write_some(tconn *k, bool *more)
{
    while (!k->broken && k->wr.done < k->wr.arg.len) {
        ERR_clear_error();
        int got = SSL_write(k->s.ssl, (const char *)k->wr.arg.v.p + k->wr.done, (int)(k->wr.arg.len - k->wr.done));
        if (got <= 0) {
            *more |= wants_more(k, got, "write");
            return;
        }
        k->wr.done += (uint32_t)got;
    }
}

static void pump(tconn *k)
{
    bool more = false;
    if (k->pumping) return;
    k->pumping = true;
    if (!k->closed) {
        if (k->hand.t && !k->broken) shake_hands(k, &more);
        if (k->rd.t && !k->broken) read_some(k, &more);
        if (k->wr.t && !k->broken) write_some(k, &more);
        if (k->end.t && !k->broken && !k->said_goodbye) {
            ERR_clear_error();
            SSL_shutdown(k->s.ssl);
            k->said_goodbye = true;
        }
        send_on(k);
        if (more) ask_for_more(k);
        bool telling = k->broken && !k->cut && !drained(k); /* the other side, why */
        if (k->broken && !telling) {
            if (k->hand.t) answer_handshake(k);
            answer(k, &k->rd, k->broken, nil);
            answer(k, &k->wr, k->broken, nil);
            answer(k, &k->end, k->broken, nil);
        } else if (!k->broken && drained(k)) {
            if (k->hand.t && SSL_is_init_finished(k->s.ssl)) answer_handshake(k);
            if (k->wr.t && k->wr.done == k->wr.arg.len)
                answer(k, &k->wr, AMB_OK, (amb_arg){.type = AMB_T_I64, .v.i = k->wr.done});
            if (k->end.t) answer(k, &k->end, AMB_OK, nil);
        }
    }
    k->pumping = false;
    release_when_quiet(k);
}

/* --- operations --------------------------------------------------------------------- */

static amb_status begin(tlsinst *z, amb_call *c, const amb_arg *a, tconn *k)
{
    const amb_host *h = z->h;
    k->z = z;
    k->loan = a[0].v.loan;
    k->v.wanted = &k->s;
    SSL_set_app_data(k->s.ssl, &k->v);
    k->in = BIO_new(BIO_s_mem());
    k->out = BIO_new(BIO_s_mem());
    if (!k->in || !k->out) {
        BIO_free(k->in);
        BIO_free(k->out);
        SSL_free(k->s.ssl);
        free(k);
        ERR_clear_error();
        return AMB_E_NOMEM;
    }
    BIO_set_mem_eof_return(k->in, -1); /* empty means: wait */
    BIO_set_mem_eof_return(k->out, -1);
    SSL_set_bio(k->s.ssl, k->in, k->out);
    k->next = z->all;
    z->all = k;
    k->hand.t = h->pend(c);
    if (!k->hand.t) {
        release(k);
        return h->fail(c, AMB_E_NOSYS, 0, "cannot wait here");
    }
    pump(k);
    return AMB_PENDING;
}

static amb_status client(tlsinst *z, amb_call *c, const amb_arg *a, bool verified)
{
    tconn *k = calloc(1, sizeof *k);
    if (!k) return AMB_E_NOMEM;
    amb_status st = tls_client_setup(z, c, a, verified, &k->s, &k->v);
    if (st == AMB_OK) return begin(z, c, a, k);
    free(k);
    return st;
}
TLS_OP(tls_client) { return (void)self, (void)n, (void)ret, client(inst, c, a, true); }
TLS_OP(tls_client_insecure) { return (void)self, (void)n, (void)ret, client(inst, c, a, false); }
TLS_OP(tls_server)
{
    (void)self, (void)n, (void)ret;
    tconn *k = calloc(1, sizeof *k);
    if (!k) return AMB_E_NOMEM;
    amb_status st = tls_server_setup(inst, c, a, &k->s, &k->v);
    if (st == AMB_OK) return begin(inst, c, a, k);
    free(k);
    return st;
}

static amb_status wait_for(tconn *k, amb_call *c, waits *w, const amb_arg *a)
{
    const amb_host *h = k->z->h;
    if (w->t) return h->fail(c, AMB_E_BUSY, 0, "another task does that already");
    if (k->broken) return failure(k, c);
    w->t = h->pend(c);
    if (!w->t) return h->fail(c, AMB_E_NOSYS, 0, "cannot wait here");
    w->arg = a ? *a : nil;
    w->done = 0;
    pump(k);
    return AMB_PENDING;
}

TLS_OP(tls_read)
{
    (void)inst, (void)n;
    tconn *k = self;
    if (!k->rd.t && !k->broken && a[0].len && SSL_pending(k->s.ssl)) {
        ERR_clear_error();
        int got = SSL_read(k->s.ssl, a[0].v.w, (int)(a[0].len < INT32_MAX ? a[0].len : INT32_MAX));
        if (got > 0) {
            *ret = (amb_arg){.type = AMB_T_I64, .v.i = got};
            return AMB_OK;
        }
    }
    return wait_for(k, c, &k->rd, &a[0]);
}
TLS_OP(tls_write)
{
    (void)inst, (void)n, (void)ret;
    tconn *k = self;
    amb_arg some = a[0];
    if (some.len > 64 << 10) some.len = 64 << 10; /* the rest comes in another call */
    if (k->said_goodbye) return k->z->h->fail(c, AMB_E_STALE, 0, "write: this side has been shut down");
    return wait_for(k, c, &k->wr, &some);
}
TLS_OP(tls_shutdown) { return (void)inst, (void)a, (void)n, (void)ret, wait_for(self, c, &((tconn *)self)->end, NULL); }

/* Says goodbye and waits until that is sent; not when the other side does not even take what was sent before. */
TLS_OP(tls_close)
{
    (void)inst, (void)a, (void)n, (void)ret;
    tconn *k = self;
    if (k->broken || k->said_goodbye || k->end.t || k->wr.t || !drained(k)) return AMB_OK;
    return wait_for(k, c, &k->end, NULL);
}

void tls_cancel(void *inst, amb_ticket t)
{
    tlsinst *z = inst;
    for (tconn *k = z->all; k; k = k->next) {
        waits *w = k->hand.t == t ? &k->hand : k->rd.t == t ? &k->rd : k->wr.t == t ? &k->wr : k->end.t == t ? &k->end : NULL;
        if (!w || !t) continue;
        bool hand = w == &k->hand;
        /* Half a piece of data cannot be taken back. */
        if (w == &k->wr && w->done < w->arg.len)
            breaks(k, AMB_E_IO, 0, "%s", "write: an earlier one was cancelled, what was written is not whole");
        answer(k, w, AMB_E_CANCELED, nil);
        if (hand) {
            k->closed = true;
            release_when_quiet(k);
        }
        return;
    }
}

TLS_OP(tls_info)
{
    (void)a, (void)n;
    const tconn *k = self;
    const amb_host *h = ((tlsinst *)inst)->h;
    const unsigned char *alpn;
    unsigned len;
    SSL_get0_alpn_selected(k->s.ssl, &alpn, &len);
    const char *sni = k->s.server ? SSL_get_servername(k->s.ssl, TLSEXT_NAMETYPE_host_name) : k->s.host;
    const char *said[] = {"version", SSL_get_version(k->s.ssl), "cipher", SSL_get_cipher_name(k->s.ssl), "host", sni};
    amb_arg *t = h->alloc(c, 11 * sizeof *t), *at = t;
    char *copy = h->alloc(c, len + 1u), *name = sni ? h->alloc(c, strlen(sni) + 1) : NULL;
    if (!t || !copy || (sni && !name)) return AMB_E_NOMEM;
    *at++ = (amb_arg){.type = AMB_T_TUPLE, .flags = AMB_A_NAMED, .len = 5};
    for (int i = 0; i < 6; i += 2) {
        const char *text = said[i + 1];
        if (i == 4 && sni) text = strcpy(name, sni);
        *at++ = (amb_arg){.type = AMB_T_STR, .len = (uint32_t)strlen(said[i]), .v.p = said[i]};
        *at++ = text ? (amb_arg){.type = AMB_T_STR, .len = (uint32_t)strlen(text), .v.p = text} : nil;
    }
    if (len) memcpy(copy, alpn, len);
    *at++ = (amb_arg){.type = AMB_T_STR, .len = 4, .v.p = "alpn"};
    *at++ = len ? (amb_arg){.type = AMB_T_STR, .len = len, .v.p = copy} : nil;
    *at++ = (amb_arg){.type = AMB_T_STR, .len = 8, .v.p = "verified"};
    *at++ = (amb_arg){.type = AMB_T_BOOL, .v.i = (SSL_get_verify_mode(k->s.ssl) & SSL_VERIFY_PEER) &&
                                                  SSL_get_verify_result(k->s.ssl) == X509_V_OK};
    *ret = (amb_arg){.type = AMB_T_TREE, .len = 11, .v.p = t};
    return AMB_OK;
}

TLS_OP(tls_peer)
{
    (void)a, (void)n;
    X509 *x = SSL_get0_peer_certificate(((tconn *)self)->s.ssl);
    return x ? tls_certificate(inst, c, x, ret) : AMB_OK;
}
