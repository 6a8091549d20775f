# copying a tree while a directory in it becomes a link outside: the copy has nothing from there
d=$(mktemp -d); mkdir $d/w $d/out; cd $d/w; echo SECRET >$d/out/secret
swap=$(dirname "$(command -v ambit)")/tests/swap
mkdir -p g/t/a; echo inside >g/t/a/secret; ln -s $d/out g/b
cat >s.amb <<'X'
use fs.dir("g") for full as d
use clock
let end = clock.monotonic() + 0.7
var n = 0
while clock.monotonic() < end {
    try { d.copy("t", "c", tree: true); n += 1 } catch e: IOError { if e.kind != "not_dir" and e.kind != "loop" and e.kind != "not_found" { print(e) } }
    for e in d.walk("c") { if e.kind == "file" and d.read_text(e.path) != "inside\n" { print("reached") } }
    d.remove("c", tree: true)
}
print(n > 0)
X
$swap 15 g/t/a g/b ambit -y s.amb 2>&1; ls $d/out
cd /; chmod -R u+rwx $d; rm -rf $d
