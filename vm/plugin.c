/* SPDX-License-Identifier: MIT */
/* Plug-ins: modules that a program loads while it runs, each instance with what it is handed. */
#include <stdio.h>

#include "class.h"
#include "module.h"
#include "task.h"

typedef struct inputs {
    amb_vm *vm;
    amb_map *with;
    amb_module *module;
    char missing[64];
    uint32_t used;
    amb_status st;
} inputs;

/* The compiler found `need name`. */
static void need(void *ud, const char *name, size_t len, uint32_t index) {
    inputs *in = ud;
    amb_string *key = ambstr_intern(in->vm, name, len);
    amb_entry *e = key ? ambmap_find_str(in->vm, in->with, key) : NULL;
    if (!key) in->st = AMB_E_NOMEM;
    if (e) {
        in->module->needs[index] = ambv_pack(e->val, e->vtag);
        ambgc_barrier(in->vm, in->module);
        in->used++;
    } else if (!in->missing[0]) {
        snprintf(in->missing, sizeof in->missing, "%.*s", (int)(len > 60 ? 60 : len), name);
    }
}

static void first_lines(void *ud, const char *s, size_t n) {
    ambbuf_add(ud, s, n);
}

amb_status ambmodules_plugin(amb_vm *vm, ambv cap, ambrow *r, const ambv *args, uint32_t n, ambv *out) {
    (void)n;
    ambv text;
    if (args[0].tag != TAG_STRING) return amberr_arg(vm, "load", "name", "a string", args[0]);
    if (args[1].tag != TAG_MAP) return amberr_arg(vm, "load", "with", "a map", args[1]);
    amb_arg a = {.type = AMB_T_STR, .len = args[0].str->len, .v.p = args[0].str->data};
    amb_status st = ambgate_value(vm, cap, args[0], r, r->res->type->source_op, "load", &a, 1, &text);
    if (st) return st;
    if (text.tag != TAG_STRING || !vm->compile_plugin)
        return amberr_raise(vm, AMB_ERR_STATE, "load: there is no compiler here");
    char name[128];
    snprintf(name, sizeof name, "%.*s", (int)(args[0].str->len > 100 ? 100 : args[0].str->len), args[0].str->data);
    inputs in = {.vm = vm, .with = args[1].map};
    ambbuf said;
    ambbuf_init(&said, vm);
    st = vm->compile_plugin(vm, name, text.str->data, text.str->len, &in.module, need, &in, first_lines, &said);
    if (st == AMB_E_COMPILE) {
        ambbuf_addc(&said, 0);
        st = amberr_raise(vm, AMB_ERR_VALUE, "load: the plug-in has mistakes:\n%s", said.failed ? "" : said.p);
    } else if (st == AMB_OK && in.st) {
        st = vm->failed ? vm->failed : AMB_E_NOMEM;
    } else if (st == AMB_OK && in.missing[0]) {
        st = amberr_raise(vm, AMB_ERR_VALUE, "load: the plug-in needs '%s', which `with` does not have", in.missing);
    } else if (st == AMB_OK && in.used < args[1].map->count) {
        st = amberr_raise(vm, AMB_ERR_VALUE, "load: `with` has more than the plug-in needs");
    }
    ambbuf_free(&said);
    if (!st) st = ambmodule_link(vm, in.module);
    if (st) return st;
    in.module->h.aux16 = MODULE_DONE; /* what is not yet initialised says so */
    amb_tuple *pair = ambtuple_pair(vm, ambv_obj(in.module->main_closure), ambv_obj(in.module));
    if (!pair) return vm->failed ? vm->failed : AMB_E_NOMEM;
    *out = ambv_obj(pair);
    return AMB_OK;
}
