/* SPDX-License-Identifier: MIT */
/* Methods of ints, floats, bools and nil. */
#include "task.h"
#include "lib_number.h"

#include <math.h>

#include "lib.h"
#include "lib_string.h"
#include "number.h"

#define NATIVE(name) static amb_status name(amb_vm *vm, ambv *args, uint32_t n, ambv *out)
#define INT (args[0].i)
#define FLOAT (args[0].f)

/* ---- shared with the prelude and math ---- */

amb_status amblib_abs(amb_vm *vm, ambv v, ambv *out) {
    if (v.tag == TAG_FLOAT) {
        *out = ambv_float(fabs(v.f));
        return AMB_OK;
    }
    if (v.i == INT64_MIN) return amblib_overflow(vm, "abs(%lld)", (long long)v.i);
    *out = ambv_int(v.i < 0 ? -v.i : v.i);
    return AMB_OK;
}

amb_status amblib_float_to_int(amb_vm *vm, const char *what, double original, double d,
                               ambv *out) {
    char t[32];
    if (d >= -9223372036854775808.0 && d < 9223372036854775808.0) {
        *out = ambv_int((int64_t)d);
        return AMB_OK;
    }
    size_t n = ambtext_float(t, original);
    if (d != d || isinf(d))
        return amberr_raise(vm, AMB_ERR_VALUE, "%s() cannot make an int of %.*s", what,
                            (int)n, t);
    return amberr_raise(vm, AMB_ERR_OVERFLOW, "%s() of %.*s does not fit in an int", what,
                        (int)n, t);
}

/* Rounds |d| to a multiple of 10^-digits by its decimal text, halves away from
 * zero: 2.675 is written so, and rounds to 2.68 although its binary value lies below. */
static double round_decimals(double d, int64_t digits) {
    if (digits > 17 || d != d || isinf(d) || d == 0) return d;
    if (digits < -308) return d < 0 ? -0.0 : 0.0;
    char t[32], shown[400];
    size_t n = ambtext_float(t, fabs(d)), len = 0;
    /* plain digits with the place of the point */
    int64_t point = -1;
    for (size_t i = 0; i < n && t[i] != 'e'; i++) {
        if (t[i] == '.')
            point = (int64_t)len;
        else
            shown[len++] = t[i];
    }
    int64_t exp = 0;
    for (size_t i = 0; i < n; i++)
        if (t[i] == 'e') {
            bool over;
            ambtext_parse_int(t + i + 1, n - i - 1, &exp, &over);
        }
    if (point < 0) point = (int64_t)len;
    point += exp;
    int64_t keep = point + digits; /* how many digits stay */
    if (keep >= (int64_t)len) return d;
    if (keep < 0) return d < 0 ? -0.0 : 0.0;
    bool up = shown[keep] >= '5';
    char text[64];
    size_t k = 0;
    text[k++] = '0';
    for (int64_t i = 0; i < keep; i++) text[k++] = shown[i];
    if (up)
        for (size_t i = k; i-- > 0;) {
            if (text[i] != '9') {
                text[i]++;
                break;
            }
            text[i] = '0';
        }
    text[k++] = 'e';
    k += ambtext_int(text + k, -digits);
    double r = 0;
    ambtext_parse_float(text, k, &r);
    return d < 0 ? -r : r;
}

amb_status amblib_round(amb_vm *vm, ambv v, ambv digits, ambv *out) {
    if (!amblib_given(digits)) {
        if (v.tag == TAG_INT) {
            *out = v;
            return AMB_OK;
        }
        return amblib_float_to_int(vm, "round", v.f, round(v.f), out);
    }
    int64_t places;
    amb_status st = amblib_want_int(vm, "round", "digits", digits, &places);
    if (st) return st;
    if (v.tag == TAG_FLOAT) {
        *out = ambv_float(round_decimals(v.f, places));
        return AMB_OK;
    }
    if (places >= 0) {
        *out = v;
        return AMB_OK;
    }
    if (places < -18) {
        *out = ambv_int(0);
        if (places == -19 && (v.i >= 5000000000000000000 || v.i <= -5000000000000000000))
            return amblib_overflow(vm, "round(%lld, -19)", (long long)v.i);
        return AMB_OK;
    }
    int64_t unit = 1;
    for (int64_t i = places; i < 0; i++) unit *= 10;
    int64_t rest = v.i % unit, base = v.i - rest, half = unit / 2;
    if (rest >= half || rest <= -half) {
        if (__builtin_add_overflow(base, rest > 0 ? unit : -unit, &base))
            return amblib_overflow(vm, "round(%lld, %lld)", (long long)v.i,
                                   (long long)places);
    }
    *out = ambv_int(base);
    return AMB_OK;
}

int64_t amblib_gcd(uint64_t a, uint64_t b) {
    while (b) {
        uint64_t t = a % b;
        a = b;
        b = t;
    }
    return (int64_t)a;
}

amb_status amblib_clamp(amb_vm *vm, ambv x, ambv lo, ambv hi, ambv *out) {
    if (!ambv_is_number(lo)) return amberr_arg(vm, "clamp", "lo", "a number", lo);
    if (!ambv_is_number(hi)) return amberr_arg(vm, "clamp", "hi", "a number", hi);
    if (ambeq_compare_numbers(hi, lo) == -1)
        return amberr_raise(vm, AMB_ERR_VALUE, "clamp() wants lo <= hi");
    *out = ambeq_compare_numbers(x, lo) == -1   ? lo
           : ambeq_compare_numbers(hi, x) == -1 ? hi
                                                : x;
    return AMB_OK;
}

/* ---- int ---- */

NATIVE(number_abs) {
    (void)n;
    return amblib_abs(vm, args[0], out);
}

NATIVE(int_sign) {
    (void)vm, (void)n;
    *out = ambv_int(INT > 0 ? 1 : INT < 0 ? -1 : 0);
    return AMB_OK;
}

NATIVE(int_is_even) {
    (void)vm, (void)n;
    *out = ambv_bool((INT & 1) == 0);
    return AMB_OK;
}

NATIVE(int_is_odd) {
    (void)vm, (void)n;
    *out = ambv_bool(INT & 1);
    return AMB_OK;
}

NATIVE(number_clamp) {
    (void)n;
    return amblib_clamp(vm, args[0], args[1], args[2], out);
}

static uint64_t magnitude(int64_t i) { return i < 0 ? 0 - (uint64_t)i : (uint64_t)i; }

NATIVE(int_gcd) {
    (void)n;
    int64_t b;
    amb_status st = amblib_want_int(vm, "gcd", "m", args[1], &b);
    if (st) return st;
    int64_t g = amblib_gcd(magnitude(INT), magnitude(b));
    if (g < 0)
        return amblib_overflow(vm, "gcd(%lld, %lld)", (long long)INT, (long long)b);
    *out = ambv_int(g);
    return AMB_OK;
}

NATIVE(int_pow_mod) {
    (void)n;
    int64_t e, m;
    amb_status st = amblib_want_int(vm, "pow_mod", "e", args[1], &e);
    if (!st) st = amblib_want_int(vm, "pow_mod", "m", args[2], &m);
    if (st) return st;
    if (e < 0)
        return amberr_raise(vm, AMB_ERR_VALUE,
                            "pow_mod() wants an exponent of 0 or more, not %lld",
                            (long long)e);
    if (m <= 0)
        return amberr_raise(vm, AMB_ERR_VALUE,
                            "pow_mod() wants a modulus of 1 or more, not %lld",
                            (long long)m);
    uint64_t mod = (uint64_t)m;
    int64_t r0 = INT % m;
    unsigned __int128 base = (uint64_t)(r0 < 0 ? r0 + m : r0), r = 1 % mod;
    for (; e; e >>= 1) {
        if (e & 1) r = r * base % mod;
        base = base * base % mod;
    }
    *out = ambv_int((int64_t)r);
    return AMB_OK;
}

NATIVE(int_bit_count) {
    (void)vm, (void)n;
    *out = ambv_int(__builtin_popcountll((uint64_t)INT));
    return AMB_OK;
}

NATIVE(int_bit_len) {
    (void)vm, (void)n;
    uint64_t u = magnitude(INT);
    *out = ambv_int(u ? 64 - __builtin_clzll(u) : 0);
    return AMB_OK;
}

NATIVE(int_leading_zeros) {
    (void)vm, (void)n;
    *out = ambv_int(INT ? __builtin_clzll((uint64_t)INT) : 64);
    return AMB_OK;
}

NATIVE(int_trailing_zeros) {
    (void)vm, (void)n;
    *out = ambv_int(INT ? __builtin_ctzll((uint64_t)INT) : 64);
    return AMB_OK;
}

NATIVE(int_rotate_left) {
    (void)n;
    int64_t k;
    amb_status st = amblib_want_int(vm, "rotate_left", "k", args[1], &k);
    if (st) return st;
    uint64_t u = (uint64_t)INT;
    unsigned r = (unsigned)((uint64_t)k & 63);
    *out = ambv_int((int64_t)(r ? u << r | u >> (64 - r) : u));
    return AMB_OK;
}

NATIVE(int_digits) {
    (void)n;
    unsigned base;
    amb_status st = amblib_want_base(vm, "digits", args[1], &base);
    if (st) return st;
    if (base == 0) base = 10;
    uint8_t d[64];
    uint32_t k = 0;
    uint64_t u = magnitude(INT);
    do d[k++] = (uint8_t)(u % base);
    while ((u /= base) != 0);
    amb_list *l = amblist_new(vm, k);
    if (!l) return amblib_nomem(vm);
    while (k > 0)
        if ((st = amblib_push(vm, l, ambv_int(d[--k]))) != AMB_OK) return st;
    *out = ambv_obj(l);
    return AMB_OK;
}

NATIVE(number_to_int) {
    (void)vm, (void)n;
    ambv v = args[0];
    if (v.tag == TAG_INT)
        *out = v;
    else if (v.f >= -9223372036854775808.0 && v.f < 9223372036854775808.0)
        *out = ambv_int((int64_t)v.f);
    else
        *out = ambv_nil();
    return AMB_OK;
}

NATIVE(number_to_float) {
    (void)vm, (void)n;
    *out = ambv_float(ambv_to_double(args[0]));
    return AMB_OK;
}

NATIVE(int_to_string) {
    (void)n;
    unsigned base;
    amb_status st = amblib_want_base(vm, "to_string", args[1], &base);
    if (st) return st;
    if (base == 0) base = 10;
    char t[72] = "-";
    size_t len = ambnum_base(t + (INT < 0), magnitude(INT), base, false) + (INT < 0);
    return amblib_result(vm, ambstr_new(vm, t, len), out);
}

NATIVE(number_format) {
    (void)n;
    amb_string *spec;
    amb_status st = amblib_want_string(vm, "format", "spec", args[1], &spec);
    return st ? st
              : amblib_result(vm, ambtext_format(vm, args[0], spec->data, spec->len),
                              out);
}

NATIVE(any_to_string) {
    (void)n;
    return amblib_result(vm, ambtext_string(vm, args[0]), out);
}

const amb_native_def amblib_int[] = {
    HIDDEN("_fuel", ambtask_fuel, 0, 0),
    METHOD("abs", number_abs, 0, 0, NULL, "abs() -> int", "The value without its sign."),
    METHOD("sign", int_sign, 0, 0, NULL, "sign() -> int", "-1, 0 or 1."),
    METHOD("is_even", int_is_even, 0, 0, NULL, "is_even() -> bool",
           "Whether 2 divides it."),
    METHOD("is_odd", int_is_odd, 0, 0, NULL, "is_odd() -> bool",
           "Whether 2 does not divide it."),
    METHOD("clamp", number_clamp, 2, 2, "lo, hi", "clamp(lo, hi) -> number",
           "The nearest number from lo to hi."),
    METHOD("gcd", int_gcd, 1, 1, "m", "gcd(m: int) -> int",
           "The greatest common divisor."),
    METHOD("pow_mod", int_pow_mod, 2, 2, "e, m", "pow_mod(e: int, m: int) -> int",
           "The power modulo m, without overflow."),
    METHOD("bit_count", int_bit_count, 0, 0, NULL, "bit_count() -> int",
           "How many bits are set."),
    METHOD("bit_len", int_bit_len, 0, 0, NULL, "bit_len() -> int",
           "Bits the magnitude needs."),
    METHOD("leading_zeros", int_leading_zeros, 0, 0, NULL, "leading_zeros() -> int",
           "Zero bits before the first set one, of 64."),
    METHOD("trailing_zeros", int_trailing_zeros, 0, 0, NULL, "trailing_zeros() -> int",
           "Zero bits behind the last set one."),
    METHOD("rotate_left", int_rotate_left, 1, 1, "k", "rotate_left(k: int) -> int",
           "The 64 bits rotated."),
    METHOD("digits", int_digits, 0, 1, "base", "digits(base = 10) -> list",
           "The digits of the magnitude, most significant first."),
    METHOD("to_int", number_to_int, 0, 0, NULL, "to_int() -> int", "The int itself."),
    METHOD("to_float", number_to_float, 0, 0, NULL, "to_float() -> float",
           "The nearest float."),
    METHOD("to_string", int_to_string, 0, 1, "base", "to_string(base = 10) -> string",
           "The digits in a base from 2 to 36."),
    METHOD("format", number_format, 1, 1, "spec", "format(spec: string) -> string",
           "The number formatted by a spec."),
    TABLE_END,
};

/* ---- float ---- */

NATIVE(float_sign) {
    (void)vm, (void)n;
    *out = ambv_float(FLOAT > 0 ? 1.0 : FLOAT < 0 ? -1.0 : FLOAT);
    return AMB_OK;
}

NATIVE(float_floor) {
    (void)n;
    return amblib_float_to_int(vm, "floor", FLOAT, floor(FLOAT), out);
}
NATIVE(float_ceil) {
    (void)n;
    return amblib_float_to_int(vm, "ceil", FLOAT, ceil(FLOAT), out);
}
NATIVE(float_trunc) {
    (void)n;
    return amblib_float_to_int(vm, "trunc", FLOAT, trunc(FLOAT), out);
}
NATIVE(float_round) {
    (void)n;
    return amblib_round(vm, args[0], args[1], out);
}
NATIVE(float_is_nan) {
    (void)vm, (void)n;
    *out = ambv_bool(FLOAT != FLOAT);
    return AMB_OK;
}
NATIVE(float_is_inf) {
    (void)vm, (void)n;
    *out = ambv_bool(isinf(FLOAT));
    return AMB_OK;
}
NATIVE(float_is_finite) {
    (void)vm, (void)n;
    *out = ambv_bool(isfinite(FLOAT));
    return AMB_OK;
}
NATIVE(float_is_int) {
    (void)vm, (void)n;
    *out = ambv_bool(isfinite(FLOAT) && trunc(FLOAT) == FLOAT);
    return AMB_OK;
}
NATIVE(float_bits) {
    (void)vm, (void)n;
    *out = ambv_int(args[0].i);
    return AMB_OK;
}

const amb_native_def amblib_float[] = {
    METHOD("abs", number_abs, 0, 0, NULL, "abs() -> float",
           "The value without its sign."),
    METHOD("sign", float_sign, 0, 0, NULL, "sign() -> float",
           "-1.0, 1.0, or zero and nan as they are."),
    METHOD("clamp", number_clamp, 2, 2, "lo, hi", "clamp(lo, hi) -> number",
           "The nearest number from lo to hi."),
    METHOD("floor", float_floor, 0, 0, NULL, "floor() -> int",
           "The greatest int not above."),
    METHOD("ceil", float_ceil, 0, 0, NULL, "ceil() -> int", "The least int not below."),
    METHOD("trunc", float_trunc, 0, 0, NULL, "trunc() -> int",
           "The int without the fraction."),
    METHOD("round", float_round, 0, 1, "digits", "round(digits = nil)",
           "The nearest int, or a float of that many decimals."),
    METHOD("is_nan", float_is_nan, 0, 0, NULL, "is_nan() -> bool",
           "Whether it is no number."),
    METHOD("is_inf", float_is_inf, 0, 0, NULL, "is_inf() -> bool",
           "Whether it is infinite."),
    METHOD("is_finite", float_is_finite, 0, 0, NULL, "is_finite() -> bool",
           "Whether it is neither infinite nor nan."),
    METHOD("is_int", float_is_int, 0, 0, NULL, "is_int() -> bool",
           "Whether it has no fraction."),
    METHOD("bits", float_bits, 0, 0, NULL, "bits() -> int", "The IEEE bits as an int."),
    METHOD("to_int", number_to_int, 0, 0, NULL, "to_int() -> int?",
           "The integer part, or nil when no int can hold it."),
    METHOD("to_float", number_to_float, 0, 0, NULL, "to_float() -> float",
           "The float itself."),
    METHOD("to_string", any_to_string, 0, 0, NULL, "to_string() -> string",
           "The shortest text."),
    METHOD("format", number_format, 1, 1, "spec", "format(spec: string) -> string",
           "The number formatted by a spec."),
    TABLE_END,
};

const amb_native_def amblib_bool[] = {
    METHOD("to_string", any_to_string, 0, 0, NULL, "to_string() -> string",
           "`true` or `false`."),
    TABLE_END,
};

const amb_native_def amblib_nil[] = {TABLE_END};
