/* SPDX-License-Identifier: MIT */
/* Compiled functions, generators and frames: what the interpreter works on. */
#ifndef AMB_VM_CODE_H
#define AMB_VM_CODE_H
#include "gc_internal.h"
#include "proto.h"
#include "vm.h"

typedef struct amb_upvalue {
    bool from_register;
    uint16_t index;
} amb_upvalue;

typedef struct amb_handler {
    uint32_t start, end, target;
    uint32_t reg;
} amb_handler;

typedef struct amb_typecheck {
    uint32_t mask;     /* bit t: values of tag t fit */
    bool widen;        /* an int becomes a float */
    uint32_t nclasses;
    amb_string *text;
    amb_string *cap;   /* "fs.dir" or NULL */
} amb_typecheck;

typedef struct amb_class_member {
    amb_string *name;
    uint8_t kind, flags; /* enum ambpb_member, AMBMF_* */
    uint32_t child, type, first_class;
} amb_class_member;

typedef struct amb_class_desc {
    amb_string *name;
    uint32_t flags; /* AMBC_* */
    uint32_t nmembers, members_cap, ntypes;
    uint32_t construct, fields, init;
    amb_class_member *members;
} amb_class_desc;

typedef struct amb_span32 {
    uint32_t start, end;
} amb_span32;

enum { PROTO_REST = 1, PROTO_GENERATOR = 2, PROTO_SELF = 4, PROTO_HIDDEN = 8 /* not in traces */ };

struct amb_proto {
    amb_obj h;
    amb_instr *code;
    ambv *k;
    uint32_t frame_bytes; /* nregs * 16 */
    uint16_t exact;       /* arguments (self included) when the count is fixed, else 0xffff */
    uint16_t cost;        /* fuel of a call */
    uint16_t nparams, nrequired;
    uint8_t flags;
    uint32_t ncode, nk, nprotos, nupvalues, ntypes, nhandlers, nclasses;
    amb_proto **protos;
    amb_upvalue *upvalues;
    amb_typecheck *types;
    amb_handler *handlers;
    amb_class_desc *classes;
    amb_string **params; /* nparams names */
    amb_span32 *spans;   /* one per code word */
    amb_span32 whole;
    amb_string *name;
    amb_module *module;
};
/* Words of the instruction, those that follow it included. */
uint32_t ambrun_words(const amb_instr *i);
/* Marks pairs of instructions that run as one. */
void ambproto_fuse(amb_instr *code, uint32_t n, bool handlers);
void ambproto_mark(struct ambgc *gc, amb_proto *p);
void ambproto_finalize(amb_vm *vm, amb_proto *p);

enum { GEN_SUSPENDED, GEN_RUNNING, GEN_DONE };
struct amb_generator {
    amb_obj h; /* aux16: GEN_* */
    amb_closure *closure;
    const amb_instr *pc; /* where to go on */
    bool started;
    uint32_t nregs;
    ambv regs[];
};

/* ---- frames ----
 * base[-2] is the function (closure) and receives the result; base[-1] holds the caller's pc and,
 * in its tag word: TAG_FRAME, the kind (bits 8..15), a destination register (16..31) and the distance
 * in bytes to the caller's base (32..63). */
enum frame_kind {
    FRAME_CALL,     /* result to base[-2]: the caller's R[a] */
    FRAME_DST,      /* result to R[dst] of the caller */
    FRAME_TEST,     /* result decides the conditional jump at the caller's pc - 1; dst bit 0: inverted */
    FRAME_BOOL,     /* truth of the result to R[dst & ~1]; bit 0: inverted */
    FRAME_IGNORE,   /* setters and []= */
    FRAME_STR,      /* str(): must be a string; to R[dst] */
    FRAME_ITER,     /* iter(): the iterator of the loop whose state is at R[dst] */
    FRAME_NEXT,     /* next() for the FORNEXT at pc - 1 */
    FRAME_INVOKE,   /* a getter whose value the INVOKE at pc - 3, with R[dst], calls */
    FRAME_GEN_FOR,  /* a generator's body run by the FORNEXT at pc - 1 */
    FRAME_GEN_CALL, /* a generator's body run by next(): value to R[dst] */
    FRAME_GEN_CLOSE,/* a generator's body being closed; nothing is delivered */
    FRAME_MODULE,   /* a module's top level run by IMPORT; the module is at base[-3] */
    FRAME_TASK,     /* a task's function */
    FRAME_HOST,     /* called in place of a host's function, which goes on; see host.h; its state is at base[-3] */
    FRAME_EXIT      /* leaves the interpreter: result to vm->result */
};
/* Generator frames keep their generator at base[-3]. */
static inline uint64_t frame_tag(enum frame_kind kind, uint32_t dst, size_t delta) {
    return TAG_FRAME | (uint64_t)kind << 8 | (uint64_t)(dst & 0xffff) << 16 | (uint64_t)delta << 32;
}
/* The collector knows everything below this frame; leaving it is to be told (ambgc_frame_left). A frame with this
 * bit does not look like FRAME_CALL to a return's fast path. */
#define FRAME_KNOWN ((uint64_t)0x8000)
static inline enum frame_kind frame_kind_of(uint64_t tag) { return (enum frame_kind)(tag >> 8 & 0x7f); }
static inline uint32_t frame_dst(uint64_t tag) { return (uint32_t)(tag >> 16 & 0xffff); }
static inline size_t frame_delta(uint64_t tag) { return (size_t)(tag >> 32); }
#define AMB_STACK_RESERVE 600 /* values above stack_limit: arguments on their way, natives' optional ones */

enum amb_resume { RUN_NEXT, RUN_THROW, RUN_RESUME, RUN_EXIT };
#endif
