# watching follows no link and no renamed directory out of the grant
d=$(mktemp -d); mkdir $d/w $d/out; cd $d/w; echo SECRET >$d/out/secret
mkdir -p g/a; ln -s $d/out g/l
cat >s.amb <<'X'
use fs.dir("g") for full as d
use process.run("sh") as tool
for p in ["l", "l/", "..", "a/../.."] { try { d.watch(p); print("watched", p) } catch e: CapabilityError { print("-") } }
let w = d.watch(tree: true)
tool.output(["sh", "-c", "echo x >${args[0]}/out/first; mv g/a ${args[0]}/out/a"])
d.write_text("mark", "1")
for c in w { print(c.kind, c.path); if c.path == "mark" { break } }
tool.output(["sh", "-c", "echo x >${args[0]}/out/a/second; ln -s ${args[0]}/out g/m"])
d.write_text("mark2", "1")
let w2 = d.watch(tree: true)
tool.output(["sh", "-c", "echo x >${args[0]}/out/third; echo y >${args[0]}/out/a/second"])
d.write_text("end", "1")
for c in w2 { print(c.kind, c.path); if c.path == "end" { break } }
X
timeout 10 ambit -y s.amb $d 2>&1
cd /; chmod -R u+rwx $d; rm -rf $d
