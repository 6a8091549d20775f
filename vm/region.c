/* SPDX-License-Identifier: MIT */
/* Regions: the parts of a task's code that have an end of their own: groups, withins and bounds on work. */
#include <math.h>
#include <string.h>

#include "run.h"
#include "task.h"

/* ---- ending early ---- */

void ambregion_end_early(amb_vm *vm, amb_region *r, ambv reason) {
    if (r->h.flags & REGION_ENDED_EARLY) return;
    r->h.flags |= REGION_ENDED_EARLY;
    r->reason = reason;
    ambgc_barrier(vm, r);
    ambtask_cancel_all(vm, r->first);
    amb_task *t = r->owner;
    if (!ambtask_at_end_of(t, r)) ambtask_interrupt(vm, t);
}

static void time_is_over(amb_vm *vm, ambtimer *timer) {
    amb_region *r = (amb_region *)((char *)timer - offsetof(amb_region, timer));
    ambregion_end_early(vm, r, ambv_undef());
}

static amb_region *region_new(amb_vm *vm) {
    amb_region *g = ambgc_new(vm, sizeof *g, TAG_REGION);
    if (!g) return NULL;
    memset((char *)g + sizeof g->h, 0, sizeof *g - sizeof g->h);
    g->reason = g->signal = ambv_undef();
    g->timer.fire = time_is_over;
    return g;
}

/* ---- bounds on work ---- */

uint64_t ambtask_use_fuel(amb_vm *vm) {
    amb_task *t = vm->task;
    if (AMB_LIKELY(!t || !t->bounded)) return UINT64_MAX;
    uint64_t now = ambtask_fuel_used(vm), spent = now - t->entered, least = UINT64_MAX;
    t->entered = now;
    for (amb_region *r = t->regions; r; r = r->outer) {
        if (!r->fuel) continue;
        r->fuel = r->fuel > spent ? r->fuel - spent : 1;
        if (r->fuel == 1) ambregion_end_early(vm, r, ambv_undef());
        else if (r->fuel < least) least = r->fuel;
    }
    return least;
}

amb_status ambtask_fuel(amb_vm *vm, ambv *args, uint32_t n, ambv *out) {
    (void)n;
    if (args[0].i < 1) return amberr_raise(vm, AMB_ERR_VALUE, "fuel: n must be positive");
    amb_region *g = region_new(vm);
    if (!g) return vm->failed ? vm->failed : AMB_E_NOMEM;
    g->fuel = (uint64_t)args[0].i + 1;
    *out = ambv_obj(g);
    return AMB_OK;
}

/* ---- instructions ---- */

static int bad_argument(amb_vm *vm, const char *what, const char *which, const char *expected, ambv got) {
    amberr_arg(vm, what, which, expected, got);
    return RUN_THROW;
}

/* r[0]: limit or seconds; r[1]: the error mode. kind: bit 0 within, bit 1: nobody asks for the results. */
int ambtask_op_region(amb_vm *vm, ambv *r, uint32_t kind) {
    bool within = kind & 1;
    ambv x = r[0];
    double seconds = 0;
    bool keep = false;
    bool bound = within && x.tag == TAG_REGION; /* work, not time */
    if (bound) {
        seconds = INFINITY;
    } else if (within) {
        if (!ambv_is_number(x)) return bad_argument(vm, "within", "seconds", "a number", x);
        seconds = ambv_to_double(x);
        if (!(seconds >= 0)) {
            amberr_raise(vm, AMB_ERR_VALUE, "within: seconds must not be negative");
            return RUN_THROW;
        }
    } else {
        if (x.tag != TAG_NIL && (x.tag != TAG_INT || x.i < 1 || x.i > INT32_MAX))
            return bad_argument(vm, "group", "limit", "a positive int", x);
        if (r[1].tag == TAG_STRING && r[1].str->len == 4 && !memcmp(r[1].str->data, "keep", 4)) keep = true;
        else if (r[1].tag != TAG_NIL &&
                 !(r[1].tag == TAG_STRING && r[1].str->len == 6 && !memcmp(r[1].str->data, "cancel", 6)))
            return bad_argument(vm, "group", "errors", "\"cancel\" or \"keep\"", r[1]);
    }
    amb_task *t = ambtask_self(vm);
    if (!t) return ambrun_failed(vm, vm->failed);
    amb_region *g = bound ? (amb_region *)x.o : region_new(vm);
    if (!g) return ambrun_failed(vm, vm->failed);
    g->h.aux16 = within ? REGION_WITHIN : REGION_GROUP;
    g->owner = t;
    g->limit = within || x.tag == TAG_NIL ? 0 : (uint32_t)x.i;
    g->keep = keep;
    if (!within && !(kind & 2) && !(g->tasks = amblist_new(vm, 0))) return ambrun_failed(vm, vm->failed);
    if (within) {
        double ns = seconds * 1e9;
        uint64_t now = ambsched_now(vm);
        if (ns < 9e18 && ambsched_arm(vm, &g->timer, now + (uint64_t)ns) != AMB_OK)
            return ambrun_failed(vm, vm->failed);
    }
    if (bound) {
        ambtask_use_fuel(vm);
        t->entered = ambtask_fuel_used(vm);
        t->bounded++;
        if ((uint64_t)vm->slice > g->fuel) { /* looked at no later than that */
            vm->slice_size -= vm->slice - (int32_t)g->fuel;
            vm->slice = (int32_t)g->fuel;
        }
    }
    g->outer = t->regions;
    t->regions = g;
    ambgc_barrier(vm, t);
    ambgc_barrier(vm, g);
    r[0] = ambv_obj(g);
    if (vm->gc_wanted) ambrun_collect(vm);
    return RUN_NEXT;
}

/* The region's code is over and no task of it is left. */
static void close_region(amb_vm *vm, amb_region *r) {
    amb_task *t = r->owner;
    ambsched_disarm(vm, &r->timer);
    if (r->fuel) {
        ambtask_use_fuel(vm);
        t->bounded--;
    }
    t->regions = r->outer;
    ambgc_barrier(vm, t);
    if (!ambtask_is_told(t)) {
        ambsched_disarm(vm, &t->grace);
        t->grace_over = false;
    }
}

static int wait_for_tasks(amb_vm *vm, amb_region *r) {
    amb_task *t = r->owner;
    if (ambtask_due(t)) /* ended from outside: so are they */
        ambtask_cancel_all(vm, r->first);
    if (!r->first) return RUN_NEXT;
    t->h.aux16 = TASK_WAITING;
    t->wakes = WAKE_NOT;
    t->what = "group";
    t->on = ambv_obj(r);
    return ambtask_suspend(vm, ambrun_frame_end(vm));
}

/* The results in order; of a group that keeps errors: whether it failed, then result or error, of each. */
static amb_status results(amb_vm *vm, amb_region *r, ambv *out) {
    *out = ambv_nil();
    if (!r->tasks) return AMB_OK;
    amb_list *l = amblist_new(vm, r->tasks->len);
    if (!l) return vm->failed;
    for (uint32_t i = 0; i < r->tasks->len; i++) {
        amb_task *t = amblist_at(r->tasks, i).task;
        ambv v = t->result;
        if (r->keep) {
            bool failed = t->h.flags & TASK_FAILED;
            if (t->h.flags & TASK_CANCELLED && !failed) {
                v = ambtask_error(vm, AMB_ERR_STATE, "the task was cancelled");
                if (v.tag == TAG_NIL) return vm->failed;
                failed = true;
            }
            amb_status st = amblist_push_slow(vm, l, ambv_bool(failed));
            if (st != AMB_OK) return st;
        }
        amb_status st = amblist_push_slow(vm, l, v);
        if (st != AMB_OK) return st;
    }
    *out = ambv_obj(l);
    return AMB_OK;
}

int ambtask_op_region_end(amb_vm *vm, ambv *at) {
    amb_region *r = (amb_region *)at->o;
    if (r->first) {
        int rc = wait_for_tasks(vm, r);
        if (rc != RUN_NEXT) return rc;
    }
    ambv value = ambv_nil(), kept = ambv_nil();
    if (r->keep && r->tasks) {
        amb_status st = ambmodules_core(vm, "task:kept", &kept);
        if (st != AMB_OK) return ambrun_failed(vm, st);
    }
    if (r->h.aux16 == REGION_GROUP && r->reason.tag == TAG_UNDEF) {
        amb_status st = results(vm, r, &value);
        if (st != AMB_OK) return ambrun_failed(vm, st);
    }
    close_region(vm, r);
    if (r->h.aux16 == REGION_GROUP && r->reason.tag != TAG_UNDEF) {
        vm->exc = r->reason;
        return RUN_THROW;
    }
    *at = value;
    /* Ended from outside while it waited. */
    if (ambtask_check(vm) == RUN_THROW) return RUN_THROW;
    if (vm->gc_wanted) ambrun_collect(vm);
    if (kept.tag != TAG_NIL)
        return ambrun_push_call(vm, kept, at, 1, FRAME_DST, (uint32_t)((char *)at - (char *)vm->base),
                                vm->pc + 1);
    return RUN_NEXT;
}

int ambtask_op_region_fail(amb_vm *vm, ambv *at, ambv error) {
    amb_region *r = (amb_region *)at->o;
    if (r->first) {
        if (!(r->h.flags & REGION_ENDED_EARLY)) {
            r->h.flags |= REGION_ENDED_EARLY;
            if (r->signal.tag == TAG_UNDEF) r->signal = ambv_nil(); /* nothing is to be thrown for it */
            ambtask_cancel_all(vm, r->first);
        }
        int rc = wait_for_tasks(vm, r);
        if (rc != RUN_NEXT) return rc;
    }
    bool mine = error.tag == TAG_INSTANCE && r->signal.tag == TAG_INSTANCE && r->signal.o == error.o;
    close_region(vm, r);
    if (r->h.aux16 == REGION_WITHIN && mine) {
        if (r->fuel) amberr_raise(vm, AMB_ERR_LIMIT, "the fuel allowed is used up");
        else amberr_raise(vm, AMB_ERR_TIMEOUT, "timed out");
        return RUN_THROW;
    }
    vm->exc = r->h.aux16 == REGION_GROUP && r->reason.tag != TAG_UNDEF && (mine || ambtask_is_signal(vm, error, AMB_ERR_CANCELLED))
                  ? r->reason
                  : error;
    return RUN_THROW;
}
