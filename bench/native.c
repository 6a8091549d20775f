/* SPDX-License-Identifier: MIT */
/* What it costs to leave the script: calls of built-in functions and of a provider's operations
 * from a loop, and the same from Lua into C functions and methods of userdata, where Lua's library
 * is there.
 *
 * Each variant is one script whose loop does nothing but the call; the time of the same loop
 * without a call is taken off. Variants run in turn, several times; the least time of each counts,
 * as the rest of the machine can only add to it. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <ambit/ambit.h>
#include <ambit/spi.h>

#ifdef WITH_LUA
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#endif

#define CALLS 5000000
enum { ROUNDS = 7 };

typedef struct variant {
    const char *title;
    const char *ambit; /* NULL: nothing to compare with */
    const char *lua;
    double ambit_ns, lua_ns;
} variant;

/* The first of each kind is the loop alone. */
static variant variants[] = {
    {"the loop alone", "x = i", "x = i", 0, 0},
    {"a function of the script", "x = own(i)", "x = own(i)", 0, 0},
    {"a native function", "x = abs(i)", "x = native(i)", 0, 0},
    {"a native method of a built-in value", "x = i.abs()", NULL, 0, 0},
    {"an operation of a capability / a method of userdata", "x = thing.count()",
     "x = thing:count()", 0, 0},
    {"the same with an argument", "x = thing.add(i)", "x = thing:add(i)", 0, 0},
    {"a function of a native module, two ints", "x = plus(i, i)", "x = plus(i, i)", 0, 0},
    {"the same with a string", "x = size(text)", "x = size(text)", 0, 0},
    {"reading the clock: clock.monotonic_ns()", "x = clock.monotonic_ns()", NULL, 0, 0},
};
enum { VARIANTS = sizeof variants / sizeof *variants };

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void fail(const char *what)
{
    fprintf(stderr, "native: %s\n", what);
    exit(1);
}

/* ---- a provider with two operations that do next to nothing ---------------------------- */

enum { RES_THING = 1, THING_USE = 1 };
typedef struct thing {
    const amb_host *h;
    int64_t n;
} thing;

static amb_status make_thing(void *inst, amb_call *c, void *self, const amb_arg *a, uint32_t n,
                             amb_arg *ret)
{
    (void)self, (void)a, (void)n;
    return ((thing *)inst)->h->res_new(c, RES_THING, inst, ~(amb_rights)0, "thing", ret, NULL);
}

static amb_status count(void *inst, amb_call *c, void *self, const amb_arg *a, uint32_t n,
                        amb_arg *ret)
{
    (void)inst, (void)c, (void)a, (void)n;
    *ret = (amb_arg){.type = AMB_T_I64, .v.i = ((thing *)self)->n++};
    return AMB_OK;
}

static amb_status add(void *inst, amb_call *c, void *self, const amb_arg *a, uint32_t n,
                      amb_arg *ret)
{
    (void)inst, (void)c, (void)n;
    *ret = (amb_arg){.type = AMB_T_I64, .v.i = ((thing *)self)->n += a[0].v.i & 1};
    return AMB_OK;
}

static const amb_right rights[] = {{THING_USE, "use", "use the thing", 0, 0}};
static const amb_param add_params[] = {{.name = "by", .doc = "how much", .type = AMB_T_I64}};
static const amb_op ops[] = {
    {.ordinal = 1,
     .name = "thing",
     .doc = "a thing",
     .ret_type = AMB_T_RES,
     .ret_restype = RES_THING,
     .ret_fixed = THING_USE,
     .flags = AMB_OP_INLINE,
     .cost = 10,
     .fn = make_thing},
    {.ordinal = 2,
     .name = "count",
     .doc = "one more",
     .restype = RES_THING,
     .need = THING_USE,
     .ret_type = AMB_T_I64,
     .flags = AMB_OP_INLINE,
     .effect = AMB_FX_READ,
     .cost = 1,
     .fn = count},
    {.ordinal = 3,
     .name = "add",
     .doc = "more",
     .restype = RES_THING,
     .need = THING_USE,
     .params = add_params,
     .nparams = 1,
     .ret_type = AMB_T_I64,
     .flags = AMB_OP_INLINE,
     .effect = AMB_FX_READ,
     .cost = 1,
     .fn = add},
};
static const amb_restype types[] = {
    {.id = RES_THING,
     .flags = AMB_R_STATELESS,
     .name = "thing",
     .doc = "a thing",
     .all = THING_USE,
     .dflt = THING_USE},
};

static amb_status start(const amb_host *h, void *hctx, const amb_arg *cfg, uint32_t ncfg,
                        void **inst)
{
    (void)hctx, (void)cfg, (void)ncfg;
    thing *t = calloc(1, sizeof *t);
    if (!t) return AMB_E_NOMEM;
    t->h = h;
    *inst = t;
    return AMB_OK;
}

static void stop(void *inst) { free(inst); }

static const amb_provider thing_provider = {
    AMB_PROVIDER_HEAD,
    .iface = "thing",
    .doc = "counts",
    .iface_major = 1,
    AMB_PROVIDER_TABLES(ops, types, rights),
    .start = start,
    .stop = stop,
};

/* ---- the loops ----------------------------------------------------------------------- */

/* ---- a module of functions ----------------------------------------------------------- */

static amb_status plus(void *inst, amb_call *c, void *self, const amb_arg *a, uint32_t n, amb_arg *ret)
{
    (void)inst, (void)c, (void)self, (void)n;
    *ret = (amb_arg){.type = AMB_T_I64, .v.i = (int64_t)(a[0].v.u + a[1].v.u)};
    return AMB_OK;
}
static amb_status size_of(void *inst, amb_call *c, void *self, const amb_arg *a, uint32_t n, amb_arg *ret)
{
    (void)inst, (void)c, (void)self, (void)n;
    *ret = (amb_arg){.type = AMB_T_I64, .v.i = a[0].len};
    return AMB_OK;
}
static const amb_param plus_params[] = {{.name = "a", .doc = "one", .type = AMB_T_I64},
                                        {.name = "b", .doc = "the other", .type = AMB_T_I64}};
static const amb_param size_params[] = {{.name = "text", .doc = "a text", .type = AMB_T_STR}};
#define FUNCTION .ret_type = AMB_T_I64, .flags = AMB_OP_INLINE
static const amb_op functions[] = {
    {.ordinal = 1, .name = "plus", .doc = "a + b", FUNCTION, .params = plus_params, .nparams = 2, .fn = plus},
    {.ordinal = 2, .name = "size", .doc = "bytes", FUNCTION, .params = size_params, .nparams = 1, .fn = size_of},
};
static const amb_provider module = {
    AMB_PROVIDER_HEAD, .iface = "pure", .doc = "functions", .iface_major = 1, .nops = 2, .ops = functions,
    .flags = AMB_PROVIDER_PURE,
};

static void report(void *ud, const char *s, size_t n)
{
    (void)ud;
    fwrite(s, 1, n, stderr);
}

static double run_ambit(amb_vm *vm, const char *body, const amb_value caps[2])
{
    char text[512];
    amb_script *script;
    int status;
    snprintf(text, sizeof text,
             "use thing\nuse clock\nfrom pure import plus, size\nfn own(n) => n\n"
             "fn main() {\n    var x = 0\n    let text = \"some text\"\n    for i in 0..%d { %s }\n    return 0\n}\n",
             CALLS, body);
    if (amb_load(vm, "native", text, strlen(text), 0, report, NULL, &script) != AMB_OK)
        fail("does not compile");
    double t = now();
    if (amb_run(vm, script, amb_nil(), caps, &status) != AMB_OK) {
        amb_error_report(vm, 0, report, NULL);
        fail("a script failed");
    }
    return (now() - t) / CALLS;
}

#ifdef WITH_LUA
static int lua_native(lua_State *L)
{
    lua_Integer n = luaL_checkinteger(L, 1);
    lua_pushinteger(L, n < 0 ? -n : n);
    return 1;
}
static int lua_plus(lua_State *L)
{
    lua_pushinteger(L, luaL_checkinteger(L, 1) + luaL_checkinteger(L, 2));
    return 1;
}
static int lua_size(lua_State *L)
{
    size_t n;
    luaL_checklstring(L, 1, &n);
    lua_pushinteger(L, (lua_Integer)n);
    return 1;
}
static int lua_count(lua_State *L)
{
    thing *t = luaL_checkudata(L, 1, "thing");
    lua_pushinteger(L, t->n++);
    return 1;
}
static int lua_add(lua_State *L)
{
    thing *t = luaL_checkudata(L, 1, "thing");
    lua_pushinteger(L, t->n += luaL_checkinteger(L, 2) & 1);
    return 1;
}

static lua_State *start_lua(void)
{
    static const luaL_Reg methods[] = {{"count", lua_count}, {"add", lua_add}, {NULL, NULL}};
    lua_State *L = luaL_newstate();
    if (!L) fail("no memory for Lua");
    luaL_openlibs(L);
    lua_register(L, "native", lua_native);
    lua_register(L, "plus", lua_plus);
    lua_register(L, "size", lua_size);
    thing *t = lua_newuserdata(L, sizeof *t);
    memset(t, 0, sizeof *t);
    luaL_newmetatable(L, "thing");
    lua_newtable(L);
    luaL_setfuncs(L, methods, 0);
    lua_setfield(L, -2, "__index");
    lua_setmetatable(L, -2);
    lua_setglobal(L, "thing");
    return L;
}

static double run_lua(lua_State *L, const char *body)
{
    char text[512];
    snprintf(
        text, sizeof text,
        "local native, thing, plus, size, text = native, thing, plus, size, 'some text'\nlocal function own(n) return n end\nlocal x = 0\n"
        "for i = 1, %d do %s end\n",
        CALLS, body);
    if (luaL_loadstring(L, text) != LUA_OK) fail(lua_tostring(L, -1));
    double t = now();
    if (lua_pcall(L, 0, 0, 0) != LUA_OK) fail(lua_tostring(L, -1));
    return (now() - t) / CALLS;
}
#endif

static void least(double *to, double v)
{
    if (*to == 0 || v < *to) *to = v;
}

int main(void)
{
    amb_config config = {.size = sizeof config};
    amb_status why;
    char text[256];
    amb_value caps[2];
    amb_vm *vm = amb_vm_new(&config, &why);
    if (!vm) fail("no machine");
    amb_scope_open(vm);
    if (amb_provider_add(vm, &thing_provider) != AMB_OK || amb_provider_add(vm, &module) != AMB_OK ||
        amb_provider_add(vm, &amb_provider_clock) != AMB_OK)
        fail("the provider was refused");
    if (amb_grant(vm, "thing", "thing", NULL, 0, NULL, 0, &caps[0], text) != AMB_OK ||
        amb_grant(vm, "clock", "clock", NULL, 0, NULL, 0, &caps[1], text) != AMB_OK)
        fail(text);
#ifdef WITH_LUA
    lua_State *L = start_lua();
#endif
    for (int r = 0; r < ROUNDS; r++) {
        for (int i = 0; i < VARIANTS; i++) {
            least(&variants[i].ambit_ns, run_ambit(vm, variants[i].ambit, caps));
#ifdef WITH_LUA
            if (variants[i].lua) least(&variants[i].lua_ns, run_lua(L, variants[i].lua));
#endif
        }
    }
    printf("## Calls out of the script\n\nNanoseconds a call, the loop around it taken off; the "
           "least of %d rounds "
           "of %d calls.\n",
           ROUNDS, CALLS);
#ifdef WITH_LUA
    printf(
        "Lua's side are C functions registered through its C API (%s), with checked arguments.\n",
        LUA_RELEASE);
    lua_close(L);
#else
    printf("Lua's library (liblua5.4-dev) was not found when this was built: no comparison.\n");
#endif
    printf("\n| | ambit | lua5.4 |\n|---|---|---|\n");
    for (int i = 0; i < VARIANTS; i++) {
        const variant *v = &variants[i];
        printf("| %s | %.1f |", v->title, v->ambit_ns - (i ? variants[0].ambit_ns : 0));
        if (v->lua_ns > 0)
            printf(" %.1f |\n", v->lua_ns - (i ? variants[0].lua_ns : 0));
        else
            printf(" – |\n");
    }
    double native = variants[2].ambit_ns - variants[0].ambit_ns;
    double operation = variants[4].ambit_ns - variants[0].ambit_ns;
    printf("\nTargets: a native function ≤ 5 ns (%s)", native <= 5 ? "met" : "**missed**");
    if (variants[4].lua_ns > 0) {
        double method = variants[4].lua_ns - variants[0].lua_ns;
        printf(", an operation, with its check at the gate, not above a method of userdata (%.2f "
               "times, %s)",
               operation / method, operation <= method ? "met" : "**missed**");
    }
    printf("\n\n");
    amb_unpin(vm, caps[0]);
    amb_unpin(vm, caps[1]);
    amb_vm_free(vm);
    return 0;
}
