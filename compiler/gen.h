/* SPDX-License-Identifier: MIT */
/* Code generation: from the resolved tree to functions of the VM.
 *
 * One struct genfn per function being compiled. Registers: parameters first (self before them),
 * then the names of the blocks that are open, then temporaries; `top` is the first free one. Every
 * function below leaves `top` as it found it unless its comment says otherwise.
 *
 * Code that must run on the way out (finally, defer, ending an iteration) is a `way` on a stack:
 * jumps out of it emit that code in place, errors come through a handler. While the code of a way is
 * being emitted for a jump, its own handler and those inside it must not cover it: the covered
 * range is cut there. */
#ifndef AMB_COMPILER_GEN_H
#define AMB_COMPILER_GEN_H

#include "ast.h"
#include "diag.h"
#include "proto.h"

typedef struct gen {
    struct amb_vm *vm;
    struct amb_unit *unit;   /* the syntax tree's module */
    struct amb_module *vmodule;
    struct amb_diags *diags;
    struct amb_arena *arena;
    struct amb_class_decl *statics_of; /* whose static fields are being compiled, or NULL */
    struct amb_class_decl *defining; /* whose fields' types are being compiled, or NULL */
    bool in_fields;            /* those types belong to fields of instances, not static ones */
    bool repl;                 /* the main function returns its last value */
} gen;

/* Jumps that wait for their target. */
typedef struct patch {
    uint32_t at;
    struct patch *next;
} patch;
typedef struct label {
    patch *waiting;
    uint32_t pos;
    bool bound;
} label;

typedef struct covered {
    uint32_t start, end;
    struct covered *next;
} covered;

enum way_kind { WAY_CATCH, WAY_FINALLY, WAY_ITER, WAY_REGION };
typedef struct way {
    enum way_kind kind;
    struct amb_node *node; /* WAY_FINALLY: the block or statement to run */
    uint32_t reg;          /* WAY_ITER: the loop's state; WAY_REGION: the group or within */
    uint32_t start;        /* of the range being covered */
    covered *ranges;       /* covered before */
    struct way *outer;
} way;

typedef struct loop {
    struct amb_node *node;
    label leave, next;
    way *outside; /* ways open around the loop */
    way *inside;  /* those open in its body */
    struct loop *outer;
} loop;

typedef struct chain {
    label nil;
    struct chain *outer;
} chain;

typedef struct genfn {
    gen *g;
    struct amb_fn *fn;
    ambpb *pb;
    struct genfn *outer;
    uint32_t top, most;       /* registers in use, and at most */
    bool far;                 /* conditional jumps are long */
    bool stop;                /* an error was reported that makes going on pointless */
    way *ways;
    loop *loops;
    chain *chains;
    uint32_t self_reg;        /* with self in a register: its number, else UINT32_MAX */
    amb_span span;            /* of what is being compiled */
} genfn;

#define NOREG UINT32_MAX

/* ---- gen.c: emitting, registers, jumps, functions ---- */
uint32_t gen_emit(genfn *f, enum amb_opcode op, uint16_t a, uint16_t b, uint16_t c);
uint32_t gen_emit_bx(genfn *f, enum amb_opcode op, uint16_t a, int32_t bx); /* b, c together */
void gen_word(genfn *f, uint64_t w);
/* A constant as an operand; reports when there are too many. */
uint16_t gen_k(genfn *f, uint32_t constant);
uint16_t gen_name(genfn *f, amb_text name);
uint32_t gen_alloc(genfn *f, uint32_t n); /* n consecutive registers; raises top */
void gen_jump(genfn *f, label *l);        /* JMP */
/* Jump on a register's value: op JT JF JNIL JNNIL JDEF. */
void gen_jump_if(genfn *f, enum amb_opcode op, uint32_t reg, label *l);
/* Comparing jump with a 16-bit offset. */
void gen_jump_cmp(genfn *f, enum amb_opcode op, uint16_t a, uint16_t b, label *l);
void gen_bind(genfn *f, label *l);
/* Runs the ways from the innermost out to `to` (not included), for a jump. */
void gen_leave(genfn *f, way *to);
void gen_leave_done(genfn *f, way *to); /* after the jump: ranges go on */
way *gen_way_open(genfn *f, way *w, enum way_kind kind);
/* Ends the way's covered range; afterwards the handler's code follows. */
void gen_way_close(genfn *f, way *w);
void gen_way_handlers(genfn *f, way *w, uint32_t target, uint32_t reg);
/* Compiles an inner function; returns its index for CLOSURE, or UINT32_MAX. */
uint32_t gen_child(genfn *f, struct amb_fn *fn);
/* Opens a genfn for a made-up function; finish with gen_finish. */
bool gen_open(gen *g, genfn *f, struct genfn *outer, struct amb_fn *fn, amb_text name);
struct amb_proto *gen_finish(genfn *f, const ambpb_shape *shape);
void gen_params(genfn *f, struct amb_param *params, uint32_t count);
void gen_param_code(genfn *f, struct amb_param *params, uint32_t count, uint32_t first);
bool gen_failed(const genfn *f);
void gen_error_many(genfn *f, amb_span at, amb_text limit, amb_text what);

/* ---- gen_expr.c ---- */
void gen_expr(genfn *f, struct amb_node *n, uint32_t dst);
/* The register that holds the value: a variable's own, or a new temporary (raises top). */
uint32_t gen_any(genfn *f, struct amb_node *n);
/* Like gen_any, but the value stays what it is whatever `later` does. */
uint32_t gen_any_before(genfn *f, struct amb_node *n, const struct amb_node *later);
/* Whether evaluating n surely assigns to no variable of this function. */
bool gen_keeps_variables(const struct amb_node *n);
/* Like gen_any, but nothing that follows changes the value. */
uint32_t gen_fixed(genfn *f, struct amb_node *n);
void gen_cond(genfn *f, struct amb_node *n, bool sense, label *l); /* jumps when truth == sense */
void gen_effect(genfn *f, struct amb_node *n); /* the value is not wanted */
void gen_read(genfn *f, const struct amb_ref *ref, amb_text name, uint32_t dst);
/* Stores register `from` in what decl names, from function f. */
void gen_write(genfn *f, const struct amb_ref *ref, uint32_t from, amb_text name);
void gen_define(genfn *f, struct amb_decl *d, uint32_t from); /* the declaration's own store */
uint32_t gen_self(genfn *f, const struct amb_ref *ref); /* register holding self; may raise top */
bool gen_small_int(const struct amb_node *n, int64_t *i); /* an int literal of 16 bits */
void gen_load_int(genfn *f, int64_t i, uint32_t dst);
void gen_load_k(genfn *f, uint32_t constant, uint32_t dst);
void gen_index(genfn *f, struct amb_node *n, uint32_t obj, uint32_t dst);

/* ---- gen_stmt.c ---- */
void gen_stmt(genfn *f, struct amb_node *n);
/* A block; dst NOREG: no value wanted, else the value of its last expression. */
void gen_block(genfn *f, struct amb_node *n, uint32_t dst);
/* A block or any statement, with its value. */
void gen_value(genfn *f, struct amb_node *n, uint32_t dst);
void gen_if(genfn *f, struct amb_node *n, uint32_t dst);
void gen_match(genfn *f, struct amb_node *n, uint32_t dst);
void gen_try(genfn *f, struct amb_node *n, uint32_t dst);
/* Task forms; dst NOREG: no value wanted. */
void gen_group(genfn *f, struct amb_node *n, uint32_t dst);
void gen_within(genfn *f, struct amb_node *n, uint32_t dst);
void gen_select(genfn *f, struct amb_node *n, uint32_t dst);
void gen_spawn(genfn *f, struct amb_node *n, uint32_t dst);
/* The callee and arguments of a call into registers from base on: how many, 0xffff when they are spread:
 * then base + 2 is a list and base + 3 a map or nil. *names: constant of the last ones' names. */
uint32_t gen_call_parts(genfn *f, struct amb_node *n, uint32_t base, uint32_t *names);
/* Registers for the names of a scope (raises top), and their early cells. */
void gen_scope(genfn *f, struct amb_lexical_scope *s);
bool gen_is_jump(const struct amb_node *n);

/* ---- gen_pattern.c ---- */
/* Takes the value in reg apart. fail NULL: a misfit is an error. */
void gen_pattern(genfn *f, struct amb_node *p, uint32_t reg, label *fail);
/* A type: its index; classes it names are loaded to registers from *first on (raises top). */
uint32_t gen_type(genfn *f, struct amb_node *type, uint32_t *first, uint32_t *count);
void gen_check(genfn *f, struct amb_node *type, uint32_t reg, enum ambpb_check kind, amb_text name);
bool gen_type_is_plain(const struct amb_node *type); /* names no class */

/* ---- gen_class.c ---- */
void gen_class(genfn *f, struct amb_node *n);
void gen_statics(genfn *f, struct amb_node *n);
void gen_enum(genfn *f, struct amb_node *n);
/* Number of fields of all ancestors, when that is known now. */
bool gen_field_base(const struct amb_class_decl *c, struct amb_vm *vm, uint32_t *base);

/* Compiles the module's main function. NULL: reported, or out of memory. */
struct amb_proto *ambgen_module(struct amb_vm *vm, struct amb_unit *unit,
                                struct amb_module *vmodule, struct amb_diags *diags, bool repl);

#endif
