/* SPDX-License-Identifier: MIT */
/* What the files of the module share.
 *
 * A connection is used by one call at a time: `conn_enter` waits for the others, on a thread; `conn_leave` lets the
 * next one in. What a call of the database needs of the disk, vfs.c asks of the directory that was lent, through
 * `call`; it waits there, on the thread. Without a call (a resource is closed, on the home thread) nothing can
 * wait: locks are given back, everything else fails, and a transaction that was not finished is rolled back from
 * its journal by whoever opens the database next. */
#ifndef SQLITE_PROVIDER_H
#define SQLITE_PROVIDER_H
#include <ambit/spi.h>
#include <errno.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

enum { RES_DB = 1, RES_STATEMENT, RES_ROWS };
enum { RIGHT_READ = 1, RIGHT_WRITE = 2 };

/* A call that has to wait for a lock is run again, from its beginning: what is known about it meanwhile. */
typedef struct waiting {
    struct waiting *next;
    amb_ticket ticket;
    uint64_t since;
    int tries;
    uint32_t done; /* exec: bytes of the statements that were run */
} waiting;

typedef struct sqinst {
    const amb_host *h;
    void *hctx;
    pthread_mutex_t lock;
    waiting *waits;
} sqinst;

/* One prepared statement. */
typedef struct sqstmt {
    struct conn *k;
    struct sqstmt *prev, *next; /* of the connection */
    sqlite3_stmt *s;            /* NULL: the connection has been closed */
    bool special;  /* it changes the connection: BEGIN, ATTACH, PRAGMA ... = ... */
    bool kept;     /* a script has it, by prepare */
    bool lent;     /* rows are being read from it */
    bool parked;   /* nobody reads them any more: to be reset, */
    bool unwanted; /* and this to be finalised, when the connection is free */
} sqstmt;

/* Rows being read: of a statement of their own, or of a prepared one. */
typedef struct sqrows {
    struct conn *k;
    sqstmt *st; /* NULL at the end */
    bool maps;
    char **names;
    int columns;
    amb_arg *slots; /* of the last batch */
    void *arena;    /* its texts */
} sqrows;

typedef struct conn {
    sqinst *z;
    sqlite3 *db;
    sqlite3_vfs vfs;
    char vfs_name[40];
    amb_loan dir;
    bool has_dir, registered;
    struct { /* of fs */
        uint16_t open, create, edit, remove, exists;
        uint16_t write_at, truncate, sync, lock, lock_shared, unlock;
    } op;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t free;
    bool busy, closed;
    amb_call *call;
    amb_ticket ticket;
    int refs;
    sqstmt *statements;
    bool special; /* set while a statement is compiled */
    uint64_t wait_ns; /* for locks of others */
    bool locked;      /* a lock of others was met */
    bool again;       /* this call is run again */
    /* The last call of the directory that failed, since conn_enter. */
    amb_status io;
    int io_errno;
    char io_text[200];
} conn;

/* vfs.c */
int vfs_register(conn *k);

/* connection.c. The first of these notes why it fails, or gives AMB_WOULD_BLOCK. */
amb_status conn_enter(conn *k, amb_call *c, const char *what);
void conn_leave(conn *k);
amb_status conn_fail(conn *k, amb_call *c, const char *what, int rc, const char *sql);
bool conn_canceled(const conn *k);
/* How far exec came before it had to wait; and to note that. */
uint32_t wait_done(conn *k);
void wait_at(conn *k, uint32_t done);
conn *conn_new(sqinst *z);
int conn_open(conn *k, const char *name, int flags);
void conn_shut(conn *k);    /* statements, transaction, files; by who has entered, or at home when it is free */
void conn_release(conn *k); /* one who held it */
/* Compiles the one statement of `sql`. NULL: *st says why, noted. */
sqstmt *stmt_new(conn *k, amb_call *c, const char *what, const amb_arg *sql, amb_status *st);
void stmt_free(sqstmt *st); /* by who has entered */
amb_status stmt_bind(sqstmt *st, amb_call *c, const char *what, const amb_arg *values);
/* At home: who had it has it no more. */
void stmt_end(sqstmt *st, bool rows);

/* rows.c */
#define SQ_OP(name) \
    amb_status name(void *inst, amb_call *c, void *self, const amb_arg *a, uint32_t n, amb_arg *ret)
/* Steps to the end. list: gives all rows as a list in *ret, else the first as it is, or nil; value: only its first
 * column. */
enum { WANT_NOTHING, WANT_LIST, WANT_ROW, WANT_VALUE };
amb_status rows_all(sqstmt *st, amb_call *c, const char *what, int want, bool maps, amb_arg *ret);
amb_status rows_answer(sqstmt *st, amb_call *c, bool maps, amb_arg *ret);
SQ_OP(sq_rows_next);
SQ_OP(sq_rows_columns);
void sq_rows_close(void *inst, void *res);
amb_status sq_columns(conn *k, amb_call *c, sqlite3_stmt *s, amb_arg *ret);

#endif
