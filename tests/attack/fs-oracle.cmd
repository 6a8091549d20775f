# what exists outside and what does not look the same, in every error and at every operation
d=$(mktemp -d); mkdir $d/w $d/out; cd $d/w; echo SECRET >$d/out/secret
mkdir g; ln -s ../../out g/l; ln -s ../../out/secret g/there; ln -s ../../out/none g/missing
cat >s.amb <<'X'
use fs.dir("g") for full as d
fn tell(f) { try { f(); return "done" } catch e: IOError { return "${type(e)} ${e.kind} ${e.code}" } catch e { return "${type(e)} ${e.message.split("(")[0]}" } }
fn all(p) => [() => d.read_text(p), () => d.open(p), () => d.edit(p), () => d.append(p), () => d.create(p), () => d.stat(p), () => d.exists(p), () => d.list(p), () => d.sub(p), () => d.watch(p), () => d.copy(p, "n"), () => d.copy(p, "n", tree: true)].map(tell)
fn names(p) => [() => d.write_text(p, "x"), () => d.remove(p), () => d.rename(p, "n"), () => d.replace(p, "n"), () => d.mkdir(p)].map(tell)
for (a, b) in [("../../out/secret", "../../out/none"), ("l/secret", "l/none"), ("there", "missing"), ("/etc/passwd", "/etc/none at all"), ("../g/there", "../g/none")] {
    print(all(a) == all(b), (a == "there") or names(a) == names(b), d.exists(a), d.exists(b))
}
X
ambit -y s.amb 2>&1; ls $d/out
cd /; chmod -R u+rwx $d; rm -rf $d
