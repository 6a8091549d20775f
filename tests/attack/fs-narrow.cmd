# a narrowed directory does not widen by its path, nor by links in it
d=$(mktemp -d); mkdir $d/w $d/out; cd $d/w; echo SECRET >$d/out/secret
mkdir -p g/sub g/other; echo no >g/other/secret; ln -s ../other g/sub/l
cat >s.amb <<'X'
import cap
use fs.dir("g") for full as d
for p in ["..", "../other", "/", "sub/../..", "sub/l/../.."] { try { cap.narrow(d, p); print("widened", p) } catch e: CapabilityError { print("-") } catch e: IOError { print(e.kind) } }
let sub = cap.narrow(d, "sub")
for p in ["..", "../other", "l", "l/secret", "../sub", "l/.."] { try { sub.sub(p); print("widened", p) } catch e: CapabilityError { print("-") } catch e: IOError { print(e.kind) } }
print(cap.narrow(cap.narrow(d, "sub/../other"), ".").read_text("secret").trim())
X
ambit -y s.amb 2>&1
cd /; chmod -R u+rwx $d; rm -rf $d
