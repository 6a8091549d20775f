/* SPDX-License-Identifier: MIT */
/* Classes and enums: members, parents, private names. */
#include "scope_pass.h"

#include <string.h>

#define MAX_ANCESTORS \
    64 /* searched for a field; beyond, the look-up happens at run time */

/* ---- members, found by owner and name */

static uint64_t hash_member(const struct ambscope *s, const void *owner, amb_text name)
{
    uint64_t h = s->seed ^ (uint64_t)(uintptr_t)owner * 0x9e3779b97f4a7c15u;
    for (uint32_t i = 0; i < name.len; i++)
        h = (h ^ (unsigned char)name.at[i]) * 0x9e3779b97f4a7c15u;
    return h ^ h >> 29;
}

static uint32_t *member_slot(struct ambscope *s, const void *owner, amb_text name)
{
    uint32_t at = (uint32_t)hash_member(s, owner, name) & (s->member_index_size - 1);
    while (s->member_index[at]) {
        const struct ambscope_member *m = &s->members[s->member_index[at] - 1];
        if (m->owner == owner && ambtext_equal(m->name, name)) break;
        at = (at + 1) & (s->member_index_size - 1);
    }
    return &s->member_index[at];
}

const struct ambscope_member *ambscope_member(struct ambscope *s, const void *owner,
                                              amb_text name)
{
    if (s->member_index_size == 0) return NULL;
    uint32_t found = *member_slot(s, owner, name);
    return found ? &s->members[found - 1] : NULL;
}

static bool is_pair(const struct ambscope_member *a, const struct ambscope_member *b)
{
    return a->method && b->method && !a->has_other &&
           a->method->fn->is_static == b->method->fn->is_static &&
           ((a->method->fn->kind == AMB_FNK_GETTER &&
             b->method->fn->kind == AMB_FNK_SETTER) ||
            (a->method->fn->kind == AMB_FNK_SETTER &&
             b->method->fn->kind == AMB_FNK_GETTER));
}

static void add_member(struct ambscope *s, const struct ambscope_member *member,
                       amb_span at, amb_text owner_name)
{
    if ((s->member_count + 1) * 2 > s->member_index_size) {
        s->member_index_size = s->member_index_size ? s->member_index_size * 2 : 64;
        s->member_index =
            ambarena_alloc(s->arena, s->member_index_size * sizeof *s->member_index);
        for (uint32_t i = 0; i < s->member_count; i++)
            *member_slot(s, s->members[i].owner, s->members[i].name) = i + 1;
    }
    uint32_t *slot = member_slot(s, member->owner, member->name);
    if (*slot) {
        struct ambscope_member *earlier = &s->members[*slot - 1];
        if (is_pair(earlier, member))
            earlier->has_other = true;
        else
            ambdiag_add(s->diags, DIAG_DUPLICATE_MEMBER, at, member->name, owner_name);
        return;
    }
    ambarena_grow(s->arena, (void **)&s->members, &s->member_cap, s->member_count + 1,
                  sizeof *s->members);
    s->members[s->member_count++] = *member;
    *slot = s->member_count;
}

static bool is_private(const struct ambscope_member *member)
{
    return member->field ? member->field->is_private
                         : member->method && member->method->fn->is_private;
}

/* ---- heads: before any statement of the block is walked */

static struct amb_class_decl *class_of(const struct amb_decl *decl)
{
    return decl && decl->kind == DECL_CLASS ? decl->node->as.class_ : NULL;
}

static void find_parent(struct ambscope *s, struct amb_class_decl *cls)
{
    const struct amb_node *parent = cls->parent;
    if (parent->kind != NODE_NAME) return;
    struct ambscope_symbol *symbol = ambscope_find(s, parent->as.name.name, false);
    struct amb_decl *decl = symbol ? symbol->decl : NULL;
    if (!decl) return;
    cls->parent_class = class_of(decl);
    if (cls->parent_class) {
        cls->parent_class->extended = true;
        if (cls->parent_class->is_value)
            ambdiag_add(s->diags, DIAG_VALUE_CLASS, parent->span,
                        AMB_TEXT("cannot be extended"));
        return;
    }
    if (decl->kind != DECL_IMPORT_NAME)
        ambdiag_add(s->diags, DIAG_BAD_PARENT, parent->span, decl->name,
                    ambscope_kind_text(decl));
}

void ambscope_class_head(struct ambscope *s, struct amb_class_decl *cls)
{
    cls->id = s->module->class_count++;
    cls->outer = s->cls;
    if (cls->parent) find_parent(s, cls);
    for (uint32_t i = 0; i < cls->field_count; i++) {
        struct amb_field *field = &cls->fields[i];
        add_member(s,
                   &(struct ambscope_member){cls, field->name, field, NULL, NULL, false},
                   field->span, cls->name);
    }
    for (uint32_t i = 0; i < cls->static_count; i++) {
        struct amb_field *field = &cls->statics[i];
        add_member(s,
                   &(struct ambscope_member){cls, field->name, field, NULL, NULL, false},
                   field->span, cls->name);
    }
    for (uint32_t i = 0; i < cls->method_count; i++) {
        struct amb_method *method = &cls->methods[i];
        add_member(
            s, &(struct ambscope_member){cls, method->name, NULL, method, NULL, false},
            method->fn->name_span, cls->name);
    }
}

void ambscope_enum_head(struct ambscope *s, struct amb_enum *e)
{
    e->id = s->module->class_count++;
    for (uint32_t i = 0; i < e->case_count; i++) {
        struct amb_enum_case *c = &e->cases[i];
        add_member(s, &(struct ambscope_member){e, c->name, NULL, NULL, c, false},
                   c->span, e->name);
    }
    for (uint32_t i = 0; i < e->method_count; i++) {
        struct amb_method *method = &e->methods[i];
        add_member(s,
                   &(struct ambscope_member){e, method->name, NULL, method, NULL, false},
                   method->fn->name_span, e->name);
    }
}

/* A cycle lies wholly within one block, since a class cannot see those of inner blocks.
 * `gen` is not in use yet: meanwhile it marks the walk that passed a class last. */
void ambscope_class_cycles(struct ambscope *s, struct amb_node *block)
{
    const struct amb_nodes *stmts = &block->as.block.stmts;
    for (uint32_t i = 0; i < stmts->len; i++) {
        if (stmts->at[i]->kind != NODE_CLASS) continue;
        struct amb_class_decl *start = stmts->at[i]->as.class_, *cls = start;
        while (cls && !cls->gen && cls->decl->scope == s->scope) {
            cls->gen = start;
            cls = cls->parent_class;
        }
        if (!cls || cls->gen != start) continue;
        ambdiag_add(s->diags, DIAG_PARENT_CYCLE, cls->span, cls->name);
        cls->parent_class = NULL;
    }
    for (uint32_t i = 0; i < stmts->len; i++)
        if (stmts->at[i]->kind == NODE_CLASS) stmts->at[i]->as.class_->gen = NULL;
}

/* ---- bodies */

static void check_field_value(struct ambscope *s, const struct amb_field *field)
{
    if (!field->value && !field->param && field->type &&
        !ambscope_admits_nil(field->type))
        ambdiag_add(s->diags, DIAG_FIELD_NEEDS_VALUE, field->span, field->name,
                    (amb_text){s->module->src->text + field->type->span.start,
                               field->type->span.end - field->type->span.start});
}

static void walk_fields(struct ambscope *s, struct amb_class_decl *cls)
{
    struct ambscope_frame frame;
    ambscope_enter_fn(s, cls->fields_fn, &frame);
    ambscope_params(s, cls->fields_fn);
    for (uint32_t i = 0; i < cls->super_args.len; i++)
        ambscope_expr(s, cls->super_args.at[i]);
    ambcheck_named(s, &cls->super_args);
    for (uint32_t i = 0; i < cls->field_count; i++) {
        struct amb_field *field = &cls->fields[i];
        if (field->param) continue;
        if (field->type) ambscope_type(s, field->type);
        if (field->value) ambscope_expr(s, field->value);
        check_field_value(s, field);
    }
    ambscope_leave_fn(s);
}

static void walk_parent(struct ambscope *s, struct amb_class_decl *cls)
{
    ambscope_expr(s, cls->parent);
    const struct amb_node *parent = cls->parent;
    if (parent->kind == NODE_MEMBER && parent->as.member.import &&
        parent->as.member.import->iface) {
        const struct amb_export *e = ambscope_export(
            s, parent->as.member.import, parent->as.member.name, parent->span);
        if (e && e->kind != DECL_CLASS)
            ambdiag_add(s->diags, DIAG_BAD_PARENT, parent->span, parent->as.member.name,
                        e->kind == DECL_FN ? AMB_TEXT("a function")
                                           : AMB_TEXT("a value"));
        else if (e && e->class_ && !e->class_->is_open)
            ambdiag_add(s->diags, DIAG_CLOSED_PARENT, parent->span,
                        parent->as.member.name, parent->as.member.name);
    } else if (parent->kind == NODE_NAME && parent->as.name.ref.kind == REF_IMPORT) {
        const struct amb_import *import = parent->as.name.ref.import;
        for (uint32_t i = 0; import->iface && i < import->name_count; i++) {
            if (import->names[i].decl != parent->as.name.ref.decl) continue;
            const struct amb_export *e =
                ambscope_export(s, import, import->names[i].name, parent->span);
            if (e && e->class_ && !e->class_->is_open)
                ambdiag_add(s->diags, DIAG_CLOSED_PARENT, parent->span,
                            import->names[i].name, import->names[i].name);
        }
    }
}

void ambscope_class(struct ambscope *s, struct amb_class_decl *cls)
{
    struct amb_class_decl *outer = s->cls;
    if (cls->parent) walk_parent(s, cls);
    s->cls = cls;
    walk_fields(s, cls);
    for (uint32_t i = 0; i < cls->static_count; i++) {
        struct amb_field *field = &cls->statics[i];
        if (field->type) ambscope_type(s, field->type);
        if (field->value) ambscope_expr(s, field->value);
        check_field_value(s, field);
    }
    for (uint32_t i = 0; i < cls->method_count; i++) ambscope_fn(s, cls->methods[i].fn);
    if (cls->init) ambscope_fn(s, cls->init);
    s->cls = outer;
}

void ambscope_enum(struct ambscope *s, struct amb_enum *e)
{
    for (uint32_t i = 0; i < e->case_count; i++) {
        if (!e->cases[i].fn) continue;
        struct ambscope_frame frame;
        ambscope_enter_fn(s, e->cases[i].fn, &frame);
        ambscope_params(s, e->cases[i].fn);
        ambscope_leave_fn(s);
    }
    for (uint32_t i = 0; i < e->method_count; i++) ambscope_fn(s, e->methods[i].fn);
}

/* ---- object.name */

/* The public (or own) instance field that self.name is, as far as this module can tell.
 */
static struct amb_field *field_of_self(struct ambscope *s, struct amb_class_decl *cls,
                                       amb_text name)
{
    struct amb_class_decl *at = cls;
    for (uint32_t i = 0; at && i < MAX_ANCESTORS; i++, at = at->parent_class) {
        const struct ambscope_member *member = ambscope_member(s, at, name);
        if (!member || (at != cls && is_private(member))) continue;
        return member->field && !member->field->is_static ? member->field : NULL;
    }
    return NULL;
}

static void check_field_assign(struct ambscope *s, const struct amb_node *node,
                               const struct amb_field *field)
{
    const struct amb_fn *fn = s->frame->fn;
    if (field->is_var || field->hidden) return;
    if (fn->kind == AMB_FNK_INIT && fn->class_ == field->class_ &&
        !field->class_->is_value)
        return;
    ambdiag_add(s->diags, DIAG_ASSIGN_TO_LET_FIELD, node->as.member.name_span,
                field->name);
}

void ambscope_member_access(struct ambscope *s, struct amb_node *node, bool assign)
{
    struct amb_node *object = node->as.member.object;
    amb_text name = node->as.member.name;
    if (object->kind == NODE_NAME && object->as.name.ref.decl &&
        object->as.name.ref.decl->kind == DECL_IMPORT) {
        struct amb_import *import = object->as.name.ref.decl->import;
        const struct amb_export *e =
            import->iface ? ambscope_export(s, import, name, node->as.member.name_span)
                          : NULL;
        if (e) {
            node->as.member.import = import;
            node->as.member.slot = e->slot;
        }
        if (assign)
            ambdiag_add(s->diags, DIAG_ASSIGN_TO_NAME, node->span, name,
                        AMB_TEXT("an export of a module"));
        return;
    }
    if (object->kind == NODE_SELF && object->as.name.ref.decl) {
        struct amb_class_decl *cls = object->as.name.ref.decl->owner->class_;
        if (!node->as.member.field && cls)
            node->as.member.field = field_of_self(s, cls, name);
        if (node->as.member.field) {
            if (assign) check_field_assign(s, node, node->as.member.field);
            return;
        }
    }
    for (struct amb_class_decl *cls = s->cls; cls; cls = cls->outer) {
        const struct ambscope_member *member = ambscope_member(s, cls, name);
        if (member && is_private(member)) {
            node->as.member.private_in = cls;
            return;
        }
    }
}
