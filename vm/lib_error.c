/* SPDX-License-Identifier: MIT */
/* Members of errors and functions. */
#include "class.h"
#include "code.h"
#include "lib.h"
#include "vm_internal.h"

#define NATIVE(name) static amb_status name(amb_vm *vm, ambv *args, uint32_t n, ambv *out)

NATIVE(error_trace) {
    (void)n;
    return amblib_result(vm, ambreport_trace(vm, args[0].inst), out);
}

static amb_list *notes_of(amb_vm *vm, amb_instance *e) {
    ambv v = ambinst_get(e, ERR_NOTES);
    if (v.tag == TAG_LIST) return v.list;
    amb_list *l = amblist_new(vm, 0);
    if (!l) return NULL;
    ambinst_put(e, ERR_NOTES, ambv_obj(l));
    ambgc_barrier(vm, e);
    return l;
}

NATIVE(error_notes) {
    (void)n;
    return amblib_result(vm, notes_of(vm, args[0].inst), out);
}

NATIVE(error_note) {
    (void)n;
    amb_string *text;
    amb_status st = amblib_want_string(vm, "note", "text", args[1], &text);
    if (st) return st;
    amb_list *l = notes_of(vm, args[0].inst);
    if (!l) return amblib_nomem(vm);
    *out = args[0];
    return amblib_push(vm, l, args[1]);
}

const amb_native_def amblib_error[] = {
    PROPERTY("trace", error_trace, "trace: list",
             "Where it was thrown: \"function (module:line)\", innermost first."),
    PROPERTY("notes", error_notes, "notes: list", "Texts added on the way."),
    METHOD("note", error_note, 1, 1, "text", "note(text: string) -> Error",
           "Adds a text to the notes and gives the error."),
    TABLE_END,
};

NATIVE(function_name) {
    (void)n;
    ambv f = args[0];
    while (f.tag == TAG_BOUND) f = f.bound->fn;
    amb_string *s = vm->empty_string;
    if (f.tag == TAG_CLOSURE)
        s = ambtext_closure_name(vm, f.closure);
    else if (f.tag == TAG_NATIVE)
        s = ambstr_cstr(vm, f.native->def->name);
    else if (f.tag == TAG_STRING)
        s = f.str;
    return amblib_result(vm, s, out);
}

const amb_native_def amblib_function[] = {
    PROPERTY("name", function_name, "name: string",
             "The declared name, or the empty string."),
    TABLE_END,
};
