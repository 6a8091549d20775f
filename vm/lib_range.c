/* SPDX-License-Identifier: MIT */
/* Methods of ranges; everything here computes. Walking them lazily is core/lazy.amb. */
#include "lib.h"

#define NATIVE(name) static amb_status name(amb_vm *vm, ambv *args, uint32_t n, ambv *out)
#define SELF (args[0].range)

/* Element k; no overflow while 0 <= k < count. */
static int64_t at(const amb_range *r, int64_t k) {
    return (int64_t)((uint64_t)r->a + (uint64_t)k * (uint64_t)r->step);
}

NATIVE(range_start) {
    (void)vm, (void)n;
    *out = ambv_int(SELF->a);
    return AMB_OK;
}
NATIVE(range_stop) {
    (void)vm, (void)n;
    *out = ambv_int(SELF->b);
    return AMB_OK;
}
NATIVE(range_stride) {
    (void)vm, (void)n;
    *out = ambv_int(SELF->step);
    return AMB_OK;
}
NATIVE(range_closed) {
    (void)vm, (void)n;
    *out = ambv_bool(SELF->h.flags & RANGE_CLOSED);
    return AMB_OK;
}
NATIVE(range_len) {
    (void)vm, (void)n;
    *out = ambv_int(ambrange_count(SELF));
    return AMB_OK;
}
NATIVE(range_empty) {
    (void)vm, (void)n;
    *out = ambv_bool(ambrange_count(SELF) == 0);
    return AMB_OK;
}

NATIVE(range_step) {
    (void)n;
    int64_t step;
    amb_status st = amblib_want_int(vm, "step", "n", args[1], &step);
    if (st) return st;
    if (step == 0)
        return amberr_raise(vm, AMB_ERR_VALUE, "the step of a range cannot be 0");
    amb_range *r = ambrange_new(vm, SELF->a, SELF->b, SELF->h.flags & RANGE_CLOSED);
    if (!r) return amblib_nomem(vm);
    if (__builtin_mul_overflow(SELF->step, step, &r->step))
        return amblib_overflow(vm, "the step %lld * %lld", (long long)SELF->step,
                               (long long)step);
    *out = ambv_obj(r);
    return AMB_OK;
}

NATIVE(range_reversed) {
    (void)n;
    const amb_range *s = SELF;
    int64_t count = ambrange_count(s);
    if (s->step == INT64_MIN)
        return amblib_overflow(vm, "the step -(%lld)", (long long)s->step);
    int64_t last = count ? at(s, count - 1) : s->a;
    amb_range *r = ambrange_new(vm, last, s->a, count > 0);
    if (!r) return amblib_nomem(vm);
    r->step = -s->step;
    *out = ambv_obj(r);
    return AMB_OK;
}

/* Place of a value, or -1. */
static int64_t place(const amb_range *r, ambv v) {
    int64_t x, count = ambrange_count(r);
    if (v.tag == TAG_INT)
        x = v.i;
    else if (v.tag == TAG_FLOAT && v.f >= -9223372036854775808.0 &&
             v.f < 9223372036854775808.0 && (double)(int64_t)v.f == v.f)
        x = (int64_t)v.f;
    else
        return -1;
    if (count == 0) return -1;
    bool up = r->step > 0;
    if (up ? x < r->a : x > r->a) return -1;
    uint64_t d = up ? (uint64_t)x - (uint64_t)r->a : (uint64_t)r->a - (uint64_t)x;
    uint64_t step = up ? (uint64_t)r->step : 0 - (uint64_t)r->step;
    if (d % step || d / step >= (uint64_t)count) return -1;
    return (int64_t)(d / step);
}

NATIVE(range_contains) {
    (void)vm, (void)n;
    *out = ambv_bool(place(SELF, args[1]) >= 0);
    return AMB_OK;
}

NATIVE(range_index_of) {
    (void)vm, (void)n;
    int64_t k = place(SELF, args[1]);
    *out = k < 0 ? ambv_nil() : ambv_int(k);
    return AMB_OK;
}

NATIVE(range_get) {
    (void)n;
    if (args[1].tag != TAG_INT) return amberr_arg(vm, "get", "index", "an int", args[1]);
    int64_t count = ambrange_count(SELF),
            i = args[1].i < 0 ? args[1].i + count : args[1].i;
    if (i >= 0 && i < count)
        *out = ambv_int(at(SELF, i));
    else
        *out = args[2].tag == TAG_UNDEF ? ambv_nil() : args[2];
    return AMB_OK;
}

static amb_status part(amb_vm *vm, const amb_range *r, int64_t from, int64_t count,
                       ambv *out) {
    amb_list *l = amblist_new(vm, (uint32_t)count);
    if (!l) return amblib_nomem(vm);
    ambvm_charge(vm, (uint64_t)count / 2);
    for (int64_t k = 0; k < count; k++) {
        amb_status st = amblib_push(vm, l, ambv_int(at(r, from + k)));
        if (st) return st;
    }
    *out = ambv_obj(l);
    return AMB_OK;
}

NATIVE(range_first) {
    (void)n;
    int64_t count = ambrange_count(SELF);
    uint32_t want;
    if (!amblib_given(args[1])) {
        *out = count ? ambv_int(SELF->a) : ambv_nil();
        return AMB_OK;
    }
    amb_status st = amblib_want_count(vm, "first", "count", args[1], &want);
    return st ? st : part(vm, SELF, 0, want < count ? want : count, out);
}

NATIVE(range_last) {
    (void)n;
    int64_t count = ambrange_count(SELF);
    uint32_t want;
    if (!amblib_given(args[1])) {
        *out = count ? ambv_int(at(SELF, count - 1)) : ambv_nil();
        return AMB_OK;
    }
    amb_status st = amblib_want_count(vm, "last", "count", args[1], &want);
    if (st) return st;
    int64_t take = want < count ? want : count;
    return part(vm, SELF, count - take, take, out);
}

NATIVE(range_min) {
    (void)vm, (void)n;
    int64_t count = ambrange_count(SELF);
    *out = count ? ambv_int(SELF->step > 0 ? SELF->a : at(SELF, count - 1)) : ambv_nil();
    return AMB_OK;
}

NATIVE(range_max) {
    (void)vm, (void)n;
    int64_t count = ambrange_count(SELF);
    *out = count ? ambv_int(SELF->step < 0 ? SELF->a : at(SELF, count - 1)) : ambv_nil();
    return AMB_OK;
}

NATIVE(range_sum) {
    (void)n;
    int64_t count = ambrange_count(SELF);
    *out = ambv_int(0);
    if (count == 0) return AMB_OK;
    /* (first + last) * count is even */
    __int128 ends = (__int128)SELF->a + at(SELF, count - 1), sum;
    if (__builtin_mul_overflow(ends, (__int128)count, &sum) || sum / 2 > INT64_MAX ||
        sum / 2 < INT64_MIN)
        return amblib_overflow(vm, "the sum of %lld elements from %lld", (long long)count,
                               (long long)SELF->a);
    *out = ambv_int((int64_t)(sum / 2));
    return AMB_OK;
}

const amb_native_def amblib_range[] = {
    PROPERTY("start", range_start, "start: int", "The first end as written."),
    PROPERTY("stop", range_stop, "stop: int", "The other end as written."),
    PROPERTY("stride", range_stride, "stride: int", "The distance between elements."),
    PROPERTY("closed", range_closed, "closed: bool", "Whether `stop` belongs to it."),
    PROPERTY("len", range_len, "len: int", "How many elements there are."),
    PROPERTY("empty", range_empty, "empty: bool", "Whether there are none."),
    METHOD("step", range_step, 1, 1, "n", "step(n: int) -> range", "Every n-th element."),
    METHOD("reversed", range_reversed, 0, 0, NULL, "reversed() -> range",
           "The range backwards."),
    METHOD("contains", range_contains, 1, 1, "value", "contains(value) -> bool",
           "Whether the number is an element."),
    METHOD("index_of", range_index_of, 1, 1, "value", "index_of(value) -> int?",
           "The place of the number, or nil."),
    METHOD("get", range_get, 1, 2, "index, default", "get(index: int, default = nil)",
           "The element at index, or the default."),
    METHOD("first", range_first, 0, 1, "count", "first(count = nil)",
           "The first element or nil; with a count a list of the first ones."),
    METHOD("last", range_last, 0, 1, "count", "last(count = nil)",
           "The last element or nil; with a count a list of the last ones."),
    METHOD("list", amblib_any_list, 0, 0, NULL, "list() -> list", "The elements."),
    HIDDEN("_min", range_min, 0, 0),
    HIDDEN("_max", range_max, 0, 0),
    HIDDEN("_sum", range_sum, 0, 0),
    HIDDEN("_sorted", amblib_any_sorted, 0, 0),
    HIDDEN("_list", amblib_any_list, 0, 0),
    CORE("min", "list:min", "min(by = nil)",
         "The least element, by keys if asked; nil of nothing."),
    CORE("max", "list:max", "max(by = nil)",
         "The greatest element, by keys if asked; nil of nothing."),
    CORE("sum", "list:sum", "sum(by = nil)", "The sum of the elements, or of by(x)."),
    CORE("sorted", "sort:sorted", "sorted(by = nil, with = nil) -> list",
         "A sorted list."),
    CORE("each", "list:each", "each(f)", "Calls f(x) for every element."),
    CORE("fold", "list:fold", "fold(start, f)", "Combines from the left: f(acc, x)."),
    CORE("reduce", "list:reduce", "reduce(f)",
         "Like fold, starting with the first element."),
    CORE("any", "list:any", "any(pred = nil) -> bool", "Whether some element fits."),
    CORE("all", "list:all", "all(pred = nil) -> bool", "Whether all elements fit."),
    CORE("find", "list:find", "find(pred)", "The first element that fits, or nil."),
    CORE("find_index", "list:find_index", "find_index(pred) -> int?",
         "The index of it, or nil."),
    CORE("count", "list:count", "count(pred = nil) -> int", "How many elements fit."),
    CORE("group_by", "list:group_by", "group_by(f) -> map", "A map from f(x) to lists."),
    CORE("to_map", "list:to_map", "to_map(f) -> map", "A map from the elements to f(x)."),
    CORE("partition", "list:partition", "partition(pred) -> (list, list)",
         "The elements that fit, and the others."),
    CORE("join", "lazy:join", "join(sep = \"\") -> string",
         "The texts of the elements, joined."),
    CORE("tally", "lazy:tally", "tally() -> map", "How often each element occurs."),
    ROWS_LAZY,
    TABLE_END,
};

/* ---- generators ---- */

const amb_native_def amblib_generator[] = {
    CORE("next", "lazy:next", "next()", "The next element, or `done`."),
    CORE("close", "lazy:close", "close()", "Ends it: what it deferred runs."),
    CORE("iter", "lazy:iter", "iter()", "Itself."),
    CORE("list", "lazy:list", "list() -> list", "The elements that are left."),
    CORE("first", "lazy:first", "first(count = nil)",
         "The next element or nil; with a count a list of the next ones."),
    CORE("last", "lazy:last", "last(count = nil)",
         "The last element or nil; with a count a list of the last ones."),
    CORE("contains", "lazy:contains", "contains(value) -> bool",
         "Whether an equal element comes."),
    CORE("index_of", "lazy:index_of", "index_of(value) -> int?",
         "How many elements come before an equal one, or nil."),
    CORE("reversed", "lazy:reversed", "reversed() -> list", "A list backwards."),
    CORE("min", "lazy:min", "min(by = nil)", "The least element; nil of nothing."),
    CORE("max", "lazy:max", "max(by = nil)", "The greatest element; nil of nothing."),
    CORE("sum", "lazy:sum", "sum(by = nil)", "The sum of the elements, or of by(x)."),
    CORE("sorted", "lazy:sorted", "sorted(by = nil, with = nil) -> list",
         "A sorted list."),
    CORE("each", "list:each", "each(f)", "Calls f(x) for every element."),
    CORE("fold", "list:fold", "fold(start, f)", "Combines from the left: f(acc, x)."),
    CORE("reduce", "list:reduce", "reduce(f)",
         "Like fold, starting with the first element."),
    CORE("any", "list:any", "any(pred = nil) -> bool", "Whether some element fits."),
    CORE("all", "list:all", "all(pred = nil) -> bool", "Whether all elements fit."),
    CORE("find", "list:find", "find(pred)", "The first element that fits, or nil."),
    CORE("find_index", "list:find_index", "find_index(pred) -> int?",
         "The index of it, or nil."),
    CORE("count", "lazy:count", "count(pred = nil) -> int", "How many elements fit."),
    CORE("group_by", "list:group_by", "group_by(f) -> map", "A map from f(x) to lists."),
    CORE("to_map", "list:to_map", "to_map(f) -> map", "A map from the elements to f(x)."),
    CORE("partition", "list:partition", "partition(pred) -> (list, list)",
         "The elements that fit, and the others."),
    CORE("join", "lazy:join", "join(sep = \"\") -> string",
         "The texts of the elements, joined."),
    CORE("tally", "lazy:tally", "tally() -> map", "How often each element occurs."),
    ROWS_LAZY,
    TABLE_END,
};
