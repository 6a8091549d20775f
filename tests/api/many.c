/* SPDX-License-Identifier: MIT */
/* Many machines: one after the other without growth, and many at once in many threads.
 *
 * many [CYCLES]; more than the few of `make check`: make check-cycles */
#include <pthread.h>
#include <time.h>

#include "check.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED
#endif
#endif

#define THREADS 16
#define MACHINES 64

static double now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int cycle(void)
{
    amb_script *script;
    amb_vm *vm = amb_vm_new(NULL, NULL);
    if (!vm) return 0;
    int good = amb_load(vm, "empty", "", 0, 0, NULL, NULL, &script) == AMB_OK &&
               amb_run(vm, script, amb_nil(), NULL, NULL) == AMB_OK;
    amb_vm_free(vm);
    return good;
}

static long resident_kib(void)
{
    long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (!f || fscanf(f, "%*d %ld", &pages) != 1) pages = 0;
    if (f) fclose(f);
    return pages * 4;
}

static void cycles(long n)
{
    int good = 1;
    for (int i = 0; i < 20; i++) good &= cycle();
    long before = resident_kib();
    double start = now_us();
    for (long i = 0; i < n; i++) good &= cycle();
    double each = (now_us() - start) / (double)n;
    long grown = resident_kib() - before;
    CHECK(good);
#ifndef SANITIZED /* such a build keeps what was freed */
    if (grown > 1024) printf("%ld machines: %ld KiB more\n", n, grown);
    CHECK(grown <= 1024);
#endif
    if (getenv("AMBIT_TEST_VERBOSE")) printf("%ld machines, %.1f us each, %ld KiB more\n", n, each, grown);
}

/* ---- many at once ---- */

typedef struct machine {
    amb_vm *vm;
    amb_script *script;
    amb_value f; /* pinned */
    amb_remote *remote;
    int64_t sum;
} machine;

static machine machines[MACHINES];
static pthread_mutex_t locks[MACHINES];

static amb_status add(amb_vm *vm, void *ud, const amb_value *args, uint32_t n, amb_value *out)
{
    machine *m = ud;
    int64_t i = 0;
    (void)vm, (void)n;
    amb_as_int(args[0], &i);
    m->sum += i;
    *out = amb_int(m->sum);
    return AMB_OK;
}

static int errors;
static void failed(const char *what)
{
    if (__atomic_fetch_add(&errors, 1, __ATOMIC_RELAXED) < 5) printf("%s\n", what);
}

static void ignore(void *ud, const char *s, size_t n)
{
    (void)ud;
    fwrite(s, 1, n, stdout);
}

static void prepare(machine *m)
{
    static const amb_function functions[] = {{.name = "add", .fn = add, .min = 1, .max = 1}};
    static const char text[] =
        "import host\n"
        "pub fn work(n) {\n"
        "    let m = {}\n"
        "    for i in 0..n { m[\"key ${i}\"] = [i, \"v\" * (i % 7)] }\n"
        "    let t = group { for i in 0..3 { spawn { sleep(0.0001)\n return i } } }\n"
        "    return host.add(m.len + t.sum())\n"
        "}\n";
    amb_config c = {.size = sizeof c, .fuel = 10000000};
    m->vm = amb_vm_new(&c, NULL);
    amb_module_def d = {.size = sizeof d, .name = "host", .functions = functions, .nfunctions = 1, .ud = m};
    amb_scope s = amb_scope_open(m->vm);
    amb_value f;
    if (amb_module_new(m->vm, &d) != AMB_OK || amb_provider_add(m->vm, &amb_provider_fs_memory) != AMB_OK ||
        amb_load(m->vm, "many", text, sizeof text - 1, 0, ignore, NULL, &m->script) != AMB_OK ||
        amb_run(m->vm, m->script, amb_nil(), NULL, NULL) != AMB_OK ||
        amb_script_get(m->script, "work", &f) != AMB_OK || amb_pin(m->vm, f, &m->f) != AMB_OK ||
        !(m->remote = amb_remote_new(m->vm)))
        failed("a machine was not made");
    amb_scope_close(m->vm, s);
}

static void touch(amb_vm *vm, void *ud)
{
    (void)vm;
    __atomic_fetch_add((int *)ud, 1, __ATOMIC_RELAXED);
}
static int touched;

static int rounds;
static void *thread(void *ud)
{
    unsigned seed = (unsigned)(size_t)ud * 7919u + 1;
    for (int r = 0; r < rounds; r++) {
        seed = seed * 1103515245u + 12345u;
        unsigned i = seed >> 8 & (MACHINES - 1);
        /* One thread in a machine at a time; others may reach it by its handle meanwhile. */
        if (amb_remote_post(machines[(i + 1) % MACHINES].remote, touch, &touched, NULL) != AMB_OK) failed("not posted");
        pthread_mutex_lock(&locks[i]);
        machine *m = &machines[i];
        amb_scope s = amb_scope_open(m->vm);
        amb_value n = amb_int(50), v;
        int64_t before = m->sum, now;
        if (amb_call_function(m->vm, m->f, &n, 1, &v) != AMB_OK || !amb_as_int(v, &now) || now != before + 53)
            failed("a wrong result");
        amb_scope_close(m->vm, s);
        pthread_mutex_unlock(&locks[i]);
    }
    return NULL;
}

static void at_once(void)
{
    pthread_t threads[THREADS];
    for (int i = 0; i < MACHINES; i++) {
        pthread_mutex_init(&locks[i], NULL);
        prepare(&machines[i]);
    }
    for (size_t i = 0; i < THREADS; i++) pthread_create(&threads[i], NULL, thread, (void *)i);
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    for (int i = 0; i < MACHINES; i++) {
        amb_vm_free(machines[i].vm);
        amb_remote_interrupt(machines[i].remote);
        amb_remote_free(machines[i].remote);
        pthread_mutex_destroy(&locks[i]);
    }
    CHECK(errors == 0 && touched > 0);
}

int main(int argc, char **argv)
{
    const char *slow = getenv("AMBIT_TEST_SLOW");
    int checked = slow && !strcmp(slow, "yes");
    cycles(argc > 1 ? atol(argv[1]) : checked ? 50 : 3000);
    rounds = checked ? 5 : 60;
    at_once();
    return SUMMARY();
}
