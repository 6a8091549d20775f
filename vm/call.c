/* SPDX-License-Identifier: MIT */
/* Calls, returns, unwinding: everything that pushes or pops frames off the fast path. */
#include <string.h>

#include "host.h"
#include "run.h"
#include "task.h"

#define SLICE 10000
#define SPREAD_MAX 60000 /* below 0xffff, which says that a count is not fixed */
#define C_DEPTH_MAX 150

ambv *ambrun_top(const amb_vm *vm) { return ambrun_frame_end(vm) + ARG_SLACK; }

bool ambrun_reserve(amb_vm *vm, ambv *end) {
    if (end <= vm->stack_end) return true;
    if (end > vm->stack_limit) {
        amberr_raise(vm, AMB_ERR_LIMIT, "stack overflow: too many nested calls");
        return false;
    }
    ambv *to = end + AMB_STACK_STEP < vm->stack_limit ? end + AMB_STACK_STEP : vm->stack_limit;
    for (ambv *v = vm->stack_end; v < to; v++) *v = ambv_nil();
    vm->stack_end = to;
    return true;
}

void ambrun_collect(amb_vm *vm) {
    if (vm->no_gc) return;
    vm->top = ambrun_top(vm);
    if (vm->top > vm->stack_end) vm->top = vm->stack_end;
    uintptr_t outer = ambsample_enter(vm, ambsample_native(&ambsample_collector));
    ambgc_collect(vm, false);
    ambsample_enter(vm, outer);
}

bool ambrun_wants_room(const amb_vm *vm) {
    if (vm->failed == AMB_OK || vm->no_gc) return false;
    return vm->failed == AMB_E_NOMEM || !vm->limit_text || !strcmp(vm->limit_text, "memory");
}

void ambrun_make_room(amb_vm *vm, const ambv *end) {
    vm->failed = AMB_OK;
    vm->exc = ambv_undef();
    vm->top = end < ambrun_top(vm) ? ambrun_top(vm) : (ambv *)end;
    if (vm->top > vm->stack_end) vm->top = vm->stack_end;
    ambgc_collect(vm, true);
}

int ambrun_failed(amb_vm *vm, amb_status st) {
    if (st == AMB_PENDING) {
        vm->retried = NULL;
        return ambtask_suspend(vm, ambrun_frame_end(vm));
    }
    if (vm->failed == AMB_OK) {
        vm->retried = NULL;
        return RUN_THROW; /* vm->exc is set */
    }
    if (vm->retried == vm->pc || !ambrun_wants_room(vm)) {
        vm->retried = NULL;
        return RUN_THROW;
    }
    vm->retried = vm->pc;
    ambrun_make_room(vm, vm->base);
    return RUN_RESUME;
}

static int stop(amb_vm *vm, const char *what) {
    vm->failed = AMB_E_LIMIT;
    vm->limit_text = what;
    return RUN_THROW;
}

void ambrun_first_slice(amb_vm *vm) {
    uint64_t left = vm->limits.fuel;
    vm->slice = vm->slice_size = left && left < SLICE ? (int32_t)left : SLICE;
}

int ambrun_poll(amb_vm *vm) {
    uint64_t spent = (uint64_t)((int64_t)vm->slice_size - vm->slice);
    vm->fuel_used += spent;
    vm->retried = NULL; /* the program has gone on since */
    if (vm->interrupt) {
        vm->slice = vm->slice_size = SLICE;
        return stop(vm, "interrupt");
    }
    uint64_t bound = UINT64_MAX;
    vm->slice_size = vm->slice; /* nothing of it is spent twice */
    if (AMB_UNLIKELY(vm->task != NULL)) bound = ambtask_use_fuel(vm);
    if (vm->limits.fuel) {
        if (vm->fuel_used >= vm->limits.fuel) {
            vm->slice = vm->slice_size = SLICE;
            return stop(vm, "fuel");
        }
        uint64_t left = vm->limits.fuel - vm->fuel_used;
        vm->slice_size = left < SLICE ? (int32_t)left + 600 : SLICE;
    } else {
        vm->slice_size = SLICE;
    }
    if (bound < (uint64_t)vm->slice_size) vm->slice_size = (int32_t)bound;
    vm->slice = vm->slice_size;
    if (vm->limits.deadline_ns && ambvm_now_ns() >= vm->limits.deadline_ns) return stop(vm, "deadline");
    if (vm->gc_wanted) ambrun_collect(vm);
    struct ambsched *s = vm->sched;
    if (AMB_UNLIKELY(s->ntimers || atomic_load_explicit(&s->wanted, memory_order_relaxed)))
        ambsched_turn(vm, false, 0);
    return ambtask_check(vm) == RUN_THROW ? RUN_THROW : RUN_RESUME;
}

int ambrun_poll_jump(amb_vm *vm) {
    int rc = ambrun_poll(vm);
    if (rc == RUN_RESUME) vm->pc += 1 + (int16_t)vm->pc->c;
    return rc;
}

int ambrun_branch(amb_vm *vm, const amb_instr *jump) {
    int16_t off = (int16_t)jump->c;
    vm->pc = jump + 1 + off;
    if (off < 0 && (vm->slice += off) < 0) return ambrun_poll(vm);
    return RUN_RESUME;
}

/* ---- calls ---- */

int ambrun_enter(amb_vm *vm, ambv *f, amb_closure *c, enum frame_kind kind, uint32_t dst,
                 const amb_instr *ret) {
    const amb_proto *p = c->proto;
    ambv *nb = f + 2;
    if (!ambrun_reserve(vm, (ambv *)((char *)nb + p->frame_bytes))) return RUN_THROW;
    f[0] = ambv_obj(c);
    f[1].p = (void *)ret;
    f[1].tag = frame_tag(kind, dst, (size_t)((char *)nb - (char *)vm->base));
    vm->base = nb;
    vm->pc = p->code;
    if ((vm->slice -= p->cost) < 0) return ambrun_poll(vm);
    return RUN_RESUME;
}

static void describe_params(ambbuf *b, const amb_proto *p) {
    ambbuf_addc(b, '(');
    for (uint32_t i = 0; i < p->nparams; i++) {
        if (i) ambbuf_add(b, ", ", 2);
        if ((p->flags & PROTO_REST) && i + 1 == p->nparams) ambbuf_add(b, "...", 3);
        ambbuf_add(b, p->params[i]->data, p->params[i]->len);
        if (i >= p->nrequired && !((p->flags & PROTO_REST) && i + 1 == p->nparams))
            ambbuf_add(b, " = ...", 6);
    }
    ambbuf_addc(b, ')');
}

static int arity_error(amb_vm *vm, const amb_proto *p, uint32_t given) {
    ambbuf b;
    ambbuf_init(&b, vm);
    describe_params(&b, p);
    ambbuf_addc(&b, 0);
    const char *params = b.failed ? "" : b.p;
    const char *name = p->name->len ? p->name->data : "the function";
    if (given < p->nrequired && given + 1 == p->nrequired)
        amberr_raise(vm, AMB_ERR_TYPE, "%s%s is missing the argument '%s'", name, params,
                     p->params[given]->data);
    else
        amberr_raise(vm, AMB_ERR_TYPE, "%s%s takes %s%u argument%s, not %u", name, params,
                     p->nrequired == p->nparams      ? ""
                     : given < p->nrequired          ? "at least "
                                                     : "at most ",
                     given < p->nrequired ? p->nrequired : p->nparams,
                     (given < p->nrequired ? p->nrequired : p->nparams) == 1 ? "" : "s", given);
    ambbuf_free(&b);
    return RUN_THROW;
}

/* Completes n arguments at args (self not among them) to what p expects. */
static int adjust(amb_vm *vm, const amb_proto *p, ambv *args, uint32_t n) {
    bool rest = p->flags & PROTO_REST;
    uint32_t fixed = p->nparams - rest;
    if (n < p->nrequired || (!rest && n > fixed)) return arity_error(vm, p, n);
    if (n < fixed && !ambrun_reserve(vm, args + fixed + 1)) return RUN_THROW;
    for (uint32_t i = n; i < fixed; i++) args[i] = ambv_undef();
    if (rest) {
        uint32_t extra = n > fixed ? n - fixed : 0;
        amb_list *l = amblist_of(vm, args + fixed, extra);
        if (!l) return RUN_THROW;
        args[fixed] = ambv_obj(l);
    }
    return RUN_NEXT;
}

static int native_arity(amb_vm *vm, const amb_native_def *d, uint32_t n) {
    const char *plural = d->max == 1 ? "" : "s";
    if (d->usage)
        amberr_raise(vm, AMB_ERR_TYPE, "%s takes %s%u argument%s, not %u; usage: %s", d->name,
                     d->min == d->max && !(d->flags & NATIVE_REST) ? "" : n < d->min ? "at least " : "at most ",
                     n < d->min ? d->min : d->max, n < d->min && d->min == 1 ? "" : plural, n,
                     d->usage);
    else
        amberr_raise(vm, AMB_ERR_TYPE, "%s takes %u argument%s, not %u", d->name, d->max, plural, n);
    return RUN_THROW;
}

int ambrun_deliver_result(amb_vm *vm, ambv *f, enum frame_kind kind, uint32_t dst, const amb_instr *ret,
                   ambv v) {
    switch (kind) {
    case FRAME_CALL: f[0] = v; break;
    case FRAME_DST: REG(vm, dst) = v; break;
    case FRAME_BOOL:
        REG(vm, dst & ~1u) = ambv_bool(ambv_truthy(v) != (dst & 1));
        break;
    case FRAME_TEST:
        vm->pc = ret;
        return ambv_truthy(v) != (dst & 1) ? ambrun_branch(vm, ret - 1) : RUN_RESUME;
    case FRAME_STR:
        if (v.tag != TAG_STRING) {
            amberr_raise(vm, AMB_ERR_TYPE, "str() must give a string, not %s", ambtype_name(vm, v));
            return RUN_THROW;
        }
        REG(vm, dst) = v;
        break;
    case FRAME_ITER:
        REG(vm, dst) = v;
        vm->pc = ret;
        return ambrun_iterator(vm, &REG(vm, dst));
    case FRAME_NEXT:
        vm->pc = ret;
        if (v.tag == TAG_DONE) return RUN_RESUME;
        return ambrun_deliver(vm, v);
    case FRAME_INVOKE:
        vm->pc = ret - 3;
        return ambrun_invoke_value(vm, &REG(vm, dst), v, vm->pc->b);
    case FRAME_EXIT: vm->result = v; return RUN_EXIT;
    case FRAME_HOST: vm->pc = ret; return ambhost_went_on(vm, f[-1], false, v);
    default: break;
    }
    vm->pc = ret;
    return RUN_RESUME;
}

/* Calls native d with n arguments at f[2...]; receiver: args[0] is one. */
int ambrun_call_native(amb_vm *vm, ambv *f, const amb_native_def *d, uint32_t n, bool receiver,
                       enum frame_kind kind, uint32_t dst, const amb_instr *ret) {
    uint32_t given = n - receiver;
    if (given < d->min || (given > d->max && !(d->flags & NATIVE_REST)))
        return native_arity(vm, d, given);
    if (AMB_UNLIKELY(d->flags & NATIVE_HOST)) return ambhost_call(vm, f, d, n, kind, dst, ret);
    if (!ambrun_reserve(vm, f + 2 + receiver + (given > d->max ? given : d->max))) return RUN_THROW;
    for (uint32_t i = given; i < d->max; i++) f[2 + receiver + i] = ambv_undef();
    ambv out = ambv_nil();
    uintptr_t outer = ambsample_enter(vm, ambsample_native(d));
    vm->called = d;
    amb_status st = d->fn(vm, f + 2, n, &out);
    if (st != AMB_OK && ambrun_wants_room(vm)) {
        ambrun_make_room(vm, f + 2 + (n > d->max + 1u ? n : d->max + 1u));
        vm->called = d;
        st = d->fn(vm, f + 2, n, &out);
    }
    ambsample_enter(vm, outer);
    if (AMB_UNLIKELY(st == AMB_PENDING))
        return ambtask_suspend_call(vm, f, n > d->max + 1u ? n : d->max + 1u, n, kind, dst, ret, d,
                                    receiver, NULL);
    if (st != AMB_OK) return RUN_THROW;
    int rc = ambrun_deliver_result(vm, f, kind, dst, ret, out);
    if (vm->gc_wanted && rc == RUN_RESUME) ambrun_collect(vm);
    return rc;
}

int ambrun_not_callable(amb_vm *vm, ambv v) {
    char brief[64];
    amberr_raise(vm, AMB_ERR_TYPE, "%s is not a function: %s cannot be called", ambtype_name(vm, v),
                 ambtext_brief(vm, v, brief));
    return RUN_THROW;
}

int ambrun_call(amb_vm *vm, ambv *f, uint32_t n, enum frame_kind kind, uint32_t dst,
                const amb_instr *ret) {
    if (f->tag == TAG_NATIVE)
        return ambrun_call_native(vm, f, f->native->def, n, f->native->def->flags & NATIVE_METHOD, kind, dst, ret);
    for (int hops = 0; hops < 100; hops++) {
        switch (f->tag) {
        case TAG_CLOSURE: {
            amb_closure *c = f->closure;
            const amb_proto *p = c->proto;
            if (p->exact != n) {
                bool self = p->flags & PROTO_SELF;
                if (self && n == 0) return arity_error(vm, p, 0);
                int rc = adjust(vm, p, f + 2 + self, n - self);
                if (rc != RUN_NEXT && ambrun_wants_room(vm)) {
                    ambrun_make_room(vm, f + 2 + (n > p->nparams + 1u ? n : p->nparams + 1u));
                    rc = adjust(vm, p, f + 2 + self, n - self);
                }
                if (rc != RUN_NEXT) return RUN_THROW;
            }
            return ambrun_enter(vm, f, c, kind, dst, ret);
        }
        case TAG_NATIVE:
            return ambrun_call_native(vm, f, f->native->def, n, f->native->def->flags & NATIVE_METHOD,
                               kind, dst, ret);
        case TAG_BOUND: {
            amb_bound *b = f->bound;
            if (!ambrun_reserve(vm, f + 3 + n)) return RUN_THROW;
            memmove(f + 3, f + 2, n * sizeof *f);
            f[2] = b->self;
            if (b->fn.tag == TAG_STRING) return ambrun_call_cap(vm, f, b->fn.str, n, kind, dst, ret);
            f[0] = b->fn;
            n++;
            break;
        }
        case TAG_CLASS: {
            amb_class *c = f->cls;
            if (c->construct.tag == TAG_NIL) {
                amberr_raise(vm, AMB_ERR_TYPE, "%s cannot be constructed%s", c->name->data,
                             c->h.flags & CLASS_ENUM ? ": it is an enum, use one of its cases" : "");
                return RUN_THROW;
            }
            if (c->private_ctor) {
                amberr_raise(vm, AMB_ERR_TYPE,
                             "the constructor of %s is private: only code inside the class makes one",
                             c->name->data);
                return RUN_THROW;
            }
            if (c->construct.tag == TAG_NATIVE && c->construct.native->def->fn) { /* built-in errors: the class is the first argument */
                if (!ambrun_reserve(vm, f + 3 + n)) return RUN_THROW;
                memmove(f + 3, f + 2, n * sizeof *f);
                f[2] = f[0];
                f[0] = c->construct;
                return ambrun_call_native(vm, f, c->construct.native->def, n + 1, true, kind, dst, ret);
            }
            f[0] = c->construct;
            break;
        }
        case TAG_INSTANCE: {
            ambv fn;
            amb_member *m = ambclass_find(ambinst_class(vm, f->inst), AMBSYM(vm, call));
            if (!m || m->kind != MEMBER_METHOD) goto no;
            fn = m->fn;
            if (!ambrun_reserve(vm, f + 3 + n)) return RUN_THROW;
            memmove(f + 3, f + 2, n * sizeof *f);
            f[2] = f[0];
            f[0] = fn;
            n++;
            break;
        }
        default:
        no: return ambrun_not_callable(vm, *f);
        }
    }
    amberr_raise(vm, AMB_ERR_STATE, "nested too deeply: calls that lead to calls");
    return RUN_THROW;
}

static int no_param(amb_vm *vm, const char *fn, const amb_string *name) {
    amberr_raise(vm, AMB_ERR_TYPE, "%s has no parameter named '%s'", fn, name->data);
    return RUN_THROW;
}

int ambrun_call_cap(amb_vm *vm, ambv *f, amb_string *name, uint32_t n, enum frame_kind kind,
                    uint32_t dst, const amb_instr *ret) {
    ambv out = ambv_nil();
    amb_status st = ambgate_invoke(vm, f[2], name, f + 3, n, &out);
    if (st != AMB_OK && ambrun_wants_room(vm)) {
        ambrun_make_room(vm, f + 3 + n);
        st = ambgate_invoke(vm, f[2], name, f + 3, n, &out);
    }
    if (AMB_UNLIKELY(st == AMB_PENDING))
        return ambtask_suspend_call(vm, f, n, n, kind, dst, ret, NULL, false, name);
    if (st != AMB_OK) return RUN_THROW;
    int rc = ambrun_deliver_result(vm, f, kind, dst, ret, out);
    if (vm->gc_wanted && rc == RUN_RESUME) ambrun_collect(vm);
    return rc;
}

int ambrun_call_cap_named(amb_vm *vm, ambv *f, uint32_t n, const ambv *names, const ambv *vals,
                          uint32_t count, const amb_instr *ret) {
    ambv self = f->bound->self;
    amb_string *op = f->bound->fn.str;
    ambv args[64];
    for (uint32_t i = 0; i < 64; i++) args[i] = i < n ? f[2 + i] : ambv_nil();
    for (uint32_t i = 0; i < count; i++) {
        int at = ambgate_param(vm, self, op, names[i].str);
        if (at < 0 || at >= 64) return no_param(vm, op->data, names[i].str);
        if ((uint32_t)at < n) {
            amberr_raise(vm, AMB_ERR_TYPE, "%s: argument '%s' is given twice", op->data,
                         names[i].str->data);
            return RUN_THROW;
        }
        args[at] = vals[i];
    }
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = (uint32_t)ambgate_param(vm, self, op, names[i].str) + 1;
        if (at > n) n = at;
    }
    ambv out = ambv_nil();
    amb_status st = ambgate_invoke(vm, self, op, args, n, &out);
    if (st != AMB_OK) return ambrun_failed(vm, st);
    return ambrun_deliver_result(vm, f, FRAME_CALL, 0, ret, out);
}

int ambrun_push_call(amb_vm *vm, ambv fn, const ambv *args, uint32_t n, enum frame_kind kind,
                     uint32_t dst, const amb_instr *ret) {
    ambv *f = ambrun_top(vm);
    if (!ambrun_reserve(vm, f + 2 + n)) return RUN_THROW;
    f[0] = fn;
    f[1] = ambv_nil();
    if (n) memcpy(f + 2, args, n * sizeof *args);
    return ambrun_call(vm, f, n, kind, dst, ret);
}

/* Position of `name` among comma-separated native parameters, or -1. */
static int native_param(const char *params, const amb_string *name) {
    int i = 0;
    for (const char *p = params; p && *p; i++) {
        while (*p == ' ') p++;
        size_t len = strcspn(p, ",: =");
        if (len == name->len && !memcmp(p, name->data, len)) return i;
        p = strchr(p, ',');
        if (p) p++;
    }
    return -1;
}

/* Puts named values (names[i], vals[i]) behind the n positional arguments at args, by parameter. Gives
 * the new count. */
static int place_named(amb_vm *vm, ambv fn, ambv *args, uint32_t *n, const ambv *names,
                       const ambv *vals, uint32_t count) {
    uint32_t given = *n;
    bool direct = fn.tag == TAG_CLOSURE || fn.tag == TAG_NATIVE; /* then self is among the arguments */
    bool bound = fn.tag == TAG_BOUND;
    if (bound) fn = fn.bound->fn;
    if (fn.tag == TAG_INSTANCE) {
        amb_member *m = ambclass_find(ambinst_class(vm, fn.inst), AMBSYM(vm, call));
        if (m) fn = m->fn;
    }
    if (fn.tag == TAG_CLASS) {
        if (fn.cls->construct.tag == TAG_NIL) return RUN_NEXT;
        fn = fn.cls->construct;
    }
    uint32_t max, self = 0, skip = 0; /* skip: a core function's receiver is its first parameter */
    bool rest = false;
    const amb_proto *p = NULL;
    const amb_native_def *d = NULL;
    if (fn.tag == TAG_CLOSURE) {
        p = fn.closure->proto;
        rest = p->flags & PROTO_REST;
        skip = bound && !(p->flags & PROTO_SELF);
        if (p->nparams < skip + rest) return RUN_NEXT;
        max = p->nparams - rest - skip;
        self = direct && (p->flags & PROTO_SELF);
    } else if (fn.tag == TAG_NATIVE) {
        d = fn.native->def;
        max = d->max;
        rest = d->flags & NATIVE_REST;
        self = direct && (d->flags & NATIVE_METHOD); /* an error class filling a subclass's fields */
    } else {
        return RUN_NEXT; /* the call itself reports what is wrong */
    }
    given -= self;
    args += self;
    if (d && rest) {
        /* Natives with any number of values get the named ones as a named tuple behind an UNDEF. */
        amb_tuple *t = ambtuple_new(vm, count), *tn = t ? ambtuple_new(vm, count) : NULL;
        if (!tn || !ambrun_reserve(vm, args + given + 3)) return RUN_THROW;
        memcpy(t->vals, vals, count * sizeof *vals);
        memcpy(tn->vals, names, count * sizeof *names);
        t->names = tn;
        args[given] = ambv_undef();
        args[given + 1] = ambv_obj(t);
        *n = given + 2 + self;
        return RUN_NEXT;
    }
    const char *name = p ? (p->name->len ? p->name->data : "the function") : d->name;
    if (given > max) {
        if (rest) {
            amberr_raise(vm, AMB_ERR_TYPE,
                         "%s: named arguments cannot follow more than %u positional ones", name, max);
            return RUN_THROW;
        }
        return RUN_NEXT;
    }
    if (!ambrun_reserve(vm, args + max + 2)) return RUN_THROW;
    for (uint32_t i = given; i < max; i++) args[i] = ambv_undef();
    uint32_t top = given;
    for (uint32_t i = 0; i < count; i++) {
        int at = -1;
        if (p) {
            for (uint32_t j = 0; j < max; j++)
                if (p->params[j + skip] == names[i].str) at = (int)j;
        } else {
            at = native_param(d->params, names[i].str);
        }
        if (at < 0 || (uint32_t)at >= max) return no_param(vm, name, names[i].str);
        if (args[at].tag != TAG_UNDEF) {
            amberr_raise(vm, AMB_ERR_TYPE, "%s: argument '%s' is given twice", name,
                         names[i].str->data);
            return RUN_THROW;
        }
        args[at] = vals[i];
        if ((uint32_t)at + 1 > top) top = (uint32_t)at + 1;
    }
    uint32_t required = p ? (p->nrequired > skip ? p->nrequired - skip : 0) : d->min;
    for (uint32_t i = 0; i < required; i++)
        if (args[i].tag == TAG_UNDEF) {
            if (p)
                amberr_raise(vm, AMB_ERR_TYPE, "%s is missing the argument '%s'", name,
                             p->params[i + skip]->data);
            else
                amberr_raise(vm, AMB_ERR_TYPE, "%s is missing an argument; usage: %s", name,
                             d->usage ? d->usage : d->name);
            return RUN_THROW;
        }
    *n = (p && top < required ? required : top) + self;
    return RUN_NEXT;
}

int ambrun_call_named(amb_vm *vm, ambv *f, uint32_t n, const amb_tuple *names) {
    uint32_t count = names->h.aux32, positional = n - count;
    ambv vals[256];
    memcpy(vals, f + 2 + positional, count * sizeof *vals);
    const amb_instr *at = vm->pc;
    if (f->tag == TAG_BOUND && f->bound->fn.tag == TAG_STRING)
        return ambrun_call_cap_named(vm, f, positional, names->vals, vals, count, at + 1);
    int rc = place_named(vm, *f, f + 2, &positional, names->vals, vals, count);
    if (rc != RUN_NEXT) return rc;
    return ambrun_call(vm, f, positional, FRAME_CALL, 0, at + 1);
}

/* The arguments of a spread call, f[2] a list and f[3] a map or nil, from `to` + 2 on. */
static int spread_to(amb_vm *vm, const ambv *f, ambv *to, uint32_t *count) {
    amb_list *l = f[2].list;
    amb_map *named = f[3].tag == TAG_MAP ? f[3].map : NULL;
    uint32_t n = l->len;
    if (n > SPREAD_MAX) {
        amberr_raise(vm, AMB_ERR_VALUE, "a call cannot spread more than %d arguments, not %u",
                     SPREAD_MAX, n);
        return RUN_THROW;
    }
    ambv names[256], vals[256];
    uint32_t nnamed = 0;
    if (named)
        for (uint32_t i = 0; i < named->used && nnamed < 256; i++) {
            const amb_entry *e = &named->entries[i];
            if (e->ktag == TAG_UNDEF) continue;
            names[nnamed] = ambv_pack(e->key, e->ktag);
            vals[nnamed++] = ambv_pack(e->val, e->vtag);
        }
    if (!ambrun_reserve(vm, to + 4 + n)) return RUN_THROW;
    to[0] = f[0];
    for (uint32_t i = 0; i < n; i++) to[2 + i] = amblist_at(l, i);
    *count = n;
    return nnamed ? place_named(vm, *to, to + 2, count, names, vals, nnamed) : RUN_NEXT;
}

int ambrun_call_spread(amb_vm *vm, ambv *f) {
    uint32_t n;
    int rc = spread_to(vm, f, f, &n);
    return rc == RUN_NEXT ? ambrun_call(vm, f, n, FRAME_CALL, 0, vm->pc + 1) : rc;
}

int ambrun_place_spread(amb_vm *vm, const ambv *f, ambv **made, uint32_t *n) {
    *made = ambrun_top(vm);
    return spread_to(vm, f, *made, n);
}

int ambrun_place_named(amb_vm *vm, const ambv *f, ambv **made, uint32_t *n, const amb_tuple *names) {
    uint32_t count = names->h.aux32, positional = *n - count;
    ambv *to = ambrun_top(vm), vals[256];
    if (!ambrun_reserve(vm, to + 2 + *n)) return RUN_THROW;
    memcpy(vals, f + 2 + positional, count * sizeof *vals);
    memcpy(to, f, (2 + (size_t)positional) * sizeof *f);
    *made = to;
    *n = positional;
    if (f->tag == TAG_BOUND && f->bound->fn.tag == TAG_STRING) {
        amberr_raise(vm, AMB_ERR_TYPE, "spawn: an operation's arguments are given by place; spawn a block to name them");
        return RUN_THROW;
    }
    return place_named(vm, *to, to + 2, n, names->vals, vals, count);
}

int ambrun_tailcall(amb_vm *vm, ambv *f, uint32_t n) {
    /* Off the fast path the call is an ordinary one whose result is then returned: the frame is kept
     * unless the callee is a script function that fits. */
    if (f->tag == TAG_CLOSURE && !(f->closure->proto->flags & PROTO_SELF)) {
        const amb_proto *p = f->closure->proto;
        if (p->exact != n) {
            int rc = adjust(vm, p, f + 2, n);
            if (rc != RUN_NEXT) return ambrun_failed(vm, vm->failed);
        }
        uint32_t slots = p->nparams;
        if (!ambrun_reserve(vm, (ambv *)((char *)vm->base + p->frame_bytes))) return RUN_THROW;
        vm->base[-2] = f[0];
        memmove(vm->base, f + 2, slots * sizeof *f);
        vm->pc = p->code;
        if ((vm->slice -= p->cost) < 0) return ambrun_poll(vm);
        return RUN_RESUME;
    }
    return ambrun_call(vm, f, n, FRAME_CALL, 0, vm->pc + 1); /* a RETURN follows every TAILCALL */
}

/* ---- returns ---- */

/* Pops the running frame; vm->pc is where the caller goes on. */
static void pop(amb_vm *vm) {
    ambv h = vm->base[-1];
    vm->pc = h.p;
    vm->base = (ambv *)((char *)vm->base - frame_delta(h.tag));
    if (AMB_UNLIKELY(h.tag & FRAME_KNOWN)) ambgc_frame_left(vm);
}

int ambrun_return(amb_vm *vm, ambv v) {
    uint64_t tag = vm->base[-1].tag;
    ambv *f = vm->base - 2;
    enum frame_kind kind = frame_kind_of(tag);
    uint32_t dst = frame_dst(tag);
    switch (kind) {
    case FRAME_GEN_FOR:
    case FRAME_GEN_CALL:
    case FRAME_GEN_CLOSE: {
        amb_generator *g = f[-1].gen;
        g->h.aux16 = GEN_DONE;
        g->nregs = 0;
        pop(vm);
        if (kind == FRAME_GEN_CALL) REG(vm, dst) = ambv_done();
        if (kind == FRAME_GEN_FOR) { /* falls through the FORNEXT */ }
        return RUN_RESUME;
    }
    case FRAME_MODULE: {
        f[-1].module->h.aux16 = MODULE_DONE;
        pop(vm);
        return RUN_RESUME;
    }
    case FRAME_TASK: pop(vm); return ambtask_returned(vm, v);
    default: break;
    }
    pop(vm);
    return ambrun_deliver_result(vm, f, kind, dst, vm->pc, v);
}

/* ---- generators ---- */

int ambrun_generator(amb_vm *vm) {
    amb_closure *c = vm->base[-2].closure;
    uint32_t n = c->proto->frame_bytes / (uint32_t)sizeof(ambv);
    amb_generator *g = ambgc_new(vm, sizeof *g + n * sizeof(ambv), TAG_GENERATOR);
    if (!g) return ambrun_failed(vm, vm->failed);
    g->closure = c;
    g->pc = vm->pc + 1;
    g->started = false;
    g->nregs = n;
    memcpy(g->regs, vm->base, n * sizeof(ambv));
    ambv v = ambv_obj(g);
    if (frame_kind_of(vm->base[-1].tag) == FRAME_CALL) {
        ambv *f = vm->base - 2;
        pop(vm);
        f[0] = v;
        if (vm->gc_wanted) ambrun_collect(vm);
        return RUN_RESUME;
    }
    return ambrun_return(vm, v);
}

int ambrun_resume(amb_vm *vm, amb_generator *g, enum frame_kind kind, uint32_t dst,
                  const amb_instr *ret) {
    if (g->h.aux16 == GEN_RUNNING) {
        amberr_raise(vm, AMB_ERR_STATE, "this generator is already running");
        return RUN_THROW;
    }
    ambv *f = ambrun_top(vm);
    ambv *nb = f + 3;
    if (!ambrun_reserve(vm, nb + g->nregs)) return RUN_THROW;
    f[0] = ambv_obj(g);
    f[1] = ambv_obj(g->closure);
    f[2].p = (void *)ret;
    f[2].tag = frame_tag(kind, dst, (size_t)((char *)nb - (char *)vm->base));
    memcpy(nb, g->regs, g->nregs * sizeof(ambv));
    g->h.aux16 = GEN_RUNNING;
    g->started = true;
    vm->base = nb;
    vm->pc = g->pc;
    if ((vm->slice -= 4) < 0) return ambrun_poll(vm);
    return RUN_RESUME;
}

int ambrun_yield(amb_vm *vm, ambv v) {
    amb_generator *g = vm->base[-3].gen;
    uint64_t tag = vm->base[-1].tag;
    enum frame_kind kind = frame_kind_of(tag);
    memcpy(g->regs, vm->base, g->nregs * sizeof(ambv));
    ambgc_barrier(vm, g);
    g->pc = vm->pc + 1;
    g->h.aux16 = GEN_SUSPENDED;
    uint32_t dst = frame_dst(tag);
    pop(vm);
    if (kind == FRAME_GEN_CALL) REG(vm, dst) = v;
    else if (kind == FRAME_GEN_FOR) return ambrun_deliver(vm, v);
    else {
        g->h.aux16 = GEN_DONE;
        g->nregs = 0;
        amberr_raise(vm, AMB_ERR_STATE, "a generator that is being closed cannot yield");
        vm->pc--;
        return RUN_THROW;
    }
    return RUN_RESUME;
}

/* Runs the defer and finally blocks of a suspended generator. */
int ambrun_close(amb_vm *vm, amb_generator *g, const amb_instr *ret) {
    const amb_proto *p = g->closure->proto;
    if (g->h.aux16 == GEN_SUSPENDED && g->started && p->nhandlers) {
        int rc = ambrun_resume(vm, g, FRAME_GEN_CLOSE, 0, ret);
        if (rc != RUN_RESUME) return rc;
        vm->pc--; /* the YIELD: handlers that cover it run */
        amb_instance *o = ambclass_instance(vm, vm->close_class);
        if (!o) return RUN_THROW;
        vm->exc = ambv_obj(o);
        return RUN_THROW;
    }
    if (g->h.aux16 == GEN_SUSPENDED) {
        g->h.aux16 = GEN_DONE;
        g->nregs = 0;
    }
    vm->pc = ret;
    return RUN_RESUME;
}

/* ---- errors ---- */

int ambrun_throw(amb_vm *vm, ambv v) {
    if (v.tag == TAG_STRING) {
        amberr_raise(vm, AMB_ERR_ERROR, "%.*s", (int)v.str->len, v.str->data);
        return RUN_THROW;
    }
    if (v.tag != TAG_INSTANCE || !(ambinst_class(vm, v.inst)->h.flags & CLASS_ERROR)) {
        if (v.tag == TAG_INSTANCE && ambinst_class(vm, v.inst) == vm->close_class) {
            vm->exc = v; /* a finally block of a generator being closed goes on */
            return RUN_THROW;
        }
        amberr_raise(vm, AMB_ERR_TYPE, "only an Error can be thrown, not %s", ambtype_name(vm, v));
        return RUN_THROW;
    }
    vm->exc = v;
    return RUN_THROW;
}

bool ambrun_unwind(amb_vm *vm) {
again:
    if (AMB_UNLIKELY(vm->idle)) {
        vm->idle = false;
        vm->exit_status = AMB_PENDING;
        return false;
    }
    bool fatal = vm->failed != AMB_OK, forced = !fatal && ambtask_forced(vm);
    if (!fatal && vm->exc.tag == TAG_INSTANCE) amberr_trace(vm, vm->exc.inst);
    for (;;) {
        const amb_proto *p = vm->base[-2].closure->proto;
        uint32_t at = (uint32_t)(vm->pc - p->code);
        if (!fatal)
            for (uint32_t i = 0; i < p->nhandlers; i++) {
                const amb_handler *h = &p->handlers[i];
                if (at < h->start || at >= h->end) continue;
                if (AMB_UNLIKELY(forced) && p->code[h->target].op != OP_REGIONFAIL) continue;
                vm->base[h->reg] = vm->exc;
                vm->exc = ambv_undef();
                vm->pc = p->code + h->target;
                return true;
            }
        uint64_t tag = vm->base[-1].tag;
        enum frame_kind kind = frame_kind_of(tag);
        ambv *f = vm->base - 2;
        pop(vm);
        if (kind == FRAME_EXIT) {
            vm->exit_status = fatal ? vm->failed : AMB_E_THROW;
            return false;
        }
        if (kind == FRAME_TASK) {
            if (fatal) {
                vm->exit_status = vm->failed;
                return false;
            }
            if (ambtask_threw(vm) != RUN_THROW) return true;
            goto again; /* another task was to go on, with an error */
        }
        if (AMB_UNLIKELY(kind == FRAME_HOST) && !fatal && !forced) {
            int rc = ambhost_went_on(vm, f[-1], true, ambv_undef());
            if (rc == RUN_EXIT) {
                vm->exit_status = AMB_OK;
                return false;
            }
            if (rc != RUN_THROW) return true;
            goto again;
        }
        if (kind == FRAME_MODULE) f[-1].module->h.aux16 = MODULE_FAILED;
        if (kind >= FRAME_GEN_FOR && kind <= FRAME_GEN_CLOSE) {
            f[-1].gen->h.aux16 = GEN_DONE;
            f[-1].gen->nregs = 0;
            if (kind == FRAME_GEN_CLOSE && !fatal && vm->exc.tag == TAG_INSTANCE &&
                ambinst_class(vm, vm->exc.inst) == vm->close_class) {
                vm->exc = ambv_undef(); /* closed: the caller goes on */
                return true;
            }
        }
        vm->pc--; /* inside the calling instruction */
    }
}

/* ---- modules, closures ---- */

int ambrun_import(amb_vm *vm, amb_module *m) {
    switch (m->h.aux16) {
    case MODULE_DONE: return RUN_NEXT;
    case MODULE_RUNNING:
        amberr_raise(vm, AMB_ERR_STATE, "the module %s is imported while it is being run",
                     m->name->data);
        return RUN_THROW;
    case MODULE_FAILED:
        amberr_raise(vm, AMB_ERR_STATE, "the module %s failed when it was run", m->name->data);
        return RUN_THROW;
    default: break;
    }
    amb_status st = ambmodule_link(vm, m);
    if (st != AMB_OK) return ambrun_failed(vm, st);
    if (!m->main_closure) {
        m->h.aux16 = MODULE_DONE;
        return RUN_NEXT;
    }
    ambv *f = ambrun_top(vm);
    if (!ambrun_reserve(vm, f + 4)) return RUN_THROW;
    f[0] = ambv_obj(m);
    m->h.aux16 = MODULE_RUNNING;
    return ambrun_enter(vm, f + 1, m->main_closure, FRAME_MODULE, 0, vm->pc + 1);
}

amb_closure *ambrun_closure(amb_vm *vm, amb_proto *p) {
    uint32_t n = p->nupvalues;
    amb_closure *c = ambgc_new(vm, sizeof *c + n * sizeof(ambv), TAG_CLOSURE);
    if (!c) return NULL;
    const amb_closure *outer = vm->base[-2].closure;
    c->h.aux32 = n;
    c->proto = p;
    c->home = outer->home;
    for (uint32_t i = 0; i < n; i++)
        c->up[i] = p->upvalues[i].from_register ? vm->base[p->upvalues[i].index]
                                                : outer->up[p->upvalues[i].index];
    return c;
}

/* ---- calls from C ---- */

/* The interpreter has come back to C with st; whole: it was a program, whose tasks are to end, too. */
static inline amb_status left_c(amb_vm *vm, amb_status st, ambv *base, const amb_instr *pc, bool inside, bool whole,
                                ambv *out) {
    if (AMB_LIKELY(st == AMB_OK)) *out = vm->result;
    if (AMB_UNLIKELY(whole && vm->sched->root != NULL)) {
        st = ambtask_finish(vm, st, out);
        if (st != AMB_PENDING) ambtask_end_all(vm);
    }
    vm->result = ambv_nil();
    vm->base = base;
    vm->pc = pc;
    /* A limit ends all frames at once: none of them has told the collector. */
    if (!inside) ambgc_frame_left(vm);
    return st;
}

/* holds: C code beneath holds pointers to what a collection might take. */
static amb_status call_from_c(amb_vm *vm, ambv fn, const ambv *args, uint32_t n, bool holds, ambv *out) {
    if (vm->c_depth >= C_DEPTH_MAX)
        return amberr_raise(vm, AMB_ERR_STATE, "nested too deeply: native functions that call script");
    ambv *base = vm->base;
    const amb_instr *pc = vm->pc;
    bool inside = base != vm->stack + 3;
    bool whole = !inside && !vm->sched->root; /* else a program has been started, and this is a call beside it */
    uintptr_t native = ambsample_enter(vm, 0);
    vm->c_depth++;
    if (holds && inside) vm->no_gc++;
    ambv *f = ambrun_top(vm) + (inside ? ARG_SLACK : 0);
    amb_status st = AMB_OK;
    int rc = RUN_THROW;
    amb_status (*loop)(amb_vm *vm) = vm->tracked ? ambrun_loop_tracked : ambrun_loop;
    if (ambrun_reserve(vm, f + 2 + n)) {
        f[0] = fn;
        f[1] = ambv_nil();
        if (n && args != f + 2) memcpy(f + 2, args, n * sizeof *args);
        rc = ambrun_call(vm, f, n, FRAME_EXIT, 0, pc);
    }
    if (rc == RUN_RESUME && vm->base != base) st = loop(vm);
    else if (rc == RUN_THROW && vm->base != base) st = ambrun_unwind(vm) ? loop(vm) : vm->exit_status;
    else if (rc != RUN_EXIT) st = vm->failed != AMB_OK ? vm->failed : AMB_E_THROW;
    st = left_c(vm, st, base, pc, inside, whole, out);
    ambsample_enter(vm, native);
    if (holds && inside) vm->no_gc--;
    vm->c_depth--;
    return st;
}

ambv *ambcall_place(amb_vm *vm, uint32_t n) {
    ambv *f = vm->stack + 3 + ARG_SLACK;
    return ambrun_reserve(vm, f + 2 + n) ? f + 2 : NULL;
}

amb_status ambcall_run(amb_vm *vm, amb_closure *c, uint32_t n, ambv *out) {
    ambv *base = vm->base, *f = base + ARG_SLACK;
    const amb_instr *pc = vm->pc;
    if (vm->sched->root || vm->tracked || c->proto->exact != n || base != vm->stack + 3)
        return call_from_c(vm, ambv_obj(c), f + 2, n, true, out);
    vm->c_depth++;
    int rc = ambrun_enter(vm, f, c, FRAME_EXIT, 0, pc);
    amb_status st = rc == RUN_RESUME ? ambrun_loop(vm) : ambrun_unwind(vm) ? ambrun_loop(vm) : vm->exit_status;
    st = left_c(vm, st, base, pc, false, true, out);
    vm->c_depth--;
    return st;
}

amb_status ambcall_value(amb_vm *vm, ambv fn, const ambv *args, uint32_t n, ambv *out) {
    return call_from_c(vm, fn, args, n, true, out);
}

amb_status ambcall_from_host(amb_vm *vm, ambv fn, const ambv *args, uint32_t n, ambv *out) {
    return call_from_c(vm, fn, args, n, false, out);
}

amb_status ambcall_pure(amb_vm *vm, ambv fn, const ambv *args, uint32_t n, ambv *out) {
    bool closed = vm->gate_closed;
    vm->gate_closed = true;
    amb_status st = ambcall_value(vm, fn, args, n, out);
    vm->gate_closed = closed;
    return st;
}
