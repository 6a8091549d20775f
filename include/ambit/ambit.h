/* SPDX-License-Identifier: MIT */
/* The embedding interface: a virtual machine, scripts, capabilities. Values are in value.h, functions,
 * objects and errors in native.h; this header has both.
 *
 * There is no global state: any number of VMs, each used by one thread at a time. What is said in
 * value.h about arguments, results and statuses holds here, too. */
#ifndef AMBIT_H
#define AMBIT_H

#include <stddef.h>
#include <stdint.h>

#include "ambit/manifest.h"
#include "ambit/native.h"
#include "ambit/reactor.h"
#include "ambit/status.h"
#include "ambit/value.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct amb_script amb_script; /* a loaded entry script; owned by its VM */
struct amb_provider;

/* ---- machines ---------------------------------------------------------------------- */

/* Writes n bytes to the program's output (fd 1) or error output (fd 2); s == NULL: send
 * on what is held back. It must not call scripts. An error ends the program quietly when it is AMB_E_EOF (nobody
 * reads), else as an IOError. */
typedef amb_status (*amb_output_fn)(void *ud, int fd, const char *s, size_t n);

/* Finds the source of an imported module. spec: as written ("./util"). from: the id this
 * function gave for the importing module, NULL for the entry script. Sets *id (a name
 * unique for the module, shown in messages) and *text, both from malloc; the VM frees
 * them. Returns AMB_OK, AMB_E_ARG (no such module) or AMB_E_RIGHTS (outside of what may
 * be loaded), with a reason in why. */
typedef amb_status (*amb_loader_fn)(void *ud, const char *from, const char *spec,
                                    char **id, char **text, size_t *len, char why[256]);

#define AMB_HEAP_DEFAULT ((size_t)256 << 20)
#define AMB_NO_LIMIT SIZE_MAX
typedef struct amb_config {
    size_t size; /* sizeof(amb_config): later fields are defaults */
    /* realloc-shaped: new_size 0 frees. align: a power of two. NULL: the C library's. */
    void *(*alloc)(void *ud, void *p, size_t old_size, size_t new_size, size_t align);
    void *alloc_ud;
    /* Limits. Memory, stack, tasks and handles have some unless told otherwise; how long a program may
     * take is for the host to say. */
    size_t heap_bytes;    /* all memory of the VM; 0 = AMB_HEAP_DEFAULT, AMB_NO_LIMIT = none */
    uint64_t fuel;        /* of each run, about one for an instruction; 0 = none */
    uint64_t timeout_ns;  /* from the start of each run; 0 = none */
    uint32_t stack_slots; /* values of 16 bytes; 0 = a million, or an eighth of heap_bytes if that is less */
    uint32_t handles;     /* capabilities at a time; 0 = default */
    uint64_t seed;        /* of hashes and `random`; 0 = from the system */
    amb_output_fn output; /* NULL: descriptors 1 and 2 */
    void *output_ud;
    amb_loader_fn loader; /* NULL: only standard modules can be imported */
    void *loader_ud;
    int stress;           /* collect at every safepoint */
    int sampled;          /* amb_sample will be used; costs about a hundredth of the speed */
    /* How the VM waits, see reactor.h; it stays the host's and outlives the VM. NULL: the library's own. */
    const struct amb_reactor *reactor;
    uint32_t tasks;       /* that have not ended; 0 = a million */
    /* For tests: every call of a provider is encoded, decoded, answered the same way. */
    int wire;
    /* For tests: a seed, not 0: calls wait, move to threads, read and write less than asked. */
    uint64_t chaos;
    uint32_t chaos_fails; /* of a thousand calls that many fail, then */
} amb_config;

AMB_API amb_vm *amb_vm_new(const amb_config *config,
                           amb_status *why); /* NULL: *why tells */
AMB_API void amb_vm_free(amb_vm *vm);
/* From any thread or a signal handler: the running program ends with AMB_E_CANCELED. */
AMB_API void amb_interrupt(amb_vm *vm);
/* From any thread or a signal handler: cancels the program's first task, so that `defer` and `finally` run
 * before it ends with AMB_E_CANCELED. A program that does not end is for amb_interrupt. When none runs: the next one. */
AMB_API void amb_cancel(amb_vm *vm);

/* Other limits for the runs that start from now on; 0 as in amb_config. */
AMB_API void amb_set_fuel(amb_vm *vm, uint64_t fuel);
AMB_API void amb_set_timeout(amb_vm *vm, uint64_t ns);
/* What the last run has used, or the one under way. */
AMB_API uint64_t amb_fuel_used(const amb_vm *vm);

/* What the collector has done since the VM was made. Pauses are zero unless amb_gc_time
 * is on. */
#define AMB_GC_PAUSES 12
/* Upper bounds of the pauses counted in each place, microseconds; the last has none. */
#define AMB_GC_PAUSE_BOUNDS {10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000}
typedef struct amb_gc_stats {
    size_t size;    /* set by the caller: sizeof(amb_gc_stats) */
    uint64_t minor; /* collections of new objects */
    uint64_t major; /* collections of all objects */
    uint64_t steps; /* the pieces in which major collections were done */
    uint64_t pauses[AMB_GC_PAUSES];
    uint64_t pause_total_ns, pause_max_ns;
    uint64_t allocated_bytes; /* of objects in blocks, since the start */
    uint64_t survived_bytes;  /* of these: found alive by their first collection */
    uint64_t live_bytes;      /* in blocks, after the last collection */
    uint64_t outside_bytes;   /* large storage that objects own, now */
    uint64_t heap_bytes;      /* obtained from the host, now; what heap_bytes limits */
    uint64_t peak_bytes;      /* the most of that there was */
} amb_gc_stats;
AMB_API void amb_gc_statistics(const amb_vm *vm, amb_gc_stats *out);
/* Measures pauses from now on (two clock reads for each), or no longer. */
AMB_API void amb_gc_time(amb_vm *vm, int on);
/* Collects all garbage now. Outside of scripts. */
AMB_API void amb_gc_collect(amb_vm *vm);

/* ---- scripts ----------------------------------------------------------------------- */

enum {
    AMB_LOAD_REPL = 2,  /* a line of a read-eval loop: sees the names of earlier ones; amb_script_result */
    AMB_LOAD_VALUE = 4  /* what the script's last expression statement gives is kept: amb_script_result */
};

/* Compiles an entry script. name: how messages call it. report: NULL, or receives diagnostics, finished text
 * with line ends. AMB_E_COMPILE: the source was not accepted. The script lives until amb_script_free or as long as
 * the VM; it may be run any number of times. */
AMB_API amb_status amb_load(amb_vm *vm, const char *name, const char *text, size_t len,
                            uint32_t flags, amb_text_fn report, void *ud,
                            amb_script **out);
AMB_API const amb_manifest *amb_script_manifest(const amb_script *s);

/* Gives it back, with its manifest and what nobody else refers to; not while it runs. Classes that it
 * declares stay until the VM is freed, about 3 KiB each: a host that loads such scripts without end makes a VM for each, or
 * for some of them. */
AMB_API void amb_script_free(amb_script *s);

/* Runs it: its top level, then `main` if there is one. args: the value of `args`, nil =
 * an empty list. caps: NULL, or one value for each `use` of the manifest, in order: a capability
 * from amb_grant or whatever the host supplies for it; nil where an optional one was refused. *exit_status: what the program asked for by exit(n) or main's
 * result, else 0. AMB_E_THROW: an uncaught error; AMB_E_LIMIT; AMB_E_CANCELED. */
AMB_API amb_status amb_run(amb_vm *vm, amb_script *s, amb_value args,
                           const amb_value *caps, int *exit_status);
/* The same for a host with a loop of its own: runs it until all its tasks wait. AMB_PENDING: amb_pump goes on
 * with it; any other status: as for amb_run, it is over. AMB_E_BUSY: another one has been started. */
AMB_API amb_status amb_start(amb_vm *vm, amb_script *s, amb_value args,
                             const amb_value *caps, int *exit_status);
/* Goes on with the program that was started: does what has become due, waiting at most wait_ns nanoseconds for
 * something (0: not at all; UINT64_MAX: as long as it takes), and runs its tasks until all wait again, or for
 * about a thousand switches between them. AMB_PENDING: it is not over; AMB_E_STALE: none was
 * started. */
AMB_API amb_status amb_pump(amb_vm *vm, uint64_t wait_ns, int *exit_status);
/* A descriptor that is readable when amb_pump has something to do before the time of amb_next_deadline; it
 * belongs to the VM. -1: there is none. */
AMB_API int amb_poll_fd(amb_vm *vm);
/* In how many nanoseconds amb_pump has something to do in any case; UINT64_MAX: only when something
 * happens, see amb_poll_fd. */
AMB_API uint64_t amb_next_deadline(amb_vm *vm);
/* What the last run's last expression statement gave, for scripts loaded with AMB_LOAD_REPL or AMB_LOAD_VALUE; nil
 * if there was none. */
AMB_API amb_status amb_script_result(amb_script *s, amb_value *out);
/* What a `pub` name of the script's top level stands for once it has run: a function to call, a value. AMB_E_ARG:
 * there is no such name. */
AMB_API amb_status amb_script_get(amb_script *s, const char *name, amb_value *out);
/* Whether the text stops inside an open bracket or string, so that a read-eval loop goes
 * on reading. */
AMB_API int amb_incomplete(amb_vm *vm, const char *text, size_t len);
/* Bytecode with source lines, for reading. */
AMB_API amb_status amb_disassemble(amb_vm *vm, amb_script *s, amb_text_fn write,
                                   void *ud);

/* ---- providers and capabilities ---------------------------------------------------- */

/* The providers that are part of the library. None is there until it is added. */
extern AMB_API const struct amb_provider amb_provider_fs, amb_provider_console,
    amb_provider_clock, amb_provider_timer, amb_provider_entropy, amb_provider_modules, amb_provider_net,
    amb_provider_net_memory,
    amb_provider_process, amb_provider_fs_memory; /* the last one: iface "fs", nothing on a disk */
/* Registers and starts a provider; its table must outlive the VM. AMB_E_ARG: the table is not right
 * (amb_provider_check tells what); AMB_E_BUSY: there is a provider or standard module of that name; others:
 * what its start said. A provider with AMB_PROVIDER_PURE is a module for scripts: `import NAME`. */
AMB_API amb_status amb_provider_add(amb_vm *vm, const struct amb_provider *p);
/* Opens a shared object that exports amb_provider_v1 (AMB_PROVIDER in ambit/spi.h), looks its table through, and
 * adds it. It stays open until the VM is freed. path: with a '/' in it. why: a sentence that names the
 * file and what differs; NULL: nobody asks. AMB_E_IO: it cannot be opened; AMB_E_ARG: it is no provider, or
 * one for another library; others as for amb_provider_add. Opening runs code of the file with all the
 * authority of the process: no script can do this. */
AMB_API amb_status amb_provider_load(amb_vm *vm, const char *path, char why[256]);
/* Looks a table through without starting anything, as adding does. AMB_E_ARG: `why` names the field and what it
 * says. Any thread. */
AMB_API amb_status amb_provider_check(const struct amb_provider *p, char why[256]);
/* The table of a provider that was added, with rows of this library's size; NULL: there is none of that name.
 * Lives as long as the VM. */
AMB_API const struct amb_provider *amb_provider_find(const amb_vm *vm, const char *iface);
/* The same for the i-th that was added, from 0; NULL: there are not as many. */
AMB_API const struct amb_provider *amb_provider_at(const amb_vm *vm, uint32_t i);
/* The command line's words, for `fs.named`. Copied. */
AMB_API amb_status amb_set_argv(amb_vm *vm, const char *const *words, uint32_t n);

#define AMB_GRANT_ARGS 64 /* arguments of a constructor at most */
/* Makes a root capability: calls the constructor `resource` of provider `iface`. rights:
 * names, or nrights 0 for the default. why: on failure, a sentence. AMB_E_ARG: no such
 * provider, resource, right or argument; others: what the provider said. */
AMB_API amb_status amb_grant(amb_vm *vm, const char *iface, const char *resource,
                             const amb_value *args, uint32_t nargs,
                             const char *const *rights, uint32_t nrights, amb_value *out,
                             char why[256]);
/* Derives a capability of the same resource with these rights, as far as cap has them: another one, which ends with
 * cap. why: NULL, or a sentence on failure. AMB_E_STALE: cap has ended; AMB_E_ARG: there is no such right. */
AMB_API amb_status amb_attenuate(amb_vm *vm, amb_value cap, const char *const *rights, uint32_t nrights,
                                 amb_value *out, char why[256]);
AMB_API void amb_revoke(amb_vm *vm, amb_value cap); /* with everything derived from it */
/* The descriptor behind a capability, for a host that wants to know where it leads; it stays
 * the capability's. -1: there is none. */
AMB_API int amb_capability_fd(const amb_vm *vm, amb_value cap);

/* Its number, for amb_event.root; 0: it has ended. */
AMB_API uint64_t amb_capability_id(const amb_vm *vm, amb_value cap);

/* Comparing requests with grants. match: AMB_M_* of the parameter (ambit/spi.h). A canonical
 * form is what comparing needs: the path that a directory or file resolves to, a host and
 * ports in one spelling, a program's place in PATH. AMB_E_ARG: it has none; why tells. */
AMB_API amb_status amb_match_canonical(int match, const char *text, char *out, size_t size,
                                       char why[256]);
/* Whether a grant covers a request, both canonical. AMB_M_DIR: what is the directory or
 * beneath it. AMB_M_HOSTPORT: the host or one that *.host stands for (a star alone does not
 * stand for private addresses), and no other ports. Others: the same text. */
AMB_API int amb_match_covers(int match, const char *grant, const char *request);

/* ---- what passes the gate ------------------------------------------------------------ */

/* From now on every decision of the gate is written to fd, one JSON object on a line
 * (spec/capabilities.md, [audit.line]). The descriptor becomes the VM's. A line that cannot
 * be written ends the program with AMB_E_LIMIT. AMB_E_BUSY: too many watch already. */
AMB_API amb_status amb_audit(amb_vm *vm, int fd);

/* An operation that begins, or that the gate refuses. Texts live for the call. */
typedef struct amb_event {
    size_t size;
    const char *iface, *resource; /* "" for constructors, and where it has ended */
    const char *operation;
    uint64_t root;       /* amb_capability_id of the capability it all came from; 0: none */
    const char *beneath; /* what its receiver is called, from there: "logs/today", or "" */
    const char *path;    /* what the operation is about, or NULL */
    uint64_t need;       /* rights, as bits of the provider's table */
    amb_status status;   /* AMB_OK, AMB_E_RIGHTS: refused */
    const char *why;     /* when refused */
} amb_event;
typedef void (*amb_observe_fn)(void *ud, const amb_event *e);
/* Calls fn for each; it must not use the VM. AMB_E_BUSY: too many watch already. */
AMB_API amb_status amb_observe(amb_vm *vm, amb_observe_fn fn, void *ud);

/* ---- profiling --------------------------------------------------------------------- */

/* One function that is running; lives as long as the VM. */
typedef uintptr_t amb_frame;
enum { AMB_FRAME_SCRIPT, AMB_FRAME_CORE, AMB_FRAME_NATIVE, AMB_FRAME_PROVIDER, AMB_FRAME_VM };

/* The functions that are running, innermost first, at most `max`; gives how many, 0 when no
 * script runs or the VM's configuration does not say `sampled`. *cut: whether there are more.
 * Meant for a signal handler, on the thread that uses the VM (and nowhere else): it only
 * reads, in time proportional to the result. */
AMB_API uint32_t amb_sample(const amb_vm *vm, amb_frame *frames, uint32_t max, int *cut);
/* What to call it: `parse (weblog.amb:12)`, `list.sort (native)`; a module's top level is the
 * module's name. Gives its kind, AMB_FRAME_*. Not in a signal handler. */
AMB_API int amb_frame_text(const amb_vm *vm, amb_frame frame, amb_text_fn write, void *ud);

/* ---- diagnostics ------------------------------------------------------------------- */

/* What to know about the compiler's diagnostic `id` (the word in brackets behind its
 * message), or NULL: there is no such id. */
AMB_API const char *amb_diagnostic_help(const char *id);

#ifdef __cplusplus
}
#endif
#endif
