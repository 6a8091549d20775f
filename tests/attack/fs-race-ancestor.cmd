# a directory on the way is moved out of the grant and back while `..` is followed
d=$(mktemp -d); mkdir $d/w $d/out; cd $d/w; echo SECRET >$d/out/secret
swap=$(dirname "$(command -v ambit)")/tests/swap
mkdir -p g/a/b $d/out/x/b; echo inside >g/a/file; echo SECRET >$d/out/file; echo SECRET >$d/out/x/file
cat >s.amb <<'X'
use fs.dir("g") for read, create as d
use clock
let end = clock.monotonic() + 0.7
var n = 0
while clock.monotonic() < end {
    for p in ["a/b/../file", "a/b/../../file", "a/b/../../../file", "a/b/../../../secret", "a/b/../../../out/secret"] {
        try { let s = d.read_text(p); if s.contains("SECRET") and p != "a/b/../file" { print("reached", p) }; n += 1 } catch e: CapabilityError { } catch e: IOError { if e.kind != "not_found" and e.kind != "busy" { print(e) } }
    }
}
print(n > 0)
X
$swap 15 g/a $d/out/x ambit -y s.amb 2>&1
cd /; chmod -R u+rwx $d; rm -rf $d
