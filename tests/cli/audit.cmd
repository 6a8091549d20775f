# spec: audit.line, audit.closed, audit.reach
pty=$(dirname "$(command -v ambit)")/tests/pty; d=$(mktemp -d); export XDG_CONFIG_HOME=$d/cfg; mkdir -p $d/w/out $d/cfg; cd $d/w
cat >m.amb <<'X'
need d
pub fn read(p) {
    return d.read_text(p)
}
X
cat >s.amb <<'X'
use fs.dir("./out") for write, read as d
import "./m" as m with {d}
d.write_text("x", "0123456789")
m.read("x")
try { m.read("none") } catch e { }
try { m.read("../x") } catch e { }
try { d.remove("x") } catch e { }
let f = d.open("x")
f.read_text()
f.close()
try { f.read_text() } catch e { }
X
ambit -y --audit log s.amb; sed -E 's/"time": "[0-9-]+T[0-9:.]+Z"/"time": T/; s/"us": [0-9.]+/"us": N/' log; ambit -y --audit log -e 'use clock; clock.now()'; wc -l <log; stat -c %a log; ambit -y --audit none/log s.amb; echo $?; ambit -y --audit out/log s.amb; echo $?; ambit --audit log; ambit check --audit log s.amb
cd /; rm -rf $d
