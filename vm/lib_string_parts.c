/* SPDX-License-Identifier: MIT */
/* Strings taken apart and read: characters, bytes, lines, numbers; and format(). */
#include "lib_string.h"

#include "lib.h"
#include "number.h"
#include "utf8.h"

#define NATIVE(name) \
    amb_status amblib_##name(amb_vm *vm, ambv *args, uint32_t n, ambv *out)
#define SELF (args[0].str)
#define give amblib_give_string

/* ---- parts as lists ---- */

NATIVE(string_chars) {
    (void)n;
    amb_string *s = SELF;
    amb_list *l = amblist_new(vm, s->chars);
    if (!l) return amblib_nomem(vm);
    ambvm_charge(vm, s->chars / 2);
    for (uint32_t off = 0; off < s->len;) {
        amb_string *c = ambstr_next_char(vm, s, &off);
        if (!c) return amblib_nomem(vm);
        amb_status st = amblib_push(vm, l, (ambv){.str = c, .tag = TAG_STRING});
        if (st) return st;
    }
    *out = ambv_obj(l);
    return AMB_OK;
}

NATIVE(string_codes) {
    (void)n;
    amb_string *s = SELF;
    amb_list *l = amblist_new(vm, s->chars);
    if (!l) return amblib_nomem(vm);
    ambvm_charge(vm, s->chars / 2);
    const char *p = s->data, *end = p + s->len;
    while (p < end) {
        amb_status st = amblib_push(vm, l, ambv_int(ambutf8_decode(p, &p)));
        if (st) return st;
    }
    *out = ambv_obj(l);
    return AMB_OK;
}

NATIVE(string_bytes) {
    (void)n;
    return amblib_result(vm, ambbytes_new(vm, SELF->data, SELF->len), out);
}

NATIVE(string_code_at) {
    (void)n;
    uint32_t i;
    amb_string *s = SELF;
    amb_status st =
        amblib_want_index(vm, "code_at", "index", args[1], s->chars, "string", &i);
    if (st) return st;
    if (ambstr_is_ascii(s)) {
        *out = ambv_int((unsigned char)s->data[i]);
        return AMB_OK;
    }
    const char *next;
    *out = ambv_int(ambutf8_decode(s->data + ambstr_offset(vm, s, i), &next));
    return AMB_OK;
}

NATIVE(string_byte_at) {
    (void)n;
    uint32_t i;
    amb_status st =
        amblib_want_index(vm, "byte_at", "index", args[1], SELF->len, "string", &i);
    if (!st) *out = ambv_int((unsigned char)SELF->data[i]);
    return st;
}

NATIVE(string_quoted) {
    (void)n;
    ambbuf b;
    ambbuf_init(&b, vm);
    ambtext_quote(&b, SELF->data, SELF->len);
    return give(vm, ambbuf_string(&b), out);
}

/* ---- lines and indentation ---- */

NATIVE(string_indent) {
    (void)n;
    amb_string *s = SELF, *prefix;
    amb_status st = amblib_want_string(vm, "indent", "prefix", args[1], &prefix);
    if (st) return st;
    ambbuf b;
    ambbuf_init(&b, vm);
    const char *p = s->data, *end = p + s->len;
    while (p < end && !b.failed) {
        const char *nl = memchr(p, '\n', (size_t)(end - p));
        const char *next = nl ? nl + 1 : end;
        if (*p != '\n' && *p != '\r') ambbuf_add(&b, prefix->data, prefix->len);
        ambbuf_add(&b, p, (size_t)(next - p));
        p = next;
    }
    return give(vm, ambbuf_string(&b), out);
}

/* The white space all lines with text begin with. */
static const char *common_indent(const amb_string *s, size_t *len) {
    const char *p = s->data, *end = p + s->len, *common = NULL;
    *len = 0;
    while (p < end) {
        const char *nl = memchr(p, '\n', (size_t)(end - p)), *stop = nl ? nl : end,
                   *q = p;
        while (q < stop && (*q == ' ' || *q == '\t')) q++;
        if (q < stop && *q != '\r') {
            size_t n = (size_t)(q - p);
            if (!common) {
                common = p;
                *len = n;
            }
            size_t k = 0;
            while (k < n && k < *len && p[k] == common[k]) k++;
            *len = k;
        }
        p = nl ? nl + 1 : end;
    }
    return common;
}

NATIVE(string_dedent) {
    (void)n;
    amb_string *s = SELF;
    size_t cut_len;
    common_indent(s, &cut_len);
    if (cut_len == 0) return give(vm, s, out);
    ambbuf b;
    ambbuf_init(&b, vm);
    const char *p = s->data, *end = p + s->len;
    while (p < end && !b.failed) {
        const char *nl = memchr(p, '\n', (size_t)(end - p)), *next = nl ? nl + 1 : end;
        size_t k = 0;
        while (k < cut_len && p + k < end && (p[k] == ' ' || p[k] == '\t')) k++;
        ambbuf_add(&b, p + k, (size_t)(next - p) - k);
        p = next;
    }
    return give(vm, ambbuf_string(&b), out);
}

/* ---- numbers ---- */

void amblib_trimmed(const amb_string *s, const char **p, size_t *n) {
    const char *a = s->data, *z = a + s->len;
    while (a < z && (unsigned char)*a < 0x80 && ambutf8_is_space((unsigned char)*a)) a++;
    while (z > a && (unsigned char)z[-1] < 0x80 && ambutf8_is_space((unsigned char)z[-1]))
        z--;
    *p = a;
    *n = (size_t)(z - a);
}

amb_status amblib_want_base(amb_vm *vm, const char *what, ambv v, unsigned *base) {
    *base = 10;
    if (!amblib_given(v)) return AMB_OK;
    int64_t b;
    amb_status st = amblib_want_int(vm, what, "base", v, &b);
    if (st) return st;
    if (b != 0 && (b < 2 || b > 36))
        return amberr_raise(vm, AMB_ERR_VALUE,
                            "%s() wants a base from 2 to 36, or 0, not %lld", what,
                            (long long)b);
    *base = (unsigned)b;
    return AMB_OK;
}

NATIVE(string_to_int) {
    (void)n;
    unsigned base;
    amb_status st = amblib_want_base(vm, "to_int", args[1], &base);
    if (st) return st;
    const char *p;
    size_t len;
    int64_t i;
    bool over;
    amblib_trimmed(SELF, &p, &len);
    *out = ambnum_parse(p, len, base, &i, &over) ? ambv_int(i) : ambv_nil();
    return AMB_OK;
}

NATIVE(string_to_float) {
    (void)n, (void)vm;
    const char *p;
    size_t len;
    double d;
    amblib_trimmed(SELF, &p, &len);
    *out = ambtext_parse_float(p, len, &d) ? ambv_float(d) : ambv_nil();
    return AMB_OK;
}

/* ---- format ---- */

static AMB_COLD amb_status bad_format(amb_vm *vm, const char *why) {
    return amberr_raise(vm, AMB_ERR_VALUE, "format(): %s", why);
}

/* The value a field names: "" the next one, digits a position, a word a named one. */
static amb_status field_value(amb_vm *vm, const char *name, size_t len, ambv *args,
                              uint32_t n, const amb_tuple *named, uint32_t *next,
                              ambv *out) {
    if (len == 0 || (*name >= '0' && *name <= '9')) {
        int64_t i = 0;
        bool over = false;
        if (len && !ambtext_parse_int(name, len, &i, &over)) i = INT32_MAX;
        if (!len) i = (*next)++;
        if (i + 1 < (int64_t)n) {
            *out = args[i + 1];
            return AMB_OK;
        }
        return amberr_raise(vm, AMB_ERR_VALUE,
                            "format() has no value number %lld: %u given", (long long)i,
                            n - 1);
    }
    for (uint32_t i = 0; named && i < named->h.aux32; i++) {
        const amb_string *s = named->names->vals[i].str;
        if (s->len == len && memcmp(s->data, name, len) == 0) {
            *out = named->vals[i];
            return AMB_OK;
        }
    }
    return amberr_raise(vm, AMB_ERR_VALUE, "format() has no value named '%.*s'",
                        (int)(len < 60 ? len : 60), name);
}

NATIVE(string_format) {
    const amb_tuple *named = amblib_named(args, &n);
    const char *p = SELF->data, *end = p + SELF->len;
    uint32_t next = 0;
    amb_status st = AMB_OK;
    ambbuf b;
    ambbuf_init(&b, vm);
    while (p < end && !st && !b.failed) {
        const char *q = p;
        while (q < end && *q != '{' && *q != '}') q++;
        ambbuf_add(&b, p, (size_t)(q - p));
        if (q == end) break;
        if (q + 1 < end && q[1] == *q) {
            ambbuf_addc(&b, *q);
            p = q + 2;
            continue;
        }
        if (*q == '}') {
            st = bad_format(vm, "a single '}'; write '}}' for a brace");
            break;
        }
        const char *close = memchr(q, '}', (size_t)(end - q));
        if (!close) {
            st = bad_format(vm, "a '{' without its '}'; write '{{' for a brace");
            break;
        }
        const char *name = q + 1, *colon = memchr(name, ':', (size_t)(close - name));
        const char *name_end = colon ? colon : close;
        ambv v;
        st = field_value(vm, name, (size_t)(name_end - name), args, n, named, &next, &v);
        if (!st)
            st = colon ? ambformat_append(&b, v, colon + 1, (size_t)(close - colon - 1))
                       : ambtext_append(&b, v, false);
        p = close + 1;
    }
    if (!st) st = ambbuf_status(&b);
    if (st) {
        ambbuf_free(&b);
        return st;
    }
    return give(vm, ambbuf_string(&b), out);
}
