/* SPDX-License-Identifier: MIT */
/* What providers may ask of the kernel: the table of host services (ambit/spi.h). */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "gate.h"
#include "task.h"

static ambcall *inner(amb_call *c) { return (ambcall *)c; }

static void *host_alloc(amb_call *c, size_t n) { return ambmarshal_alloc(inner(c), n); }

static amb_status host_fail(amb_call *c, amb_status code, int os_errno, const char *fmt,
                            ...) {
    ambcall *k = inner(c);
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(k->text, sizeof k->text, fmt, ap);
    va_end(ap);
    k->os_errno = os_errno;
    return k->failed = code < 0 ? code : AMB_E_ARG;
}

static amb_status host_res_new(amb_call *c, uint16_t restype, void *res, amb_rights want,
                               const char *label, amb_arg *ret, uint64_t *badge) {
    ambcall *k = inner(c);
    const amb_restype *type = ambgate_restype(k->prov, restype);
    if (!k->new_row || k->made || k->made_type || !type || restype != k->op->ret_restype)
        return AMB_E_ARG;
    if (k->settling) {
        /* Rows belong to the home thread. */
        k->made_label = label ? strdup(label) : NULL;
        if (label && !k->made_label) return AMB_E_NOMEM;
        k->made_type = type;
        k->made_res = res;
        k->made_want = want;
        if (badge) *badge = k->new_row;
        *ret = (amb_arg){.type = AMB_T_RES, .v.u = k->new_row};
        return AMB_OK;
    }
    ambres *s = ambhandle_resource(k->vm, k->prov, type, res, label);
    if (!s) return AMB_E_NOMEM;
    amb_rights rights = want & type->all & k->wanted &
                        (k->op->ret_fixed | (k->parent_rights & k->op->ret_same));
    ambhandle_fill(k->vm, k->new_row, k->new_cap, ROW_CAP, k->row, rights, s);
    k->made = true;
    if (badge) *badge = k->new_row;
    *ret = (amb_arg){.type = AMB_T_RES, .v.u = k->new_row};
    return AMB_OK;
}

static amb_vm *home(void *hctx) { return ((ambprov *)hctx)->gate->vm; }

static int host_may_block(amb_call *c) { return inner(c)->worker; }
static amb_ticket host_ticket(amb_call *c) { return ambpending_ticket(inner(c)); }
static amb_ticket host_pend(amb_call *c) {
    ambcall *k = inner(c);
    if (k->kept || k->worker || k->pending) return 0;
    if (k->prov->p->flags & AMB_PROVIDER_PURE && ambgate_closed(k->vm)) return 0;
    return ambpending_take(k) ? ambpending_ticket(&k->pending->call) : 0;
}
static amb_call *host_reply_open(void *h, amb_ticket t) {
    return ambpending_open(((ambprov *)h)->gate, t);
}
static void host_reply(amb_call *c, amb_status st, const amb_arg *r) {
    ambpending_reply(c, st, r);
}
static int host_canceled(void *hctx, amb_ticket t) {
    struct ambgate *g = ((ambprov *)hctx)->gate;
    return g->vm->interrupt != 0 || atomic_load(&g->vm->sched->cancel_root) ||
           (t && ambpending_canceled(g, t));
}
static amb_status host_invoke(void *hctx, amb_ticket on, amb_loan l, uint16_t ordinal,
                              const amb_arg *a, uint32_t n, amb_done_fn done, void *ud) {
    (void)on;
    return ambloan_invoke(((ambprov *)hctx)->gate, l, ordinal, a, n, done, ud);
}
static amb_status host_invoke_wait(amb_call *c, amb_loan l, uint16_t ordinal,
                                   const amb_arg *a, uint32_t n, amb_arg *ret) {
    return ambloan_invoke_wait(inner(c), l, ordinal, a, n, ret);
}
static void host_loan_drop(void *hctx, amb_loan l) { ambloan_drop(((ambprov *)hctx)->gate, l); }
static amb_status host_watch(void *hctx, int fd, uint32_t ev, amb_event_fn fn, void *ud,
                             uint64_t *id) {
    return ambsched_watch(home(hctx), fd, ev, fn, ud, id);
}
static amb_status host_timer(void *hctx, uint64_t ns, amb_event_fn fn, void *ud,
                             uint64_t *id) {
    return ambsched_timer(home(hctx), ns, fn, ud, id);
}
static amb_status host_rewatch(void *hctx, uint64_t id, uint32_t events) {
    return ambsched_rewatch(home(hctx), id, events);
}
static void host_unwatch(void *hctx, uint64_t id) { ambsched_unwatch(home(hctx), id); }
static void host_post(void *hctx, amb_event_fn fn, void *ud) {
    ambsched_post(home(hctx), fn, ud);
}
static uint64_t host_now(void *hctx) { return ambsched_now(home(hctx)); }
static void host_log(void *hctx, int level, const char *msg, size_t n) {
    (void)level;
    amb_vm *vm = ((ambprov *)hctx)->gate->vm;
    if (vm->output) vm->output(vm->output_ud, 2, msg, n);
}
static amb_status host_snap_put(amb_snap *s, uint64_t badge, const void *p, size_t n) {
    (void)s, (void)badge, (void)p, (void)n;
    return AMB_E_NOSYS;
}
static amb_status host_snap_next(amb_snap *s, uint64_t *badge, const void **p,
                                 size_t *n) {
    (void)s, (void)badge, (void)p, (void)n;
    return AMB_E_NOSYS;
}
static amb_status host_res_rebind(void *hctx, uint64_t badge, void *res) {
    (void)hctx, (void)badge, (void)res;
    return AMB_E_NOSYS;
}
static amb_status host_output(void *hctx, int which, const void *p, size_t n) {
    amb_vm *vm = ((ambprov *)hctx)->gate->vm;
    if (which != 1 && which != 2) return AMB_E_ARG;
    if (!p && n == 0)
        return vm->output ? vm->output(vm->output_ud, which, NULL, 0) : AMB_OK;
    return ambvm_write(vm, which, p, n);
}

static uint16_t host_ordinal(void *hctx, const char *type, const char *operation) {
    const char *dot = strchr(type, '.');
    size_t n = dot ? (size_t)(dot - type) : strlen(type);
    const ambprov *prov = ambgate_provider(((ambprov *)hctx)->gate, type, n);
    const char *name = dot ? dot + 1 : type;
    for (uint32_t i = 0; prov && i < prov->p->nops; i++) {
        const amb_op *op = ambgate_op_at(prov, i);
        const amb_restype *t = op->restype ? ambgate_restype(prov, op->restype) : NULL;
        if (t && strcmp(t->name, name) == 0 && strcmp(op->name, operation) == 0) return op->ordinal;
    }
    return 0;
}

static amb_status host_again(amb_call *c, uint64_t ns) {
    ambcall *k = inner(c);
    if (!k->worker) return AMB_E_NOSYS;
    k->again = ns < 1000 ? 1000 : ns < 1000000000 ? ns : 1000000000;
    return AMB_WOULD_BLOCK;
}

const amb_host ambgate_host = {
    .size = sizeof(amb_host),
    .spi_major = AMB_SPI_MAJOR,
    .spi_minor = AMB_SPI_MINOR,
    .alloc = host_alloc,
    .fail = host_fail,
    .res_new = host_res_new,
    .may_block = host_may_block,
    .ticket = host_ticket,
    .pend = host_pend,
    .reply_open = host_reply_open,
    .reply = host_reply,
    .canceled = host_canceled,
    .invoke = host_invoke,
    .invoke_wait = host_invoke_wait,
    .loan_drop = host_loan_drop,
    .watch = host_watch,
    .timer = host_timer,
    .unwatch = host_unwatch,
    .post = host_post,
    .now = host_now,
    .log = host_log,
    .snap_put = host_snap_put,
    .snap_next = host_snap_next,
    .res_rebind = host_res_rebind,
    .output = host_output,
    .rewatch = host_rewatch,
    .ordinal = host_ordinal,
    .again = host_again,
};
