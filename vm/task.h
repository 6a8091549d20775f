/* SPDX-License-Identifier: MIT */
/* Tasks: who runs, who waits for what, and how waiting ends.
 *
 * One task runs at a time, at a fixed place of the value stack; when it waits, its part of the stack
 * is copied into the task, and back when it goes on. So a frame never moves while it runs, a task
 * that waits costs what it uses, and nothing but the running task's registers is on the stack.
 *
 * A native that must wait says so by ambtask_park and returns AMB_PENDING. The instruction is run again
 * when the wait is over; the native then finds what it waited for by ambtask_resumed. C code
 * that is nested in another native cannot wait: StateError.
 *
 * Tasks form a tree: each belongs to a group or to the task that spawned it, which does not end before
 * it. That tree, from the program's first task on, is what keeps tasks alive; queues do not. */
#ifndef AMB_VM_TASK_H
#define AMB_VM_TASK_H
#include "code.h"
#include "gate.h"

enum { TASK_NEW, TASK_READY, TASK_RUNNING, TASK_WAITING, TASK_DONE };
enum {
    TASK_USED = OBJ_F0,      /* its handle is used: an error is kept for whoever waits */
    TASK_FAILED = OBJ_F1,    /* result is its error */
    TASK_CANCELLED = OBJ_F2, /* it ended because it was cancelled */
    TASK_CALLS = OBJ_F3      /* the function to call stands behind the one that is entered */
};
enum { WAKE_NOT, WAKE_VALUE, WAKE_ERROR, WAKE_AGAIN };

/* A part of a task's code with an end of its own: a group or a within. */
typedef struct amb_region {
    amb_obj h;         /* aux16: REGION_*, flags */
    struct amb_region *outer;
    amb_task *owner;
    ambv reason;       /* what is to be thrown where it ends; UNDEF: nothing */
    ambv signal;       /* what was thrown to end it; UNDEF: not yet */
    ambtimer timer;    /* of a within */
    uint64_t fuel;     /* what is left of a bound on work; 0: there is none */
    amb_task *first;   /* of a group: the tasks that have not ended */
    amb_list *tasks;   /* all its tasks, in the order they were spawned; NULL: nobody asks */
    ambqueue held;     /* not started: as many as may run do */
    uint32_t running, limit;
    bool keep;         /* errors are results */
} amb_region;
enum { REGION_GROUP, REGION_WITHIN };
enum { REGION_ENDED_EARLY = OBJ_F0 /* cancelled: its time is over, or a task of it failed */ };

struct amb_task {
    amb_obj h; /* aux16: TASK_*; aux32: its number */
    amb_task *parent;    /* NULL: the program's first task */
    amb_region *group;   /* of the parent; or NULL */
    amb_task *prev, *next; /* among those of the same group, or of the parent outside groups */
    amb_task *first;     /* its own outside groups, not ended */
    amb_task *failed;    /* ended by an error that nobody asked for; a list by `next` */
    amb_region *regions; /* the innermost one it is in */
    uint32_t bounded;    /* how many of them bound its work */
    uint64_t entered;    /* fuel the program had used when it last went on, or its bounds were looked at */
    ambv *regs;          /* its part of the stack, while it does not run; new: function and arguments */
    uint32_t nregs, cap, base; /* values; base: where the innermost frame's registers begin */
    const amb_instr *pc;
    ambwaiter node;      /* in the queue of those ready, or of what it waits for */
    ambwaiter *select;   /* more of them */
    uint32_t nselect, select_room;
    ambqueue waiters;    /* who waits for its end */
    ambtimer timer;      /* sleep, after */
    ambtimer grace;      /* the time a cancelled task may still wait */
    struct ambpending *call; /* in flight, or its answer */
    uint32_t ticket;     /* what a host has of it; 0: nothing */
    uint32_t progress;   /* partial: bytes written by what is being done again; else a select's arm */
    bool partial;
    uint8_t wakes;       /* WAKE_*: how it goes on */
    bool cancelled;      /* asked to end */
    bool grace_over;
    bool ending;         /* its function has ended: it waits for its tasks */
    bool failing;        /* ... by an error, which is `result` */
    bool heard;          /* somebody who waited was told that error */
    uint8_t redo;        /* a call whose arguments were moved: it is made again from here */
    ambv wake;           /* with what */
    ambv offer;          /* what it sends */
    ambv signal;         /* what was thrown when it was cancelled; UNDEF: not yet */
    ambv result;         /* of its function; or its error */
    ambv on;             /* what it waits for */
    const char *what;    /* and how: "recv", for reports; or NULL */
    amb_map *locals;
    struct amb_lock *locks; /* it holds */
    amb_task *cancel_next; /* about to be told */
    struct {
        uint32_t f, n, dst;
        uint8_t kind;
        bool receiver;
        const amb_instr *ret;
        const struct amb_native_def *def;
        amb_string *name;
    } again;
};
enum { REDO_NOTHING, REDO_NATIVE, REDO_CAP, REDO_VALUE /* no call: its result is what it was woken with */ };

struct amb_channel {
    amb_obj h; /* aux16: closed */
    uint32_t cap, len, at; /* at: the oldest */
    uint32_t room;         /* of items, which grow as needed */
    ambv *items;           /* storage */
    ambqueue senders, receivers;
};
typedef struct amb_lock {
    amb_obj h;
    amb_task *owner; /* NULL: free; one that has ended: nobody gets it any more */
    struct amb_lock *next; /* that the owner holds */
    ambqueue waiting;
} amb_lock;
typedef struct amb_local {
    amb_obj h;
    ambv otherwise;
} amb_local;

/* ---- between task.c and region.c ---- */
/* Whether t is to be thrown at: it, or a region it is in, is to end and has not been told, or may wait no more. */
bool ambtask_due(const amb_task *t);
bool ambtask_is_told(const amb_task *t); /* something was thrown at it to end it, or a region that is open */
bool ambtask_at_end_of(const amb_task *t, const amb_region *r); /* it waits for r's tasks */
/* If it waits and is due, its wait ends; or, where it waits for tasks of its own, those do. */
void ambtask_interrupt(amb_vm *vm, amb_task *t);
void ambtask_cancel_all(amb_vm *vm, amb_task *first); /* first and those behind it */
/* An error that is not thrown here; nil: no memory. */
ambv ambtask_error(amb_vm *vm, enum amb_error_kind kind, const char *text);
bool ambtask_is_signal(amb_vm *vm, ambv e, enum amb_error_kind kind);
uint64_t ambtask_fuel_used(const amb_vm *vm); /* by the program, until now */
/* Ends a group or a within before its time; reason: what it throws where it ends, UNDEF: its own. */
void ambregion_end_early(amb_vm *vm, amb_region *r, ambv reason);

/* ---- for natives ---- */
/* The running task; NULL: no memory. */
amb_task *ambtask_self(amb_vm *vm);
/* True when the native is run again after it waited; v: what it was woken with. */
static inline bool ambtask_resumed(amb_vm *vm, ambv *v) {
    amb_task *t = vm->task;
    if (AMB_LIKELY(!t || t->wakes != WAKE_VALUE)) return false;
    *v = t->wake;
    t->wakes = WAKE_NOT;
    t->wake = ambv_nil();
    return true;
}
/* The running task waits, in q unless that is NULL: AMB_PENDING, or an error when it cannot. what: how
 * reports call it. */
amb_status ambtask_park(amb_vm *vm, const char *what, ambv on, ambqueue *q);
/* It wakes after that many nanoseconds with `done` unless something else wakes it before. */
amb_status ambtask_alarm(amb_vm *vm, uint64_t ns);
void ambtask_wake(amb_vm *vm, amb_task *t, ambv v);
void ambtask_wake_error(amb_vm *vm, amb_task *t, ambv e);
/* The running task, which was to be parked, goes on. */
void ambtask_unpark(amb_vm *vm);
void ambtask_wake_again(amb_vm *vm, amb_task *t); /* it looks again */
void ambtask_wake_all(amb_vm *vm, ambqueue *q);   /* all of them look again */
void ambtask_cancel(amb_vm *vm, amb_task *t);

/* ---- for the gate ---- */
/* Waits for the answer to p, without other tasks where none can run: AMB_OK, it is settled;
 * AMB_PENDING; or an error. */
amb_status ambtask_await(amb_vm *vm, ambpending *p, const char *what);
/* The settled call that the running task goes on with, or NULL. */
static inline ambpending *ambtask_answer(const amb_vm *vm) {
    return AMB_LIKELY(!vm->task) ? NULL : vm->task->call;
}
void ambtask_drop_answer(amb_vm *vm); /* it is no longer needed */
/* Whether nothing else could happen while the running task blocks the thread. */
bool ambtask_alone(amb_vm *vm);
/* The answer to a call is there and settled. */
void ambtask_answered(amb_vm *vm, ambpending *p);
/* A cancelled call was not answered in time: its task goes on without it. */
void ambtask_orphaned(amb_vm *vm, ambpending *p);
/* The row of a call in flight has ended. */
void ambtask_row_ended(amb_vm *vm, ambpending *p, bool revoked);

/* The function of a script that t (NULL: whoever runs) is in, and the line; NULL: none. */
const amb_proto *ambtask_where(const amb_vm *vm, const amb_task *t, uint32_t *line);

/* ---- for the interpreter ---- */
/* how: the word of the instruction; names: of the last arguments, or nil. */
/* A bound on the work of what a `within` over it runs: hidden, for cap.fuel. */
amb_status ambtask_fuel(amb_vm *vm, ambv *args, uint32_t n, ambv *out);
/* The running task has used fuel: ends what has no more. Gives how much may be used before that is looked at
 * again. */
uint64_t ambtask_use_fuel(amb_vm *vm);
int ambtask_op_spawn(amb_vm *vm, ambv *f, uint32_t n, uint64_t how, ambv names);
int ambtask_op_region(amb_vm *vm, ambv *r, uint32_t kind);
int ambtask_op_region_end(amb_vm *vm, ambv *r);
int ambtask_op_region_fail(amb_vm *vm, ambv *r, ambv error);
int ambtask_op_select(amb_vm *vm, ambv *arms, uint32_t n, bool timed);
/* The running task waits: another one runs. `end`: the first value above what it needs. */
int ambtask_suspend(amb_vm *vm, const ambv *end);
/* The same for a call with n arguments at f, of which `slots` values are to be kept. */
int ambtask_suspend_call(amb_vm *vm, ambv *f, uint32_t slots, uint32_t n, uint8_t kind, uint32_t dst,
                         const amb_instr *ret, const struct amb_native_def *def, bool receiver,
                         amb_string *name);
/* The same for a call that has only its result to come. */
int ambtask_suspend_result(amb_vm *vm, ambv *f, uint8_t kind, uint32_t dst, const amb_instr *ret);
int ambtask_redo(amb_vm *vm);
/* The task's function has returned; or thrown vm->exc, or ended for good. */
int ambtask_returned(amb_vm *vm, ambv v);
int ambtask_threw(amb_vm *vm);
/* Throws what the running task is to be ended by, if anything: RUN_THROW, else RUN_NEXT. */
int ambtask_check(amb_vm *vm);
/* Whether what is thrown ends the task or region for good: its time for putting things in order is over, and no
 * handler but the ends of regions sees it. */
bool ambtask_forced(const amb_vm *vm);
/* A program begins: pumped, the host drives it, and it runs until it waits. */
static inline void ambtask_drive(amb_vm *vm, bool pumped) {
    vm->sched->pumped = pumped;
    vm->sched->pump_until = 0;
    vm->sched->budget = 1;
}
/* After the interpreter's loop came back with st: lets the others run until the program is over. */
amb_status ambtask_finish(amb_vm *vm, amb_status st, ambv *result);
/* Goes on with a program that was started to be pumped, waiting at most that long for something to do: AMB_PENDING,
 * or how it ended. */
amb_status ambtask_pump(amb_vm *vm, uint64_t wait_ns, ambv *result);
/* A limit has ended the program: nothing of any task runs any more. */
void ambtask_end_all(amb_vm *vm);
void ambtask_mark(struct ambgc *gc, amb_obj *o);
/* The next value of a channel, waiting for it: `done` at the end. */
amb_status ambchannel_recv(amb_vm *vm, ambv channel, ambv *out);

amb_status amblib_sleep(amb_vm *vm, ambv *args, uint32_t n, ambv *out);
amb_status amblib_channel_new(amb_vm *vm, ambv *args, uint32_t n, ambv *out);
amb_status amblib_lock_new(amb_vm *vm, ambv *args, uint32_t n, ambv *out);
amb_status amblib_local_new(amb_vm *vm, ambv *args, uint32_t n, ambv *out);
#endif
