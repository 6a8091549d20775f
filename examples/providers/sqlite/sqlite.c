/* SPDX-License-Identifier: MIT */
/* SQLite for Ambit: the table and its operations.
 *
 * The module has no authority of its own. A database lies in a directory that the script lends; every
 * byte of it goes through the gate as an operation of `fs`. So the operations may wait (AMB_OP_BLOCKING): they run
 * on threads, where they can ask for that and wait for the answer. */
#include <stdlib.h>
#include <string.h>

#include "sqlite_provider.h"

/* --- opening ------------------------------------------------------------------------ */

static amb_status find_operations(conn *k, amb_call *c)
{
    static const struct {
        const char *type, *name;
        size_t at;
    } wanted[] = {{"fs.dir", "open", offsetof(conn, op.open)}, {"fs.dir", "create", offsetof(conn, op.create)},
                  {"fs.dir", "edit", offsetof(conn, op.edit)}, {"fs.dir", "remove", offsetof(conn, op.remove)},
                  {"fs.dir", "exists", offsetof(conn, op.exists)}, {"fs.file", "write_at", offsetof(conn, op.write_at)},
                  {"fs.file", "truncate", offsetof(conn, op.truncate)}, {"fs.file", "sync", offsetof(conn, op.sync)},
                  {"fs.file", "lock", offsetof(conn, op.lock)},
                  {"fs.file", "lock_shared", offsetof(conn, op.lock_shared)},
                  {"fs.file", "unlock", offsetof(conn, op.unlock)}};
    const amb_host *h = k->z->h;
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        uint16_t ordinal = h->ordinal(k->z->hctx, wanted[i].type, wanted[i].name);
        if (!ordinal)
            return h->fail(c, AMB_E_NOSYS, 0, "open: this %s has no operation %s", wanted[i].type, wanted[i].name);
        memcpy((char *)k + wanted[i].at, &ordinal, sizeof ordinal);
    }
    return AMB_OK;
}

static amb_status open_db(sqinst *z, amb_call *c, const char *what, const amb_arg *dir, const amb_arg *name, int flags,
                          const amb_arg *wait, amb_arg *ret)
{
    char path[1000];
    double seconds = wait->type == AMB_T_NIL ? 5 : wait->v.f;
    if (!(seconds >= 0) || seconds > 86400) return z->h->fail(c, AMB_E_ARG, 0, "%s: wait is 0 to 86400 seconds", what);
    if (dir && (!name->len || name->len >= sizeof path || memchr(name->v.p, 0, name->len)))
        return z->h->fail(c, AMB_E_ARG, 0, "%s: this is no name of a file", what);
    conn *k = conn_new(z);
    if (!k) return AMB_E_NOMEM;
    k->wait_ns = (uint64_t)(seconds * 1e9);
    amb_status st = AMB_OK;
    if (dir) {
        k->dir = dir->v.loan;
        k->has_dir = true;
        st = find_operations(k, c);
        memcpy(path, name->v.p, name->len);
        path[name->len] = 0;
    }
    if (!st) st = conn_enter(k, c, what);
    if (!st) {
        int rc = conn_open(k, dir ? path : ":memory:", flags);
        if (rc == SQLITE_OK && dir && flags & SQLITE_OPEN_READWRITE && sqlite3_db_readonly(k->db, "main") == 1) {
            rc = SQLITE_READONLY;
            k->io = AMB_E_RIGHTS;
        }
        if (rc != SQLITE_OK) st = conn_fail(k, c, what, rc, NULL);
        if (!st) st = z->h->res_new(c, RES_DB, k, ~(amb_rights)0, dir ? path : "memory", ret, NULL);
        if (st) conn_shut(k);
        conn_leave(k);
    }
    if (st) conn_release(k);
    return st;
}

SQ_OP(sq_open)
{
    (void)self, (void)n;
    return open_db(inst, c, "open", &a[0], &a[1], SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, &a[2], ret);
}
SQ_OP(sq_view)
{
    (void)self, (void)n;
    return open_db(inst, c, "view", &a[0], &a[1], SQLITE_OPEN_READONLY, &a[2], ret);
}
SQ_OP(sq_memory)
{
    (void)self, (void)a, (void)n;
    amb_arg none = {.type = AMB_T_NIL};
    return open_db(inst, c, "memory", NULL, NULL, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, &none, ret);
}

static void sq_db_close(void *inst, void *res)
{
    (void)inst;
    conn *k = res;
    pthread_mutex_lock(&k->lock);
    k->closed = true;
    pthread_mutex_unlock(&k->lock);
    conn_release(k);
}

/* --- statements --------------------------------------------------------------------- */

/* What an operation works with: a statement of its own from SQL, or the one that was prepared. */
typedef struct use {
    sqstmt *st;
    bool own;
} use;

static amb_status again(conn *k, amb_call *c, const char *what, const sqstmt *like, use *u)
{
    const char *sql = sqlite3_sql(like->s);
    amb_status st = AMB_OK;
    u->st = stmt_new(k, c, what, &(amb_arg){.type = AMB_T_STR, .len = (uint32_t)strlen(sql), .v.p = sql}, &st);
    u->own = true;
    return st;
}

/* sql: NULL for a prepared one, self. On success the connection is entered. */
static amb_status use_begin(conn *k, amb_call *c, const char *what, const amb_arg *sql, sqstmt *self, bool reads,
                            const amb_arg *values, use *u)
{
    amb_status st = conn_enter(k, c, what);
    *u = (use){self, false};
    if (st) return st;
    if (sql) {
        u->st = stmt_new(k, c, what, sql, &st);
        u->own = true;
    } else if (self->lent) {
        st = again(k, c, what, self, u);
    }
    if (!st && reads && (u->st->special || !sqlite3_stmt_readonly(u->st->s)))
        st = k->z->h->fail(c, AMB_E_ARG, 0, "%s: this statement changes something; run it with run or returning", what);
    if (!st) st = stmt_bind(u->st, c, what, values);
    if (st) {
        if (u->own && u->st) stmt_free(u->st);
        conn_leave(k);
    }
    return st;
}

static amb_status use_end(conn *k, const use *u, amb_status st)
{
    if (u->own) stmt_free(u->st);
    else sqlite3_reset(u->st->s);
    conn_leave(k);
    return st;
}

static bool flag(const amb_arg *a) { return a->type == AMB_T_BOOL && a->v.i; }

static amb_status all(conn *k, amb_call *c, const char *what, const amb_arg *sql, sqstmt *self, int want,
                      const amb_arg *values, bool maps, amb_arg *ret)
{
    use u;
    bool changes = strcmp(what, "run") == 0 || strcmp(what, "returning") == 0;
    amb_status st = use_begin(k, c, what, sql, self, !changes, values, &u);
    if (st) return st;
    int64_t before = sqlite3_total_changes64(k->db);
    st = rows_all(u.st, c, what, want, maps, ret);
    if (!st && want == WANT_NOTHING) {
        amb_arg *t = k->z->h->alloc(c, 5 * sizeof *t);
        if (!t) return use_end(k, &u, AMB_E_NOMEM);
        /* sqlite3_changes tells of the last statement that changed something, whichever that was. */
        bool any = sqlite3_total_changes64(k->db) != before;
        t[0] = (amb_arg){.type = AMB_T_TUPLE, .flags = AMB_A_NAMED, .len = 2};
        t[1] = (amb_arg){.type = AMB_T_STR, .len = 7, .v.p = "changes"};
        t[2] = (amb_arg){.type = AMB_T_I64, .v.i = any ? sqlite3_changes64(k->db) : 0};
        t[3] = (amb_arg){.type = AMB_T_STR, .len = 2, .v.p = "id"};
        t[4] = (amb_arg){.type = AMB_T_I64, .v.i = sqlite3_last_insert_rowid(k->db)};
        *ret = (amb_arg){.type = AMB_T_TREE, .len = 5, .v.p = t};
    }
    return use_end(k, &u, st);
}

static amb_status query(conn *k, amb_call *c, const amb_arg *sql, sqstmt *self, const amb_arg *values, bool maps,
                        amb_arg *ret)
{
    use u;
    amb_status st = use_begin(k, c, "query", sql, self, true, values, &u);
    if (st) return st;
    st = rows_answer(u.st, c, maps, ret);
    if (st) return use_end(k, &u, st);
    conn_leave(k);
    return AMB_OK;
}

#define DB conn *k = ((void)inst, (void)n, self)
#define STATEMENT                    \
    sqstmt *s = ((void)inst, (void)n, self); \
    conn *k = s->k
SQ_OP(sq_run) { DB; return all(k, c, "run", &a[0], NULL, WANT_NOTHING, &a[1], false, ret); }
SQ_OP(sq_returning) { DB; return all(k, c, "returning", &a[0], NULL, WANT_LIST, &a[1], flag(&a[2]), ret); }
SQ_OP(sq_query) { DB; return query(k, c, &a[0], NULL, &a[1], flag(&a[2]), ret); }
SQ_OP(sq_one) { DB; return all(k, c, "one", &a[0], NULL, WANT_ROW, &a[1], flag(&a[2]), ret); }
SQ_OP(sq_value) { DB; return all(k, c, "value", &a[0], NULL, WANT_VALUE, &a[1], false, ret); }
SQ_OP(sq_st_run) { STATEMENT; return all(k, c, "run", NULL, s, WANT_NOTHING, &a[0], false, ret); }
SQ_OP(sq_st_returning) { STATEMENT; return all(k, c, "returning", NULL, s, WANT_LIST, &a[0], flag(&a[1]), ret); }
SQ_OP(sq_st_query) { STATEMENT; return query(k, c, NULL, s, &a[0], flag(&a[1]), ret); }
SQ_OP(sq_st_one) { STATEMENT; return all(k, c, "one", NULL, s, WANT_ROW, &a[0], flag(&a[1]), ret); }
SQ_OP(sq_st_value) { STATEMENT; return all(k, c, "value", NULL, s, WANT_VALUE, &a[0], false, ret); }

SQ_OP(sq_st_columns)
{
    (void)a;
    STATEMENT;
    amb_status st = conn_enter(k, c, "columns");
    if (st) return st;
    st = sq_columns(k, c, s->s, ret);
    conn_leave(k);
    return st;
}

SQ_OP(sq_prepare)
{
    DB;
    amb_status st = conn_enter(k, c, "prepare");
    if (st) return st;
    sqstmt *s = stmt_new(k, c, "prepare", &a[0], &st);
    if (s) {
        st = k->z->h->res_new(c, RES_STATEMENT, s, ~(amb_rights)0, NULL, ret, NULL);
        if (st) {
            stmt_free(s);
        } else {
            pthread_mutex_lock(&k->lock);
            s->kept = true;
            k->refs++;
            pthread_mutex_unlock(&k->lock);
        }
    }
    conn_leave(k);
    return st;
}

static void sq_statement_close(void *inst, void *res)
{
    (void)inst;
    sqstmt *s = res;
    conn *k = s->k;
    stmt_end(s, false);
    conn_release(k);
}

SQ_OP(sq_exec)
{
    (void)ret;
    DB;
    amb_status st = conn_enter(k, c, "exec");
    if (st) return st;
    const char *start = a[0].v.p, *at = start + wait_done(k), *end = start + a[0].len;
    while (!st && at < end) {
        sqlite3_stmt *s = NULL;
        const char *tail = NULL;
        int rc = sqlite3_prepare_v3(k->db, at, (int)(end - at), 0, &s, &tail);
        if (rc == SQLITE_OK && s && sqlite3_bind_parameter_count(s))
            st = k->z->h->fail(c, AMB_E_ARG, 0, "exec: parameters are for run, returning and query");
        while (rc == SQLITE_OK && s && !st)
            if ((rc = sqlite3_step(s)) == SQLITE_ROW) rc = SQLITE_OK;
        if (!st && rc != SQLITE_OK && rc != SQLITE_DONE) st = conn_fail(k, c, "exec", rc, at);
        sqlite3_finalize(s);
        if (st == AMB_WOULD_BLOCK) wait_at(k, (uint32_t)(at - start));
        at = tail && tail > at ? tail : end;
    }
    conn_leave(k);
    return st;
}

/* --- transactions ------------------------------------------------------------------- */

static amb_status plain(conn *k, amb_call *c, const char *what, const char *sql)
{
    amb_status st = conn_enter(k, c, what);
    if (st) return st;
    int rc = sqlite3_exec(k->db, sql, NULL, NULL, NULL);
    if (rc != SQLITE_OK) st = conn_fail(k, c, what, rc, NULL);
    conn_leave(k);
    return st;
}

SQ_OP(sq_begin)
{
    (void)ret;
    static const char *const kinds[] = {"immediate", "deferred", "exclusive"};
    static const char *const sql[] = {"begin immediate", "begin deferred", "begin exclusive"};
    DB;
    for (int i = 0; i < 3; i++)
        if (a[0].type == AMB_T_NIL || (a[0].len == strlen(kinds[i]) && memcmp(a[0].v.p, kinds[i], a[0].len) == 0))
            return plain(k, c, "begin", sql[i]);
    return k->z->h->fail(c, AMB_E_ARG, 0, "begin: kind is \"immediate\", \"deferred\" or \"exclusive\"");
}
SQ_OP(sq_commit) { (void)a, (void)ret; DB; return plain(k, c, "commit", "commit"); }
SQ_OP(sq_rollback) { (void)a, (void)ret; DB; return plain(k, c, "rollback", "rollback"); }

SQ_OP(sq_in_transaction)
{
    (void)a;
    DB;
    amb_status st = conn_enter(k, c, "in_transaction");
    if (st) return st;
    *ret = (amb_arg){.type = AMB_T_BOOL, .v.i = !sqlite3_get_autocommit(k->db)};
    conn_leave(k);
    return AMB_OK;
}

SQ_OP(sq_close)
{
    (void)a, (void)ret;
    DB;
    amb_status st = conn_enter(k, c, "close");
    if (st) return st;
    conn_shut(k);
    conn_leave(k);
    return AMB_OK;
}

/* --- the table ---------------------------------------------------------------------- */

static const amb_right rights[] = {{RIGHT_READ, "read", "ask for rows", 0, 0},
                                   {RIGHT_WRITE, "write", "change rows and tables", 0, 0}};
#define ALL (RIGHT_READ | RIGHT_WRITE)

#define DIR                                                                                                   \
    {                                                                                                         \
        .name = "dir", .doc = "the directory; lent until the database is closed", .type = AMB_T_LOAN,         \
        .iface = "fs.dir", .flags = AMB_P_KEEP                                                                \
    }
#define SQL {.name = "sql", .doc = "one statement", .type = AMB_T_STR, .max_len = 1000000}
#define VALUES                                                                                                  \
    {                                                                                                           \
        .name = "values", .doc = "for its parameters: a list for ?, a map or a tuple with names for :name",     \
        .type = AMB_T_TREE, .flags = AMB_P_OPT                                                                  \
    }
#define MAPS {.name = "maps", .doc = "rows are maps, not tuples", .type = AMB_T_BOOL, .flags = AMB_P_OPT}
#define NAME {.name = "name", .doc = "of the file in it", .type = AMB_T_STR, .flags = AMB_P_PATH}
#define WAIT {.name = "wait", .doc = "seconds, for others who use it; 5 if left out", .type = AMB_T_F64, .flags = AMB_P_OPT}
static const amb_param p_open[] = {DIR, NAME, WAIT};
static const amb_param p_sql[] = {SQL}, p_run[] = {SQL, VALUES}, p_query[] = {SQL, VALUES, MAPS};
static const amb_param p_values[] = {VALUES}, p_st_query[] = {VALUES, MAPS};
static const amb_param p_exec[] = {{.name = "sql", .doc = "statements", .type = AMB_T_STR, .max_len = 1 << 28}};
static const amb_param p_begin[] = {{.name = "kind", .doc = "\"immediate\", \"deferred\" or \"exclusive\"",
                                     .type = AMB_T_STR, .flags = AMB_P_OPT}};
static const amb_param p_next[] = {{.name = "max", .doc = "rows at most", .type = AMB_T_I64}};

#define P(p) .params = p, .nparams = sizeof(p) / sizeof(p[0])
#define OPENS .ret_type = AMB_T_RES, .ret_restype = RES_DB, .flags = AMB_OP_BLOCKING | AMB_OP_CANCEL, .cost = 5000
#define READS .need = RIGHT_READ, .flags = AMB_OP_BLOCKING | AMB_OP_CANCEL, .effect = AMB_FX_EXTERNAL, .cost = 500
#define WRITES .need = RIGHT_WRITE, .flags = AMB_OP_BLOCKING | AMB_OP_CANCEL, .effect = AMB_FX_EXTERNAL, .cost = 1000
#define TREE .ret_type = AMB_T_TREE, .cost_per_kib = 50
#define ROWS .ret_type = AMB_T_RES, .ret_restype = RES_ROWS, .ret_fixed = RIGHT_READ

static const amb_op ops[] = {
    {.ordinal = 1, .name = "open", .doc = "a database for reading and writing, made if it is missing", P(p_open), OPENS,
     .ret_fixed = ALL, .fn = sq_open},
    {.ordinal = 2, .name = "view", .doc = "an existing database for reading", P(p_open), OPENS, .ret_fixed = RIGHT_READ,
     .fn = sq_view},
    {.ordinal = 3, .name = "memory", .doc = "a database in memory, empty, gone when it is closed", OPENS,
     .ret_fixed = ALL, .fn = sq_memory},

    {.ordinal = 10, .restype = RES_DB, .name = "exec", .doc = "runs statements, one after the other", P(p_exec), WRITES,
     .fn = sq_exec},
    {.ordinal = 11, .restype = RES_DB, .name = "run", .doc = "runs one statement: (changes, id) of rows and the last one",
     P(p_run), WRITES, TREE, .fn = sq_run},
    {.ordinal = 12, .restype = RES_DB, .name = "returning", .doc = "runs one that changes rows and gives some: a list",
     P(p_query), WRITES, TREE, .fn = sq_returning},
    {.ordinal = 13, .restype = RES_DB, .name = "query", .doc = "a sequence of rows", P(p_query), READS, ROWS,
     .fn = sq_query},
    {.ordinal = 14, .restype = RES_DB, .name = "one", .doc = "the first row, or nil", P(p_query), READS, TREE,
     .fn = sq_one},
    {.ordinal = 15, .restype = RES_DB, .name = "value", .doc = "the first column of the first row, or nil", P(p_run),
     READS, TREE, .fn = sq_value},
    {.ordinal = 16, .restype = RES_DB, .name = "prepare", .doc = "a statement to run again and again", P(p_sql), READS,
     .ret_type = AMB_T_RES, .ret_restype = RES_STATEMENT, .ret_same = ALL, .fn = sq_prepare},
    {.ordinal = 17, .restype = RES_DB, .name = "begin", .doc = "begins a transaction", P(p_begin), WRITES, .fn = sq_begin},
    {.ordinal = 18, .restype = RES_DB, .name = "commit", .doc = "ends it: all of it holds", WRITES, .fn = sq_commit},
    {.ordinal = 19, .restype = RES_DB, .name = "rollback", .doc = "ends it: nothing of it holds", WRITES,
     .fn = sq_rollback},
    {.ordinal = 20, .restype = RES_DB, .name = "in_transaction", .doc = "whether one has begun", .ret_type = AMB_T_BOOL,
     .flags = AMB_OP_INLINE | AMB_OP_BLOCKING, .cost = 20, .fn = sq_in_transaction},
    {.ordinal = 21, .restype = RES_DB, .name = "close", .doc = "ends everything; an open transaction is rolled back",
     .flags = AMB_OP_BLOCKING | AMB_OP_ENDS, .effect = AMB_FX_EXTERNAL, .cost = 1000, .fn = sq_close},

    {.ordinal = 30, .restype = RES_STATEMENT, .name = "run", .doc = "(changes, id)", P(p_values), WRITES, TREE,
     .fn = sq_st_run},
    {.ordinal = 31, .restype = RES_STATEMENT, .name = "returning", .doc = "the rows it gives, as a list", P(p_st_query),
     WRITES, TREE, .fn = sq_st_returning},
    {.ordinal = 32, .restype = RES_STATEMENT, .name = "query", .doc = "a sequence of rows", P(p_st_query), READS, ROWS,
     .fn = sq_st_query},
    {.ordinal = 33, .restype = RES_STATEMENT, .name = "one", .doc = "the first row, or nil", P(p_st_query), READS, TREE,
     .fn = sq_st_one},
    {.ordinal = 34, .restype = RES_STATEMENT, .name = "value", .doc = "the first column of the first row, or nil",
     P(p_values), READS, TREE, .fn = sq_st_value},
    {.ordinal = 35, .restype = RES_STATEMENT, .name = "columns", .doc = "their names", .ret_type = AMB_T_TREE,
     .flags = AMB_OP_INLINE | AMB_OP_BLOCKING, .cost = 50, .fn = sq_st_columns},

    {.ordinal = 40, .restype = RES_ROWS, .name = "next_batch", .doc = "", P(p_next), TREE, .need = RIGHT_READ,
     .flags = AMB_OP_BLOCKING | AMB_OP_CANCEL | AMB_OP_KERNEL, .effect = AMB_FX_EXTERNAL, .cost = 500,
     .fn = sq_rows_next},
    {.ordinal = 41, .restype = RES_ROWS, .name = "columns", .doc = "their names", .ret_type = AMB_T_TREE,
     .flags = AMB_OP_INLINE, .cost = 50, .fn = sq_rows_columns},
};

static const amb_restype types[] = {
    {.id = RES_DB, .flags = AMB_R_SERIAL, .name = "db", .doc = "a database", .all = ALL, .dflt = ALL,
     .close = sq_db_close},
    {.id = RES_STATEMENT, .flags = AMB_R_SERIAL, .name = "statement", .doc = "a prepared statement", .all = ALL,
     .dflt = ALL, .close = sq_statement_close},
    {.id = RES_ROWS, .flags = AMB_R_SERIAL, .next_op = 40, .name = "rows", .doc = "rows, as they are asked for",
     .all = RIGHT_READ, .dflt = RIGHT_READ, .close = sq_rows_close},
};

static amb_status start(const amb_host *h, void *hctx, const amb_arg *cfg, uint32_t ncfg, void **inst)
{
    (void)cfg, (void)ncfg;
    /* One connection is used by one thread at a time, but not always by the same. */
    if (!sqlite3_threadsafe() || sqlite3_initialize() != SQLITE_OK) return AMB_E_NOSYS;
    sqinst *z = calloc(1, sizeof *z);
    if (!z) return AMB_E_NOMEM;
    z->h = h;
    z->hctx = hctx;
    pthread_mutex_init(&z->lock, NULL);
    *inst = z;
    return AMB_OK;
}
static void stop(void *inst)
{
    sqinst *z = inst;
    for (waiting *w = z->waits, *next; w; w = next) {
        next = w->next;
        free(w);
    }
    pthread_mutex_destroy(&z->lock);
    free(z);
}
/* Those that run on threads look at canceled() themselves. */
static void cancel(void *inst, amb_ticket t) { (void)inst, (void)t; }

AMB_PROVIDER(sqlite) = {
    AMB_PROVIDER_HEAD,
    .iface = "sqlite",
    .doc = "SQL databases in files of a directory, or in memory",
    .iface_major = 1,
    AMB_PROVIDER_TABLES(ops, types, rights),
    .start = start,
    .stop = stop,
    .cancel = cancel,
    .flags = AMB_PROVIDER_PURE,
};
