# what the gate refuses is in the audit, with the reason
pty=$(dirname "$(command -v ambit)")/tests/pty; d=$(mktemp -d); export XDG_CONFIG_HOME=$d/cfg; mkdir -p $d/w/out $d/cfg; cd $d/w
echo text >out/x; cat >s.amb <<'X'
import cap
use fs.dir("./out") as d
class Sneaky() { fn str() { d.list(); return "s" } }
let (view, revoke) = cap.revocable(d)
let few = cap.limit(d, calls: 0)
revoke()
d.list()
let (lines_of, end) = cap.revocable(d)
let lines = lines_of.open("x").lines()
end()
try { for l in lines { } } catch e { }
for f in [() => d.write_text("a", "b"), () => view.list(), () => few.list(), () => "${Sneaky()}", () => d.read_text("../x")] {
    try { f(); print("worked") } catch e { }
}
X
ambit --audit log s.amb; sed -n 's/.*"operation": "\([a-z_]*\)".*"verdict": "refused", "why": "\([^"]*\)".*/\1: \2/p' log
cd /; rm -rf $d
