/* SPDX-License-Identifier: MIT */
/* What the two files of the module share. */
#ifndef ZLIB_PROVIDER_H
#define ZLIB_PROVIDER_H
#include <ambit/spi.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <zlib.h>

enum { RES_READER = 1, RES_WRITER };
enum { Z_GZIP = 15 + 16, Z_AUTO = 15 + 32 }; /* window bits as zlib counts them */

typedef struct zstream zstream;

typedef struct zinst {
    const amb_host *h;
    void *hctx;
    zstream *all; /* streams that are not freed */
} zinst;

/* AMB_OK, or the failure is noted. */
int z_format(const zinst *z, amb_call *c, const char *what, const amb_arg *a, bool reads, int *bits);
int z_level(const zinst *z, amb_call *c, const char *what, const amb_arg *a, int *level);
/* At the end of compressed data: gzip files may follow one another. True: another begins here. */
bool z_next_member(z_stream *s, int bits);

/* stream.c */
#define Z_OP(name) \
    amb_status name(void *inst, amb_call *c, void *self, const amb_arg *a, uint32_t n, amb_arg *ret)
Z_OP(z_reader_new);
Z_OP(z_writer_new);
Z_OP(z_read);
Z_OP(z_write);
Z_OP(z_flush);
Z_OP(z_finish);
Z_OP(z_count);
void z_close(void *inst, void *res);
void z_cancel(void *inst, amb_ticket t);
void z_free_all(zinst *z);

#endif
