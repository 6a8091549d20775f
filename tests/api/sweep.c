/* SPDX-License-Identifier: MIT */
/* Everything a host does, with each allocation failing: once, and from there on; those of the machine's allocator and
 * those that the library makes by malloc (the makefile has the linker wrap it). Nothing crashes or is kept, and a
 * machine that exists is good for the next script. */
#include "check.h"

typedef struct faulty {
    long left;    /* allocations until one fails; -1: never */
    int from_there; /* all after it, too */
    long live;
} faulty;

static faulty *active; /* what malloc and the like ask; NULL: nobody */

/* Whether the allocation that is asked for fails. */
static int denied(faulty *f)
{
    if (!f) return 0;
    if (f->left == 0) {
        if (!f->from_there) f->left = -1;
        return 1;
    }
    if (f->left > 0) f->left--;
    return 0;
}

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n) { return denied(active) ? NULL : __real_malloc(n); }
void *__wrap_calloc(size_t n, size_t size) { return denied(active) ? NULL : __real_calloc(n, size); }
void *__wrap_realloc(void *p, size_t n) { return n && denied(active) ? NULL : __real_realloc(p, n); }

static void *faulty_alloc(void *ud, void *p, size_t old_size, size_t new_size, size_t align)
{
    faulty *f = ud;
    if (new_size == 0) {
        f->live -= (long)old_size;
        free(p);
        return NULL;
    }
    if (denied(f)) return NULL;
    void *q;
    if (p && align <= 16) {
        q = __real_realloc(p, new_size);
    } else {
        if (posix_memalign(&q, align < sizeof(void *) ? sizeof(void *) : align, new_size)) q = NULL;
        if (p && q) {
            memcpy(q, p, old_size < new_size ? old_size : new_size);
            free(p);
        }
    }
    if (q) f->live += (long)new_size - (long)old_size;
    return q;
}

/* What the host gave away and what came back. */
static int given, back;
static void gone(void *ud)
{
    (void)ud;
    back++;
}

static amb_value cls; /* pinned */
static uint64_t ticket;

static amb_status make(amb_vm *vm, void *ud, const amb_value *args, uint32_t n, amb_value *out)
{
    (void)ud, (void)args, (void)n;
    amb_status st = amb_object_new(vm, cls, &given, out);
    given += st == AMB_OK;
    return st;
}
static amb_status after(amb_vm *vm, void *ud, amb_status st, amb_value v, amb_value *out)
{
    (void)vm, (void)ud;
    *out = v;
    return st;
}
static amb_status then(amb_vm *vm, void *ud, const amb_value *args, uint32_t n, amb_value *out)
{
    (void)ud, (void)n, (void)out;
    given++;
    return amb_call_then(vm, args[0], NULL, 0, after, NULL, gone);
}
static amb_status now(amb_vm *vm, void *ud, const amb_value *args, uint32_t n, amb_value *out)
{
    (void)ud;
    return amb_call_function(vm, args[0], args + 1, n - 1, out);
}
static amb_status later(amb_vm *vm, void *ud, const amb_value *args, uint32_t n, amb_value *out)
{
    (void)ud, (void)args, (void)n, (void)out;
    return amb_pend(vm, NULL, NULL, &ticket);
}
static amb_status fails(amb_vm *vm, void *ud, const amb_value *args, uint32_t n, amb_value *out)
{
    (void)ud, (void)args, (void)n, (void)out;
    return amb_raise(vm, "ValueError", "as it was asked to");
}
static const amb_function functions[] = {
    {.name = "make", .fn = make}, {.name = "then", .fn = then, .min = 1, .max = 1},
    {.name = "now", .fn = now, .min = 1, .max = AMB_ANY_NUMBER}, {.name = "later", .fn = later},
    {.name = "fails", .fn = fails},
};

static int complete; /* everything was done, nothing failed */

static void ignore(void *ud, const char *s, size_t n) { (void)ud, (void)s, (void)n; }
static amb_status no_output(void *ud, int fd, const char *s, size_t n)
{
    (void)ud, (void)fd, (void)s, (void)n;
    return AMB_OK;
}


/* Each step may fail; what it gave is used by the next ones where there is something. */
static void everything(amb_vm *vm)
{
    amb_value v, w, list, map, f, caps[1] = {amb_nil()}, pinned;
    amb_scope scope = amb_scope_open(vm);
    const char *s;
    size_t n;
    int b;
    char why[256];
    amb_class_def c = {.size = sizeof c, .name = "Thing", .finalize = gone};
    if (amb_class_new(vm, &c, &v) == AMB_OK && amb_pin(vm, v, &cls) == AMB_OK) {
        amb_module_def m = {.size = sizeof m, .name = "host", .functions = functions,
                            .nfunctions = sizeof functions / sizeof *functions, .ud = &given, .drop = gone};
        given += amb_module_new(vm, &m) == AMB_OK;
    }
    if (amb_string_new(vm, "some text that is a little longer", 33, &v) == AMB_OK) {
        amb_as_string(vm, v, &s, &n);
        if (amb_list_new(vm, &v, 1, &list) == AMB_OK)
            for (int i = 0; i < 20; i++) amb_list_push(vm, list, i % 2 ? v : amb_int(i));
        if (amb_map_new(vm, &map) == AMB_OK)
            for (int i = 0; i < 12; i++) {
                amb_map_set(vm, map, amb_int(i), v);
                amb_map_set_text(vm, map, "key", v);
                amb_map_get_text(vm, map, "key", &w);
            }
        if (amb_set_new(vm, &w) == AMB_OK) amb_set_add(vm, w, v);
        static const char *const names[] = {"first", "second"};
        amb_value two[] = {v, v};
        if (amb_tuple_new(vm, two, names, 2, &w) == AMB_OK) amb_get(vm, w, "first", &f);
        if (amb_bytes_new(vm, "x", 1, &w) == AMB_OK) amb_freeze(vm, w);
        amb_equal(vm, v, w, &b);
        amb_show(vm, v, 1, ignore, NULL);
        if (amb_invoke(vm, v, "split", NULL, 0, &w) == AMB_OK && amb_pin(vm, w, &pinned) == AMB_OK) amb_unpin(vm, pinned);
    }
    static const amb_function alone = {.name = "alone", .fn = fails};
    if (amb_function_new(vm, &alone, &given, gone, &f) == AMB_OK) {
        given++;
        amb_call_function(vm, f, NULL, 0, &v);
    }
    amb_script *script;
    static const char *const full[] = {"full"};
    if (amb_provider_add(vm, &amb_provider_fs_memory) == AMB_OK)
        if (amb_grant(vm, "fs", "temp", NULL, 0, full, 1, &caps[0], why) != AMB_OK) caps[0] = amb_nil();
    static const char source[] =
        "import host\n"
        "use fs.temp() for full as t?\n"
        "class Point(let x, let y) { fn sum() => self.x + self.y }\n"
        "pub fn work(n, text) {\n"
        "    let points = []\n"
        "    for i in 0..n { points.push(Point(i, \"${i}\")) }\n"
        "    if t != nil { t.write_text(\"a\", text)\n assert(t.read_text(\"a\") == text) }\n"
        "    let things = [host.make(), host.make()]\n"
        "    let x = host.then(() => { sleep(0.0001)\n return 3 })\n"
        "    try { host.fails() } catch e { assert(e.message.len > 5) }\n"
        "    return host.now((a) => a.len + x, text) + points.len + things.len\n"
        "}\n"
        "pub fn waits() => host.later() + 1\n";
    if (amb_load(vm, "sweep", source, sizeof source - 1, 0, ignore, NULL, &script) == AMB_OK) {
        amb_value args[2] = {amb_int(10), amb_nil()}, e;
        if (amb_run(vm, script, amb_nil(), caps, NULL) == AMB_OK && amb_string_new(vm, "abc", 3, &args[1]) == AMB_OK &&
            amb_script_get(script, "work", &f) == AMB_OK) {
            int64_t i;
            amb_status st = amb_call_function(vm, f, args, 2, &v);
            if (st == AMB_OK) CHECK(amb_as_int(v, &i) && i == 18);
            else if (st == AMB_E_THROW) amb_last_error(vm, &e);
            else CHECK(st == AMB_E_NOMEM || st == AMB_E_LIMIT || st == AMB_E_SCOPE);
            amb_error_report(vm, 0, ignore, NULL);
            if (amb_script_get(script, "waits", &f) == AMB_OK) {
                st = amb_start_call(vm, f, NULL, 0);
                if (st == AMB_PENDING) amb_answer(vm, ticket, AMB_OK, amb_int(4));
                for (int k = 0; st == AMB_PENDING && k < 100; k++) st = amb_pump(vm, 0, NULL);
                if (st == AMB_PENDING) {
                    amb_interrupt(vm);
                    st = amb_pump(vm, 0, NULL);
                }
                CHECK(st != AMB_PENDING);
                if (st == AMB_OK && amb_result(vm, &v) == AMB_OK) {
                    CHECK(amb_as_int(v, &i) && i == 5);
                    complete = 1;
                }
            }
        }
        amb_script_free(script);
    }
    CHECK(amb_scope_close(vm, scope) == AMB_OK);
}

/* One machine's life, with its allocations failing as f says. 0: it ended before one had to fail. */
static int life(faulty *f, size_t heap, long n, long *machines)
{
    given = back = 0;
    complete = 0;
    amb_config c = {.size = sizeof c, .alloc = faulty_alloc, .alloc_ud = f, .seed = 1, .output = no_output,
                    .heap_bytes = heap};
    amb_status why = AMB_OK;
    active = f;
    amb_vm *vm = amb_vm_new(&c, &why);
    if (!vm) {
        active = NULL;
        if (f->live) printf("allocation %ld: status %d, %ld bytes kept\n", n, why, f->live);
        CHECK((why == AMB_E_NOMEM || why == AMB_E_LIMIT) && f->live == 0);
        return 1;
    }
    ++*machines;
    everything(vm);
    int failed = f->left <= 0;
    f->left = -1;
    f->from_there = 0;
    active = NULL;
    amb_script *script;
    amb_value v;
    int64_t i;
    amb_scope s = amb_scope_open(vm);
    static const char next[] = "[1, 2, 3].map((x) => x * 7).sum()";
    amb_status st = amb_load(vm, "next", next, sizeof next - 1, AMB_LOAD_VALUE, ignore, NULL, &script);
    if (st == AMB_OK) st = amb_run(vm, script, amb_nil(), NULL, NULL);
    if (heap) { /* it may be too small for that, too */
        CHECK(st == AMB_OK || st == AMB_E_LIMIT);
    } else {
        if (st != AMB_OK) printf("allocation %ld: the next script gives %d\n", n, st);
        CHECK(st == AMB_OK && amb_script_result(script, &v) == AMB_OK && amb_as_int(v, &i) && i == 42);
    }
    amb_scope_close(vm, s);
    amb_vm_free(vm);
    if (f->live || given != back) printf("allocation %ld: %ld bytes kept, %d of %d given back\n", n, f->live, back, given);
    CHECK(f->live == 0 && given == back);
    return failed;
}

static long sweep(int from_there, long step)
{
    long n = 0, machines = 0;
    for (int failed = 1; failed; n += step) {
        faulty f = {.left = n, .from_there = from_there};
        failed = life(&f, 0, n, &machines);
    }
    CHECK(machines > 3 && complete);
    return n;
}

/* The same with as little memory as makes a difference. */
static void squeeze(size_t step)
{
    long machines = 0;
    size_t heap = 48 << 10;
    for (complete = 0; !complete && heap < 8 << 20; heap += step) {
        faulty f = {.left = -1};
        life(&f, heap, (long)heap, &machines);
    }
    CHECK(complete && machines > 10);
}

int main(void)
{
    const char *slow = getenv("AMBIT_TEST_SLOW");
    long step = slow && !strcmp(slow, "yes") ? 17 : 1;
    long once = sweep(0, step), rest = sweep(1, step);
    CHECK(once > 60 && rest > 60);
    squeeze((size_t)step * 1024);
    if (getenv("AMBIT_TEST_VERBOSE")) printf("%ld allocations failed once, %ld from there on\n", once, rest);
    return SUMMARY();
}
