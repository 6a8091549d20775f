/* SPDX-License-Identifier: MIT */
/* The service provider interface, 1.0-rc: how the outside world reaches Ambit programs.
 *
 * A provider is one exported table of data (amb_provider). It names rights, resource types and
 * operations; no code of the provider runs to describe it. The kernel validates every call against
 * the table (handle, rights, argument count, types, lengths, quota) before the provider sees it, does
 * all conversion between script values and the flat slots below, and owns every handle. A
 * provider never sees a VM, a script value, or how it is being reached: the same source can be linked
 * in, loaded as a shared object, or run in a process of its own.
 *
 * What every provider keeps, whichever way it is reached:
 *  - Answers. An operation answers before it returns, or takes a ticket (pend), returns AMB_PENDING
 *    and answers later, once. A second or late answer is dropped and counted.
 *  - Threads. start, stop, close, cancel and operations run on the instance's home thread, one at a
 *    time; operations with AMB_OP_BLOCKING may run on workers instead, at the same time as others. Callbacks
 *    (timer, watch, post, done) run on the home thread. Only what says so here is for any thread.
 *    Different instances have nothing in common: no writable data outside of the instance.
 *  - Surprises. Any operation may be cancelled, time out, or find its handle closed. Memory may be
 *    refused at any request. No call of the host leads back into the provider before it returns.
 *  - Lifetimes. Pointers in arguments live until the operation's answer. What an operation returns by
 *    pointer lives in memory from host->alloc, in constant data, or in the resource until its next
 *    operation. The host's table and hctx outlive the instance.
 *  - Units. Strings are UTF-8 without a terminating zero, except names and docs in tables and `const
 *    char *` arguments, which are zero-terminated UTF-8. Lengths are bytes. Times are nanoseconds.
 *
 * How the interface grows (normative: spec/spi.md):
 *  - The same AMB_SPI_MAJOR: structs only grow at their end, enumerations only get new values, nothing
 *    is removed or changes its meaning. AMB_SPI_MINOR counts these steps.
 *  - A provider's table says how long its own rows are (size and strides). The library steps arrays by
 *    them, reads what is missing as zero, and does not look at what it does not know.
 *  - Unknown flags, types and effects are refused when the table is loaded, since they may ask for a protection
 *    that an older library does not give. Padding is zero.
 *  - A provider uses an entry of amb_host that came after 1.0 only if host->size covers it.
 *  - Ordinals, ids of resource types and bits of rights are never used again for something else.
 *
 * Usable from C99 and C++17 (with designated initialisers, in the order of the fields) on LP64 systems. */
#ifndef AMBIT_SPI_H
#define AMBIT_SPI_H

#include <stddef.h>
#include <stdint.h>

#include "ambit/reactor.h" /* amb_event_fn */
#include "ambit/status.h"

#ifdef __cplusplus
extern "C" {
#define AMB_C extern "C"
#else
#define AMB_C extern
#endif

#define AMB_SPI_MAGIC 0x53424D41u /* "AMBS" */
#define AMB_SPI_MAJOR 1           /* layout-breaking; must match exactly */
#define AMB_SPI_MINOR 0           /* append-only growth */

typedef uint64_t amb_rights; /* bits of one interface, named in its table */
typedef uint64_t amb_ticket; /* names a pending call, never 0; those of calls that are over do nothing */
typedef uint64_t amb_loan;   /* a capability of any interface lent to this instance, never 0 */
/* One call being answered. The kernel's; dead once the operation has returned, except on the worker it runs
 * on or between reply_open and reply. */
typedef struct amb_call amb_call;
/* State carried across a hot-swap; versioned, without pointers. */
typedef struct amb_snap amb_snap;

/* ---- values ------------------------------------------------------------------------ */

/* What a slot holds. The same slots go over the wire in isolated mode. */
enum {
    AMB_T_NIL,
    AMB_T_BOOL,  /* v.i: 0 or 1 */
    AMB_T_I64,   /* v.i */
    AMB_T_F64,   /* v.f */
    AMB_T_STR,   /* v.p, len: valid UTF-8; both ways, the kernel checks */
    AMB_T_BYTES, /* v.p, len */
    AMB_T_RES,   /* argument: v.res, a resource of this provider; result: filled by res_new */
    AMB_T_FD,    /* v.i: a descriptor, lent for the call */
    AMB_T_TREE,  /* v.p: `len` slots in preorder, the first one the root */
    AMB_T_BUF,   /* v.w, len: a leased buffer of the caller, to fill (AMB_P_OUT) or to read (AMB_P_IN) */
    AMB_T_LOAN,  /* v.loan: a capability to be used with host->invoke */
    AMB_T_LIST,  /* inside a tree: len children follow */
    AMB_T_TUPLE, /* inside a tree: len children follow; AMB_A_NAMED: name, child, name, child... */
    AMB_T_MAP,   /* inside a tree: len entries follow, key then value */
    AMB_T_ANY    /* in parameter tables only: nil, bool, number, string or bytes */
};

/* amb_arg.flags. */
enum {
    AMB_A_NAMED = 1 /* AMB_T_TUPLE: the children have names (AMB_T_STR slots) */
};

#define AMB_TREE_DEPTH 64           /* deepest nesting of a tree */
#define AMB_TRANSFER_MAX (1u << 30) /* bytes in one transfer; what is longer streams */

/* One value. What is not used is zero: (amb_arg){.type = AMB_T_I64, .v.i = 7}. */
typedef struct amb_arg {
    uint8_t type, flags; /* AMB_T_*, AMB_A_* */
    uint16_t aux;        /* errno in the result of a failed invoke(); else 0 */
    uint32_t len;        /* bytes, slots of a tree, children */
    union {
        int64_t i;
        uint64_t u;
        double f;
        const void *p;
        void *w;
        void *res;
        amb_loan loan;
    } v;
} amb_arg;

/* ---- tables ------------------------------------------------------------------------
 *
 * Constant data, alive as long as an instance. Names are [a-z][a-z0-9_]*, at most 63 bytes. Docs are a few
 * words without a full stop, shown by `ambit provider describe`; NULL where there is nothing to say. */

/* A named right. `bit` may be several bits: "write" that includes "create"; never 0. */
typedef struct amb_right {
    amb_rights bit;
    const char *name, *doc;
    uint32_t flags, pad0; /* AMB_RIGHT_* */
} amb_right;
enum {
    AMB_RIGHT_ESCAPE = 1 /* whoever asks for consent says: can do anything you can */
};

/* amb_param.flags. */
enum {
    AMB_P_OPT = 1,     /* may be left out: the slot is AMB_T_NIL then */
    AMB_P_SECRET = 2,  /* never in audit, trace or log */
    AMB_P_IN = 4,      /* BUF: the provider reads it */
    AMB_P_OUT = 8,     /* BUF: the provider fills it */
    AMB_P_KEEP = 16,   /* LOAN: lives as long as the resource this call returns */
    AMB_P_REST = 32,   /* the last parameter: any number of such arguments, also none */
    AMB_P_PATH = 64,   /* STR: names what the call is about; IOError.path */
    AMB_P_HIDDEN = 128 /* of constructors: supplied by the kernel according to `match`, never by a script */
};

/* How a `use` argument is canonicalised, compared with grants and shown. The kernel does
 * this; provider code never decides whether a grant covers a request. */
enum {
    AMB_M_NONE,
    AMB_M_DIR,      /* a path: the grant is the directory it resolves to */
    AMB_M_FILE,     /* a path: the grant is a name in a directory */
    AMB_M_HOSTPORT, /* host:port, with patterns */
    AMB_M_NAMES,    /* a text that must be the same */
    AMB_M_PROGRAMS, /* a program: the grant is the file found in PATH */
    AMB_M_ARGV,     /* hidden: the command line's words, as a tree of strings */
    AMB_M_RIGHTS    /* hidden: the rights that were granted, as I64 */
};

/* A parameter of an operation, or a key of the configuration. */
typedef struct amb_param {
    const char *name, *doc;
    uint8_t type, match;     /* AMB_T_* that scripts can pass, or BUF for the kernel; AMB_M_* */
    uint16_t flags, restype; /* AMB_P_*; RES: resource type of the argument, 0: any of this provider */
    uint16_t pad0;
    /* LOAN: what the handle must be: an interface ("fs"), a type of one ("fs.dir"), "readable" or
     * "writable"; NULL: anything */
    const char *iface;
    amb_rights need;         /* RES, LOAN: rights the handle argument must carry */
    uint32_t max_len, pad1;  /* STR, BYTES, BUF: bytes; 0 = AMB_TRANSFER_MAX */
} amb_param;

/* amb_op.effect: on anything outside of the call and its receiver. */
enum { AMB_FX_NONE, AMB_FX_READ, AMB_FX_WRITE, AMB_FX_EXTERNAL };

/* amb_op.flags. At least one of INLINE and BLOCKING. */
enum {
    AMB_OP_IDEMPOTENT = 1, /* effect NONE or READ only: may be issued again */
    AMB_OP_INLINE = 2,     /* short: tried on the home thread, where may_block is false */
    AMB_OP_BLOCKING = 4,   /* may run on a worker; with INLINE: after AMB_WOULD_BLOCK */
    AMB_OP_CANCEL = 8,     /* reacts to cancel() */
    AMB_OP_OPENS = 16,     /* may be replayed to reopen its result */
    AMB_OP_KERNEL = 32,    /* building block for the kernel's vocabulary, not called by name */
    AMB_OP_ENDS = 64       /* the receiver's handle is closed after it, however it ended: `close` of what has
                              something to finish */
};

/* What a lent capability of any interface can do, for invoke(): the operation that its type has for it. */
enum {
    AMB_ORD_READ = 0xFFF0,
    AMB_ORD_WRITE,
    AMB_ORD_NEXT,
    AMB_ORD_SEEK,
    AMB_ORD_SOURCE
};

/* Runs one operation. inst: what start() made. self: the receiver's resource, NULL for a root operation. a[0..n):
 * the parameters of the table in order, all of them present (absent optional ones are AMB_T_NIL, rest
 * arguments follow), of the types and lengths that the table says. *ret is AMB_T_NIL on entry; a
 * result is of the table's type or AMB_T_NIL.
 * Returns AMB_OK; AMB_PENDING after pend(); AMB_WOULD_BLOCK where may_block() is false, when nothing has happened
 * yet and the flags say BLOCKING; or an error (< 0), normally by `return h->fail(c, ...)`. Scripts see AMB_E_ARG
 * as ValueError, AMB_E_IO, AMB_E_EOF, AMB_E_BUSY and AMB_E_NOSYS as IOError, AMB_E_RIGHTS as CapabilityError,
 * AMB_E_STALE as StateError, AMB_E_TIMEOUT as TimeoutError, AMB_E_QUOTA as LimitError, AMB_E_DIED as ProviderDied. */
typedef amb_status (*amb_op_fn)(void *inst, amb_call *c, void *self, const amb_arg *a,
                                uint32_t n, amb_arg *ret);

/* An operation of a resource type, or a root operation (restype 0): a constructor, reachable only by `use`
 * and grants; or a function of a pure module.
 * Rights of a resource it returns: wanted & restype.all & (ret_fixed | receiver's & ret_same). A
 * root operation has no receiver: its ret_same, if not 0, are the rights of a `use` without `for`, instead of
 * the type's. */
typedef struct amb_op {
    uint16_t ordinal;              /* from 1, less than AMB_ORD_READ; never reused within an interface */
    uint16_t since;                /* minor version of the interface that brought it */
    uint16_t restype, ret_restype; /* ids of resource types; the latter with ret_type RES only */
    uint32_t flags;                /* AMB_OP_* */
    uint8_t effect, ret_type;      /* AMB_FX_*; AMB_T_* up to TREE */
    uint16_t nparams;              /* at most 16 */
    const char *name, *doc;
    const amb_param *params;
    amb_rights need; /* of the receiver; never depends on argument values */
    amb_rights ret_same, ret_fixed;
    uint32_t cost, cost_per_kib; /* fuel: about one for each nanosecond; per KiB of texts and bytes passed */
    amb_op_fn fn;
} amb_op;

/* amb_restype.flags. */
enum {
    AMB_R_FD = 1,        /* there is a descriptor behind it: getfd */
    AMB_R_REOPEN = 2,    /* can be made anew by the operation that made it (AMB_OP_OPENS) */
    AMB_R_STATELESS = 4, /* the resource is a constant: it lives as long as the instance, handles share it */
    AMB_R_SERIAL = 8     /* one operation at a time: further ones wait for their turn */
};

/* A resource type. From these operations (ordinals, 0 = none) the kernel makes the vocabulary all streams
 * share, sequences, and loading:
 *   read_op   (buf: BUF|OUT) -> I64        bytes read, 0 at the end
 *   write_op  (data: BUF|IN) -> I64        bytes written, may be fewer than given
 *   next_op   (max: I64) -> TREE           a list of at most max items, empty at the end; or -> RES, the next
 *                                          one, nil at the end
 *   seek_op   (offset: I64, from: STR) -> I64   from: "start", "here" or "end"; the new offset
 *   source_op (name: STR) -> STR           the text of a module of that name */
typedef struct amb_restype {
    uint16_t id;    /* from 1 */
    uint16_t flags; /* AMB_R_* */
    uint16_t read_op, write_op, next_op, seek_op, source_op, pad1;
    const char *name, *doc;
    amb_rights all, dflt;  /* dflt: of a `use` without `for` */
    amb_rights fd_conveys; /* what whoever gets the descriptor can do */
    /* The last handle is gone, and every call on it has been answered; calls that are pending when handles go
     * are cancelled first, and close waits for them. Never blocks, never fails; on the home thread. NULL:
     * nothing to do. */
    void (*close)(void *inst, void *res);
    int (*getfd)(void *inst, void *res); /* stays the resource's; NULL without AMB_R_FD */
} amb_restype;

/* ---- what the kernel offers -------------------------------------------------------- */

typedef void (*amb_done_fn)(void *ud, amb_status st, const amb_arg *ret);

/* Entries without a remark are for the home thread or, with a call that runs there, its worker. Errors
 * are returned; nothing here waits, except invoke_wait. */
typedef struct amb_host {
    uint32_t size; /* of this table: what lies beyond is not there */
    uint16_t spi_major, spi_minor;

    /* n bytes that live until the call is answered, aligned to 16; NULL when there is no memory: return
     * AMB_E_NOMEM. Freed by the kernel. */
    void *(*alloc)(amb_call *c, size_t n);
    /* Notes why the call fails and returns `code`, a status < 0. os_errno: 0 or an errno; it decides
     * IOError.kind. The text (printf, cut at 190 bytes) says what could not be done, without the path. */
    amb_status (*fail)(amb_call *c, amb_status code, int os_errno, const char *fmt, ...);
    /* Makes `res` a handle and fills *ret; once in a call, of the type its table row says. want: rights
     * asked for, ~0 for all there may be. label: shown in descriptions, copied; or NULL. badge: NULL, or where
     * to store a number that names the row across a hot-swap. AMB_E_NOMEM, AMB_E_ARG: the resource stays
     * the provider's. If the call then fails, or nobody waits for its answer any more, the kernel
     * closes it. */
    amb_status (*res_new)(amb_call *c, uint16_t restype, void *res, amb_rights want,
                          const char *label, amb_arg *ret, uint64_t *badge);
    /* True where the call may wait: on a worker. */
    int (*may_block)(amb_call *c);
    /* Names a call that is still running, for canceled() and invoke(); 0: it has no name yet. */
    amb_ticket (*ticket)(amb_call *c);
    /* Takes a ticket for a later answer; return AMB_PENDING after it. c is dead then, the ticket is
     * not. Arguments stay. Home thread only. 0: this call cannot wait, or there is no memory. */
    amb_ticket (*pend)(amb_call *c);
    /* From any thread: opens a pending call for its answer, so that alloc, fail and res_new can be used for it.
     * NULL: too late, nobody waits; free what the answer would have been. */
    amb_call *(*reply_open)(void *hctx, amb_ticket t);
    /* Answers an opened call, on the thread that opened it. ret: NULL for nil and for errors. */
    void (*reply)(amb_call *c, amb_status st, const amb_arg *ret);
    /* From any thread: whether nobody waits for that call any more, or the program is to end. */
    int (*canceled)(void *hctx, amb_ticket t);
    /* Calls an operation of a lent capability, by its ordinal in the lender's interface or an AMB_ORD_*: queued
     * in order, through the gate with the rights of the loan, never nested. On the home thread. Arguments live
     * until done(ud, status, result) there; the result until done returns. A failure's result is NULL or what
     * the lender said: a text (AMB_T_STR), `aux` its errno. AMB_ORD_READ gives first what scripts have buffered.
     * A resource it returns is a loan of its own (AMB_T_LOAN) until loan_drop. AMB_E_STALE: the loan has
     * ended. A loan ends with its call, or, when the parameter says AMB_P_KEEP, with the resource that the
     * call returned; what was queued before, by close() at the latest, is still begun. */
    amb_status (*invoke)(void *hctx, amb_ticket on_behalf, amb_loan l, uint16_t ordinal,
                         const amb_arg *a, uint32_t n, amb_done_fn done, void *ud);
    amb_status (*invoke_wait)(amb_call *c, amb_loan l, uint16_t ordinal, const amb_arg *a,
                              uint32_t n, amb_arg *ret); /* workers only: where may_block() */
    void (*loan_drop)(void *hctx, amb_loan l); /* on the home thread */
    /* Calls fn(ud, events) whenever the descriptor is ready for one of `events` (POLLIN, POLLOUT), until
     * unwatch. *id: not 0. A descriptor is watched once at a time, and unwatched before it is closed.
     * AMB_E_NOSYS where there is no reactor, AMB_E_NOMEM, AMB_E_IO. */
    amb_status (*watch)(void *hctx, int fd, uint32_t events, amb_event_fn fn, void *ud,
                        uint64_t *id);
    /* Calls fn(ud, 0) once, ns from now, unless unwatch comes first. AMB_E_NOMEM. */
    amb_status (*timer)(void *hctx, uint64_t ns, amb_event_fn fn, void *ud, uint64_t *id);
    void (*unwatch)(void *hctx, uint64_t id); /* ends a watch or timer; fn is not called any more */
    /* From any thread: calls fn(ud, 0) on the home thread, soon; not once stop() has been called, and not when
     * there is no memory left at all. */
    void (*post)(void *hctx, amb_event_fn fn, void *ud);
    uint64_t (*now)(void *hctx); /* any thread: the kernel's monotonic clock, virtual or real */
    /* For whoever looks after the program: a line, on standard error in the command. level: as for syslog. */
    void (*log)(void *hctx, int level, const char *msg, size_t n);
    /* Hot-swapping; AMB_E_NOSYS until it is there. */
    amb_status (*snap_put)(amb_snap *s, uint64_t badge, const void *p, size_t n);
    amb_status (*snap_next)(amb_snap *s, uint64_t *badge, const void **p, size_t *n);
    amb_status (*res_rebind)(void *hctx, uint64_t badge, void *res);
    /* The program's standard output (1) and error (2), in order with what `print` writes.
     * output(hctx, which, NULL, 0) sends on what is held back. */
    amb_status (*output)(void *hctx, int which, const void *p, size_t n);
    /* Changes what a watch waits for, cheaper than a new watch; 0: nothing for now. */
    amb_status (*rewatch)(void *hctx, uint64_t id, uint32_t events);
    /* The ordinal, for invoke(), of an operation by its name, of what serves `type` ("fs.dir") here. 0: there is
     * none. From any thread; not in start(), when other providers may still be missing. */
    uint16_t (*ordinal)(void *hctx, const char *type, const char *operation);
    /* Where may_block(): nothing could be done yet (another has a lock). `return h->again(c, ns)` from the operation
     * has it run again, from its beginning and with the same ticket, after about ns; no thread waits meanwhile,
     * so that those who are waited for can go on. Cancelled calls are not run again. */
    amb_status (*again)(amb_call *c, uint64_t ns);
} amb_host;

/* ---- the provider ------------------------------------------------------------------ */

typedef struct amb_provider {
    uint32_t magic; /* AMB_SPI_MAGIC */
    uint16_t spi_major, spi_minor; /* what the provider was built against */
    uint32_t size; /* sizeof(*this) as the provider saw it: later fields read as absent */
    uint16_t op_stride, param_stride, res_stride, right_stride; /* sizeof its rows, likewise */
    const char *iface, *doc;           /* the interface's name: `use iface.constructor(...)` */
    uint16_t iface_major, iface_minor; /* of the interface, for those who describe it */
    uint16_t nops, nres, nrights, ncfg;
    uint32_t build_id; /* of the provider's own; 0: none */
    const amb_op *ops;
    const amb_restype *res;
    const amb_right *rights;
    const amb_param *cfg; /* configuration it accepts */
    /* Makes the instance. cfg[0..ncfg): what was configured, in the order of the table. Fails by a status < 0;
     * then nothing of it may stay. NULL: the instance is h itself, as is enough for a provider without
     * state. */
    amb_status (*start)(const amb_host *h, void *hctx, const amb_arg *cfg, uint32_t ncfg,
                        void **inst);
    /* Ends the instance, after every resource was closed, but for those whose calls have not been answered in
     * spite of cancelling. Joins its threads, ends its watches and timers; nothing it had posted is called any
     * more. NULL: nothing to do. */
    void (*stop)(void *inst);
    /* Somebody does not wait for that call any more (operations with AMB_OP_CANCEL). Advisory: an answer is still
     * required, normally AMB_E_CANCELED. May come after it. NULL: it takes no notice. */
    void (*cancel)(void *inst, amb_ticket t);
    /* Hot-swapping; not called until it is there. */
    amb_status (*quiesce)(void *inst, uint64_t deadline_ns);
    amb_status (*resume)(void *inst); /* a swap failed: go on serving */
    amb_status (*save)(void *inst, amb_snap *out);
    amb_status (*restore)(void *inst, amb_snap *in, uint16_t from_minor);
    uint32_t flags, pad0; /* AMB_PROVIDER_* */
} amb_provider;

/* amb_provider.flags. */
enum {
    /* A module of functions without authority: scripts import it by the interface's name, and its root operations
     * are the functions. They have effect NONE, need no rights and have no matched or hidden parameters. They
     * may return resources, whose operations are called as usual. */
    AMB_PROVIDER_PURE = 1
};

/* The head of a provider's table, for designated initialisers. */
#define AMB_PROVIDER_HEAD                                                           \
    .magic = AMB_SPI_MAGIC, .spi_major = AMB_SPI_MAJOR, .spi_minor = AMB_SPI_MINOR, \
    .size = sizeof(amb_provider), .op_stride = sizeof(amb_op),                      \
    .param_stride = sizeof(amb_param), .res_stride = sizeof(amb_restype),           \
    .right_stride = sizeof(amb_right)

/* Its arrays with their counts, where they are arrays: all three; without rights; operations alone. */
#define AMB_PROVIDER_TABLES(ops_, res_, rights_)                                           \
    .nops = AMB_ROWS(ops_), .nres = AMB_ROWS(res_), .nrights = AMB_ROWS(rights_), .ops = ops_, \
    .res = res_, .rights = rights_
#define AMB_PROVIDER_OPS_TYPES(ops_, res_) \
    .nops = AMB_ROWS(ops_), .nres = AMB_ROWS(res_), .ops = ops_, .res = res_
#define AMB_PROVIDER_OPS(ops_) .nops = AMB_ROWS(ops_), .ops = ops_
#define AMB_ROWS(rows) ((uint16_t)(sizeof(rows) / sizeof *(rows)))

/* AMB_PROVIDER(fs) = {...}; linked in as amb_provider_fs, or exported from a shared
 * object. */
#ifdef AMB_STATIC
#define AMB_PROVIDER(name)                                                               \
    AMB_C __attribute__((visibility("default"))) const amb_provider amb_provider_##name; \
    const amb_provider amb_provider_##name
#else
#define AMB_PROVIDER(name)                                                           \
    AMB_C __attribute__((visibility("default"))) const amb_provider amb_provider_v1; \
    const amb_provider amb_provider_v1
#endif

#ifdef __cplusplus
}
#endif
#endif
