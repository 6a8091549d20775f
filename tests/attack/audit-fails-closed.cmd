# a program whose audit cannot be written does not go on
# spec: audit.closed
pty=$(dirname "$(command -v ambit)")/tests/pty; d=$(mktemp -d); export XDG_CONFIG_HOME=$d/cfg; mkdir -p $d/w/out $d/cfg; cd $d/w
ambit --audit /dev/full -e 'use clock; print("ran")' 2>&1; echo $?; ambit --audit none/log -e 'print("ran")' 2>&1 | cut -d: -f1,3; cat >s.amb <<'X'
use fs.dir("./out") for write as d
var i = 0
while i < 5000 { try { d.write_text("x", "${i}") } catch e { }; i += 1 }
print("end")
X
ulimit -f 8; trap '' XFSZ; ambit -y --audit log s.amb 2>&1 | tail -n 1
cd /; rm -rf $d
