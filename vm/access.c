/* SPDX-License-Identifier: MIT */
/* Members, elements and slices off the fast path, and filling the inline caches. */
#include <string.h>

#include "gate.h"
#include "run.h"

/* ---- errors ---- */

static int no_member(amb_vm *vm, ambv o, const amb_string *name) {
    const char *near = ambclass_suggest(vm, o, name);
    if (AMB_UNLIKELY(vm->failed != AMB_OK)) return ambrun_failed(vm, vm->failed); /* nor a table */
    if (o.tag == TAG_NIL)
        amberr_raise(vm, AMB_ERR_TYPE, "nil has no '%s'; use ?. where the value may be nil", name->data);
    else if (o.tag == TAG_MAP)
        amberr_raise(vm, AMB_ERR_TYPE, "map has no member '%s'%s%s%s; for a key write m[\"%s\"]",
                     name->data, near ? ", did you mean '" : "", near ? near : "", near ? "'" : "",
                     name->data);
    else if (o.tag == TAG_INSTANCE && ambinst_class(vm, o.inst)->h.flags & CLASS_CASE && !near)
        amberr_raise(vm, AMB_ERR_TYPE, "%s.%s has no member '%s'", ambtype_name(vm, o),
                     ambinst_class(vm, o.inst)->name->data, name->data);
    else if (o.tag == TAG_TASK && !near)
        amberr_raise(vm, AMB_ERR_TYPE, "task has no member '%s'; its result is what wait() gives", name->data);
    else
        amberr_raise(vm, AMB_ERR_TYPE, "%s%s has no member '%s'%s%s%s",
                     o.tag == TAG_CLASS ? "class " : "",
                     o.tag == TAG_CLASS ? o.cls->name->data : ambtype_name(vm, o), name->data,
                     near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
    return RUN_THROW;
}

static int private_member(amb_vm *vm, const amb_member *m) {
    amberr_raise(vm, AMB_ERR_TYPE, "'%s' is private in %s", m->name->data, m->owner->name->data);
    return RUN_THROW;
}

/* The member of class c that code running in the current frame sees under `name`. priv: the name is
 * private in the enclosing class: its own private member comes first. NULL: none; *hidden: there is one
 * but it is private. */
static amb_member *visible(amb_vm *vm, const amb_class *c, const amb_string *name, bool priv,
                           bool *hidden) {
    *hidden = false;
    if (priv) {
        const amb_class *home = vm->base[-2].closure->home;
        if (home && ambclass_is_a(c, home)) {
            amb_member *m = ambclass_find(home, name);
            if (m && (m->flags & MEMBER_PRIVATE) && m->owner == home) return m;
        }
    }
    amb_member *m = ambclass_find(c, name);
    /* A parent's private member is not there either, but it is better to say why. */
    for (const amb_class *p = c->parent; !m && p; p = p->parent) {
        m = ambclass_find(p, name);
        if (m && !(m->flags & MEMBER_PRIVATE)) m = NULL; /* statics are not inherited */
    }
    if (m && (m->flags & MEMBER_PRIVATE)) {
        const amb_class *home = vm->base[-2].tag == TAG_CLOSURE ? vm->base[-2].closure->home : NULL;
        if (home == m->owner) return m;
        *hidden = true;
    }
    return m;
}

static void fill_field_cache(amb_vm *vm, uint32_t key, const amb_member *m, bool write) {
    amb_cache *cache = CACHE_OF(vm->pc);
    uint16_t kind = CACHE_FIELD;
    if (write && (m->flags & MEMBER_TYPED)) {
        const amb_typecheck *t = &m->owner->types->types[m->type];
        if (__builtin_popcount(t->mask) != 1) return;
        kind = (uint16_t)(CACHE_TYPED + __builtin_ctz(t->mask));
    }
    cache->key = key;
    cache->kind = kind;
    cache->slot = m->slot;
}

/* ---- reading ---- */

static int put(amb_vm *vm, uint32_t dst, ambv v) {
    REG(vm, dst) = v;
    return RUN_NEXT;
}

static int bound(amb_vm *vm, ambv self, ambv fn, uint32_t dst) {
    amb_bound *b = ambgc_new(vm, sizeof *b, TAG_BOUND);
    if (!b) return ambrun_failed(vm, vm->failed);
    b->self = self;
    b->fn = fn;
    REG(vm, dst) = ambv_obj(b);
    if (vm->gc_wanted) ambrun_collect(vm);
    return RUN_NEXT;
}

/* A member of a built-in type. Names with a leading underscore are for the core sources only: some of
 * them would let a script unlock what native code is walking. */
static ambmembers_row *find_member(amb_vm *vm, ambv o, const amb_string *name) {
    if (AMB_UNLIKELY(name->len && name->data[0] == '_')) {
        ambv fn = vm->base[-2];
        if (fn.tag != TAG_CLOSURE || !(fn.closure->proto->flags & PROTO_HIDDEN)) return NULL;
    }
    return ambmembers_find(vm, o.tag, name);
}

static int builtin_member(amb_vm *vm, ambv o, amb_string *name, uint32_t dst) {
    ambmembers_row *row = find_member(vm, o, name);
    if (!row) return no_member(vm, o, name);
    if (row->def->flags & NATIVE_PROPERTY) {
        ambv args[1] = {o}, out;
        amb_status st = row->def->fn(vm, args, 1, &out);
        if (st != AMB_OK) return ambrun_failed(vm, st);
        REG(vm, dst) = out;
        if (vm->gc_wanted) ambrun_collect(vm);
        return RUN_NEXT;
    }
    ambv fn;
    amb_status st = ambmembers_value(vm, row, &fn);
    if (st != AMB_OK) return ambrun_failed(vm, st);
    return bound(vm, o, fn, dst);
}

/* A capability that is a sequence (lines, a walk) has the methods of lazy sequences, too, and one that can be
 * read those of streams that are written in Ambit, where no operation has the name. Not cached: the next capability here may be another kind. */
static ambmembers_row *sequence_method(amb_vm *vm, ambv cap, const amb_string *name) {
    ambmembers_row *row = NULL;
    if (ambgate_has_op(vm, cap, name)) return NULL;
    if (ambgate_has_core(vm, cap, name)) row = ambmembers_find(vm, TAG_CAP, name);
    if (!row && ambgate_is_iterable(vm, cap)) row = ambmembers_find(vm, TAG_GENERATOR, name);
    return row && !row->def->fn ? row : NULL;
}

int ambrun_getfield(amb_vm *vm, ambv o, amb_string *name, bool priv, uint32_t dst) {
    switch (o.tag) {
    case TAG_INSTANCE: {
        bool hidden;
        const amb_class *c = ambinst_class(vm, o.inst);
        amb_member *m = visible(vm, c, name, priv, &hidden);
        if (!m) return no_member(vm, o, name);
        if (hidden) return private_member(vm, m);
        switch (m->kind) {
        case MEMBER_FIELD:
            if (vm->pc->op != OP_CALLNAMED) fill_field_cache(vm, o.o->aux32, m, false);
            return put(vm, dst, ambinst_get(o.inst, m->slot));
        case MEMBER_GETTER:
            if (m->fn.tag == TAG_UNDEF) {
                amberr_raise(vm, AMB_ERR_TYPE, "%s.%s can only be set", c->name->data, name->data);
                return RUN_THROW;
            }
            return ambrun_push_call(vm, m->fn, &o, 1, FRAME_DST, dst, vm->pc + ambrun_words(vm->pc));
        case MEMBER_METHOD: return bound(vm, o, m->fn, dst);
        default:
            amberr_raise(vm, AMB_ERR_TYPE, "'%s' is static: write %s.%s", name->data,
                         m->owner->name->data, name->data);
            return RUN_THROW;
        }
    }
    case TAG_CLASS: {
        bool hidden;
        amb_member *m = visible(vm, o.cls, name, priv, &hidden);
        if (m && hidden) return private_member(vm, m);
        if (m && m->kind == MEMBER_STATIC) {
            /* Members move only while a class is being defined, before anyone can read them. */
            uint32_t at = (uint32_t)(m - o.cls->members);
            bool cached = vm->pc->op == OP_GETFIELD || vm->pc->op == OP_GETFIELD_GETFIELD;
            if (cached && at <= UINT16_MAX && !priv && !(m->flags & MEMBER_PRIVATE)) {
                amb_cache *cache = CACHE_OF(vm->pc);
                cache->key = o.o->aux32 | AMB_CACHE_CLASS;
                cache->slot = (uint16_t)at;
            }
            return put(vm, dst, m->fn);
        }
        if (m && m->kind == MEMBER_STATIC_GETTER && m->fn.tag != TAG_UNDEF)
            return ambrun_push_call(vm, m->fn, NULL, 0, FRAME_DST, dst, vm->pc + ambrun_words(vm->pc));
        if (m) {
            amberr_raise(vm, AMB_ERR_TYPE, "'%s' belongs to the instances of %s, not to the class",
                         name->data, o.cls->name->data);
            return RUN_THROW;
        }
        return no_member(vm, o, name);
    }
    case TAG_MODULE: {
        int64_t slot = ambmodule_find(o.module, name);
        if (slot < 0) {
            amberr_raise(vm, AMB_ERR_NAME, "the module %s has no export '%s'", o.module->name->data,
                         name->data);
            return RUN_THROW;
        }
        return put(vm, dst, o.module->slots[slot]);
    }
    case TAG_TUPLE:
        if (o.tuple->names)
            for (uint32_t i = 0; i < o.o->aux32; i++)
                if (o.tuple->names->vals[i].str == name) return put(vm, dst, o.tuple->vals[i]);
        return builtin_member(vm, o, name, dst);
    case TAG_CAP: {
        ambmembers_row *row = sequence_method(vm, o, name);
        if (!row && vm->failed != AMB_OK) return ambrun_failed(vm, vm->failed);
        if (!row && ambhandle_peek(vm, o) && !ambgate_has_op(vm, o, name)) {
            ambgate_no_op(vm, o, name);
            return RUN_THROW;
        }
        ambv fn = ambv_obj(name);
        amb_status st = row ? ambmembers_value(vm, row, &fn) : AMB_OK;
        return st == AMB_OK ? bound(vm, o, fn, dst) : ambrun_failed(vm, st);
    }
    default: return builtin_member(vm, o, name, dst);
    }
}

/* ---- writing ---- */

int ambrun_setfield(amb_vm *vm, ambv o, amb_string *name, ambv v, bool priv) {
    if (o.tag == TAG_CLASS) {
        bool hidden;
        amb_member *m = visible(vm, o.cls, name, priv, &hidden);
        if (m && hidden) return private_member(vm, m);
        if (m && m->kind == MEMBER_STATIC && !(m->flags & MEMBER_LET)) {
            if ((m->flags & MEMBER_TYPED) && ambclass_check_field(vm, m, &v) != AMB_OK) return RUN_THROW;
            ((amb_member *)ambclass_find(m->owner, name))->fn = v;
            m->fn = v;
            ambgc_barrier(vm, m->owner);
            ambgc_barrier(vm, o.cls);
            return RUN_NEXT;
        }
        if (m && m->kind == MEMBER_STATIC_GETTER && m->setter.tag != TAG_UNDEF)
            return ambrun_push_call(vm, m->setter, &v, 1, FRAME_IGNORE, 0, vm->pc + ambrun_words(vm->pc));
        amberr_raise(vm, AMB_ERR_TYPE, m ? "%s.%s cannot be assigned" : "%s has no static '%s'",
                     o.cls->name->data, name->data);
        return RUN_THROW;
    }
    if (o.tag != TAG_INSTANCE) {
        if (o.tag == TAG_MAP)
            amberr_raise(vm, AMB_ERR_TYPE, "map has no fields: write m[\"%s\"] = ...", name->data);
        else if (o.tag == TAG_NIL)
            amberr_raise(vm, AMB_ERR_TYPE, "nil has no field '%s' to assign", name->data);
        else
            amberr_raise(vm, AMB_ERR_TYPE, "the field '%s' of %s cannot be assigned", name->data,
                         ambtype_name(vm, o));
        return RUN_THROW;
    }
    bool hidden;
    const amb_class *c = ambinst_class(vm, o.inst);
    amb_member *m = visible(vm, c, name, priv, &hidden);
    if (!m) return no_member(vm, o, name);
    if (hidden) return private_member(vm, m);
    if (m->kind == MEMBER_GETTER) {
        if (m->setter.tag == TAG_UNDEF) {
            amberr_raise(vm, AMB_ERR_TYPE, "%s.%s is a getter without a setter", c->name->data,
                         name->data);
            return RUN_THROW;
        }
        ambv args[2] = {o, v};
        return ambrun_push_call(vm, m->setter, args, 2, FRAME_IGNORE, 0, vm->pc + ambrun_words(vm->pc));
    }
    if (m->kind != MEMBER_FIELD) {
        amberr_raise(vm, AMB_ERR_TYPE, "%s.%s is a method and cannot be assigned", c->name->data,
                     name->data);
        return RUN_THROW;
    }
    if (m->flags & MEMBER_LET) {
        amberr_raise(vm, AMB_ERR_TYPE, "%s.%s is declared with let and cannot be assigned",
                     m->owner->name->data, name->data);
        return RUN_THROW;
    }
    if (o.o->flags & OBJ_FROZEN) return ambobj_check_writable(vm, o.o) == AMB_OK ? RUN_NEXT : RUN_THROW;
    if (m->flags & MEMBER_TYPED) {
        amb_status st = ambclass_check_field(vm, m, &v);
        if (st != AMB_OK) return RUN_THROW;
    }
    ambinst_put(o.inst, m->slot, v);
    ambgc_barrier(vm, o.o);
    fill_field_cache(vm, o.o->aux32, m, true);
    return RUN_NEXT;
}

/* ---- methods ---- */

amb_status ambcall_builtin(amb_vm *vm, ambv self, const char *name, ambv *args, uint32_t n,
                           ambv *out) {
    amb_string *s = ambstr_intern(vm, name, strlen(name));
    if (!s) return vm->failed;
    ambmembers_row *row = ambmembers_find(vm, self.tag, s);
    if (!row && vm->failed != AMB_OK) return vm->failed;
    if (!row || !row->def->fn) {
        no_member(vm, self, s);
        return AMB_E_THROW;
    }
    ambv all[8];
    memcpy(all, args, n * sizeof *args);
    for (uint32_t i = n; i < 8; i++) all[i] = ambv_undef();
    return row->def->fn(vm, all, n, out);
}

static void cache_method(amb_vm *vm, ambv self, uint16_t kind, const void *what) {
    amb_cache *cache = CACHE_OF(vm->pc);
    CACHE_PTR(vm->pc) = (void *)what;
    cache->kind = kind;
    cache->key = cache_key(self);
}

/* The instruction caches closures weakly: the class (or the members' table) keeps them alive as long as the
 * key can occur. */
static int invoke_closure(amb_vm *vm, ambv *f, amb_closure *c, uint32_t n, bool public) {
    f[0] = ambv_obj(c);
    if (c->proto->exact == n) {
        if (CACHE_OF(vm->pc)->key == AMB_CACHE_EMPTY) {
            cache_method(vm, f[2], CACHE_CLOSURE, c);
        } else if (public && f[2].tag == TAG_INSTANCE) {
            const amb_string *name = KONST(vm, vm->pc->c).str;
            uint32_t id = f[2].o->aux32;
            vm->methods[AMB_METHOD_SLOT(id, name)] = (amb_method_cache){name, id, c};
        }
    }
    return ambrun_call(vm, f, n, FRAME_CALL, 0, vm->pc + 3);
}

int ambrun_invoke_value(amb_vm *vm, ambv *f, ambv fn, uint32_t n) {
    memmove(f + 2, f + 3, n * sizeof *f);
    f[0] = fn;
    return ambrun_call(vm, f, n, FRAME_CALL, 0, vm->pc + 3);
}

static int invoke_builtin(amb_vm *vm, ambv *f, amb_string *name, uint32_t n) {
    ambv self = f[2];
    ambmembers_row *row = find_member(vm, self, name);
    if (!row) return no_member(vm, self, name);
    const amb_native_def *d = row->def;
    if (d->flags & NATIVE_PROPERTY) {
        if (n == 0) {
            amberr_raise(vm, AMB_ERR_TYPE, "%s.%s is a property: write it without ()",
                         ambtype_name(vm, self), name->data);
            return RUN_THROW;
        }
        ambv out;
        amb_status st = d->fn(vm, &self, 1, &out);
        if (st != AMB_OK) return ambrun_failed(vm, st);
        return ambrun_invoke_value(vm, f, out, n);
    }
    ambv fn;
    if (d->fn && n >= d->min && (n <= d->max || (d->flags & NATIVE_REST))) {
        cache_method(vm, self, CACHE_NATIVE, d);
        if (self.tag == TAG_LIST && n == 1 && vm->pc->op == OP_INVOKE && !strcmp(d->name, "push"))
            ((amb_instr *)vm->pc)->op = OP_INVOKE_PUSH;
        if (self.tag == TAG_LIST && n == 0 && vm->pc->op == OP_INVOKE && !strcmp(d->name, "pop"))
            ((amb_instr *)vm->pc)->op = OP_INVOKE_POP;
        return RUN_RESUME; /* the same instruction, now with a cache */
    }
    amb_status st = ambmembers_value(vm, row, &fn);
    if (st != AMB_OK) return ambrun_failed(vm, st);
    if (fn.tag == TAG_CLOSURE) return invoke_closure(vm, f, fn.closure, n + 1, true);
    f[0] = fn;
    return ambrun_call(vm, f, n + 1, FRAME_CALL, 0, vm->pc + 3);
}

int ambrun_invoke(amb_vm *vm, bool priv) {
    const amb_instr *pc = vm->pc;
    ambv *f = &REG(vm, pc->a);
    amb_string *name = KONST(vm, pc->c).str;
    uint32_t n = pc->b;
    ambv self = f[2];
    bool hidden;
    switch (self.tag) {
    case TAG_INSTANCE: {
        const amb_class *c = ambinst_class(vm, self.inst);
        amb_member *m = visible(vm, c, name, priv, &hidden);
        if (!m) return no_member(vm, self, name);
        if (hidden) return private_member(vm, m);
        if (m->kind == MEMBER_METHOD) {
            if (m->fn.tag == TAG_CLOSURE)
                return invoke_closure(vm, f, m->fn.closure, n + 1, !(m->flags & MEMBER_PRIVATE));
            f[0] = m->fn;
            if (m->fn.tag == TAG_NATIVE && m->fn.native->def->flags & NATIVE_HOST &&
                CACHE_OF(pc)->key == AMB_CACHE_EMPTY)
                cache_method(vm, self, CACHE_HOST, m->fn.native->def);
            return ambrun_call(vm, f, n + 1, FRAME_CALL, 0, pc + 3);
        }
        if (m->kind == MEMBER_FIELD)
            return ambrun_invoke_value(vm, f, ambinst_get(self.inst, m->slot), n);
        if (m->kind == MEMBER_GETTER && m->fn.tag != TAG_UNDEF)
            return ambrun_push_call(vm, m->fn, &self, 1, FRAME_INVOKE, pc->a, pc + 3);
        amberr_raise(vm, AMB_ERR_TYPE, "'%s' is static: write %s.%s(...)", name->data,
                     m->owner->name->data, name->data);
        return RUN_THROW;
    }
    case TAG_CLASS: {
        amb_member *m = visible(vm, self.cls, name, priv, &hidden);
        if (m && hidden) return private_member(vm, m);
        if (m && m->kind == MEMBER_STATIC) return ambrun_invoke_value(vm, f, m->fn, n);
        if (m && m->kind == MEMBER_STATIC_GETTER && m->fn.tag != TAG_UNDEF)
            return ambrun_push_call(vm, m->fn, NULL, 0, FRAME_INVOKE, pc->a, pc + 3);
        if (m) {
            amberr_raise(vm, AMB_ERR_TYPE, "'%s' belongs to the instances of %s, not to the class",
                         name->data, self.cls->name->data);
            return RUN_THROW;
        }
        return no_member(vm, self, name);
    }
    case TAG_MODULE: {
        int64_t slot = ambmodule_find(self.module, name);
        if (slot < 0) {
            amberr_raise(vm, AMB_ERR_NAME, "the module %s has no export '%s'",
                         self.module->name->data, name->data);
            return RUN_THROW;
        }
        return ambrun_invoke_value(vm, f, self.module->slots[slot], n);
    }
    case TAG_TUPLE:
        if (self.tuple->names)
            for (uint32_t i = 0; i < self.o->aux32; i++)
                if (self.tuple->names->vals[i].str == name)
                    return ambrun_invoke_value(vm, f, self.tuple->vals[i], n);
        return invoke_builtin(vm, f, name, n);
    case TAG_GENERATOR:
        if (name == AMBSYM(vm, next) && n == 0) {
            if (self.gen->h.aux16 == GEN_DONE) {
                f[0] = ambv_done();
                return RUN_NEXT;
            }
            return ambrun_resume(vm, self.gen, FRAME_GEN_CALL, pc->a, pc + 3);
        }
        if (name == AMBSYM(vm, close) && n == 0) {
            if (self.gen->h.aux16 == GEN_RUNNING) {
                amberr_raise(vm, AMB_ERR_STATE, "a generator cannot close itself while it runs");
                return RUN_THROW;
            }
            f[0] = ambv_nil();
            return ambrun_close(vm, self.gen, pc + 3);
        }
        return invoke_builtin(vm, f, name, n);
    case TAG_CAP: {
        if (AMB_LIKELY(ambgate_will_call(vm, self, name)))
            return ambrun_call_cap(vm, f, name, n, FRAME_CALL, 0, pc + 3);
        ambmembers_row *row = sequence_method(vm, self, name);
        if (!row && vm->failed != AMB_OK) return ambrun_failed(vm, vm->failed);
        if (!row) return ambrun_call_cap(vm, f, name, n, FRAME_CALL, 0, pc + 3);
        amb_status st = ambmembers_value(vm, row, &f[0]);
        if (st != AMB_OK) return ambrun_failed(vm, st);
        return ambrun_call(vm, f, n + 1, FRAME_CALL, 0, pc + 3);
    }
    default: return invoke_builtin(vm, f, name, n);
    }
}

/* ---- super ---- */

int ambrun_super(amb_vm *vm, bool call) {
    const amb_instr *pc = vm->pc;
    amb_class *parent = vm->base[-2].closure->home->parent;
    amb_string *name = KONST(vm, pc->c).str;
    ambv *f = &REG(vm, pc->a);
    ambv self = call ? f[2] : REG(vm, pc->b);
    amb_member *m = parent ? ambclass_find(parent, name) : NULL;
    if (!m || (m->flags & MEMBER_PRIVATE)) {
        amberr_raise(vm, AMB_ERR_TYPE, "the parent class %s has no member '%s'",
                     parent ? parent->name->data : "(none)", name->data);
        return RUN_THROW;
    }
    if (m->kind == MEMBER_METHOD) {
        if (!call) return bound(vm, self, m->fn, pc->a);
        f[0] = m->fn;
        return ambrun_call(vm, f, pc->b + 1u, FRAME_CALL, 0, pc + 1);
    }
    if (m->kind == MEMBER_GETTER && !call && m->fn.tag != TAG_UNDEF)
        return ambrun_push_call(vm, m->fn, &self, 1, FRAME_DST, pc->a, pc + 1);
    if (m->kind == MEMBER_FIELD && !call) return put(vm, pc->a, ambinst_get(self.inst, m->slot));
    amberr_raise(vm, AMB_ERR_TYPE, "super.%s is not a method of %s", name->data, parent->name->data);
    return RUN_THROW;
}

int ambrun_superfields(amb_vm *vm, bool named) {
    const amb_instr *pc = vm->pc;
    ambv *f = &REG(vm, pc->a);
    amb_class *parent = vm->base[-2].closure->home->parent;
    if (parent->fields_fn.tag == TAG_NIL) {
        if (pc->b == 0) return RUN_NEXT;
        amberr_raise(vm, AMB_ERR_TYPE, "%s takes no arguments", parent->name->data);
        return RUN_THROW;
    }
    f[0] = parent->fields_fn;
    if (named) return ambrun_call_named(vm, f, pc->b + 1u, KONST(vm, pc->c).tuple);
    return ambrun_call(vm, f, pc->b + 1u, FRAME_CALL, 0, pc + 1);
}

int ambrun_checkown(amb_vm *vm, uint32_t at, const amb_string *name) {
    const amb_member *m = ambclass_find(vm->base[-2].closure->home, name);
    if (!m || !(m->flags & MEMBER_TYPED)) return RUN_NEXT;
    return ambclass_check_field(vm, m, &REG(vm, at)) == AMB_OK ? RUN_NEXT : RUN_THROW;
}

int ambrun_init(amb_vm *vm, amb_class *c) {
    ambv *f = &REG(vm, vm->pc->a);
    if (!c || c->init_fn.tag == TAG_NIL) return RUN_NEXT;
    f[0] = c->init_fn;
    return ambrun_call(vm, f, 1, FRAME_CALL, 0, vm->pc + 1);
}

int ambrun_patfield(amb_vm *vm, ambv cls, ambv o, uint32_t index, uint32_t dst) {
    amb_class *c = cls.tag == TAG_CLASS ? cls.cls : NULL;
    if (!c || !c->field_names || index >= c->field_names->h.aux32) {
        amberr_raise(vm, AMB_ERR_TYPE, "%s has %u public field%s in its header, the pattern asks for "
                     "number %u", c ? c->name->data : ambtype_name(vm, cls),
                     c && c->field_names ? c->field_names->h.aux32 : 0,
                     c && c->field_names && c->field_names->h.aux32 == 1 ? "" : "s", index + 1);
        return RUN_THROW;
    }
    amb_member *m = ambclass_find(c, c->field_names->vals[index].str);
    return put(vm, dst, ambinst_get(o.inst, m->slot));
}

/* ---- elements ---- */

static int index_range(amb_vm *vm, int64_t i, uint64_t len, const char *type) {
    amberr_raise(vm, AMB_ERR_INDEX, "index %lld is out of range for a %s of length %llu",
                 (long long)i, type, (unsigned long long)len);
    return RUN_THROW;
}

/* A negative index counts from the end; false: out of range. */
static bool resolve(int64_t i, uint64_t len, uint64_t *out) {
    if (i < 0) i += (int64_t)len;
    *out = (uint64_t)i;
    return (uint64_t)i < len;
}

static int bad_key(amb_vm *vm, ambv o, ambv key) {
    amberr_raise(vm, AMB_ERR_TYPE, "a %s is indexed by int, not %s", ambtype_name(vm, o),
                 ambtype_name(vm, key));
    return RUN_THROW;
}

int ambrun_getindex(amb_vm *vm, ambv o, ambv key, uint32_t dst) {
    uint64_t i;
    if (o.tag == TAG_MAP) {
        ambv v;
        if (key.tag == TAG_STRING) {
            const amb_entry *e = ambmap_find_str(vm, o.map, key.str);
            return put(vm, dst, e ? ambv_pack(e->val, e->vtag) : ambv_nil());
        }
        if (key.tag == TAG_INT) {
            const amb_entry *e = ambmap_find_int(vm, o.map, key.i);
            return put(vm, dst, e ? ambv_pack(e->val, e->vtag) : ambv_nil());
        }
        amb_status st = ambmap_get(vm, o.map, key, &v);
        if (st != AMB_OK) return ambrun_failed(vm, st);
        return put(vm, dst, v);
    }
    if (o.tag == TAG_INSTANCE) {
        amb_member *m = ambclass_find(ambinst_class(vm, o.inst), vm->symbols[SYM_OP_FIRST + OPER_INDEX]);
        if (m && m->kind == MEMBER_METHOD) {
            ambv args[2] = {o, key};
            return ambrun_push_call(vm, m->fn, args, 2, FRAME_DST, dst, vm->pc + 1);
        }
        amberr_raise(vm, AMB_ERR_TYPE, "%s cannot be indexed: its class has no fn [](i)",
                     ambtype_name(vm, o));
        return RUN_THROW;
    }
    if (key.tag == TAG_RANGE && (o.tag == TAG_LIST || o.tag == TAG_STRING || o.tag == TAG_TUPLE || o.tag == TAG_BYTES)) {
        const amb_range *r = key.range;
        if (r->step == 1)
            return ambrun_slice(vm, o, ambv_int(r->a), ambv_int(r->b), r->h.flags & RANGE_CLOSED, dst);
    }
    switch (o.tag) {
    case TAG_LIST:
        if (key.tag != TAG_INT) return bad_key(vm, o, key);
        if (!resolve(key.i, o.list->len, &i)) return index_range(vm, key.i, o.list->len, "list");
        return put(vm, dst, amblist_at(o.list, (uint32_t)i));
    case TAG_TUPLE:
        if (key.tag != TAG_INT) return bad_key(vm, o, key);
        if (!resolve(key.i, o.o->aux32, &i)) return index_range(vm, key.i, o.o->aux32, "tuple");
        return put(vm, dst, o.tuple->vals[i]);
    case TAG_STRING: {
        if (key.tag != TAG_INT) return bad_key(vm, o, key);
        if (!resolve(key.i, o.str->chars, &i)) return index_range(vm, key.i, o.str->chars, "string");
        amb_string *c = ambstr_char_at(vm, o.str, (uint32_t)i);
        if (!c) return ambrun_failed(vm, vm->failed);
        put(vm, dst, ambv_obj(c));
        if (vm->gc_wanted) ambrun_collect(vm);
        return RUN_NEXT;
    }
    case TAG_BYTES:
        if (key.tag != TAG_INT) return bad_key(vm, o, key);
        if (ambbytes_check(vm, o.bytes) != AMB_OK) return RUN_THROW;
        if (!resolve(key.i, o.bytes->len, &i)) return index_range(vm, key.i, o.bytes->len, "bytes");
        return put(vm, dst, ambv_int(o.bytes->block->data[i]));
    case TAG_RANGE: {
        if (key.tag != TAG_INT) return bad_key(vm, o, key);
        int64_t n = ambrange_count(o.range);
        if (!resolve(key.i, (uint64_t)n, &i)) return index_range(vm, key.i, (uint64_t)n, "range");
        return put(vm, dst, ambv_int((int64_t)((uint64_t)o.range->a + i * (uint64_t)o.range->step)));
    }
    default:
        if (o.tag == TAG_NIL)
            amberr_raise(vm, AMB_ERR_TYPE, "nil cannot be indexed; use ?[ where the value may be nil");
        else
            amberr_raise(vm, AMB_ERR_TYPE, "%s cannot be indexed", ambtype_name(vm, o));
        return RUN_THROW;
    }
}

int ambrun_setindex(amb_vm *vm, ambv o, ambv key, ambv v) {
    uint64_t i;
    amb_status st;
    switch (o.tag) {
    case TAG_MAP:
        st = ambmap_set(vm, o.map, key, v);
        if (st != AMB_OK) return ambrun_failed(vm, st);
        if (vm->gc_wanted) ambrun_collect(vm);
        return RUN_NEXT;
    case TAG_LIST:
        if (key.tag != TAG_INT) return bad_key(vm, o, key);
        if (!resolve(key.i, o.list->len, &i)) {
            amberr_raise(vm, AMB_ERR_INDEX, "index %lld is out of range for a list of length %u; "
                         "push() adds at the end", (long long)key.i, o.list->len);
            return RUN_THROW;
        }
        st = amblist_set_slow(vm, o.list, (uint32_t)i, v);
        if (st != AMB_OK) return ambrun_failed(vm, st);
        return RUN_NEXT;
    case TAG_BYTES:
        if (key.tag != TAG_INT) return bad_key(vm, o, key);
        if (ambobj_check_writable(vm, o.o) != AMB_OK || ambbytes_check(vm, o.bytes) != AMB_OK)
            return RUN_THROW;
        if (!resolve(key.i, o.bytes->len, &i)) return index_range(vm, key.i, o.bytes->len, "bytes");
        if (v.tag != TAG_INT || v.u > 255) {
            char brief[64];
            amberr_raise(vm, v.tag == TAG_INT ? AMB_ERR_VALUE : AMB_ERR_TYPE,
                         "a byte is an int from 0 to 255, not %s", ambtext_brief(vm, v, brief));
            return RUN_THROW;
        }
        o.bytes->block->data[i] = (uint8_t)v.u;
        return RUN_NEXT;
    case TAG_INSTANCE: {
        amb_member *m =
            ambclass_find(ambinst_class(vm, o.inst), vm->symbols[SYM_OP_FIRST + OPER_SETINDEX]);
        if (m && m->kind == MEMBER_METHOD) {
            ambv args[3] = {o, key, v};
            return ambrun_push_call(vm, m->fn, args, 3, FRAME_IGNORE, 0, vm->pc + 1);
        }
        amberr_raise(vm, AMB_ERR_TYPE, "%s has no fn []=(i, v)", ambtype_name(vm, o));
        return RUN_THROW;
    }
    default:
        amberr_raise(vm, AMB_ERR_TYPE, "the elements of %s cannot be assigned%s", ambtype_name(vm, o),
                     o.tag == TAG_STRING || o.tag == TAG_TUPLE ? ": it is immutable" : "");
        return RUN_THROW;
    }
}

int ambrun_slice(amb_vm *vm, ambv o, ambv from, ambv to, bool closed, uint32_t dst) {
    uint64_t len;
    switch (o.tag) {
    case TAG_LIST: len = o.list->len; break;
    case TAG_TUPLE: len = o.o->aux32; break;
    case TAG_STRING: len = o.str->chars; break;
    case TAG_BYTES: len = o.bytes->len; break;
    case TAG_INSTANCE:
        if (from.tag == TAG_INT && to.tag == TAG_INT) {
            amb_range *r = ambrange_new(vm, from.i, to.i, closed);
            if (!r) return ambrun_failed(vm, vm->failed);
            return ambrun_getindex(vm, o, ambv_obj(r), dst);
        } /* fall through */
    default:
        amberr_raise(vm, AMB_ERR_TYPE, "%s cannot be sliced", ambtype_name(vm, o));
        return RUN_THROW;
    }
    if ((from.tag != TAG_INT && from.tag != TAG_NIL) || (to.tag != TAG_INT && to.tag != TAG_NIL)) {
        amberr_raise(vm, AMB_ERR_TYPE, "a slice goes from int to int, not %s to %s",
                     ambtype_name(vm, from), ambtype_name(vm, to));
        return RUN_THROW;
    }
    int64_t n = (int64_t)len, a = from.tag == TAG_NIL ? 0 : from.i, b = to.tag == TAG_NIL ? n : to.i;
    if (a < 0) a = a < -n ? 0 : a + n;
    if (b < 0) b = b < -n ? (closed ? -1 : 0) : b + n;
    if (closed && to.tag != TAG_NIL && b < n) b++;
    if (a > n) a = n;
    if (b > n) b = n;
    if (b < a) b = a;
    ambv out = ambv_nil();
    uint32_t x = (uint32_t)a, y = (uint32_t)b;
    switch (o.tag) {
    case TAG_LIST: {
        amb_list *l = amblist_slice(vm, o.list, x, y);
        if (l) out = ambv_obj(l);
        ambvm_charge(vm, (y - x) / 8);
        break;
    }
    case TAG_TUPLE: {
        amb_tuple *t = ambtuple_new(vm, y - x);
        if (t) {
            memcpy(t->vals, o.tuple->vals + x, (size_t)(y - x) * sizeof(ambv));
            out = ambv_obj(t);
        }
        break;
    }
    case TAG_STRING: {
        uint32_t p = ambstr_offset(vm, o.str, x), q = ambstr_offset(vm, o.str, y);
        amb_string *s = ambstr_slice_bytes(vm, o.str, p, q);
        if (s) out = ambv_obj(s);
        ambvm_charge(vm, (q - p) / 64);
        break;
    }
    default: {
        if (ambbytes_check(vm, o.bytes) != AMB_OK) return RUN_THROW;
        amb_bytes *s = ambbytes_new(vm, o.bytes->block ? o.bytes->block->data + x : NULL, y - x);
        if (s) out = ambv_obj(s);
        break;
    }
    }
    if (out.tag == TAG_NIL) return ambrun_failed(vm, vm->failed);
    put(vm, dst, out);
    if (vm->gc_wanted) ambrun_collect(vm);
    return RUN_NEXT;
}

int ambrun_freeze_op(amb_vm *vm, ambv v) {
    amb_status st = ambobj_freeze(vm, v);
    return st == AMB_OK ? RUN_NEXT : ambrun_failed(vm, st);
}

int ambrun_input(amb_vm *vm, uint32_t index, bool need, uint32_t dst) {
    const amb_module *m = vm->base[-2].closure->proto->module;
    const ambv *from = need ? m->needs : m->uses;
    if (index >= (need ? m->nneeds : m->nuses) || from[index].tag == TAG_UNDEF) {
        amberr_raise(vm, AMB_ERR_STATE, "the module was started without what it asks for");
        return RUN_THROW;
    }
    return put(vm, dst, from[index]);
}
