/* SPDX-License-Identifier: MIT */
/* Streams: a reader decompresses what it reads from a lent capability, a writer compresses what it writes to one.
 *
 * Each does one operation at a time (AMB_R_SERIAL) and has at most one call of what it was lent on its way
 * (`asked`). An operation goes as far as it can; when it needs the other side it takes a ticket and asks,
 * and `answered` goes on with it. What arrives for an operation that was cancelled meanwhile stays for the
 * next one. A stream that is closed while a call is on its way is freed when that is answered. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "zlib_provider.h"

#define BUFFER (32u << 10)
#define AT_ONCE (256u << 10) /* bytes that one write takes: the program goes on between them */

enum { IDLE, READING, WRITING, FLUSHING, FINISHING };

struct zstream {
    zinst *z;
    zstream *next;
    z_stream s;
    amb_loan loan;
    int bits;
    bool writer, asked, closed;
    bool input_ended;  /* reader: nothing more comes from below */
    bool member_ended; /* reader: the end of compressed data; another may follow */
    bool done;         /* reader: all was given; writer: what is being done needs no more but `buffer` written */
    bool finished;     /* writer: the end was made */
    int doing;         /* the operation that waits */
    amb_ticket ticket; /* its */
    amb_arg arg;       /* its buffer or data */
    uint32_t taken;    /* of the data */
    amb_status broken; /* a call below has failed: so do all later operations */
    int os_errno;      /* with why: of the last failure */
    char why[160];
    int64_t in, out;   /* bytes so far */
    uint8_t *buffer;   /* reader: what came from below; writer: what goes there */
    uint32_t at, end;  /* writer: what of it is still to be written */
};

/* --- life --------------------------------------------------------------------------- */

static void release(zstream *s)
{
    for (zstream **p = &s->z->all; *p; p = &(*p)->next)
        if (*p == s) {
            *p = s->next;
            break;
        }
    if (s->writer) deflateEnd(&s->s);
    else inflateEnd(&s->s);
    free(s->buffer);
    free(s);
}

void z_close(void *inst, void *res)
{
    (void)inst;
    zstream *s = res;
    s->closed = true;
    s->doing = IDLE;
    if (!s->asked) release(s);
}

void z_free_all(zinst *z)
{
    while (z->all) release(z->all);
}

static amb_status make(zinst *z, amb_call *c, bool writer, const amb_arg *a, amb_arg *ret)
{
    const char *what = writer ? "writer" : "reader";
    int bits, level = 0;
    amb_status st = z_format(z, c, what, &a[1], !writer, &bits);
    if (!st && writer) st = z_level(z, c, what, &a[2], &level);
    if (st) return st;
    zstream *s = calloc(1, sizeof *s);
    if (!s || !(s->buffer = malloc(BUFFER))) {
        free(s);
        return AMB_E_NOMEM;
    }
    s->writer = writer;
    s->z = z;
    s->bits = bits;
    s->loan = a[0].v.loan;
    int made = writer ? deflateInit2(&s->s, level, Z_DEFLATED, bits, 8, Z_DEFAULT_STRATEGY)
                      : inflateInit2(&s->s, bits);
    if (made != Z_OK) {
        free(s->buffer);
        free(s);
        return AMB_E_NOMEM;
    }
    s->next = z->all;
    z->all = s;
    st = z->h->res_new(c, writer ? RES_WRITER : RES_READER, s, ~(amb_rights)0, NULL, ret, NULL);
    if (st) release(s);
    return st;
}
Z_OP(z_reader_new) { return (void)self, (void)n, make(inst, c, false, a, ret); }
Z_OP(z_writer_new) { return (void)self, (void)n, make(inst, c, true, a, ret); }

/* --- one operation ------------------------------------------------------------------ */

/* Each goes on until it is answered or needs the other side: AMB_PENDING. */

static amb_status notes(zstream *s, amb_status st, int os_errno, const char *why)
{
    snprintf(s->why, sizeof s->why, "%s", why);
    s->os_errno = os_errno;
    return st;
}

static amb_status damaged(zstream *s, int st)
{
    char why[120];
    switch (st) {
    case Z_MEM_ERROR: return notes(s, AMB_E_NOMEM, 0, "");
    case Z_BUF_ERROR: return notes(s, AMB_E_EOF, 0, "read: the compressed data ends too early");
    case Z_STREAM_END: return notes(s, AMB_E_IO, EBADMSG, "read: something else follows the compressed data");
    default:
        snprintf(why, sizeof why, "read: the compressed data is damaged: %s",
                 s->s.msg ? s->s.msg : "it needs a dictionary");
        return notes(s, AMB_E_IO, EBADMSG, why);
    }
}

static amb_status step_read(zstream *s, amb_arg *ret)
{
    z_stream *k = &s->s;
    k->next_out = s->arg.v.w;
    k->avail_out = s->arg.len;
    while (!s->done && k->avail_out) {
        bool nothing = k->avail_out == s->arg.len;
        int st = Z_STREAM_END;
        if (!k->avail_in && !s->input_ended) {
            if (!nothing) break;
            return AMB_PENDING;
        }
        if (s->member_ended) {
            s->member_ended = !z_next_member(k, s->bits);
            if (s->member_ended) {
                if (!k->avail_in) s->done = s->input_ended;
                else if (nothing) return damaged(s, st);
                else break;
                continue;
            }
        }
        st = inflate(k, Z_NO_FLUSH);
        s->member_ended = st == Z_STREAM_END;
        if (st == Z_OK || st == Z_STREAM_END || (st == Z_BUF_ERROR && !s->input_ended)) continue;
        /* What is good is given first; the next call finds the same error. */
        if (k->avail_out == s->arg.len) return damaged(s, st);
        break;
    }
    s->out += s->arg.len - k->avail_out;
    *ret = (amb_arg){.type = AMB_T_I64, .v.i = s->arg.len - k->avail_out};
    return AMB_OK;
}

static amb_status step_write(zstream *s, amb_arg *ret)
{
    static const int modes[] = {[WRITING] = Z_NO_FLUSH, [FLUSHING] = Z_SYNC_FLUSH, [FINISHING] = Z_FINISH};
    z_stream *k = &s->s;
    for (;;) {
        if (s->at < s->end) return AMB_PENDING;
        s->at = s->end = 0;
        if (s->done) break;
        k->next_in = s->doing == WRITING ? (Bytef *)s->arg.v.p + s->taken : NULL;
        k->avail_in = s->doing == WRITING ? s->arg.len - s->taken : 0;
        k->next_out = s->buffer;
        k->avail_out = BUFFER;
        int st = deflate(k, modes[s->doing]);
        if (s->doing == WRITING) {
            s->in += s->arg.len - s->taken - k->avail_in;
            s->taken = s->arg.len - k->avail_in;
        }
        s->end = BUFFER - k->avail_out;
        if (s->doing == FINISHING) s->done = s->finished = st == Z_STREAM_END;
        else s->done = !k->avail_in && k->avail_out;
    }
    if (s->doing == WRITING) *ret = (amb_arg){.type = AMB_T_I64, .v.i = s->taken};
    return AMB_OK;
}

static amb_status step(zstream *s, amb_arg *ret)
{
    if (s->broken) return s->broken;
    return s->writer ? step_write(s, ret) : step_read(s, ret);
}

static amb_status concludes(zstream *s, amb_call *c, amb_status st)
{
    s->doing = IDLE;
    return st < 0 && s->why[0] ? s->z->h->fail(c, st, s->os_errno, "%s", s->why) : st;
}

/* --- what is lent ------------------------------------------------------------------- */

/* A call of what was lent has failed. */
static void breaks(zstream *s, amb_status st, const amb_arg *said)
{
    char why[160];
    if (said && said->type == AMB_T_STR) {
        snprintf(why, sizeof why, "%.*s", (int)said->len, (const char *)said->v.p);
        s->broken = notes(s, st, said->aux, why);
    } else if (st == AMB_E_STALE || st == AMB_E_CANCELED) {
        s->broken = notes(s, AMB_E_IO, EPIPE, "what was lent for this has been closed");
    } else if (st == AMB_E_RIGHTS) {
        s->broken = notes(s, st, 0, s->writer ? "write: what was lent for this may not be written"
                                              : "read: what was lent for this may not be read");
    } else {
        s->broken = notes(s, st, 0, "");
    }
}

static amb_status ask(zstream *s);

static void answered(void *ud, amb_status st, const amb_arg *ret)
{
    zstream *s = ud;
    const amb_host *h = s->z->h;
    s->asked = false;
    if (s->closed) {
        release(s);
        return;
    }
    int64_t n = st == AMB_OK && ret->type == AMB_T_I64 ? ret->v.i : -1;
    if (st != AMB_OK) {
        breaks(s, st, ret);
    } else if (s->writer) {
        if (n > 0 && n <= s->end - s->at) s->at += (uint32_t)n, s->out += n;
    } else if (n >= 0 && n <= (int64_t)BUFFER) {
        s->input_ended = n == 0;
        s->in += n;
        s->s.next_in = s->buffer;
        s->s.avail_in = (uInt)n;
    }
    if (s->doing == IDLE) return;
    amb_arg out = {.type = AMB_T_NIL};
    st = step(s, &out);
    if (st == AMB_PENDING && (st = ask(s)) == AMB_OK) return;
    amb_call *c = h->reply_open(s->z->hctx, s->ticket);
    if (c) h->reply(c, concludes(s, c, st), &out);
    else s->doing = IDLE;
}

static amb_status ask(zstream *s)
{
    amb_arg buf = {.type = AMB_T_BUF, .flags = AMB_P_OUT, .len = BUFFER, .v.w = s->buffer};
    if (s->writer)
        buf = (amb_arg){.type = AMB_T_BUF, .flags = AMB_P_IN, .len = s->end - s->at, .v.w = s->buffer + s->at};
    if (s->asked) return AMB_OK;
    amb_status st = s->z->h->invoke(s->z->hctx, s->ticket, s->loan, s->writer ? AMB_ORD_WRITE : AMB_ORD_READ,
                                    &buf, 1, answered, s);
    s->asked = st == AMB_OK;
    return st;
}

/* --- operations --------------------------------------------------------------------- */

static amb_status begin(zstream *s, amb_call *c, int doing, const amb_arg *a, amb_arg *ret)
{
    const amb_host *h = s->z->h;
    if (s->doing != IDLE) return h->fail(c, AMB_E_BUSY, 0, "another task does that already");
    s->doing = doing;
    s->arg = a ? *a : (amb_arg){.type = AMB_T_NIL};
    s->taken = 0;
    if (!s->broken) s->why[0] = 0;
    if (s->writer) s->done = s->finished;
    amb_status st = step(s, ret);
    if (st != AMB_PENDING) return concludes(s, c, st);
    s->ticket = h->pend(c);
    if (!s->ticket) {
        s->doing = IDLE;
        return h->fail(c, AMB_E_NOSYS, 0, "cannot wait here");
    }
    st = ask(s);
    if (st == AMB_OK) return AMB_PENDING;
    s->doing = IDLE;
    return st;
}

Z_OP(z_read) { return (void)inst, (void)n, begin(self, c, READING, &a[0], ret); }

Z_OP(z_write)
{
    (void)n;
    zinst *z = inst;
    zstream *s = self;
    amb_arg some = a[0];
    if (s->finished || s->doing == FINISHING)
        return z->h->fail(c, AMB_E_STALE, 0, "write: the end of the compressed data was written");
    if (some.len > AT_ONCE) some.len = AT_ONCE;
    return begin(s, c, WRITING, &some, ret);
}

Z_OP(z_flush) { return (void)inst, (void)a, (void)n, begin(self, c, FLUSHING, NULL, ret); }
Z_OP(z_finish) { return (void)inst, (void)a, (void)n, begin(self, c, FINISHING, NULL, ret); }

Z_OP(z_count)
{
    (void)a, (void)n;
    const zstream *s = self;
    amb_arg *t = ((zinst *)inst)->h->alloc(c, 5 * sizeof *t);
    if (!t) return AMB_E_NOMEM;
    t[0] = (amb_arg){.type = AMB_T_TUPLE, .flags = AMB_A_NAMED, .len = 2};
    t[1] = (amb_arg){.type = AMB_T_STR, .len = 2, .v.p = "in"};
    t[2] = (amb_arg){.type = AMB_T_I64, .v.i = s->in};
    t[3] = (amb_arg){.type = AMB_T_STR, .len = 3, .v.p = "out"};
    t[4] = (amb_arg){.type = AMB_T_I64, .v.i = s->out};
    *ret = (amb_arg){.type = AMB_T_TREE, .len = 5, .v.p = t};
    return AMB_OK;
}

void z_cancel(void *inst, amb_ticket t)
{
    zinst *z = inst;
    zstream *s = z->all;
    while (s && (s->doing == IDLE || s->ticket != t)) s = s->next;
    if (!s) return;
    /* How much of the data went into the compressed one nobody can be told any more. */
    if (s->doing == WRITING && !s->broken)
        s->broken = notes(s, AMB_E_IO, 0, "write: an earlier one was cancelled, what was written is not whole");
    s->doing = IDLE;
    amb_call *c = z->h->reply_open(z->hctx, t);
    if (c) z->h->reply(c, AMB_E_CANCELED, &(amb_arg){.type = AMB_T_NIL});
}
