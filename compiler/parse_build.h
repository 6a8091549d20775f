/* SPDX-License-Identifier: MIT */
/* What the grammar's actions call. Private to the parser.
 *
 * While the parser runs, a failed allocation leaves it by the arena's bail, so nothing
 * here returns NULL for lack of memory. NULL lists mean "none". */
#ifndef AMB_COMPILER_PARSE_BUILD_H
#define AMB_COMPILER_PARSE_BUILD_H

#include "lexer.h"

struct amb_parser {
    struct amb_lexer lexer;
    struct amb_arena *arena;
    struct amb_diags *diags;
    struct amb_source *src;
    struct amb_unit *module;
    bool failed;           /* the last token was not acceptable */
    bool quiet;            /* starting afresh: what is wrong now was reported */
    bool too_deep;         /* parsing is over */
    struct amb_token last; /* the token before the current one */
    int last_kind, last_kind2;
    amb_text last_word2;
};

enum { MOD_PRIVATE = 1, MOD_STATIC = 2, MOD_PUB = 4, MOD_OPEN = 8, MOD_VALUE = 16 };

struct amb_mods {
    uint8_t flags;
    amb_span span;
};

enum amb_member_kind {
    MEMBER_PARAM,
    MEMBER_FIELD,
    MEMBER_METHOD,
    MEMBER_INIT,
    MEMBER_CASE
};

/* A part of a class or enum until the whole is known. */
struct amb_member {
    enum amb_member_kind kind;
    struct amb_mods mods;
    bool is_field, is_var; /* MEMBER_PARAM: let or var stood before it */
    amb_span span;
    struct amb_param param;
    struct amb_field field;
    struct amb_method method;
    struct amb_enum_case case_;
    struct amb_node *init;
    struct amb_member *next, *last;
};

struct amb_interp_piece {
    struct amb_token text; /* in front of the expression */
    struct amb_node *value, *spec;
};

struct amb_interp {
    struct amb_interp_piece *pieces;
    uint32_t len, cap;
};

struct amb_as {
    bool given, optional;
    struct amb_token name, mark;
};

struct amb_words {
    amb_text *items;
    uint32_t len, cap;
};

struct amb_use_path {
    struct amb_use_part *parts;
    uint32_t len, cap;
    uint32_t end;
};

struct amb_arg_list {
    struct amb_arg_decl *items;
    uint32_t len, cap;
};

size_t ambgrammar_size(void);
void ambgrammar_settle(void *parser);
void ambgrammarInit(void *parser);
void ambgrammar(void *parser, int kind, struct amb_token token, struct amb_parser *p);
void ambgrammarFinalize(void *parser);

/* parse_text.c */
struct amb_node *ambbuild_string(struct amb_parser *p, struct amb_token *t);
struct amb_interp *ambbuild_interp_part(struct amb_parser *p, struct amb_interp *list,
                                        struct amb_token *t, struct amb_node *value,
                                        struct amb_node *spec);
struct amb_node *ambbuild_interp(struct amb_parser *p, struct amb_interp *list,
                                 struct amb_token *tail);
struct amb_node *ambbuild_spec(struct amb_parser *p, struct amb_interp *list,
                               struct amb_token *tail);

/* parse_error.c */
void ambbuild_syntax_error(struct amb_parser *p, int kind, const struct amb_token *t);
void ambbuild_too_deep(struct amb_parser *p);

/* parse_build.c: lists, leaves and expressions */
void ambbuild_deepen(struct amb_parser *p, struct amb_node *node,
                     const struct amb_node *child);
struct amb_node *ambbuild_node(struct amb_parser *p, enum amb_node_kind kind,
                               uint32_t start, uint32_t end);
struct amb_nodes *ambbuild_list(struct amb_parser *p);
struct amb_nodes *ambbuild_push(struct amb_parser *p, struct amb_nodes *list,
                               struct amb_node *node);
void ambbuild_take_list(struct amb_parser *p, struct amb_node *node,
                        struct amb_nodes *into, struct amb_nodes *list);
struct amb_token ambbuild_join(struct amb_token *from, struct amb_token *to);
struct amb_node *ambbuild_leaf(struct amb_parser *p, enum amb_node_kind kind,
                               struct amb_token *t);
struct amb_node *ambbuild_negative(struct amb_parser *p, struct amb_token *minus,
                                   enum amb_node_kind kind, struct amb_token *t);
struct amb_node *ambbuild_name(struct amb_parser *p, struct amb_token *t);
struct amb_node *ambbuild_self(struct amb_parser *p, struct amb_token *t);
struct amb_node *ambbuild_super(struct amb_parser *p, struct amb_token *t,
                                struct amb_token *name);
struct amb_node *ambbuild_word_key(struct amb_parser *p, struct amb_token *t);
struct amb_node *ambbuild_shorthand(struct amb_parser *p, struct amb_token *t);
struct amb_node *ambbuild_pair(struct amb_parser *p, enum amb_node_kind kind,
                               struct amb_node *left, struct amb_node *right);
struct amb_node *ambbuild_named(struct amb_parser *p, enum amb_node_kind kind,
                                struct amb_token *name, struct amb_node *value);
struct amb_node *ambbuild_wrap(struct amb_parser *p, enum amb_node_kind kind,
                               struct amb_token *t, struct amb_node *child);
struct amb_node *ambbuild_listy(struct amb_parser *p, enum amb_node_kind kind,
                                struct amb_token *open, struct amb_nodes *items,
                                struct amb_token *close);
struct amb_node *ambbuild_binary(struct amb_parser *p, struct amb_node *left,
                                 struct amb_token *op, struct amb_node *right);
struct amb_node *ambbuild_compare(struct amb_parser *p, struct amb_node *left,
                                  struct amb_token *op, struct amb_node *right);
struct amb_node *ambbuild_logic(struct amb_parser *p, struct amb_node *left,
                                struct amb_token *op, struct amb_node *right);
struct amb_node *ambbuild_is(struct amb_parser *p, struct amb_node *value,
                             struct amb_token *op, struct amb_node *type, bool negated);
struct amb_node *ambbuild_unary(struct amb_parser *p, struct amb_token *op,
                                struct amb_node *value);
struct amb_node *ambbuild_range(struct amb_parser *p, enum amb_node_kind kind,
                                struct amb_node *from, struct amb_node *to, bool closed);
struct amb_node *ambbuild_open_range(struct amb_parser *p, struct amb_node *from,
                                     struct amb_token *op, struct amb_node *to,
                                     bool closed);
struct amb_node *ambbuild_colon_slice(struct amb_parser *p, struct amb_node *from,
                                      struct amb_token *colon, struct amb_node *to);
struct amb_node *ambbuild_member_of(struct amb_parser *p, struct amb_node *object,
                                    struct amb_token *name, bool optional);
struct amb_node *ambbuild_index(struct amb_parser *p, struct amb_node *object,
                                struct amb_node *key, struct amb_token *close,
                                bool optional);
struct amb_node *ambbuild_call(struct amb_parser *p, struct amb_node *callee,
                               struct amb_nodes *args, struct amb_token *close);
struct amb_node *ambbuild_chain(struct amb_parser *p, struct amb_node *post);
struct amb_node *ambbuild_equals_arg(struct amb_parser *p, struct amb_node *name,
                                     struct amb_token *op, struct amb_node *value);
struct amb_node *ambbuild_paren_list(struct amb_parser *p, struct amb_token *open,
                                     struct amb_nodes *items, bool comma,
                                     struct amb_token *close);
struct amb_node *ambbuild_paren(struct amb_parser *p, struct amb_node *list);
struct amb_node *ambbuild_spawn(struct amb_parser *p, struct amb_token *t,
                                struct amb_node *call);
struct amb_node *ambbuild_spawn_block(struct amb_parser *p, struct amb_token *t,
                                      struct amb_node *block);

/* parse_stmt.c: statements, functions, control forms */
void ambbuild_program(struct amb_parser *p, struct amb_nodes *stmts);
struct amb_nodes *ambbuild_push_stmt(struct amb_parser *p, struct amb_nodes *list,
                                    struct amb_node *stmt);
struct amb_nodes *ambbuild_push_bad(struct amb_parser *p, struct amb_nodes *list,
                                   struct amb_node *bad);
struct amb_node *ambbuild_bad(struct amb_parser *p);
struct amb_node *ambbuild_bad_body(struct amb_parser *p, struct amb_node *bad,
                                   struct amb_nodes *stmts);
struct amb_node *ambbuild_bad_block(struct amb_parser *p, struct amb_node *bad,
                                    struct amb_node *block);
struct amb_node *ambbuild_block(struct amb_parser *p, struct amb_token *open,
                                struct amb_nodes *stmts, struct amb_token *close);
struct amb_node *ambbuild_assign(struct amb_parser *p, struct amb_node *target,
                                 struct amb_node *value);
struct amb_node *ambbuild_assign_many(struct amb_parser *p, struct amb_node *first,
                                      struct amb_nodes *rest, struct amb_nodes *values);
struct amb_node *ambbuild_augment(struct amb_parser *p, struct amb_node *target,
                                  struct amb_token *op, struct amb_node *value);
struct amb_node *ambbuild_assign_cond(struct amb_parser *p, struct amb_node *left,
                                      struct amb_token *op);
struct amb_node *ambbuild_jump_many(struct amb_parser *p, enum amb_node_kind kind,
                                    struct amb_token *t, struct amb_node *first,
                                    struct amb_nodes *rest);
struct amb_node *ambbuild_jump(struct amb_parser *p, enum amb_node_kind kind,
                               struct amb_token *t, struct amb_token *label);
struct amb_node *ambbuild_let(struct amb_parser *p, struct amb_token *t,
                              struct amb_node *pattern, struct amb_node *type,
                              struct amb_node *value, bool pub);
struct amb_node *ambbuild_let_list(struct amb_parser *p, struct amb_token *t,
                                   struct amb_nodes *values);
struct amb_node *ambbuild_pub(struct amb_parser *p, struct amb_token *t,
                              struct amb_node *decl);
struct amb_node *ambbuild_label(struct amb_parser *p, struct amb_token *label,
                                struct amb_node *loop);
struct amb_node *ambbuild_for(struct amb_parser *p, struct amb_token *t,
                              struct amb_node *pattern, struct amb_node *iter,
                              struct amb_node *body);
struct amb_node *ambbuild_for_pair(struct amb_parser *p, struct amb_token *t,
                                   struct amb_node *first, struct amb_nodes *rest,
                                   struct amb_node *iter, struct amb_node *body);
struct amb_node *ambbuild_while(struct amb_parser *p, struct amb_token *t,
                                struct amb_node *cond, struct amb_node *body);
struct amb_node *ambbuild_if(struct amb_parser *p, struct amb_node *list,
                             struct amb_token *t, struct amb_node *pattern,
                             struct amb_node *cond, struct amb_node *body);
struct amb_node *ambbuild_else(struct amb_parser *p, struct amb_node *list,
                               struct amb_node *body);
struct amb_node *ambbuild_match(struct amb_parser *p, struct amb_token *t,
                                struct amb_node *subject, struct amb_nodes *arms,
                                struct amb_token *close);
struct amb_node *ambbuild_arm(struct amb_parser *p, struct amb_node *pattern,
                              struct amb_node *guard, struct amb_node *body);
struct amb_nodes *ambbuild_catch(struct amb_parser *p, struct amb_nodes *list,
                                struct amb_token *t, struct amb_token *name,
                                struct amb_node *type, struct amb_node *guard,
                                struct amb_node *body);
struct amb_node *ambbuild_try(struct amb_parser *p, struct amb_token *t,
                              struct amb_node *body, struct amb_nodes *catches,
                              struct amb_node *finally);
struct amb_node *ambbuild_group(struct amb_parser *p, struct amb_token *t,
                                struct amb_nodes *args, struct amb_node *body);
struct amb_node *ambbuild_within(struct amb_parser *p, struct amb_token *t,
                                 struct amb_node *limit, struct amb_node *body);
struct amb_node *ambbuild_select(struct amb_parser *p, struct amb_token *t,
                                 struct amb_nodes *arms, struct amb_token *close);
struct amb_node *ambbuild_select_arm(struct amb_parser *p, struct amb_token *after,
                                     struct amb_node *pattern, struct amb_node *source,
                                     struct amb_node *body);
struct amb_fn *ambbuild_fn(struct amb_parser *p);
struct amb_fn *ambbuild_param(struct amb_parser *p, struct amb_fn *fn,
                              struct amb_param *param);
struct amb_param *ambbuild_plain_param(struct amb_parser *p, struct amb_token *name,
                                       struct amb_node *type, struct amb_node *fallback,
                                       bool rest);
struct amb_param *ambbuild_pattern_param(struct amb_parser *p, enum amb_node_kind kind,
                                         struct amb_token *open, struct amb_nodes *items,
                                         struct amb_token *close, struct amb_node *type);
struct amb_node *ambbuild_fn_value(struct amb_parser *p, struct amb_token *t,
                                   struct amb_fn *fn, struct amb_node *result,
                                   struct amb_node *body, bool expr);
struct amb_node *ambbuild_fn_decl(struct amb_parser *p, struct amb_token *t,
                                  struct amb_token *name, struct amb_fn *fn,
                                  struct amb_node *result, struct amb_node *body,
                                  bool expr);
struct amb_node *ambbuild_arrow_name(struct amb_parser *p, struct amb_token *name,
                                     struct amb_node *body);
struct amb_node *ambbuild_arrow(struct amb_parser *p, struct amb_node *params,
                                struct amb_token *arrow, struct amb_node *body);
struct amb_decl *ambbuild_decl(struct amb_parser *p, enum amb_decl_kind kind,
                               amb_text name, amb_span span);
uint16_t ambbuild_fn_depth(const struct amb_fn *fn);

/* parse_class.c: classes, enums, and what describes the module */
struct amb_member *ambbuild_member(struct amb_member *list, struct amb_member *member);
struct amb_member *ambbuild_header(struct amb_parser *p, struct amb_token *open,
                                   struct amb_member *list);
struct amb_member *ambbuild_class_param(struct amb_parser *p, struct amb_token *private_,
                                        struct amb_token *let, struct amb_param *param);
struct amb_member *ambbuild_field(struct amb_parser *p, struct amb_mods mods,
                                  struct amb_token *let, struct amb_token *name,
                                  struct amb_node *type, struct amb_node *value);
struct amb_member *ambbuild_init(struct amb_parser *p, struct amb_token *t,
                                 struct amb_node *body);
struct amb_member *ambbuild_method(struct amb_parser *p, struct amb_mods mods,
                                   struct amb_token *t, struct amb_token *name,
                                   struct amb_fn *fn, struct amb_node *result,
                                   struct amb_node *body, bool expr);
struct amb_member *ambbuild_getter(struct amb_parser *p, struct amb_mods mods,
                                   struct amb_token *t, struct amb_token *name,
                                   struct amb_node *result, struct amb_node *body,
                                   bool expr);
struct amb_member *ambbuild_setter(struct amb_parser *p, struct amb_mods mods,
                                   struct amb_token *t, struct amb_token *name,
                                   struct amb_param *param, struct amb_node *body,
                                   bool expr);
struct amb_mods ambbuild_mod(struct amb_parser *p, struct amb_mods *mods, int flag,
                             struct amb_token *t);
struct amb_member *ambbuild_case(struct amb_parser *p, struct amb_token *name,
                                 struct amb_fn *params, struct amb_token *close);
struct amb_node *ambbuild_class(struct amb_parser *p, struct amb_mods mods,
                                struct amb_token *t, struct amb_token *name,
                                bool private_ctor, struct amb_member *header,
                                struct amb_node *parent, struct amb_member *body);
struct amb_node *ambbuild_enum(struct amb_parser *p, struct amb_token *t,
                               struct amb_token *name, struct amb_member *items,
                               struct amb_token *close);
struct amb_token ambbuild_modname(struct amb_parser *p, struct amb_token *t, bool path);
struct amb_as ambbuild_as(struct amb_token *name, struct amb_token *mark);
struct amb_words *ambbuild_word(struct amb_parser *p, struct amb_words *list,
                                struct amb_token *t);
struct amb_use_path *ambbuild_use_part(struct amb_parser *p, struct amb_use_path *path,
                                       struct amb_token *name, struct amb_nodes *args,
                                       struct amb_token *close);
struct amb_node *ambbuild_use(struct amb_parser *p, struct amb_token *t,
                              struct amb_use_path *path, struct amb_words *rights,
                              struct amb_as as);
struct amb_node *ambbuild_use_list(struct amb_parser *p, struct amb_token *t,
                                   struct amb_token *first, struct amb_nodes *rest);
struct amb_node *ambbuild_need(struct amb_parser *p, struct amb_token *t,
                               struct amb_token *name, struct amb_node *type,
                               struct amb_words *rights);
struct amb_node *ambbuild_need_list(struct amb_parser *p, struct amb_token *t,
                                    struct amb_nodes *names);
struct amb_arg_list *ambbuild_arg(struct amb_parser *p, struct amb_arg_list *list,
                                  struct amb_arg_decl *item);
struct amb_arg_decl *ambbuild_arg_decl(struct amb_token *name, struct amb_node *type,
                                       struct amb_arg_decl *item, bool many);
struct amb_arg_decl *ambbuild_arg_default(struct amb_parser *p, struct amb_node *value,
                                          struct amb_token *help);
struct amb_node *ambbuild_args(struct amb_parser *p, struct amb_token *t,
                               struct amb_arg_list *list, struct amb_token *close);
struct amb_node *ambbuild_test(struct amb_parser *p, struct amb_token *t,
                               struct amb_token *title, struct amb_node *body);
struct amb_import *ambbuild_import_name(struct amb_parser *p, struct amb_import *list,
                                        struct amb_token *name, struct amb_as as);
struct amb_node *ambbuild_import(struct amb_parser *p, struct amb_token *t,
                                 struct amb_token *module, struct amb_as as,
                                 struct amb_nodes *with);
struct amb_node *ambbuild_from(struct amb_parser *p, struct amb_token *t,
                               struct amb_token *module, struct amb_nodes *with,
                               struct amb_import *names);

/* parse_pattern.c: patterns and types */
struct amb_node *ambbuild_pat_name(struct amb_parser *p, struct amb_token *t);
struct amb_node *ambbuild_pat_value(struct amb_parser *p, struct amb_node *value);
struct amb_node *ambbuild_pat_open(struct amb_parser *p, struct amb_node *from,
                                   struct amb_token *op, struct amb_node *to,
                                   bool closed);
struct amb_node *ambbuild_pat_call(struct amb_parser *p, struct amb_node *callee,
                                   struct amb_nodes *args, struct amb_token *close);
struct amb_node *ambbuild_pat_is(struct amb_parser *p, struct amb_token *t,
                                 struct amb_node *type, bool negated);
/* Reports element types, which `is` and `catch` cannot test. */
void ambbuild_check_tested(struct amb_parser *p, const struct amb_node *type);
struct amb_node *ambbuild_pat_list(struct amb_parser *p, enum amb_node_kind kind,
                                   struct amb_token *open, struct amb_nodes *items,
                                   struct amb_token *close, bool comma);
struct amb_node *ambbuild_pat_as(struct amb_parser *p, struct amb_node *inner,
                                 struct amb_token *name);
struct amb_node *ambbuild_pat_or(struct amb_parser *p, struct amb_node *left,
                                 struct amb_node *right);
struct amb_node *ambbuild_pat_shorthand(struct amb_parser *p, struct amb_token *t);
struct amb_node *ambbuild_rest(struct amb_parser *p, struct amb_token *t,
                               struct amb_token *name);
/* From an expression of arrow parameters; reports what cannot be one. */
struct amb_node *ambbuild_to_pattern(struct amb_parser *p, struct amb_node *expr);
struct amb_node *ambbuild_type_name(struct amb_parser *p, struct amb_node *path);
struct amb_node *ambbuild_type_fn(struct amb_parser *p, struct amb_token *t,
                                  struct amb_nodes *params, struct amb_token *close,
                                  struct amb_node *result);
struct amb_node *ambbuild_type_opt(struct amb_parser *p, struct amb_node *type,
                                   struct amb_token *mark);
struct amb_node *ambbuild_type_union(struct amb_parser *p, struct amb_node *left,
                                     struct amb_node *right);
struct amb_node *ambbuild_type_of(struct amb_parser *p, enum amb_node_kind kind,
                                  struct amb_token *open, struct amb_node *left,
                                  struct amb_node *right, struct amb_token *close);
struct amb_node *ambbuild_type_tuple(struct amb_parser *p, struct amb_token *open,
                                     struct amb_nodes *items, struct amb_token *close);

/* fold.c: the node, or a literal in its place. */
struct amb_node *ambfold_unary(struct amb_arena *arena, struct amb_node *node);
struct amb_node *ambfold_binary(struct amb_arena *arena, struct amb_node *node);
struct amb_node *ambfold_logic(struct amb_arena *arena, struct amb_node *node);

#endif
