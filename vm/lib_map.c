/* SPDX-License-Identifier: MIT */
/* Methods of maps and sets. */
#include "lib.h"

#define NATIVE(name) static amb_status name(amb_vm *vm, ambv *args, uint32_t n, ambv *out)
#define SELF (args[0].map)

NATIVE(map_len) {
    (void)vm, (void)n;
    *out = ambv_int(SELF->count);
    return AMB_OK;
}

NATIVE(map_empty) {
    (void)vm, (void)n;
    *out = ambv_bool(SELF->count == 0);
    return AMB_OK;
}

NATIVE(map_get) {
    (void)n;
    amb_entry *e;
    amb_status st = ambmap_find(vm, SELF, args[1], &e);
    if (AMB_UNLIKELY(st)) return st;
    *out = e                          ? ambv_pack(e->val, e->vtag)
           : args[2].tag == TAG_UNDEF ? ambv_nil()
                                      : args[2];
    return AMB_OK;
}

/* Also of sets. */
NATIVE(map_has) {
    (void)n;
    amb_entry *e;
    amb_status st = ambmap_find(vm, SELF, args[1], &e);
    if (!st) *out = ambv_bool(e != NULL);
    return st;
}

static amb_status list_of(amb_vm *vm, amb_map *m, int what, ambv *out) {
    amb_list *l = amblist_new(vm, m->count);
    if (!l) return amblib_nomem(vm);
    ambvm_charge(vm, m->count / 4);
    AMBMAP_EACH (m, e) {
        ambv k = ambv_pack(e->key, e->ktag), v = ambv_pack(e->val, e->vtag),
             x = what ? v : k;
        if (what == 2) {
            amb_tuple *t = ambtuple_pair(vm, k, v);
            if (!t) return amblib_nomem(vm);
            x = ambv_obj(t);
        }
        amb_status st = amblib_push(vm, l, x);
        if (st) return st;
    }
    *out = ambv_obj(l);
    return AMB_OK;
}

NATIVE(map_keys) {
    (void)n;
    return list_of(vm, SELF, 0, out);
}
NATIVE(map_values) {
    (void)n;
    return list_of(vm, SELF, 1, out);
}
NATIVE(map_entries) {
    (void)n;
    return list_of(vm, SELF, 2, out);
}

NATIVE(map_remove) {
    (void)n;
    bool removed;
    ambv d = args[2].tag == TAG_UNDEF ? ambv_nil() : args[2], old;
    amb_status st = ambmap_remove(vm, SELF, args[1], &removed, &old);
    if (!st) *out = removed ? old : d;
    return st;
}

NATIVE(map_clear) {
    (void)n;
    *out = ambv_nil();
    return ambmap_clear(vm, SELF);
}

static amb_entry *last_entry(amb_map *m) {
    for (uint32_t i = m->used; i > m->first; i--)
        if (m->entries[i - 1].ktag != TAG_UNDEF) return &m->entries[i - 1];
    return NULL;
}

static amb_status entry_value(amb_vm *vm, const amb_map *m, const amb_entry *e,
                              ambv *out) {
    ambv k = ambv_pack(e->key, e->ktag);
    if (m->h.type == TAG_SET) {
        *out = k;
        return AMB_OK;
    }
    return amblib_result(vm, ambtuple_pair(vm, k, ambv_pack(e->val, e->vtag)), out);
}

/* Takes the last entry off. Its place is free again, so that taking all off one by one is
 * linear. */
NATIVE(map_pop) {
    (void)n;
    amb_map *m = SELF;
    amb_status st = ambobj_check_writable(vm, &m->h);
    if (st) return st;
    amb_entry *e = last_entry(m);
    if (!e)
        return amberr_raise(vm, AMB_ERR_INDEX, "pop() from an empty %s",
                            ambtype_tag_name(m->h.type));
    if ((st = entry_value(vm, m, e, out)) != AMB_OK) return st;
    ambmap_remove_entry(m, e);
    return AMB_OK;
}

static amb_status want_map(amb_vm *vm, const char *what, ambv v) {
    return v.tag == TAG_MAP ? AMB_OK : amberr_arg(vm, what, "map", "a map", v);
}

static amb_status put_all(amb_vm *vm, amb_map *to, amb_map *from) {
    if (to == from) return AMB_OK;
    ambvm_charge(vm, from->count);
    amb_status st = AMB_OK;
    AMBLIB_LOCKED(
        &from->h, AMBMAP_EACH (from, e) {
            if ((st = ambmap_put_entry(vm, to, e)) != AMB_OK) break;
        });
    return st;
}

NATIVE(map_merge) {
    amb_map *m = ambmap_copy(vm, SELF);
    if (!m) return amblib_nomem(vm);
    for (uint32_t i = 1; i < n; i++) {
        amb_status st = want_map(vm, "merge", args[i]);
        if (!st) st = put_all(vm, m, args[i].map);
        if (st) return st;
    }
    *out = ambv_obj(m);
    return AMB_OK;
}

NATIVE(map_update) {
    amb_status st = ambobj_check_writable(vm, &SELF->h);
    for (uint32_t i = 1; i < n && !st; i++) {
        st = want_map(vm, "update", args[i]);
        if (!st) st = put_all(vm, SELF, args[i].map);
    }
    *out = ambv_nil();
    return st;
}

NATIVE(map_inc) {
    (void)n;
    ambv by = ambv_int(1);
    if (args[2].tag != TAG_UNDEF) {
        by = args[2];
        if (!ambv_is_number(by)) return amberr_arg(vm, "inc", "by", "a number", by);
    }
    return ambmap_inc(vm, SELF, args[1], by, out);
}

NATIVE(map_dig) {
    ambv v = args[0];
    for (uint32_t i = 1; i < n; i++) {
        ambv k = args[i], next = ambv_nil();
        if (v.tag == TAG_MAP) {
            amb_status st = ambmap_get(vm, v.map, k, &next);
            if (st) return st;
        } else if ((v.tag == TAG_LIST || v.tag == TAG_TUPLE) && k.tag == TAG_INT) {
            int64_t len = amblib_seq_len(v), at = k.i < 0 ? k.i + len : k.i;
            if (at >= 0 && at < len) next = amblib_seq_at(v, (uint32_t)at);
        }
        v = next;
        if (v.tag == TAG_NIL) break;
    }
    *out = v;
    return AMB_OK;
}

NATIVE(map_invert) {
    (void)n;
    amb_map *m = ambmap_new(vm, SELF->count);
    if (!m) return amblib_nomem(vm);
    amb_status st = AMB_OK;
    AMBLIB_LOCKED(
        &SELF->h, AMBMAP_EACH (SELF, e) {
            st =
                ambmap_set(vm, m, ambv_pack(e->val, e->vtag), ambv_pack(e->key, e->ktag));
            if (st) break;
        });
    if (!st) *out = ambv_obj(m);
    return st;
}

NATIVE(map_copy) {
    (void)n;
    return amblib_result(vm, ambmap_copy(vm, SELF), out);
}

/* Elements [from, from + count) in order, as a list. */
static amb_status part(amb_vm *vm, amb_map *m, uint32_t from, uint32_t count, ambv *out) {
    amb_list *l = amblist_new(vm, count);
    if (!l) return amblib_nomem(vm);
    uint32_t i = 0;
    AMBMAP_EACH (m, e) {
        if (i >= from + count) break;
        if (i++ < from) continue;
        ambv x;
        amb_status st = entry_value(vm, m, e, &x);
        if (!st) st = amblib_push(vm, l, x);
        if (st) return st;
    }
    *out = ambv_obj(l);
    return AMB_OK;
}

NATIVE(map_first) {
    (void)n;
    amb_map *m = SELF;
    uint32_t count;
    if (!amblib_given(args[1])) {
        *out = ambv_nil();
        return m->count ? entry_value(vm, m, &m->entries[m->first], out) : AMB_OK;
    }
    amb_status st = amblib_want_count(vm, "first", "count", args[1], &count);
    return st ? st : part(vm, m, 0, count < m->count ? count : m->count, out);
}

NATIVE(map_last) {
    (void)n;
    amb_map *m = SELF;
    uint32_t count;
    if (!amblib_given(args[1])) {
        *out = ambv_nil();
        amb_entry *e = last_entry(m);
        return e ? entry_value(vm, m, e, out) : AMB_OK;
    }
    amb_status st = amblib_want_count(vm, "last", "count", args[1], &count);
    if (st) return st;
    if (count > m->count) count = m->count;
    return part(vm, m, m->count - count, count, out);
}

NATIVE(map_skip) {
    (void)n;
    uint32_t count;
    amb_status st = amblib_want_count(vm, "skip", "count", args[1], &count);
    if (st) return st;
    if (count > SELF->count) count = SELF->count;
    return part(vm, SELF, count, SELF->count - count, out);
}

const amb_native_def amblib_map[] = {
    PROPERTY("len", map_len, "len: int", "How many entries there are."),
    PROPERTY("empty", map_empty, "empty: bool", "Whether there are none."),
    PROPERTY("frozen", amblib_any_frozen, "frozen: bool",
             "Whether the map can no longer change."),
    METHOD("get", map_get, 1, 2, "key, default", "get(key, default = nil)",
           "The value under the key, or the default."),
    METHOD("has", map_has, 1, 1, "key", "has(key) -> bool", "Whether the key is there."),
    METHOD("contains", map_has, 1, 1, "key", "contains(key) -> bool",
           "Whether the key is there."),
    METHOD("keys", map_keys, 0, 0, NULL, "keys() -> list",
           "The keys in insertion order."),
    METHOD("values", map_values, 0, 0, NULL, "values() -> list",
           "The values in insertion order."),
    METHOD("entries", map_entries, 0, 0, NULL, "entries() -> list",
           "Tuples (key, value) in insertion order."),
    METHOD("list", map_entries, 0, 0, NULL, "list() -> list", "Tuples (key, value)."),
    METHOD("remove", map_remove, 1, 2, "key, default", "remove(key, default = nil)",
           "Removes the entry and gives its value, or the default."),
    METHOD("clear", map_clear, 0, 0, NULL, "clear()", "Removes all entries."),
    METHOD("pop", map_pop, 0, 0, NULL, "pop() -> (key, value)",
           "Removes and gives the last entry."),
    METHOD_REST("merge", map_merge, 0, "merge(...maps) -> map",
                "A new map; later entries win."),
    METHOD_REST("update", map_update, 0, "update(...maps)",
                "Adds the entries of other maps."),
    METHOD("inc", map_inc, 1, 2, "key, by", "inc(key, by = 1) -> number",
           "Adds to the number under the key; a missing one counts as 0."),
    CORE("ensure", "map:ensure", "ensure(key, make)",
         "The value under the key, after storing make() when it is missing."),
    METHOD_REST(
        "dig", map_dig, 0, "dig(...keys)",
        "Follows keys into nested maps, lists and tuples; nil where the way ends."),
    METHOD("invert", map_invert, 0, 0, NULL, "invert() -> map",
           "Keys and values turned round."),
    METHOD("copy", map_copy, 0, 0, NULL, "copy() -> map",
           "A new map of the same entries."),
    METHOD("first", map_first, 0, 1, "count", "first(count = nil)",
           "The first entry or nil; with a count a list of the first ones."),
    METHOD("last", map_last, 0, 1, "count", "last(count = nil)",
           "The last entry or nil; with a count a list of the last ones."),
    METHOD("skip", map_skip, 1, 1, "count", "skip(count: int) -> list",
           "The entries after the first ones."),
    CORE("map", "map:map", "map(f) -> list", "A list of f(key, value)."),
    CORE("flat_map", "map:flat_map", "flat_map(f) -> list",
         "The elements of all f(key, value), one after the other."),
    CORE("filter", "map:filter", "filter(pred) -> map", "The entries that fit."),
    CORE("map_values", "map:map_values", "map_values(f) -> map",
         "The same keys with f(value)."),
    CORE("each", "map:each", "each(f)", "Calls f(key, value) for every entry."),
    CORE("any", "map:any", "any(pred = nil) -> bool", "Whether some entry fits."),
    CORE("all", "map:all", "all(pred = nil) -> bool", "Whether all entries fit."),
    CORE("count", "map:count", "count(pred = nil) -> int", "How many entries fit."),
    CORE("find", "map:find", "find(pred)", "The first entry that fits, or nil."),
    CORE("fold", "map:fold", "fold(start, f)", "Combines: f(acc, key, value)."),
    CORE("partition", "map:partition", "partition(pred) -> (map, map)",
         "The entries that fit, and the others."),
    CORE("sorted", "map:sorted", "sorted(by = nil, with = nil) -> list",
         "The entries sorted by key, by by(key, value), or by with(a, b)."),
    CORE("min", "map:min", "min(by = nil)",
         "The entry with the least key or by(key, value)."),
    CORE("max", "map:max", "max(by = nil)",
         "The entry with the greatest key or by(key, value)."),
    CORE("sum", "map:sum", "sum(by = nil)",
         "The sum of the values, or of by(key, value)."),
    CORE("group_by", "map:group_by", "group_by(f) -> map",
         "A map from f(key, value) to maps of such entries."),
    TABLE_END,
};

/* ---- sets ---- */

NATIVE(set_add) {
    uint32_t before = SELF->count;
    amb_status st = AMB_OK;
    for (uint32_t i = 1; i < n && !st; i++)
        st = ambmap_set(vm, SELF, args[i], ambv_nil());
    *out = ambv_bool(SELF->count > before);
    return st;
}

NATIVE(set_remove) {
    (void)n;
    bool removed;
    ambv old;
    amb_status st = ambmap_remove(vm, SELF, args[1], &removed, &old);
    if (!st) *out = ambv_bool(removed);
    return st;
}

/* Adds what a built-in container gives (of maps the keys); false for anything else. */
NATIVE(set_add_all) {
    (void)n;
    amb_status st = ambobj_check_writable(vm, &SELF->h);
    if (st) return st;
    *out = ambv_bool(true);
    ambv v = args[1];
    if (v.tag == TAG_SET) return put_all(vm, SELF, v.map);
    amblib_iter it;
    if (!amblib_iter_open(&it, v)) {
        *out = ambv_bool(false);
        return AMB_OK;
    }
    ambvm_charge(vm, amblib_iter_hint(&it));
    ambv x;
    bool more;
    AMBLIB_LOCKED(v.o, {
        while (!(st = amblib_iter_next(vm, &it, &x, &more)) && more)
            if ((st = ambmap_set(vm, SELF, x, ambv_nil())) != AMB_OK) break;
    });
    return st;
}

/* The argument as a set: itself, or a new one of a container's elements; NULL and an
 * error otherwise. */
static amb_map *as_set(amb_vm *vm, const char *what, ambv v, amb_status *st) {
    *st = AMB_OK;
    if (v.tag == TAG_SET) return v.map;
    amblib_iter it;
    if (!amblib_iter_open(&it, v)) {
        *st = amberr_arg(vm, what, "it", "a set or another container", v);
        return NULL;
    }
    amb_map *s = ambset_new(vm, 0);
    if (!s) {
        *st = amblib_nomem(vm);
        return NULL;
    }
    ambv args[2] = {ambv_obj(s), v}, out;
    *st = set_add_all(vm, args, 2, &out);
    return *st ? NULL : s;
}

/* Entries of a that are (in = true) or are not in b go to `to`. */
static amb_status select_into(amb_vm *vm, amb_map *to, amb_map *a, amb_map *b, bool in) {
    amb_status st = AMB_OK;
    ambvm_charge(vm, a->count);
    AMBLIB_LOCKED(&a->h, AMBLIB_LOCKED(
                             &b->h, AMBMAP_EACH (a, e) {
                                 amb_entry *f;
                                 if ((st = ambmap_find_entry(vm, b, e, &f)) != AMB_OK)
                                     break;
                                 if ((f != NULL) == in &&
                                     (st = ambmap_put_entry(vm, to, e)) != AMB_OK)
                                     break;
                             }));
    return st;
}

amb_status amblib_set_op(amb_vm *vm, amb_map *a, amb_map *b, char op, ambv *out) {
    amb_map *r = op == '|' ? ambmap_copy(vm, a) : ambset_new(vm, 0);
    if (!r) return amblib_nomem(vm);
    *out = ambv_obj(r);
    amb_status st;
    switch (op) {
    case '|': return put_all(vm, r, b);
    case '&': return select_into(vm, r, a, b, true);
    case '-': return select_into(vm, r, a, b, false);
    default:
        st = select_into(vm, r, a, b, false);
        return st ? st : select_into(vm, r, b, a, false);
    }
}

#define ALGEBRA(name, word, op)                              \
    NATIVE(name) {                                           \
        (void)n;                                             \
        amb_status st;                                       \
        amb_map *b = as_set(vm, word, args[1], &st);         \
        return b ? amblib_set_op(vm, SELF, b, op, out) : st; \
    }
ALGEBRA(set_union, "union", '|')
ALGEBRA(set_intersect, "intersection", '&')
ALGEBRA(set_difference, "difference", '-')
ALGEBRA(set_symmetric, "symmetric_difference", '^')

/* Whether every (all) or no element of a is in b. */
static amb_status relation(amb_vm *vm, amb_map *a, amb_map *b, bool all, ambv *out) {
    amb_status st = AMB_OK;
    bool holds = true;
    ambvm_charge(vm, a->count);
    AMBLIB_LOCKED(&a->h, AMBLIB_LOCKED(
                             &b->h, AMBMAP_EACH (a, e) {
                                 amb_entry *f;
                                 if ((st = ambmap_find_entry(vm, b, e, &f)) != AMB_OK)
                                     break;
                                 holds = (f != NULL) == all;
                                 if (!holds) break;
                             }));
    *out = ambv_bool(holds);
    return st;
}

NATIVE(set_is_subset) {
    (void)n;
    amb_status st;
    amb_map *b = as_set(vm, "is_subset", args[1], &st);
    return b ? relation(vm, SELF, b, true, out) : st;
}
NATIVE(set_is_superset) {
    (void)n;
    amb_status st;
    amb_map *b = as_set(vm, "is_superset", args[1], &st);
    return b ? relation(vm, b, SELF, true, out) : st;
}
NATIVE(set_is_disjoint) {
    (void)n;
    amb_status st;
    amb_map *b = as_set(vm, "is_disjoint", args[1], &st);
    return b ? relation(vm, SELF, b, false, out) : st;
}

NATIVE(set_join) {
    (void)n;
    amb_string *sep = vm->empty_string;
    if (amblib_given(args[1])) {
        amb_status st = amblib_want_string(vm, "join", "sep", args[1], &sep);
        if (st) return st;
    }
    return amblib_join(vm, args[0], sep, out);
}

const amb_native_def amblib_set[] = {
    PROPERTY("len", map_len, "len: int", "How many elements there are."),
    PROPERTY("empty", map_empty, "empty: bool", "Whether there are none."),
    PROPERTY("frozen", amblib_any_frozen, "frozen: bool",
             "Whether the set can no longer change."),
    METHOD_REST("add", set_add, 0, "add(...values) -> bool",
                "Adds the values; tells whether something new came."),
    METHOD("remove", set_remove, 1, 1, "value", "remove(value) -> bool",
           "Removes the value; tells whether it was there."),
    METHOD("has", map_has, 1, 1, "value", "has(value) -> bool",
           "Whether the value is there."),
    METHOD("contains", map_has, 1, 1, "value", "contains(value) -> bool",
           "Whether the value is there."),
    METHOD("clear", map_clear, 0, 0, NULL, "clear()", "Removes all elements."),
    METHOD("pop", map_pop, 0, 0, NULL, "pop()", "Removes and gives the last element."),
    CORE("update", "set:update", "update(...its)", "Adds the elements of the iterables."),
    METHOD("union", set_union, 1, 1, "it", "union(it) -> set", "Elements of either."),
    METHOD("intersection", set_intersect, 1, 1, "it", "intersection(it) -> set",
           "Elements of both."),
    METHOD("difference", set_difference, 1, 1, "it", "difference(it) -> set",
           "Elements that the other does not have."),
    METHOD("symmetric_difference", set_symmetric, 1, 1, "it",
           "symmetric_difference(it) -> set", "Elements of exactly one."),
    METHOD("is_subset", set_is_subset, 1, 1, "it", "is_subset(it) -> bool",
           "Whether the other has all elements."),
    METHOD("is_superset", set_is_superset, 1, 1, "it", "is_superset(it) -> bool",
           "Whether all elements of the other are here."),
    METHOD("is_disjoint", set_is_disjoint, 1, 1, "it", "is_disjoint(it) -> bool",
           "Whether no element is in both."),
    METHOD("copy", map_copy, 0, 0, NULL, "copy() -> set",
           "A new set of the same elements."),
    METHOD("first", map_first, 0, 1, "count", "first(count = nil)",
           "The first element or nil; with a count a list of the first ones."),
    METHOD("last", map_last, 0, 1, "count", "last(count = nil)",
           "The last element or nil; with a count a list of the last ones."),
    METHOD("skip", map_skip, 1, 1, "count", "skip(count: int) -> list",
           "The elements after the first ones."),
    METHOD("join", set_join, 0, 1, "sep", "join(sep = \"\") -> string",
           "The texts of the elements, joined."),
    CORE("filter", "set:filter", "filter(pred) -> set", "The elements that fit."),
    CORE("partition", "set:partition", "partition(pred) -> (set, set)",
         "The elements that fit, and the others."),
    CORE("count", "list:count", "count(pred = nil) -> int", "How many elements fit."),
    ROWS_EAGER,
    ROW_LIST,
    HIDDEN("_add_all", set_add_all, 1, 1),
    TABLE_END,
};
