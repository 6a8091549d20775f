/* SPDX-License-Identifier: MIT */
/* The module `cap`: what the kernel does with any capability, whoever provides it. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "class.h"
#include "gate.h"

static amb_status row_arg(amb_vm *vm, const char *what, ambv v, ambrow **r) {
    if (v.tag != TAG_CAP) return amberr_arg(vm, what, "c", "a capability", v);
    return ambhandle_row(vm, v, r);
}

static amb_status no_memory(amb_vm *vm) {
    if (vm->exc.tag != TAG_UNDEF) return AMB_E_THROW;
    return vm->failed ? vm->failed : AMB_E_NOMEM;
}

/* only(c, "read", ...): fewer rights. */
static amb_status cap_only(amb_vm *vm, ambv *args, uint32_t n, ambv *out) {
    ambrow *r;
    amb_status st = row_arg(vm, "cap.only", args[0], &r);
    if (st) return st;
    amb_rights rights = 0;
    const ambprov *prov = r->res->prov;
    for (uint32_t i = 1; i < n; i++) {
        if (args[i].tag != TAG_STRING)
            return amberr_arg(vm, "cap.only", "right", "a string", args[i]);
        amb_rights bit = ambgate_right(prov, args[i].str->data, args[i].str->len);
        if (!bit)
            return amberr_raise(
                vm, AMB_ERR_VALUE, "cap.only: %s knows no right '%.*s'", prov->p->iface,
                (int)(args[i].str->len > 60 ? 60 : args[i].str->len), args[i].str->data);
        rights |= bit;
    }
    return ambhandle_derive(vm, r, r->kind, rights, out);
}

/* narrow(c, "logs/2026"): a part of it, by its own `sub`. */
static amb_status cap_narrow(amb_vm *vm, ambv *args, uint32_t n, ambv *out) {
    ambrow *r;
    amb_status st = row_arg(vm, "cap.narrow", args[0], &r);
    if (st) return st;
    amb_string *sub = ambstr_intern(vm, "sub", 3);
    if (!sub) return no_memory(vm);
    if (!ambgate_has_op(vm, args[0], sub))
        return amberr_raise(vm, AMB_ERR_TYPE, "cap.narrow: a %s.%s has no parts",
                            r->res->prov->p->iface, r->res->type->name);
    return ambgate_invoke(vm, args[0], sub, args + 1, n - 1, out);
}

static amb_status cap_rights(amb_vm *vm, ambv *args, uint32_t n, ambv *out) {
    (void)n;
    ambrow *r;
    amb_status st = row_arg(vm, "cap.rights", args[0], &r);
    if (st) return st;
    const ambprov *prov = r->res->prov;
    amb_list *l = amblist_new(vm, 4);
    if (!l) return no_memory(vm);
    for (uint32_t i = 0; i < prov->p->nrights; i++) {
        const amb_right *right = ambgate_right_at(prov, i);
        amb_rights part = right->bit & r->res->type->all;
        /* Names for several bits are there to ask with, not to answer with. */
        if (!part || (r->rights & part) != part ||
            (right->bit & (right->bit - 1) && part != right->bit))
            continue;
        amb_string *s = ambstr_intern(vm, right->name, strlen(right->name));
        if (!s) return no_memory(vm);
        if ((st = amblist_push_slow(vm, l, ambv_obj(s))) != AMB_OK) return st;
    }
    *out = ambv_obj(l);
    return AMB_OK;
}

static amb_status cap_describe(amb_vm *vm, ambv *args, uint32_t n, ambv *out) {
    (void)n;
    if (args[0].tag != TAG_CAP)
        return amberr_arg(vm, "cap.describe", "c", "a capability", args[0]);
    ambbuf b;
    ambbuf_init(&b, vm);
    ambgate_describe(vm, args[0], &b);
    amb_string *s = ambbuf_string(&b);
    if (!s) return no_memory(vm);
    *out = ambv_obj(s);
    return AMB_OK;
}

static amb_status cap_close(amb_vm *vm, ambv *args, uint32_t n, ambv *out) {
    (void)n;
    if (args[0].tag != TAG_CAP)
        return amberr_arg(vm, "cap.close", "c", "a capability", args[0]);
    if (ambhandle_peek(vm, args[0])) ambhandle_close(vm, args[0].cap->slot);
    *out = ambv_nil();
    return AMB_OK;
}

static amb_status revoke_now(amb_vm *vm, ambv *args, uint32_t n, ambv *out) {
    (void)n;
    if (args[0].tag != TAG_CAP)
        return amberr_arg(vm, "cap.revoke", "c", "a capability", args[0]);
    if (ambhandle_peek(vm, args[0])) ambhandle_revoke(vm, args[0].cap->slot);
    *out = ambv_nil();
    return AMB_OK;
}

/* limit(c, calls: n, bytes: n) */
static amb_status cap_limit(amb_vm *vm, ambv *args, uint32_t n, ambv *out) {
    ambrow *r;
    amb_status st = row_arg(vm, "cap.limit", args[0], &r);
    int64_t wanted[2] = {-1, -1};
    static const char *const names[2] = {"calls", "bytes"};
    for (uint32_t i = 1; i < n && !st; i++) {
        if (args[i].tag == TAG_UNDEF || args[i].tag == TAG_NIL) continue;
        if (args[i].tag != TAG_INT || args[i].i < 0)
            st = amberr_arg(vm, "cap.limit", names[i - 1], "an int that is not negative",
                            args[i]);
        else wanted[i - 1] = args[i].i;
    }
    if (st) return st;
    if ((st = ambhandle_derive(vm, r, r->kind, ~(amb_rights)0, out)) != AMB_OK) return st;
    ambrow *made = &vm->gate->rows[out->cap->slot];
    if (wanted[0] >= 0 && (made->calls < 0 || wanted[0] < made->calls))
        made->calls = wanted[0];
    if (wanted[1] >= 0 && (made->bytes < 0 || wanted[1] < made->bytes))
        made->bytes = wanted[1];
    return AMB_OK;
}

static amb_status cap_expire(amb_vm *vm, ambv *args, uint32_t n, ambv *out) {
    (void)n;
    ambrow *r;
    amb_status st = row_arg(vm, "cap.expire", args[0], &r);
    if (st) return st;
    if (!ambv_is_number(args[1]))
        return amberr_arg(vm, "cap.expire", "seconds", "a number", args[1]);
    double seconds = ambv_to_double(args[1]);
    if (!(seconds >= 0))
        return amberr_raise(vm, AMB_ERR_VALUE,
                            "cap.expire: seconds must not be negative");
    if (seconds > 1e9) seconds = 1e9;
    uint64_t at = ambsched_now(vm) + (uint64_t)(seconds * 1e9) + 1;
    if ((st = ambhandle_derive(vm, r, r->kind, ~(amb_rights)0, out)) != AMB_OK) return st;
    ambrow *made = &vm->gate->rows[out->cap->slot];
    if (!made->expires || at < made->expires) made->expires = at;
    return AMB_OK;
}

/* derive(c): a row of one's own, with the same rights. */
static amb_status cap_derive(amb_vm *vm, ambv *args, uint32_t n, ambv *out) {
    (void)n;
    ambrow *r;
    amb_status st = row_arg(vm, "cap.derive", args[0], &r);
    return st ? st : ambhandle_derive(vm, r, r->kind, ~(amb_rights)0, out);
}

static const amb_native_def revoke_method = {
    "revoke", revoke_now, 0, 0, NATIVE_METHOD, NULL, "revoke()", "Ends the view.", NULL};

/* revocable(c): a view, and the function that ends it. */
static amb_status cap_revocable(amb_vm *vm, ambv *args, uint32_t n, ambv *out) {
    (void)n;
    ambrow *r;
    amb_status st = row_arg(vm, "cap.revocable", args[0], &r);
    if (st) return st;
    amb_native *fn = ambnative_new(vm, &revoke_method);
    amb_bound *revoke = fn ? ambgc_new(vm, sizeof *revoke, TAG_BOUND) : NULL;
    if (!revoke) return no_memory(vm);
    revoke->self = ambv_nil();
    revoke->fn = ambv_obj(fn);
    amb_tuple *pair = ambtuple_pair(vm, ambv_nil(), ambv_obj(revoke));
    if (!pair) return no_memory(vm);
    ambv view;
    if ((st = ambhandle_derive(vm, r, r->kind, ~(amb_rights)0, &view)) != AMB_OK)
        return st;
    revoke->self = view;
    pair->vals[0] = view;
    *out = ambv_obj(pair);
    return AMB_OK;
}

static amb_status cap_is_open(amb_vm *vm, ambv *args, uint32_t n, ambv *out) {
    (void)n;
    if (args[0].tag != TAG_CAP)
        return amberr_arg(vm, "cap.is_open", "c", "a capability", args[0]);
    *out = ambv_bool(ambhandle_peek(vm, args[0]) != NULL);
    return AMB_OK;
}

const amb_native_def amblib_cap[] = {
    {"only", cap_only, 2, 255, NATIVE_REST, NULL, "only(c, ...rights: string)",
     "The same capability with these rights only, as far as it has them.", NULL},
    {"narrow", cap_narrow, 2, 2, 0, "c, path", "narrow(c, path: string)",
     "A part of it, such as a directory beneath; same rights.", NULL},
    {"rights", cap_rights, 1, 1, 0, "c", "rights(c) -> list", "The names of its rights.",
     NULL},
    {"describe", cap_describe, 1, 1, 0, "c", "describe(c) -> string",
     "What it is: type, label, rights.", NULL},
    {"close", cap_close, 1, 1, 0, "c", "close(c)",
     "Ends this capability; those derived from it go on.", NULL},
    {"revoke", revoke_now, 1, 1, 0, "c", "revoke(c)",
     "Ends this capability and everything derived from it.", NULL},
    {"revocable", cap_revocable, 1, 1, 0, "c", "revocable(c) -> (view, revoke)",
     "A view of it and a function that ends the view with all that came from it.", NULL},
    {"derive", cap_derive, 1, 1, 0, "c", "derive(c)",
     "The same with a life of its own: closing it leaves `c` open.", NULL},
    {"limit", cap_limit, 1, 3, 0, "c, calls, bytes",
     "limit(c, calls: int = nil, bytes: int = nil)",
     "The same for a number of calls or bytes; then LimitError.", NULL},
    {"expire", cap_expire, 2, 2, 0, "c, seconds", "expire(c, seconds: number)",
     "The same for some time; then it is revoked.", NULL},
    {"fuel", NULL, 2, 2, 0, "n, f", "fuel(n: int, f: fn())",
     "The result of f(), which may use that much fuel, about one unit for an instruction; then LimitError. It "
     "cannot start tasks.", "plugin:with_fuel"},
    {"is_open", cap_is_open, 1, 1, 0, "c", "is_open(c) -> bool",
     "Whether it can be used.", NULL},
    {NULL, NULL, 0, 0, 0, NULL, NULL, NULL, NULL},
};
