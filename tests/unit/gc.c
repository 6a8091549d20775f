/* SPDX-License-Identifier: MIT */
/* The collector as a host sees it: its statistics add up, and garbage of every kind goes. */
#include <criterion/criterion.h>
#include <string.h>

#include "ambit/ambit.h"

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
