/* SPDX-License-Identifier: MIT */
/* Calls as bytes: what a provider in a process of its own would be sent, and send.
 *
 * With `wire` on, every call is encoded and decoded again on its way to the provider, and its answer on
 * the way back, in this process. So nothing can get used to sharing memory with a provider: its arguments
 * and buffers are copies, which end with the call.
 *
 * A slot: type, flags (1 byte each), aux (2), len (4), then: numbers and resources 8 bytes; strings and
 * bytes, and buffers that are read, `len` bytes; trees their `len` slots; buffers to fill nothing. All
 * little-endian, no padding. The decoder trusts nothing but its own table. */
#include <stdlib.h>
#include <string.h>

#include "gate.h"

/* ---- out ---- */

static bool put(ambbytebuf *b, const void *p, size_t n) {
    if (b->cap - b->len < n) {
        size_t cap = b->cap ? b->cap : 256;
        while (cap - b->len < n) cap *= 2;
        uint8_t *q = realloc(b->p, cap);
        if (!q) return false;
        b->p = q;
        b->cap = cap;
    }
    if (n) memcpy(b->p + b->len, p, n);
    b->len += n;
    return true;
}

static bool put_slot(ambbytebuf *b, const amb_arg *a) {
    uint8_t head[8] = {a->type, a->flags, (uint8_t)a->aux, (uint8_t)(a->aux >> 8)};
    memcpy(head + 4, &a->len, 4);
    return put(b, head, sizeof head);
}

/* A tree's slots follow each other; their own trees do not occur. */
static bool put_one(ambbytebuf *b, const amb_arg *a, bool in_tree) {
    if (!put_slot(b, a)) return false;
    switch (a->type) {
    case AMB_T_NIL:
    case AMB_T_LIST:
    case AMB_T_TUPLE:
    case AMB_T_MAP: return true;
    case AMB_T_STR:
    case AMB_T_BYTES: return put(b, a->v.p, a->len);
    case AMB_T_BUF: return a->flags & AMB_P_OUT ? true : put(b, a->v.p, a->len);
    case AMB_T_TREE: {
        const amb_arg *t = a->v.p;
        if (in_tree) return false;
        for (uint32_t i = 0; i < a->len; i++)
            if (!put_one(b, &t[i], true)) return false;
        return true;
    }
    default: return put(b, &a->v, 8);
    }
}

bool ambwire_encode(ambbytebuf *b, const amb_arg *a, uint32_t n) {
    for (uint32_t i = 0; i < n; i++)
        if (!put_one(b, &a[i], false)) return false;
    return true;
}

/* ---- in ---- */

typedef struct reader {
    ambcall *c;
    const uint8_t *p, *end;
    bool text; /* strings are checked here */
} reader;

static bool get(reader *r, void *to, size_t n) {
    if ((size_t)(r->end - r->p) < n) return false;
    memcpy(to, r->p, n);
    r->p += n;
    return true;
}

static bool get_bytes(reader *r, amb_arg *a) {
    if ((size_t)(r->end - r->p) < a->len) return false;
    char *to = ambmarshal_alloc(r->c, (size_t)a->len + 1);
    if (!to) return false;
    memcpy(to, r->p, a->len);
    to[a->len] = 0;
    r->p += a->len;
    a->v.p = to;
    return true;
}

static bool get_one(reader *r, amb_arg *a, bool in_tree) {
    uint8_t head[8];
    if (!get(r, head, sizeof head)) return false;
    *a = (amb_arg){.type = head[0], .flags = head[1], .aux = (uint16_t)(head[2] | head[3] << 8)};
    memcpy(&a->len, head + 4, 4);
    switch (a->type) {
    case AMB_T_NIL: return true;
    case AMB_T_LIST:
    case AMB_T_TUPLE:
    case AMB_T_MAP: return in_tree;
    case AMB_T_STR: {
        size_t chars;
        return get_bytes(r, a) && (!r->text || ambutf8_validate(a->v.p, a->len, &chars) == a->len);
    }
    case AMB_T_BYTES: return get_bytes(r, a);
    case AMB_T_BUF: {
        if (in_tree || a->len > AMB_TRANSFER_MAX) return false;
        if (!(a->flags & AMB_P_OUT)) return get_bytes(r, a);
        a->v.w = ambmarshal_alloc(r->c, (size_t)a->len + 1);
        return a->v.w != NULL;
    }
    case AMB_T_TREE: {
        /* Each slot takes eight bytes at least. */
        if (in_tree || a->len > (size_t)(r->end - r->p) / 8) return false;
        amb_arg *t = ambmarshal_alloc(r->c, (a->len + (size_t)1) * sizeof *t);
        if (!t) return false;
        for (uint32_t i = 0; i < a->len; i++)
            if (!get_one(r, &t[i], true)) return false;
        a->v.p = t;
        return true;
    }
    case AMB_T_BOOL:
    case AMB_T_I64:
    case AMB_T_F64:
    case AMB_T_RES:
    case AMB_T_FD:
    case AMB_T_LOAN: return get(r, &a->v, 8);
    default: return false;
    }
}

amb_arg *ambwire_decode(ambcall *c, const uint8_t *p, size_t len, uint32_t n, bool text) {
    amb_arg *a = ambmarshal_alloc(c, (n + (size_t)1) * sizeof *a);
    static const uint8_t nothing = 0;
    if (!len) p = &nothing;
    reader r = {c, p, p + len, text};
    for (uint32_t i = 0; a && i < n; i++)
        if (!get_one(&r, &a[i], false)) return NULL;
    return a && r.p == r.end ? a : NULL;
}

/* ---- a call ---- */

amb_status ambwire_call(ambcall *c, void *self, amb_arg *ret) {
    ambbytebuf b = {NULL, 0, 0};
    const amb_arg *from = c->args;
    amb_arg *to = NULL;
    if (ambwire_encode(&b, from, c->nargs)) to = ambwire_decode(c, b.p, b.len, c->nargs, true);
    free(b.p);
    if (!to) return AMB_E_NOMEM;
    for (uint32_t i = 0; i < c->nargs; i++)
        if (from[i].type == AMB_T_BUF && from[i].flags & AMB_P_OUT) {
            c->wire_buffer = to[i].v.w;
            c->wire_to = from[i].v.w;
        }
    c->args = to;
    amb_status st = c->op->fn(c->prov->inst, (amb_call *)c, self, to, c->nargs, ret);
    if (!c->pending) c->args = from;
    return st;
}

amb_status ambwire_answer(ambcall *c, amb_status st) {
    if (c->wire_buffer) {
        if (st == AMB_OK && c->ret.type == AMB_T_I64 && c->ret.v.i > 0) {
            uint32_t len = 0;
            for (uint32_t i = 0; i < c->nargs; i++)
                if (c->args[i].type == AMB_T_BUF) len = c->args[i].len;
            memcpy(c->wire_to, c->wire_buffer, c->ret.v.u < len ? (size_t)c->ret.v.u : len);
        }
        if (c->pending)
            for (uint32_t i = 0; i < c->nargs; i++)
                if (c->pending->args[i].v.w == c->wire_buffer) c->pending->args[i].v.w = c->wire_to;
        c->wire_buffer = NULL;
    }
    /* Text is checked when it becomes a value. */
    if (st != AMB_OK || c->ret.type == AMB_T_RES) return st;
    ambbytebuf b = {NULL, 0, 0};
    amb_arg *a = ambwire_encode(&b, &c->ret, 1) ? ambwire_decode(c, b.p, b.len, 1, false) : NULL;
    free(b.p);
    if (!a) return AMB_E_DIED;
    c->ret = *a;
    return AMB_OK;
}
