/* SPDX-License-Identifier: MIT */
/* The scope pass's own state. Private to scope*.c and check*.c.
 *
 * While the pass runs, a failed allocation leaves it by the arena's bail, so nothing here
 * returns NULL for lack of memory. */
#ifndef AMB_COMPILER_SCOPE_PASS_H
#define AMB_COMPILER_SCOPE_PASS_H

#include "scope.h"

#define AMB_MAX_UPVALS  255
#define AMB_MAX_GUESSES 20 /* names that "did you mean" is worked out for */

/* One per name that is declared anywhere. Shadowed bindings hang on decl->next. */
struct ambscope_symbol {
    amb_text name;
    struct amb_decl *decl; /* innermost visible, or NULL */
    uint32_t prelude;      /* index + 1, or 0 */
};

/* A mention of a binding of some block, to be judged when the whole block is known. */
struct ambscope_mention {
    struct amb_ref *ref;
    struct amb_node *node;
    uint32_t stmt; /* index, in the binding's block, of the statement it stands in */
    bool crosses;  /* from an inner function */
    bool deferred; /* inside a defer of the same function */
};

/* What amb_lexical_scope.hidden points to. */
struct ambscope_data {
    struct amb_node
        *block;    /* NODE_BLOCK, or NULL for scopes of patterns and parameters */
    uint32_t stmt; /* being walked */
    struct ambscope_mention *mentions;
    uint32_t mention_count, mention_cap;
};

struct ambscope_loop {
    struct amb_node *node; /* NULL: a wall that no jump passes */
    amb_text label;
    struct ambscope_loop *outer;
};

/* State of the function being walked. */
struct ambscope_frame {
    struct amb_fn *fn;
    struct ambscope_frame *outer;
    struct ambscope_loop *loops;
    struct amb_node *group; /* nearest */
    const char *no_yield;   /* "group" or "within" around this point, or NULL */
    uint32_t defers;        /* nested in so many defer statements */
    uint32_t no_tail;       /* so many things around forbid tail calls */
    uint32_t loop_depth;
    struct amb_node **tails; /* calls marked so far */
    uint32_t tail_count, tail_cap;
};

/* A member of a class or enum, found by owner and name. */
struct ambscope_member {
    const void *owner; /* struct amb_class_decl or struct amb_enum */
    amb_text name;
    struct amb_field *field; /* one of these three */
    struct amb_method *method;
    struct amb_enum_case *case_;
    bool has_other; /* the getter's setter or the other way round was seen */
};

struct ambscope {
    struct amb_unit *module;
    struct amb_arena *arena;
    struct amb_diags *diags;
    const struct amb_scope_options *options;
    uint64_t seed;
    struct ambscope_symbol *symbols;
    uint32_t symbol_count, symbol_cap;
    uint32_t *index; /* open addressing into symbols, 0 is free */
    uint32_t index_size;
    struct ambscope_member *members;
    uint32_t member_count, member_cap;
    uint32_t *member_index;
    uint32_t member_index_size;
    struct amb_lexical_scope *scope;
    struct ambscope_frame *frame;
    struct amb_class_decl *cls; /* whose body this is, for private names */
    uint32_t guesses;
    uint32_t slot_cap, import_cap, use_cap, need_cap, test_cap;
};

/* How the value of an expression or statement is used. */
enum ambscope_use {
    USE_VALUE, /* it is needed */
    USE_DROP,  /* it is not */
    USE_LAST   /* not needed, last statement of a function's body */
};

/* scope.c */
struct amb_lexical_scope *ambscope_enter(struct ambscope *s, struct amb_node *block);
void ambscope_leave(struct ambscope *s);
void ambscope_declare(struct ambscope *s, struct amb_decl *decl, enum amb_decl_kind kind);
struct ambscope_symbol *ambscope_find(struct ambscope *s, amb_text name, bool add);
void ambscope_mention(struct ambscope *s, struct amb_ref *ref, struct amb_node *node,
                      struct amb_decl *decl);
void ambscope_tail(struct ambscope *s, struct amb_node *value);
void ambscope_undefined(struct ambscope *s, const struct amb_node *name);
/* "; did you mean x?" among names given one by one. */
struct ambscope_guess {
    amb_text wanted, best;
    uint32_t distance;
};
void ambscope_guess_try(struct ambscope_guess *guess, amb_text name);
void ambscope_guess_hint(struct ambscope *s, struct amb_diag *diag,
                         const struct ambscope_guess *guess);

/* scope_order.c */
void ambscope_order_block(struct ambscope *s, struct amb_lexical_scope *scope);

/* scope_walk.c */
void ambscope_name(struct ambscope *s, struct amb_node *node, bool assign);
void ambscope_self(struct ambscope *s, struct amb_node *at, struct amb_ref *ref);
void ambscope_expr(struct ambscope *s, struct amb_node *node);
void ambscope_node(struct ambscope *s, struct amb_node *node, enum ambscope_use use);
void ambscope_block(struct ambscope *s, struct amb_node *block, enum ambscope_use use);
/* Declares the names of a pattern and resolves what else is in it. */
void ambscope_pattern(struct ambscope *s, struct amb_node *pattern,
                      enum amb_decl_kind kind);

/* scope_fn.c: functions and types */
void ambscope_fn(struct ambscope *s, struct amb_fn *fn);
void ambscope_enter_fn(struct ambscope *s, struct amb_fn *fn,
                       struct ambscope_frame *frame);
void ambscope_leave_fn(struct ambscope *s);
void ambscope_params(struct ambscope *s, struct amb_fn *fn);
void ambscope_type(struct ambscope *s, struct amb_node *type);
void ambscope_need_type(struct ambscope *s, struct amb_node *type);
bool ambscope_admits_nil(const struct amb_node *type);

/* scope_class.c */
void ambscope_class_head(struct ambscope *s, struct amb_class_decl *cls);
void ambscope_class_cycles(struct ambscope *s, struct amb_node *block);
void ambscope_class(struct ambscope *s, struct amb_class_decl *cls);
void ambscope_enum_head(struct ambscope *s, struct amb_enum *e);
void ambscope_enum(struct ambscope *s, struct amb_enum *e);
const struct ambscope_member *ambscope_member(struct ambscope *s, const void *owner,
                                              amb_text name);
void ambscope_member_access(struct ambscope *s, struct amb_node *node, bool assign);

/* scope_module.c */
void ambscope_import_head(struct ambscope *s, struct amb_node *node);
void ambscope_import(struct ambscope *s, struct amb_node *node);
const struct amb_export *ambscope_export(struct ambscope *s,
                                         const struct amb_import *import, amb_text name,
                                         amb_span span);
void ambscope_use(struct ambscope *s, struct amb_node *node);
void ambscope_need(struct ambscope *s, struct amb_node *node);
void ambscope_args(struct ambscope *s, struct amb_node *node);
void ambscope_test(struct ambscope *s, struct amb_node *node);
void ambscope_finish_module(struct ambscope *s, struct amb_lexical_scope *scope);
bool ambscope_top_level(struct ambscope *s, const struct amb_node *node, amb_text what);
amb_text ambscope_kind_text(const struct amb_decl *decl);

/* check.c: rules that need no names */
void ambcheck_effect(struct ambscope *s, const struct amb_node *node,
                     enum ambscope_use use);
bool ambcheck_is_jump(const struct amb_node *node);
void ambcheck_statements(struct ambscope *s, const struct amb_node *block);
void ambcheck_map_keys(struct ambscope *s, const struct amb_node *map);
void ambcheck_named(struct ambscope *s, const struct amb_nodes *items);
bool ambcheck_irrefutable(const struct amb_node *pattern);
void ambcheck_case(struct ambscope *s, const struct amb_node *pattern);
void ambcheck_match(struct ambscope *s, const struct amb_node *match);
void ambcheck_catches(struct ambscope *s, const struct amb_node *node);
void ambcheck_plain_pattern(struct ambscope *s, const struct amb_node *pattern);
void ambcheck_pattern_case(struct ambscope *s, const struct amb_node *pattern);

#endif
