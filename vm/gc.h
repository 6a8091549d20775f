/* SPDX-License-Identifier: MIT */
/* Allocation and collection: what every file that makes objects needs.
 *
 * The one rule that keeps C code simple: nothing here ever collects. Collections happen only at
 * the interpreter's safepoints, so raw pointers stay valid in C code until it returns. All
 * functions may fail: they return NULL after recording AMB_E_LIMIT or AMB_E_NOMEM in the VM. */
#ifndef AMB_VM_GC_H
#define AMB_VM_GC_H
#include "object.h"

/* A new object of `size` bytes, header filled, the rest uninitialised. The caller must fill every
 * field the marker reads before returning to the interpreter. */
void *ambgc_new(amb_vm *vm, size_t size, enum amb_tag type);

/* Resizes storage that belongs to `owner` (old may be NULL with old_size 0; new_size 0 frees and returns
 * NULL). On failure returns NULL and the old storage is unchanged. Contents are kept up to the
 * smaller size; new bytes are uninitialised. Sizes in bytes; always pass the exact old size. */
void *ambgc_storage(amb_vm *vm, void *owner, void *old, size_t old_size, size_t new_size);

/* Memory outside the heap that a collected object owns (a block of bytes): resizes p, NULL with old_size 0 being
 * nothing yet; new_size 0 frees. Counts towards the next collection. The owner must be tracked, so that its
 * finaliser gives it back. NULL: recorded, p unchanged. */
void *ambgc_outside(amb_vm *vm, void *p, size_t old_size, size_t new_size);
/* Marks `o` as owning outside memory: ambgc_finalize(o) runs when it dies. False: no memory. */
bool ambgc_track(amb_vm *vm, void *o);

void ambgc_remember(amb_vm *vm, amb_obj *o);
void ambgc_remember_at(amb_vm *vm, amb_obj *o, uint32_t i);
/* After storing a heap value into o (o may be older than the value), and after moving what o holds
 * about inside it. */
static inline void ambgc_barrier(amb_vm *vm, void *o) {
    if (AMB_UNLIKELY(((amb_obj *)o)->flags & OBJ_OLD)) ambgc_remember(vm, o);
}
/* The same for element (of a list) or entry (of a map) i: a long container is then not looked through
 * from end to end. */
static inline void ambgc_barrier_at(amb_vm *vm, void *o, uint32_t i) {
    if (AMB_UNLIKELY(((amb_obj *)o)->flags & OBJ_OLD)) ambgc_remember_at(vm, o, i);
}

/* Plain memory through the VM's allocator hook, accounted, not collected. NULL: recorded. */
void *ambgc_malloc(amb_vm *vm, size_t size);
void *ambgc_realloc(amb_vm *vm, void *p, size_t old_size, size_t new_size);
void ambgc_free(amb_vm *vm, void *p, size_t size);

/* A frame with FRAME_KNOWN has been popped; vm->base is its caller's. */
void ambgc_frame_left(amb_vm *vm);
/* Another task's frames come in place of those that are on the stack. */
void ambgc_stack_left(amb_vm *vm);

/* For the interpreter and embedding only, at a safepoint: does what is due, a minor collection or a
 * step of the major one. full: finds everything that is garbage, before it returns. */
void ambgc_collect(amb_vm *vm, bool full);
#endif
