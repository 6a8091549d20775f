/* SPDX-License-Identifier: MIT */
/* UTF-8: validation, decoding, counting by eight bytes at a time, and character classes.
 */
#include "utf8.h"

#include <string.h>

#include "types.h"
#include "unicode_tables.h"

#define HIGH_BITS 0x8080808080808080u
#define LOW_BITS 0x0101010101010101u

static uint64_t load8(const char *s) {
    uint64_t w;
    memcpy(&w, s, 8);
    return w;
}

/* Length of the well-formed sequence at s (at most n bytes), 0 when there is none.
 * Overlong forms, surrogates and everything above U+10FFFF are not well-formed. */
static unsigned sequence(const unsigned char *s, size_t n) {
    unsigned char c = s[0];
    if (c < 0xc2 || c > 0xf4) return 0;
    if (c < 0xe0) return n >= 2 && (s[1] & 0xc0) == 0x80 ? 2 : 0;
    if (n < 2) return 0;
    unsigned char lo = 0x80, hi = 0xbf;
    if (c == 0xe0) lo = 0xa0;
    if (c == 0xed) hi = 0x9f;
    if (c == 0xf0) lo = 0x90;
    if (c == 0xf4) hi = 0x8f;
    if (s[1] < lo || s[1] > hi) return 0;
    if (n < 3 || (s[2] & 0xc0) != 0x80) return 0;
    if (c < 0xf0) return 3;
    return n >= 4 && (s[3] & 0xc0) == 0x80 ? 4 : 0;
}

size_t ambutf8_validate(const char *s, size_t n, size_t *chars) {
    size_t i = 0, count = 0;
    while (i < n) {
        while (i + 8 <= n && !(load8(s + i) & HIGH_BITS)) {
            i += 8;
            count += 8;
        }
        if (i >= n) break;
        if ((unsigned char)s[i] < 0x80) {
            i++;
        } else {
            unsigned w = sequence((const unsigned char *)s + i, n - i);
            if (!w) break;
            i += w;
        }
        count++;
    }
    *chars = count;
    return i;
}

size_t ambutf8_encode(char out[4], uint32_t cp) {
    if (cp < 0x80) {
        out[0] = (char)cp;
        return 1;
    }
    if (cp < 0x800) {
        out[0] = (char)(0xc0 | cp >> 6);
        out[1] = (char)(0x80 | (cp & 0x3f));
        return 2;
    }
    if (cp < 0x10000) {
        out[0] = (char)(0xe0 | cp >> 12);
        out[1] = (char)(0x80 | (cp >> 6 & 0x3f));
        out[2] = (char)(0x80 | (cp & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | cp >> 18);
    out[1] = (char)(0x80 | (cp >> 12 & 0x3f));
    out[2] = (char)(0x80 | (cp >> 6 & 0x3f));
    out[3] = (char)(0x80 | (cp & 0x3f));
    return 4;
}

uint32_t ambutf8_decode(const char *s, const char **next) {
    const unsigned char *p = (const unsigned char *)s;
    unsigned w = ambutf8_width(p[0]);
    *next = s + w;
    switch (w) {
    case 1: return p[0];
    case 2: return (uint32_t)(p[0] & 0x1f) << 6 | (p[1] & 0x3f);
    case 3:
        return (uint32_t)(p[0] & 0x0f) << 12 | (uint32_t)(p[1] & 0x3f) << 6 |
               (p[2] & 0x3f);
    default:
        return (uint32_t)(p[0] & 0x07) << 18 | (uint32_t)(p[1] & 0x3f) << 12 |
               (uint32_t)(p[2] & 0x3f) << 6 | (p[3] & 0x3f);
    }
}

/* Bytes of w that continue a sequence (10xxxxxx). */
static unsigned continuations(uint64_t w) {
    uint64_t c = (w & HIGH_BITS) >> 7 & ~(w >> 6) & LOW_BITS;
    return (unsigned)((c * LOW_BITS) >> 56);
}

size_t ambutf8_count(const char *s, size_t n) {
    size_t i = 0, count = n;
    for (; i + 8 <= n; i += 8) {
        uint64_t w = load8(s + i);
        if (w & HIGH_BITS) count -= continuations(w);
    }
    for (; i < n; i++) count -= ((unsigned char)s[i] & 0xc0) == 0x80;
    return count;
}

const char *ambutf8_skip(const char *s, const char *end, size_t count) {
    while (count >= 8 && end - s >= 8) {
        unsigned firsts = 8 - continuations(load8(s));
        /* What is skipped may end inside a sequence: its continuation bytes are not
         * counted later. */
        s += 8;
        count -= firsts;
    }
    while (s < end && ((unsigned char)*s & 0xc0) == 0x80) s++;
    while (count > 0 && s < end) {
        s += ambutf8_width((unsigned char)*s);
        count--;
    }
    return s;
}

#define MAP_CASE(table, cp)                                          \
    size_t lo = 0, hi = sizeof table / sizeof table[0];              \
    while (lo < hi) {                                                \
        size_t mid = (lo + hi) / 2;                                  \
        if (cp > table[mid].b)                                       \
            lo = mid + 1;                                            \
        else if (cp < table[mid].a)                                  \
            hi = mid;                                                \
        else                                                         \
            return (cp - table[mid].a) % table[mid].stride           \
                       ? cp                                          \
                       : (uint32_t)((int32_t)cp + table[mid].delta); \
    }                                                                \
    return cp;

/* The runs of one table never overlap: the generator starts a new one wherever the
 * mapping changes. */
uint32_t ambutf8_upper(uint32_t cp) {
    if (cp < 0x80) return cp - 'a' < 26u ? cp - 32 : cp;
    MAP_CASE(to_upper, cp)
}

uint32_t ambutf8_lower(uint32_t cp) {
    if (cp < 0x80) return cp - 'A' < 26u ? cp + 32 : cp;
    MAP_CASE(to_lower, cp)
}

bool ambutf8_is_alpha(uint32_t cp) {
    if (cp < 0x80) return (cp | 32) - 'a' < 26u;
    size_t lo = 0, hi = sizeof letters / sizeof letters[0];
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (cp > letters[mid].b)
            lo = mid + 1;
        else if (cp < letters[mid].a)
            hi = mid;
        else
            return true;
    }
    return false;
}

bool ambutf8_is_space(uint32_t cp) {
    if (cp < 0x80) return cp == ' ' || cp - 9 < 5u || cp - 28 < 4u;
    return cp == 0x85 || cp == 0xa0 || cp == 0x1680 || cp - 0x2000 < 11u ||
           cp == 0x2028 || cp == 0x2029 || cp == 0x202f || cp == 0x205f || cp == 0x3000;
}
