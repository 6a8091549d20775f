/* SPDX-License-Identifier: MIT */
/* A provider's table is data from elsewhere: looked through before anything of it is used.
 *
 * What is refused is named by its field, with what it says and what it may say. After that the gate
 * relies on all of it: names are names, references lead somewhere, counts fit its arrays, and every
 * flag is one it knows, since a flag may ask for a protection that only later libraries give.
 *
 * Growth: a table of a later minor version may have longer rows and more fields than ours, one of an
 * earlier version fewer. Such a table is copied into rows of our own size; what it lacks reads as
 * zero, what we do not know is left out. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "gate.h"

#define NAME_MAX_LEN 63
#define ROWS_MAX 4096u
#define STRIDE_MAX 4096u
#define OP_PARAMS 16u /* what the gate has room for */

/* Sizes up to the last field of 1.0; they never change. */
#define UP_TO(type, field) (offsetof(type, field) + sizeof(((type *)NULL)->field))
#define LEAST_PROVIDER UP_TO(amb_provider, stop)
#define LEAST_OP UP_TO(amb_op, fn)
#define LEAST_PARAM UP_TO(amb_param, pad1)
#define LEAST_RES UP_TO(amb_restype, getfd)
#define LEAST_RIGHT UP_TO(amb_right, pad0)

typedef struct look {
    const amb_provider *raw; /* as it was given: no longer than raw->size */
    amb_provider p;          /* its head, complete */
    const char *who;
    char *why;
    char where[112];
} look;

static const void *row(const void *base, uint16_t stride, uint32_t i) {
    return (const char *)base + (size_t)i * stride;
}
static const amb_op *op_row(const look *k, uint32_t i) { return row(k->p.ops, k->p.op_stride, i); }
static const amb_restype *res_row(const look *k, uint32_t i) { return row(k->p.res, k->p.res_stride, i); }
static const amb_right *right_row(const look *k, uint32_t i) {
    return row(k->p.rights, k->p.right_stride, i);
}

static bool wrong(look *k, const char *fmt, ...) AMB_PRINTF(2, 3);
static bool wrong(look *k, const char *fmt, ...) {
    int n = snprintf(k->why, 256, "%.80s%s%s", k->who, k->who[0] ? ": " : "", k->where);
    va_list ap;
    va_start(ap, fmt);
    if (n >= 0 && n < 256) vsnprintf(k->why + n, 256 - (size_t)n, fmt, ap);
    va_end(ap);
    return false;
}

static bool is_name(const char *s) {
    if (!s || !(*s >= 'a' && *s <= 'z')) return false;
    size_t n = strnlen(s, NAME_MAX_LEN + 1);
    if (n > NAME_MAX_LEN) return false;
    for (; *s; s++)
        if (!((*s >= 'a' && *s <= 'z') || (*s >= '0' && *s <= '9') || *s == '_')) return false;
    return true;
}

/* Text of unknown content, to be shown. */
static const char *shown(const char *s, char out[48]) {
    size_t i = 0;
    if (!s) return "NULL";
    out[i++] = '\'';
    for (; *s && i < 44; s++) out[i++] = *s >= ' ' && *s < 127 ? *s : '?';
    out[i++] = '\'';
    out[i] = 0;
    return out;
}

/* From now on it is about row i of an array, `name` if it has one. */
static void at(look *k, const char *array, uint32_t i, const char *name) {
    if (is_name(name)) snprintf(k->where, sizeof k->where, "%s[%u] '%s': ", array, i, name);
    else snprintf(k->where, sizeof k->where, "%s[%u]: ", array, i);
}

static bool name_ok(look *k, const char *s) {
    char text[48];
    return is_name(s) || wrong(k, "name is %s, a name is at most %d of a-z, 0-9 and _, a letter first",
                               shown(s, text), NAME_MAX_LEN);
}

/* Whether flags are known ones; a table of a later version is told so. */
static bool flags_ok(look *k, const char *field, uint64_t flags, uint64_t known) {
    if (!(flags & ~known)) return true;
    if (k->p.spi_minor > AMB_SPI_MINOR)
        return wrong(k, "%s is 0x%llx, this library knows 0x%llx (the table is made for %u.%u, this library for %d.%d)",
                     field, (unsigned long long)flags, (unsigned long long)known, k->p.spi_major,
                     k->p.spi_minor, AMB_SPI_MAJOR, AMB_SPI_MINOR);
    return wrong(k, "%s is 0x%llx, this library knows 0x%llx", field, (unsigned long long)flags,
                 (unsigned long long)known);
}

static bool pad_ok(look *k, const char *field, uint32_t pad) {
    return !pad || wrong(k, "%s is %u, it must be 0", field, pad);
}

static const amb_restype *type_of(const look *k, uint16_t id) {
    for (uint32_t i = 0; id && i < k->p.nres; i++)
        if (res_row(k, i)->id == id) return res_row(k, i);
    return NULL;
}

static bool type_exists(look *k, const char *field, uint16_t id) {
    return type_of(k, id) || wrong(k, "%s is %u, there is no resource type of that id", field, id);
}

/* --- head --------------------------------------------------------------------------- */

static bool array_ok(look *k, const char *array, uint32_t n, const void *rows) {
    if (n > ROWS_MAX) return wrong(k, "n%s is %u, at most %u are allowed", array, n, ROWS_MAX);
    if (n && !rows) return wrong(k, "%s is NULL, n%s is %u", array, array, n);
    if (n && (uintptr_t)rows % 8) return wrong(k, "%s is not aligned to 8 bytes", array);
    return true;
}

static bool stride_ok(look *k, const char *field, uint16_t stride, size_t least) {
    if (stride < least) return wrong(k, "%s is %u, a row has %zu bytes at least", field, stride, least);
    if (stride % 8 || stride > STRIDE_MAX)
        return wrong(k, "%s is %u, it must be a multiple of 8 up to %u", field, stride, STRIDE_MAX);
    return true;
}

static bool head_ok(look *k) {
    const amb_provider *raw = k->raw;
    char text[48];
    if (!raw) return wrong(k, "the table is NULL");
    if ((uintptr_t)raw % 8) return wrong(k, "the table is not aligned to 8 bytes");
    if (raw->magic != AMB_SPI_MAGIC)
        return wrong(k, "magic is 0x%08x, a provider's is 0x%08x", raw->magic, AMB_SPI_MAGIC);
    if (raw->spi_major != AMB_SPI_MAJOR)
        return wrong(k, "spi_major is %u, this library speaks %d", raw->spi_major, AMB_SPI_MAJOR);
    if (raw->size < LEAST_PROVIDER)
        return wrong(k, "size is %u, a provider has %zu bytes at least", raw->size, LEAST_PROVIDER);
    if (raw->size % 8 || raw->size > STRIDE_MAX)
        return wrong(k, "size is %u, it must be a multiple of 8 up to %u", raw->size, STRIDE_MAX);
    memcpy(&k->p, raw, raw->size < sizeof k->p ? raw->size : sizeof k->p);
    const amb_provider *p = &k->p;
    if (!is_name(p->iface))
        return wrong(k, "iface is %s, a name is at most %d of a-z, 0-9 and _, a letter first",
                     shown(p->iface, text), NAME_MAX_LEN);
    return stride_ok(k, "op_stride", p->op_stride, LEAST_OP) &&
           stride_ok(k, "param_stride", p->param_stride, LEAST_PARAM) &&
           stride_ok(k, "res_stride", p->res_stride, LEAST_RES) &&
           stride_ok(k, "right_stride", p->right_stride, LEAST_RIGHT) &&
           array_ok(k, "ops", p->nops, p->ops) &&
           array_ok(k, "res", p->nres, p->res) &&
           array_ok(k, "rights", p->nrights, p->rights) &&
           array_ok(k, "cfg", p->ncfg, p->cfg) &&
           flags_ok(k, "flags", p->flags, AMB_PROVIDER_PURE) && pad_ok(k, "pad0", p->pad0);
}

/* --- rights and types --------------------------------------------------------------- */

static bool rights_ok(look *k, amb_rights *named) {
    *named = 0;
    for (uint32_t i = 0; i < k->p.nrights; i++) {
        const amb_right *r = right_row(k, i);
        at(k, "rights", i, r->name);
        if (!name_ok(k, r->name) || !flags_ok(k, "flags", r->flags, AMB_RIGHT_ESCAPE) ||
            !pad_ok(k, "pad0", r->pad0))
            return false;
        if (!r->bit) return wrong(k, "bit is 0, a right has at least one");
        for (uint32_t j = 0; j < i; j++)
            if (strcmp(right_row(k, j)->name, r->name) == 0)
                return wrong(k, "rights[%u] has the same name", j);
        *named |= r->bit;
    }
    return true;
}

/* A building block of the kernel's vocabulary: what it takes and gives. */
static bool block_ok(look *k, const amb_restype *t, const char *field, uint16_t ordinal, const uint8_t *takes,
                     uint32_t n, uint16_t flag, uint8_t gives, uint8_t or_gives) {
    if (!ordinal) return true;
    for (uint32_t i = 0; i < k->p.nops; i++) {
        const amb_op *op = op_row(k, i);
        if (op->ordinal != ordinal) continue;
        if (op->restype != t->id)
            return wrong(k, "%s is %u, an operation of restype %u, not %u", field, ordinal, op->restype, t->id);
        if (op->nparams != n)
            return wrong(k, "%s is %u, an operation with %u parameters, not %u", field, ordinal, op->nparams, n);
        if (op->ret_type != gives && op->ret_type != or_gives)
            return wrong(k, "%s is %u, an operation with ret_type %u, not %u", field, ordinal, op->ret_type, gives);
        if (op->flags & AMB_OP_ENDS)
            return wrong(k, "%s is %u, an operation with flags 0x%x, it must not end its receiver (0x%x)", field,
                         ordinal, op->flags, AMB_OP_ENDS);
        if (!op->params) return true; /* refused at its row */
        for (uint32_t j = 0; j < n; j++) {
            const amb_param *p = row(op->params, k->p.param_stride, j);
            if (p->type != takes[j])
                return wrong(k, "%s is %u, an operation with params[%u].type %u, not %u", field, ordinal, j,
                             p->type, takes[j]);
            if (flag && !(p->flags & flag))
                return wrong(k, "%s is %u, an operation with params[%u].flags 0x%x, 0x%x is missing", field,
                             ordinal, j, p->flags, flag);
        }
        return true;
    }
    return wrong(k, "%s is %u, there is no operation of that ordinal", field, ordinal);
}

static bool type_ok(look *k, uint32_t i, amb_rights named) {
    static const uint8_t buf[] = {AMB_T_BUF}, number[] = {AMB_T_I64}, text[] = {AMB_T_STR},
                         seek[] = {AMB_T_I64, AMB_T_STR};
    const amb_restype *t = res_row(k, i);
    at(k, "res", i, t->name);
    if (!name_ok(k, t->name)) return false;
    if (!t->id) return wrong(k, "id is 0, ids begin at 1");
    for (uint32_t j = 0; j < i; j++) {
        if (res_row(k, j)->id == t->id) return wrong(k, "id is %u, as that of res[%u]", t->id, j);
        if (strcmp(res_row(k, j)->name, t->name) == 0) return wrong(k, "res[%u] has the same name", j);
    }
    if (!flags_ok(k, "flags", t->flags, AMB_R_FD | AMB_R_REOPEN | AMB_R_STATELESS | AMB_R_SERIAL) ||
        !pad_ok(k, "pad1", t->pad1))
        return false;
    if (t->all & ~named)
        return wrong(k, "all is 0x%llx, the rights with names are 0x%llx", (unsigned long long)t->all,
                     (unsigned long long)named);
    if (t->dflt & ~t->all)
        return wrong(k, "dflt is 0x%llx, all is 0x%llx", (unsigned long long)t->dflt,
                     (unsigned long long)t->all);
    return block_ok(k, t, "read_op", t->read_op, buf, 1, AMB_P_OUT, AMB_T_I64, AMB_T_I64) &&
           block_ok(k, t, "write_op", t->write_op, buf, 1, AMB_P_IN, AMB_T_I64, AMB_T_I64) &&
           block_ok(k, t, "next_op", t->next_op, number, 1, 0, AMB_T_TREE, AMB_T_RES) &&
           block_ok(k, t, "seek_op", t->seek_op, seek, 2, 0, AMB_T_I64, AMB_T_I64) &&
           block_ok(k, t, "source_op", t->source_op, text, 1, 0, AMB_T_STR, AMB_T_STR);
}

/* --- parameters and operations ------------------------------------------------------ */

#define PARAM_FLAGS                                                                                \
    (AMB_P_OPT | AMB_P_SECRET | AMB_P_IN | AMB_P_OUT | AMB_P_KEEP | AMB_P_REST | AMB_P_PATH | AMB_P_HIDDEN)

/* root: of a constructor; only these are matched with grants and get what no script supplies. */
static bool params_ok(look *k, const char *array, const amb_param *params, uint32_t n, bool root) {
    char place[sizeof k->where], text[48];
    bool hidden = false;
    memcpy(place, k->where, sizeof place);
    for (uint32_t i = 0; i < n; i++) {
        const amb_param *p = row(params, k->p.param_stride, i);
        snprintf(k->where, sizeof k->where, "%.90s%s[%u].", place, array, i);
        if (!is_name(p->name))
            return wrong(k, "name is %s, a name is at most %d of a-z, 0-9 and _, a letter first",
                         shown(p->name, text), NAME_MAX_LEN);
        for (uint32_t j = 0; j < i; j++)
            if (strcmp(((const amb_param *)row(params, k->p.param_stride, j))->name, p->name) == 0)
                return wrong(k, "name is '%s', as that of %s[%u]", p->name, array, j);
        if (p->type == AMB_T_NIL || p->type == AMB_T_LIST || p->type == AMB_T_TUPLE || p->type == AMB_T_MAP)
            return wrong(k, "type is %u, which no parameter can have", p->type);
        if (p->type > AMB_T_ANY) return wrong(k, "type is %u, the last one is %d", p->type, AMB_T_ANY);
        if (p->match > AMB_M_RIGHTS)
            return wrong(k, "match is %u, the last one is %d", p->match, AMB_M_RIGHTS);
        if (!flags_ok(k, "flags", p->flags, PARAM_FLAGS) || !pad_ok(k, "pad0", p->pad0) ||
            !pad_ok(k, "pad1", p->pad1))
            return false;
        if (p->type == AMB_T_RES && p->restype && !type_exists(k, "restype", p->restype)) return false;
        if (p->type == AMB_T_BUF && !(p->flags & (AMB_P_IN | AMB_P_OUT)))
            return wrong(k, "flags is 0x%x, a buffer is read (0x%x) or filled (0x%x)", p->flags, AMB_P_IN,
                         AMB_P_OUT);
        if (p->flags & AMB_P_REST && i + 1 < n)
            return wrong(k, "flags is 0x%x, only the last parameter takes the rest (0x%x)", p->flags, AMB_P_REST);
        if (p->flags & AMB_P_HIDDEN && !root)
            return wrong(k, "flags is 0x%x, only constructors have hidden parameters (0x%x)", p->flags,
                         AMB_P_HIDDEN);
        if (p->flags & AMB_P_HIDDEN && p->flags & AMB_P_REST)
            return wrong(k, "flags is 0x%x, the rest (0x%x) cannot be hidden (0x%x)", p->flags, AMB_P_REST,
                         AMB_P_HIDDEN);
        if (hidden && !(p->flags & AMB_P_HIDDEN))
            return wrong(k, "flags is 0x%x, but the parameter before it is hidden (0x%x)", p->flags,
                         AMB_P_HIDDEN);
        hidden = p->flags & AMB_P_HIDDEN;
    }
    memcpy(k->where, place, sizeof place);
    return true;
}

/* What a function of a pure module must not ask for. */
static bool pure_ok(look *k, const amb_op *op) {
    if (op->effect != AMB_FX_NONE)
        return wrong(k, "effect is %u, functions of a pure module have none (%d)", op->effect, AMB_FX_NONE);
    if (op->need)
        return wrong(k, "need is 0x%llx, functions of a pure module need no rights", (unsigned long long)op->need);
    if (op->flags & (AMB_OP_KERNEL | AMB_OP_ENDS))
        return wrong(k, "flags is 0x%x, functions of a pure module have no receiver and are for scripts (not 0x%x)",
                     op->flags, AMB_OP_KERNEL | AMB_OP_ENDS);
    for (uint32_t i = 0; i < op->nparams; i++) {
        const amb_param *p = row(op->params, k->p.param_stride, i);
        if (p->flags & AMB_P_HIDDEN || p->match)
            return wrong(k, "params[%u].match is %u and .flags 0x%x, nothing is matched or hidden in a pure module",
                         i, p->match, p->flags);
    }
    return true;
}

#define OP_FLAGS                                                                                   \
    (AMB_OP_IDEMPOTENT | AMB_OP_INLINE | AMB_OP_BLOCKING | AMB_OP_CANCEL | AMB_OP_OPENS | AMB_OP_KERNEL | \
     AMB_OP_ENDS)

static bool op_ok(look *k, uint32_t i, amb_rights named) {
    const amb_op *op = op_row(k, i);
    bool pure = k->p.flags & AMB_PROVIDER_PURE;
    at(k, "ops", i, op->name);
    if (!name_ok(k, op->name)) return false;
    if (!op->ordinal) return wrong(k, "ordinal is 0, ordinals begin at 1");
    if (op->ordinal >= AMB_ORD_READ)
        return wrong(k, "ordinal is 0x%x, those from 0x%x on have a meaning of their own", op->ordinal, AMB_ORD_READ);
    for (uint32_t j = 0; j < i; j++) {
        const amb_op *other = op_row(k, j);
        if (other->ordinal == op->ordinal)
            return wrong(k, "ordinal is %u, as that of ops[%u] '%s'", op->ordinal, j, other->name);
        if (other->restype == op->restype && strcmp(other->name, op->name) == 0)
            return wrong(k, "restype is %u, as that of ops[%u] with the same name", op->restype, j);
    }
    if (!op->fn) return wrong(k, "fn is NULL");
    if (!flags_ok(k, "flags", op->flags, OP_FLAGS)) return false;
    if (op->effect > AMB_FX_EXTERNAL)
        return wrong(k, "effect is %u, the last one is %d", op->effect, AMB_FX_EXTERNAL);
    if (op->flags & AMB_OP_IDEMPOTENT && op->effect > AMB_FX_READ)
        return wrong(k, "effect is %u, with flags 0x%x it is at most %d", op->effect, op->flags, AMB_FX_READ);
    if (op->need & ~named)
        return wrong(k, "need is 0x%llx, the rights with names are 0x%llx", (unsigned long long)op->need,
                     (unsigned long long)named);
    if (op->restype && !type_exists(k, "restype", op->restype)) return false;
    if (op->restype && op->need & ~type_of(k, op->restype)->all)
        return wrong(k, "need is 0x%llx, of its resource there is at most 0x%llx", (unsigned long long)op->need,
                     (unsigned long long)type_of(k, op->restype)->all);
    if (!op->restype && !pure && op->ret_type != AMB_T_RES)
        return wrong(k, "restype is 0 and ret_type is %u, a constructor returns a resource (%d)", op->ret_type,
                     AMB_T_RES);
    if (!op->restype && op->need)
        return wrong(k, "need is 0x%llx, without a receiver there are no rights", (unsigned long long)op->need);
    if (op->ret_type > AMB_T_TREE || op->ret_type == AMB_T_FD)
        return wrong(k, "ret_type is %u, which no operation can return", op->ret_type);
    if (op->ret_type == AMB_T_RES && !type_exists(k, "ret_restype", op->ret_restype)) return false;
    if (op->ret_type != AMB_T_RES && op->ret_restype)
        return wrong(k, "ret_restype is %u, ret_type is %u, not a resource (%d)", op->ret_restype, op->ret_type,
                     AMB_T_RES);
    uint32_t most = op->restype || pure ? OP_PARAMS : AMB_TREE_DEPTH;
    if (op->nparams > most) return wrong(k, "nparams is %u, at most %u are allowed", op->nparams, most);
    if (op->nparams && !op->params) return wrong(k, "params is NULL, nparams is %u", op->nparams);
    return params_ok(k, "params", op->params, op->nparams, !op->restype) &&
           (op->restype || !pure || pure_ok(k, op));
}

amb_status ambtable_check(const amb_provider *raw, const char *who, char why[256]) {
    look k = {.raw = raw, .who = who, .why = why};
    amb_rights named;
    if (!head_ok(&k) || !rights_ok(&k, &named)) return AMB_E_ARG;
    for (uint32_t i = 0; i < k.p.nres; i++)
        if (!type_ok(&k, i, named)) return AMB_E_ARG;
    for (uint32_t i = 0; i < k.p.nops; i++)
        if (!op_ok(&k, i, named)) return AMB_E_ARG;
    k.where[0] = 0;
    if (!params_ok(&k, "cfg", k.p.cfg, k.p.ncfg, false)) return AMB_E_ARG;
    return AMB_OK;
}

/* --- tables of another size --------------------------------------------------------- */

bool ambtable_fits(const amb_provider *p) {
    return p->size == sizeof *p && p->op_stride == sizeof(amb_op) && p->param_stride == sizeof(amb_param) &&
           p->res_stride == sizeof(amb_restype) && p->right_stride == sizeof(amb_right);
}

/* Copies n rows of theirs to rows of ours. */
static void *rows_copy(char **to, const void *from, uint32_t n, size_t theirs, size_t ours) {
    char *out = *to;
    for (uint32_t i = 0; i < n; i++)
        memcpy(out + i * ours, (const char *)from + i * theirs, theirs < ours ? theirs : ours);
    *to += n * ours;
    return n ? out : NULL;
}

amb_provider *ambtable_copy(amb_vm *vm, const amb_provider *raw, size_t *size) {
    amb_provider p = {0};
    memcpy(&p, raw, raw->size < sizeof p ? raw->size : sizeof p);
    size_t nparams = p.ncfg;
    for (uint32_t i = 0; i < p.nops; i++)
        nparams += ((const amb_op *)row(p.ops, p.op_stride, i))->nparams;
    *size = sizeof p + p.nops * sizeof(amb_op) + p.nres * sizeof(amb_restype) +
            p.nrights * sizeof(amb_right) + nparams * sizeof(amb_param);
    char *block = ambgc_malloc(vm, *size);
    if (!block) return NULL;
    memset(block, 0, *size);
    char *to = block + sizeof p;
    amb_op *ops = rows_copy(&to, p.ops, p.nops, p.op_stride, sizeof *ops);
    p.res = rows_copy(&to, p.res, p.nres, p.res_stride, sizeof(amb_restype));
    p.rights = rows_copy(&to, p.rights, p.nrights, p.right_stride, sizeof(amb_right));
    p.cfg = rows_copy(&to, p.cfg, p.ncfg, p.param_stride, sizeof(amb_param));
    for (uint32_t i = 0; i < p.nops; i++)
        ops[i].params = rows_copy(&to, ops[i].params, ops[i].nparams, p.param_stride, sizeof(amb_param));
    p.ops = ops;
    p.size = sizeof p;
    p.op_stride = sizeof(amb_op);
    p.param_stride = sizeof(amb_param);
    p.res_stride = sizeof(amb_restype);
    p.right_stride = sizeof(amb_right);
    memcpy(block, &p, sizeof p);
    return (amb_provider *)block;
}
