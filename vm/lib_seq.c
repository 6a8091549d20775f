/* SPDX-License-Identifier: MIT */
/* Methods that lists and tuples share, and those that work on any built-in container. */
#include "lib.h"

#define NATIVE(name) amb_status name(amb_vm *vm, ambv *args, uint32_t n, ambv *out)
#define UNUSED (void)vm, (void)args, (void)n

NATIVE(amblib_seq_len_get) {
    UNUSED;
    *out = ambv_int(amblib_seq_len(args[0]));
    return AMB_OK;
}

NATIVE(amblib_seq_empty) {
    UNUSED;
    *out = ambv_bool(amblib_seq_len(args[0]) == 0);
    return AMB_OK;
}

NATIVE(amblib_any_frozen) {
    UNUSED;
    *out = ambv_bool(args[0].o->flags & OBJ_FROZEN);
    return AMB_OK;
}

NATIVE(amblib_seq_get) {
    (void)n;
    ambv d = args[2].tag == TAG_UNDEF ? ambv_nil() : args[2];
    if (args[1].tag != TAG_INT) return amberr_arg(vm, "get", "index", "an int", args[1]);
    int64_t len = amblib_seq_len(args[0]),
            i = args[1].i < 0 ? args[1].i + len : args[1].i;
    *out = i < 0 || i >= len ? d : amblib_seq_at(args[0], (uint32_t)i);
    return AMB_OK;
}

/* A new list of elements [from, to). */
static amb_status slice(amb_vm *vm, ambv v, uint32_t from, uint32_t to, ambv *out) {
    if (v.tag == TAG_LIST)
        return amblib_result(vm, amblist_slice(vm, v.list, from, to), out);
    amb_list *l = amblist_new(vm, to - from);
    if (!l) return amblib_nomem(vm);
    for (uint32_t i = from; i < to; i++) {
        amb_status st = amblib_push(vm, l, v.tuple->vals[i]);
        if (st) return st;
    }
    *out = ambv_obj(l);
    return AMB_OK;
}

NATIVE(amblib_seq_first) {
    (void)n;
    uint32_t len = amblib_seq_len(args[0]), count;
    if (!amblib_given(args[1])) {
        *out = len ? amblib_seq_at(args[0], 0) : ambv_nil();
        return AMB_OK;
    }
    amb_status st = amblib_want_count(vm, "first", "count", args[1], &count);
    return st ? st : slice(vm, args[0], 0, count < len ? count : len, out);
}

NATIVE(amblib_seq_last) {
    (void)n;
    uint32_t len = amblib_seq_len(args[0]), count;
    if (!amblib_given(args[1])) {
        *out = len ? amblib_seq_at(args[0], len - 1) : ambv_nil();
        return AMB_OK;
    }
    amb_status st = amblib_want_count(vm, "last", "count", args[1], &count);
    return st ? st : slice(vm, args[0], count < len ? len - count : 0, len, out);
}

NATIVE(amblib_seq_skip) {
    (void)n;
    uint32_t len = amblib_seq_len(args[0]), count;
    amb_status st = amblib_want_count(vm, "skip", "count", args[1], &count);
    return st ? st : slice(vm, args[0], count < len ? count : len, len, out);
}

NATIVE(amblib_any_list) {
    (void)n;
    ambv v = args[0];
    if (v.tag == TAG_LIST || v.tag == TAG_TUPLE)
        return slice(vm, v, 0, amblib_seq_len(v), out);
    amblib_iter it;
    amblib_iter_open(&it, v);
    uint64_t hint = amblib_iter_hint(&it);
    if (hint > AMB_LIST_MAX)
        return amberr_raise(vm, AMB_ERR_LIMIT, "a list cannot have more than %u elements",
                            AMB_LIST_MAX);
    amb_list *l = amblist_new(vm, (uint32_t)hint);
    if (!l) return amblib_nomem(vm);
    ambvm_charge(vm, hint);
    ambv x;
    bool more;
    amb_status st;
    while (!(st = amblib_iter_next(vm, &it, &x, &more)) && more)
        if ((st = amblib_push(vm, l, x)) != AMB_OK) break;
    if (st) return st;
    *out = ambv_obj(l);
    return AMB_OK;
}

NATIVE(amblib_seq_reversed) {
    (void)n;
    amb_status st = slice(vm, args[0], 0, amblib_seq_len(args[0]), out);
    if (st) return st;
    amblist_reverse(vm, out->list);
    return AMB_OK;
}

/* Index of the first element equal to x from `from` on, or the length. */
static amb_status search(amb_vm *vm, ambv seq, ambv x, uint32_t from, uint32_t *at) {
    uint32_t len = amblib_seq_len(seq), i = from;
    amb_status st = AMB_OK;
    ambvm_charge(vm, (len - from) / 4);
    if (seq.tag == TAG_LIST && !seq.list->tags && seq.list->h.aux16 == x.tag &&
        x.tag == TAG_INT) {
        const uint64_t *v = seq.list->vals;
        while (i < len && v[i] != x.u) i++;
        *at = i;
        return AMB_OK;
    }
    AMBLIB_LOCKED(seq.o, {
        for (; i < amblib_seq_len(seq); i++) {
            ambv e = amblib_seq_at(seq, i);
            bool same = false;
            if (e.tag == TAG_STRING && x.tag == TAG_STRING)
                same = ambstr_equal(e.str, x.str);
            else
                st = ambeq_values(vm, e, x, &same);
            if (st || same) break;
        }
    });
    *at = i;
    return st;
}

NATIVE(amblib_seq_contains) {
    (void)n;
    uint32_t at;
    amb_status st = search(vm, args[0], args[1], 0, &at);
    if (!st) *out = ambv_bool(at < amblib_seq_len(args[0]));
    return st;
}

NATIVE(amblib_seq_index_of) {
    (void)n;
    uint32_t from = 0, at, len = amblib_seq_len(args[0]);
    if (amblib_given(args[2])) {
        amb_status st = amblib_want_count(vm, "index_of", "from", args[2], &from);
        if (st) return st;
        if (from > len) from = len;
    }
    amb_status st = search(vm, args[0], args[1], from, &at);
    if (!st) *out = at < len ? ambv_int(at) : ambv_nil();
    return st;
}

NATIVE(amblib_seq_join) {
    (void)n;
    amb_string *sep = vm->empty_string;
    if (amblib_given(args[1])) {
        amb_status st = amblib_want_string(vm, "join", "sep", args[1], &sep);
        if (st) return st;
    }
    return amblib_join(vm, args[0], sep, out);
}

static amb_status want_size(amb_vm *vm, const char *what, ambv v, uint32_t *out) {
    if (v.tag != TAG_INT) return amberr_arg(vm, what, "size", "an int", v);
    if (v.i < 1)
        return amberr_raise(vm, AMB_ERR_VALUE, "%s() wants a size of 1 or more, not %lld",
                            what, (long long)v.i);
    *out = v.i > INT32_MAX ? INT32_MAX : (uint32_t)v.i;
    return AMB_OK;
}

NATIVE(amblib_seq_chunks) {
    (void)n;
    uint32_t size = 1, len = amblib_seq_len(args[0]);
    amb_status st = want_size(vm, "chunks", args[1], &size);
    if (st) return st;
    amb_list *l = amblist_new(vm, (len + size - 1) / size);
    if (!l) return amblib_nomem(vm);
    for (uint32_t i = 0; i < len; i += size) {
        ambv part;
        st = slice(vm, args[0], i, len - i < size ? len : i + size, &part);
        if (!st) st = amblib_push(vm, l, part);
        if (st) return st;
        if (len - i < size) break;
    }
    *out = ambv_obj(l);
    return AMB_OK;
}

NATIVE(amblib_seq_windows) {
    (void)n;
    uint32_t size = 1, len = amblib_seq_len(args[0]);
    amb_status st = want_size(vm, "windows", args[1], &size);
    if (st) return st;
    amb_list *l = amblist_new(vm, len >= size ? len - size + 1 : 0);
    if (!l) return amblib_nomem(vm);
    for (uint32_t i = 0; size <= len && i <= len - size; i++) {
        ambv part;
        st = slice(vm, args[0], i, i + size, &part);
        if (!st) st = amblib_push(vm, l, part);
        if (st) return st;
    }
    *out = ambv_obj(l);
    return AMB_OK;
}

static amb_status flatten_into(amb_vm *vm, amb_list *l, ambv seq, uint32_t depth) {
    amb_status st = AMB_OK;
    for (uint32_t i = 0; i < amblib_seq_len(seq) && !st; i++) {
        ambv x = amblib_seq_at(seq, i);
        st = depth > 0 && x.tag == TAG_LIST ? flatten_into(vm, l, x, depth - 1)
                                            : amblib_push(vm, l, x);
    }
    return st;
}

NATIVE(amblib_seq_flatten) {
    (void)n;
    uint32_t depth = 1;
    if (amblib_given(args[1])) {
        amb_status st = amblib_want_count(vm, "flatten", "depth", args[1], &depth);
        if (st) return st;
        if (depth > AMB_DEPTH_MAX) depth = AMB_DEPTH_MAX;
    }
    amb_list *l = amblist_new(vm, amblib_seq_len(args[0]));
    if (!l) return amblib_nomem(vm);
    amb_status st = flatten_into(vm, l, args[0], depth);
    if (!st) *out = ambv_obj(l);
    return st;
}

NATIVE(amblib_seq_binary_search) {
    (void)n;
    uint32_t lo = 0, hi = amblib_seq_len(args[0]);
    amb_status st = AMB_OK;
    AMBLIB_LOCKED(args[0].o, {
        while (lo < hi && !st) {
            uint32_t mid = lo + (hi - lo) / 2;
            bool less = false;
            st = ambeq_less(vm, amblib_seq_at(args[0], mid), args[1], &less);
            if (less)
                lo = mid + 1;
            else
                hi = mid;
        }
    });
    if (!st) *out = ambv_int(lo);
    return st;
}

/* ---- any built-in container ---- */

NATIVE(amblib_any_enumerate) {
    (void)n;
    int64_t k = 0;
    amb_status st;
    if (amblib_given(args[1]) &&
        (st = amblib_want_int(vm, "enumerate", "start", args[1], &k)) != AMB_OK)
        return st;
    amblib_iter it;
    amblib_iter_open(&it, args[0]);
    amb_list *l = amblist_new(vm, (uint32_t)amblib_iter_hint(&it));
    if (!l) return amblib_nomem(vm);
    ambv x;
    bool more;
    while (!(st = amblib_iter_next(vm, &it, &x, &more)) && more) {
        amb_tuple *t = ambtuple_pair(vm, ambv_int(k), x);
        if (!t) return amblib_nomem(vm);
        if ((st = amblib_push(vm, l, ambv_obj(t))) != AMB_OK) return st;
        k = (int64_t)((uint64_t)k + 1);
    }
    if (!st) *out = ambv_obj(l);
    return st;
}

NATIVE(amblib_any_tally) {
    (void)n;
    amb_map *m = ambmap_new(vm, 0);
    if (!m) return amblib_nomem(vm);
    *out = ambv_obj(m); /* found by the collector while a class's hash runs */
    amblib_iter it;
    amblib_iter_open(&it, args[0]);
    ambvm_charge(vm, amblib_iter_hint(&it) * 4);
    ambv x, sum;
    bool more;
    amb_status st;
    AMBLIB_LOCKED(args[0].o, {
        while (!(st = amblib_iter_next(vm, &it, &x, &more)) && more)
            if ((st = ambmap_inc(vm, m, x, ambv_int(1), &sum)) != AMB_OK) break;
    });
    return st;
}

static amb_status extreme(amb_vm *vm, ambv *args, bool max, ambv *out) {
    amblib_iter it;
    amblib_iter_open(&it, args[0]);
    ambvm_charge(vm, amblib_iter_hint(&it) / 4);
    ambv best = ambv_nil(), x;
    bool more, any = false;
    amb_status st;
    AMBLIB_LOCKED(args[0].o, {
        while (!(st = amblib_iter_next(vm, &it, &x, &more)) && more) {
            bool better = !any;
            if (any) {
                if (x.tag == TAG_INT && best.tag == TAG_INT)
                    better = max ? x.i > best.i : x.i < best.i;
                else
                    st = max ? ambeq_less(vm, best, x, &better)
                             : ambeq_less(vm, x, best, &better);
                if (st) break;
            }
            any = true;
            if (better) best = x;
        }
    });
    if (!st) *out = best;
    return st;
}

NATIVE(amblib_any_min) {
    (void)n;
    return extreme(vm, args, false, out);
}

NATIVE(amblib_any_max) {
    (void)n;
    return extreme(vm, args, true, out);
}

NATIVE(amblib_any_sum) {
    (void)n;
    amblib_iter it;
    amblib_iter_open(&it, args[0]);
    ambvm_charge(vm, amblib_iter_hint(&it) / 4);
    ambv acc = ambv_int(0), x;
    bool more;
    amb_status st;
    while (!(st = amblib_iter_next(vm, &it, &x, &more)) && more)
        if ((st = amblib_add(vm, acc, x, &acc)) != AMB_OK) break;
    if (!st) *out = acc;
    return st;
}

/* Whether the value can be a key without asking its class. */
static bool hashable(amb_vm *vm, ambv v) {
    switch (v.tag) {
    case TAG_NIL:
    case TAG_LIST:
    case TAG_MAP:
    case TAG_SET:
    case TAG_BYTES: return false;
    case TAG_FLOAT: return v.f == v.f;
    case TAG_TUPLE:
        for (uint32_t i = 0; i < v.tuple->h.aux32; i++) {
            ambv x = v.tuple->vals[i];
            if (x.tag >= TAG_HEAP ? x.tag != TAG_STRING : x.tag == TAG_FLOAT)
                return false;
        }
        return true;
    case TAG_INSTANCE: {
        const amb_class *c = vm->classes[v.inst->h.aux32];
        return c->op_eq.tag == TAG_NIL && !(c->h.flags & (CLASS_VALUE | CLASS_CASE));
    }
    default: return true;
    }
}

/* The first of equal elements. Elements that cannot be keys are compared one by one. */
NATIVE(amblib_any_unique) {
    (void)n;
    amb_list *l = amblist_new(vm, 0);
    amb_map *seen = ambset_new(vm, 0);
    if (!l || !seen) return amblib_nomem(vm);
    *out = ambv_obj(l);
    amblib_iter it;
    amblib_iter_open(&it, args[0]);
    ambv x;
    bool more;
    amb_status st;
    AMBLIB_LOCKED(args[0].o, {
        while (!(st = amblib_iter_next(vm, &it, &x, &more)) && more) {
            bool same = false;
            if (hashable(vm, x)) {
                uint32_t before = seen->count;
                if ((st = ambmap_set(vm, seen, x, ambv_nil())) != AMB_OK) break;
                same = seen->count == before;
            } else {
                for (uint32_t i = 0; i < l->len && !st && !same; i++)
                    st = ambeq_values(vm, amblist_at(l, i), x, &same);
                ambvm_charge(vm, l->len);
                if (st) break;
            }
            if (!same && (st = amblib_push(vm, l, x)) != AMB_OK) break;
        }
    });
    return st;
}

NATIVE(amblib_any_sorted) {
    amb_status st = amblib_any_list(vm, args, n, out);
    return st ? st : amblib_sort(vm, out->list, NULL);
}
