/* SPDX-License-Identifier: MIT */
/* zlib for Ambit: the table of the module, and its functions that take bytes and give bytes.
 *
 * It is a pure module: it has no authority of its own. What reads and writes is what a script lends it (stream.c),
 * so that importing it grants nothing. Small data is handled at once; with more of it the kernel may move the
 * work to a thread, while other tasks go on. */
#include <stdlib.h>
#include <string.h>

#include "zlib_provider.h"

#define MAX_DEFAULT (64 << 20) /* bytes that come out, unless the script allows more */
#define AT_HOME (64u << 10)    /* what is handled without a thread */

/* --- arguments ---------------------------------------------------------------------- */

static const struct {
    const char *name;
    int bits;
} formats[] = {{"gzip", 15 + 16}, {"zlib", 15}, {"raw", -15}, {"auto", 15 + 32}};

int z_format(const zinst *z, amb_call *c, const char *what, const amb_arg *a, bool reads, int *bits)
{
    *bits = reads ? Z_AUTO : Z_GZIP;
    if (a->type == AMB_T_NIL) return AMB_OK;
    for (size_t i = 0; i < (reads ? 4 : 3); i++)
        if (strlen(formats[i].name) == a->len && memcmp(formats[i].name, a->v.p, a->len) == 0) {
            *bits = formats[i].bits;
            return AMB_OK;
        }
    return z->h->fail(c, AMB_E_ARG, 0, "%s: format is \"gzip\", \"zlib\"%s", what,
                      reads ? ", \"raw\" or \"auto\"" : " or \"raw\"");
}

int z_level(const zinst *z, amb_call *c, const char *what, const amb_arg *a, int *level)
{
    *level = Z_DEFAULT_COMPRESSION;
    if (a->type == AMB_T_NIL) return AMB_OK;
    if (a->v.i < 0 || a->v.i > 9) return z->h->fail(c, AMB_E_ARG, 0, "%s: level is 0 to 9", what);
    *level = (int)a->v.i;
    return AMB_OK;
}

/* AMB_T_ANY stands for more than what can be compressed. */
static int data(const zinst *z, amb_call *c, const char *what, const amb_arg *a)
{
    if (a->type == AMB_T_STR || a->type == AMB_T_BYTES) return AMB_OK;
    return z->h->fail(c, AMB_E_ARG, 0, "%s: data is a string or bytes", what);
}

/* --- whole pieces of data ----------------------------------------------------------- */

static amb_status compress_all(void *inst, amb_call *c, const amb_arg *a, int bits, const char *what,
                               amb_arg *ret)
{
    zinst *z = inst;
    int level;
    amb_status st = data(z, c, what, &a[0]);
    if (!st) st = z_level(z, c, what, &a[1], &level);
    if (st) return st;
    if (a[0].len > AT_HOME && !z->h->may_block(c)) return AMB_WOULD_BLOCK;
    z_stream s = {0};
    if (deflateInit2(&s, level, Z_DEFLATED, bits, 8, Z_DEFAULT_STRATEGY) != Z_OK) return AMB_E_NOMEM;
    uLong room = deflateBound(&s, a[0].len);
    uint8_t *out = room <= UINT32_MAX ? z->h->alloc(c, room + 1) : NULL;
    if (!out) {
        deflateEnd(&s);
        return AMB_E_NOMEM;
    }
    s.next_in = (Bytef *)a[0].v.p;
    s.avail_in = a[0].len;
    s.next_out = out;
    s.avail_out = (uInt)room;
    int end = deflate(&s, Z_FINISH);
    uLong made = s.total_out;
    deflateEnd(&s);
    if (end != Z_STREAM_END || made > AMB_TRANSFER_MAX)
        return z->h->fail(c, AMB_E_IO, EFBIG, "%s: the data is too long for one piece", what);
    *ret = (amb_arg){.type = AMB_T_BYTES, .len = (uint32_t)made, .v.p = out};
    return AMB_OK;
}

/* Inflates what is there into a buffer that grows up to `max`. */
static int inflate_all(const zinst *z, amb_call *c, z_stream *s, int bits, uint32_t max, uint8_t **out, size_t *n)
{
    size_t room = 0;
    amb_ticket t = z->h->ticket(c);
    for (;;) {
        if (*n == room) {
            size_t more = room ? room * 2 : 4096;
            if (more > (size_t)max + 1) more = (size_t)max + 1; /* one more byte shows that it is too much */
            if (more == room) return Z_BUF_ERROR;
            uint8_t *p = realloc(*out, more);
            if (!p) return Z_MEM_ERROR;
            *out = p;
            room = more;
        }
        s->next_out = *out + *n;
        s->avail_out = (uInt)(room - *n < 1u << 20 ? room - *n : 1u << 20);
        uInt before = s->avail_out;
        int st = inflate(s, Z_NO_FLUSH);
        *n += before - s->avail_out;
        if (*n > max) return Z_BUF_ERROR;
        if (st == Z_STREAM_END && z_next_member(s, bits)) continue;
        if (st == Z_STREAM_END) return s->avail_in ? Z_VERSION_ERROR : Z_OK;
        if (st == Z_BUF_ERROR && s->avail_out) return Z_STREAM_END; /* wants more than there is */
        if (st != Z_OK && st != Z_BUF_ERROR) return st;
        if (z->h->canceled(z->hctx, t)) return Z_ERRNO;
    }
}

bool z_next_member(z_stream *s, int bits)
{
    if (bits != Z_GZIP && bits != Z_AUTO) return false;
    while (s->avail_in && !*s->next_in) s->next_in++, s->avail_in--; /* tapes are filled up with zeros */
    return s->avail_in && *s->next_in == 0x1f && inflateReset2(s, Z_GZIP) == Z_OK;
}

static amb_status decompress_all(void *inst, amb_call *c, const amb_arg *a, int bits, const char *what,
                                 amb_arg *ret)
{
    zinst *z = inst;
    uint32_t max = MAX_DEFAULT;
    if (a[1].type != AMB_T_NIL) {
        if (a[1].v.i < 0) return z->h->fail(c, AMB_E_ARG, 0, "%s: max is negative", what);
        max = a[1].v.i < AMB_TRANSFER_MAX ? (uint32_t)a[1].v.i : AMB_TRANSFER_MAX;
    }
    /* Little can become much, so the size of what comes in does not tell. */
    if (a[0].len > AT_HOME / 16 && !z->h->may_block(c)) return AMB_WOULD_BLOCK;
    z_stream s = {.next_in = (Bytef *)a[0].v.p, .avail_in = a[0].len};
    if (inflateInit2(&s, bits) != Z_OK) return AMB_E_NOMEM;
    uint8_t *out = NULL;
    size_t n = 0;
    int end = inflate_all(z, c, &s, bits, max, &out, &n);
    const char *why = s.msg ? s.msg : end == Z_NEED_DICT ? "it needs a dictionary" : "it is not compressed so";
    amb_status st;
    switch (end) {
    case Z_OK: {
        uint8_t *copy = z->h->alloc(c, n + 1);
        st = copy ? AMB_OK : AMB_E_NOMEM;
        if (copy && n) memcpy(copy, out, n);
        *ret = (amb_arg){.type = AMB_T_BYTES, .len = (uint32_t)n, .v.p = copy};
        break;
    }
    case Z_MEM_ERROR: st = AMB_E_NOMEM; break;
    case Z_ERRNO: st = AMB_E_CANCELED; break;
    case Z_BUF_ERROR:
        st = z->h->fail(c, AMB_E_QUOTA, 0, "%s: it is longer than %u bytes; max: allows more", what, max);
        break;
    case Z_STREAM_END: st = z->h->fail(c, AMB_E_EOF, 0, "%s: the data ends too early", what); break;
    case Z_VERSION_ERROR:
        st = z->h->fail(c, AMB_E_IO, EBADMSG, "%s: something else follows the compressed data", what);
        break;
    default: st = z->h->fail(c, AMB_E_IO, EBADMSG, "%s: the data is damaged: %s", what, why);
    }
    inflateEnd(&s);
    free(out);
    return st;
}

#define FUNCTION(name)                                                                               \
    static amb_status name(void *inst, amb_call *c, void *self, const amb_arg *a, uint32_t n, amb_arg *ret)
#define ONE_SHOT(function, name, what, bits)         \
    FUNCTION(function)                               \
    {                                                \
        (void)self, (void)n;                         \
        return what(inst, c, a, bits, name, ret);    \
    }
ONE_SHOT(gzip, "gzip", compress_all, 15 + 16)
ONE_SHOT(deflate_zlib, "deflate", compress_all, 15)
ONE_SHOT(deflate_raw, "deflate_raw", compress_all, -15)
ONE_SHOT(gunzip, "gunzip", decompress_all, 15 + 16)
ONE_SHOT(inflate_zlib, "inflate", decompress_all, 15)
ONE_SHOT(inflate_raw, "inflate_raw", decompress_all, -15)

static amb_status sum(void *inst, amb_call *c, const amb_arg *a, const char *what, uLong first,
                      uLong (*step)(uLong, const Bytef *, z_size_t), amb_arg *ret)
{
    zinst *z = inst;
    amb_status st = data(z, c, what, &a[0]);
    if (st) return st;
    if (a[1].type != AMB_T_NIL && (a[1].v.i < 0 || a[1].v.i > UINT32_MAX))
        return z->h->fail(c, AMB_E_ARG, 0, "%s: start is a sum of 32 bits", what);
    uLong from = a[1].type == AMB_T_NIL ? first : (uLong)a[1].v.i;
    *ret = (amb_arg){.type = AMB_T_I64, .v.i = (int64_t)(a[0].len ? step(from, a[0].v.p, a[0].len) : from)};
    return AMB_OK;
}
FUNCTION(sum_crc32) { return (void)self, (void)n, sum(inst, c, a, "crc32", 0, crc32_z, ret); }
FUNCTION(sum_adler32) { return (void)self, (void)n, sum(inst, c, a, "adler32", 1, adler32_z, ret); }

/* --- the table ---------------------------------------------------------------------- */

enum { RIGHT_READ = 1, RIGHT_WRITE = 2 };
static const amb_right rights[] = {{RIGHT_READ, "read", "take what was decompressed", 0, 0},
                                   {RIGHT_WRITE, "write", "give what is to be compressed", 0, 0}};

#define LEVEL                                                                                          \
    {                                                                                                  \
        .name = "level", .doc = "0 (stored) to 9 (smallest); 6 if left out", .type = AMB_T_I64,        \
        .flags = AMB_P_OPT                                                                             \
    }
static const amb_param p_compress[] = {{.name = "data", .doc = "a string or bytes", .type = AMB_T_ANY}, LEVEL};
static const amb_param p_decompress[] = {
    {.name = "data", .doc = "what was compressed", .type = AMB_T_BYTES},
    {.name = "max", .doc = "bytes that may come out; 64 MiB if left out", .type = AMB_T_I64, .flags = AMB_P_OPT}};
static const amb_param p_sum[] = {
    {.name = "data", .doc = "a string or bytes", .type = AMB_T_ANY},
    {.name = "start", .doc = "the sum of what came before", .type = AMB_T_I64, .flags = AMB_P_OPT}};
static const amb_param p_reader[] = {
    {.name = "from", .doc = "what can be read; lent until the reader is closed", .type = AMB_T_LOAN,
     .iface = "readable", .flags = AMB_P_KEEP},
    {.name = "format", .doc = "\"gzip\", \"zlib\", \"raw\"; gzip or zlib, whatever comes, if left out",
     .type = AMB_T_STR, .flags = AMB_P_OPT}};
static const amb_param p_writer[] = {
    {.name = "to", .doc = "what can be written; lent until the writer is closed", .type = AMB_T_LOAN,
     .iface = "writable", .flags = AMB_P_KEEP},
    {.name = "format", .doc = "\"gzip\" (if left out), \"zlib\" or \"raw\"", .type = AMB_T_STR,
     .flags = AMB_P_OPT},
    LEVEL};
static const amb_param p_in[] = {{.name = "buf", .doc = "", .type = AMB_T_BUF, .flags = AMB_P_OUT}};
static const amb_param p_out[] = {{.name = "data", .doc = "", .type = AMB_T_BUF, .flags = AMB_P_IN}};

#define P(p) .params = p, .nparams = sizeof(p) / sizeof(p[0])
#define WORK .flags = AMB_OP_INLINE | AMB_OP_BLOCKING, .ret_type = AMB_T_BYTES, .cost = 500, .cost_per_kib = 100
#define STREAM .flags = AMB_OP_INLINE | AMB_OP_CANCEL, .effect = AMB_FX_EXTERNAL, .cost = 100, .cost_per_kib = 50
#define BLOCK \
    .flags = AMB_OP_INLINE | AMB_OP_CANCEL | AMB_OP_KERNEL, .effect = AMB_FX_EXTERNAL, .cost = 100, .cost_per_kib = 50

static const amb_op ops[] = {
    {.ordinal = 1, .name = "gzip", .doc = "compresses, as the program gzip does", P(p_compress), WORK, .fn = gzip},
    {.ordinal = 2, .name = "gunzip", .doc = "what was compressed by gzip", P(p_decompress), WORK, .fn = gunzip},
    {.ordinal = 3, .name = "deflate", .doc = "compresses, with the short head of zlib", P(p_compress), WORK,
     .fn = deflate_zlib},
    {.ordinal = 4, .name = "inflate", .doc = "what was compressed by deflate", P(p_decompress), WORK,
     .fn = inflate_zlib},
    {.ordinal = 5, .name = "deflate_raw", .doc = "compresses, without head and sum", P(p_compress), WORK,
     .fn = deflate_raw},
    {.ordinal = 6, .name = "inflate_raw", .doc = "what was compressed by deflate_raw", P(p_decompress), WORK,
     .fn = inflate_raw},
    {.ordinal = 7, .name = "crc32", .doc = "the sum that gzip uses", P(p_sum), .ret_type = AMB_T_I64,
     .flags = AMB_OP_INLINE, .cost = 20, .cost_per_kib = 2, .fn = sum_crc32},
    {.ordinal = 8, .name = "adler32", .doc = "the sum that zlib uses", P(p_sum), .ret_type = AMB_T_I64,
     .flags = AMB_OP_INLINE, .cost = 20, .cost_per_kib = 2, .fn = sum_adler32},
    {.ordinal = 9, .name = "reader", .doc = "what is read from it was decompressed", P(p_reader),
     .ret_type = AMB_T_RES, .ret_restype = RES_READER, .ret_fixed = RIGHT_READ, .flags = AMB_OP_INLINE,
     .cost = 500, .fn = z_reader_new},
    {.ordinal = 10, .name = "writer", .doc = "what is written to it is compressed", P(p_writer),
     .ret_type = AMB_T_RES, .ret_restype = RES_WRITER, .ret_fixed = RIGHT_WRITE, .flags = AMB_OP_INLINE,
     .cost = 500, .fn = z_writer_new},

    {.ordinal = 20, .restype = RES_READER, .name = "read_into", .doc = "", P(p_in), .ret_type = AMB_T_I64,
     .need = RIGHT_READ, BLOCK, .fn = z_read},
    {.ordinal = 21, .restype = RES_READER, .name = "count",
     .doc = "(in, out): bytes taken from what was lent, and bytes made of them", .ret_type = AMB_T_TREE,
     .flags = AMB_OP_INLINE, .cost = 20, .fn = z_count},
    {.ordinal = 30, .restype = RES_WRITER, .name = "write_some", .doc = "", P(p_out), .ret_type = AMB_T_I64,
     .need = RIGHT_WRITE, BLOCK, .fn = z_write},
    {.ordinal = 31, .restype = RES_WRITER, .name = "flush",
     .doc = "sends on all that was written, at the cost of some compression", .need = RIGHT_WRITE, STREAM,
     .fn = z_flush},
    {.ordinal = 32, .restype = RES_WRITER, .name = "finish",
     .doc = "writes the end of the compressed data; nothing can be written after it", .need = RIGHT_WRITE, STREAM,
     .fn = z_finish},
    {.ordinal = 33, .restype = RES_WRITER, .name = "close",
     .doc = "writes the end, if that has not been done, and ends this capability",
     .flags = AMB_OP_INLINE | AMB_OP_CANCEL | AMB_OP_ENDS, .effect = AMB_FX_EXTERNAL, .cost = 100, .fn = z_finish},
    {.ordinal = 34, .restype = RES_WRITER, .name = "count",
     .doc = "(in, out): bytes written to it, and bytes made of them", .ret_type = AMB_T_TREE,
     .flags = AMB_OP_INLINE, .cost = 20, .fn = z_count},
};

static const amb_restype types[] = {
    {.id = RES_READER, .flags = AMB_R_SERIAL, .read_op = 20, .name = "reader", .doc = "decompresses",
     .all = RIGHT_READ, .dflt = RIGHT_READ, .close = z_close},
    {.id = RES_WRITER, .flags = AMB_R_SERIAL, .write_op = 30, .name = "writer", .doc = "compresses",
     .all = RIGHT_WRITE, .dflt = RIGHT_WRITE, .close = z_close},
};

static amb_status start(const amb_host *h, void *hctx, const amb_arg *cfg, uint32_t ncfg, void **inst)
{
    (void)cfg, (void)ncfg;
    zinst *z = calloc(1, sizeof *z);
    if (!z) return AMB_E_NOMEM;
    z->h = h;
    z->hctx = hctx;
    *inst = z;
    return AMB_OK;
}
static void stop(void *inst)
{
    z_free_all(inst);
    free(inst);
}

AMB_PROVIDER(zlib) = {
    AMB_PROVIDER_HEAD,
    .iface = "zlib",
    .doc = "compression: gzip, zlib and raw deflate, of whole pieces and of streams",
    .iface_major = 1,
    AMB_PROVIDER_TABLES(ops, types, rights),
    .start = start,
    .stop = stop,
    .cancel = z_cancel,
    .flags = AMB_PROVIDER_PURE,
};
