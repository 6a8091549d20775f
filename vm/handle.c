/* SPDX-License-Identifier: MIT */
/* The handle table: rows that capabilities name by slot and generation.
 *
 * Rows form a tree by derivation. Revoking walks the subtree without recursion. A slot's
 * generation grows each time it is freed; one that cannot grow any more is retired, so
 * that no old value can ever name a new row. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "task.h"

enum { CAP_CLOSED = OBJ_F0, CAP_REVOKED = OBJ_F1 };
#define FIRST_ROWS 16u
#define DEFAULT_LIMIT 65536u

bool ambhandle_revoked(ambv cap) { return cap.o->flags & CAP_REVOKED; }

ambrow *ambhandle_peek(const amb_vm *vm, ambv cap) {
    const struct ambgate *g = vm->gate;
    const amb_cap *c = cap.cap;
    if (!g || c->slot >= g->nrows) return NULL;
    ambrow *r = &g->rows[c->slot];
    bool live =
        r->generation == c->generation && (r->kind == ROW_CAP || r->kind == ROW_LINES);
    return live ? r : NULL;
}

amb_status ambhandle_row(amb_vm *vm, ambv cap, ambrow **out) {
    ambrow *r = ambhandle_peek(vm, cap);
    if (AMB_UNLIKELY(!r)) {
        if (cap.o->flags & CAP_REVOKED)
            return amberr_raise(vm, AMB_ERR_CAPABILITY, "this capability was revoked");
        return amberr_raise(vm, AMB_ERR_STATE, "this capability is closed");
    }
    if (AMB_UNLIKELY(r->expires && ambsched_now(vm) >= r->expires)) {
        ambhandle_revoke(vm, cap.cap->slot);
        return amberr_raise(vm, AMB_ERR_CAPABILITY, "this capability has expired");
    }
    *out = r;
    return AMB_OK;
}

/* --- resources ---------------------------------------------------------------------- */

ambres *ambhandle_resource(amb_vm *vm, ambprov *prov, const amb_restype *type, void *res,
                           const char *label) {
    bool constant = type->flags & AMB_R_STATELESS;
    if (constant)
        for (ambres *s = vm->gate->constants; s; s = s->next)
            if (s->prov == prov && s->type == type && s->res == res) {
                s->refs++;
                return s;
            }
    ambres *s = ambgc_malloc(vm, sizeof *s);
    if (!s) return NULL;
    *s = (ambres){.refs = 1, .prov = prov, .type = type, .res = res};
    const char *iface = prov->p->iface;
    if (strcmp(iface, type->name) == 0)
        snprintf(s->type_name, sizeof s->type_name, "%s", iface);
    else snprintf(s->type_name, sizeof s->type_name, "%s.%s", iface, type->name);
    if (label) {
        size_t n = strlen(label);
        s->label = ambgc_malloc(vm, n + 1);
        if (!s->label) {
            ambgc_free(vm, s, sizeof *s);
            return NULL;
        }
        memcpy(s->label, label, n + 1);
    }
    if (constant) {
        s->refs++;
        s->next = vm->gate->constants;
        vm->gate->constants = s;
    }
    return s;
}

void ambhandle_drop(amb_vm *vm, ambres *s) {
    if (--s->refs) return;
    if (s->type->close && s->prov->started) s->type->close(s->prov->inst, s->res);
    while (s->nloans) ambloan_drop(vm->gate, s->loans[--s->nloans]);
    if (s->label) ambgc_free(vm, s->label, strlen(s->label) + 1);
    if (s->in.buf) ambgc_free(vm, s->in.buf, s->in.cap);
    ambgc_free(vm, s, sizeof *s);
}

/* --- rows --------------------------------------------------------------------------- */

static amb_status grow(amb_vm *vm) {
    struct ambgate *g = vm->gate;
    uint32_t cap = g->cap ? g->cap * 2 : FIRST_ROWS;
    ambrow *rows = ambgc_realloc(vm, g->rows, g->cap * sizeof *rows, cap * sizeof *rows);
    if (!rows) return vm->failed ? vm->failed : AMB_E_NOMEM;
    memset(rows + g->cap, 0, (cap - g->cap) * sizeof *rows);
    g->rows = rows;
    g->cap = cap;
    if (!g->nrows) g->nrows = 1;
    return AMB_OK;
}

amb_status ambhandle_reserve(amb_vm *vm, uint32_t *slot, amb_cap **cap) {
    struct ambgate *g = vm->gate;
    uint32_t limit = vm->limits.handles ? vm->limits.handles : DEFAULT_LIMIT;
    if (g->live >= limit) {
        /* Unreachable rows may be waiting for a collection: ask for one, once. */
        if (!g->collected) {
            g->collected = true;
            return vm->failed = AMB_E_NOMEM;
        }
        g->collected = false;
        return amberr_raise(vm, AMB_ERR_LIMIT, "too many open capabilities (%u)", limit);
    }
    if (!g->free && g->nrows >= g->cap) {
        amb_status st = grow(vm);
        if (st) return st;
    }
    amb_cap *c = ambgc_new(vm, sizeof *c, TAG_CAP);
    if (!c) return vm->failed ? vm->failed : AMB_E_NOMEM;
    c->slot = 0;
    c->generation = 0;
    if (!ambgc_track(vm, c)) return vm->failed ? vm->failed : AMB_E_NOMEM;
    uint32_t s = g->free;
    if (s) g->free = g->rows[s].next;
    else s = g->nrows++;
    ambrow *r = &g->rows[s];
    uint32_t generation = r->generation ? r->generation : 1;
    *r = (ambrow){.kind = ROW_FREE, .generation = generation, .calls = -1, .bytes = -1};
    g->live++;
    *slot = s;
    *cap = c;
    return AMB_OK;
}

static void free_slot(struct ambgate *g, uint32_t slot) {
    ambrow *r = &g->rows[slot];
    uint32_t generation = r->generation;
    *r = (ambrow){.generation = generation};
    g->live--;
    if (generation == UINT32_MAX) {
        r->kind = ROW_RETIRED;
        return;
    }
    r->generation++;
    r->next = g->free;
    g->free = slot;
}

void ambhandle_unreserve(amb_vm *vm, uint32_t slot) { free_slot(vm->gate, slot); }

void ambhandle_fill(amb_vm *vm, uint32_t slot, amb_cap *cap, uint8_t kind,
                    uint32_t parent, amb_rights rights, ambres *res) {
    struct ambgate *g = vm->gate;
    ambrow *r = &g->rows[slot];
    r->kind = kind;
    r->parent = parent;
    r->rights = rights;
    r->res = res;
    r->cap = cap;
    cap->slot = slot;
    cap->generation = r->generation;
    r->prev = 0;
    r->next = parent ? g->rows[parent].child : 0;
    if (r->next) g->rows[r->next].prev = slot;
    if (parent) g->rows[parent].child = slot;
    g->collected = false;
}

amb_status ambhandle_derive(amb_vm *vm, ambrow *from, uint8_t kind, amb_rights rights,
                            ambv *out) {
    struct ambgate *g = vm->gate;
    uint32_t parent = (uint32_t)(from - g->rows), slot;
    amb_cap *cap;
    amb_status st = ambhandle_reserve(vm, &slot, &cap);
    if (st) return st;
    from = &g->rows[parent]; /* the table may have moved */
    from->res->refs++;
    ambhandle_fill(vm, slot, cap, kind, parent, rights & from->rights, from->res);
    ambrow *r = &g->rows[slot];
    r->expires = from->expires;
    r->calls = from->calls;
    r->bytes = from->bytes;
    r->max = from->max;
    *out = ambv_obj(cap);
    return AMB_OK;
}

/* The next row that shares the quota: what a limited row was derived from. */
static ambrow *quota_above(struct ambgate *g, const ambrow *r) {
    ambrow *up = r->parent ? &g->rows[r->parent] : NULL;
    return up && up->res == r->res ? up : NULL;
}

bool ambhandle_spend(amb_vm *vm, ambrow *r, int64_t calls, int64_t bytes) {
    for (ambrow *q = r; q; q = quota_above(vm->gate, q))
        if ((q->calls >= 0 && q->calls < calls) || (q->bytes >= 0 && q->bytes < bytes))
            return false;
    for (ambrow *q = r; q; q = quota_above(vm->gate, q)) {
        if (q->calls >= 0) q->calls -= calls;
        if (q->bytes >= 0) q->bytes -= bytes;
    }
    return true;
}

static void end_row(amb_vm *vm, uint32_t slot, uint8_t why) {
    struct ambgate *g = vm->gate;
    ambrow *r = &g->rows[slot];
    if (r->cap) r->cap->h.flags |= why;
    ambres *res = r->res;
    ambcall *batch = r->batch;
    while (r->pending) {
        ambpending *p = r->pending;
        r->pending = p->row_next;
        if (p->row_next) p->row_next->row_prev = NULL;
        p->row_next = p->row_prev = NULL;
        p->call.row = 0;
        ambtask_row_ended(vm, p, why == CAP_REVOKED);
    }
    free_slot(g, slot);
    if (batch) {
        ambmarshal_free(batch);
        ambgc_free(vm, batch, sizeof *batch);
    }
    if (res) ambhandle_drop(vm, res);
}

static void unlink_row(struct ambgate *g, uint32_t slot) {
    ambrow *r = &g->rows[slot];
    if (r->prev) g->rows[r->prev].next = r->next;
    else if (r->parent) g->rows[r->parent].child = r->next;
    if (r->next) g->rows[r->next].prev = r->prev;
    r->next = r->prev = 0;
}

void ambhandle_close(amb_vm *vm, uint32_t slot) {
    struct ambgate *g = vm->gate;
    ambrow *r = &g->rows[slot];
    uint32_t parent = r->parent, child = r->child;
    unlink_row(g, slot);
    if (child) {
        uint32_t last = child;
        for (uint32_t s = child; s; s = g->rows[s].next) {
            g->rows[s].parent = parent;
            last = s;
        }
        if (parent) {
            uint32_t first = g->rows[parent].child;
            g->rows[last].next = first;
            if (first) g->rows[first].prev = last;
            g->rows[parent].child = child;
        } else {
            /* They become roots, which are in no list. */
            for (uint32_t s = child, next; s; s = next) {
                next = g->rows[s].next;
                g->rows[s].next = g->rows[s].prev = 0;
            }
        }
    }
    end_row(vm, slot, CAP_CLOSED);
}

void ambhandle_revoke(amb_vm *vm, uint32_t slot) {
    struct ambgate *g = vm->gate;
    unlink_row(g, slot);
    /* Leaves first: go down to a leaf, end it, go on at its sibling or parent. */
    uint32_t at = slot;
    for (;;) {
        while (g->rows[at].child) at = g->rows[at].child;
        uint32_t parent = g->rows[at].parent;
        bool root = at == slot;
        if (!root) unlink_row(g, at);
        end_row(vm, at, CAP_REVOKED);
        if (root) break;
        at = parent;
    }
}

void ambcap_finalize(amb_vm *vm, amb_cap *c) {
    if (!vm->gate || !c->generation) return;
    ambrow *r = ambhandle_peek(vm, (ambv){.cap = c, .tag = TAG_CAP});
    if (!r || r->cap != c) return;
    r->cap = NULL;
    ambhandle_close(vm, c->slot);
}
