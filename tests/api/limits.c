/* SPDX-License-Identifier: MIT */
/* Scripts that mean harm: each is stopped near its limit, and the same machine runs the next one. */
#include <time.h>
#include <unistd.h>

#include "check.h"

#define MIB ((size_t)1 << 20)

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* The host's own limit of output. */
static size_t printed;
static amb_status bounded(void *ud, int fd, const char *s, size_t n)
{
    (void)ud, (void)fd;
    if (!s) return AMB_OK;
    printed += n;
    return printed > 10 * MIB ? AMB_E_EOF : AMB_OK;
}

enum { TIME = 1, MEMORY = 2, STACK = 4, OUTPUT = 8 };
static const struct {
    const char *what;
    int limit; /* what may stop it */
    const char *source;
} harmful[] = {
    {"an endless loop", TIME, "loop { }"},
    {"an endless loop that allocates", TIME, "loop { let x = [1, 2, 3] }"},
    {"endless recursion", STACK, "fn f(n) => f(n + 1) + 1\nf(0)"},
    {"endless recursion over methods", STACK, "class A { fn f(n) => self.f([n]) + 1 }\nA().f(0)"},
    {"a list that grows", MEMORY | TIME, "let l = []\nloop { l.push(l.len) }"},
    {"a string that doubles", MEMORY, "var s = \"x\"\nloop { s = s + s }"},
    {"a map that grows", MEMORY | TIME, "let m = {}\nvar i = 0\nloop { m[i] = \"${i}\"; i += 1 }"},
    {"nested lists", MEMORY | TIME, "var l = []\nloop { l = [l, l] }"},
    {"bytes", MEMORY, "let all = []\nloop { all.push(bytes(1000000)) }"},
    {"a repeated string", MEMORY, "let s = \"0123456789\" * 100000000"},
    {"a repeated list", MEMORY, "let s = [1, 2] * 1000000000"},
    {"closures", MEMORY | TIME, "var f = () => 1\nloop { let g = f\n f = () => g() }"},
    {"many tasks", MEMORY | TIME, "loop { spawn { sleep(100) } }"},
    {"a channel without a reader", MEMORY | TIME, "let c = channel(1000000000)\nloop { c.send(\"abc\" + \"def\") }"},
    {"a generator in a loop", TIME, "fn g() { loop { yield 1 } }\nfor x in g() { }"},
    {"much output", OUTPUT | TIME, "loop { print(\"a line of text that is written again and again\") }"},
    {"a pattern that backtracks", TIME,
     "fn match_at(p, s) {\n"
     "    if p.len == 0 { return s.len == 0 }\n"
     "    if p.starts_with(\"(a+)+\") {\n"
     "        var i = 0\n"
     "        while i < s.len and s[i] == \"a\" {\n"
     "            i += 1\n"
     "            if match_at(p, s[i..]) or match_at(p[5..], s[i..]) { return true }\n"
     "        }\n"
     "        return false\n"
     "    }\n"
     "    return s.len > 0 and s[0] == p[0] and match_at(p[1..], s[1..])\n"
     "}\n"
     "assert(not match_at(\"(a+)+b\", \"a\" * 60))"},
    {"a sort of a million with a comparator that lies", TIME,
     "let l = []\nfor i in 0..1000000 { l.push(i * 7919 % 1000003) }\nvar n = 0\n"
     "loop { l.sort(by: (x) => { n += 1\n return n % 3 }) }"},
    {"a sort with one that never ends", TIME, "[3, 1, 2].sort(by: (x) => { loop { } })"},
    {"handlers that catch everything", TIME, "loop { try { loop { } } catch e { } finally { } }"},
    {"a chain of cancelled tasks that do not end", TIME,
     "fn stay() { loop { try { sleep(1) } catch e { } } }\nlet t = spawn { stay() }\nt.cancel()\nloop { try { t.wait() } catch e { } }"},
    {"numbers to text, in one call", TIME | MEMORY, "let l = [...(0..200000)]\nloop { assert(\"${l}\".len > 5) }"},
    {"keys that collide", TIME | MEMORY,
     "class K(let n) { fn hash() => 1\n fn ==(o) => self.n == o.n }\nlet m = {}\nvar i = 0\nloop { m[K(i)] = i\n i += 1 }"},
    {"a hash that never ends", TIME, "class K { fn hash() { loop { } }\n fn ==(o) => true }\nlet m = {}\nm[K()] = 1"},
    {"deep data, printed and compared", TIME | OUTPUT | MEMORY,
     "var l = []\nvar k = []\nfor i in 0..300000 { l = [l]\n k = [k] }\n"
     "loop {\n    try { print(l) } catch e { }\n    try { assert(l == k) } catch e { }\n}"},
    {"a split into pieces", TIME | MEMORY, "let s = \"a,\" * 1000000\nloop { let parts = s.split(\",\") }"},
};
#define HARMFUL (sizeof harmful / sizeof *harmful)

/* Peak of what the machine has from us. */
static size_t live, peak;
static void *counted(void *ud, void *p, size_t old_size, size_t new_size, size_t align)
{
    (void)ud;
    if (!new_size) {
        live -= old_size;
        free(p);
        return NULL;
    }
    void *q;
    if (p && align <= 16) {
        q = realloc(p, new_size);
    } else {
        if (posix_memalign(&q, align < 16 ? 16 : align, new_size)) q = NULL;
        if (p && q) memcpy(q, p, old_size < new_size ? old_size : new_size), free(p);
    }
    if (q) live += new_size - old_size;
    if (live > peak) peak = live;
    return q;
}

static double worst_late;
static size_t worst_over;

/* 0: it came late, which may be the rest of the system's doing. */
static int suffer(amb_vm *vm, unsigned i, double deadline_ms, double late_ms, size_t heap, int last)
{
    amb_script *script;
    sink said = {{0}, 0};
    const char *source = harmful[i].source;
    printed = 0;
    peak = live;
    amb_status st = amb_load(vm, "harmful", source, strlen(source), 0, collect, &said, &script);
    if (st != AMB_OK) printf("%s: %s\n", harmful[i].what, said.text);
    CHECK(st == AMB_OK);
    if (st != AMB_OK) return 1;
    double start = now_ms();
    st = amb_run(vm, script, amb_nil(), NULL, NULL);
    double took = now_ms() - start;
    const char *limit = amb_last_limit(vm);
    int by = !limit ? 0 : !strcmp(limit, "deadline") ? TIME : !strcmp(limit, "memory") ? MEMORY : !strcmp(limit, "output") ? OUTPUT : 0;
    char err[300] = "";
    if (st == AMB_E_THROW) {
        last_error(vm, err);
        if (strstr(err, "LimitError: stack overflow")) by = STACK;
        else if (strstr(err, "LimitError: too many tasks")) by = MEMORY;
    }
    int in_time = took < deadline_ms + late_ms, in_room = peak <= heap + heap / 100 || peak <= heap + 131072;
    if (!in_time && !last) {
        amb_script_free(script);
        return 0;
    }
    if (!(by & harmful[i].limit) || !in_time || !in_room)
        printf("%s: status %d, %s %s, %.1f ms, %zu of %zu bytes\n", harmful[i].what, st, limit ? limit : "no limit", err,
               took, peak, heap);
    CHECK(by & harmful[i].limit);
    CHECK(in_time && in_room);
    if (took - deadline_ms > worst_late) worst_late = took - deadline_ms;
    if (peak > heap && peak - heap > worst_over) worst_over = peak - heap;
    amb_script_free(script);
    /* The next one finds what it needs. */
    static const char next[] = "let l = []\nfor i in 0..1000 { l.push(\"${i}\") }\nl.len";
    amb_scope s = amb_scope_open(vm);
    amb_value v;
    int64_t n = 0;
    st = amb_load(vm, "next", next, sizeof next - 1, AMB_LOAD_VALUE, collect, &said, &script);
    if (st == AMB_OK) st = amb_run(vm, script, amb_nil(), NULL, NULL);
    if (st != AMB_OK) printf("after %s: status %d\n", harmful[i].what, st);
    CHECK(st == AMB_OK && amb_script_result(script, &v) == AMB_OK && amb_as_int(v, &n) && n == 1000);
    if (st == AMB_OK) amb_script_free(script);
    amb_scope_close(vm, s);
    return 1;
}

int main(void)
{
    const char *slow = getenv("AMBIT_TEST_SLOW");
    int checked = slow && !strcmp(slow, "yes"); /* the build checks itself and is slow for that */
    size_t heap = 64 * MIB;
    double deadline = checked ? 300 : 100;
    amb_config c = {.size = sizeof c, .heap_bytes = heap, .timeout_ns = (uint64_t)(deadline * 1e6), .output = bounded,
                    .alloc = counted, .stack_slots = 100000, .tasks = 10000};
    amb_vm *vm = amb_vm_new(&c, NULL);
    for (unsigned i = 0; i < HARMFUL; i++)
        for (int tries = 1; !suffer(vm, i, deadline, checked ? 3000 : 10, heap, tries == 5); tries++) { }
    amb_vm_free(vm);
    CHECK(live == 0);
    if (getenv("AMBIT_TEST_VERBOSE"))
        printf("the latest was stopped %.1f ms after its deadline, %zu bytes above its limit\n", worst_late, worst_over);
    return SUMMARY();
}
