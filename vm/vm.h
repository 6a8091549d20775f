/* SPDX-License-Identifier: MIT */
/* The virtual machine: one struct, no globals. */
#ifndef AMB_VM_VM_H
#define AMB_VM_VM_H
#include <time.h>

#include "gc.h"
#include "native.h"
#include "object.h"
#include "types.h"

/* Names the VM itself looks up, interned at start: AMBSYM(vm, len). */
#define AMB_SYMBOLS(X)                                                                             \
    X(len) X(empty) X(message) X(cause) X(notes) X(trace) X(kind) X(code) X(path) X(line)          \
    X(column) X(status) X(iter) X(next) X(hash) X(str) X(call) X(neg) X(copy) X(main) X(init)      \
    X(close) X(contains)
enum amb_symbol {
#define X(n) SYM_##n,
    AMB_SYMBOLS(X)
#undef X
    /* operator methods, in the order of enum amb_operator */
    SYM_OP_FIRST,
    SYM_OP_LAST = SYM_OP_FIRST + 24,
    SYM_COUNT
};
/* Operators a class may define; the name of the method is in ambvm_operator_names[]. */
enum amb_operator {
    OPER_EQ, OPER_LT, OPER_LE, OPER_GT, OPER_GE, OPER_NE, OPER_ADD, OPER_SUB, OPER_MUL, OPER_DIV,
    OPER_FLOOR, OPER_MOD, OPER_POW, OPER_AND, OPER_OR, OPER_XOR, OPER_NOT, OPER_SHL, OPER_SHR,
    OPER_USHR, OPER_ADDW, OPER_SUBW, OPER_MULW, OPER_INDEX /* [] */, OPER_SETINDEX /* []= */
};
#define AMBSYM(vm, name) ((vm)->symbols[SYM_##name])

typedef struct amb_limits {
    size_t heap_bytes;   /* 0: none */
    uint64_t fuel;       /* 0: none; unit: about one bytecode instruction */
    uint64_t deadline_ns;/* CLOCK_MONOTONIC; 0: none */
    uint32_t stack_slots;/* values, all frames together */
    uint32_t handles;    /* capability rows */
    uint32_t tasks;      /* that have not ended; 0: a million */
} amb_limits;

/* Where print goes. Returns AMB_OK or an error; called with whole pieces of text. */
typedef amb_status (*amb_output_fn)(void *ud, int fd /* 1 or 2 */, const char *s, size_t n);

struct ambgc;
struct ambstr_table;
struct ambgate;
struct ambsched;
struct ambmodules;
struct ambprelude;
struct ambhost;
/* What to call when the VM is freed. */
struct ambatfree {
    void (*fn)(amb_vm *vm, void *ud);
    void *ud;
    struct ambatfree *next;
};
struct amb_instr;

/* Public methods found for instances, by class and name: for calls that meet several classes. Classes
 * and their methods live as long as the VM. */
typedef struct amb_method_cache {
    const amb_string *name;
    uint32_t class_id;
    amb_closure *closure;
} amb_method_cache;
#define AMB_METHOD_SLOTS 256u
#define AMB_METHOD_SLOT(id, name) \
    (((id) * 31u + (uint32_t)((uintptr_t)(name) >> 5)) & (AMB_METHOD_SLOTS - 1))

struct amb_vm {
    /* hot: fixed places */
    ambv *base;      /* of the running frame, whenever the interpreter calls out */
    ambv *stack_end; /* soft end: raised in steps up to stack_limit, all below it is initialised */
    int32_t slice;           /* fuel left in this slice; negative: poll */
    bool gc_wanted;          /* collect at the next safepoint */
    _Atomic int interrupt;   /* set from any thread: poll at the next slice end */

    ambv *stack, *stack_limit;
    ambv *top;                    /* end of the running frame, for the collector */
    const struct amb_instr *pc;   /* of the instruction being executed, likewise */
    ambv *pins;                   /* values the host holds, and temporaries of C code */
    uint32_t npins, pins_cap;
    ambv exc;           /* the pending error (TAG_UNDEF: none) */
    ambv result;        /* of the frame that left the interpreter */
    const struct amb_instr *retried; /* the instruction being run again after a collection */
    amb_status exit_status; /* of an interpreter loop that found no handler */
    amb_status failed;  /* AMB_E_NOMEM / AMB_E_LIMIT recorded by an allocation, else AMB_OK */
    const struct amb_native_def *called; /* by which the native function was called that begins now */
    volatile uintptr_t native; /* what runs beneath the running frame, for profilers: see sample.h */
    bool tracked;              /* a profiler looks: the loop that keeps base and native true */
    const char *limit_text; /* which limit ended the program: "memory", "fuel", ... */

    struct ambgc *gc;
    struct ambstr_table *strings;
    uint64_t hash_seed;
    uint64_t random_state[4]; /* what the module random draws from */
    amb_string *symbols[SYM_COUNT];
    amb_string *ascii[128]; /* the one-character strings */
    amb_string *empty_string;
    amb_class **classes; /* by id */
    uint32_t nclasses, classes_cap;
    amb_class *error_class[AMB_ERR_COUNT];
    amb_class *close_class; /* of the signal that closes a generator; no script sees it */
    amb_method_cache methods[AMB_METHOD_SLOTS];
    struct ambmembers *type_members[TAG_COUNT]; /* members by name; made on first use, some shared */
    const amb_map *found_map; /* where the last look-up found its key: see map.c */
    uint32_t found_at;
    struct ambmodules *modules;
    struct ambprelude *prelude;
    struct ambgate *gate;
    struct ambsched *sched;
    struct ambhost *host;
    amb_task *task; /* the running one; NULL: the program has never waited nor spawned */

    amb_module *entry; /* the script being run */
    /* Compiles what a function of an embedded source ("list" of core) needs; installed by whoever has a
     * compiler. */
    amb_status (*compile_core)(amb_vm *vm, const char *name, size_t len, const char *function,
                               amb_module **out);
    /* Compiles a module that a program loads; need is called for each name that it needs, once *out is
     * there. AMB_E_COMPILE: reported. */
    amb_status (*compile_plugin)(amb_vm *vm, const char *name, const char *text, size_t len,
                                 amb_module **out,
                                 void (*need)(void *ud, const char *name, size_t len, uint32_t index),
                                 void *need_ud, void (*report)(void *ud, const char *s, size_t n),
                                 void *report_ud);
    void *compiler; /* the compiler's own state */
    void (*free_compiler)(amb_vm *vm, void *state);
    struct ambatfree *at_free;
    uint64_t timeout_ns;
    uint64_t fuel_used;
    int32_t slice_size;
    amb_limits limits;
    uint32_t c_depth; /* nested interpreter loops */
    uint32_t no_gc;   /* >0: a C function that holds raw pointers is running script */
    uint32_t next_identity; /* identity hashes come from a counter */
    amb_output_fn output;
    void *output_ud;
    bool stress; /* collect at every safepoint */
    bool idle;   /* no task can go on: the loop ends with AMB_PENDING */
    bool gate_closed; /* inside hash, ==, <, str: operations raise StateError */
};

#define AMB_STACK_STEP 4096 /* values */

/* Nanoseconds of the clock that deadlines and expiry dates count by. */
static inline uint64_t ambvm_now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Whether the run is to end now: interrupted, or its time is over (recorded in the VM). For native code whose work is
 * not bounded by a slice of fuel. */
bool ambvm_overdue(amb_vm *vm);

/* print and eprint write through here: buffered by the host side. */
amb_status ambvm_write(amb_vm *vm, int fd, const char *s, size_t n);
/* Charges n units of fuel for work done inside a native that is not O(1); never fails (the slice ends). */
static inline void ambvm_charge(amb_vm *vm, uint64_t n) {
    vm->slice = n > (uint64_t)(1 << 30) || vm->slice < -(1 << 30) ? -(1 << 30) - 1
                                                                   : vm->slice - (int32_t)n;
}
#endif
