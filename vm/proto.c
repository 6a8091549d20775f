/* SPDX-License-Identifier: MIT */
/* Building functions: the builder behind proto.h and the life of function objects. */
#include <stdlib.h>
#include <string.h>

#include "code.h"
#include "module.h"
#include "class.h"
#include "run.h"

#define FAR_K (AMB_MAX_KSCALED + 1u)
#define NEAR_LITERALS 1024u /* so many literals may take numbers that operands can name */

/* A growing array in VM memory. */
typedef struct vec {
    char *p;
    uint32_t len, cap, size;
} vec;

struct ambpb {
    amb_vm *vm;
    amb_module *module;
    amb_string *name;
    bool failed;
    vec code, spans, k, protos, upvalues, types, handlers, classes, params;
    vec far_k; /* constants numbered from FAR_K on: LOADK reaches them, operands do not */
    bool loading; /* constants asked for now are only loaded */
    uint32_t *index; /* open addressing over constants: slot = constant + 1 */
    uint32_t index_cap;
};

static void *grow(ambpb *pb, vec *v, uint32_t n) {
    if (v->len + n > v->cap) {
        uint32_t cap = v->cap ? v->cap * 2 : 16;
        while (cap < v->len + n) cap *= 2;
        char *p = ambgc_realloc(pb->vm, v->p, (size_t)v->cap * v->size, (size_t)cap * v->size);
        if (!p) {
            pb->failed = true;
            return NULL;
        }
        v->p = p;
        v->cap = cap;
    }
    void *at = v->p + (size_t)v->len * v->size;
    v->len += n;
    return at;
}

static void drop(ambpb *pb, vec *v) {
    ambgc_free(pb->vm, v->p, (size_t)v->cap * v->size);
    v->p = NULL;
    v->len = v->cap = 0;
}

ambpb *ambpb_new(struct amb_vm *vm, struct amb_module *module, const char *name, size_t len) {
    ambpb *pb = ambgc_malloc(vm, sizeof *pb);
    if (!pb) return NULL;
    memset(pb, 0, sizeof *pb);
    pb->vm = vm;
    pb->module = module;
    pb->name = ambstr_intern(vm, name, len);
    if (!pb->name) pb->failed = true;
    pb->code.size = sizeof(amb_instr);
    pb->spans.size = sizeof(amb_span32);
    pb->k.size = pb->far_k.size = sizeof(ambv);
    pb->protos.size = sizeof(amb_proto *);
    pb->upvalues.size = sizeof(amb_upvalue);
    pb->types.size = sizeof(amb_typecheck);
    pb->handlers.size = sizeof(amb_handler);
    pb->classes.size = sizeof(amb_class_desc);
    pb->params.size = sizeof(amb_string *);
    return pb;
}

static void free_classes(amb_vm *vm, amb_class_desc *d, uint32_t n) {
    for (uint32_t i = 0; i < n; i++)
        ambgc_free(vm, d[i].members, d[i].members_cap * sizeof *d[i].members);
}

void ambpb_free(ambpb *pb) {
    if (!pb) return;
    free_classes(pb->vm, (amb_class_desc *)pb->classes.p, pb->classes.len);
    drop(pb, &pb->code);
    drop(pb, &pb->spans);
    drop(pb, &pb->k);
    drop(pb, &pb->far_k);
    drop(pb, &pb->protos);
    drop(pb, &pb->upvalues);
    drop(pb, &pb->types);
    drop(pb, &pb->handlers);
    drop(pb, &pb->classes);
    drop(pb, &pb->params);
    ambgc_free(pb->vm, pb->index, pb->index_cap * sizeof *pb->index);
    ambgc_free(pb->vm, pb, sizeof *pb);
}

uint32_t ambpb_here(const ambpb *pb) { return pb->code.len; }
bool ambpb_failed(const ambpb *pb) { return pb->failed; }

uint32_t ambpb_emit(ambpb *pb, enum amb_opcode op, uint16_t a, uint16_t b, uint16_t c,
                    uint32_t start, uint32_t end) {
    uint32_t at = pb->code.len;
    amb_instr *i = grow(pb, &pb->code, 1);
    amb_span32 *s = grow(pb, &pb->spans, 1);
    if (i) *i = (amb_instr){(uint16_t)op, a, b, c};
    if (s) *s = (amb_span32){start, end};
    return at;
}

void ambpb_word(ambpb *pb, uint64_t w) {
    amb_span32 last = {0, 0};
    if (pb->spans.len) last = ((amb_span32 *)pb->spans.p)[pb->spans.len - 1];
    uint64_t *i = grow(pb, &pb->code, 1);
    amb_span32 *s = grow(pb, &pb->spans, 1);
    if (i) *i = w;
    if (s) *s = last;
}

amb_instr *ambpb_at(ambpb *pb, uint32_t at) { return (amb_instr *)pb->code.p + at; }

void ambpb_rewind(ambpb *pb) {
    free_classes(pb->vm, (amb_class_desc *)pb->classes.p, pb->classes.len);
    pb->code.len = pb->spans.len = pb->protos.len = pb->upvalues.len = 0;
    pb->types.len = pb->handlers.len = pb->classes.len = pb->params.len = 0;
}

/* ---- constants ---- */

static uint32_t const_hash(ambv v) {
    uint64_t x = (v.u ^ v.tag << 56) * 0x9e3779b97f4a7c15u;
    return (uint32_t)(x >> 32);
}

static ambv constant_at(const ambpb *pb, uint32_t i) {
    return i < FAR_K ? ((const ambv *)pb->k.p)[i] : ((const ambv *)pb->far_k.p)[i - FAR_K];
}

static bool index_grow(ambpb *pb) {
    uint32_t cap = pb->index_cap ? pb->index_cap * 2 : 32;
    uint32_t *index = ambgc_malloc(pb->vm, cap * sizeof *index);
    if (!index) {
        pb->failed = true;
        return false;
    }
    memset(index, 0, cap * sizeof *index);
    for (uint32_t i = 0; i < pb->index_cap; i++) {
        if (!pb->index[i]) continue;
        uint32_t at = const_hash(constant_at(pb, pb->index[i] - 1)) & (cap - 1);
        while (index[at]) at = (at + 1) & (cap - 1);
        index[at] = pb->index[i];
    }
    ambgc_free(pb->vm, pb->index, pb->index_cap * sizeof *index);
    pb->index = index;
    pb->index_cap = cap;
    return true;
}

static uint32_t constant(ambpb *pb, ambv v) {
    if ((pb->k.len + pb->far_k.len) * 2 >= pb->index_cap && !index_grow(pb)) return 0;
    uint32_t at = const_hash(v) & (pb->index_cap - 1);
    while (pb->index[at]) {
        ambv have = constant_at(pb, pb->index[at] - 1);
        bool near = pb->index[at] <= FAR_K;
        if (have.tag == v.tag && have.u == v.u && (near || pb->loading || pb->k.len >= FAR_K))
            return pb->index[at] - 1;
        at = (at + 1) & (pb->index_cap - 1);
    }
    bool far = pb->k.len >= FAR_K || (pb->loading && pb->k.len >= NEAR_LITERALS);
    uint32_t n = far ? FAR_K + pb->far_k.len : pb->k.len;
    ambv *slot = grow(pb, far ? &pb->far_k : &pb->k, 1);
    if (!slot) return 0;
    *slot = v;
    pb->index[at] = n + 1;
    return n;
}

void ambpb_loading(ambpb *pb, bool on) { pb->loading = on; }

/* Puts the far constants behind the near ones. */
static void join_constants(ambpb *pb) {
    if (!pb->far_k.len) return;
    while (pb->k.len < FAR_K) {
        ambv *v = grow(pb, &pb->k, 1);
        if (!v) return;
        *v = ambv_nil();
    }
    ambv *to = grow(pb, &pb->k, pb->far_k.len);
    if (to) memcpy(to, pb->far_k.p, pb->far_k.len * sizeof *to);
}

uint32_t ambpb_int(ambpb *pb, int64_t i) { return constant(pb, ambv_int(i)); }
uint32_t ambpb_float(ambpb *pb, double f) { return constant(pb, ambv_float(f)); }

uint32_t ambpb_string(ambpb *pb, const char *s, size_t len) {
    amb_string *str = ambstr_intern(pb->vm, s, len);
    if (!str) {
        pb->failed = true;
        return 0;
    }
    return constant(pb, ambv_obj(str));
}

uint32_t ambpb_bytes(ambpb *pb, const char *s, size_t len) {
    amb_bytes *b = ambbytes_new(pb->vm, s, len);
    if (!b) {
        pb->failed = true;
        return 0;
    }
    b->h.flags |= OBJ_FROZEN;
    return constant(pb, ambv_obj(b));
}

uint32_t ambpb_names(ambpb *pb, const uint32_t *strings, uint32_t n) {
    amb_tuple *t = pb->failed ? NULL : ambtuple_new(pb->vm, n);
    if (!t) {
        pb->failed = true;
        return 0;
    }
    for (uint32_t i = 0; i < n; i++) t->vals[i] = constant_at(pb, strings[i]);
    return constant(pb, ambv_obj(t));
}

uint32_t ambpb_module(ambpb *pb, struct amb_module *m) { return constant(pb, ambv_obj(m)); }

uint32_t ambpb_prelude(ambpb *pb, uint32_t index) {
    amb_vm *vm = pb->vm;
    amb_status st = ambprelude_resolve(vm, index);
    if (st == AMB_E_THROW && vm->prelude->entries[index].entry_only) { /* stdin, where the host has none */
        vm->exc = ambv_undef();
        return constant(pb, ambv_nil());
    }
    if (st != AMB_OK) {
        pb->failed = true;
        return 0;
    }
    return constant(pb, vm->prelude->entries[index].value);
}

/* ---- what follows an instruction ---- */

void ambpb_slot_word(ambpb *pb, struct amb_module *m, uint32_t slot) {
    ambpb_word(pb, (uint64_t)(uintptr_t)&m->slots[slot]);
    ambpb_module(pb, m); /* keeps the slots alive as long as the code */
}

static bool native_fits(ambv v, uint32_t nargs) {
    if (v.tag != TAG_NATIVE) return false;
    const amb_native_def *d = v.native->def;
    return nargs >= d->min && (nargs <= d->max || (d->flags & NATIVE_REST)) &&
           !(d->flags & NATIVE_METHOD);
}

bool ambpb_is_native_prelude(const struct amb_vm *vm, uint32_t index, uint32_t nargs) {
    return native_fits(vm->prelude->entries[index].value, nargs);
}

void ambpb_native_prelude_word(ambpb *pb, uint32_t index) {
    ambpb_word(pb, (uint64_t)(uintptr_t)pb->vm->prelude->entries[index].value.native->def);
}

bool ambpb_is_native_export(const struct amb_module *m, uint32_t slot, uint32_t nargs) {
    return m->standard && native_fits(m->slots[slot], nargs) && m->slots[slot].native->def->fn;
}

void ambpb_native_export_word(ambpb *pb, struct amb_module *m, uint32_t slot) {
    ambpb_word(pb, (uint64_t)(uintptr_t)m->slots[slot].native->def);
}

/* ---- types ---- */

static uint32_t tag_bits(uint32_t mask) {
    static const struct {
        uint32_t type, tags;
    } map[] = {
        {AMBT_NIL, 1u << TAG_NIL},
        {AMBT_BOOL, 1u << TAG_FALSE | 1u << TAG_TRUE},
        {AMBT_INT, 1u << TAG_INT},
        {AMBT_FLOAT, 1u << TAG_FLOAT},
        {AMBT_STRING, 1u << TAG_STRING},
        {AMBT_BYTES, 1u << TAG_BYTES},
        {AMBT_LIST, 1u << TAG_LIST},
        {AMBT_TUPLE, 1u << TAG_TUPLE},
        {AMBT_MAP, 1u << TAG_MAP},
        {AMBT_SET, 1u << TAG_SET},
        {AMBT_FN, 1u << TAG_CLOSURE | 1u << TAG_NATIVE | 1u << TAG_BOUND | 1u << TAG_CLASS},
        {AMBT_RANGE, 1u << TAG_RANGE},
        {AMBT_TASK, 1u << TAG_TASK},
        {AMBT_CHANNEL, 1u << TAG_CHANNEL},
        {AMBT_LOCK, 1u << TAG_LOCK},
    };
    if (mask & AMBT_ANY) return ~0u;
    uint32_t bits = 0;
    for (unsigned i = 0; i < sizeof map / sizeof *map; i++)
        if (mask & map[i].type) bits |= map[i].tags;
    return bits;
}

uint32_t ambpb_type(ambpb *pb, uint32_t mask, uint32_t nclasses, const char *text, size_t len) {
    uint32_t at = pb->types.len;
    amb_string *s = ambstr_intern(pb->vm, text, len);
    amb_typecheck *t = grow(pb, &pb->types, 1);
    if (!s || !t) {
        pb->failed = true;
        return 0;
    }
    *t = (amb_typecheck){tag_bits(mask), mask & AMBT_WIDEN, nclasses, s, NULL};
    return at;
}

void ambpb_type_cap(ambpb *pb, uint32_t type, const char *text, size_t len) {
    amb_string *s = ambstr_intern(pb->vm, text, len);
    if (!s || pb->failed) {
        pb->failed = true;
        return;
    }
    ((amb_typecheck *)pb->types.p)[type].cap = s;
}

/* ---- parts ---- */

void ambpb_upvalue(ambpb *pb, bool from_register, uint32_t index) {
    amb_upvalue *u = grow(pb, &pb->upvalues, 1);
    if (u) *u = (amb_upvalue){from_register, (uint16_t)index};
}

uint32_t ambpb_child(ambpb *pb, struct amb_proto *child) {
    uint32_t at = pb->protos.len;
    amb_proto **p = grow(pb, &pb->protos, 1);
    if (p) *p = child;
    return at;
}

void ambpb_handler(ambpb *pb, uint32_t start, uint32_t end, uint32_t target, uint32_t reg) {
    if (start == end) return;
    amb_handler *h = grow(pb, &pb->handlers, 1);
    if (h) *h = (amb_handler){start, end, target, reg};
}

void ambpb_param(ambpb *pb, const char *name, size_t len) {
    amb_string *s = ambstr_intern(pb->vm, name, len);
    amb_string **p = grow(pb, &pb->params, 1);
    if (s && p) *p = s;
    else pb->failed = true;
}

/* ---- classes ---- */

uint32_t ambpb_class(ambpb *pb, const char *name, size_t len, uint32_t flags) {
    uint32_t at = pb->classes.len;
    amb_string *s = ambstr_intern(pb->vm, name, len);
    amb_class_desc *d = grow(pb, &pb->classes, 1);
    if (!s || !d) {
        if (d) pb->classes.len--;
        pb->failed = true;
        return 0;
    }
    *d = (amb_class_desc){.name = s, .flags = flags, .construct = UINT32_MAX, .fields = UINT32_MAX,
                          .init = UINT32_MAX};
    return at;
}

void ambpb_class_member(ambpb *pb, uint32_t cls, enum ambpb_member kind, const char *name, size_t len,
                        uint32_t flags, uint32_t child, uint32_t type, uint32_t first_class) {
    if (pb->failed) return;
    amb_class_desc *d = (amb_class_desc *)pb->classes.p + cls;
    if (d->nmembers == d->members_cap) {
        uint32_t cap = d->members_cap ? d->members_cap * 2 : 8;
        amb_class_member *m = ambgc_realloc(pb->vm, d->members, d->members_cap * sizeof *m,
                                            cap * sizeof *m);
        if (!m) {
            pb->failed = true;
            return;
        }
        d->members = m;
        d->members_cap = cap;
    }
    amb_string *s = ambstr_intern(pb->vm, name, len);
    if (!s) {
        pb->failed = true;
        return;
    }
    d->members[d->nmembers++] =
        (amb_class_member){s, (uint8_t)kind, (uint8_t)flags, child, type, first_class};
}

void ambpb_class_ctor(ambpb *pb, uint32_t cls, uint32_t construct, uint32_t fields, uint32_t init) {
    if (pb->failed) return;
    amb_class_desc *d = (amb_class_desc *)pb->classes.p + cls;
    d->construct = construct;
    d->fields = fields;
    d->init = init;
}

void ambpb_class_types(ambpb *pb, uint32_t cls, uint32_t count) {
    if (!pb->failed) ((amb_class_desc *)pb->classes.p)[cls].ntypes = count;
}

/* ---- finishing ---- */

/* Hands the array over, cut to size where that is possible. */
static void *take(ambpb *pb, vec *v) {
    if (v->len == 0) {
        drop(pb, v);
        return NULL;
    }
    if (v->len < v->cap) {
        char *p = ambgc_realloc(pb->vm, v->p, (size_t)v->cap * v->size, (size_t)v->len * v->size);
        if (!p) {
            pb->failed = true;
            return NULL;
        }
        v->p = p;
        v->cap = v->len;
    }
    return v->p;
}

struct amb_proto *ambpb_finish(ambpb *pb, const ambpb_shape *shape) {
    amb_vm *vm = pb->vm;
    amb_proto *p = NULL;
    if (pb->failed) goto done;
    join_constants(pb);
    take(pb, &pb->code);
    take(pb, &pb->spans);
    take(pb, &pb->k);
    take(pb, &pb->protos);
    take(pb, &pb->upvalues);
    take(pb, &pb->types);
    take(pb, &pb->handlers);
    take(pb, &pb->classes);
    take(pb, &pb->params);
    if (pb->failed) goto done;
    p = ambgc_new(vm, sizeof *p, TAG_PROTO);
    if (!p) goto done;
    amb_obj h = p->h;
    memset(p, 0, sizeof *p);
    p->h = h;
    if (!ambgc_track(vm, p)) {
        p = NULL;
        goto done;
    }
    ambproto_fuse((amb_instr *)pb->code.p, pb->code.len, pb->handlers.len > 0);
    p->code = (amb_instr *)pb->code.p;
    p->spans = (amb_span32 *)pb->spans.p;
    p->k = (ambv *)pb->k.p;
    p->protos = (amb_proto **)pb->protos.p;
    p->upvalues = (amb_upvalue *)pb->upvalues.p;
    p->types = (amb_typecheck *)pb->types.p;
    p->handlers = (amb_handler *)pb->handlers.p;
    p->classes = (amb_class_desc *)pb->classes.p;
    p->params = (amb_string **)pb->params.p;
    p->ncode = pb->code.len;
    p->nk = pb->k.len;
    p->nprotos = pb->protos.len;
    p->nupvalues = pb->upvalues.len;
    p->ntypes = pb->types.len;
    p->nhandlers = pb->handlers.len;
    p->nclasses = pb->classes.len;
    p->frame_bytes = (shape->nregs + 1) * (uint32_t)sizeof(ambv);
    p->nparams = (uint16_t)shape->nparams;
    p->nrequired = (uint16_t)shape->nrequired;
    p->flags = (uint8_t)((shape->rest ? PROTO_REST : 0) | (shape->generator ? PROTO_GENERATOR : 0) |
                         (shape->takes_self ? PROTO_SELF : 0));
    p->exact = shape->rest || shape->nrequired != shape->nparams
                   ? 0xffff
                   : (uint16_t)(shape->nparams + shape->takes_self);
    p->cost = (uint16_t)(p->ncode < 4 ? 4 : p->ncode > 200 ? 200 : p->ncode);
    p->whole = (amb_span32){shape->start, shape->end};
    p->name = pb->name;
    p->module = pb->module;
    if (pb->module->hidden) p->flags |= PROTO_HIDDEN;
    pb->code.p = pb->spans.p = pb->k.p = pb->protos.p = pb->upvalues.p = pb->types.p = NULL;
    pb->handlers.p = pb->classes.p = pb->params.p = NULL;
    pb->classes.len = 0;
done:
    ambpb_free(pb);
    return p;
}

void ambproto_mark(struct ambgc *gc, amb_proto *p) {
    ambgc_mark_obj(gc, p->name);
    ambgc_mark_obj(gc, p->module);
    for (uint32_t i = 0; i < p->nk; i++) ambgc_mark_value(gc, p->k[i]);
    for (uint32_t i = 0; i < p->nprotos; i++) ambgc_mark_obj(gc, p->protos[i]);
    for (uint32_t i = 0; i < p->nparams; i++) ambgc_mark_obj(gc, p->params[i]);
    for (uint32_t i = 0; i < p->ntypes; i++) {
        ambgc_mark_obj(gc, p->types[i].text);
        ambgc_mark_obj(gc, p->types[i].cap);
    }
    for (uint32_t i = 0; i < p->nclasses; i++) {
        ambgc_mark_obj(gc, p->classes[i].name);
        for (uint32_t j = 0; j < p->classes[i].nmembers; j++)
            ambgc_mark_obj(gc, p->classes[i].members[j].name);
    }
}

void ambproto_finalize(amb_vm *vm, amb_proto *p) {
    free_classes(vm, p->classes, p->nclasses);
    ambgc_free(vm, p->code, p->ncode * sizeof *p->code);
    ambgc_free(vm, p->spans, p->ncode * sizeof *p->spans);
    ambgc_free(vm, p->k, p->nk * sizeof *p->k);
    ambgc_free(vm, p->protos, p->nprotos * sizeof *p->protos);
    ambgc_free(vm, p->upvalues, p->nupvalues * sizeof *p->upvalues);
    ambgc_free(vm, p->types, p->ntypes * sizeof *p->types);
    ambgc_free(vm, p->handlers, p->nhandlers * sizeof *p->handlers);
    ambgc_free(vm, p->classes, p->nclasses * sizeof *p->classes);
    ambgc_free(vm, p->params, p->nparams * sizeof *p->params);
}
