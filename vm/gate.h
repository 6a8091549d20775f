/* SPDX-License-Identifier: MIT */
/* The gate: capabilities, providers, and the one way from a script to the world.
 *
 * Layers, each in its file: handle.c keeps the rows a capability names; marshal.c turns
 * values into flat slots and back; gate.c checks a call against the provider's table and
 * runs it; stream.c makes lines, read_until and the like from an operation that reads;
 * grant.c makes root capabilities, match.c compares requests with grants; audit.c tells what
 * passes here; lib_cap.c is the module `cap`.
 *
 * A capability value is {slot, generation}. It is one object per row, so identity is
 * equality. A row has rights of its own and shares its resource with the rows derived
 * from it; the resource closes with the last of them. */
#ifndef AMB_VM_GATE_H
#define AMB_VM_GATE_H
#include "ambit/spi.h"
#include "scheduler.h"
#include "types.h"
#include "vm.h"

/* ---- what the interpreter and the natives use ---- */
amb_status ambgate_setup(amb_vm *vm);
/* Closes everything and stops the providers; before the collector goes. */
void ambgate_teardown(amb_vm *vm);

/* cap.name(args...). */
amb_status ambgate_invoke(amb_vm *vm, ambv cap, const amb_string *name, const ambv *args,
                          uint32_t n, ambv *out);
/* One step of `for x in cap`: the next item, or `done` at the end. TypeError when it is
 * no sequence. */
amb_status ambgate_next(amb_vm *vm, ambv cap, ambv *out);
/* Leaves a loop early: sequences close. Never fails. */
void ambgate_end(amb_vm *vm, ambv cap);
bool ambgate_is_iterable(amb_vm *vm, ambv cap);
/* Whether `name` may be one of the methods that are written in Ambit: `load` of folders of plug-ins, the others
 * of streams that can be read. */
bool ambgate_has_core(amb_vm *vm, ambv cap, const amb_string *name);
/* Whether cap.name is an operation (of the provider or of the kernel's vocabulary). */
bool ambgate_has_op(amb_vm *vm, ambv cap, const amb_string *name);
/* Whether it is an operation of the provider; ambgate_invoke, which must come next, need not look again. */
bool ambgate_will_call(amb_vm *vm, ambv cap, const amb_string *name);
/* Raises that cap, which is live, has no such operation. */
amb_status ambgate_no_op(amb_vm *vm, ambv cap, const amb_string *name);
/* Position of the parameter called `param` of that operation, -1: none. */
int ambgate_param(amb_vm *vm, ambv cap, const amb_string *name, const amb_string *param);
/* Whether it is what the annotation says: "fs.dir", or a provider's name alone. */
bool ambgate_is_type(amb_vm *vm, ambv cap, const char *type, size_t len);
/* "fs.dir"; "capability" when it is closed. */
const char *ambgate_type_name(const amb_vm *vm, ambv cap);
/* <fs.dir "logs" read>; never fails. */
void ambgate_describe(amb_vm *vm, ambv cap, ambbuf *b);
/* The collector found the value unreachable. */
void ambcap_finalize(amb_vm *vm, amb_cap *c);

/* The entry script's stdin, and a line of it for input(): nil at the end. */
amb_status ambgate_stdin(amb_vm *vm, ambv *out);
amb_status ambgate_input(amb_vm *vm, const amb_string *prompt, ambv *out);

extern const amb_native_def amblib_cap[]; /* the module cap */
extern const amb_native_def
    amblib_entry[]; /* input and exit, for the entry script only */

/* ---- inside the gate ---- */

typedef struct ambprov {
    const amb_provider *p; /* rows of our own size */
    amb_provider *copy;    /* the same when it had to be copied, of that many bytes; else NULL */
    size_t copy_size;
    void *library;         /* from dlopen, or NULL */
    struct ambpure *functions; /* of a pure module, once it was imported; see pure.c */
    uint32_t nfunctions;
    struct amb_module *module;
    void *inst;
    struct ambgate *gate;
    bool started;
    bool dead; /* chaos: it answers no more */
} ambprov;

/* Buffered input of a resource with a read operation: bytes [at, end) are still to be
 * given. */
typedef struct ambstream {
    char *buf;
    uint32_t cap, at, end;
    bool reading, writing;      /* a task has begun to, and waits */
    bool grows;                 /* the last read filled all of it */
    ambqueue readers, writers;  /* others that wait for it */
} ambstream;

/* A provider's resource, shared by rows. */
typedef struct ambres {
    uint32_t refs;
    ambprov *prov;
    const amb_restype *type;
    void *res;
    char *label; /* or NULL */
    char type_name[48];
    ambstream in;
    uint32_t inflight; /* calls not yet answered */
    ambqueue turn;     /* tasks that wait until there is none */
    amb_loan loans[4]; /* lent for as long as it lives */
    uint8_t nloans;
    struct ambres *next; /* list of the stateless ones, which stay */
} ambres;

enum { ROW_FREE, ROW_CAP, ROW_LINES, ROW_RETIRED };

typedef struct ambrow {
    uint8_t kind;
    uint32_t generation;
    uint32_t parent, child, next,
        prev; /* slots; 0 = none. next doubles as the free list */
    amb_rights rights;
    ambres *res;
    amb_cap *cap; /* not a root: the collector tells when it dies */
    int64_t calls, bytes; /* what is left; -1 = no limit */
    uint64_t expires;     /* CLOCK_MONOTONIC ns; 0 = never */
    uint32_t max;         /* ROW_LINES: longest line in bytes */
    bool replace;         /* ROW_LINES: bytes that are not UTF-8 become U+FFFD */
    struct ambcall *batch; /* items of next_op not yet given */
    uint32_t batch_at, batch_left;
    struct ambpending *pending; /* calls through this row that wait for their answer */
} ambrow;

typedef struct ambblob {
    struct ambblob *next;
    size_t size, used;
    bool plain; /* from malloc: another thread may ask for it */
    uint64_t pad;
} ambblob;

#define AMB_LOANS 4 /* in one call */
/* A capability lent to a provider; named by slot and generation. */
typedef struct ambloan {
    ambv cap; /* a row of its own */
    uint32_t generation, next_free;
    uint32_t queued; /* calls asked for and not yet begun */
    bool ended;      /* nothing more is taken; gone when none is queued */
} ambloan;

/* The kernel's side of one call. */
#define AMB_INTERPOSERS 8
typedef struct ambcall {
    amb_vm *vm;
    ambprov *prov;
    const amb_op *op;
    uint32_t row; /* receiver; 0 for a constructor */
    ambres *res;  /* its resource, held while the provider runs */
    amb_rights parent_rights, wanted;
    uint32_t new_row;  /* reserved for the resource the operation returns */
    amb_cap *new_cap;
    bool made, worker;
    int os_errno;
    amb_status failed;
    ambblob *blobs;
    amb_arg ret;
    const amb_arg *args; /* while the provider runs */
    uint32_t nargs;
    const ambv *values; /* what stays alive until the answer; leases end with it */
    uint32_t nvalues, nleased;
    struct ambpending *pending; /* the call has been taken for later */
    bool kept;     /* this is the copy in an ambpending */
    bool named;    /* it was called by its name: its result is a value */
    bool pure;     /* a function of a pure module: no decision of the gate, nobody watches */
    bool closed;   /* it might wait, and the gate is closed: it runs here */
    bool settling; /* an answer from elsewhere: a resource is made into a handle at home */
    const amb_restype *made_type; /* settling: what res_new was given */
    void *made_res;
    amb_rights made_want;
    char *made_label;
    amb_loan loans[AMB_LOANS]; /* made for its arguments; those to keep go to what it returns */
    uint8_t nloans, kept_loans; /* kept_loans: a bit for each */
    void *wire_buffer, *wire_to; /* wire loopback: the provider's copy of a buffer, and the buffer */
    uint32_t passed; /* interposers that have seen it start */
    void *notes[AMB_INTERPOSERS]; /* theirs; only those that have seen it */
    uint64_t again; /* ns after which the operation wants to be run again; 0: it does not */
    struct ambhelper *helper; /* a thread that waits for this call and may as well make it */
    const char *path; /* the argument that says what the call is about */
    size_t path_len;
    char text[192];
} ambcall;

/* A call whose answer comes later; its ticket names slot and generation. */
enum { PEND_FREE, PEND_FLIGHT, PEND_OPEN /* being answered */, PEND_ANSWERED };
typedef struct ambpending {
    ambcall call; /* first: what a provider gets from reply_open */
    uint32_t slot, generation, next_free;
    uint8_t state;
    bool orphan;  /* nobody waits any more: the answer is dropped */
    bool asked;   /* the provider was told to cancel */
    bool retried; /* its result was asked for once, and there was no memory */
    bool settled; /* answered, and the kernel is done with it: `status` holds */
    amb_status status;
    amb_task *task; /* who waits; NULL: C code does */
    struct ambpending *row_next, *row_prev, *done_next;
    struct ambjob job; /* when a thread runs it */
    ambtimer grace;    /* cancelled, not yet answered */
    ambtimer again;    /* until the job is run once more */
    uint32_t nroots;
    amb_arg *args;
    struct ambinvoke *invoked; /* it was a provider that made the call; or NULL */
    ambv roots[];
} ambpending;

/* What an interposer sees of a call. */
typedef struct ambevent {
    const ambprov *prov;     /* NULL: of a capability that has ended */
    const amb_restype *type; /* of the receiver; NULL for a constructor */
    const amb_op *op;        /* NULL: refused before that was known */
    const char *name, *label;
    uint32_t row;            /* the receiver; 0: none */
    ambcall *call;           /* NULL: refused by the gate, which says why */
    const amb_arg *args;
    uint32_t n;
    amb_status status; /* after */
    const char *why;
    void **note; /* of this interposer, from before to after */
    const amb_task *task; /* who made the call; NULL: the first, or nobody any more */
} ambevent;
/* Each gives AMB_OK, or has ended the program (vm->failed). `before` sees a call start in the
 * frames of its caller; `after` may come from elsewhere. */
typedef struct ambinterposer {
    void *ud;
    amb_status (*before)(void *ud, amb_vm *vm,
                         const ambevent *e); /* not AMB_OK: refused */
    amb_status (*after)(void *ud, amb_vm *vm, const ambevent *e);
    amb_status (*refused)(void *ud, amb_vm *vm, const ambevent *e);
    void (*end)(void *ud);
} ambinterposer;

typedef struct ambbytebuf {
    uint8_t *p;
    size_t len, cap;
} ambbytebuf;

typedef struct ambopcache {
    const amb_restype *type;
    const amb_op *op;
    uint32_t len;
} ambopcache;

struct ambgate {
    amb_vm *vm;
    ambprov *providers[32];
    uint32_t nproviders;
    ambrow *rows; /* slot 0 is not used */
    uint32_t nrows, cap, live, free;
    ambres *constants;
    amb_host host;
    char **argv;
    uint32_t argc;
    bool collected; /* the last try to get a row found none: collected since */
    ambinterposer interposers[AMB_INTERPOSERS];
    uint32_t ninterposers;
    ambopcache cache[64];
    const amb_op *found; /* what ambgate_will_call found, for the call that follows at once */
    const amb_restype *found_type;
    const amb_string *found_name;

    /* pending.c */
    pthread_mutex_t lock; /* of the table and of what is answered */
    ambpending **pendings; /* by slot; one that is free stays for the next call */
    uint32_t npendings, pendings_cap, free_pending, nflight;
    ambpending *answered, **answered_end;
    bool answered_posted;

    bool wire;            /* every call goes through frames, see wire.c */
    uint64_t chaos;       /* state of the numbers that disturb calls, see chaos.c; 0: none do */
    uint32_t chaos_fails; /* of a thousand calls that many fail */
    uint64_t late; /* answers that came too late or twice */

    ambloan *loans; /* loan.c */
    uint32_t nloans, loans_cap, free_loan;
};

/* table.c: AMB_E_ARG with what is wrong, behind `who` */
amb_status ambtable_check(const amb_provider *p, const char *who, char why[256]);
/* Whether its rows are of our size; if not, a copy that is. NULL: no memory. */
bool ambtable_fits(const amb_provider *p);
amb_provider *ambtable_copy(amb_vm *vm, const amb_provider *p, size_t *size);

/* provider.c: one that has been stopped, or never started */
void ambprovider_free(amb_vm *vm, ambprov *p);

/* pure.c: modules of functions without authority */
struct amb_module *ambpure_module(amb_vm *vm, const char *name, size_t len);
void ambpure_free(amb_vm *vm, ambprov *p);

/* handle.c. amb_status functions raise. */
amb_status ambhandle_row(amb_vm *vm, ambv cap, ambrow **out);
ambrow *ambhandle_peek(const amb_vm *vm, ambv cap); /* NULL: stale */
bool ambhandle_revoked(ambv cap); /* stale because it was revoked, or a parent was */
/* Reserves a row and its value. Fails before anything happened. */
amb_status ambhandle_reserve(amb_vm *vm, uint32_t *slot, amb_cap **cap);
void ambhandle_unreserve(amb_vm *vm, uint32_t slot);
/* Fills a reserved row. Takes a reference of res. */
void ambhandle_fill(amb_vm *vm, uint32_t slot, amb_cap *cap, uint8_t kind,
                    uint32_t parent, amb_rights rights, ambres *res);
/* A row with the same resource and fewer rights. */
amb_status ambhandle_derive(amb_vm *vm, ambrow *from, uint8_t kind, amb_rights rights,
                            ambv *out);
/* Takes calls and bytes from what the row and those it derives from may still use. */
bool ambhandle_spend(amb_vm *vm, ambrow *r, int64_t calls, int64_t bytes);
void ambhandle_close(amb_vm *vm, uint32_t slot);  /* children go to the parent */
void ambhandle_revoke(amb_vm *vm, uint32_t slot); /* with the whole subtree */
ambres *ambhandle_resource(amb_vm *vm, ambprov *prov, const amb_restype *type, void *res,
                           const char *label);
void ambhandle_drop(amb_vm *vm, ambres *res);

/* marshal.c */
void *ambmarshal_alloc(ambcall *c, size_t n);
void ambmarshal_free(ambcall *c);
amb_status ambmarshal_in(ambcall *c, const amb_param *p, const char *what, ambv v,
                         amb_arg *out);
void ambmarshal_unlease(const ambv *args, uint32_t n);
amb_status ambmarshal_out(ambcall *c, const amb_arg *ret, ambv *out);
/* The item of a tree that starts at *at; moves *at behind it. */
amb_status ambmarshal_item(ambcall *c, const amb_arg *tree, uint32_t len, uint32_t *at,
                           ambv *out);
/* Reads a tree's list head: number of items. False: it is none. */
bool ambmarshal_list(const amb_arg *ret, uint32_t *count);

/* gate.c */
const amb_op *ambgate_op(struct ambgate *g, const ambprov *prov, const amb_restype *type,
                         const char *name, size_t len);
const amb_op *ambgate_ordinal(const ambprov *prov, uint16_t restype, uint16_t ordinal);
const amb_restype *ambgate_restype(const ambprov *prov, uint16_t id);
/* The bits of the right of that name; 0: there is none. */
amb_rights ambgate_right(const ambprov *prov, const char *name, size_t len);
const amb_op *ambgate_op_at(const ambprov *p, uint32_t i);
const amb_param *ambgate_param_at(const ambprov *prov, const amb_op *op, uint32_t i);
const amb_right *ambgate_right_at(const ambprov *prov, uint32_t i);
/* Parameters a script gives: the hidden ones are last. */
uint32_t ambgate_visible(const ambprov *prov, const amb_op *op);
/* Rights, quota, charge, interposers, provider; a[] are complete. c is prepared by
 * ambgate_begin and freed by ambmarshal_free. Returns the provider's status. */
void ambgate_begin(ambcall *c, amb_vm *vm, ambprov *prov, const amb_op *op, uint32_t row);
amb_status ambgate_allowed(amb_vm *vm, ambrow *r, const amb_op *op, const char *name);
amb_status ambgate_run(ambcall *c, const amb_arg *a, uint32_t n);
/* The gate says no: interposers are told, and may end the program. Gives `st` otherwise. r,
 * op: NULL when there is none. */
amb_status ambgate_refused(amb_vm *vm, const ambrow *r, const amb_op *op, const char *name,
                           amb_status st, const char *why);
/* Turns a failed call into the pending error. */
amb_status ambgate_raise(ambcall *c, amb_status st, const char *what);
/* One operation of cap's row, slots in and out: for the kernel's own vocabulary. held: a value that the
 * slots point into, bytes leased by the caller; or nil. When the task must wait (AMB_PENDING) and the call
 * is in flight, the lease ends with it. */
amb_status ambgate_basic(amb_vm *vm, ambv cap, ambv held, ambrow *r, uint16_t ordinal,
                         const char *what, amb_arg *a, uint32_t n, amb_arg *ret);
/* The same for an operation that gives a value; a task that waited finds it, too. */
amb_status ambgate_value(amb_vm *vm, ambv cap, ambv held, ambrow *r, uint16_t ordinal,
                         const char *what, const amb_arg *a, uint32_t n, ambv *out);
/* Where a resource does one operation at a time: AMB_OK, or the task waits for its turn. */
amb_status ambgate_turn(amb_vm *vm, ambv cap, const ambrow *r, const char *what);
void ambgate_right_names(const ambprov *prov, amb_rights rights, char *out, size_t size);
const char *ambgate_io_kind(int os_errno);
ambprov *ambgate_provider(const struct ambgate *g, const char *iface, size_t len);

/* A root operation of a pure module, called by script with args[0..n), TAG_UNDEF where left out. visible: how
 * many parameters it has; waits: whether it may run on a worker or be given loans. */
amb_status ambgate_function(amb_vm *vm, ambprov *prov, const amb_op *op, uint32_t visible, bool waits,
                            const ambv *args, uint32_t n, ambv *out);

/* Calls the provider's function with the call's arguments. */
amb_status ambgate_enter(ambcall *c, amb_arg *ret);
/* Runs the provider's function for a call: on this thread, or, when it blocks and others could
 * run meanwhile, on another one. */
amb_status ambgate_dispatch(ambcall *c, const amb_arg *a, uint32_t n);
/* What follows the provider's answer: interposers, the new row, the receiver's life. */
amb_status ambgate_leave(ambcall *c, amb_status st);
/* Whether no operation may be done here: inside `==`, `<`, `hash` and `str` methods. */
bool ambgate_closed(amb_vm *vm);

/* pending.c: calls that are answered later */
amb_status ambpending_setup(amb_vm *vm);
void ambpending_teardown(amb_vm *vm);
/* Takes a call for later, on its home thread; NULL: no memory. The call is the copy's from now on. */
ambpending *ambpending_take(ambcall *c);
/* The same, to be run by a thread. */
amb_status ambpending_work(ambcall *c);
/* Waits for the answer, without letting any task run. */
amb_status ambpending_wait(ambpending *p);
/* The status of a settled call; ends it, except after AMB_E_NOMEM from `out`. */
void ambpending_end(ambpending *p);
/* Nobody waits any more: tells the provider; the answer is dropped when it comes. */
void ambpending_abandon(ambpending *p);
void ambpending_ask_cancel(ambpending *p);
void ambpending_mark(struct ambgc *gc, struct ambgate *g);
amb_ticket ambpending_ticket(ambcall *c);
amb_call *ambpending_open(struct ambgate *g, amb_ticket t);
void ambpending_reply(amb_call *c, amb_status st, const amb_arg *ret);
bool ambpending_canceled(struct ambgate *g, amb_ticket t);

/* loan.c: capabilities as arguments for providers of other interfaces */
amb_status ambloan_in(ambcall *c, const amb_param *p, const char *what, ambv v, amb_arg *out);
void ambloan_keep(ambcall *c); /* the call has returned a resource: what is to live with it does */
void ambloan_drop(struct ambgate *g, amb_loan l);
/* The program ends: closes what was lent something, and begins what that queued in its close(). */
void ambloan_last_words(struct ambgate *g);
void ambloan_mark(struct ambgc *gc, const struct ambgate *g);
void ambloan_teardown(struct ambgate *g);
amb_status ambloan_invoke(struct ambgate *g, amb_loan l, uint16_t ordinal, const amb_arg *a, uint32_t n,
                          amb_done_fn done, void *ud);
/* Has the thread that waits for a call run its job. */
void ambloan_help(struct ambhelper *h, ambjob *j);
amb_status ambloan_invoke_wait(ambcall *c, amb_loan l, uint16_t ordinal, const amb_arg *a, uint32_t n,
                               amb_arg *ret);
void ambloan_answered(ambpending *p); /* of a call that a provider made */

/* wire.c: encodes the arguments of a call and gives the provider what it decodes. */
amb_status ambwire_call(ambcall *c, void *self, amb_arg *ret);
/* The same for the answer; buffers that were filled are copied to where they belong. */
amb_status ambwire_answer(ambcall *c, amb_status st);
/* Slots as bytes, and back; what is decoded lives in the call's memory. NULL or false: no memory, or
 * the bytes are no such slots. text: strings must be UTF-8. */
bool ambwire_encode(ambbytebuf *b, const amb_arg *a, uint32_t n);
amb_arg *ambwire_decode(ambcall *c, const uint8_t *p, size_t len, uint32_t n, bool text);

/* chaos.c: disturbs calls in ways that nothing may depend on, and some that fail. */
bool ambchaos_waits(amb_vm *vm);        /* the call is to be made again, after others have run */
bool ambchaos_elsewhere(amb_vm *vm);    /* a thread is to run what could be tried here */
const amb_arg *ambchaos_args(ambcall *c, const amb_arg *a, uint32_t n); /* shorter buffers, smaller batches */
amb_status ambchaos_fails(ambcall *c);  /* AMB_OK, or how the call is to fail without being made */

/* stream.c: the vocabulary all streams share */
typedef struct ambverb {
    const char *name;
    uint8_t min, max;
    enum { VERB_ANY, VERB_READ, VERB_WRITE, VERB_NEXT, VERB_SOURCE } needs;
    const char *params;
    amb_status (*fn)(amb_vm *vm, ambv cap, ambrow *r, const ambv *args, uint32_t n,
                     ambv *out);
    const char *usage, *doc;
} ambverb;
extern const ambverb ambstream_verbs[];
/* modules.c: a plug-in's code and module, from a folder of them. */
amb_status ambmodules_plugin(amb_vm *vm, ambv cap, ambrow *r, const ambv *args, uint32_t n, ambv *out);
const ambverb *ambstream_verb(const ambrow *r, const char *name, size_t len);
amb_status ambstream_next_line(amb_vm *vm, ambv cap, ambrow *r, ambv *out);
/* A task waits for a read or a write of the vocabulary; and it has been answered. */
void ambstream_begun(ambpending *p);
void ambstream_filled(ambpending *p);
/* Those who waited while another task read or wrote look again. */
void ambstream_next_turn(amb_vm *vm, ambres *res);
/* Gives buffered input back before something uses the position. */
amb_status ambstream_settle(amb_vm *vm, ambrow *r);
/* ---- gate_host.c ---- */
extern const amb_host ambgate_host;
#endif
