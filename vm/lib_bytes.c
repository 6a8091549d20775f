/* SPDX-License-Identifier: MIT */
/* Methods of bytes. */
#include "lib.h"
#include "lib_string.h"

#define NATIVE(name) static amb_status name(amb_vm *vm, ambv *args, uint32_t n, ambv *out)
#define SELF (args[0].bytes)

static const uint8_t none[1];
static const uint8_t *data_of(const amb_bytes *b) {
    return b->block ? b->block->data : none;
}

/* What may be searched for or appended: bytes, a string, one int. */
typedef struct span {
    const uint8_t *p;
    uint32_t len;
    uint8_t one;
} span;

static amb_status want_byte(amb_vm *vm, ambv v, uint8_t *out) {
    if (v.tag != TAG_INT)
        return amberr_raise(vm, AMB_ERR_TYPE, "a byte is an int from 0 to 255, not a %s",
                            ambtype_name(vm, v));
    if (v.i < 0 || v.i > 255)
        return amberr_raise(vm, AMB_ERR_VALUE, "a byte is an int from 0 to 255, not %lld",
                            (long long)v.i);
    *out = (uint8_t)v.i;
    return AMB_OK;
}

static amb_status want_span(amb_vm *vm, const char *what, ambv v, span *s) {
    switch (v.tag) {
    case TAG_BYTES:
        s->p = data_of(v.bytes);
        s->len = v.bytes->len;
        return ambbytes_check(vm, v.bytes);
    case TAG_STRING:
        s->p = (const uint8_t *)v.str->data;
        s->len = v.str->len;
        return AMB_OK;
    case TAG_INT: {
        amb_status st = want_byte(vm, v, &s->one);
        s->p = &s->one;
        s->len = 1;
        return st;
    }
    default: return amberr_arg(vm, what, NULL, "bytes, a string or an int", v);
    }
}

/* Reading: the bytes must not be lent out. */
#define READABLE()                                 \
    do {                                           \
        amb_status st_ = ambbytes_check(vm, SELF); \
        if (st_) return st_;                       \
    } while (0)
#define WRITABLE()                                            \
    do {                                                      \
        amb_status st_ = ambobj_check_writable(vm, &SELF->h); \
        if (!st_) st_ = ambbytes_check(vm, SELF);             \
        if (st_) return st_;                                  \
    } while (0)

NATIVE(bytes_len) {
    (void)vm, (void)n;
    *out = ambv_int(SELF->len);
    return AMB_OK;
}

NATIVE(bytes_empty) {
    (void)vm, (void)n;
    *out = ambv_bool(SELF->len == 0);
    return AMB_OK;
}

NATIVE(bytes_push) {
    WRITABLE();
    uint8_t small[64];
    for (uint32_t i = 1; i < n;) {
        uint32_t k = 0;
        for (; i < n && k < sizeof small; i++, k++) {
            amb_status st = want_byte(vm, args[i], &small[k]);
            if (st) return st;
        }
        amb_status st = ambbytes_append(vm, SELF, small, k);
        if (st) return st;
    }
    *out = ambv_nil();
    return AMB_OK;
}

NATIVE(bytes_pop) {
    (void)n;
    WRITABLE();
    if (SELF->len == 0) return amberr_raise(vm, AMB_ERR_INDEX, "pop() from empty bytes");
    *out = ambv_int(data_of(SELF)[--SELF->len]);
    return AMB_OK;
}

NATIVE(bytes_append) {
    (void)n;
    span s;
    amb_status st = want_span(vm, "append", args[1], &s);
    *out = ambv_nil();
    return st ? st : ambbytes_append(vm, SELF, s.p, s.len);
}

NATIVE(bytes_insert) {
    (void)n;
    WRITABLE();
    uint8_t byte;
    if (args[1].tag != TAG_INT)
        return amberr_arg(vm, "insert", "index", "an int", args[1]);
    int64_t i = args[1].i < 0 ? args[1].i + SELF->len : args[1].i;
    if (i < 0 || i > SELF->len)
        return amblib_index_error(vm, args[1].i, "bytes", SELF->len);
    amb_status st = want_byte(vm, args[2], &byte);
    if (!st) st = ambbytes_append(vm, SELF, &byte, 1);
    if (st) return st;
    uint8_t *p = SELF->block->data;
    memmove(p + i + 1, p + i, SELF->len - 1 - (size_t)i);
    p[i] = byte;
    *out = ambv_nil();
    return AMB_OK;
}

NATIVE(bytes_remove_at) {
    (void)n;
    WRITABLE();
    uint32_t i;
    amb_status st =
        amblib_want_index(vm, "remove_at", "index", args[1], SELF->len, "bytes", &i);
    if (st) return st;
    uint8_t *p = SELF->block->data;
    *out = ambv_int(p[i]);
    memmove(p + i, p + i + 1, SELF->len - i - 1);
    SELF->len--;
    return AMB_OK;
}

NATIVE(bytes_clear) {
    (void)n;
    WRITABLE();
    SELF->len = 0;
    *out = ambv_nil();
    return AMB_OK;
}

NATIVE(bytes_resize) {
    (void)n;
    WRITABLE();
    uint32_t len;
    uint8_t fill = 0;
    amb_status st = amblib_want_count(vm, "resize", "len", args[1], &len);
    if (!st && amblib_given(args[2])) st = want_byte(vm, args[2], &fill);
    if (st) return st;
    uint32_t was = SELF->len;
    *out = ambv_nil();
    if (len <= was) {
        SELF->len = len;
        return AMB_OK;
    }
    st = ambbytes_append(vm, SELF, NULL, len - was);
    if (!st && fill) memset(SELF->block->data + was, fill, len - was);
    return st;
}

/* Clamped bounds [from, to) of optional arguments. */
static amb_status bounds(amb_vm *vm, const char *what, ambv a, ambv b, uint32_t len,
                         uint32_t *from, uint32_t *to) {
    int64_t i = 0, j = len;
    amb_status st = AMB_OK;
    if (amblib_given(a)) st = amblib_want_int(vm, what, "from", a, &i);
    if (!st && amblib_given(b)) st = amblib_want_int(vm, what, "to", b, &j);
    if (i < 0) i += len;
    if (j < 0) j += len;
    *from = (uint32_t)(i < 0 ? 0 : i > len ? len : i);
    *to = (uint32_t)(j < *from ? *from : j > len ? len : j);
    return st;
}

NATIVE(bytes_fill) {
    (void)n;
    WRITABLE();
    uint8_t byte = 0;
    uint32_t from, to;
    amb_status st = want_byte(vm, args[1], &byte);
    if (!st) st = bounds(vm, "fill", args[2], args[3], SELF->len, &from, &to);
    if (st) return st;
    if (to > from) memset(SELF->block->data + from, byte, to - from);
    *out = ambv_nil();
    return AMB_OK;
}

static void turn_round(uint8_t *p, uint32_t len) {
    for (uint32_t i = 0, j = len; i + 1 < j; i++) {
        j--;
        uint8_t t = p[i];
        p[i] = p[j];
        p[j] = t;
    }
}

NATIVE(bytes_reverse) {
    (void)n;
    WRITABLE();
    if (SELF->len) turn_round(SELF->block->data, SELF->len);
    *out = ambv_nil();
    return AMB_OK;
}

NATIVE(bytes_reversed) {
    (void)n;
    READABLE();
    amb_bytes *b = ambbytes_new(vm, data_of(SELF), SELF->len);
    if (!b) return amblib_nomem(vm);
    if (b->len) turn_round(b->block->data, b->len);
    *out = ambv_obj(b);
    return AMB_OK;
}

NATIVE(bytes_repeat) {
    (void)n;
    READABLE();
    int64_t k;
    amb_status st = amblib_want_int(vm, "repeat", "count", args[1], &k);
    if (st) return st;
    if (k < 0)
        return amberr_raise(vm, AMB_ERR_VALUE, "cannot repeat bytes %lld times",
                            (long long)k);
    uint64_t len = SELF->len;
    if (len && (uint64_t)k > AMB_STRING_MAX / len)
        return amberr_raise(vm, AMB_ERR_LIMIT, "bytes cannot be longer than 2 GiB");
    amb_bytes *b = ambbytes_new(vm, NULL, len * (uint64_t)k);
    if (!b) return amblib_nomem(vm);
    for (int64_t i = 0; len && i < k; i++)
        memcpy(b->block->data + (uint64_t)i * len, data_of(SELF), len);
    *out = ambv_obj(b);
    return AMB_OK;
}

NATIVE(bytes_copy) {
    (void)n;
    READABLE();
    return amblib_result(vm, ambbytes_new(vm, data_of(SELF), SELF->len), out);
}

static const uint8_t *search(const uint8_t *p, size_t n, const span *s) {
    return (const uint8_t *)amblib_find((const char *)p, n, (const char *)s->p, s->len);
}

NATIVE(bytes_find) {
    (void)n;
    READABLE();
    span s;
    uint32_t from = 0;
    amb_status st = want_span(vm, "find", args[1], &s);
    if (!st && amblib_given(args[2]))
        st = amblib_want_count(vm, "find", "from", args[2], &from);
    if (st) return st;
    const uint8_t *p = data_of(SELF);
    const uint8_t *hit =
        from <= SELF->len ? search(p + from, SELF->len - from, &s) : NULL;
    *out = hit ? ambv_int(hit - p) : ambv_nil();
    return AMB_OK;
}

NATIVE(bytes_contains) {
    (void)n;
    READABLE();
    span s;
    amb_status st = want_span(vm, "contains", args[1], &s);
    if (!st) *out = ambv_bool(search(data_of(SELF), SELF->len, &s) != NULL);
    return st;
}

NATIVE(bytes_count) {
    (void)n;
    READABLE();
    span s;
    amb_status st = want_span(vm, "count", args[1], &s);
    if (!st && s.len == 0)
        st = amberr_raise(vm, AMB_ERR_VALUE,
                          "count() needs something to look for, not empty bytes");
    if (st) return st;
    const uint8_t *p = data_of(SELF), *end = p + SELF->len;
    int64_t count = 0;
    while ((p = search(p, (size_t)(end - p), &s)) != NULL) {
        count++;
        p += s.len;
    }
    *out = ambv_int(count);
    return AMB_OK;
}

static amb_status fits(amb_vm *vm, const char *what, ambv *args, bool end, ambv *out) {
    READABLE();
    span s;
    amb_status st = want_span(vm, what, args[1], &s);
    if (st) return st;
    const uint8_t *p = data_of(SELF);
    *out = ambv_bool(s.len <= SELF->len &&
                     memcmp(end ? p + SELF->len - s.len : p, s.p, s.len) == 0);
    return AMB_OK;
}

NATIVE(bytes_starts_with) {
    (void)n;
    return fits(vm, "starts_with", args, false, out);
}
NATIVE(bytes_ends_with) {
    (void)n;
    return fits(vm, "ends_with", args, true, out);
}

NATIVE(bytes_split) {
    (void)n;
    READABLE();
    span s;
    amb_status st = want_span(vm, "split", args[1], &s);
    if (!st && s.len == 0)
        st = amberr_raise(vm, AMB_ERR_VALUE, "split() cannot cut at an empty separator");
    if (st) return st;
    amb_list *l = amblist_new(vm, 0);
    if (!l) return amblib_nomem(vm);
    const uint8_t *p = data_of(SELF), *end = p + SELF->len;
    for (;;) {
        const uint8_t *hit = search(p, (size_t)(end - p), &s), *stop = hit ? hit : end;
        amb_bytes *piece = ambbytes_new(vm, p, (size_t)(stop - p));
        if (!piece) return amblib_nomem(vm);
        if ((st = amblib_push(vm, l, ambv_obj(piece))) != AMB_OK) return st;
        if (!hit) break;
        p = hit + s.len;
    }
    *out = ambv_obj(l);
    return AMB_OK;
}

NATIVE(bytes_get) {
    (void)n;
    READABLE();
    if (args[1].tag != TAG_INT) return amberr_arg(vm, "get", "index", "an int", args[1]);
    int64_t i = args[1].i < 0 ? args[1].i + SELF->len : args[1].i;
    if (i >= 0 && i < SELF->len)
        *out = ambv_int(data_of(SELF)[i]);
    else
        *out = args[2].tag == TAG_UNDEF ? ambv_nil() : args[2];
    return AMB_OK;
}

static amb_status ends(amb_vm *vm, const char *what, ambv *args, bool last, ambv *out) {
    READABLE();
    uint32_t len = SELF->len, count;
    const uint8_t *p = data_of(SELF);
    if (!amblib_given(args[1])) {
        *out = len ? ambv_int(p[last ? len - 1 : 0]) : ambv_nil();
        return AMB_OK;
    }
    amb_status st = amblib_want_count(vm, what, "count", args[1], &count);
    if (st) return st;
    if (count > len) count = len;
    return amblib_result(vm, ambbytes_new(vm, last ? p + (len - count) : p, count), out);
}

NATIVE(bytes_first) {
    (void)n;
    return ends(vm, "first", args, false, out);
}
NATIVE(bytes_last) {
    (void)n;
    return ends(vm, "last", args, true, out);
}

NATIVE(bytes_skip) {
    (void)n;
    READABLE();
    uint32_t count;
    amb_status st = amblib_want_count(vm, "skip", "count", args[1], &count);
    if (st) return st;
    if (count > SELF->len) count = SELF->len;
    return amblib_result(vm, ambbytes_new(vm, data_of(SELF) + count, SELF->len - count),
                         out);
}

NATIVE(bytes_to_string) {
    (void)n;
    READABLE();
    size_t chars;
    const char *p = (const char *)data_of(SELF);
    if (ambutf8_validate(p, SELF->len, &chars) != SELF->len) {
        *out = ambv_nil();
        return AMB_OK;
    }
    return amblib_result(vm, ambstr_new(vm, p, SELF->len), out);
}

NATIVE(bytes_hex) {
    (void)n;
    READABLE();
    if (SELF->len == 0) return amblib_result(vm, vm->empty_string, out);
    amb_string *s = ambstr_raw(vm, (size_t)SELF->len * 2);
    if (!s) return amblib_nomem(vm);
    char *to = (char *)s->data;
    for (uint32_t i = 0; i < SELF->len; i++) {
        *to++ = "0123456789abcdef"[data_of(SELF)[i] >> 4];
        *to++ = "0123456789abcdef"[data_of(SELF)[i] & 15];
    }
    ambstr_finish(s);
    *out = ambv_obj(s);
    return AMB_OK;
}

/* Place and size of an int inside the bytes. */
static amb_status int_place(amb_vm *vm, const char *what, ambv *args, ambv size_arg,
                            uint32_t *at, uint32_t *size) {
    int64_t s = 4, i;
    amb_status st = AMB_OK;
    if (amblib_given(size_arg)) st = amblib_want_int(vm, what, "size", size_arg, &s);
    if (!st) st = amblib_want_int(vm, what, "index", args[1], &i);
    if (st) return st;
    if (s != 1 && s != 2 && s != 4 && s != 8)
        return amberr_raise(vm, AMB_ERR_VALUE,
                            "%s() wants a size of 1, 2, 4 or 8, not %lld", what,
                            (long long)s);
    if (i < 0) i += SELF->len;
    if (i < 0 || i > (int64_t)SELF->len - s)
        return amberr_raise(vm, AMB_ERR_INDEX,
                            "%lld bytes at index %lld do not fit into bytes of %u",
                            (long long)s, (long long)args[1].i, SELF->len);
    *at = (uint32_t)i;
    *size = (uint32_t)s;
    return AMB_OK;
}

NATIVE(bytes_int_at) {
    (void)n;
    READABLE();
    uint32_t at, size;
    amb_status st = int_place(vm, "int_at", args, args[2], &at, &size);
    if (st) return st;
    bool is_signed = ambv_truthy(args[3]) && args[3].tag != TAG_UNDEF;
    bool big = ambv_truthy(args[4]) && args[4].tag != TAG_UNDEF;
    uint64_t u = 0;
    for (uint32_t k = 0; k < size; k++) {
        uint64_t byte = data_of(SELF)[at + k];
        u |= byte << 8 * (big ? size - 1 - k : k);
    }
    if (is_signed && size < 8 && u >> (8 * size - 1)) u |= ~(uint64_t)0 << 8 * size;
    if (!is_signed && size == 8 && u >> 63)
        return amberr_raise(
            vm, AMB_ERR_OVERFLOW,
            "int_at() read 0x%llx, which fits in an int only with signed: true",
            (unsigned long long)u);
    *out = ambv_int((int64_t)u);
    return AMB_OK;
}

NATIVE(bytes_put_int) {
    (void)n;
    WRITABLE();
    uint32_t at, size;
    int64_t v;
    amb_status st = int_place(vm, "put_int", args, args[3], &at, &size);
    if (!st) st = amblib_want_int(vm, "put_int", "value", args[2], &v);
    if (st) return st;
    bool big = ambv_truthy(args[4]) && args[4].tag != TAG_UNDEF;
    if (size < 8 && (v >= (int64_t)1 << 8 * size || v < -((int64_t)1 << (8 * size - 1))))
        return amberr_raise(vm, AMB_ERR_OVERFLOW, "%lld does not fit in %u byte%s",
                            (long long)v, size, size == 1 ? "" : "s");
    for (uint32_t k = 0; k < size; k++)
        SELF->block->data[at + k] =
            (uint8_t)((uint64_t)v >> 8 * (big ? size - 1 - k : k));
    *out = ambv_nil();
    return AMB_OK;
}

const amb_native_def amblib_bytes[] = {
    PROPERTY("len", bytes_len, "len: int", "How many bytes there are."),
    PROPERTY("empty", bytes_empty, "empty: bool", "Whether there are none."),
    PROPERTY("frozen", amblib_any_frozen, "frozen: bool",
             "Whether they can no longer change."),
    METHOD_REST("push", bytes_push, 0, "push(...bytes)", "Appends ints from 0 to 255."),
    METHOD("pop", bytes_pop, 0, 0, NULL, "pop() -> int",
           "Removes and gives the last byte."),
    METHOD("append", bytes_append, 1, 1, "data", "append(data: bytes | string | int)",
           "Appends bytes, a string's UTF-8, or one byte."),
    METHOD("insert", bytes_insert, 2, 2, "index, byte", "insert(index: int, byte: int)",
           "Puts a byte before the one at index."),
    METHOD("remove_at", bytes_remove_at, 1, 1, "index", "remove_at(index: int) -> int",
           "Removes and gives the byte at index."),
    METHOD("clear", bytes_clear, 0, 0, NULL, "clear()", "Removes all bytes."),
    METHOD("resize", bytes_resize, 1, 2, "len, fill", "resize(len: int, fill = 0)",
           "Cuts or fills to that length."),
    METHOD("fill", bytes_fill, 1, 3, "byte, from, to",
           "fill(byte: int, from = 0, to = nil)",
           "Sets the bytes from `from` up to `to`."),
    METHOD("reverse", bytes_reverse, 0, 0, NULL, "reverse()",
           "Turns the order round in place."),
    METHOD("reversed", bytes_reversed, 0, 0, NULL, "reversed() -> bytes",
           "New bytes backwards."),
    METHOD("repeat", bytes_repeat, 1, 1, "count", "repeat(count: int) -> bytes",
           "The bytes that many times over."),
    METHOD("copy", bytes_copy, 0, 0, NULL, "copy() -> bytes",
           "New bytes with the same contents."),
    METHOD("find", bytes_find, 1, 2, "sub, from", "find(sub, from = 0) -> int?",
           "The index of the first occurrence, or nil."),
    METHOD("index_of", bytes_find, 1, 2, "sub, from", "index_of(sub, from = 0) -> int?",
           "The index of the first occurrence, or nil."),
    METHOD("contains", bytes_contains, 1, 1, "sub", "contains(sub) -> bool",
           "Whether bytes, a string or a byte occurs."),
    METHOD("count", bytes_count, 1, 1, "sub", "count(sub) -> int",
           "How often it occurs, without overlaps."),
    METHOD("starts_with", bytes_starts_with, 1, 1, "prefix",
           "starts_with(prefix) -> bool", "Whether the bytes begin so."),
    METHOD("ends_with", bytes_ends_with, 1, 1, "suffix", "ends_with(suffix) -> bool",
           "Whether the bytes end so."),
    METHOD("split", bytes_split, 1, 1, "sep", "split(sep) -> list",
           "The pieces between separators."),
    METHOD("get", bytes_get, 1, 2, "index, default", "get(index: int, default = nil)",
           "The byte at index, or the default."),
    METHOD("first", bytes_first, 0, 1, "count", "first(count = nil)",
           "The first byte or nil; with a count the first ones."),
    METHOD("last", bytes_last, 0, 1, "count", "last(count = nil)",
           "The last byte or nil; with a count the last ones."),
    METHOD("skip", bytes_skip, 1, 1, "count", "skip(count: int) -> bytes",
           "Without the first bytes."),
    METHOD("to_string", bytes_to_string, 0, 0, NULL, "to_string() -> string?",
           "The text when the bytes are UTF-8, or nil."),
    METHOD("hex", bytes_hex, 0, 0, NULL, "hex() -> string",
           "Two hexadecimal digits a byte."),
    METHOD("int_at", bytes_int_at, 1, 4, "index, size, signed, big",
           "int_at(index: int, size = 4, signed = false, big = false) -> int",
           "The int of 1, 2, 4 or 8 bytes at index."),
    METHOD("put_int", bytes_put_int, 2, 4, "index, value, size, big",
           "put_int(index: int, value: int, size = 4, big = false)",
           "Writes an int of 1, 2, 4 or 8 bytes at index."),
    CORE("filter", "list:filter", "filter(pred) -> list", "The bytes that fit."),
    ROWS_EAGER,
    ROW_LIST,
    TABLE_END,
};
