/* SPDX-License-Identifier: MIT */
/* The syntax tree: what the parser builds, the scope pass annotates and code generation
 * reads.
 *
 * Everything lives in one arena. Lists are arrays. Fields marked [scope] are filled by
 * ambscope_run and hold nothing useful before it. A tree that reaches code generation has
 * no NODE_ERROR and no NULL where this file does not say "or NULL".
 *
 * Order of declarations: fn, class and enum are visible in their whole block. The scope
 * pass moves such a statement in front of the first one that mentions it (in the array of
 * the block), so code generation makes functions and classes simply where they stand.
 * What still may run too early after that has ref.needs_check. */
#ifndef AMB_COMPILER_AST_H
#define AMB_COMPILER_AST_H

#include "source.h"

#define AMB_MAX_NESTING 200   /* open brackets, and blocks within blocks */
#define AMB_MAX_TREE_DEPTH 1000 /* of any node, left-deep chains included */
#define AMB_MAX_PARAMS 255
#define AMB_MAX_ARGS 255

struct amb_node;
struct amb_fn;
struct amb_class_decl;
struct amb_field;
struct amb_method;
struct amb_decl;
struct amb_lexical_scope;
struct amb_import;

struct amb_nodes {
    struct amb_node **at;
    uint32_t len, cap;
};

enum amb_op {
    /* arithmetic and bits */
    AMB_ADD, AMB_SUB, AMB_MUL, AMB_DIV, AMB_FLOORDIV, AMB_MOD, AMB_POW,
    AMB_ADD_WRAP, AMB_SUB_WRAP, AMB_MUL_WRAP,
    AMB_BIT_AND, AMB_BIT_OR, AMB_BIT_XOR, AMB_SHL, AMB_SHR, AMB_USHR,
    /* comparisons */
    AMB_EQ, AMB_NE, AMB_LT, AMB_LE, AMB_GT, AMB_GE, AMB_IN, AMB_NOT_IN,
    /* unary */
    AMB_NEG, AMB_BIT_NOT, AMB_NOT,
    /* short-circuit */
    AMB_AND, AMB_OR, AMB_COALESCE,
    AMB_OP_COUNT
};

enum amb_ref_kind {
    REF_NONE,
    REF_LOCAL,   /* of this function: decl->storage says register or cell; a slot of
                    the module is never REF_LOCAL, not even in the main function */
    REF_UPVALUE, /* index into fn->upvals of the function the name stands in */
    REF_MODULE,  /* index: module slot */
    REF_PRELUDE, /* index into the prelude table; decl is NULL */
    REF_IMPORT,  /* import: the imported module's entry, index: slot in that module */
    REF_USE_WORD /* only in `use` arguments; index: enum amb_use_word */
};

enum amb_use_word { USE_CWD, USE_HOME, USE_SCRIPT_DIR, USE_ENV };

/* Where a name leads. */
struct amb_ref {
    struct amb_decl *decl;     /* [scope] or NULL */
    struct amb_import *import; /* [scope] for REF_IMPORT */
    uint32_t index;            /* [scope] */
    uint8_t kind;              /* [scope] enum amb_ref_kind */
    bool needs_check;          /* [scope] may run before the declaration did */
};

enum amb_node_kind {
    NODE_ERROR,
    /* ---- expressions */
    NODE_NIL, NODE_TRUE, NODE_FALSE,
    NODE_INT,     /* as.i */
    NODE_FLOAT,   /* as.f */
    NODE_STRING,  /* as.text */
    NODE_BYTES,   /* as.text */
    NODE_INTERP,  /* as.list: NODE_STRING and NODE_FORMAT */
    NODE_FORMAT,  /* as.format: ${value:spec} */
    NODE_NAME,    /* as.name */
    NODE_SELF,    /* as.name (name is "self") */
    NODE_SUPER,   /* as.super: super.name, called or as a bound method */
    NODE_LIST,    /* as.list: expressions and NODE_SPREAD */
    NODE_TUPLE,   /* as.list: expressions, or all NODE_NAMED */
    NODE_MAP,     /* as.list: NODE_ENTRY and NODE_SPREAD */
    NODE_ENTRY,   /* as.pair: left key (NODE_STRING for a word), right value */
    NODE_SPREAD,  /* as.child */
    NODE_NAMED,   /* as.named: name: value in calls and tuples */
    NODE_FN,      /* as.fn: a function as a value */
    NODE_UNARY,   /* as.binary with left only: AMB_NEG AMB_BIT_NOT AMB_NOT */
    NODE_BINARY,  /* as.binary: arithmetic, bits, comparisons, in, not in */
    NODE_LOGIC,   /* as.binary: AMB_AND AMB_OR AMB_COALESCE; right may be a jump
                     statement */
    NODE_IS,      /* as.is */
    NODE_RANGE,   /* as.range: ends are NULL only directly inside NODE_INDEX */
    NODE_MEMBER,  /* as.member: object.name */
    NODE_INDEX,   /* as.index: object[key] */
    NODE_CALL,    /* as.call */
    NODE_CHAIN,   /* as.child: bounds what `?.` and `?[` skip: an optional NODE_MEMBER or
                     NODE_INDEX inside whose object is nil makes this whole node nil */
    NODE_IF,      /* as.if_ */
    NODE_BRANCH,  /* as.branch, only in NODE_IF */
    NODE_MATCH,   /* as.match: arms are NODE_ARM, or NODE_ERROR after errors */
    NODE_ARM,     /* as.arm */
    NODE_TRY,     /* as.try_ */
    NODE_CATCH,   /* as.catch_, only in NODE_TRY */
    NODE_GROUP,   /* as.group */
    NODE_WITHIN,  /* as.within */
    NODE_SELECT,  /* as.list: NODE_SELECT_ARM */
    NODE_SELECT_ARM, /* as.select_arm */
    NODE_SPAWN,   /* as.spawn */
    /* ---- statements; any expression node may stand as a statement, too */
    NODE_BLOCK,   /* as.block */
    NODE_LET,     /* as.let: let and var */
    NODE_ASSIGN,  /* as.pair: left target (NODE_NAME NODE_MEMBER NODE_INDEX) = right */
    NODE_ASSIGN_MANY, /* as.many: a, b = value */
    NODE_AUGMENT, /* as.binary: left op= right; the target is evaluated once */
    NODE_RETURN,  /* as.child or NULL */
    NODE_THROW,   /* as.child */
    NODE_BREAK,   /* as.jump */
    NODE_CONTINUE, /* as.jump */
    NODE_YIELD,   /* as.child */
    NODE_DEFER,   /* as.child: a block or a statement */
    NODE_FOR,     /* as.for_ */
    NODE_WHILE,   /* as.while_ */
    NODE_LOOP,    /* as.while_ with cond NULL */
    NODE_FN_DECL, /* as.fn; as.fn->decl is the binding */
    NODE_CLASS,   /* as.class_ */
    NODE_STATICS, /* as.class_: static initialisers of a class that was created earlier
                     in the block because something before it mentions it; made by the
                     scope pass */
    NODE_ENUM,    /* as.enum_ */
    NODE_IMPORT,  /* as.import */
    NODE_USE,     /* as.use */
    NODE_NEED,    /* as.need */
    NODE_ARGS,    /* as.args */
    NODE_TEST,    /* as.test */
    /* ---- patterns */
    NODE_PAT_WILD,  /* _ */
    NODE_PAT_BIND,  /* as.bind */
    NODE_PAT_VALUE, /* as.child: literal (string int float nil bool bytes), or a dotted
                       name compared with built-in equality */
    NODE_PAT_RANGE, /* as.range: ends are number or string literals or NULL */
    NODE_PAT_IS,    /* as.is with value NULL */
    NODE_PAT_TUPLE, /* as.list: patterns, NODE_PAT_NAMED, at most one NODE_PAT_REST */
    NODE_PAT_LIST,  /* as.list: patterns, at most one NODE_PAT_REST */
    NODE_PAT_MAP,   /* as.list: NODE_PAT_ENTRY, NODE_PAT_REST last */
    NODE_PAT_ENTRY, /* as.pair: left key (NODE_STRING NODE_INT ... ), right pattern */
    NODE_PAT_CALL,  /* as.pat_call: Name(p, q: p) */
    NODE_PAT_NAMED, /* as.named: name: pattern */
    NODE_PAT_REST,  /* as.bind; decl NULL for a bare ... */
    NODE_PAT_OR,    /* as.list: alternatives; all bind the same names to the same decls */
    NODE_PAT_AS,    /* as.bind with inner: pattern as name */
    /* ---- types */
    NODE_TYPE_NAME, /* as.type: int, Point, m.Point, fs.dir */
    NODE_TYPE_NIL,
    NODE_TYPE_OPT,   /* as.child: T? */
    NODE_TYPE_UNION, /* as.list */
    NODE_TYPE_LIST,  /* as.child: [T] */
    NODE_TYPE_MAP,   /* as.pair: {K: V} */
    NODE_TYPE_TUPLE, /* as.list: (A, B) */
    NODE_TYPE_FN,    /* as.type_fn: fn, fn(A) -> B */
    NODE_KIND_COUNT
};

enum amb_type_kind {
    TYPE_BUILTIN,    /* index: enum amb_builtin_type */
    TYPE_CLASS,      /* path is an expression (NODE_NAME, NODE_MEMBER) that gives a
                        class or enum when the check runs */
    TYPE_CAPABILITY, /* text: "fs.dir" */
    TYPE_CASE        /* reserved */
};

enum amb_builtin_type {
    BUILTIN_INT, BUILTIN_FLOAT, BUILTIN_NUMBER, BUILTIN_STRING, BUILTIN_BYTES, BUILTIN_BOOL,
    BUILTIN_LIST, BUILTIN_MAP, BUILTIN_SET, BUILTIN_TUPLE, BUILTIN_FN, BUILTIN_ANY,
    BUILTIN_TASK, BUILTIN_CHANNEL, BUILTIN_LOCK,
    BUILTIN_COUNT
};

/* One segment of a `use` path: fs, dir(args). */
struct amb_use_part {
    amb_text name;
    amb_span span;
    struct amb_nodes args; /* NODE_NAMED and expressions of constants */
    bool has_args;
};

/* One name in `with {…}`. */
struct amb_with {
    amb_text name;
    amb_span span;
    struct amb_node *value;
};

/* One name of `from … import a as b`. */
struct amb_import_name {
    amb_text name;
    amb_span span;
    struct amb_decl *decl; /* decl->name is the local name */
    uint32_t slot;         /* [scope] in the imported module */
};

/* One line of `args { }`. */
struct amb_arg_decl {
    amb_text name;
    amb_span span;
    struct amb_node *type;     /* or NULL */
    struct amb_node *fallback; /* a literal, or NULL */
    amb_text help;             /* as written: "-x  help" */
    amb_span help_span;
    bool many;                 /* files...: */
};

/* A `for`, `while`, `loop` that a jump leaves or continues is found by node. */
struct amb_node {
    uint8_t kind;          /* enum amb_node_kind */
    bool parenthesised : 1;
    bool big : 1;          /* NODE_INT of 2^63, which only a unary minus makes good */
    uint16_t depth;        /* of the tree below, at most AMB_MAX_TREE_DEPTH */
    amb_span span;
    union {
        int64_t i;
        double f;
        amb_text text;
        struct amb_nodes list;
        struct amb_node *child;
        struct amb_fn *fn;
        struct {
            amb_text name;
            struct amb_ref ref;
        } name;
        struct {
            amb_text name;
            amb_span name_span;
            struct amb_ref self;     /* [scope] where self is */
            struct amb_class_decl *class_; /* [scope] the class whose parent is meant */
        } super;
        struct {
            struct amb_node *value;
            struct amb_node *spec; /* NULL, NODE_STRING, or NODE_INTERP whose
                                      NODE_FORMATs have no spec */
        } format;
        struct {
            amb_text name;
            amb_span name_span;
            struct amb_node *value;
        } named;
        struct {
            struct amb_node *left, *right;
            uint8_t op; /* enum amb_op */
            amb_span op_span;
        } binary;
        struct {
            struct amb_node *left, *right;
        } pair;
        struct {
            struct amb_node *value; /* NULL in patterns */
            struct amb_node *type;
            bool negated;
        } is;
        struct {
            struct amb_node *from, *to; /* either may be NULL where the kind says so */
            bool closed;
        } range;
        struct {
            struct amb_node *object;
            amb_text name;
            amb_span name_span;
            bool optional;             /* ?. */
            /* [scope] At most one of the following is set. */
            struct amb_field *field;   /* object is self and this is a declared
                                          instance field of field->class_ (own or an
                                          ancestor's in this module) */
            struct amb_import *import; /* alias.name: `slot` of that module; do not
                                          evaluate object */
            struct amb_class_decl *private_in; /* name is private in this enclosing class:
                                             an instance (or the class itself, for
                                             statics) gives the private member,
                                             anything else the public one */
            uint32_t slot;
        } member;
        struct {
            struct amb_node *object, *key; /* key may be NODE_RANGE, then it is a slice */
            bool optional;                 /* ?[ */
        } index;
        struct {
            struct amb_node *callee;
            struct amb_nodes args; /* expressions, NODE_SPREAD, then NODE_NAMED */
            bool has_spread, has_named;
            bool tail; /* [scope] its value is returned at once and the frame may be
                          reused */
        } call;
        struct {
            struct amb_nodes branches; /* NODE_BRANCH, at least one */
            struct amb_node *otherwise; /* NODE_BLOCK or NULL */
        } if_;
        struct {
            struct amb_node *cond;    /* condition; or the value matched by pattern */
            struct amb_node *pattern; /* NULL, or `if let pattern = cond` */
            struct amb_node *body;    /* NODE_BLOCK */
            struct amb_lexical_scope *scope;  /* [scope] of the pattern's names; NULL without
                                         pattern */
        } branch;
        struct {
            struct amb_node *subject;
            struct amb_nodes arms;
        } match;
        struct {
            struct amb_node *pattern;
            struct amb_node *guard;  /* or NULL */
            struct amb_node *body;   /* NODE_BLOCK or one statement or expression */
            struct amb_lexical_scope *scope; /* [scope] of the pattern's names */
            bool irrefutable;        /* [scope] without a guard and always fits */
        } arm;
        struct {
            struct amb_node *body;
            struct amb_nodes catches;
            struct amb_node *finally; /* or NULL */
        } try_;
        struct {
            struct amb_decl *decl;   /* or NULL */
            struct amb_node *type;   /* or NULL: any Error */
            struct amb_node *guard;  /* or NULL */
            struct amb_node *body;
            struct amb_lexical_scope *scope; /* [scope] holds decl */
        } catch_;
        struct {
            struct amb_nodes args; /* NODE_NAMED */
            struct amb_node *body;
            uint32_t reg;          /* [gen] where the open group is */
        } group;
        struct {
            struct amb_node *limit;
            struct amb_node *body;
        } within;
        struct {
            struct amb_node *pattern; /* NULL for `after` */
            struct amb_node *source;  /* the channel; or the time */
            struct amb_node *body;
            struct amb_lexical_scope *scope;  /* [scope] */
        } select_arm;
        struct {
            struct amb_node *call;  /* NODE_CALL, or NODE_FN of kind AMB_FNK_SPAWN for a
                                       block */
            struct amb_node *group; /* [scope] nearest NODE_GROUP of the function, or
                                       NULL */
            bool used;              /* [scope] the task's handle is used */
        } spawn;
        struct {
            struct amb_nodes stmts;
            struct amb_lexical_scope *scope; /* [scope] */
            amb_span close;          /* the closing brace */
            bool has_defer;          /* [scope] directly in this block */
        } block;
        struct {
            struct amb_node *pattern; /* NODE_PAT_BIND for a plain name */
            struct amb_node *type;    /* or NULL */
            struct amb_node *value;   /* NULL only for `var x` (starts as nil) */
            amb_text doc;             /* of ## lines, or empty */
            bool is_var, is_pub;
        } let;
        struct {
            struct amb_nodes targets;
            struct amb_node *value; /* NODE_TUPLE of as many parts when written as a
                                       list */
        } many;
        struct {
            amb_text label; /* or empty */
            amb_span label_span;
            struct amb_node *target; /* [scope] NODE_FOR NODE_WHILE NODE_LOOP */
        } jump;
        struct {
            struct amb_node *pattern;
            struct amb_node *iter;
            struct amb_node *body;
            amb_text label;
            struct amb_lexical_scope *scope; /* [scope] of the pattern's names, fresh per
                                        iteration */
        } for_;
        struct {
            struct amb_node *cond;
            struct amb_node *body;
            amb_text label;
        } while_;
        struct amb_class_decl *class_;
        struct amb_enum *enum_;
        struct amb_import *import;
        struct {
            struct amb_use_part *parts;
            uint32_t part_count;
            amb_text *rights;
            uint32_t right_count;
            struct amb_decl *decl;
            bool optional; /* as name? */
        } use;
        struct {
            struct amb_decl *decl;
            struct amb_node *type; /* or NULL */
            amb_text *rights;
            uint32_t right_count;
        } need;
        struct {
            struct amb_arg_decl *items;
            uint32_t count;
            struct amb_decl *decl; /* the binding `args` */
        } args;
        struct {
            amb_text title;
            struct amb_fn *fn; /* AMB_FNK_TEST, no parameters */
        } test;
        struct {
            struct amb_decl *decl;
            struct amb_node *inner; /* only NODE_PAT_AS */
            amb_text name;
        } bind;
        struct {
            struct amb_node *callee;  /* NODE_NAME or NODE_MEMBER chain */
            struct amb_nodes args;     /* patterns, then NODE_PAT_NAMED */
            bool has_rest;            /* a bare ... ends the list (NODE_PAT_REST is
                                         last) */
        } pat_call;
        struct {
            struct amb_node *path; /* NODE_NAME or NODE_MEMBER chain */
            uint8_t kind;          /* [scope] enum amb_type_kind */
            uint8_t builtin;       /* [scope] enum amb_builtin_type */
            amb_text text;         /* [scope] of a capability */
        } type;
        struct {
            struct amb_nodes params;
            struct amb_node *result; /* or NULL */
            bool has_params;
        } type_fn;
    } as;
};

/* ---- bindings */

enum amb_decl_kind {
    DECL_LET, DECL_VAR, DECL_PARAM, DECL_FN, DECL_CLASS, DECL_ENUM,
    DECL_IMPORT,      /* import "./u" as u */
    DECL_IMPORT_NAME, /* from "./u" import n: references are REF_IMPORT */
    DECL_LOOP,        /* named by the pattern of a for */
    DECL_CATCH,
    DECL_PATTERN,     /* named in match, if let, select */
    DECL_SELF, DECL_USE, DECL_NEED, DECL_ARGS
};

enum amb_storage {
    STORE_REGISTER, /* a register of the owning function; captures copy it */
    STORE_CELL,     /* a register that holds a heap cell; captures share it */
    STORE_MODULE,   /* module slot `slot` */
    STORE_IMPORT    /* nothing of its own: references are REF_IMPORT */
};

struct amb_decl {
    amb_text name;
    amb_span span;           /* of the name */
    uint8_t kind;            /* enum amb_decl_kind */
    uint8_t storage;         /* [scope] enum amb_storage */
    bool is_pub;
    bool captured;           /* [scope] by an inner function */
    bool reassigned;         /* [scope] besides its declaration */
    bool used;               /* [scope] mentioned at all */
    bool early_cell;         /* [scope] STORE_CELL that must exist, unset, from the
                                start of its block, since something captures it before
                                its declaration */
    uint32_t slot;           /* [scope] for STORE_MODULE; for STORE_IMPORT in that
                                module */
    struct amb_fn *owner;    /* [scope] */
    struct amb_lexical_scope *scope; /* [scope] */
    struct amb_node *type;   /* annotation, or NULL; fn, class: NULL */
    struct amb_node *node;   /* declaring statement: NODE_LET NODE_FN_DECL NODE_CLASS
                                ..., or NULL for names in patterns and parameters */
    struct amb_import *import;    /* DECL_IMPORT, DECL_IMPORT_NAME */
    uint32_t reg;            /* for code generation */
    void *gen;               /* for code generation */
    /* private to the scope pass */
    uint32_t stmt_index, hidden;
    struct amb_decl *next;
};

/* A block's (or pattern's) names. A scope inside a loop's body is fresh in each
 * iteration: so are its cells. */
struct amb_lexical_scope {
    struct amb_decl **decls; /* in the order of declaration */
    uint32_t decl_count, decl_cap;
    struct amb_lexical_scope *outer; /* NULL for the module's */
    struct amb_fn *fn;
    bool in_loop;            /* of the same function */
    bool has_cells;          /* some decl is STORE_CELL */
    void *hidden;            /* private to the scope pass */
};

/* ---- functions */

enum amb_fn_kind {
    AMB_FNK_MAIN,     /* the module's top level */
    AMB_FNK_NAMED,    /* fn f() {} */
    AMB_FNK_ANON,     /* arrows and fn() */
    AMB_FNK_METHOD, AMB_FNK_GETTER, AMB_FNK_SETTER,
    AMB_FNK_OPERATOR, /* a method named by an operator: +, ==, [], []= ... */
    AMB_FNK_FIELDS,   /* header parameters, parent arguments, field initialisers; no
                        self */
    AMB_FNK_INIT,     /* the init blocks, with self, no parameters */
    AMB_FNK_SPAWN,    /* spawn { } */
    AMB_FNK_TEST
};

struct amb_param {
    amb_text name;            /* empty for a pattern */
    amb_span span;
    struct amb_decl *decl;    /* NULL for a pattern */
    struct amb_node *pattern; /* or NULL */
    struct amb_node *type;    /* or NULL */
    struct amb_node *fallback; /* default value, or NULL; sees the parameters before it */
    struct amb_field *field;  /* class header: the field this parameter fills, or NULL */
    bool rest;                /* ...name, only last */
};

/* Fills an upvalue when the closure is made. */
struct amb_upval {
    struct amb_decl *decl;
    bool from_outer_local; /* take the enclosing function's register (a cell or a value by
                              decl->storage); else its upvalue `index` */
    uint32_t index;        /* into outer->upvals when not from_outer_local */
};

struct amb_fn {
    uint8_t kind; /* enum amb_fn_kind */
    amb_text name; /* empty for anonymous ones; "[]=" and so on for operators */
    amb_span span, name_span;
    amb_text doc;
    struct amb_param *params;
    uint32_t param_count, param_cap;
    uint32_t required;       /* parameters before the first default, without rest */
    bool has_rest;
    struct amb_node *result; /* annotation, or NULL */
    struct amb_node *body;   /* NODE_BLOCK; or when expr_body any expression or jump
                                statement whose value is returned. AMB_FNK_FIELDS: NULL */
    bool expr_body;
    bool is_pub;
    bool is_static, is_private;   /* in classes */
    bool is_generator;       /* [scope] */
    bool uses_self;          /* [scope] itself or through an inner function */
    bool uses_super;         /* [scope] */
    bool has_closures;       /* [scope] some inner function captures from it */
    struct amb_decl *decl;   /* AMB_FNK_NAMED: the binding; else NULL */
    struct amb_decl *self;   /* DECL_SELF in methods, getters, setters, operators and
                                init */
    struct amb_class_decl *class_; /* of methods and AMB_FNK_FIELDS/INIT, or NULL */
    struct amb_enum *enum_;   /* methods of an enum, or NULL */
    struct amb_fn *outer;     /* [scope] NULL for main */
    struct amb_lexical_scope *scope;  /* [scope] parameters (and self) */
    struct amb_upval *upvals; /* [scope] */
    uint32_t upval_count, upval_cap;
    void *gen;                /* for code generation */
};

/* ---- classes and enums */

struct amb_field {
    amb_text name;
    amb_span span;
    amb_text doc;
    struct amb_class_decl *class_;
    uint32_t index;          /* among class_->fields, or class_->statics */
    bool is_var, is_private, is_static;
    bool hidden;             /* a plain header parameter kept for init; no script sees
                                it */
    struct amb_node *type;   /* or NULL */
    struct amb_node *value;  /* initialiser, or NULL: nil. Header fields: NULL, see
                                param */
    struct amb_param *param; /* header (and hidden) fields: the parameter that fills it */
};

struct amb_method {
    amb_text name;           /* operators: "+", "[]", "[]=", "neg" is an ordinary name */
    struct amb_fn *fn;       /* kind METHOD GETTER SETTER OPERATOR; fn->is_static,
                                is_private */
};

/* Order of construction: evaluate the header parameters; evaluate super_args and do the
 * same for the parent; evaluate the own fields in order (all in fields_fn, no self); then
 * run the init functions, the parent's first. */
struct amb_class_decl {
    amb_text name;
    amb_span span;            /* of the name */
    amb_text doc;
    struct amb_decl *decl;
    struct amb_node *node;
    bool is_value, is_open, is_pub;
    bool private_ctor;
    bool has_header;          /* written with ( ) */
    struct amb_node *parent;  /* expression NODE_NAME or NODE_MEMBER, or NULL */
    bool has_super_args;
    struct amb_nodes super_args; /* evaluated in fields_fn */
    struct amb_fn *fields_fn; /* AMB_FNK_FIELDS, always there; its params are the
                                 header's */
    struct amb_fn *init;      /* AMB_FNK_INIT, or NULL; its body holds the init blocks
                                 in order */
    struct amb_field *fields; /* header first, then body, then [scope] hidden ones */
    uint32_t field_count, field_cap;
    struct amb_field *statics; /* static let and var, evaluated in the enclosing
                                  function */
    uint32_t static_count, static_cap;
    struct amb_method *methods; /* all kinds, static ones included, as written */
    uint32_t method_count, method_cap;
    struct amb_class_decl *parent_class; /* [scope] when the parent is a class of this
                                       module */
    struct amb_class_decl *outer;  /* [scope] lexically enclosing class, or NULL */
    bool extended;            /* [scope] by a class of this module */
    bool statics_later;       /* [scope] a NODE_STATICS follows: NODE_CLASS must not
                                 run the static initialisers */
    uint32_t id;              /* [scope] unique in the module */
    void *gen;
};

struct amb_enum_case {
    amb_text name;
    amb_span span;
    amb_text doc;
    bool has_params;          /* Circle(r); without it the case is itself the value */
    struct amb_param *params; /* name, type and fallback as in functions */
    uint32_t param_count, param_cap;
    struct amb_fn *fn;        /* AMB_FNK_FIELDS with these parameters; NULL without
                                 has_params */
};

struct amb_enum {
    amb_text name;
    amb_span span;
    amb_text doc;
    struct amb_decl *decl;
    struct amb_node *node;
    bool is_pub;
    struct amb_enum_case *cases;
    uint32_t case_count, case_cap;
    struct amb_method *methods;
    uint32_t method_count, method_cap;
    uint32_t id;              /* [scope] unique among classes and enums of the module */
    void *gen;
};

/* ---- modules */

/* import, from … import. The module is evaluated where the statement stands. */
struct amb_import {
    amb_text spec;        /* "./util", or "math" for a bare name */
    amb_span span;
    bool is_standard;     /* a bare name */
    bool is_from;         /* names, no alias */
    struct amb_decl *decl; /* the alias, or NULL with is_from */
    struct amb_import_name *names;
    uint32_t name_count, name_cap;
    bool unnamed;         /* no name to import under, which was reported */
    bool has_with;
    struct amb_with *withs; /* [scope] in the order of iface->needs when it went well */
    uint32_t with_count, with_cap;
    struct amb_iface *iface; /* [scope] from the resolver, NULL when it failed */
    uint32_t index;          /* [scope] among module->imports */
};

struct amb_export {
    amb_text name;
    uint32_t slot;
    uint8_t kind;           /* enum amb_decl_kind: LET FN CLASS ENUM */
    struct amb_class_decl *class_; /* when kind is DECL_CLASS and the source is at hand, or
                                 NULL */
};

/* What a module shows its importers; also made by ambscope_run for the module itself. */
struct amb_iface {
    struct amb_export *exports;
    uint32_t export_count;
    amb_text *needs;
    uint32_t need_count;
    void *module; /* compile.c's */
};

struct amb_unit {
    struct amb_source *src;
    struct amb_arena *arena;
    struct amb_fn *main;     /* AMB_FNK_MAIN, body NODE_BLOCK */
    amb_text doc;
    /* [scope] */
    uint32_t slot_count;
    struct amb_decl **slots; /* by slot */
    struct amb_import **imports;
    uint32_t import_count;
    struct amb_node **uses;  /* NODE_USE in order */
    uint32_t use_count;
    struct amb_node *args;   /* NODE_ARGS or NULL */
    struct amb_node **needs; /* NODE_NEED in order */
    uint32_t need_count;
    struct amb_node **tests; /* NODE_TEST in order */
    uint32_t test_count;
    struct amb_decl *main_decl; /* a top-level `fn main`, or NULL */
    struct amb_iface iface;
    uint32_t class_count;    /* classes and enums numbered by id */
    /* for the front end */
    amb_text *lost;          /* words of text that could not be read */
    uint32_t lost_count, lost_cap;
    bool incomplete;         /* the text ended inside an open bracket */
};

const char *ambast_op_text(enum amb_op op);

/* Every node directly below this one, in the order of the source, those of functions and
 * classes included. */
typedef void (*ambast_visit)(void *ud, struct amb_node *node);
void ambast_children(struct amb_node *node, ambast_visit visit, void *ud);

/* ---- building, for the parser and the scope pass */

struct amb_node *ambast_node(struct amb_arena *arena, enum amb_node_kind kind, amb_span span);
bool ambnodes_push(struct amb_arena *arena, struct amb_nodes *list, struct amb_node *node);

#endif
