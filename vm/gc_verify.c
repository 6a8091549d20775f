/* SPDX-License-Identifier: MIT */
/* The heap walker's checks: every live object is well formed and refers to live objects only. */
#include <stdio.h>

#include "class.h"
#include "code.h"
#include "gc_internal.h"
#include "module.h"

static void die(const amb_obj *o, const char *what) {
    fprintf(stderr, "heap check: object %p of type %u: %s\n", (const void *)o, o->type, what);
    abort();
}

void gc_verify_reached(const struct ambgc *gc, const amb_obj *child) {
    if (child->type < TAG_HEAP || child->type >= TAG_COUNT) die(gc->verifying, "refers to no object");
    if (!gc_taken(gc, *gc_mark_byte(child))) die(gc->verifying, "refers to a dead object");
}

void gc_verify_storage(const struct ambgc *gc, const uint8_t *mark) {
    if (!gc_taken(gc, *mark)) die(gc->verifying, "has storage that is free");
}

static void live(amb_vm *vm, const amb_obj *o, ambv v) {
    if (v.tag >= TAG_COUNT) die(o, "holds a value with an unknown tag");
    if (v.tag < TAG_HEAP) return;
    if (v.o->type != v.tag) die(o, "holds a pointer whose tag is wrong");
    if (!ambgc_is_live(vm, v.o)) die(o, "holds a dead object");
}

static void check(void *ud, amb_obj *o) {
    amb_vm *vm = ud;
    if (o->type < TAG_HEAP || o->type >= TAG_COUNT) die(o, "has an unknown type");
    vm->gc->verifying = o;
    gc_mark_children(vm, o);
    vm->gc->verifying = NULL;
    switch (o->type) {
    case TAG_STRING: {
        const amb_string *s = (const amb_string *)o;
        if (s->chars > s->len) die(o, "has more characters than bytes");
        break;
    }
    case TAG_LIST: {
        const amb_list *l = (const amb_list *)o;
        if (l->len > l->cap) die(o, "is longer than its capacity");
        if (!l->tags && l->len && l->h.aux16 == TAG_UNDEF) die(o, "has no element tag");
        for (uint32_t i = 0; i < l->len; i++) live(vm, o, amblist_at(l, i));
        break;
    }
    case TAG_TUPLE: {
        const amb_tuple *t = (const amb_tuple *)o;
        for (uint32_t i = 0; i < t->h.aux32; i++) live(vm, o, t->vals[i]);
        if (t->names) live(vm, o, ambv_obj(t->names));
        break;
    }
    case TAG_MAP:
    case TAG_SET: {
        const amb_map *m = (const amb_map *)o;
        uint32_t n = 0;
        if (m->used > m->cap || m->first > m->used) die(o, "has wrong counts");
        for (uint32_t i = m->first; i < m->used; i++) {
            const amb_entry *e = &m->entries[i];
            if (e->ktag == TAG_UNDEF) continue;
            n++;
            live(vm, o, ambv_pack(e->key, e->ktag));
            live(vm, o, ambv_pack(e->val, e->vtag));
        }
        if (n != m->count) die(o, "counts its entries wrongly");
        break;
    }
    case TAG_INSTANCE: {
        if (o->aux32 >= vm->nclasses) die(o, "has an unknown class");
        const amb_class *c = vm->classes[o->aux32];
        for (uint32_t i = 0; i < c->nfields; i++) live(vm, o, ambinst_get((amb_instance *)o, i));
        break;
    }
    case TAG_CLOSURE: {
        const amb_closure *c = (const amb_closure *)o;
        live(vm, o, ambv_obj(c->proto));
        for (uint32_t i = 0; i < c->h.aux32; i++) live(vm, o, c->up[i]);
        break;
    }
    case TAG_CELL: live(vm, o, ((amb_cell *)o)->v); break;
    case TAG_BOUND:
        live(vm, o, ((amb_bound *)o)->self);
        live(vm, o, ((amb_bound *)o)->fn);
        break;
    case TAG_GENERATOR: {
        const amb_generator *g = (const amb_generator *)o;
        for (uint32_t i = 0; i < g->nregs; i++)
            if ((g->regs[i].tag & 0xff) != TAG_FRAME) live(vm, o, g->regs[i]);
        break;
    }
    case TAG_PROTO: {
        const amb_proto *p = (const amb_proto *)o;
        for (uint32_t i = 0; i < p->nk; i++) live(vm, o, p->k[i]);
        break;
    }
    default: break;
    }
}

void ambgc_verify(amb_vm *vm) {
    for (const ambv *v = vm->stack; v < vm->stack_end; v++) {
        if (v->tag == TAG_FRAME || (v->tag & 0xff) == TAG_FRAME) continue;
        if (v->tag >= TAG_COUNT) {
            fprintf(stderr, "heap check: stack slot %td has an unknown tag\n", v - vm->stack);
            abort();
        }
        if (v->tag >= TAG_HEAP && (v->o->type != v->tag || !ambgc_is_live(vm, v->o))) {
            fprintf(stderr, "heap check: stack slot %td holds a dead object\n", v - vm->stack);
            abort();
        }
    }
    ambgc_walk(vm, check, vm);
}
