# a link to a file outside cannot be read, written, opened, copied or asked about
d=$(mktemp -d); mkdir $d/w $d/out; cd $d/w; echo SECRET >$d/out/secret
mkdir g; ln -s ../../out/secret g/rel; ln -s $d/out/secret g/abs; ln -s rel g/chain; ln -s ../../out/new g/dangling; ln -s loop g/loop
cat >s.amb <<'X'
use fs.dir("g") for full as d
for p in ["rel", "abs", "chain", "dangling", "loop"] {
    var got = []
    for f in [() => d.read_text(p), () => d.read_bytes(p), () => d.open(p), () => d.edit(p), () => d.append(p), () => d.create(p), () => d.copy(p, "n"), () => d.stat(p), () => d.sub(p)] {
        try { f(); got.push("done") } catch e: CapabilityError { got.push("-") } catch e: IOError { got.push(e.kind) }
    }
    print(p, d.exists(p), got)
}
d.write_text("rel", "replaces the link")
print(d.list().map(e => "${e.name} ${e.kind}"))
X
ambit -y s.amb 2>&1; cat $d/out/secret; ls $d/out; cat g/rel
cd /; chmod -R u+rwx $d; rm -rf $d
