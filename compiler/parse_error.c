/* SPDX-License-Identifier: MIT */
/* What to say about a token that no rule accepts. */
#include "parse_build.h"

#include <string.h>

#include "grammar.h"

void ambbuild_too_deep(struct amb_parser *p)
{
    if (!p->too_deep) ambdiag_plain(p->diags, DIAG_NESTED_TOO_DEEPLY, p->last.span);
    p->too_deep = true;
}

/* Words of other languages, and what to write instead. */
static const struct foreign {
    const char *word, *hint;
} foreign[] = {
    {"async", "every call may wait: there is no async"},
    {"await", "every call may wait: leave it out, or write t.wait()"},
    {"case", "write: match x { 1 => ..., 2 => ... }"},
    {"const", "write: let name = value"},
    {"def", "write: fn name(...) { ... }"},
    {"del", "write: m.remove(key)"},
    {"delete", "write: m.remove(key)"},
    {"do", "write: loop { ...; if done { break } }"},
    {"elif", "write: else if"},
    {"except", "write: catch e { ... }"},
    {"export", "write: pub fn ..., pub let ..."},
    {"foreach", "write: for x in xs { ... }"},
    {"func", "write: fn name(...) { ... }"},
    {"function", "write: fn name(...) { ... }"},
    {"go", "write: spawn f(x), or spawn { ... }"},
    {"global", "names of the module are visible in its functions"},
    {"interface", "there are no interfaces: give classes the same methods"},
    {"lambda", "write: x => ..."},
    {"local", "write: let name = value, or var name = value"},
    {"new", "call the class: Name(...)"},
    {"nonlocal", "names of the function around are visible"},
    {"print", "write: print(...)"},
    {"raise", "write: throw Error(\"...\")"},
    {"repeat", "write: loop { ...; if done { break } }"},
    {"struct", "write: value class Name(a, b)"},
    {"switch", "write: match x { 1 => ..., 2 => ... }"},
    {"then", "write: if a { ... }"},
    {"trait", "there are no traits: give classes the same methods"},
    {"typeof", "write: type(x), or x is int"},
    {"unless", "write: if not a { ... }"},
    {"until", "write: while not a { ... }"},
};

static const char *foreign_hint(amb_text word)
{
    for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++)
        if (strlen(foreign[i].word) == word.len &&
            memcmp(foreign[i].word, word.at, word.len) == 0)
            return foreign[i].hint;
    return NULL;
}

static amb_text span_text(const struct amb_parser *p, amb_span span)
{
    return (amb_text){p->src->text + span.start, span.end - span.start};
}

static bool is_word(const struct amb_parser *p, const struct amb_token *t)
{
    unsigned char c = (unsigned char)p->src->text[t->span.start];
    return t->span.end > t->span.start &&
           ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 0x80);
}

static bool is_reserved(const struct amb_parser *p, int kind, const struct amb_token *t)
{
    switch (kind) {
    case TOK_ID:
    case TOK_AFTER:
    case TOK_ARGS:
    case TOK_FROM:
    case TOK_GET:
    case TOK_INIT:
    case TOK_NEED:
    case TOK_OPEN:
    case TOK_SET:
    case TOK_STATIC:
    case TOK_TEST:
    case TOK_USE:
    case TOK_VALUE:
    case TOK_WITH:
    case TOK_STRING:
    case TOK_BYTES:
    case TOK_IHEAD:
    case TOK_BAD: return false;
    default: return is_word(p, t);
    }
}

static bool ends_operand(int kind)
{
    switch (kind) {
    case TOK_ID:
    case TOK_INT:
    case TOK_FLOAT:
    case TOK_STRING:
    case TOK_BYTES:
    case TOK_ITAIL:
    case TOK_NIL:
    case TOK_TRUE:
    case TOK_FALSE:
    case TOK_SELF:
    case TOK_RP:
    case TOK_RBRACKET:
    case TOK_RB:
    case TOK_ARGS:
    case TOK_GET:
    case TOK_SET:
    case TOK_TEST:
    case TOK_VALUE:
    case TOK_OPEN:
    case TOK_INIT:
    case TOK_STATIC:
    case TOK_USE:
    case TOK_NEED:
    case TOK_FROM: return true;
    default: return false;
    }
}

static bool starts_operand(int kind)
{
    switch (kind) {
    case TOK_ID:
    case TOK_INT:
    case TOK_FLOAT:
    case TOK_STRING:
    case TOK_BYTES:
    case TOK_IHEAD:
    case TOK_NIL:
    case TOK_TRUE:
    case TOK_FALSE:
    case TOK_SELF:
    case TOK_SUPER:
    case TOK_FN:
    case TOK_LET:
    case TOK_VAR:
    case TOK_IF:
    case TOK_FOR:
    case TOK_WHILE:
    case TOK_RETURN:
    case TOK_CLASS:
    case TOK_ENUM:
    case TOK_MATCH:
    case TOK_TRY:
    case TOK_THROW:
    case TOK_LOOP:
    case TOK_SPAWN:
    case TOK_BREAK:
    case TOK_CONTINUE:
    case TOK_DEFER:
    case TOK_IMPORT:
    case TOK_NOT:
    case TOK_YIELD:
    case TOK_GROUP:
    case TOK_WITHIN:
    case TOK_SELECT:
    case TOK_GET:
    case TOK_SET:
    case TOK_STATIC:
    case TOK_TEST:
    case TOK_ARGS:
    case TOK_USE:
    case TOK_NEED:
    case TOK_VALUE:
    case TOK_OPEN:
    case TOK_INIT:
    case TOK_PUB:
    case TOK_PRIVATE: return true;
    default: return false;
    }
}

/* The first word of the statement being read. */
static amb_text word_from(const struct amb_parser *p, const struct amb_bracket *body)
{
    const char *q = p->src->text + body->stmt_start;
    const char *end = p->src->text + p->src->len;
    while (q < end && (*q == ' ' || *q == '\t' || *q == '\n' || *q == '\r')) q++;
    const char *start = q;
    while (q < end && *q >= 'a' && *q <= 'z') q++;
    return (amb_text){start, (uint32_t)(q - start)};
}

static amb_text first_word(const struct amb_parser *p)
{
    return word_from(p, amblexer_body(&p->lexer));
}

/* Whether what is being read stands directly in the braces of an enum. */
static bool in_enum(const struct amb_parser *p)
{
    const struct amb_bracket *body = amblexer_body(&p->lexer);
    return body == amblexer_top(&p->lexer) && body > p->lexer.stack &&
           ambtext_equal(word_from(p, body - 1), AMB_TEXT("enum"));
}

static bool one_of(amb_text word, const char *const *words)
{
    for (; *words; words++)
        if (strlen(*words) == word.len && memcmp(*words, word.at, word.len) == 0)
            return true;
    return false;
}

/* Whether the block being read was opened by `=> {`. */
static bool in_arrow_block(const struct amb_parser *p)
{
    const char *q = p->src->text + amblexer_body(&p->lexer)->offset;
    while (q > p->src->text && (q[-1] == ' ' || q[-1] == '\t')) q--;
    return p->lexer.depth > 0 && q - p->src->text >= 2 && q[-1] == '>' && q[-2] == '=';
}

/* Mistakes at a colon. */
static bool report_colon(struct amb_parser *p, const struct amb_token *t)
{
    static const char *const heads[] = {
        "if",   "else",  "for",     "while", "fn",   "def",    "class",  "try", "match",
        "loop", "catch", "finally", "elif",  "with", "switch", "except", NULL};
    amb_text word = first_word(p);
    if (in_arrow_block(p) && p->lexer.prev2 != TOK_SEP &&
        amblexer_top(&p->lexer) == amblexer_body(&p->lexer)) {
        ambdiag_plain(p->diags, DIAG_MAP_BODY, t->span);
        return true;
    }
    if (p->last_kind == TOK_ELSE || p->last_kind == TOK_TRY || p->last_kind == TOK_LOOP ||
        p->last_kind == TOK_FINALLY || one_of(word, heads)) {
        ambdiag_add(p->diags, DIAG_PYTHON_COLON, t->span, word);
        return true;
    }
    return false;
}

/* name: something that is no loop. */
static bool report_after_label(struct amb_parser *p, const struct amb_token *t)
{
    if (p->last_kind != TOK_COLON || p->last_kind2 != TOK_ID) return false;
    if (amblexer_top(&p->lexer) != amblexer_body(&p->lexer)) return false;
    const struct amb_bracket *body = amblexer_body(&p->lexer);
    amb_text word = first_word(p);
    if (body->kind != BRACKET_BODY ||
        word.at + word.len > p->src->text + p->last.span.start)
        return false;
    if (in_arrow_block(p))
        ambdiag_plain(p->diags, DIAG_MAP_BODY, p->last.span);
    else
        ambdiag_plain(p->diags, DIAG_LABEL_WITHOUT_LOOP, t->span);
    return true;
}

static bool starts_statement(int kind)
{
    switch (kind) {
    case TOK_LET:
    case TOK_VAR:
    case TOK_CLASS:
    case TOK_ENUM:
    case TOK_FOR:
    case TOK_WHILE:
    case TOK_IMPORT:
    case TOK_PUB:
    case TOK_DEFER:
    case TOK_RETURN:
    case TOK_BREAK:
    case TOK_CONTINUE: return true;
    default: return false;
    }
}

/* Tokens that something must follow. */
static bool leaves_open(int kind)
{
    return kind != 0 && kind != TOK_SEP && kind != TOK_BAD && kind != TOK_LB &&
           kind != TOK_LBLOCK && !ends_operand(kind);
}

#define QUOTED 48

/* The token in backquotes, when it is short enough to be of use. */
static amb_text shown(const struct amb_parser *p, const struct amb_token *t, char *buffer)
{
    amb_text text = span_text(p, t->span);
    if (text.len == 0) return AMB_TEXT("end of line");
    if (text.at[0] == '"' || text.at[0] == '\'') return AMB_TEXT("string");
    if (text.len > QUOTED - 2) return AMB_TEXT("text");
    buffer[0] = buffer[text.len + 1] = '`';
    memcpy(buffer + 1, text.at, text.len);
    return (amb_text){buffer, text.len + 2};
}

/* hint: NULL, none */
static void plain_hint(struct amb_parser *p, const struct amb_token *t, const char *hint)
{
    char quoted[QUOTED];
    struct amb_diag *d = ambdiag_add(p->diags, DIAG_UNEXPECTED_TOKEN, t->span, shown(p, t, quoted));
    if (hint) ambdiag_hint(p->diags, d, (amb_text){hint, (uint32_t)strlen(hint)});
}

static bool report_word(struct amb_parser *p, int kind, const struct amb_token *t)
{
    /* `def f`, `new A`: the word before is the mistake. */
    if (p->last_kind == TOK_ID) {
        amb_text word = span_text(p, p->last.span);
        const char *hint = foreign_hint(word);
        if (hint) {
            ambdiag_add(p->diags, DIAG_FOREIGN_WORD, p->last.span, word,
                        ((amb_text){hint, (uint32_t)strlen(hint)}));
            return true;
        }
    }
    if (kind == TOK_ID && ends_operand(p->last_kind)) {
        amb_text word = span_text(p, t->span);
        const char *hint = foreign_hint(word);
        if (hint && !ambtext_equal(word, AMB_TEXT("print"))) {
            ambdiag_add(p->diags, DIAG_FOREIGN_WORD, t->span, word,
                        ((amb_text){hint, (uint32_t)strlen(hint)}));
            return true;
        }
    }
    if (kind == TOK_ID && p->last_kind == TOK_RP &&
        ambtext_equal(first_word(p), AMB_TEXT("fn"))) {
        ambdiag_add(p->diags, DIAG_RESULT_TYPE, t->span, span_text(p, t->span));
        return true;
    }
    if (!is_reserved(p, kind, t)) return false;
    if ((kind == TOK_LET || kind == TOK_VAR || kind == TOK_CLASS) && in_enum(p) &&
        (p->last_kind == TOK_COMMA || !leaves_open(p->last_kind))) {
        ambdiag_plain(p->diags, DIAG_ENUM_MEMBER, t->span);
        return true;
    }
    switch (p->last_kind) {
    case TOK_LET:
    case TOK_VAR:
    case TOK_FN:
    case TOK_CLASS:
    case TOK_ENUM:
    case TOK_AS:
    case TOK_FOR:
        ambdiag_add(p->diags, DIAG_RESERVED_WORD, t->span, span_text(p, t->span));
        return true;
    default: break;
    }
    if (kind == TOK_ELSE && amblexer_top(&p->lexer)->kind == BRACKET_MATCH) {
        ambdiag_plain(p->diags, DIAG_ELSE_ARM, t->span);
        return true;
    }
    if (kind == TOK_ELSE && amblexer_top(&p->lexer)->kind == BRACKET_SELECT) {
        plain_hint(p, t, "an arm for when nothing is there: after 0 => ...");
        return true;
    }
    if (kind == TOK_ELSE || kind == TOK_CATCH || kind == TOK_FINALLY) {
        ambdiag_add(p->diags, DIAG_STRAY_ELSE, t->span, span_text(p, t->span));
        return true;
    }
    if (kind == TOK_YIELD && !ends_operand(p->last_kind)) {
        ambdiag_plain(p->diags, DIAG_YIELD_AS_VALUE, t->span);
        return true;
    }
    return false;
}

/* `switch (x) { }`: the statement's first word looks like a function. */
static bool report_foreign_head(struct amb_parser *p)
{
    const struct amb_bracket *body = amblexer_body(&p->lexer); /* the { itself */
    if (body == p->lexer.stack) return false;
    amb_text word = word_from(p, body - 1);
    const char *hint = foreign_hint(word);
    if (!hint || ambtext_equal(word, AMB_TEXT("print"))) return false;
    uint32_t at = (uint32_t)(word.at - p->src->text);
    ambdiag_add(p->diags, DIAG_FOREIGN_WORD, ((amb_span){at, at + word.len}), word,
                ((amb_text){hint, (uint32_t)strlen(hint)}));
    return true;
}

static bool report_sign(struct amb_parser *p, int kind, const struct amb_token *t)
{
    switch (kind) {
    case TOK_QMARK:
        if (amblexer_top(&p->lexer)->kind == BRACKET_PAREN &&
            (p->src->text[t->span.end] == ',' || p->src->text[t->span.end] == ')')) {
            ambdiag_plain(p->diags, DIAG_ARROW_ANNOTATION, t->span);
            return true;
        }
        ambdiag_plain(p->diags, DIAG_TERNARY, t->span);
        return true;
    case TOK_COLON: return report_colon(p, t);
    case TOK_PLUS:
        if (ends_operand(p->last_kind)) return false;
        ambdiag_plain(p->diags, DIAG_UNARY_PLUS, t->span);
        return true;
    case TOK_FLOOR:
    case TOK_SLASH:
        if (ends_operand(p->last_kind) && p->last_kind != TOK_RB) return false;
        ambdiag_plain(p->diags, DIAG_FOREIGN_COMMENT, t->span);
        return true;
    case TOK_RBRACKET:
        if (p->last_kind != TOK_LBRACKET) return false;
        ambdiag_plain(p->diags, DIAG_EMPTY_INDEX, t->span);
        return true;
    case TOK_LBLOCK:
        if (p->last_kind == TOK_ARROW) return false;
        ambdiag_plain(p->diags, DIAG_BRACE_STATEMENT, t->span);
        return true;
    case TOK_LB:
        if (p->last_kind != TOK_RP) return false;
        if (!report_foreign_head(p)) ambdiag_plain(p->diags, DIAG_BLOCK_AFTER_CALL, t->span);
        return true;
    default: return false;
    }
}

/* A statement's first word at the start of a line inside ( or [. */
static bool report_unclosed(struct amb_parser *p, int kind, const struct amb_token *t)
{
    const struct amb_bracket *top = amblexer_top(&p->lexer);
    if (!t->first || (top->kind != BRACKET_PAREN && top->kind != BRACKET_SQUARE))
        return false;
    if (kind != TOK_LET && kind != TOK_VAR && kind != TOK_CLASS && kind != TOK_ENUM &&
        kind != TOK_FOR && kind != TOK_WHILE && kind != TOK_IMPORT && kind != TOK_PUB &&
        kind != TOK_RETURN && kind != TOK_DEFER)
        return false;
    bool paren = top->kind == BRACKET_PAREN;
    struct amb_diag *d = ambdiag_add(
        p->diags, DIAG_UNCLOSED_BRACKET, ((amb_span){top->offset, top->offset + 1}),
        paren ? AMB_TEXT("(") : AMB_TEXT("["), paren ? AMB_TEXT(")") : AMB_TEXT("]"));
    ambdiag_relate(d, t->span, AMB_TEXT("it should have been closed before this"));
    return true;
}

static void report_general(struct amb_parser *p, int kind, const struct amb_token *t)
{
    if (kind == 0) {
        ambdiag_plain(p->diags, DIAG_UNEXPECTED_END, t->span);
        return;
    }
    if (kind == TOK_SEP && p->src->text[t->span.start] != ';') {
        amb_text before = span_text(p, p->last.span);
        ambdiag_add(p->diags, DIAG_INCOMPLETE_LINE, p->last.span,
                    before.len > 0 ? before : AMB_TEXT("this"));
        return;
    }
    if ((p->last_kind == TOK_BREAK || p->last_kind == TOK_CONTINUE) &&
        starts_operand(kind)) {
        ambdiag_add(p->diags, DIAG_BREAK_WITH_VALUE, t->span, span_text(p, p->last.span));
        return;
    }
    if (ends_operand(p->last_kind) && starts_operand(kind)) {
        const struct amb_bracket *top = amblexer_top(&p->lexer);
        if (top->kind == BRACKET_PAREN || top->kind == BRACKET_SQUARE ||
            top->kind == BRACKET_MAP) {
            ambdiag_plain(p->diags, DIAG_MISSING_COMMA,
                          ((amb_span){p->last.span.end, p->last.span.end}));
            return;
        }
        static const char *const heads[] = {"for", "while", "if", "match", NULL};
        if (top->kind == BRACKET_BODY && one_of(first_word(p), heads) &&
            p->last_kind != TOK_RB) {
            ambdiag_add(p->diags, DIAG_MISSING_BRACE, t->span, first_word(p));
            return;
        }
        if (!t->first || t->span.start == p->last.span.end) {
            char quoted[QUOTED];
            struct amb_diag *d =
                ambdiag_add(p->diags, DIAG_TWO_STATEMENTS, t->span, shown(p, t, quoted));
            if (ambtext_equal(first_word(p), AMB_TEXT("use")))
                ambdiag_hint(p->diags, d, AMB_TEXT("write: use provider.resource(...) for right, right as name"));
            return;
        }
    }
    if (t->first && starts_statement(kind) && leaves_open(p->last_kind)) {
        ambdiag_add(p->diags, DIAG_INCOMPLETE_LINE, p->last.span, span_text(p, p->last.span));
        return;
    }
    const char *hint = NULL;
    if (p->last_kind == TOK_WITHIN) hint = "write: within(seconds) { ... }";
    else if (p->last_kind == TOK_SELECT) hint = "write: select { x from channel => ..., after seconds => ... }";
    else if (kind == TOK_ARROW && amblexer_top(&p->lexer)->kind == BRACKET_SELECT)
        hint = "arms of a select are: x from channel => ..., and: after seconds => ...";
    plain_hint(p, t, hint);
}

void ambbuild_syntax_error(struct amb_parser *p, int kind, const struct amb_token *t)
{
    p->failed = true;
    if (p->quiet || p->too_deep || kind == TOK_BAD || p->lexer.ended) return;
    if (report_after_label(p, t) || report_unclosed(p, kind, t) ||
        report_word(p, kind, t) || report_sign(p, kind, t))
        return;
    report_general(p, kind, t);
}
