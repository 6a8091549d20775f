# a program inherits its three streams and nothing else
d=$(mktemp -d); mkdir $d/w $d/out; cd $d/w; echo SECRET >$d/out/secret
cat >s.amb <<'X'
use process.run("ls", "sh") as t
use fs.dir(".") for full as d
let open = [d.open("s.amb"), d.create("new"), d.temp()]
let other = t.start(["sh", "-c", "read x"])
print(t.output(["ls", "/proc/self/fd"]).split("\n").filter(s => s != "").len)
print(t.output(["sh", "-c", "cat <&9 || echo none"], env: {"PATH": "/usr/bin:/bin"}).trim())
X
exec 9<$d/out/secret; ambit -y s.amb 2>&1
cd /; chmod -R u+rwx $d; rm -rf $d
