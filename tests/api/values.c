/* SPDX-License-Identifier: MIT */
/* Values in a host's hands: names, scopes and pins, containers, what is found out when they are misused. */
#include "check.h"

static void scopes(void)
{
    amb_vm *vm = amb_vm_new(NULL, NULL), *other = amb_vm_new(NULL, NULL);
    amb_value a, b, c, pinned;
    char err[300];
    const char *s;
    size_t n;
    CHECK(amb_string_new(vm, "x", 1, &a) == AMB_E_SCOPE);
    CHECK(strcmp(last_error(vm, err), "StateError: no scope is open for a value: see amb_scope_open") == 0);
    amb_scope outer = amb_scope_open(vm);
    CHECK(amb_string_new(vm, "outer text", 10, &a) == AMB_OK);
    amb_scope inner = amb_scope_open(vm);
    CHECK(amb_string_new(vm, "inner text", 10, &b) == AMB_OK);
    CHECK(amb_scope_close(vm, outer) == AMB_E_SCOPE); /* not the innermost */
    CHECK(amb_as_string(vm, b, &s, &n) == AMB_OK && n == 10 && strcmp(s, "inner text") == 0);
    CHECK(amb_scope_close(vm, inner) == AMB_OK);
    CHECK(amb_scope_close(vm, inner) == AMB_E_SCOPE); /* once */
    CHECK(amb_as_string(vm, b, &s, &n) == AMB_E_SCOPE);
    CHECK(strstr(last_error(vm, err), "after its scope was closed"));
    CHECK(amb_as_string(vm, a, &s, &n) == AMB_OK);
    /* In another machine it is nothing. */
    amb_scope theirs = amb_scope_open(other);
    CHECK(amb_string_new(other, "outer text", 10, &c) == AMB_OK);
    CHECK(amb_as_string(other, a, &s, &n) == AMB_E_SCOPE && amb_as_string(vm, c, &s, &n) == AMB_E_SCOPE);
    CHECK(strcmp(amb_type_name(other, a), "?") == 0 && strcmp(amb_type_name(vm, a), "string") == 0);
    CHECK(amb_scope_close(other, theirs) == AMB_OK);
    /* Names that nobody gave. */
    for (uint64_t tag = 0; tag < 64; tag++)
        for (uint64_t at = 0; at < 4; at++)
            for (uint64_t pin = 0; pin < 2; pin++) {
                amb_value forged = {a.payload + 16, tag | pin << 8 | at << 32};
                if (tag > 5) CHECK(amb_as_string(vm, forged, &s, &n) == AMB_E_SCOPE);
            }
    inner = amb_scope_open(vm);
    CHECK(amb_string_new(vm, "kept", 4, &b) == AMB_OK);
    CHECK(amb_scope_escape(vm, inner, b, &c) == AMB_OK && shows(vm, c, "\"kept\""));
    CHECK(amb_pin(vm, c, &pinned) == AMB_OK && amb_same(c, pinned));
    CHECK(amb_scope_close(vm, outer) == AMB_OK);
    amb_gc_collect(vm);
    outer = amb_scope_open(vm);
    CHECK(shows(vm, pinned, "\"kept\"") && amb_as_string(vm, c, &s, &n) == AMB_E_SCOPE);
    amb_unpin(vm, pinned);
    CHECK(amb_as_string(vm, pinned, &s, &n) == AMB_E_SCOPE);
    amb_unpin(vm, pinned);
    /* Places of pins are used again. */
    for (int i = 0; i < 1000; i++) {
        CHECK(amb_string_new(vm, "again", 5, &a) == AMB_OK && amb_pin(vm, a, &pinned) == AMB_OK);
        CHECK(pinned.tag >> 32 == 0);
        amb_unpin(vm, pinned);
    }
    CHECK(amb_pin(vm, amb_int(5), &pinned) == AMB_OK && amb_same(pinned, amb_int(5)));
    amb_unpin(vm, pinned);
    amb_scope_close(vm, outer);
    amb_vm_free(other);
    amb_vm_free(vm);
}

/* With a scope in each round, as much as one likes goes through a small heap. */
static void collected(void)
{
    amb_config c = {.size = sizeof c, .heap_bytes = 4 << 20};
    amb_vm *vm = amb_vm_new(&c, NULL);
    amb_scope all = amb_scope_open(vm);
    amb_value list, text, map;
    CHECK(amb_list_new(vm, NULL, 0, &list) == AMB_OK);
    char piece[1000];
    memset(piece, 'x', sizeof piece);
    const char *slow = getenv("AMBIT_TEST_SLOW");
    int rounds = slow && !strcmp(slow, "yes") ? 3000 : 100000;
    for (int i = 0; i < rounds; i++) {
        amb_scope s = amb_scope_open(vm);
        amb_status st = amb_string_new(vm, piece, sizeof piece, &text);
        if (st == AMB_OK) st = amb_map_new(vm, &map);
        if (st == AMB_OK) st = amb_map_set_text(vm, map, "text", text);
        if (st == AMB_OK && i % (rounds / 100) == 0) st = amb_list_push(vm, list, map);
        amb_scope_close(vm, s);
        if (st != AMB_OK) {
            CHECK(st == AMB_OK);
            break;
        }
    }
    uint64_t n = 0;
    CHECK(amb_len(vm, list, &n) == AMB_OK && n == 100);
    CHECK(amb_at(vm, list, 99, &map) == AMB_OK && amb_map_get_text(vm, map, "text", &text) == AMB_OK);
    CHECK(amb_len(vm, text, &n) == AMB_OK && n == sizeof piece);
    /* Without, the limit is met: a status, and the machine goes on. */
    amb_scope s = amb_scope_open(vm);
    amb_status st = AMB_OK;
    int made = 0;
    while (st == AMB_OK && made < 100000) st = amb_string_new(vm, piece, sizeof piece, &text), made++;
    CHECK(st == AMB_E_LIMIT && made > 1000 && made < 5000);
    CHECK(strcmp(amb_last_limit(vm), "memory") == 0);
    amb_scope_close(vm, s);
    CHECK(amb_string_new(vm, piece, sizeof piece, &text) == AMB_OK);
    amb_scope_close(vm, all);
    amb_vm_free(vm);
}

static void kinds(void)
{
    amb_vm *vm = amb_vm_new(NULL, NULL);
    amb_scope scope = amb_scope_open(vm);
    amb_value v, list, map, set, tuple, items[3], k;
    int64_t i;
    double f;
    int b;
    uint64_t n;
    uint8_t *p = NULL;
    size_t len;
    const char *s;
    char err[300];
    amb_value zero = {0, 0};
    CHECK(amb_is_nil(zero) && amb_type(zero) == AMB_TYPE_NIL && amb_same(zero, amb_nil()));
    CHECK(amb_type(amb_bool(1)) == AMB_TYPE_BOOL && amb_as_bool(amb_bool(7), &b) && b == 1);
    CHECK(amb_as_int(amb_int(INT64_MIN), &i) && i == INT64_MIN && !amb_as_int(amb_float(1), &i));
    CHECK(amb_as_float(amb_int(3), &f) && f == 3 && !amb_as_float(amb_bool(1), &f));
    CHECK(amb_is_done(amb_done()) && amb_truth(amb_done()) && !amb_truth(amb_bool(0)) && amb_truth(amb_int(0)));
    CHECK(amb_same(amb_int(1), amb_int(1)) && !amb_same(amb_int(1), amb_float(1)));
    CHECK(amb_equal(vm, amb_int(1), amb_float(1), &b) == AMB_OK && b);

    CHECK(amb_string_new(vm, "a\0\xc3\xa4", 4, &v) == AMB_OK);
    CHECK(amb_as_string(vm, v, &s, &len) == AMB_OK && len == 4 && memcmp(s, "a\0\xc3\xa4", 5) == 0);
    CHECK(amb_len(vm, v, &n) == AMB_OK && n == 3);
    CHECK(amb_string_new(vm, "\xff", 1, &v) == AMB_E_ARG && strstr(last_error(vm, err), "not UTF-8"));
    CHECK(amb_as_string(vm, amb_int(1), &s, &len) == AMB_E_ARG);
    CHECK(strcmp(last_error(vm, err), "TypeError: a string was expected, not int (1)") == 0);

    CHECK(amb_bytes_new(vm, "abc", 3, &v) == AMB_OK && amb_as_bytes(vm, v, &p, &len) == AMB_OK && len == 3);
    if (!p) exit(1);
    p[0] = 'z';
    CHECK(amb_as_bytes(vm, v, &p, &len) == AMB_OK && memcmp(p, "zbc", 3) == 0);
    CHECK(amb_bytes_new(vm, NULL, 0, &v) == AMB_OK && amb_as_bytes(vm, v, &p, &len) == AMB_OK && len == 0 && p);

    items[0] = amb_int(1);
    CHECK(amb_string_new(vm, "two", 3, &items[1]) == AMB_OK);
    items[2] = amb_nil();
    CHECK(amb_list_new(vm, items, 3, &list) == AMB_OK && shows(vm, list, "[1, \"two\", nil]"));
    CHECK(amb_list_set(vm, list, 2, amb_float(2.5)) == AMB_OK && amb_list_push(vm, list, list) == AMB_OK);
    CHECK(amb_at(vm, list, 2, &v) == AMB_OK && amb_as_float(v, &f) && f == 2.5);
    CHECK(amb_at(vm, list, 4, &v) == AMB_E_ARG && amb_list_set(vm, list, 9, v) == AMB_E_ARG);
    CHECK(strcmp(last_error(vm, err), "IndexError: index 9 is out of range for a length of 4") == 0);
    CHECK(amb_list_push(vm, v, v) == AMB_E_ARG);
    static const char *const names[] = {"x", "name", "rest"};
    CHECK(amb_tuple_new(vm, items, names, 3, &tuple) == AMB_OK);
    CHECK(shows(vm, tuple, "(x: 1, name: \"two\", rest: nil)"));
    CHECK(amb_get(vm, tuple, "name", &v) == AMB_OK && shows(vm, v, "\"two\""));
    CHECK(strcmp(amb_tuple_name(vm, tuple, 2), "rest") == 0 && !amb_tuple_name(vm, tuple, 3));
    CHECK(amb_get(vm, tuple, "nam", &v) == AMB_E_THROW && strstr(last_error(vm, err), "no member 'nam'"));
    CHECK(amb_tuple_new(vm, items, NULL, 2, &v) == AMB_OK && !amb_tuple_name(vm, v, 0) && shows(vm, v, "(1, \"two\")"));

    CHECK(amb_map_new(vm, &map) == AMB_OK && amb_map_set(vm, map, amb_int(1), items[1]) == AMB_OK);
    CHECK(amb_map_set_text(vm, map, "k", amb_bool(1)) == AMB_OK && shows(vm, map, "{1: \"two\", k: true}"));
    CHECK(amb_map_get(vm, map, amb_int(2), &v) == AMB_OK && amb_is_nil(v));
    CHECK(amb_map_has(vm, map, amb_int(1), &b) == AMB_OK && b && amb_map_has(vm, map, amb_int(2), &b) == AMB_OK && !b);
    CHECK(amb_map_set(vm, map, list, amb_int(1)) == AMB_E_THROW && strstr(last_error(vm, err), "TypeError"));
    uint32_t at = 0, seen = 0;
    while (amb_map_next(vm, map, &at, &k, &v) == AMB_OK) seen++;
    CHECK(seen == 2 && amb_map_next(vm, map, &at, &k, &v) == AMB_E_EOF);
    CHECK(amb_set_new(vm, &set) == AMB_OK && amb_set_add(vm, set, amb_int(4)) == AMB_OK);
    CHECK(amb_set_add(vm, set, amb_int(4)) == AMB_OK && amb_len(vm, set, &n) == AMB_OK && n == 1);
    CHECK(amb_freeze(vm, map) == AMB_OK && amb_map_set_text(vm, map, "k", amb_nil()) == AMB_E_THROW);
    CHECK(strstr(last_error(vm, err), "StateError"));
    CHECK(amb_type(list) == AMB_TYPE_LIST && amb_type(tuple) == AMB_TYPE_TUPLE && amb_type(map) == AMB_TYPE_MAP &&
          amb_type(set) == AMB_TYPE_SET);
    /* Methods that run outside of a run are limited like one. */
    sink kept = {{0}, 0};
    amb_script *endless;
    amb_value one, two, made;
    amb_set_fuel(vm, 100000);
    CHECK(run_script(vm, "class E { fn ==(o) { loop { } }\n fn str() { loop { } } }\npub fn make() => E()\n", NULL, &kept, &endless) == AMB_OK);
    CHECK(amb_script_get(endless, "make", &made) == AMB_OK && amb_call_function(vm, made, NULL, 0, &one) == AMB_OK &&
          amb_call_function(vm, made, NULL, 0, &two) == AMB_OK);
    for (int round = 0; round < 2; round++) {
        CHECK(amb_equal(vm, one, two, &b) == AMB_E_LIMIT && !strcmp(amb_last_limit(vm), "fuel"));
        CHECK(amb_show(vm, one, 0, collect, &kept) == AMB_E_LIMIT);
    }
    CHECK(amb_at(vm, amb_int(1), 0, &v) == AMB_E_ARG && !amb_last_limit(vm));
    amb_set_fuel(vm, 0);
    /* A string that shares a buffer gets a zero behind it. */
    sink said = {{0}, 0};
    amb_script *script;
    CHECK(run_script(vm, "var s = \"\"\nvar half = \"\"\nfor i in 0..100 { s += \"ab\"; if i == 49 { half = s } }\npub let t = half\n", NULL, &said,
                     &script) == AMB_OK);
    CHECK(amb_script_get(script, "t", &v) == AMB_OK && amb_as_string(vm, v, &s, &len) == AMB_OK);
    CHECK(len == 100 && strlen(s) == 100);
    CHECK(amb_script_get(script, "nothing", &v) == AMB_E_ARG);
    amb_scope_close(vm, scope);
    amb_vm_free(vm);
}

int main(void)
{
    scopes();
    collected();
    kinds();
    return SUMMARY();
}
