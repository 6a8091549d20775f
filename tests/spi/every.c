/* SPDX-License-Identifier: MIT */
/* A provider that uses everything a table can say and a host offers. The tests build it against several
 * versions of the header; it must load and do the same with each.
 *
 * It keeps notes: texts by key, in a store that lives as long as its handle. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ambit/spi.h>

#define OP(name)                                                                             \
    static amb_status name(void *inst, amb_call *c, void *self, const amb_arg *a, uint32_t n, \
                           amb_arg *ret)
#define UNUSED (void)inst, (void)c, (void)self, (void)a, (void)n, (void)ret

enum { R_READ = 1, R_PUT = 2, R_DROP = 4, R_WRITE = R_PUT | R_DROP, R_ANYTHING = 8, R_ALL = 15 };
enum { RES_STORE = 1, RES_NOTE, RES_BOOK, RES_TAP };
enum { ORD_NOTE_READ = 40, ORD_NOTE_WRITE, ORD_NOTE_SEEK, ORD_STORE_NEXT, ORD_STORE_SOURCE, ORD_TAP_READ };
enum { NOTES = 32, LONGEST = 4096 };

typedef struct every {
    const amb_host *h;
    void *hctx;
    struct waiting *waiting; /* calls not yet answered */
    char book;               /* the resource of `book` is a constant */
} every;

typedef struct note {
    char *key, *text;
    uint32_t len;
} note;
typedef struct store {
    note notes[NOTES];
    int n, next;
} store;
/* One note of a store that is open. */
typedef struct opened {
    char *text;
    uint32_t len, at;
} opened;
typedef struct tap {
    amb_loan from;
    every *e;
} tap;

typedef struct waiting {
    every *e;
    struct waiting *next;
    amb_ticket t;
    uint64_t id; /* of its timer or watch */
    int fds[2];
    pthread_t thread;
    int threaded; /* and not joined */
    amb_arg args[2];
    char buf[256];
} waiting;

/* --- calls that wait ---------------------------------------------------------------- */

static waiting *wait_begin(every *e, amb_call *c)
{
    waiting *w = calloc(1, sizeof *w);
    if (!w) return NULL;
    w->e = e;
    w->fds[0] = w->fds[1] = -1;
    w->t = e->h->pend(c);
    if (!w->t) {
        free(w);
        return NULL;
    }
    w->next = e->waiting;
    e->waiting = w;
    return w;
}

static void wait_free(waiting *w)
{
    waiting **at = &w->e->waiting;
    while (*at != w) at = &(*at)->next;
    *at = w->next;
    if (w->id) w->e->h->unwatch(w->e->hctx, w->id);
    for (int i = 0; i < 2; i++)
        if (w->fds[i] >= 0) close(w->fds[i]);
    free(w);
}

static void wait_end(waiting *w, amb_status st, const amb_arg *ret)
{
    const amb_host *h = w->e->h;
    amb_call *c = h->reply_open(w->e->hctx, w->t);
    amb_arg copy = ret ? *ret : (amb_arg){.type = AMB_T_NIL};
    if (c && st == AMB_OK && copy.type == AMB_T_BYTES && copy.len) { /* what is answered lives longer than the wait */
        void *p = h->alloc(c, copy.len);
        if (p) copy.v.p = memcpy(p, copy.v.p, copy.len);
        else st = AMB_E_NOMEM;
    }
    if (c && st < 0 && st != AMB_E_CANCELED) h->fail(c, st, 0, "the wait has failed");
    if (c) h->reply(c, st, st == AMB_OK ? &copy : NULL);
    wait_free(w);
}

static void cancel(void *inst, amb_ticket t)
{
    every *e = inst;
    for (waiting *w = e->waiting; w; w = w->next)
        if (w->t == t && w->id) {
            wait_end(w, AMB_E_CANCELED, NULL);
            return;
        }
}

static void timer_over(void *ud, uint32_t events)
{
    waiting *w = ud;
    (void)events;
    w->id = 0;
    wait_end(w, AMB_OK, &(amb_arg){.type = AMB_T_BOOL, .v.i = 1});
}
OP(store_wait)
{
    UNUSED;
    every *e = inst;
    if (!(a[0].v.f >= 0 && a[0].v.f < 1000)) return e->h->fail(c, AMB_E_ARG, 0, "wait: seconds are from 0 to 1000");
    waiting *w = wait_begin(e, c);
    if (!w) return AMB_E_NOMEM;
    amb_status st = e->h->timer(e->hctx, (uint64_t)(a[0].v.f * 1e9), timer_over, w, &w->id);
    if (st != AMB_OK) wait_end(w, st, NULL);
    return AMB_PENDING;
}

/* A pipe that the next event can read from; first it is watched for nothing. */
static void pipe_ready(void *ud, uint32_t events)
{
    waiting *w = ud;
    amb_arg got = {.type = AMB_T_BYTES, .v.p = w->buf};
    ssize_t k = events & POLLIN ? read(w->fds[0], w->buf, sizeof w->buf) : -1;
    got.len = k > 0 ? (uint32_t)k : 0;
    wait_end(w, k > 0 ? AMB_OK : AMB_E_IO, &got);
}
OP(store_through)
{
    UNUSED;
    every *e = inst;
    if (a[0].len == 0) return AMB_OK;
    waiting *w = wait_begin(e, c);
    if (!w) return AMB_E_NOMEM;
    amb_status st = pipe(w->fds) ? AMB_E_IO : AMB_OK;
    if (!st && write(w->fds[1], a[0].v.p, a[0].len) != (ssize_t)a[0].len) st = AMB_E_IO;
    if (!st) st = e->h->watch(e->hctx, w->fds[0], POLLIN, pipe_ready, w, &w->id);
    if (!st) st = e->h->rewatch(e->hctx, w->id, 0);
    if (!st) st = e->h->rewatch(e->hctx, w->id, POLLIN);
    if (st) wait_end(w, st, NULL);
    return AMB_PENDING;
}

/* A thread of its own counts the bytes, and hands over. */
static void counted(void *ud, uint32_t events)
{
    waiting *w = ud;
    (void)events;
    pthread_join(w->thread, NULL);
    w->threaded = 0;
    wait_end(w, AMB_OK, &(amb_arg){.type = AMB_T_I64, .v.i = w->args[0].len});
}
static void *count_bytes(void *ud)
{
    waiting *w = ud;
    w->e->h->post(w->e->hctx, counted, w);
    return NULL;
}
OP(store_count)
{
    UNUSED;
    every *e = inst;
    waiting *w = wait_begin(e, c);
    if (!w) return AMB_E_NOMEM;
    w->args[0] = a[0];
    if (pthread_create(&w->thread, NULL, count_bytes, w)) wait_end(w, AMB_E_NOMEM, NULL);
    else w->threaded = 1;
    return AMB_PENDING;
}

/* n steps on a worker, looking up at each. */
OP(store_work)
{
    UNUSED;
    const every *e = inst;
    if (!e->h->may_block(c)) return AMB_WOULD_BLOCK;
    amb_ticket t = e->h->ticket(c);
    uint64_t began = e->h->now(e->hctx);
    int64_t sum = 0;
    for (int64_t i = 1; i <= a[0].v.i && i <= 1000; i++) {
        if (t && e->h->canceled(e->hctx, t)) return AMB_E_CANCELED;
        usleep(10);
        sum += i;
    }
    if (e->h->now(e->hctx) < began) return e->h->fail(c, AMB_E_IO, EIO, "work: time went back");
    *ret = (amb_arg){.type = AMB_T_I64, .v.i = sum};
    return AMB_OK;
}

/* --- what is lent ------------------------------------------------------------------- */

static void lent_read(void *ud, amb_status st, const amb_arg *ret)
{
    waiting *w = ud;
    amb_arg got = {.type = AMB_T_BYTES, .v.p = w->buf};
    if (st == AMB_OK && ret->type == AMB_T_I64) got.len = (uint32_t)ret->v.i;
    wait_end(w, st, &got);
}
/* Some bytes of anything that can be read. */
OP(store_taste)
{
    UNUSED;
    every *e = inst;
    waiting *w = wait_begin(e, c);
    if (!w) return AMB_E_NOMEM;
    w->args[0] = (amb_arg){.type = AMB_T_BUF, .flags = AMB_P_OUT, .len = 5, .v.w = w->buf};
    amb_status st = e->h->invoke(e->hctx, w->t, a[0].v.loan, AMB_ORD_READ, w->args, 1, lent_read, w);
    if (st) wait_end(w, st, NULL);
    return AMB_PENDING;
}
/* The same on a worker. */
OP(store_drink)
{
    UNUSED;
    const every *e = inst;
    if (!e->h->may_block(c)) return AMB_WOULD_BLOCK;
    char *all = e->h->alloc(c, LONGEST);
    uint32_t len = 0;
    if (!all) return AMB_E_NOMEM;
    for (;;) {
        amb_arg arg = {.type = AMB_T_BUF, .flags = AMB_P_OUT, .len = LONGEST - len, .v.w = all + len}, got;
        amb_status st = arg.len ? e->h->invoke_wait(c, a[0].v.loan, AMB_ORD_READ, &arg, 1, &got) : AMB_E_ARG;
        if (st != AMB_OK) return st;
        if (got.v.i <= 0) break;
        len += (uint32_t)got.v.i;
    }
    *ret = (amb_arg){.type = AMB_T_BYTES, .len = len, .v.p = all};
    return AMB_OK;
}
/* A stream that gives what another one gives; it keeps the loan. */
OP(store_tap)
{
    UNUSED;
    every *e = inst;
    tap *t = malloc(sizeof *t);
    if (!t) return AMB_E_NOMEM;
    *t = (tap){.from = a[0].v.loan, .e = e};
    amb_status st = e->h->res_new(c, RES_TAP, t, ~(amb_rights)0, "tap", ret, NULL);
    if (st) free(t);
    return st;
}
static void tapped(void *ud, amb_status st, const amb_arg *ret)
{
    wait_end(ud, st, ret);
}
OP(tap_read)
{
    UNUSED;
    tap *t = self;
    waiting *w = wait_begin(t->e, c);
    if (!w) return AMB_E_NOMEM;
    w->args[0] = (amb_arg){.type = AMB_T_BUF, .flags = AMB_P_OUT, .len = a[0].len, .v.w = a[0].v.w};
    amb_status st = t->e->h->invoke(t->e->hctx, w->t, t->from, AMB_ORD_READ, w->args, 1, tapped, w);
    if (st) wait_end(w, st, NULL);
    return AMB_PENDING;
}
static void tap_close(void *inst, void *res)
{
    const tap *t = res;
    (void)inst;
    t->e->h->loan_drop(t->e->hctx, t->from);
    free(res);
}
/* The ordinal of an operation by its name: of whoever serves it. */
OP(store_ordinal)
{
    UNUSED;
    const every *e = inst;
    char type[64], name[64];
    if (a[0].len > 63 || a[1].len > 63) return AMB_E_ARG;
    memcpy(type, a[0].v.p, a[0].len);
    memcpy(name, a[1].v.p, a[1].len);
    type[a[0].len] = name[a[1].len] = 0;
    *ret = (amb_arg){.type = AMB_T_I64, .v.i = e->h->ordinal(e->hctx, type, name)};
    return AMB_OK;
}

/* --- the store ---------------------------------------------------------------------- */

static note *find(store *s, const amb_arg *key)
{
    for (int i = 0; i < s->n; i++)
        if (strlen(s->notes[i].key) == key->len && memcmp(s->notes[i].key, key->v.p, key->len) == 0)
            return &s->notes[i];
    return NULL;
}

OP(store_new)
{
    UNUSED;
    const every *e = inst;
    char label[64];
    if (a[0].len >= sizeof label) return e->h->fail(c, AMB_E_ARG, ENAMETOOLONG, "a shorter name, please");
    memcpy(label, a[0].v.p, a[0].len);
    label[a[0].len] = 0;
    if (a[1].type != AMB_T_I64 || a[1].v.u & ~(amb_rights)R_ALL) return AMB_E_ARG;
    store *s = calloc(1, sizeof *s);
    uint64_t badge;
    if (!s) return AMB_E_NOMEM;
    amb_status st = e->h->res_new(c, RES_STORE, s, a[1].v.u, label, ret, &badge);
    if (st) free(s);
    return st;
}
static void store_close(void *inst, void *res)
{
    store *s = res;
    (void)inst;
    for (int i = 0; i < s->n; i++) {
        free(s->notes[i].key);
        free(s->notes[i].text);
    }
    free(s);
}

static amb_status put(store *s, const amb_arg *key, const char *text, uint32_t len)
{
    note *k = find(s, key);
    char *copy = malloc(len + 1u);
    if (!copy) return AMB_E_NOMEM;
    if (len) memcpy(copy, text, len);
    if (k) {
        free(k->text);
    } else {
        k = &s->notes[s->n];
        k->key = strndup(key->v.p, key->len);
        if (!k->key) {
            free(copy);
            return AMB_E_NOMEM;
        }
        s->n++;
    }
    k->text = copy;
    k->len = len;
    return AMB_OK;
}
/* A text, or any other small value by its kind. password: kept to itself. */
OP(store_put)
{
    UNUSED;
    const every *e = inst;
    static const char *const kinds[] = {"nothing", "yes or no", "a whole number", "a number"};
    store *s = self;
    if (s->n == NOTES && !find(s, &a[0])) return e->h->fail(c, AMB_E_IO, ENOSPC, "put: the store is full");
    if (memchr(a[0].v.p ? a[0].v.p : "", 0, a[0].len)) return e->h->fail(c, AMB_E_ARG, 0, "put: a key has no zero bytes");
    if (a[2].type == AMB_T_STR && a[2].len < 3) return e->h->fail(c, AMB_E_RIGHTS, EACCES, "put: not with that password");
    if (a[1].type <= AMB_T_F64) return put(s, &a[0], kinds[a[1].type], (uint32_t)strlen(kinds[a[1].type]));
    return put(s, &a[0], a[1].v.p, a[1].len);
}
OP(store_get)
{
    UNUSED;
    const every *e = inst;
    const note *k = find(self, &a[0]);
    if (!k) return e->h->fail(c, AMB_E_IO, ENOENT, "get: there is no such note");
    char *p = e->h->alloc(c, k->len + 1u);
    if (!p) return AMB_E_NOMEM;
    memcpy(p, k->text, k->len);
    *ret = (amb_arg){.type = AMB_T_STR, .len = k->len, .v.p = p};
    return AMB_OK;
}
OP(store_drop)
{
    UNUSED;
    store *s = self;
    for (uint32_t i = 0; i < n; i++) {
        note *k = find(s, &a[i]);
        if (!k) continue;
        free(k->key);
        free(k->text);
        *k = s->notes[--s->n];
    }
    *ret = (amb_arg){.type = AMB_T_I64, .v.i = s->n};
    return AMB_OK;
}
/* Notes from a map, all of them or none. */
OP(store_fill)
{
    UNUSED;
    const every *e = inst;
    const amb_arg *t = a[0].v.p;
    store *s = self;
    if (t[0].type != AMB_T_MAP || a[0].len != 2 * t[0].len + 1) return e->h->fail(c, AMB_E_ARG, 0, "fill: a map of texts");
    for (uint32_t i = 1; i < a[0].len; i++)
        if (t[i].type != AMB_T_STR || memchr(t[i].v.p, 0, t[i].len)) return e->h->fail(c, AMB_E_ARG, 0, "fill: a map of texts");
    if (t[0].len + (uint32_t)s->n > NOTES) return e->h->fail(c, AMB_E_QUOTA, 0, "fill: too many");
    for (uint32_t i = 1; i < a[0].len; i += 2) {
        amb_status st = put(s, &t[i], t[i + 1].v.p, t[i + 1].len);
        if (st) return st;
    }
    *ret = (amb_arg){.type = AMB_T_BOOL, .v.i = 1};
    return AMB_OK;
}
/* Keys and lengths, as tuples with names. */
static amb_status some(const every *e, amb_call *c, const store *s, int from, int count, amb_arg *ret)
{
    amb_arg *t = e->h->alloc(c, (1 + 5 * (size_t)count) * sizeof *t), *p = t;
    if (!t) return AMB_E_NOMEM;
    *p++ = (amb_arg){.type = AMB_T_LIST, .len = (uint32_t)count};
    for (int i = from; i < from + count; i++) {
        uint32_t len = (uint32_t)strlen(s->notes[i].key);
        char *key = e->h->alloc(c, len + 1u);
        if (!key) return AMB_E_NOMEM;
        memcpy(key, s->notes[i].key, len);
        *p++ = (amb_arg){.type = AMB_T_TUPLE, .flags = AMB_A_NAMED, .len = 2};
        *p++ = (amb_arg){.type = AMB_T_STR, .len = 3, .v.p = "key"};
        *p++ = (amb_arg){.type = AMB_T_STR, .len = len, .v.p = key};
        *p++ = (amb_arg){.type = AMB_T_STR, .len = 3, .v.p = "len"};
        *p++ = (amb_arg){.type = AMB_T_I64, .v.i = s->notes[i].len};
    }
    *ret = (amb_arg){.type = AMB_T_TREE, .len = (uint32_t)(p - t), .v.p = t};
    return AMB_OK;
}
OP(store_all)
{
    UNUSED;
    return some(inst, c, self, 0, ((store *)self)->n, ret);
}
OP(store_next)
{
    UNUSED;
    store *s = self;
    if (s->next > s->n) s->next = s->n;
    int count = s->n - s->next < a[0].v.i ? s->n - s->next : (int)a[0].v.i;
    amb_status st = some(inst, c, s, s->next, count, ret);
    if (st == AMB_OK) s->next = count ? s->next + count : 0;
    return st;
}
OP(store_source)
{
    UNUSED;
    return store_get(inst, c, self, a, n, ret);
}
OP(store_same)
{
    UNUSED;
    *ret = (amb_arg){.type = AMB_T_BOOL, .v.i = a[0].v.res == self};
    return AMB_OK;
}
/* To where the program writes, and where its keeper looks. */
OP(store_say)
{
    UNUSED;
    const every *e = inst;
    e->h->log(e->hctx, 6, "every: said\n", 12);
    amb_status st = e->h->output(e->hctx, 1, a[0].v.p, a[0].len);
    if (!st) st = e->h->output(e->hctx, 1, "\n", 1);
    return st ? st : e->h->output(e->hctx, 1, NULL, 0);
}

/* --- notes as streams --------------------------------------------------------------- */

OP(store_open)
{
    UNUSED;
    const every *e = inst;
    const note *k = find(self, &a[0]);
    if (!k) return e->h->fail(c, AMB_E_IO, ENOENT, "open: there is no such note");
    opened *o = malloc(sizeof *o);
    char *copy = malloc(LONGEST);
    if (!o || !copy || k->len > LONGEST) {
        free(o);
        free(copy);
        return k->len > LONGEST ? e->h->fail(c, AMB_E_IO, EFBIG, "open: the note is too long") : AMB_E_NOMEM;
    }
    memcpy(copy, k->text, k->len);
    *o = (opened){.text = copy, .len = k->len};
    amb_status st = e->h->res_new(c, RES_NOTE, o, ~(amb_rights)0, k->key, ret, NULL);
    if (st) free(copy), free(o);
    return st;
}
static void note_close(void *inst, void *res)
{
    (void)inst;
    free(((opened *)res)->text);
    free(res);
}
OP(note_read)
{
    UNUSED;
    opened *o = self;
    uint32_t k = o->len - o->at < a[0].len ? o->len - o->at : a[0].len;
    if (k) memcpy(a[0].v.w, o->text + o->at, k);
    o->at += k;
    *ret = (amb_arg){.type = AMB_T_I64, .v.i = k};
    return AMB_OK;
}
OP(note_write)
{
    UNUSED;
    opened *o = self;
    uint32_t k = LONGEST - o->at < a[0].len ? LONGEST - o->at : a[0].len;
    if (!k && a[0].len) return ((const every *)inst)->h->fail(c, AMB_E_IO, ENOSPC, "write: the note is full");
    if (k) memcpy(o->text + o->at, a[0].v.p, k);
    o->at += k;
    if (o->at > o->len) o->len = o->at;
    *ret = (amb_arg){.type = AMB_T_I64, .v.i = k};
    return AMB_OK;
}
OP(note_seek)
{
    UNUSED;
    opened *o = self;
    int64_t from = a[1].len == 5 ? 0 : a[1].len == 4 ? o->at : o->len;
    if (a[0].v.i < -from || a[0].v.i > o->len - from)
        return ((const every *)inst)->h->fail(c, AMB_E_ARG, EINVAL, "seek: outside of the note");
    o->at = (uint32_t)(from + a[0].v.i);
    *ret = (amb_arg){.type = AMB_T_I64, .v.i = o->at};
    return AMB_OK;
}
OP(note_finish)
{
    UNUSED;
    *ret = (amb_arg){.type = AMB_T_I64, .v.i = ((opened *)self)->len};
    return AMB_OK;
}

/* --- a constant --------------------------------------------------------------------- */

OP(book_new)
{
    UNUSED;
    every *e = inst;
    const amb_arg *words = a[0].v.p;
    if (a[0].type != AMB_T_TREE || words[0].type != AMB_T_LIST) return AMB_E_ARG;
    return e->h->res_new(c, RES_BOOK, &e->book, ~(amb_rights)0, "book", ret, NULL);
}
OP(book_title)
{
    UNUSED;
    *ret = (amb_arg){.type = AMB_T_STR, .len = 5, .v.p = "Notes"};
    return AMB_OK;
}

/* --- tables ------------------------------------------------------------------------- */

static const amb_right rights[] = {
    {R_WRITE, "write", "change notes", 0, 0},
    {R_READ, "read", "read notes", 0, 0},
    {R_PUT, "put", "add notes", 0, 0},
    {R_DROP, "drop", "take notes away", 0, 0},
    {R_ANYTHING, "anything", "do whatever there is", AMB_RIGHT_ESCAPE, 0},
};
#define STR(n, what) .name = n, .doc = what, .type = AMB_T_STR
static const amb_param p_store[] = {{STR("name", "which store"), .match = AMB_M_NAMES, .flags = AMB_P_PATH, .max_len = 200},
                                    {.name = "rights", .type = AMB_T_I64, .match = AMB_M_RIGHTS,
                                     .flags = AMB_P_HIDDEN}};
static const amb_param p_book[] = {{.name = "words", .type = AMB_T_TREE, .match = AMB_M_ARGV, .flags = AMB_P_HIDDEN}};
static const amb_param p_key[] = {{STR("key", "which note"), .flags = AMB_P_PATH, .max_len = 100}};
static const amb_param p_keys[] = {{STR("keys", "which notes"), .flags = AMB_P_REST}};
static const amb_param p_put[] = {{STR("key", "which note"), .flags = AMB_P_PATH, .max_len = 100},
                                  {.name = "value", .doc = "what it says", .type = AMB_T_ANY},
                                  {STR("password", "whatever"), .flags = AMB_P_OPT | AMB_P_SECRET}};
static const amb_param p_fill[] = {{.name = "notes", .doc = "a map of texts", .type = AMB_T_TREE}};
static const amb_param p_seconds[] = {{.name = "seconds", .doc = "how long", .type = AMB_T_F64}};
static const amb_param p_data[] = {{.name = "data", .doc = "some bytes", .type = AMB_T_BYTES, .max_len = 256}};
static const amb_param p_steps[] = {{.name = "steps", .doc = "how many", .type = AMB_T_I64}};
static const amb_param p_other[] = {{.name = "other", .doc = "a store", .type = AMB_T_RES, .restype = RES_STORE,
                                     .need = R_READ}};
static const amb_param p_lent[] = {{.name = "from", .doc = "something to read", .type = AMB_T_LOAN, .iface = "readable"}};
static const amb_param p_kept[] = {{.name = "from", .doc = "something to read", .type = AMB_T_LOAN,
                                    .flags = AMB_P_KEEP, .iface = "readable"}};
static const amb_param p_names[] = {{STR("type", "of whom")}, {STR("operation", "what")}};
static const amb_param p_text[] = {{STR("text", "a line")}};
static const amb_param p_out[] = {{.name = "buf", .type = AMB_T_BUF, .flags = AMB_P_OUT}};
static const amb_param p_in[] = {{.name = "data", .type = AMB_T_BUF, .flags = AMB_P_IN}};
static const amb_param p_seek[] = {{.name = "offset", .doc = "bytes", .type = AMB_T_I64}, {STR("origin", "from where: start, here or end")}};
static const amb_param p_cfg[] = {{.name = "level", .doc = "of nothing in particular", .type = AMB_T_I64,
                                   .flags = AMB_P_OPT}};

#define PARAMS(p) .params = p, .nparams = AMB_ROWS_(p)
#define AMB_ROWS_(p) (sizeof(p) / sizeof *(p))
#define STORE .restype = RES_STORE
#define INLINE .flags = AMB_OP_INLINE
static const amb_op ops[] = {
    {.ordinal = 1, .name = "store", .doc = "a new store", PARAMS(p_store), .ret_type = AMB_T_RES,
     .ret_restype = RES_STORE, .ret_fixed = R_ALL, .flags = AMB_OP_INLINE | AMB_OP_OPENS, .cost = 10, .fn = store_new},
    {.ordinal = 2, .name = "book", .doc = "what all have in common", PARAMS(p_book), .ret_type = AMB_T_RES,
     .ret_restype = RES_BOOK, .ret_same = R_READ, .ret_fixed = R_READ, INLINE, .fn = book_new},
    {.ordinal = 10, STORE, .name = "get", .doc = "the text of a note", PARAMS(p_key), .ret_type = AMB_T_STR,
     .need = R_READ, .effect = AMB_FX_READ, .flags = AMB_OP_INLINE | AMB_OP_IDEMPOTENT, .cost = 20, .cost_per_kib = 5,
     .fn = store_get},
    {.ordinal = 11, STORE, .name = "put", .doc = "writes a note", PARAMS(p_put), .need = R_PUT,
     .effect = AMB_FX_WRITE, INLINE, .fn = store_put},
    {.ordinal = 12, STORE, .name = "drop", .doc = "takes notes away and tells how many are left", PARAMS(p_keys),
     .ret_type = AMB_T_I64, .need = R_DROP, .effect = AMB_FX_WRITE, INLINE, .fn = store_drop},
    {.ordinal = 13, STORE, .name = "fill", .doc = "writes many notes", PARAMS(p_fill), .ret_type = AMB_T_BOOL,
     .need = R_PUT, .effect = AMB_FX_WRITE, INLINE, .fn = store_fill},
    {.ordinal = 14, STORE, .name = "all", .doc = "keys and lengths", .ret_type = AMB_T_TREE, .need = R_READ,
     .effect = AMB_FX_READ, INLINE, .fn = store_all},
    {.ordinal = 15, STORE, .name = "open", .doc = "a note as a stream", PARAMS(p_key), .ret_type = AMB_T_RES,
     .ret_restype = RES_NOTE, .ret_same = R_READ | R_PUT, .need = R_READ, .effect = AMB_FX_READ,
     .flags = AMB_OP_INLINE | AMB_OP_OPENS, .fn = store_open},
    {.ordinal = 16, STORE, .name = "same", .doc = "whether it is the same store", PARAMS(p_other),
     .ret_type = AMB_T_BOOL, INLINE, .fn = store_same},
    {.ordinal = 17, STORE, .name = "wait", .doc = "true, after a while", PARAMS(p_seconds), .ret_type = AMB_T_BOOL,
     .flags = AMB_OP_INLINE | AMB_OP_CANCEL, .effect = AMB_FX_EXTERNAL, .fn = store_wait},
    {.ordinal = 18, STORE, .name = "through", .doc = "the bytes, through a pipe", PARAMS(p_data),
     .ret_type = AMB_T_BYTES, .flags = AMB_OP_INLINE | AMB_OP_CANCEL, .fn = store_through},
    {.ordinal = 19, STORE, .name = "count", .doc = "how many bytes, by another thread", PARAMS(p_data),
     .ret_type = AMB_T_I64, INLINE, .fn = store_count},
    {.ordinal = 20, STORE, .name = "work", .doc = "a sum, step by step", PARAMS(p_steps), .ret_type = AMB_T_I64,
     .flags = AMB_OP_INLINE | AMB_OP_BLOCKING, .fn = store_work},
    {.ordinal = 21, STORE, .name = "taste", .doc = "the first bytes of a stream", PARAMS(p_lent),
     .ret_type = AMB_T_BYTES, .need = R_ANYTHING, INLINE, .fn = store_taste},
    {.ordinal = 22, STORE, .name = "drink", .doc = "all bytes of a stream", PARAMS(p_lent), .ret_type = AMB_T_BYTES,
     .need = R_ANYTHING, .flags = AMB_OP_BLOCKING, .fn = store_drink},
    {.ordinal = 23, STORE, .name = "tap", .doc = "a stream of what another stream gives", PARAMS(p_kept),
     .ret_type = AMB_T_RES, .ret_restype = RES_TAP, .ret_fixed = R_READ, INLINE, .fn = store_tap},
    {.ordinal = 24, STORE, .name = "ordinal", .doc = "the number of an operation", PARAMS(p_names),
     .ret_type = AMB_T_I64, INLINE, .fn = store_ordinal},
    {.ordinal = 25, STORE, .name = "say", .doc = "prints a line", PARAMS(p_text), .effect = AMB_FX_EXTERNAL, INLINE,
     .fn = store_say},
    {.ordinal = 30, .restype = RES_NOTE, .since = 1, .name = "finish", .doc = "closes it and tells its length",
     .ret_type = AMB_T_I64, .flags = AMB_OP_INLINE | AMB_OP_ENDS, .fn = note_finish},
    {.ordinal = 31, .restype = RES_BOOK, .name = "title", .doc = "its title", .ret_type = AMB_T_STR, .need = R_READ,
     INLINE, .fn = book_title},
#define KERNEL .flags = AMB_OP_INLINE | AMB_OP_KERNEL
    {.ordinal = ORD_NOTE_READ, .restype = RES_NOTE, .name = "read_some", PARAMS(p_out), .ret_type = AMB_T_I64,
     .need = R_READ, KERNEL, .fn = note_read},
    {.ordinal = ORD_NOTE_WRITE, .restype = RES_NOTE, .name = "write_some", PARAMS(p_in), .ret_type = AMB_T_I64,
     .need = R_PUT, KERNEL, .effect = AMB_FX_WRITE, .fn = note_write},
    {.ordinal = ORD_NOTE_SEEK, .restype = RES_NOTE, .name = "seek", .doc = "where to go on",
     PARAMS(p_seek), .ret_type = AMB_T_I64, INLINE, .fn = note_seek},
    {.ordinal = ORD_STORE_NEXT, STORE, .name = "next_some", PARAMS(p_steps), .ret_type = AMB_T_TREE, .need = R_READ,
     KERNEL, .fn = store_next},
    {.ordinal = ORD_STORE_SOURCE, STORE, .name = "source_of", PARAMS(p_key), .ret_type = AMB_T_STR, .need = R_READ,
     KERNEL, .fn = store_source},
    {.ordinal = ORD_TAP_READ, .restype = RES_TAP, .name = "read_some", PARAMS(p_out), .ret_type = AMB_T_I64,
     .need = R_READ, KERNEL, .fn = tap_read},
};
static const amb_restype types[] = {
    {.id = RES_STORE, .flags = AMB_R_REOPEN, .next_op = ORD_STORE_NEXT, .source_op = ORD_STORE_SOURCE, .name = "store",
     .doc = "notes by key", .all = R_ALL, .dflt = R_READ | R_WRITE, .close = store_close},
    {.id = RES_NOTE, .flags = AMB_R_SERIAL, .read_op = ORD_NOTE_READ, .write_op = ORD_NOTE_WRITE,
     .seek_op = ORD_NOTE_SEEK, .name = "note", .doc = "one note", .all = R_READ | R_PUT, .dflt = R_READ,
     .close = note_close},
    {.id = RES_BOOK, .flags = AMB_R_STATELESS, .name = "book", .doc = "a book", .all = R_READ, .dflt = R_READ},
    {.id = RES_TAP, .flags = AMB_R_SERIAL, .read_op = ORD_TAP_READ, .name = "tap", .doc = "a stream", .all = R_READ,
     .dflt = R_READ, .close = tap_close},
};

static amb_status start(const amb_host *h, void *hctx, const amb_arg *cfg, uint32_t ncfg, void **inst)
{
    (void)cfg, (void)ncfg;
    every *e = malloc(sizeof *e);
    if (!e) return AMB_E_NOMEM;
    *e = (every){.h = h, .hctx = hctx};
    *inst = e;
    return AMB_OK;
}
static void stop(void *inst)
{
    every *e = inst;
    while (e->waiting) {
        if (e->waiting->threaded) pthread_join(e->waiting->thread, NULL);
        wait_free(e->waiting);
    }
    free(e);
}

AMB_PROVIDER(every) = {
    AMB_PROVIDER_HEAD,
    .iface = "every",
    .doc = "everything a provider can be",
    .iface_major = 1,
    .iface_minor = 1,
    .nops = sizeof ops / sizeof *ops,
    .nres = sizeof types / sizeof *types,
    .nrights = sizeof rights / sizeof *rights,
    .ncfg = sizeof p_cfg / sizeof *p_cfg,
    .build_id = 7,
    .ops = ops,
    .res = types,
    .rights = rights,
    .cfg = p_cfg,
    .start = start,
    .stop = stop,
    .cancel = cancel,
#ifdef FUTURE /* fields that this library does not know */
    .news = {~(uint64_t)0, ~(uint64_t)0},
#endif
};
