/* SPDX-License-Identifier: MIT */
/* Patterns and types: taking values apart, testing and checking them. */
#include "gen.h"

#include <string.h>

/* ---- types ---- */

static uint32_t builtin_mask(uint8_t b)
{
    static const uint32_t masks[BUILTIN_COUNT] = {
        [BUILTIN_INT] = AMBT_INT, [BUILTIN_FLOAT] = AMBT_FLOAT | AMBT_WIDEN,
        [BUILTIN_NUMBER] = AMBT_INT | AMBT_FLOAT, [BUILTIN_STRING] = AMBT_STRING,
        [BUILTIN_BYTES] = AMBT_BYTES, [BUILTIN_BOOL] = AMBT_BOOL, [BUILTIN_LIST] = AMBT_LIST,
        [BUILTIN_MAP] = AMBT_MAP, [BUILTIN_SET] = AMBT_SET, [BUILTIN_TUPLE] = AMBT_TUPLE,
        [BUILTIN_FN] = AMBT_FN, [BUILTIN_ANY] = AMBT_ANY, [BUILTIN_TASK] = AMBT_TASK,
        [BUILTIN_CHANNEL] = AMBT_CHANNEL, [BUILTIN_LOCK] = AMBT_LOCK
    };
    return masks[b];
}

typedef struct types {
    uint32_t mask;
    struct amb_node *classes[64];
    uint32_t nclasses;
    amb_text cap;
    bool too_many;
} types;

static void collect(types *t, struct amb_node *n)
{
    switch (n->kind) {
    case NODE_TYPE_NIL: t->mask |= AMBT_NIL; break;
    case NODE_TYPE_LIST: t->mask |= AMBT_LIST; break;
    case NODE_TYPE_MAP: t->mask |= AMBT_MAP; break;
    case NODE_TYPE_TUPLE: t->mask |= AMBT_TUPLE; break;
    case NODE_TYPE_FN: t->mask |= AMBT_FN; break;
    case NODE_TYPE_OPT:
        t->mask |= AMBT_NIL;
        collect(t, n->as.child);
        break;
    case NODE_TYPE_UNION:
        for (uint32_t i = 0; i < n->as.list.len; i++) collect(t, n->as.list.at[i]);
        break;
    case NODE_TYPE_NAME:
        if (n->as.type.kind == TYPE_BUILTIN) t->mask |= builtin_mask(n->as.type.builtin);
        else if (n->as.type.kind == TYPE_CAPABILITY) t->cap = n->as.type.text;
        else if (t->nclasses == 64) t->too_many = true;
        else t->classes[t->nclasses++] = n->as.type.path;
        break;
    default: break;
    }
}

bool gen_type_is_plain(const struct amb_node *type)
{
    types t = { 0 };
    collect(&t, (struct amb_node *)type);
    return t.nclasses == 0 && t.cap.len == 0;
}

/* The leftmost name of m.Class. */
static struct amb_node *root_of(struct amb_node *path)
{
    while (path->kind == NODE_MEMBER) path = path->as.member.object;
    return path;
}

/* Types of fields were resolved as part of the function that fills them, one level further in. */
static void type_class(genfn *f, struct amb_node *path, uint32_t r);
static void type_of_fields(genfn *f, const struct amb_class_decl *own, struct amb_node *path, uint32_t r)
{
    struct amb_node *root = root_of(path);
    struct amb_ref was = root->kind == NODE_NAME ? root->as.name.ref : (struct amb_ref){ 0 };
    if (was.kind == REF_UPVALUE) {
        const struct amb_upval *u = &own->fields_fn->upvals[was.index];
        root->as.name.ref.kind = u->from_outer_local ? REF_LOCAL : REF_UPVALUE;
        root->as.name.ref.index = u->index;
    }
    f->g->in_fields = false;
    type_class(f, path, r);
    f->g->in_fields = true;
    if (was.kind == REF_UPVALUE) root->as.name.ref = was;
}

/* A field's type may name its own class, which stands as `true`, or one that is declared later, which
 * stands as its name: the VM puts the class in its place. */
static void type_class(genfn *f, struct amb_node *path, uint32_t r)
{
    const struct amb_class_decl *own = f->g->defining;
    const struct amb_decl *decl = path->kind == NODE_NAME ? path->as.name.ref.decl : NULL;
    if (own && decl == own->decl) {
        gen_emit(f, OP_LOADTRUE, ambreg(r), 0, 0);
        return;
    }
    bool named = own && decl && (decl->kind == DECL_CLASS || decl->kind == DECL_ENUM);
    label defined = { 0 };
    if (own && f->g->in_fields) {
        type_of_fields(f, own, path, r);
        return;
    }
    /* The register of a local that is declared further down holds anything as yet. */
    if (!named || path->as.name.ref.kind != REF_LOCAL || decl->span.start < own->span.start) {
        gen_expr(f, path, r);
        if (!named) return;
        gen_jump_if(f, OP_JDEF, r, &defined);
    }
    gen_emit_bx(f, OP_LOADK, ambreg(r), (int32_t)ambpb_string(f->pb, decl->name.at, decl->name.len));
    gen_bind(f, &defined);
}

uint32_t gen_type(genfn *f, struct amb_node *type, uint32_t *first, uint32_t *count)
{
    types t = { 0 };
    collect(&t, type);
    if (t.too_many) gen_error_many(f, type->span, AMB_TEXT("64"), AMB_TEXT("classes in one type"));
    if ((t.mask & AMBT_INT)) t.mask &= ~(uint32_t)AMBT_WIDEN;
    *first = f->top;
    *count = t.nclasses;
    uint32_t r = gen_alloc(f, t.nclasses ? t.nclasses : 1);
    for (uint32_t i = 0; i < t.nclasses; i++) type_class(f, t.classes[i], r + i);
    amb_text text = { f->g->unit->src->text + type->span.start, type->span.end - type->span.start };
    uint32_t at = ambpb_type(f->pb, t.mask, t.nclasses, text.at, text.len);
    if (t.cap.len) ambpb_type_cap(f->pb, at, t.cap.at, t.cap.len);
    if (at > 0xffff) gen_error_many(f, type->span, AMB_TEXT("65536"), AMB_TEXT("types in one function"));
    return at;
}

void gen_check(genfn *f, struct amb_node *type, uint32_t reg, enum ambpb_check kind, amb_text name)
{
    uint32_t top = f->top, first, count;
    uint32_t t = gen_type(f, type, &first, &count);
    uint32_t k = ambpb_string(f->pb, name.at ? name.at : "", name.len);
    gen_emit(f, OP_CHECK, ambreg(reg), ambreg(first), (uint16_t)t);
    gen_word(f, (uint64_t)kind << 32 | k);
    f->top = top;
}

/* ---- patterns ---- */

static void fail_unless(genfn *f, uint32_t test, struct amb_node *p, uint32_t reg, label *fail)
{
    if (fail) {
        gen_jump_if(f, OP_JF, test, fail);
        return;
    }
    label ok = { 0 };
    gen_jump_if(f, OP_JT, test, &ok);
    amb_text text = { f->g->unit->src->text + p->span.start, p->span.end - p->span.start };
    if (text.len > 60) text.len = 60;
    while (text.len && ((unsigned char)text.at[text.len] & 0xc0) == 0x80) text.len--;
    gen_emit(f, OP_MISFIT, ambreg(reg), gen_name(f, text), 0);
    gen_bind(f, &ok);
}

/* Where a part is read to: the register of the name it is bound to, else t. */
static uint32_t place(const struct amb_node *inner, uint32_t t)
{
    if (inner->kind != NODE_PAT_BIND || inner->as.bind.decl->storage != STORE_REGISTER) return t;
    return inner->as.bind.decl->reg;
}

static void sequence(genfn *f, struct amb_node *p, uint32_t reg, label *fail)
{
    struct amb_nodes *l = &p->as.list;
    uint32_t rest = UINT32_MAX, n = l->len;
    for (uint32_t i = 0; i < n; i++)
        if (l->at[i]->kind == NODE_PAT_REST) rest = i;
    uint32_t fixed = rest == UINT32_MAX ? n : n - 1;
    uint32_t t = gen_alloc(f, 1);
    gen_emit(f, p->kind == NODE_PAT_LIST ? OP_TESTLIST : OP_TESTTUPLE, ambreg(t), ambreg(reg),
             (uint16_t)(fixed | (rest == UINT32_MAX ? 0u : 0x8000u)));
    fail_unless(f, t, p, reg, fail);
    for (uint32_t i = 0; i < n && !gen_failed(f); i++) {
        struct amb_node *e = l->at[i];
        f->span = e->span;
        if (e->kind == NODE_PAT_REST) {
            if (!e->as.bind.decl) continue;
            if (i > 255 || n - 1 - i > 255)
                gen_error_many(f, p->span, AMB_TEXT("255"), AMB_TEXT("elements on one side of a ...rest"));
            gen_emit(f, OP_TAIL, ambreg(t), ambreg(reg), (uint16_t)(i | (n - 1 - i) << 8));
            gen_define(f, e->as.bind.decl, t);
            continue;
        }
        struct amb_node *inner = e->kind == NODE_PAT_NAMED ? e->as.named.value : e;
        uint32_t to = place(inner, t);
        if (e->kind == NODE_PAT_NAMED) {
            gen_emit(f, OP_GETFIELD, ambreg(to), ambreg(reg), gen_name(f, e->as.named.name));
            gen_word(f, UINT32_MAX);
        } else {
            int32_t at = i < rest ? (int32_t)i : (int32_t)i - (int32_t)n;
            if (rest == UINT32_MAX) at = (int32_t)i;
            gen_emit(f, OP_ELEM, ambreg(to), ambreg(reg), (uint16_t)(int16_t)at);
        }
        uint32_t top = f->top;
        gen_pattern(f, inner, to, fail);
        f->top = top;
    }
}

static void mapping(genfn *f, struct amb_node *p, uint32_t reg, label *fail)
{
    struct amb_nodes *l = &p->as.list;
    uint32_t t = gen_alloc(f, 2), keys = t + 1;
    uint32_t type = ambpb_type(f->pb, AMBT_MAP, 0, "map", 3);
    gen_emit(f, OP_ISTYPE, ambreg(t), ambreg(reg), (uint16_t)type);
    fail_unless(f, t, p, reg, fail);
    bool rest = l->len && l->at[l->len - 1]->kind == NODE_PAT_REST;
    if (rest) gen_emit(f, OP_NEWLIST, ambreg(keys), 0, 0);
    for (uint32_t i = 0; i < l->len && !gen_failed(f); i++) {
        struct amb_node *e = l->at[i];
        f->span = e->span;
        uint32_t top = f->top;
        if (e->kind == NODE_PAT_REST) {
            gen_emit(f, OP_MAPREST, ambreg(t), ambreg(reg), ambreg(keys));
            gen_define(f, e->as.bind.decl, t);
            continue;
        }
        uint32_t key = gen_alloc(f, 1);
        gen_expr(f, e->as.pair.left, key);
        if (rest) gen_emit(f, OP_PUSH, ambreg(keys), ambreg(key), 0);
        gen_emit(f, OP_IN, ambreg(t), ambreg(key), ambreg(reg));
        fail_unless(f, t, p, reg, fail);
        gen_emit(f, OP_GETIDX, ambreg(key), ambreg(reg), ambreg(key));
        gen_pattern(f, e->as.pair.right, key, fail);
        f->top = top;
    }
}

static void call(genfn *f, struct amb_node *p, uint32_t reg, label *fail)
{
    uint32_t cls = gen_alloc(f, 2), t = cls + 1;
    gen_expr(f, p->as.pat_call.callee, cls);
    gen_emit(f, OP_ISINST, ambreg(t), ambreg(reg), ambreg(cls));
    fail_unless(f, t, p, reg, fail);
    struct amb_nodes *l = &p->as.pat_call.args;
    for (uint32_t i = 0; i < l->len && !gen_failed(f); i++) {
        struct amb_node *e = l->at[i];
        f->span = e->span;
        if (e->kind == NODE_PAT_REST) continue;
        struct amb_node *inner = e->kind == NODE_PAT_NAMED ? e->as.named.value : e;
        uint32_t to = place(inner, t);
        if (e->kind == NODE_PAT_NAMED) {
            gen_emit(f, OP_GETFIELD, ambreg(to), ambreg(reg), gen_name(f, e->as.named.name));
            gen_word(f, UINT32_MAX);
        } else {
            gen_emit(f, OP_MOVE, ambreg(to), ambreg(cls), 0);
            gen_emit(f, OP_PATFIELD, ambreg(to), ambreg(reg), (uint16_t)i);
        }
        uint32_t top = f->top;
        gen_pattern(f, inner, to, fail);
        f->top = top;
    }
}

static void bounds(genfn *f, struct amb_node *p, uint32_t reg, label *fail)
{
    struct amb_node *from = p->as.range.from, *to = p->as.range.to;
    bool text = (from ? from : to)->kind == NODE_STRING;
    uint32_t t = gen_alloc(f, 1);
    uint32_t type = text ? ambpb_type(f->pb, AMBT_STRING, 0, "string", 6)
                         : ambpb_type(f->pb, AMBT_INT | AMBT_FLOAT, 0, "number", 6);
    gen_emit(f, OP_ISTYPE, ambreg(t), ambreg(reg), (uint16_t)type);
    fail_unless(f, t, p, reg, fail);
    label out = { 0 }, *l = fail ? fail : &out;
    if (from) {
        gen_expr(f, from, t);
        gen_jump_cmp(f, OP_JNGE, ambreg(reg), ambreg(t), l);
    }
    if (to) {
        gen_expr(f, to, t);
        gen_jump_cmp(f, p->as.range.closed ? OP_JNLE : OP_JNLT, ambreg(reg), ambreg(t), l);
    }
}

static void value(genfn *f, struct amb_node *p, uint32_t reg, label *fail)
{
    struct amb_node *v = p->as.child;
    int64_t i;
    if (fail && v->kind == NODE_NIL) {
        gen_jump_if(f, OP_JNNIL, reg, fail);
        return;
    }
    if (fail && gen_small_int(v, &i)) {
        gen_jump_cmp(f, OP_JMISI, ambreg(reg), (uint16_t)(int16_t)i, fail);
        return;
    }
    if (fail && v->kind == NODE_STRING) {
        uint32_t k = ambpb_string(f->pb, v->as.text.at, v->as.text.len);
        if (k <= AMB_MAX_KSCALED) {
            gen_jump_cmp(f, OP_JMISK, ambreg(reg), ambreg(k), fail);
            return;
        }
    }
    uint32_t t = gen_alloc(f, 1);
    gen_expr(f, v, t);
    gen_emit(f, OP_SAME, ambreg(t), ambreg(reg), ambreg(t));
    fail_unless(f, t, p, reg, fail);
}

void gen_pattern(genfn *f, struct amb_node *p, uint32_t reg, label *fail)
{
    if (gen_failed(f)) return;
    uint32_t top = f->top;
    f->span = p->span;
    switch (p->kind) {
    case NODE_PAT_WILD: break;
    case NODE_PAT_BIND: gen_define(f, p->as.bind.decl, reg); break;
    case NODE_PAT_AS:
        gen_pattern(f, p->as.bind.inner, reg, fail);
        gen_define(f, p->as.bind.decl, reg);
        break;
    case NODE_PAT_VALUE: value(f, p, reg, fail); break;
    case NODE_PAT_RANGE: bounds(f, p, reg, fail); break;
    case NODE_PAT_IS: {
        uint32_t first, count;
        uint32_t type = gen_type(f, p->as.is.type, &first, &count);
        gen_emit(f, OP_ISTYPE, ambreg(first), ambreg(reg), (uint16_t)type);
        if (p->as.is.negated) gen_emit(f, OP_NOT, ambreg(first), ambreg(first), 0);
        fail_unless(f, first, p, reg, fail);
        break;
    }
    case NODE_PAT_TUPLE:
    case NODE_PAT_LIST: sequence(f, p, reg, fail); break;
    case NODE_PAT_MAP: mapping(f, p, reg, fail); break;
    case NODE_PAT_CALL: call(f, p, reg, fail); break;
    case NODE_PAT_OR: {
        label done = { 0 };
        for (uint32_t i = 0; i < p->as.list.len && !gen_failed(f); i++) {
            bool last = i + 1 == p->as.list.len;
            label next = { 0 };
            gen_pattern(f, p->as.list.at[i], reg, last ? fail : &next);
            if (!last) gen_jump(f, &done);
            gen_bind(f, &next);
        }
        gen_bind(f, &done);
        break;
    }
    default: break;
    }
    f->top = top;
}
