# spec: grant.suggest
pty=$(dirname "$(command -v ambit)")/tests/pty; d=$(mktemp -d); export XDG_CONFIG_HOME=$d/cfg; mkdir -p $d/w/out $d/cfg; cd $d/w
mkdir -p data/in/a; echo hi >data/in/a/f; echo hi >data/in/g; cat >s.amb <<'X'
import cap
use fs.dir("data") for full as data
use fs.dir("./out") for full as out
use fs.dir(args[0]) for full as more
use clock
use fs.temp() as t
for e in data.list("in") { if e.kind == "file" { data.read_text("in/${e.name}") } }
data.sub("in").read_text("a/f")
let f = out.create("new")
f.write("text")
out.append("log").write("more")
try { cap.only(more, "read").write_text("x", "y") } catch e { }
try { more.read_text("../x") } catch e { }
X
mkdir m; ambit -y --suggest s.amb m 2>&1; echo $?; rm out/*; ambit --allow 'fs.dir(./out):create,append' -e "$(sed 's/full as data/read as data/; s/full as out/create, append as out/; s/full as more/read as more/' s.amb)" m; echo $?; ambit --suggest -e 'print(1)' 2>&1; ambit --suggest 2>&1 | head -n 1
cd /; rm -rf $d
