/* SPDX-License-Identifier: MIT */
/* Rows: what a statement gives becomes tuples with the columns' names, or maps.
 *
 * A row takes the same number of slots as every other of its statement, so that a batch is filled in place. Its texts
 * and bytes are copied: they end with the next step. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sqlite_provider.h"

#define BATCH_BYTES (1u << 20)
#define LIST_ROWS (1u << 20)

/* --- memory: of the call, or of the rows until the next batch ------------------------ */

typedef struct chunk {
    struct chunk *next;
    uint64_t pad;
} chunk;

static void *room(const sqinst *z, amb_call *c, void **arena, size_t n)
{
    if (!arena) return z->h->alloc(c, n + 1);
    chunk *k = malloc(sizeof *k + n + 1);
    if (!k) return NULL;
    k->next = *arena;
    *arena = k;
    return k + 1;
}

static void empty(void **arena)
{
    for (chunk *k = *arena, *next; k; k = next) {
        next = k->next;
        free(k);
    }
    *arena = NULL;
}

/* --- one row ------------------------------------------------------------------------ */

static bool utf8(const uint8_t *p, uint32_t n)
{
    for (uint32_t i = 0; i < n;) {
        uint32_t b = p[i++], more = b < 0x80 ? 0 : b >= 0xc2 && b < 0xe0 ? 1 : (b & 0xf0) == 0xe0 ? 2 : b >= 0xf0 && b < 0xf5 ? 3 : 9;
        if (more == 9 || more > n - i) return false;
        uint32_t code = more == 0 ? b : b & (0x3fu >> more);
        for (uint32_t k = 0; k < more; k++, i++) {
            if ((p[i] & 0xc0) != 0x80) return false;
            code = code << 6 | (p[i] & 0x3f);
        }
        if ((more == 2 && (code < 0x800 || (code >= 0xd800 && code < 0xe000))) ||
            (more == 3 && (code < 0x10000 || code > 0x10ffff)))
            return false;
    }
    return true;
}

static amb_status cell(const conn *k, amb_call *c, const char *what, void **arena, sqlite3_stmt *s, int i, amb_arg *out,
                       size_t *bytes)
{
    const void *p = NULL;
    uint32_t n = 0;
    int type = sqlite3_column_type(s, i);
    switch (type) {
    case SQLITE_INTEGER: *out = (amb_arg){.type = AMB_T_I64, .v.i = sqlite3_column_int64(s, i)}; return AMB_OK;
    case SQLITE_FLOAT: *out = (amb_arg){.type = AMB_T_F64, .v.f = sqlite3_column_double(s, i)}; return AMB_OK;
    case SQLITE_TEXT:
    case SQLITE_BLOB:
        p = type == SQLITE_TEXT ? (const void *)sqlite3_column_text(s, i) : sqlite3_column_blob(s, i);
        n = (uint32_t)sqlite3_column_bytes(s, i);
        if (!p && n) return AMB_E_NOMEM;
        break;
    default: *out = (amb_arg){.type = AMB_T_NIL}; return AMB_OK;
    }
    if (type == SQLITE_TEXT && !utf8(p, n))
        return k->z->h->fail(c, AMB_E_IO, EBADMSG, "%s: the text of column %d (%.40s) is not UTF-8; cast(... as blob) gives it as bytes",
                             what, i + 1, sqlite3_column_name(s, i));
    char *copy = room(k->z, c, arena, n);
    if (!copy) return AMB_E_NOMEM;
    if (n) memcpy(copy, p, n);
    *bytes += n;
    *out = (amb_arg){.type = type == SQLITE_TEXT ? AMB_T_STR : AMB_T_BYTES, .len = n, .v.p = copy};
    return AMB_OK;
}

static char **names_of(const conn *k, amb_call *c, void **arena, sqlite3_stmt *s, int columns)
{
    char **names = room(k->z, c, arena, ((size_t)columns + 1) * sizeof *names);
    for (int i = 0; names && i < columns; i++) {
        const char *name = sqlite3_column_name(s, i);
        size_t n = name ? strlen(name) : 0;
        if (!name || !utf8((const uint8_t *)name, (uint32_t)n)) name = "?", n = 1;
        if (!(names[i] = room(k->z, c, arena, n))) return NULL;
        memcpy(names[i], name, n);
        names[i][n] = 0;
    }
    return names;
}

static uint32_t width(int columns) { return 1 + 2 * (uint32_t)columns; }

static amb_status row(const conn *k, amb_call *c, const char *what, void **arena, sqlite3_stmt *s, int columns, bool maps,
                      char **names, amb_arg *out, size_t *bytes)
{
    *out++ = maps ? (amb_arg){.type = AMB_T_MAP, .len = (uint32_t)columns}
                  : (amb_arg){.type = AMB_T_TUPLE, .flags = AMB_A_NAMED, .len = (uint32_t)columns};
    for (int i = 0; i < columns; i++) {
        *out++ = (amb_arg){.type = AMB_T_STR, .len = (uint32_t)strlen(names[i]), .v.p = names[i]};
        amb_status st = cell(k, c, what, arena, s, i, out++, bytes);
        if (st) return st;
    }
    return AMB_OK;
}

/* --- all at once -------------------------------------------------------------------- */

amb_status rows_all(sqstmt *st, amb_call *c, const char *what, int want, bool maps, amb_arg *ret)
{
    conn *k = st->k;
    int columns = sqlite3_column_count(st->s), rc;
    char **names = columns && want > WANT_NOTHING ? names_of(k, c, NULL, st->s, columns) : NULL;
    amb_arg *slots = NULL;
    uint32_t n = 0, cap = 0, w = width(columns);
    size_t bytes = 0;
    amb_status bad = columns && want > WANT_NOTHING && !names ? AMB_E_NOMEM : AMB_OK;
    while (!bad && (rc = sqlite3_step(st->s)) == SQLITE_ROW) {
        if (want == WANT_NOTHING || (want != WANT_LIST && n)) continue;
        if (want == WANT_LIST && (n == LIST_ROWS / w || bytes > AMB_TRANSFER_MAX / 2)) {
            bad = k->z->h->fail(c, AMB_E_QUOTA, 0, "%s: too many rows for one list", what);
            break;
        }
        if (n == cap) {
            uint32_t more = cap ? cap * 2 : 1;
            amb_arg *p = k->z->h->alloc(c, (1 + (size_t)more * w) * sizeof *p);
            if (!p) bad = AMB_E_NOMEM;
            else if (n) memcpy(p, slots, (1 + (size_t)n * w) * sizeof *p);
            slots = p;
            cap = more;
        }
        if (!bad) bad = row(k, c, what, NULL, st->s, columns, maps, names, slots + 1 + (size_t)n * w, &bytes);
        n++;
        if (want == WANT_ROW || want == WANT_VALUE) {
            rc = SQLITE_DONE; /* nobody asks for more */
            break;
        }
    }
    if (!bad && rc != SQLITE_DONE) bad = conn_fail(k, c, what, rc, NULL);
    rc = sqlite3_reset(st->s);
    if (!bad && rc != SQLITE_OK) bad = conn_fail(k, c, what, rc, NULL);
    if (bad || want == WANT_NOTHING) return bad;
    static const amb_arg none = {.type = AMB_T_LIST}, nil = {.type = AMB_T_NIL};
    if (want == WANT_LIST) {
        if (n) slots[0] = (amb_arg){.type = AMB_T_LIST, .len = n};
        *ret = (amb_arg){.type = AMB_T_TREE, .len = 1 + n * w, .v.p = n ? slots : &none};
    } else if (want == WANT_ROW) {
        *ret = (amb_arg){.type = AMB_T_TREE, .len = n ? w : 1, .v.p = n ? slots + 1 : &nil};
    } else {
        *ret = (amb_arg){.type = AMB_T_TREE, .len = 1, .v.p = n && columns ? slots + 3 : &nil};
    }
    return AMB_OK;
}

/* --- a sequence --------------------------------------------------------------------- */

static void rows_free(sqrows *r)
{
    empty(&r->arena);
    free(r->slots);
    if (r->names)
        for (int i = 0; i < r->columns; i++) free(r->names[i]);
    free(r->names);
    free(r);
}

amb_status rows_answer(sqstmt *st, amb_call *c, bool maps, amb_arg *ret)
{
    conn *k = st->k;
    sqrows *r = calloc(1, sizeof *r);
    if (!r) return AMB_E_NOMEM;
    *r = (sqrows){.k = k, .st = st, .maps = maps, .columns = sqlite3_column_count(st->s)};
    r->names = calloc((size_t)r->columns + 1, sizeof *r->names);
    bool good = r->names;
    for (int i = 0; good && i < r->columns; i++) {
        const char *name = sqlite3_column_name(st->s, i);
        good = name && (r->names[i] = strdup(utf8((const uint8_t *)name, (uint32_t)strlen(name)) ? name : "?"));
    }
    amb_status bad = good ? k->z->h->res_new(c, RES_ROWS, r, ~(amb_rights)0, NULL, ret, NULL) : AMB_E_NOMEM;
    if (bad) {
        rows_free(r);
        return bad;
    }
    pthread_mutex_lock(&k->lock);
    k->refs++;
    pthread_mutex_unlock(&k->lock);
    st->lent = true;
    return AMB_OK;
}

SQ_OP(sq_rows_next)
{
    (void)inst, (void)n;
    static const amb_arg none = {.type = AMB_T_LIST};
    sqrows *r = self;
    conn *k = r->k;
    *ret = (amb_arg){.type = AMB_T_TREE, .len = 1, .v.p = &none};
    if (!r->st) return AMB_OK;
    amb_status st = conn_enter(k, c, "next");
    if (st) return st;
    uint32_t w = width(r->columns), max = a[0].v.i < 1 ? 1 : a[0].v.i > 1024 ? 1024 : (uint32_t)a[0].v.i, got = 0;
    size_t bytes = 0;
    int rc = SQLITE_ROW;
    empty(&r->arena);
    amb_arg *slots = realloc(r->slots, (1 + (size_t)max * w) * sizeof *slots);
    if (!slots) st = AMB_E_NOMEM;
    else r->slots = slots;
    while (!st && got < max && bytes < BATCH_BYTES && (rc = sqlite3_step(r->st->s)) == SQLITE_ROW)
        st = row(k, c, "next", &r->arena, r->st->s, r->columns, r->maps, r->names, slots + 1 + (size_t)got++ * w, &bytes);
    if (!st && rc != SQLITE_ROW && rc != SQLITE_DONE) st = conn_fail(k, c, "next", rc, NULL);
    if (st == AMB_WOULD_BLOCK) {
        sqlite3_reset(r->st->s);
    } else if (st || rc == SQLITE_DONE) {
        r->st->parked = true; /* gives the lock back */
        r->st = NULL;
    }
    conn_leave(k);
    if (st) return st;
    slots[0] = (amb_arg){.type = AMB_T_LIST, .len = got};
    *ret = (amb_arg){.type = AMB_T_TREE, .len = 1 + got * w, .v.p = slots};
    return AMB_OK;
}

amb_status sq_columns(conn *k, amb_call *c, sqlite3_stmt *s, amb_arg *ret)
{
    int n = sqlite3_column_count(s);
    char **names = names_of(k, c, NULL, s, n);
    amb_arg *t = k->z->h->alloc(c, (1 + (size_t)n) * sizeof *t);
    if (!names || !t) return AMB_E_NOMEM;
    t[0] = (amb_arg){.type = AMB_T_LIST, .len = (uint32_t)n};
    for (int i = 0; i < n; i++)
        t[1 + i] = (amb_arg){.type = AMB_T_STR, .len = (uint32_t)strlen(names[i]), .v.p = names[i]};
    *ret = (amb_arg){.type = AMB_T_TREE, .len = 1 + (uint32_t)n, .v.p = t};
    return AMB_OK;
}

SQ_OP(sq_rows_columns)
{
    (void)a, (void)n;
    const sqrows *r = self;
    amb_arg *t = ((sqinst *)inst)->h->alloc(c, (1 + (size_t)r->columns) * sizeof *t);
    if (!t) return AMB_E_NOMEM;
    t[0] = (amb_arg){.type = AMB_T_LIST, .len = (uint32_t)r->columns};
    for (int i = 0; i < r->columns; i++)
        t[1 + i] = (amb_arg){.type = AMB_T_STR, .len = (uint32_t)strlen(r->names[i]), .v.p = r->names[i]};
    *ret = (amb_arg){.type = AMB_T_TREE, .len = 1 + (uint32_t)r->columns, .v.p = t};
    return AMB_OK;
}

void sq_rows_close(void *inst, void *res)
{
    (void)inst;
    sqrows *r = res;
    conn *k = r->k;
    if (r->st) stmt_end(r->st, true);
    rows_free(r);
    conn_release(k);
}
