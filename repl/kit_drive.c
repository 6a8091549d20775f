/* SPDX-License-Identifier: MIT */
/* Drives a provider of which nothing is known but its table.
 *
 * Arguments fit the table in type and length, as the kernel sees to; beyond that they are made up, ordinary ones in
 * the first variant, extreme ones in the others. Whatever a provider says to them is right, as long as it says
 * it once, keeps the contract, and goes on working. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kit.h"

enum { CAPS = 48, OF_A_TYPE = 3, LONG = 65536 };

typedef struct drive {
    kit *k;
    kit_driver *d;
    kit_cap *caps[CAPS];
    uint32_t ncaps;
    char *text;             /* LONG bytes that arguments point into */
    char room[4096];        /* for buffers */
    amb_arg trees[8][128];
    uint32_t ntrees;
} drive;

static const void *row(const void *rows, uint16_t stride, uint32_t i) { return (const char *)rows + (size_t)i * stride; }

/* --- arguments ---------------------------------------------------------------------- */

static amb_arg text_of(const char *s) { return kit_str(s); }

static amb_arg a_text(const drive *v, const amb_param *p)
{
    static const char *const ordinary[] = {"a", "b", "start", "1"};
    unsigned n = v->d->variant;
    uint32_t most = p->max_len && p->max_len < LONG ? p->max_len : LONG;
    if (p->match == AMB_M_DIR) return text_of(".");
    if (p->match == AMB_M_HOSTPORT && n != 2) return text_of("127.0.0.1:9");
    amb_arg a = {.type = AMB_T_STR, .v.p = v->text};
    switch (n) {
    case 0: a = text_of(ordinary[0]); break;
    case 1: a.v.p = NULL; break;
    case 2: a.len = most; break;
    case 3: a.len = 4, a.v.p = "\xc3\xa9\0b"; break;
    case 4: a = text_of("../../x"); break;
    default: a = text_of("start"); break;
    }
    if (a.len > most) a.len = most;
    return a;
}

static amb_arg a_number(const drive *v, bool whole)
{
    static const int64_t ints[] = {1, 0, -1, INT64_MAX, INT64_MIN, 1000};
    const double floats[] = {0.001, 0, -1, NAN, INFINITY, 1e300};
    return whole ? kit_int(ints[v->d->variant]) : kit_float(floats[v->d->variant]);
}

static amb_arg a_tree(drive *v)
{
    amb_arg *t = v->trees[v->ntrees++ % 8], *p = t;
    switch (v->d->variant) {
    case 0: /* {"a": "b"} */
        *p++ = (amb_arg){.type = AMB_T_MAP, .len = 1};
        *p++ = text_of("a");
        *p++ = text_of("b");
        break;
    case 1: *p++ = (amb_arg){.type = AMB_T_LIST}; break;
    case 2: /* ["a", 1, nil] */
        *p++ = (amb_arg){.type = AMB_T_LIST, .len = 3};
        *p++ = text_of("a");
        *p++ = kit_int(1);
        *p++ = kit_nil();
        break;
    case 3: /* (x: b"") */
        *p++ = (amb_arg){.type = AMB_T_TUPLE, .flags = AMB_A_NAMED, .len = 1};
        *p++ = text_of("x");
        *p++ = (amb_arg){.type = AMB_T_BYTES};
        break;
    case 4: /* as deep as can be */
        for (int i = 1; i < AMB_TREE_DEPTH; i++) *p++ = (amb_arg){.type = AMB_T_LIST, .len = 1};
        *p++ = kit_float(NAN);
        break;
    default: /* {{}: []} */
        *p++ = (amb_arg){.type = AMB_T_MAP, .len = 1};
        *p++ = (amb_arg){.type = AMB_T_MAP};
        *p++ = (amb_arg){.type = AMB_T_LIST};
        break;
    }
    return (amb_arg){.type = AMB_T_TREE, .len = (uint32_t)(p - t), .v.p = t};
}

static kit_cap *live(const drive *v, uint16_t type)
{
    for (uint32_t i = v->ncaps; i-- > 0;)
        if (!v->caps[i]->closed && (!type || v->caps[i]->type == type)) return v->caps[i];
    return NULL;
}

/* False: there is nothing that could be passed. */
static bool make(drive *v, const amb_op *op, const amb_param *p, amb_arg *out)
{
    static const uint8_t any[] = {AMB_T_STR, AMB_T_NIL, AMB_T_BYTES, AMB_T_F64, AMB_T_BOOL, AMB_T_I64};
    unsigned n = v->d->variant;
    uint8_t type = p->type == AMB_T_ANY ? any[n] : p->type;
    *out = kit_nil();
    if (p->flags & AMB_P_HIDDEN) {
        if (p->match == AMB_M_RIGHTS) {
            *out = kit_int(0);
            for (uint32_t i = 0; i < v->k->p->nres; i++) {
                const amb_restype *t = row(v->k->p->res, v->k->p->res_stride, i);
                if (t->id == op->ret_restype) out->v.u = n % 2 ? t->dflt : t->all;
            }
        } else if (p->match == AMB_M_ARGV) {
            *out = (amb_arg){.type = AMB_T_TREE, .len = 1, .v.p = v->trees[v->ntrees++ % 8]};
            *(amb_arg *)(uintptr_t)out->v.p = (amb_arg){.type = AMB_T_LIST};
        }
        return true;
    }
    if (p->flags & AMB_P_OPT && n % 2) return true;
    switch (type) {
    case AMB_T_BOOL: *out = (amb_arg){.type = AMB_T_BOOL, .v.i = n % 2 == 0}; break;
    case AMB_T_I64: *out = a_number(v, true); break;
    case AMB_T_F64: *out = a_number(v, false); break;
    case AMB_T_STR: *out = a_text(v, p); break;
    case AMB_T_BYTES:
        *out = a_text(v, p);
        out->type = AMB_T_BYTES;
        break;
    case AMB_T_TREE: *out = a_tree(v); break;
    case AMB_T_BUF:
        *out = kit_buf(v->room, n == 1 ? 0 : n == 2 ? 1 : sizeof v->room);
        out->flags = (uint8_t)(p->flags & (AMB_P_IN | AMB_P_OUT));
        break;
    case AMB_T_LOAN: *out = (amb_arg){.type = AMB_T_LOAN, .v.loan = 1}; break;
    case AMB_T_RES: {
        const kit_cap *cap = live(v, p->restype);
        if (!cap) return p->flags & AMB_P_OPT;
        *out = (amb_arg){.type = AMB_T_RES, .v.res = cap->res};
        break;
    }
    case AMB_T_NIL: break;
    default: return p->flags & AMB_P_OPT; /* descriptors come from nowhere */
    }
    return true;
}

/* --- calls -------------------------------------------------------------------------- */

static uint32_t of_type(const drive *v, uint16_t type)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < v->ncaps; i++) n += v->caps[i]->type == type && !v->caps[i]->closed;
    return n;
}

static void call(drive *v, kit_cap *self, uint32_t index, const amb_arg *args, uint32_t n)
{
    kit *k = v->k;
    const amb_op *op = row(k->p->ops, k->p->op_stride, index);
    const char *type = "";
    for (uint32_t i = 0; i < k->p->nres; i++) {
        const amb_restype *t = row(k->p->res, k->p->res_stride, i);
        if (t->id == op->restype) type = t->name;
    }
    if (v->d->doing) v->d->doing(v->d->ud, k->p->iface, type, op->name);
    k->lent = 100;
    kit_call *c = kit_start(k, self, op->name, args, n);
    if (c->entered && index < 256) v->d->reached[index] = true;
    if (!kit_wait(k, c, k->patience)) kit_cancel(k, c);
    kit_cap *made = c->st == AMB_OK ? c->made : NULL;
    if (self && op->flags & AMB_OP_ENDS) kit_close(k, self);
    kit_forget(k, c);
    if (!made) return;
    if (v->ncaps < CAPS && of_type(v, made->type) < OF_A_TYPE) v->caps[v->ncaps++] = made;
    else kit_close(k, made);
}

static bool is_next(const drive *v, const amb_op *op)
{
    for (uint32_t i = 0; i < v->k->p->nres; i++) {
        const amb_restype *t = row(v->k->p->res, v->k->p->res_stride, i);
        if (t->id == op->restype) return t->next_op == op->ordinal;
    }
    return false;
}

static void call_made_up(drive *v, kit_cap *self, uint32_t index)
{
    kit *k = v->k;
    const amb_op *op = row(k->p->ops, k->p->op_stride, index);
    amb_arg args[16];
    uint32_t n = 0;
    for (; n < op->nparams && n < 16; n++) {
        const amb_param *p = row(op->params, k->p->param_stride, n);
        if (p->flags & AMB_P_REST) {
            uint32_t more = v->d->variant % 3;
            for (; more && n < 16; more--, n++)
                if (!make(v, op, p, &args[n])) break;
            break;
        }
        if (!make(v, op, p, &args[n])) return;
        if (is_next(v, op)) args[n] = kit_int(v->d->variant % 2 ? 1 : 64); /* the kernel asks for no others */
    }
    call(v, self, index, args, n);
}

/* What the user gave, and what no script gives behind it. */
static void call_given(drive *v, kit_cap *self, uint32_t index, const kit_given *g)
{
    const amb_op *op = row(v->k->p->ops, v->k->p->op_stride, index);
    amb_arg args[16];
    uint32_t n = 0;
    for (; n < g->n; n++) {
        const amb_param *p =
            op->nparams ? row(op->params, v->k->p->param_stride, n < op->nparams ? n : op->nparams - 1u) : NULL;
        args[n] = g->args[n];
        if (p && p->type == AMB_T_F64 && args[n].type == AMB_T_I64) args[n] = kit_float((double)args[n].v.i);
        if (p && p->type == AMB_T_BYTES && args[n].type == AMB_T_STR) args[n].type = AMB_T_BYTES;
    }
    for (; n < op->nparams && n < 16; n++) {
        const amb_param *p = row(op->params, v->k->p->param_stride, n);
        if (p->flags & AMB_P_REST) break;
        if (p->flags & AMB_P_HIDDEN) make(v, op, p, &args[n]);
        else args[n] = kit_nil();
    }
    call(v, self, index, args, n);
}

/* With what the user gave, and with what is made up. */
static void call_both(drive *v, kit_cap *self, uint32_t index)
{
    const amb_op *op = row(v->k->p->ops, v->k->p->op_stride, index);
    for (uint32_t g = 0; g < v->d->ngiven; g++)
        if (strcmp(v->d->given[g].name, op->name) == 0 && !(self && self->closed))
            call_given(v, self, index, &v->d->given[g]);
    if (!self || !self->closed) call_made_up(v, self, index);
}

void kit_drive(kit *k, kit_driver *d)
{
    drive *v = calloc(1, sizeof *v);
    if (!v || !(v->text = malloc(LONG))) abort();
    memset(v->text, 'a', LONG);
    v->k = k;
    v->d = d;
    for (uint32_t i = 0; i < k->p->nops; i++)
        if (!((const amb_op *)row(k->p->ops, k->p->op_stride, i))->restype) call_both(v, NULL, i);
    /* What each operation brings is used in its turn; those that end their receiver come last. */
    for (uint32_t at = 0; at < v->ncaps; at++)
        for (int ends = 0; ends < 2; ends++)
            for (uint32_t i = 0; i < k->p->nops; i++) {
                const amb_op *op = row(k->p->ops, k->p->op_stride, i);
                kit_cap *self = v->caps[at];
                if (op->restype == self->type && !self->closed && ends == !!(op->flags & AMB_OP_ENDS))
                    call_both(v, self, i);
            }
    for (uint32_t i = v->ncaps; i-- > 0;) kit_close(k, v->caps[i]);
    kit_pump(k, 0);
    for (kit_cap **cap = &k->caps; *cap;) {
        kit_cap *gone = *cap;
        if (!gone->released) {
            cap = &gone->next;
            continue;
        }
        *cap = gone->next;
        free(gone);
    }
    free(v->text);
    free(v);
}
