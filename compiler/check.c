/* SPDX-License-Identifier: MIT */
/* Rules about statements and patterns that the grammar cannot express. */
#include "scope_pass.h"

#include <string.h>

/* ---- statements without effect */

static bool ends_in_jump(const struct amb_node *node)
{
    while (node->kind == NODE_LOGIC) node = node->as.binary.right;
    switch (node->kind) {
    case NODE_RETURN:
    case NODE_THROW:
    case NODE_BREAK:
    case NODE_CONTINUE: return true;
    default: return false;
    }
}

static bool has_effect(const struct amb_node *node)
{
    switch (node->kind) {
    case NODE_NIL:
    case NODE_TRUE:
    case NODE_FALSE:
    case NODE_INT:
    case NODE_FLOAT:
    case NODE_STRING:
    case NODE_BYTES:
    case NODE_INTERP:
    case NODE_NAME:
    case NODE_SELF:
    case NODE_SUPER:
    case NODE_LIST:
    case NODE_TUPLE:
    case NODE_MAP:
    case NODE_FN:
    case NODE_UNARY:
    case NODE_BINARY:
    case NODE_IS:
    case NODE_RANGE:
    case NODE_MEMBER:
    case NODE_INDEX: return false;
    case NODE_LOGIC: return ends_in_jump(node);
    case NODE_CHAIN: return node->as.child->kind == NODE_CALL;
    default: return true;
    }
}

void ambcheck_effect(struct ambscope *s, const struct amb_node *node,
                     enum ambscope_use use)
{
    if (!has_effect(node))
        ambdiag_plain(s->diags, use == USE_LAST ? DIAG_LAST_VALUE : DIAG_NO_EFFECT,
                      node->span);
}

bool ambcheck_is_jump(const struct amb_node *node)
{
    return node->kind == NODE_RETURN || node->kind == NODE_THROW ||
           node->kind == NODE_BREAK || node->kind == NODE_CONTINUE;
}

void ambcheck_statements(struct ambscope *s, const struct amb_node *block)
{
    const struct amb_nodes *stmts = &block->as.block.stmts;
    bool ended = false, started = false;
    for (uint32_t i = 0; i < stmts->len; i++) {
        const struct amb_node *stmt = stmts->at[i];
        switch (stmt->kind) {
        case NODE_FN_DECL:
        case NODE_CLASS:
        case NODE_ENUM:
        case NODE_ERROR:
        case NODE_TEST: break;
        case NODE_NEED:
            if (started)
                ambdiag_add(s->diags, DIAG_NEED_LATE, stmt->span, AMB_TEXT("need"));
            break;
        case NODE_IMPORT:
        case NODE_USE:
        case NODE_ARGS: break;
        default:
            started = true;
            if (ended) ambdiag_plain(s->diags, DIAG_UNREACHABLE, stmt->span);
            ended = false;
        }
        if (ambcheck_is_jump(stmt)) ended = true;
    }
}

/* ---- names that stand twice */

static uint64_t hash_key(const struct amb_node *key)
{
    uint64_t h = key->kind;
    if (key->kind == NODE_STRING) {
        for (uint32_t i = 0; i < key->as.text.len; i++)
            h = (h ^ (unsigned char)key->as.text.at[i]) * 0x9e3779b97f4a7c15u;
    } else {
        h = (h ^ (uint64_t)key->as.i) * 0x9e3779b97f4a7c15u;
    }
    return h ^ h >> 31;
}

static bool same_key(const struct amb_node *a, const struct amb_node *b)
{
    if (a->kind != b->kind) return false;
    return a->kind == NODE_STRING ? ambtext_equal(a->as.text, b->as.text)
                                  : a->as.i == b->as.i;
}

#define MAX_PROBES 64 /* a source made to collide only loses the warning */

void ambcheck_map_keys(struct ambscope *s, const struct amb_node *map)
{
    const struct amb_nodes *entries = &map->as.list;
    if (entries->len < 2) return;
    uint32_t size = 8;
    while (size < entries->len * 2) size *= 2;
    const struct amb_node **table = ambarena_alloc(s->arena, size * sizeof *table);
    for (uint32_t i = 0; i < entries->len; i++) {
        if (entries->at[i]->kind != NODE_ENTRY) continue;
        const struct amb_node *key = entries->at[i]->as.pair.left;
        if (key->kind != NODE_STRING && key->kind != NODE_INT) continue;
        uint32_t at = (uint32_t)(hash_key(key) ^ s->seed) & (size - 1), probes = 0;
        while (table[at] && !same_key(table[at], key) && probes++ < MAX_PROBES)
            at = (at + 1) & (size - 1);
        if (table[at] && same_key(table[at], key)) {
            amb_span span = key->span;
            ambdiag_add(
                s->diags, DIAG_DUPLICATE_KEY, span,
                (amb_text){s->module->src->text + span.start, span.end - span.start});
        }
        table[at] = key;
    }
}

/* Named arguments, parts of tuples, and parts in patterns. */
void ambcheck_named(struct ambscope *s, const struct amb_nodes *items)
{
    uint32_t end = items->len > AMB_MAX_ARGS ? AMB_MAX_ARGS : items->len;
    for (uint32_t i = 1; i < end; i++) {
        const struct amb_node *a = items->at[i];
        if (a->kind != NODE_NAMED && a->kind != NODE_PAT_NAMED) continue;
        for (uint32_t k = 0; k < i; k++) {
            const struct amb_node *b = items->at[k];
            if (b->kind == a->kind && ambtext_equal(a->as.named.name, b->as.named.name)) {
                ambdiag_add(s->diags, DIAG_DUPLICATE_NAME, a->as.named.name_span,
                            a->as.named.name);
                break;
            }
        }
    }
}

/* ---- patterns */

bool ambcheck_irrefutable(const struct amb_node *pattern)
{
    switch (pattern->kind) {
    case NODE_PAT_WILD:
    case NODE_PAT_BIND: return true;
    case NODE_PAT_AS: return ambcheck_irrefutable(pattern->as.bind.inner);
    case NODE_PAT_OR:
        for (uint32_t i = 0; i < pattern->as.list.len; i++)
            if (ambcheck_irrefutable(pattern->as.list.at[i])) return true;
        return false;
    default: return false;
    }
}

/* In let, for and parameters: names only, however nested. */
void ambcheck_plain_pattern(struct ambscope *s, const struct amb_node *pattern)
{
    switch (pattern->kind) {
    case NODE_PAT_WILD:
    case NODE_PAT_BIND:
    case NODE_PAT_REST: break;
    case NODE_PAT_AS: ambcheck_plain_pattern(s, pattern->as.bind.inner); break;
    case NODE_PAT_NAMED: ambcheck_plain_pattern(s, pattern->as.named.value); break;
    case NODE_PAT_ENTRY: ambcheck_plain_pattern(s, pattern->as.pair.right); break;
    case NODE_PAT_TUPLE:
    case NODE_PAT_LIST:
    case NODE_PAT_MAP:
        for (uint32_t i = 0; i < pattern->as.list.len; i++)
            ambcheck_plain_pattern(s, pattern->as.list.at[i]);
        break;
    default: ambdiag_plain(s->diags, DIAG_REFUTABLE, pattern->span);
    }
}

static bool is_upper(amb_text name)
{
    return name.len > 0 && name.at[0] >= 'A' && name.at[0] <= 'Z';
}

static void check_upper(struct ambscope *s, const struct amb_node *pattern)
{
    amb_text name = pattern->as.bind.name;
    if (pattern->as.bind.decl && is_upper(name))
        ambdiag_add(s->diags, DIAG_UPPER_BINDING, pattern->as.bind.decl->span, name, name,
                    name);
}

/* In match, if let and select a name with a capital is nearly always meant as a
 * comparison. */
void ambcheck_pattern_case(struct ambscope *s, const struct amb_node *pattern)
{
    switch (pattern->kind) {
    case NODE_PAT_BIND:
    case NODE_PAT_REST: check_upper(s, pattern); break;
    case NODE_PAT_AS:
        ambcheck_pattern_case(s, pattern->as.bind.inner);
        check_upper(s, pattern);
        break;
    case NODE_PAT_NAMED: ambcheck_pattern_case(s, pattern->as.named.value); break;
    case NODE_PAT_ENTRY: ambcheck_pattern_case(s, pattern->as.pair.right); break;
    case NODE_PAT_TUPLE:
    case NODE_PAT_LIST:
    case NODE_PAT_MAP:
    case NODE_PAT_OR:
        for (uint32_t i = 0; i < pattern->as.list.len; i++)
            ambcheck_pattern_case(s, pattern->as.list.at[i]);
        break;
    case NODE_PAT_CALL:
        for (uint32_t i = 0; i < pattern->as.pat_call.args.len; i++)
            ambcheck_pattern_case(s, pattern->as.pat_call.args.at[i]);
        break;
    default: break;
    }
}

/* The enum of this module that a pattern compares with a case of, and that case's name.
 */
static struct amb_enum *case_of(const struct amb_node *pattern, amb_text *name)
{
    const struct amb_node *path = pattern->kind == NODE_PAT_CALL
                                      ? pattern->as.pat_call.callee
                                  : pattern->kind == NODE_PAT_VALUE ? pattern->as.child
                                                                    : NULL;
    if (!path || path->kind != NODE_MEMBER || path->as.member.object->kind != NODE_NAME)
        return NULL;
    const struct amb_decl *decl = path->as.member.object->as.name.ref.decl;
    *name = path->as.member.name;
    return decl && decl->kind == DECL_ENUM ? decl->node->as.enum_ : NULL;
}

void ambcheck_case(struct ambscope *s, const struct amb_node *pattern)
{
    amb_text name;
    struct amb_enum *e = case_of(pattern, &name);
    const struct ambscope_member *member = e ? ambscope_member(s, e, name) : NULL;
    if (!e) return;
    const struct amb_node *path =
        pattern->kind == NODE_PAT_CALL ? pattern->as.pat_call.callee : pattern->as.child;
    if (member && pattern->kind == NODE_PAT_VALUE && member->case_ && member->case_->has_params)
        ambdiag_add(s->diags, DIAG_CASE_PARTS, path->span, e->name, name, e->name, name);
    if (member && (pattern->kind == NODE_PAT_VALUE || member->case_)) return;
    struct amb_diag *diag =
        ambdiag_add(s->diags, DIAG_NO_CASE, path->as.member.name_span, e->name, name);
    struct ambscope_guess guess = {.wanted = name};
    for (uint32_t i = 0; diag && i < e->case_count; i++)
        ambscope_guess_try(&guess, e->cases[i].name);
    ambscope_guess_hint(s, diag, &guess);
}

#define MAX_TRACKED_CASES 64

/* Which cases of one enum the arms cover. */
struct coverage {
    struct amb_enum *e;
    uint64_t seen; /* by case index */
    bool unknown;  /* something else than a case is matched as well */
};

static void cover(struct coverage *c, const struct amb_node *pattern)
{
    amb_text name;
    while (pattern->kind == NODE_PAT_AS) pattern = pattern->as.bind.inner;
    if (pattern->kind == NODE_PAT_OR) {
        for (uint32_t i = 0; i < pattern->as.list.len; i++)
            cover(c, pattern->as.list.at[i]);
        return;
    }
    struct amb_enum *e = case_of(pattern, &name);
    if (!e || (c->e && c->e != e)) {
        c->unknown = true;
        return;
    }
    c->e = e;
    /* Parts that may not fit leave the case open. */
    for (uint32_t i = 0;
         pattern->kind == NODE_PAT_CALL && i < pattern->as.pat_call.args.len; i++) {
        const struct amb_node *part = pattern->as.pat_call.args.at[i];
        if (part->kind == NODE_PAT_NAMED) part = part->as.named.value;
        if (part->kind != NODE_PAT_REST && !ambcheck_irrefutable(part)) return;
    }
    for (uint32_t i = 0; i < e->case_count && i < MAX_TRACKED_CASES; i++)
        if (ambtext_equal(e->cases[i].name, name)) c->seen |= (uint64_t)1 << i;
}

static void check_coverage(struct ambscope *s, const struct amb_node *match)
{
    const struct amb_nodes *arms = &match->as.match.arms;
    struct coverage c = {NULL, 0, false};
    for (uint32_t i = 0; i < arms->len && !c.unknown; i++) {
        if (arms->at[i]->kind != NODE_ARM || arms->at[i]->as.arm.irrefutable) return;
        if (!arms->at[i]->as.arm.guard) cover(&c, arms->at[i]->as.arm.pattern);
    }
    if (!c.e || c.unknown || c.e->case_count > MAX_TRACKED_CASES) return;
    for (uint32_t i = 0; i < c.e->case_count; i++) {
        if (!(c.seen >> i & 1)) {
            ambdiag_add(s->diags, DIAG_MATCH_MISSES,
                        ((amb_span){match->span.start, match->span.start + 5}), c.e->name,
                        c.e->cases[i].name);
            return;
        }
    }
}

void ambcheck_match(struct ambscope *s, const struct amb_node *match)
{
    check_coverage(s, match);
    const struct amb_nodes *arms = &match->as.match.arms;
    for (uint32_t i = 0; i + 1 < arms->len; i++) {
        if (arms->at[i]->kind == NODE_ARM && arms->at[i]->as.arm.irrefutable) {
            ambdiag_plain(s->diags, DIAG_ARM_NEVER,
                          arms->at[i + 1]->kind == NODE_ARM
                              ? arms->at[i + 1]->as.arm.pattern->span
                              : arms->at[i + 1]->span);
            return;
        }
    }
}

/* Whether a catch of this type could take what is no error: Exit, CancelledError. */
static bool may_be_signal(const struct amb_node *type)
{
    if (!type) return false;
    if (type->kind != NODE_TYPE_NAME || type->as.type.path->kind != NODE_NAME) return true;
    amb_text name = type->as.type.path->as.name.name;
    return type->as.type.path->as.name.ref.kind != REF_PRELUDE ||
           ambtext_equal(name, AMB_TEXT("Exit")) ||
           ambtext_equal(name, AMB_TEXT("CancelledError"));
}

void ambcheck_catches(struct ambscope *s, const struct amb_node *node)
{
    const struct amb_nodes *catches = &node->as.try_.catches;
    for (uint32_t i = 0; i + 1 < catches->len; i++) {
        const struct amb_node *c = catches->at[i];
        const struct amb_node *next = catches->at[i + 1];
        /* A signal may still be caught by its name behind one that takes every error. */
        if (!c->as.catch_.type && !c->as.catch_.guard && !may_be_signal(next->as.catch_.type)) {
            ambdiag_plain(s->diags, DIAG_CATCH_NEVER,
                          ((amb_span){next->span.start, next->span.start + 5}));
            return;
        }
    }
}
