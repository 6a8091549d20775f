/* SPDX-License-Identifier: MIT */
/* The scanner and the rules about newlines, brackets and starting afresh. See lexer.h. */
#include "lexer.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "grammar.h"

enum { LEX_NEWLINE = -1, LEX_AGAIN = -2 };
#define MAX_LOOKAHEAD 4096 /* bytes searched for the end of a bracket that looks unclosed */

static uint32_t offset_of(const struct amb_lexer *lx, const unsigned char *at)
{
    return (uint32_t)(at - (const unsigned char *)lx->src->text);
}

static amb_text text_between(const unsigned char *from, const unsigned char *to)
{
    return (amb_text){ (const char *)from, (uint32_t)(to - from) };
}

static struct amb_diag *report(struct amb_lexer *lx, enum amb_diag_id id,
                               const unsigned char *from, const unsigned char *to)
{
    if (lx->skipping)
        return NULL;
    amb_text arg = text_between(from, to);
    return ambdiag_report(lx->diags, id, (amb_span){ offset_of(lx, from), offset_of(lx, to) },
                          &arg, 1);
}

uint32_t amblexer_decode(const unsigned char *at, uint32_t *size)
{
    if (at[0] < 0x80) {
        *size = 1;
        return at[0];
    }
    if (at[0] < 0xe0) {
        *size = 2;
        return (uint32_t)(at[0] & 0x1f) << 6 | (at[1] & 0x3f);
    }
    if (at[0] < 0xf0) {
        *size = 3;
        return (uint32_t)(at[0] & 0x0f) << 12 | (uint32_t)(at[1] & 0x3f) << 6 | (at[2] & 0x3f);
    }
    *size = 4;
    return (uint32_t)(at[0] & 0x07) << 18 | (uint32_t)(at[1] & 0x3f) << 12 |
           (uint32_t)(at[2] & 0x3f) << 6 | (at[3] & 0x3f);
}

/* The offset of the first byte that breaks UTF-8, or len. */
static size_t valid_prefix(const unsigned char *s, size_t len)
{
    size_t i = 0;
    while (i < len) {
        unsigned char c = s[i];
        if (c < 0x80) {
            i++;
            continue;
        }
        uint32_t more = c >= 0xc2 && c < 0xe0 ? 1 : c >= 0xe0 && c < 0xf0 ? 2
                      : c >= 0xf0 && c < 0xf5 ? 3 : 0;
        if (more == 0 || len - i <= more)
            return i;
        unsigned char d = s[i + 1];
        if ((c == 0xe0 && d < 0xa0) || (c == 0xed && d > 0x9f) || (c == 0xf0 && d < 0x90) ||
            (c == 0xf4 && d > 0x8f))
            return i;
        for (uint32_t k = 1; k <= more; k++)
            if ((s[i + k] & 0xc0) != 0x80)
                return i;
        i += more + 1;
    }
    return len;
}

static bool is_bidi(uint32_t c)
{
    return c == 0x061c || (c >= 0x200e && c <= 0x200f) || (c >= 0x202a && c <= 0x202e) ||
           (c >= 0x2066 && c <= 0x2069);
}

static bool is_smart_quote(uint32_t c)
{
    return (c >= 0x2018 && c <= 0x201f) || c == 0xab || c == 0xbb;
}

/* Code points above ASCII that may not stand in a name: spaces, controls, punctuation, arrows
 * and other symbols, private use, invisible characters. */
static bool is_foreign(uint32_t c)
{
    return c < 0xaa || (c >= 0xab && c <= 0xb4) || (c >= 0xb6 && c <= 0xb9) ||
           (c >= 0xbb && c <= 0xbf) || c == 0xd7 || c == 0xf7 || c == 0x061c || c == 0x115f ||
           c == 0x1160 || c == 0x1680 || c == 0x180e || (c >= 0x2000 && c <= 0x206f) ||
           (c >= 0x2190 && c <= 0x2bff) || (c >= 0x3000 && c <= 0x3004) || c == 0x3164 ||
           (c >= 0xe000 && c <= 0xf8ff) || (c >= 0xfe00 && c <= 0xfe0f) || c == 0xfeff ||
           c == 0xffa0 || (c >= 0xfff0 && c <= 0xffff) || c >= 0xe0000;
}

/* ---- brackets */

const struct amb_bracket *amblexer_top(const struct amb_lexer *lx)
{
    return &lx->stack[lx->depth];
}

static bool is_body(uint8_t kind)
{
    return kind == BRACKET_BODY || kind == BRACKET_MATCH || kind == BRACKET_SELECT;
}

static uint32_t body_depth(const struct amb_lexer *lx, uint32_t from)
{
    while (!is_body(lx->stack[from].kind))
        from--;
    return from;
}

const struct amb_bracket *amblexer_body(const struct amb_lexer *lx)
{
    return &lx->stack[body_depth(lx, lx->depth)];
}

static bool single_line_interp(const struct amb_bracket *b)
{
    return b->kind == BRACKET_INTERP && !(b->quote & QUOTE_TRIPLE);
}

static void push(struct amb_lexer *lx, uint8_t kind, uint32_t offset, uint8_t quote)
{
    if (lx->depth == AMB_MAX_NESTING) {
        if (!lx->finished)
            ambdiag_plain(lx->diags, DIAG_NESTED_TOO_DEEPLY, ((amb_span){ offset, offset + 1 }));
        lx->finished = true;
        return;
    }
    struct amb_bracket *b = &lx->stack[++lx->depth];
    memset(b, 0, sizeof *b);
    b->kind = kind;
    b->offset = offset;
    b->quote = quote;
    b->stmt_start = offset + 1;
    if (single_line_interp(b))
        lx->line_interps++;
}

static void pop_to(struct amb_lexer *lx, uint32_t depth)
{
    while (lx->depth > depth) {
        if (single_line_interp(&lx->stack[lx->depth]))
            lx->line_interps--;
        lx->depth--;
    }
}

/* The bracket of an unclosed opener: the message points at both ends. */
static void report_unclosed(struct amb_lexer *lx, const struct amb_bracket *b, amb_span at)
{
    if (lx->skipping)
        return;
    bool interp = b->kind == BRACKET_INTERP || b->kind == BRACKET_SPEC;
    amb_text open = { lx->src->text + b->offset, interp && b->kind == BRACKET_INTERP ? 2 : 1 };
    amb_text close = b->kind == BRACKET_PAREN ? AMB_TEXT(")")
                   : b->kind == BRACKET_SQUARE ? AMB_TEXT("]") : AMB_TEXT("}");
    amb_span opener = { b->offset, b->offset + open.len };
    struct amb_diag *d = ambdiag_add(lx->diags, DIAG_UNCLOSED_BRACKET, opener, open, close);
    if (d && at.start > opener.end)
        ambdiag_relate(d, at, AMB_TEXT("it should have been closed before this"));
}

/* ---- what a token can begin and end */

static bool is_soft_word(int k)
{
    switch (k) {
    case TOK_AFTER: case TOK_ARGS: case TOK_FROM: case TOK_GET: case TOK_INIT: case TOK_NEED:
    case TOK_OPEN: case TOK_SET: case TOK_STATIC: case TOK_TEST: case TOK_USE: case TOK_VALUE:
    case TOK_WITH:
        return true;
    default:
        return false;
    }
}

static bool starts_operand(int k)
{
    switch (k) {
    case TOK_ID: case TOK_INT: case TOK_FLOAT: case TOK_STRING: case TOK_BYTES: case TOK_IHEAD:
    case TOK_NIL: case TOK_TRUE: case TOK_FALSE: case TOK_SELF: case TOK_SUPER:
        return true;
    default:
        return is_soft_word(k) && k != TOK_WITH && k != TOK_FROM;
    }
}

static bool ends_operand(int k)
{
    switch (k) {
    case TOK_ID: case TOK_INT: case TOK_FLOAT: case TOK_STRING: case TOK_BYTES: case TOK_ITAIL:
    case TOK_NIL: case TOK_TRUE: case TOK_FALSE: case TOK_SELF: case TOK_RP: case TOK_RBRACKET:
    case TOK_RB: case TOK_QMARK: case TOK_FN:
        return true;
    default:
        return is_soft_word(k);
    }
}

static bool ends_statement(int k)
{
    return ends_operand(k) || k == TOK_RETURN || k == TOK_BREAK || k == TOK_CONTINUE ||
           k == TOK_BAD || k == TOK_PRIVATE;
}

/* Tokens that go on with what stands before the newline. */
static bool continues(const struct amb_lexer *lx, int k)
{
    switch (k) {
    case 0:
    case TOK_DOT: case TOK_QDOT: case TOK_QBRACKET: case TOK_ELSE: case TOK_CATCH:
    case TOK_FINALLY: case TOK_AND: case TOK_OR: case TOK_QQ: case TOK_IN: case TOK_NOTIN:
    case TOK_AS: case TOK_ASSIGN: case TOK_AUG: case TOK_COMMA: case TOK_COLON: case TOK_ARROW:
    case TOK_RARROW: case TOK_RP: case TOK_RBRACKET: case TOK_RB: case TOK_QMARK: case TOK_PIPE:
    case TOK_EQ: case TOK_NE: case TOK_LT: case TOK_LE: case TOK_GT: case TOK_GE: case TOK_PLUS:
    case TOK_STAR: case TOK_SLASH: case TOK_FLOOR: case TOK_PERCENT: case TOK_POW:
    case TOK_PLUSW: case TOK_MINUSW: case TOK_STARW: case TOK_AMP: case TOK_CARET: case TOK_SHL:
    case TOK_SHR: case TOK_USHR:
        return true;
    case TOK_DOTDOT: case TOK_DOTDOTEQ: /* ..5 is a pattern */
        return amblexer_top(lx)->kind != BRACKET_MATCH;
    default:
        return false;
    }
}

/* Words that stand only at the start of a statement. */
static bool starts_statement_only(int k)
{
    switch (k) {
    case TOK_LET: case TOK_VAR: case TOK_CLASS: case TOK_ENUM: case TOK_FOR: case TOK_WHILE:
    case TOK_IMPORT: case TOK_PUB: case TOK_DEFER:
        return true;
    default:
        return false;
    }
}

/* ---- words, numbers, strings */

static const struct word {
    const char *text;
    uint8_t len;
    int kind;
} words[] = {
#define WORD(text, token, class) { text, sizeof text - 1, TOK_##token },
#include "lexer_words.def"
#undef WORD
};

static int word_kind(const unsigned char *at, size_t len)
{
    size_t low = 0, high = sizeof words / sizeof words[0];
    while (low < high) {
        size_t middle = (low + high) / 2;
        size_t shorter = len < words[middle].len ? len : words[middle].len;
        int order = memcmp(at, words[middle].text, shorter);
        if (order == 0)
            order = (int)len - (int)words[middle].len;
        if (order == 0)
            return words[middle].kind;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return TOK_ID;
}

static bool is_word_byte(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '_' || c >= 0x80;
}

/* Whether `word` follows on the line; then moves behind it. */
static bool take_word(struct amb_lexer *lx, const char *word)
{
    const unsigned char *q = lx->at;
    while (*q == ' ' || *q == '\t')
        q++;
    size_t n = strlen(word);
    if (q == lx->at || strncmp((const char *)q, word, n) != 0 || is_word_byte(q[n]))
        return false;
    lx->at = q + n;
    return true;
}

static bool is_else_if(amb_text word)
{
    return ambtext_equal(word, AMB_TEXT("elif")) || ambtext_equal(word, AMB_TEXT("elsif")) ||
           ambtext_equal(word, AMB_TEXT("elseif"));
}

static bool check_foreign(struct amb_lexer *lx, const unsigned char *from,
                          const unsigned char *to)
{
    while (from < to) {
        uint32_t size, c = amblexer_decode(from, &size);
        if (size > 1 && is_foreign(c)) {
            enum amb_diag_id id = is_bidi(c) ? DIAG_BIDI_CHARACTER
                                : is_smart_quote(c) ? DIAG_SMART_QUOTE
                                                    : DIAG_UNEXPECTED_CHARACTER;
            report(lx, id, from, from + size);
            return false;
        }
        from += size;
    }
    return true;
}

static void read_int(struct amb_lexer *lx, struct amb_token *t, const unsigned char *from)
{
    uint64_t value = 0;
    unsigned base = 10;
    bool over = false;
    const unsigned char *q = from;
    if (*q == '0' && (q[1] == 'x' || q[1] == 'o' || q[1] == 'b')) {
        base = q[1] == 'x' ? 16 : q[1] == 'o' ? 8 : 2;
        q += 2;
    } else if (*q == '0' && lx->at - from > 1) {
        report(lx, DIAG_LEADING_ZERO, from, lx->at);
    }
    for (; q < lx->at; q++) {
        if (*q == '_')
            continue;
        unsigned digit = *q <= '9' ? *q - 48u : (*q | 32u) - 87u; /* ASCII */
        over |= __builtin_mul_overflow(value, base, &value);
        over |= __builtin_add_overflow(value, digit, &value);
    }
    if (base == 10) {
        t->big = !over && value == (uint64_t)1 << 63;
        over |= value > (uint64_t)1 << 63;
    }
    if (over) {
        report(lx, DIAG_INT_TOO_LARGE, from, lx->at);
        value = 0;
    }
    t->as.i = (int64_t)value;
}

static void read_float(struct amb_lexer *lx, struct amb_token *t, const unsigned char *from)
{
    /* strtod wants the point of the current locale, which a host may have set. */
    const char *point = localeconv()->decimal_point;
    size_t point_len = strlen(point);
    char fixed[64], *buffer = fixed;
    size_t len = (size_t)(lx->at - from);
    if (len + point_len + 1 > sizeof fixed) {
        buffer = ambarena_alloc(lx->arena, len + point_len + 1);
        if (!buffer)
            return;
    }
    char *w = buffer;
    for (const unsigned char *q = from; q < lx->at; q++) {
        if (*q == '.') {
            memcpy(w, point, point_len);
            w += point_len;
        } else if (*q != '_') {
            *w++ = (char)*q;
        }
    }
    *w = 0;
    t->as.f = strtod(buffer, NULL);
    if (__builtin_isinf(t->as.f))
        report(lx, DIAG_FLOAT_TOO_LARGE, from, lx->at);
}

/* Scans the inside of a string from lx->at. Stops behind the closing quotes (gives tail), or
 * behind `${` (gives part). `open` is the offset the message points to when it never ends. */
static int scan_string(struct amb_lexer *lx, struct amb_token *t, uint8_t quote, char mark,
                       uint32_t open, int tail, int part)
{
    const unsigned char *q = lx->at;
    bool triple = quote & QUOTE_TRIPLE, raw = quote & QUOTE_RAW;
    bool plain = quote & (QUOTE_SINGLE | QUOTE_RAW | QUOTE_BYTES);
    t->op = quote;
    for (;; q++) {
        if (q == lx->limit || (*q == '\n' && !triple)) {
            amb_span at = { open, offset_of(lx, q) };
            if (!lx->skipping && lx->line_interps == 0) {
                if (triple)
                    at.end = open + 3 < at.end ? open + 3 : at.end;
                ambdiag_plain(lx->diags, DIAG_UNTERMINATED_STRING, at);
            }
            t->as.text = text_between(lx->at, q);
            lx->at = q;
            return tail;
        }
        if (*q == (unsigned char)mark && (!triple || (q[1] == *q && q[2] == *q))) {
            t->as.text = text_between(lx->at, q);
            lx->at = q + (triple ? 3 : 1);
            return tail;
        }
        if (*q == '\\' && !raw) {
            if (q + 1 < lx->limit && (q[1] != '\n' || triple))
                q++;
        } else if (*q == '$' && q[1] == '{' && !plain) {
            t->as.text = text_between(lx->at, q);
            lx->at = q + 2;
            push(lx, BRACKET_INTERP, offset_of(lx, q), quote);
            return part;
        } else if ((*q < 0x20 && *q != '\n' && *q != '\r' && *q != '\t') || *q == 0x7f) {
            report(lx, DIAG_CONTROL_CHARACTER, q, q + 1);
        }
    }
}

static int open_string(struct amb_lexer *lx, struct amb_token *t, uint8_t quote, char mark)
{
    uint32_t open = t->span.start;
    if (lx->at[0] == (unsigned char)mark && lx->at[1] == (unsigned char)mark) {
        lx->at += 2;
        quote |= QUOTE_TRIPLE;
    }
    if (mark == '\'')
        quote |= QUOTE_SINGLE;
    int kind = quote & QUOTE_BYTES ? TOK_BYTES : TOK_STRING;
    return scan_string(lx, t, quote, mark, open, kind, TOK_IHEAD);
}

/* The rest of a format spec: up to its end, or to a brace that holds an expression. */
static int scan_spec(struct amb_lexer *lx, struct amb_token *t, int whole, int part)
{
    const unsigned char *from = lx->at, *q = from;
    while (q < lx->limit && *q != '}' && *q != '{' && *q != '\n' && *q != '"')
        q++;
    t->as.text = text_between(from, q);
    t->op = QUOTE_RAW;
    lx->at = q;
    if (*q == '{' && q < lx->limit) {
        lx->at++;
        push(lx, BRACKET_SPEC, offset_of(lx, q), 0);
        return part;
    }
    return whole;
}

/* } ] ): pops the bracket it closes; what does not fit is reported and mended. */
static int close_bracket(struct amb_lexer *lx, struct amb_token *t, int kind)
{
    const struct amb_bracket *top = amblexer_top(lx);
    amb_span span = { t->span.start, offset_of(lx, lx->at) };
    bool brace = kind == TOK_RB;
    uint8_t wanted = kind == TOK_RP ? BRACKET_PAREN : BRACKET_SQUARE;
    if (brace ? top->kind != BRACKET_PAREN && top->kind != BRACKET_SQUARE && lx->depth > 0
              : top->kind == wanted) {
        uint8_t closed = top->kind, quote = top->quote;
        uint32_t open = top->offset;
        pop_to(lx, lx->depth - 1);
        if (closed == BRACKET_INTERP)
            return scan_string(lx, t, quote, '"', open, TOK_ITAIL, TOK_IMID);
        if (closed == BRACKET_SPEC)
            return scan_spec(lx, t, TOK_SPECTAIL, TOK_SPECMID);
        return kind;
    }
    /* A closer further out means that the ones inside it were forgotten. */
    uint32_t out = lx->depth;
    while (out > 0 && (brace ? lx->stack[out].kind == BRACKET_PAREN ||
                                   lx->stack[out].kind == BRACKET_SQUARE
                             : lx->stack[out].kind != wanted && !is_body(lx->stack[out].kind)))
        out--;
    if (out > 0 && (brace || lx->stack[out].kind == wanted)) {
        report_unclosed(lx, top, span);
        pop_to(lx, out);
        lx->at = (const unsigned char *)lx->src->text + t->span.start;
        return lx->skipping ? LEX_AGAIN : TOK_BAD;
    }
    if (!brace && (top->kind == BRACKET_PAREN || top->kind == BRACKET_SQUARE)) {
        kind = top->kind == BRACKET_PAREN ? TOK_RP : TOK_RBRACKET;
        report_unclosed(lx, top, span);
        pop_to(lx, lx->depth - 1);
        return kind;
    }
    report(lx, DIAG_STRAY_BRACKET, lx->at - 1, lx->at);
    return LEX_AGAIN;
}

/* ---- documentation */

static void note_comment(struct amb_lexer *lx, const unsigned char *from)
{
    uint32_t start = offset_of(lx, from), end = offset_of(lx, lx->at);
    if (from[1] != '#' || !lx->line_start)
        return;
    /* Only blanks may stand between two lines of one text. */
    bool joined = lx->doc_end > 0;
    for (const char *q = lx->src->text + lx->doc_end; joined && q < lx->src->text + start; q++)
        joined = *q == ' ' || *q == '\t' || *q == '\r' ||
                 (*q == '\n' && q == lx->src->text + lx->doc_line_end);
    if (!joined)
        lx->doc_start = start;
    lx->doc_end = end;
    lx->doc_line_end = end;
}

static void keep_doc(struct amb_lexer *lx, uint32_t token)
{
    if (lx->doc_end == 0 || lx->skipping)
        return;
    if (ambarena_grow(lx->arena, (void **)&lx->docs, &lx->doc_cap, lx->doc_count + 1,
                      sizeof *lx->docs))
        lx->docs[lx->doc_count++] = (struct amb_doc){ token, lx->doc_start, lx->doc_end };
    lx->doc_end = 0;
}

amb_text amblexer_doc(struct amb_lexer *lx, uint32_t offset)
{
    uint32_t low = 0, high = lx->doc_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (lx->docs[middle].token < offset)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == lx->doc_count || lx->docs[low].token != offset)
        return (amb_text){ "", 0 };
    const char *q = lx->src->text + lx->docs[low].start, *end = lx->src->text + lx->docs[low].end;
    amb_text text = ambarena_text(lx->arena, q, (size_t)(end - q));
    char *w = (char *)text.at, *first = w;
    while (q < end && text.len > 0) {
        while (q < end && *q != '#')
            q++;
        while (q < end && *q == '#')
            q++;
        if (q < end && *q == ' ')
            q++;
        while (q < end && *q != '\n') {
            if (*q != '\r')
                *w++ = *q;
            q++;
        }
        if (q < end)
            *w++ = '\n';
    }
    text.len = (uint32_t)(w - first);
    return text;
}

/* ---- the scanner */

#define OP(kind, operation)         \
    {                               \
        t->op = operation;          \
        return kind;                \
    }

static int scan(struct amb_lexer *lx, struct amb_token *t)
{
    const unsigned char *YYMARKER;
    const unsigned char *from = lx->at;
    memset(t, 0, sizeof *t);
    t->first = lx->line_start;
    t->span.start = offset_of(lx, from);
#define YYCURSOR lx->at
    /*!re2c
    re2c:define:YYCTYPE = "unsigned char";
    re2c:yyfill:enable = 0;
    D = [0-9]; H = [0-9a-fA-F]; DEC = D ("_"? D)*; EXP = [eE] [+-]? DEC;
    HEAD = [a-zA-Z_\x80-\xff]; TAIL = [a-zA-Z0-9_\x80-\xff];

    [\x00] {
        if (from == lx->limit) {
            lx->at--;
            return 0;
        }
        report(lx, DIAG_CONTROL_CHARACTER, from, lx->at);
        return LEX_AGAIN;
    }
    [ \t\r]+ { return LEX_AGAIN; }
    "\n" { return LEX_NEWLINE; }
    "#" {
        while (lx->at < lx->limit && *lx->at != '\n')
            lx->at++;
        note_comment(lx, from);
        return LEX_AGAIN;
    }

    DEC | "0x" H ("_"? H)* | "0o" [0-7] ("_"? [0-7])* | "0b" [01] ("_"? [01])* {
        read_int(lx, t, from);
        return TOK_INT;
    }
    DEC "." DEC EXP? | DEC EXP {
        read_float(lx, t, from);
        return TOK_FLOAT;
    }
    D TAIL* | DEC "." DEC TAIL+ {
        report(lx, DIAG_BAD_NUMBER, from, lx->at);
        return TOK_INT;
    }
    "." DEC {
        if (ends_operand(lx->prev) && !t->first) {
            lx->at = from + 1;
            return TOK_DOT;
        }
        report(lx, DIAG_BARE_POINT, from, lx->at);
        return TOK_FLOAT;
    }

    ["] { return open_string(lx, t, 0, '"'); }
    ['] { return open_string(lx, t, 0, '\''); }
    "r" ["'] { return open_string(lx, t, QUOTE_RAW, (char)lx->at[-1]); }
    "b" ["'] { return open_string(lx, t, QUOTE_BYTES, (char)lx->at[-1]); }
    [fF] ["'] {
        report(lx, DIAG_F_STRING, from, lx->at);
        return open_string(lx, t, 0, (char)lx->at[-1]);
    }

    HEAD TAIL* {
        t->as.text = text_between(from, lx->at);
        if (!check_foreign(lx, from, lx->at))
            return TOK_BAD;
        if (lx->prev == TOK_DOT || lx->prev == TOK_QDOT)
            return TOK_ID;
        int kind = word_kind(from, (size_t)(lx->at - from));
        if (kind == TOK_ID && lx->prev == TOK_RB && is_else_if(t->as.text)) {
            report(lx, DIAG_ELIF, from, lx->at);
            lx->queue_kind[lx->queued] = TOK_IF;
            lx->queue[lx->queued] = *t;
            lx->queue[lx->queued++].span.end = offset_of(lx, lx->at);
            return TOK_ELSE;
        }
        if (kind == TOK_NOT && take_word(lx, "in"))
            OP(TOK_NOTIN, AMB_NOT_IN)
        if (kind == TOK_IS && take_word(lx, "not"))
            return TOK_ISNOT;
        t->op = kind == TOK_NOT ? AMB_NOT : kind == TOK_IN ? AMB_IN : kind == TOK_AND ? AMB_AND
              : kind == TOK_OR ? AMB_OR : 0;
        return kind;
    }

    "(" { return TOK_LP; }
    "[" { return TOK_LBRACKET; }
    "?[" { return TOK_QBRACKET; }
    "{" { return TOK_LB; }
    ")" { return close_bracket(lx, t, TOK_RP); }
    "]" { return close_bracket(lx, t, TOK_RBRACKET); }
    "}" { return close_bracket(lx, t, TOK_RB); }
    ":" {
        if (amblexer_top(lx)->kind == BRACKET_INTERP)
            return scan_spec(lx, t, TOK_SPEC, TOK_SPECHEAD);
        return TOK_COLON;
    }
    ";" { return TOK_SEP; }
    "," { return TOK_COMMA; }
    "." { return TOK_DOT; }
    "?." { return TOK_QDOT; }
    "?" { return TOK_QMARK; }
    "..." { return TOK_ELLIPSIS; }
    "..=" { return TOK_DOTDOTEQ; }
    ".." { return TOK_DOTDOT; }
    "=>" { return TOK_ARROW; }
    "->" { return TOK_RARROW; }
    "=" { return TOK_ASSIGN; }
    "==" { OP(TOK_EQ, AMB_EQ) }
    "!=" { OP(TOK_NE, AMB_NE) }
    "<" { OP(TOK_LT, AMB_LT) }
    "<=" { OP(TOK_LE, AMB_LE) }
    ">" { OP(TOK_GT, AMB_GT) }
    ">=" { OP(TOK_GE, AMB_GE) }
    "??" { OP(TOK_QQ, AMB_COALESCE) }
    "+" { OP(TOK_PLUS, AMB_ADD) }
    "-" { OP(TOK_MINUS, AMB_SUB) }
    "*" { OP(TOK_STAR, AMB_MUL) }
    "/" { OP(TOK_SLASH, AMB_DIV) }
    "//" { OP(TOK_FLOOR, AMB_FLOORDIV) }
    "%" { OP(TOK_PERCENT, AMB_MOD) }
    "**" { OP(TOK_POW, AMB_POW) }
    "+%" { OP(TOK_PLUSW, AMB_ADD_WRAP) }
    "-%" { OP(TOK_MINUSW, AMB_SUB_WRAP) }
    "*%" { OP(TOK_STARW, AMB_MUL_WRAP) }
    "&" { OP(TOK_AMP, AMB_BIT_AND) }
    "|" { OP(TOK_PIPE, AMB_BIT_OR) }
    "^" { OP(TOK_CARET, AMB_BIT_XOR) }
    "~" { OP(TOK_TILDE, AMB_BIT_NOT) }
    "<<" { OP(TOK_SHL, AMB_SHL) }
    ">>" { OP(TOK_SHR, AMB_SHR) }
    ">>>" { OP(TOK_USHR, AMB_USHR) }
    "+=" { OP(TOK_AUG, AMB_ADD) }
    "-=" { OP(TOK_AUG, AMB_SUB) }
    "*=" { OP(TOK_AUG, AMB_MUL) }
    "/=" { OP(TOK_AUG, AMB_DIV) }
    "//=" { OP(TOK_AUG, AMB_FLOORDIV) }
    "%=" { OP(TOK_AUG, AMB_MOD) }
    "**=" { OP(TOK_AUG, AMB_POW) }
    "+%=" { OP(TOK_AUG, AMB_ADD_WRAP) }
    "-%=" { OP(TOK_AUG, AMB_SUB_WRAP) }
    "*%=" { OP(TOK_AUG, AMB_MUL_WRAP) }
    "&=" { OP(TOK_AUG, AMB_BIT_AND) }
    "|=" { OP(TOK_AUG, AMB_BIT_OR) }
    "^=" { OP(TOK_AUG, AMB_BIT_XOR) }
    "<<=" { OP(TOK_AUG, AMB_SHL) }
    ">>=" { OP(TOK_AUG, AMB_SHR) }
    ">>>=" { OP(TOK_AUG, AMB_USHR) }
    "??=" { OP(TOK_AUG, AMB_COALESCE) }

    "&&" {
        report(lx, DIAG_FOREIGN_AND, from, lx->at);
        OP(TOK_AND, AMB_AND)
    }
    "||" {
        report(lx, DIAG_FOREIGN_OR, from, lx->at);
        OP(TOK_OR, AMB_OR)
    }
    "!" {
        report(lx, DIAG_FOREIGN_NOT, from, lx->at);
        OP(TOK_NOT, AMB_NOT)
    }
    "===" {
        report(lx, DIAG_FOREIGN_EQUAL, from, lx->at);
        OP(TOK_EQ, AMB_EQ)
    }
    "!==" | "<>" {
        report(lx, DIAG_FOREIGN_UNEQUAL, from, lx->at);
        OP(TOK_NE, AMB_NE)
    }
    "++" {
        report(lx, DIAG_INCREMENT, from, lx->at);
        if (!ends_operand(lx->prev) || t->first)
            return TOK_BAD;
        lx->queue_kind[lx->queued] = TOK_INT;
        lx->queue[lx->queued] = *t;
        lx->queue[lx->queued++].span.end = offset_of(lx, lx->at);
        OP(TOK_AUG, AMB_ADD)
    }
    "--" {
        const unsigned char *q = lx->at;
        while (*q == ' ' || *q == '\t' || *q == '\r')
            q++;
        bool last = *q == 0 || *q == '\n' || *q == ';' || *q == ')' || *q == '}' || *q == '#';
        if (!ends_operand(lx->prev) || t->first || !last) {
            lx->at = from + 1;
            OP(TOK_MINUS, AMB_SUB)
        }
        report(lx, DIAG_DECREMENT, from, lx->at);
        lx->queue_kind[lx->queued] = TOK_INT;
        lx->queue[lx->queued] = *t;
        lx->queue[lx->queued++].span.end = offset_of(lx, lx->at);
        OP(TOK_AUG, AMB_SUB)
    }
    [\x01-\x08\x0b\x0c\x0e-\x1f\x7f] {
        report(lx, DIAG_CONTROL_CHARACTER, from, lx->at);
        return LEX_AGAIN;
    }
    * {
        if (*from == '\\') {
            report(lx, DIAG_BACKSLASH, from, lx->at);
            return LEX_AGAIN;
        }
        report(lx, DIAG_UNEXPECTED_CHARACTER, from, lx->at);
        return TOK_BAD;
    }
    */
#undef YYCURSOR
}

/* A newline inside ${ } of a string that must end on its line. */
static int broken_interp(struct amb_lexer *lx, struct amb_token *t)
{
    uint32_t out = lx->depth;
    while (!single_line_interp(&lx->stack[out]))
        out--;
    uint32_t open = lx->stack[out].offset;
    if (!lx->skipping)
        ambdiag_plain(lx->diags, DIAG_UNTERMINATED_INTERPOLATION, ((amb_span){ open, open + 2 }));
    while (lx->line_interps > 0)
        pop_to(lx, lx->depth - 1);
    lx->at--; /* the newline comes again, after this */
    t->span.start = t->span.end = offset_of(lx, lx->at);
    return TOK_BAD;
}

/* At the end of the file: closes what is open, one message for all. */
static int finish(struct amb_lexer *lx, struct amb_token *t)
{
    const struct amb_bracket *top = amblexer_top(lx);
    if (lx->depth == 0 || lx->finished) {
        lx->finished = true;
        return 0;
    }
    uint32_t body = body_depth(lx, lx->depth);
    if (!lx->ended)
        report_unclosed(lx, top, t->span);
    lx->ended = true; /* the brackets outside it stay silent */
    if (body < lx->depth) {
        pop_to(lx, body);
        return TOK_BAD;
    }
    pop_to(lx, lx->depth - 1);
    return TOK_RB;
}

static int scan_token(struct amb_lexer *lx, struct amb_token *t, bool *newline,
                      uint32_t *newline_at)
{
    for (;;) {
        if (lx->finished) {
            memset(t, 0, sizeof *t);
            t->span.start = t->span.end = offset_of(lx, lx->limit);
            return 0;
        }
        int kind = scan(lx, t);
        t->span.end = offset_of(lx, lx->at);
        if (kind == LEX_NEWLINE) {
            if (lx->line_interps > 0)
                return broken_interp(lx, t);
            if (!*newline)
                *newline_at = t->span.start;
            *newline = true;
            lx->line_start = true;
            continue;
        }
        if (kind == LEX_AGAIN)
            continue;
        if (kind == 0)
            kind = finish(lx, t);
        lx->line_start = false;
        keep_doc(lx, t->span.start);
        return kind;
    }
}

/* Whether the innermost bracket is closed by a closer of its kind not far behind `from`. */
static bool closes_soon(const struct amb_lexer *lx, const unsigned char *from)
{
    char open[64];
    int depth = 0;
    uint8_t kind = amblexer_top(lx)->kind;
    open[depth++] = kind == BRACKET_PAREN ? ')' : kind == BRACKET_SQUARE ? ']' : '}';
    const unsigned char *end = lx->limit - from > MAX_LOOKAHEAD ? from + MAX_LOOKAHEAD : lx->limit;
    for (const unsigned char *q = from; q < end; q++) {
        switch (*q) {
        case '#':
            while (q < end && *q != '\n')
                q++;
            break;
        case '"': case '\'': {
            unsigned char mark = *q;
            for (q++; q < end && *q != mark && *q != '\n'; q++)
                if (*q == '\\')
                    q++;
            break;
        }
        case '(': case '[': case '{':
            if (depth == (int)sizeof open)
                return true;
            open[depth++] = *q == '(' ? ')' : *q == '[' ? ']' : '}';
            break;
        case ')': case ']': case '}':
            if (*q != (unsigned char)open[--depth])
                return false;
            if (depth == 0)
                return true;
            break;
        default:
            break;
        }
    }
    return end < lx->limit;
}

static void requeue(struct amb_lexer *lx, int kind, const struct amb_token *t)
{
    /* In front of what is there (the 1 of a ++). */
    for (uint32_t i = lx->queued; i > 0; i--) {
        lx->queue[i] = lx->queue[i - 1];
        lx->queue_kind[i] = lx->queue_kind[i - 1];
    }
    lx->queue[0] = *t;
    lx->queue_kind[0] = kind;
    lx->queued++;
}

static void make_separator(struct amb_token *t, uint32_t at)
{
    memset(t, 0, sizeof *t);
    t->span = (amb_span){ at, at };
}

/* What stands for the newline before `t`, or 0 for nothing. */
static int separator(struct amb_lexer *lx, int kind, const struct amb_token *t)
{
    const struct amb_bracket *top = amblexer_top(lx);
    if (kind == TOK_BAD)
        return 0;
    switch (top->kind) {
    case BRACKET_BODY: case BRACKET_MATCH: case BRACKET_SELECT:
        if (!ends_statement(lx->prev) || continues(lx, kind))
            return 0;
        if (kind == TOK_LB && top->kind == BRACKET_BODY) {
            if (!lx->skipping)
                ambdiag_plain(lx->diags, DIAG_BRACE_ON_NEXT_LINE, t->span);
            return 0;
        }
        return TOK_SEP;
    case BRACKET_MAP:
        if (!ends_operand(lx->prev) || continues(lx, kind))
            return 0;
        if (starts_statement_only(kind)) {
            report_unclosed(lx, top, t->span);
            pop_to(lx, body_depth(lx, lx->depth));
            return TOK_BAD;
        }
        if (!lx->skipping)
            ambdiag_plain(lx->diags, DIAG_MISSING_COMMA,
                          ((amb_span){ lx->prev_end, lx->prev_end }));
        return TOK_COMMA;
    case BRACKET_PAREN: case BRACKET_SQUARE:
        if (lx->skipping)
            return 0;
        if (!ends_operand(lx->prev) || !(starts_operand(kind) || starts_statement_only(kind)))
            return 0;
        if (!starts_statement_only(kind) &&
            closes_soon(lx, (const unsigned char *)lx->src->text + t->span.start)) {
            ambdiag_plain(lx->diags, DIAG_MISSING_COMMA,
                          ((amb_span){ lx->prev_end, lx->prev_end }));
            return TOK_COMMA;
        }
        report_unclosed(lx, top, t->span);
        pop_to(lx, body_depth(lx, lx->depth));
        return TOK_BAD;
    default:
        return 0;
    }
}

/* The class of a { from what stands before it. */
static uint8_t brace_kind(struct amb_lexer *lx, int *kind)
{
    struct amb_bracket *top = &lx->stack[lx->depth];
    switch (lx->prev) {
    case 0: case TOK_SEP: case TOK_ARROW: case TOK_SPAWN: case TOK_DEFER: case TOK_LB:
    case TOK_LBLOCK:
        if (lx->prev == TOK_LB && !is_body(top->kind))
            return BRACKET_MAP;
        *kind = TOK_LBLOCK;
        return BRACKET_BODY;
    case TOK_ELSE: case TOK_TRY: case TOK_LOOP: case TOK_FINALLY:
        return BRACKET_BODY;
    case TOK_SELECT:
        return BRACKET_SELECT;
    case TOK_WITH:
        return BRACKET_MAP;
    case TOK_CATCH: case TOK_GROUP: case TOK_PRIVATE:
        break;
    default:
        if (!ends_operand(lx->prev) && lx->prev2 != TOK_GET)
            return BRACKET_MAP;
    }
    if (top->match_pending > 0) {
        if (top->bodies_first == 0) {
            top->match_pending--;
            return BRACKET_MATCH;
        }
        top->bodies_first--;
    }
    return BRACKET_BODY;
}

/* Everything that depends on the order in which the parser sees tokens. */
static int deliver(struct amb_lexer *lx, int kind, struct amb_token *t)
{
    struct amb_bracket *top = &lx->stack[lx->depth];
    switch (kind) {
    case TOK_LP:
        push(lx, BRACKET_PAREN, t->span.start, 0);
        break;
    case TOK_LBRACKET: case TOK_QBRACKET:
        push(lx, BRACKET_SQUARE, t->span.end - 1, 0);
        break;
    case TOK_LB:
        push(lx, brace_kind(lx, &kind), t->span.start, 0);
        break;
    case TOK_SEP:
        top->stmt_start = t->span.end;
        top->match_pending = top->bodies_first = 0;
        break;
    case TOK_MATCH:
        if (top->match_pending < 255)
            top->match_pending++;
        break;
    case TOK_IF: case TOK_CATCH: case TOK_WITHIN: case TOK_GROUP: case TOK_FOR: case TOK_WHILE:
        if (top->match_pending > 0 && top->bodies_first < 255)
            top->bodies_first++;
        break;
    case TOK_AFTER:
        if (top->kind != BRACKET_SELECT ||
            (lx->prev != TOK_SEP && lx->prev != TOK_LB && lx->prev != TOK_COMMA))
            kind = TOK_ID;
        break;
    default:
        break;
    }
    lx->prev2 = lx->prev;
    lx->prev = kind;
    lx->prev_end = t->span.end;
    return lx->finished && kind != 0 && lx->depth == AMB_MAX_NESTING ? 0 : kind;
}

int amblexer_next(struct amb_lexer *lx, struct amb_token *t)
{
    if (lx->queued > 0) {
        int kind = lx->queue_kind[0];
        *t = lx->queue[0];
        lx->queued--;
        for (uint32_t i = 0; i < lx->queued; i++) {
            lx->queue[i] = lx->queue[i + 1];
            lx->queue_kind[i] = lx->queue_kind[i + 1];
        }
        return deliver(lx, kind, t);
    }
    bool newline = false;
    uint32_t newline_at = 0;
    int kind = scan_token(lx, t, &newline, &newline_at);
    if (newline) {
        int between = separator(lx, kind, t);
        if (between) {
            requeue(lx, kind, t);
            make_separator(t, between == TOK_SEP ? newline_at : lx->prev_end);
            return deliver(lx, between, t);
        }
    }
    return deliver(lx, kind, t);
}

/* Blocks whose insides are not statements: skipped whole when their head is broken. */
static bool skips_body(const struct amb_lexer *lx, uint32_t from)
{
    const unsigned char *q = (const unsigned char *)lx->src->text + from;
    for (int i = 0; i < 3; i++) {
        while (q < lx->limit && (*q == ' ' || *q == '\t' || *q == '\n' || *q == '\r'))
            q++;
        const unsigned char *word = q;
        while (q < lx->limit && is_word_byte(*q))
            q++;
        switch (word_kind(word, (size_t)(q - word))) {
        case TOK_CLASS: case TOK_ENUM: case TOK_MATCH: case TOK_SELECT: case TOK_ARGS:
            return true;
        case TOK_PUB: case TOK_OPEN: case TOK_VALUE:
            continue;
        default:
            return false;
        }
    }
    return false;
}

int amblexer_resync(struct amb_lexer *lx, int kind, struct amb_token *t)
{
    bool whole = kind == TOK_LBLOCK; /* a brace where none may stand: its block goes, too */
    bool opened = kind == TOK_LB || kind == TOK_LBLOCK || kind == TOK_LP ||
                  kind == TOK_LBRACKET || kind == TOK_QBRACKET || kind == TOK_IHEAD;
    uint32_t inner = lx->depth - (opened && lx->depth > 0 ? 1 : 0);
    uint32_t target = body_depth(lx, inner);
    bool first = true, was_skipping = lx->skipping;
    lx->skipping = true;
    for (;;) {
        if (kind == 0 || lx->finished)
            break;
        if (lx->depth < target) /* the closing brace of the body itself */
            break;
        if (kind == TOK_SEP && lx->depth == target)
            break;
        /* Never the token at fault itself: there must be progress. */
        if (!first && (t->first || kind == TOK_SEP) && lx->depth > target &&
            body_depth(lx, lx->depth) == target && !closes_soon(lx, lx->at)) {
            pop_to(lx, target);
            if (kind == TOK_SEP)
                break;
            requeue(lx, kind, t);
            make_separator(t, t->span.start);
            kind = TOK_SEP;
            break;
        }
        if ((kind == TOK_LB || kind == TOK_LBLOCK) && lx->depth == target + 1 &&
            is_body(lx->stack[lx->depth].kind) && !whole &&
            !skips_body(lx, lx->stack[target].stmt_start))
            break;
        kind = amblexer_next(lx, t);
        first = false;
    }
    lx->skipping = was_skipping;
    return kind;
}

bool amblexer_init(struct amb_lexer *lx, struct amb_source *src, struct amb_arena *arena,
                   struct amb_diags *diags)
{
    memset(lx, 0, sizeof *lx);
    lx->src = src;
    lx->arena = arena;
    lx->diags = diags;
    lx->at = (const unsigned char *)src->text;
    lx->limit = lx->at + src->len;
    lx->stack[0].kind = BRACKET_BODY;
    lx->line_start = true;
    size_t good = valid_prefix(lx->at, src->len);
    if (good < src->len) {
        ambdiag_plain(diags, DIAG_NOT_UTF8,
                      ((amb_span){ (uint32_t)good, (uint32_t)good + 1 }));
        return false;
    }
    if (src->len >= 3 && memcmp(lx->at, "\xef\xbb\xbf", 3) == 0)
        lx->at += 3;
    return true;
}
