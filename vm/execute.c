/* SPDX-License-Identifier: MIT */
/* Running an entry script's module, and bytecode as text. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "api.h"
#include "execute.h"
#include "host.h"
#include "module.h"
#include "run.h"
#include "task.h"

/* What the end of a run means for the host; m: its entry module, NULL: it was a function's. */
static amb_status ended(amb_vm *vm, amb_module *m, amb_status st, ambv value, int *exit_status) {
    vm->sched->pumped = false;
    vm->host->program = NULL;
    if (m) m->h.aux16 = st == AMB_OK ? MODULE_DONE : MODULE_FAILED;
    if (m && (st == AMB_E_LIMIT || st == AMB_E_NOMEM))
        for (uint32_t i = 0; i < m->nslots; i++) m->slots[i] = ambv_undef();
    if (m && st == AMB_E_THROW && vm->exc.tag == TAG_INSTANCE &&
        ambinst_class(vm, vm->exc.inst) == vm->error_class[AMB_ERR_EXIT]) {
        ambv v = ambinst_get(vm->exc.inst, ERR_FIELDS);
        *exit_status = v.tag == TAG_INT ? (int)v.i : 0;
        vm->exc = ambv_undef();
        st = AMB_OK;
    } else if (st == AMB_OK && value.tag == TAG_INT && !(m && m->gives_value)) {
        *exit_status = (int)(value.u & 255);
    }
    st = ambhost_end(vm, st);
    if (st == AMB_OK) vm->host->result = value;
    if (m && st == AMB_OK) {
        m->result = value;
        ambgc_barrier(vm, m);
    }
    return st;
}

static amb_status prepare(amb_vm *vm, amb_module *m, amb_value args, const amb_value *caps) {
    vm->entry = m;
    amb_status st = ambhost_in(vm, args, &m->args);
    for (uint32_t i = 0; i < m->nuses && st == AMB_OK; i++) {
        m->uses[i] = ambv_nil();
        if (caps) st = ambhost_in(vm, caps[i], &m->uses[i]);
    }
    if (st != AMB_OK) return st;
    if (m->args.tag == TAG_NIL) {
        amb_list *none = amblist_new(vm, 0);
        if (!none) return ambhost_failed(vm, vm->failed);
        m->args = ambv_obj(none);
    }
    m->result = ambv_nil();
    ambgc_barrier(vm, m);
    st = ambmodule_link(vm, m);
    return st == AMB_OK ? st : ambhost_failed(vm, st);
}

amb_status ambexecute_module(amb_vm *vm, amb_module *m, amb_value args, const amb_value *caps, bool pumped,
                             int *exit_status) {
    ambv value = ambv_nil();
    int ignored;
    if (!exit_status) exit_status = &ignored;
    if (vm->sched->pumped || vm->c_depth) return AMB_E_BUSY;
    *exit_status = 0;
    ambhost_begin(vm);
    amb_status st = prepare(vm, m, args, caps);
    if (st != AMB_OK) {
        ambhost_give_back(vm);
        return st;
    }
    m->h.aux16 = MODULE_RUNNING;
    vm->host->program = m;
    ambtask_drive(vm, pumped);
    st = ambcall_value(vm, ambv_obj(m->main_closure), NULL, 0, &value);
    return st == AMB_PENDING ? st : ended(vm, m, st, value, exit_status);
}

amb_status amb_pump(amb_vm *vm, uint64_t wait_ns, int *exit_status) {
    int ignored;
    if (!exit_status) exit_status = &ignored;
    if (vm->c_depth || vm->host->posted) return AMB_E_BUSY;
    if (!vm->sched->pumped) return AMB_E_STALE;
    ambv value = ambv_nil();
    *exit_status = 0;
    amb_status st = ambtask_pump(vm, wait_ns, &value);
    return st == AMB_PENDING ? st : ended(vm, vm->host->program, st, value, exit_status);
}

amb_status ambexecute_result(amb_vm *vm, const amb_module *m, amb_value *out) {
    return ambhost_out(vm, m->result, out);
}

amb_status ambexecute_global(amb_vm *vm, const amb_module *m, const char *name, amb_value *out) {
    for (uint32_t i = 0; i < m->nslots; i++)
        if (m->exported[i] && !strcmp(m->slot_names[i]->data, name) && m->slots[i].tag != TAG_UNDEF)
            return ambhost_out(vm, m->slots[i], out);
    return ambhost_wrong(vm, AMB_E_ARG, AMB_ERR_NAME, "the script makes no '%.60s' public: pub", name);
}

/* ---- disassembly ---- */

static const struct {
    const char *name, *operands;
    uint8_t words;
} ops[OP_COUNT] = {
#define OP(name, operands, words, doc) {#name, operands, words},
#include "opcodes.def"
#undef OP
};

typedef struct sink {
    amb_vm *vm;
    void (*write)(void *ud, const char *s, size_t n);
    void *ud;
} sink;

static void say(const sink *s, const char *fmt, ...) AMB_PRINTF(2, 3);
static void say(const sink *s, const char *fmt, ...) {
    char line[256];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    if (n > 0) s->write(s->ud, line, (size_t)n < sizeof line ? (size_t)n : sizeof line - 1);
}

static void operand(const sink *s, const amb_proto *p, char kind, uint16_t x) {
    char brief[64];
    switch (kind) {
    case 'r': say(s, " r%u", x / AMB_REG_SCALE); break;
    case 'k':
        if (x / AMB_REG_SCALE < p->nk) say(s, " %s", ambtext_brief(s->vm, p->k[x / AMB_REG_SCALE], brief));
        break;
    case 'i': say(s, " %d", (int16_t)x); break;
    case 'n': say(s, " #%u", x); break;
    default: break;
    }
}

static void function(const sink *s, const amb_proto *p) {
    uint32_t line = 0, column;
    ambmodule_locate(p->module, p->whole.start, &line, &column);
    say(s, "\nfunction %s (%s:%u) %u registers, %u parameters\n", p->name->data,
        p->module->name->data, line, (unsigned)(p->frame_bytes / sizeof(ambv)), p->nparams);
    uint32_t last = 0;
    for (uint32_t at = 0; at < p->ncode; at += 1u + ops[p->code[at].op].words) {
        const amb_instr *i = &p->code[at];
        ambmodule_locate(p->module, p->spans[at].start, &line, &column);
        if (line != last) say(s, "%5u |", line);
        else say(s, "      |");
        last = line;
        say(s, " %4u %-12s", at, ops[i->op].name);
        const char *o = ops[i->op].operands;
        int32_t bx = (int32_t)((uint32_t)i->b | (uint32_t)i->c << 16);
        char brief[64];
        for (int n = 0; o[n]; n++) {
            uint16_t x = n == 0 ? i->a : n == 1 ? i->b : i->c;
            if (o[n] == 'J') {
                say(s, " -> %d", (int)at + 1 + bx);
                break;
            }
            if (o[n] == 'I') {
                say(s, " %d", bx);
                break;
            }
            if (o[n] == 'X') {
                bool k = i->op == OP_LOADK || i->op == OP_IMPORT;
                if (k) say(s, " %s", ambtext_brief(s->vm, p->k[(uint32_t)bx], brief));
                else say(s, " #%u", (uint32_t)bx);
                break;
            }
            if (o[n] == 'j') {
                say(s, " -> %d", (int)at + 1 + (int16_t)x);
                continue;
            }
            operand(s, p, o[n], x);
        }
        say(s, "\n");
    }
    for (uint32_t i = 0; i < p->nhandlers; i++)
        say(s, "      |   errors in %u..%u go to %u, error in r%u\n", p->handlers[i].start,
            p->handlers[i].end, p->handlers[i].target, p->handlers[i].reg);
    for (uint32_t i = 0; i < p->nprotos; i++) function(s, p->protos[i]);
}

void ambmodule_disassemble(struct amb_vm *vm, const struct amb_module *m,
                           void (*write)(void *ud, const char *s, size_t n), void *ud) {
    sink s = {vm, write, ud};
    say(&s, "module %s\n", m->name->data);
    if (m->main) function(&s, m->main);
}
