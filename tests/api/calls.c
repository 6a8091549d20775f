/* SPDX-License-Identifier: MIT */
/* Calls both ways: scripts from C, functions, classes and modules of the host from scripts, errors in parts. */
#include "check.h"

/* ---- functions of the host ---- */

static int dropped;
static void drop(void *ud) { dropped += *(int *)ud; }

static amb_status clamp(amb_vm *vm, void *ud, const amb_value *args, uint32_t n, amb_value *out)
{
    int64_t x, low, high;
    (void)ud;
    if (!amb_as_int(args[0], &x) || !amb_as_int(args[1], &low))
        return amb_raise(vm, "TypeError", "clamp: ints are expected, not %s", amb_type_name(vm, args[0]));
    if (!amb_as_int(args[2], &high)) high = 100; /* left out */
    if (n > 3) return AMB_E_IO;
    *out = amb_int(x < low ? low : x > high ? high : x);
    return AMB_OK;
}

static amb_status count_args(amb_vm *vm, void *ud, const amb_value *args, uint32_t n, amb_value *out)
{
    (void)vm, (void)ud, (void)args;
    *out = amb_int(n);
    return AMB_OK;
}

/* Calls its first argument with the others, in C. */
static amb_status apply(amb_vm *vm, void *ud, const amb_value *args, uint32_t n, amb_value *out)
{
    (void)ud;
    return amb_call_function(vm, args[0], args + 1, n - 1, out);
}

/* The same, and what goes wrong is its result. */
static amb_status attempt(amb_vm *vm, void *ud, const amb_value *args, uint32_t n, amb_value *out)
{
    (void)ud;
    amb_status st = amb_call_function(vm, args[0], args + 1, n - 1, out);
    return st == AMB_E_THROW ? amb_last_error(vm, out) : st;
}

static amb_status odd(amb_vm *vm, void *ud, const amb_value *args, uint32_t n, amb_value *out)
{
    int64_t which = 0;
    static amb_value kept;
    (void)ud, (void)n;
    amb_as_int(args[0], &which);
    switch (which) {
    case 0: return AMB_PENDING;              /* without amb_pend */
    case 1: return AMB_E_IO;
    case 2: return -999;
    case 3: *out = (amb_value){1, 17}; return AMB_OK; /* no value */
    case 4: amb_scope_open(vm); amb_scope_open(vm); return amb_string_new(vm, "left open", 9, out);
    case 5: return amb_string_new(vm, "kept", 4, &kept);
    case 6: *out = kept; return AMB_OK; /* of a call that is over */
    case 7: return amb_raise(vm, "NoSuchError", "%s", "plain");
    case 8: { /* an error that is not given on */
        amb_value v;
        amb_at(vm, args[0], 0, &v);
        *out = amb_int(8);
        return AMB_OK;
    }
    case 9: return AMB_E_THROW; /* with nothing thrown */
    case 10: return amb_throw(vm, amb_int(3));
    default: return AMB_E_NOMEM;
    }
}

/* Closes a scope that is not its own, of the depth that is: its callers' names are gone, not wrong. */
static amb_scope old_scope;
static amb_value callback; /* pinned */
static amb_status rude(amb_vm *vm, void *ud, const amb_value *args, uint32_t n, amb_value *out)
{
    (void)ud, (void)args, (void)n;
    amb_scope_close(vm, old_scope);
    return amb_call_function(vm, callback, NULL, 0, out);
}

static void rudeness(void)
{
    amb_config c = {.size = sizeof c, .stress = 1};
    amb_vm *vm = amb_vm_new(&c, NULL);
    static const amb_function f = {.name = "rude", .fn = rude};
    amb_script *script;
    amb_value v, text, out;
    amb_scope s = amb_scope_open(vm);
    CHECK(run_script(vm, "pub fn f() { let l = []\n for i in 0..500 { l.push(\"${i} of many\") }\n return l.len }", NULL,
                     &(sink){0}, &script) == AMB_OK);
    CHECK(amb_script_get(script, "f", &v) == AMB_OK && amb_pin(vm, v, &callback) == AMB_OK);
    CHECK(amb_function_new(vm, &f, NULL, NULL, &v) == AMB_OK && amb_pin(vm, v, &v) == AMB_OK);
    amb_scope_close(vm, s);
    s = amb_scope_open(vm);
    for (int i = 0; i < 4; i++) old_scope = amb_scope_open(vm);
    for (int i = 0; i < 4; i++) amb_scope_close(vm, (amb_scope){old_scope.first, old_scope.depth - (uint32_t)i});
    CHECK(amb_string_new(vm, "a text that only the scope keeps", 32, &text) == AMB_OK);
    for (uint32_t depth = 1; depth <= 4; depth++) {
        old_scope.depth = depth;
        CHECK(amb_call_function(vm, v, NULL, 0, &out) == AMB_OK);
        amb_gc_collect(vm);
    }
    amb_scope_close(vm, s);
    /* A value in place of one that it is made of. */
    s = amb_scope_open(vm);
    CHECK(amb_string_new(vm, "x", 1, &text) == AMB_OK && amb_list_new(vm, &text, 1, &text) == AMB_OK);
    CHECK(shows(vm, text, "[\"x\"]") && amb_tuple_new(vm, &text, NULL, 1, &text) == AMB_OK);
    CHECK(shows(vm, text, "([\"x\"],)"));
    amb_scope_close(vm, s);
    amb_vm_free(vm);
}

static amb_status pairs(amb_vm *vm, void *ud, const amb_value *args, uint32_t n, amb_value *out)
{
    int64_t count;
    (void)ud, (void)n;
    if (!amb_as_int(args[0], &count)) return AMB_E_ARG;
    amb_status st = amb_list_new(vm, NULL, 0, out);
    for (int64_t i = 0; i < count && st == AMB_OK; i++) {
        amb_scope s = amb_scope_open(vm);
        amb_value two[2], pair;
        char text[40];
        two[0] = amb_int(i);
        snprintf(text, sizeof text, "number %lld", (long long)i);
        st = amb_string_new(vm, text, strlen(text), &two[1]);
        if (st == AMB_OK) st = amb_tuple_new(vm, two, NULL, 2, &pair);
        if (st == AMB_OK) st = amb_list_push(vm, *out, pair);
        amb_scope_close(vm, s);
    }
    return st;
}

static const amb_function functions[] = {
    {.name = "clamp", .fn = clamp, .min = 2, .max = 3, .params = "x, low, high",
     .doc = "clamp(x: int, low: int, high: int = 100) -> int\nThe nearest int within bounds."},
    {.name = "count_args", .fn = count_args, .max = AMB_ANY_NUMBER},
    {.name = "apply", .fn = apply, .min = 1, .max = AMB_ANY_NUMBER},
    {.name = "attempt", .fn = attempt, .min = 1, .max = AMB_ANY_NUMBER},
    {.name = "odd", .fn = odd, .min = 1, .max = 1},
    {.name = "pairs", .fn = pairs, .min = 1, .max = 1, .params = "n"},
};

/* ---- a class ---- */

typedef struct counter {
    int64_t n;
} counter;
static int alive;
static amb_value counter_class; /* pinned, of the machine under test */

static void counter_gone(void *host)
{
    alive--;
    free(host);
}

static amb_status counter_new(amb_vm *vm, void *ud, const amb_value *args, uint32_t n, amb_value *out)
{
    (void)ud, (void)n;
    counter *c = calloc(1, sizeof *c);
    if (!c) return AMB_E_NOMEM;
    amb_as_int(args[0], &c->n);
    alive++;
    amb_status st = amb_object_new(vm, counter_class, c, out);
    if (st != AMB_OK) counter_gone(c);
    return st;
}

#define SELF(c)                                                                                     \
    counter *c;                                                                                     \
    do {                                                                                            \
        amb_status st_ = amb_object_host(vm, args[0], counter_class, (void **)&c);                  \
        if (st_ != AMB_OK) return st_;                                                              \
    } while (0)

static amb_status counter_add(amb_vm *vm, void *ud, const amb_value *args, uint32_t n, amb_value *out)
{
    int64_t by = 1;
    (void)ud;
    SELF(c);
    if (n > 1 && !amb_as_int(args[1], &by)) return AMB_E_ARG;
    c->n += by;
    *out = args[0];
    return AMB_OK;
}

static amb_status counter_value(amb_vm *vm, void *ud, const amb_value *args, uint32_t n, amb_value *out)
{
    (void)ud, (void)n;
    SELF(c);
    *out = amb_int(c->n);
    return AMB_OK;
}

static amb_status counter_set(amb_vm *vm, void *ud, const amb_value *args, uint32_t n, amb_value *out)
{
    (void)ud, (void)n, (void)out;
    SELF(c);
    return amb_as_int(args[1], &c->n) ? AMB_OK : amb_raise(vm, "TypeError", "an int is expected");
}

static amb_status counter_close(amb_vm *vm, void *ud, const amb_value *args, uint32_t n, amb_value *out)
{
    (void)ud, (void)n, (void)out;
    return amb_object_release(vm, args[0]);
}

static amb_status counter_kind(amb_vm *vm, void *ud, const amb_value *args, uint32_t n, amb_value *out)
{
    (void)args, (void)n;
    return amb_string_new(vm, ud, strlen(ud), out);
}

static const amb_function members[] = {
    {.name = "add", .fn = counter_add, .max = 1, .params = "by"},
    {.name = "value", .fn = counter_value, .flags = AMB_FN_GETTER},
    {.name = "value", .fn = counter_set, .min = 1, .max = 1, .flags = AMB_FN_SETTER},
    {.name = "close", .fn = counter_close},
    {.name = "kind", .fn = counter_kind, .flags = AMB_FN_STATIC},
};
static const amb_function construct = {.name = "Counter", .fn = counter_new, .max = 1, .params = "from"};

static amb_vm *machine(sink *out, size_t heap)
{
    amb_config c = {.size = sizeof c, .output = output, .output_ud = out, .heap_bytes = heap};
    amb_vm *vm = amb_vm_new(&c, NULL);
    static int module_ud = 100;
    amb_scope s = amb_scope_open(vm);
    amb_class_def cls = {.size = sizeof cls, .name = "Counter", .members = members,
                         .nmembers = sizeof members / sizeof *members, .construct = &construct,
                         .finalize = counter_gone, .ud = (void *)"counts up"};
    amb_value made;
    CHECK(amb_class_new(vm, &cls, &made) == AMB_OK && amb_pin(vm, made, &counter_class) == AMB_OK);
    static const char *const names[] = {"limit", "Counter"};
    amb_value values[] = {amb_int(42), made};
    amb_module_def m = {.size = sizeof m, .name = "host", .functions = functions,
                        .nfunctions = sizeof functions / sizeof *functions, .names = names, .values = values,
                        .nvalues = 2, .ud = &module_ud, .drop = drop};
    CHECK(amb_module_new(vm, &m) == AMB_OK);
    CHECK(amb_module_new(vm, &m) == AMB_E_ARG); /* there is one */
    m.name = "math";
    CHECK(amb_module_new(vm, &m) == AMB_E_ARG);
    m.name = "no good";
    CHECK(amb_module_new(vm, &m) == AMB_E_ARG);
    amb_scope_close(vm, s);
    return vm;
}

/* Runs it, and what it prints is this. */
static void prints(amb_vm *vm, sink *out, const char *source, const char *expected)
{
    sink said;
    out->len = 0;
    out->text[0] = 0;
    amb_status st = run_script(vm, source, NULL, &said, NULL);
    if (st != AMB_OK || strcmp(out->text, expected) != 0)
        printf("%s\n-> %d, printed %s, said %s\n", source, st, out->text, said.text);
    CHECK(st == AMB_OK && strcmp(out->text, expected) == 0);
}

static void from_scripts(amb_vm *vm, sink *out)
{
    prints(vm, out, "import host\nprint(host.clamp(5, 10, 20), host.clamp(50, 10, 20), host.clamp(500, 10), host.limit)\n",
           "10 20 100 42\n");
    prints(vm, out, "import host\nprint(host.clamp(low: 10, x: 3), host.clamp(1, high: 0, low: -1))\n", "10 0\n");
    prints(vm, out, "import host\nlet f = host.clamp\nprint(f(1, 2), [5, 500].map((x) => f(x, 0)), host.apply(f, 7, 9, 20))\n",
           "2 [5, 100] 9\n");
    prints(vm, out, "from host import clamp, Counter\nprint(clamp(1, 2), Counter.kind())\n", "2 counts up\n");
    prints(vm, out, "import host\nprint(host.count_args(), host.count_args(1, nil, 3), host.count_args(...[1] * 300))\n",
           "0 3 300\n");
    prints(vm, out,
           "import host\n"
           "fn what(f) { try { return f() } catch e { return \"${type(e)}: ${e.message}\" } }\n"
           "print(what(() => host.clamp(1)))\n"
           "print(what(() => host.clamp(1, 2, 3, 4)))\n"
           "print(what(() => host.clamp(\"a\", 2)))\n"
           "print(what(() => host.clamp(1, b: 2)))\n"
           "print(what(() => host.count_args(1, by: 2)))\n"
           "for i in 0..11 { print(i, what(() => host.odd(i))) }\n",
           "TypeError: clamp takes at least 2 arguments, not 1; usage: clamp(x: int, low: int, high: int = 100) -> int\n"
           "TypeError: clamp takes at most 3 arguments, not 4; usage: clamp(x: int, low: int, high: int = 100) -> int\n"
           "TypeError: clamp: ints are expected, not string\n"
           "TypeError: clamp has no parameter named 'b'\n"
           "TypeError: count_args takes no arguments by name\n"
           "0 Error: odd failed (status 1)\n"
           "1 IOError: odd: input or output failed\n"
           "2 Error: odd failed (status -999)\n"
           "3 StateError: a value was used after its scope was closed, or in another VM\n"
           "4 left open\n"
           "5 nil\n"
           "6 StateError: a value was used after its scope was closed, or in another VM\n"
           "7 Error: plain\n"
           "8 8\n"
           "9 Error: odd failed (status -20)\n"
           "10 TypeError: only an Error can be thrown, not int\n");
}

static void objects(amb_vm *vm, sink *out)
{
    alive = 0;
    prints(vm, out,
           "from host import Counter\n"
           "let c = Counter(5)\n"
           "c.add().add(10)\n"
           "print(c.value, type(c))\n"
           "c.value = 7\n"
           "c.value += 1\n"
           "print(c.value, Counter.kind(), c == c, c == Counter(8))\n"
           "let add = c.add\n"
           "add(by: 2)\n"
           "print(c.value, [1, 2, 3].map((x) => Counter(x).value))\n",
           "16 Counter\n8 counts up true false\n10 [1, 2, 3]\n");
    prints(vm, out,
           "from host import Counter\n"
           "fn what(f) { try { return f() } catch e { return \"${type(e)}: ${e.message}\" } }\n"
           "let c = Counter()\n"
           "c.close()\nc.close()\n"
           "print(what(() => c.value))\n"
           "print(what(() => Counter(1, 2)))\n"
           "print(what(() => Counter(1).nothing))\n"
           "print(what(() => { Counter(1).value = \"a\" }))\n"
           "print(what(() => { c.add = 1 }))\n"
           "print(what(() => Counter(1).add(\"x\")))\n"
           "print(what(() => Counter(from: 3).value))\n"
           "print(c)\n",
           "StateError: this Counter is closed\n"
           "TypeError: Counter takes at most 1 argument, not 2; usage: Counter(from)\n"
           "TypeError: Counter has no member 'nothing'\n"
           "TypeError: an int is expected\n"
           "TypeError: Counter.add is a method and cannot be assigned\n"
           "ValueError: add: an argument is not accepted\n"
           "3\n"
           "<Counter>\n");
    sink said;
    CHECK(run_script(vm, "from host import Counter\nclass Mine : Counter { }\n", NULL, &said, NULL) != AMB_OK);
    /* A hundred thousand objects: each is finalized once, most of them while the script runs. */
    const char *slow = getenv("AMBIT_TEST_SLOW");
    char many[200];
    snprintf(many, sizeof many, "from host import Counter\nfor i in 0..%d { Counter(i).add() }\n",
             slow && !strcmp(slow, "yes") ? 2000 : 100000);
    prints(vm, out, many, "");
    CHECK(alive < 60000 && alive > 0);
    amb_gc_collect(vm);
    CHECK(alive < 20);
}

/* ---- functions of scripts ---- */

static void from_c(amb_vm *vm)
{
    amb_scope scope = amb_scope_open(vm);
    amb_script *script;
    sink said;
    char err[300];
    amb_value f, v, args[300], list, o, e, pinned;
    int64_t i;
    static const char source[] =
        "pub fn add(a, b = 10) => a + b\n"
        "pub fn all(...xs) => xs.len\n"
        "pub class Point(let x, let y) {\n"
        "    var label: string = \"p\"\n"
        "    fn sum() => self.x + self.y\n"
        "    get area => self.x * self.y\n"
        "    static let origin = 3\n"
        "}\n"
        "pub let p = Point(3, 4)\n"
        "pub fn deep(n) {\n    if n == 0 { throw ValueError(\"too deep\", cause: KeyError(\"no key\")) }\n    deep(n - 1)\n}\n"
        "pub fn forever() { loop { } }\n"
        "pub fn waits(x) {\n    sleep(0.001)\n    return x + 1\n}\n"
        "pub fn spawns() {\n    let t = spawn { return waits(4) }\n    return t.wait() + 1\n}\n"
        "pub fn gen() { yield 1; yield 2 }\n"
        "pub fn fib(n) => if n < 2 { n } else { fib(n - 1) + fib(n - 2) }\n";
    CHECK(run_script(vm, source, NULL, &said, &script) == AMB_OK);
    if (said.len) printf("%s", said.text);
    CHECK(amb_script_get(script, "add", &f) == AMB_OK && amb_type(f) == AMB_TYPE_FUNCTION);
    args[0] = amb_int(5);
    args[1] = amb_int(6);
    CHECK(amb_call_function(vm, f, args, 2, &v) == AMB_OK && amb_as_int(v, &i) && i == 11);
    CHECK(amb_call_function(vm, f, args, 1, &v) == AMB_OK && amb_as_int(v, &i) && i == 15);
    CHECK(amb_call_function(vm, f, args, 0, &v) == AMB_E_THROW);
    CHECK(strstr(last_error(vm, err), "missing the argument 'a'"));
    CHECK(amb_call_function(vm, amb_int(3), args, 0, &v) == AMB_E_THROW && strstr(last_error(vm, err), "not a function"));
    for (int k = 0; k < 300; k++) args[k] = amb_int(k);
    CHECK(amb_script_get(script, "all", &f) == AMB_OK);
    CHECK(amb_call_function(vm, f, args, 250, &v) == AMB_OK && amb_as_int(v, &i) && i == 250);
    CHECK(amb_call_function(vm, f, args, 251, &v) == AMB_E_ARG);
    /* Objects of scripts. */
    CHECK(amb_script_get(script, "Point", &f) == AMB_OK && amb_type(f) == AMB_TYPE_CLASS);
    CHECK(amb_call_function(vm, f, args + 2, 2, &o) == AMB_OK && amb_type(o) == AMB_TYPE_OBJECT);
    CHECK(amb_get(vm, o, "x", &v) == AMB_OK && amb_as_int(v, &i) && i == 2);
    CHECK(amb_get(vm, o, "area", &v) == AMB_OK && amb_as_int(v, &i) && i == 6);
    CHECK(amb_get(vm, o, "sum", &v) == AMB_OK && amb_call_function(vm, v, NULL, 0, &v) == AMB_OK && amb_as_int(v, &i) && i == 5);
    CHECK(amb_invoke(vm, o, "sum", NULL, 0, &v) == AMB_OK && amb_as_int(v, &i) && i == 5);
    CHECK(amb_get(vm, f, "origin", &v) == AMB_OK && amb_as_int(v, &i) && i == 3);
    CHECK(amb_get(vm, o, "summ", &v) == AMB_E_THROW && strstr(last_error(vm, err), "did you mean 'sum'?"));
    CHECK(amb_string_new(vm, "named", 5, &v) == AMB_OK && amb_set(vm, o, "label", v) == AMB_OK);
    CHECK(amb_get(vm, o, "label", &v) == AMB_OK && shows(vm, v, "\"named\""));
    CHECK(amb_set(vm, o, "label", amb_int(1)) == AMB_E_THROW && strstr(last_error(vm, err), "TypeError"));
    CHECK(amb_set(vm, o, "sum", amb_int(1)) == AMB_E_THROW && amb_set(vm, amb_int(1), "x", amb_int(1)) == AMB_E_THROW);
    /* Methods of built-in values. */
    CHECK(amb_list_new(vm, args, 4, &list) == AMB_OK && amb_script_get(script, "add", &f) == AMB_OK);
    CHECK(amb_invoke(vm, list, "map", &f, 1, &v) == AMB_OK && shows(vm, v, "[10, 11, 12, 13]"));
    CHECK(amb_invoke(vm, list, "pop", NULL, 0, &v) == AMB_OK && amb_get(vm, list, "len", &v) == AMB_OK &&
          amb_as_int(v, &i) && i == 3);
    CHECK(amb_invoke(vm, list, "poop", NULL, 0, &v) == AMB_E_THROW && strstr(last_error(vm, err), "no member 'poop'"));
    CHECK(amb_script_get(script, "gen", &f) == AMB_OK && amb_call_function(vm, f, NULL, 0, &o) == AMB_OK);
    CHECK(amb_type(o) == AMB_TYPE_SEQUENCE && amb_pin(vm, o, &pinned) == AMB_OK);
    /* Errors in parts. */
    CHECK(amb_script_get(script, "deep", &f) == AMB_OK && amb_call_function(vm, f, args + 2, 1, &v) == AMB_E_THROW);
    amb_error parts = {.size = sizeof parts};
    amb_place place = {.size = sizeof place};
    CHECK(amb_last_error(vm, &e) == AMB_OK && amb_error_parts(vm, e, &parts) == AMB_OK);
    CHECK(!strcmp(parts.type, "ValueError") && !strcmp(parts.builtin, "ValueError") && !strcmp(parts.message, "too deep"));
    CHECK(parts.depth == 3 && amb_error_place(vm, e, 0, &place) == AMB_OK);
    CHECK(!strcmp(place.function, "deep") && !strcmp(place.module, "host") && place.line == 11 && place.column == 17);
    CHECK(amb_error_place(vm, e, 2, &place) == AMB_OK && place.line == 12 && amb_error_place(vm, e, 3, &place) == AMB_E_ARG);
    CHECK(amb_error_parts(vm, parts.cause, &parts) == AMB_OK && !strcmp(parts.type, "KeyError"));
    CHECK(amb_error_parts(vm, v, &parts) != AMB_OK || 1);
    /* Waiting, and tasks. */
    CHECK(amb_script_get(script, "waits", &f) == AMB_OK && amb_call_function(vm, f, args + 4, 1, &v) == AMB_OK);
    CHECK(amb_as_int(v, &i) && i == 5);
    CHECK(amb_script_get(script, "spawns", &f) == AMB_OK && amb_call_function(vm, f, NULL, 0, &v) == AMB_OK);
    CHECK(amb_as_int(v, &i) && i == 6);
    /* Limits are of each call. */
    CHECK(amb_script_get(script, "forever", &f) == AMB_OK);
    amb_set_fuel(vm, 100000);
    for (int k = 0; k < 3; k++) {
        CHECK(amb_call_function(vm, f, NULL, 0, &v) == AMB_E_LIMIT && !strcmp(amb_last_limit(vm), "fuel"));
        CHECK(amb_fuel_used(vm) >= 100000 && amb_fuel_used(vm) < 110000);
        CHECK(amb_script_get(script, "fib", &f) == AMB_OK && amb_call_function(vm, f, args + 10, 1, &v) == AMB_OK);
        CHECK(amb_as_int(v, &i) && i == 55 && !amb_last_limit(vm) && amb_fuel_used(vm) < 10000);
        CHECK(amb_script_get(script, "forever", &f) == AMB_OK);
    }
    amb_set_fuel(vm, 0);
    amb_set_timeout(vm, 10000000);
    CHECK(amb_call_function(vm, f, NULL, 0, &v) == AMB_E_LIMIT && !strcmp(amb_last_limit(vm), "deadline"));
    amb_set_timeout(vm, 0);
    /* The script goes; what is held stays. */
    CHECK(amb_script_get(script, "add", &f) == AMB_OK);
    amb_script_free(script);
    amb_gc_collect(vm);
    CHECK(amb_call_function(vm, f, args, 2, &v) == AMB_OK && amb_as_int(v, &i) && i == 1);
    CHECK(amb_invoke(vm, pinned, "next", NULL, 0, &v) == AMB_OK && amb_as_int(v, &i) && i == 1);
    amb_unpin(vm, pinned);
    amb_scope_close(vm, scope);
}

/* ---- functions as values ---- */

static amb_status say(amb_vm *vm, void *ud, const amb_value *args, uint32_t n, amb_value *out)
{
    (void)vm, (void)args, (void)n;
    *out = amb_int(*(int *)ud);
    return AMB_OK;
}

static void closures(amb_vm *vm)
{
    static int value = 1;
    static const amb_function def = {.name = "say", .fn = say};
    amb_scope scope = amb_scope_open(vm);
    amb_value f, v;
    int64_t i;
    dropped = 0;
    for (int k = 0; k < 5000; k++) {
        amb_scope s = amb_scope_open(vm);
        if (amb_function_new(vm, &def, &value, drop, &f) != AMB_OK) CHECK(0);
        if (k % 100 == 0) CHECK(amb_call_function(vm, f, NULL, 0, &v) == AMB_OK && amb_as_int(v, &i) && i == 1);
        amb_scope_close(vm, s);
    }
    amb_gc_collect(vm);
    CHECK(dropped == 5000);
    static const amb_function bad[] = {{.name = "a b", .fn = say}, {.name = "x"}, {.name = "y", .fn = say, .min = 2, .max = 1}};
    for (int k = 0; k < 3; k++) CHECK(amb_function_new(vm, &bad[k], &value, drop, &f) == AMB_E_ARG);
    CHECK(dropped == 5000);
    /* Given to a script for a `use`. */
    amb_script *script;
    sink said;
    CHECK(amb_function_new(vm, &def, &value, NULL, &f) == AMB_OK);
    CHECK(run_script(vm, "use game.say as say\npub let x = say() + 1\n", &f, &said, &script) == AMB_OK);
    CHECK(amb_script_get(script, "x", &v) == AMB_OK && amb_as_int(v, &i) && i == 2);
    CHECK(amb_scope_close(vm, scope) == AMB_OK);
}

/* ---- both ways at once ---- */

static void nested(amb_vm *vm, sink *out)
{
    prints(vm, out,
           "import host\n"
           "fn down(n) => if n == 0 { \"bottom\" } else { host.apply(down, n - 1) }\n"
           "print(down(100))\n"
           "fn what(f) { try { return f() } catch e { return \"${type(e)}: ${e.message}\" } }\n"
           "print(what(() => down(1000)))\n"
           "print(what(() => host.apply(() => sleep(0.001))))\n"
           "print(what(() => host.apply(() => { throw KeyError(\"k\") })))\n"
           "print(host.attempt(() => { throw KeyError(\"k\") }).message)\n"
           "print(host.pairs(3))\n"
           "print(host.apply(host.apply, (x) => x + 1, 4))\n",
           "bottom\n"
           "StateError: nested too deeply: native functions that call script\n"
           "StateError: sleep: cannot wait here, inside a function that native code has called\n"
           "KeyError: k\n"
           "k\n"
           "[(0, \"number 0\"), (1, \"number 1\"), (2, \"number 2\")]\n"
           "5\n");
    /* What is called may fill the heap many times over while C code is beneath it. */
    const char *slow = getenv("AMBIT_TEST_SLOW");
    char many[400];
    snprintf(many, sizeof many,
             "import host\n"
             "let kept = [\"a\", [1, 2]]\n"
             "let n = host.apply((k, more) => {\n"
             "    for i in 0..%d { let s = \"${i}\" * 200 }\n"
             "    return more.len + host.pairs(k).len\n"
             "}, %d, kept)\n"
             "print(n, kept)\n",
             slow && !strcmp(slow, "yes") ? 3000 : 200000, slow && !strcmp(slow, "yes") ? 200 : 20000);
    prints(vm, out, many, slow && !strcmp(slow, "yes") ? "202 [\"a\", [1, 2]]\n" : "20002 [\"a\", [1, 2]]\n");
}

int main(void)
{
    rudeness();
    sink out = {{0}, 0};
    amb_vm *vm = machine(&out, 8 << 20);
    from_scripts(vm, &out);
    objects(vm, &out);
    from_c(vm);
    closures(vm);
    nested(vm, &out);
    CHECK(dropped != 5100);
    amb_vm_free(vm);
    CHECK(alive == 0 && dropped == 5100); /* the module's, too */
    return SUMMARY();
}
