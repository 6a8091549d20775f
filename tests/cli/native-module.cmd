# spec: spi.pure, spi.pure.call, spi.pure.closed, spi.pure.resource, spi.load
so=$(dirname "$(command -v ambit)")/obj/tests/spi/words.so
d=$(mktemp -d); cd $d
cat >s.amb <<'X'
import words
from words import add, repeat as again
use clock
fn kind(f) { try { return f() } catch e { return "${type(e)}: ${e.message}" } }
print(add(2, 3), words.add(b: 1, a: -1), words.half(3), words.half(2.5))
print(again("ab"), again("ab", 3), again(text: "x", times: 2), words.is_empty(bytes()))
print(words.sizes(), words.sizes("one", "three"), words.same([1, (a: 2), {"k": nil}]))
print([1, 2, 3].map(words.slow), type(add), words.later())
print(kind(() => add(1)), kind(() => add(1, "x")), kind(() => add(1, 2, 3)))
print(kind(() => again("a", -1)), kind(() => again("a" * 1001)))
print(kind(() => words.sizes(1)), kind(() => words.sizes(texts: "a")), kind(() => again(string: "a")))
let c = words.count(130)
print(c, c.at(), type(c))
var sum = 0
for i in c { sum += i }
print(sum, kind(() => c.at()))
class Id(let n) {
    fn hash() => add(self.n, 1)
    fn ==(other) => words.slow(self.n) == words.slow(other.n)
    fn str() {
        let text = kind(words.later)
        return text
    }
}
let found = {}
found[Id(1)] = "found"
print(Id(1) == Id(1), found[Id(1)], "${Id(3)}")
let tasks = [spawn words.slow(1), spawn words.slow(2), spawn words.later()]
print(tasks.map(fn(t) => t.wait()))
X
ambit --provider $so s.amb
ambit --provider $so --wire s.amb | sha256sum >a; ambit --provider $so --chaos 7 s.amb | sha256sum >b
ambit --provider $so s.amb | sha256sum | cmp - a && cmp a b && echo the same
ambit --provider $so --audit log s.amb >/dev/null && grep -c '"words"' log
ambit s.amb 2>&1 | head -n 4 | tail -n 1
ambit --provider $so -e 'use words.count(1) as c' 2>&1; echo $?
ambit --provider $so --provider $so -e '1'; echo $?
ambit --provider ./none.so -e '1' 2>/dev/null; echo $?; ambit --provider ./s.amb -e 1; echo $?
printf '#!/usr/bin/env -S ambit --provider ./x.so\nprint(1)\n' >f.amb; ambit --provider $so f.amb 2>/dev/null; echo $?
cd /; rm -r $d
