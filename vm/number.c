/* SPDX-License-Identifier: MIT */
/* Numbers to text and back, independent of the process's locale. */
#include "number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "types.h"

static const char pairs[] =
    "00010203040506070809101112131415161718192021222324252627282930313233"
    "34353637383940414243444546474849505152535455565758596061626364656667"
    "6869707172737475767778798081828384858687888990919293949596979899";

size_t ambtext_int_len(int64_t i) {
    uint64_t u = i < 0 ? 0 - (uint64_t)i : (uint64_t)i;
    size_t n = 1 + (i < 0);
    for (; u >= 10000; u /= 10000) n += 4;
    return n + (u >= 10) + (u >= 100) + (u >= 1000);
}

char *ambtext_int_at(char *out, int64_t i) {
    char *end = out + ambtext_int_len(i), *p = end;
    uint64_t u = i < 0 ? 0 - (uint64_t)i : (uint64_t)i;
    for (; u >= 100; u /= 100) {
        p -= 2;
        memcpy(p, pairs + u % 100 * 2, 2);
    }
    if (u >= 10) memcpy(p - 2, pairs + u * 2, 2);
    else p[-1] = (char)('0' + u);
    if (i < 0) *out = '-';
    return end;
}

size_t ambtext_int(char out[24], int64_t i) { return (size_t)(ambtext_int_at(out, i) - out); }

size_t ambnum_base(char out[64], uint64_t u, unsigned base, bool upper) {
    const char *digits = upper ? "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                               : "0123456789abcdefghijklmnopqrstuvwxyz";
    char tmp[64], *p = tmp + sizeof tmp;
    do *--p = digits[u % base];
    while ((u /= base) != 0);
    size_t n = (size_t)(tmp + sizeof tmp - p);
    memcpy(out, p, n);
    return n;
}

static unsigned digit_value(char c) {
    if (c >= '0' && c <= '9') return (unsigned)(c - '0');
    c |= 32;
    return c >= 'a' && c <= 'z' ? (unsigned)(c - 'a') + 10 : 99;
}

bool ambnum_parse(const char *s, size_t n, unsigned base, int64_t *out, bool *overflow) {
    size_t i = 0;
    bool neg = false;
    *overflow = false;
    if (i < n && (s[i] == '-' || s[i] == '+')) neg = s[i++] == '-';
    if (n - i > 2 && s[i] == '0') {
        char c = s[i + 1] | 32;
        unsigned b = c == 'x' ? 16 : c == 'o' ? 8 : c == 'b' ? 2 : 0;
        if (b && (base == 0 || base == b)) {
            base = b;
            i += 2;
            if (s[i] == '_') i++;
        }
    }
    if (base == 0) base = 10;
    if (i >= n) return false;
    uint64_t u = 0;
    bool over = false, digit = false;
    for (; i < n; i++) {
        if (s[i] == '_') {
            if (!digit || i + 1 == n) return false;
            digit = false;
            continue;
        }
        unsigned d = digit_value(s[i]);
        if (d >= base) return false;
        digit = true;
        if (__builtin_mul_overflow(u, (uint64_t)base, &u) ||
            __builtin_add_overflow(u, d, &u))
            over = true;
    }
    if (!digit) return false;
    if (over || u > (uint64_t)INT64_MAX + neg) {
        *overflow = true;
        return false;
    }
    *out = (int64_t)(neg ? 0 - u : u);
    return true;
}

bool ambtext_parse_int(const char *s, size_t n, int64_t *out, bool *overflow) {
    bool over;
    return ambnum_parse(s, n, 10, out, overflow ? overflow : &over);
}

/* ---- text to float ---- */

static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* More significant digits than these never change the nearest double, except that
 * something nonzero follows. */
#define DIGITS_MAX 800

/* digits * 10^exp10, correctly rounded. Up to 2^53 and 10^22 both factors are exact and
 * one operation rounds once; beyond that libc decides, on text without a decimal point,
 * which no locale changes. */
static double assemble(const char *digits, size_t n, uint64_t mant, bool exact,
                       int64_t exp10) {
    if (n == 0) return 0.0;
    if (exact && mant <= (uint64_t)1 << 53) {
        if (exp10 >= 0 && exp10 <= 22) return (double)mant * powers[exp10];
        if (exp10 < 0 && exp10 >= -22) return (double)mant / powers[-exp10];
    }
    int64_t top = exp10 + (int64_t)n; /* position of the decimal point */
    if (top > 400) return INFINITY;
    if (top < -400) return 0.0;
    char buf[DIGITS_MAX + 40];
    memcpy(buf, digits, n);
    snprintf(buf + n, sizeof buf - n, "e%lld", (long long)exp10);
    return strtod(buf, NULL);
}

bool ambtext_parse_float(const char *s, size_t n, double *out) {
    size_t i = 0;
    bool neg = false;
    if (i < n && (s[i] == '-' || s[i] == '+')) neg = s[i++] == '-';
    if (n - i == 3 && (memcmp(s + i, "inf", 3) == 0 || memcmp(s + i, "nan", 3) == 0)) {
        double d = s[i] == 'i' ? INFINITY : NAN;
        *out = neg ? -d : d;
        return true;
    }
    char digits[DIGITS_MAX + 1];
    size_t nd = 0;
    uint64_t mant = 0;
    int64_t exp10 = 0;
    bool exact = true, any = false, point = false, sticky = false, last_digit = false;
    for (; i < n; i++) {
        char c = s[i];
        if (c >= '0' && c <= '9') {
            any = last_digit = true;
            if (point) exp10--;
            if (nd == 0 && c == '0') continue;
            if (nd < DIGITS_MAX) {
                digits[nd++] = c;
                if (nd <= 19)
                    mant = mant * 10 + (uint64_t)(c - '0');
                else
                    exact = false;
            } else {
                exp10++;
                sticky |= c != '0';
            }
        } else if (c == '_' && last_digit && i + 1 < n && s[i + 1] >= '0' &&
                   s[i + 1] <= '9') {
            last_digit = false;
        } else if (c == '.' && !point) {
            point = true;
            last_digit = false;
        } else {
            break;
        }
    }
    if (!any) return false;
    if (i < n && (s[i] | 32) == 'e') {
        bool eneg = false;
        i++;
        if (i < n && (s[i] == '-' || s[i] == '+')) eneg = s[i++] == '-';
        if (i >= n) return false;
        int64_t e = 0;
        for (; i < n && s[i] >= '0' && s[i] <= '9'; i++)
            if (e < 100000000) e = e * 10 + (s[i] - '0');
        exp10 += eneg ? -e : e;
    }
    if (i != n) return false;
    if (sticky) {
        digits[nd++] = '1';
        exp10--;
    }
    double d = assemble(digits, nd, mant, exact, exp10);
    *out = neg ? -d : d;
    return true;
}

/* ---- float to text ---- */

/* Significant digits of d > 0 (trailing zeros dropped) and the exponent of the first one.
 */
static int shortest(double d, char digits[20], int *exp10) {
    char buf[48];
    int from = d < 2.3e-308 ? 1 : 15; /* subnormals have fewer digits */
    for (int p = from; p <= 17; p++) {
        snprintf(buf, sizeof buf, "%.*e", p - 1, d);
        int n = 0;
        const char *s = buf;
        for (; *s && *s != 'e'; s++)
            if (*s >= '0' && *s <= '9') digits[n++] = *s;
        int e = atoi(s + 1);
        while (n > 1 && digits[n - 1] == '0') n--;
        *exp10 = e;
        if (p == 17) return n;
        snprintf(buf, sizeof buf, "%.*se%d", n, digits, e - (n - 1));
        if (strtod(buf, NULL) == d) return n;
    }
    return 0;
}

/* Digits and exponent as plain or scientific text. */
static size_t layout(char *out, const char *digits, int n, int e) {
    char *p = out;
    if (e < -4 || e >= 16) {
        *p++ = digits[0];
        if (n > 1) {
            *p++ = '.';
            memcpy(p, digits + 1, (size_t)n - 1);
            p += n - 1;
        }
        *p++ = 'e';
        return (size_t)(p - out) + ambtext_int(p, e);
    }
    if (e < 0) {
        *p++ = '0';
        *p++ = '.';
        for (int i = -1; i > e; i--) *p++ = '0';
        memcpy(p, digits, (size_t)n);
        return (size_t)(p - out) + (size_t)n;
    }
    for (int i = 0; i <= e; i++) *p++ = i < n ? digits[i] : '0';
    *p++ = '.';
    if (n <= e + 1)
        *p++ = '0';
    else {
        memcpy(p, digits + e + 1, (size_t)(n - e - 1));
        p += n - e - 1;
    }
    return (size_t)(p - out);
}

size_t ambtext_float(char out[32], double d) {
    if (d != d) {
        memcpy(out, "nan", 3);
        return 3;
    }
    size_t sign = 0;
    if (signbit(d)) {
        out[0] = '-';
        sign = 1;
        d = -d;
        out++;
    }
    if (isinf(d)) {
        memcpy(out, "inf", 3);
        return sign + 3;
    }
    if (d == 0) {
        memcpy(out, "0.0", 3);
        return sign + 3;
    }
    char digits[24];
    /* Few decimals: an integer below 10^15 over a power of ten. Both are exact and the
     * division rounds once, as reading the text would, so equality proves that the text
     * reads back. */
    if (d >= 1e-4 && d < 1e15) {
        for (int k = 0; k <= 17; k++) {
            double t = d * powers[k];
            if (t >= 1e15) break;
            int64_t i = (int64_t)(t + 0.5);
            if ((double)i / powers[k] != d) continue;
            int n = (int)ambtext_int(digits, i), e = n - 1 - k;
            while (n > 1 && digits[n - 1] == '0') n--;
            return sign + layout(out, digits, n, e);
        }
    }
    int e, n = shortest(d, digits, &e);
    return sign + layout(out, digits, n, e);
}

size_t ambnum_room(int precision) { return (size_t)precision + 340; }

size_t ambnum_printf(char *out, size_t room, char conv, int precision, double d,
                     bool alt) {
    char fmt[8] = {'%', '.', '*', conv, 0, 0};
    if (alt) memcpy(fmt, (char[]){'%', '#', '.', '*', conv, 0}, 6);
    int n = snprintf(out, room, fmt, precision, d);
    if (n < 0) return 0;
    size_t len = (size_t)n < room ? (size_t)n : room - 1;
    /* The locale's decimal point may be any bytes: whatever is no digit before the
     * exponent. */
    size_t i = 0;
    while (i < len && out[i] >= '0' && out[i] <= '9') i++;
    if (i == len || out[i] == '.' || out[i] == 'e' || out[i] == 'E') return len;
    size_t j = i;
    while (j < len && !(out[j] >= '0' && out[j] <= '9') && out[j] != 'e' && out[j] != 'E')
        j++;
    out[i] = '.';
    memmove(out + i + 1, out + j, len - j);
    return len - (j - i) + 1;
}

/* ---- floored division ---- */

/* A zero, too, has the sign of the divisor. */
double ambnum_mod(double a, double b)
{
    double r = fmod(a, b);
    if (r == 0) return copysign(0.0, b);
    if ((r < 0) != (b < 0)) r += b;
    return r;
}

/* Fits ambnum_mod: what a / b rounds to may lie above the exact quotient (1 // 0.1). */
double ambnum_floordiv(double a, double b)
{
    if (b == 0 || !isfinite(a) || isnan(b)) return floor(a / b);
    double r = fmod(a, b), q = (a - r) / b;
    if (r != 0 && (r < 0) != (b < 0)) q -= 1;
    if (q == 0) return copysign(0.0, a / b);
    double whole = floor(q);
    return q - whole > 0.5 ? whole + 1 : whole;
}
