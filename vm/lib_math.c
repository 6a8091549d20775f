/* SPDX-License-Identifier: MIT */
/* The module math. */
#include <float.h>
#include <math.h>

#include "lib.h"
#include "lib_number.h"
#include "number.h"

#define NATIVE(name) static amb_status name(amb_vm *vm, ambv *args, uint32_t n, ambv *out)

#define UNARY(fn, word, expr)                                          \
    NATIVE(fn) {                                                       \
        (void)n;                                                       \
        double x;                                                      \
        amb_status st = amblib_want_float(vm, word, "x", args[0], &x); \
        if (!st) *out = ambv_float(expr);                              \
        return st;                                                     \
    }
UNARY(math_sqrt, "sqrt", sqrt(x))

/* Exact for cubes, which libc's need not be. */
static double cube_root(double x) {
    double r = cbrt(x), k = rint(r);
    return k * k * k == x ? k : r;
}
UNARY(math_cbrt, "cbrt", cube_root(x))
UNARY(math_exp, "exp", exp(x))
UNARY(math_expm1, "expm1", expm1(x))
UNARY(math_log2, "log2", log2(x))
UNARY(math_log10, "log10", log10(x))
UNARY(math_log1p, "log1p", log1p(x))
UNARY(math_sin, "sin", sin(x))
UNARY(math_cos, "cos", cos(x))
UNARY(math_tan, "tan", tan(x))
UNARY(math_asin, "asin", asin(x))
UNARY(math_acos, "acos", acos(x))
UNARY(math_sinh, "sinh", sinh(x))
UNARY(math_cosh, "cosh", cosh(x))
UNARY(math_tanh, "tanh", tanh(x))
UNARY(math_degrees, "degrees", x *(180.0 / M_PI))
UNARY(math_radians, "radians", x *(M_PI / 180.0))

#define BINARY(fn, word, a, b, expr)                                 \
    NATIVE(fn) {                                                     \
        (void)n;                                                     \
        double x, y;                                                 \
        amb_status st = amblib_want_float(vm, word, a, args[0], &x); \
        if (!st) st = amblib_want_float(vm, word, b, args[1], &y);   \
        if (!st) *out = ambv_float(expr);                            \
        return st;                                                   \
    }
BINARY(math_pow, "pow", "x", "y", pow(x, y))
BINARY(math_fmod, "fmod", "x", "y", fmod(x, y))
BINARY(math_copysign, "copysign", "x", "y", copysign(x, y))

#define TO_INT(fn, word, expr)                                         \
    NATIVE(fn) {                                                       \
        (void)n;                                                       \
        *out = args[0];                                                \
        if (args[0].tag == TAG_INT) return AMB_OK;                     \
        double x;                                                      \
        amb_status st = amblib_want_float(vm, word, "x", args[0], &x); \
        return st ? st : amblib_float_to_int(vm, word, x, expr, out);  \
    }
TO_INT(math_floor, "floor", floor(x))
TO_INT(math_ceil, "ceil", ceil(x))
TO_INT(math_trunc, "trunc", trunc(x))

NATIVE(math_round) {
    (void)n;
    if (!ambv_is_number(args[0]))
        return amberr_arg(vm, "round", "x", "a number", args[0]);
    return amblib_round(vm, args[0], args[1], out);
}

NATIVE(math_log) {
    (void)n;
    double x, base;
    amb_status st = amblib_want_float(vm, "log", "x", args[0], &x);
    if (st) return st;
    if (!amblib_given(args[1])) {
        *out = ambv_float(log(x));
        return AMB_OK;
    }
    st = amblib_want_float(vm, "log", "base", args[1], &base);
    /* exact for powers of the usual bases */
    if (!st)
        *out = ambv_float(base == 2    ? log2(x)
                          : base == 10 ? log10(x)
                                       : log(x) / log(base));
    return st;
}

NATIVE(math_atan) {
    (void)n;
    double y, x;
    amb_status st = amblib_want_float(vm, "atan", "y", args[0], &y);
    if (st) return st;
    if (!amblib_given(args[1])) {
        *out = ambv_float(atan(y));
        return AMB_OK;
    }
    st = amblib_want_float(vm, "atan", "x", args[1], &x);
    if (!st) *out = ambv_float(atan2(y, x));
    return st;
}

NATIVE(math_hypot) {
    double h = 0, x;
    for (uint32_t i = 0; i < n; i++) {
        amb_status st = amblib_want_float(vm, "hypot", "x", args[i], &x);
        if (st) return st;
        h = i ? hypot(h, x) : fabs(x);
    }
    *out = ambv_float(h);
    return AMB_OK;
}

/* ---- ints ---- */

static uint64_t magnitude(int64_t i) { return i < 0 ? 0 - (uint64_t)i : (uint64_t)i; }

NATIVE(math_gcd) {
    uint64_t g = 0;
    for (uint32_t i = 0; i < n; i++) {
        int64_t x;
        amb_status st = amblib_want_int(vm, "gcd", "n", args[i], &x);
        if (st) return st;
        g = (uint64_t)amblib_gcd(g, magnitude(x));
    }
    if (g > INT64_MAX) return amblib_overflow(vm, "gcd()");
    *out = ambv_int((int64_t)g);
    return AMB_OK;
}

NATIVE(math_lcm) {
    int64_t l = 1;
    for (uint32_t i = 0; i < n; i++) {
        int64_t x;
        amb_status st = amblib_want_int(vm, "lcm", "n", args[i], &x);
        if (st) return st;
        if (x == 0 || l == 0) {
            l = 0;
            continue;
        }
        uint64_t u = magnitude(x), f = u / (uint64_t)amblib_gcd((uint64_t)l, u);
        if (f > INT64_MAX || __builtin_mul_overflow(l, (int64_t)f, &l))
            return amblib_overflow(vm, "lcm() of %u numbers", n);
    }
    *out = ambv_int(l);
    return AMB_OK;
}

static amb_status want_natural(amb_vm *vm, const char *what, const char *which, ambv v,
                               int64_t *out) {
    amb_status st = amblib_want_int(vm, what, which, v, out);
    if (!st && *out < 0)
        st = amberr_raise(vm, AMB_ERR_VALUE, "%s() wants an int of 0 or more, not %lld",
                          what, (long long)*out);
    return st;
}

NATIVE(math_factorial) {
    (void)n;
    int64_t x, f = 1;
    amb_status st = want_natural(vm, "factorial", "n", args[0], &x);
    if (st) return st;
    if (x > 20) return amblib_overflow(vm, "factorial(%lld)", (long long)x);
    for (int64_t i = 2; i <= x; i++) f *= i;
    *out = ambv_int(f);
    return AMB_OK;
}

NATIVE(math_isqrt) {
    (void)n;
    int64_t x;
    amb_status st = want_natural(vm, "isqrt", "n", args[0], &x);
    if (st) return st;
    uint64_t u = (uint64_t)x, r = (uint64_t)sqrt((double)u);
    while (r * r > u) r--;
    while ((r + 1) * (r + 1) <= u) r++;
    *out = ambv_int((int64_t)r);
    return AMB_OK;
}

NATIVE(math_comb) {
    (void)n;
    int64_t a, k;
    amb_status st = want_natural(vm, "comb", "n", args[0], &a);
    if (!st) st = want_natural(vm, "comb", "k", args[1], &k);
    if (st) return st;
    *out = ambv_int(0);
    if (k > a) return AMB_OK;
    if (k > a - k) k = a - k;
    unsigned __int128 c = 1;
    for (int64_t i = 1; i <= k; i++) {
        c = c * (uint64_t)(a - k + i) / (uint64_t)i; /* always divides */
        if (c > INT64_MAX)
            return amblib_overflow(vm, "comb(%lld, %lld)", (long long)a, (long long)k);
    }
    *out = ambv_int((int64_t)c);
    return AMB_OK;
}

NATIVE(math_divmod) {
    (void)n;
    ambv a = args[0], b = args[1], q, r;
    if (!ambv_is_number(a)) return amberr_arg(vm, "divmod", "a", "a number", a);
    if (!ambv_is_number(b)) return amberr_arg(vm, "divmod", "b", "a number", b);
    if (a.tag == TAG_INT && b.tag == TAG_INT) {
        if (b.i == 0)
            return amberr_raise(vm, AMB_ERR_DIVISION, "divmod(%lld, 0): division by zero",
                                (long long)a.i);
        if (b.i == -1) {
            if (a.i == INT64_MIN)
                return amblib_overflow(vm, "%lld // -1", (long long)a.i);
            q = ambv_int(-a.i);
            r = ambv_int(0);
        } else {
            int64_t d = a.i / b.i, m = a.i % b.i;
            if (m != 0 && (m ^ b.i) < 0) {
                m += b.i;
                d--;
            }
            q = ambv_int(d);
            r = ambv_int(m);
        }
    } else {
        double x = ambv_to_double(a), y = ambv_to_double(b);
        q = ambv_float(ambnum_floordiv(x, y));
        r = ambv_float(ambnum_mod(x, y));
    }
    return amblib_result(vm, ambtuple_pair(vm, q, r), out);
}

/* ---- the rest ---- */

NATIVE(math_sign) {
    (void)n;
    ambv v = args[0];
    if (!ambv_is_number(v)) return amberr_arg(vm, "sign", "x", "a number", v);
    if (v.tag == TAG_INT)
        *out = ambv_int(v.i > 0 ? 1 : v.i < 0 ? -1 : 0);
    else
        *out = ambv_float(v.f > 0 ? 1.0 : v.f < 0 ? -1.0 : v.f);
    return AMB_OK;
}

NATIVE(math_clamp) {
    (void)n;
    if (!ambv_is_number(args[0]))
        return amberr_arg(vm, "clamp", "x", "a number", args[0]);
    return amblib_clamp(vm, args[0], args[1], args[2], out);
}

#define TEST(fn, word, expr)                                           \
    NATIVE(fn) {                                                       \
        (void)n;                                                       \
        double x;                                                      \
        amb_status st = amblib_want_float(vm, word, "x", args[0], &x); \
        if (!st) *out = ambv_bool(expr);                               \
        return st;                                                     \
    }
TEST(math_is_nan, "is_nan", x != x)
TEST(math_is_inf, "is_inf", isinf(x))
TEST(math_is_finite, "is_finite", isfinite(x))

NATIVE(math_from_bits) {
    (void)n;
    int64_t i;
    amb_status st = amblib_want_int(vm, "from_bits", "n", args[0], &i);
    if (!st) {
        double d;
        memcpy(&d, &i, sizeof d);
        *out = ambv_float(d);
    }
    return st;
}

NATIVE(math_lerp) {
    (void)n;
    double a, b, t;
    amb_status st = amblib_want_float(vm, "lerp", "a", args[0], &a);
    if (!st) st = amblib_want_float(vm, "lerp", "b", args[1], &b);
    if (!st) st = amblib_want_float(vm, "lerp", "t", args[2], &t);
    if (!st) *out = ambv_float(t == 1 ? b : a + (b - a) * t);
    return st;
}

#define ONE(name, fn, doc) FUNCTION(name, fn, 1, 1, "x", name "(x) -> float", doc)

const amb_native_def amblib_math[] = {
    FUNCTION("floor", math_floor, 1, 1, "x", "floor(x) -> int",
             "The greatest int not above x."),
    FUNCTION("ceil", math_ceil, 1, 1, "x", "ceil(x) -> int",
             "The least int not below x."),
    FUNCTION("trunc", math_trunc, 1, 1, "x", "trunc(x) -> int",
             "x without its fraction."),
    FUNCTION("round", math_round, 1, 2, "x, digits", "round(x, digits = nil)",
             "The nearest int, or a float of that many decimals."),
    ONE("sqrt", math_sqrt, "The square root."),
    ONE("cbrt", math_cbrt, "The cube root."),
    ONE("exp", math_exp, "e to the power x."),
    ONE("expm1", math_expm1, "exp(x) - 1, exact near 0."),
    FUNCTION("log", math_log, 1, 2, "x, base", "log(x, base = nil) -> float",
             "The logarithm, natural or to a base."),
    ONE("log2", math_log2, "The logarithm to base 2."),
    ONE("log10", math_log10, "The logarithm to base 10."),
    ONE("log1p", math_log1p, "log(1 + x), exact near 0."),
    FUNCTION("pow", math_pow, 2, 2, "x, y", "pow(x, y) -> float", "x to the power y."),
    FUNCTION("fmod", math_fmod, 2, 2, "x, y", "fmod(x, y) -> float",
             "The remainder with the sign of x."),
    FUNCTION("copysign", math_copysign, 2, 2, "x, y", "copysign(x, y) -> float",
             "x with the sign of y."),
    FUNCTION_REST("hypot", math_hypot, 0, "hypot(...xs) -> float",
                  "The root of the sum of squares, without overflow."),
    ONE("sin", math_sin, "The sine of x radians."),
    ONE("cos", math_cos, "The cosine of x radians."),
    ONE("tan", math_tan, "The tangent of x radians."),
    ONE("asin", math_asin, "The angle whose sine is x."),
    ONE("acos", math_acos, "The angle whose cosine is x."),
    FUNCTION("atan", math_atan, 1, 2, "y, x", "atan(y, x = nil) -> float",
             "The angle whose tangent is y, or the angle of the point (x, y)."),
    ONE("sinh", math_sinh, "The hyperbolic sine."),
    ONE("cosh", math_cosh, "The hyperbolic cosine."),
    ONE("tanh", math_tanh, "The hyperbolic tangent."),
    ONE("degrees", math_degrees, "Radians as degrees."),
    ONE("radians", math_radians, "Degrees as radians."),
    FUNCTION_REST("gcd", math_gcd, 0, "gcd(...ns) -> int",
                  "The greatest common divisor."),
    FUNCTION_REST("lcm", math_lcm, 0, "lcm(...ns) -> int", "The least common multiple."),
    FUNCTION("factorial", math_factorial, 1, 1, "n", "factorial(n: int) -> int",
             "The product of 1 to n."),
    FUNCTION("isqrt", math_isqrt, 1, 1, "n", "isqrt(n: int) -> int",
             "The integer part of the square root, exact."),
    FUNCTION("comb", math_comb, 2, 2, "n, k", "comb(n: int, k: int) -> int",
             "How many ways to choose k of n."),
    FUNCTION("divmod", math_divmod, 2, 2, "a, b", "divmod(a, b) -> (number, number)",
             "(a // b, a % b)."),
    FUNCTION("sign", math_sign, 1, 1, "x", "sign(x) -> number", "-1, 0 or 1."),
    FUNCTION("clamp", math_clamp, 3, 3, "x, lo, hi", "clamp(x, lo, hi) -> number",
             "The nearest number from lo to hi."),
    FUNCTION("is_nan", math_is_nan, 1, 1, "x", "is_nan(x) -> bool",
             "Whether x is no number."),
    FUNCTION("is_inf", math_is_inf, 1, 1, "x", "is_inf(x) -> bool",
             "Whether x is infinite."),
    FUNCTION("is_finite", math_is_finite, 1, 1, "x", "is_finite(x) -> bool",
             "Whether x is neither infinite nor nan."),
    FUNCTION("from_bits", math_from_bits, 1, 1, "n", "from_bits(n: int) -> float",
             "The float with these IEEE bits."),
    FUNCTION("lerp", math_lerp, 3, 3, "a, b, t", "lerp(a, b, t) -> float",
             "The value between a (t = 0) and b (t = 1)."),
    TABLE_END,
};

const amb_native_const amblib_math_consts[] = {
    {"pi", M_PI, 0, true},
    {"e", M_E, 0, true},
    {"tau", 2 * M_PI, 0, true},
    {"inf", INFINITY, 0, true},
    {"nan", NAN, 0, true},
    {"epsilon", DBL_EPSILON, 0, true},
    {"max_int", 0, INT64_MAX, false},
    {"min_int", 0, INT64_MIN, false},
    {"max_float", DBL_MAX, 0, true},
    {NULL, 0, 0, false},
};
