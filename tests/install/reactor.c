/* SPDX-License-Identifier: MIT */
/* A host without libuv. By itself it has no reactor, so that a script cannot wait, and fails with a reason; with
 * one of the host's, here that of virtual time, it can. */
#include <stdio.h>
#include <string.h>

#include "ambit.h"

static char said[4096];
static size_t nsaid;

static void collect(void *ud, const char *s, size_t n)
{
    (void)ud;
    if (n > sizeof said - 1 - nsaid) n = sizeof said - 1 - nsaid;
    memcpy(said + nsaid, s, n);
    nsaid += n;
    said[nsaid] = 0;
}
static amb_status output(void *ud, int fd, const char *s, size_t n)
{
    (void)fd;
    if (s) collect(ud, s, n);
    return AMB_OK;
}

static amb_status run(const amb_reactor *reactor)
{
    static const char text[] = "sleep(3600)\nprint(\"an hour later\")\n";
    amb_config config;
    memset(&config, 0, sizeof config);
    config.size = sizeof config;
    config.output = output;
    config.reactor = reactor;
    nsaid = 0;
    said[0] = 0;
    amb_status st;
    amb_vm *vm = amb_vm_new(&config, &st);
    if (!vm) return st;
    amb_script *script;
    int status = 0;
    st = amb_load(vm, "host", text, strlen(text), 0, collect, NULL, &script);
    if (st == AMB_OK) {
        st = amb_run(vm, script, amb_nil(), NULL, &status);
        if (st != AMB_OK) amb_error_report(vm, 0, collect, NULL);
    }
    amb_vm_free(vm);
    return st;
}

int main(void)
{
    amb_reactor *own = amb_reactor_virtual_new(0);
    if (!own) return 1;
    amb_status with = run(own);
    int ok = with == AMB_OK && strcmp(said, "an hour later\n") == 0;
    if (!ok) printf("with a reactor: %d\n%s", (int)with, said);
    own->free(own->state);
    amb_status without = run(NULL);
    int refused = without != AMB_OK && !strstr(said, "an hour later") && nsaid > 0;
    if (!refused) printf("without: %d\n%s\n", (int)without, said);
    return !(ok && refused);
}
