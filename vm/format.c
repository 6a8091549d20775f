/* SPDX-License-Identifier: MIT */
/* Format specs: [[fill]align][sign]["#"]["0"][width][","|"_"]["." precision][type]. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "number.h"
#include "text.h"
#include "utf8.h"
#include "vm.h"

#define NUMBER_MAX 100000

typedef struct spec {
    char fill[4];
    uint8_t fill_len;
    char align; /* < > ^ = or 0 */
    char sign;  /* + - space */
    bool alt, zero;
    char group;           /* , _ or 0 */
    int width, precision; /* precision -1: none */
    char type;            /* 0: none */
    const char *text;
    size_t len;
} spec;

static AMB_COLD amb_status bad(amb_vm *vm, const spec *f, const char *why) {
    return amberr_raise(vm, AMB_ERR_VALUE, "bad format spec \"%.*s\": %s",
                        (int)(f->len < 60 ? f->len : 60), f->text, why);
}

static bool is_align(char c) { return c == '<' || c == '>' || c == '^' || c == '='; }

static bool number(const char **p, const char *end, int *out) {
    int v = 0;
    for (; *p < end && **p >= '0' && **p <= '9'; ++*p) {
        v = v * 10 + (**p - '0');
        if (v > NUMBER_MAX) return false;
    }
    *out = v;
    return true;
}

static amb_status parse(amb_vm *vm, const char *s, size_t n, spec *f) {
    *f = (spec){.fill = " ", .fill_len = 1, .precision = -1, .text = s, .len = n};
    const char *p = s, *end = s + n;
    if (p < end) {
        unsigned w = ambutf8_width((unsigned char)*p);
        if (p + w < end && is_align(p[w])) {
            memcpy(f->fill, p, w);
            f->fill_len = (uint8_t)w;
            f->align = p[w];
            p += w + 1;
        } else if (is_align(*p)) {
            f->align = *p++;
        }
    }
    if (p < end && (*p == '+' || *p == '-' || *p == ' ')) f->sign = *p++;
    if (p < end && *p == '#') f->alt = true, p++;
    if (p < end && *p == '0') f->zero = true, p++;
    if (!number(&p, end, &f->width)) return bad(vm, f, "the width is above 100000");
    if (p < end && (*p == ',' || *p == '_')) f->group = *p++;
    if (p < end && *p == '.') {
        p++;
        if (p == end || *p < '0' || *p > '9')
            return bad(vm, f, "digits must follow the '.'");
        if (!number(&p, end, &f->precision))
            return bad(vm, f, "the precision is above 100000");
    }
    if (p < end && (unsigned char)*p < 0x80) f->type = *p++;
    if (p < end)
        return bad(vm, f,
                   "it should be [[fill]align][sign][#][0][width][,][.precision][type]");
    if (f->type && !strchr("sdboxXceEfFgG%", f->type)) {
        char why[32];
        snprintf(why, sizeof why, "unknown type '%c'", f->type);
        return bad(vm, f, why);
    }
    return AMB_OK;
}

static void fill(ambbuf *b, const spec *f, size_t n) {
    if (f->fill_len == 1) {
        char *p = ambbuf_room(b, n);
        if (!p) return;
        memset(p, f->fill[0], n);
        b->len += n;
        return;
    }
    for (size_t i = 0; i < n && !b->failed; i++) ambbuf_add(b, f->fill, f->fill_len);
}

static void padded(ambbuf *b, const spec *f, char align, const char *s, size_t n,
                   size_t chars) {
    size_t pad = (size_t)f->width > chars ? (size_t)f->width - chars : 0;
    size_t left = align == '>' ? pad : align == '^' ? pad / 2 : 0;
    if (left) fill(b, f, left);
    ambbuf_add(b, s, n);
    if (pad > left) fill(b, f, pad - left);
}

/* sign and prefix, the digits before the point (grouped), the rest. */
static void put_number(ambbuf *b, const spec *f, const char *prefix, const char *digits,
                       size_t n, const char *rest, size_t nrest, unsigned every) {
    char align = f->align ? f->align : f->zero ? '=' : '>';
    spec g = *f;
    if (f->zero && !f->align) g.fill[0] = '0', g.fill_len = 1;
    size_t np = strlen(prefix), seps = f->group && n ? (n - 1) / every : 0;
    size_t total = np + n + seps + nrest;
    size_t pad = (size_t)f->width > total ? (size_t)f->width - total : 0;
    size_t zeros = 0;
    if (align == '=' && f->group && g.fill[0] == '0' && pad) {
        /* Zeros are grouped, too; one more separator than fits makes the text one longer.
         */
        size_t room = (size_t)f->width - np - nrest, want = n;
        while (want + (want - 1) / every < room) want++;
        zeros = want - n;
        pad = 0;
    }
    size_t left = align == '>' ? pad : align == '^' ? pad / 2 : 0;
    if (left) fill(b, &g, left);
    ambbuf_add(b, prefix, np);
    if (align == '=' && pad) {
        fill(b, &g, pad);
        pad = left = 0;
    }
    size_t all = zeros + n;
    if (!f->group && !zeros) {
        ambbuf_add(b, digits, n);
    } else {
        for (size_t i = 0; i < all && !b->failed; i++) {
            if (i && (all - i) % every == 0 && f->group) ambbuf_addc(b, f->group);
            ambbuf_addc(b, i < zeros ? '0' : digits[i - zeros]);
        }
    }
    ambbuf_add(b, rest, nrest);
    if (pad > left) fill(b, &g, pad - left);
}

static const char *sign_text(const spec *f, bool neg) {
    return neg ? "-" : f->sign == '+' ? "+" : f->sign == ' ' ? " " : "";
}

static amb_status format_int(ambbuf *b, const spec *f, int64_t i) {
    amb_vm *vm = b->vm;
    if (f->precision >= 0) return bad(vm, f, "an int has no precision");
    if (f->type == 'c') {
        char c[4];
        if (i < 0 || i > 0x10ffff || (i >= 0xd800 && i < 0xe000))
            return amberr_raise(vm, AMB_ERR_VALUE, "%lld is not a Unicode character",
                                (long long)i);
        size_t n = ambutf8_encode(c, (uint32_t)i);
        padded(b, f, f->align && f->align != '=' ? f->align : '<', c, n, 1);
        return ambbuf_status(b);
    }
    unsigned base = f->type == 'b'          ? 2
                    : f->type == 'o'        ? 8
                    : (f->type | 32) == 'x' ? 16
                                            : 10;
    if (base != 10 && f->group == ',')
        return bad(vm, f, "',' groups decimal digits; use '_'");
    char digits[64], prefix[4];
    size_t n =
        ambnum_base(digits, i < 0 ? 0 - (uint64_t)i : (uint64_t)i, base, f->type == 'X');
    snprintf(prefix, sizeof prefix, "%s%s", sign_text(f, i < 0),
             !f->alt || base == 10 ? ""
             : f->type == 'b'      ? "0b"
             : f->type == 'o'      ? "0o"
             : f->type == 'X'      ? "0X"
                                   : "0x");
    put_number(b, f, prefix, digits, n, "", 0, base == 10 ? 3 : 4);
    return ambbuf_status(b);
}

static amb_status format_float(ambbuf *b, const spec *f, double d) {
    amb_vm *vm = b->vm;
    char small[400], *t = small;
    int precision = f->precision;
    char type = f->type;
    bool neg = signbit(d), percent = type == '%';
    if (percent) d *= 100;
    size_t room = ambnum_room(precision > 0 ? precision : 17), n;
    if (room > sizeof small) {
        t = ambgc_malloc(vm, room);
        if (!t) return vm->failed ? vm->failed : AMB_E_NOMEM;
    }
    size_t split; /* where the digits before the point end */
    if (d != d || isinf(d)) {
        memcpy(t, d != d ? "nan" : "inf", 3);
        n = split = 3;
        if (type == 'F' || type == 'E' || type == 'G')
            memcpy(t, d != d ? "NAN" : "INF", 3);
        if (d != d) neg = false;
        if (percent) t[n++] = '%';
        spec g = *f;
        g.group = 0;
        g.zero = false;
        put_number(b, &g, sign_text(f, neg), t, 3, t + 3, n - 3, 3);
        goto done;
    }
    d = fabs(d);
    if (!type && precision < 0) {
        n = ambtext_float(t, d);
    } else if (!type) {
        /* like g, but with a digit after the point */
        n = ambnum_printf(t, room, 'g', precision ? precision : 1, d, false);
        if (!memchr(t, '.', n) && !memchr(t, 'e', n)) {
            t[n++] = '.';
            t[n++] = '0';
        }
    } else {
        char conv = percent ? 'f' : type;
        n = ambnum_printf(t, room, conv, precision < 0 ? 6 : precision, d, f->alt);
    }
    if (percent) {
        if (n + 1 < room) t[n++] = '%';
    }
    for (split = 0; split < n && t[split] >= '0' && t[split] <= '9';) split++;
    put_number(b, f, sign_text(f, neg), t, split, t + split, n - split, 3);
done:
    if (t != small) ambgc_free(vm, t, room);
    return ambbuf_status(b);
}

static amb_status format_text(ambbuf *b, const spec *f, ambv v) {
    amb_vm *vm = b->vm;
    char why[160], brief[64];
    if (f->type && f->type != 's') {
        snprintf(why, sizeof why, "type '%c' needs a number, not %s%s%s", f->type,
                 ambtype_name(vm, v), v.tag == TAG_NIL ? "" : " ",
                 v.tag == TAG_NIL ? "" : ambtext_brief(vm, v, brief));
        return bad(vm, f, why);
    }
    if (f->sign || f->group || f->alt || f->zero || f->align == '=') {
        snprintf(why, sizeof why, "it formats numbers, and this is %s %s",
                 ambtype_name(vm, v), ambtext_brief(vm, v, brief));
        return bad(vm, f, why);
    }
    ambbuf text;
    ambbuf_init(&text, vm);
    amb_status st = AMB_OK;
    const char *s;
    size_t n;
    if (v.tag == TAG_STRING) {
        s = v.str->data;
        n = v.str->len;
    } else {
        if ((st = ambtext_append(&text, v, false)) != AMB_OK) goto done;
        s = text.p;
        n = text.len;
    }
    size_t chars = ambutf8_count(s, n);
    if (f->precision >= 0 && chars > (size_t)f->precision) {
        chars = (size_t)f->precision;
        n = (size_t)(ambutf8_skip(s, s + n, chars) - s);
    }
    padded(b, f, f->align ? f->align : '<', s, n, chars);
    st = ambbuf_status(b);
done:
    ambbuf_free(&text);
    return st;
}

amb_status ambformat_append(ambbuf *b, ambv v, const char *text, size_t n) {
    spec f;
    if (n == 0) return ambtext_append(b, v, false);
    amb_status st = parse(b->vm, text, n, &f);
    if (st) return st;
    if (v.tag == TAG_INT) {
        if (f.type == 's')
            return bad(b->vm, &f, "type 's' needs a string, and this is an int");
        if (f.type && strchr("eEfFgG%", f.type)) return format_float(b, &f, (double)v.i);
        if (!f.type && f.precision >= 0) return format_float(b, &f, (double)v.i);
        return format_int(b, &f, v.i);
    }
    if (v.tag == TAG_FLOAT) {
        if (f.type && strchr("sdboxXc", f.type)) {
            char why[100];
            snprintf(why, sizeof why, "type '%c' needs %s, and this is a float%s", f.type,
                     f.type == 's' ? "a string" : "an int",
                     f.type == 'd' ? "; use '.0f' or round() it" : "");
            return bad(b->vm, &f, why);
        }
        return format_float(b, &f, v.f);
    }
    return format_text(b, &f, v);
}

amb_string *ambtext_format(amb_vm *vm, ambv v, const char *text, size_t n) {
    if (n == 0) return ambtext_string(vm, v);
    ambbuf b;
    ambbuf_init(&b, vm);
    if (ambformat_append(&b, v, text, n)) {
        ambbuf_free(&b);
        return NULL;
    }
    return ambbuf_string(&b);
}
