/* SPDX-License-Identifier: MIT */
/* Calling both ways: functions of scripts from C, C functions and objects from scripts, errors.
 *
 * A host's functions reach a script in one of three ways, all of the host's choosing: a module of
 * functions that give no power over anything outside (amb_module_new; `import NAME`), a value supplied for
 * one of the script's `use` lines (amb_run), or an argument of a call. What a script was not handed it
 * cannot call.
 *
 * No function here leaves a C frame by longjmp, and none aborts the process. The rules of value.h
 * about scopes, threads and statuses hold. */
#ifndef AMBIT_NATIVE_H
#define AMBIT_NATIVE_H

#include "ambit/value.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- calling scripts ----------------------------------------------------------------- */

/* Calls f(args...): a function of a script or of the host, a class, a bound method.
 *
 * Outside of any run it is a run of its own: fuel and time are counted anew, tasks that it starts are
 * run until they end, it waits as long as it takes. AMB_E_BUSY: a program was started with amb_start and
 * has not ended.
 * Inside a native function it runs the function to its end; there it cannot wait (StateError). Use
 * amb_call_then for functions that may. */
AMB_API amb_status amb_call_function(amb_vm *vm, amb_value f, const amb_value *args, uint32_t n, amb_value *out);
/* receiver.name(args...): methods of objects and built-in values, functions of modules, operations of
 * capabilities. */
AMB_API amb_status amb_invoke(amb_vm *vm, amb_value receiver, const char *name, const amb_value *args,
                              uint32_t n, amb_value *out);
/* amb_call_function as amb_start: runs f until all its tasks wait. AMB_PENDING: amb_pump goes on with it, and
 * amb_result has what it gave once amb_pump says AMB_OK. */
AMB_API amb_status amb_start_call(amb_vm *vm, amb_value f, const amb_value *args, uint32_t n);
AMB_API amb_status amb_result(amb_vm *vm, amb_value *out);

/* ---- native functions ------------------------------------------------------------------ */

/* args[0..n): what the script gave, checked against min and max; parameters that were left out between others
 * (calls with names) or up to max are nil and do not count in n. For methods and properties args[0] is the receiver,
 * which is of the class, and n counts it. *out is nil on entry.
 * Gives AMB_OK; AMB_E_THROW after amb_raise or amb_throw, or when a call failed with it; what amb_pend or
 * amb_call_then gave; or another status, which becomes an error that says little.
 * It may call anything of the VM but amb_vm_free and the functions that run programs (amb_run, amb_pump...). */
typedef amb_status (*amb_native_fn)(amb_vm *vm, void *ud, const amb_value *args, uint32_t n,
                                    amb_value *out);

#define AMB_ANY_NUMBER 255u

enum {
    AMB_FN_GETTER = 1, /* members of classes: `o.name` calls it */
    AMB_FN_SETTER = 2, /* `o.name = v` calls it: args[1] */
    AMB_FN_STATIC = 4  /* of the class itself: C.name(...), no receiver */
};

/* A table's row. Everything in it must outlive the VM; it never grows. */
typedef struct amb_function {
    const char *name;
    amb_native_fn fn;
    uint8_t min, max;   /* arguments without the receiver; max: AMB_ANY_NUMBER, as many as there are */
    uint16_t flags;     /* AMB_FN_* */
    uint32_t reserved0;
    const char *params; /* "text, width": names, so that arguments may be given by name; NULL: none may */
    const char *doc;    /* a sentence or two; "clamp(x: int, to: int) -> int\n..." shows the types; NULL */
    void *reserved1;
} amb_function;

/* A function as a value. ud goes to each call; drop(ud), unless NULL, runs when the function is gone, on the VM's
 * thread, and uses nothing of the VM but amb_unpin. When the call fails drop does not run. */
AMB_API amb_status amb_function_new(amb_vm *vm, const amb_function *f, void *ud, void (*drop)(void *ud),
                                    amb_value *out);

/* A module that scripts import by its name. The host vouches that its functions give no power: no files, no
 * network, no state that is shared with others. */
typedef struct amb_module_def {
    size_t size;      /* sizeof(amb_module_def): later fields are defaults */
    const char *name; /* an identifier; standard modules come first */
    const amb_function *functions;
    uint32_t nfunctions, nvalues;
    const char *const *names; /* further exports: constants, classes */
    const amb_value *values;
    void *ud;
    void (*drop)(void *ud); /* when the VM is freed */
} amb_module_def;
/* Scripts that are loaded from now on can import it. AMB_E_ARG: its name is none or is taken. */
AMB_API amb_status amb_module_new(amb_vm *vm, const amb_module_def *def);

/* ---- classes over objects of the host --------------------------------------------------- */

typedef struct amb_class_def {
    size_t size;      /* sizeof(amb_class_def): later fields are defaults */
    const char *name; /* an identifier */
    const amb_function *members; /* methods; AMB_FN_GETTER, AMB_FN_SETTER, AMB_FN_STATIC */
    uint32_t nmembers, reserved0;
    const amb_function *construct; /* Name(...): gives an object of the class; NULL: scripts cannot */
    /* Gives back what an object stands for, once: when it was collected, released, or the VM is freed. On the
     * VM's thread, in the middle of anything: it must not use the VM, and it is given none. */
    void (*finalize)(void *host);
    void *ud; /* for the members' calls */
} amb_class_def;
/* Makes a class; it lives as long as the VM. Scripts cannot extend it. */
AMB_API amb_status amb_class_new(amb_vm *vm, const amb_class_def *def, amb_value *out);
/* An object of that class that stands for `host`, which is not NULL; it is the object's from now on. */
AMB_API amb_status amb_object_new(amb_vm *vm, amb_value cls, void *host, amb_value *out);
/* What the object stands for. AMB_E_THROW: v is no object of that class (TypeError) or has been released
 * (StateError); a native function may give that status on. */
AMB_API amb_status amb_object_host(amb_vm *vm, amb_value v, amb_value cls, void **host);
/* Finalizes the object now, like a script's close(); afterwards it stands for nothing. Once is enough. */
AMB_API amb_status amb_object_release(amb_vm *vm, amb_value v);

/* ---- errors ------------------------------------------------------------------------------ */

/* Makes an error the one that is thrown, and gives AMB_E_THROW to be returned. kind: the name of a built-in
 * error class ("ValueError", ...), NULL: "Error". The text is cut at 500 bytes. */
AMB_API amb_status amb_raise(amb_vm *vm, const char *kind, const char *fmt, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 3, 4)))
#endif
    ;
/* Throws v, an error object or a string. */
AMB_API amb_status amb_throw(amb_vm *vm, amb_value v);

/* The error of the last call that failed: an object, nil when there is none (limits have none: amb_last_limit). Calls
 * that run script code forget it. */
AMB_API amb_status amb_last_error(amb_vm *vm, amb_value *out);
/* After AMB_E_LIMIT: "memory", "fuel", "deadline", "stack", "interrupt"...; else NULL. Static. */
AMB_API const char *amb_last_limit(amb_vm *vm);
/* What the last failed call has to say: message, source excerpt, hint and stack trace, as an uncaught error
 * is shown; colour: with terminal escapes. */
AMB_API void amb_error_report(amb_vm *vm, int colour, amb_text_fn write, void *ud);

/* An error in its parts. Texts live as long as the error's value is good. */
typedef struct amb_error {
    size_t size;         /* set by the caller: sizeof(amb_error) */
    const char *type;    /* the name of its class */
    const char *builtin; /* of the nearest built-in class, "IOError" */
    const char *message;
    size_t message_len;
    uint32_t depth;  /* functions in its trace */
    uint32_t nnotes;
    amb_value cause; /* nil: none; good like any other value */
} amb_error;
AMB_API amb_status amb_error_parts(amb_vm *vm, amb_value error, amb_error *out);
/* Where it was thrown: i-th function of the trace, the innermost first. */
typedef struct amb_place {
    size_t size; /* set by the caller: sizeof(amb_place) */
    const char *function, *module;
    uint32_t line, column; /* from 1; column in code points */
} amb_place;
AMB_API amb_status amb_error_place(amb_vm *vm, amb_value error, uint32_t i, amb_place *out);

/* ---- waiting ------------------------------------------------------------------------------ */

/* The call under way waits for something that the host will say later; meanwhile other tasks run, and the
 * program, if there are none, waits. To be called last in a native function, which returns what it gives: AMB_PENDING, or an
 * error where nothing can wait. left: NULL, or called when the task no longer waits before it was answered, because it
 * was cancelled or the program ended; it must not use the VM. *ticket is for amb_answer. */
AMB_API amb_status amb_pend(amb_vm *vm, void (*left)(void *ud), void *ud, uint64_t *ticket);
/* Ends the wait, on the VM's thread and outside of scripts: from amb_remote_post's function, or between two
 * calls of amb_pump. st: AMB_OK, v is the result of the call; AMB_E_THROW, v is the error. AMB_E_STALE: nobody waits. */
AMB_API amb_status amb_answer(amb_vm *vm, uint64_t ticket, amb_status st, amb_value v);

/* What goes on after a function called by amb_call_then. st: AMB_OK and what it gave; AMB_E_THROW and the error, which
 * is handled unless `st` is returned. Otherwise like a native function: it may use amb_call_then again. */
typedef amb_status (*amb_then_fn)(amb_vm *vm, void *ud, amb_status st, amb_value v, amb_value *out);
/* From a native function that returns what this gives: calls f(args...) in its place; f may wait. When f is over,
 * then(ud, ...) gives the result of the native function; NULL: f's result is. drop(ud), unless NULL, runs once, after
 * `then` or without it: a limit, or the end of the task, ends f without anything going on; when this
 * fails, too. If `then` hands the same ud on to another amb_call_then, it runs after that one. It may run during
 * a collection: of the VM it uses amb_unpin only. */
AMB_API amb_status amb_call_then(amb_vm *vm, amb_value f, const amb_value *args, uint32_t n,
                                 amb_then_fn then, void *ud, void (*drop)(void *ud));

/* Charges for work that a native function does for a script: about one unit for what an instruction takes, 5 ns. */
AMB_API void amb_charge(amb_vm *vm, uint64_t fuel);

/* ---- from other threads -------------------------------------------------------------------- */

/* A handle of a VM for other threads and for signal handlers. Counted; it may outlive the VM, and does nothing
 * then. */
typedef struct amb_remote amb_remote;
/* A new one for each that is to hold it; on the VM's thread. NULL: no memory. */
AMB_API amb_remote *amb_remote_new(amb_vm *vm);
AMB_API void amb_remote_free(amb_remote *r); /* from any thread */
/* From any thread or a signal handler: the program that is running ends with AMB_E_CANCELED; within a thousandth of a
 * second unless it is in a native function. No handler of it runs. */
AMB_API void amb_remote_interrupt(amb_remote *r);
/* From any thread or a signal handler: cancels the program's first task, so that `defer` and `finally` run
 * before it ends with AMB_E_CANCELED. A program that does not end is for amb_remote_interrupt. */
AMB_API void amb_remote_cancel(amb_remote *r);
/* From any thread: fn(vm, ud) is called on the VM's thread, the next time it waits, is pumped or has used up a slice of
 * fuel; it has a scope of its own, may make values and use amb_answer, and calls no scripts. drop(ud), unless NULL,
 * runs after it, or when the VM is freed before. AMB_E_STALE: the VM is gone; AMB_E_NOMEM. Nothing runs then. */
AMB_API amb_status amb_remote_post(amb_remote *r, void (*fn)(amb_vm *vm, void *ud), void *ud,
                                   void (*drop)(void *ud));

#ifdef __cplusplus
}
#endif
#endif
