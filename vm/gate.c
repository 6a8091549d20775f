/* SPDX-License-Identifier: MIT */
/* The gate: every operation of every program passes here.
 *
 * In order: the handle is live, the operation exists for its type, the row's rights cover
 * what the operation needs, arguments fit the table, quotas hold, fuel is charged,
 * interposers agree; then the provider runs. Nothing has happened when any of these says
 * no. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "class.h"
#include "code.h"
#include "gate.h"
#include "run.h"
#include "sample.h"
#include "task.h"

#define MAX_ARGS 16

/* --- looking into tables, by the provider's own strides ----------------------------- */

const amb_op *ambgate_op_at(const ambprov *p, uint32_t i) {
    return (const amb_op *)((const char *)p->p->ops + (size_t)i * p->p->op_stride);
}
const amb_param *ambgate_param_at(const ambprov *p, const amb_op *op, uint32_t i) {
    return (const amb_param *)((const char *)op->params + (size_t)i * p->p->param_stride);
}
const amb_right *ambgate_right_at(const ambprov *p, uint32_t i) {
    return (const amb_right *)((const char *)p->p->rights +
                               (size_t)i * p->p->right_stride);
}

const amb_restype *ambgate_restype(const ambprov *p, uint16_t id) {
    for (uint32_t i = 0; i < p->p->nres; i++) {
        const amb_restype *t =
            (const amb_restype *)((const char *)p->p->res + (size_t)i * p->p->res_stride);
        if (t->id == id) return t;
    }
    return NULL;
}

static bool named(const char *s, const char *name, size_t len) {
    return strncmp(s, name, len) == 0 && s[len] == 0;
}

/* type NULL: root constructors. */
const amb_op *ambgate_op(struct ambgate *g, const ambprov *prov, const amb_restype *type,
                         const char *name, size_t len) {
    ambopcache *e = NULL;
    if (type && len) {
        uint32_t h = (uint32_t)((uintptr_t)type >> 4) * 31 + (unsigned char)name[0] * 7 +
                     (unsigned char)name[len - 1] * 3 + (uint32_t)len;
        e = &g->cache[h % 64];
        if (e->type == type && e->len == len && memcmp(e->op->name, name, len) == 0)
            return e->op;
    }
    for (uint32_t i = 0; i < prov->p->nops; i++) {
        const amb_op *op = ambgate_op_at(prov, i);
        if (op->restype != (type ? type->id : 0) || op->flags & AMB_OP_KERNEL) continue;
        if (!named(op->name, name, len)) continue;
        if (e) *e = (ambopcache){type, op, (uint32_t)len};
        return op;
    }
    return NULL;
}

const amb_op *ambgate_ordinal(const ambprov *prov, uint16_t restype, uint16_t ordinal) {
    for (uint32_t i = 0; ordinal && i < prov->p->nops; i++)
        if (ambgate_op_at(prov, i)->ordinal == ordinal && ambgate_op_at(prov, i)->restype == restype)
            return ambgate_op_at(prov, i);
    return NULL;
}

uint32_t ambgate_visible(const ambprov *prov, const amb_op *op) {
    uint32_t n = op->nparams;
    while (n && ambgate_param_at(prov, op, n - 1)->flags & AMB_P_HIDDEN) n--;
    return n;
}

amb_rights ambgate_right(const ambprov *prov, const char *name, size_t len) {
    for (uint32_t i = 0; i < prov->p->nrights; i++)
        if (named(ambgate_right_at(prov, i)->name, name, len)) return ambgate_right_at(prov, i)->bit;
    return 0;
}

void ambgate_right_names(const ambprov *prov, amb_rights rights, char *out, size_t size) {
    /* The widest names first, each bit once: "write" rather than "create, append". */
    size_t used = 0;
    out[0] = 0;
    while (rights) {
        const amb_right *best = NULL;
        for (uint32_t i = 0; i < prov->p->nrights; i++) {
            const amb_right *r = ambgate_right_at(prov, i);
            if ((r->bit & rights) == r->bit && r->bit &&
                (!best || __builtin_popcountll(r->bit) > __builtin_popcountll(best->bit)))
                best = r;
        }
        /* No name for just these bits: the narrowest one that includes some. */
        for (uint32_t i = 0; !best && i < prov->p->nrights; i++)
            if (ambgate_right_at(prov, i)->bit & rights) best = ambgate_right_at(prov, i);
        if (!best) break;
        rights &= ~best->bit;
        int k = snprintf(out + used, size - used, "%s%s", used ? ", " : "", best->name);
        if (k < 0 || (size_t)k >= size - used) break;
        used += (size_t)k;
    }
    if (!used) snprintf(out, size, "none");
}

ambprov *ambgate_provider(const struct ambgate *g, const char *iface, size_t len) {
    for (uint32_t i = 0; g && i < g->nproviders; i++)
        if (named(g->providers[i]->p->iface, iface, len)) return g->providers[i];
    return NULL;
}

/* --- one call ----------------------------------------------------------------------- */

void ambgate_begin(ambcall *c, amb_vm *vm, ambprov *prov, const amb_op *op,
                   uint32_t row) {
    /* One by one: filling the whole of it with zeros first took as long as the rest of a call. */
    c->vm = vm;
    c->prov = prov;
    c->op = op;
    c->row = row;
    c->parent_rights = row ? vm->gate->rows[row].rights : 0;
    c->wanted = ~(amb_rights)0;
    c->res = NULL;
    c->new_row = 0;
    c->new_cap = NULL;
    c->args = NULL;
    c->values = NULL;
    c->nargs = c->nvalues = c->nleased = c->passed = 0;
    c->pending = NULL;
    c->made_type = NULL;
    c->made_label = NULL;
    c->wire_buffer = NULL;
    c->nloans = c->kept_loans = 0;
    c->made = c->worker = c->kept = c->settling = c->named = c->pure = c->closed = false;
    c->os_errno = 0;
    c->failed = AMB_OK;
    c->blobs = NULL;
    c->ret = (amb_arg){.type = AMB_T_NIL};
    c->again = 0;
    c->helper = NULL;
    c->path = NULL;
    c->path_len = 0;
    c->text[0] = 0;
}

static bool one_of(const amb_string *name) {
    static const char *const pure[] = {"==", "<", "hash", "str"};
    for (unsigned i = 0; i < sizeof pure / sizeof *pure; i++)
        if (named(pure[i], name->data, name->len)) return true;
    return false;
}

/* Inside the methods that comparing, hashing and printing call, the gate is closed: the
 * flag says so for those that C code called, the frames for those that script did. */
bool ambgate_closed(amb_vm *vm) {
    if (vm->gate_closed) return true;
    const ambv *b = vm->base;
    uint32_t frames = 0;
    while (b > vm->stack + 3 && (b[-1].tag & 0xff) == TAG_FRAME) {
        if (b[-2].tag == TAG_CLOSURE && b[-2].closure->home &&
            one_of(b[-2].closure->proto->name))
            return true;
        size_t delta = frame_delta(b[-1].tag);
        if (!delta) break;
        b = (const ambv *)((const char *)b - delta);
        frames++;
    }
    ambvm_charge(vm, frames / 8);
    return false;
}

static amb_status closed_gate(amb_vm *vm, const char *name) {
    return amberr_raise(vm, AMB_ERR_STATE,
                        "%s: no operations inside `==`, `<`, `hash` and `str` methods",
                        name);
}

/* Comparing and hashing may do it: an operation of a pure module without effects that does not wait. */
static bool harmless(const ambprov *prov, const amb_op *op) {
    return prov->p->flags & AMB_PROVIDER_PURE && op->effect == AMB_FX_NONE && !(op->flags & AMB_OP_BLOCKING);
}

amb_status ambgate_allowed(amb_vm *vm, ambrow *r, const amb_op *op, const char *name) {
    if (AMB_UNLIKELY(ambgate_closed(vm)) && !harmless(r->res->prov, op))
        return ambgate_refused(vm, r, op, name, closed_gate(vm, name), "closed gate");
    if (AMB_UNLIKELY((r->rights & op->need) != op->need)) {
        char missing[96], has[96];
        const ambprov *p = r->res->prov;
        ambgate_right_names(p, op->need & ~r->rights, missing, sizeof missing);
        ambgate_right_names(p, r->rights, has, sizeof has);
        char why[128];
        snprintf(why, sizeof why, "missing right: %s", missing);
        amb_status st = amberr_raise(vm, AMB_ERR_CAPABILITY,
                                     "%s needs the right '%s'; this %s.%s has: %s", name,
                                     missing, p->p->iface, r->res->type->name, has);
        return ambgate_refused(vm, r, op, name, st, why);
    }
    if (AMB_UNLIKELY(r->calls >= 0) && !ambhandle_spend(vm, r, 1, 0))
        return ambgate_refused(
            vm, r, op, name,
            amberr_raise(vm, AMB_ERR_LIMIT, "%s: the calls allowed are used up", name),
            "quota of calls");
    return AMB_OK;
}

static uint64_t kib_of(const amb_arg *a, uint32_t n) {
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < n; i++)
        if (a[i].type == AMB_T_STR || a[i].type == AMB_T_BYTES || a[i].type == AMB_T_BUF)
            bytes += a[i].len;
    return bytes >> 10;
}

amb_status ambgate_enter(ambcall *c, amb_arg *ret) {
    void *self = c->res ? c->res->res : NULL;
    if (AMB_UNLIKELY(c->vm->gate->wire)) return ambwire_call(c, self, ret);
    return c->op->fn(c->prov->inst, (amb_call *)c, self, c->args, c->nargs, ret);
}

/* What a provider's function said, unless it took a ticket: whatever it says then, the answer comes through
 * that. */
static amb_status answered_here(ambcall *c, amb_status st) {
    if (AMB_LIKELY(!c->pending)) return st == AMB_PENDING ? AMB_E_NOSYS : st;
    if (st != AMB_PENDING && st < 0) {
        amb_call *open = ambpending_open(c->vm->gate, ambpending_ticket(&c->pending->call));
        if (open) ambpending_reply(open, st, NULL);
    }
    return AMB_PENDING;
}

/* One call of the provider's function on this thread. */
static amb_status once(ambcall *c, const amb_arg *a, uint32_t n, bool may_block) {
    c->worker = may_block;
    c->ret = (amb_arg){.type = AMB_T_NIL};
    c->args = a;
    c->nargs = n;
    amb_status st = ambgate_enter(c, &c->ret);
    if (AMB_UNLIKELY(c->vm->gate->wire) && !c->pending && st == AMB_OK) st = ambwire_answer(c, st);
    return answered_here(c, st);
}

amb_status ambgate_dispatch(ambcall *c, const amb_arg *a, uint32_t n) {
    amb_status st = AMB_WOULD_BLOCK;
    bool blocks = c->op->flags & AMB_OP_BLOCKING;
    c->args = a;
    c->nargs = n;
    if (AMB_UNLIKELY(c->closed)) { /* inside hash and the like: nobody can wait */
        st = once(c, a, n, true);
        return st == AMB_WOULD_BLOCK ? AMB_E_NOSYS : st;
    }
    if (AMB_UNLIKELY(c->vm->gate->chaos)) {
        c->args = a = ambchaos_args(c, a, n);
        if ((st = ambchaos_fails(c)) != AMB_OK) return st;
        if (blocks && ambchaos_elsewhere(c->vm)) return ambpending_work(c);
        st = AMB_WOULD_BLOCK;
    }
    if (c->op->flags & AMB_OP_INLINE || !blocks) st = once(c, a, n, !blocks && !(c->op->flags & AMB_OP_INLINE));
    if (st != AMB_WOULD_BLOCK) return st;
    /* A thread is for what others would have to wait for. */
    if (!ambtask_alone(c->vm)) {
        st = ambpending_work(c);
    } else {
        while ((st = once(c, a, n, true)) == AMB_WOULD_BLOCK && c->again) {
            /* Nobody here could go on meanwhile. In slices: the program may be interrupted. */
            for (uint64_t left = c->again, k; left && st == AMB_WOULD_BLOCK; left -= k) {
                k = left < 5000000 ? left : 5000000;
                nanosleep(&(struct timespec){.tv_nsec = (long)k}, NULL);
                if (c->vm->interrupt || atomic_load(&c->vm->sched->cancel_root)) st = AMB_E_CANCELED;
            }
            if (st != AMB_WOULD_BLOCK) break;
            c->again = 0;
        }
    }
    return st == AMB_WOULD_BLOCK ? AMB_E_NOSYS : st;
}

static ambevent event_of(ambcall *c, const amb_arg *a, uint32_t n, amb_status st) {
    return (ambevent){.prov = c->prov, .type = c->res ? c->res->type : NULL, .op = c->op,
                      .name = c->op->name, .label = c->res ? c->res->label : NULL,
                      .row = c->row, .call = c, .args = a, .n = n, .status = st,
                      .task = c->kept ? c->pending->task : c->vm->task};
}

static amb_status interpose(ambcall *c, const amb_arg *a, uint32_t n) {
    struct ambgate *g = c->vm->gate;
    ambevent e = event_of(c, a, n, AMB_OK);
    amb_status st = AMB_OK;
    while (st == AMB_OK && c->passed < g->ninterposers) {
        ambinterposer *i = &g->interposers[c->passed];
        e.note = &c->notes[c->passed++];
        *e.note = NULL;
        if (i->before) st = i->before(i->ud, c->vm, &e);
    }
    return st;
}

amb_status ambgate_refused(amb_vm *vm, const ambrow *r, const amb_op *op, const char *name,
                           amb_status st, const char *why) {
    struct ambgate *g = vm->gate;
    if (AMB_LIKELY(!g->ninterposers)) return st;
    ambevent e = {.prov = r ? r->res->prov : NULL, .type = r ? r->res->type : NULL, .op = op,
                  .name = name, .label = r ? r->res->label : NULL,
                  .row = r ? (uint32_t)(r - g->rows) : 0, .status = st, .why = why};
    for (uint32_t k = 0; k < g->ninterposers; k++) {
        ambinterposer *i = &g->interposers[k];
        amb_status own = i->refused ? i->refused(i->ud, vm, &e) : AMB_OK;
        if (own) return own;
    }
    return st;
}

amb_status ambgate_run(ambcall *c, const amb_arg *a, uint32_t n) {
    amb_vm *vm = c->vm;
    struct ambgate *g = vm->gate;
    const amb_op *op = c->op;
    if (op->ret_restype) {
        amb_status st = ambhandle_reserve(vm, &c->new_row, &c->new_cap);
        if (st) return st;
    }
    /* The resource outlives the call, whatever the provider closes. */
    c->res = c->row ? g->rows[c->row].res : NULL;
    if (c->res) c->res->refs++;
    ambvm_charge(vm, op->cost + op->cost_per_kib * kib_of(a, n));
    amb_status st = AMB_OK;
    if (AMB_UNLIKELY(g->ninterposers) && !c->pure) st = interpose(c, a, n);
    if (st == AMB_OK) st = ambgate_dispatch(c, a, n);
    return st == AMB_PENDING ? st : ambgate_leave(c, st);
}

amb_status ambgate_leave(ambcall *c, amb_status st) {
    amb_vm *vm = c->vm;
    struct ambgate *g = vm->gate;
    if (st > 0) st = AMB_E_NOSYS;
    if (AMB_UNLIKELY(c->passed)) {
        ambevent e = event_of(c, c->args, c->nargs, st);
        while (c->passed > 0) {
            ambinterposer *i = &g->interposers[--c->passed];
            e.note = &c->notes[c->passed];
            amb_status own = i->after ? i->after(i->ud, vm, &e) : AMB_OK;
            if (own) st = own;
        }
    }
    if (AMB_UNLIKELY(c->kept_loans) && st == AMB_OK && c->made) ambloan_keep(c);
    ambres *res = c->res;
    c->res = NULL;
    if (AMB_UNLIKELY(c->kept && res)) res->inflight--;
    if (res) ambhandle_drop(vm, res);
    if (c->new_row && !c->made) {
        ambhandle_unreserve(vm, c->new_row);
        c->new_row = 0;
    } else if (c->new_row && st != AMB_OK) {
        ambhandle_close(vm, c->new_row);
        c->new_row = 0;
    }
    if (AMB_UNLIKELY(c->op->flags & AMB_OP_ENDS) && c->row) ambhandle_close(vm, c->row);
    return st;
}

const char *ambgate_io_kind(int e) {
    switch (e) {
    case ENOENT: return "not_found";
    case EEXIST: return "exists";
    case ENOTEMPTY: return "not_empty";
    case ECHILD: return "failed"; /* a program of ours */
    case EACCES:
    case EPERM:
    case EROFS: return "denied";
    case ETIMEDOUT: return "timeout";
    case ECONNREFUSED: return "refused";
    case EADDRINUSE: return "in_use";
    case EHOSTUNREACH:
    case ENETUNREACH:
    case EADDRNOTAVAIL: return "unreachable";
    case ECONNRESET:
    case EPIPE: return "reset";
    case ENOSPC:
    case EDQUOT: return "full";
    case EISDIR: return "is_dir";
    case ENOTDIR: return "not_dir";
    case ENXIO: return "not_file";
    case ELOOP: return "loop";
    case ENAMETOOLONG: return "name_too_long";
    case EMFILE:
    case ENFILE: return "too_many_open";
    case EFBIG: return "too_big";
    case EBADMSG: return "damaged";
    case EKEYREJECTED: return "untrusted";
    case EPROTO: return "protocol";
    case EBUSY:
    case ETXTBSY: return "busy";
    case EINVAL: return "invalid";
    case EXDEV: return "other_device";
    case ESPIPE: return "not_seekable";
    case ENOSYS:
    case EOPNOTSUPP: return "unsupported";
    default: return "other";
    }
}

amb_status ambgate_raise(ambcall *c, amb_status st, const char *what) {
    amb_vm *vm = c->vm;
    const char *text = c->failed && c->text[0] ? c->text : NULL;
    char path[256];
    const char *about = NULL;
    if (c->path) {
        /* At a code point's boundary: the text goes into an error message. */
        size_t n = c->path_len < sizeof path ? c->path_len : sizeof path - 1;
        while (n < c->path_len && n && ((unsigned char)c->path[n] & 0xc0) == 0x80) n--;
        memcpy(path, c->path, n);
        path[n] = 0;
        about = path;
    }
    switch (st) {
    case AMB_E_THROW: return st;
    case AMB_E_LIMIT:
        if (!vm->failed) vm->failed = st; /* whoever said so was not running the script */
        return st;
    case AMB_E_NOMEM:
        if (!vm->failed) vm->failed = AMB_E_NOMEM;
        return vm->failed;
    case AMB_E_RIGHTS:
        return about ? amberr_raise(vm, AMB_ERR_CAPABILITY, "%s (\"%s\")",
                                    text ? text : what, about)
                     : amberr_raise(vm, AMB_ERR_CAPABILITY, "%s", text ? text : what);
    case AMB_E_ARG: return amberr_raise(vm, AMB_ERR_VALUE, "%s", text ? text : what);
    case AMB_E_STALE: return amberr_raise(vm, AMB_ERR_STATE, "%s%s", text ? text : what, text ? "" : ": closed");
    case AMB_E_CANCELED:
        return amberr_raise(vm, AMB_ERR_CANCELLED, "%s: interrupted", what);
    case AMB_E_TIMEOUT: return amberr_raise(vm, AMB_ERR_TIMEOUT, "%s%s", text ? text : what, text ? "" : ": timed out");
    case AMB_E_QUOTA:
        return amberr_raise(vm, AMB_ERR_LIMIT, "%s%s", text ? text : what, text ? "" : ": the limit is used up");
    case AMB_E_DIED:
        return amberr_raise(vm, AMB_ERR_PROVIDER_DIED, "%s: the provider is gone", what);
    case AMB_E_BUSY: return amberr_io(vm, "busy", 0, about, "%s%s", text ? text : what, text ? "" : ": busy");
    case AMB_E_EOF:
        return amberr_io(vm, "eof", 0, about, "%s%s", text ? text : what, text ? "" : ": end of input");
    case AMB_E_NOSYS:
        return amberr_io(vm, "unsupported", c->os_errno, about, "%s", text ? text : what);
    default:
        if (about)
            return amberr_io(vm, ambgate_io_kind(c->os_errno), c->os_errno, about,
                             "%s (\"%s\")", text ? text : what, about);
        return amberr_io(vm, ambgate_io_kind(c->os_errno), c->os_errno, NULL, "%s",
                         text ? text : what);
    }
}

/* One operation at a time where the type says so: others wait for their turn. */
amb_status ambgate_turn(amb_vm *vm, ambv cap, const ambrow *r, const char *what) {
    ambres *s = r->res;
    if (AMB_UNLIKELY(vm->gate->chaos) && ambchaos_waits(vm)) {
        amb_status st = ambtask_park(vm, what, cap, NULL);
        if (st == AMB_PENDING) ambtask_wake_again(vm, vm->task);
        return st;
    }
    if (AMB_LIKELY(!s->inflight || !(s->type->flags & AMB_R_SERIAL))) return AMB_OK;
    return ambtask_park(vm, what, cap, &s->turn);
}

/* The answer that a task went on with, or that was waited for here, is used. */
static void answer_taken(amb_vm *vm, ambpending *p) {
    if (vm->task && vm->task->call == p) vm->task->call = NULL;
    ambpending_end(p);
}

/* Everything before the provider of an operation of the kernel's own vocabulary: it is there, it is its turn,
 * it is allowed. values: what stays alive until the answer, the capability last; the caller's. */
static amb_status prepare(ambcall *c, amb_vm *vm, const ambv values[2], ambrow *r, uint16_t ordinal,
                          const char *what, uint32_t n) {
    ambprov *prov = r->res->prov;
    const amb_op *op = ambgate_ordinal(prov, r->res->type->id, ordinal);
    if (!op || op->nparams != n)
        return amberr_raise(vm, AMB_ERR_STATE, "%s: the provider lacks an operation", what);
    amb_status st = ambgate_turn(vm, values[1], r, what);
    if (!st) st = ambgate_allowed(vm, r, op, what);
    if (st) return st;
    ambgate_begin(c, vm, prov, op, values[1].cap->slot);
    c->values = values;
    c->nvalues = 2;
    c->nleased = values[0].tag == TAG_BYTES;
    return AMB_OK;
}

/* Waits for the answer to a call that is in flight. */
static amb_status await(ambcall *c, const char *what, bool named, ambpending **later) {
    ambpending *p = c->pending;
    p->call.named = named;
    amb_status st = ambtask_await(c->vm, p, named ? c->op->name : what);
    if (st == AMB_OK) *later = p;
    return st == AMB_OK || st == AMB_PENDING || st == AMB_E_THROW ? st : ambgate_raise(c, st, what);
}

/* Makes a prepared call. When its answer comes later (c->pending), waits for it: AMB_OK and *later, the answer;
 * AMB_PENDING, the task waits and will find it; else raised. named: it was called by its name. */
static amb_status perform(ambcall *c, const amb_arg *a, uint32_t n, const char *what, bool named,
                          ambpending **later) {
    *later = NULL;
    amb_status st = ambgate_run(c, a, n);
    return AMB_LIKELY(st != AMB_PENDING) ? st : await(c, what, named, later);
}

/* What a call of the kernel's vocabulary gave. */
static amb_status basic_result(ambcall *c, amb_status st, const char *what, amb_arg *ret) {
    if (st == AMB_OK && c->ret.type != c->op->ret_type) st = AMB_E_DIED;
    if (st != AMB_OK) return ambgate_raise(c, st, what);
    *ret = c->ret;
    ret->aux = c->kept; /* the stream has been told */
    return AMB_OK;
}

amb_status ambgate_basic(amb_vm *vm, ambv cap, ambv held, ambrow *r, uint16_t ordinal,
                         const char *what, amb_arg *a, uint32_t n, amb_arg *ret) {
    ambpending *done = ambtask_answer(vm);
    amb_status st;
    if (!done) {
        ambcall c;
        const ambv values[2] = {held, cap};
        st = prepare(&c, vm, values, r, ordinal, what, n);
        if (st) return st;
        st = perform(&c, a, n, what, false, &done);
        if (st == AMB_PENDING) ambstream_begun(c.pending);
        if (c.pending && !done) return st;
        if (!done) {
            st = basic_result(&c, st, what, ret);
            ambmarshal_free(&c);
            return st;
        }
    }
    st = basic_result(&done->call, done->status, what, ret);
    answer_taken(vm, done);
    return st;
}

/* --- from the interpreter ----------------------------------------------------------- */

static amb_status arity(amb_vm *vm, const char *name, uint32_t min, uint32_t max,
                        uint32_t n) {
    uint32_t want = n < min ? min : max;
    return amberr_raise(vm, AMB_ERR_TYPE, "%s takes %s%u argument%s, not %u", name,
                        min == max ? "" : n < min ? "at least " : "at most ", want,
                        want == 1 ? "" : "s", n);
}

/* The operation that was meant: one that is spelled nearly so, or what it is called here. */
static const char *meant(amb_vm *vm, const ambrow *r, const char *name) {
    static const struct {
        const char *other, *ours;
    } known[] = {{"write", "write_text"}, {"read", "read_text"},   {"write_file", "write_text"},
                 {"read_file", "read_text"}, {"delete", "remove"}, {"unlink", "remove"},
                 {"rm", "remove"},        {"rmdir", "remove"},     {"ls", "list"},
                 {"listdir", "list"},     {"readdir", "list"},     {"entries", "list"},
                 {"move", "rename"},      {"mv", "rename"},        {"cp", "copy"},
                 {"is_file", "stat"},     {"is_dir", "stat"},      {"makedirs", "mkdir"},
                 {"exec", "run"},         {"spawn", "start"},      {"call", "run"},
                 {"system", "run"},       {"popen", "start"},      {"join", "wait"},
                 {"terminate", "kill"},   {"status", "wait"},      {"send", "write"},
                 {"puts", "write"},       {"recv", "read"},        {"receive", "recv"}, {"receive", "read"},
                 {"gets", "read_line"},   {"readall", "read_all"}, {"dial", "connect"},
                 {"serve", "listen"},     {"lookup", "resolve"},   {"time", "now"},
                 {"getenv", "get"},       {"tick", "every"},       {"interval", "every"},
                 {"timeout", "after"},    {"random", "bytes"}};
    const ambprov *prov = r->res->prov;
    const char *best = NULL;
    uint32_t d = 0;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        const char *s = known[i].ours;
        if (strcmp(known[i].other, name) == 0 &&
            (ambgate_op(vm->gate, prov, r->res->type, s, strlen(s)) || ambstream_verb(r, s, strlen(s))))
            return s;
    }
    for (uint32_t i = 0; i < prov->p->nops; i++) {
        const amb_op *op = ambgate_op_at(prov, i);
        if (op->restype == r->res->type->id && !(op->flags & AMB_OP_KERNEL))
            ambclass_nearer(name, op->name, &best, &d);
    }
    for (const ambverb *v = ambstream_verbs; v->name; v++)
        if (v->name[0] != '_' && ambstream_verb(r, v->name, strlen(v->name)))
            ambclass_nearer(name, v->name, &best, &d);
    return best;
}

static amb_status no_such_op(amb_vm *vm, const ambrow *r, const char *name) {
    if (r->kind == ROW_LINES)
        return amberr_raise(vm, AMB_ERR_NAME, "lines have no operation '%s'", name);
    const char *near = meant(vm, r, name);
    return amberr_raise(vm, AMB_ERR_NAME, "%s.%s has no operation '%s'%s%s%s",
                        r->res->prov->p->iface, r->res->type->name, name,
                        near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
}

amb_status ambgate_no_op(amb_vm *vm, ambv cap, const amb_string *name) {
    return no_such_op(vm, ambhandle_peek(vm, cap), name->data);
}

/* Unreachable capabilities may hold what is missing: asks for one collection, after which the operation is
 * tried again. Only where failing had no effect. */
static bool out_of_descriptors(const ambcall *c) {
    struct ambgate *g = c->vm->gate;
    if (c->os_errno != EMFILE && c->os_errno != ENFILE) return false;
    if (!c->op->ret_restype && !(c->op->flags & AMB_OP_IDEMPOTENT)) return false;
    g->collected = !g->collected && !c->vm->no_gc;
    return g->collected;
}

/* What a call by name brought that was answered later; ends it, unless it is to be asked again after a
 * collection. */
static amb_status later_result(amb_vm *vm, ambpending *p, const char *what, ambv *out) {
    amb_status st = p->status;
    bool again = false;
    if (st == AMB_OK) {
        st = ambmarshal_out(&p->call, &p->call.ret, out);
        again = st && ambrun_wants_room(vm) && !p->retried;
        p->retried = true;
    } else if (out_of_descriptors(&p->call)) {
        st = vm->failed = AMB_E_NOMEM; /* nothing happened: it is made anew */
    } else {
        st = ambgate_raise(&p->call, st, what);
    }
    if (!again) answer_taken(vm, p);
    return st;
}

amb_status ambgate_value(amb_vm *vm, ambv cap, ambv held, ambrow *r, uint16_t ordinal,
                         const char *what, const amb_arg *a, uint32_t n, ambv *out) {
    ambpending *done = ambtask_answer(vm);
    if (done) return later_result(vm, done, what, out);
    ambcall c;
    const ambv values[2] = {held, cap};
    amb_status st = prepare(&c, vm, values, r, ordinal, what, n);
    if (st) return st;
    if (n && a[0].type == AMB_T_STR) c.path = a[0].v.p, c.path_len = a[0].len;
    st = perform(&c, a, n, what, false, &done);
    if (done) return later_result(vm, done, what, out);
    if (c.pending) return st;
    st = st == AMB_OK ? ambmarshal_out(&c, &c.ret, out) : ambgate_raise(&c, st, what);
    ambmarshal_free(&c);
    return st;
}

amb_status ambgate_invoke(amb_vm *vm, ambv cap, const amb_string *name, const ambv *args,
                          uint32_t n, ambv *out) {
    ambrow *r;
    /* For messages. A name that is not short, or shares its text with others, is copied. */
    char copy[64];
    const char *what = name->data;
    if (AMB_UNLIKELY(name->len >= sizeof copy || name->h.flags & STR_SHARED)) {
        size_t k = name->len < sizeof copy ? name->len : sizeof copy - 1;
        memcpy(copy, name->data, k);
        copy[k] = 0;
        what = copy;
    }
    ambpending *done = ambtask_answer(vm);
    if (AMB_UNLIKELY(done && done->call.named)) /* the task goes on: here is what it waited for */
        return later_result(vm, done, what, out);
    /* Closing what is closed already is fine. */
    if (name->len == 5 && memcmp(what, "close", 5) == 0 && n == 0 &&
        !ambhandle_peek(vm, cap)) {
        *out = ambv_nil();
        return AMB_OK;
    }
    amb_status st = ambhandle_row(vm, cap, &r);
    if (st) {
        ambtask_drop_answer(vm);
        return ambgate_refused(vm, NULL, NULL, what, st,
                               ambhandle_revoked(cap) ? "revoked" : "closed");
    }
    if (n > 64) return arity(vm, what, 0, 64, n);
    ambprov *prov = r->res->prov;
    struct ambgate *g = vm->gate;
    const amb_op *op = r->kind != ROW_CAP ? NULL
                       : g->found_name == name && g->found_type == r->res->type
                           ? g->found
                           : ambgate_op(g, prov, r->res->type, name->data, name->len);
    g->found_name = NULL; /* once: another text may stand there later */
    if (!op) {
        const ambverb *verb = ambstream_verb(r, name->data, name->len);
        if (!verb) return no_such_op(vm, r, what);
        while (n && args[n - 1].tag == TAG_UNDEF) n--;
        if (n < verb->min || n > verb->max)
            return arity(vm, what, verb->min, verb->max, n);
        if (ambgate_closed(vm))
            return ambgate_refused(vm, r, NULL, what, closed_gate(vm, what), "closed gate");
        uintptr_t outer = ambsample_enter(vm, ambsample_verb(verb));
        st = verb->fn(vm, cap, r, args, n, out);
        ambsample_enter(vm, outer);
        return st;
    }
    uint32_t visible = ambgate_visible(prov, op), min = 0;
    bool rest = visible && ambgate_param_at(prov, op, visible - 1)->flags & AMB_P_REST;
    while (min < visible &&
           !(ambgate_param_at(prov, op, min)->flags & (AMB_P_OPT | AMB_P_REST)))
        min++;
    if (n < min || (n > visible && !rest) || n > MAX_ARGS)
        return arity(vm, what, min, rest ? MAX_ARGS : visible, n);
    if ((st = ambgate_turn(vm, cap, r, what)) != AMB_OK) return st;
    if ((st = ambgate_allowed(vm, r, op, what)) != AMB_OK) return st;
    if (r->res->in.at < r->res->in.end && (st = ambstream_settle(vm, r)) != AMB_OK)
        return st;
    ambcall c;
    amb_arg a[MAX_ARGS];
    ambgate_begin(&c, vm, prov, op, cap.cap->slot);
    uint32_t total = n > visible ? n : visible, i = 0;
    if (rest && n < visible) total = visible - 1; /* there is no rest */
    for (; i < total && st == AMB_OK; i++) {
        const amb_param *p =
            ambgate_param_at(prov, op, i < visible ? i : visible - 1);
        st = ambmarshal_in(&c, p, what, i < n ? args[i] : ambv_undef(), &a[i]);
        if (st == AMB_OK && p->flags & AMB_P_PATH && a[i].type == AMB_T_STR)
            c.path = a[i].v.p, c.path_len = a[i].len;
    }
    uint32_t leased = st == AMB_OK ? i : i - 1;
    if (leased > n) leased = n;
    c.values = args;
    c.nvalues = n;
    c.nleased = leased;
    if (st == AMB_OK) {
        uintptr_t outer = ambsample_enter(vm, ambsample_op(op));
        st = perform(&c, a, total, what, true, &done);
        ambsample_enter(vm, outer);
        if (done) return later_result(vm, done, what, out);
        if (c.pending) return st;
        if (st == AMB_OK) st = ambmarshal_out(&c, &c.ret, out);
        else if (out_of_descriptors(&c)) st = vm->failed = AMB_E_NOMEM;
        else st = ambgate_raise(&c, st, what);
    }
    ambmarshal_unlease(args, leased);
    ambmarshal_free(&c);
    return st;
}

amb_status ambgate_function(amb_vm *vm, ambprov *prov, const amb_op *op, uint32_t visible, bool waits,
                            const ambv *args, uint32_t n, ambv *out) {
    ambpending *done = ambtask_answer(vm);
    if (AMB_UNLIKELY(done && done->call.named)) return later_result(vm, done, op->name, out);
    ambcall c;
    amb_arg a[MAX_ARGS];
    amb_status st = AMB_OK;
    if (AMB_UNLIKELY(n > MAX_ARGS)) return arity(vm, op->name, 0, MAX_ARGS, n);
    /* Looking for closed gates costs more than most of these functions. */
    bool closed = AMB_UNLIKELY(waits) && ambgate_closed(vm);
    ambgate_begin(&c, vm, prov, op, 0);
    c.pure = true;
    uint32_t total = n > visible ? n : visible, i = 0;
    if (n < visible && ambgate_param_at(prov, op, visible - 1)->flags & AMB_P_REST) total = visible - 1;
    for (; i < total && st == AMB_OK; i++) {
        const amb_param *p = &op->params[i < visible ? i : visible - 1];
        if (i < n && args[i].tag == TAG_INT && p->type == AMB_T_I64)
            a[i] = (amb_arg){.type = AMB_T_I64, .v.i = args[i].i};
        else if (i < n && args[i].tag == TAG_STRING && p->type == AMB_T_STR && !p->max_len &&
                 args[i].str->len <= AMB_TRANSFER_MAX)
            a[i] = (amb_arg){.type = AMB_T_STR, .len = args[i].str->len, .v.p = args[i].str->data};
        else if (AMB_UNLIKELY(closed) && p->type == AMB_T_LOAN) st = closed_gate(vm, op->name);
        else st = ambmarshal_in(&c, p, op->name, i < n ? args[i] : ambv_undef(), &a[i]);
        if (AMB_UNLIKELY(p->flags & AMB_P_PATH) && st == AMB_OK && a[i].type == AMB_T_STR)
            c.path = a[i].v.p, c.path_len = a[i].len;
    }
    uint32_t leased = st == AMB_OK ? i : i - 1;
    if (leased > n) leased = n;
    c.values = args;
    c.nvalues = n;
    c.nleased = leased;
    if (AMB_LIKELY(st == AMB_OK)) {
        if (AMB_LIKELY(!waits && !op->ret_restype && !vm->gate->wire && !vm->gate->chaos)) {
            /* What perform comes to when nobody waits, nothing is made, and nothing is disturbed. */
            ambvm_charge(vm, op->cost + op->cost_per_kib * kib_of(a, total));
            c.args = a;
            c.nargs = total;
            st = op->fn(prov->inst, (amb_call *)&c, NULL, a, total, &c.ret);
            if (AMB_LIKELY(st == AMB_OK && !c.pending)) {
                if (AMB_LIKELY(op->ret_type == AMB_T_I64 && c.ret.type == AMB_T_I64)) *out = ambv_int(c.ret.v.i);
                else st = ambmarshal_out(&c, &c.ret, out);
                goto done;
            }
            st = answered_here(&c, st);
            if (st == AMB_PENDING) st = await(&c, op->name, true, &done);
            else if (st > 0) st = AMB_E_NOSYS;
        } else {
            c.closed = closed;
            st = perform(&c, a, total, op->name, true, &done);
        }
        if (AMB_UNLIKELY(done != NULL)) return later_result(vm, done, op->name, out);
        if (c.pending) return st;
        if (AMB_LIKELY(st == AMB_OK)) st = ambmarshal_out(&c, &c.ret, out);
        else st = ambgate_raise(&c, st, op->name);
    }
done:
    ambmarshal_unlease(args, leased);
    if (AMB_UNLIKELY(c.blobs || c.nloans)) ambmarshal_free(&c);
    return st;
}

static const amb_op *op_of(amb_vm *vm, const ambrow *r, const amb_string *name) {
    if (r->kind != ROW_CAP) return NULL;
    return ambgate_op(vm->gate, r->res->prov, r->res->type, name->data, name->len);
}

bool ambgate_has_op(amb_vm *vm, ambv cap, const amb_string *name) {
    ambrow *r = ambhandle_peek(vm, cap);
    if (!r) return named("close", name->data, name->len);
    return op_of(vm, r, name) || ambstream_verb(r, name->data, name->len);
}

bool ambgate_will_call(amb_vm *vm, ambv cap, const amb_string *name) {
    struct ambgate *g = vm->gate;
    const ambrow *r = ambhandle_peek(vm, cap);
    const amb_op *op = r ? op_of(vm, r, name) : NULL;
    if (!op) return false;
    g->found = op;
    g->found_type = r->res->type;
    g->found_name = name;
    return true;
}

int ambgate_param(amb_vm *vm, ambv cap, const amb_string *name, const amb_string *param) {
    ambrow *r = ambhandle_peek(vm, cap);
    if (!r) return -1;
    const ambprov *prov = r->res->prov;
    const amb_op *op = r->kind == ROW_CAP ? ambgate_op(vm->gate, prov, r->res->type,
                                                       name->data, name->len)
                                          : NULL;
    if (op) {
        for (uint32_t i = 0; i < ambgate_visible(prov, op); i++)
            if (named(ambgate_param_at(prov, op, i)->name, param->data, param->len))
                return (int)i;
        return -1;
    }
    const ambverb *verb = ambstream_verb(r, name->data, name->len);
    const char *s = verb ? verb->params : NULL;
    for (int i = 0; s && *s; i++) {
        size_t len = strcspn(s, " ");
        if (len == param->len && memcmp(s, param->data, len) == 0) return i;
        s += len + (s[len] == ' ');
    }
    return -1;
}

/* --- sequences ---------------------------------------------------------------------- */

enum { BATCH = 64 };

static void end_batch(amb_vm *vm, ambrow *r) {
    if (!r->batch) return;
    ambmarshal_free(r->batch);
    ambgc_free(vm, r->batch, sizeof *r->batch);
    r->batch = NULL;
}

/* What next_op answered: items into the row's batch, none at the end; or, where it gives a resource,
 * the one item. The call's memory goes with them. */
static amb_status take_items(amb_vm *vm, ambv cap, ambcall *c, amb_status st, ambv *one) {
    uint32_t count = 0;
    ambrow *r = ambhandle_peek(vm, cap); /* rows may have moved, this one may be gone */
    if (st == AMB_OK && !r) st = AMB_E_STALE;
    if (st == AMB_OK && c->op->ret_type == AMB_T_RES) {
        if (c->ret.type == AMB_T_RES && c->made) *one = ambv_obj(c->new_cap);
        else if (c->ret.type != AMB_T_NIL) st = AMB_E_DIED;
    } else if (st == AMB_OK && !ambmarshal_list(&c->ret, &count)) {
        st = AMB_E_DIED;
    }
    if (st != AMB_OK) return ambgate_raise(c, st, "next");
    if (!count) return AMB_OK;
    r->batch = ambgc_malloc(vm, sizeof *c);
    if (!r->batch) return vm->failed ? vm->failed : AMB_E_NOMEM;
    *r->batch = *c;
    r->batch->nloans = 0;
    c->blobs = NULL;
    r->batch_at = 1;
    r->batch_left = count;
    return AMB_OK;
}

static amb_status next_batch(amb_vm *vm, ambv cap, ambrow *r, ambv *one) {
    ambpending *done = ambtask_answer(vm);
    amb_status st;
    if (!done) {
        ambcall c;
        const ambv values[2] = {ambv_nil(), cap};
        st = prepare(&c, vm, values, r, r->res->type->next_op, "next", 1);
        if (st) return st;
        amb_arg a = {.type = AMB_T_I64, .v.i = BATCH};
        st = perform(&c, &a, 1, "next", false, &done);
        if (c.pending && !done) return st;
        if (!done) {
            st = take_items(vm, cap, &c, st, one);
            ambmarshal_free(&c);
            return st;
        }
    }
    st = take_items(vm, cap, &done->call, done->status, one);
    if (ambrun_wants_room(vm) && !done->retried) {
        done->retried = true; /* asked again after a collection */
        return st;
    }
    answer_taken(vm, done);
    return st;
}

/* Lines that came to their end close what they were read from, unless it is a capability
 * of the program's own `use` lines, which may be read again. */
static void end_lines(amb_vm *vm, ambv cap, const ambrow *r) {
    uint32_t parent = r->parent;
    const ambrow *from = &vm->gate->rows[parent];
    bool both = parent && from->kind == ROW_CAP && from->parent && from->res == r->res &&
                !(r->res->type->flags & AMB_R_STATELESS);
    ambhandle_close(vm, cap.cap->slot);
    if (both) ambhandle_close(vm, parent);
}

amb_status ambgate_next(amb_vm *vm, ambv cap, ambv *out) {
    ambrow *r = ambhandle_peek(vm, cap);
    if (AMB_UNLIKELY(!r || r->expires)) {
        amb_status st = ambhandle_row(vm, cap, &r);
        if (st) {
            ambtask_drop_answer(vm);
            return ambgate_refused(vm, NULL, NULL, "next", st,
                                   ambhandle_revoked(cap) ? "revoked" : "closed");
        }
    }
    if (r->kind == ROW_LINES) {
        amb_status st = ambstream_next_line(vm, cap, r, out);
        r = ambhandle_peek(vm, cap);
        if (st == AMB_OK && out->tag == TAG_DONE && r) end_lines(vm, cap, r);
        return st;
    }
    if (!r->res->type->next_op)
        return amberr_raise(vm, AMB_ERR_TYPE, "%s.%s cannot be iterated%s",
                            r->res->prov->p->iface, r->res->type->name,
                            r->res->type->read_op ? "; its lines() can" : "");
    if (!r->batch_left) {
        end_batch(vm, r);
        ambv one = ambv_undef();
        amb_status st = next_batch(vm, cap, r, &one);
        if (st) return st;
        if (one.tag != TAG_UNDEF) {
            *out = one;
            return AMB_OK;
        }
        r = ambhandle_peek(vm, cap);
        if (!r || !r->batch) {
            *out = ambv_done();
            ambgate_end(vm, cap);
            return AMB_OK;
        }
    }
    r = ambhandle_peek(vm, cap); /* the table may have moved */
    const amb_arg *ret = &r->batch->ret;
    amb_status st = ambmarshal_item(r->batch, ret->v.p, ret->len, &r->batch_at, out);
    if (st == AMB_OK) {
        ambvm_charge(vm, 20);
        r->batch_left--;
    }
    return st;
}

void ambgate_end(amb_vm *vm, ambv cap) {
    ambrow *r = ambhandle_peek(vm, cap);
    if (r && (r->kind == ROW_LINES || r->res->type->next_op))
        ambhandle_close(vm, cap.cap->slot);
}

bool ambgate_is_iterable(amb_vm *vm, ambv cap) {
    ambrow *r = ambhandle_peek(vm, cap);
    return r && (r->kind == ROW_LINES || r->res->type->next_op);
}

bool ambgate_has_core(amb_vm *vm, ambv cap, const amb_string *name) {
    const ambrow *r = ambhandle_peek(vm, cap);
    if (!r || r->kind != ROW_CAP) return false;
    bool load = named("load", name->data, name->len);
    return load ? r->res->type->source_op : r->res->type->read_op;
}

/* --- names and descriptions --------------------------------------------------------- */

bool ambgate_is_type(amb_vm *vm, ambv cap, const char *type, size_t len) {
    ambrow *r = ambhandle_peek(vm, cap);
    if (!r || r->kind != ROW_CAP) return false;
    const char *iface = r->res->prov->p->iface, *name = r->res->type->name;
    size_t n = strlen(iface);
    if (len == n && memcmp(type, iface, n) == 0) return true;
    return len > n + 1 && memcmp(type, iface, n) == 0 && type[n] == '.' &&
           named(name, type + n + 1, len - n - 1);
}

const char *ambgate_type_name(const amb_vm *vm, ambv cap) {
    const ambrow *r = ambhandle_peek(vm, cap);
    return !r ? "capability" : r->kind == ROW_LINES ? "lines" : r->res->type_name;
}

void ambgate_describe(amb_vm *vm, ambv cap, ambbuf *b) {
    char rights[96];
    ambrow *r = ambhandle_peek(vm, cap);
    if (!r) {
        ambbuf_add(b, "<closed capability>", 19);
        return;
    }
    ambgate_right_names(r->res->prov, r->rights, rights, sizeof rights);
    ambbuf_printf(b, "<%s", ambgate_type_name(vm, cap));
    if (r->res->label && r->kind == ROW_CAP &&
        strcmp(r->res->label, r->res->type->name) != 0) {
        ambbuf_addc(b, ' ');
        ambbuf_addc(b, '"');
        ambbuf_add(b, r->res->label, strlen(r->res->label));
        ambbuf_addc(b, '"');
    }
    ambbuf_printf(b, " %s>", rights);
}

/* --- life --------------------------------------------------------------------------- */

amb_status ambgate_setup(amb_vm *vm) {
    struct ambgate *g = ambgc_malloc(vm, sizeof *g);
    if (!g) return vm->failed ? vm->failed : AMB_E_NOMEM;
    memset(g, 0, sizeof *g);
    g->vm = vm;
    g->host = ambgate_host;
    vm->gate = g;
    return ambpending_setup(vm);
}

void ambgate_teardown(amb_vm *vm) {
    struct ambgate *g = vm->gate;
    if (!g) return;
    if (vm->sched) ambsched_join(vm);
    ambloan_last_words(g);
    for (uint32_t i = 1; i < g->nrows; i++)
        if (g->rows[i].kind == ROW_CAP || g->rows[i].kind == ROW_LINES)
            ambhandle_close(vm, i);
    if (vm->sched) ambsched_posted(vm); /* calls by providers, cancelled now, are answered */
    for (ambres *s = g->constants; s;) {
        ambres *next = s->next;
        ambhandle_drop(vm, s);
        s = next;
    }
    for (uint32_t i = g->nproviders; i-- > 0;) {
        ambprov *p = g->providers[i];
        if (p->started && p->p->stop) p->p->stop(p->inst);
    }
    for (uint32_t i = g->ninterposers; i-- > 0;)
        if (g->interposers[i].end) g->interposers[i].end(g->interposers[i].ud);
    for (uint32_t i = 0; i < g->argc; i++)
        ambgc_free(vm, g->argv[i], strlen(g->argv[i]) + 1);
    if (g->argv) ambgc_free(vm, g->argv, g->argc * sizeof *g->argv);
    if (g->rows) ambgc_free(vm, g->rows, g->cap * sizeof *g->rows);
    ambpending_teardown(vm);
    ambloan_teardown(g);
    /* The code of a provider stays as long as any of it might run. */
    for (uint32_t i = g->nproviders; i-- > 0;) ambprovider_free(vm, g->providers[i]);
    vm->gate = NULL;
    ambgc_free(vm, g, sizeof *g);
}
