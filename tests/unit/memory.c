/* SPDX-License-Identifier: MIT */
/* Every allocation fails once: the run ends with a status, the VM can be freed, nothing is lost. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "ambit/ambit.h"

typedef struct hook {
    long left; /* allocations that still succeed; -1: all */
    bool once; /* only one fails, the later ones succeed again */
    long count;
    size_t total;
} hook;

static void *allocate(void *ud, void *p, size_t old, size_t size, size_t align)
{
    hook *h = ud;
    if (size == 0) {
        free(p);
        h->total -= old;
        return NULL;
    }
    if (!p || size > old) {
        h->count++;
        if (h->left == 0) {
            if (h->once) h->left = -1;
            return NULL;
        }
        if (h->left > 0) h->left--;
    }
    void *q = NULL;
    if (align <= 16) {
        q = realloc(p, size);
    } else if (posix_memalign(&q, align, size) == 0 && p) {
        memcpy(q, p, old < size ? old : size);
        free(p);
    }
    if (q) h->total += size - old;
    return q;
}

static amb_status quiet(void *ud, int fd, const char *s, size_t n)
{
    return AMB_OK;
}
static void ignore(void *ud, const char *s, size_t n) {}

static amb_status run(hook *h, const char *source)
{
    amb_config c = { .size = sizeof c, .alloc = allocate, .alloc_ud = h, .output = quiet, .seed = 7 };
    amb_status st;
    amb_vm *vm = amb_vm_new(&c, &st);
    if (!vm) return st;
    amb_script *s;
    int status;
    st = amb_load(vm, "test", source, strlen(source), 0, ignore, NULL, &s);
    if (st == AMB_OK) st = amb_run(vm, s, amb_nil(), NULL, &status);
    amb_vm_free(vm);
    return st;
}

static const char *const scripts[] = {
    "var s = \"\"\n"
    "for i in 0..400 { s += \"${i}é\" }\n"
    "let words = s.split(\"é\")\n"
    "print(words.join(\", \").upper().replace(\"1\", \"one\").chars().tally(), s[200..300], s.reversed())\n"
    "print(words.map(w => w.len).sorted(), words.chunks(7).flatten().len, words.sorted(by: w => w.len))\n"
    "print(\"{} {x:>10}\".format(s, x: 1), s.bytes().hex().len, \"${3.5:20.3f}\", words.unique())\n",

    "let m = {}\n"
    "for i in 0..500 { m[i] = [i, \"${i}\", (i, 1.5)] }\n"
    "let s = set(m.keys())\n"
    "print(m.filter((k, v) => k % 2 == 0).len, s.union(0..900).len, (s & set([1, 2])).len, m.keys().len)\n"
    "for i in 0..400 { m.remove(i) }\n"
    "print(m.merge({a: 1}), freeze(m), m == m.copy(), string(m).len, m.group_by((k, v) => k % 3).len)\n",

    "class P(let x) {\n"
    "    fn ==(o) => o is P and o.x == self.x\n"
    "    fn hash() => self.x\n"
    "    fn str() => \"P${self.x}\"\n"
    "    fn <(o) => self.x < o.x\n"
    "}\n"
    "value class V(a, b)\n"
    "enum E { A(x), B }\n"
    "let ps = (0..60).map(i => P(i % 17)).list()\n"
    "print(ps.sorted(), set(ps), ps.tally(), [V(1, ps)], E.A(2), E.B, ps.max(), ps.index_of(P(3)))\n"
    "fn g() { for i in 0..50 { yield i } }\n"
    "print(g().filter(i => i % 2 == 0).map(i => [i] * i).list().flatten().sum(), g().zip(g()).list().len)\n"
    "try { [1].map(i => i // 0) } catch e { print(e, e.trace, e.note(\"n\").notes) }\n",
};

static void sweep(bool once)
{
    for (unsigned k = 0; k < sizeof scripts / sizeof *scripts; k++) {
        hook h = { .left = -1 };
        cr_assert_eq(run(&h, scripts[k]), AMB_OK, "script %u", k);
        cr_assert_eq(h.total, 0u, "script %u loses %zu bytes", k, h.total);
        long all = h.count;
        for (long i = 0; i < all; i++) {
            hook f = { .left = i, .once = once };
            amb_status st = run(&f, scripts[k]);
            cr_assert(st == AMB_OK || st == AMB_E_NOMEM, "script %u, allocation %ld: status %d", k, i, st);
            cr_assert_eq(f.total, 0u, "script %u, allocation %ld: %zu bytes lost", k, i, f.total);
        }
    }
}

Test(memory, every_allocation_from_one_on_fails) { sweep(false); }
Test(memory, one_allocation_fails) { sweep(true); }
