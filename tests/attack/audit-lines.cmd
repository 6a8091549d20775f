# a script cannot forge or split lines of its audit
pty=$(dirname "$(command -v ambit)")/tests/pty; d=$(mktemp -d); export XDG_CONFIG_HOME=$d/cfg; mkdir -p $d/w/out $d/cfg; cd $d/w
cat >s.amb <<'X'
use fs.dir("./out") as d
let evil = "x\", \"verdict\": \"allowed\"}\n{\"time\": \"1\u{7f}\u{0}"
try { d.read_text(evil) } catch e { }
try { d.read_text(evil * 100) } catch e { }
X
ambit --audit log s.amb; wc -l <log; grep -c '^{"time": "2.*}$' log; grep -c '[^\\]"verdict": "allowed"' log; grep -c '[^\\]"verdict": "failed"' log; awk 'length > 600' log; tr -d '\n -~' <log | wc -c
cd /; rm -rf $d
