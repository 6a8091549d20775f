/* SPDX-License-Identifier: MIT */
/* Classes, their members, and the members of built-in types. */
#ifndef AMB_VM_CLASS_H
#define AMB_VM_CLASS_H
#include "gc_internal.h"
#include "vm.h"

/* A class with room for its members; registered under a fresh id. */
amb_class *ambclass_new(amb_vm *vm, amb_string *name, amb_class *parent);
amb_status ambclass_add(amb_vm *vm, amb_class *c, const amb_member *m);
/* The member `name` (interned) as seen from outside; NULL: none. Private ones are found, too. */
amb_member *ambclass_find(const amb_class *c, const amb_string *name);
static inline bool ambclass_is_a(const amb_class *c, const amb_class *of) {
    while (c && c->depth > of->depth) c = c->parent;
    return c == of;
}
/* Checks a typed field's new value; may widen an int. TypeError. */
amb_status ambclass_check_field(amb_vm *vm, const amb_member *m, ambv *v);
/* Fills the cached operators and checks; after the last member. */
void ambclass_finish(amb_vm *vm, amb_class *c);
/* An instance with all fields nil. */
amb_instance *ambclass_instance(amb_vm *vm, amb_class *c);
static inline amb_class *ambinst_class(const amb_vm *vm, const amb_instance *o) {
    return vm->classes[o->h.aux32];
}
void ambclass_mark(struct ambgc *gc, amb_class *c);
void ambclass_finalize(amb_vm *vm, amb_class *c);

/* ---- members of built-in types ---- */
typedef struct ambmembers_row {
    amb_string *name;
    const amb_native_def *def;
    ambv value; /* the closure of a core function or the native object, once made; else nil */
} ambmembers_row;
typedef struct ambmembers {
    uint32_t mask, count;
    ambmembers_row rows[];
} ambmembers;
void ambmembers_teardown(amb_vm *vm);
/* The member `name` of the built-in type with that tag. Types get their table when one is first asked for:
 * NULL with vm->failed set is lack of memory, without: there is none. */
ambmembers_row *ambmembers_find(amb_vm *vm, uint64_t tag, const amb_string *name);
void ambmembers_mark(struct ambgc *gc, const struct ambmembers *m);
/* The built-in type whose table this row stands in, "list"; NULL: none. */
const char *ambmembers_owner(const amb_native_def *d);
/* The function value of a row: makes the native object or loads the core function. */
amb_status ambmembers_value(amb_vm *vm, ambmembers_row *row, ambv *out);

/* The existing name closest to `name`, or NULL: for "did you mean". May set vm->failed. */
const char *ambclass_suggest(amb_vm *vm, ambv self, const amb_string *name);
/* Makes `have` the best guess for what was meant by `name` if it is nearer than *best, *d away; NULL at first. */
void ambclass_nearer(const char *name, const char *have, const char **best, uint32_t *d);
/* Builds the error classes. */
amb_status ambclass_setup(amb_vm *vm);
amb_native *ambnative_new(amb_vm *vm, const amb_native_def *def);
/* Private field slots of every error instance. */
enum { ERR_MESSAGE, ERR_CAUSE, ERR_NOTES, ERR_TRACE, ERR_FIELDS };
#endif
