# removing a tree while a directory in it becomes a link outside: what the link leads to stays
d=$(mktemp -d); mkdir $d/w $d/out; cd $d/w; echo SECRET >$d/out/secret
swap=$(dirname "$(command -v ambit)")/tests/swap
mkdir -p g $d/out/keep/deep; echo x >$d/out/keep/deep/file; ln -s $d/out/keep $d/l; mkdir $d/real
cat >s.amb <<'X'
use fs.dir("g") for full as d
use clock
let end = clock.monotonic() + 0.7
var n = 0
while clock.monotonic() < end {
    d.mkdir("t/a/b", parents: true)
    d.write_text("t/a/b/file", "x")
    try { d.remove("t", tree: true); n += 1 } catch e: IOError { if e.kind != "not_empty" and e.kind != "not_dir" and e.kind != "loop" { print(e) } }
    try { d.remove("p", tree: true) } catch e: IOError { if e.kind != "not_dir" and e.kind != "loop" and e.kind != "not_empty" and e.kind != "not_found" { print(e) } }
}
print(n > 0)
X
mkdir g/p; ln -s $d/out/keep g/q
(while [ -d $d/w ]; do mkdir -p g/p/sub 2>/dev/null; ln -sT $d/out/keep g/p/link 2>/dev/null; [ -e $d/stop ] && break; done) & maker=$!
$swap 15 $d/l $d/real ambit -y s.amb 2>&1; touch $d/stop; wait $maker; find $d/out | sort | sed "s|$d||"
cd /; chmod -R u+rwx $d; rm -rf $d
