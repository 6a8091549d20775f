/* SPDX-License-Identifier: MIT */
/* Root capabilities: what the host puts into a VM. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "api.h"
#include "gate.h"
#include "host.h"

static amb_status say(char why[256], amb_status st, const char *fmt, ...)
    AMB_PRINTF(3, 4);
static amb_status say(char why[256], amb_status st, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    if (why) vsnprintf(why, 256, fmt, ap);
    va_end(ap);
    return st;
}

amb_status amb_set_argv(amb_vm *vm, const char *const *words, uint32_t n) {
    struct ambgate *g = vm->gate;
    if (g->argv || !n) return g->argv ? AMB_E_BUSY : AMB_OK;
    g->argv = ambgc_malloc(vm, n * sizeof *g->argv);
    if (!g->argv) return AMB_E_NOMEM;
    for (uint32_t i = 0; i < n; i++) {
        size_t len = strlen(words[i]) + 1;
        char *s = ambgc_malloc(vm, len);
        if (!s) {
            for (uint32_t j = 0; j < i; j++)
                ambgc_free(vm, g->argv[j], strlen(g->argv[j]) + 1);
            ambgc_free(vm, g->argv, n * sizeof *g->argv);
            g->argv = NULL;
            return AMB_E_NOMEM;
        }
        memcpy(s, words[i], len);
        g->argv[i] = s;
    }
    g->argc = n;
    return AMB_OK;
}

static amb_status rights_of(const ambprov *prov, const amb_op *op,
                            const amb_restype *type, const char *const *names, uint32_t n,
                            amb_rights *out, char why[256]) {
    if (!n) {
        *out = op->ret_same ? op->ret_same : type->dflt;
        return AMB_OK;
    }
    *out = 0;
    for (uint32_t i = 0; i < n; i++) {
        amb_rights bit = ambgate_right(prov, names[i], strlen(names[i]));
        if (!(bit & type->all))
            return say(why, AMB_E_ARG, "%s.%s knows no right '%s'", prov->p->iface,
                       type->name, names[i]);
        *out |= bit & type->all;
    }
    return AMB_OK;
}

/* Fills a parameter that no script supplies. */
static amb_status hidden(ambcall *c, const amb_param *p, amb_rights rights,
                         amb_arg *out) {
    struct ambgate *g = c->vm->gate;
    *out = (amb_arg){.type = AMB_T_NIL};
    if (p->match == AMB_M_RIGHTS) {
        *out = (amb_arg){.type = AMB_T_I64, .v.u = rights};
    } else if (p->match == AMB_M_ARGV) {
        amb_arg *t = ambmarshal_alloc(c, (g->argc + (size_t)1) * sizeof *t);
        if (!t) return AMB_E_NOMEM;
        t[0] = (amb_arg){.type = AMB_T_LIST, .len = g->argc};
        for (uint32_t i = 0; i < g->argc; i++)
            t[i + 1] = (amb_arg){.type = AMB_T_STR,
                                 .len = (uint32_t)strlen(g->argv[i]),
                                 .v.p = g->argv[i]};
        *out = (amb_arg){.type = AMB_T_TREE, .len = g->argc + 1, .v.p = t};
    }
    return AMB_OK;
}

/* The text of the pending error, which it ends. */
static amb_status take_error(amb_vm *vm, amb_status st, char why[256]) {
    if (st != AMB_E_THROW)
        return say(why, st, "%s", vm->limit_text && !strcmp(vm->limit_text, "audit")
                                      ? "the audit cannot be written"
                                      : "out of memory");
    ambv message = ambv_nil();
    if (vm->exc.tag == TAG_INSTANCE) message = ambinst_get(vm->exc.inst, 0);
    vm->exc = ambv_undef();
    if (message.tag == TAG_STRING) {
        int n = message.str->len > 255 ? 255 : (int)message.str->len;
        return say(why, AMB_E_IO, "%.*s", n, message.str->data);
    }
    return say(why, AMB_E_IO, "refused");
}

static amb_status grant_one(amb_vm *vm, const char *iface, const char *resource,
                            const ambv *args, uint32_t n, const char *const *rights,
                            uint32_t nrights, ambv *out, char why[256]) {
    struct ambgate *g = vm->gate;
    ambprov *prov = ambgate_provider(g, iface, strlen(iface));
    if (!prov) return say(why, AMB_E_ARG, "there is no provider '%s'", iface);
    const amb_op *op = ambgate_op(g, prov, NULL, resource, strlen(resource));
    if (!op || op->ret_type != AMB_T_RES)
        return say(why, AMB_E_ARG, "%s has no resource '%s'", iface, resource);
    const amb_restype *type = ambgate_restype(prov, op->ret_restype);
    if (!type) return say(why, AMB_E_ARG, "%s has no resource '%s'", iface, resource);
    amb_rights bits;
    amb_status st = rights_of(prov, op, type, rights, nrights, &bits, why);
    if (st) return st;
    uint32_t visible = ambgate_visible(prov, op), need = 0;
    bool rest = visible && ambgate_param_at(prov, op, visible - 1)->flags & AMB_P_REST;
    while (need < visible &&
           !(ambgate_param_at(prov, op, need)->flags & (AMB_P_OPT | AMB_P_REST)))
        need++;
    if (n < need || (n > visible && !rest))
        return say(why, AMB_E_ARG, "%s.%s takes %u argument%s, got %u", iface, resource,
                   visible, visible == 1 ? "" : "s", n);
    /* Words that a rest parameter takes come last: nothing hidden stands behind them. */
    uint32_t total = rest ? (n < visible ? visible - 1 : n) : op->nparams;
    if (total > AMB_GRANT_ARGS || (rest && op->nparams != visible))
        return say(why, AMB_E_ARG, "%s.%s takes too much", iface, resource);
    char what[64];
    snprintf(what, sizeof what, "%s.%s", iface, resource);
    ambcall c;
    amb_arg a[AMB_GRANT_ARGS];
    ambgate_begin(&c, vm, prov, op, 0);
    c.wanted = bits;
    for (uint32_t i = 0; i < total && st == AMB_OK; i++) {
        const amb_param *p =
            ambgate_param_at(prov, op, rest && i >= visible ? visible - 1 : i);
        if (p->flags & AMB_P_HIDDEN) st = hidden(&c, p, bits, &a[i]);
        else st = ambmarshal_in(&c, p, what, i < n ? args[i] : ambv_undef(), &a[i]);
        if (st == AMB_OK && p->flags & AMB_P_PATH && a[i].type == AMB_T_STR)
            c.path = a[i].v.p, c.path_len = a[i].len;
    }
    if (st == AMB_OK) {
        st = ambgate_run(&c, a, total);
        if (st == AMB_OK) st = ambmarshal_out(&c, &c.ret, out);
        else st = ambgate_raise(&c, st, what);
    }
    ambmarshal_unlease(args, n);
    ambmarshal_free(&c);
    return st == AMB_OK ? st : take_error(vm, st, why);
}

/* fs.files(list): a list of files; "-" is standard input, or output when it is for
 * writing. */
static amb_status grant_files(amb_vm *vm, const ambv *args, uint32_t n,
                              const char *const *rights, uint32_t nrights, ambv *out,
                              char why[256]) {
    if (n != 1 || args[0].tag != TAG_LIST)
        return say(why, AMB_E_ARG, "fs.files takes a list of paths");
    amb_list *paths = args[0].list, *l = amblist_new(vm, paths->len);
    if (!l) return say(why, AMB_E_NOMEM, "out of memory");
    bool reads = nrights == 0;
    for (uint32_t i = 0; i < nrights; i++) reads |= strcmp(rights[i], "read") == 0;
    for (uint32_t i = 0; i < paths->len; i++) {
        ambv path = amblist_at(paths, i), cap;
        bool dash =
            path.tag == TAG_STRING && path.str->len == 1 && path.str->data[0] == '-';
        amb_status st =
            dash ? grant_one(vm, "console", reads ? "stdin" : "stdout", NULL, 0, NULL, 0,
                             &cap, why)
                 : grant_one(vm, "fs", "file", &path, 1, rights, nrights, &cap, why);
        if (!st) st = amblist_push_slow(vm, l, cap);
        if (st) return st;
    }
    *out = ambv_obj(l);
    return AMB_OK;
}

amb_status amb_grant(amb_vm *vm, const char *iface, const char *resource,
                     const amb_value *args, uint32_t nargs, const char *const *rights,
                     uint32_t nrights, amb_value *out, char why[256]) {
    ambv v[AMB_GRANT_ARGS], made = ambv_nil();
    if (why) why[0] = 0;
    if (!vm->host->depth) return say(why, AMB_E_SCOPE, "%s.%s: no scope is open for the capability", iface, resource);
    if (nargs > AMB_GRANT_ARGS)
        return say(why, AMB_E_ARG, "%s.%s: too many arguments", iface, resource);
    for (uint32_t i = 0; i < nargs; i++)
        if (ambhost_in(vm, args[i], &v[i]) != AMB_OK)
            return say(why, AMB_E_SCOPE, "%s.%s: an argument's scope is closed", iface, resource);
    amb_status st =
        strcmp(iface, "fs") == 0 && strcmp(resource, "files") == 0
            ? grant_files(vm, v, nargs, rights, nrights, &made, why)
            : grant_one(vm, iface, resource, v, nargs, rights, nrights, &made, why);
    return st == AMB_OK ? ambhost_out(vm, made, out) : st;
}

static ambv capability(const amb_vm *vm, amb_value cap) {
    ambv v;
    return ambhost_named(vm, cap, &v) && v.tag == TAG_CAP && ambhandle_peek((amb_vm *)vm, v) ? v : ambv_nil();
}

uint64_t amb_capability_id(const amb_vm *vm, amb_value cap) {
    ambv v = capability(vm, cap);
    return v.tag == TAG_CAP ? (uint64_t)v.cap->generation << 32 | v.cap->slot : 0;
}

amb_status amb_attenuate(amb_vm *vm, amb_value cap, const char *const *rights, uint32_t nrights, amb_value *out,
                         char why[256]) {
    ambv v = capability(vm, cap), made;
    if (v.tag != TAG_CAP) return say(why, AMB_E_STALE, "this is no capability, or one that has ended");
    if (!vm->host->depth) return say(why, AMB_E_SCOPE, "no scope is open for the capability");
    ambrow *r = ambhandle_peek(vm, v);
    amb_rights bits = 0;
    for (uint32_t i = 0; i < nrights; i++) {
        amb_rights bit = ambgate_right(r->res->prov, rights[i], strlen(rights[i]));
        if (!bit) return say(why, AMB_E_ARG, "%s knows no right '%s'", r->res->prov->p->iface, rights[i]);
        bits |= bit;
    }
    amb_status st = ambhandle_derive(vm, r, r->kind, bits, &made);
    return st == AMB_OK ? ambhost_out(vm, made, out) : ambhost_failed(vm, st);
}

void amb_revoke(amb_vm *vm, amb_value cap) {
    ambv v = capability(vm, cap);
    if (v.tag == TAG_CAP) ambhandle_revoke(vm, v.cap->slot);
}

int amb_capability_fd(const amb_vm *vm, amb_value cap) {
    ambv v = capability(vm, cap);
    const ambrow *r = v.tag == TAG_CAP ? ambhandle_peek((amb_vm *)vm, v) : NULL;
    if (!r || !r->res->type->getfd) return -1;
    return r->res->type->getfd(r->res->prov->inst, r->res->res);
}
