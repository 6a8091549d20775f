/* SPDX-License-Identifier: MIT */
/* Providers come into a VM: linked in, or from shared objects. */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "api.h"
#include "gate.h"
#include "module.h"

amb_status amb_provider_check(const struct amb_provider *p, char why[256]) {
    char ignored[256];
    return ambtable_check(p, "", why ? why : ignored);
}

void ambprovider_free(amb_vm *vm, ambprov *p) {
    if (p->functions) ambpure_free(vm, p);
    if (p->copy) ambgc_free(vm, p->copy, p->copy_size);
    if (p->library) dlclose(p->library);
    ambgc_free(vm, p, sizeof *p);
}

/* library: becomes the VM's if this succeeds. */
static amb_status add(amb_vm *vm, const amb_provider *p, void *library, const char *who, char why[256]) {
    struct ambgate *g = vm->gate;
    const char *colon = who[0] ? ": " : "";
    amb_status st = ambtable_check(p, who, why);
    if (st) return st;
    if (g->nproviders == sizeof g->providers / sizeof g->providers[0]) {
        snprintf(why, 256, "%.100s%sthere are %u providers already, there is room for no more", who, colon,
                 g->nproviders);
        return AMB_E_BUSY;
    }
    if (ambgate_provider(g, p->iface, strlen(p->iface))) {
        snprintf(why, 256, "%.100s%siface is '%s', there is a provider of that name already", who, colon, p->iface);
        return AMB_E_BUSY;
    }
    /* A table of before `flags` was there cannot be a pure one. */
    bool pure = p->size >= offsetof(amb_provider, flags) + sizeof p->flags && p->flags & AMB_PROVIDER_PURE;
    if (pure && ambmodule_is_standard(p->iface, strlen(p->iface))) {
        snprintf(why, 256, "%.100s%siface is '%s', there is a standard module of that name", who, colon, p->iface);
        return AMB_E_BUSY;
    }
    snprintf(why, 256, "%.100s%sout of memory", who, colon);
    ambprov *prov = ambgc_malloc(vm, sizeof *prov);
    if (!prov) goto no_memory;
    *prov = (ambprov){.p = p, .gate = g};
    if (!ambtable_fits(p)) {
        prov->copy = ambtable_copy(vm, p, &prov->copy_size);
        if (!prov->copy) {
            ambgc_free(vm, prov, sizeof *prov);
            goto no_memory;
        }
        prov->p = p = prov->copy;
    }
    prov->inst = &g->host;
    st = p->start ? p->start(&g->host, prov, NULL, 0, &prov->inst) : AMB_OK;
    if (st != AMB_OK) {
        snprintf(why, 256, "%.100s%sthe provider '%s' does not start (status %d)", who, colon, p->iface, st);
        ambprovider_free(vm, prov);
        return st < 0 ? st : AMB_E_ARG;
    }
    prov->started = true;
    prov->library = library;
    g->providers[g->nproviders++] = prov;
    why[0] = 0;
    return AMB_OK;
no_memory:
    vm->failed = AMB_OK;
    return AMB_E_NOMEM;
}

amb_status amb_provider_add(amb_vm *vm, const struct amb_provider *p) {
    char why[256];
    return add(vm, p, NULL, "", why);
}

amb_status amb_provider_load(amb_vm *vm, const char *path, char why[256]) {
    char ignored[256];
    if (!why) why = ignored;
    const char *slash = strrchr(path, '/');
    if (!slash) { /* dlopen would look for it in the system's places */
        snprintf(why, 256, "%.100s: a provider is named by a path with a '/'", path);
        return AMB_E_ARG;
    }
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        const char *said = dlerror();
        if (said && strncmp(said, path, strlen(path)) == 0) snprintf(why, 256, "%s", said);
        else snprintf(why, 256, "%.100s: %.150s", path, said ? said : "it cannot be opened");
        return AMB_E_IO;
    }
    const amb_provider *p = dlsym(library, "amb_provider_v1");
    amb_status st = AMB_E_ARG;
    if (p) st = add(vm, p, library, slash + 1, why);
    else snprintf(why, 256, "%.100s: it is no provider: it does not export amb_provider_v1", path);
    if (st) dlclose(library);
    return st;
}

const struct amb_provider *amb_provider_find(const amb_vm *vm, const char *iface) {
    const ambprov *p = ambgate_provider(vm->gate, iface, strlen(iface));
    return p ? p->p : NULL;
}

const struct amb_provider *amb_provider_at(const amb_vm *vm, uint32_t i) {
    return i < vm->gate->nproviders ? vm->gate->providers[i]->p : NULL;
}
