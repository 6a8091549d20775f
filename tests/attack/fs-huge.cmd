# a file larger than memory is refused or streamed, never a crash
d=$(mktemp -d); mkdir $d/w $d/out; cd $d/w; echo SECRET >$d/out/secret
mkdir g; truncate -s 100G g/big
cat >s.amb <<'X'
use fs.dir("g") for full as d
fn kind(f) { try { f(); return "done" } catch e: IOError { return e.kind } catch e { return type(e) } }
print(kind(() => d.read_text("big")), kind(() => d.read_bytes("big")))
let f = d.edit("big")
print(f.stat().size, f.read(100).len, f.read_at(99_999_999_999, 10).len, kind(() => f.read_at(0, 2_000_000_000)), kind(() => f.seek(9_223_372_036_854_775_807, from: "end")))
print(kind(() => f.seek(9_223_372_036_854_775_807)), kind(() => f.write("x")), kind(() => f.read(10)))
X
ambit -y s.amb 2>&1
cd /; chmod -R u+rwx $d; rm -rf $d
