/* SPDX-License-Identifier: MIT */
/* The collector as a host sees it: its statistics add up, and garbage of every kind goes. */
#include <criterion/criterion.h>
#include <string.h>

#include "ambit/ambit.h"
#include "gc.h"

static amb_status quiet(void *ud, int fd, const char *s, size_t n)
{
    return AMB_OK;
}

static void complain(void *ud, const char *s, size_t n)
{
    cr_log_error("%.*s", (int)n, s);
}

static amb_gc_stats after(const char *source)
{
    amb_config c = {.size = sizeof c, .output = quiet, .seed = 3};
    amb_status st;
    amb_vm *vm = amb_vm_new(&c, &st);
    cr_assert_not_null(vm);
    amb_gc_time(vm, 1);
    amb_script *s;
    int status;
    st = amb_load(vm, "test", source, strlen(source), 0, complain, NULL, &s);
    cr_assert_eq(st, AMB_OK);
    st = amb_run(vm, s, amb_nil(), NULL, &status);
    cr_assert_eq(st, AMB_OK);
    amb_gc_stats g = {.size = sizeof g};
    amb_gc_statistics(vm, &g);
    amb_vm_free(vm);
    return g;
}

Test(gc, a_growing_heap_is_collected_in_steps)
{
    amb_gc_stats g = after("class P(let a, let b)\n"
                           "let all = []\n"
                           "for i in 0..300000 { all.push(P(i, [i])) }\n"
                           "for i in 0..300000 { all[i % 1000] = P(i, [i]) }\n");
    cr_assert_gt(g.minor, 10u);
    cr_assert_gt(g.major, 1u);
    cr_assert_gt(g.steps, 2 * g.major);
    uint64_t pauses = 0;
    for (int i = 0; i < AMB_GC_PAUSES; i++) pauses += g.pauses[i];
    cr_assert_gt(pauses, 10u);
    cr_assert_leq(pauses, g.minor + g.steps);
    cr_assert_leq(g.pause_max_ns, g.pause_total_ns);
    cr_assert_gt(g.live_bytes, 300000u * 64);
    cr_assert_lt(g.live_bytes, 300000u * 250);
    cr_assert_leq(g.survived_bytes, g.allocated_bytes);
    cr_assert_leq(g.live_bytes, g.peak_bytes);
    cr_assert_leq(g.heap_bytes, g.peak_bytes);
}

Test(gc, garbage_goes)
{
    static const char *const scripts[] = {
        "for i in 0..300000 { let a = [i] }",
        "for i in 0..300 { let a = [i] * 100000 }",
        "for i in 0..300 { let a = bytes(500000) }",
        "for i in 0..3000 { let a = \"${i}\" * 10000 }",
        "for i in 0..1000 { let m = {}\n for k in 0..200 { m[k] = [k] } }",
        "class R(var r)\nfor i in 0..150000 { let a = R(nil)\n a.r = [a] }",
    };
    for (unsigned i = 0; i < sizeof scripts / sizeof *scripts; i++) {
        amb_gc_stats g = after(scripts[i]);
        /* the stack's room is 16 MiB of these */
        cr_assert_lt(g.peak_bytes, 26u << 20, "script %u: %lu bytes", i, (unsigned long)g.peak_bytes);
        cr_assert_gt(g.minor, 0u);
    }
}

/* Marks are numbered in a byte; the numbers start anew after 254 major collections. What owns something
 * outside, what has a block of its own and what is replaced now and then live through that. */
Test(gc, numbers_of_marks_start_anew)
{
    amb_gc_stats g = after(
    "class Node(var v, var next)\n"
    "fn make(i) {\n"
    "    let long = (0..400).map(k => \"${i}:${k}\").list()\n"
    "    let m = {}\n"
    "    for k in 0..100 { m[\"k${k}\"] = [i, k] }\n"
    "    let wide = tuple((0..300).map(k => [k + i]))\n"
    "    return (i, long, m, wide, \"${i},\" * 1000, bytes(3000), Node(i, Node([i], nil)), set(long))\n"
    "}\n"
    "fn check(t) {\n"
    "    let (i, long, m, wide, text, b, node, s) = t\n"
    "    if long[399] != \"${i}:399\" or long.len != 400 { throw Error(\"list ${i}\") }\n"
    "    if m[\"k99\"] != [i, 99] or m.len != 100 { throw Error(\"map ${i}\") }\n"
    "    if wide[299] != [299 + i] { throw Error(\"tuple ${i}\") }\n"
    "    if text.len != \"${i},\".len * 1000 or not text.ends_with(\"${i},\") { throw Error(\"string ${i}\") }\n"
    "    if b.len != 3000 or b[2999] != 0 { throw Error(\"bytes ${i}\") }\n"
    "    if node.next.v != [i] { throw Error(\"instance ${i}\") }\n"
    "    if s.len != 400 or not s.has(\"${i}:7\") { throw Error(\"set ${i}\") }\n"
    "}\n"
    "let ring = (0..8).map(make).list()\n"
    "let oldest = make(-1)\n"
    "for i in 0..1500 {\n"
    "    let b = bytes(2500000)\n"
    "    if i % 7 == 0 { ring[i % 8] = make(i) }\n"
    "    check(ring[(i + 3) % 8])\n"
    "    if i % 50 == 0 { check(oldest) }\n"
    "}\n"
    "for t in ring { check(t) }\n"
    "check(oldest)\n");
    cr_assert_gt(g.major, 2u * 255);
    cr_assert_lt(g.peak_bytes, 48u << 20);
}

/* What objects own outside is counted when it is taken and when it is given back: nothing stays of what died. */
Test(gc, the_outside_is_counted_exactly)
{
    static const char source[] =
    "fn churn() {\n"
    "    let l = (0..5000).list()\n"
    "    l.push(\"x\")\n"
    "    for i in 0..3000 { l.remove_at(0) }\n"
    "    for i in 0..9000 { l.push([i]) }\n"
    "    while l.len > 10 { l.pop() }\n"
    "    let big = (0..3000).map(i => \"${i}\").list()\n"
    "    big.clear()\n"
    "    for i in 0..700 { big.push(i) }\n"
    "    let m = {}\n"
    "    for i in 0..3000 { m[i] = \"${i}\" }\n"
    "    for i in 0..2990 { m.remove(i) }\n"
    "    for i in 0..200 { m[\"${i}\"] = i }\n"
    "    let gone = {a: [1] * 1000}\n"
    "    gone.clear()\n"
    "    let b = bytes(10)\n"
    "    for i in 0..4000 { b.push(i % 256) }\n"
    "    let wide = tuple(0..3000)\n"
    "    let text = \"abc\" * 5000\n"
    "    var grown = \"\"\n"
    "    for i in 0..5000 { grown += \"xyz\" }\n"
    "    let part = text[100..9000]\n"
    "    let s = set(0..3000)\n"
    "    return (l, big, m, b, wide, part, grown, s)\n"
    "}\n"
    "for i in 0..6 { churn() }\n";
    amb_config c = {.size = sizeof c, .output = quiet, .seed = 3};
    amb_status st;
    amb_vm *vm = amb_vm_new(&c, &st);
    cr_assert_not_null(vm);
    uint64_t outside[3];
    for (int i = 0; i < 3; i++) {
        amb_script *s;
        int status;
        cr_assert_eq(amb_load(vm, "test", source, strlen(source), 0, complain, NULL, &s), AMB_OK);
        cr_assert_eq(amb_run(vm, s, amb_nil(), NULL, &status), AMB_OK);
        ambgc_collect(vm, true);
        ambgc_collect(vm, true);
        amb_gc_stats g = {.size = sizeof g};
        amb_gc_statistics(vm, &g);
        outside[i] = g.outside_bytes;
    }
    cr_assert_lt(outside[0], 1u << 20);
    cr_assert_eq(outside[1], outside[0]);
    cr_assert_eq(outside[2], outside[1]);
    amb_vm_free(vm);
}

/* A limit leaves a deep stack without a return from any frame; what the next run has on the stack is looked at. */
Test(gc, a_run_after_a_limit_keeps_its_frames)
{
    static const char ends[] = "fn deep(n) { let a = [n]; let r = if n == 0 { spin() } else { deep(n - 1) }; return [a, r] }\n"
                               "fn spin() { let l = []; while true { l.push([1, 2, 3]) } }\n"
                               "deep(300)\n";
    static const char goes_on[] =
        "fn deep(n, a, b, c) {\n"
        "    let mine = [\"${n}\"]\n"
        "    if n > 0 { let r = deep(n - 1, a, b, c)\n let x = [r]\n let y = [x]\n if mine[0] != \"${n}\" { throw Error(\"lost\") }\n return y[0][0] }\n"
        "    for i in 0..60000 { let x = [\"${i}\"] }\n"
        "    return mine\n"
        "}\n"
        "for n in 40..140 { if n % 9 == 0 { deep(n, 1, 2, 3) } }\n";
    amb_config c = {.size = sizeof c, .heap_bytes = (size_t)40 << 20, .output = quiet};
    amb_status st;
    amb_vm *vm = amb_vm_new(&c, &st);
    cr_assert_not_null(vm);
    amb_script *s;
    int status;
    cr_assert_eq(amb_load(vm, "ends", ends, strlen(ends), 0, complain, NULL, &s), AMB_OK);
    cr_assert_eq(amb_run(vm, s, amb_nil(), NULL, &status), AMB_E_LIMIT);
    cr_assert_eq(amb_load(vm, "goes_on", goes_on, strlen(goes_on), 0, complain, NULL, &s), AMB_OK);
    cr_assert_eq(amb_run(vm, s, amb_nil(), NULL, &status), AMB_OK);
    amb_vm_free(vm);
}

Test(gc, an_older_host_gets_what_it_knows)
{
    amb_config c = {.size = sizeof c, .output = quiet};
    amb_status st;
    amb_vm *vm = amb_vm_new(&c, &st);
    cr_assert_not_null(vm);
    amb_gc_stats g;
    memset(&g, 0x5a, sizeof g);
    g.size = offsetof(amb_gc_stats, steps);
    amb_gc_statistics(vm, &g);
    cr_assert_eq(g.minor, 0u);
    cr_assert_eq(g.steps, UINT64_C(0x5a5a5a5a5a5a5a5a));
    amb_vm_free(vm);
}
