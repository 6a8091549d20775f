/* SPDX-License-Identifier: MIT */
/* The embedding interface: calls, functions, classes, errors, waiting (ambit/native.h). */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "class.h"
#include "gc_internal.h"
#include "host.h"
#include "module.h"
#include "task.h"
#include "vm_internal.h"

#define FEW_ARGS 12u
#define MANY_ARGS 250u
#define ROOM 3u /* behind arguments: a receiver, and what through_core adds */
_Static_assert(MANY_ARGS < AMBHOST_THEN_ARGS, "a function and its arguments");

/* ---- calling scripts ---- */

static bool inside(const amb_vm *vm) { return vm->c_depth > 0; }

static amb_status misuse(amb_vm *vm, const char *text) {
    return ambhost_wrong(vm, AMB_E_THROW, AMB_ERR_STATE, "%s", text);
}

/* What is in front of functions goes: a bound method is its function with one more argument first. Gives the
 * argument, UNDEF: there is none. */
static ambv unwrap(ambv *f) {
    ambv self = ambv_undef();
    if (f->tag == TAG_BOUND && f->bound->fn.tag == TAG_CLOSURE) {
        self = f->bound->self;
        *f = f->bound->fn;
    } else if (f->tag == TAG_CLASS && f->cls->construct.tag == TAG_CLOSURE && !f->cls->private_ctor) {
        *f = f->cls->construct;
    }
    return self;
}

/* A run's first frame is a script's: what else is to be called is called by the core. */
static amb_status through_core(amb_vm *vm, ambv *f, ambv *args, uint32_t *n) {
    amb_list *l;
    amb_status st = ambmodules_core(vm, "task:call", &args[n[0]]);
    if (st != AMB_OK) return st;
    ambv call = args[*n];
    AMBHOST_MAKE(vm, l, amblist_of(vm, args, *n));
    if (!l) return vm->failed;
    args[0] = *f;
    args[1] = ambv_obj(l);
    *n = 2;
    *f = call;
    return AMB_OK;
}

static amb_status call(amb_vm *vm, ambv fn, ambv *args, uint32_t n, bool pumped, ambv *out) {
    ambhost *h = vm->host;
    if (h->posted) return misuse(vm, "a function that was posted cannot call scripts");
    if (inside(vm)) {
        /* Whoever asks is a function of the host: it holds names only. */
        ambhost_safepoint(vm);
        amb_status st = ambcall_from_host(vm, fn, args, n, out);
        return st == AMB_OK ? st : ambhost_failed(vm, st);
    }
    if (vm->sched->pumped)
        return ambhost_wrong(vm, AMB_E_BUSY, AMB_ERR_STATE, "another program has been started and has not ended");
    ambhost_begin(vm);
    amb_status st = AMB_OK;
    if (fn.tag != TAG_CLOSURE) {
        vm->c_depth++; /* what the core says of memory is ours to hear */
        st = through_core(vm, &fn, args, &n);
        vm->c_depth--;
    }
    if (st == AMB_OK) {
        ambtask_drive(vm, pumped);
        st = ambcall_value(vm, fn, args, n, out);
        if (st == AMB_PENDING) return st;
        vm->sched->pumped = false;
    }
    return ambhost_end(vm, st);
}

/* Calls fn with self, unless that is UNDEF, and the arguments. */
static amb_status call_with(amb_vm *vm, ambv fn, ambv self, const amb_value *args, uint32_t n, bool pumped, ambv *out) {
    ambv few[FEW_ARGS + ROOM], *all = few;
    if (n > FEW_ARGS && !(all = ambgc_malloc(vm, (n + ROOM) * sizeof *all))) return ambhost_failed(vm, vm->failed);
    uint32_t count = 0;
    amb_status st = AMB_OK;
    if (self.tag == TAG_UNDEF) self = unwrap(&fn);
    if (self.tag != TAG_UNDEF) all[count++] = self;
    for (uint32_t i = 0; i < n && st == AMB_OK; i++) st = ambhost_in(vm, args[i], &all[count++]);
    if (st == AMB_OK) st = call(vm, fn, all, count, pumped, out);
    if (all != few) ambgc_free(vm, all, (n + ROOM) * sizeof *all);
    return st;
}

amb_status amb_call_function(amb_vm *vm, amb_value f, const amb_value *args, uint32_t n, amb_value *out) {
    ambv fn, v = ambv_nil();
    if (n > MANY_ARGS) return AMB_E_ARG;
    if (AMB_LIKELY(!inside(vm) && !vm->sched->pumped && !vm->host->posted && ambhost_named(vm, f, &fn) &&
                   fn.tag == TAG_CLOSURE)) {
        ambhost_begin(vm);
        ambv *to = ambcall_place(vm, n);
        amb_status st = to ? AMB_OK : ambhost_failed(vm, AMB_E_THROW);
        for (uint32_t i = 0; i < n && st == AMB_OK; i++) st = ambhost_in(vm, args[i], &to[i]);
        if (st != AMB_OK) {
            ambhost_give_back(vm);
            return st;
        }
        st = ambhost_end(vm, ambcall_run(vm, fn.closure, n, &v));
        return st == AMB_OK ? ambhost_out(vm, v, out) : st;
    }
    amb_status st = ambhost_in(vm, f, &fn);
    if (st == AMB_OK) st = call_with(vm, fn, ambv_undef(), args, n, false, &v);
    return st == AMB_OK ? ambhost_out(vm, v, out) : st;
}

amb_status amb_start_call(amb_vm *vm, amb_value f, const amb_value *args, uint32_t n) {
    ambv fn, v = ambv_nil();
    if (inside(vm)) return misuse(vm, "a program cannot be started from inside another");
    if (n > FEW_ARGS) return AMB_E_ARG;
    amb_status st = ambhost_in(vm, f, &fn);
    if (st == AMB_OK) st = call_with(vm, fn, ambv_undef(), args, n, true, &v);
    if (st == AMB_OK) vm->host->result = v;
    return st;
}

amb_status amb_result(amb_vm *vm, amb_value *out) { return ambhost_out(vm, vm->host->result, out); }

/* ---- members ---- */

static amb_status bound(amb_vm *vm, ambv self, ambv fn, ambv *out) {
    amb_bound *b;
    AMBHOST_MAKE(vm, b, ambgc_new(vm, sizeof *b, TAG_BOUND));
    if (!b) return ambhost_failed(vm, vm->failed);
    b->self = self;
    b->fn = fn;
    *out = ambv_obj(b);
    return AMB_OK;
}

static amb_status no_member(amb_vm *vm, ambv o, const amb_string *name) {
    const char *near = ambclass_suggest(vm, o, name);
    vm->failed = AMB_OK;
    return ambhost_failed(vm, amberr_raise(vm, AMB_ERR_TYPE, "%s has no member '%s'%s%s%s", ambtype_name(vm, o),
                                           name->data, near ? "; did you mean '" : "", near ? near : "",
                                           near ? "'?" : ""));
}

/* The public member `name` of o, NULL: there is none (recorded). */
static const amb_member *member(amb_vm *vm, ambv o, const amb_string *name) {
    const amb_class *c = o.tag == TAG_CLASS ? o.cls : ambinst_class(vm, o.inst);
    const amb_member *m = ambclass_find(c, name);
    bool statics = m && (m->kind == MEMBER_STATIC || m->kind == MEMBER_STATIC_GETTER);
    if (m && !(m->flags & MEMBER_PRIVATE) && statics == (o.tag == TAG_CLASS)) return m;
    no_member(vm, o, name);
    return NULL;
}

/* What o.name stands for. method: only to be called, a bound function may be left out, *self is its receiver. */
static amb_status get(amb_vm *vm, ambv o, const char *text, bool method, ambv *self, ambv *out) {
    amb_string *name;
    AMBHOST_MAKE(vm, name, ambstr_intern(vm, text, strlen(text)));
    if (!name) return ambhost_failed(vm, vm->failed);
    ambv fn;
    *self = ambv_undef();
    switch (o.tag) {
    case TAG_CLASS:
    case TAG_INSTANCE: {
        const amb_member *m = member(vm, o, name);
        if (!m) return AMB_E_THROW;
        if (m->kind == MEMBER_FIELD) {
            *out = ambinst_get(o.inst, m->slot);
            return AMB_OK;
        }
        if (m->kind == MEMBER_STATIC) {
            *out = m->fn;
            return AMB_OK;
        }
        if (m->kind == MEMBER_METHOD) {
            fn = m->fn;
            break;
        }
        if (m->fn.tag == TAG_UNDEF) return no_member(vm, o, name);
        ambv args[3] = {o};
        return call(vm, m->fn, args, m->kind == MEMBER_GETTER, false, out);
    }
    case TAG_MODULE: {
        int64_t slot = ambmodule_find(o.module, name);
        if (slot < 0) return no_member(vm, o, name);
        *out = o.module->slots[slot];
        return AMB_OK;
    }
    case TAG_CAP: fn = ambv_obj(name); break;
    default: {
        if (o.tag == TAG_TUPLE && o.tuple->names)
            for (uint32_t i = 0; i < o.o->aux32; i++)
                if (o.tuple->names->vals[i].str == name) {
                    *out = o.tuple->vals[i];
                    return AMB_OK;
                }
        ambmembers_row *row = name->data[0] == '_' ? NULL : ambmembers_find(vm, o.tag, name);
        if (!row) return vm->failed ? ambhost_failed(vm, vm->failed) : no_member(vm, o, name);
        if (row->def->flags & NATIVE_PROPERTY) {
            ambv args[1] = {o};
            amb_status st = row->def->fn(vm, args, 1, out);
            return st == AMB_OK ? st : ambhost_failed(vm, st);
        }
        amb_status st = ambmembers_value(vm, row, &fn);
        if (st != AMB_OK) return ambhost_failed(vm, st);
    }
    }
    if (method && fn.tag == TAG_CLOSURE) {
        *self = o;
        *out = fn;
        return AMB_OK;
    }
    return bound(vm, o, fn, out);
}

amb_status amb_get(amb_vm *vm, amb_value v, const char *name, amb_value *out) {
    ambv o, self, found = ambv_nil();
    amb_status st = ambhost_in(vm, v, &o);
    if (st == AMB_OK) st = get(vm, o, name, false, &self, &found);
    if (st == AMB_OK && found.tag == TAG_UNDEF)
        st = ambhost_failed(vm, amberr_raise(vm, AMB_ERR_STATE, "'%s' has no value yet", name));
    return st == AMB_OK ? ambhost_out(vm, found, out) : st;
}

amb_status amb_set(amb_vm *vm, amb_value v, const char *name, amb_value to) {
    ambv o, x, ignored;
    amb_status st = ambhost_in(vm, v, &o);
    if (st == AMB_OK) st = ambhost_in(vm, to, &x);
    if (st != AMB_OK) return st;
    amb_string *s;
    AMBHOST_MAKE(vm, s, ambstr_intern(vm, name, strlen(name)));
    if (!s) return ambhost_failed(vm, vm->failed);
    if (o.tag != TAG_INSTANCE) {
        st = amberr_raise(vm, AMB_ERR_TYPE, "%s has no fields that can be set", ambtype_name(vm, o));
        return ambhost_failed(vm, st);
    }
    const amb_member *m = member(vm, o, s);
    if (!m) return AMB_E_THROW;
    if (m->kind == MEMBER_GETTER && m->setter.tag != TAG_UNDEF) {
        ambv args[4] = {o, x};
        return call(vm, m->setter, args, 2, false, &ignored);
    }
    if (m->kind != MEMBER_FIELD || m->flags & MEMBER_LET) {
        st = amberr_raise(vm, AMB_ERR_TYPE, "'%s' of %s cannot be set", name, ambtype_name(vm, o));
        return ambhost_failed(vm, st);
    }
    st = ambobj_check_writable(vm, o.o);
    if (st == AMB_OK && m->flags & MEMBER_TYPED) st = ambclass_check_field(vm, m, &x);
    if (st != AMB_OK) return ambhost_failed(vm, st);
    ambinst_put(o.inst, m->slot, x);
    ambgc_barrier(vm, o.o);
    return AMB_OK;
}

amb_status amb_invoke(amb_vm *vm, amb_value receiver, const char *name, const amb_value *args, uint32_t n,
                      amb_value *out) {
    ambv o, fn = ambv_nil(), self, v = ambv_nil();
    if (n > MANY_ARGS) return AMB_E_ARG;
    amb_status st = ambhost_in(vm, receiver, &o);
    if (st == AMB_OK) st = get(vm, o, name, true, &self, &fn);
    if (st != AMB_OK) return st;
    amb_scope s = amb_scope_open(vm); /* nothing else may hold the method */
    amb_value kept;
    st = ambhost_out(vm, fn, &kept);
    if (st == AMB_OK) st = call_with(vm, fn, self, args, n, false, &v);
    amb_scope_close(vm, s);
    return st == AMB_OK ? ambhost_out(vm, v, out) : st;
}

/* ---- functions ---- */

static bool identifier(const char *s) {
    if (!s || !((*s | 32) >= 'a' && (*s | 32) <= 'z') ) return false;
    for (; *s; s++)
        if (!((*s | 32) >= 'a' && (*s | 32) <= 'z') && !(*s >= '0' && *s <= '9') && *s != '_') return false;
    return true;
}

static amb_native *function(amb_vm *vm, const amb_function *f, void *ud, amb_class *home) {
    amb_native *n = ambgc_new(vm, sizeof *n, TAG_NATIVE);
    if (!n) return NULL;
    static const amb_native_def nothing = {.name = ""};
    n->def = &nothing;
    n->data = ambv_nil();
    if (!ambgc_track(vm, n)) return NULL;
    ambhostfn *fn = ambgc_malloc(vm, sizeof *fn);
    if (!fn) return NULL;
    bool method = home && !(f->flags & AMB_FN_STATIC);
    memset(fn, 0, sizeof *fn);
    fn->fn = f->fn;
    fn->ud = ud;
    fn->self = n;
    fn->home = method ? home : NULL;
    fn->def = (amb_native_def){.name = f->name,
                               .min = f->min,
                               .max = f->max == AMB_ANY_NUMBER ? f->min : f->max,
                               .params = f->params,
                               .doc = f->doc,
                               .usage = fn->usage};
    fn->def.flags = (uint16_t)(NATIVE_HOST | (method ? NATIVE_METHOD : 0) |
                               (f->max == AMB_ANY_NUMBER ? NATIVE_REST : 0));
    const char *line = f->doc && strstr(f->doc, "->") ? f->doc : NULL;
    if (line) snprintf(fn->usage, sizeof fn->usage, "%.*s", (int)strcspn(line, "\n"), line);
    else snprintf(fn->usage, sizeof fn->usage, "%.40s(%.70s)", f->name, f->params ? f->params : f->max ? "..." : "");
    n->def = &fn->def;
    return n;
}

static bool usable(const amb_function *f) {
    return f && f->fn && identifier(f->name) && (f->max == AMB_ANY_NUMBER || f->min <= f->max);
}

static amb_status not_usable(amb_vm *vm, const char *what, const char *name) {
    return ambhost_wrong(vm, AMB_E_ARG, AMB_ERR_VALUE, "%s '%.60s' cannot be made: look at its name, fn, min and max",
                         what, name ? name : "");
}

amb_status amb_function_new(amb_vm *vm, const amb_function *f, void *ud, void (*drop)(void *ud), amb_value *out) {
    if (!usable(f)) return not_usable(vm, "the function", f ? f->name : NULL);
    amb_native *n;
    ambhost_safepoint(vm);
    AMBHOST_MAKE(vm, n, function(vm, f, ud, NULL));
    if (!n) return ambhost_failed(vm, vm->failed);
    amb_status st = ambhost_out(vm, ambv_obj(n), out);
    if (st == AMB_OK) ((ambhostfn *)n->def)->drop = drop;
    return st;
}

typedef struct dropping {
    void (*drop)(void *ud);
    void *ud;
} dropping;

static void drop_later(amb_vm *vm, void *ud) {
    dropping *d = ud;
    d->drop(d->ud);
    ambgc_free(vm, d, sizeof *d);
}

static amb_status module(amb_vm *vm, const amb_module_def *d) {
    ambhost *h = vm->host;
    if (h->nmodules == h->modules_cap) {
        uint32_t cap = h->modules_cap + 8;
        amb_module **t = ambgc_realloc(vm, h->modules, h->modules_cap * sizeof *t, cap * sizeof *t);
        if (!t) return vm->failed;
        h->modules = t;
        h->modules_cap = cap;
    }
    amb_module *m = ambmodule_new(vm, d->name, strlen(d->name), d->nfunctions + d->nvalues);
    if (!m) return vm->failed;
    m->standard = true;
    m->h.aux16 = MODULE_DONE;
    for (uint32_t i = 0; i < d->nfunctions + d->nvalues; i++) {
        bool fn = i < d->nfunctions;
        const char *name = fn ? d->functions[i].name : d->names[i - d->nfunctions];
        amb_status st = ambmodule_set_slot_name(vm, m, i, name, strlen(name), true);
        if (st != AMB_OK) return st;
        if (!fn) {
            st = ambhost_in(vm, d->values[i - d->nfunctions], &m->slots[i]);
            if (st != AMB_OK) return st;
            continue;
        }
        amb_native *n = function(vm, &d->functions[i], d->ud, NULL);
        if (!n) return vm->failed;
        m->slots[i] = ambv_obj(n);
    }
    if (d->drop) {
        dropping *later = ambgc_malloc(vm, sizeof *later);
        if (!later) return vm->failed;
        *later = (dropping){d->drop, d->ud};
        if (ambvm_at_free(vm, drop_later, later) != AMB_OK) {
            ambgc_free(vm, later, sizeof *later);
            return vm->failed;
        }
    }
    h->modules[h->nmodules++] = m;
    return AMB_OK;
}

amb_status amb_module_new(amb_vm *vm, const amb_module_def *def) {
    amb_module_def d = {0};
    memcpy(&d, def, def->size < sizeof d ? def->size : sizeof d);
    if (!identifier(d.name)) return not_usable(vm, "the module", d.name);
    for (uint32_t i = 0; i < d.nfunctions; i++)
        if (!usable(&d.functions[i])) return not_usable(vm, "the function", d.functions[i].name);
    for (uint32_t i = 0; i < d.nvalues; i++)
        if (!identifier(d.names[i])) return not_usable(vm, "the value", d.names[i]);
    if (ambhost_module(vm, d.name, strlen(d.name)) || ambmodule_standard(vm, d.name, strlen(d.name)))
        return ambhost_wrong(vm, AMB_E_ARG, AMB_ERR_VALUE, "there is a module '%s' already", d.name);
    amb_status st;
    AMBHOST_DO(vm, st, module(vm, &d));
    return st == AMB_OK ? st : ambhost_failed(vm, st);
}

/* ---- classes ---- */

static amb_class *host_class(amb_vm *vm, const char *name, void (*finalize)(void *host)) {
    amb_string *s = ambstr_intern(vm, name, strlen(name));
    amb_string *slot = s ? ambstr_intern(vm, "(host)", 6) : NULL; /* no name that a script can write */
    ambhostclass *hc = slot ? ambgc_malloc(vm, sizeof *hc) : NULL;
    amb_class *c = hc ? ambclass_new(vm, s, NULL) : NULL;
    if (!c) {
        if (hc) ambgc_free(vm, hc, sizeof *hc);
        return NULL;
    }
    *hc = (ambhostclass){c->h.aux32, finalize, vm->host->classes};
    vm->host->classes = hc;
    c->sealed = true;
    c->nfields = 1;
    amb_member m = {.name = slot, .kind = MEMBER_FIELD, .flags = MEMBER_PRIVATE | MEMBER_LET, .owner = c,
                    .fn = ambv_undef(), .setter = ambv_undef()};
    return ambclass_add(vm, c, &m) == AMB_OK ? c : NULL;
}

static amb_status add_member(amb_vm *vm, amb_class *c, const amb_function *f, void *ud) {
    amb_string *name = ambstr_intern(vm, f->name, strlen(f->name));
    amb_native *n = name ? function(vm, f, ud, c) : NULL;
    if (!n) return vm->failed;
    amb_member m = {.name = name, .kind = MEMBER_METHOD, .owner = c, .fn = ambv_obj(n), .setter = ambv_undef()};
    bool is_static = f->flags & AMB_FN_STATIC;
    if (f->flags & (AMB_FN_GETTER | AMB_FN_SETTER)) {
        const amb_member *other = ambclass_find(c, name);
        m.kind = is_static ? MEMBER_STATIC_GETTER : MEMBER_GETTER;
        bool pair = other && other->kind == m.kind;
        m.fn = f->flags & AMB_FN_GETTER ? ambv_obj(n) : pair ? other->fn : ambv_undef();
        m.setter = f->flags & AMB_FN_SETTER ? ambv_obj(n) : pair ? other->setter : ambv_undef();
    } else if (is_static) {
        m.kind = MEMBER_STATIC;
        m.flags = MEMBER_LET;
    }
    return ambclass_add(vm, c, &m);
}

static amb_class *class_of(amb_vm *vm, const amb_class_def *d) {
    amb_class *c = host_class(vm, d->name, d->finalize);
    for (uint32_t i = 0; i < d->nmembers && c; i++)
        if (add_member(vm, c, &d->members[i], d->ud) != AMB_OK) c = NULL;
    if (c && d->construct) {
        amb_native *n = function(vm, d->construct, d->ud, NULL);
        if (!n) return NULL;
        c->construct = ambv_obj(n);
    }
    if (c) ambclass_finish(vm, c);
    return c;
}

amb_status amb_class_new(amb_vm *vm, const amb_class_def *def, amb_value *out) {
    amb_class_def d = {0};
    memcpy(&d, def, def->size < sizeof d ? def->size : sizeof d);
    if (!identifier(d.name)) return not_usable(vm, "the class", d.name);
    for (uint32_t i = 0; i < d.nmembers; i++)
        if (!usable(&d.members[i])) return not_usable(vm, "the member", d.members[i].name);
    if (d.construct && !usable(d.construct)) return not_usable(vm, "the constructor", d.construct->name);
    amb_class *c;
    AMBHOST_MAKE(vm, c, class_of(vm, &d));
    if (!c) return ambhost_failed(vm, vm->failed);
    return ambhost_out(vm, ambv_obj(c), out);
}

static amb_instance *stand_for(amb_vm *vm, amb_class *c, void *host) {
    amb_instance *o = ambclass_instance(vm, c);
    if (!o) return NULL;
    ambinst_put(o, 0, ambv_nil());
    if (!ambgc_track(vm, o)) return NULL;
    ambinst_put(o, 0, (ambv){.p = host, .tag = TAG_INT});
    return o;
}

static bool made_by_host(const amb_vm *vm, const amb_class *c) {
    for (const ambhostclass *h = vm->host->classes; h; h = h->next)
        if (h->id == c->h.aux32) return true;
    return false;
}

amb_status amb_object_new(amb_vm *vm, amb_value cls, void *host, amb_value *out) {
    ambv c;
    amb_status st = ambhost_in(vm, cls, &c);
    if (st != AMB_OK) return st;
    if (c.tag != TAG_CLASS || !host || !made_by_host(vm, c.cls))
        return ambhost_wrong(vm, AMB_E_ARG, AMB_ERR_TYPE,
                             "amb_object_new: this is no class of the host's, or no object");
    if (!vm->host->depth) return ambhost_no_scope(vm);
    amb_instance *o;
    ambhost_safepoint(vm);
    AMBHOST_MAKE(vm, o, stand_for(vm, c.cls, host));
    if (!o) return ambhost_failed(vm, vm->failed);
    st = ambhost_out(vm, ambv_obj(o), out);
    if (st != AMB_OK) ambinst_put(o, 0, ambv_nil()); /* it stays the caller's */
    return st;
}

amb_status amb_object_host(amb_vm *vm, amb_value v, amb_value cls, void **host) {
    ambv o, c;
    amb_status st = ambhost_in(vm, v, &o);
    if (st == AMB_OK) st = ambhost_in(vm, cls, &c);
    if (st != AMB_OK) return st;
    if (c.tag != TAG_CLASS || o.tag != TAG_INSTANCE || ambinst_class(vm, o.inst) != c.cls) {
        char brief[64];
        return ambhost_failed(vm, amberr_raise(vm, AMB_ERR_TYPE, "%s was expected, not %s (%s)",
                                               c.tag == TAG_CLASS ? c.cls->name->data : "an object of the host",
                                               ambtype_name(vm, o), ambtext_brief(vm, o, brief)));
    }
    ambv p = ambinst_get(o.inst, 0);
    if (p.tag != TAG_INT)
        return ambhost_failed(vm, amberr_raise(vm, AMB_ERR_STATE, "this %s is closed", c.cls->name->data));
    *host = p.p;
    return AMB_OK;
}

amb_status amb_object_release(amb_vm *vm, amb_value v) {
    ambv o;
    amb_status st = ambhost_in(vm, v, &o);
    if (st != AMB_OK) return st;
    if (o.tag != TAG_INSTANCE || !made_by_host(vm, ambinst_class(vm, o.inst))) return AMB_E_ARG;
    ambhost_finalize(vm, o.inst);
    return AMB_OK;
}

/* ---- errors ---- */

amb_status amb_raise(amb_vm *vm, const char *kind, const char *fmt, ...) {
    static const char *const names[] = {
#define X(id, name) name,
        AMB_ERROR_CLASSES(X)
#undef X
    };
    char text[500];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    size_t chars, len = n < 0 ? 0 : (size_t)n < sizeof text ? (size_t)n : sizeof text - 1;
    text[ambutf8_validate(text, len, &chars)] = 0; /* a cut may fall inside a code point */
    unsigned k = AMB_ERR_ERROR;
    for (unsigned i = 0; kind && i < AMB_ERR_COUNT; i++)
        if (!strcmp(names[i], kind)) k = i;
    return ambhost_failed(vm, amberr_raise(vm, (enum amb_error_kind)k, "%s", text));
}

amb_status amb_throw(amb_vm *vm, amb_value v) {
    ambv e;
    amb_status st = ambhost_in(vm, v, &e);
    if (st != AMB_OK) return st;
    if (e.tag == TAG_INSTANCE && ambinst_class(vm, e.inst) == vm->close_class) return AMB_E_ARG;
    ambrun_throw(vm, e); /* or what is wrong with it */
    return ambhost_failed(vm, vm->failed ? vm->failed : AMB_E_THROW);
}

amb_status amb_last_error(amb_vm *vm, amb_value *out) {
    return ambhost_out(vm, vm->exc.tag == TAG_UNDEF ? ambv_nil() : vm->exc, out);
}

const char *amb_last_limit(amb_vm *vm) {
    if (!vm->host->failed) return NULL;
    return vm->host->failed == AMB_E_NOMEM || !vm->limit_text ? "memory" : vm->limit_text;
}

static void say(amb_text_fn write, void *ud, const char *s) { write(ud, s, strlen(s)); }

void amb_error_report(amb_vm *vm, int colour, amb_text_fn write, void *ud) {
    const char *limit = amb_last_limit(vm);
    if (limit && !strcmp(limit, "audit")) {
        say(write, ud, "the program was ended: the audit cannot be written\n");
    } else if (limit) {
        say(write, ud, "the program was ended: ");
        say(write, ud, limit);
        say(write, ud, " used up\n");
    } else if (vm->exc.tag != TAG_UNDEF) {
        ambreport_error(vm, vm->exc, colour != 0, write, ud);
    }
}

static amb_status error_in(amb_vm *vm, amb_value error, ambv *e) {
    amb_status st = ambhost_in(vm, error, e);
    if (st != AMB_OK) return st;
    if (e->tag == TAG_INSTANCE && ambinst_class(vm, e->inst)->h.flags & CLASS_ERROR) return AMB_OK;
    return AMB_E_ARG;
}

amb_status amb_error_parts(amb_vm *vm, amb_value error, amb_error *out) {
    ambv e;
    amb_error parts = {.size = out->size};
    amb_status st = error_in(vm, error, &e);
    if (st != AMB_OK) return st;
    const amb_class *c = ambinst_class(vm, e.inst), *b = c;
    while (b->module && b->parent) b = b->parent;
    ambv message = ambinst_get(e.inst, ERR_MESSAGE), trace = ambinst_get(e.inst, ERR_TRACE);
    ambv notes = ambinst_get(e.inst, ERR_NOTES);
    parts.type = c->name->data;
    parts.builtin = b->name->data;
    parts.message = "";
    if (message.tag == TAG_STRING) {
        if ((st = ambstr_terminate(vm, message.str)) != AMB_OK) return ambhost_failed(vm, st);
        parts.message = message.str->data;
        parts.message_len = message.str->len;
    }
    parts.depth = trace.tag == TAG_TUPLE ? trace.o->aux32 / 2 : 0;
    parts.nnotes = notes.tag == TAG_LIST ? notes.list->len : 0;
    st = ambhost_out(vm, ambinst_get(e.inst, ERR_CAUSE), &parts.cause);
    if (st == AMB_OK) memcpy(out, &parts, out->size < sizeof parts ? out->size : sizeof parts);
    return st;
}

amb_status amb_error_place(amb_vm *vm, amb_value error, uint32_t i, amb_place *out) {
    ambv e;
    amb_status st = error_in(vm, error, &e);
    if (st != AMB_OK) return st;
    ambv trace = ambinst_get(e.inst, ERR_TRACE);
    if (trace.tag != TAG_TUPLE || i >= trace.o->aux32 / 2) return AMB_E_ARG;
    const amb_proto *p = trace.tuple->vals[2 * i].proto;
    int64_t at = trace.tuple->vals[2 * i + 1].i;
    amb_place place = {.size = out->size, .function = p->name->data, .module = p->module->name->data};
    ambmodule_locate(p->module, at >= 0 && at < p->ncode ? p->spans[at].start : p->whole.start, &place.line,
                     &place.column);
    memcpy(out, &place, out->size < sizeof place ? out->size : sizeof place);
    return AMB_OK;
}

/* ---- waiting ---- */

amb_status amb_pend(amb_vm *vm, void (*left)(void *ud), void *ud, uint64_t *ticket) {
    ambhost *h = vm->host;
    if (!inside(vm) || h->posted) return misuse(vm, "only a native function that a script called can wait");
    if (vm->task && vm->task->ticket) return misuse(vm, "this call waits already");
    if (!h->free_wait) {
        uint32_t cap = h->waits_cap + h->waits_cap / 2 + 8;
        ambhostwait *w = ambgc_realloc(vm, h->waits, h->waits_cap * sizeof *w, cap * sizeof *w);
        if (!w) return ambhost_failed(vm, vm->failed);
        for (uint32_t i = h->waits_cap; i < cap; i++)
            w[i] = (ambhostwait){.generation = 1, .next_free = i + 1 < cap ? i + 2 : 0};
        h->free_wait = h->waits_cap + 1;
        h->waits = w;
        h->waits_cap = cap;
    }
    amb_status st = ambtask_park(vm, "an answer of the host", ambv_nil(), NULL);
    if (st != AMB_PENDING) return st == AMB_OK ? AMB_E_THROW : st;
    uint32_t at = h->free_wait;
    ambhostwait *w = &h->waits[at - 1];
    h->free_wait = w->next_free;
    w->task = vm->task;
    w->left = left;
    w->ud = ud;
    h->waiting++;
    h->asked = true;
    vm->task->ticket = at;
    *ticket = (uint64_t)w->generation << 32 | at;
    return AMB_PENDING;
}

amb_status amb_answer(amb_vm *vm, uint64_t ticket, amb_status st, amb_value v) {
    ambhost *h = vm->host;
    uint32_t at = (uint32_t)ticket;
    if (!at || at > h->waits_cap) return AMB_E_STALE;
    ambhostwait *w = &h->waits[at - 1];
    if (!w->task || w->generation != (uint32_t)(ticket >> 32) || w->task == vm->task) return AMB_E_STALE;
    ambv x;
    amb_status in = ambhost_in(vm, v, &x);
    if (in != AMB_OK) return in;
    bool error = x.tag == TAG_INSTANCE && ambinst_class(vm, x.inst)->h.flags & CLASS_ERROR;
    if (st != AMB_OK && (st != AMB_E_THROW || !error)) return AMB_E_ARG;
    amb_task *t = w->task;
    w->left = NULL; /* it was answered */
    if (st == AMB_OK) ambtask_wake(vm, t, x);
    else ambtask_wake_error(vm, t, x);
    return AMB_OK;
}

static amb_class *then_class(amb_vm *vm) {
    ambhost *h = vm->host;
    if (h->then_id) return vm->classes[h->then_id];
    amb_class *c = host_class(vm, "(call)", NULL);
    if (c) h->then_id = c->h.aux32;
    return c;
}

static amb_instance *stand_for_call(amb_vm *vm, const ambhostthen *t) {
    amb_class *c = then_class(vm);
    return c ? stand_for(vm, c, (void *)t) : NULL;
}

static amb_status call_then(amb_vm *vm, amb_value f, const amb_value *args, uint32_t n, const ambhostthen *t) {
    ambhost *h = vm->host;
    if (!inside(vm) || h->posted) return misuse(vm, "amb_call_then: only from a native function that a script called");
    if (h->then) return misuse(vm, "amb_call_then: asked for a second time");
    if (n > MANY_ARGS) return AMB_E_ARG;
    if (!h->then_args) AMBHOST_MAKE(vm, h->then_args, ambgc_malloc(vm, AMBHOST_THEN_ARGS * sizeof *h->then_args));
    if (!h->then_args) return ambhost_failed(vm, vm->failed);
    h->nthen_args = 0;
    for (uint32_t i = 0; i <= n; i++) {
        amb_status st = ambhost_in(vm, i ? args[i - 1] : f, &h->then_args[i]);
        if (st != AMB_OK) return st;
    }
    h->nthen_args = n + 1; /* whatever scopes the function closes now */
    amb_instance *o;
    AMBHOST_MAKE(vm, o, stand_for_call(vm, t));
    if (!o) return ambhost_failed(vm, vm->failed);
    ambhostthen *kept = malloc(sizeof *kept);
    ambinst_put(o, 0, kept ? (ambv){.p = kept, .tag = TAG_INT} : ambv_nil());
    if (!kept) return AMB_E_NOMEM;
    *kept = *t;
    h->then = o;
    h->asked = true;
    return AMB_PENDING;
}

amb_status amb_call_then(amb_vm *vm, amb_value f, const amb_value *args, uint32_t n, amb_then_fn then, void *ud,
                         void (*drop)(void *ud)) {
    ambhostthen t = {.then = then, .ud = ud, .drop = drop};
    amb_status st = call_then(vm, f, args, n, &t);
    if (st != AMB_PENDING && drop) drop(ud);
    return st;
}

void amb_charge(amb_vm *vm, uint64_t fuel) { ambvm_charge(vm, fuel); }
