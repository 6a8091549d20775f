# directories deeper than any path: removed and refused, never a crash
d=$(mktemp -d); mkdir $d/w $d/out; cd $d/w; echo SECRET >$d/out/secret
mkdir g
cat >s.amb <<'X'
use fs.dir("g") for full as d
var at = d
for i in 0..3000 { at.mkdir("d"); let next = at.sub("d"); if i > 0 { at.close() }; at = next }
fn kind(f) { try { f(); return "done" } catch e: IOError { return e.kind } }
print(kind(fn() { var n = 0; for e in d.walk() { n += 1 }; return n }), kind(() => d.copy("d", "c", tree: true)), kind(() => d.watch(tree: true)))
d.remove("d", tree: true)
print(d.exists("d"))
X
ulimit -n 200; ambit -y s.amb 2>&1
cd /; chmod -R u+rwx $d; rm -rf $d
