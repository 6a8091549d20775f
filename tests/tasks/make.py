#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Random task programs that check themselves: make.py SEED [SIZE] prints one.

A program is a tree of tasks that spawn, wait, send, select, lock, cancel and fail as drawn, inside
groups, withins, generators, try, finally and defer. It counts what happens as it goes; at its end it
asserts what must hold however the tasks were interleaved or ended:

  - whatever was entered was left: each finally and defer of it ran once
  - no task outlives its owner
  - each value that was received had been sent, once
  - a lock has one holder
  - the results of groups are in order, and the errors of tasks are told

Waits are short: all of a program take less than what a cancelled task may still wait. Anything but "ok" and
status 0 is a failure, except where the caller ends the program by a limit.
"""
import random
import sys

HEAD = '''\
var entered = 0
var left = 0
var deferred = 0
var tasks_begun = 0
var tasks_over = 0
var sent = {}
var received = {}
var next_value = 0
var inside = [0, 0, 0]
let chans = [channel(), channel(1), channel(3), channel()]
let locks = [lock(), lock(), lock()]
let key = task_local("root")
class Boom(let n) {}

fn check(cond, what) { if not cond { print("BROKEN", what); exit(9) } }
fn fresh() { next_value += 1; return next_value }
fn nap(s) { sleep(s) }
fn put(c, s) {
    let v = fresh()
    sent[v] = true
    within(s) { c.send(v) }
}
fn got(v) {
    if v == done { return nil }
    check(v in sent, "received what was not sent")
    check(not (v in received), "received twice")
    received[v] = true
    return v
}
fn take(c, s) => got(within(s) { c.recv() })
fn count(n) {
    entered += 1
    try {
        for i in 0..n { if i % 2 == 0 { sleep(0.00004) }; yield i }
    } finally {
        left += 1
    }
}
fn held(k, s) {
    locks[k].with(() => {
        inside[k] += 1
        check(inside[k] == 1, "two holders")
        try { sleep(s) } finally { inside[k] -= 1 }
    })
}
fn deeper(n, f) => if n == 0 { f() } else { [deeper(n - 1, f)][0] }
class Waits(let s) {
    get later { sleep(self.s); return self.s }
    fn call(x) { sleep(self.s); return x }
    fn + (o) { sleep(self.s); return o }
}
'''

TAIL = '''
try { root() } catch e: TimeoutError { } catch e: ValueError { } catch e: StateError {
    check(not ("deadlock" in e.message), e.message)
}
for c in chans { c.close() }
sleep(1)
check(entered == left, "finally: ${entered} entered, ${left} left")
check(deferred == 0, "defer: ${deferred}")
check(tasks_begun == tasks_over, "tasks: ${tasks_begun} began, ${tasks_over} over")
check(inside == [0, 0, 0], "somebody is inside a lock")
for m in locks { check(not m.locked, "a lock is held") }
print("ok")
'''


class Make:
    def __init__(self, seed, size):
        self.r = random.Random(seed)
        self.left = size
        self.name = 0
        self.out = []

    def fresh(self, what):
        self.name += 1
        return f"{what}{self.name}"

    def time(self, most=8):
        return f"{self.r.randint(0, most) * 0.00005:.5f}"

    def limit(self):
        return f"{self.r.randint(1, 30) * 0.00005:.5f}"

    def line(self, depth, text):
        self.out.append("    " * depth + text)

    def block(self, depth, nest, **where):
        n = self.r.randint(1, 4)
        before = len(self.out)
        for _ in range(n):
            if self.left <= 0:
                break
            self.statement(depth, nest, **where)
        if len(self.out) == before:
            self.line(depth, f"nap({self.time()})")

    # where: group (its tasks), loop (break may stand here), fn (return may), region (of the loop)
    def statement(self, depth, nest, **w):
        self.left -= 1
        r = self.r
        small = [self.nap, self.send, self.recv, self.select, self.lock, self.natives, self.burn, self.fail,
                 self.jump, self.waits, self.trysend, self.local]
        big = [self.spawn, self.spawn, self.spawn, self.group, self.group, self.within, self.finally_, self.defer,
               self.loop, self.generator, self.cancel, self.generator_across, self.named]
        pick = r.choice(big if nest < 6 and r.random() < 0.55 else small)
        pick(depth, nest, **w)

    def nap(self, d, nest, **w):
        self.line(d, f"nap({self.time()})")

    def send(self, d, nest, **w):
        self.line(d, f"try {{ put(chans[{self.r.randrange(3)}], {self.limit()}) }} catch e: TimeoutError {{ }}")

    def recv(self, d, nest, **w):
        self.line(d, f"try {{ take(chans[{self.r.randrange(3)}], {self.limit()}) }} catch e: TimeoutError {{ }}")

    def trysend(self, d, nest, **w):
        c = self.r.randrange(3)
        if self.r.random() < 0.5:
            v = self.fresh("v")
            self.line(d, f"let {v} = fresh()")
            self.line(d, f"sent[{v}] = true")
            self.line(d, f"chans[{c}].try_send({v})")
        else:
            v = self.fresh("v")
            self.line(d, f"let {v} = chans[{c}].try_recv()")
            self.line(d, f"if {v} != nil {{ got({v}) }}")

    def select(self, d, nest, **w):
        arms = [self.r.randrange(4) for _ in range(self.r.randint(1, 4))]
        self.line(d, "select {")
        for a in arms:
            self.line(d + 1, f"x from chans[{a}] => got(x)")
        self.line(d + 1, f"after {self.time(20)} => nil")
        self.line(d, "}")

    def lock(self, d, nest, **w):
        self.line(d, f"held({self.r.randrange(3)}, {self.time(3)})")

    def natives(self, d, nest, **w):
        r = self.r
        self.line(d, r.choice([
            f"check([3, 1, 2].map(x => {{ nap({self.time(2)}); return x }}) == [3, 1, 2], \"map\")",
            f"check((0..4).filter(x => {{ nap({self.time(2)}); return x % 2 == 0 }}).list() == [0, 2], \"filter\")",
            f"check(deeper({r.randint(1, 60)}, () => {{ nap({self.time(2)}); return 7 }}) == 7, \"deep\")",
            f"check([3, 1, 2].sorted(x => {{ nap({self.time(1)}); return x }}) == [1, 2, 3], \"sorted\")",
        ]))

    def waits(self, d, nest, **w):
        self.line(d, self.r.choice([
            f"check(Waits({self.time(2)})(4) == 4, \"call\")",
            f"check(Waits(0.0001).later == 0.0001, \"getter\")",
            f"check(Waits({self.time(2)}) + 5 == 5, \"operator\")",
            f"check(\"${{Waits(0.00005)(1)}}-${{Waits(0.00005)(2)}}\" == \"1-2\", \"text\")",
        ]))

    def local(self, d, nest, **w):
        n = self.name = self.name + 1
        self.line(d, f"check(key.with({n}, () => {{ nap({self.time(2)}); return key.get() }}) == {n}, \"task_local\")")

    def burn(self, d, nest, **w):
        v = self.fresh("junk")
        self.line(d, f"let {v} = (0..{self.r.randint(1, 400)}).map(x => [x, \"t${{x}}\"]).list()")
        self.line(d, f"nap({self.time(2)})")
        self.line(d, f"check({v}.len == 0 or {v}[{v}.len - 1][1] == \"t${{{v}.len - 1}}\", \"kept\")")

    def fail(self, d, nest, **w):
        if self.r.random() < 0.5:
            self.line(d, f"if {self.r.choice(['true', 'next_value % 3 == 0', 'entered % 2 == 0'])} "
                         f"{{ throw ValueError(\"drawn\") }}")
        else:
            self.line(d, f"try {{ throw ValueError(\"drawn\") }} catch e: ValueError {{ nap({self.time(2)}) }}")

    def jump(self, d, nest, **w):
        how = []
        if w.get("loop"):
            how += ["break", "continue"]
        if w.get("fn"):
            how += [f"return {self.r.randrange(100)}"]
        if how:
            self.line(d, f"if next_value % {self.r.randint(2, 5)} == 0 {{ {self.r.choice(how)} }}")
        else:
            self.nap(d, nest)

    def body(self, d, nest):
        """What a task does: counted, and over when it ends however that may be."""
        self.line(d, "tasks_begun += 1")
        self.line(d, "try {")
        self.block(d + 1, nest + 1, fn=True)
        self.line(d, "} finally { tasks_over += 1 }")

    def spawn(self, d, nest, **w):
        r = self.r
        if w.get("group") or r.random() < 0.5:
            how = "spawn {" if w.get("group") or r.random() < 0.3 else None
            if how:
                if not w.get("group"):
                    # an error nobody asks for would end the program
                    t = self.fresh("t")
                    self.line(d, f"let {t} = spawn {{")
                    self.body(d + 1, nest)
                    self.line(d, "}")
                    self.line(d, f"defer quiet({t})")
                    return
                self.line(d, how)
                self.body(d + 1, nest)
                self.line(d, "}")
                return
        t = self.fresh("t")
        self.line(d, f"let {t} = spawn {{")
        self.body(d + 1, nest)
        self.line(d, "}")
        self.line(d, "defer quiet(%s)" % t)
        if r.random() < 0.6:
            self.line(d, f"nap({self.time(4)})")
            self.line(d, r.choice([f"quiet({t})", f"{t}.cancel()", f"try {{ within({self.limit()}) {{ quiet({t}) }} }} "
                                   "catch e: TimeoutError { }"]))

    def group(self, d, nest, **w):
        r = self.r
        opts = []
        if r.random() < 0.4:
            opts.append(f"limit: {r.randint(1, 3)}")
        keep = r.random() < 0.4
        if keep:
            opts.append('errors: "keep"')
        caught = r.random() < 0.6
        v = self.fresh("g")
        if caught:
            self.line(d, "try {")
            d += 1
        self.line(d, f"let {v} = group{'(' + ', '.join(opts) + ')' if opts else ''} {{")
        inner = dict(w)
        inner["group"] = True
        n = self.fresh("n")
        if r.random() < 0.5:
            self.line(d + 1, f"for {n} in 0..{r.randint(1, 5)} {{")
            self.line(d + 2, f"spawn {{ nap({self.time(3)}); return {n} }}")
            self.line(d + 1, "}")
        self.block(d + 1, nest + 1, **inner)
        self.line(d, "}")
        self.line(d, f"check(type({v}) == \"list\", \"a group's value\")")
        if caught:
            d -= 1
            self.line(d, "} catch e: ValueError { }")

    def within(self, d, nest, **w):
        self.line(d, f"try {{ within({self.limit()}) {{")
        self.block(d + 1, nest + 1, **{**w, "group": False})
        self.line(d, "} } catch e: TimeoutError { }")

    def finally_(self, d, nest, **w):
        self.line(d, "entered += 1")
        self.line(d, "try {")
        self.block(d + 1, nest + 1, **{**w, "group": False})
        self.line(d, "} finally {")
        self.line(d + 1, "left += 1")
        if self.r.random() < 0.5:
            self.line(d + 1, f"nap({self.time(4)})")
        self.line(d, "}")

    def defer(self, d, nest, **w):
        f = self.fresh("f")
        self.line(d, f"fn {f}() {{")
        self.line(d + 1, "deferred += 1")
        self.line(d + 1, "defer { deferred -= 1 }")
        if self.r.random() < 0.4:
            self.line(d + 1, f"defer nap({self.time(2)})")
        self.block(d + 1, nest + 1, fn=True)
        self.line(d, "}")
        self.line(d, f"{f}()")

    def loop(self, d, nest, **w):
        n = self.fresh("i")
        self.line(d, f"for {n} in 0..{self.r.randint(1, 4)} {{")
        self.block(d + 1, nest + 1, **{**w, "loop": True, "group": False})
        self.line(d, "}")

    def generator(self, d, nest, **w):
        n = self.fresh("i")
        self.line(d, f"for {n} in count({self.r.randint(1, 6)}) {{")
        self.block(d + 1, nest + 1, **{**w, "loop": True, "group": False})
        self.line(d, "}")

    def generator_across(self, d, nest, **w):
        g, n = self.fresh("shared"), self.fresh("n")
        self.line(d, f"let {g} = (fn() {{ var i = 0; loop {{ nap({self.time(2)}); yield i; i += 1 }} }})()")
        t = self.fresh("t")
        body = f"try {{ for x in {g} {{ nap({self.time(2)}); if x > 4 {{ break }} }} }} catch e: StateError {{ }}"
        self.line(d, f"let {t} = spawn {{ {body} }}")
        self.line(d, f"defer quiet({t})")
        self.line(d, body)

    def named(self, d, nest, **w):
        t = self.fresh("t")
        self.line(d, f"let {t} = spawn nap({self.time(6)})")
        self.line(d, f"for k in 0..3 {{ let u = spawn {t}.wait(); u.cancel() }}")
        self.line(d, f"quiet({t})")

    def cancel(self, d, nest, **w):
        t = self.fresh("t")
        self.line(d, f"let {t} = spawn {{")
        self.body(d + 1, nest)
        self.line(d, "}")
        self.line(d, f"defer quiet({t})")
        self.line(d, f"nap({self.time(5)})")
        self.line(d, f"{t}.cancel()")
        if self.r.random() < 0.5:
            self.line(d, f"quiet({t})")

    def program(self):
        self.line(0, "fn quiet(t) { try { t.wait() } catch e: ValueError { } catch e: TimeoutError { } "
                     "catch e: StateError { } }")
        self.line(0, "fn root() {")
        while self.left > 0:
            self.block(1, 0, fn=False)
        self.line(0, "}")
        return HEAD + "\n".join(self.out) + "\n" + TAIL


if __name__ == "__main__":
    sys.stdout.write(Make(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 40).program())
