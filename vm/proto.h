/* SPDX-License-Identifier: MIT */
/* Making code: the only part of the VM the compiler sees.
 *
 * A builder (ambpb) collects one function; ambpb_finish turns it into a function object of the VM.
 * Builders live in memory of the VM and are freed by finish or ambpb_free. Nothing collects
 * while code is built. A failed allocation is sticky: emitting goes on harmlessly and
 * ambpb_finish returns NULL. */
#ifndef AMB_VM_PROTO_H
#define AMB_VM_PROTO_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ambit/status.h"

struct amb_vm;
struct amb_module;
struct amb_proto;
typedef struct ambpb ambpb;

enum amb_opcode {
#define OP(name, operands, words, doc) OP_##name,
#include "opcodes.def"
#undef OP
    OP_COUNT
};

typedef struct amb_instr {
    uint16_t op, a, b, c;
} amb_instr;

#define AMB_REG_SCALE 16u
#define AMB_MAX_REGS 4000u   /* registers of one function */
#define AMB_MAX_KSCALED 4095u /* constants that instructions can name directly */
static inline uint16_t ambreg(uint32_t r) { return (uint16_t)(r * AMB_REG_SCALE); }

ambpb *ambpb_new(struct amb_vm *vm, struct amb_module *module, const char *name, size_t name_len);
void ambpb_free(ambpb *pb);
/* Number of words so far: the address of the next instruction. */
uint32_t ambpb_here(const ambpb *pb);
/* start, end: byte span of the source text the instruction stands for. */
uint32_t ambpb_emit(ambpb *pb, enum amb_opcode op, uint16_t a, uint16_t b, uint16_t c,
                    uint32_t start, uint32_t end);
void ambpb_word(ambpb *pb, uint64_t w);
amb_instr *ambpb_at(ambpb *pb, uint32_t at); /* to patch; invalid after the next emit */
/* Drops everything emitted (constants stay): used to compile again with long jumps. */
void ambpb_rewind(ambpb *pb);
bool ambpb_failed(const ambpb *pb);

/* Constants; equal ones are shared. Return the index. */
uint32_t ambpb_int(ambpb *pb, int64_t i);
uint32_t ambpb_float(ambpb *pb, double f);
uint32_t ambpb_string(ambpb *pb, const char *s, size_t len);
/* A frozen bytes value. */
uint32_t ambpb_bytes(ambpb *pb, const char *s, size_t len);
uint32_t ambpb_names(ambpb *pb, const uint32_t *strings, uint32_t n); /* tuple of string constants */
uint32_t ambpb_module(ambpb *pb, struct amb_module *m);
uint32_t ambpb_prelude(ambpb *pb, uint32_t index);
/* While on, constants asked for are only loaded, never named by an operand: in a function with many
 * they leave the low numbers to names. */
void ambpb_loading(ambpb *pb, bool on);

/* Words that follow an instruction and name something outside the function. */
void ambpb_slot_word(ambpb *pb, struct amb_module *m, uint32_t slot); /* GETM SETM CALLM ... */
/* Whether a prelude entry (an export of a native module) is a native function that takes nargs. */
bool ambpb_is_native_prelude(const struct amb_vm *vm, uint32_t index, uint32_t nargs);
void ambpb_native_prelude_word(ambpb *pb, uint32_t index);
bool ambpb_is_native_export(const struct amb_module *m, uint32_t slot, uint32_t nargs);
void ambpb_native_export_word(ambpb *pb, struct amb_module *m, uint32_t slot);

/* Types for CHECK, ISTYPE and fields: a mask over value kinds plus a number of classes, whose values
 * are in registers at run time. `text` is how the type was written. */
enum {
    AMBT_NIL = 1, AMBT_BOOL = 2, AMBT_INT = 4, AMBT_FLOAT = 8, AMBT_STRING = 16, AMBT_BYTES = 32,
    AMBT_LIST = 64, AMBT_TUPLE = 128, AMBT_MAP = 256, AMBT_SET = 512, AMBT_FN = 1024,
    AMBT_RANGE = 2048, AMBT_CAP = 4096, AMBT_TASK = 8192, AMBT_CHANNEL = 16384,
    AMBT_LOCK = 32768, AMBT_ANY = 1 << 20,
    AMBT_WIDEN = 1 << 21 /* float without int: an int becomes a float (CHECK only) */
};
uint32_t ambpb_type(ambpb *pb, uint32_t mask, uint32_t nclasses, const char *text, size_t len);
/* A type whose AMBT_CAP must be of this provider.resource ("fs.dir"). */
void ambpb_type_cap(ambpb *pb, uint32_t type, const char *text, size_t len);
/* What CHECK's word says about the value. */
enum ambpb_check { CHECK_PARAM, CHECK_RESULT, CHECK_BINDING, CHECK_FIELD };

/* A closure's upvalues, in order. */
void ambpb_upvalue(ambpb *pb, bool from_register, uint32_t index);
/* Adds a finished inner function; returns its index for CLOSURE. */
uint32_t ambpb_child(ambpb *pb, struct amb_proto *child);

/* While pc is in [start, end) an error goes to target with the error in register reg. Add inner
 * ranges before outer ones. */
void ambpb_handler(ambpb *pb, uint32_t start, uint32_t end, uint32_t target, uint32_t reg);

/* Parameters, in order. nrequired <= nparams; rest: the last one collects. Names are for named
 * arguments and messages. */
void ambpb_param(ambpb *pb, const char *name, size_t len);
typedef struct ambpb_shape {
    uint32_t nregs;
    uint32_t nparams;   /* self not counted, the rest parameter counted */
    uint32_t nrequired;
    bool rest, generator;
    bool takes_self;    /* R[0] is self, parameters start at R[1] */
    uint32_t start, end; /* span of the whole function */
} ambpb_shape;
/* Makes the function object and frees the builder. NULL: out of memory (recorded in the VM). */
struct amb_proto *ambpb_finish(ambpb *pb, const ambpb_shape *shape);

/* ---- classes ---- */
enum { AMBC_VALUE = 1, AMBC_ENUM = 2, AMBC_CASE = 4, AMBC_OPEN = 8, AMBC_PRIVATE_CTOR = 16 };
enum ambpb_member { AMBM_FIELD, AMBM_METHOD, AMBM_GETTER, AMBM_SETTER, AMBM_STATIC_METHOD,
                    AMBM_STATIC_GETTER, AMBM_STATIC_SETTER, AMBM_STATIC_FIELD };
enum { AMBMF_PRIVATE = 1, AMBMF_LET = 2, AMBMF_HEADER = 4 /* public header field, for patterns */ };
/* Starts a class description; returns its index for CLASS. The closures of its functions are made when
 * CLASS runs, capturing from the frame like CLOSURE. For enums each case is a class of its own,
 * described with AMBC_CASE and made by a CLASS whose R[a] is the enum. */
uint32_t ambpb_class(ambpb *pb, const char *name, size_t len, uint32_t flags);
/* child: for functions the index from ambpb_child, else 0; type: index + 1 or 0; first_class: the
 * classes the type names are in R[a+1+first_class...]. */
void ambpb_class_member(ambpb *pb, uint32_t cls, enum ambpb_member kind, const char *name, size_t len,
                        uint32_t flags, uint32_t child, uint32_t type, uint32_t first_class);
/* The functions of construction (children), each may be UINT32_MAX for none: construct(params...) -> instance;
 * fields(self, params...); init(self). */
void ambpb_class_ctor(ambpb *pb, uint32_t cls, uint32_t construct, uint32_t fields, uint32_t init);
/* How many registers after R[a] hold classes named by field types. */
void ambpb_class_types(ambpb *pb, uint32_t cls, uint32_t count);

/* ---- modules, as the compiler sees them ---- */
struct amb_module *ambmodule_new(struct amb_vm *vm, const char *name, size_t len, uint32_t nslots);
amb_status ambmodule_set_slot_name(struct amb_vm *vm, struct amb_module *m, uint32_t slot,
                                   const char *name, size_t len, bool exported);
/* The source text (copied) and the main function; for error excerpts and running. */
amb_status ambmodule_set_source(struct amb_vm *vm, struct amb_module *m, const char *text, size_t len);
void ambmodule_set_main(struct amb_module *m, struct amb_proto *main);
/* Counts of use lines and needs; space for their values. */
amb_status ambmodule_set_inputs(struct amb_vm *vm, struct amb_module *m, uint32_t nuses, uint32_t nneeds);
/* The prelude as a list of names. */
uint32_t ambprelude_count(const struct amb_vm *vm);
const char *ambprelude_name(const struct amb_vm *vm, uint32_t index);
/* Whether only the entry script may name it (input, exit, stdin, args). */
bool ambprelude_entry_only(const struct amb_vm *vm, uint32_t index);
/* Fields of an instance of the class at that place, -1 when it is no class. */
int32_t ambprelude_fields(const struct amb_vm *vm, uint32_t index);
/* A standard module by name, or NULL; its exports are slots. */
struct amb_module *ambmodule_standard(struct amb_vm *vm, const char *name, size_t len);
/* The same among those that the host has made. */
struct amb_module *ambmodule_host(struct amb_vm *vm, const char *name, size_t len);
uint32_t ambmodule_export_count(const struct amb_module *m);
const char *ambmodule_export_name(const struct amb_module *m, uint32_t slot);
/* ---- what the compiler needs of a VM ---- */
/* The compiler's own state, freed with the VM by `free_it`. */
void *ambvm_compiler(const struct amb_vm *vm);
void ambvm_set_compiler(struct amb_vm *vm, void *state, void (*free_it)(struct amb_vm *vm, void *state),
                        amb_status (*compile_core)(struct amb_vm *vm, const char *name, size_t len,
                                                   const char *function, struct amb_module **out),
                        amb_status (*compile_plugin)(
                            struct amb_vm *vm, const char *name, const char *text, size_t len,
                            struct amb_module **out,
                            void (*need)(void *ud, const char *name, size_t len, uint32_t index),
                            void *need_ud, void (*report)(void *ud, const char *s, size_t n),
                            void *report_ud));
/* Between these nothing collects; they nest. */
void ambvm_gc_pause(struct amb_vm *vm);
void ambvm_gc_resume(struct amb_vm *vm);
/* The failure an allocation recorded (AMB_E_NOMEM when none), which is forgotten. */
amb_status ambvm_take_failure(struct amb_vm *vm);
bool ambvm_has_failed(const struct amb_vm *vm);
/* Calls fn when the VM is freed. */
amb_status ambvm_at_free(struct amb_vm *vm, void (*fn)(struct amb_vm *vm, void *ud), void *ud);
/* Keeps m alive as long as the VM. */
amb_status ambvm_keep_module(struct amb_vm *vm, struct amb_module *m);
/* Instructions of m's functions as text. */
void ambmodule_disassemble(struct amb_vm *vm, const struct amb_module *m,
                           void (*write)(void *ud, const char *s, size_t n), void *ud);
/* Memory for the compiler, accounted to the VM; the shape of an arena hook (ud = the VM). */
void *ambvm_compiler_memory(void *vm, void *p, size_t old_size, size_t new_size, size_t align);
#endif
