/* SPDX-License-Identifier: MIT */
/* The interpreter's parts: the loop (interp.c), calls and unwinding (call.c), operators off the fast
 * path (operate.c), iteration (iterate.c), access to members and elements (access.c).
 *
 * A function here runs on behalf of the instruction vm->pc in the frame vm->base and returns an
 * enum amb_resume: RUN_NEXT, the instruction is done; RUN_RESUME, go on at vm->pc in vm->base (a
 * frame was pushed or popped, or a jump was taken); RUN_THROW, vm->exc or vm->failed is set. */
#ifndef AMB_VM_RUN_H
#define AMB_VM_RUN_H
#include "class.h"
#include "code.h"
#include "module.h"
#include "sample.h"

#define REG(vm, off) (*(ambv *)((char *)(vm)->base + (off)))
#define KONST(vm, off) \
    (*(ambv *)((char *)(vm)->base[-2].closure->proto->k + (off)))
#define AMB_CACHE_BUILTIN 0x80000000u /* cache key: this | tag for built-in types */
#define AMB_CACHE_CLASS 0x40000000u   /* cache key: this | class id for statics read from the class */
#define AMB_CACHE_EMPTY 0xffffffffu
/* CACHE_TYPED + tag: a field whose type admits just that tag. */
enum { CACHE_NONE, CACHE_CLOSURE, CACHE_NATIVE, CACHE_FIELD, CACHE_HOST, CACHE_TYPED = 16 };

typedef struct amb_cache {
    uint32_t key;  /* class id, or AMB_CACHE_BUILTIN | tag; 0xffffffff: empty */
    uint16_t kind, slot;
} amb_cache;
#define CACHE_OF(pc) ((amb_cache *)((amb_instr *)(pc) + 1))
#define CACHE_PTR(pc) (*(void **)((amb_instr *)(pc) + 2))
static inline uint32_t cache_key(ambv v) {
    return v.tag == TAG_INSTANCE ? v.o->aux32 : AMB_CACHE_BUILTIN | (uint32_t)v.tag;
}

/* ---- interp.c ---- */
/* Runs from vm->pc in vm->base until a FRAME_EXIT frame is left. AMB_OK: vm->result; AMB_E_THROW: vm->exc;
 * AMB_E_LIMIT, AMB_E_NOMEM: vm->failed. */
amb_status ambrun_loop(amb_vm *vm);
amb_status ambrun_loop_tracked(amb_vm *vm); /* the same, for a VM whose frames are sampled */

/* ---- call.c ---- */
/* Calls f[0] with n arguments at f[2...]; f is a register or above the frame. Result by `kind`. */
int ambrun_call(amb_vm *vm, ambv *f, uint32_t n, enum frame_kind kind, uint32_t dst,
                const amb_instr *ret);
/* Enters closure c: f[0] is the callee's slot, arguments are complete. */
int ambrun_enter(amb_vm *vm, ambv *f, amb_closure *c, enum frame_kind kind, uint32_t dst,
                 const amb_instr *ret);
int ambrun_call_named(amb_vm *vm, ambv *f, uint32_t n, const amb_tuple *names);
int ambrun_call_spread(amb_vm *vm, ambv *f);
int ambrun_tailcall(amb_vm *vm, ambv *f, uint32_t n);
/* The callee and arguments of such a call, each where a plain call has it, above the running frame. */
int ambrun_place_named(amb_vm *vm, const ambv *f, ambv **made, uint32_t *n, const amb_tuple *names);
int ambrun_place_spread(amb_vm *vm, const ambv *f, ambv **made, uint32_t *n);
/* Calls fn(args...) above the running frame: for operator methods and the like. */
int ambrun_push_call(amb_vm *vm, ambv fn, const ambv *args, uint32_t n, enum frame_kind kind,
                     uint32_t dst, const amb_instr *ret);
/* Where the result of a call that needed no frame goes, or of one whose frame was left. */
int ambrun_deliver_result(amb_vm *vm, ambv *f, enum frame_kind kind, uint32_t dst, const amb_instr *ret, ambv v);
/* Leaves the running frame with `v` where the frame's kind is not FRAME_CALL. */
int ambrun_return(amb_vm *vm, ambv v);
/* Finds the handler for the pending error: true: vm->base and vm->pc are set. False: everything up to the
 * FRAME_EXIT is gone. */
bool ambrun_unwind(amb_vm *vm);
int ambrun_throw(amb_vm *vm, ambv v);
/* A native or allocation failed with st: collects and runs the instruction again if it was memory. */
int ambrun_failed(amb_vm *vm, amb_status st);
/* Whether what failed was an allocation, and a collection may help. */
bool ambrun_wants_room(const amb_vm *vm);
/* After a failed allocation: everything that is garbage goes, what stands below `end`, or in the running frame,
 * stays. For calls whose arguments have been moved, so that the instruction cannot be run again. */
void ambrun_make_room(amb_vm *vm, const ambv *end);
/* Raises the TypeError for a call of v. */
int ambrun_not_callable(amb_vm *vm, ambv v);
/* A run begins. */
void ambrun_first_slice(amb_vm *vm);
/* A slice of fuel is spent: interrupts, deadline, fuel. The work goes on at `resume`. */
int ambrun_poll(amb_vm *vm);
/* Takes a comparing jump, with the fuel that a jump back costs. */
int ambrun_branch(amb_vm *vm, const amb_instr *jump);
int ambrun_poll_jump(amb_vm *vm); /* the same, then the jump of the loop instruction is taken */
void ambrun_collect(amb_vm *vm);
/* The end of the running frame's registers. */
static inline ambv *ambrun_frame_end(const amb_vm *vm) {
    ambv f = vm->base[-2];
    uint32_t bytes = f.tag == TAG_CLOSURE ? f.closure->proto->frame_bytes : 0;
    return (ambv *)((char *)vm->base + bytes);
}
#define ARG_SLACK 24 /* room above a frame for natives' optional arguments */
/* Calls native d with n arguments at f[2...]; receiver: the first of them is one. */
int ambrun_call_native(amb_vm *vm, ambv *f, const struct amb_native_def *d, uint32_t n, bool receiver,
                       enum frame_kind kind, uint32_t dst, const amb_instr *ret);
/* First free value above the running frame, with some room between. */
ambv *ambrun_top(const amb_vm *vm);
/* Makes room so that all values below `end` may be used. */
bool ambrun_reserve(amb_vm *vm, ambv *end);
/* Calls operation `name` of the capability f[2] with n arguments from f[3]. */
int ambrun_call_cap(amb_vm *vm, ambv *f, amb_string *name, uint32_t n, enum frame_kind kind,
                    uint32_t dst, const amb_instr *ret);
int ambrun_call_cap_named(amb_vm *vm, ambv *f, uint32_t n, const ambv *names, const ambv *vals,
                          uint32_t count, const amb_instr *ret);
int ambrun_import(amb_vm *vm, amb_module *m);
amb_closure *ambrun_closure(amb_vm *vm, amb_proto *p);
int ambrun_generator(amb_vm *vm);
int ambrun_yield(amb_vm *vm, ambv v);
int ambrun_resume(amb_vm *vm, amb_generator *g, enum frame_kind kind, uint32_t dst,
                  const amb_instr *ret);
int ambrun_close(amb_vm *vm, amb_generator *g, const amb_instr *ret);

/* ---- operate.c ---- */
int ambrun_arith(amb_vm *vm, enum amb_opcode op, ambv x, ambv y, uint32_t dst);
int ambrun_unary(amb_vm *vm, enum amb_opcode op, ambv x, uint32_t dst);
/* op: OP_EQ OP_NE OP_LT OP_LE OP_GT OP_GE. jump: decides the conditional jump at vm->pc, taken when
 * the truth is `sense`; else stores to dst. */
int ambrun_compare(amb_vm *vm, enum amb_opcode op, ambv x, ambv y, bool jump, bool sense,
                   uint32_t dst);
int ambrun_in(amb_vm *vm, ambv x, ambv in, uint32_t dst);
int ambrun_tostr(amb_vm *vm, ambv v, uint32_t dst);
int ambrun_format(amb_vm *vm, ambv v, ambv spec, uint32_t dst);
int ambrun_same(amb_vm *vm, ambv x, ambv y, uint32_t dst);
int ambrun_range(amb_vm *vm, ambv from, ambv to, bool closed, uint32_t dst);
int ambrun_undefined(amb_vm *vm, ambv name);
int ambrun_isinst(amb_vm *vm, ambv v, ambv cls, uint32_t dst);
int ambrun_tail(amb_vm *vm, ambv v, uint32_t before, uint32_t after, uint32_t dst);
int ambrun_mapput(amb_vm *vm, amb_map *m, ambv key, ambv v);
int ambrun_maprest(amb_vm *vm, amb_map *m, amb_list *keys, uint32_t dst);
int ambrun_matchfail(amb_vm *vm, ambv v);
int ambrun_misfit(amb_vm *vm, ambv v, ambv pattern);
bool ambrun_fits(const amb_vm *vm, const amb_typecheck *t, ambv v, const ambv *classes);
int ambrun_check(amb_vm *vm, ambv *v, const amb_typecheck *t, const ambv *classes, uint64_t what);

/* ---- access.c ---- */
int ambrun_getfield(amb_vm *vm, ambv o, amb_string *name, bool priv, uint32_t dst);
int ambrun_setfield(amb_vm *vm, ambv o, amb_string *name, ambv v, bool priv);
int ambrun_invoke(amb_vm *vm, bool priv);
/* Calls fn with the n arguments at f[3...]: what an INVOKE found in a field or a getter. */
int ambrun_invoke_value(amb_vm *vm, ambv *f, ambv fn, uint32_t n);
int ambrun_super(amb_vm *vm, bool call);
int ambrun_superfields(amb_vm *vm, bool named);
int ambrun_checkown(amb_vm *vm, uint32_t at, const amb_string *name); /* R[at] for that field */
int ambrun_init(amb_vm *vm, amb_class *c); /* runs c's init blocks on R[a+2] */
int ambrun_getindex(amb_vm *vm, ambv o, ambv key, uint32_t dst);
int ambrun_setindex(amb_vm *vm, ambv o, ambv key, ambv v);
int ambrun_slice(amb_vm *vm, ambv o, ambv from, ambv to, bool closed, uint32_t dst);
int ambrun_class(amb_vm *vm, const amb_class_desc *d, ambv *slot);
int ambrun_setstatic(amb_vm *vm, amb_class *c, amb_string *name, ambv v);
int ambrun_patfield(amb_vm *vm, ambv cls, ambv o, uint32_t index, uint32_t dst);
int ambrun_freeze_op(amb_vm *vm, ambv v);
int ambrun_input(amb_vm *vm, uint32_t index, bool need, uint32_t dst);

/* ---- iterate.c ---- */
int ambrun_forprep(amb_vm *vm, ambv *state);
int ambrun_fornext(amb_vm *vm, bool pair);
int ambrun_forrange(amb_vm *vm);
int ambrun_closeiter(amb_vm *vm, ambv *state);
/* What iter() gave, in state[0], becomes the state of the loop. */
int ambrun_iterator(amb_vm *vm, ambv *state);
/* Delivers an item to the FORNEXT that stands before vm->pc. */
int ambrun_deliver(amb_vm *vm, ambv v);
#endif
