/* SPDX-License-Identifier: MIT */
/* A host as someone else would write it, in C99, C17 and C++17: runs a script within limits, hands it a
 * capability of a provider loaded from a file, and shows an error. host PROVIDER.so */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include <ambit/ambit.h>
#include <ambit/hostport.h>
#include <ambit/manifest.h>
#include <ambit/native.h>
#include <ambit/reactor.h>
#include <ambit/spi.h>
#include <ambit/status.h>
#include <ambit/value.h>

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
    if (s && fd == 1) collect(ud, s, n);
    return AMB_OK;
}

/* Runs the text in a machine of its own and compares what it says. */
static int run(const amb_provider *provider, const char *text, amb_status wanted, const char *expected)
{
    amb_config config;
    memset(&config, 0, sizeof config);
    config.size = sizeof config;
    config.heap_bytes = 32u << 20;
    config.fuel = 10000000;
    config.output = output;

    nsaid = 0;
    said[0] = 0;
    amb_status st;
    amb_vm *vm = amb_vm_new(&config, &st);
    if (!vm) return printf("no machine: %d\n", (int)st), 1;
    amb_scope scope = amb_scope_open(vm);
    amb_value cap = amb_nil();
    char why[256] = "";
    if (provider) {
        st = amb_provider_add(vm, provider);
        if (st == AMB_OK) {
            amb_value start = amb_int(40);
            st = amb_grant(vm, "counter", "new", &start, 1, NULL, 0, &cap, why);
        }
        if (st != AMB_OK) printf("grant: %d %s\n", (int)st, why);
    }
    amb_script *script;
    int status = 0;
    st = amb_load(vm, "host", text, strlen(text), 0, collect, NULL, &script);
    if (st == AMB_OK) {
        st = amb_run(vm, script, amb_nil(), provider ? &cap : NULL, &status);
        if (st != AMB_OK) amb_error_report(vm, 0, collect, NULL);
    }
    if (amb_scope_close(vm, scope) != AMB_OK) printf("the scope was not the innermost\n");
    amb_vm_free(vm);
    if (st == wanted && strstr(said, expected)) return 0;
    printf("status %d, wanted %d; said:\n%s\nwanted:\n%s\n", (int)st, (int)wanted, said, expected);
    return 1;
}

int main(int argc, char **argv)
{
    int bad = 0;
    bad += run(NULL, "print([1, 2].map(x => x * 21).last())\n", AMB_OK, "42\n");
    bad += run(NULL, "fn f() { throw ValueError(\"on purpose\") }\nf()\n", AMB_E_THROW, "on purpose");
    bad += run(NULL, "while true { }\n", AMB_E_LIMIT, "");
    bad += run(NULL, "let = \n", AMB_E_COMPILE, "host:1:");
    if (argc > 1) {
        void *so = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
        const amb_provider *p = so ? (const amb_provider *)dlsym(so, "amb_provider_v1") : NULL;
        if (!p) {
            printf("%s\n", dlerror());
            return 1;
        }
        bad += run(p, "use counter.new(40) as c\nc.add(2)\nprint(c.value())\n", AMB_OK, "42\n");
        dlclose(so);
    }
    if (!bad) printf("host: ok\n");
    return bad != 0;
}
