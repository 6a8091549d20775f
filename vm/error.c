/* SPDX-License-Identifier: MIT */
/* Errors: raising them from C, their construction by script, and where they were thrown.
 *
 * Every error instance has four fields: message, cause, notes and a hidden trace, a tuple of function, code
 * position pairs that the property `trace` turns into text when it is asked for. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "run.h"

#define TRACE_MAX 60 /* frames kept: the innermost */

/* An error of class c with this message; NULL: no memory. */
static amb_instance *make(amb_vm *vm, amb_class *c, ambv message) {
    amb_instance *e = ambclass_instance(vm, c);
    if (!e) return NULL;
    ambinst_put(e, ERR_MESSAGE, message);
    return e;
}

static amb_status pend(amb_vm *vm, enum amb_error_kind kind, const char *fmt, va_list ap,
                       amb_instance **out) {
    char text[600];
    int n = vsnprintf(text, sizeof text, fmt, ap);
    size_t len = n < 0 ? 0 : (size_t)n < sizeof text ? (size_t)n : sizeof text - 1;
    size_t chars, valid = ambutf8_validate(text, len, &chars); /* a cut may fall inside a code point */
    amb_string *s = ambstr_new(vm, text, valid);
    amb_instance *e = s ? make(vm, vm->error_class[kind], ambv_obj(s)) : NULL;
    if (!e) return vm->failed;
    vm->exc = ambv_obj(e);
    *out = e;
    return AMB_E_THROW;
}

amb_status amberr_raise(amb_vm *vm, enum amb_error_kind kind, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    amb_instance *e;
    amb_status st = pend(vm, kind, fmt, ap, &e);
    va_end(ap);
    return st;
}

amb_status amberr_io(amb_vm *vm, const char *kind, int64_t code, const char *path, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    amb_instance *e;
    amb_status st = pend(vm, AMB_ERR_IO, fmt, ap, &e);
    va_end(ap);
    if (st != AMB_E_THROW) return st;
    amb_string *k = ambstr_cstr(vm, kind);
    amb_string *p = path ? ambstr_checked(vm, path, strlen(path)) : NULL;
    if (!k || (path && !p && vm->failed != AMB_OK)) return vm->failed;
    vm->exc = ambv_obj(e); /* a path that is no UTF-8 raised another one */
    ambinst_put(e, ERR_FIELDS, ambv_obj(k));
    ambinst_put(e, ERR_FIELDS + 1, ambv_int(code));
    if (p) ambinst_put(e, ERR_FIELDS + 2, ambv_obj(p));
    return st;
}

amb_status amberr_decode(amb_vm *vm, int64_t line, int64_t column, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    amb_instance *e;
    amb_status st = pend(vm, AMB_ERR_DECODE, fmt, ap, &e);
    va_end(ap);
    if (st != AMB_E_THROW) return st;
    ambinst_put(e, ERR_FIELDS, ambv_int(line));
    ambinst_put(e, ERR_FIELDS + 1, ambv_int(column));
    return st;
}

amb_status amberr_arg(amb_vm *vm, const char *what, const char *which, const char *expected, ambv got) {
    char brief[64];
    if (got.tag == TAG_UNDEF)
        return amberr_raise(vm, AMB_ERR_TYPE, "%s is missing %s%s%s", what, which ? "'" : "an argument",
                            which ? which : "", which ? "'" : "");
    return amberr_raise(vm, AMB_ERR_TYPE, "%s%s%s%s expects %s, not %s (%s)", what, which ? ": '" : "",
                        which ? which : "", which ? "'" : "", expected, ambtype_name(vm, got),
                        ambtext_brief(vm, got, brief));
}

/* ---- construction by script: Error(message, cause: nil), IOError(message, kind, code, path) ... ---- */

static amb_status fill(amb_vm *vm, amb_instance *e, const ambv *args, uint32_t n) {
    const amb_class *c = ambinst_class(vm, e);
    while (c && c->module) c = c->parent; /* the built-in ancestor */
    uint32_t own = c ? c->nfields - ERR_FIELDS : 0;
    const char *name = c ? c->name->data : "Error";
    ambv message = n > 0 && args[0].tag != TAG_UNDEF ? args[0] : ambv_nil();
    if (c == vm->error_class[AMB_ERR_EXIT]) {
        if (message.tag == TAG_NIL) message = ambv_int(0);
        if (message.tag != TAG_INT || message.u > 255)
            return amberr_arg(vm, "Exit", "status", "an int from 0 to 255", message);
        ambinst_put(e, ERR_FIELDS, message);
        ambinst_put(e, ERR_MESSAGE, ambv_obj(vm->empty_string));
        return AMB_OK;
    }
    if (message.tag == TAG_NIL) message = ambv_obj(vm->empty_string);
    if (message.tag != TAG_STRING) return amberr_arg(vm, name, "message", "string", message);
    ambinst_put(e, ERR_MESSAGE, message);
    /* the class's own fields in order, then the cause */
    for (uint32_t i = 0; i < own; i++)
        if (1 + i < n && args[1 + i].tag != TAG_UNDEF) ambinst_put(e, ERR_FIELDS + i, args[1 + i]);
    ambv cause = 1 + own < n ? args[1 + own] : ambv_undef();
    if (cause.tag != TAG_UNDEF && cause.tag != TAG_NIL) {
        if (cause.tag != TAG_INSTANCE || !(ambinst_class(vm, cause.inst)->h.flags & CLASS_ERROR))
            return amberr_arg(vm, name, "cause", "an Error", cause);
        ambinst_put(e, ERR_CAUSE, cause);
    }
    return AMB_OK;
}

static amb_status construct(amb_vm *vm, ambv *args, uint32_t n, ambv *out) {
    amb_instance *e = ambclass_instance(vm, args[0].cls);
    if (!e) return vm->failed;
    amb_status st = fill(vm, e, args + 1, n - 1);
    if (st == AMB_OK) *out = ambv_obj(e);
    return st;
}

static amb_status fields(amb_vm *vm, ambv *args, uint32_t n, ambv *out) {
    amb_status st = fill(vm, args[0].inst, args + 1, n - 1);
    *out = ambv_nil();
    return st;
}

#define ERROR_DEF(id, name, params)                                                               \
    const amb_native_def amberr_construct##id = {                                                  \
        name, construct, 0, 5, NATIVE_METHOD, params, name "(" params ")",                         \
        "Makes an error; `throw` throws it.", NULL};                                               \
    const amb_native_def amberr_fields##id = {                                                     \
        name, fields, 0, 5, NATIVE_METHOD, params, name "(" params ")",                            \
        "Fills the fields of an error whose class extends this one.", NULL};
ERROR_DEF(, "Error", "message, cause")
ERROR_DEF(_io, "IOError", "message, kind, code, path, cause")
ERROR_DEF(_decode, "DecodeError", "message, line, column, cause")
ERROR_DEF(_exit, "Exit", "status")

/* ---- where it was thrown ---- */

void amberr_trace(amb_vm *vm, amb_instance *e) {
    amb_class *c = ambinst_class(vm, e);
    if (!(c->h.flags & CLASS_ERROR) || ambinst_get(e, ERR_TRACE).tag != TAG_NIL) return;
    ambv at[TRACE_MAX * 2];
    uint32_t n = 0;
    ambv *base = vm->base;
    const amb_instr *pc = vm->pc;
    ambv *bottom = vm->stack + 3;
    while (base > bottom && n < TRACE_MAX) {
        if (base[-2].tag == TAG_CLOSURE) {
            amb_proto *p = base[-2].closure->proto;
            if (!(p->flags & PROTO_HIDDEN)) {
                at[2 * n] = ambv_obj(p);
                at[2 * n + 1] = ambv_int(pc - p->code);
                n++;
            }
        }
        ambv h = base[-1];
        if (frame_kind_of(h.tag) == FRAME_EXIT && base - frame_delta(h.tag) / sizeof(ambv) <= bottom) break;
        pc = (const amb_instr *)h.p - 1;
        base = (ambv *)((char *)base - frame_delta(h.tag));
    }
    amb_tuple *t = ambtuple_new(vm, 2 * n);
    if (!t) {
        vm->failed = AMB_OK; /* an error without a trace is better than none */
        return;
    }
    memcpy(t->vals, at, 2 * n * sizeof *at);
    ambinst_put(e, ERR_TRACE, ambv_obj(t));
    ambgc_barrier(vm, e);
}
