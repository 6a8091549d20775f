/* SPDX-License-Identifier: MIT */
/* Methods of lists and tuples. */
#include "lib.h"

#define NATIVE(name) static amb_status name(amb_vm *vm, ambv *args, uint32_t n, ambv *out)
#define SELF (args[0].list)

NATIVE(list_push) {
    amb_list *l = SELF;
    if (AMB_LIKELY(n == 2)) {
        amb_status st = amblib_push(vm, l, args[1]);
        *out = ambv_nil();
        return st;
    }
    amb_status st = ambobj_check_writable(vm, &l->h);
    if (!st) st = amblist_reserve(vm, l, l->len + n - 1);
    for (uint32_t i = 1; i < n && !st; i++) st = amblist_push_slow(vm, l, args[i]);
    *out = ambv_nil();
    return st;
}

NATIVE(list_pop) {
    (void)n;
    amb_list *l = SELF;
    if (AMB_UNLIKELY(l->h.flags & (OBJ_FROZEN | OBJ_LOCKED)))
        return ambobj_check_writable(vm, &l->h);
    if (l->len == 0) return amberr_raise(vm, AMB_ERR_INDEX, "pop() from an empty list");
    *out = amblist_at(l, l->len - 1);
    l->len--;
    return AMB_OK;
}

NATIVE(list_insert) {
    (void)n;
    amb_list *l = SELF;
    if (args[1].tag != TAG_INT)
        return amberr_arg(vm, "insert", "index", "an int", args[1]);
    int64_t i = args[1].i < 0 ? args[1].i + l->len : args[1].i;
    if (i < 0 || i > l->len) return amblib_index_error(vm, args[1].i, "list", l->len);
    *out = ambv_nil();
    return amblist_insert(vm, l, (uint32_t)i, args[2]);
}

NATIVE(list_remove_at) {
    (void)n;
    uint32_t i;
    amb_status st =
        amblib_want_index(vm, "remove_at", "index", args[1], SELF->len, "list", &i);
    return st ? st : amblist_remove_at(vm, SELF, i, out);
}

NATIVE(list_remove) {
    ambv at;
    args[2] = ambv_undef();
    amb_status st = amblib_seq_index_of(vm, args, n, &at);
    if (st) return st;
    if (at.tag == TAG_NIL) {
        *out = ambv_bool(false);
        return ambobj_check_writable(vm, &SELF->h);
    }
    ambv old;
    st = amblist_remove_at(vm, SELF, (uint32_t)at.i, &old);
    *out = ambv_bool(true);
    return st;
}

NATIVE(list_clear) {
    (void)n;
    amb_list *l = SELF;
    amb_status st = ambobj_check_writable(vm, &l->h);
    if (st) return st;
    amblist_release(vm, l);
    *out = ambv_nil();
    return AMB_OK;
}

NATIVE(list_reverse) {
    (void)n;
    amb_list *l = SELF;
    amb_status st = ambobj_check_writable(vm, &l->h);
    if (st) return st;
    amblist_reverse(vm, l);
    *out = ambv_nil();
    return AMB_OK;
}

NATIVE(list_fill) {
    (void)n;
    amb_list *l = SELF;
    amb_status st = ambobj_check_writable(vm, &l->h);
    if (st) return st;
    if (l->tags) ambgc_storage(vm, l, amblist_tags_storage(l), amblist_storage_cap(l), 0);
    l->tags = NULL;
    l->h.aux16 = (uint16_t)args[1].tag;
    for (uint32_t i = 0; i < l->len; i++) l->vals[i] = args[1].u;
    if (ambv_is_heap(args[1])) ambgc_barrier(vm, l);
    *out = ambv_nil();
    return AMB_OK;
}

NATIVE(list_swap) {
    (void)n;
    amb_list *l = SELF;
    uint32_t i, j;
    amb_status st = ambobj_check_writable(vm, &l->h);
    if (!st) st = amblib_want_index(vm, "swap", "i", args[1], l->len, "list", &i);
    if (!st) st = amblib_want_index(vm, "swap", "j", args[2], l->len, "list", &j);
    if (st) return st;
    uint64_t t = l->vals[i];
    l->vals[i] = l->vals[j];
    l->vals[j] = t;
    if (l->tags) {
        uint8_t g = l->tags[i];
        l->tags[i] = l->tags[j];
        l->tags[j] = g;
    }
    ambgc_barrier_at(vm, l, i);
    ambgc_barrier_at(vm, l, j);
    *out = ambv_nil();
    return AMB_OK;
}

NATIVE(list_copy) {
    (void)n;
    return amblib_result(vm, amblist_slice(vm, SELF, 0, SELF->len), out);
}

static amb_status want_times(amb_vm *vm, const char *type, ambv v, uint64_t len,
                             uint64_t limit, uint32_t *times) {
    int64_t k;
    amb_status st = amblib_want_int(vm, "repeat", "count", v, &k);
    if (st) return st;
    if (k < 0)
        return amberr_raise(vm, AMB_ERR_VALUE, "cannot repeat a %s %lld times", type,
                            (long long)k);
    if (len && (uint64_t)k > limit / len)
        return amberr_raise(vm, AMB_ERR_LIMIT, "a %s of %lld * %llu elements is too long",
                            type, (long long)k, (unsigned long long)len);
    *times = len ? (uint32_t)k : 0;
    return AMB_OK;
}

NATIVE(list_repeat) {
    (void)n;
    amb_list *l = SELF;
    uint32_t times, len = l->len;
    amb_status st = want_times(vm, "list", args[1], len, AMB_LIST_MAX, &times);
    if (st) return st;
    amb_list *r = amblist_new(vm, times * len);
    if (!r) return amblib_nomem(vm);
    *out = ambv_obj(r);
    if (times == 0) return AMB_OK;
    ambvm_charge(vm, (uint64_t)times * len / 8);
    if (l->tags) {
        r->tags = ambgc_storage(vm, r, NULL, 0, r->cap);
        if (!r->tags) return amblib_nomem(vm);
    }
    r->h.aux16 = l->h.aux16;
    if (len == 1) {
        uint64_t u = l->vals[0];
        for (uint32_t i = 0; i < times; i++) r->vals[i] = u;
        if (r->tags) memset(r->tags, l->tags[0], times);
    } else {
        for (uint32_t k = 0; k < times; k++) {
            memcpy(r->vals + (size_t)k * len, l->vals, (size_t)len * 8);
            if (r->tags) memcpy(r->tags + (size_t)k * len, l->tags, len);
        }
    }
    r->len = times * len;
    return AMB_OK;
}

/* ---- for the core sources ---- */

/* Appends what a built-in container gives; false for anything else. */
NATIVE(list_extend) {
    (void)n;
    amb_list *l = SELF;
    amb_status st = ambobj_check_writable(vm, &l->h);
    if (st) return st;
    *out = ambv_bool(true);
    if (args[1].tag == TAG_LIST) return amblist_extend(vm, l, args[1].list);
    amblib_iter it;
    if (!amblib_iter_open(&it, args[1])) {
        *out = ambv_bool(false);
        return AMB_OK;
    }
    uint64_t need = l->len + amblib_iter_hint(&it);
    if (need > AMB_LIST_MAX)
        return amberr_raise(vm, AMB_ERR_LIMIT, "a list cannot have more than %u elements",
                            AMB_LIST_MAX);
    if ((st = amblist_reserve(vm, l, (uint32_t)need)) != AMB_OK) return st;
    ambvm_charge(vm, need - l->len);
    uint32_t was = l->len;
    ambv x;
    bool more;
    while (!(st = amblib_iter_next(vm, &it, &x, &more)) && more)
        if ((st = amblib_push(vm, l, x)) != AMB_OK) break;
    if (st) l->len = was; /* it is called again after a collection */
    return st;
}

NATIVE(list_sort_plain) {
    (void)n;
    *out = ambv_nil();
    return amblib_sort(vm, SELF, NULL);
}

NATIVE(list_sort_keys) {
    (void)n;
    *out = ambv_nil();
    if (args[1].tag != TAG_LIST || args[1].list->len != SELF->len)
        return amberr_raise(vm, AMB_ERR_STATE,
                            "the list changed while its sort keys were computed");
    return amblib_sort(vm, SELF, args[1].list);
}

NATIVE(list_lock) {
    (void)n;
    amb_status st = ambobj_check_writable(vm, &SELF->h);
    if (st) return st;
    SELF->h.flags |= OBJ_LOCKED;
    *out = ambv_nil();
    return AMB_OK;
}

NATIVE(list_unlock) {
    (void)n, (void)vm;
    SELF->h.flags &= (uint8_t)~OBJ_LOCKED;
    *out = ambv_nil();
    return AMB_OK;
}

/* A tuple of the elements. */
NATIVE(list_tuple) {
    (void)n;
    amb_tuple *t = ambtuple_new(vm, SELF->len);
    if (!t) return amblib_nomem(vm);
    for (uint32_t i = 0; i < SELF->len; i++) t->vals[i] = amblist_at(SELF, i);
    *out = ambv_obj(t);
    return AMB_OK;
}

/* An empty set. */
NATIVE(list_set) {
    (void)n, (void)args;
    return amblib_result(vm, ambset_new(vm, 0), out);
}

/* xs._move(to, from_list, i, j): writes elements [i, j) of from_list over those at `to`.
 */
NATIVE(list_move) {
    (void)n;
    amb_list *l = SELF;
    int64_t to = args[1].i, i = args[3].i, j = args[4].i;
    if (args[1].tag != TAG_INT || args[2].tag != TAG_LIST || args[3].tag != TAG_INT ||
        args[4].tag != TAG_INT)
        return amberr_raise(vm, AMB_ERR_TYPE, "_move() wants (int, list, int, int)");
    amb_list *from = args[2].list;
    *out = ambv_nil();
    if (i >= j) return ambobj_check_writable(vm, &l->h);
    if (i < 0 || j > from->len || to < 0 || to > l->len || j - i > l->len - to)
        return amberr_raise(vm, AMB_ERR_INDEX, "_move() out of range");
    amb_status st = ambobj_check_writable(vm, &l->h);
    if (!st && !l->tags && (from->tags || from->h.aux16 != l->h.aux16)) st = amblist_tag_each(vm, l);
    if (st) return st;
    size_t count = (size_t)(j - i);
    memmove(l->vals + to, from->vals + i, count * 8);
    if (l->tags) {
        if (from->tags)
            memmove(l->tags + to, from->tags + i, count);
        else
            memset(l->tags + to, from->h.aux16, count);
    }
    ambgc_barrier(vm, l);
    return AMB_OK;
}

const amb_native_def amblib_list[] = {
    PROPERTY("len", amblib_seq_len_get, "len: int", "How many elements there are."),
    PROPERTY("empty", amblib_seq_empty, "empty: bool", "Whether there are none."),
    PROPERTY("frozen", amblib_any_frozen, "frozen: bool",
             "Whether the list can no longer change."),
    METHOD_REST("push", list_push, 0, "push(...values)", "Appends the values."),
    METHOD("pop", list_pop, 0, 0, NULL, "pop()", "Removes and gives the last element."),
    METHOD("insert", list_insert, 2, 2, "index, value", "insert(index: int, value)",
           "Puts the value before the element at index; len appends."),
    METHOD("remove_at", list_remove_at, 1, 1, "index", "remove_at(index: int)",
           "Removes and gives the element at index."),
    METHOD("remove", list_remove, 1, 2, "value", "remove(value) -> bool",
           "Removes the first equal element; tells whether there was one."),
    METHOD("clear", list_clear, 0, 0, NULL, "clear()", "Removes all elements."),
    METHOD("reverse", list_reverse, 0, 0, NULL, "reverse()",
           "Turns the order round in place."),
    METHOD("fill", list_fill, 1, 1, "value", "fill(value)",
           "Sets every element to the value."),
    METHOD("repeat", list_repeat, 1, 1, "count", "repeat(count: int) -> list",
           "The elements that many times over."),
    METHOD("swap", list_swap, 2, 2, "i, j", "swap(i: int, j: int)",
           "Exchanges two elements."),
    CORE("extend", "list:extend", "extend(it)", "Appends everything an iterable gives."),
    CORE("sort", "sort:sort", "sort(by = nil, with = nil)",
         "Sorts in place, stably: by <, by keys, or with a function (a, b) that tells "
         "whether a goes "
         "first."),
    CORE("filter", "list:filter", "filter(pred) -> list", "The elements that fit."),
    CORE("find_last", "list:find_last", "find_last(pred)",
         "The last element that fits, or nil."),
    CORE("count", "list:count", "count(pred = nil) -> int", "How many elements fit."),
    CORE("partition", "list:partition", "partition(pred) -> (list, list)",
         "The elements that fit, and the others."),
    METHOD("reversed", amblib_seq_reversed, 0, 0, NULL, "reversed() -> list",
           "A list backwards."),
    METHOD("contains", amblib_seq_contains, 1, 1, "value", "contains(value) -> bool",
           "Whether an equal element is there."),
    METHOD("index_of", amblib_seq_index_of, 1, 2, "value, from",
           "index_of(value, from = 0) -> int?",
           "The index of the first equal element, or nil."),
    METHOD("get", amblib_seq_get, 1, 2, "index, default",
           "get(index: int, default = nil)", "The element at index, or the default."),
    METHOD("first", amblib_seq_first, 0, 1, "count", "first(count = nil)",
           "The first element or nil; with a count a list of the first ones."),
    METHOD("last", amblib_seq_last, 0, 1, "count", "last(count = nil)",
           "The last element or nil; with a count a list of the last ones."),
    METHOD("skip", amblib_seq_skip, 1, 1, "count", "skip(count: int) -> list",
           "The elements after the first ones."),
    METHOD("join", amblib_seq_join, 0, 1, "sep", "join(sep = \"\") -> string",
           "The texts of the elements, joined."),
    METHOD("flatten", amblib_seq_flatten, 0, 1, "depth", "flatten(depth = 1) -> list",
           "Inner lists replaced by their elements."),
    METHOD("chunks", amblib_seq_chunks, 1, 1, "size", "chunks(size: int) -> list",
           "Lists of that many elements; the last may be shorter."),
    METHOD("windows", amblib_seq_windows, 1, 1, "size", "windows(size: int) -> list",
           "Every run of that many neighbours."),
    METHOD("binary_search", amblib_seq_binary_search, 1, 1, "value",
           "binary_search(value) -> int",
           "In a sorted list the index of the first element not less."),
    METHOD("copy", list_copy, 0, 0, NULL, "copy() -> list",
           "A new list of the same elements."),
    ROWS_EAGER,
    ROW_LIST,
    HIDDEN("_extend", list_extend, 1, 1),
    HIDDEN("_sort", list_sort_plain, 0, 0),
    HIDDEN("_sort_keys", list_sort_keys, 1, 1),
    CORE("_sort_with", "merge:sort_with", NULL, NULL),
    HIDDEN("_lock", list_lock, 0, 0),
    HIDDEN("_unlock", list_unlock, 0, 0),
    HIDDEN("_move", list_move, 4, 4),
    HIDDEN("_tuple", list_tuple, 0, 0),
    HIDDEN("_set", list_set, 0, 0),
    TABLE_END,
};

/* ---- tuples ---- */

NATIVE(tuple_names) {
    (void)n;
    const amb_tuple *t = args[0].tuple;
    amb_list *l = amblist_new(vm, t->h.aux32);
    if (!l) return amblib_nomem(vm);
    for (uint32_t i = 0; i < t->h.aux32; i++) {
        amb_status st = amblib_push(vm, l, t->names ? t->names->vals[i] : ambv_nil());
        if (st) return st;
    }
    *out = ambv_obj(l);
    return AMB_OK;
}

NATIVE(tuple_with) {
    amb_tuple *t = args[0].tuple;
    const amb_tuple *named = amblib_named(args, &n);
    if (n > 1)
        return amberr_raise(vm, AMB_ERR_TYPE,
                            "with() takes named parts only: t.with(name: value)");
    amb_tuple *c = ambtuple_new(vm, t->h.aux32);
    if (!c) return amblib_nomem(vm);
    c->names = t->names;
    memcpy(c->vals, t->vals, t->h.aux32 * sizeof(ambv));
    for (uint32_t i = 0; named && i < named->h.aux32; i++) {
        const amb_string *name = named->names->vals[i].str;
        uint32_t k = 0;
        while (t->names && k < t->h.aux32 &&
               !(t->names->vals[k].tag == TAG_STRING &&
                 ambstr_equal(t->names->vals[k].str, name)))
            k++;
        if (!t->names || k == t->h.aux32) {
            ambbuf b;
            ambbuf_init(&b, vm);
            amb_status st = ambtext_append(&b, args[0], true);
            if (!st)
                st = amberr_raise(vm, AMB_ERR_TYPE, "the tuple %.*s has no part '%.60s'",
                                  (int)(b.len < 60 ? b.len : 60), b.p, name->data);
            ambbuf_free(&b);
            return st;
        }
        c->vals[k] = named->vals[i];
    }
    *out = ambv_obj(c);
    return AMB_OK;
}

NATIVE(tuple_repeat) {
    (void)n;
    const amb_tuple *t = args[0].tuple;
    uint32_t times, len = t->h.aux32;
    amb_status st = want_times(vm, "tuple", args[1], len, 1u << 24, &times);
    if (st) return st;
    amb_tuple *r = ambtuple_new(vm, times * len);
    if (!r) return amblib_nomem(vm);
    for (uint32_t k = 0; k < times; k++)
        memcpy(r->vals + (size_t)k * len, t->vals, len * sizeof(ambv));
    *out = ambv_obj(r);
    return AMB_OK;
}

/* Without a function: the map of the named parts. */
NATIVE(tuple_parts) {
    (void)n;
    const amb_tuple *t = args[0].tuple;
    amb_map *m = ambmap_new(vm, t->h.aux32);
    if (!m) return amblib_nomem(vm);
    for (uint32_t i = 0; t->names && i < t->h.aux32; i++) {
        if (t->names->vals[i].tag != TAG_STRING) continue;
        amb_status st = ambmap_set(vm, m, t->names->vals[i], t->vals[i]);
        if (st) return st;
    }
    *out = ambv_obj(m);
    return AMB_OK;
}

const amb_native_def amblib_tuple[] = {
    PROPERTY("len", amblib_seq_len_get, "len: int", "How many parts there are."),
    PROPERTY("empty", amblib_seq_empty, "empty: bool", "Whether there are none."),
    METHOD("names", tuple_names, 0, 0, NULL, "names() -> list",
           "The names of the parts; nil for those without."),
    METHOD_REST("with", tuple_with, 0, "with(name: value, ...) -> tuple",
                "A copy with some parts replaced."),
    METHOD("repeat", tuple_repeat, 1, 1, "count", "repeat(count: int) -> tuple",
           "The parts that many times over."),
    HIDDEN("_parts", tuple_parts, 0, 0),
    CORE("filter", "list:filter", "filter(pred) -> list", "The parts that fit."),
    CORE("find_last", "list:find_last", "find_last(pred)",
         "The last part that fits, or nil."),
    CORE("count", "list:count", "count(pred = nil) -> int", "How many parts fit."),
    CORE("partition", "list:partition", "partition(pred) -> (list, list)",
         "The parts that fit, and the others."),
    METHOD("reversed", amblib_seq_reversed, 0, 0, NULL, "reversed() -> list",
           "A list backwards."),
    METHOD("contains", amblib_seq_contains, 1, 1, "value", "contains(value) -> bool",
           "Whether an equal part is there."),
    METHOD("index_of", amblib_seq_index_of, 1, 2, "value, from",
           "index_of(value, from = 0) -> int?",
           "The index of the first equal part, or nil."),
    METHOD("get", amblib_seq_get, 1, 2, "index, default",
           "get(index: int, default = nil)", "The part at index, or the default."),
    METHOD("first", amblib_seq_first, 0, 1, "count", "first(count = nil)",
           "The first part or nil; with a count a list of the first ones."),
    METHOD("last", amblib_seq_last, 0, 1, "count", "last(count = nil)",
           "The last part or nil; with a count a list of the last ones."),
    METHOD("skip", amblib_seq_skip, 1, 1, "count", "skip(count: int) -> list",
           "The parts after the first ones."),
    METHOD("join", amblib_seq_join, 0, 1, "sep", "join(sep = \"\") -> string",
           "The texts of the parts, joined."),
    METHOD("flatten", amblib_seq_flatten, 0, 1, "depth", "flatten(depth = 1) -> list",
           "Inner lists replaced by their elements."),
    METHOD("chunks", amblib_seq_chunks, 1, 1, "size", "chunks(size: int) -> list",
           "Lists of that many parts; the last may be shorter."),
    METHOD("windows", amblib_seq_windows, 1, 1, "size", "windows(size: int) -> list",
           "Every run of that many neighbours."),
    ROWS_EAGER,
    ROW_LIST,
    TABLE_END,
};
