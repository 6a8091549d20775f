/* SPDX-License-Identifier: MIT */
/* What a profiler sees of a running VM.
 *
 * A sample is taken in a signal handler on the VM's thread, at any machine instruction. It walks the
 * frames from vm->base down, so in a tracked VM vm->base always names a complete frame: a frame's words are
 * written before vm->base moves up to it, and vm->base moves down before the words of the frame that was
 * left are used for anything else. Nothing else is read but closures of running frames and vm->native:
 * which native function, operation of a capability or part of the VM runs on behalf of the topmost frame. */
#ifndef AMB_VM_SAMPLE_H
#define AMB_VM_SAMPLE_H
#include "native.h"
#include "vm.h"

/* An amb_frame: a pointer to something that lives as long as the VM, and in its low bits what it is. */
enum { SAMPLE_PROTO, SAMPLE_NATIVE, SAMPLE_OP, SAMPLE_VERB, SAMPLE_KIND = 3 };
struct amb_op;
struct ambverb;

static inline uintptr_t ambsample_native(const amb_native_def *d) { return (uintptr_t)d | SAMPLE_NATIVE; }
static inline uintptr_t ambsample_op(const struct amb_op *op) { return (uintptr_t)op | SAMPLE_OP; }
static inline uintptr_t ambsample_verb(const struct ambverb *v) { return (uintptr_t)v | SAMPLE_VERB; }
/* Says what runs from now on; gives what ran before, to be said again afterwards. 0: script code. */
static inline uintptr_t ambsample_enter(amb_vm *vm, uintptr_t what) {
    uintptr_t before = vm->native;
    vm->native = what;
    return before;
}
/* Parts of the VM that show as functions of their own. */
extern const amb_native_def ambsample_collector, ambsample_compiler, ambsample_host;
#endif
