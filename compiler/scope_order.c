/* SPDX-License-Identifier: MIT */
/* The order of a block's declarations, and which mentions may come too early.
 *
 * fn, class and enum are visible in their whole block. Such a statement moves in front of
 * the first one that mentions it, together with those it mentions itself. Nothing runs
 * while functions and classes are being made (static initialisers of a moved class stay
 * where the class was written), so within one run of them no mention is too early. A
 * class does not move before the variable that its parent comes from. */
#include "scope_pass.h"

#include <string.h>

enum state { WAITING, ON_STACK, DONE, STUCK };

struct order {
    struct ambscope *s;
    struct amb_nodes *stmts;
    uint32_t count;
    uint32_t *edge_start; /* count + 1 offsets into edges */
    uint32_t *edges;      /* statements mentioned by a statement */
    uint8_t *state;
    bool *moved;
    uint32_t *place; /* final position by original index */
    uint32_t *run;   /* of the final position */
    struct amb_nodes out;
};

static bool is_hoisted(const struct amb_decl *decl)
{
    return decl->kind == DECL_FN || decl->kind == DECL_CLASS || decl->kind == DECL_ENUM;
}

static bool has_static_values(const struct amb_class_decl *cls)
{
    for (uint32_t i = 0; i < cls->static_count; i++)
        if (cls->statics[i].value) return true;
    return false;
}

static void collect_edges(struct order *o, const struct ambscope_data *data)
{
    o->edge_start = ambarena_alloc(o->s->arena, (o->count + 2) * sizeof *o->edge_start);
    for (uint32_t pass = 0; pass < 2; pass++) {
        for (uint32_t i = 0; i < data->mention_count; i++) {
            const struct ambscope_mention *m = &data->mentions[i];
            if (!is_hoisted(m->ref->decl) || m->ref->decl->stmt_index == m->stmt)
                continue;
            if (pass == 0)
                o->edge_start[m->stmt + 2]++;
            else
                o->edges[o->edge_start[m->stmt + 1]++] = m->ref->decl->stmt_index;
        }
        if (pass == 0) {
            for (uint32_t i = 2; i < o->count + 2; i++)
                o->edge_start[i] += o->edge_start[i - 1];
            o->edges = ambarena_alloc(o->s->arena, (o->edge_start[o->count + 1] + 1) *
                                                       sizeof *o->edges);
        }
    }
}

/* Whether the parent that this class needs when it is made is there already. */
static bool parent_ready(const struct order *o, uint32_t stmt,
                         const struct amb_lexical_scope *scope)
{
    const struct amb_node *node = o->stmts->at[stmt];
    if (node->kind != NODE_CLASS || !node->as.class_->parent) return true;
    const struct amb_node *root = node->as.class_->parent;
    while (root->kind == NODE_MEMBER) root = root->as.member.object;
    const struct amb_decl *decl = root->kind == NODE_NAME ? root->as.name.ref.decl : NULL;
    return !decl || decl->scope != scope || o->state[decl->stmt_index] == DONE;
}

static void append(struct order *o, uint32_t stmt, bool moved)
{
    struct amb_node *node = o->stmts->at[stmt];
    o->state[stmt] = DONE;
    o->moved[stmt] = moved;
    o->place[stmt] = o->out.len;
    if (moved && node->kind == NODE_CLASS && has_static_values(node->as.class_))
        node->as.class_->statics_later = true;
    ambnodes_push(o->s->arena, &o->out, node);
}

struct step {
    uint32_t stmt, edge;
};

/* Depth first, on a stack of its own: chains of mentions may be long. */
static void emit(struct order *o, uint32_t root, const struct amb_lexical_scope *scope,
                 struct step *stack)
{
    uint32_t depth = 0;
    stack[depth++] = (struct step){root, o->edge_start[root]};
    o->state[root] = ON_STACK;
    while (depth > 0) {
        struct step *top = &stack[depth - 1];
        if (top->edge < o->edge_start[top->stmt + 1]) {
            uint32_t next = o->edges[top->edge++];
            if (o->state[next] == WAITING) {
                o->state[next] = ON_STACK;
                stack[depth++] = (struct step){next, o->edge_start[next]};
            }
            continue;
        }
        depth--;
        if (top->stmt == root || parent_ready(o, top->stmt, scope))
            append(o, top->stmt, top->stmt != root);
        else
            o->state[top->stmt] = STUCK; /* until its own turn */
    }
}

static bool is_declaration(const struct amb_node *node)
{
    return node->kind == NODE_FN_DECL || node->kind == NODE_CLASS ||
           node->kind == NODE_ENUM;
}

static void number_runs(struct order *o)
{
    uint32_t run = 0;
    o->run = ambarena_alloc(o->s->arena, (o->out.len + 1) * sizeof *o->run);
    for (uint32_t i = 0; i < o->out.len; i++) {
        const struct amb_node *node = o->out.at[i];
        if (i > 0 && !is_declaration(node)) run++;
        o->run[i] = run;
        bool runs_code = !is_declaration(node) ||
                         (node->kind == NODE_CLASS && !node->as.class_->statics_later &&
                          has_static_values(node->as.class_));
        if (runs_code) run++;
    }
}

static void reorder(struct order *o, struct amb_lexical_scope *scope,
                    const struct ambscope_data *data)
{
    struct amb_arena *arena = o->s->arena;
    o->state = ambarena_alloc(arena, o->count + 1);
    o->moved = ambarena_alloc(arena, (o->count + 1) * sizeof *o->moved);
    o->place = ambarena_alloc(arena, (o->count + 1) * sizeof *o->place);
    bool ahead = false;
    for (uint32_t i = 0; i < data->mention_count && !ahead; i++)
        ahead = is_hoisted(data->mentions[i].ref->decl) &&
                data->mentions[i].ref->decl->stmt_index > data->mentions[i].stmt;
    if (!ahead) {
        for (uint32_t i = 0; i < o->count; i++) o->place[i] = i;
        o->out = *o->stmts;
        number_runs(o);
        return;
    }
    collect_edges(o, data);
    struct step *stack = ambarena_alloc(arena, (o->count + 1) * sizeof *stack);
    for (uint32_t i = 0; i < o->count; i++) {
        if (o->state[i] != DONE) {
            emit(o, i, scope, stack);
        } else if (o->stmts->at[i]->kind == NODE_CLASS &&
                   o->stmts->at[i]->as.class_->statics_later) {
            struct amb_node *node =
                ambast_node(arena, NODE_STATICS, o->stmts->at[i]->span);
            node->as.class_ = o->stmts->at[i]->as.class_;
            ambnodes_push(arena, &o->out, node);
        }
    }
    number_runs(o);
    *o->stmts = o->out;
}

static void judge(struct order *o, const struct ambscope_mention *m)
{
    struct amb_decl *decl = m->ref->decl;
    uint32_t from = o->place[m->stmt], to = o->place[decl->stmt_index];
    if (is_hoisted(decl)) {
        if (m->crosses && from <= to) decl->early_cell = true;
        m->ref->needs_check = from < to && o->run[from] != o->run[to];
        return;
    }
    if (!m->crosses && !m->deferred) {
        /* The order of statements is the order of execution: sooner is never right. */
        if (m->stmt <= decl->stmt_index && decl->kind != DECL_NEED) {
            struct amb_diag *diag =
                ambdiag_add(o->s->diags, DIAG_USED_EARLY, m->node->span, decl->name);
            ambdiag_relate(diag, decl->span, AMB_TEXT("it is declared here"));
        }
        return;
    }
    if (from > to) return;
    m->ref->needs_check = true;
    if (m->crosses) decl->early_cell = true;
}

void ambscope_order_block(struct ambscope *s, struct amb_lexical_scope *scope)
{
    const struct ambscope_data *data = scope->hidden;
    struct order o = {.s = s, .stmts = &data->block->as.block.stmts};
    o.count = o.stmts->len;
    if (data->mention_count == 0) return;
    reorder(&o, scope, data);
    for (uint32_t i = 0; i < data->mention_count; i++) judge(&o, &data->mentions[i]);
}
