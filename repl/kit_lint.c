/* SPDX-License-Identifier: MIT */
/* What every provider's table must fulfil, whatever it is about. */
#include <stdarg.h>
#include <string.h>

#include "kit.h"

typedef struct lint {
    const amb_provider *p;
    int problems;
} lint;

static void wrong(lint *l, const char *where, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    fprintf(stderr, "%s: %s: ", l->p->iface, where);
    vfprintf(stderr, fmt, ap);
    fputc('\n', stderr);
    va_end(ap);
    l->problems++;
}

static bool is_name(const char *s)
{
    if (!s || !(*s >= 'a' && *s <= 'z')) return false;
    for (; *s; s++)
        if (!((*s >= 'a' && *s <= 'z') || (*s >= '0' && *s <= '9') || *s == '_')) return false;
    return true;
}
static bool has_doc(const char *s) { return s && *s; }

static const amb_op *op_at(const amb_provider *p, uint32_t i)
{
    return (const amb_op *)((const char *)p->ops + (size_t)i * p->op_stride);
}
static const amb_restype *type_at(const amb_provider *p, uint32_t i)
{
    return (const amb_restype *)((const char *)p->res + (size_t)i * p->res_stride);
}
static const amb_restype *type_of(const amb_provider *p, uint16_t id)
{
    for (uint32_t i = 0; i < p->nres; i++)
        if (type_at(p, i)->id == id) return type_at(p, i);
    return NULL;
}
static const amb_right *right_at(const amb_provider *p, uint32_t i)
{
    return (const amb_right *)((const char *)p->rights + (size_t)i * p->right_stride);
}

static void params(lint *l, const amb_op *op)
{
    bool optional = false, hidden = false, rest = false;
    for (uint32_t i = 0; i < op->nparams; i++) {
        const amb_param *p =
            (const amb_param *)((const char *)op->params + (size_t)i * l->p->param_stride);
        bool h = p->flags & AMB_P_HIDDEN, o = p->flags & (AMB_P_OPT | AMB_P_REST);
        if (!is_name(p->name)) wrong(l, op->name, "a parameter without a proper name");
        if (!h && p->type != AMB_T_BUF && !has_doc(p->doc))
            wrong(l, op->name, "parameter '%s' is not described", p->name);
        if (rest) wrong(l, op->name, "a parameter behind the rest");
        if (hidden && !h) wrong(l, op->name, "'%s' stands behind a hidden one", p->name);
        if (optional && !o && !h) wrong(l, op->name, "'%s' is required behind an optional one", p->name);
        if (p->type == AMB_T_NIL || p->type > AMB_T_ANY || p->type == AMB_T_LIST || p->type == AMB_T_TUPLE ||
            p->type == AMB_T_MAP)
            wrong(l, op->name, "'%s' has no type a parameter can have", p->name);
        if (p->type == AMB_T_BUF && !(p->flags & (AMB_P_IN | AMB_P_OUT)))
            wrong(l, op->name, "'%s' is a buffer neither read nor filled", p->name);
        if (p->type == AMB_T_RES && p->restype && !type_of(l->p, p->restype))
            wrong(l, op->name, "'%s' is of an unknown resource type", p->name);
        if (p->match && op->restype && p->match != AMB_M_HOSTPORT && p->match != AMB_M_NAMES)
            wrong(l, op->name, "'%s' is matched, but this is no constructor", p->name);
        hidden |= h;
        optional |= o;
        rest = p->flags & AMB_P_REST;
    }
}

static void operation(lint *l, const amb_op *op, amb_rights named)
{
    if (!is_name(op->name)) {
        wrong(l, op->name ? op->name : "?", "the operation's name");
        return;
    }
    if (!op->fn) wrong(l, op->name, "does nothing");
    if (!op->ordinal) wrong(l, op->name, "has no ordinal");
    if (!has_doc(op->doc) && !(op->flags & AMB_OP_KERNEL)) wrong(l, op->name, "is not described");
    if (!(op->flags & (AMB_OP_INLINE | AMB_OP_BLOCKING))) wrong(l, op->name, "runs nowhere");
    if (op->flags & AMB_OP_IDEMPOTENT && op->effect > AMB_FX_READ)
        wrong(l, op->name, "is idempotent and has effects");
    if (op->flags & AMB_OP_CANCEL && !l->p->cancel) wrong(l, op->name, "is cancelled by nobody");
    if (op->need & ~named) wrong(l, op->name, "needs a right without a name");
    if (op->ret_type == AMB_T_RES && !op->ret_restype) wrong(l, op->name, "returns no type of resource");
    const amb_restype *ret = op->ret_restype ? type_of(l->p, op->ret_restype) : NULL;
    if (op->ret_restype && !ret) wrong(l, op->name, "returns an unknown resource type");
    if (ret && ret->all && !((op->ret_fixed | op->ret_same) & ret->all)) wrong(l, op->name, "its result has no rights");
    if (!op->restype) {
        if (op->need) wrong(l, op->name, "a constructor needs rights");
        if (op->ret_type != AMB_T_RES && !(l->p->flags & AMB_PROVIDER_PURE))
            wrong(l, op->name, "a constructor that makes nothing");
    } else {
        const amb_restype *t = type_of(l->p, op->restype);
        if (!t) wrong(l, op->name, "belongs to an unknown resource type");
        else if (op->need & ~t->all) wrong(l, op->name, "needs a right nobody can have");
    }
    if (op->flags & AMB_OP_KERNEL) {
        const amb_restype *t = type_of(l->p, op->restype);
        if (!t || (t->read_op != op->ordinal && t->write_op != op->ordinal && t->next_op != op->ordinal &&
                   t->seek_op != op->ordinal && t->source_op != op->ordinal))
            wrong(l, op->name, "is for the kernel, which has no use for it");
    }
    params(l, op);
}

/* A building block: what it takes and gives. */
static void block(lint *l, const amb_restype *t, uint16_t ordinal, const char *what, uint32_t nparams,
                  uint8_t first, uint16_t flag, uint8_t ret)
{
    if (!ordinal) return;
    for (uint32_t i = 0; i < l->p->nops; i++) {
        const amb_op *op = op_at(l->p, i);
        if (op->ordinal != ordinal) continue;
        if (op->restype != t->id) wrong(l, t->name, "%s belongs to another type", what);
        else if (op->nparams != nparams || op->params[0].type != first ||
                 (flag && !(op->params[0].flags & flag)))
            wrong(l, t->name, "%s takes something else", what);
        else if (op->ret_type != ret && !(ordinal == t->next_op && op->ret_type == AMB_T_RES)) wrong(l, t->name, "%s gives something else", what);
        return;
    }
    wrong(l, t->name, "%s does not exist", what);
}

int kit_lint(const amb_provider *p)
{
    lint l = {p, 0};
    if (p->magic != AMB_SPI_MAGIC || p->spi_major != AMB_SPI_MAJOR || p->size != sizeof *p)
        wrong(&l, "table", "the head");
    if (!is_name(p->iface) || !has_doc(p->doc)) wrong(&l, "table", "name or description");
    if (p->start && !p->stop) wrong(&l, "table", "what start makes, nobody ends: stop is missing");
    amb_rights named = 0;
    for (uint32_t i = 0; i < p->nrights; i++) {
        const amb_right *r = right_at(p, i);
        if (!is_name(r->name) || !has_doc(r->doc) || !r->bit) wrong(&l, "rights", "one is not complete");
        for (uint32_t j = 0; j < i; j++)
            if (strcmp(right_at(p, j)->name, r->name) == 0 || right_at(p, j)->bit == r->bit)
                wrong(&l, "rights", "'%s' is there twice", r->name);
        named |= r->bit;
    }
    for (uint32_t i = 0; i < p->nres; i++) {
        const amb_restype *t = type_at(p, i);
        if (!t->id || !is_name(t->name) || !has_doc(t->doc)) wrong(&l, "types", "one is not complete");
        if (type_of(p, t->id) != t) wrong(&l, t->name, "its number is there twice");
        if (t->all & ~named || t->dflt & ~t->all) wrong(&l, t->name, "rights without names");
        if (!t->close && !(t->flags & AMB_R_STATELESS)) wrong(&l, t->name, "is never closed");
        block(&l, t, t->read_op, "read_op", 1, AMB_T_BUF, AMB_P_OUT, AMB_T_I64);
        block(&l, t, t->write_op, "write_op", 1, AMB_T_BUF, AMB_P_IN, AMB_T_I64);
        block(&l, t, t->next_op, "next_op", 1, AMB_T_I64, 0, AMB_T_TREE);
        block(&l, t, t->seek_op, "seek_op", 2, AMB_T_I64, 0, AMB_T_I64);
        block(&l, t, t->source_op, "source_op", 1, AMB_T_STR, 0, AMB_T_STR);
    }
    for (uint32_t i = 0; i < p->nops; i++) {
        const amb_op *op = op_at(p, i);
        operation(&l, op, named);
        for (uint32_t j = 0; j < i; j++) {
            if (op_at(p, j)->ordinal == op->ordinal) wrong(&l, op->name, "its ordinal is used twice");
            if (op_at(p, j)->restype == op->restype && strcmp(op_at(p, j)->name, op->name) == 0)
                wrong(&l, op->name, "is there twice");
        }
    }
    return l.problems;
}
