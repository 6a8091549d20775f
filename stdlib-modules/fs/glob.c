/* SPDX-License-Identifier: MIT */
/* Glob patterns: `*`, `?` and `[a-z]` within a part, `**` for any number of parts. */
#include <string.h>

#include "fs.h"

size_t fs_sequence(const unsigned char *s)
{
    if (s[0] < 0x80) return 1;
    size_t n = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
    if (s[0] < 0xc2 || s[0] > 0xf4) return 0;
    for (size_t i = 1; i < n; i++)
        if ((s[i] & 0xc0) != 0x80) return 0;
    if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
        (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
        return 0;
    return n;
}

/* [set] at p matches byte c; *end is behind it. No closing bracket: an ordinary '['. */
static bool set_matches(const char *p, size_t n, unsigned char ch, size_t *end)
{
    size_t i = 1;
    bool negated = i < n && (p[i] == '!' || p[i] == '^'), hit = false;
    if (negated) i++;
    size_t first = i;
    for (; i < n && (p[i] != ']' || i == first); i++) {
        unsigned char lo = (unsigned char)p[i], hi = lo;
        if (i + 2 < n && p[i + 1] == '-' && p[i + 2] != ']')
            hi = (unsigned char)p[i + 2], i += 2;
        if (ch >= lo && ch <= hi) hit = true;
    }
    if (i >= n) {
        *end = 1;
        return ch == '[';
    }
    *end = i + 1;
    return hit != negated;
}

/* One part of a path against one part of a pattern. Only the last star is ever retried:
 * the time is bounded by the product of the lengths. */
static bool part_matches(const char *p, size_t pn, const char *s, size_t sn)
{
    size_t i = 0, j = 0, star = SIZE_MAX, mark = 0;
    if (sn && s[0] == '.' && !(pn && p[0] == '.')) return false;
    while (j < sn) {
        size_t end = i + 1;
        bool ok = false;
        if (i < pn && p[i] == '*') {
            star = i++;
            mark = j;
            continue;
        }
        size_t width = 1;
        if (i < pn && p[i] == '?') {
            size_t k = fs_sequence((const unsigned char *)s + j);
            width = k ? k : 1;
            ok = true;
        } else if (i < pn && p[i] == '[') {
            size_t len;
            ok = set_matches(p + i, pn - i, (unsigned char)s[j], &len);
            end = i + len;
        } else if (i < pn) {
            ok = p[i] == s[j];
        }
        if (ok) i = end, j += width;
        else if (star != SIZE_MAX) i = star + 1, j = ++mark;
        else return false;
    }
    while (i < pn && p[i] == '*') i++;
    return i == pn;
}

static size_t part_len(const char *s) { return strcspn(s, "/"); }
static const char *part_next(const char *s)
{
    s += part_len(s);
    return *s ? s + 1 : s;
}

/* prefix: `path` is a directory, and the question is whether something in it can match.
 */
static bool match_parts(const char *p, const char *s, bool prefix)
{
    const char *star = NULL, *mark = NULL;
    while (*s) {
        size_t pn = part_len(p), sn = part_len(s);
        if (pn == 2 && memcmp(p, "**", 2) == 0) {
            if (prefix) return true;
            star = part_next(p);
            mark = s;
            p = star;
            if (!*p) return s[0] != '.';
            continue;
        }
        if (*p && part_matches(p, pn, s, sn)) {
            p = part_next(p);
            s = part_next(s);
        } else if (star && mark[0] != '.') {
            mark = part_next(mark);
            p = star;
            s = mark;
        } else {
            return false;
        }
    }
    if (prefix) return *p != 0;
    return !*p;
}

bool fs_glob_match(const char *pattern, const char *path)
{
    return match_parts(pattern, path, false);
}
bool fs_glob_enters(const char *pattern, const char *dir)
{
    return match_parts(pattern, dir, true);
}
