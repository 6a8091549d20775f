# a zero byte does not cut a path short
d=$(mktemp -d); mkdir $d/w $d/out; cd $d/w; echo SECRET >$d/out/secret
mkdir g; echo x >g/f
cat >s.amb <<'X'
use fs.dir("g") for full as d
for f in [() => d.read_text("f\0.txt"), () => d.write_text("f\0", "y"), () => d.remove("f\0"), () => d.rename("f\0", "n"), () => d.rename("f", "n\0"), () => d.create("g\0h"), () => d.sub("\0"), () => d.list("\0"), () => d.glob("f\0")] {
    try { f(); print("done") } catch e: IOError { print(e.kind) }
}
print(d.exists("f\0"), d.list().map(e => e.name))
X
ambit -y s.amb 2>&1; cat g/f
cd /; chmod -R u+rwx $d; rm -rf $d
