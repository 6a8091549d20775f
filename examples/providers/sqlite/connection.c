/* SPDX-License-Identifier: MIT */
/* Connections and statements: one call at a time, what SQL may do, and how errors are told. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sqlite_provider.h"

/* --- one call at a time ------------------------------------------------------------- */

bool conn_canceled(const conn *k) { return k->z->h->canceled(k->z->hctx, k->ticket); }

amb_status conn_enter(conn *k, amb_call *c, const char *what)
{
    const amb_host *h = k->z->h;
    bool waits = h->may_block(c);
    amb_ticket ticket = h->ticket(c);
    amb_status st = AMB_OK;
    pthread_mutex_lock(&k->lock);
    while (k->busy && st == AMB_OK) {
        struct timespec t;
        if (!waits) st = AMB_WOULD_BLOCK;
        else if (h->canceled(k->z->hctx, ticket)) st = AMB_E_CANCELED;
        if (st) break;
        clock_gettime(CLOCK_REALTIME, &t);
        t.tv_nsec += 5000000;
        if (t.tv_nsec >= 1000000000) t.tv_nsec -= 1000000000, t.tv_sec++;
        pthread_cond_timedwait(&k->free, &k->lock, &t);
    }
    if (st == AMB_OK && k->closed) st = h->fail(c, AMB_E_STALE, 0, "%s: the database is closed", what);
    if (st == AMB_OK) {
        k->busy = true;
        k->call = waits ? c : NULL;
        k->ticket = ticket;
        k->locked = k->again = false;
        k->io = AMB_OK;
        k->io_errno = 0;
        k->io_text[0] = 0;
    }
    pthread_mutex_unlock(&k->lock);
    return st;
}

/* --- waiting for others ------------------------------------------------------------- */

static waiting *find_wait(sqinst *z, amb_ticket t)
{
    waiting *w = z->waits;
    while (w && w->ticket != t) w = w->next;
    return w;
}

static void forget_wait(sqinst *z, amb_ticket t, uint64_t before)
{
    pthread_mutex_lock(&z->lock);
    for (waiting **p = &z->waits; *p;) {
        waiting *w = *p;
        if (w->ticket != t && w->since >= before) {
            p = &w->next;
            continue;
        }
        *p = w->next;
        free(w);
    }
    pthread_mutex_unlock(&z->lock);
}

/* The call is to be run again, unless it has waited long enough: AMB_OK then. */
static amb_status wait_more(conn *k, amb_call *c)
{
    sqinst *z = k->z;
    uint64_t now = z->h->now(z->hctx), ns;
    pthread_mutex_lock(&z->lock);
    waiting *w = find_wait(z, k->ticket);
    if (!w && (w = calloc(1, sizeof *w))) {
        *w = (waiting){.next = z->waits, .ticket = k->ticket, .since = now};
        z->waits = w;
    }
    bool enough = !w || now - w->since >= k->wait_ns;
    ns = 1000000u << (w && w->tries < 5 ? w->tries++ : 5);
    pthread_mutex_unlock(&z->lock);
    if (enough || conn_canceled(k)) return AMB_OK;
    k->again = true;
    return z->h->again(c, ns);
}

uint32_t wait_done(conn *k)
{
    pthread_mutex_lock(&k->z->lock);
    const waiting *w = find_wait(k->z, k->ticket);
    uint32_t done = w ? w->done : 0;
    pthread_mutex_unlock(&k->z->lock);
    return done;
}

void wait_at(conn *k, uint32_t done)
{
    pthread_mutex_lock(&k->z->lock);
    waiting *w = find_wait(k->z, k->ticket);
    if (w) w->done = done;
    pthread_mutex_unlock(&k->z->lock);
}

/* SQLite asks whether it should wait for a lock: the whole call does, without a thread. */
static int met_a_lock(void *ud, int tries)
{
    (void)tries;
    ((conn *)ud)->locked = true;
    return 0;
}

/* --- leaving ------------------------------------------------------------------------ */

static void tidy(conn *k)
{
    for (sqstmt *st = k->statements, *next; st; st = next) {
        next = st->next;
        if (st->unwanted || (st->parked && !st->kept)) {
            stmt_free(st);
        } else if (st->parked) {
            sqlite3_reset(st->s);
            st->parked = st->lent = false;
        }
    }
}

void conn_leave(conn *k)
{
    if (k->call && !k->again) {
        /* And those that were cancelled while they waited, some time ago. */
        uint64_t now = k->z->h->now(k->z->hctx), old = 100000000000000;
        forget_wait(k->z, k->ticket, now > old ? now - old : 0);
    }
    for (;;) {
        pthread_mutex_lock(&k->lock);
        bool more = k->closed && k->db;
        for (sqstmt *st = k->statements; st; st = st->next) more |= st->unwanted || st->parked;
        if (!more) break;
        pthread_mutex_unlock(&k->lock);
        tidy(k);
        if (k->closed) conn_shut(k);
    }
    k->busy = false;
    k->call = NULL;
    pthread_cond_signal(&k->free);
    pthread_mutex_unlock(&k->lock);
}

/* Takes a connection at home, where nothing waits. False: somebody uses it, who will see what is to be done. */
static bool take_at_home(conn *k)
{
    if (k->busy) return false;
    k->busy = true;
    k->call = NULL;
    k->ticket = 0;
    return true;
}

/* --- what SQL may do ---------------------------------------------------------------- */

static bool listed(const char *const *list, const char *s)
{
    for (; *list; list++)
        if (sqlite3_stricmp(*list, s) == 0) return true;
    return false;
}

static int allowed(void *ud, int action, const char *a, const char *b, const char *database, const char *trigger)
{
    (void)database, (void)trigger;
    conn *k = ud;
    /* Those that only look, and those that have a say about this database only. */
    static const char *const asks[] = {"table_info", "table_xinfo", "table_list", "index_list", "index_info",
        "index_xinfo", "foreign_key_list", "foreign_key_check", "integrity_check", "quick_check", "page_count",
        "freelist_count", "compile_options", "function_list", "collation_list", "database_list", "data_version", NULL};
    static const char *const sets[] = {"application_id", "user_version", "auto_vacuum", "incremental_vacuum",
        "cache_size", "case_sensitive_like", "defer_foreign_keys", "encoding", "foreign_keys", "max_page_count",
        "optimize", "analysis_limit", "page_size", "query_only", "recursive_triggers", "reverse_unordered_selects",
        "secure_delete", "synchronous", NULL};
    static const char *const journals[] = {"delete", "truncate", "persist", "memory", NULL};
    switch (action) {
    case SQLITE_PRAGMA:
        if (listed(asks, a)) return SQLITE_OK;
        if (b) k->special = true;
        if (listed(sets, a)) return SQLITE_OK;
        if (sqlite3_stricmp(a, "journal_mode") == 0) return !b || listed(journals, b) ? SQLITE_OK : SQLITE_DENY;
        return SQLITE_DENY;
    case SQLITE_ATTACH:
        k->special = true;
        /* A name of the directory; what is computed, or could name another file system, is not. */
        return a && sqlite3_strnicmp(a, "file:", 5) != 0 ? SQLITE_OK : SQLITE_DENY;
    case SQLITE_DETACH:
    case SQLITE_TRANSACTION:
    case SQLITE_SAVEPOINT: k->special = true; return SQLITE_OK;
    case SQLITE_FUNCTION: {
        static const char *const no[] = {"load_extension", "fts3_tokenizer", "edit", "readfile", "writefile", NULL};
        return b && listed(no, b) ? SQLITE_DENY : SQLITE_OK;
    }
    default: return SQLITE_OK;
    }
}

static int progress(void *ud) { return conn_canceled(ud); }

/* --- life --------------------------------------------------------------------------- */

conn *conn_new(sqinst *z)
{
    conn *k = calloc(1, sizeof *k);
    if (!k) return NULL;
    k->z = z;
    k->refs = 1;
    pthread_mutex_init(&k->lock, NULL);
    pthread_cond_init(&k->free, NULL);
    return k;
}

int conn_open(conn *k, const char *name, int flags)
{
    int rc = vfs_register(k);
    if (rc == SQLITE_OK)
        rc = sqlite3_open_v2(name, &k->db, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, k->vfs_name);
    if (rc != SQLITE_OK) return rc;
    sqlite3_db_config(k->db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
    sqlite3_db_config(k->db, SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER, 0, NULL);
    sqlite3_db_config(k->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(k->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(k->db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    sqlite3_db_config(k->db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
    sqlite3_progress_handler(k->db, 1000, progress, k);
    sqlite3_busy_handler(k->db, met_a_lock, k);
    /* The journal is emptied and not removed: that needs no right to remove, and less of the disk. */
    rc = sqlite3_exec(k->db, "pragma temp_store=2; pragma foreign_keys=1; pragma journal_mode=truncate;", NULL, NULL, NULL);
    sqlite3_set_authorizer(k->db, allowed, k);
    /* Is it a database at all? */
    if (rc == SQLITE_OK) rc = sqlite3_exec(k->db, "select 1 from sqlite_schema limit 1", NULL, NULL, NULL);
    return rc;
}

void conn_shut(conn *k)
{
    pthread_mutex_lock(&k->lock);
    k->closed = true;
    pthread_mutex_unlock(&k->lock);
    for (sqstmt *st = k->statements; st; st = st->next) {
        sqlite3_finalize(st->s);
        st->s = NULL;
    }
    sqlite3_close(k->db); /* ends a transaction */
    k->db = NULL;
    if (k->registered) sqlite3_vfs_unregister(&k->vfs);
    k->registered = false;
}

static void conn_free(conn *k)
{
    while (k->statements) stmt_free(k->statements);
    if (k->db || k->registered) conn_shut(k);
    pthread_cond_destroy(&k->free);
    pthread_mutex_destroy(&k->lock);
    free(k);
}

/* Of a resource, on the home thread. */
void conn_release(conn *k)
{
    pthread_mutex_lock(&k->lock);
    bool last = --k->refs == 0;
    bool now = !last && k->closed && k->db && take_at_home(k);
    pthread_mutex_unlock(&k->lock);
    if (now) conn_leave(k);
    if (last) conn_free(k);
}

/* --- statements --------------------------------------------------------------------- */

void stmt_free(sqstmt *st)
{
    sqlite3_finalize(st->s);
    if (st->prev) st->prev->next = st->next;
    else st->k->statements = st->next;
    if (st->next) st->next->prev = st->prev;
    free(st);
}

void stmt_end(sqstmt *st, bool rows)
{
    conn *k = st->k;
    pthread_mutex_lock(&k->lock);
    if (rows) {
        st->parked = true;
    } else {
        st->kept = false;
        st->unwanted = !st->lent;
    }
    bool now = take_at_home(k);
    pthread_mutex_unlock(&k->lock);
    if (now) conn_leave(k);
}

static bool blank(const char *s, const char *end)
{
    /* What is left must be nothing but spaces, semicolons and comments. */
    while (s < end) {
        if (*s == ' ' || *s == '\t' || *s == '\n' || *s == '\r' || *s == '\f' || *s == ';') {
            s++;
        } else if (s + 1 < end && s[0] == '-' && s[1] == '-') {
            while (s < end && *s != '\n') s++;
        } else if (s + 1 < end && s[0] == '/' && s[1] == '*') {
            s += 2;
            while (s < end && !(s + 1 < end && s[0] == '*' && s[1] == '/')) s++;
            s = s + 2 < end ? s + 2 : end;
        } else {
            return false;
        }
    }
    return true;
}

sqstmt *stmt_new(conn *k, amb_call *c, const char *what, const amb_arg *sql, amb_status *out)
{
    const char *text = sql->v.p, *tail = NULL;
    sqlite3_stmt *s = NULL;
    k->special = false;
    int rc = sqlite3_prepare_v3(k->db, text, (int)sql->len, 0, &s, &tail);
    if (rc != SQLITE_OK) {
        *out = conn_fail(k, c, what, rc, text);
        return NULL;
    }
    if (!s || !blank(tail, text + sql->len)) {
        sqlite3_finalize(s);
        *out = k->z->h->fail(c, AMB_E_ARG, 0, s ? "%s: one statement at a time; exec takes several"
                                                : "%s: there is no statement", what);
        return NULL;
    }
    sqstmt *st = calloc(1, sizeof *st);
    if (!st) {
        sqlite3_finalize(s);
        *out = AMB_E_NOMEM;
        return NULL;
    }
    *st = (sqstmt){.k = k, .s = s, .special = k->special, .next = k->statements};
    if (k->statements) k->statements->prev = st;
    k->statements = st;
    return st;
}

static int bind_one(sqlite3_stmt *s, int i, const amb_arg *v)
{
    switch (v->type) {
    case AMB_T_NIL: return sqlite3_bind_null(s, i);
    case AMB_T_BOOL:
    case AMB_T_I64: return sqlite3_bind_int64(s, i, v->v.i);
    case AMB_T_F64: return isnan(v->v.f) ? SQLITE_MISMATCH : sqlite3_bind_double(s, i, v->v.f);
    case AMB_T_STR: return sqlite3_bind_text64(s, i, v->len ? v->v.p : "", v->len, SQLITE_TRANSIENT, SQLITE_UTF8);
    case AMB_T_BYTES:
        return v->len ? sqlite3_bind_blob64(s, i, v->v.p, v->len, SQLITE_TRANSIENT) : sqlite3_bind_zeroblob(s, i, 0);
    default: return SQLITE_MISMATCH;
    }
}

/* A parameter's place by its name, whatever sign stands before that in the statement. */
static int place_of(sqlite3_stmt *s, const amb_arg *name)
{
    for (int i = 1, n = sqlite3_bind_parameter_count(s); i <= n; i++) {
        const char *p = sqlite3_bind_parameter_name(s, i);
        if (p && *p != '?' && strlen(p + 1) == name->len && memcmp(p + 1, name->v.p, name->len) == 0) return i;
    }
    return 0;
}

amb_status stmt_bind(sqstmt *st, amb_call *c, const char *what, const amb_arg *values)
{
    const amb_host *h = st->k->z->h;
    sqlite3_stmt *s = st->s;
    uint32_t want = (uint32_t)sqlite3_bind_parameter_count(s), got = 0;
    sqlite3_reset(s);
    sqlite3_clear_bindings(s);
    const amb_arg *t = values->type == AMB_T_TREE ? values->v.p : NULL;
    bool named = t && (t->type == AMB_T_MAP || t->flags & AMB_A_NAMED);
    if (t) got = t->len;
    const amb_arg *v = t + 1;
    /* A parameter that is not there is a mistake, and so is one without a value. */
    if (got != want)
        return h->fail(c, AMB_E_ARG, 0, "%s: the statement has %u parameter%s, there %s %u value%s", what, want,
                       want == 1 ? "" : "s", got == 1 ? "is" : "are", got, got == 1 ? "" : "s");
    for (uint32_t i = 0; i < got; i++, v++) {
        int at = (int)i + 1;
        if (named) {
            if (v->type != AMB_T_STR) return h->fail(c, AMB_E_ARG, 0, "%s: the names of values are strings", what);
            if (!(at = place_of(s, v)))
                return h->fail(c, AMB_E_ARG, 0, "%s: the statement has no parameter '%.*s'", what,
                               (int)(v->len < 60 ? v->len : 60), (const char *)v->v.p);
            v++;
        }
        int rc = bind_one(s, at, v);
        if (rc == SQLITE_MISMATCH)
            return h->fail(c, AMB_E_ARG, 0, "%s: value %u is none a database can hold", what, i + 1);
        if (rc == SQLITE_TOOBIG) return h->fail(c, AMB_E_ARG, 0, "%s: value %u is too long", what, i + 1);
        if (rc != SQLITE_OK) return AMB_E_NOMEM;
    }
    return AMB_OK;
}

/* --- errors ------------------------------------------------------------------------- */

static int errno_of(int rc)
{
    switch (rc & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return EBUSY;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH: return EACCES;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return EBADMSG;
    case SQLITE_FULL: return ENOSPC;
    case SQLITE_CONSTRAINT:
        return rc == SQLITE_CONSTRAINT_UNIQUE || rc == SQLITE_CONSTRAINT_PRIMARYKEY ? EEXIST : EINVAL;
    default: return 0;
    }
}

amb_status conn_fail(conn *k, amb_call *c, const char *what, int rc, const char *sql)
{
    static const char *const names[] = {"OK", "ERROR", "INTERNAL", "PERM", "ABORT", "BUSY", "LOCKED", "NOMEM",
        "READONLY", "INTERRUPT", "IOERR", "CORRUPT", "NOTFOUND", "FULL", "CANTOPEN", "PROTOCOL", "EMPTY", "SCHEMA",
        "TOOBIG", "CONSTRAINT", "MISMATCH", "MISUSE", "NOLFS", "AUTH", "FORMAT", "RANGE", "NOTADB"};
    const amb_host *h = k->z->h;
    const char *message = k->db ? sqlite3_errmsg(k->db) : sqlite3_errstr(rc);
    char where[64] = "";
    int offset = k->db && sql ? sqlite3_error_offset(k->db) : -1, line = 1, column = 1;
    for (int i = 0; i < offset; i++) {
        if (sql[i] == '\n') line++, column = 1;
        else if ((sql[i] & 0xc0) != 0x80) column++;
    }
    if (offset >= 0) snprintf(where, sizeof where, ", line %d column %d of the statement", line, column);
    unsigned primary = (unsigned)rc & 0xff;
    const char *name = primary < sizeof names / sizeof *names ? names[primary] : "ERROR";
    if (primary == SQLITE_NOMEM) return AMB_E_NOMEM;
    if (primary == SQLITE_BUSY && k->locked) {
        amb_status st = wait_more(k, c);
        if (st) return st;
    }
    if (primary == SQLITE_INTERRUPT || (primary == SQLITE_BUSY && conn_canceled(k))) return AMB_E_CANCELED;
    /* What the directory said is the reason. */
    if (k->io == AMB_E_RIGHTS)
        return h->fail(c, AMB_E_RIGHTS, 0, "%s: %s", what,
                       k->io_text[0] ? k->io_text : "the directory was not lent with the rights that this needs");
    if (k->io == AMB_E_QUOTA) return h->fail(c, AMB_E_QUOTA, 0, "%s: the limit of the directory is used up", what);
    if (k->io == AMB_E_STALE || k->io == AMB_E_CANCELED)
        return h->fail(c, AMB_E_STALE, 0, "%s: the directory of the database is no longer there", what);
    if (k->io_text[0] && (primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN || primary == SQLITE_FULL))
        return h->fail(c, AMB_E_IO, k->io_errno, "%s (SQLITE_%s %d)", k->io_text, name, rc);
    if (primary == SQLITE_CANTOPEN)
        return h->fail(c, AMB_E_IO, 0, "%s: it cannot be opened; a database in WAL mode cannot be used (SQLITE_CANTOPEN %d)",
                       what, rc);
    bool mistake = primary == SQLITE_ERROR || primary == SQLITE_MISMATCH || primary == SQLITE_RANGE ||
                   primary == SQLITE_TOOBIG || primary == SQLITE_MISUSE;
    return h->fail(c, mistake ? AMB_E_ARG : AMB_E_IO, errno_of(rc), "%s: %s%s (SQLITE_%s %d)", what, message, where, name,
                   rc);
}
