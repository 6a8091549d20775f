# a link to a directory outside is no way there, also in the middle of a path and with a slash
d=$(mktemp -d); mkdir $d/w $d/out; cd $d/w; echo SECRET >$d/out/secret
mkdir -p g/in; ln -s $d/out g/abs; ln -s ../../out g/rel; ln -s ../../../out g/in/deep; ln -s / g/root; ln -s .. g/up
cat >s.amb <<'X'
use fs.dir("g") for full as d
for p in ["abs", "rel", "in/deep", "abs/", "rel/.", "in/../rel", "root" + args[0], "up/../out", "abs/../out"] {
    let q = "${p}/secret"
    for f in [() => d.read_text(q), () => d.list(p), () => d.sub(p), () => d.walk(p), () => d.watch(p), () => d.write_text("${p}/new", "x"), () => d.create("${p}/new"),
        () => d.mkdir("${p}/new"), () => d.mkdir("${p}/a/b", parents: true), () => d.remove(q), () => d.rename(q, "n"), () => d.copy(q, "n"), () => d.rename("in", "${p}/new")] {
        try { f(); print("reached", p) } catch e: CapabilityError { } catch e: IOError { }
    }
    if d.exists(q) or d.exists("${p}/.") { print("seen", p) }
}
print(d.glob("*/secret").len, d.glob("**/secret").len, [...d.walk()].map(e => e.path))
X
ambit -y s.amb $d/out 2>&1; ls $d/out
cd /; chmod -R u+rwx $d; rm -rf $d
