# a directory that becomes a link outside and back: nothing is read or made there
d=$(mktemp -d); mkdir $d/w $d/out; cd $d/w; echo SECRET >$d/out/secret
swap=$(dirname "$(command -v ambit)")/tests/swap
mkdir -p g/a; echo inside >g/a/secret; ln -s $d/out g/b
cat >s.amb <<'X'
use fs.dir("g") for full as d
use clock
let end = clock.monotonic() + 0.7
var n = 0
var made = 0
while clock.monotonic() < end {
    try { if d.read_text("a/secret") != "inside\n" { print("reached") }; n += 1 } catch e: CapabilityError { }
    try { d.create("a/new-${n}-${made}"); made += 1 } catch e: CapabilityError { } catch e: IOError { if e.kind != "exists" { print(e) } }
    try { d.write_text("a/w", "x") } catch e: CapabilityError { }
    try { d.mkdir("a/d/e", parents: true) } catch e: CapabilityError { } catch e: IOError { }
    try { d.rename("a/w", "a/v") } catch e: CapabilityError { } catch e: IOError { }
    try { d.remove("a/v") } catch e: CapabilityError { } catch e: IOError { }
    for e in d.walk() { if e.path == "b/secret" and e.size != 7 { print("walked there") } }
    try { if d.list("a").len == 0 { print("odd") } } catch e: CapabilityError { }
}
print(n > 0, made > 0)
X
$swap 15 g/a g/b ambit -y s.amb 2>&1; ls $d/out
cd /; chmod -R u+rwx $d; rm -rf $d
