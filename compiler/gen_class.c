/* SPDX-License-Identifier: MIT */
/* Code for classes, enums and their construction.
 *
 * A class gets up to four functions besides its methods: construct(params) makes an instance; fields
 * (self, params) fills one made by a subclass; init(self) runs the init blocks. Both construct
 * and fields evaluate the parent's arguments, have the parent fill its fields, then evaluate the own
 * ones. */
#include "gen.h"

#include <string.h>

bool gen_field_base(const struct amb_class_decl *c, struct amb_vm *vm, uint32_t *base)
{
    uint32_t n = 0;
    for (int depth = 0; c->parent; depth++) {
        if (depth > 1000) return false;
        if (c->parent_class) {
            c = c->parent_class;
            n += c->field_count;
            continue;
        }
        const struct amb_node *p = c->parent;
        if (p->kind != NODE_NAME || p->as.name.ref.kind != REF_PRELUDE) return false;
        int32_t fields = ambprelude_fields(vm, p->as.name.ref.index);
        if (fields < 0) return false;
        n += (uint32_t)fields;
        break;
    }
    *base = n;
    return true;
}

/* ---- construction ---- */

static void store_field(genfn *f, const struct amb_class_decl *c, uint32_t self, uint32_t index,
                        uint32_t from)
{
    uint32_t base;
    if (gen_field_base(c, f->g->vm, &base))
        gen_emit(f, OP_SETSLOT, ambreg(self), ambreg(from), (uint16_t)(base + index));
    else gen_emit(f, OP_SETOWN, ambreg(self), ambreg(from), (uint16_t)index);
}

/* Parent's fields, then the own ones, of the instance in `self`. */
static void fill(genfn *f, struct amb_class_decl *c, uint32_t self)
{
    if (c->parent) {
        uint32_t top = f->top, base = gen_alloc(f, 3);
        f->span = c->parent->span;
        gen_emit(f, OP_MOVE, ambreg(base + 2), ambreg(self), 0);
        uint32_t n = 0;
        for (uint32_t i = 0; i < c->super_args.len && !gen_failed(f); i++) {
            struct amb_node *a = c->super_args.at[i];
            uint32_t r = gen_alloc(f, 1);
            if (a->kind == NODE_NAMED) break;
            gen_expr(f, a, r);
            n++;
        }
        f->span = c->parent->span;
        if (n < c->super_args.len) {
            uint32_t names[256], count = 0;
            f->top = base + 3 + n;
            for (uint32_t i = n; i < c->super_args.len && count < 256; i++) {
                struct amb_node *a = c->super_args.at[i];
                gen_expr(f, a->as.named.value, gen_alloc(f, 1));
                names[count++] = ambpb_string(f->pb, a->as.named.name.at, a->as.named.name.len);
            }
            gen_emit(f, OP_SUPERFIELDSNAMED, ambreg(base), (uint16_t)c->super_args.len,
                     gen_k(f, ambpb_names(f->pb, names, count)));
        } else {
            gen_emit(f, OP_SUPERFIELDS, ambreg(base), (uint16_t)n, 0);
        }
        f->top = top;
    }
    for (uint32_t i = 0; i < c->field_count && !gen_failed(f); i++) {
        struct amb_field *fd = &c->fields[i];
        uint32_t top = f->top;
        f->span = fd->span;
        if (fd->param) {
            uint32_t r = fd->param->decl->reg;
            if (fd->param->decl->storage == STORE_CELL) {
                r = gen_alloc(f, 1);
                gen_emit(f, OP_CELLGET, ambreg(r), ambreg(fd->param->decl->reg), 0);
            }
            store_field(f, c, self, fd->index, r);
        } else if (fd->value) {
            uint32_t r = gen_alloc(f, 1);
            gen_expr(f, fd->value, r);
            if (fd->type) gen_check(f, fd->type, r, CHECK_FIELD, fd->name);
            store_field(f, c, self, fd->index, r);
        }
        f->top = top;
    }
}

static struct amb_proto *construction(genfn *outer, struct amb_class_decl *c, bool construct)
{
    genfn f;
    struct amb_fn *fn = c->fields_fn;
    if (!gen_open(outer->g, &f, outer, fn, c->name)) return NULL;
    for (int pass = 0; pass < 2; pass++) {
        f.top = f.most = 0;
        uint32_t self = construct ? NOREG : gen_alloc(&f, 1);
        uint32_t first = f.top;
        gen_params(&f, fn->params, fn->param_count);
        if (fn->scope)
            for (uint32_t i = 0; i < fn->scope->decl_count; i++) {
                struct amb_decl *d = fn->scope->decls[i];
                bool plain = false;
                for (uint32_t j = 0; j < fn->param_count; j++) plain = plain || fn->params[j].decl == d;
                if (!plain) d->reg = gen_alloc(&f, 1);
            }
        gen_param_code(&f, fn->params, fn->param_count, first);
        f.span = c->span;
        if (construct) {
            self = gen_alloc(&f, 1);
            gen_emit(&f, OP_NEW, ambreg(self), 0, 0);
        }
        fill(&f, c, self);
        f.span = c->span;
        if (construct && (c->init || c->parent)) {
            uint32_t base = gen_alloc(&f, 3);
            gen_emit(&f, OP_MOVE, ambreg(base + 2), ambreg(self), 0);
            gen_emit(&f, OP_INIT, ambreg(base), 0, 0);
        }
        if (construct) gen_emit(&f, OP_RETURN, ambreg(self), 0, 0);
        else gen_emit(&f, OP_RETNIL, 0, 0, 0);
        if (ambpb_here(f.pb) <= 32000 || f.far || gen_failed(&f)) break;
        ambpb_rewind(f.pb);
        f.far = true;
    }
    for (uint32_t i = 0; i < fn->upval_count; i++) {
        struct amb_upval *u = &fn->upvals[i];
        ambpb_upvalue(f.pb, u->from_outer_local, u->from_outer_local ? u->decl->reg : u->index);
    }
    ambpb_shape shape = { .nparams = fn->param_count, .nrequired = fn->required, .rest = fn->has_rest,
                          .takes_self = !construct };
    return gen_finish(&f, &shape);
}

/* copy(x: 1) of a value class: the header's fields by name, everything else as it is. */
static struct amb_proto *copier(genfn *outer, struct amb_class_decl *c)
{
    genfn f;
    if (!gen_open(outer->g, &f, outer, NULL, AMB_TEXT("copy"))) return NULL;
    f.span = c->span;
    uint32_t self = gen_alloc(&f, 1), n = c->fields_fn->param_count;
    for (uint32_t i = 0; i < n; i++) {
        gen_alloc(&f, 1);
        amb_text name = c->fields_fn->params[i].name;
        ambpb_param(f.pb, name.at, name.len);
    }
    uint32_t made = gen_alloc(&f, 2), base = 0;
    gen_field_base(c, outer->g->vm, &base);
    gen_emit(&f, OP_NEW, ambreg(made), 0, 0);
    for (uint32_t i = 0; i < base + c->field_count; i++) {
        uint32_t from = made + 1;
        struct amb_field *fd = i >= base ? &c->fields[i - base] : NULL;
        gen_emit(&f, OP_GETSLOT, ambreg(from), ambreg(self), (uint16_t)i);
        if (fd && fd->param) {
            uint32_t param = 1 + (uint32_t)(fd->param - c->fields_fn->params);
            label given = { 0 }, end = { 0 };
            gen_jump_if(&f, OP_JDEF, param, &given);
            gen_jump(&f, &end);
            gen_bind(&f, &given);
            gen_emit(&f, OP_MOVE, ambreg(from), ambreg(param), 0);
            if (fd->type) gen_emit(&f, OP_CHECKOWN, ambreg(from), gen_name(&f, fd->name), 0);
            gen_bind(&f, &end);
        }
        gen_emit(&f, OP_SETSLOT, ambreg(made), ambreg(from), (uint16_t)i);
    }
    gen_emit(&f, OP_RETURN, ambreg(made), 0, 0);
    ambpb_shape shape = { .nparams = n, .nrequired = 0, .takes_self = true,
                          .start = c->span.start, .end = c->span.end };
    return gen_finish(&f, &shape);
}

static uint32_t add_child(genfn *f, struct amb_proto *p)
{
    if (!p) {
        f->stop = true;
        return UINT32_MAX;
    }
    return ambpb_child(f->pb, p);
}

/* ---- members ---- */

static void methods(genfn *f, uint32_t desc, struct amb_method *list, uint32_t count)
{
    for (uint32_t i = 0; i < count && !gen_failed(f); i++) {
        struct amb_fn *fn = list[i].fn;
        static const uint8_t kinds[2][3] = {
            { AMBM_METHOD, AMBM_GETTER, AMBM_SETTER },
            { AMBM_STATIC_METHOD, AMBM_STATIC_GETTER, AMBM_STATIC_SETTER }
        };
        int k = fn->kind == AMB_FNK_GETTER ? 1 : fn->kind == AMB_FNK_SETTER ? 2 : 0;
        uint32_t child = gen_child(f, fn);
        ambpb_class_member(f->pb, desc, (enum ambpb_member)kinds[fn->is_static][k], list[i].name.at,
                           list[i].name.len, fn->is_private ? AMBMF_PRIVATE : 0, child, 0, 0);
    }
}

/* Type of a field: its index + 1; classes are loaded behind `cls`, *used of them so far. */
static uint32_t field_type(genfn *f, struct amb_class_decl *c, struct amb_node *type, bool is_static,
                           uint32_t *used, uint32_t *first_class)
{
    *first_class = *used;
    if (!type) return 0;
    uint32_t first, count, top = f->top;
    f->g->defining = c;
    f->g->in_fields = !is_static;
    uint32_t t = gen_type(f, type, &first, &count);
    f->g->defining = NULL;
    f->g->in_fields = false;
    *used += count;
    f->top = top + count; /* classes stay, one behind the other */
    return t + 1;
}

static void define_statics(genfn *f, struct amb_class_decl *c, uint32_t cls)
{
    struct amb_class_decl *outer = f->g->statics_of;
    f->g->statics_of = c;
    for (uint32_t i = 0; i < c->static_count && !gen_failed(f); i++) {
        struct amb_field *s = &c->statics[i];
        if (!s->value) continue;
        uint32_t top = f->top, r = gen_alloc(f, 1);
        gen_expr(f, s->value, r);
        if (s->type) gen_check(f, s->type, r, CHECK_FIELD, s->name);
        f->span = s->span;
        gen_emit(f, OP_SETSTATIC, ambreg(cls), ambreg(r), gen_name(f, s->name));
        f->top = top;
    }
    f->g->statics_of = outer;
}

void gen_class(genfn *f, struct amb_node *n)
{
    struct amb_class_decl *c = n->as.class_;
    uint32_t top = f->top, cls = gen_alloc(f, 1);
    if (c->parent) gen_expr(f, c->parent, cls);
    else gen_emit(f, OP_LOADNIL, ambreg(cls), 0, 0);
    uint32_t flags = (c->is_value ? AMBC_VALUE : 0u) | (c->is_open ? AMBC_OPEN : 0u) |
                     (c->private_ctor ? AMBC_PRIVATE_CTOR : 0u);
    uint32_t desc = ambpb_class(f->pb, c->name.at, c->name.len, flags), used = 0;
    for (uint32_t i = 0; i < c->field_count && !gen_failed(f); i++) {
        struct amb_field *fd = &c->fields[i];
        uint32_t first, type = field_type(f, c, fd->type, fd->is_static, &used, &first);
        uint32_t mf = (fd->is_private || fd->hidden ? AMBMF_PRIVATE : 0u) | (fd->is_var ? 0u : AMBMF_LET) |
                      (fd->param && !fd->is_private && !fd->hidden ? AMBMF_HEADER : 0u);
        /* A hidden field must not take the place of a member of the same name. */
        char hidden[80];
        amb_text name = fd->name;
        if (fd->hidden) {
            uint32_t len = name.len > 60 ? 60 : name.len;
            memcpy(hidden, name.at, len);
            memcpy(hidden + len, " (param)", 8);
            name = (amb_text){ hidden, len + 8 };
        }
        ambpb_class_member(f->pb, desc, AMBM_FIELD, name.at, name.len, mf, 0, type, first);
    }
    for (uint32_t i = 0; i < c->static_count && !gen_failed(f); i++) {
        struct amb_field *fd = &c->statics[i];
        uint32_t first, type = field_type(f, c, fd->type, fd->is_static, &used, &first);
        ambpb_class_member(f->pb, desc, AMBM_STATIC_FIELD, fd->name.at, fd->name.len,
                           (fd->is_private ? AMBMF_PRIVATE : 0u) | (fd->is_var ? 0u : AMBMF_LET), 0,
                           type, first);
    }
    methods(f, desc, c->methods, c->method_count);
    if (c->is_value) {
        bool own = false;
        for (uint32_t i = 0; i < c->method_count; i++)
            own = own || ambtext_equal(c->methods[i].name, AMB_TEXT("copy"));
        if (!own)
            ambpb_class_member(f->pb, desc, AMBM_METHOD, "copy", 4, 0, add_child(f, copier(f, c)), 0, 0);
    }
    if (!gen_failed(f)) {
        uint32_t construct = add_child(f, construction(f, c, true));
        uint32_t fields = c->extended || c->is_open ? add_child(f, construction(f, c, false)) : UINT32_MAX;
        uint32_t init = c->init ? gen_child(f, c->init) : UINT32_MAX;
        ambpb_class_ctor(f->pb, desc, construct, fields, init);
        ambpb_class_types(f->pb, desc, used);
    }
    f->span = c->span;
    gen_emit_bx(f, OP_CLASS, ambreg(cls), (int32_t)desc);
    gen_define(f, c->decl, cls);
    if (!c->statics_later) define_statics(f, c, cls);
    f->top = top;
}

void gen_statics(genfn *f, struct amb_node *n)
{
    struct amb_class_decl *c = n->as.class_;
    uint32_t top = f->top, cls = gen_alloc(f, 1);
    struct amb_ref ref = { .decl = c->decl, .kind = c->decl->storage == STORE_MODULE ? REF_MODULE : REF_LOCAL,
                           .index = c->decl->slot };
    gen_read(f, &ref, c->name, cls);
    define_statics(f, c, cls);
    f->top = top;
}

/* ---- enums ---- */

static struct amb_proto *case_constructor(genfn *outer, struct amb_enum_case *k)
{
    genfn f;
    if (!gen_open(outer->g, &f, outer, k->fn, k->name)) return NULL;
    gen_params(&f, k->params, k->param_count);
    gen_param_code(&f, k->params, k->param_count, 0);
    uint32_t self = gen_alloc(&f, 2);
    f.span = k->span;
    gen_emit(&f, OP_NEW, ambreg(self), 0, 0);
    for (uint32_t i = 0; i < k->param_count; i++) {
        struct amb_decl *d = k->params[i].decl;
        uint32_t r = i;
        if (d && d->storage == STORE_CELL) {
            r = self + 1;
            gen_emit(&f, OP_CELLGET, ambreg(r), ambreg(i), 0);
        }
        gen_emit(&f, OP_SETSLOT, ambreg(self), ambreg(r), (uint16_t)i);
    }
    gen_emit(&f, OP_RETURN, ambreg(self), 0, 0);
    uint32_t required = k->fn ? k->fn->required : k->param_count;
    for (uint32_t i = 0; k->fn && i < k->fn->upval_count; i++) {
        struct amb_upval *u = &k->fn->upvals[i];
        ambpb_upvalue(f.pb, u->from_outer_local, u->from_outer_local ? u->decl->reg : u->index);
    }
    bool rest = k->param_count && k->params[k->param_count - 1].rest;
    ambpb_shape shape = { .nparams = k->param_count, .nrequired = required, .rest = rest,
                          .start = k->span.start, .end = k->span.end };
    return gen_finish(&f, &shape);
}

void gen_enum(genfn *f, struct amb_node *n)
{
    struct amb_enum *e = n->as.enum_;
    uint32_t top = f->top, cls = gen_alloc(f, 1);
    gen_emit(f, OP_LOADNIL, ambreg(cls), 0, 0);
    uint32_t desc = ambpb_class(f->pb, e->name.at, e->name.len, AMBC_ENUM);
    methods(f, desc, e->methods, e->method_count);
    f->span = e->span;
    gen_emit_bx(f, OP_CLASS, ambreg(cls), (int32_t)desc);
    for (uint32_t i = 0; i < e->case_count && !gen_failed(f); i++) {
        struct amb_enum_case *k = &e->cases[i];
        f->span = k->span;
        uint32_t d = ambpb_class(f->pb, k->name.at, k->name.len, AMBC_CASE);
        for (uint32_t j = 0; j < k->param_count; j++)
            ambpb_class_member(f->pb, d, AMBM_FIELD, k->params[j].name.at, k->params[j].name.len,
                               AMBMF_LET | AMBMF_HEADER, 0, 0, 0);
        uint32_t make = k->has_params ? add_child(f, case_constructor(f, k)) : UINT32_MAX;
        if (!gen_failed(f)) ambpb_class_ctor(f->pb, d, make, UINT32_MAX, UINT32_MAX);
        gen_emit_bx(f, OP_CLASS, ambreg(cls), (int32_t)d);
    }
    gen_define(f, e->decl, cls);
    f->top = top;
}
