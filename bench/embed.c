/* SPDX-License-Identifier: MIT */
/* What a host pays: calling functions of scripts, being called by scripts, making machines; and the same through
 * Lua's C API where its library is there. Everything runs in turn, several times; the least time of each counts. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <ambit/ambit.h>

#ifdef WITH_LUA
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#endif

enum { CALLS = 2000000, MACHINES = 2000, ROUNDS = 9 };

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void fail(const char *what)
{
    fprintf(stderr, "embed: %s\n", what);
    exit(1);
}

typedef struct counter {
    int64_t n;
} counter;

/* ---- Ambit's side ---------------------------------------------------------------------- */

static amb_vm *vm;
static amb_value cls;

static amb_status next_of(amb_vm *v, void *ud, const amb_value *args, uint32_t n, amb_value *out)
{
    int64_t i;
    (void)ud, (void)n;
    if (!amb_as_int(args[0], &i)) return amb_raise(v, "TypeError", "an int is expected");
    *out = amb_int(i + 1);
    return AMB_OK;
}

static amb_status length_of(amb_vm *v, void *ud, const amb_value *args, uint32_t n, amb_value *out)
{
    const char *s;
    size_t len;
    (void)ud, (void)n;
    amb_status st = amb_as_string(v, args[0], &s, &len);
    *out = amb_int((int64_t)len);
    return st;
}

static amb_status counter_add(amb_vm *v, void *ud, const amb_value *args, uint32_t n, amb_value *out)
{
    counter *c;
    int64_t by;
    (void)ud, (void)n;
    amb_status st = amb_object_host(v, args[0], cls, (void **)&c);
    if (st != AMB_OK) return st;
    if (!amb_as_int(args[1], &by)) return amb_raise(v, "TypeError", "an int is expected");
    *out = amb_int(c->n += by & 1);
    return AMB_OK;
}

static const amb_function functions[] = {{.name = "next_of", .fn = next_of, .min = 1, .max = 1},
                                         {.name = "length_of", .fn = length_of, .min = 1, .max = 1}};
static const amb_function members[] = {{.name = "add", .fn = counter_add, .min = 1, .max = 1}};

static void report(void *ud, const char *s, size_t n)
{
    (void)ud;
    fwrite(s, 1, n, stderr);
}

static const char source[] =
    "import host\n"
    "use host.counter as c\n"
    "pub fn one(n) => n + 1\n"
    "pub fn three(a, b, c) => a + b + c\n"
    "pub fn text(s) => s.len\n"
    "pub fn empty_loop(n) { var x = 0\n for i in 0..n { x = i }\n return x }\n"
    "pub fn call(n) { let f = host.next_of\n var x = 0\n for i in 0..n { x = f(i) }\n return x }\n"
    "pub fn call_text(n) { let f = host.length_of\n var x = 0\n for i in 0..n { x = f(\"some text\") }\n return x }\n"
    "pub fn method(n) { let o = c\n var x = 0\n for i in 0..n { x = o.add(i) }\n return x }\n";
static amb_script *script;

static amb_value global(const char *name)
{
    amb_value v, pinned;
    if (amb_script_get(script, name, &v) != AMB_OK || amb_pin(vm, v, &pinned) != AMB_OK) fail(name);
    return pinned;
}

static void start_ambit(void)
{
    static counter c;
    amb_value made;
    vm = amb_vm_new(NULL, NULL);
    if (!vm) fail("no machine");
    amb_scope_open(vm);
    amb_module_def m = {.size = sizeof m, .name = "host", .functions = functions, .nfunctions = 2};
    amb_class_def d = {.size = sizeof d, .name = "Counter", .members = members, .nmembers = 1};
    if (amb_module_new(vm, &m) || amb_class_new(vm, &d, &made) || amb_pin(vm, made, &cls) ||
        amb_object_new(vm, cls, &c, &made) || amb_load(vm, "embed", source, sizeof source - 1, 0, report, NULL, &script) ||
        amb_run(vm, script, amb_nil(), &made, NULL))
        fail("cannot be set up");
}

/* Calls from C, a scope around each. */
static double from_c(const char *name, int nargs)
{
    amb_value f = global(name), args[3] = {amb_int(1), amb_int(2), amb_int(3)}, v;
    int64_t sum = 0, i;
    double t = now();
    for (int k = 0; k < CALLS; k++) {
        amb_scope s = amb_scope_open(vm);
        if (nargs == 0 && amb_string_new(vm, "some text", 9, &args[0])) fail("no memory");
        if (amb_call_function(vm, f, args, nargs ? (uint32_t)nargs : 1, &v) || !amb_as_int(v, &i)) fail(name);
        sum += i;
        amb_scope_close(vm, s);
    }
    t = (now() - t) / CALLS;
    if (sum == 0) fail("nothing was called");
    amb_unpin(vm, f);
    return t;
}

static double loop(const char *name)
{
    amb_value f = global(name), n = amb_int(CALLS), v;
    double t = now();
    if (amb_call_function(vm, f, &n, 1, &v)) fail(name);
    t = (now() - t) / CALLS;
    amb_unpin(vm, f);
    return t;
}

static double machines(void)
{
    double t = now();
    for (int i = 0; i < MACHINES; i++) {
        amb_vm *v = amb_vm_new(NULL, NULL);
        amb_script *s;
        if (!v || amb_load(v, "empty", "", 0, 0, NULL, NULL, &s) || amb_run(v, s, amb_nil(), NULL, NULL)) fail("no machine");
        amb_vm_free(v);
    }
    return (now() - t) / MACHINES;
}

/* ---- Lua's side ------------------------------------------------------------------------ */

#ifdef WITH_LUA
static lua_State *L;
static int lua_next_of(lua_State *l)
{
    lua_pushinteger(l, luaL_checkinteger(l, 1) + 1);
    return 1;
}
static int lua_length_of(lua_State *l)
{
    size_t n;
    luaL_checklstring(l, 1, &n);
    lua_pushinteger(l, (lua_Integer)n);
    return 1;
}
static int lua_add(lua_State *l)
{
    counter *c = luaL_checkudata(l, 1, "counter");
    lua_pushinteger(l, c->n += luaL_checkinteger(l, 2) & 1);
    return 1;
}

static const char lua_source[] =
    "function one(n) return n + 1 end\n"
    "function three(a, b, c) return a + b + c end\n"
    "function text(s) return #s end\n"
    "function empty_loop(n) local x = 0 for i = 1, n do x = i end return x end\n"
    "function call(n) local f = next_of local x = 0 for i = 1, n do x = f(i) end return x end\n"
    "function call_text(n) local f = length_of local x = 0 for i = 1, n do x = f('some text') end return x end\n"
    "function method(n) local o = c local x = 0 for i = 1, n do x = o:add(i) end return x end\n";

static void start_lua(void)
{
    static const luaL_Reg methods[] = {{"add", lua_add}, {NULL, NULL}};
    if (!(L = luaL_newstate())) fail("no memory for Lua");
    luaL_openlibs(L);
    lua_register(L, "next_of", lua_next_of);
    lua_register(L, "length_of", lua_length_of);
    counter *c = lua_newuserdata(L, sizeof *c);
    c->n = 0;
    luaL_newmetatable(L, "counter");
    lua_newtable(L);
    luaL_setfuncs(L, methods, 0);
    lua_setfield(L, -2, "__index");
    lua_setmetatable(L, -2);
    lua_setglobal(L, "c");
    if (luaL_dostring(L, lua_source)) fail(lua_tostring(L, -1));
}

static double lua_from_c(const char *name, int nargs)
{
    lua_Integer sum = 0;
    lua_getglobal(L, name);
    int f = luaL_ref(L, LUA_REGISTRYINDEX);
    double t = now();
    for (int k = 0; k < CALLS; k++) {
        int top = lua_gettop(L), ok;
        lua_rawgeti(L, LUA_REGISTRYINDEX, f);
        if (nargs == 0) lua_pushlstring(L, "some text", 9);
        for (int i = 0; i < nargs; i++) lua_pushinteger(L, i + 1);
        if (lua_pcall(L, nargs ? nargs : 1, 1, 0)) fail(lua_tostring(L, -1));
        sum += lua_tointegerx(L, -1, &ok);
        if (!ok) fail(name);
        lua_settop(L, top);
    }
    t = (now() - t) / CALLS;
    if (sum == 0) fail("nothing was called");
    luaL_unref(L, LUA_REGISTRYINDEX, f);
    return t;
}

static double lua_loop(const char *name)
{
    lua_getglobal(L, name);
    lua_pushinteger(L, CALLS);
    double t = now();
    if (lua_pcall(L, 1, 1, 0)) fail(lua_tostring(L, -1));
    t = (now() - t) / CALLS;
    lua_pop(L, 1);
    return t;
}

static double lua_machines(void)
{
    double t = now();
    for (int i = 0; i < MACHINES; i++) {
        lua_State *l = luaL_newstate();
        luaL_openlibs(l);
        if (luaL_dostring(l, "")) fail("Lua");
        lua_close(l);
    }
    return (now() - t) / MACHINES;
}
#endif

/* ---- both -------------------------------------------------------------------------------- */

static const struct {
    const char *title, *name;
    int kind, nargs; /* 0: from C; 1: a loop in the script, less the empty loop; 2: machines */
} rows[] = {
    {"the host calls a function with an int", "one", 0, 1},
    {"with three ints", "three", 0, 3},
    {"with a string that it makes", "text", 0, 0},
    {"the script calls a function of the host with an int", "call", 1, 0},
    {"with a string", "call_text", 1, 0},
    {"the script calls a method of a host's object", "method", 1, 0},
    {"a machine made, an empty script run, freed", "", 2, 0},
};
enum { ROWS = sizeof rows / sizeof *rows };

static void least(double *to, double v)
{
    if (*to == 0 || v < *to) *to = v;
}

int main(void)
{
    double ours[ROWS] = {0}, theirs[ROWS] = {0}, our_loop = 0, their_loop = 0;
    start_ambit();
#ifdef WITH_LUA
    start_lua();
#endif
    for (int r = 0; r < ROUNDS; r++) {
        least(&our_loop, loop("empty_loop"));
#ifdef WITH_LUA
        least(&their_loop, lua_loop("empty_loop"));
#endif
        for (int i = 0; i < ROWS; i++) {
            least(&ours[i], rows[i].kind == 0   ? from_c(rows[i].name, rows[i].nargs)
                            : rows[i].kind == 1 ? loop(rows[i].name)
                                                : machines());
#ifdef WITH_LUA
            least(&theirs[i], rows[i].kind == 0   ? lua_from_c(rows[i].name, rows[i].nargs)
                              : rows[i].kind == 1 ? lua_loop(rows[i].name)
                                                  : lua_machines());
#endif
        }
    }
    printf("## Calls between host and script\n\nNanoseconds, the least of %d rounds. ", (int)ROUNDS);
#ifdef WITH_LUA
    printf("Beside it the same through Lua's C API (%s), protected calls.\n", LUA_RELEASE);
#else
    printf("Lua's library (liblua5.4-dev) was not found when this was built: no comparison.\n");
#endif
    printf("\n| | ambit | lua5.4 | ratio |\n|---|---|---|---|\n");
    int missed = 0;
    for (int i = 0; i < ROWS; i++) {
        double a = ours[i] - (rows[i].kind == 1 ? our_loop : 0), b = theirs[i] - (rows[i].kind == 1 ? their_loop : 0);
        if (theirs[i] == 0) {
            printf("| %s | %.1f | – | – |\n", rows[i].title, a);
            continue;
        }
        printf("| %s | %.1f | %.1f | %.2f |\n", rows[i].title, a, b, a / b);
        missed += rows[i].kind != 2 && a > b;
    }
    printf("\nTargets: no call costs more than through Lua's API (%s), a machine ≤ 100 µs (%s).\n\n",
           theirs[0] == 0 ? "not measured" : missed ? "**missed**" : "met", ours[ROWS - 1] <= 100000 ? "met" : "**missed**");
    amb_vm_free(vm);
    return 0;
}
