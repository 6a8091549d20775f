/* SPDX-License-Identifier: MIT */
/* Methods of strings: searching, cutting, joining, replacing.
 *
 * Searches work on bytes: UTF-8 never matches in the middle of a character. Positions are
 * turned into code point indices only where a script sees them. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memmem */
#endif
#include "lib_string.h"

#include "lib.h"
#include "utf8.h"

#define NATIVE(name) static amb_status name(amb_vm *vm, ambv *args, uint32_t n, ambv *out)
#define SELF (args[0].str)

#define give amblib_give_string

const char *amblib_find(const char *s, size_t n, const char *what, size_t m) {
    if (m == 0) return s;
    if (m > n) return NULL;
    if (m == 1) return memchr(s, (unsigned char)*what, n);
    return memmem(s, n, what, m);
}

static const char *find_last(const char *s, size_t n, const char *what, size_t m) {
    if (m > n) return NULL;
    for (const char *p = s + (n - m);; p--) {
        if (memcmp(p, what, m) == 0) return p;
        if (p == s) return NULL;
    }
}

/* Code points before byte offset off. */
static uint32_t index_of_byte(const amb_string *s, size_t off) {
    return ambstr_is_ascii(s) ? (uint32_t)off : (uint32_t)ambutf8_count(s->data, off);
}

/* A list of pieces of s that is being made. Texts repeat their words: short pieces that are equal become one
 * string, which `pool` finds by its hash. It is left alone when pieces turn out to be mostly different. */
typedef struct cutter {
    amb_string *s;
    amb_list *l;
    amb_string **pool; /* NULL: none */
    uint32_t size, tried, found;
} cutter;
enum { POOL_FROM = 64, POOL_MAX = 8192, POOLED = 32, POOL_TRIAL = 1024 };

static void cutter_end(amb_vm *vm, cutter *c) {
    if (c->pool) ambgc_free(vm, c->pool, c->size * sizeof *c->pool);
    c->pool = NULL;
}

static AMB_COLD void cutter_pool(amb_vm *vm, cutter *c) {
    /* room for as many as the text may well have */
    uint64_t want = (uint64_t)c->s->len / 16;
    c->size = POOL_FROM;
    while (c->size < want && c->size < POOL_MAX) c->size *= 2;
    size_t limit = vm->limits.heap_bytes;
    if (limit && c->size * sizeof *c->pool > limit / 16) return;
    c->pool = ambgc_malloc(vm, c->size * sizeof *c->pool);
    if (c->pool) memset(c->pool, 0, c->size * sizeof *c->pool);
    else vm->failed = AMB_OK; /* it goes without */
}

static amb_string *pooled(amb_vm *vm, cutter *c, uint32_t from, uint32_t n) {
    if (++c->tried == POOL_TRIAL && c->found < POOL_TRIAL / 3) {
        cutter_end(vm, c);
        return ambstr_slice_bytes(vm, c->s, from, from + n);
    }
    const char *p = c->s->data + from;
    uint32_t h = ambstr_hash_bytes(vm, p, n);
    amb_string **slot = &c->pool[h & (c->size - 1)], *o = *slot;
    if (o && o->h.aux32 == h && o->len == n && memcmp(o->data, p, n) == 0) {
        c->found++;
        return o;
    }
    o = ambstr_slice_bytes(vm, c->s, from, from + n);
    if (o) {
        o->h.aux32 = h;
        *slot = o;
    }
    return o;
}

static amb_status push_piece(amb_vm *vm, cutter *c, size_t from, size_t to) {
    size_t n = to - from;
    if (c->l->len == POOL_FROM) cutter_pool(vm, c);
    amb_string *piece = c->pool && n > 1 && n <= POOLED
                            ? pooled(vm, c, (uint32_t)from, (uint32_t)n)
                            : ambstr_slice_bytes(vm, c->s, (uint32_t)from, (uint32_t)to);
    if (AMB_UNLIKELY(!piece)) return amblib_nomem(vm);
    return amblib_push(vm, c->l, (ambv){.str = piece, .tag = TAG_STRING});
}

/* ---- facts ---- */

NATIVE(string_len) {
    (void)vm, (void)n;
    *out = ambv_int(SELF->chars);
    return AMB_OK;
}

NATIVE(string_byte_len) {
    (void)vm, (void)n;
    *out = ambv_int(SELF->len);
    return AMB_OK;
}

NATIVE(string_empty) {
    (void)vm, (void)n;
    *out = ambv_bool(SELF->len == 0);
    return AMB_OK;
}

enum { CLASS_DIGIT, CLASS_ALPHA, CLASS_ALNUM, CLASS_SPACE };

static bool in_class(uint32_t c, int cls) {
    switch (cls) {
    case CLASS_DIGIT: return c - '0' < 10;
    case CLASS_ALPHA: return ambutf8_is_alpha(c);
    case CLASS_ALNUM: return c - '0' < 10 || ambutf8_is_alpha(c);
    default: return ambutf8_is_space(c);
    }
}

static amb_status all_in_class(ambv *args, int cls, ambv *out) {
    const char *p = SELF->data, *end = p + SELF->len;
    bool all = p < end;
    while (p < end && all) all = in_class(ambutf8_decode(p, &p), cls);
    *out = ambv_bool(all);
    return AMB_OK;
}

#define CLASS_TEST(name, cls)                \
    NATIVE(name) {                           \
        (void)vm, (void)n;                   \
        return all_in_class(args, cls, out); \
    }
CLASS_TEST(string_is_digit, CLASS_DIGIT)
CLASS_TEST(string_is_alpha, CLASS_ALPHA)
CLASS_TEST(string_is_alnum, CLASS_ALNUM)
CLASS_TEST(string_is_space, CLASS_SPACE)

/* Some letter with case, and none of the other case. */
static void one_case(ambv *args, bool upper, ambv *out) {
    const char *p = SELF->data, *end = p + SELF->len;
    bool some = false, other = false;
    while (p < end && !other) {
        uint32_t c = ambutf8_decode(p, &p);
        bool is_upper = ambutf8_lower(c) != c,
             is_lower = !is_upper && ambutf8_upper(c) != c;
        some |= upper ? is_upper : is_lower;
        other = upper ? is_lower : is_upper;
    }
    *out = ambv_bool(some && !other);
}

NATIVE(string_is_upper) {
    (void)vm, (void)n;
    one_case(args, true, out);
    return AMB_OK;
}

NATIVE(string_is_lower) {
    (void)vm, (void)n;
    one_case(args, false, out);
    return AMB_OK;
}

NATIVE(string_is_ascii) {
    (void)vm, (void)n;
    *out = ambv_bool(SELF->len > 0 && ambstr_is_ascii(SELF));
    return AMB_OK;
}

/* ---- searching ---- */

NATIVE(string_contains) {
    (void)n;
    amb_string *what;
    amb_status st = amblib_want_string(vm, "contains", "sub", args[1], &what);
    if (!st)
        *out =
            ambv_bool(amblib_find(SELF->data, SELF->len, what->data, what->len) != NULL);
    return st;
}

NATIVE(string_find) {
    (void)n;
    amb_string *s = SELF, *what;
    uint32_t from = 0;
    amb_status st = amblib_want_string(vm, "find", "sub", args[1], &what);
    if (!st && amblib_given(args[2]))
        st = amblib_want_count(vm, "find", "from", args[2], &from);
    if (st) return st;
    *out = ambv_nil();
    if (from > s->chars) return AMB_OK;
    uint32_t off = ambstr_offset(vm, s, from);
    const char *p = amblib_find(s->data + off, s->len - off, what->data, what->len);
    if (!p) return AMB_OK;
    uint32_t at =
        ambstr_is_ascii(s)
            ? (uint32_t)(p - s->data)
            : from + (uint32_t)ambutf8_count(s->data + off, (size_t)(p - s->data) - off);
    *out = ambv_int(at);
    return AMB_OK;
}

NATIVE(string_find_last) {
    (void)n;
    amb_string *what;
    amb_status st = amblib_want_string(vm, "find_last", "sub", args[1], &what);
    if (st) return st;
    const char *p = find_last(SELF->data, SELF->len, what->data, what->len);
    *out = p ? ambv_int(index_of_byte(SELF, (size_t)(p - SELF->data))) : ambv_nil();
    return AMB_OK;
}

amb_status amblib_want_text(amb_vm *vm, const char *what, const char *which, ambv v,
                            amb_string **out) {
    amb_status st = amblib_want_string(vm, what, which, v, out);
    if (st || (*out)->len) return st;
    return amberr_raise(vm, AMB_ERR_VALUE, "%s() needs text in %s, not the empty string",
                        what, which);
}

NATIVE(string_count) {
    (void)n;
    amb_string *what;
    amb_status st = amblib_want_text(vm, "count", "sub", args[1], &what);
    if (st) return st;
    const char *p = SELF->data, *end = p + SELF->len;
    int64_t count = 0;
    while ((p = amblib_find(p, (size_t)(end - p), what->data, what->len)) != NULL) {
        count++;
        p += what->len;
    }
    *out = ambv_int(count);
    return AMB_OK;
}

static amb_status fits_any(amb_vm *vm, const char *name, ambv *args, uint32_t n, bool end,
                           ambv *out) {
    *out = ambv_bool(false);
    for (uint32_t i = 1; i < n; i++) {
        amb_string *s = SELF, *p;
        amb_status st =
            amblib_want_string(vm, name, end ? "suffix" : "prefix", args[i], &p);
        if (st) return st;
        if (p->len <= s->len &&
            memcmp(end ? s->data + s->len - p->len : s->data, p->data, p->len) == 0)
            *out = ambv_bool(true);
    }
    return AMB_OK;
}

NATIVE(string_starts_with) { return fits_any(vm, "starts_with", args, n, false, out); }
NATIVE(string_ends_with) { return fits_any(vm, "ends_with", args, n, true, out); }

/* ---- cutting ---- */

/* Byte length of the white space at p, 0 for none. */
static inline unsigned space_at(const char *p) {
    unsigned char c = (unsigned char)*p;
    if (AMB_LIKELY(c < 0x80)) return ambutf8_is_space(c);
    const char *next;
    return ambutf8_is_space(ambutf8_decode(p, &next)) ? ambutf8_width(c) : 0;
}

static amb_status split_words(amb_vm *vm, cutter *c, uint32_t max) {
    const amb_string *s = c->s;
    uint32_t i = 0, len = s->len, cuts = 0;
    const char *d = s->data;
    unsigned w;
    for (;;) {
        while (i < len && (w = space_at(d + i)) != 0) i += w;
        if (i >= len) return AMB_OK;
        uint32_t from = i;
        if (cuts++ == max) return push_piece(vm, c, from, len);
        while (i < len && !space_at(d + i)) i += ambutf8_width((unsigned char)d[i]);
        amb_status st = push_piece(vm, c, from, i);
        if (st) return st;
    }
}

static amb_status split_at(amb_vm *vm, cutter *c, amb_string *sep, uint32_t max) {
    const amb_string *s = c->s;
    const char *start = s->data, *end = start + s->len, *p = start;
    amb_status st = AMB_OK;
    for (uint32_t cuts = 0; cuts < max; cuts++) {
        const char *hit = amblib_find(p, (size_t)(end - p), sep->data, sep->len);
        if (!hit) break;
        if ((st = push_piece(vm, c, (size_t)(p - start), (size_t)(hit - start))) !=
            AMB_OK)
            return st;
        p = hit + sep->len;
    }
    return push_piece(vm, c, (size_t)(p - start), s->len);
}

NATIVE(string_split) {
    (void)n;
    uint32_t max = UINT32_MAX;
    amb_string *sep = NULL;
    amb_status st = AMB_OK;
    if (amblib_given(args[2])) st = amblib_want_count(vm, "split", "max", args[2], &max);
    if (!st && amblib_given(args[1])) {
        st = amblib_want_string(vm, "split", "sep", args[1], &sep);
        if (!st && sep->len == 0)
            st = amberr_raise(
                vm, AMB_ERR_VALUE,
                "split() cannot cut at an empty separator; chars() gives the characters");
    }
    if (st) return st;
    amb_list *l = amblist_new(vm, 4);
    if (!l) return amblib_nomem(vm);
    ambvm_charge(vm, SELF->len / 16);
    cutter c = {.s = SELF, .l = l};
    st = sep ? split_at(vm, &c, sep, max) : split_words(vm, &c, max);
    cutter_end(vm, &c);
    *out = ambv_obj(l);
    return st;
}

NATIVE(string_words) {
    (void)n;
    amb_list *l = amblist_new(vm, 4);
    if (!l) return amblib_nomem(vm);
    ambvm_charge(vm, SELF->len / 16);
    cutter c = {.s = SELF, .l = l};
    amb_status st = split_words(vm, &c, UINT32_MAX);
    cutter_end(vm, &c);
    *out = ambv_obj(l);
    return st;
}

NATIVE(string_lines) {
    (void)n;
    amb_string *s = SELF;
    amb_list *l = amblist_new(vm, 4);
    if (!l) return amblib_nomem(vm);
    ambvm_charge(vm, s->len / 16);
    const char *start = s->data, *end = start + s->len, *p = start;
    cutter c = {.s = s, .l = l};
    amb_status st = AMB_OK;
    while (p < end) {
        const char *nl = memchr(p, '\n', (size_t)(end - p));
        const char *stop = nl ? nl : end;
        if (nl && stop > p && stop[-1] == '\r') stop--;
        st = push_piece(vm, &c, (size_t)(p - start), (size_t)(stop - start));
        if (st || !nl) break;
        p = nl + 1;
    }
    cutter_end(vm, &c);
    *out = ambv_obj(l);
    return st;
}

static bool one_of(uint32_t c, const amb_string *set) {
    if (!set) return ambutf8_is_space(c);
    const char *p = set->data, *end = p + set->len;
    while (p < end)
        if (ambutf8_decode(p, &p) == c) return true;
    return false;
}

static amb_status trim(amb_vm *vm, const char *name, ambv *args, bool left, bool right,
                       ambv *out) {
    amb_string *s = SELF, *set = NULL;
    if (amblib_given(args[1])) {
        amb_status st = amblib_want_string(vm, name, "chars", args[1], &set);
        if (st) return st;
    }
    const char *p = s->data, *end = p + s->len, *next;
    while (left && p < end && one_of(ambutf8_decode(p, &next), set)) p = next;
    while (right && end > p) {
        const char *q = end - 1;
        while (((unsigned char)*q & 0xc0) == 0x80) q--;
        if (!one_of(ambutf8_decode(q, &next), set)) break;
        end = q;
    }
    return give(
        vm, ambstr_slice_bytes(vm, s, (uint32_t)(p - s->data), (uint32_t)(end - s->data)),
        out);
}

NATIVE(string_trim) {
    (void)n;
    return trim(vm, "trim", args, true, true, out);
}
NATIVE(string_trim_start) {
    (void)n;
    return trim(vm, "trim_start", args, true, false, out);
}
NATIVE(string_trim_end) {
    (void)n;
    return trim(vm, "trim_end", args, false, true, out);
}

static amb_status cut(amb_vm *vm, const char *name, ambv *args, bool last, bool after,
                      ambv *out) {
    amb_string *s = SELF, *sep;
    amb_status st = amblib_want_text(vm, name, "sep", args[1], &sep);
    if (st) return st;
    const char *p = last ? find_last(s->data, s->len, sep->data, sep->len)
                         : amblib_find(s->data, s->len, sep->data, sep->len);
    uint32_t at = p ? (uint32_t)(p - s->data) : s->len;
    if (!after) return give(vm, ambstr_slice_bytes(vm, s, 0, at), out);
    return give(
        vm, p ? ambstr_slice_bytes(vm, s, at + sep->len, s->len) : vm->empty_string, out);
}

NATIVE(string_before) {
    (void)n;
    return cut(vm, "before", args, false, false, out);
}
NATIVE(string_after) {
    (void)n;
    return cut(vm, "after", args, false, true, out);
}
NATIVE(string_before_last) {
    (void)n;
    return cut(vm, "before_last", args, true, false, out);
}
NATIVE(string_after_last) {
    (void)n;
    return cut(vm, "after_last", args, true, true, out);
}

NATIVE(string_partition) {
    (void)n;
    amb_string *s = SELF, *sep;
    amb_status st = amblib_want_text(vm, "partition", "sep", args[1], &sep);
    if (st) return st;
    amb_tuple *t = ambtuple_new(vm, 3);
    if (!t) return amblib_nomem(vm);
    const char *p = amblib_find(s->data, s->len, sep->data, sep->len);
    uint32_t at = p ? (uint32_t)(p - s->data) : s->len;
    st = give(vm, ambstr_slice_bytes(vm, s, 0, at), &t->vals[0]);
    if (!st) st = give(vm, p ? sep : vm->empty_string, &t->vals[1]);
    if (!st)
        st = give(vm,
                  p ? ambstr_slice_bytes(vm, s, at + sep->len, s->len) : vm->empty_string,
                  &t->vals[2]);
    *out = ambv_obj(t);
    return st;
}

NATIVE(string_remove_prefix) {
    (void)n;
    amb_string *s = SELF, *p;
    amb_status st = amblib_want_string(vm, "remove_prefix", "prefix", args[1], &p);
    if (st) return st;
    bool fits = p->len <= s->len && memcmp(s->data, p->data, p->len) == 0;
    return give(vm, fits ? ambstr_slice_bytes(vm, s, p->len, s->len) : s, out);
}

NATIVE(string_remove_suffix) {
    (void)n;
    amb_string *s = SELF, *p;
    amb_status st = amblib_want_string(vm, "remove_suffix", "suffix", args[1], &p);
    if (st) return st;
    bool fits =
        p->len <= s->len && memcmp(s->data + s->len - p->len, p->data, p->len) == 0;
    return give(vm, fits ? ambstr_slice_bytes(vm, s, 0, s->len - p->len) : s, out);
}

NATIVE(string_first) {
    (void)n;
    amb_string *s = SELF;
    uint32_t count;
    if (!amblib_given(args[1])) {
        if (s->len) return give(vm, ambstr_char_at(vm, s, 0), out);
        *out = ambv_nil();
        return AMB_OK;
    }
    amb_status st = amblib_want_count(vm, "first", "count", args[1], &count);
    if (st) return st;
    if (count > s->chars) count = s->chars;
    return give(vm, ambstr_slice_bytes(vm, s, 0, ambstr_offset(vm, s, count)), out);
}

NATIVE(string_last) {
    (void)n;
    amb_string *s = SELF;
    uint32_t count;
    if (!amblib_given(args[1])) {
        if (s->len) return give(vm, ambstr_char_at(vm, s, s->chars - 1), out);
        *out = ambv_nil();
        return AMB_OK;
    }
    amb_status st = amblib_want_count(vm, "last", "count", args[1], &count);
    if (st) return st;
    if (count > s->chars) count = s->chars;
    return give(vm,
                ambstr_slice_bytes(vm, s, ambstr_offset(vm, s, s->chars - count), s->len),
                out);
}

NATIVE(string_skip) {
    (void)n;
    uint32_t count;
    amb_status st = amblib_want_count(vm, "skip", "count", args[1], &count);
    if (st) return st;
    if (count > SELF->chars) count = SELF->chars;
    return give(
        vm, ambstr_slice_bytes(vm, SELF, ambstr_offset(vm, SELF, count), SELF->len), out);
}

NATIVE(string_get) {
    (void)n;
    if (args[1].tag != TAG_INT) return amberr_arg(vm, "get", "index", "an int", args[1]);
    int64_t i = args[1].i < 0 ? args[1].i + SELF->chars : args[1].i;
    if (i >= 0 && i < SELF->chars)
        return give(vm, ambstr_char_at(vm, SELF, (uint32_t)i), out);
    *out = args[2].tag == TAG_UNDEF ? ambv_nil() : args[2];
    return AMB_OK;
}

const amb_native_def amblib_string[] = {
    PROPERTY("len", string_len, "len: int", "How many code points there are."),
    PROPERTY("byte_len", string_byte_len, "byte_len: int",
             "How many bytes of UTF-8 there are."),
    PROPERTY("empty", string_empty, "empty: bool", "Whether there are no characters."),
    METHOD("split", string_split, 0, 2, "sep, max", "split(sep = nil, max = nil) -> list",
           "The pieces between separators; without one the words between white space."),
    METHOD("words", string_words, 0, 0, NULL, "words() -> list",
           "The words between white space."),
    METHOD("lines", string_lines, 0, 0, NULL, "lines() -> list",
           "The lines without their ends."),
    METHOD("join", amblib_string_join, 1, 1, "it", "join(it) -> string",
           "The texts of the elements with this string between them."),
    METHOD("trim", string_trim, 0, 1, "chars", "trim(chars = nil) -> string",
           "Without white space, or those characters, at both ends."),
    METHOD("trim_start", string_trim_start, 0, 1, "chars",
           "trim_start(chars = nil) -> string",
           "Without white space, or those characters, at the start."),
    METHOD("trim_end", string_trim_end, 0, 1, "chars", "trim_end(chars = nil) -> string",
           "Without white space, or those characters, at the end."),
    METHOD("upper", amblib_string_upper, 0, 0, NULL, "upper() -> string",
           "All letters in upper case."),
    METHOD("lower", amblib_string_lower, 0, 0, NULL, "lower() -> string",
           "All letters in lower case."),
    METHOD("capitalize", amblib_string_capitalize, 0, 0, NULL, "capitalize() -> string",
           "The first character in upper case, the others in lower case."),
    METHOD_REST("starts_with", string_starts_with, 1, "starts_with(...prefixes) -> bool",
                "Whether one of the prefixes fits."),
    METHOD_REST("ends_with", string_ends_with, 1, "ends_with(...suffixes) -> bool",
                "Whether one of the suffixes fits."),
    METHOD("contains", string_contains, 1, 1, "sub", "contains(sub: string) -> bool",
           "Whether the text occurs."),
    METHOD("find", string_find, 1, 2, "sub, from", "find(sub: string, from = 0) -> int?",
           "The index of the first occurrence, or nil."),
    METHOD("index_of", string_find, 1, 2, "sub, from",
           "index_of(sub: string, from = 0) -> int?",
           "The index of the first occurrence, or nil."),
    METHOD("find_last", string_find_last, 1, 1, "sub", "find_last(sub: string) -> int?",
           "The index of the last occurrence, or nil."),
    METHOD("count", string_count, 1, 1, "sub", "count(sub: string) -> int",
           "How often the text occurs, without overlaps."),
    METHOD("replace", amblib_string_replace, 2, 3, "old, new, max",
           "replace(old: string, new: string, max = nil) -> string",
           "Occurrences of old replaced from the left, all or at most max."),
    METHOD("before", string_before, 1, 1, "sep", "before(sep: string) -> string",
           "What stands before the first sep; everything when there is none."),
    METHOD("after", string_after, 1, 1, "sep", "after(sep: string) -> string",
           "What stands after the first sep; nothing when there is none."),
    METHOD("before_last", string_before_last, 1, 1, "sep",
           "before_last(sep: string) -> string",
           "What stands before the last sep; everything when there is none."),
    METHOD("after_last", string_after_last, 1, 1, "sep",
           "after_last(sep: string) -> string",
           "What stands after the last sep; nothing when there is none."),
    METHOD("partition", string_partition, 1, 1, "sep", "partition(sep: string) -> tuple",
           "(before, sep, after) at the first sep; (s, \"\", \"\") when there is none."),
    METHOD("remove_prefix", string_remove_prefix, 1, 1, "prefix",
           "remove_prefix(prefix: string) -> string",
           "Without the prefix, when it is there."),
    METHOD("remove_suffix", string_remove_suffix, 1, 1, "suffix",
           "remove_suffix(suffix: string) -> string",
           "Without the suffix, when it is there."),
    METHOD("pad_left", amblib_string_pad_left, 1, 2, "width, fill",
           "pad_left(width: int, fill = \" \") -> string",
           "Filled on the left to the width."),
    METHOD("pad_right", amblib_string_pad_right, 1, 2, "width, fill",
           "pad_right(width: int, fill = \" \") -> string",
           "Filled on the right to the width."),
    METHOD("center", amblib_string_center, 1, 2, "width, fill",
           "center(width: int, fill = \" \") -> string",
           "Filled on both sides to the width."),
    METHOD("repeat", amblib_string_repeat, 1, 1, "count", "repeat(count: int) -> string",
           "The string that many times."),
    METHOD("chars", amblib_string_chars, 0, 0, NULL, "chars() -> list",
           "The characters."),
    METHOD("list", amblib_string_chars, 0, 0, NULL, "list() -> list", "The characters."),
    METHOD("codes", amblib_string_codes, 0, 0, NULL, "codes() -> list",
           "The code points as ints."),
    METHOD("bytes", amblib_string_bytes, 0, 0, NULL, "bytes() -> bytes",
           "The UTF-8 bytes."),
    METHOD("code_at", amblib_string_code_at, 1, 1, "index", "code_at(index: int) -> int",
           "The code point at the index."),
    METHOD("byte_at", amblib_string_byte_at, 1, 1, "index", "byte_at(index: int) -> int",
           "The byte of UTF-8 at the byte index."),
    METHOD("first", string_first, 0, 1, "count", "first(count = nil) -> string?",
           "The first character or nil; with a count the first ones."),
    METHOD("last", string_last, 0, 1, "count", "last(count = nil) -> string?",
           "The last character or nil; with a count the last ones."),
    METHOD("skip", string_skip, 1, 1, "count", "skip(count: int) -> string",
           "Without the first characters."),
    METHOD("get", string_get, 1, 2, "index, default", "get(index: int, default = nil)",
           "The character at the index, or the default."),
    METHOD("reversed", amblib_string_reversed, 0, 0, NULL, "reversed() -> string",
           "The characters backwards."),
    METHOD("is_digit", string_is_digit, 0, 0, NULL, "is_digit() -> bool",
           "Whether all characters are digits 0 to 9."),
    METHOD("is_alpha", string_is_alpha, 0, 0, NULL, "is_alpha() -> bool",
           "Whether all characters are letters."),
    METHOD("is_alnum", string_is_alnum, 0, 0, NULL, "is_alnum() -> bool",
           "Whether all characters are letters or digits."),
    METHOD("is_space", string_is_space, 0, 0, NULL, "is_space() -> bool",
           "Whether all characters are white space."),
    METHOD("is_upper", string_is_upper, 0, 0, NULL, "is_upper() -> bool",
           "Whether there are upper-case letters and no lower-case ones."),
    METHOD("is_lower", string_is_lower, 0, 0, NULL, "is_lower() -> bool",
           "Whether there are lower-case letters and no upper-case ones."),
    METHOD("is_ascii", string_is_ascii, 0, 0, NULL, "is_ascii() -> bool",
           "Whether all characters are ASCII."),
    METHOD("to_int", amblib_string_to_int, 0, 1, "base", "to_int(base = 10) -> int?",
           "The whole number it spells, or nil."),
    METHOD("to_float", amblib_string_to_float, 0, 0, NULL, "to_float() -> float?",
           "The number it spells, or nil."),
    METHOD_REST("format", amblib_string_format, 0,
                "format(...values, name: value) -> string",
                "Fills {}, {0}, {name} and {name:spec}; {{ and }} are braces."),
    METHOD("quoted", amblib_string_quoted, 0, 0, NULL, "quoted() -> string",
           "The text as a literal."),
    METHOD("indent", amblib_string_indent, 1, 1, "prefix",
           "indent(prefix: string) -> string",
           "The prefix before every line that is not empty."),
    METHOD("dedent", amblib_string_dedent, 0, 0, NULL, "dedent() -> string",
           "Without the white space all lines with text begin with."),
    CORE("filter", "list:filter", "filter(pred) -> list", "The characters that fit."),
    ROWS_EAGER,
    TABLE_END,
};
