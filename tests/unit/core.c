/* SPDX-License-Identifier: MIT */
/* The core library in parts: what one function needs, and that each can be had alone. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "ambit/ambit.h"
#include "core_part.h"
#include "class.h"
#include "module.h"
#include "vm_internal.h"

static char *part(const char *text, const char *function)
{
    size_t n;
    char *s = ambcore_part(text, strlen(text), function, &n);
    cr_assert_not_null(s);
    cr_assert_eq(strlen(s), n);
    return s;
}

static void expect(const char *text, const char *function, const char *expected)
{
    char *s = part(text, function);
    cr_assert_str_eq(s, expected);
    free(s);
}

Test(core_part, only_what_is_needed_on_the_same_lines)
{
    static const char text[] = "# head\n"
                               "pub fn a(x) {\n    return b(x)\n}\n"
                               "fn b(x) => x.d()\n"
                               "\n# about c\n"
                               "pub fn c() => \"${e()}\"\n"
                               "fn d() => 1\n"
                               "fn e() => 2\n";
    expect(text, "b", "\n\n\n\nfn b(x) => x.d()\n\n");
    expect(text, "c", "\n\n\n\n\n\n\npub fn c() => \"${e()}\"\n\nfn e() => 2\n");
    expect(text, "d", "\n\n\n\n\n\n\n\nfn d() => 1\n");
    char *a = part(text, "a");
    cr_assert(strstr(a, "\npub fn a(x) {\n    return b(x)\n}\nfn b(x) => x.d()\n") == a);
    free(a);
}

Test(core_part, whole_when_it_cannot_be_divided)
{
    static const char constant[] = "let n = 1\npub fn a() => n\nfn b() => 2\n";
    expect(constant, "a", constant);
    static const char functions[] = "pub fn a() => 1\nfn b() => 2";
    expect(functions, "c", functions);
    expect(functions, "b", "\nfn b() => 2");
    expect("", "a", "");
}

static void load_all(const amb_native_def *table, uint32_t *count)
{
    for (; table->name; table++) {
        if (table->fn) continue;
        amb_vm *vm = amb_vm_new(NULL, NULL);
        ambv fn = ambv_nil();
        cr_assert_eq(ambmodules_core(vm, table->core, &fn), AMB_OK, "%s", table->core);
        cr_assert(fn.tag == TAG_CLOSURE || fn.tag == TAG_CLASS, "%s", table->core);
        amb_vm_free(vm);
        ++*count;
    }
}

Test(core_part, every_function_alone)
{
    const amb_native_def *const tables[] = {
        amblib_prelude, amblib_string, amblib_bytes, amblib_list,  amblib_tuple,    amblib_map,
        amblib_set,     amblib_range,  amblib_int,   amblib_float, amblib_function, amblib_generator,
    };
    uint32_t count = 0;
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) load_all(tables[i], &count);
    cr_assert_gt(count, 60);
}

Test(core_part, one_function_is_one_object)
{
    amb_vm *vm = amb_vm_new(NULL, NULL);
    ambv sort, again, ok, err;
    cr_assert_eq(ambmodules_core(vm, "sort:sorted", &again), AMB_OK);
    cr_assert_eq(ambmodules_core(vm, "sort:sort", &sort), AMB_OK);
    cr_assert_eq(ambmodules_core(vm, "sort:sort", &again), AMB_OK);
    cr_assert(ambv_same(sort, again));
    cr_assert_eq(ambmodules_core(vm, "result:Ok", &ok), AMB_OK);
    cr_assert_eq(ambmodules_core(vm, "result:Err", &err), AMB_OK);
    cr_assert_eq(ok.cls->parent, err.cls->parent);
    amb_vm_free(vm);
}
