/* SPDX-License-Identifier: MIT */
/* Tokens, with the newline rule applied and slips of other languages' habits already
 * mended.
 *
 * The lexer keeps the stack of open brackets. Each `{` is classed by the token before it
 * as the body of something or as a map: that decides whether a newline separates
 * statements, and where the parser may start afresh after a mistake. */
#ifndef AMB_COMPILER_LEXER_H
#define AMB_COMPILER_LEXER_H

#include "ast.h"
#include "diag.h"

enum amb_quote {
    QUOTE_SINGLE = 1, /* '…': no interpolation */
    QUOTE_TRIPLE = 2,
    QUOTE_RAW = 4,
    QUOTE_BYTES = 8
};

struct amb_token {
    amb_span span;
    uint8_t op;      /* TOK_AUG: enum amb_op; strings: enum amb_quote; operators: enum
                        amb_op */
    bool first;      /* on its line */
    bool big;        /* TOK_INT: 2^63, good only behind a unary minus */
    union {
        amb_text text; /* words; the raw inside of strings, escapes and all */
        int64_t i;
        double f;
    } as;
};

enum amb_bracket_kind {
    BRACKET_PAREN, BRACKET_SQUARE, BRACKET_MAP,
    BRACKET_BODY, BRACKET_MATCH, BRACKET_SELECT, /* newlines separate in these */
    BRACKET_INTERP, BRACKET_SPEC
};

struct amb_bracket {
    uint32_t offset;     /* of the opening character */
    uint32_t stmt_start; /* of the statement being read directly inside */
    uint8_t kind, quote;
    uint8_t match_pending, bodies_first; /* `match` heads whose body is still to come */
};

/* Documentation in front of the token at `token`. */
struct amb_doc {
    uint32_t token, start, end;
};

struct amb_lexer {
    struct amb_source *src;
    struct amb_arena *arena;
    struct amb_diags *diags;
    const unsigned char *at, *limit;
    struct amb_bracket stack[AMB_MAX_NESTING + 1]; /* [0] stands for the whole file */
    uint32_t depth;
    uint32_t line_interps; /* open ${ of strings that must end on their line */
    int prev, prev2;       /* delivered tokens; 0 at the start */
    uint32_t prev_end;
    bool line_start;
    bool skipping; /* silently, to where parsing can start afresh */
    bool ended;    /* the text is at its end; open brackets are being closed */
    bool finished; /* nothing comes any more */
    struct amb_token queue[4];
    int queue_kind[4];
    uint32_t queued;
    uint32_t doc_start, doc_end, doc_line_end;
    struct amb_doc *docs;
    uint32_t doc_count, doc_cap;
};

/* Reports text that is not UTF-8 (false: nothing can be read then). */
bool amblexer_init(struct amb_lexer *lexer, struct amb_source *src, struct amb_arena *arena,
                   struct amb_diags *diags);
/* The next token's kind, 0 at the end. TOK_BAD stands for something already reported that
 * no rule accepts. */
int amblexer_next(struct amb_lexer *lexer, struct amb_token *token);
/* After a syntax error at `token`: skips to where a statement may start or end, and gives
 * the token to go on with. */
int amblexer_resync(struct amb_lexer *lexer, int kind, struct amb_token *token);
/* The ## text in front of the token that starts at `offset`, or empty. */
amb_text amblexer_doc(struct amb_lexer *lexer, uint32_t offset);
/* The innermost bracket that is the body of something, and the innermost of all. */
const struct amb_bracket *amblexer_body(const struct amb_lexer *lexer);
const struct amb_bracket *amblexer_top(const struct amb_lexer *lexer);
/* Reads one code point of valid UTF-8. */
uint32_t amblexer_decode(const unsigned char *at, uint32_t *size);

#endif
