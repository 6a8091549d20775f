/* SPDX-License-Identifier: MIT */
/* Values of scripts, as a host and its native functions hold them.
 *
 * An amb_value is two words. nil, booleans, ints, floats and `done` are in it; everything else
 * (strings, lists, functions, capabilities...) is an object of the VM, and the amb_value names it. A
 * name is good while its scope is open:
 *
 *  - A native function has a scope of its own: its arguments and all values that it gets are good until
 *    it returns.
 *  - Everywhere else the host opens one: amb_scope_open ... amb_scope_close. Scopes nest; a loop that
 *    makes many values opens one in each round, so that they can be collected.
 *  - amb_pin makes a name that is good until amb_unpin, whatever scopes are open.
 *
 * A name that is used after its scope was closed, in another VM, or asked for where no scope is open, is
 * found out: the call gives AMB_E_SCOPE. Nothing else happens.
 *
 * Unless a function says otherwise: it is called on the thread that uses the VM; it borrows its
 * arguments; results come by pointer and are left alone when it fails; texts are UTF-8 with their length in
 * bytes, copied; and it gives one of
 *   AMB_OK
 *   AMB_E_ARG    a value of the wrong type, an index out of range
 *   AMB_E_SCOPE  see above
 *   AMB_E_NOMEM, AMB_E_LIMIT   no memory, or more than amb_config.heap_bytes
 *   AMB_E_THROW  an error of the language, see amb_last_error
 * amb_last_error has more to say about each of them. */
#ifndef AMBIT_VALUE_H
#define AMBIT_VALUE_H

#include <stddef.h>
#include <stdint.h>

#include "ambit/status.h"

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define AMB_API __attribute__((visibility("default")))
#else
#define AMB_API
#endif

typedef struct amb_vm amb_vm;

/* Opaque; copy it freely, compare it with amb_same. All zeros is nil. */
typedef struct amb_value {
    uint64_t payload, tag;
} amb_value;

/* Receives text, in one piece or several; s lives for the call. */
typedef void (*amb_text_fn)(void *ud, const char *s, size_t n);

/* ---- scopes ------------------------------------------------------------------------ */

typedef struct amb_scope {
    uint32_t first, depth;
} amb_scope;

/* Values that are made or got from now on are good until the scope is closed. Costs nothing. */
AMB_API amb_scope amb_scope_open(amb_vm *vm);
/* Closes it. AMB_E_SCOPE: it is not the innermost one; nothing happens. Scopes that a native function
 * leaves open are closed when it returns. */
AMB_API amb_status amb_scope_close(amb_vm *vm, amb_scope s);
/* Closes it and gives v a name in the scope around it. */
AMB_API amb_status amb_scope_escape(amb_vm *vm, amb_scope s, amb_value v, amb_value *out);
/* Makes a name for v that is good until amb_unpin. Scalars need none and are given back as they are. */
AMB_API amb_status amb_pin(amb_vm *vm, amb_value v, amb_value *out);
/* Gives back what amb_pin made; other values are left alone. */
AMB_API void amb_unpin(amb_vm *vm, amb_value v);

/* ---- what it is -------------------------------------------------------------------- */

enum {
    AMB_TYPE_NIL,
    AMB_TYPE_BOOL,
    AMB_TYPE_INT,
    AMB_TYPE_FLOAT,
    AMB_TYPE_DONE, /* the end of a sequence */
    AMB_TYPE_STRING,
    AMB_TYPE_BYTES,
    AMB_TYPE_LIST,
    AMB_TYPE_TUPLE,
    AMB_TYPE_MAP,
    AMB_TYPE_SET,
    AMB_TYPE_RANGE,
    AMB_TYPE_FUNCTION, /* of a script, native, or a method with its receiver */
    AMB_TYPE_CLASS,
    AMB_TYPE_OBJECT, /* an instance of a class, errors and objects of the host included */
    AMB_TYPE_MODULE,
    AMB_TYPE_SEQUENCE, /* a running generator */
    AMB_TYPE_CAPABILITY,
    AMB_TYPE_TASK,
    AMB_TYPE_CHANNEL,
    AMB_TYPE_LOCK,
    AMB_TYPE_LOCAL /* a value that each task has its own of */
};
/* One of AMB_TYPE_*; -1: this is no value. More may come in later versions. */
AMB_API int amb_type(amb_value v);
/* What `type(v)` gives in a script: "int", "string", the name of a class... Lives as long as v is good. "?":
 * v is not. */
AMB_API const char *amb_type_name(amb_vm *vm, amb_value v);
/* Whether both are the same object, or equal scalars of one type. */
AMB_API int amb_same(amb_value a, amb_value b);
/* a == b, as scripts compare. It may run their `==` methods; outside of a run these have the fuel and time of one. */
AMB_API amb_status amb_equal(amb_vm *vm, amb_value a, amb_value b, int *out);
/* What print shows; quoted: as inside a list. It may run `str` methods, with limits like amb_equal. */
AMB_API amb_status amb_show(amb_vm *vm, amb_value v, int quoted, amb_text_fn write, void *ud);

/* ---- scalars: they need no VM and cannot fail ---------------------------------------- */

AMB_API amb_value amb_nil(void);
AMB_API amb_value amb_done(void);
AMB_API amb_value amb_bool(int b);
AMB_API amb_value amb_int(int64_t i);
AMB_API amb_value amb_float(double f);
AMB_API int amb_is_nil(amb_value v);
AMB_API int amb_is_done(amb_value v);
/* Everything but nil and false is true. */
AMB_API int amb_truth(amb_value v);
/* Each gives 1, or 0 and leaves *out alone: it is another type. */
AMB_API int amb_as_bool(amb_value v, int *out);
AMB_API int amb_as_int(amb_value v, int64_t *out);
AMB_API int amb_as_float(amb_value v, double *out); /* an int, too */

/* ---- strings and bytes --------------------------------------------------------------- */

/* len bytes of UTF-8; may contain zeros. AMB_E_ARG: it is not UTF-8. */
AMB_API amb_status amb_string_new(amb_vm *vm, const char *s, size_t len, amb_value *out);
/* The bytes, and behind them a zero that does not count. They live, and stay as they are, as long as v is good. */
AMB_API amb_status amb_as_string(amb_vm *vm, amb_value v, const char **s, size_t *len);
/* p == NULL: zeros. */
AMB_API amb_status amb_bytes_new(amb_vm *vm, const void *p, size_t len, amb_value *out);
/* The bytes themselves, for reading and writing, until script code runs or the VM is pumped. AMB_E_THROW: they
 * are lent to an operation that is under way, or frozen, as those of literals are. */
AMB_API amb_status amb_as_bytes(amb_vm *vm, amb_value v, uint8_t **p, size_t *len);

/* ---- containers ---------------------------------------------------------------------- */

/* How many elements a list, tuple, map, set or range has, code points a string, bytes a bytes value. */
AMB_API amb_status amb_len(amb_vm *vm, amb_value v, uint64_t *out);

AMB_API amb_status amb_list_new(amb_vm *vm, const amb_value *v, uint32_t n, amb_value *out);
AMB_API amb_status amb_list_push(amb_vm *vm, amb_value list, amb_value v);
AMB_API amb_status amb_list_set(amb_vm *vm, amb_value list, uint32_t i, amb_value v);
/* Element i of a list or a tuple. */
AMB_API amb_status amb_at(amb_vm *vm, amb_value v, uint32_t i, amb_value *out);

/* names: n zero-terminated identifiers, or NULL. */
AMB_API amb_status amb_tuple_new(amb_vm *vm, const amb_value *v, const char *const *names, uint32_t n,
                                 amb_value *out);
/* The name of element i, NULL: it has none, or v is no tuple. Lives as long as v is good. */
AMB_API const char *amb_tuple_name(amb_vm *vm, amb_value v, uint32_t i);

AMB_API amb_status amb_map_new(amb_vm *vm, amb_value *out);
/* AMB_E_THROW: the key cannot be one, or the map is frozen. */
AMB_API amb_status amb_map_set(amb_vm *vm, amb_value map, amb_value key, amb_value v);
/* *out: nil when the key is not there; see amb_map_has. */
AMB_API amb_status amb_map_get(amb_vm *vm, amb_value map, amb_value key, amb_value *out);
/* Of a map or a set. */
AMB_API amb_status amb_map_has(amb_vm *vm, amb_value map, amb_value key, int *out);
/* The same with a text as key. */
AMB_API amb_status amb_map_set_text(amb_vm *vm, amb_value map, const char *key, amb_value v);
AMB_API amb_status amb_map_get_text(amb_vm *vm, amb_value map, const char *key, amb_value *out);
/* Walks a map or a set, in the order its keys came; *at is 0 at first. Gives AMB_E_EOF at the end. v may be
 * NULL; it is nil for sets. Keys must not come or go meanwhile. */
AMB_API amb_status amb_map_next(amb_vm *vm, amb_value map, uint32_t *at, amb_value *key, amb_value *v);
AMB_API amb_status amb_set_new(amb_vm *vm, amb_value *out);
AMB_API amb_status amb_set_add(amb_vm *vm, amb_value set, amb_value key);

/* A public field of an object (its getter runs), an export of a module, a named element of a tuple, a property
 * or bound method of anything else. AMB_E_THROW: there is none of that name. */
AMB_API amb_status amb_get(amb_vm *vm, amb_value v, const char *name, amb_value *out);
/* A public field of an object that is not declared with `let`; its setter runs. */
AMB_API amb_status amb_set(amb_vm *vm, amb_value v, const char *name, amb_value to);
/* Freezes v and all that can be reached from it: nobody can change it any more. */
AMB_API amb_status amb_freeze(amb_vm *vm, amb_value v);

#ifdef __cplusplus
}
#endif
#endif
