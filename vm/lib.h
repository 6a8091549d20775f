/* SPDX-License-Identifier: MIT */
/* What the tables of natives (lib_*.c) share: reading arguments, walking built-in
 * containers. */
#ifndef AMB_VM_LIB_H
#define AMB_VM_LIB_H
#include <string.h>

#include "equal.h"
#include "native.h"
#include "text.h"
#include "vm.h"

/* Rows of tables. */
#define METHOD(name, fn, min, max, params, usage, doc) \
    { name, fn, min, max, NATIVE_METHOD, params, usage, doc, NULL }
#define METHOD_REST(name, fn, min, usage, doc) \
    { name, fn, min, min, NATIVE_METHOD | NATIVE_REST, NULL, usage, doc, NULL }
#define PROPERTY(name, fn, usage, doc) \
    { name, fn, 0, 0, NATIVE_METHOD | NATIVE_PROPERTY, NULL, usage, doc, NULL }
/* Written in Ambit; its parameters are those of the function there. */
#define CORE(name, where, usage, doc) \
    { name, NULL, 0, 0, NATIVE_METHOD, NULL, usage, doc, where }
/* Only for the core sources: no documentation. */
#define HIDDEN(name, fn, min, max) \
    { name, fn, min, max, NATIVE_METHOD, NULL, NULL, NULL, NULL }
#define FUNCTION(name, fn, min, max, params, usage, doc) \
    { name, fn, min, max, 0, params, usage, doc, NULL }
#define FUNCTION_REST(name, fn, min, usage, doc) \
    { name, fn, min, min, NATIVE_REST, NULL, usage, doc, NULL }
#define FUNCTION_CORE(name, where, usage, doc) \
    { name, NULL, 0, 0, 0, NULL, usage, doc, where }
#define TABLE_END \
    { NULL, NULL, 0, 0, 0, NULL, NULL, NULL, NULL }

/* An optional argument that was given: neither left out nor nil. */
static inline bool amblib_given(ambv v) { return v.tag != TAG_UNDEF && v.tag != TAG_NIL; }

static inline amb_status amblib_nomem(const amb_vm *vm) {
    return vm->failed ? vm->failed : vm->exc.tag != TAG_UNDEF ? AMB_E_THROW : AMB_E_NOMEM;
}
/* For results of functions that give NULL on failure. */
static inline amb_status amblib_result(amb_vm *vm, const void *o, ambv *out) {
    if (AMB_UNLIKELY(!o)) return amblib_nomem(vm);
    *out = ambv_obj(o);
    return AMB_OK;
}

/* Each reads an argument or raises TypeError (ValueError for a number out of range);
 * what: function, which: parameter. */
amb_status amblib_want_int(amb_vm *vm, const char *what, const char *which, ambv v,
                           int64_t *out);
amb_status amblib_want_float(amb_vm *vm, const char *what, const char *which, ambv v,
                             double *out);
amb_status amblib_want_string(amb_vm *vm, const char *what, const char *which, ambv v,
                              amb_string **out);
/* 0 .. INT32_MAX; larger ones are cut to that. */
amb_status amblib_want_count(amb_vm *vm, const char *what, const char *which, ambv v,
                             uint32_t *out);
/* An index into `len` elements, from the end when negative; IndexError names `type`. */
amb_status amblib_want_index(amb_vm *vm, const char *what, const char *which, ambv v,
                             uint32_t len, const char *type, uint32_t *out);
amb_status amblib_index_error(amb_vm *vm, int64_t i, const char *type,
                              uint32_t len) AMB_COLD;
amb_status amblib_overflow(amb_vm *vm, const char *fmt, ...) AMB_PRINTF(2, 3) AMB_COLD;

/* Natives that take any number of values get the named ones as a named tuple behind an
 * UNDEF: takes them off (n shrinks) and gives the tuple or NULL. */
const amb_tuple *amblib_named(ambv *args, uint32_t *n);
/* Stores named values in out[] by `names` (NULL-terminated); TypeError for any other
 * name. */
amb_status amblib_named_values(amb_vm *vm, const char *what, const amb_tuple *t,
                               const char *const *names, ambv *out);

/* Walking the built-in containers. */
typedef struct amblib_iter {
    ambv v;
    uint32_t at;
    int64_t k, count;
} amblib_iter;
/* False: v is not a built-in container. */
bool amblib_iter_open(amblib_iter *it, ambv v);
/* AMB_OK with *more; the element in *out. */
amb_status amblib_iter_next(amb_vm *vm, amblib_iter *it, ambv *out, bool *more);
/* How many elements are left, at most. */
uint64_t amblib_iter_hint(const amblib_iter *it);

static inline amb_status amblib_push(amb_vm *vm, amb_list *l, ambv v) {
    if (AMB_LIKELY(!l->tags && l->h.aux16 == v.tag && l->len < l->cap &&
                   !(l->h.flags & (OBJ_FROZEN | OBJ_LOCKED)))) {
        l->vals[l->len++] = v.u;
        if (ambv_is_heap(v)) ambgc_barrier_at(vm, l, l->len - 1);
        return AMB_OK;
    }
    return amblist_push_slow(vm, l, v);
}

/* Lists and tuples alike. */
static inline uint32_t amblib_seq_len(ambv v) {
    return v.tag == TAG_LIST ? v.list->len : v.tuple->h.aux32;
}
static inline ambv amblib_seq_at(ambv v, uint32_t i) {
    return v.tag == TAG_LIST ? amblist_at(v.list, i) : v.tuple->vals[i];
}
/* Runs `body` with the object locked against changes by script code. */
#define AMBLIB_LOCKED(o, body)                                     \
    do {                                                           \
        uint8_t was_ = (o)->flags & OBJ_LOCKED;                    \
        (o)->flags |= OBJ_LOCKED;                                  \
        body;                                                      \
        (o)->flags = (uint8_t)(((o)->flags & ~OBJ_LOCKED) | was_); \
    } while (0)

/* acc += x as the operator does it for numbers, strings and lists. */
amb_status amblib_add(amb_vm *vm, ambv a, ambv b, ambv *out);
/* Sorts list l in place by `<` (lib_sort.c); keys: another list of the same length that
 * decides. */
amb_status amblib_sort(amb_vm *vm, amb_list *l, amb_list *keys);
/* A list of the texts joined (lib_string.c). */
amb_status amblib_join(amb_vm *vm, ambv seq, amb_string *sep, ambv *out);
/* A deep frozen copy (lib_freeze.c). */
amb_status amblib_freeze(amb_vm *vm, ambv v, ambv *out);

/* Shared by the tables of several types (lib_seq.c): receivers are lists or tuples. */
ambnative_fn amblib_seq_fn(const char *name);
amb_status amblib_seq_len_get(amb_vm *vm, ambv *args, uint32_t n, ambv *out);
amb_status amblib_seq_empty(amb_vm *vm, ambv *args, uint32_t n, ambv *out);
amb_status amblib_seq_get(amb_vm *vm, ambv *args, uint32_t n, ambv *out);
amb_status amblib_seq_first(amb_vm *vm, ambv *args, uint32_t n, ambv *out);
amb_status amblib_seq_last(amb_vm *vm, ambv *args, uint32_t n, ambv *out);
amb_status amblib_seq_skip(amb_vm *vm, ambv *args, uint32_t n, ambv *out);
amb_status amblib_seq_reversed(amb_vm *vm, ambv *args, uint32_t n, ambv *out);
amb_status amblib_seq_contains(amb_vm *vm, ambv *args, uint32_t n, ambv *out);
amb_status amblib_seq_index_of(amb_vm *vm, ambv *args, uint32_t n, ambv *out);
amb_status amblib_seq_join(amb_vm *vm, ambv *args, uint32_t n, ambv *out);
amb_status amblib_seq_chunks(amb_vm *vm, ambv *args, uint32_t n, ambv *out);
amb_status amblib_seq_windows(amb_vm *vm, ambv *args, uint32_t n, ambv *out);
amb_status amblib_seq_flatten(amb_vm *vm, ambv *args, uint32_t n, ambv *out);
amb_status amblib_seq_binary_search(amb_vm *vm, ambv *args, uint32_t n, ambv *out);
/* Receivers are any built-in container. */
amb_status amblib_any_enumerate(amb_vm *vm, ambv *args, uint32_t n, ambv *out);
amb_status amblib_any_tally(amb_vm *vm, ambv *args, uint32_t n, ambv *out);
amb_status amblib_any_min(amb_vm *vm, ambv *args, uint32_t n, ambv *out);
amb_status amblib_any_max(amb_vm *vm, ambv *args, uint32_t n, ambv *out);
amb_status amblib_any_sum(amb_vm *vm, ambv *args, uint32_t n, ambv *out);
amb_status amblib_any_unique(amb_vm *vm, ambv *args, uint32_t n, ambv *out);
amb_status amblib_any_list(amb_vm *vm, ambv *args, uint32_t n, ambv *out);
amb_status amblib_any_sorted(amb_vm *vm, ambv *args, uint32_t n, ambv *out);
amb_status amblib_any_frozen(amb_vm *vm, ambv *args, uint32_t n, ambv *out);

/* Rows that every container has, written in Ambit once (stdlib-modules/core/list.amb). */
#define ROWS_EAGER                                                                       \
    CORE("map", "list:map", "map(f) -> list", "A list of f(x) for every element x."),    \
        CORE("flat_map", "list:flat_map", "flat_map(f) -> list",                         \
             "The elements of all f(x), one after the other."),                          \
        CORE("each", "list:each", "each(f)", "Calls f(x) for every element."),           \
        CORE("fold", "list:fold", "fold(start, f)",                                      \
             "Combines from the left: f(acc, x)."),                                      \
        CORE("reduce", "list:reduce", "reduce(f)",                                       \
             "Like fold, starting with the first element; nil of nothing."),             \
        CORE("any", "list:any", "any(pred = nil) -> bool",                               \
             "Whether some element fits."),                                              \
        CORE("all", "list:all", "all(pred = nil) -> bool", "Whether all elements fit."), \
        CORE("find", "list:find", "find(pred)", "The first element that fits, or nil."), \
        CORE("find_index", "list:find_index", "find_index(pred) -> int?",                \
             "The index of the first element that fits, or nil."),                       \
        CORE("take_while", "list:take_while", "take_while(pred) -> list",                \
             "The elements before the first that does not fit."),                        \
        CORE("skip_while", "list:skip_while", "skip_while(pred) -> list",                \
             "The elements from the first that does not fit."),                          \
        CORE("group_by", "list:group_by", "group_by(f) -> map",                          \
             "A map from f(x) to the list of such elements."),                           \
        CORE("to_map", "list:to_map", "to_map(f) -> map",                                \
             "A map from the elements to f(x)."),                                        \
        CORE("zip", "list:zip", "zip(...its) -> list",                                   \
             "Tuples of elements at the same place."),                                   \
        CORE("min", "list:min", "min(by = nil)",                                         \
             "The least element by < or by keys; nil of nothing."),                      \
        CORE("max", "list:max", "max(by = nil)",                                         \
             "The greatest element by < or by keys; nil of nothing."),                   \
        CORE("sum", "list:sum", "sum(by = nil)",                                         \
             "The sum of the elements, or of by(x), from 0."),                           \
        CORE("unique", "list:unique", "unique(by = nil) -> list",                        \
             "The first of equal elements, or of elements with equal keys."),            \
        CORE("sorted", "sort:sorted", "sorted(by = nil, with = nil) -> list",            \
             "A sorted list of the elements."),                                          \
        METHOD("enumerate", amblib_any_enumerate, 0, 1, "start",                         \
               "enumerate(start = 0) -> list", "A list of (index, element)."),           \
        METHOD("tally", amblib_any_tally, 0, 0, NULL, "tally() -> map",                  \
               "A map from the elements to how often they occur."),                      \
        HIDDEN("_min", amblib_any_min, 0, 0), HIDDEN("_max", amblib_any_max, 0, 0),      \
        HIDDEN("_sum", amblib_any_sum, 0, 0),                                            \
        HIDDEN("_unique", amblib_any_unique, 0, 0),                                      \
        HIDDEN("_sorted", amblib_any_sorted, 0, 0),                                      \
        HIDDEN("_list", amblib_any_list, 0, 0)
/* Of ranges and generators: a new lazy sequence (stdlib-modules/core/lazy.amb). */
#define ROWS_LAZY                                                                       \
    CORE("map", "lazy:map", "map(f)", "Lazily f(x) for every element x."),              \
        CORE("filter", "lazy:filter", "filter(pred)", "Lazily the elements that fit."), \
        CORE("flat_map", "lazy:flat_map", "flat_map(f)",                                \
             "Lazily the elements of all f(x)."),                                       \
        CORE("flatten", "lazy:flatten", "flatten(depth = 1)",                           \
             "Lazily the elements, inner lists replaced by theirs."),                   \
        CORE("enumerate", "lazy:enumerate", "enumerate(start = 0)",                     \
             "Lazily (index, element)."),                                               \
        CORE("zip", "lazy:zip", "zip(...its)",                                          \
             "Lazily tuples of elements at the same place."),                           \
        CORE("chunks", "lazy:chunks", "chunks(size)",                                   \
             "Lazily lists of that many elements."),                                    \
        CORE("windows", "lazy:windows", "windows(size)",                                \
             "Lazily every run of that many neighbours."),                              \
        CORE("take_while", "lazy:take_while", "take_while(pred)",                       \
             "Lazily the elements before the first that does not fit."),                \
        CORE("skip_while", "lazy:skip_while", "skip_while(pred)",                       \
             "Lazily the elements from the first that does not fit."),                  \
        CORE("skip", "lazy:skip", "skip(count)",                                        \
             "Lazily the elements after the first ones."),                              \
        CORE("unique", "lazy:unique", "unique(by = nil)",                               \
             "Lazily the first of equal elements.")
#define ROW_LIST                                                  \
    METHOD("list", amblib_any_list, 0, 0, NULL, "list() -> list", \
           "A new list of the elements.")
#endif
