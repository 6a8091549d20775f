/* SPDX-License-Identifier: MIT */
/* The compiler as a whole: loading scripts and the modules they import.
 *
 * Every VM made by amb_vm_new carries one `units` struct: the modules compiled so far, by id. A
 * module's tree lives until the load it belongs to is over (importers look into it for classes); what
 * importers need later, its interface, is copied to an arena of the VM. Nothing collects while
 * anything is compiled. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ambit/ambit.h"
#include "ambit/embedded.h"
#include "core_part.h"
#include "diag.h"
#include "execute.h"
#include "gen.h"
#include "manifest.h"
#include "parse.h"
#include "scope.h"

#define MAX_CHAIN 100 /* modules importing modules */

/* A compiled module. */
typedef struct unit {
    char *id;                 /* from the loader; or the name of a standard module */
    struct amb_iface *iface;  /* NULL while it is being compiled, or when it failed */
    struct amb_iface copy;    /* of the iface, once the tree is gone */
    bool failed;
    bool starved;             /* for lack of memory: the next one may try again */
    struct unit *next;
} unit;

/* A tree that is still needed. */
typedef struct tree {
    struct amb_arena arena;
    struct tree *next;
} tree;

typedef struct units {
    amb_vm *vm;
    unit *list;
    struct amb_arena arena;   /* interfaces, as long as the VM */
    amb_loader_fn loader;
    void *loader_ud;
    struct amb_prelude_name *prelude;
    uint32_t prelude_count;
    struct amb_outer_name *said; /* names of a read-eval loop's earlier lines */
    uint32_t said_count, said_cap;
    /* of the load that is going on */
    tree *trees;
    amb_text_fn report;
    void *report_ud;
    const char *chain[MAX_CHAIN];
    uint32_t depth;
    bool starved; /* a module was given up for lack of memory */
    struct amb_script *scripts;
} units;

struct amb_script {
    amb_vm *vm;
    struct amb_script *next, **link; /* among those of the VM */
    struct amb_module *module;
    struct amb_arena arena;
    amb_manifest manifest;
};

/* One compilation; lives on the C stack. */
typedef struct job {
    units *u;
    const char *id;
    bool entry, repl, value; /* value: its last expression statement's is kept */
    struct amb_diags *diags;
} job;

static struct amb_module *compile(job *j, const char *name, const char *text, size_t len,
                                   struct amb_iface **iface, amb_manifest *manifest,
                                   struct amb_arena *manifest_arena);

/* ---- interfaces ---- */

static void *keep(units *u, size_t n)
{
    return ambarena_alloc(&u->arena, n);
}

static amb_text keep_text(units *u, const char *s, size_t n)
{
    return ambarena_text(&u->arena, s, n);
}

/* Importers of later loads see this: the tree is gone then, so are its classes. */
static void settle(units *u)
{
    for (unit *m = u->list; m; m = m->next) {
        if (!m->iface || m->iface == &m->copy) continue;
        m->copy = *m->iface;
        struct amb_export *e = keep(u, sizeof *e * (m->iface->export_count + 1));
        amb_text *needs = keep(u, sizeof *needs * (m->iface->need_count + 1));
        if (!e || !needs) {
            m->iface = NULL;
            m->failed = true;
            continue;
        }
        for (uint32_t i = 0; i < m->iface->export_count; i++) {
            e[i] = m->iface->exports[i];
            e[i].name = keep_text(u, e[i].name.at, e[i].name.len);
            e[i].class_ = NULL;
        }
        for (uint32_t i = 0; i < m->iface->need_count; i++)
            needs[i] = keep_text(u, m->iface->needs[i].at, m->iface->needs[i].len);
        m->copy.exports = e;
        m->copy.needs = needs;
        m->iface = &m->copy;
    }
    while (u->trees) {
        tree *t = u->trees;
        u->trees = t->next;
        ambarena_deinit(&t->arena);
        free(t);
    }
}

static struct amb_arena *new_tree(units *u)
{
    tree *t = malloc(sizeof *t);
    if (!t) return NULL;
    struct amb_arena_hook hook = { ambvm_compiler_memory, u->vm };
    ambarena_init(&t->arena, &hook);
    t->next = u->trees;
    u->trees = t;
    return &t->arena;
}

static unit *find(units *u, const char *id)
{
    for (unit *m = u->list; m; m = m->next)
        if (!strcmp(m->id, id)) return m;
    return NULL;
}

static unit *add(units *u, const char *id)
{
    unit *m = keep(u, sizeof *m);
    amb_text name = keep_text(u, id, strlen(id));
    if (!m || !name.at) return NULL;
    m->id = (char *)name.at;
    m->next = u->list;
    u->list = m;
    return m;
}

/* ---- imports ---- */

static const amb_embedded *embedded(const char *name, size_t len)
{
    for (const amb_embedded *e = amb_embedded_modules; e->name; e++)
        if (strlen(e->name) == len && !memcmp(e->name, name, len)) return e;
    return NULL;
}

static struct amb_iface *native_iface(units *u, struct amb_module *m)
{
    uint32_t n = ambmodule_export_count(m);
    struct amb_iface *f = keep(u, sizeof *f);
    struct amb_export *e = keep(u, sizeof *e * (n + 1));
    if (!f || !e) return NULL;
    for (uint32_t i = 0; i < n; i++) {
        const char *name = ambmodule_export_name(m, i);
        e[i] = (struct amb_export){ .name = { name, (uint32_t)strlen(name) }, .slot = i,
                                    .kind = DECL_LET };
    }
    *f = (struct amb_iface){ .exports = e, .export_count = n, .module = m };
    return f;
}

static enum amb_resolve_result refuse(job *j, amb_span at, amb_text spec, const char *why)
{
    ambdiag_add(j->diags, DIAG_IMPORT_REFUSED, at, spec, (amb_text){ why, (uint32_t)strlen(why) });
    return AMB_RESOLVE_FAILED;
}

static enum amb_resolve_result cycle(job *j, amb_span at, const char *id)
{
    char text[600];
    size_t n = 0;
    uint32_t i = 0;
    while (i < j->u->depth && strcmp(j->u->chain[i], id)) i++;
    for (; i < j->u->depth && n < sizeof text - 80; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "%.60s -> ", j->u->chain[i]);
    n += (size_t)snprintf(text + n, sizeof text - n, "%.60s", id);
    ambdiag_add(j->diags, DIAG_IMPORT_CYCLE, at, (amb_text){ text, (uint32_t)n });
    return AMB_RESOLVE_FAILED;
}

/* Compiles the module text under `id` unless that was done. fresh: another instance of it. */
static enum amb_resolve_result instance(job *j, amb_span at, amb_text spec, const char *id,
                                        const char *text, size_t len, bool fresh,
                                        struct amb_iface **out)
{
    units *u = j->u;
    unit *m = find(u, id);
    if (m && !fresh && !m->starved) {
        if (m->iface) {
            *out = m->iface;
            return AMB_RESOLVE_OK;
        }
        if (!m->failed) return cycle(j, at, id);
        ambdiag_add(j->diags, DIAG_IMPORT_BROKEN, at, spec);
        return AMB_RESOLVE_FAILED;
    }
    if (u->depth == MAX_CHAIN) return refuse(j, at, spec, "too many modules import each other in a row");
    if (!m) m = add(u, id);
    if (!m) return AMB_RESOLVE_FAILED;
    m->starved = m->failed = false;
    u->chain[u->depth++] = m->id;
    job inner = { .u = u, .id = m->id };
    struct amb_iface *iface = NULL;
    struct amb_module *made = compile(&inner, m->id, text, len, &iface, NULL, NULL);
    u->depth--;
    if (!made && u->starved) {
        m->starved = true;
        return AMB_RESOLVE_FAILED;
    }
    if (!made) {
        m->failed = true;
        ambdiag_add(j->diags, DIAG_IMPORT_BROKEN, at, spec);
        return AMB_RESOLVE_FAILED;
    }
    if (ambvm_keep_module(u->vm, made) != AMB_OK) return AMB_RESOLVE_FAILED;
    if (!m->iface) m->iface = iface;
    *out = iface;
    return AMB_RESOLVE_OK;
}

static enum amb_resolve_result import_module(job *j, amb_text spec, bool standard, amb_span at,
                                             bool fresh, struct amb_iface **out)
{
    units *u = j->u;
    char name[512], why[256] = "";
    if (spec.len >= sizeof name || memchr(spec.at, 0, spec.len)) return AMB_RESOLVE_NOT_FOUND;
    memcpy(name, spec.at, spec.len);
    name[spec.len] = 0;
    if (standard) {
        unit *known = find(u, name);
        if (known && known->iface && !fresh) {
            *out = known->iface;
            return AMB_RESOLVE_OK;
        }
        struct amb_module *m = ambmodule_standard(u->vm, name, spec.len);
        if (!m && !embedded(name, spec.len)) m = ambmodule_host(u->vm, name, spec.len);
        if (m) {
            unit *k = known ? known : add(u, name);
            if (!k || !(k->iface = native_iface(u, m))) return AMB_RESOLVE_FAILED;
            *out = k->iface;
            return AMB_RESOLVE_OK;
        }
        const amb_embedded *e = strncmp(name, "core/", 5) ? embedded(name, spec.len) : NULL;
        if (!e) return AMB_RESOLVE_NOT_FOUND;
        return instance(j, at, spec, name, (const char *)e->text, e->len, fresh, out);
    }
    if (!u->loader) return refuse(j, at, spec, "this host loads no modules");
    char *id = NULL, *text = NULL;
    size_t len = 0;
    amb_status st = u->loader(u->loader_ud, j->entry ? NULL : j->id, name, &id, &text, &len, why);
    enum amb_resolve_result r = AMB_RESOLVE_FAILED;
    if (st == AMB_OK && id && text) r = instance(j, at, spec, id, text, len, fresh, out);
    else refuse(j, at, spec, why[0] ? why : "there is no such module");
    free(id);
    free(text);
    return r;
}

static enum amb_resolve_result resolve(void *ud, amb_text spec, bool standard, amb_span at,
                                       struct amb_iface **out)
{
    return import_module(ud, spec, standard, at, false, out);
}

/* ---- one module ---- */

/* Each import with {…} gets an instance of its own. */
static bool fresh_instances(job *j, struct amb_unit *unit)
{
    for (uint32_t i = 0; i < unit->import_count; i++) {
        struct amb_import *im = unit->imports[i];
        if (!im->has_with || !im->iface) continue;
        struct amb_iface *iface = NULL;
        if (import_module(j, im->spec, im->is_standard, im->span, true, &iface) != AMB_RESOLVE_OK)
            return false;
        im->iface = iface;
    }
    return true;
}

static struct amb_module *build(job *j, struct amb_unit *unit, const char *name)
{
    amb_vm *vm = j->u->vm;
    struct amb_module *m = ambmodule_new(vm, name, strlen(name), unit->slot_count);
    if (!m) return NULL;
    for (uint32_t i = 0; i < unit->slot_count; i++) {
        struct amb_decl *d = unit->slots[i];
        if (ambmodule_set_slot_name(vm, m, i, d->name.at, d->name.len, d->is_pub) != AMB_OK) return NULL;
    }
    if (ambmodule_set_source(vm, m, unit->src->text, unit->src->len) != AMB_OK ||
        ambmodule_set_inputs(vm, m, unit->use_count, unit->need_count) != AMB_OK)
        return NULL;
    struct amb_proto *main = ambgen_module(vm, unit, m, j->diags, j->value);
    if (!main) return NULL;
    ambmodule_set_main(m, main);
    return m;
}

static void render(job *j, const struct amb_source *src)
{
    ambdiag_sort(j->diags);
    if (j->u->report && j->diags->count)
        ambdiag_render_all(j->diags, src, false, j->u->report, j->u->report_ud);
}

/* What this line of a read-eval loop declares is there for the next ones. */
static void remember(units *u, const struct amb_unit *unit, struct amb_module *m)
{
    struct amb_iface *iface = keep(u, sizeof *iface);
    struct amb_import *import = keep(u, sizeof *import);
    if (!iface || !import || unit->slot_count == 0) return;
    iface->module = m;
    import->iface = iface;
    if (!ambarena_grow(&u->arena, (void **)&u->said, &u->said_cap, u->said_count + unit->slot_count,
                       sizeof *u->said))
        return;
    for (uint32_t i = 0; i < unit->slot_count; i++) {
        const struct amb_decl *d = unit->slots[i];
        amb_text name = keep_text(u, d->name.at, d->name.len);
        u->said[u->said_count++] =
            (struct amb_outer_name){ name, import, i, d->kind == DECL_VAR };
    }
}

/* NULL: reported, or no memory. iface belongs to the tree. */
static struct amb_module *compile(job *j, const char *name, const char *text, size_t len,
                                   struct amb_iface **iface, amb_manifest *manifest,
                                   struct amb_arena *manifest_arena)
{
    units *u = j->u;
    struct amb_arena *arena = new_tree(u);
    struct amb_module *m = NULL;
    struct amb_source src = { 0 };
    struct amb_diags diags;
    bool too_big = false;
    u->starved = true; /* until something else is known */
    if (!arena) return NULL;
    ambdiag_init(&diags, arena);
    j->diags = &diags;
    if (!ambsource_init(&src, arena, (amb_text){ name, (uint32_t)strlen(name) }, text, len, &too_big)) {
        if (!too_big) return NULL;
        ambsource_init(&src, arena, (amb_text){ name, (uint32_t)strlen(name) }, "", 0, &too_big);
        amb_span start = { 0, 0 };
        ambdiag_plain(&diags, DIAG_SOURCE_TOO_LARGE, start);
        render(j, &src);
        u->starved = false;
        return NULL;
    }
    struct amb_source *kept = ambarena_alloc(arena, sizeof *kept); /* the tree refers to it */
    if (!kept) return NULL;
    *kept = src;
    struct amb_unit *unit = ambparse_module(arena, kept, &diags);
    if (unit) {
        struct amb_scope_options o = { .prelude = u->prelude, .prelude_count = u->prelude_count,
                                       .is_entry = j->entry, .is_repl = j->repl, .is_value = j->value,
                                       .resolve_import = resolve, .ud = j };
        if (j->repl) {
            o.outer = u->said;
            o.outer_count = u->said_count;
        }
        bool ok = ambscope_run(unit, &diags, &o) && diags.errors == 0;
        if (ok && manifest) ok = ambmanifest_build(manifest_arena, unit, &diags, manifest);
        /* What an import stands for is missing without a word when there was no memory for it. */
        for (uint32_t i = 0; ok && i < unit->import_count; i++) ok = unit->imports[i]->iface != NULL;
        if (ok) ok = fresh_instances(j, unit);
        if (ok) m = build(j, unit, name);
        if (m && j->repl) remember(u, unit, m);
        if (m && iface) {
            *iface = &unit->iface;
            unit->iface.module = m;
        }
    }
    if (diags.count) render(j, kept);
    if (diags.errors) m = NULL;
    u->starved = !m && !diags.errors;
    return m;
}

/* ---- the VM's compiler ---- */

static void free_script(amb_script *s)
{
    *s->link = s->next;
    if (s->next) s->next->link = s->link;
    ambarena_deinit(&s->arena);
    free(s);
}

static void free_units(amb_vm *vm, void *state)
{
    units *u = state;
    (void)vm;
    while (u->scripts) free_script(u->scripts);
    settle(u);
    ambarena_deinit(&u->arena);
    free(u->prelude);
    free(u);
}

static amb_status compile_core(amb_vm *vm, const char *name, size_t len, const char *function,
                               struct amb_module **out)
{
    units *u = ambvm_compiler(vm);
    char full[64];
    int n = snprintf(full, sizeof full, "core/%.*s", (int)len, name);
    const amb_embedded *e = embedded(full, (size_t)n);
    if (!e) return AMB_E_NOSYS;
    size_t part_len;
    char *part = ambcore_part((const char *)e->text, e->len, function, &part_len);
    if (!part) return AMB_E_NOMEM;
    ambvm_gc_pause(vm);
    job j = { .u = u, .id = e->name };
    amb_text_fn report = u->report;
    struct amb_iface *iface;
    *out = compile(&j, e->name, part, part_len, &iface, NULL, NULL);
    free(part);
    u->report = report;
    ambvm_gc_resume(vm);
    return *out ? AMB_OK : ambvm_take_failure(vm);
}

/* A module that a running program loads: standard modules are there for it, others are not. */
static amb_status compile_plugin(amb_vm *vm, const char *name, const char *text, size_t len,
                                 struct amb_module **out,
                                 void (*need)(void *ud, const char *name, size_t len, uint32_t index),
                                 void *need_ud, void (*report)(void *ud, const char *s, size_t n),
                                 void *report_ud)
{
    units *u = ambvm_compiler(vm);
    units before = *u;
    u->report = report;
    u->report_ud = report_ud;
    u->loader = NULL;
    ambvm_gc_pause(vm);
    job j = { .u = u, .id = name };
    struct amb_iface *iface = NULL;
    *out = compile(&j, name, text, len, &iface, NULL, NULL);
    if (*out)
        for (uint32_t i = 0; i < iface->need_count; i++)
            need(need_ud, iface->needs[i].at, iface->needs[i].len, i);
    u->report = before.report;
    u->report_ud = before.report_ud;
    u->loader = before.loader;
    settle(u);
    ambvm_gc_resume(vm);
    if (*out) return AMB_OK;
    return ambvm_has_failed(vm) ? ambvm_take_failure(vm) : AMB_E_COMPILE;
}

amb_vm *amb_vm_new(const amb_config *config, amb_status *why)
{
    amb_status ignored;
    if (!why) why = &ignored;
    *why = AMB_OK;
    amb_vm *vm = ambapi_new(config, why);
    if (!vm) return NULL;
    units *u = calloc(1, sizeof *u);
    uint32_t n = ambprelude_count(vm);
    struct amb_prelude_name *names = calloc(n, sizeof *names);
    if (!u || !names) {
        free(u);
        free(names);
        amb_vm_free(vm);
        *why = AMB_E_NOMEM;
        return NULL;
    }
    for (uint32_t i = 0; i < n; i++) {
        names[i].name = ambprelude_name(vm, i);
        names[i].len = (uint32_t)strlen(names[i].name);
        if (ambprelude_entry_only(vm, i)) names[i].flags = AMB_PRELUDE_ENTRY_ONLY;
    }
    u->vm = vm;
    u->prelude = names;
    u->prelude_count = n;
    if (config && config->size >= offsetof(amb_config, loader_ud) + sizeof config->loader_ud) {
        u->loader = config->loader;
        u->loader_ud = config->loader_ud;
    }
    struct amb_arena_hook hook = { ambvm_compiler_memory, vm };
    ambarena_init(&u->arena, &hook);
    ambvm_set_compiler(vm, u, free_units, compile_core, compile_plugin);
#ifndef AMB_NO_UV /* in one file with everything else a host may leave libuv out */
    ambapi_set_reactor(vm, amb_reactor_uv_new);
#endif
    return vm;
}

/* ---- scripts ---- */

static amb_status load(amb_vm *vm, const char *name, const char *text, size_t len, uint32_t flags,
                       amb_text_fn report, void *ud, amb_script **out)
{
    units *u = ambvm_compiler(vm);
    amb_script *s = calloc(1, sizeof *s);
    *out = NULL;
    if (!s) return AMB_E_NOMEM;
    s->vm = vm;
    struct amb_arena_hook hook = { ambvm_compiler_memory, vm };
    ambarena_init(&s->arena, &hook);
    s->next = u->scripts;
    s->link = &u->scripts;
    if (s->next) s->next->link = &s->next;
    u->scripts = s;
    job j = { .u = u, .id = name, .entry = true, .repl = (flags & AMB_LOAD_REPL) != 0,
              .value = (flags & (AMB_LOAD_REPL | AMB_LOAD_VALUE)) != 0 };
    u->report = report;
    u->report_ud = ud;
    u->depth = 0;
    u->starved = false;
    ambvm_gc_pause(vm);
    amb_status st = AMB_OK;
    s->module = compile(&j, name, text, len, NULL, &s->manifest, &s->arena);
    if (!s->module)
        st = u->starved || ambvm_has_failed(vm) || s->arena.oom ? ambvm_take_failure(vm) : AMB_E_COMPILE;
    else if (ambvm_keep_module(vm, s->module) != AMB_OK) st = ambvm_take_failure(vm);
    settle(u);
    u->report = NULL;
    ambvm_gc_resume(vm);
    if (st == AMB_OK && flags & AMB_LOAD_VALUE) ambexecute_gives_value(s->module);
    if (st != AMB_OK) free_script(s);
    else *out = s;
    return st;
}

amb_status amb_load(amb_vm *vm, const char *name, const char *text, size_t len, uint32_t flags,
                    amb_text_fn report, void *ud, amb_script **out)
{
    ambexecute_tidy(vm);
    amb_status st = load(vm, name, text, len, flags, report, ud, out);
    if (st != AMB_E_NOMEM && st != AMB_E_LIMIT) return st;
    /* Nothing is collected while it compiles; there may be garbage. */
    amb_gc_collect(vm);
    return load(vm, name, text, len, flags, report, ud, out);
}

void amb_script_free(amb_script *s)
{
    if (!s) return;
    ambexecute_forget(s->vm, s->module);
    free_script(s);
}

const amb_manifest *amb_script_manifest(const amb_script *s) { return &s->manifest; }

amb_status amb_run(amb_vm *vm, amb_script *s, amb_value args, const amb_value *caps, int *exit_status)
{
    if (s->vm != vm) return AMB_E_ARG;
    return ambexecute_module(vm, s->module, args, caps, false, exit_status);
}

amb_status amb_start(amb_vm *vm, amb_script *s, amb_value args, const amb_value *caps, int *exit_status)
{
    if (s->vm != vm) return AMB_E_ARG;
    return ambexecute_module(vm, s->module, args, caps, true, exit_status);
}

amb_status amb_script_result(amb_script *s, amb_value *out)
{
    return ambexecute_result(s->vm, s->module, out);
}

amb_status amb_script_get(amb_script *s, const char *name, amb_value *out)
{
    return ambexecute_global(s->vm, s->module, name, out);
}

int amb_incomplete(amb_vm *vm, const char *text, size_t len)
{
    struct amb_arena arena;
    struct amb_arena_hook hook = { ambvm_compiler_memory, vm };
    struct amb_source src;
    struct amb_diags diags;
    bool too_big = false, more = false;
    ambarena_init(&arena, &hook);
    ambdiag_init(&diags, &arena);
    if (ambsource_init(&src, &arena, AMB_TEXT("repl"), text, len, &too_big)) {
        struct amb_unit *unit = ambparse_module(&arena, &src, &diags);
        more = unit && ambparse_incomplete(unit, &diags);
    }
    ambarena_deinit(&arena);
    return more;
}

amb_status amb_disassemble(amb_vm *vm, amb_script *s, amb_text_fn write, void *ud)
{
    ambmodule_disassemble(vm, s->module, write, ud);
    return AMB_OK;
}

const char *amb_diagnostic_help(const char *id)
{
    enum amb_diag_id found;
    if (!ambdiag_find(id, strlen(id), &found)) return NULL;
    const char *help = ambdiag_help(found);
    return help ? help : "";
}
