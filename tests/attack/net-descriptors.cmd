# connections that take every descriptor give the server an error it can handle, and do not stop it
d=$(mktemp -d); cd $d
cat >server.amb <<'END'
use net.tcp("127.0.0.1:*") for listen as tcp
use fs.dir(".") for full as d
use timer
let web = tcp.listen("127.0.0.1:0")
d.write_text("at.tmp", web.local())
d.rename("at.tmp", "at")
var held = []
var refused = 0
while refused < 3 {
    try { held.push(web.accept()) } catch e: IOError { print(e.kind); refused += 1 }
}
print(held.len > 10)
for c in held { c.close() }
let c = web.accept()
c.write("still here\n")
c.close()
END
cat >clients.amb <<'END'
use net.tcp("127.0.0.1:*") as tcp
use fs.dir(".") as d
use timer
while not d.exists("at") { timer.sleep(0.01) }
let at = d.read_text("at")
var open = []
for i in 0..80 { open.push(tcp.connect(at)) }
var greeted = 0
for c in open {
    try { if c.read_line() == "still here" { greeted += 1 } } catch e: IOError {}
    if greeted > 0 { break }
}
print("greeted: ${greeted}")
END
(ulimit -n 40; ambit -y server.amb >out) & ambit -y clients.amb; wait; cat out
cd /; rm -rf $d
