/* SPDX-License-Identifier: MIT */
/* String literals: escapes, the indentation of long strings, interpolation. */
#include "parse_build.h"

#include <string.h>

#include "grammar.h"

/* How the inside of a long string is laid out: the white space of its closing line is
 * taken from all lines, and the line ends behind the opening and before the closing
 * quotes go. */
struct layout {
    bool lines;         /* the closing quotes stand on a line of their own */
    const char *indent; /* of that line */
    uint32_t indent_len;
};

static uint32_t offset_in(const struct amb_parser *p, const char *at)
{
    return (uint32_t)(at - p->src->text);
}

static struct layout find_layout(amb_text last)
{
    struct layout layout = {false, NULL, 0};
    uint32_t i = last.len;
    while (i > 0 && (last.at[i - 1] == ' ' || last.at[i - 1] == '\t')) i--;
    if (i > 0 && last.at[i - 1] == '\n') {
        layout.lines = true;
        layout.indent = last.at + i;
        layout.indent_len = last.len - i;
    }
    return layout;
}

static char *put_code_point(char *w, uint32_t c)
{
    if (c < 0x80) {
        *w++ = (char)c;
    } else if (c < 0x800) {
        *w++ = (char)(0xc0 | c >> 6);
        *w++ = (char)(0x80 | (c & 0x3f));
    } else if (c < 0x10000) {
        *w++ = (char)(0xe0 | c >> 12);
        *w++ = (char)(0x80 | (c >> 6 & 0x3f));
        *w++ = (char)(0x80 | (c & 0x3f));
    } else {
        *w++ = (char)(0xf0 | c >> 18);
        *w++ = (char)(0x80 | (c >> 12 & 0x3f));
        *w++ = (char)(0x80 | (c >> 6 & 0x3f));
        *w++ = (char)(0x80 | (c & 0x3f));
    }
    return w;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void report_at(struct amb_parser *p, enum amb_diag_id id, const char *from,
                      const char *to)
{
    amb_text arg = {from, (uint32_t)(to - from)};
    ambdiag_add(p->diags, id, ((amb_span){offset_in(p, from), offset_in(p, to)}), arg);
}

/* Reads the escape at q (a backslash); gives where it ends. */
static const char *read_escape(struct amb_parser *p, const char *q, const char *end,
                               bool bytes, char **out)
{
    static const char from[] = "ntr0\\\"'$", to[] = "\n\t\r\0\\\"'$";
    const char *start = q++;
    if (q < end && *q) {
        const char *simple = strchr(from, *q);
        if (simple) {
            *(*out)++ = to[simple - from];
            return q + 1;
        }
    }
    if (q < end && *q == 'x') {
        int high = end - q > 1 ? hex_digit(q[1]) : -1,
            low = end - q > 2 ? hex_digit(q[2]) : -1;
        if (high >= 0 && low >= 0) {
            uint32_t c = (uint32_t)(high * 16 + low);
            if (bytes)
                *(*out)++ = (char)c;
            else
                *out = put_code_point(*out, c);
            return q + 3;
        }
    } else if (q < end && *q == 'u' && end - q > 1 && q[1] == '{') {
        const char *r = q + 2;
        uint32_t c = 0;
        while (r < end && hex_digit(*r) >= 0 && r - q < 10) {
            c = c * 16 + (uint32_t)hex_digit(*r++);
            if (c > 0x10ffff) c = 0x110000;
        }
        if (r < end && *r == '}' && r > q + 2 && c <= 0x10ffff &&
            (c < 0xd800 || c > 0xdfff)) {
            if (bytes)
                report_at(p, DIAG_BAD_BYTES, start, r + 1);
            else
                *out = put_code_point(*out, c);
            return r + 1;
        }
    }
    const char *stop = q;
    if (stop < end) {
        uint32_t size;
        amblexer_decode((const unsigned char *)stop, &size);
        stop += size;
    }
    report_at(p, DIAG_BAD_ESCAPE, start, stop < end ? stop : end);
    return stop < end ? stop : end;
}

/* Takes the indentation off the line that starts at q. */
static const char *skip_indent(struct amb_parser *p, const char *q, const char *end,
                               const struct layout *layout)
{
    uint32_t n = 0;
    while (n < layout->indent_len && q + n < end && q[n] == layout->indent[n]) n++;
    if (n == layout->indent_len) return q + n;
    const char *r = q + n;
    while (r < end && (*r == ' ' || *r == '\t' || *r == '\r')) r++;
    if (r < end && *r != '\n') report_at(p, DIAG_BAD_INDENT, q, r > q ? r : q + 1);
    return r;
}

/* Decodes one run of text. No escape gets longer, so the raw length is enough room: \xNN
 * is 4 bytes for at most 2, \u{N} at least 5 for at most 4. */
static amb_text decode(struct amb_parser *p, amb_text raw, uint8_t quote, bool first,
                       bool last, const struct layout *layout)
{
    const char *q = raw.at, *end = raw.at + raw.len;
    bool triple = quote & QUOTE_TRIPLE, bytes = quote & QUOTE_BYTES;
    if (!triple && (quote & QUOTE_RAW || !memchr(q, '\\', raw.len)))
        return raw; /* the source outlives the tree */
    char *out = ambarena_alloc(p->arena, (size_t)raw.len + 1), *w = out;
    if (layout->lines && first) {
        const char *r = q;
        while (r < end && (*r == ' ' || *r == '\t' || *r == '\r')) r++;
        if (r < end && *r == '\n') q = skip_indent(p, r + 1, end, layout);
        if (last && q > layout->indent - 1)
            q = end; /* nothing between the quotes' lines */
    }
    if (layout->lines && last) {
        end = layout->indent - 1;
        if (end > q && end[-1] == '\r') end--;
    }
    while (q < end) {
        if (*q == '\\' && !(quote & QUOTE_RAW)) {
            q = read_escape(p, q, end, bytes, &w);
        } else if (*q == '\r' && q + 1 < end && q[1] == '\n') {
            q++;
        } else if (*q == '\n') {
            *w++ = *q++;
            if (layout->lines) q = skip_indent(p, q, end, layout);
        } else {
            *w++ = *q++;
        }
    }
    return (amb_text){out, (uint32_t)(w - out)};
}

struct amb_node *ambbuild_string(struct amb_parser *p, struct amb_token *t)
{
    bool bytes = t->op & QUOTE_BYTES;
    struct amb_node *node =
        ambbuild_node(p, bytes ? NODE_BYTES : NODE_STRING, t->span.start, t->span.end);
    struct layout layout = {false, NULL, 0};
    if (t->op & QUOTE_TRIPLE) layout = find_layout(t->as.text);
    node->as.text = decode(p, t->as.text, t->op, true, true, &layout);
    return node;
}

struct amb_interp *ambbuild_interp_part(struct amb_parser *p, struct amb_interp *list,
                                        struct amb_token *t, struct amb_node *value,
                                        struct amb_node *spec)
{
    if (!list) list = ambarena_alloc(p->arena, sizeof *list);
    ambarena_grow(p->arena, (void **)&list->pieces, &list->cap, list->len + 1,
                  sizeof *list->pieces);
    list->pieces[list->len++] = (struct amb_interp_piece){*t, value, spec};
    return list;
}

static void push_text(struct amb_parser *p, struct amb_node *node, amb_text text,
                      amb_span span)
{
    if (text.len == 0) return;
    struct amb_node *part = ambbuild_node(p, NODE_STRING, span.start, span.end);
    part->as.text = text;
    ambnodes_push(p->arena, &node->as.list, part);
}

static struct amb_node *join_pieces(struct amb_parser *p, struct amb_interp *list,
                                    struct amb_token *tail, const struct layout *layout)
{
    struct amb_node *node =
        ambbuild_node(p, NODE_INTERP, list->pieces[0].text.span.start, tail->span.end);
    for (uint32_t i = 0; i < list->len; i++) {
        struct amb_interp_piece *piece = &list->pieces[i];
        push_text(p, node,
                  decode(p, piece->text.as.text, piece->text.op, i == 0, false, layout),
                  piece->text.span);
        struct amb_node *part =
            ambbuild_node(p, NODE_FORMAT, piece->value->span.start,
                          piece->spec ? piece->spec->span.end : piece->value->span.end);
        part->as.format.value = piece->value;
        part->as.format.spec = piece->spec;
        ambbuild_deepen(p, part, piece->value);
        if (piece->spec) ambbuild_deepen(p, part, piece->spec);
        ambbuild_deepen(p, node, part);
        ambnodes_push(p->arena, &node->as.list, part);
    }
    push_text(p, node, decode(p, tail->as.text, tail->op, false, true, layout),
              tail->span);
    return node;
}

struct amb_node *ambbuild_interp(struct amb_parser *p, struct amb_interp *list,
                                 struct amb_token *tail)
{
    struct layout layout = {false, NULL, 0};
    if (tail->op & QUOTE_TRIPLE) layout = find_layout(tail->as.text);
    return join_pieces(p, list, tail, &layout);
}

struct amb_node *ambbuild_spec(struct amb_parser *p, struct amb_interp *list,
                               struct amb_token *tail)
{
    if (list) {
        struct layout layout = {false, NULL, 0};
        return join_pieces(p, list, tail, &layout);
    }
    struct amb_node *node =
        ambbuild_node(p, NODE_STRING, tail->span.start, tail->span.end);
    node->as.text = tail->as.text;
    return node;
}
