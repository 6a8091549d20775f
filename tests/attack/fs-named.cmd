# only the very words of the command line are named: no other spelling of them
d=$(mktemp -d); mkdir $d/w $d/out; cd $d/w; echo SECRET >$d/out/secret
echo in >in; mkdir sub; ln -s $d/out/secret link
cat >s.amb <<'X'
use fs.named for read, create as named
print(named.open("in").read_text().trim())
for p in ["./in", "in/", "sub/../in", ".//in", "in\0", "IN", "in ", "", "s.amb", "sub/x", "sub", "--file", "new"] {
    try { named.open(p); print("opened", p) } catch e: CapabilityError { print("-") } catch e: IOError { print(e.kind) }
}
try { named.create("in"); print("replaced") } catch e: IOError { print(e.kind) }
named.create("new").write("x")
X
ambit s.amb in --file=new sub 2>&1; cat in new
cd /; chmod -R u+rwx $d; rm -rf $d
