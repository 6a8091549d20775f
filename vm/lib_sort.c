/* SPDX-License-Identifier: MIT */
/* Stable merge sort: typed loops for ints, floats and strings, the general order for the
 * rest.
 *
 * Elements are sorted in a copy and written back at the end, so an error or a limit in
 * the middle leaves the list as it was. The list is locked while fn < of classes may run.
 */
#include "lib.h"

typedef struct item {
    ambv key;
    uint32_t at;
} item;
typedef struct keyed {
    uint64_t key;
    uint32_t at;
} keyed;

/* Sorts a[0..n) with n spare places in t. LESS(x, y) may set st, which ends the sort. */
#define DEFINE_SORT(name, T, LESS)                                          \
    static amb_status name(amb_vm *vm, T *a, T *t, uint32_t n) {            \
        amb_status st = AMB_OK;                                             \
        enum { RUN = 8 };                                                   \
        for (uint32_t lo = 0; lo < n; lo += RUN) {                          \
            uint32_t hi = n - lo < RUN ? n : lo + RUN;                      \
            for (uint32_t i = lo + 1; i < hi; i++) {                        \
                T x = a[i];                                                 \
                uint32_t j = i;                                             \
                while (j > lo && LESS(x, a[j - 1])) {                       \
                    a[j] = a[j - 1];                                        \
                    j--;                                                    \
                }                                                           \
                a[j] = x;                                                   \
                if (st) return st;                                          \
            }                                                               \
        }                                                                   \
        T *from = a, *to = t;                                               \
        uint64_t work = 0;                                                  \
        for (uint64_t w = RUN; w < n; w *= 2) {                             \
            for (uint64_t lo = 0; lo < n; lo += 2 * w) {                    \
                uint64_t mid = lo + w < n ? lo + w : n,                     \
                         hi = lo + 2 * w < n ? lo + 2 * w : n;              \
                uint64_t i = lo, j = mid, k = lo;                           \
                if ((work += hi - lo) > 65536) {                            \
                    work = 0;                                               \
                    if (ambvm_overdue(vm)) return vm->failed;               \
                }                                                           \
                if (mid < hi && !(LESS(from[mid], from[mid - 1]))) j = hi;  \
                if (j == hi) {                                              \
                    memcpy(to + lo, from + lo, (hi - lo) * sizeof(T));      \
                    if (st) return st;                                      \
                    continue;                                               \
                }                                                           \
                while (i < mid && j < hi) {                                 \
                    if (LESS(from[j], from[i]))                             \
                        to[k++] = from[j++];                                \
                    else                                                    \
                        to[k++] = from[i++];                                \
                    if (st) return st;                                      \
                }                                                           \
                memcpy(to + k, from + i, (mid - i) * sizeof(T));            \
                memcpy(to + k + (mid - i), from + j, (hi - j) * sizeof(T)); \
            }                                                               \
            T *swap = from;                                                 \
            from = to;                                                      \
            to = swap;                                                      \
        }                                                                   \
        if (from != a) memcpy(a, from, n * sizeof(T));                      \
        return st;                                                          \
    }

static double as_double(uint64_t u) {
    double d;
    memcpy(&d, &u, 8);
    return d;
}
static amb_string *as_string(uint64_t u) { return (amb_string *)(uintptr_t)u; }

#define LESS_INT(x, y) ((int64_t)(x) < (int64_t)(y))
#define LESS_FLOAT(x, y) (as_double(x) < as_double(y))
#define LESS_STRING(x, y) (ambstr_compare(as_string(x), as_string(y)) < 0)
#define BY_KEY_INT(x, y) LESS_INT((x).key, (y).key)
#define BY_KEY_FLOAT(x, y) LESS_FLOAT((x).key, (y).key)
#define BY_KEY_STRING(x, y) LESS_STRING((x).key, (y).key)
#define LESS_ANY(x, y) (!st && less_any(vm, (x).key, (y).key, &st))

static bool less_any(amb_vm *vm, ambv a, ambv b, amb_status *st) {
    bool r = false;
    *st = ambeq_less(vm, a, b, &r);
    return r && !*st;
}

DEFINE_SORT(sort_ints, uint64_t, LESS_INT)
DEFINE_SORT(sort_floats, uint64_t, LESS_FLOAT)
DEFINE_SORT(sort_strings, uint64_t, LESS_STRING)
DEFINE_SORT(sort_keyed_ints, keyed, BY_KEY_INT)
DEFINE_SORT(sort_keyed_floats, keyed, BY_KEY_FLOAT)
DEFINE_SORT(sort_keyed_strings, keyed, BY_KEY_STRING)
DEFINE_SORT(sort_items, item, LESS_ANY)

static bool plain(const amb_list *l) {
    return !l->tags &&
           (l->h.aux16 == TAG_INT || l->h.aux16 == TAG_FLOAT || l->h.aux16 == TAG_STRING);
}

static amb_status sort_values(amb_vm *vm, amb_list *l) {
    size_t size = (size_t)l->len * 8;
    uint64_t *a = ambgc_malloc(vm, size * 2);
    if (!a) return amblib_nomem(vm);
    memcpy(a, l->vals, size);
    uint64_t *t = a + l->len;
    amb_status st = l->h.aux16 == TAG_INT     ? sort_ints(vm, a, t, l->len)
                    : l->h.aux16 == TAG_FLOAT ? sort_floats(vm, a, t, l->len)
                                              : sort_strings(vm, a, t, l->len);
    if (!st) memcpy(l->vals, a, size);
    ambgc_free(vm, a, size * 2);
    return st;
}

/* Puts the elements of l in the order given: element i becomes the old at(i). */
static amb_status permute(amb_vm *vm, amb_list *l, const void *order, size_t stride) {
    size_t size = (size_t)l->len * 9;
    char *copy = ambgc_malloc(vm, size);
    if (!copy) return amblib_nomem(vm);
    uint64_t *vals = (uint64_t *)(void *)copy;
    uint8_t *tags = (uint8_t *)copy + (size_t)l->len * 8;
    memcpy(vals, l->vals, (size_t)l->len * 8);
    if (l->tags) memcpy(tags, l->tags, l->len);
    for (uint32_t i = 0; i < l->len; i++) {
        uint32_t at;
        memcpy(&at, (const char *)order + i * stride, sizeof at);
        l->vals[i] = vals[at];
        if (l->tags) l->tags[i] = tags[at];
    }
    ambgc_free(vm, copy, size);
    return AMB_OK;
}

static amb_status sort_by_plain(amb_vm *vm, amb_list *l, amb_list *keys) {
    size_t size = (size_t)l->len * sizeof(keyed);
    keyed *a = ambgc_malloc(vm, size * 2);
    if (!a) return amblib_nomem(vm);
    for (uint32_t i = 0; i < l->len; i++) a[i] = (keyed){keys->vals[i], i};
    amb_status st = keys->h.aux16 == TAG_INT     ? sort_keyed_ints(vm, a, a + l->len, l->len)
                    : keys->h.aux16 == TAG_FLOAT ? sort_keyed_floats(vm, a, a + l->len, l->len)
                                                 : sort_keyed_strings(vm, a, a + l->len, l->len);
    if (!st) st = permute(vm, l, &a->at, sizeof *a);
    ambgc_free(vm, a, size * 2);
    return st;
}

static amb_status sort_general(amb_vm *vm, amb_list *l, amb_list *keys) {
    size_t size = (size_t)l->len * sizeof(item);
    item *a = ambgc_malloc(vm, size * 2);
    if (!a) return amblib_nomem(vm);
    for (uint32_t i = 0; i < l->len; i++) a[i] = (item){amblist_at(keys, i), i};
    amb_status st;
    AMBLIB_LOCKED(&l->h,
                  AMBLIB_LOCKED(&keys->h, st = sort_items(vm, a, a + l->len, l->len)));
    if (!st) st = permute(vm, l, &a->at, sizeof *a);
    ambgc_free(vm, a, size * 2);
    return st;
}

amb_status amblib_sort(amb_vm *vm, amb_list *l, amb_list *keys) {
    amb_status st = ambobj_check_writable(vm, &l->h);
    if (st) return st;
    if (l->len < 2) return AMB_OK;
    ambvm_charge(vm, (uint64_t)l->len * 4);
    ambgc_barrier(vm, l);
    if (!keys && plain(l)) return sort_values(vm, l);
    if (keys && plain(keys)) return sort_by_plain(vm, l, keys);
    return sort_general(vm, l, keys ? keys : l);
}
