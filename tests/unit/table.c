/* SPDX-License-Identifier: MIT */
/* Tables from elsewhere: what is wrong with one is named, and what is let in cannot do harm. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "gate.h"
#include "host.h"
#include "module.h"
#include "vm_internal.h"

/* --- a table to spoil --------------------------------------------------------------- */

enum { READ = 1, WRITE = 2 };

typedef struct sample {
    amb_provider p;
    amb_op ops[8];
    amb_restype res[2];
    amb_right rights[2];
    amb_param make[2], buf_out[1], buf_in[1], next[1], seek[2], get[3], cfg[1];
} sample;

static sample *now; /* what the functions below belong to */

static amb_status make(void *inst, amb_call *c, void *self, const amb_arg *a, uint32_t n, amb_arg *ret)
{
    const amb_host *h = inst;
    (void)self, (void)a, (void)n;
    return h->res_new(c, now->res[0].id, now, ~(amb_rights)0, "x", ret, NULL);
}
static amb_status nothing(void *inst, amb_call *c, void *self, const amb_arg *a, uint32_t n, amb_arg *ret)
{
    (void)inst, (void)c, (void)self, (void)n;
    *ret = (amb_arg){.type = AMB_T_I64, .v.i = n && a[0].type == AMB_T_I64 ? a[0].v.i : 0};
    return AMB_OK;
}
static void closed(void *inst, void *res) { (void)inst, (void)res; }

static void fresh(sample *s)
{
    *s = (sample){
        .p = {AMB_PROVIDER_HEAD, .iface = "sample", .doc = "x", .iface_major = 1, .nops = 7, .nres = 2,
              .nrights = 2, .ncfg = 1},
        .rights = {{READ, "read", "x", 0, 0}, {WRITE, "write", "x", AMB_RIGHT_ESCAPE, 0}},
        .res = {{.id = 1, .read_op = 2, .write_op = 3, .next_op = 4, .seek_op = 5, .name = "file", .doc = "x",
                 .all = READ | WRITE, .dflt = READ, .close = closed},
                {.id = 7, .name = "other", .doc = "x", .close = closed}},
        .make = {{.name = "path", .type = AMB_T_STR, .match = AMB_M_NAMES, .flags = AMB_P_PATH},
                 {.name = "rights", .type = AMB_T_I64, .match = AMB_M_RIGHTS, .flags = AMB_P_HIDDEN}},
        .buf_out = {{.name = "buf", .type = AMB_T_BUF, .flags = AMB_P_OUT}},
        .buf_in = {{.name = "data", .type = AMB_T_BUF, .flags = AMB_P_IN}},
        .next = {{.name = "most", .type = AMB_T_I64}},
        .seek = {{.name = "offset", .type = AMB_T_I64}, {.name = "origin", .type = AMB_T_STR}},
        .get = {{.name = "key", .type = AMB_T_I64}, {.name = "other", .type = AMB_T_RES, .restype = 7,
                 .flags = AMB_P_OPT}, {.name = "more", .type = AMB_T_ANY, .flags = AMB_P_REST}},
        .cfg = {{.name = "level", .type = AMB_T_I64}},
        .ops = {{.ordinal = 1, .name = "file", .ret_type = AMB_T_RES, .ret_restype = 1, .ret_fixed = READ | WRITE,
                 .nparams = 2, .flags = AMB_OP_INLINE, .fn = make},
                {.ordinal = 2, .restype = 1, .name = "read_some", .need = READ, .nparams = 1, .ret_type = AMB_T_I64,
                 .flags = AMB_OP_INLINE | AMB_OP_KERNEL, .fn = nothing},
                {.ordinal = 3, .restype = 1, .name = "write_some", .need = WRITE, .nparams = 1,
                 .ret_type = AMB_T_I64, .flags = AMB_OP_INLINE | AMB_OP_KERNEL, .effect = AMB_FX_WRITE, .fn = nothing},
                {.ordinal = 4, .restype = 1, .name = "next_some", .nparams = 1, .ret_type = AMB_T_TREE,
                 .flags = AMB_OP_INLINE | AMB_OP_KERNEL, .fn = nothing},
                {.ordinal = 5, .restype = 1, .name = "seek", .nparams = 2, .ret_type = AMB_T_I64,
                 .flags = AMB_OP_INLINE, .fn = nothing},
                {.ordinal = 6, .restype = 1, .name = "get", .need = READ, .nparams = 3, .ret_type = AMB_T_I64,
                 .flags = AMB_OP_INLINE | AMB_OP_IDEMPOTENT, .effect = AMB_FX_READ, .fn = nothing},
                {.ordinal = 9, .restype = 7, .name = "get", .ret_type = AMB_T_I64, .flags = AMB_OP_INLINE,
                 .fn = nothing}},
    };
    s->p.ops = s->ops;
    s->p.res = s->res;
    s->p.rights = s->rights;
    s->p.cfg = s->cfg;
    s->ops[0].params = s->make;
    s->ops[1].params = s->buf_out;
    s->ops[2].params = s->buf_in;
    s->ops[3].params = s->next;
    s->ops[4].params = s->seek;
    s->ops[5].params = s->get;
    now = s;
}

static char why[256];
static const char *said(const sample *s)
{
    amb_status st = ambtable_check(&s->p, "x.so", why);
    cr_assert(st == AMB_OK || st == AMB_E_ARG);
    return st ? why : "right";
}

Test(table, a_right_one)
{
    sample s;
    fresh(&s);
    cr_assert_str_eq(said(&s), "right");
}

/* Each spoils one field of a right table, and expects that to be said. */
#define WRONG(change, text)              \
    do {                                 \
        fresh(&s);                       \
        change;                          \
        cr_expect_str_eq(said(&s), text); \
    } while (0)

Test(table, heads)
{
    sample s;
    cr_assert_eq(ambtable_check(NULL, "x.so", why), AMB_E_ARG);
    cr_assert_str_eq(why, "x.so: the table is NULL");
    WRONG(s.p.magic = 1, "x.so: magic is 0x00000001, a provider's is 0x53424d41");
    WRONG(s.p.spi_major = 2, "x.so: spi_major is 2, this library speaks 1");
    WRONG(s.p.size = 96, "x.so: size is 96, a provider has 104 bytes at least");
    WRONG(s.p.size = 8193, "x.so: size is 8193, it must be a multiple of 8 up to 4096");
    WRONG(s.p.iface = NULL, "x.so: iface is NULL, a name is at most 63 of a-z, 0-9 and _, a letter first");
    WRONG(s.p.iface = "My\x1b[2J", "x.so: iface is 'My?[2J', a name is at most 63 of a-z, 0-9 and _, a letter first");
    WRONG(s.p.op_stride = 72, "x.so: op_stride is 72, a row has 80 bytes at least");
    WRONG(s.p.param_stride = 8, "x.so: param_stride is 8, a row has 48 bytes at least");
    WRONG(s.p.res_stride = 8, "x.so: res_stride is 8, a row has 72 bytes at least");
    WRONG(s.p.right_stride = 0, "x.so: right_stride is 0, a row has 32 bytes at least");
    WRONG(s.p.op_stride = 105, "x.so: op_stride is 105, it must be a multiple of 8 up to 4096");
    WRONG(s.p.ops = NULL, "x.so: ops is NULL, nops is 7");
    WRONG(s.p.res = NULL, "x.so: res is NULL, nres is 2");
    WRONG(s.p.rights = NULL, "x.so: rights is NULL, nrights is 2");
    WRONG(s.p.cfg = NULL, "x.so: cfg is NULL, ncfg is 1");
    WRONG(s.p.nops = 60000, "x.so: nops is 60000, at most 4096 are allowed");
    WRONG(s.p.ops = (const amb_op *)((char *)s.ops + 4), "x.so: ops is not aligned to 8 bytes");
    WRONG(s.p.flags = 6, "x.so: flags is 0x6, this library knows 0x1");
    WRONG((s.p.flags = 6, s.p.spi_minor = 9),
          "x.so: flags is 0x6, this library knows 0x1 (the table is made for 1.9, this library for 1.0)");
    WRONG(s.p.pad0 = 1, "x.so: pad0 is 1, it must be 0");
    WRONG(s.cfg[0].type = AMB_T_MAP, "x.so: cfg[0].type is 13, which no parameter can have");
}

Test(table, rights_and_types)
{
    sample s;
    WRONG(s.rights[1].name = "read", "x.so: rights[1] 'read': rights[0] has the same name");
    WRONG(s.rights[1].name = "", "x.so: rights[1]: name is '', a name is at most 63 of a-z, 0-9 and _, a letter first");
    WRONG(s.rights[0].bit = 0, "x.so: rights[0] 'read': bit is 0, a right has at least one");
    WRONG(s.rights[0].flags = 2, "x.so: rights[0] 'read': flags is 0x2, this library knows 0x1");
    WRONG(s.rights[0].pad0 = 3, "x.so: rights[0] 'read': pad0 is 3, it must be 0");
    WRONG(s.res[0].id = 0, "x.so: res[0] 'file': id is 0, ids begin at 1");
    WRONG(s.res[1].id = 1, "x.so: res[1] 'other': id is 1, as that of res[0]");
    WRONG(s.res[1].name = "file", "x.so: res[1] 'file': res[0] has the same name");
    WRONG(s.res[1].flags = 64, "x.so: res[1] 'other': flags is 0x40, this library knows 0xf");
    WRONG(s.res[1].pad1 = 64, "x.so: res[1] 'other': pad1 is 64, it must be 0");
    WRONG(s.res[0].all = 7, "x.so: res[0] 'file': all is 0x7, the rights with names are 0x3");
    WRONG(s.res[1].dflt = 1, "x.so: res[1] 'other': dflt is 0x1, all is 0x0");
    WRONG(s.res[0].read_op = 99, "x.so: res[0] 'file': read_op is 99, there is no operation of that ordinal");
    WRONG(s.res[0].read_op = 9, "x.so: res[0] 'file': read_op is 9, an operation of restype 7, not 1");
    WRONG(s.res[0].write_op = 5, "x.so: res[0] 'file': write_op is 5, an operation with 2 parameters, not 1");
    WRONG(s.res[0].read_op = 4, "x.so: res[0] 'file': read_op is 4, an operation with ret_type 8, not 2");
    WRONG(s.res[0].read_op = 3, "x.so: res[0] 'file': read_op is 3, an operation with params[0].flags 0x4, 0x8 is missing");
    WRONG(s.res[0].source_op = 2, "x.so: res[0] 'file': source_op is 2, an operation with ret_type 2, not 4");
    WRONG(s.ops[1].flags |= AMB_OP_ENDS,
          "x.so: res[0] 'file': read_op is 2, an operation with flags 0x62, it must not end its receiver (0x40)");
    WRONG(s.seek[1].type = AMB_T_I64, "x.so: res[0] 'file': seek_op is 5, an operation with params[1].type 2, not 4");
}

Test(table, operations)
{
    sample s;
    WRONG(s.ops[5].name = NULL, "x.so: ops[5]: name is NULL, a name is at most 63 of a-z, 0-9 and _, a letter first");
    WRONG(s.ops[5].ordinal = 0, "x.so: ops[5] 'get': ordinal is 0, ordinals begin at 1");
    WRONG(s.ops[6].ordinal = 6, "x.so: ops[6] 'get': ordinal is 6, as that of ops[5] 'get'");
    WRONG(s.ops[6].restype = 1, "x.so: ops[6] 'get': restype is 1, as that of ops[5] with the same name");
    WRONG(s.ops[6].restype = 3, "x.so: ops[6] 'get': restype is 3, there is no resource type of that id");
    WRONG(s.ops[5].fn = NULL, "x.so: ops[5] 'get': fn is NULL");
    WRONG(s.ops[5].ordinal = 0xfff1, "x.so: ops[5] 'get': ordinal is 0xfff1, those from 0xfff0 on have a meaning of their own");
    WRONG(s.ops[5].flags = 128, "x.so: ops[5] 'get': flags is 0x80, this library knows 0x7f");
    WRONG(s.ops[5].effect = 4, "x.so: ops[5] 'get': effect is 4, the last one is 3");
    WRONG(s.ops[5].effect = 2, "x.so: ops[5] 'get': effect is 2, with flags 0x3 it is at most 1");
    WRONG(s.ops[5].need = 4, "x.so: ops[5] 'get': need is 0x4, the rights with names are 0x3");
    WRONG(s.ops[6].need = 1, "x.so: ops[6] 'get': need is 0x1, of its resource there is at most 0x0");
    WRONG(s.ops[0].need = 1, "x.so: ops[0] 'file': need is 0x1, without a receiver there are no rights");
    WRONG((s.ops[0].ret_type = AMB_T_STR, s.ops[0].ret_restype = 0),
          "x.so: ops[0] 'file': restype is 0 and ret_type is 4, a constructor returns a resource (6)");
    WRONG(s.ops[0].ret_restype = 2, "x.so: ops[0] 'file': ret_restype is 2, there is no resource type of that id");
    WRONG(s.ops[5].ret_restype = 1, "x.so: ops[5] 'get': ret_restype is 1, ret_type is 2, not a resource (6)");
    WRONG(s.ops[5].ret_type = AMB_T_BUF, "x.so: ops[5] 'get': ret_type is 9, which no operation can return");
    WRONG(s.ops[5].ret_type = 77, "x.so: ops[5] 'get': ret_type is 77, which no operation can return");
    WRONG(s.ops[5].nparams = 17, "x.so: ops[5] 'get': nparams is 17, at most 16 are allowed");
    WRONG(s.ops[0].nparams = 65, "x.so: ops[0] 'file': nparams is 65, at most 64 are allowed");
    WRONG(s.ops[5].params = NULL, "x.so: ops[5] 'get': params is NULL, nparams is 3");
    WRONG(s.get[1].type = 99, "x.so: ops[5] 'get': params[1].type is 99, the last one is 14");
    WRONG(s.get[1].type = 0, "x.so: ops[5] 'get': params[1].type is 0, which no parameter can have");
    WRONG(s.get[1].name = "Key", "x.so: ops[5] 'get': params[1].name is 'Key', a name is at most 63 of a-z, 0-9 and _, a letter first");
    WRONG(s.get[1].name = "key", "x.so: ops[5] 'get': params[1].name is 'key', as that of params[0]");
    WRONG(s.get[1].match = 9, "x.so: ops[5] 'get': params[1].match is 9, the last one is 7");
    WRONG(s.get[1].flags = 512, "x.so: ops[5] 'get': params[1].flags is 0x200, this library knows 0xff");
    WRONG(s.get[1].pad0 = 1, "x.so: ops[5] 'get': params[1].pad0 is 1, it must be 0");
    WRONG(s.get[1].pad1 = 1, "x.so: ops[5] 'get': params[1].pad1 is 1, it must be 0");
    WRONG(s.get[1].restype = 8, "x.so: ops[5] 'get': params[1].restype is 8, there is no resource type of that id");
    WRONG(s.buf_in[0].flags = 0, "x.so: res[0] 'file': write_op is 3, an operation with params[0].flags 0x0, 0x4 is missing");
    WRONG(s.get[0].type = AMB_T_BUF, "x.so: ops[5] 'get': params[0].flags is 0x0, a buffer is read (0x4) or filled (0x8)");
    WRONG(s.get[0].flags = AMB_P_REST, "x.so: ops[5] 'get': params[0].flags is 0x20, only the last parameter takes the rest (0x20)");
    WRONG(s.get[2].flags = AMB_P_HIDDEN, "x.so: ops[5] 'get': params[2].flags is 0x80, only constructors have hidden parameters (0x80)");
    WRONG(s.make[1].flags = AMB_P_HIDDEN | AMB_P_REST,
          "x.so: ops[0] 'file': params[1].flags is 0xa0, the rest (0x20) cannot be hidden (0x80)");
    WRONG(s.make[0].flags = AMB_P_HIDDEN; s.make[1].flags = 0,
          "x.so: ops[0] 'file': params[1].flags is 0x0, but the parameter before it is hidden (0x80)");
}

Test(table, pure_modules)
{
    sample s;
    WRONG(s.p.flags = AMB_PROVIDER_PURE,
          "x.so: ops[0] 'file': params[0].match is 4 and .flags 0x40, nothing is matched or hidden in a pure module");
#define PURE (s.p.flags = AMB_PROVIDER_PURE, s.ops[0].nparams = 0)
    WRONG(PURE, "right");
    WRONG((PURE, s.ops[0].effect = AMB_FX_READ), "x.so: ops[0] 'file': effect is 1, functions of a pure module have none (0)");
    WRONG((PURE, s.ops[0].flags = AMB_OP_KERNEL),
          "x.so: ops[0] 'file': flags is 0x20, functions of a pure module have no receiver and are for scripts (not 0x60)");
    WRONG((PURE, s.ops[0].ret_type = AMB_T_STR, s.ops[0].ret_restype = 0), "right");
}

/* --- what is let in ----------------------------------------------------------------- */

/* Longer rows and heads than ours, as later versions will have, and a shorter head, as before `flags`. */
Test(table, of_other_versions)
{
    typedef struct {
        amb_op op;
        uint64_t news[2];
    } long_op;
    typedef struct {
        amb_param param;
        uint64_t news;
    } long_param;
    typedef struct {
        amb_provider p;
        uint64_t news[3];
    } long_provider;
    sample s;
    fresh(&s);
    long_op ops[7];
    long_param params[7][4];
    long_provider p = {.p = s.p, .news = {~0ull, ~0ull, ~0ull}};
    for (int i = 0; i < 7; i++) {
        ops[i] = (long_op){s.ops[i], {~0ull, ~0ull}};
        ops[i].op.params = &params[i][0].param;
        for (int j = 0; j < s.ops[i].nparams; j++) params[i][j] = (long_param){s.ops[i].params[j], ~0ull};
    }
    p.p.size = sizeof p;
    p.p.spi_minor = AMB_SPI_MINOR + 1;
    p.p.op_stride = sizeof *ops;
    p.p.param_stride = sizeof **params;
    p.p.ops = &ops[0].op;
    long_param cfg = {s.cfg[0], ~0ull};
    p.p.cfg = &cfg.param;
    amb_vm *vm = ambapi_new(NULL, NULL);
    cr_assert_not_null(vm);
    cr_assert_eq(amb_provider_add(vm, &p.p), AMB_OK);
    cr_assert_eq(amb_provider_add(vm, &p.p), AMB_E_BUSY, "once");
    const amb_provider *own = amb_provider_find(vm, "sample");
    cr_assert_neq(own, &p.p);
    cr_assert_eq(own->size, sizeof(amb_provider));
    cr_assert_eq(own->op_stride, sizeof(amb_op));
    cr_assert_str_eq(own->ops[5].params[1].name, "other");
    cr_assert_str_eq(own->cfg[0].name, "level");
    static const char *const rights[] = {"read"};
    amb_scope_open(vm);
    amb_value name, v;
    cr_assert_eq(amb_string_new(vm, "n", 1, &name), AMB_OK);
    cr_assert_eq(amb_grant(vm, "sample", "file", &name, 1, rights, 1, &v, why), AMB_OK, "%s", why);
    ambv args[2] = {ambv_int(41)}, out;
    cr_assert_eq(ambgate_invoke(vm, ambhost_value(vm, v), ambstr_intern(vm, "get", 3), args, 1, &out), AMB_OK);
    cr_assert_eq(out.i, 41);
    amb_vm_free(vm);

    p.p = s.p;
    p.p.size = offsetof(amb_provider, flags); /* news are not read as flags */
    p.p.flags = ~0u;
    vm = ambapi_new(NULL, NULL);
    cr_assert_eq(amb_provider_add(vm, &p.p), AMB_OK);
    cr_assert_eq(amb_provider_find(vm, "sample")->flags, 0);
    amb_vm_free(vm);
}

/* Function `name` of a module that is pure. */
static amb_status function(amb_vm *vm, const char *name, const ambv *args, uint32_t n, ambv *out)
{
    amb_module *m = ambmodule_standard(vm, "sample", 6);
    if (!m) return AMB_E_ARG;
    int64_t slot = ambmodule_find(m, ambstr_intern(vm, name, strlen(name)));
    return slot < 0 ? AMB_E_ARG : ambcall_value(vm, m->slots[slot], args, n, out);
}

Test(table, functions_of_pure_modules)
{
    sample s;
    fresh(&s);
    s.p.flags = AMB_PROVIDER_PURE;
    s.ops[0].nparams = 0;
    s.ops[4].restype = 0; /* a function, too */
    s.res[0].seek_op = 0;
    amb_vm *vm = ambapi_new(NULL, NULL);
    ambv args[3] = {ambv_int(5), ambv_obj(ambstr_cstr(vm, "x"))}, out;
    cr_assert_eq(amb_provider_add(vm, &s.p), AMB_OK);
    cr_assert_eq(function(vm, "seek", args, 2, &out), AMB_OK);
    cr_assert_eq(out.i, 5);
    cr_assert_eq(function(vm, "seek", args, 1, &out), AMB_E_THROW);
    vm->exc = ambv_undef();
    cr_assert_eq(function(vm, "seek", args, 3, &out), AMB_E_THROW);
    vm->exc = ambv_undef();
    cr_assert_eq(function(vm, "file", NULL, 0, &out), AMB_OK);
    cr_assert_eq(out.tag, TAG_CAP);
    ambrow *row = ambhandle_peek(vm, out);
    cr_assert_eq(row->parent, 0);
    cr_assert_eq(row->rights, READ | WRITE);
    ambv got;
    cr_assert_eq(ambgate_invoke(vm, out, ambstr_intern(vm, "get", 3), args, 1, &got), AMB_OK);
    cr_assert_eq(got.i, 5);
    /* Where the gate is closed, reading is refused and computing is not. */
    vm->gate_closed = true;
    cr_assert_eq(function(vm, "seek", args, 2, &got), AMB_OK);
    cr_assert_eq(ambgate_invoke(vm, out, ambstr_intern(vm, "get", 3), args, 1, &got), AMB_E_THROW);
    vm->exc = ambv_undef();
    vm->gate_closed = false;
    amb_vm_free(vm);

    fresh(&s); /* a name that is taken */
    s.p.flags = AMB_PROVIDER_PURE;
    s.ops[0].nparams = 0;
    s.p.iface = "math";
    vm = ambapi_new(NULL, NULL);
    cr_assert_eq(amb_provider_add(vm, &s.p), AMB_E_BUSY);
    amb_vm_free(vm);
}

/* Every allocation fails once, from adding to the last call: an error or none, and a machine that goes on. */
static long left = -1;
static void *scarce(void *ud, void *p, size_t old_size, size_t new_size, size_t align)
{
    (void)ud;
    if (!new_size) {
        free(p);
        return NULL;
    }
    if (left >= 0 && left-- == 0) return NULL;
    void *q = aligned_alloc(align < 16 ? 16 : align, (new_size + align + 15) & ~((align < 16 ? 16 : align) - 1));
    if (q && p) memcpy(q, p, old_size < new_size ? old_size : new_size);
    if (q) free(p);
    return q;
}
Test(table, every_allocation_fails_once)
{
    typedef struct {
        amb_provider p;
        uint64_t news;
    } long_provider;
    sample s;
    fresh(&s);
    s.ops[0].nparams = 0;
    s.ops[4].restype = 0;
    s.res[0].seek_op = 0;
    long_provider p = {.p = s.p}; /* which is copied */
    p.p.size = sizeof p;
    p.p.flags = AMB_PROVIDER_PURE;
    long n = 0;
    for (bool failed = true; failed; n++) {
        amb_config config = {.size = sizeof config, .alloc = scarce, .seed = 1};
        left = -1;
        amb_vm *vm = ambapi_new(&config, NULL);
        cr_assert_not_null(vm);
        ambv args[2] = {ambv_int(5), ambv_obj(ambstr_cstr(vm, "x"))}, out;
        cr_assert_eq(ambvm_pin(vm, args[1]), AMB_OK); /* memory that runs short is looked for by collecting */
        left = n;
        amb_status st = amb_provider_add(vm, &p.p);
        cr_assert(st == AMB_OK || st == AMB_E_NOMEM, "%d", st);
        for (int i = 0; i < 3; i++) {
            if (st == AMB_OK) st = function(vm, "seek", args, 2, &out);
            if (st == AMB_OK) st = function(vm, "file", NULL, 0, &out);
        }
        failed = left < 0;
        left = -1;
        vm->exc = ambv_undef();
        vm->failed = AMB_OK;
        if (!amb_provider_find(vm, "sample")) cr_assert_eq(amb_provider_add(vm, &p.p), AMB_OK);
        cr_assert_eq(function(vm, "seek", args, 2, &out), AMB_OK);
        cr_assert_eq(out.i, 5);
        amb_vm_free(vm);
    }
    cr_assert(n > 10, "%ld", n);
}

/* --- tables at random --------------------------------------------------------------- */

static uint64_t state;
static uint64_t draw(void)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return state >> 33;
}

/* Changes something that is not a pointer, or makes a pointer NULL. */
static void spoil(sample *s)
{
    static const uint16_t values[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 14, 15, 16, 17, 63, 64, 127, 128, 255, 256, 65535};
    uint16_t v = values[draw() % (sizeof values / sizeof *values)];
    amb_param *all[] = {s->make, s->make + 1, s->buf_out, s->buf_in, s->next, s->seek, s->seek + 1, s->get,
                        s->get + 1, s->get + 2, s->cfg};
    amb_param *p = all[draw() % (sizeof all / sizeof *all)];
    amb_op *op = &s->ops[draw() % 7];
    amb_restype *t = &s->res[draw() % 2];
    static const char *const names[] = {NULL, "", "read", "file", "get", "a b", "sample", "x", "seek", "_x"};
    const char *name = names[draw() % (sizeof names / sizeof *names)];
    switch (draw() % 36) {
    case 0: s->p.size = v * 8u; break;
    case 1: s->p.op_stride = (uint16_t)(v * 8); break;
    case 2: s->p.flags = v; break;
    case 3: s->p.nops = (uint16_t)(draw() % 8); break; /* at most what there is */
    case 4: s->p.nres = (uint16_t)(draw() % 3); break;
    case 5: s->p.nrights = (uint16_t)(draw() % 3); break;
    case 6: s->p.spi_minor = v; break;
    case 7: op->ordinal = v; break;
    case 8: op->restype = v; break;
    case 9: op->ret_restype = v; break;
    case 10: op->flags = v; break;
    case 11: op->effect = (uint8_t)v; break;
    case 12: op->ret_type = (uint8_t)v; break;
    case 13: op->nparams = (uint16_t)(op->nparams ? draw() % (op->nparams + 1u) : 0); break;
    case 14: op->need = v; break;
    case 15: op->ret_same = v; break;
    case 16: op->ret_fixed = v; break;
    case 17: op->name = name; break;
    case 18: op->params = NULL; break;
    case 19: op->cost = v; break;
    case 20: t->id = v; break;
    case 21: t->flags = v; break;
    case 22: t->read_op = v; break;
    case 23: t->write_op = v; break;
    case 24: t->next_op = v; break;
    case 25: t->seek_op = v; break;
    case 26: t->source_op = v; break;
    case 27: t->all = v; break;
    case 28: t->dflt = v; break;
    case 29: t->name = name; break;
    case 30: p->type = (uint8_t)v; break;
    case 31: p->match = (uint8_t)v; break;
    case 32: p->flags = v; break;
    case 33: p->restype = v; break;
    case 34: p->name = name; break;
    default: s->rights[draw() % 2].bit = v; break;
    }
}

static void use_all(amb_vm *vm, const sample *s, ambv cap)
{
    ambv args[17], out;
    for (int i = 0; i < 17; i++) args[i] = i % 2 ? ambv_nil() : ambv_int(i);
    for (uint32_t i = 0; i < s->p.nops; i++) {
        amb_string *name = ambstr_intern(vm, s->ops[i].name, strlen(s->ops[i].name));
        for (uint32_t n = 0; n < 18; n++) {
            if (cap.tag == TAG_CAP) ambgate_invoke(vm, cap, name, args, n, &out);
            else function(vm, s->ops[i].name, args, n, &out);
            vm->exc = ambv_undef();
            vm->failed = AMB_OK;
        }
    }
    if (cap.tag != TAG_CAP) return;
    for (int i = 0; i < 3; i++) {
        if (ambgate_next(vm, cap, &out) != AMB_OK) vm->exc = ambv_undef();
        args[0] = ambv_int(3);
        if (ambgate_invoke(vm, cap, ambstr_intern(vm, "read", 4), args, 1, &out) != AMB_OK) vm->exc = ambv_undef();
    }
}

Test(table, spoilt_at_random)
{
    int in = 0, out = 0;
    for (state = 1; state < 6000; state++) {
        uint64_t seed = state;
        sample *s = malloc(sizeof *s);
        fresh(s);
        for (uint64_t k = 1 + draw() % 4; k; k--) spoil(s);
        /* Rows of other sizes than these would lead out of the arrays. */
        if (s->p.op_stride != sizeof(amb_op)) s->p.nops = s->p.nops > 0;
        if (s->p.op_stride > sizeof(amb_op) || s->p.size > sizeof(amb_provider)) {
            free(s);
            state = seed;
            continue;
        }
        amb_vm *vm = ambapi_new(NULL, NULL);
        amb_status st = amb_provider_add(vm, &s->p);
        if (st == AMB_OK) {
            amb_scope_open(vm);
            amb_value name, cap;
            in++;
            amb_string_new(vm, "n", 1, &name);
            const char *made = s->ops[0].name;
            if (s->p.flags & AMB_PROVIDER_PURE) use_all(vm, s, ambv_nil());
            else if (s->p.nops && amb_grant(vm, s->p.iface, made, &name, 1, NULL, 0, &cap, why) == AMB_OK)
                use_all(vm, s, ambhost_value(vm, cap));
        } else {
            out++;
            cr_assert_eq(amb_provider_check(&s->p, why), AMB_E_ARG);
            cr_assert_neq(why[0], 0);
        }
        amb_vm_free(vm);
        free(s);
        state = seed;
    }
    cr_assert(in > 500 && out > 1000, "%d in, %d out", in, out);
}
