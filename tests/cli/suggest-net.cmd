# spec: grant.suggest
d=$(mktemp -d); cd $d; cat >s.amb <<'X'
use net.tcp("127.0.0.1:*", "*:443") for listen, connect as tcp
use net.dns("*") as dns
let l = tcp.listen("127.0.0.1:80")
let c = tcp.connect("127.0.0.1:80")
try { tcp.connect("EXAMPLE.org:443") } catch e { }
try { tcp.connect("example.org:444") } catch e { }
print("ran")
X
ambit -y --provider net=memory --suggest s.amb 2>&1; cat >t.amb <<'X'
use net.tcp("127.0.0.1:*") for listen, connect as tcp
let l = tcp.listen("127.0.0.1:0")
X
ambit -y --suggest t.amb 2>&1; cat >u.amb <<'X'
use net.tcp("127.0.0.1:*", "[::1]:*") for listen, connect as tcp
try { tcp.connect("127.0.0.1:1") } catch e { print(e.kind) }
X
ambit -y --suggest u.amb 2>&1
cd /; rm -r $d
