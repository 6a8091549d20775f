# a file that becomes a link outside and back, again and again: never the other content
d=$(mktemp -d); mkdir $d/w $d/out; cd $d/w; echo SECRET >$d/out/secret
swap=$(dirname "$(command -v ambit)")/tests/swap
mkdir g; echo inside >g/f; ln -s $d/out/secret g/l
cat >s.amb <<'X'
use fs.dir("g") for full as d
use clock
let end = clock.monotonic() + 0.7
var read = 0
var refused = 0
while clock.monotonic() < end {
    for f in [() => d.read_text("f"), () => d.open("f").read_text(), fn() { let n = "c"; d.copy("f", n); let s = d.read_text(n); d.remove(n); return s }] {
        try { let s = f(); if s != "inside\n" { print("reached", s) }; read += 1 } catch e: CapabilityError { refused += 1 } catch e: IOError { if e.kind != "busy" { print(e) } }
    }
}
print(read > 0, refused > 0)
X
$swap 15 g/f g/l ambit -y s.amb 2>&1
cd /; chmod -R u+rwx $d; rm -rf $d
