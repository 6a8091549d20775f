# making missing parents does not climb out and does not follow links
d=$(mktemp -d); mkdir $d/w $d/out; cd $d/w; echo SECRET >$d/out/secret
mkdir g; ln -s ../../out g/l
cat >s.amb <<'X'
use fs.dir("g") for create, read as d
for p in ["../a/b", "x/../../a/b", "x/../../../out/a", "l/a/b", "/a/b", "./../a", "x/../l/a"] {
    try { d.mkdir(p, parents: true); print("made", p) } catch e: CapabilityError { print("-") } catch e: IOError { print(e.kind) }
}
print([...d.walk()].map(e => e.path))
X
ambit -y s.amb 2>&1; find $d -mindepth 1 | sort | sed "s|$d||"
cd /; chmod -R u+rwx $d; rm -rf $d
