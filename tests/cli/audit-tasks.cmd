# spec: audit.line
pty=$(dirname "$(command -v ambit)")/tests/pty; d=$(mktemp -d); export XDG_CONFIG_HOME=$d/cfg; mkdir -p $d/w/out $d/cfg; cd $d/w
cat >s.amb <<'X'
use timer
use net.tcp("127.0.0.1:80") for listen, connect as tcp
let l = tcp.listen("127.0.0.1:80")
let t = spawn {
    let c = l.accept()
    c.write("hello\n")
    timer.sleep(5)
    c.close()
}
let c = tcp.connect("127.0.0.1:80")
print(c.read_line())
try { within(0.05) { l.accept() } } catch e { print(type(e)) }
t.wait()
spawn { l.accept() }
sleep(0.01)
exit(0)
X
ambit -y --virtual-time --provider net=memory --audit log s.amb; sed -nE 's/.*"task": ([0-9]+).*"line": ([0-9]+),.*"operation": "([a-z_]+)".*"verdict": "([a-z]+)"(, "kind": "[a-z]+")?.*/\1 \2 \3 \4\5/p' log | sort
cd /; rm -rf $d
