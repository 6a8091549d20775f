/* SPDX-License-Identifier: MIT */
/* The prelude: the functions every program starts with. Those that take script functions
 * or any iterable are in stdlib-modules/core/prelude.amb. */
#include <math.h>

#include "lib.h"
#include "lib_number.h"
#include "lib_string.h"
#include "number.h"
#include "task.h"

#define NATIVE(name) static amb_status name(amb_vm *vm, ambv *args, uint32_t n, ambv *out)

/* ---- print ---- */

static amb_status print_to(amb_vm *vm, const char *what, int fd, ambv *args, uint32_t n,
                           ambv *out) {
    static const char *const names[] = {"sep", "end", NULL};
    const amb_tuple *named = amblib_named(args, &n);
    ambv opts[2] = {ambv_undef(), ambv_undef()};
    amb_string *sep = vm->ascii[' '], *end = vm->ascii['\n'];
    amb_status st = AMB_OK;
    *out = ambv_nil();
    if (named) {
        st = amblib_named_values(vm, what, named, names, opts);
        if (!st && amblib_given(opts[0]))
            st = amblib_want_string(vm, what, "sep", opts[0], &sep);
        if (!st && amblib_given(opts[1]))
            st = amblib_want_string(vm, what, "end", opts[1], &end);
        if (st) return st;
    }
    ambbuf b;
    ambbuf_init(&b, vm);
    for (uint32_t i = 0; i < n && !st; i++) {
        if (i) ambbuf_add(&b, sep->data, sep->len);
        st = ambtext_append(&b, args[i], false);
    }
    ambbuf_add(&b, end->data, end->len);
    if (!st) st = ambbuf_status(&b);
    if (!st) st = ambvm_write(vm, fd, b.p, b.len);
    ambbuf_free(&b);
    return st;
}

NATIVE(prelude_print) { return print_to(vm, "print", 1, args, n, out); }
NATIVE(prelude_eprint) { return print_to(vm, "eprint", 2, args, n, out); }

/* ---- conversions ---- */

NATIVE(prelude_int) {
    (void)n;
    ambv v = args[0];
    unsigned base;
    amb_status st = amblib_want_base(vm, "int", args[1], &base);
    if (st) return st;
    if (amblib_given(args[1]) && v.tag != TAG_STRING)
        return amberr_raise(vm, AMB_ERR_TYPE,
                            "int() takes a base only for a string, not for %s",
                            ambtype_name(vm, v));
    switch (v.tag) {
    case TAG_INT: *out = v; return AMB_OK;
    case TAG_FALSE:
    case TAG_TRUE: *out = ambv_int(v.tag == TAG_TRUE); return AMB_OK;
    case TAG_FLOAT: return amblib_float_to_int(vm, "int", v.f, trunc(v.f), out);
    case TAG_STRING: {
        const char *p;
        size_t len;
        int64_t i;
        bool over;
        char brief[64];
        amblib_trimmed(v.str, &p, &len);
        if (ambnum_parse(p, len, base, &i, &over)) {
            *out = ambv_int(i);
            return AMB_OK;
        }
        ambtext_brief(vm, v, brief);
        if (over) return amblib_overflow(vm, "int(%s)", brief);
        double d;
        if (base == 10 && ambtext_parse_float(p, len, &d))
            return amberr_raise(
                vm, AMB_ERR_VALUE,
                "int() cannot read %s as a whole number; int(float(...)) cuts the "
                "fraction",
                brief);
        if (base != 10 && base != 0)
            return amberr_raise(vm, AMB_ERR_VALUE,
                                "int() cannot read %s as a whole number in base %u",
                                brief, base);
        return amberr_raise(vm, AMB_ERR_VALUE, "int() cannot read %s as a whole number",
                            brief);
    }
    default: return amberr_arg(vm, "int", "x", "a number, a string or a bool", v);
    }
}

NATIVE(prelude_float) {
    (void)n;
    ambv v = args[0];
    switch (v.tag) {
    case TAG_FLOAT: *out = v; return AMB_OK;
    case TAG_INT: *out = ambv_float((double)v.i); return AMB_OK;
    case TAG_STRING: {
        const char *p;
        size_t len;
        double d;
        char brief[64];
        amblib_trimmed(v.str, &p, &len);
        if (!ambtext_parse_float(p, len, &d))
            return amberr_raise(vm, AMB_ERR_VALUE, "float() cannot read %s as a number",
                                ambtext_brief(vm, v, brief));
        *out = ambv_float(d);
        return AMB_OK;
    }
    default: return amberr_arg(vm, "float", "x", "a number or a string", v);
    }
}

NATIVE(prelude_string) {
    if (n == 0) return amblib_result(vm, vm->empty_string, out);
    ambv v = args[0];
    if (v.tag != TAG_BYTES) return amblib_result(vm, ambtext_string(vm, v), out);
    amb_status st = ambbytes_check(vm, v.bytes);
    if (st) return st;
    if (v.bytes->len == 0) return amblib_result(vm, vm->empty_string, out);
    const char *p = (const char *)v.bytes->block->data;
    size_t chars, good = ambutf8_validate(p, v.bytes->len, &chars);
    if (good < v.bytes->len)
        return amberr_raise(
            vm, AMB_ERR_VALUE,
            "string() needs UTF-8: byte 0x%02x at position %zu does not belong",
            (unsigned char)p[good], good);
    return amblib_result(vm, ambstr_new(vm, p, good), out);
}

NATIVE(prelude_bytes) {
    if (n == 0) return amblib_result(vm, ambbytes_new(vm, NULL, 0), out);
    ambv v = args[0];
    amb_status st;
    switch (v.tag) {
    case TAG_INT:
        if (v.i < 0)
            return amberr_raise(vm, AMB_ERR_VALUE,
                                "bytes() wants a count of 0 or more, not %lld",
                                (long long)v.i);
        return amblib_result(vm, ambbytes_new(vm, NULL, (uint64_t)v.i), out);
    case TAG_STRING:
        return amblib_result(vm, ambbytes_new(vm, v.str->data, v.str->len), out);
    case TAG_BYTES:
        if ((st = ambbytes_check(vm, v.bytes)) != AMB_OK) return st;
        return amblib_result(
            vm,
            ambbytes_new(vm, v.bytes->block ? v.bytes->block->data : NULL, v.bytes->len),
            out);
    default: break;
    }
    amblib_iter it;
    if (v.tag == TAG_MAP || !amblib_iter_open(&it, v))
        return amberr_arg(vm, "bytes", "x", "an int, a string or a list of ints", v);
    uint64_t len = amblib_iter_hint(&it);
    amb_bytes *b = ambbytes_new(vm, NULL, len);
    if (!b) return amblib_nomem(vm);
    ambv x;
    bool more;
    for (uint64_t i = 0; i < len; i++) {
        if ((st = amblib_iter_next(vm, &it, &x, &more)) != AMB_OK) return st;
        if (!more) break;
        if (x.tag != TAG_INT)
            return amberr_arg(vm, "bytes", NULL, "ints from 0 to 255", x);
        if (x.i < 0 || x.i > 255)
            return amberr_raise(vm, AMB_ERR_VALUE,
                                "bytes() wants ints from 0 to 255, not %lld",
                                (long long)x.i);
        b->block->data[i] = (uint8_t)x.i;
    }
    *out = ambv_obj(b);
    return AMB_OK;
}

NATIVE(prelude_bool) {
    (void)vm, (void)n;
    *out = ambv_bool(ambv_truthy(args[0]));
    return AMB_OK;
}

/* ---- facts ---- */

NATIVE(prelude_type) {
    (void)n;
    return amblib_result(vm, ambstr_cstr(vm, ambtype_name(vm, args[0])), out);
}

NATIVE(prelude_same) {
    (void)n;
    ambv a = args[0], b = args[1];
    bool same = ambv_same(a, b);
    if (!same && a.tag == b.tag) {
        amb_status st = AMB_OK;
        if (a.tag == TAG_STRING || a.tag == TAG_RANGE || a.tag == TAG_BOUND ||
            a.tag == TAG_CAP)
            st = ambeq_values(vm, a, b, &same);
        if (st) return st;
    }
    *out = ambv_bool(same);
    return AMB_OK;
}

NATIVE(prelude_abs) {
    (void)n;
    if (!ambv_is_number(args[0])) return amberr_arg(vm, "abs", "x", "a number", args[0]);
    return amblib_abs(vm, args[0], out);
}

NATIVE(prelude_round) {
    (void)n;
    if (!ambv_is_number(args[0]))
        return amberr_arg(vm, "round", "x", "a number", args[0]);
    return amblib_round(vm, args[0], args[1], out);
}

NATIVE(prelude_range) {
    (void)n;
    int64_t a = 0, b, step = 1;
    amb_status st;
    if (amblib_given(args[1])) {
        st = amblib_want_int(vm, "range", "start", args[0], &a);
        if (!st) st = amblib_want_int(vm, "range", "stop", args[1], &b);
    } else {
        st = amblib_want_int(vm, "range", "stop", args[0], &b);
    }
    if (!st && amblib_given(args[2]))
        st = amblib_want_int(vm, "range", "step", args[2], &step);
    if (st) return st;
    if (step == 0)
        return amberr_raise(vm, AMB_ERR_VALUE, "the step of a range cannot be 0");
    amb_range *r = ambrange_new(vm, a, b, false);
    if (!r) return amblib_nomem(vm);
    r->step = step;
    *out = ambv_obj(r);
    return AMB_OK;
}

NATIVE(prelude_assert) {
    (void)n;
    *out = ambv_nil();
    if (AMB_LIKELY(ambv_truthy(args[0]))) return AMB_OK;
    if (!amblib_given(args[1]))
        return amberr_raise(vm, AMB_ERR_STATE, "assertion failed");
    ambbuf b;
    ambbuf_init(&b, vm);
    amb_status st = ambtext_append(&b, args[1], false);
    if (!st)
        st = amberr_raise(vm, AMB_ERR_STATE, "assertion failed: %.*s",
                          (int)(b.len < 400 ? b.len : 400), b.len ? b.p : "");
    ambbuf_free(&b);
    return st;
}

static amb_status extreme(amb_vm *vm, const char *what, ambv *args, uint32_t n, bool max,
                          ambv *out) {
    if (amblib_named(args, &n))
        return amberr_raise(vm, AMB_ERR_TYPE,
                            "%s() takes no named arguments; xs.%s(by: f) does", what,
                            what);
    if (n == 1) {
        amblib_iter it;
        if (!amblib_iter_open(&it, args[0]))
            return amberr_raise(vm, AMB_ERR_TYPE,
                                "%s() wants several values or one container, not %s",
                                what, ambtype_name(vm, args[0]));
        return max ? amblib_any_max(vm, args, 1, out) : amblib_any_min(vm, args, 1, out);
    }
    ambv best = args[0];
    for (uint32_t i = 1; i < n; i++) {
        ambv x = args[i];
        bool better = false;
        amb_status st = AMB_OK;
        if (x.tag == TAG_INT && best.tag == TAG_INT)
            better = max ? x.i > best.i : x.i < best.i;
        else
            st =
                max ? ambeq_less(vm, best, x, &better) : ambeq_less(vm, x, best, &better);
        if (st) return st;
        if (better) best = x;
    }
    *out = best;
    return AMB_OK;
}

NATIVE(prelude_min) { return extreme(vm, "min", args, n, false, out); }
NATIVE(prelude_max) { return extreme(vm, "max", args, n, true, out); }

NATIVE(prelude_freeze) {
    (void)n;
    return amblib_freeze(vm, args[0], out);
}

const amb_native_def amblib_prelude[] = {
    FUNCTION_REST("print", prelude_print, 0,
                  "print(...values, sep = \" \", end = \"\\n\")",
                  "Writes the texts of the values to the standard output."),
    FUNCTION_REST("eprint", prelude_eprint, 0,
                  "eprint(...values, sep = \" \", end = \"\\n\")",
                  "Writes the texts of the values to the standard error."),
    FUNCTION("int", prelude_int, 1, 2, "x, base", "int(x, base = 10) -> int",
             "The integer part of a number, or the number a string spells."),
    FUNCTION("float", prelude_float, 1, 1, "x", "float(x) -> float",
             "The float nearest to a number, or the number a string spells."),
    FUNCTION("string", prelude_string, 0, 1, "x", "string(x = \"\") -> string",
             "The text print shows; of bytes their UTF-8."),
    FUNCTION("bytes", prelude_bytes, 0, 1, "x", "bytes(x = 0) -> bytes",
             "n zero bytes, a string's UTF-8, or a list's ints."),
    FUNCTION("bool", prelude_bool, 1, 1, "x", "bool(x) -> bool",
             "False for nil and false only."),
    FUNCTION_CORE("list", "prelude:list", "list(it = []) -> list",
                  "A new list of the elements."),
    FUNCTION_CORE("tuple", "prelude:tuple", "tuple(it = []) -> tuple",
                  "A tuple of the elements."),
    FUNCTION_CORE("map", "prelude:map", "map(it = {}) -> map",
                  "A new map of pairs (key, value)."),
    FUNCTION_CORE("set", "prelude:set", "set(it = []) -> set",
                  "A new set of the elements."),
    FUNCTION("type", prelude_type, 1, 1, "x", "type(x) -> string",
             "The name of the type."),
    FUNCTION("same", prelude_same, 2, 2, "a, b", "same(a, b) -> bool",
             "Whether both are one object, or equal immutable built-in values."),
    FUNCTION("abs", prelude_abs, 1, 1, "x", "abs(x) -> number",
             "The value without its sign."),
    FUNCTION("round", prelude_round, 1, 2, "x, digits", "round(x, digits = nil)",
             "The nearest int, or a float of that many decimals; halves away from zero."),
    FUNCTION("range", prelude_range, 1, 3, "start, stop, step",
             "range(stop), range(start, stop, step = 1) -> range",
             "A half-open range of ints."),
    FUNCTION_REST("min", prelude_min, 1, "min(...values)",
                  "The least of several values or of one container; nil of nothing."),
    FUNCTION_REST("max", prelude_max, 1, "max(...values)",
                  "The greatest of several values or of one container; nil of nothing."),
    FUNCTION_CORE("sum", "prelude:sum", "sum(it, start = 0)", "Adds by + from start."),
    FUNCTION_CORE("zip", "prelude:zip", "zip(...its)",
                  "Lazily tuples of elements at the same place."),
    FUNCTION_CORE("enumerate", "prelude:enumerate", "enumerate(it, start = 0)",
                  "Lazily (index, element)."),
    FUNCTION_CORE("sorted", "prelude:sorted", "sorted(it, by = nil, with = nil) -> list",
                  "A sorted list of the elements."),
    FUNCTION_CORE("reversed", "prelude:reversed", "reversed(it)",
                  "The elements backwards; of a string a string."),
    FUNCTION_CORE("any", "prelude:any", "any(it, pred = nil) -> bool",
                  "Whether some element fits."),
    FUNCTION_CORE("all", "prelude:all", "all(it, pred = nil) -> bool",
                  "Whether all elements fit."),
    FUNCTION("assert", prelude_assert, 1, 2, "cond, message",
             "assert(cond, message = nil)",
             "Raises StateError when the condition is falsy."),
    FUNCTION("freeze", prelude_freeze, 1, 1, "x", "freeze(x)", "A deeply frozen copy."),
    FUNCTION("sleep", amblib_sleep, 1, 1, "seconds", "sleep(seconds: number)",
             "Lets others run for that long."),
    FUNCTION("channel", amblib_channel_new, 0, 1, "capacity", "channel(capacity = 0) -> channel",
             "A channel that holds that many values nobody has received yet."),
    FUNCTION("lock", amblib_lock_new, 0, 0, NULL, "lock() -> lock", "A lock that one task holds at a time."),
    FUNCTION("task_local", amblib_local_new, 0, 1, "default", "task_local(default = nil) -> task_local",
             "A value that each task has its own of; what a task spawns starts with its value."),
    FUNCTION_CORE("Ok", "result:Ok", "Ok(value)", "A result that is fine."),
    FUNCTION_CORE("Err", "result:Err", "Err(error)", "A result that is an error."),
    TABLE_END,
};
