/* SPDX-License-Identifier: MIT */
/* Classes: members by name, making them from descriptions, enum cases, built-in error classes. */
#include "class.h"

#include <string.h>

#include "code.h"
#include "run.h"

/* ---- members: open addressing by the name's address ---- */

static uint32_t name_hash(const amb_string *name) {
    uint64_t x = (uint64_t)(uintptr_t)name >> 4;
    x *= 0x9e3779b97f4a7c15u;
    return (uint32_t)(x >> 32);
}

amb_member *ambclass_find(const amb_class *c, const amb_string *name) {
    if (!c->nmembers) return NULL;
    uint32_t i = name_hash(name) & c->member_mask;
    while (c->members[i].name) {
        if (c->members[i].name == name) return &c->members[i];
        i = (i + 1) & c->member_mask;
    }
    return NULL;
}

static void insert(amb_class *c, const amb_member *m) {
    uint32_t i = name_hash(m->name) & c->member_mask;
    while (c->members[i].name && c->members[i].name != m->name) i = (i + 1) & c->member_mask;
    if (!c->members[i].name) c->nmembers++;
    c->members[i] = *m;
}

amb_status ambclass_add(amb_vm *vm, amb_class *c, const amb_member *m) {
    uint32_t cap = c->members ? c->member_mask + 1 : 0;
    bool grows = (c->nmembers + 1) * 4 > cap * 3;
    if (grows || c->shares_members) {
        uint32_t want = !cap ? 8 : grows ? cap * 2 : cap;
        amb_member *old = c->members;
        amb_member *fresh = ambgc_malloc(vm, want * sizeof *fresh);
        if (!fresh) return vm->failed;
        memset(fresh, 0, want * sizeof *fresh);
        c->members = fresh;
        c->member_mask = want - 1;
        c->nmembers = 0;
        for (uint32_t i = 0; i < cap; i++)
            if (old[i].name) insert(c, &old[i]);
        if (!c->shares_members) ambgc_free(vm, old, cap * sizeof *old);
        c->shares_members = false;
    }
    insert(c, m);
    ambgc_barrier(vm, c);
    return AMB_OK;
}

/* share: the class adds no members of its own for now and refers to its parent's table. */
static amb_class *new_class(amb_vm *vm, amb_string *name, amb_class *parent, bool share) {
    if (vm->nclasses == vm->classes_cap) {
        uint32_t cap = vm->classes_cap ? vm->classes_cap * 2 : 64;
        amb_class **t = ambgc_realloc(vm, vm->classes, vm->classes_cap * sizeof *t, cap * sizeof *t);
        if (!t) return NULL;
        vm->classes = t;
        vm->classes_cap = cap;
    }
    amb_class *c = ambgc_new(vm, sizeof *c, TAG_CLASS);
    if (!c) return NULL;
    amb_obj h = c->h;
    memset(c, 0, sizeof *c);
    c->h = h;
    c->name = name;
    c->parent = parent;
    c->construct = c->fields_fn = c->init_fn = ambv_nil();
    c->no_eq = false;
    c->op_eq = c->op_hash = c->op_str = c->op_lt = ambv_nil();
    if (!ambgc_track(vm, c)) return NULL;
    if (parent) {
        c->nfields = parent->nfields;
        c->depth = (uint16_t)(parent->depth + 1);
        c->h.flags |= parent->h.flags & (CLASS_ERROR);
        if (share) {
            c->members = parent->members;
            c->member_mask = parent->member_mask;
            c->nmembers = parent->nmembers;
            c->shares_members = true;
        }
        if (parent->nmembers && !share)
            for (uint32_t i = 0; i <= parent->member_mask; i++) {
                const amb_member *m = &parent->members[i];
                if (!m->name || (m->flags & MEMBER_PRIVATE) || m->kind == MEMBER_STATIC ||
                    m->kind == MEMBER_STATIC_GETTER)
                    continue;
                if (ambclass_add(vm, c, m) != AMB_OK) return NULL;
            }
    }
    c->h.aux32 = vm->nclasses;
    vm->classes[vm->nclasses++] = c;
    return c;
}

amb_class *ambclass_new(amb_vm *vm, amb_string *name, amb_class *parent) {
    return new_class(vm, name, parent, false);
}

void ambclass_finish(amb_vm *vm, amb_class *c) {
    struct {
        amb_string *name;
        ambv *to;
    } ops[] = {{vm->symbols[SYM_OP_FIRST + OPER_EQ], &c->op_eq},
               {vm->symbols[SYM_OP_FIRST + OPER_LT], &c->op_lt},
               {AMBSYM(vm, hash), &c->op_hash},
               {AMBSYM(vm, str), &c->op_str}};
    for (unsigned i = 0; i < 4; i++) {
        const amb_member *m = ambclass_find(c, ops[i].name);
        if (m && m->kind == MEMBER_METHOD && !(m->flags & MEMBER_PRIVATE)) *ops[i].to = m->fn;
    }
    c->no_eq = !ambclass_find(c, vm->symbols[SYM_OP_FIRST + OPER_EQ]);
    ambgc_barrier(vm, c);
}

amb_instance *ambclass_instance(amb_vm *vm, amb_class *c) {
    amb_instance *o = ambgc_new(vm, ambinst_size(c->nfields), TAG_INSTANCE);
    if (!o) return NULL;
    o->h.aux32 = c->h.aux32;
    uint32_t n = c->nfields;
    for (uint32_t g = 0; g * 8 < n; g++) memset(o->groups[g].tags, 0, 8); /* nil */
    return o;
}

void ambclass_mark(struct ambgc *gc, amb_class *c) {
    ambgc_mark_obj(gc, c->name);
    ambgc_mark_obj(gc, c->parent);
    ambgc_mark_obj(gc, c->module);
    ambgc_mark_obj(gc, c->types);
    ambgc_mark_obj(gc, c->type_classes);
    ambgc_mark_obj(gc, c->field_names);
    ambgc_mark_obj(gc, c->cases);
    ambgc_mark_value(gc, c->construct);
    ambgc_mark_value(gc, c->fields_fn);
    ambgc_mark_value(gc, c->init_fn);
    if (c->members)
        for (uint32_t i = 0; i <= c->member_mask; i++) {
            ambgc_mark_obj(gc, c->members[i].name);
            if (!c->members[i].name) continue;
            ambgc_mark_obj(gc, c->members[i].owner);
            ambgc_mark_value(gc, c->members[i].fn);
            ambgc_mark_value(gc, c->members[i].setter);
        }
}

void ambclass_finalize(amb_vm *vm, amb_class *c) {
    if (c->members && !c->shares_members)
        ambgc_free(vm, c->members, (c->member_mask + 1) * sizeof *c->members);
}

/* Whether o's class is one that a field's type names and that did not exist yet when class c was made:
 * its name stands for it until it is met. */
static bool late_class(amb_vm *vm, const amb_class *c, uint32_t first, uint32_t n, const amb_instance *o) {
    for (uint32_t i = 0; i < n; i++) {
        ambv *at = &c->type_classes->vals[first + i];
        if (at->tag != TAG_STRING) continue;
        for (amb_class *k = ambinst_class(vm, o); k; k = k->parent) {
            if (k->module != c->module || k->name->len != at->str->len ||
                memcmp(k->name->data, at->str->data, at->str->len) != 0)
                continue;
            *at = ambv_obj(k);
            ambgc_barrier(vm, c->type_classes);
            return true;
        }
    }
    return false;
}

amb_status ambclass_check_field(amb_vm *vm, const amb_member *m, ambv *v) {
    const amb_class *c = m->owner;
    const amb_typecheck *t = &c->types->types[m->type];
    if (t->widen && v->tag == TAG_INT) {
        *v = ambv_float((double)v->i);
        return AMB_OK;
    }
    const ambv *classes = c->type_classes ? c->type_classes->vals + m->first_class : NULL;
    if (ambrun_fits(vm, t, *v, classes)) return AMB_OK;
    if (v->tag == TAG_INSTANCE && late_class(vm, c, m->first_class, t->nclasses, v->inst)) return AMB_OK;
    char brief[64];
    return amberr_raise(vm, AMB_ERR_TYPE, "field '%s' of %s must be %s, not %s (%s)", m->name->data,
                        c->name->data, t->text->data, ambtype_name(vm, *v),
                        ambtext_brief(vm, *v, brief));
}

/* ---- classes from descriptions ---- */

static amb_status member_fn(amb_vm *vm, amb_class *c, uint32_t child, ambv *out) {
    amb_closure *f = ambrun_closure(vm, vm->base[-2].closure->proto->protos[child]);
    if (!f) return vm->failed;
    f->home = c;
    *out = ambv_obj(f);
    return AMB_OK;
}

static amb_status add_field(amb_vm *vm, amb_class *c, const amb_class_member *d) {
    if (c->nfields >= 60000) return amberr_raise(vm, AMB_ERR_VALUE, "%s has too many fields", c->name->data);
    amb_member m = {.name = d->name, .kind = MEMBER_FIELD, .owner = c, .slot = c->nfields++,
                    .fn = ambv_undef(), .setter = ambv_undef()};
    if (d->flags & AMBMF_PRIVATE) m.flags |= MEMBER_PRIVATE;
    if (d->flags & AMBMF_LET) m.flags |= MEMBER_LET;
    if (d->type) {
        m.flags |= MEMBER_TYPED;
        m.type = d->type - 1;
        m.first_class = d->first_class;
    }
    return ambclass_add(vm, c, &m);
}

static amb_status add_member(amb_vm *vm, amb_class *c, const amb_class_member *d) {
    amb_member m = {.name = d->name, .owner = c, .fn = ambv_undef(), .setter = ambv_undef()};
    const amb_member *old = ambclass_find(c, d->name);
    ambv fn;
    amb_status st;
    if (d->flags & AMBMF_PRIVATE) m.flags |= MEMBER_PRIVATE;
    if (d->flags & AMBMF_LET) m.flags |= MEMBER_LET;
    switch ((enum ambpb_member)d->kind) {
    case AMBM_FIELD: return add_field(vm, c, d);
    case AMBM_STATIC_FIELD:
        m.kind = MEMBER_STATIC;
        m.fn = ambv_nil();
        if (d->type) {
            m.flags |= MEMBER_TYPED;
            m.type = d->type - 1;
            m.first_class = d->first_class;
        }
        return ambclass_add(vm, c, &m);
    default: break;
    }
    st = member_fn(vm, c, d->child, &fn);
    if (st != AMB_OK) return st;
    switch ((enum ambpb_member)d->kind) {
    case AMBM_METHOD:
        m.kind = MEMBER_METHOD;
        m.fn = fn;
        break;
    case AMBM_STATIC_METHOD:
        m.kind = MEMBER_STATIC;
        m.flags |= MEMBER_LET;
        m.fn = fn;
        break;
    default: { /* getters and setters of one name share a member */
        bool is_static = d->kind == AMBM_STATIC_GETTER || d->kind == AMBM_STATIC_SETTER;
        bool setter = d->kind == AMBM_SETTER || d->kind == AMBM_STATIC_SETTER;
        m.kind = is_static ? MEMBER_STATIC_GETTER : MEMBER_GETTER;
        if (old && old->kind == m.kind) { /* the other half, inherited or just made */
            m.fn = old->fn;
            m.setter = old->setter;
        }
        if (setter) m.setter = fn;
        else m.fn = fn;
        break;
    }
    }
    return ambclass_add(vm, c, &m);
}

static amb_status header_names(amb_vm *vm, amb_class *c, const amb_class_desc *d) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < d->nmembers; i++) n += (d->members[i].flags & AMBMF_HEADER) != 0;
    amb_tuple *t = ambtuple_new(vm, n);
    if (!t) return vm->failed;
    c->field_names = t;
    for (uint32_t i = 0, k = 0; i < d->nmembers; i++)
        if (d->members[i].flags & AMBMF_HEADER) t->vals[k++] = ambv_obj(d->members[i].name);
    return AMB_OK;
}

static amb_status build(amb_vm *vm, const amb_class_desc *d, ambv *slot) {
    const amb_proto *p = vm->base[-2].closure->proto;
    amb_class *parent = NULL;
    if (slot->tag != TAG_NIL) {
        if (slot->tag != TAG_CLASS)
            return amberr_raise(vm, AMB_ERR_TYPE, "%s extends a %s, which is not a class",
                                d->name->data, ambtype_name(vm, *slot));
        parent = slot->cls;
        bool sealed = parent->module != p->module && !(d->flags & AMBC_CASE) && parent->sealed;
        if (sealed)
            return amberr_raise(vm, AMB_ERR_TYPE,
                                "%s cannot extend %s: outside its module only an `open class` can be "
                                "extended", d->name->data, parent->name->data);
        if ((parent->h.flags & (CLASS_ENUM | CLASS_CASE)) && !(d->flags & AMBC_CASE))
            return amberr_raise(vm, AMB_ERR_TYPE, "%s cannot extend %s: it is an enum",
                                d->name->data, parent->name->data);
        if (parent->depth >= 1000)
            return amberr_raise(vm, AMB_ERR_VALUE, "classes are nested too deeply");
    }
    amb_class *c = ambclass_new(vm, d->name, parent);
    if (!c) return vm->failed;
    c->module = p->module;
    c->types = (amb_proto *)p;
    c->sealed = !(d->flags & AMBC_OPEN);
    c->private_ctor = d->flags & AMBC_PRIVATE_CTOR;
    if (d->flags & AMBC_VALUE) c->h.flags |= CLASS_VALUE;
    if (d->flags & AMBC_ENUM) c->h.flags |= CLASS_ENUM;
    if (d->flags & AMBC_CASE) c->h.flags |= CLASS_CASE | CLASS_VALUE;
    if (d->ntypes) {
        c->type_classes = ambtuple_new(vm, d->ntypes);
        if (!c->type_classes) return vm->failed;
        memcpy(c->type_classes->vals, slot + 1, d->ntypes * sizeof(ambv));
        for (uint32_t i = 0; i < d->ntypes; i++)
            if (c->type_classes->vals[i].tag == TAG_TRUE) c->type_classes->vals[i] = ambv_obj(c);
    }
    amb_status st = header_names(vm, c, d);
    for (uint32_t i = 0; st == AMB_OK && i < d->nmembers; i++) st = add_member(vm, c, &d->members[i]);
    if (st == AMB_OK && d->construct != UINT32_MAX) st = member_fn(vm, c, d->construct, &c->construct);
    if (st == AMB_OK && d->fields != UINT32_MAX) st = member_fn(vm, c, d->fields, &c->fields_fn);
    if (st == AMB_OK && d->init != UINT32_MAX) st = member_fn(vm, c, d->init, &c->init_fn);
    else if (parent) c->init_fn = parent->init_fn;
    if (st != AMB_OK) return st;
    ambclass_finish(vm, c);
    if (d->flags & AMBC_CASE) {
        /* A case without parameters is itself the value; both kinds are statics of the enum. */
        ambv v = ambv_obj(c);
        if (d->construct == UINT32_MAX) {
            amb_instance *o = ambclass_instance(vm, c);
            if (!o) return vm->failed;
            v = ambv_obj(o);
        }
        amb_member m = {.name = d->name, .kind = MEMBER_STATIC, .flags = MEMBER_LET,
                        .owner = parent, .fn = v, .setter = ambv_undef()};
        st = ambclass_add(vm, parent, &m);
        if (st != AMB_OK) return st;
        uint32_t n = parent->cases ? parent->cases->h.aux32 : 0;
        amb_tuple *cases = ambtuple_new(vm, n + 1);
        if (!cases) return vm->failed;
        for (uint32_t i = 0; i < n; i++) cases->vals[i] = parent->cases->vals[i];
        cases->vals[n] = v;
        parent->cases = cases;
        return AMB_OK; /* the enum stays in the register */
    }
    *slot = ambv_obj(c);
    return AMB_OK;
}

int ambrun_class(amb_vm *vm, const amb_class_desc *d, ambv *slot) {
    amb_status st = build(vm, d, slot);
    if (st != AMB_OK) return ambrun_failed(vm, st);
    if (vm->gc_wanted) ambrun_collect(vm);
    return RUN_NEXT;
}

int ambrun_setstatic(amb_vm *vm, amb_class *c, amb_string *name, ambv v) {
    amb_member *m = ambclass_find(c, name);
    m->fn = v;
    ambgc_barrier(vm, c);
    return RUN_NEXT;
}

/* ---- members of built-in types ---- */

static const amb_native_def *const type_tables[TAG_COUNT] = {
    [TAG_NIL] = amblib_nil,         [TAG_FALSE] = amblib_bool,      [TAG_TRUE] = amblib_bool,
    [TAG_INT] = amblib_int,         [TAG_FLOAT] = amblib_float,     [TAG_STRING] = amblib_string,
    [TAG_BYTES] = amblib_bytes,     [TAG_LIST] = amblib_list,       [TAG_TUPLE] = amblib_tuple,
    [TAG_MAP] = amblib_map,         [TAG_SET] = amblib_set,         [TAG_RANGE] = amblib_range,
    [TAG_CLOSURE] = amblib_function, [TAG_NATIVE] = amblib_function, [TAG_BOUND] = amblib_function,
    [TAG_GENERATOR] = amblib_generator, [TAG_CAP] = amblib_stream, [TAG_TASK] = amblib_task, [TAG_CHANNEL] = amblib_channel,
    [TAG_LOCK] = amblib_lock, [TAG_LOCAL] = amblib_local,
};

static void free_members(amb_vm *vm, struct ambmembers *m) {
    ambgc_free(vm, m, sizeof *m + (m->mask + 1) * sizeof m->rows[0]);
}

static struct ambmembers *make_members(amb_vm *vm, const amb_native_def *table) {
    uint32_t n = 0, cap = 8;
    while (table[n].name) n++;
    while (cap < n * 2) cap *= 2;
    struct ambmembers *m = ambgc_malloc(vm, sizeof *m + cap * sizeof m->rows[0]);
    if (!m) return NULL;
    memset(m, 0, sizeof *m + cap * sizeof m->rows[0]);
    m->mask = cap - 1;
    for (uint32_t i = 0; i < n; i++) {
        amb_string *name = ambstr_intern(vm, table[i].name, strlen(table[i].name));
        if (!name) {
            free_members(vm, m);
            return NULL;
        }
        uint32_t at = name_hash(name) & m->mask;
        while (m->rows[at].name) at = (at + 1) & m->mask;
        m->rows[at] = (ambmembers_row){name, &table[i], ambv_nil()};
        m->count++;
    }
    return m;
}

void ambmembers_teardown(amb_vm *vm) {
    for (unsigned i = 0; i < TAG_COUNT; i++) {
        struct ambmembers *m = vm->type_members[i];
        if (!m) continue;
        for (unsigned j = i; j < TAG_COUNT; j++) /* shared ones once */
            if (vm->type_members[j] == m) vm->type_members[j] = NULL;
        free_members(vm, m);
    }
}

/* The table of a type, made now if it was not; NULL: the type has none, or vm->failed is set. */
static struct ambmembers *members_of(amb_vm *vm, uint64_t tag) {
    if (tag >= TAG_COUNT) return NULL;
    struct ambmembers *m = vm->type_members[tag];
    if (AMB_LIKELY(m != NULL) || !type_tables[tag]) return m;
    unsigned from = 0; /* types with the same members share a table */
    while (type_tables[from] != type_tables[tag]) from++;
    if (!vm->type_members[from]) vm->type_members[from] = make_members(vm, type_tables[tag]);
    return vm->type_members[tag] = vm->type_members[from];
}

ambmembers_row *ambmembers_find(amb_vm *vm, uint64_t tag, const amb_string *name) {
    struct ambmembers *m = members_of(vm, tag);
    if (!m) return NULL;
    uint32_t i = name_hash(name) & m->mask;
    while (m->rows[i].name) {
        if (m->rows[i].name == name) return &m->rows[i];
        i = (i + 1) & m->mask;
    }
    return NULL;
}

const char *ambmembers_owner(const amb_native_def *d) {
    for (unsigned tag = 0; tag < TAG_COUNT; tag++)
        for (const amb_native_def *t = type_tables[tag]; t && t->name; t++)
            if (t == d) return ambtype_tag_name(tag);
    return NULL;
}

void ambmembers_mark(struct ambgc *gc, const struct ambmembers *m) {
    if (!m) return;
    for (uint32_t i = 0; i <= m->mask; i++) {
        ambgc_mark_obj(gc, m->rows[i].name);
        ambgc_mark_value(gc, m->rows[i].value);
    }
}

amb_native *ambnative_new(amb_vm *vm, const amb_native_def *def) {
    amb_native *f = ambgc_new(vm, sizeof *f, TAG_NATIVE);
    if (!f) return NULL;
    f->def = def;
    f->data = ambv_nil();
    return f;
}

amb_status ambmembers_value(amb_vm *vm, ambmembers_row *row, ambv *out) {
    if (row->value.tag == TAG_NIL) {
        if (row->def->fn) {
            amb_native *f = ambnative_new(vm, row->def);
            if (!f) return vm->failed;
            row->value = ambv_obj(f);
        } else {
            amb_status st = ambmodules_core(vm, row->def->core, &row->value);
            if (st != AMB_OK) return st;
        }
    }
    *out = row->value;
    return AMB_OK;
}

/* ---- did you mean ---- */

static uint32_t distance(const char *a, size_t n, const char *b, size_t m) {
    uint32_t row[33];
    if (n > 32 || m > 32) return 99;
    for (size_t j = 0; j <= m; j++) row[j] = (uint32_t)j;
    for (size_t i = 1; i <= n; i++) {
        uint32_t diag = row[0];
        row[0] = (uint32_t)i;
        for (size_t j = 1; j <= m; j++) {
            uint32_t sub = diag + (a[i - 1] != b[j - 1]), up = row[j] + 1, left = row[j - 1] + 1;
            diag = row[j];
            row[j] = sub < up ? (sub < left ? sub : left) : (up < left ? up : left);
        }
    }
    return row[m];
}

/* Of equally near ones the first in order: tables have none, and their places change from run to run. A
 * name of which nothing stays is not near. */
void ambclass_nearer(const char *name, const char *have, const char **best, uint32_t *d) {
    size_t n = strlen(name);
    uint32_t x = distance(name, n, have, strlen(have));
    if (x > 1 + n / 4 || x >= n) return;
    if (!*best || x < *d || (x == *d && strcmp(have, *best) < 0)) {
        *d = x;
        *best = have;
    }
}

const char *ambclass_suggest(amb_vm *vm, ambv self, const amb_string *name) {
    static const struct {
        const char *other, *ours;
    } known[] = {{"append", "push"},       {"add", "push"},          {"length", "len"},
                 {"size", "len"},          {"count", "len"},         {"extend", "push"},
                 {"toUpperCase", "upper"}, {"toLowerCase", "lower"}, {"strip", "trim"},
                 {"startswith", "starts_with"}, {"endswith", "ends_with"}, {"startsWith", "starts_with"},
                 {"endsWith", "ends_with"}, {"indexOf", "index_of"}, {"includes", "contains"},
                 {"forEach", "each"},      {"reduce", "fold"},       {"filter_map", "map"},
                 {"items", "entries"},     {"has_key", "has"},       {"containsKey", "has"},
                 {"delete", "remove"},     {"substring", "slice"},   {"isEmpty", "empty"},
                 {"is_empty", "empty"},    {"push_back", "push"},    {"put", "insert"},
                 {"reversed_", "reversed"}, {"some", "any"},         {"every", "all"},
                 {"join", "wait"},         {"result", "wait"},       {"kill", "cancel"},
                 {"stop", "cancel"},       {"abort", "cancel"},      {"push", "send"},
                 {"put", "send"},          {"receive", "recv"},      {"get", "recv"},
                 {"pop", "recv"},          {"next", "recv"},         {"lock", "acquire"},
                 {"unlock", "release"}};
    const struct ambmembers *m = members_of(vm, self.tag);
    const char *best = NULL;
    uint32_t d = 99;
    if (m) {
        for (unsigned i = 0; i < sizeof known / sizeof *known; i++)
            if (!strcmp(known[i].other, name->data)) {
                for (uint32_t j = 0; j <= m->mask; j++)
                    if (m->rows[j].name && !strcmp(m->rows[j].name->data, known[i].ours))
                        return known[i].ours;
            }
        for (uint32_t i = 0; i <= m->mask; i++)
            if (m->rows[i].name && m->rows[i].name->data[0] != '_') /* not the core sources' own */
                ambclass_nearer(name->data, m->rows[i].name->data, &best, &d);
    }
    const amb_class *c = self.tag == TAG_INSTANCE ? ambinst_class(vm, self.inst)
                         : self.tag == TAG_CLASS  ? self.cls
                                                  : NULL;
    if (c && c->members)
        for (uint32_t i = 0; i <= c->member_mask; i++)
            if (c->members[i].name && !(c->members[i].flags & MEMBER_PRIVATE))
                ambclass_nearer(name->data, c->members[i].name->data, &best, &d);
    return best;
}

/* ---- error classes ---- */

static amb_status error_class(amb_vm *vm, enum amb_error_kind kind, const char *name,
                              amb_class *parent, const char *const *fields) {
    amb_string *s = ambstr_intern(vm, name, strlen(name));
    amb_class *c = s ? new_class(vm, s, parent, parent && !*fields) : NULL;
    if (!c) return vm->failed;
    vm->error_class[kind] = c;
    c->h.flags |= CLASS_ERROR;
    for (; *fields; fields++) {
        amb_string *f = ambstr_intern(vm, *fields, strlen(*fields));
        if (!f) return vm->failed;
        amb_member m = {.name = f, .kind = MEMBER_FIELD, .flags = MEMBER_LET, .owner = c,
                        .slot = c->nfields++, .fn = ambv_undef(), .setter = ambv_undef()};
        if (!strcmp(*fields, "trace ")) m.flags |= MEMBER_PRIVATE; /* not a name a script can write */
        amb_status st = ambclass_add(vm, c, &m);
        if (st != AMB_OK) return st;
    }
    const amb_native_def *defs[2] = {&amberr_construct, &amberr_fields};
    if (kind == AMB_ERR_IO) defs[0] = &amberr_construct_io, defs[1] = &amberr_fields_io;
    if (kind == AMB_ERR_DECODE) defs[0] = &amberr_construct_decode, defs[1] = &amberr_fields_decode;
    if (kind == AMB_ERR_EXIT) defs[0] = &amberr_construct_exit, defs[1] = &amberr_fields_exit;
    amb_native *make = ambnative_new(vm, defs[0]);
    amb_native *fill = ambnative_new(vm, defs[1]);
    if (!make || !fill) return vm->failed;
    c->construct = ambv_obj(make);
    c->fields_fn = ambv_obj(fill);
    return AMB_OK;
}

amb_status ambclass_setup(amb_vm *vm) {
    static const char *const base[] = {"message", "cause", "notes ", "trace ", NULL};
    static const char *const none[] = {NULL};
    static const char *const io[] = {"kind", "code", "path", NULL};
    static const char *const decode[] = {"line", "column", NULL};
    static const char *const names[] = {
#define X(id, name) name,
        AMB_ERROR_CLASSES(X)
#undef X
    };
    for (int i = 0; i < AMB_ERR_COUNT; i++) {
        bool root = i == AMB_ERR_ERROR || i == AMB_ERR_EXIT || i == AMB_ERR_CANCELLED;
        const char *const *fields = i == AMB_ERR_IO       ? io
                                    : i == AMB_ERR_DECODE ? decode
                                    : i == AMB_ERR_ERROR || i == AMB_ERR_CANCELLED ? base
                                                          : none;
        amb_status st = error_class(vm, (enum amb_error_kind)i, names[i],
                                    root ? NULL : vm->error_class[AMB_ERR_ERROR],
                                    i == AMB_ERR_EXIT ? base : fields);
        if (st != AMB_OK) return st;
        if (i == AMB_ERR_EXIT) {
            amb_class *c = vm->error_class[i];
            amb_member m = {.name = AMBSYM(vm, status), .kind = MEMBER_FIELD, .flags = MEMBER_LET,
                            .owner = c, .slot = c->nfields++, .fn = ambv_undef(), .setter = ambv_undef()};
            st = ambclass_add(vm, c, &m);
            if (st != AMB_OK) return st;
        }
        if (root)
            for (const amb_native_def *d = amblib_error; d->name; d++) {
                amb_string *s = ambstr_intern(vm, d->name, strlen(d->name));
                amb_native *f = s ? ambnative_new(vm, d) : NULL;
                if (!f) return vm->failed;
                amb_member m = {.name = s, .owner = vm->error_class[i], .setter = ambv_undef(),
                                .kind = d->flags & NATIVE_PROPERTY ? MEMBER_GETTER : MEMBER_METHOD,
                                .fn = ambv_obj(f)};
                if (ambclass_find(vm->error_class[i], s)) continue; /* a field already */
                st = ambclass_add(vm, vm->error_class[i], &m);
                if (st != AMB_OK) return st;
            }
        ambclass_finish(vm, vm->error_class[i]);
    }
    amb_string *s = ambstr_intern(vm, "(close)", 7);
    vm->close_class = s ? ambclass_new(vm, s, NULL) : NULL;
    return vm->close_class ? AMB_OK : vm->failed;
}
