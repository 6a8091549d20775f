# descriptors that run out are an error of their own; closing or losing files gives them back
d=$(mktemp -d); mkdir $d/w $d/out; cd $d/w; echo SECRET >$d/out/secret
mkdir g; echo x >g/f
cat >s.amb <<'X'
use fs.dir("g") for full as d
var files = []
try { loop { files.push(d.open("f")) } } catch e: IOError { print(e.kind) }
print(files.len > 10, files[0].read_text())
for f in [() => d.list(), () => d.stat("f"), () => d.write_text("f", "y"), () => d.remove("f", tree: true), () => d.walk(), () => d.watch(), () => d.copy("f", "c")] {
    try { f(); print("done") } catch e: IOError { print(e.kind) }
}
print(files[1].read_text().trim())
for f in files { f.close() }
print(d.read_text("f").trim(), d.list().len)
for i in 0..5000 { d.open("f") }
print("all reclaimed")
X
ulimit -n 60; ambit -y s.amb 2>&1
cd /; chmod -R u+rwx $d; rm -rf $d
