# a write that fails leaves the old content and no traces
d=$(mktemp -d); mkdir $d/w $d/out; cd $d/w; echo SECRET >$d/out/secret
mkdir g; echo old >g/f
cat >s.amb <<'X'
use fs.dir("g") for full as d
try { d.write_text("f", "x".repeat(100_000)); print("written") } catch e: IOError { print(e.kind) }
try { d.copy("big", "c"); print("copied") } catch e: IOError { print(e.kind) }
print(d.list().map(e => e.name), d.read_text("f").trim())
X
truncate -s 100k g/big; (ulimit -f 8; trap '' XFSZ; ambit -y s.amb 2>&1)
cd /; chmod -R u+rwx $d; rm -rf $d
