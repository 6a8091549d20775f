/* SPDX-License-Identifier: MIT */
/* The whole embedding interface in random order, by hosts that do not read its rules: names of closed scopes, of other
 * machines and of nothing, functions that misbehave, things that are released, cancelled and freed while they are
 * used. What holds whatever happens: nothing crashes, everything that was given to a machine comes back once, no byte is
 * kept, and the next script works.
 *
 * storm [FIRST LAST]: the seeds; AMBIT_TEST_VERBOSE: what each one has done. */
#include "check.h"

static uint64_t state;
static uint32_t rnd(uint32_t n)
{
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return (uint32_t)((state * 0x2545f4914f6cdd1dull) >> 33) % n;
}

/* ---- what machines are made of and given ---- */

static long live_bytes;
static void *count_alloc(void *ud, void *p, size_t old_size, size_t new_size, size_t align)
{
    (void)ud;
    if (new_size == 0) {
        live_bytes -= (long)old_size;
        free(p);
        return NULL;
    }
    void *q;
    if (posix_memalign(&q, align < sizeof(void *) ? sizeof(void *) : align, new_size)) return NULL;
    if (p) memcpy(q, p, old_size < new_size ? old_size : new_size);
    free(p);
    live_bytes += (long)new_size - (long)old_size;
    return q;
}

typedef struct token {
    int back, owed;
    struct token *next;
} token;
static token *tokens; /* of this seed */
static token *token_new(void)
{
    token *t = calloc(1, sizeof *t);
    if (!t) abort();
    t->owed = 1;
    t->next = tokens;
    return tokens = t;
}
static void token_back(void *ud)
{
    token *t = ud;
    CHECK(t->back == 0);
    t->back++;
}

#define VMS 2
#define BAG 48
#define PINS 24
#define DEEP 6
static struct machine {
    amb_vm *vm;
    amb_script *scripts[4];
    int busy[4]; /* has been run: calls of it may be under way */
    amb_value pins[PINS];
    amb_value cls;
    amb_remote *remote;
    int started;
    uint32_t modules;
} machines[VMS];
static amb_value bag[BAG]; /* of all machines, good or not */
static amb_scope old_scopes[16];
static uint64_t tickets[8];
static int depth, in_post;
static amb_status last_native; /* what natives give at times */
static uint64_t done[64], good[64];

static struct machine *of(const amb_vm *vm) { return &machines[machines[1].vm == vm]; }
static struct machine *current = machines;
static amb_value any(void)
{
    switch (rnd(20)) {
    case 0: return amb_int((int64_t)rnd(5) - 2);
    case 1: return amb_float(rnd(3) * 0.5);
    case 2: return rnd(2) ? amb_nil() : amb_done();
    case 3: return (amb_value){rnd(2) ? rnd(9) : (uint64_t)(uintptr_t)&state, rnd(40) | rnd(4) << 8 | (uint64_t)rnd(99) << 32};
    case 4: { /* another name for what there is */
        amb_value v = bag[rnd(BAG)];
        v.tag ^= rnd(2) ? (uint64_t)rnd(4) << 32 : (uint64_t)1 << (8 + rnd(2));
        return v;
    }
    case 5: return machines[rnd(VMS)].cls;
    case 6: case 7: case 8: case 9: case 10: case 11: return current->pins[rnd(PINS)];
    default: return bag[rnd(BAG)];
    }
}
/* A good value of that type more often than not. */
static amb_value some(amb_vm *vm, int type)
{
    for (int i = 0; i < 60 && i % 16 != 15; i++) {
        amb_value v = rnd(2) ? current->pins[rnd(PINS)] : bag[rnd(BAG)];
        if (amb_type(v) == type && strcmp(amb_type_name(vm, v), "?")) return v;
    }
    return any();
}
static void keep(amb_value v) { bag[rnd(BAG)] = v; }
static void nothing(void *ud, const char *s, size_t n) { *(size_t *)ud += n + (size_t)(n && s[0] == 0); }
static amb_status silent(void *ud, int fd, const char *s, size_t n)
{
    (void)ud, (void)fd, (void)s, (void)n;
    return AMB_OK;
}

/* Modules ./m0 to ./m3; each imports the next one at times. */
static amb_status loader(void *ud, const char *from, const char *spec, char **id, char **text, size_t *len, char why[256])
{
    (void)ud, (void)from;
    if (strncmp(spec, "./m", 3) || spec[3] < '0' || spec[3] > '3' || spec[4]) {
        snprintf(why, 256, "there is none");
        return AMB_E_ARG;
    }
    *id = strdup(spec + 2);
    *text = malloc(200);
    *len = (size_t)snprintf(*text, 200, "pub class C(var x = %d) { }\npub fn f(n) => n + 1\n", spec[3]);
    return AMB_OK;
}

static const char *const sources[] = {
    "1 + 1",
    "import storm\npub fn f(...a) => storm.any(a, f)\nf(1, \"two\", [3])",
    "import storm\npub class K(let n) {\n fn m(...a) => storm.any(self, a)\n fn ==(o) => storm.any(o) == 1\n fn hash() => 1\n"
    " fn str() => \"${storm.any(self)}\"\n}\npub let k = K(1)\npub let x = {}\nx[k] = k\nx[K(2)] = [k, x]\nprint(k.m(2), k == K(3), x)\n"
    "pub fn f(...a) => [k, K(a)]",
    "import storm\npub fn f(...a) { throw ValueError(\"no\") }\ntry { storm.any(f) } catch e { storm.any(e) } finally { storm.any() }\nf()",
    "pub fn f(...a) { loop { } }\nf()",
    "pub fn f(...a) { let l = []\n loop { l.push(\"x\" * 1000) } }\nf()",
    "import storm\npub fn f(...a) => storm.wait()\ngroup {\n spawn f()\n spawn { storm.any(f); f() }\n}",
    "import storm\nlet a = spawn { defer storm.any(1); storm.wait() }\npub fn f(...a) => storm.then(() => storm.wait())\nstorm.any(a)\na.cancel()\nf()",
    "import storm\npub fn f(n) => storm.then(f, n)\nf(1)",
    "import storm\npub fn f(...a) => storm.any(f)\nlet o = storm.Obj(1)\nstorm.any(o)\no.go(f)\nprint(o.x)\no.x = 3\no.close()\no.go(1)",
    "import \"./m1\"\nimport \"./m2\" as other\npub let c = m1.C()\npub fn f(...a) => [c, other.f(1)].map(x => x)\nf()",
    "pub fn f(...a) => 1 + f(...a)\nf(1)",
    "import storm\npub fn f(...a) { for i in 0..3 { yield storm.any(i) } }\nfor x in f() { storm.any(x) }\nlet l = [3, 1, 2].map(storm.any)\n"
    "print([1, 2].sorted(by: x => storm.any(x)))",
    "use fs.temp() for full as dir\nimport storm\npub let d = dir\npub fn f(...a) => storm.any(dir)\n"
    "dir.write_text(\"a\", \"text\")\nf()\nprint(dir.read_text(\"a\"), dir.open(\"a\").lines().map(x => storm.any(x)))",
    "let x = ", "import nowhere", "exit(3)", "pub let m = [1]\nvar x = m\nfor i in 0..2000 { x = [x] }\npub fn f(...a) => x",
    "import storm\nlet o = [1, 2].freeze()\npub fn f(...a) => storm.two(b: o, a: 3)\npub let x = [storm.two(1), storm.many(...o), f()]\nstorm.many(a: 1)",
};
#define SOURCES (sizeof sources / sizeof *sources)

static void act(amb_vm *vm);
static const amb_function functions[5];

/* Good values of many kinds, good in the innermost scope. */
static void provide(amb_vm *vm)
{
    struct machine *m = of(vm);
    amb_value v, two[2] = {amb_int(1), amb_int(2)};
    static const char *const names[] = {"x", "y"};
    current = m;
    if (amb_list_new(vm, two, 2, &v) == AMB_OK) keep(v);
    if (amb_string_new(vm, "text", 4, &v) == AMB_OK) keep(v);
    if (amb_tuple_new(vm, two, rnd(2) ? names : NULL, 2, &v) == AMB_OK) keep(v);
    if (amb_map_new(vm, &v) == AMB_OK && amb_map_set_text(vm, v, "x", bag[0]) == AMB_OK) keep(v);
    if (amb_set_new(vm, &v) == AMB_OK && amb_set_add(vm, v, amb_int(4)) == AMB_OK) keep(v);
    if (amb_bytes_new(vm, "bytes", 5, &v) == AMB_OK) keep(v);
    token *t = token_new();
    if (amb_object_new(vm, m->cls, t, &v) == AMB_OK) keep(v);
    else token_back(t);
    if (amb_function_new(vm, &functions[rnd(5)], NULL, NULL, &v) == AMB_OK) keep(v);
    for (int i = 0; i < 4; i++)
        if (m->scripts[i] && amb_script_get(m->scripts[i], i % 2 ? "f" : "x", &v) == AMB_OK) keep(v);
}

/* ---- natives ---- */

static amb_status misbehave(amb_vm *vm, amb_value *out)
{
    (void)vm;
    *out = any();
    switch (rnd(12)) {
    case 0: return AMB_E_THROW;
    case 1: return AMB_PENDING;
    case 2: return AMB_E_NOMEM;
    case 3: return rnd(2) ? AMB_E_IO : (amb_status)-77;
    case 4: return AMB_E_LIMIT;
    case 5: return last_native;
    default: return AMB_OK;
    }
}
static amb_status native(amb_vm *vm, void *ud, const amb_value *args, uint32_t n, amb_value *out)
{
    (void)ud;
    for (uint32_t i = 0; i < n && i < 3; i++) keep(args[i]);
    uint32_t acts = depth < DEEP ? rnd(4) : 0;
    if (acts) provide(vm);
    while (acts--) act(vm);
    return rnd(3) ? AMB_OK : misbehave(vm, out);
}
static amb_status goes_on(amb_vm *vm, void *ud, amb_status st, amb_value v, amb_value *out);
static void left(void *ud) { token_back(ud); }
static amb_status pend(amb_vm *vm)
{
    token *t = token_new();
    t->owed = 0; /* nobody tells when it is answered */
    uint64_t *at = &tickets[rnd(8)];
    amb_status st = amb_pend(vm, rnd(2) ? left : NULL, t, at);
    return st;
}
static amb_status native_wait(amb_vm *vm, void *ud, const amb_value *args, uint32_t n, amb_value *out)
{
    (void)ud, (void)args, (void)n, (void)out;
    amb_status st = pend(vm);
    return rnd(8) ? st : misbehave(vm, out);
}
static int thens; /* asked for, and not yet back */
static void then_back(void *ud)
{
    thens--;
    token_back(ud);
}
static amb_status then_for(amb_vm *vm, amb_value f, const amb_value *args, uint32_t n)
{
    thens++;
    return amb_call_then(vm, f, args, n, rnd(4) ? goes_on : NULL, token_new(), then_back);
}
static amb_status native_then(amb_vm *vm, void *ud, const amb_value *args, uint32_t n, amb_value *out)
{
    (void)ud;
    amb_status st;
    if (rnd(2)) { /* from a scope of its own, which is over when it is called */
        amb_scope s = amb_scope_open(vm);
        amb_value l;
        st = amb_list_new(vm, args, n, &l);
        if (st == AMB_OK) st = then_for(vm, args[0], &l, 1);
        amb_scope_close(vm, s);
        for (int i = 0; i < 3; i++)
            if (amb_string_new(vm, "over it", 7, &l) == AMB_OK) keep(l);
    } else {
        st = then_for(vm, n ? args[0] : any(), args, n);
    }
    return rnd(8) ? st : misbehave(vm, out);
}
static amb_status goes_on(amb_vm *vm, void *ud, amb_status st, amb_value v, amb_value *out)
{
    CHECK(((token *)ud)->back == 0);
    keep(v);
    if (depth < DEEP && rnd(2)) act(vm);
    if (!rnd(4)) return then_for(vm, any(), NULL, 0);
    if (!rnd(4)) return pend(vm);
    return rnd(2) ? st : misbehave(vm, out);
}
static amb_status construct(amb_vm *vm, void *ud, const amb_value *args, uint32_t n, amb_value *out)
{
    (void)ud, (void)args, (void)n;
    token *t = token_new();
    amb_status st = amb_object_new(vm, of(vm)->cls, t, out);
    if (st != AMB_OK) token_back(t);
    return st;
}
static amb_status member(amb_vm *vm, void *ud, const amb_value *args, uint32_t n, amb_value *out)
{
    void *host;
    if (amb_object_host(vm, args[0], of(vm)->cls, &host) == AMB_OK) CHECK(((token *)host)->back == 0);
    return native(vm, ud, args, n, out);
}
static amb_status release(amb_vm *vm, void *ud, const amb_value *args, uint32_t n, amb_value *out)
{
    (void)ud, (void)n, (void)out;
    return amb_object_release(vm, args[0]);
}
static const amb_function functions[] = {
    {.name = "any", .fn = native, .max = AMB_ANY_NUMBER}, {.name = "wait", .fn = native_wait},
    {.name = "then", .fn = native_then, .min = 1, .max = AMB_ANY_NUMBER},
    {.name = "two", .fn = native, .max = 2, .params = "a, b"}, {.name = "many", .fn = native, .max = 20},
};
static const amb_function members[] = {
    {.name = "go", .fn = member, .max = 3}, {.name = "close", .fn = release},
    {.name = "x", .fn = member, .flags = AMB_FN_GETTER}, {.name = "x", .fn = member, .min = 1, .max = 1, .flags = AMB_FN_SETTER},
    {.name = "made", .fn = native, .max = AMB_ANY_NUMBER, .flags = AMB_FN_STATIC},
};
static const amb_function constructor = {.name = "Obj", .fn = construct, .max = 2};

static void posted(amb_vm *vm, void *ud)
{
    int exit_status;
    CHECK(((token *)ud)->back == 0);
    in_post++;
    uint32_t acts = depth < DEEP ? rnd(3) : 0;
    while (acts--) act(vm);
    CHECK(amb_pump(vm, 0, &exit_status) != AMB_OK);
    if (rnd(2)) amb_answer(vm, tickets[rnd(8)], AMB_OK, amb_int(1));
    in_post--;
}

/* ---- all there is ---- */

static void run_status(struct machine *m, amb_status st)
{
    CHECK(st != AMB_PENDING || m->started);
    const char *limit = amb_last_limit(m->vm);
    CHECK(st != AMB_E_LIMIT || limit != NULL);
    (void)limit;
}

static void act(amb_vm *vm)
{
    static const char *const names[] = {"f", "x", "m", "push", "len", "go", "str", "map", "message", "made", "nope", "_p", ""};
    struct machine *m = of(vm);
    static const int8_t types[52] = {
        AMB_TYPE_FUNCTION, AMB_TYPE_FUNCTION, AMB_TYPE_FUNCTION, AMB_TYPE_CLASS, AMB_TYPE_OBJECT, AMB_TYPE_LIST, AMB_TYPE_OBJECT,
        AMB_TYPE_OBJECT, 0, AMB_TYPE_STRING, 0, AMB_TYPE_BYTES, [15] = AMB_TYPE_LIST, AMB_TYPE_LIST, AMB_TYPE_TUPLE,
        AMB_TYPE_MAP, AMB_TYPE_MAP, AMB_TYPE_MAP, AMB_TYPE_MAP, AMB_TYPE_SET, AMB_TYPE_SET, AMB_TYPE_OBJECT, AMB_TYPE_OBJECT,
        AMB_TYPE_LIST, AMB_TYPE_STRING, [34] = AMB_TYPE_CLASS, AMB_TYPE_OBJECT, AMB_TYPE_OBJECT, [39] = AMB_TYPE_OBJECT,
        AMB_TYPE_OBJECT, [42] = AMB_TYPE_FUNCTION, AMB_TYPE_OBJECT,
    };
    current = m;
    uint32_t n = rnd(4), what = rnd(52);
    amb_value out = amb_nil(), a[4] = {types[what] ? some(vm, types[what]) : any(), any(), any(), any()};
    const char *name = names[rnd(sizeof names / sizeof *names)];
    amb_status st = AMB_OK;
    size_t len = 0;
    int is;
    depth++;
    switch (what) {
    case 0: case 1: case 2: case 3:
        st = amb_call_function(vm, a[0], a + 1, n, &out);
        break;
    case 4: st = amb_invoke(vm, a[0], name, a + 1, n, &out); break;
    case 5: st = amb_invoke(vm, a[0], name, a + 1, n, &out); break;
    case 6: st = amb_get(vm, a[0], name, &out); break;
    case 7: st = amb_set(vm, a[0], name, a[1]); break;
    case 8: st = amb_string_new(vm, n ? "some text" : "\xff", n ? 9 : 1, &out); break;
    case 9: {
        const char *s;
        st = amb_as_string(vm, a[0], &s, &len);
        CHECK(st != AMB_OK || s[len] == 0);
        break;
    }
    case 10: st = amb_bytes_new(vm, rnd(2) ? "bytes" : NULL, 5, &out); break;
    case 11: {
        uint8_t *p;
        st = amb_as_bytes(vm, a[0], &p, &len);
        if (st == AMB_OK && len) memset(p, 1, len);
        break;
    }
    case 12: st = amb_list_new(vm, a, n, &a[rnd(4)]); out = a[0]; break;
    case 13: st = amb_tuple_new(vm, a, rnd(2) ? names : NULL, n, &out); break;
    case 14: st = rnd(2) ? amb_map_new(vm, &out) : amb_set_new(vm, &out); break;
    case 15: st = amb_list_push(vm, a[0], a[1]); break;
    case 16: st = amb_list_set(vm, a[0], rnd(3), a[1]); break;
    case 17: st = amb_at(vm, a[0], rnd(3), &out); break;
    case 18: st = amb_map_set(vm, a[0], a[1], a[2]); break;
    case 19: st = amb_map_get(vm, a[0], a[1], &out); break;
    case 20: st = amb_map_set_text(vm, a[0], name, a[1]); break;
    case 21: st = amb_map_get_text(vm, a[0], name, &out); break;
    case 22: {
        uint32_t at = rnd(5);
        st = amb_map_next(vm, a[0], &at, &out, &a[1]);
        break;
    }
    case 23: st = amb_set_add(vm, a[0], a[1]); break;
    case 24: st = amb_equal(vm, a[0], a[1], &is); break;
    case 25: st = amb_show(vm, a[0], (int)rnd(2), nothing, &len); break;
    case 26: st = rnd(8) ? AMB_OK : amb_freeze(vm, a[0]); break;
    case 27: {
        uint64_t count;
        st = amb_len(vm, a[0], &count);
        amb_type(a[0]), amb_same(a[0], a[1]), amb_truth(a[0]);
        CHECK(strlen(amb_type_name(vm, a[0])) > 0);
        amb_tuple_name(vm, a[0], rnd(3));
        amb_map_has(vm, a[0], a[1], &is);
        break;
    }
    case 28: case 29: {
        amb_scope s = amb_scope_open(vm);
        old_scopes[rnd(16)] = s;
        act(vm), act(vm);
        st = rnd(2) ? amb_scope_close(vm, s) : amb_scope_escape(vm, s, any(), &out);
        break;
    }
    case 30: st = amb_scope_close(vm, old_scopes[rnd(16)]); break;
    case 31: case 32: {
        uint32_t i = rnd(PINS);
        if (amb_type(a[0]) < AMB_TYPE_STRING && rnd(16)) break;
        amb_unpin(vm, m->pins[i]);
        if (rnd(2)) amb_unpin(vm, m->pins[i]);
        m->pins[i] = amb_nil();
        st = amb_pin(vm, a[0], &m->pins[i]);
        out = m->pins[i];
        break;
    }
    case 33: {
        token *t = token_new();
        st = amb_function_new(vm, &functions[rnd(5)], t, token_back, &out);
        if (st != AMB_OK) token_back(t);
        break;
    }
    case 34: {
        token *t = token_new();
        st = amb_object_new(vm, rnd(3) ? m->cls : a[0], t, &out);
        if (st != AMB_OK) token_back(t);
        break;
    }
    case 35: st = amb_object_release(vm, a[0]); break;
    case 36: {
        void *host;
        st = amb_object_host(vm, a[0], rnd(3) ? m->cls : a[1], &host);
        if (st == AMB_OK) CHECK(((token *)host)->back == 0);
        break;
    }
    case 37: {
        char text[24];
        token *t = token_new();
        snprintf(text, sizeof text, "mod%u", rnd(6));
        amb_module_def d = {.size = sizeof d, .name = text, .functions = functions, .nfunctions = 5, .nvalues = n,
                            .names = names, .values = a, .ud = t, .drop = token_back};
        st = m->modules < 12 ? m->modules++, amb_module_new(vm, &d) : AMB_E_ARG;
        if (st != AMB_OK) token_back(t);
        break;
    }
    case 38: last_native = amb_raise(vm, rnd(2) ? "IOError" : rnd(2) ? NULL : "Exit", "%s", "raised"); break;
    case 39: last_native = amb_throw(vm, a[0]); break;
    case 40: {
        amb_error parts = {.size = sizeof parts};
        amb_place place = {.size = sizeof place};
        st = amb_last_error(vm, &out);
        if (st == AMB_OK && (st = amb_error_parts(vm, rnd(2) ? out : a[0], &parts)) == AMB_OK)
            CHECK(parts.message[parts.message_len] == 0 && strlen(parts.type) && strlen(parts.builtin));
        amb_error_place(vm, rnd(2) ? out : a[0], rnd(3), &place);
        amb_error_report(vm, (int)rnd(2), nothing, &len);
        break;
    }
    case 41: last_native = pend(vm); break;
    case 42: last_native = then_for(vm, a[0], a + 1, n); break;
    case 43: st = amb_answer(vm, tickets[rnd(8)], rnd(3) ? AMB_OK : AMB_E_THROW, a[0]); break;
    case 44: amb_charge(vm, rnd(4) ? rnd(1000) : UINT64_MAX - rnd(2)); break;
    case 45: {
        token *t = token_new();
        if (!m->remote) m->remote = amb_remote_new(vm);
        st = m->remote ? amb_remote_post(m->remote, posted, t, token_back) : AMB_E_NOMEM;
        if (st != AMB_OK) token_back(t);
        break;
    }
    case 46:
        if (!m->remote) m->remote = amb_remote_new(vm);
        if (m->remote && !rnd(3)) rnd(2) ? amb_remote_interrupt(m->remote) : amb_remote_cancel(m->remote);
        if (!rnd(3)) amb_remote_free(m->remote), m->remote = NULL;
        break;
    case 47: amb_gc_collect(vm); break;
    case 48: case 49: {
        uint32_t i = rnd(4);
        const char *s = sources[rnd(SOURCES)];
        if (in_post) break;
        if (m->scripts[i]) {
            if (depth > 1 || m->started) break;
            amb_script_free(m->scripts[i]);
            m->scripts[i] = NULL;
        }
        st = amb_load(vm, "storm", s, strlen(s), rnd(2) ? AMB_LOAD_VALUE : 0, nothing, &len, &m->scripts[i]);
        if (getenv("STORM_LOADS") && st != AMB_OK) printf("%d\n%s\n", st, s);
        if (st != AMB_OK) m->scripts[i] = NULL;
        break;
    }
    case 50: {
        uint32_t i = rnd(4);
        if (m->scripts[i]) st = rnd(2) ? amb_script_get(m->scripts[i], name, &out) : amb_script_result(m->scripts[i], &out);
        else st = amb_result(vm, &out);
        break;
    }
    default: {
        amb_value cap;
        char why[256];
        static const char *const rights[] = {"read", "write", "create"};
        st = amb_grant(vm, "fs", "temp", a, rnd(8) ? 0 : n, rights, rnd(4), &cap, why);
        if (st != AMB_OK) break;
        out = cap;
        amb_capability_id(vm, cap), amb_capability_fd(vm, a[0]);
        if (!rnd(4)) amb_revoke(vm, rnd(2) ? cap : a[0]);
        break;
    }
    }
    CHECK(st != AMB_PENDING);
    if (st == AMB_PENDING) printf("operation %u\n", what), getenv("STORM_STOP") ? abort() : (void)0;
    done[what]++;
    good[what] += st == AMB_OK;
    if (st == AMB_OK) keep(out);
    depth--;
}

/* What only hosts outside of scripts do. */
static void outside(struct machine *m)
{
    amb_vm *vm = m->vm;
    amb_scope s = amb_scope_open(vm);
    provide(vm);
    amb_value a[3] = {any(), any(), any()}, caps[4] = {amb_nil(), amb_nil(), amb_nil(), amb_nil()}, out;
    amb_script *script = m->scripts[rnd(4)];
    static const char *const rights[] = {"read", "write", "create"};
    int exit_status;
    char why[256];
    if (rnd(2)) amb_grant(vm, "fs", "temp", NULL, 0, rights, 3, &caps[0], why);
    else if (rnd(2)) caps[0] = any();
    switch (rnd(8)) {
    case 0: case 1: case 2:
        if (script) run_status(m, amb_run(vm, script, a[0], rnd(4) ? caps : NULL, &exit_status));
        break;
    case 3:
        if (script) {
            amb_status st = amb_start(vm, script, a[0], rnd(4) ? caps : NULL, &exit_status);
            if (st == AMB_PENDING) m->started = 1;
            run_status(m, st);
        }
        break;
    case 4: {
        current = m;
        amb_status st = amb_start_call(vm, some(vm, AMB_TYPE_FUNCTION), a + 1, rnd(3));
        if (st == AMB_PENDING) m->started = 1;
        run_status(m, st);
        break;
    }
    case 5: case 6:
        for (int i = 0; i < 3; i++) {
            amb_status st = amb_pump(vm, rnd(2) ? 0 : 100000, &exit_status);
            CHECK(m->started || st == AMB_E_STALE);
            if (st != AMB_PENDING) m->started = 0;
            run_status(m, st);
            if (amb_result(vm, &out) == AMB_OK) keep(out);
        }
        amb_next_deadline(vm), amb_poll_fd(vm);
        break;
    default:
        if (script && amb_script_get(script, "f", &out) == AMB_OK) {
            uint32_t i = rnd(PINS);
            amb_unpin(vm, m->pins[i]);
            m->pins[i] = amb_nil();
            amb_pin(vm, out, &m->pins[i]);
        }
        amb_set_timeout(vm, 1000000 * (1 + rnd(4)));
        amb_set_fuel(vm, rnd(2) ? 200000 : 20000);
    }
    for (uint32_t k = rnd(12); k; k--) act(vm);
    amb_scope_close(vm, s);
}

static void machine_new(struct machine *m)
{
    amb_status why;
    amb_config c = {.size = sizeof c, .alloc = count_alloc, .heap_bytes = 6u << 20, .fuel = 200000, .tasks = 50,
                    .timeout_ns = 2000000, .seed = 1 + rnd(99), .output = silent, .loader = loader, .stress = !rnd(6)};
    *m = (struct machine){0};
    m->vm = amb_vm_new(&c, &why);
    if (!m->vm) abort();
    amb_scope s = amb_scope_open(m->vm);
    CHECK(amb_provider_add(m->vm, (const struct amb_provider *)&amb_provider_fs_memory) == AMB_OK);
    CHECK(amb_provider_add(m->vm, (const struct amb_provider *)&amb_provider_fs_memory) == AMB_E_BUSY);
    amb_class_def k = {.size = sizeof k, .name = "Obj", .members = members, .nmembers = 5, .construct = &constructor,
                       .finalize = token_back};
    amb_value cls;
    CHECK(amb_class_new(m->vm, &k, &cls) == AMB_OK && amb_pin(m->vm, cls, &m->cls) == AMB_OK);
    const char *const names[] = {"Obj"};
    amb_module_def d = {.size = sizeof d, .name = "storm", .functions = functions, .nfunctions = 5, .names = names,
                        .values = &m->cls, .nvalues = 1};
    CHECK(amb_module_new(m->vm, &d) == AMB_OK);
    amb_scope_close(m->vm, s);
}

/* Whatever was done to the machine: it is good for a script. */
static void still_works(struct machine *m)
{
    sink said;
    static const char text[] = "let l = [3, 1, 2].sorted()\nassert(l == [1, 2, 3] and \"${l}\" == \"[1, 2, 3]\")";
    if (m->started) {
        amb_interrupt(m->vm);
        for (int i = 0; m->started && i < 1000; i++) m->started = amb_pump(m->vm, 1000000, NULL) == AMB_PENDING;
        CHECK(!m->started);
    }
    for (uint32_t i = 0; i < PINS; i++) amb_unpin(m->vm, m->pins[i]), m->pins[i] = amb_nil();
    for (uint32_t i = 0; i < 4; i++)
        if (m->scripts[i]) amb_script_free(m->scripts[i]), m->scripts[i] = NULL;
    if (m->remote) amb_remote_free(m->remote), m->remote = NULL;
    amb_set_fuel(m->vm, 0);
    amb_set_timeout(m->vm, 0);
    amb_script *s;
    said.len = 0;
    amb_status st = amb_load(m->vm, "last", text, sizeof text - 1, 0, collect, &said, &s);
    if (st == AMB_OK) {
        st = amb_run(m->vm, s, amb_nil(), NULL, NULL);
        amb_script_free(s);
    }
    amb_set_fuel(m->vm, 100000);
    amb_set_timeout(m->vm, 2000000);
    CHECK(st == AMB_OK);
    if (st != AMB_OK) {
        amb_error_report(m->vm, 0, collect, &said);
        printf("status %d: %s\n", (int)st, said.text);
    }
}

static void storm(uint64_t seed, int steps)
{
    state = seed * 0x9e3779b97f4a7c15ull + 1;
    last_native = AMB_OK;
    memset(bag, 0, sizeof bag);
    memset(tickets, 0, sizeof tickets);
    memset(old_scopes, 0, sizeof old_scopes);
    for (int i = 0; i < VMS; i++) machine_new(&machines[i]);
    for (int i = 0; i < steps; i++) {
        struct machine *m = &machines[rnd(VMS)];
        if (rnd(2)) {
            outside(m);
        } else {
            amb_scope s = amb_scope_open(m->vm);
            old_scopes[rnd(16)] = s;
            provide(m->vm);
            for (uint32_t k = rnd(24); k; k--) act(m->vm);
            amb_scope_close(m->vm, s);
        }
        if (i % 64 == 63) still_works(m);
    }
    for (int i = 0; i < VMS; i++) {
        if (rnd(2)) still_works(&machines[i]);
        amb_remote *r = machines[i].remote;
        amb_vm_free(machines[i].vm);
        token *t = token_new();
        if (r) CHECK(amb_remote_post(r, posted, t, token_back) == AMB_E_STALE);
        t->back++;
        amb_remote_free(r);
    }
    CHECK(live_bytes == 0);
    CHECK(thens == 0);
    uint32_t missing = 0;
    while (tokens) {
        token *t = tokens;
        tokens = t->next;
        missing += t->owed ? t->back != 1 : t->back > 1;
        free(t);
    }
    CHECK(missing == 0);
}

int main(int argc, char **argv)
{
    uint64_t first = argc > 1 ? strtoull(argv[1], NULL, 0) : 1, last = argc > 2 ? strtoull(argv[2], NULL, 0) : first;
    if (argc < 2) last = first + 5;
    for (uint64_t seed = first; seed <= last; seed++) {
        int before = failures;
        storm(seed, 400);
        if (failures != before) printf("seed %llu\n", (unsigned long long)seed);
    }
    if (getenv("AMBIT_TEST_VERBOSE"))
        for (int i = 0; i < 52; i++) printf("%2d: %llu, %llu good\n", i, (unsigned long long)done[i], (unsigned long long)good[i]);
    return SUMMARY();
}
