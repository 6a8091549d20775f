# spec: modules.use, modules.list, modules.name, modules.load, modules.fuel, modules.right
d=$(mktemp -d); export XDG_CONFIG_HOME=$d/cfg; mkdir -p $d/w/plugs; cd $d/w
cat >plugs/count.amb <<'X'
need out: fs.dir for write
need start: int
var n = start
pub let title = "count"
pub fn next() { n += 1; out.write_text("last", "${n}"); return n }
X
echo 'let x = unknown' >plugs/broken.amb
echo 'pub fn work() { loop { try { loop { } } catch e: CancelledError { } } }' >plugs/stubborn.amb
echo 'loop { }' >plugs/busy.amb
echo 'import "./count" with {out: 1, start: 2}' >plugs/importer.amb
echo 'pub let x = 1' >"plugs/not a name.amb"; ln -s count.amb plugs/link.amb; mkfifo plugs/pipe.amb
cat >s.amb <<'X'
use fs.temp() for full as tmp
use modules.dir("./plugs") as plugins
import cap
print(plugins.list(), cap.rights(plugins))
let a = plugins.load("count", with: {out: tmp, start: 10})
let b = plugins.load("count", with: {out: tmp, start: 20})
print(a.next(), a.next(), b.next(), a.title, tmp.read_text("last"))
fn kind(f) { try { return "gave ${f()}" } catch e { return "${type(e)}: ${e.message.lines().first()}" } }
print(kind(() => plugins.load("count", with: {out: tmp})))
print(kind(() => plugins.load("count", with: {out: tmp, start: 1, more: 2})))
print(kind(() => plugins.load("count", with: {out: tmp, start: "1"})))
print(kind(() => plugins.load("count", with: {out: cap.only(tmp, "read"), start: 1}).next()))
for name in ["broken", "none", "../count", "link", "pipe", "importer"] { print(kind(() => plugins.load(name))) }
print(kind(() => plugins.load("busy", fuel: 10000)))
let s = plugins.load("stubborn")
print(kind(() => cap.fuel(10000, () => s.work())))
print(kind(() => plugins.read_text()), kind(() => plugins.copy(tmp)), kind(() => plugins.source("count")))
let none = cap.only(plugins, "load")
print(cap.rights(none))
cap.close(none)
print(kind(() => none.list()))
X
ambit -y s.amb 2>&1
cd /; rm -rf $d
