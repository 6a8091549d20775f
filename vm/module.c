/* SPDX-License-Identifier: MIT */
/* Modules, the standard ones, the core sources, and the prelude. */
#include "module.h"

#include <string.h>

#include "class.h"
#include "gate.h"
#include "host.h"
#include "run.h"

struct ambmodules {
    amb_module **standard; /* native modules, by position in standard_table */
    struct core_entry {
        amb_string *name; /* "list": there may be several modules, each with some of its functions */
        amb_module *module;
    } *core;
    uint32_t ncore, core_cap;
    amb_module **kept; /* what compiled code outside of any module's reach refers to */
    uint32_t nkept, kept_cap;
};

/* ---- one module ---- */

struct amb_module *ambmodule_new(struct amb_vm *vm, const char *name, size_t len, uint32_t nslots) {
    amb_string *s = ambstr_intern(vm, name, len);
    amb_module *m = s ? ambgc_new(vm, sizeof *m, TAG_MODULE) : NULL;
    if (!m) return NULL;
    amb_obj h = m->h;
    memset(m, 0, sizeof *m);
    m->h = h;
    m->name = s;
    m->args = ambv_nil();
    if (!ambgc_track(vm, m)) return NULL;
    if (nslots) {
        m->slots = ambgc_malloc(vm, nslots * sizeof *m->slots);
        m->slot_names = ambgc_malloc(vm, nslots * sizeof *m->slot_names);
        m->exported = ambgc_malloc(vm, nslots * sizeof *m->exported);
        m->nslots = nslots;
        if (!m->slots || !m->slot_names || !m->exported) return NULL;
        for (uint32_t i = 0; i < nslots; i++) {
            m->slots[i] = ambv_undef();
            m->slot_names[i] = NULL;
            m->exported[i] = false;
        }
    }
    return m;
}

amb_status ambmodule_set_slot_name(struct amb_vm *vm, struct amb_module *m, uint32_t slot,
                                   const char *name, size_t len, bool exported) {
    m->slot_names[slot] = ambstr_intern(vm, name, len);
    m->exported[slot] = exported;
    return m->slot_names[slot] ? AMB_OK : vm->failed;
}

amb_status ambmodule_set_source(struct amb_vm *vm, struct amb_module *m, const char *text, size_t len) {
    m->source = ambgc_malloc(vm, len + 1);
    if (!m->source) return vm->failed;
    memcpy(m->source, text, len);
    m->source[len] = 0;
    m->source_len = len;
    return AMB_OK;
}

void ambmodule_set_main(struct amb_module *m, struct amb_proto *main) { m->main = main; }

amb_status ambmodule_set_inputs(struct amb_vm *vm, struct amb_module *m, uint32_t nuses, uint32_t nneeds) {
    if (nuses) {
        m->uses = ambgc_malloc(vm, nuses * sizeof *m->uses);
        if (!m->uses) return vm->failed;
        m->nuses = nuses;
        for (uint32_t i = 0; i < nuses; i++) m->uses[i] = ambv_nil();
    }
    if (nneeds) {
        m->needs = ambgc_malloc(vm, nneeds * sizeof *m->needs);
        if (!m->needs) return vm->failed;
        m->nneeds = nneeds;
        for (uint32_t i = 0; i < nneeds; i++) m->needs[i] = ambv_undef();
    }
    return AMB_OK;
}

amb_status ambmodule_link(amb_vm *vm, amb_module *m) {
    if (m->main_closure || !m->main) return AMB_OK;
    amb_closure *c = ambgc_new(vm, sizeof *c, TAG_CLOSURE);
    if (!c) return vm->failed;
    c->proto = m->main;
    c->home = NULL;
    m->main_closure = c;
    ambgc_barrier(vm, m);
    return AMB_OK;
}

void ambmodule_mark(struct ambgc *gc, amb_module *m) {
    ambgc_mark_obj(gc, m->name);
    for (uint32_t i = 0; i < m->nslots; i++) {
        if (m->slots) ambgc_mark_value(gc, m->slots[i]);
        if (m->slot_names) ambgc_mark_obj(gc, m->slot_names[i]);
    }
    ambgc_mark_obj(gc, m->main);
    ambgc_mark_obj(gc, m->main_closure);
    for (uint32_t i = 0; i < m->nuses; i++) ambgc_mark_value(gc, m->uses[i]);
    for (uint32_t i = 0; i < m->nneeds; i++) ambgc_mark_value(gc, m->needs[i]);
    ambgc_mark_value(gc, m->args);
    ambgc_mark_value(gc, m->result);
}

void ambmodule_finalize(amb_vm *vm, amb_module *m) {
    ambgc_free(vm, m->slots, m->nslots * sizeof *m->slots);
    ambgc_free(vm, m->slot_names, m->nslots * sizeof *m->slot_names);
    ambgc_free(vm, m->exported, m->nslots * sizeof *m->exported);
    if (m->source) ambgc_free(vm, m->source, m->source_len + 1);
    ambgc_free(vm, m->uses, m->nuses * sizeof *m->uses);
    ambgc_free(vm, m->needs, m->nneeds * sizeof *m->needs);
}

int64_t ambmodule_find(const amb_module *m, const amb_string *name) {
    for (uint32_t i = 0; i < m->nslots; i++)
        if (m->exported[i] && m->slot_names[i] == name) return i;
    return -1;
}

void ambmodule_locate(const amb_module *m, uint32_t offset, uint32_t *line, uint32_t *column) {
    uint32_t l = 1, start = 0;
    if (offset > m->source_len) offset = (uint32_t)m->source_len;
    for (uint32_t i = 0; i < offset; i++)
        if (m->source[i] == '\n') {
            l++;
            start = i + 1;
        }
    *line = l;
    *column = 1;
    for (uint32_t i = start; i < offset; i++)
        if (((unsigned char)m->source[i] & 0xc0) != 0x80) ++*column;
}

uint32_t ambmodule_export_count(const struct amb_module *m) { return m->nslots; }
const char *ambmodule_export_name(const struct amb_module *m, uint32_t slot) {
    return m->exported[slot] ? m->slot_names[slot]->data : NULL;
}

/* ---- standard modules ---- */

static const struct {
    const char *name;
    const amb_native_def *functions;
    const amb_native_const *constants;
} standard_table[] = {
    {"math", amblib_math, amblib_math_consts},
    {"cap", amblib_cap, NULL},
};
#define NSTANDARD (sizeof standard_table / sizeof *standard_table)

static amb_module *make_standard(amb_vm *vm, unsigned which) {
    const amb_native_def *f = standard_table[which].functions;
    const amb_native_const *k = standard_table[which].constants;
    uint32_t nf = 0, nk = 0;
    while (f[nf].name) nf++;
    while (k && k[nk].name) nk++;
    const char *name = standard_table[which].name;
    amb_module *m = ambmodule_new(vm, name, strlen(name), nf + nk);
    if (!m) return NULL;
    m->standard = true;
    m->h.aux16 = MODULE_DONE;
    for (uint32_t i = 0; i < nf + nk; i++) {
        const char *entry = i < nf ? f[i].name : k[i - nf].name;
        if (ambmodule_set_slot_name(vm, m, i, entry, strlen(entry), true) != AMB_OK) return NULL;
        if (i < nf && !f[i].fn) { /* written in Ambit */
            if (ambmodules_core(vm, f[i].core, &m->slots[i]) != AMB_OK) return NULL;
        } else if (i < nf) {
            amb_native *n = ambnative_new(vm, &f[i]);
            if (!n) return NULL;
            m->slots[i] = ambv_obj(n);
        } else {
            m->slots[i] = k[i - nf].is_float ? ambv_float(k[i - nf].f) : ambv_int(k[i - nf].i);
        }
    }
    return m;
}

struct amb_module *ambmodule_standard(struct amb_vm *vm, const char *name, size_t len) {
    for (unsigned i = 0; i < NSTANDARD; i++)
        if (strlen(standard_table[i].name) == len && !memcmp(standard_table[i].name, name, len)) {
            if (!vm->modules->standard[i]) vm->modules->standard[i] = make_standard(vm, i);
            return vm->modules->standard[i];
        }
    return ambpure_module(vm, name, len);
}

bool ambmodule_is_standard(const char *name, size_t len) {
    for (unsigned i = 0; i < NSTANDARD; i++)
        if (strlen(standard_table[i].name) == len && !memcmp(standard_table[i].name, name, len)) return true;
    return false;
}

struct amb_module *ambmodule_host(struct amb_vm *vm, const char *name, size_t len) {
    return ambhost_module(vm, name, len);
}

const char *ambmodule_owner(const amb_native_def *d) {
    for (unsigned i = 0; i < NSTANDARD; i++)
        for (const amb_native_def *f = standard_table[i].functions; f->name; f++)
            if (f == d) return standard_table[i].name;
    return NULL;
}

/* ---- what the compiler needs ---- */

void *ambvm_compiler(const struct amb_vm *vm) { return vm->compiler; }

void ambvm_set_compiler(struct amb_vm *vm, void *state, void (*free_it)(struct amb_vm *vm, void *state),
                        amb_status (*compile_core)(struct amb_vm *vm, const char *name, size_t len,
                                                   const char *function, struct amb_module **out),
                        amb_status (*compile_plugin)(
                            struct amb_vm *vm, const char *name, const char *text, size_t len,
                            struct amb_module **out,
                            void (*need)(void *ud, const char *name, size_t len, uint32_t index),
                            void *need_ud, void (*report)(void *ud, const char *s, size_t n),
                            void *report_ud)) {
    vm->compiler = state;
    vm->compile_plugin = compile_plugin;
    vm->free_compiler = free_it;
    vm->compile_core = compile_core;
}

void ambvm_gc_pause(struct amb_vm *vm) { vm->no_gc++; }
void ambvm_gc_resume(struct amb_vm *vm) { vm->no_gc--; }

amb_status ambvm_take_failure(struct amb_vm *vm) {
    amb_status st = vm->failed != AMB_OK ? vm->failed : AMB_E_NOMEM;
    vm->failed = AMB_OK;
    vm->exc = ambv_undef();
    return st;
}

amb_status ambvm_keep_module(struct amb_vm *vm, struct amb_module *m) {
    struct ambmodules *ms = vm->modules;
    if (ms->nkept == ms->kept_cap) {
        uint32_t cap = ms->kept_cap ? ms->kept_cap * 2 : 8;
        amb_module **k = ambgc_realloc(vm, ms->kept, ms->kept_cap * sizeof *k, cap * sizeof *k);
        if (!k) return vm->failed;
        ms->kept = k;
        ms->kept_cap = cap;
    }
    ms->kept[ms->nkept++] = m;
    return AMB_OK;
}

void ambexecute_gives_value(amb_module *m) { m->gives_value = true; }

void ambexecute_forget(amb_vm *vm, amb_module *m) {
    struct ambmodules *ms = vm->modules;
    for (uint32_t i = 0; i < ms->nkept; i++)
        if (ms->kept[i] == m) {
            ms->kept[i] = ms->kept[--ms->nkept];
            break;
        }
    if (vm->entry == m) vm->entry = NULL;
}

bool ambvm_has_failed(const struct amb_vm *vm) { return vm->failed != AMB_OK; }

amb_status ambvm_at_free(struct amb_vm *vm, void (*fn)(struct amb_vm *vm, void *ud), void *ud) {
    struct ambatfree *a = ambgc_malloc(vm, sizeof *a);
    if (!a) return vm->failed;
    *a = (struct ambatfree){fn, ud, vm->at_free};
    vm->at_free = a;
    return AMB_OK;
}

/* ---- core sources ---- */

/* Runs the top level of a module from C. */
amb_status ambmodule_run(amb_vm *vm, amb_module *m) {
    if (m->h.aux16 == MODULE_DONE) return AMB_OK;
    amb_status st = ambmodule_link(vm, m);
    if (st != AMB_OK) return st;
    if (!m->main_closure) {
        m->h.aux16 = MODULE_DONE;
        return AMB_OK;
    }
    ambv out;
    m->h.aux16 = MODULE_RUNNING;
    st = ambcall_value(vm, ambv_obj(m->main_closure), NULL, 0, &out);
    m->h.aux16 = st == AMB_OK ? MODULE_DONE : MODULE_FAILED;
    return st;
}

/* Functions of core sources do not show in traces: an error in one is the caller's. */
static void hide(amb_proto *p) {
    p->flags |= PROTO_HIDDEN;
    for (uint32_t i = 0; i < p->nprotos; i++) hide(p->protos[i]);
}

amb_status ambmodules_core(amb_vm *vm, const char *name, ambv *out) {
    struct ambmodules *ms = vm->modules;
    const char *colon = strchr(name, ':');
    size_t len = (size_t)(colon - name);
    amb_module *m = NULL;
    int64_t slot = -1;
    amb_string *fn = ambstr_intern(vm, colon + 1, strlen(colon + 1));
    if (!fn) return vm->failed;
    for (uint32_t i = 0; i < ms->ncore && slot < 0; i++)
        if (ms->core[i].name->len == len && !memcmp(ms->core[i].name->data, name, len)) {
            m = ms->core[i].module;
            slot = ambmodule_find(m, fn);
        }
    if (slot < 0) m = NULL;
    if (!m) {
        if (!vm->compile_core)
            return amberr_raise(vm, AMB_ERR_STATE, "this VM has no compiler: %s needs one", colon + 1);
        amb_string *s = ambstr_intern(vm, name, len);
        if (!s) return vm->failed;
        uintptr_t outer = ambsample_enter(vm, ambsample_native(&ambsample_compiler));
        amb_status st = vm->compile_core(vm, name, len, fn->data, &m);
        ambsample_enter(vm, outer);
        if (st != AMB_OK) {
            if (vm->exc.tag == TAG_UNDEF && vm->failed == AMB_OK) {
                vm->failed = st == AMB_E_LIMIT ? st : AMB_E_NOMEM;
                vm->limit_text = "memory";
            }
            return st;
        }
        /* Only now: what it uses of other core sources has been compiled, too, and stands here. */
        if (ms->ncore == ms->core_cap) {
            uint32_t cap = ms->core_cap ? ms->core_cap * 2 : 8;
            struct core_entry *c = ambgc_realloc(vm, ms->core, ms->core_cap * sizeof *c, cap * sizeof *c);
            if (!c) return vm->failed;
            ms->core = c;
            ms->core_cap = cap;
        }
        m->hidden = true;
        if (m->main) hide(m->main);
        ms->core[ms->ncore++] = (struct core_entry){s, m};
    }
    amb_status st = ambmodule_run(vm, m); /* once, or again if it failed for lack of memory */
    if (st != AMB_OK) return st;
    if (slot < 0) slot = ambmodule_find(m, fn);
    if (slot < 0) return amberr_raise(vm, AMB_ERR_STATE, "core function %s is missing", name);
    *out = m->slots[slot];
    return AMB_OK;
}

/* ---- the prelude ---- */

uint32_t ambprelude_count(const struct amb_vm *vm) { return vm->prelude->count; }
const char *ambprelude_name(const struct amb_vm *vm, uint32_t index) {
    return vm->prelude->entries[index].name;
}

bool ambprelude_entry_only(const struct amb_vm *vm, uint32_t index) {
    return vm->prelude->entries[index].entry_only;
}

int32_t ambprelude_fields(const struct amb_vm *vm, uint32_t index) {
    ambv v = vm->prelude->entries[index].value;
    return v.tag == TAG_CLASS ? v.cls->nfields : -1;
}

static amb_status prelude_setup(amb_vm *vm) {
    uint32_t n = 0;
    while (amblib_prelude[n].name) n++;
    uint32_t ne = 0;
    while (amblib_entry[ne].name) ne++;
    uint32_t count = n + ne + 3 + AMB_ERR_COUNT;
    struct ambprelude *p = ambgc_malloc(vm, sizeof *p + count * sizeof p->entries[0]);
    if (!p) return vm->failed;
    memset(p, 0, sizeof *p + count * sizeof p->entries[0]);
    p->cap = count;
    vm->prelude = p;
    for (uint32_t i = 0; i < n; i++) {
        ambv v;
        if (amblib_prelude[i].fn) {
            amb_native *f = ambnative_new(vm, &amblib_prelude[i]);
            if (!f) return vm->failed;
            v = ambv_obj(f);
        } else {
            v = ambv_undef(); /* a core function: resolved when a program first mentions it */
        }
        p->entries[p->count].name = amblib_prelude[i].name;
        p->entries[p->count++].value = v;
    }
    p->entries[p->count].name = "done";
    p->entries[p->count++].value = ambv_done();
    for (uint32_t i = 0; i < ne; i++) {
        amb_native *f = ambnative_new(vm, &amblib_entry[i]);
        if (!f) return vm->failed;
        p->entries[p->count].name = amblib_entry[i].name;
        p->entries[p->count].entry_only = true;
        p->entries[p->count++].value = ambv_obj(f);
    }
    static const char *const inputs[] = {"stdin", "args"};
    for (unsigned i = 0; i < 2; i++) {
        p->entries[p->count].name = inputs[i];
        p->entries[p->count].entry_only = true;
        p->entries[p->count++].value = ambv_undef(); /* stdin: made when mentioned; args: per module */
    }
    for (uint32_t i = 0; i < AMB_ERR_COUNT; i++) {
        p->entries[p->count].name = vm->error_class[i]->name->data;
        p->entries[p->count++].value = ambv_obj(vm->error_class[i]);
    }
    return AMB_OK;
}

amb_status ambprelude_resolve(struct amb_vm *vm, uint32_t index) {
    if (vm->prelude->entries[index].value.tag != TAG_UNDEF) return AMB_OK;
    if (!strcmp(vm->prelude->entries[index].name, "stdin"))
        return ambgate_stdin(vm, &vm->prelude->entries[index].value);
    return ambmodules_core(vm, amblib_prelude[index].core, &vm->prelude->entries[index].value);
}

void ambmodules_mark(struct ambgc *gc, struct ambmodules *ms) {
    if (!ms) return;
    for (unsigned i = 0; ms->standard && i < NSTANDARD; i++) ambgc_mark_obj(gc, ms->standard[i]);
    for (uint32_t i = 0; i < ms->nkept; i++) ambgc_mark_obj(gc, ms->kept[i]);
    for (uint32_t i = 0; i < ms->ncore; i++) {
        ambgc_mark_obj(gc, ms->core[i].name);
        ambgc_mark_obj(gc, ms->core[i].module);
    }
}

void ambprelude_mark(struct ambgc *gc, const struct ambprelude *p) {
    for (uint32_t i = 0; p && i < p->count; i++) ambgc_mark_value(gc, p->entries[i].value);
}

amb_status ambmodules_setup(amb_vm *vm) {
    struct ambmodules *ms = ambgc_malloc(vm, sizeof *ms);
    if (!ms) return vm->failed;
    memset(ms, 0, sizeof *ms);
    vm->modules = ms;
    ms->standard = ambgc_malloc(vm, NSTANDARD * sizeof *ms->standard);
    if (!ms->standard) return vm->failed;
    memset(ms->standard, 0, NSTANDARD * sizeof *ms->standard);
    return prelude_setup(vm);
}

void ambmodules_teardown(amb_vm *vm) {
    struct ambmodules *ms = vm->modules;
    if (!ms) return;
    ambgc_free(vm, ms->standard, NSTANDARD * sizeof *ms->standard);
    ambgc_free(vm, ms->core, ms->core_cap * sizeof *ms->core);
    ambgc_free(vm, ms->kept, ms->kept_cap * sizeof *ms->kept);
    ambgc_free(vm, ms, sizeof *ms);
    if (vm->prelude)
        ambgc_free(vm, vm->prelude,
                   sizeof *vm->prelude + vm->prelude->cap * sizeof vm->prelude->entries[0]);
}
