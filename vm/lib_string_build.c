/* SPDX-License-Identifier: MIT */
/* Methods of strings that make new text: repeat, replace, join, pad, case. */
#include "lib_string.h"

#include "lib.h"
#include "number.h"
#include "utf8.h"

#define NATIVE(name) \
    amb_status amblib_##name(amb_vm *vm, ambv *args, uint32_t n, ambv *out)
#define SELF (args[0].str)
#define give amblib_give_string

/* ---- building ---- */

static amb_string *new_text(amb_vm *vm, uint64_t len) {
    if (len > AMB_STRING_MAX) {
        amberr_raise(vm, AMB_ERR_LIMIT,
                     "a string of %llu bytes would be longer than 2 GiB",
                     (unsigned long long)len);
        return NULL;
    }
    return len ? ambstr_raw(vm, (size_t)len) : vm->empty_string;
}

amb_status amblib_repeat_string(amb_vm *vm, amb_string *s, int64_t count, ambv *out) {
    if (count == 1 || s->len == 0) return give(vm, s, out);
    if (count <= 0) return give(vm, vm->empty_string, out);
    amb_string *r = new_text(
        vm, count > (int64_t)AMB_STRING_MAX ? (uint64_t)count : (uint64_t)count * s->len);
    if (!r) return amblib_nomem(vm);
    ambvm_charge(vm, r->len / 64);
    char *p = (char *)r->data;
    if (s->len == 1) {
        memset(p, s->data[0], r->len);
    } else {
        memcpy(p, s->data, s->len);
        for (size_t have = s->len; have < r->len;) { /* doubling copies long runs */
            size_t more = have < r->len - have ? have : r->len - have;
            memcpy(p + have, p, more);
            have += more;
        }
    }
    r->chars = (uint32_t)(s->chars * (uint64_t)count);
    return give(vm, r, out);
}

NATIVE(string_repeat) {
    (void)n;
    int64_t count;
    amb_status st = amblib_want_int(vm, "repeat", "count", args[1], &count);
    if (st) return st;
    if (count < 0)
        return amberr_raise(vm, AMB_ERR_VALUE,
                            "repeat() wants a count of 0 or more, not %lld",
                            (long long)count);
    return amblib_repeat_string(vm, SELF, count, out);
}

NATIVE(string_replace) {
    (void)n;
    amb_string *s = SELF, *old, *with;
    uint32_t max = UINT32_MAX;
    amb_status st = amblib_want_text(vm, "replace", "old", args[1], &old);
    if (!st) st = amblib_want_string(vm, "replace", "new", args[2], &with);
    if (!st && amblib_given(args[3]))
        st = amblib_want_count(vm, "replace", "max", args[3], &max);
    if (st) return st;
    const char *end = s->data + s->len, *p = s->data;
    uint64_t hits = 0;
    while (hits < max &&
           (p = amblib_find(p, (size_t)(end - p), old->data, old->len)) != NULL) {
        hits++;
        p += old->len;
    }
    if (hits == 0) return give(vm, s, out);
    ambvm_charge(vm, s->len / 16 + hits);
    uint64_t len = s->len - hits * old->len + hits * with->len;
    amb_string *r = new_text(vm, len);
    if (!r) return amblib_nomem(vm);
    if (len == 0) return give(vm, r, out);
    char *to = (char *)r->data;
    p = s->data;
    for (uint64_t k = 0; k < hits; k++) {
        const char *hit = amblib_find(p, (size_t)(end - p), old->data, old->len);
        memcpy(to, p, (size_t)(hit - p));
        to += hit - p;
        memcpy(to, with->data, with->len);
        to += with->len;
        p = hit + old->len;
    }
    memcpy(to, p, (size_t)(end - p));
    r->chars = (uint32_t)(s->chars - hits * old->chars + hits * with->chars);
    return give(vm, r, out);
}

/* All elements are strings: one pass for the size, one to copy. */
static amb_status join_strings(amb_vm *vm, ambv seq, amb_string *sep, ambv *out) {
    uint32_t n = amblib_seq_len(seq);
    uint64_t len = (uint64_t)sep->len * (n - 1), chars = (uint64_t)sep->chars * (n - 1);
    for (uint32_t i = 0; i < n; i++) {
        const amb_string *s = amblib_seq_at(seq, i).str;
        len += s->len;
        chars += s->chars;
    }
    amb_string *r = new_text(vm, len);
    if (!r) return amblib_nomem(vm);
    if (len) {
        ambvm_charge(vm, n + len / 64);
        char *p = (char *)r->data;
        for (uint32_t i = 0; i < n; i++) {
            const amb_string *s = amblib_seq_at(seq, i).str;
            if (i && sep->len == 1)
                *p++ = sep->data[0];
            else if (i) {
                memcpy(p, sep->data, sep->len);
                p += sep->len;
            }
            memcpy(p, s->data, s->len);
            p += s->len;
        }
        r->chars = (uint32_t)chars;
    }
    return give(vm, r, out);
}

amb_status amblib_join(amb_vm *vm, ambv v, amb_string *sep, ambv *out) {
    if (v.tag == TAG_LIST || v.tag == TAG_TUPLE) {
        uint32_t n = amblib_seq_len(v);
        if (n == 0) return give(vm, vm->empty_string, out);
        bool strings = true;
        if (v.tag == TAG_LIST && !v.list->tags)
            strings = v.list->h.aux16 == TAG_STRING;
        else
            for (uint32_t i = 0; i < n && strings; i++)
                strings = amblib_seq_at(v, i).tag == TAG_STRING;
        if (strings) return join_strings(vm, v, sep, out);
    }
    amblib_iter it;
    if (!amblib_iter_open(&it, v))
        return amberr_raise(
            vm, AMB_ERR_TYPE,
            "join() wants a list or another container, not %s; list() makes one",
            ambtype_name(vm, v));
    ambbuf b;
    ambbuf_init(&b, vm);
    ambv x;
    bool more, first = true;
    amb_status st;
    AMBLIB_LOCKED(v.o, {
        while (!(st = amblib_iter_next(vm, &it, &x, &more)) && more) {
            if (!first) ambbuf_add(&b, sep->data, sep->len);
            first = false;
            if ((st = ambtext_append(&b, x, false)) != AMB_OK) break;
        }
    });
    if (!st) st = ambbuf_status(&b);
    if (st) {
        ambbuf_free(&b);
        return st;
    }
    return give(vm, ambbuf_string(&b), out);
}

NATIVE(string_join) {
    (void)n;
    return amblib_join(vm, args[1], SELF, out);
}

static amb_status pad(amb_vm *vm, const char *name, ambv *args, int where, ambv *out) {
    amb_string *s = SELF, *fill = vm->ascii[' '];
    uint32_t width;
    amb_status st = amblib_want_count(vm, name, "width", args[1], &width);
    if (!st && amblib_given(args[2])) {
        st = amblib_want_string(vm, name, "fill", args[2], &fill);
        if (!st && fill->chars != 1)
            st = amberr_raise(vm, AMB_ERR_VALUE,
                              "%s() wants one character as fill, not %u", name,
                              fill->chars);
    }
    if (st) return st;
    if (width <= s->chars) return give(vm, s, out);
    uint32_t count = width - s->chars;
    uint32_t left = where < 0 ? count : where > 0 ? 0 : count / 2;
    amb_string *r = new_text(vm, s->len + (uint64_t)count * fill->len);
    if (!r) return amblib_nomem(vm);
    char *p = (char *)r->data;
    for (uint32_t i = 0; i < left; i++, p += fill->len) memcpy(p, fill->data, fill->len);
    memcpy(p, s->data, s->len);
    p += s->len;
    for (uint32_t i = left; i < count; i++, p += fill->len)
        memcpy(p, fill->data, fill->len);
    r->chars = width;
    return give(vm, r, out);
}

NATIVE(string_pad_left) {
    (void)n;
    return pad(vm, "pad_left", args, -1, out);
}
NATIVE(string_pad_right) {
    (void)n;
    return pad(vm, "pad_right", args, 1, out);
}
NATIVE(string_center) {
    (void)n;
    return pad(vm, "center", args, 0, out);
}

NATIVE(string_reversed) {
    (void)n;
    amb_string *s = SELF;
    if (s->chars < 2) return give(vm, s, out);
    amb_string *r = new_text(vm, s->len);
    if (!r) return amblib_nomem(vm);
    const char *p = s->data, *end = p + s->len;
    char *to = (char *)r->data + r->len;
    while (p < end) {
        unsigned w = ambutf8_width((unsigned char)*p);
        to -= w;
        memcpy(to, p, w);
        p += w;
    }
    r->chars = s->chars;
    return give(vm, r, out);
}

/* how: +1 upper, -1 lower, 0 the first upper and the rest lower */
static amb_status change_case(amb_vm *vm, amb_string *s, int how, ambv *out) {
    if (s->len == 0) return give(vm, s, out);
    if (ambstr_is_ascii(s)) {
        amb_string *r = new_text(vm, s->len);
        if (!r) return amblib_nomem(vm);
        char *to = (char *)r->data;
        for (uint32_t i = 0; i < s->len; i++) {
            unsigned char c = (unsigned char)s->data[i];
            bool up = how > 0 || (how == 0 && i == 0);
            if (up)
                c -= (unsigned char)(c - 'a') < 26 ? 32 : 0;
            else
                c += (unsigned char)(c - 'A') < 26 ? 32 : 0;
            to[i] = (char)c;
        }
        r->chars = r->len;
        return give(vm, r, out);
    }
    ambbuf b;
    ambbuf_init(&b, vm);
    const char *p = s->data, *end = p + s->len;
    bool first = true;
    while (p < end && !b.failed) {
        uint32_t c = ambutf8_decode(p, &p);
        char u[4];
        c = how > 0 || (how == 0 && first) ? ambutf8_upper(c) : ambutf8_lower(c);
        first = false;
        ambbuf_add(&b, u, ambutf8_encode(u, c));
    }
    if (b.failed) {
        ambbuf_free(&b);
        return amblib_nomem(vm);
    }
    return give(vm, ambbuf_string(&b), out);
}

NATIVE(string_upper) {
    (void)n;
    return change_case(vm, SELF, 1, out);
}
NATIVE(string_lower) {
    (void)n;
    return change_case(vm, SELF, -1, out);
}
NATIVE(string_capitalize) {
    (void)n;
    return change_case(vm, SELF, 0, out);
}
