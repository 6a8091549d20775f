# without the right to read, existing and missing files look the same
d=$(mktemp -d); mkdir $d/w $d/out; cd $d/w; echo SECRET >$d/out/secret
mkdir g; echo x >g/there
cat >s.amb <<'X'
use fs.dir("g") for append as d
fn tell(f) { try { return "${f()}" } catch e { return "${type(e)} ${e.message}" } }
for p in ["there", "missing"] {
    print([() => d.read_text(p), () => d.open(p), () => d.stat(p), () => d.exists(p), () => d.list(), () => d.glob(p), () => d.create(p), () => d.remove(p), () => d.write_text(p, "x"), () => d.watch()].map(tell).map(s => s.split(" ")[0]))
}
X
ambit -y s.amb 2>&1; cat g/there
cd /; chmod -R u+rwx $d; rm -rf $d
