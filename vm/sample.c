/* SPDX-License-Identifier: MIT */
/* Looking at a running VM for a profiler; see sample.h. */
#include "sample.h"

#include <stdio.h>
#include <string.h>

#include "api.h"
#include "class.h"
#include "code.h"
#include "gate.h"
#include "module.h"

const amb_native_def ambsample_collector = {.name = "(collector)"};
const amb_native_def ambsample_host = {.name = "(host)"};
const amb_native_def ambsample_compiler = {.name = "(compiler)"};

uint32_t amb_sample(const amb_vm *vm, amb_frame *frames, uint32_t max, int *cut) {
    uint32_t n = 0;
    *cut = 0;
    if (!vm->tracked || max == 0) return 0;
    if (vm->native) frames[n++] = vm->native;
    const ambv *bottom = vm->stack + 3;
    for (const ambv *base = vm->base; base > bottom;) {
        uint64_t tag = base[-1].tag;
        if ((tag & 0xff) != TAG_FRAME || base[-2].tag != TAG_CLOSURE) break;
        if (n == max) {
            *cut = 1;
            break;
        }
        frames[n++] = (uintptr_t)base[-2].closure->proto | SAMPLE_PROTO;
        base = (const ambv *)((const char *)base - frame_delta(tag));
    }
    return n;
}

typedef struct out {
    amb_text_fn write;
    void *ud;
} out;

static void put(const out *o, const char *s) { o->write(o->ud, s, strlen(s)); }

static int script_function(const out *o, const amb_proto *p) {
    char line_text[16];
    uint32_t line, column;
    const amb_module *m = p->module;
    if (p == m->main) {
        o->write(o->ud, m->name->data, m->name->len);
    } else {
        ambmodule_locate(m, p->whole.start, &line, &column);
        snprintf(line_text, sizeof line_text, ":%u)", line);
        o->write(o->ud, p->name->data, p->name->len);
        put(o, " (");
        o->write(o->ud, m->name->data, m->name->len);
        put(o, line_text);
    }
    return m->hidden ? AMB_FRAME_CORE : AMB_FRAME_SCRIPT;
}

static int native_function(const out *o, const amb_native_def *d) {
    if (d == &ambsample_collector || d == &ambsample_host || d == &ambsample_compiler) {
        put(o, d->name);
        return AMB_FRAME_VM;
    }
    const char *owner = ambmembers_owner(d);
    if (!owner) owner = ambmodule_owner(d);
    if (owner) {
        put(o, owner);
        put(o, ".");
    }
    put(o, d->name);
    put(o, " (native)");
    return AMB_FRAME_NATIVE;
}

static int operation(const out *o, const amb_vm *vm, const amb_op *op) {
    const struct ambgate *g = vm->gate;
    for (uint32_t i = 0; i < g->nproviders; i++) {
        const amb_provider *p = g->providers[i]->p;
        const char *first = (const char *)p->ops, *at = (const char *)op;
        if (at < first || at >= first + (size_t)p->nops * p->op_stride) continue;
        put(o, p->iface);
        put(o, ".");
    }
    put(o, op->name);
    put(o, " (provider)");
    return AMB_FRAME_PROVIDER;
}

int amb_frame_text(const amb_vm *vm, amb_frame frame, amb_text_fn write, void *ud) {
    out o = {write, ud};
    const void *p = (const void *)(frame & ~(uintptr_t)SAMPLE_KIND);
    switch (frame & SAMPLE_KIND) {
    case SAMPLE_PROTO: return script_function(&o, p);
    case SAMPLE_NATIVE: return native_function(&o, p);
    case SAMPLE_OP: return operation(&o, vm, p);
    default:
        put(&o, ((const ambverb *)p)->name);
        put(&o, " (provider)");
        return AMB_FRAME_PROVIDER;
    }
}
