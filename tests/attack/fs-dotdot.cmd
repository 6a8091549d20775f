# `..` in every form stays beneath the directory, for every operation
d=$(mktemp -d); mkdir $d/w $d/out; cd $d/w; echo SECRET >$d/out/secret
mkdir -p g/a; echo in >g/a/in
cat >s.amb <<'X'
use fs.dir("g") for full as d
fn refused(f) { try { f(); return false } catch e: CapabilityError { return true } catch e: IOError { return e.kind == "not_found" or e.kind == "not_dir" or e.kind == "invalid" } }
let forms = ["../secret", "../../out/secret", "a/../../secret", "./../secret", "a/./../../secret", "..//secret",
    "a/..//../secret", "../g/../../out/secret", "a/in/../../../secret", "..", "../", "a/../..", "../.", "a/../../g/a/in"]
for p in forms {
    let all = [() => d.read_text(p), () => d.read_bytes(p), () => d.open(p), () => d.create(p), () => d.append(p), () => d.edit(p),
        () => d.write_text(p, "x"), () => d.write_bytes(p, b"x"), () => d.mkdir(p), () => d.remove(p), () => d.remove(p, tree: true),
        () => d.rename(p, "n"), () => d.rename("a/in", p), () => d.replace("a/in", p), () => d.replace(p, "n"), () => d.copy(p, "n"),
        () => d.copy("a/in", p), () => d.copy("a", p, tree: true), () => d.copy_to(d, p, "n"), () => d.stat(p), () => d.list(p),
        () => d.sub(p), () => d.walk(p), () => d.watch(p)]
    for (i, f) in all.enumerate() { if not refused(f) { print("reached", p, i) } }
    if d.exists(p) { print("seen", p) }
}
print(d.glob("../*").len, d.glob("**/../*").len, d.glob("..").len, d.read_text("a/in").trim())
X
ambit -y s.amb 2>&1; cd $d; find . | sort
cd /; chmod -R u+rwx $d; rm -rf $d
