/* SPDX-License-Identifier: MIT */
/* Texts that grow, and texts made safe to show. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "repl.h"

void *must(void *p)
{
    if (!p) {
        static const char sorry[] = "ambit: out of memory\n";
        (void)!write(2, sorry, sizeof sorry - 1);
        _exit(EXIT_INTERNAL);
    }
    return p;
}

void text_add(text *t, const char *s, size_t n)
{
    if (t->len + n + 1 > t->cap) {
        t->cap = (t->len + n + 1) * 2;
        t->p = must(realloc(t->p, t->cap));
    }
    if (n) memcpy(t->p + t->len, s, n);
    t->len += n;
    t->p[t->len] = 0;
}

void text_str(text *t, const char *s) { text_add(t, s, strlen(s)); }

void text_printf(text *t, const char *fmt, ...)
{
    va_list ap;
    char *s = NULL;
    va_start(ap, fmt);
    int n = vasprintf(&s, fmt, ap);
    va_end(ap);
    if (n < 0) s = must(NULL);
    text_add(t, s, (size_t)n);
    free(s);
}

void text_free(text *t)
{
    free(t->p);
    *t = (text){0};
}

/* Decodes one code point; invalid bytes give themselves as 0xdc80 + byte. */
static size_t decode(const unsigned char *s, size_t n, uint32_t *cp)
{
    size_t k = s[0] < 0x80    ? 1
               : s[0] >= 0xf0 ? 4
               : s[0] >= 0xe0 ? 3
               : s[0] >= 0xc2 ? 2
                              : 0;
    bool ok = k && k <= n && s[0] <= 0xf4;
    for (size_t i = 1; ok && i < k; i++) ok = (s[i] & 0xc0) == 0x80;
    if (!ok) {
        *cp = 0xdc00u + s[0];
        return 1;
    }
    *cp = k == 1   ? s[0]
          : k == 2 ? (s[0] & 0x1fu) << 6 | (s[1] & 0x3fu)
          : k == 3 ? (s[0] & 0xfu) << 12 | (s[1] & 0x3fu) << 6 | (s[2] & 0x3fu)
                   : (s[0] & 7u) << 18 | (s[1] & 0x3fu) << 12 | (s[2] & 0x3fu) << 6 |
                         (s[3] & 0x3fu);
    return k;
}

/* Control, bidi and zero-width characters, blanks that are none, and strokes drawn over
 * what stands before them. */
static bool deceptive(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || c == 0x61c ||
           c == 0xa0 || c == 0x34f || c == 0x115f || c == 0x1160 || c == 0x17b4 ||
           c == 0x17b5 || (c >= 0x180b && c <= 0x180f) || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200a) || c == 0x202f || c == 0x205f || c == 0x2800 ||
           c == 0x3000 || c == 0x3164 || (c >= 0xfe00 && c <= 0xfe0f) || c == 0xffa0 ||
           (c >= 0x334 && c <= 0x338) || (c >= 0x20d0 && c <= 0x20f0) ||
           (c >= 0x1d173 && c <= 0x1d17a) || (c >= 0xe0100 && c <= 0xe01ef) || (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
           (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || (c >= 0xd800 && c < 0xe000) ||
           (c >= 0xfff9 && c <= 0xfffb) || (c >= 0xe0000 && c <= 0xe007f);
}

void text_shown(text *t, const char *s, size_t n)
{
    for (size_t i = 0; i < n;) {
        uint32_t cp;
        size_t k = decode((const unsigned char *)s + i, n - i, &cp);
        if (cp >= 0xdc00 && cp < 0xdd00 && k == 1) text_printf(t, "\\x%02x", cp - 0xdc00);
        else if (deceptive(cp)) text_printf(t, "\\u{%x}", cp);
        else text_add(t, s + i, k);
        i += k;
    }
}

void text_shell(text *t, const char *s)
{
    bool plain = *s != 0;
    for (const char *p = s; *p; p++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/"
                    ":=,+@%",
                    *p))
            plain = false;
    if (plain) {
        text_str(t, s);
        return;
    }
    text_add(t, "'", 1);
    while (*s) {
        size_t n = strcspn(s, "'");
        text_shown(t, s, n);
        s += n;
        if (*s) text_str(t, "'\\''"), s++;
    }
    text_add(t, "'", 1);
}

void text_json(text *t, const char *s, size_t n)
{
    text_add(t, "\"", 1);
    for (size_t i = 0; i < n;) {
        uint32_t cp;
        size_t k = decode((const unsigned char *)s + i, n - i, &cp);
        if (cp == '"' || cp == '\\') text_printf(t, "\\%c", (int)cp);
        else if (cp < 0x20 || (cp >= 0x7f && cp < 0xa0)) text_printf(t, "\\u%04x", cp);
        else if (k == 1 && cp >= 0xdc00) text_str(t, "\\ufffd");
        else text_add(t, s + i, k);
        i += k;
    }
    text_add(t, "\"", 1);
}

char *read_file(int fd, size_t max, size_t *len)
{
    text t = {0};
    char block[1 << 16];
    text_add(&t, "", 0);
    for (;;) {
        ssize_t n = read(fd, block, sizeof block);
        if (n < 0 && errno == EINTR) continue;
        if (n == 0) break;
        if (n < 0 || t.len + (size_t)n > max) {
            int e = n < 0 ? errno : EFBIG;
            text_free(&t);
            errno = e;
            return NULL;
        }
        text_add(&t, block, (size_t)n);
    }
    *len = t.len;
    return t.p;
}
