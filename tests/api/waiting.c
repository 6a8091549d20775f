/* SPDX-License-Identifier: MIT */
/* Functions of the host that wait, that call scripts which wait, and machines in the hands of other threads. */
#include <pthread.h>
#include <time.h>
#include <unistd.h>

#include "check.h"

static void pause_ms(long ms)
{
    struct timespec t = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&t, NULL);
}

/* ---- answers from another thread ---- */

typedef struct job {
    amb_remote *r;
    uint64_t ticket;
    int64_t n;
    long ms;
    int fails;
} job;

static int left_count, answered, stale;

static void answer(amb_vm *vm, void *ud)
{
    job *j = ud;
    amb_value v = amb_int(j->n * 2);
    amb_status st = AMB_OK;
    if (j->fails) {
        st = amb_raise(vm, "IOError", "job %lld failed", (long long)j->n);
        amb_last_error(vm, &v);
    }
    st = amb_answer(vm, j->ticket, st, v);
    answered += st == AMB_OK;
    stale += st == AMB_E_STALE;
    CHECK(st == AMB_OK || st == AMB_E_STALE);
    amb_value ignored;
    CHECK(amb_answer(vm, j->ticket, AMB_OK, v) == AMB_E_STALE); /* once */
    CHECK(amb_call_function(vm, v, NULL, 0, &ignored) == AMB_E_THROW); /* no scripts here */
}

static void free_job(void *ud)
{
    job *j = ud;
    amb_remote_free(j->r);
    free(j);
}

static void *worker(void *ud)
{
    job *j = ud;
    pause_ms(j->ms);
    if (amb_remote_post(j->r, answer, j, free_job) != AMB_OK) free_job(j);
    return NULL;
}

static void left(void *ud)
{
    (void)ud;
    left_count++;
}

/* compute(n, ms, fails): n * 2, by a thread, later. */
static amb_status compute(amb_vm *vm, void *ud, const amb_value *args, uint32_t n, amb_value *out)
{
    pthread_t t;
    int64_t ms = 1;
    (void)ud, (void)out;
    job *j = calloc(1, sizeof *j);
    amb_as_int(args[0], &j->n);
    if (n > 1) amb_as_int(args[1], &ms);
    j->ms = (long)ms;
    j->fails = n > 2 && amb_truth(args[2]);
    amb_status st = amb_pend(vm, left, NULL, &j->ticket);
    if (st != AMB_PENDING) {
        free(j);
        return st;
    }
    j->r = amb_remote_new(vm);
    if (pthread_create(&t, NULL, worker, j)) abort();
    pthread_detach(t);
    return st;
}

static amb_status never(amb_vm *vm, void *ud, const amb_value *args, uint32_t n, amb_value *out)
{
    uint64_t ticket;
    (void)ud, (void)args, (void)n, (void)out;
    return amb_pend(vm, left, NULL, &ticket);
}

/* Asks to wait, and then does not. */
static amb_status fickle(amb_vm *vm, void *ud, const amb_value *args, uint32_t n, amb_value *out)
{
    uint64_t ticket;
    (void)ud, (void)args, (void)n;
    amb_status st = amb_pend(vm, left, NULL, &ticket);
    *out = amb_int(st == AMB_PENDING);
    return AMB_OK;
}

/* ---- going on ---- */

static int drops;
static void count_drop(void *ud)
{
    (void)ud;
    drops++;
}

/* twice(f): f() * 2, whatever f waits for. */
static amb_status doubled(amb_vm *vm, void *ud, amb_status st, amb_value v, amb_value *out)
{
    int64_t i;
    (void)ud;
    if (st != AMB_OK) return st;
    if (!amb_as_int(v, &i)) return amb_raise(vm, "TypeError", "twice: an int was expected");
    *out = amb_int(2 * i);
    return AMB_OK;
}
static amb_status twice(amb_vm *vm, void *ud, const amb_value *args, uint32_t n, amb_value *out)
{
    (void)ud, (void)out;
    return amb_call_then(vm, args[0], args + 1, n - 1, doubled, NULL, count_drop);
}

static amb_status in_place(amb_vm *vm, void *ud, const amb_value *args, uint32_t n, amb_value *out)
{
    (void)ud, (void)out;
    return amb_call_then(vm, args[0], args + 1, n - 1, NULL, NULL, count_drop);
}

/* delayed(f): f(), and then it waits for a thread's answer to that. */
static amb_status answered_later(amb_vm *vm, void *ud, amb_status st, amb_value v, amb_value *out)
{
    if (st == AMB_E_THROW && amb_get(vm, v, "message", out) != AMB_OK) return st;
    if (st == AMB_E_THROW) v = amb_int(50);
    return compute(vm, ud, &v, 1, out);
}
static amb_status delayed(amb_vm *vm, void *ud, const amb_value *args, uint32_t n, amb_value *out)
{
    (void)ud, (void)n, (void)out;
    return amb_call_then(vm, args[0], NULL, 0, answered_later, NULL, NULL);
}

/* safely(f): its error is a text. */
static amb_status as_text(amb_vm *vm, void *ud, amb_status st, amb_value v, amb_value *out)
{
    (void)ud;
    if (st == AMB_E_THROW) return amb_get(vm, v, "message", out);
    *out = v;
    return AMB_OK;
}
static amb_status safely(amb_vm *vm, void *ud, const amb_value *args, uint32_t n, amb_value *out)
{
    (void)ud, (void)n, (void)out;
    return amb_call_then(vm, args[0], NULL, 0, as_text, NULL, count_drop);
}

/* each(list, f): calls f for one element after the other, and gives their sum. */
typedef struct each {
    amb_vm *vm;
    amb_value list, f; /* pinned */
    uint32_t at;
    int64_t sum;
} each;
static void each_drop(void *ud)
{
    each *e = ud;
    amb_unpin(e->vm, e->list);
    amb_unpin(e->vm, e->f);
    free(e);
    drops++;
}
static amb_status each_next(amb_vm *vm, void *ud, amb_status st, amb_value v, amb_value *out)
{
    each *e = ud;
    int64_t i;
    uint64_t n;
    amb_value x;
    if (st != AMB_OK) return st;
    if (amb_as_int(v, &i)) e->sum += i;
    st = amb_len(vm, e->list, &n);
    if (st == AMB_OK && e->at == n) {
        *out = amb_int(e->sum);
        return AMB_OK;
    }
    if (st == AMB_OK) st = amb_at(vm, e->list, e->at++, &x);
    return st == AMB_OK ? amb_call_then(vm, e->f, &x, 1, each_next, e, each_drop) : st;
}
static amb_status each_of(amb_vm *vm, void *ud, const amb_value *args, uint32_t n, amb_value *out)
{
    (void)ud, (void)n;
    each *e = calloc(1, sizeof *e);
    e->vm = vm;
    amb_status st = amb_pin(vm, args[0], &e->list);
    if (st == AMB_OK) st = amb_pin(vm, args[1], &e->f);
    if (st == AMB_OK) st = each_next(vm, e, AMB_OK, amb_nil(), out);
    if (st != AMB_PENDING) {
        amb_unpin(vm, e->list);
        amb_unpin(vm, e->f);
        free(e);
    }
    return st;
}

/* Asks for it, and then gives something else. */
static amb_status unasked(amb_vm *vm, void *ud, const amb_value *args, uint32_t n, amb_value *out)
{
    (void)ud, (void)n;
    CHECK(amb_call_then(vm, args[0], NULL, 0, NULL, NULL, count_drop) == AMB_PENDING);
    CHECK(amb_call_then(vm, args[0], NULL, 0, NULL, NULL, count_drop) == AMB_E_THROW);
    *out = amb_int(9);
    return AMB_OK;
}

static const amb_function functions[] = {
    {.name = "compute", .fn = compute, .min = 1, .max = 3},
    {.name = "never", .fn = never},
    {.name = "fickle", .fn = fickle},
    {.name = "twice", .fn = twice, .min = 1, .max = AMB_ANY_NUMBER},
    {.name = "in_place", .fn = in_place, .min = 1, .max = AMB_ANY_NUMBER},
    {.name = "delayed", .fn = delayed, .min = 1, .max = 1},
    {.name = "safely", .fn = safely, .min = 1, .max = 1},
    {.name = "each", .fn = each_of, .min = 2, .max = 2},
    {.name = "unasked", .fn = unasked, .min = 1, .max = 1},
};

static amb_vm *machine(sink *out)
{
    amb_config c = {.size = sizeof c, .output = output, .output_ud = out};
    amb_vm *vm = amb_vm_new(&c, NULL);
    amb_module_def m = {.size = sizeof m, .name = "host", .functions = functions,
                        .nfunctions = sizeof functions / sizeof *functions};
    CHECK(amb_module_new(vm, &m) == AMB_OK);
    return vm;
}

static void prints(amb_vm *vm, sink *out, const char *source, const char *expected)
{
    sink said;
    out->len = 0;
    out->text[0] = 0;
    char all[4000];
    snprintf(all, sizeof all, "import host\nfn what(f) { try { return f() } catch e { return \"${type(e)}: ${e.message}\" } }\n%s",
             source);
    amb_status st = run_script(vm, all, NULL, &said, NULL);
    if (st != AMB_OK || strcmp(out->text, expected) != 0)
        printf("%s\n-> %d, printed %s, said %s\n", source, st, out->text, said.text);
    CHECK(st == AMB_OK && strcmp(out->text, expected) == 0);
}

static void waits(amb_vm *vm, sink *out)
{
    left_count = answered = stale = 0;
    prints(vm, out, "print(host.compute(21), host.compute(4) + 1)\n", "42 9\n");
    prints(vm, out, "print(group { for i in 0..5 { spawn { return host.compute(i, 20 - 4 * i) } } })\n", "[0, 2, 4, 6, 8]\n");
    prints(vm, out, "print(what(() => host.compute(3, 1, true)), [1, 2].map((x) => host.compute(x)))\n",
           "IOError: job 3 failed [2, 4]\n");
    prints(vm, out, "let f = host.compute\nprint(f(5), what(() => [2, 1].sorted(by: (x) => host.compute(x))))\n",
           "10 [1, 2]\n");
    prints(vm, out,
           "class C(let x) { fn hash() => host.compute(self.x)\n fn ==(o) => self.x == o.x }\n"
           "let m = {}\nprint(what(() => { m[C(1)] = 2 }))\n",
           "StateError: an answer of the host: cannot wait here, inside a function that native code has called\n");
    CHECK(left_count == 0 && stale == 0 && answered == 13);
    /* Nobody waits any more. */
    prints(vm, out,
           "print(what(() => { within(0.005) { host.never() } }))\n"
           "let t = spawn { host.compute(1, 30) }\n"
           "sleep(0.002)\nt.cancel()\n"
           "print(what(() => t.wait()))\nsleep(0.05)\n"
           "print(host.fickle())\n",
           "TimeoutError: timed out\nStateError: wait: the task was cancelled\n1\n");
    CHECK(left_count == 3);
    CHECK(stale == 1);
}

static void goes_on(amb_vm *vm, sink *out)
{
    drops = 0;
    prints(vm, out,
           "fn slow(x) { sleep(0.001)\n return x }\n"
           "print(host.twice(() => 4), host.twice(slow, 5), host.twice(host.compute, 5), host.in_place(slow, \"a\"))\n"
           "print(host.in_place((...xs) => xs, 1, 2), host.twice(host.twice, () => 3), host.twice(abs, -8))\n"
           "print(what(() => host.twice(() => \"x\")), what(() => host.twice(() => { throw KeyError(\"k\") })))\n"
           "print(what(() => host.twice(5)), what(() => host.in_place(slow)))\n"
           "print(host.safely(() => { sleep(0.001)\n throw ValueError(\"caught\") }), host.safely(() => 3))\n"
           "print([1, 2].map((x) => host.twice(slow, x)), host.unasked(slow))\n",
           "8 10 20 a\n[1, 2] 12 16\nTypeError: twice: an int was expected KeyError: k\n"
           "TypeError: int is not a function: 5 cannot be called TypeError: slow(x) is missing the argument 'x'\n"
           "caught 3\n[2, 4] 9\n");
    amb_gc_collect(vm);
    CHECK(drops == 18);
    drops = 0;
    prints(vm, out,
           "print(host.each([1, 2, 3], (x) => x * 10), host.each([], print))\n"
           "print(host.each([1, 2, 3], (x) => { sleep(0.001)\n return x }))\n"
           "print(what(() => host.each([1, 2], (x) => { if x == 2 { throw KeyError(\"two\") } })))\n"
           "print(host.each([...(0..2000)], (x) => 1))\n"
           "let many = group { for i in 0..50 { spawn { return host.each([i, 1, 2], (x) => host.compute(x)) } } }\n"
           "print(many.sum())\n"
           "var total = 0\nfor x in [3, 4] { total += host.twice(() => x) }\nprint(total)\n"
           "class K(let n) { get v => host.twice(() => self.n)\n fn +(o) => host.twice(() => self.n + o) }\n"
           "print(K(4).v, K(4) + 1, \"${host.twice(() => 1)}\", if host.safely(() => true) { \"yes\" } else { \"no\" })\n",
           "60 0\n6\nKeyError: two\n2000\n2750\n14\n8 10 2 yes\n");
    prints(vm, out,
           "print(host.delayed(() => 4), host.delayed(() => { throw KeyError(\"x\") }), host.delayed(abs), host.delayed(5), host.delayed((x) => x))\n"
           "print(host.twice(() => host.delayed(() => { sleep(0.001)\n return 1 })))\n"
           "print(group { for i in 0..4 { spawn { return host.delayed(() => i) } } })\n"
           "for x in [host.delayed(() => 2)] { print(x) }\n",
           "8 100 100 100 100\n4\n[0, 2, 4, 6]\n4\n");
    /* A wait that ends with its task: what it held is given back. */
    int before = drops;
    prints(vm, out, "print(what(() => { within(0.005) { host.twice(() => host.never()) } }))\n",
           "TimeoutError: timed out\n");
    amb_gc_collect(vm);
    CHECK(drops == before + 1);
    sink said;
    amb_set_fuel(vm, 50000);
    CHECK(run_script(vm, "import host\nhost.twice(() => { loop { } })\n", NULL, &said, NULL) == AMB_E_LIMIT);
    amb_set_fuel(vm, 0);
    amb_gc_collect(vm);
    CHECK(drops == before + 2);
}

/* ---- other threads, and after the end ---- */

static void *interrupter(void *ud)
{
    pause_ms(20);
    amb_remote_interrupt(ud);
    return NULL;
}
static void *canceller(void *ud)
{
    pause_ms(20);
    amb_remote_cancel(ud);
    return NULL;
}

static void posted(amb_vm *vm, void *ud)
{
    (void)vm;
    ++*(int *)ud;
}
static int posted_drops;
static void posted_drop(void *ud)
{
    (void)ud;
    posted_drops++;
}

static void remotes(amb_vm *vm, sink *out)
{
    sink said;
    pthread_t t;
    amb_remote *r = amb_remote_new(vm);
    static const char *const endless[] = {"loop { }", "sleep(100)", "import host\nhost.never()",
                                          "import host\nhost.twice(() => { loop { } })"};
    for (int i = 0; i < 4; i++) {
        pthread_create(&t, NULL, interrupter, r);
        CHECK(run_script(vm, endless[i], NULL, &said, NULL) == AMB_E_CANCELED);
        pthread_join(t, NULL);
    }
    out->len = 0;
    pthread_create(&t, NULL, canceller, r);
    CHECK(run_script(vm, "import host\ntry { host.never() } finally { print(\"put in order\") }", NULL, &said, NULL) ==
          AMB_E_CANCELED);
    pthread_join(t, NULL);
    CHECK(!strcmp(out->text, "put in order\n"));
    int calls = 0;
    CHECK(amb_remote_post(r, posted, &calls, posted_drop) == AMB_OK && calls == 0);
    CHECK(run_script(vm, "sleep(0.001)", NULL, &said, NULL) == AMB_OK && calls == 1 && posted_drops == 1);
    /* Pumped. */
    amb_script *script;
    amb_value f, v;
    amb_scope s = amb_scope_open(vm);
    int64_t i;
    CHECK(run_script(vm, "import host\npub fn work(n) => host.compute(n, 5) + 1\n", NULL, &said, &script) == AMB_OK);
    CHECK(amb_script_get(script, "work", &f) == AMB_OK);
    v = amb_int(4);
    CHECK(amb_start_call(vm, f, &v, 1) == AMB_PENDING && amb_call_function(vm, f, &v, 1, &v) == AMB_E_BUSY);
    amb_status st;
    int turns = 0;
    while ((st = amb_pump(vm, 1000000, NULL)) == AMB_PENDING && turns++ < 10000) { }
    CHECK(st == AMB_OK && amb_result(vm, &v) == AMB_OK && amb_as_int(v, &i) && i == 9);
    /* Freed in the middle of a wait: whoever was to answer comes too late. */
    int before = left_count;
    v = amb_int(60);
    CHECK(amb_start_call(vm, f, &v, 1) == AMB_PENDING);
    amb_scope_close(vm, s);
    CHECK(amb_remote_post(r, posted, &calls, posted_drop) == AMB_OK);
    amb_vm_free(vm);
    CHECK(left_count == before + 1 && posted_drops == 2 && calls == 1);
    amb_remote_interrupt(r);
    amb_remote_cancel(r);
    CHECK(amb_remote_post(r, posted, &calls, posted_drop) == AMB_E_STALE && posted_drops == 2);
    amb_remote_free(r);
    pause_ms(30);
}

int main(void)
{
    sink out = {{0}, 0};
    amb_vm *vm = machine(&out);
    waits(vm, &out);
    goes_on(vm, &out);
    remotes(vm, &out); /* frees it */
    return SUMMARY();
}
