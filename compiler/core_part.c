/* SPDX-License-Identifier: MIT */
/* The part of a core source that one of its functions needs.
 *
 * A program that calls xs.map() compiles `map` and what it refers to, not the forty functions that stand in the
 * same file. That needs no parser: the sources are ours, and an item begins at a `fn` or `pub fn` at the
 * start of a line. Whatever word of a needed function is another function's name makes that one needed;
 * a parameter of the same name costs a function too many, nothing else. Lines that are left out become empty
 * ones, so every line keeps its number.
 *
 * A file with anything else at the start of a line (an enum, a constant) has state or identity that must
 * exist once: it is compiled whole. */
#include "core_part.h"

#include <stdlib.h>
#include <string.h>

#define MAX_ITEMS 128

typedef struct item {
    const char *start, *name;
    size_t name_len;
    bool needed, followed;
} item;

static bool word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static bool starts(const char *s, const char *end, const char *what)
{
    size_t n = strlen(what);
    return (size_t)(end - s) >= n && memcmp(s, what, n) == 0;
}

static const char *next_line(const char *s, const char *end)
{
    const char *nl = memchr(s, '\n', (size_t)(end - s));
    return nl ? nl + 1 : end;
}

/* False: it cannot be divided. */
static bool divide(const char *text, const char *end, item *items, uint32_t *count)
{
    *count = 0;
    for (const char *s = text; s < end; s = next_line(s, end)) {
        const char *fn = s;
        if (*s == ' ' || *s == '\n' || *s == '#' || *s == '}') continue;
        if (starts(fn, end, "pub ")) fn += 4;
        if (!starts(fn, end, "fn ") || *count == MAX_ITEMS) return false;
        const char *name = fn + 3, *after = name;
        while (after < end && word_char(*after)) after++;
        items[(*count)++] = (item){ s, name, (size_t)(after - name), false, false };
    }
    return *count > 0;
}

static item *find(item *items, uint32_t count, const char *name, size_t len)
{
    for (uint32_t i = 0; i < count; i++)
        if (items[i].name_len == len && *items[i].name == *name && !memcmp(items[i].name, name, len))
            return &items[i];
    return NULL;
}

/* Marks what the text of one item refers to; true if that was something new. */
static bool follow(item *items, uint32_t count, const char *s, const char *end)
{
    bool more = false;
    while (s < end) {
        if (*s == '#' && s[-1] == '\n') { /* about the next item */
            s = next_line(s, end);
            continue;
        }
        const char *from = s;
        while (s < end && word_char(*s)) s++;
        if (s == from) {
            s++;
            continue;
        }
        item *it = from[-1] == '.' ? NULL : find(items, count, from, (size_t)(s - from));
        if (!it || it->needed) continue;
        it->needed = more = true;
    }
    return more;
}

char *ambcore_part(const char *text, size_t len, const char *function, size_t *out_len)
{
    item items[MAX_ITEMS];
    uint32_t count;
    const char *end = text + len;
    char *out = malloc(len + 1);
    if (!out) return NULL;
    item *first = divide(text, end, items, &count) ? find(items, count, function, strlen(function)) : NULL;
    if (!first) {
        memcpy(out, text, len);
        out[*out_len = len] = 0;
        return out;
    }
    first->needed = true;
    for (bool more = true; more;) {
        more = false;
        for (uint32_t i = 0; i < count; i++) {
            if (!items[i].needed || items[i].followed) continue;
            items[i].followed = true;
            more |= follow(items, count, items[i].name, i + 1 < count ? items[i + 1].start : end);
        }
    }
    size_t n = 0, used = 0;
    uint32_t at = 0;
    bool on = false;
    for (const char *s = text; s < end;) {
        const char *next = next_line(s, end);
        if (at < count && items[at].start == s) on = items[at++].needed;
        if (on && *s != '#') {
            memcpy(out + n, s, (size_t)(next - s));
            n += (size_t)(next - s);
            used = n;
        } else {
            out[n++] = '\n';
        }
        s = next;
    }
    out[*out_len = used] = 0;
    return out;
}
