# walking, listing and matching follow no link: loops end, nothing shows twice
d=$(mktemp -d); mkdir $d/w $d/out; cd $d/w; echo SECRET >$d/out/secret
mkdir -p g/a/b; ln -s .. g/a/up; ln -s . g/self; ln -s ../.. g/a/b/top; ln -s loop g/loop
cat >s.amb <<'X'
use fs.dir("g") as d
print([...d.walk()].map(e => "${e.path}:${e.kind}"))
print(d.glob("**").len, d.glob("*/*/*").map(e => e.path), d.glob("self/*").len)
try { d.read_text("loop") } catch e: IOError { print(e.kind) }
X
ambit -y s.amb 2>&1
cd /; chmod -R u+rwx $d; rm -rf $d
