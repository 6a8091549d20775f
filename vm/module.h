/* SPDX-License-Identifier: MIT */
/* Modules of a VM: their slots, exports, sources, and the prelude. */
#ifndef AMB_VM_MODULE_H
#define AMB_VM_MODULE_H
#include "code.h"

enum { MODULE_FRESH, MODULE_RUNNING, MODULE_DONE, MODULE_FAILED };
struct amb_module {
    amb_obj h; /* aux16: MODULE_* */
    amb_string *name; /* as imported; never a path of the host's */
    ambv *slots;      /* fixed for the module's life: code points at them */
    amb_string **slot_names;
    bool *exported;
    uint32_t nslots;
    bool standard; /* a native module: its slots never change */
    bool hidden;   /* core: left out of traces */
    bool gives_value; /* AMB_LOAD_VALUE: what it gives is no exit status */
    char *source;
    size_t source_len;
    amb_proto *main;
    amb_closure *main_closure;
    ambv *uses, *needs;
    uint32_t nuses, nneeds;
    ambv args;
    ambv result; /* of the last run */
};
void ambmodule_mark(struct ambgc *gc, amb_module *m);
void ambmodule_finalize(amb_vm *vm, amb_module *m);
/* Slot of an export, or -1. */
int64_t ambmodule_find(const amb_module *m, const amb_string *name);
/* Line and column (from 1) of a byte offset of the source. */
void ambmodule_locate(const amb_module *m, uint32_t offset, uint32_t *line, uint32_t *column);

/* The standard module that exports this function, "math"; NULL: none. */
const char *ambmodule_owner(const amb_native_def *d);

/* Whether the VM itself has a module of that name. */
bool ambmodule_is_standard(const char *name, size_t len);

struct ambmodules;
void ambmodules_mark(struct ambgc *gc, struct ambmodules *ms);
amb_status ambmodules_setup(amb_vm *vm);
void ambmodules_teardown(amb_vm *vm);
/* A function of an embedded core source, "list:map"; compiles the source on first use through the hook. */
amb_status ambmodules_core(amb_vm *vm, const char *name, ambv *out);

void ambprelude_mark(struct ambgc *gc, const struct ambprelude *p);
amb_status ambmodule_link(amb_vm *vm, amb_module *m);
/* Runs the top level of a module from C, unless it ran already. */
amb_status ambmodule_run(amb_vm *vm, amb_module *m);

/* Makes sure that a prelude entry has its value. */
amb_status ambprelude_resolve(struct amb_vm *vm, uint32_t index);
extern const amb_native_def amblib_entry[]; /* input, exit */

typedef struct ambprelude {
    uint32_t count, cap;
    struct {
        const char *name;
        bool entry_only;
        ambv value;
    } entries[];
} ambprelude;
#endif
