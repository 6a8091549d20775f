/* SPDX-License-Identifier: MIT */
/* Modules of functions without authority, from the tables of providers (AMB_PROVIDER_PURE).
 *
 * Each root operation becomes a native function. They are called like the natives of the VM itself, by
 * instructions that know their description; vm->called tells which of them it is. From there on a
 * call is one of the gate's without a receiver: the same checks of arguments and answers. */
#include <stdio.h>
#include <string.h>

#include "class.h"
#include "gate.h"
#include "module.h"

typedef struct ambpure {
    amb_native_def def; /* first: what vm->called leads to */
    ambprov *prov;
    const amb_op *op;
    uint16_t visible;
    bool waits;
    size_t text_len; /* of def.params and def.usage, in one block */
} ambpure;

static amb_status call(amb_vm *vm, ambv *args, uint32_t n, ambv *out) {
    const ambpure *f = (const ambpure *)vm->called;
    if (AMB_UNLIKELY(f->def.flags & NATIVE_REST) && n >= 2 && args[n - 2].tag == TAG_UNDEF)
        return amberr_raise(vm, AMB_ERR_TYPE, "%s: its arguments are not given by name", f->def.name);
    return ambgate_function(vm, f->prov, f->op, f->visible, f->waits, args, n, out);
}

/* --- what it is called with --------------------------------------------------------- */

static const char *type_text(const ambprov *prov, uint8_t type, uint16_t restype, char out[140]) {
    static const char *const names[] = {
        [AMB_T_NIL] = "nil",     [AMB_T_BOOL] = "bool",   [AMB_T_I64] = "int", [AMB_T_F64] = "number",
        [AMB_T_STR] = "string",  [AMB_T_BYTES] = "bytes", [AMB_T_FD] = "fd",   [AMB_T_TREE] = "any",
        [AMB_T_LOAN] = "capability", [AMB_T_ANY] = "any",
    };
    if (type == AMB_T_RES) {
        const amb_restype *t = ambgate_restype(prov, restype);
        if (!t) return "capability";
        snprintf(out, 140, "%s.%s", prov->p->iface, t->name);
        return out;
    }
    return type < sizeof names / sizeof *names && names[type] ? names[type] : "any";
}

static void describe(const ambprov *prov, const amb_op *op, uint32_t visible, ambbuf *params, ambbuf *usage) {
    char type[140];
    ambbuf_printf(usage, "%s(", op->name);
    for (uint32_t i = 0; i < visible; i++) {
        const amb_param *p = ambgate_param_at(prov, op, i);
        bool rest = p->flags & AMB_P_REST;
        ambbuf_printf(usage, "%s%s%s: %s%s", i ? ", " : "", rest ? "..." : "", p->name,
                      type_text(prov, p->type, p->restype, type), p->flags & AMB_P_OPT ? " = nil" : "");
        if (!rest) ambbuf_printf(params, "%s%s", i ? ", " : "", p->name);
    }
    ambbuf_printf(usage, ") -> %s", type_text(prov, op->ret_type, op->ret_restype, type));
    ambbuf_addc(params, 0);
    ambbuf_addc(usage, 0);
}

static bool make(amb_vm *vm, ambprov *prov, const amb_op *op, ambpure *f) {
    uint32_t visible = op->nparams, min = 0;
    bool rest = visible && ambgate_param_at(prov, op, visible - 1)->flags & AMB_P_REST;
    while (min < visible && !(ambgate_param_at(prov, op, min)->flags & (AMB_P_OPT | AMB_P_REST))) min++;
    *f = (ambpure){.prov = prov, .op = op, .visible = (uint16_t)visible, .waits = op->flags & AMB_OP_BLOCKING};
    for (uint32_t i = 0; i < visible; i++) f->waits |= ambgate_param_at(prov, op, i)->type == AMB_T_LOAN;
    ambbuf params, usage;
    ambbuf_init(&params, vm);
    ambbuf_init(&usage, vm);
    describe(prov, op, visible, &params, &usage);
    char *text = params.failed || usage.failed ? NULL : ambgc_malloc(vm, params.len + usage.len);
    if (text) {
        memcpy(text, params.p, params.len);
        memcpy(text + params.len, usage.p, usage.len);
        f->text_len = params.len + usage.len;
        f->def = (amb_native_def){.name = op->name, .fn = call, .min = (uint8_t)min,
                                  .max = (uint8_t)(visible - rest), .flags = rest ? NATIVE_REST : 0,
                                  .params = text, .usage = text + params.len, .doc = op->doc};
    }
    ambbuf_free(&params);
    ambbuf_free(&usage);
    return text;
}

/* --- the module --------------------------------------------------------------------- */

static const amb_op *op_at(const ambprov *prov, uint32_t i) { return &prov->p->ops[i]; }

void ambpure_free(amb_vm *vm, ambprov *p) {
    for (uint32_t i = 0; i < p->nfunctions; i++)
        if (p->functions[i].text_len)
            ambgc_free(vm, (char *)(uintptr_t)p->functions[i].def.params, p->functions[i].text_len);
    ambgc_free(vm, p->functions, p->nfunctions * sizeof *p->functions);
    p->functions = NULL;
    p->nfunctions = 0;
}

static bool functions_made(amb_vm *vm, ambprov *prov) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < prov->p->nops; i++) n += !op_at(prov, i)->restype;
    if (prov->functions || !n) return true;
    prov->functions = ambgc_malloc(vm, n * sizeof *prov->functions);
    if (!prov->functions) return false;
    memset(prov->functions, 0, n * sizeof *prov->functions);
    prov->nfunctions = n;
    for (uint32_t i = 0, k = 0; i < prov->p->nops; i++) {
        if (op_at(prov, i)->restype) continue;
        if (!make(vm, prov, op_at(prov, i), &prov->functions[k++])) {
            ambpure_free(vm, prov);
            return false;
        }
    }
    return true;
}

struct amb_module *ambpure_module(amb_vm *vm, const char *name, size_t len) {
    ambprov *prov = ambgate_provider(vm->gate, name, len);
    if (!prov || !(prov->p->flags & AMB_PROVIDER_PURE)) return NULL;
    if (prov->module) return prov->module;
    if (!functions_made(vm, prov)) return NULL;
    amb_module *m = ambmodule_new(vm, name, len, prov->nfunctions);
    if (!m) return NULL;
    m->standard = true;
    m->h.aux16 = MODULE_DONE;
    for (uint32_t i = 0; i < prov->nfunctions; i++) {
        const amb_native_def *d = &prov->functions[i].def;
        if (ambmodule_set_slot_name(vm, m, i, d->name, strlen(d->name), true) != AMB_OK) return NULL;
        amb_native *f = ambnative_new(vm, d);
        if (!f) return NULL;
        m->slots[i] = ambv_obj(f);
    }
    if (ambvm_keep_module(vm, m) != AMB_OK) return NULL;
    return prov->module = m;
}
