/* SPDX-License-Identifier: MIT */
/* Collecting and rendering diagnostics. */
#include "diag.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct info {
    enum amb_severity severity;
    const char *name, *text, *hint, *help;
} infos[DIAG_COUNT] = {
#define DIAG(NAME, severity, id, text, hint, help) \
    [DIAG_##NAME] = {AMB_SEV_##severity, id, text, hint, help},
#include "diag.def"
#undef DIAG
};

#define MAX_ARGUMENT 60 /* bytes of an argument that a message shows */

void ambdiag_init(struct amb_diags *diags, struct amb_arena *arena)
{
    memset(diags, 0, sizeof *diags);
    diags->arena = arena;
}

/* How much of an argument is shown: whole code points, no control characters. */
static uint32_t shown_length(amb_text arg)
{
    uint32_t n = arg.len > MAX_ARGUMENT ? MAX_ARGUMENT : arg.len;
    if (n < arg.len)
        while (n > 0 && ((unsigned char)arg.at[n] & 0xc0) == 0x80) n--;
    return n;
}

/* Replaces each {} by the next argument. */
static amb_text fill(struct amb_arena *arena, const char *form, const amb_text **args,
                     const amb_text *end)
{
    size_t size = strlen(form) + 1;
    for (const amb_text *a = *args; a < end; a++) size += shown_length(*a) + 4;
    char *out = ambarena_alloc(arena, size), *w = out;
    if (!out) return (amb_text){"", 0};
    for (const char *q = form; *q; q++) {
        if (q[0] != '{' || q[1] != '}' || *args == end) {
            *w++ = *q;
            continue;
        }
        amb_text a = *(*args)++;
        uint32_t n = shown_length(a);
        for (uint32_t i = 0; i < n; i++)
            *w++ = (unsigned char)a.at[i] < 0x20 || a.at[i] == 0x7f ? ' ' : a.at[i];
        if (n < a.len) {
            memcpy(w, "...", 3);
            w += 3;
        }
        q++;
    }
    *w = 0;
    return (amb_text){out, (uint32_t)(w - out)};
}

struct amb_diag *ambdiag_report(struct amb_diags *diags, enum amb_diag_id id,
                                amb_span span, const amb_text *args, uint32_t arg_count)
{
    const struct info *info = &infos[id];
    bool error = info->severity == AMB_SEV_ERROR;
    error ? diags->errors++ : diags->warnings++;
    if ((error ? diags->errors : diags->warnings) > AMB_MAX_ERRORS) return NULL;
    if (!ambarena_grow(diags->arena, (void **)&diags->items, &diags->cap,
                       diags->count + 1, sizeof *diags->items))
        return NULL;
    const amb_text *next = args, *end = args ? args + arg_count : NULL;
    struct amb_diag *diag = &diags->items[diags->count];
    memset(diag, 0, sizeof *diag);
    diag->id = id;
    diag->severity = info->severity;
    diag->span = span;
    diag->order = diags->count;
    diag->text = fill(diags->arena, info->text, &next, end);
    diag->hint =
        info->hint ? fill(diags->arena, info->hint, &next, end) : (amb_text){"", 0};
    diags->count++;
    return diag;
}

void ambdiag_hint(struct amb_diags *diags, struct amb_diag *diag, amb_text hint)
{
    if (diag) diag->hint = ambarena_text(diags->arena, hint.at, hint.len);
}

void ambdiag_relate(struct amb_diag *diag, amb_span span, amb_text text)
{
    if (diag) {
        diag->related = span;
        diag->related_text = text;
    }
}

static int by_place(const void *left, const void *right)
{
    const struct amb_diag *a = left, *b = right;
    if (a->span.start != b->span.start) return a->span.start < b->span.start ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

void ambdiag_sort(struct amb_diags *diags)
{
    if (diags->count < 2) return;
    qsort(diags->items, diags->count, sizeof *diags->items, by_place);
    uint32_t kept = 1;
    for (uint32_t i = 1; i < diags->count; i++) {
        const struct amb_diag *last = &diags->items[kept - 1], *d = &diags->items[i];
        if (d->id == last->id && d->span.start == last->span.start &&
            d->span.end == last->span.end)
            continue;
        diags->items[kept++] = *d;
    }
    diags->count = kept;
}

/* ---- rendering */

struct sink {
    ambdiag_write write;
    void *ud;
    bool colour;
};

static void put(const struct sink *out, const char *text)
{
    out->write(out->ud, text, strlen(text));
}

static void put_text(const struct sink *out, amb_text text)
{
    if (text.len > 0) out->write(out->ud, text.at, text.len);
}

static void paint(const struct sink *out, const char *code)
{
    if (out->colour) put(out, code);
}

static void put_number(const struct sink *out, uint32_t n)
{
    char digits[12];
    snprintf(digits, sizeof digits, "%u", n);
    put(out, digits);
}

static uint32_t decimal_width(uint32_t n)
{
    uint32_t width = 1;
    for (; n >= 10; n /= 10) width++;
    return width;
}

static void put_blanks(const struct sink *out, uint32_t n)
{
    while (n-- > 0) put(out, " ");
}

#define TAB_WIDTH 4
#define WINDOW    120 /* code points of a line that are shown */

/* Columns that the code point at `c` takes on the screen. */
static uint32_t columns_of(unsigned char c)
{
    return (c & 0xc0) == 0x80 ? 0 : c == '\t' ? TAB_WIDTH : 1;
}

/* The source line with what must not reach a terminal made harmless, and a line of marks.
 * Long lines are cut around the place. */
static void put_excerpt(const struct sink *out, const struct amb_source *src,
                        amb_span span, const char *mark_colour)
{
    uint32_t line, column;
    ambsource_locate(src, span.start, &line, &column);
    amb_text text = ambsource_line(src, line);
    uint32_t base = (uint32_t)(text.at - src->text);
    uint32_t start = span.start < base ? 0 : span.start - base;
    uint32_t end = span.end < base ? 0 : span.end - base;
    if (start > text.len) start = text.len;
    if (end > text.len) end = text.len;
    uint32_t from = 0, until = text.len;
    if (text.len > WINDOW) {
        from = start > WINDOW / 3 ? start - WINDOW / 3 : 0;
        while (from > 0 && ((unsigned char)text.at[from] & 0xc0) == 0x80) from--;
        until = text.len - from > WINDOW ? from + WINDOW : text.len;
        while (until < text.len && ((unsigned char)text.at[until] & 0xc0) == 0x80)
            until++;
    }
    uint32_t gutter = decimal_width(line);
    paint(out, "\x1b[34m");
    put(out, " ");
    put_number(out, line);
    put(out, " | ");
    paint(out, "\x1b[0m");
    if (from > 0) put(out, "...");
    for (uint32_t i = from; i < until;) {
        unsigned char c = (unsigned char)text.at[i];
        uint32_t n = 1;
        while (i + n < until && ((unsigned char)text.at[i + n] & 0xc0) == 0x80) n++;
        bool bidi = c == 0xe2 && n == 3 &&
                    (((unsigned char)text.at[i + 1] == 0x80 &&
                      (unsigned char)text.at[i + 2] >= 0x8e) ||
                     ((unsigned char)text.at[i + 1] == 0x81 &&
                      (unsigned char)text.at[i + 2] >= 0xa6));
        if (c == '\t')
            put_blanks(out, TAB_WIDTH);
        else if (c < 0x20 || c == 0x7f || bidi || (c >= 0x80 && n == 1) ||
                 (c == 0xc2 && n == 2 && (unsigned char)text.at[i + 1] < 0xa0))
            put(out, "?");
        else
            out->write(out->ud, text.at + i, n);
        i += n;
    }
    if (until < text.len) put(out, "...");
    put(out, "\n");
    paint(out, "\x1b[34m");
    put_blanks(out, gutter + 2);
    put(out, "| ");
    paint(out, mark_colour);
    if (from > 0) put_blanks(out, 3);
    for (uint32_t i = from; i < start && i < until; i++)
        put_blanks(out, columns_of((unsigned char)text.at[i]));
    uint32_t marks = 0;
    for (uint32_t i = start; i < end && i < until; i++)
        marks += columns_of((unsigned char)text.at[i]);
    put(out, "^");
    for (uint32_t i = 1; i < marks; i++) put(out, "~");
    paint(out, "\x1b[0m");
    put(out, "\n");
}

static void put_place(const struct sink *out, const struct amb_source *src,
                      uint32_t offset)
{
    uint32_t line, column;
    ambsource_locate(src, offset, &line, &column);
    put_text(out, src->name);
    put(out, ":");
    put_number(out, line);
    put(out, ":");
    put_number(out, column);
    put(out, ": ");
}

void ambdiag_render(const struct amb_diag *diag, const struct amb_source *src,
                    bool colour, ambdiag_write write, void *ud)
{
    const struct sink out = {write, ud, colour};
    bool error = diag->severity == AMB_SEV_ERROR;
    const char *strong = error ? "\x1b[1;31m" : "\x1b[1;33m";
    paint(&out, "\x1b[1m");
    put_place(&out, src, diag->span.start);
    paint(&out, strong);
    put(&out, error ? "error: " : "warning: ");
    paint(&out, "\x1b[0m\x1b[1m");
    put_text(&out, diag->text);
    paint(&out, "\x1b[0m");
    put(&out, " [");
    put(&out, infos[diag->id].name);
    put(&out, "]\n");
    put_excerpt(&out, src, diag->span, strong);
    if (diag->related_text.len > 0) {
        put(&out, "  ");
        put_place(&out, src, diag->related.start);
        put_text(&out, diag->related_text);
        put(&out, "\n");
        put_excerpt(&out, src, diag->related, "\x1b[34m");
    }
    if (diag->hint.len > 0) {
        paint(&out, "\x1b[32m");
        put(&out, "  hint: ");
        paint(&out, "\x1b[0m");
        put_text(&out, diag->hint);
        put(&out, "\n");
    }
}

void ambdiag_render_all(const struct amb_diags *diags, const struct amb_source *src,
                        bool colour, ambdiag_write write, void *ud)
{
    for (uint32_t i = 0; i < diags->count; i++)
        ambdiag_render(&diags->items[i], src, colour, write, ud);
    if (diags->errors > AMB_MAX_ERRORS) {
        const struct sink out = {write, ud, colour};
        put_text(&out, src->name);
        put(&out, ": ");
        put(&out, infos[DIAG_TOO_MANY_ERRORS].text);
        put(&out, "\n");
    }
}

const char *ambdiag_name(enum amb_diag_id id)
{
    return id < DIAG_COUNT ? infos[id].name : NULL;
}

const char *ambdiag_help(enum amb_diag_id id)
{
    return id < DIAG_COUNT && infos[id].help[0] ? infos[id].help : NULL;
}

bool ambdiag_find(const char *name, size_t len, enum amb_diag_id *id)
{
    for (int i = 0; i < DIAG_COUNT; i++) {
        if (strlen(infos[i].name) == len && memcmp(infos[i].name, name, len) == 0) {
            *id = (enum amb_diag_id)i;
            return true;
        }
    }
    return false;
}
