/* SPDX-License-Identifier: MIT */
/* Native functions: how they are described, called, and how they raise errors. */
#ifndef AMB_VM_NATIVE_H
#define AMB_VM_NATIVE_H
#include "object.h"

/* args[0..n) are the arguments; for methods and properties args[0] is the receiver (its type is
 * already checked). An argument that was left out in the middle of a call with names is TAG_UNDEF; so are those
 * between n and max. *out may alias an argument slot: write it last. A function that finds no memory
 * returns the status of the failed allocation; it is then called once more after a full
 * collection, so everything that can fail comes before the first visible change. */
typedef amb_status (*ambnative_fn)(amb_vm *vm, ambv *args, uint32_t n, ambv *out);

enum { NATIVE_METHOD = 1, NATIVE_PROPERTY = 2, NATIVE_STATIC = 4, NATIVE_REST = 8, /* max unbounded */
       NATIVE_HOST = 16 /* an ambhostfn, see host.h; fn is NULL */ };

/* One row of a table of natives. Tables are const, end with name == NULL, and are the source of the
 * reference documentation and of completion. */
typedef struct amb_native_def {
    const char *name;
    ambnative_fn fn;    /* NULL: written in Ambit, see `core` */
    uint8_t min, max;    /* arguments without the receiver */
    uint16_t flags;      /* NATIVE_* */
    const char *params;  /* "sep, max: nil": names in order, as they may be given by name; NULL: none */
    const char *usage;   /* "split(sep: string, max: int = nil) -> list" */
    const char *doc;     /* one or two sentences */
    const char *core;    /* fn == NULL: "module:function" in the embedded core sources */
} amb_native_def;

/* The error classes, in the order of vm->error_class[]. */
#define AMB_ERROR_CLASSES(X)                                                                       \
    X(ERROR, "Error") X(TYPE, "TypeError") X(VALUE, "ValueError") X(INDEX, "IndexError")           \
    X(KEY, "KeyError") X(NAME, "NameError") X(OVERFLOW, "OverflowError")                           \
    X(DIVISION, "DivisionError") X(MATCH, "MatchError") X(STATE, "StateError") X(IO, "IOError")    \
    X(CAPABILITY, "CapabilityError") X(TIMEOUT, "TimeoutError") X(LIMIT, "LimitError")             \
    X(PROVIDER_DIED, "ProviderDied") X(DECODE, "DecodeError") X(EXIT, "Exit")                      \
    X(CANCELLED, "CancelledError")
enum amb_error_kind {
#define X(id, name) AMB_ERR_##id,
    AMB_ERROR_CLASSES(X)
#undef X
        AMB_ERR_COUNT
};

/* Makes an error of that class the pending one and returns AMB_E_THROW (or AMB_E_NOMEM).
 * Message: printf with the additions of ambbuf_printf. */
amb_status amberr_raise(amb_vm *vm, enum amb_error_kind kind, const char *fmt, ...)
    AMB_PRINTF(3, 4) AMB_COLD;
/* IOError(kind, code, path) / DecodeError(line, column): the same with their fields. path may be NULL. */
amb_status amberr_io(amb_vm *vm, const char *kind, int64_t code, const char *path, const char *fmt, ...)
    AMB_PRINTF(5, 6) AMB_COLD;
amb_status amberr_decode(amb_vm *vm, int64_t line, int64_t column, const char *fmt, ...)
    AMB_PRINTF(4, 5) AMB_COLD;
/* TypeError "what expects X, not Y": what = "split", which = argument name or NULL. */
amb_status amberr_arg(amb_vm *vm, const char *what, const char *which, const char *expected, ambv got)
    AMB_COLD;

/* Construction of built-in errors: Error(message, cause: nil) and the other classes' fields in order. */
extern const amb_native_def amberr_construct, amberr_fields, amberr_construct_io, amberr_fields_io;
extern const amb_native_def amberr_construct_decode, amberr_fields_decode, amberr_construct_exit,
    amberr_fields_exit;
/* Records where e was thrown, unless that is known already. */
void amberr_trace(amb_vm *vm, amb_instance *e);

/* Calls a script or native function from C, re-entering the interpreter; it cannot suspend, and the
 * nesting of such calls is bounded (StateError). args are copied. Only for hash, ==, <, str and the
 * embedding API: anything that runs once per element is written in Ambit. */
amb_status ambcall_value(amb_vm *vm, ambv fn, const ambv *args, uint32_t n, ambv *out);
/* The same for a host, which holds nothing but names of values: collections go on meanwhile. */
amb_status ambcall_from_host(amb_vm *vm, ambv fn, const ambv *args, uint32_t n, ambv *out);
/* For a call from outside of any run, quickly: where the n arguments are to be put (NULL: the stack is too small);
 * then c is called with them. */
ambv *ambcall_place(amb_vm *vm, uint32_t n);
amb_status ambcall_run(amb_vm *vm, amb_closure *c, uint32_t n, ambv *out);
/* ambcall_value with the gate closed: for hash, ==, < and str, which must not do anything else. */
amb_status ambcall_pure(amb_vm *vm, ambv fn, const ambv *args, uint32_t n, ambv *out);
/* Calls the native method `name` of a built-in type directly; args[0] is the receiver. */
amb_status ambcall_builtin(amb_vm *vm, ambv self, const char *name, ambv *args, uint32_t n, ambv *out);

/* ---- tables, one per type (lib_*.c); lookups are by interned name through vm->type_members ---- */
extern const amb_native_def amblib_prelude[];
extern const amb_native_def amblib_int[], amblib_float[], amblib_bool[], amblib_nil[];
extern const amb_native_def amblib_string[], amblib_bytes[], amblib_list[], amblib_tuple[];
extern const amb_native_def amblib_map[], amblib_set[], amblib_range[], amblib_function[];
extern const amb_native_def amblib_task[], amblib_channel[], amblib_lock[], amblib_local[];
extern const amb_native_def amblib_stream[]; /* of capabilities that can be read, written in Ambit */
extern const amb_native_def amblib_generator[]; /* lazy sequences: next, close, and the core ones */
extern const amb_native_def amblib_error[];     /* members of Error itself: message cause notes trace ... */
extern const amb_native_def amblib_math[];      /* the module math: functions */
/* Constants of a native module: name -> value. */
typedef struct amb_native_const { const char *name; double f; int64_t i; bool is_float; } amb_native_const;
extern const amb_native_const amblib_math_consts[];
#endif
