d=$(mktemp -d); mkdir $d/www; cp -r examples/data/. $d/www; echo '<p>home' >$d/www/tree/index.html; echo secret >$d/secret; ln -s ../secret $d/www/link
ambit -y examples/static-server.amb $d/www -a 127.0.0.1:0 --count 3 >$d/log & cat >$d/get.amb <<'END'
use fs.dir(".") as d
use net.tcp("127.0.0.1:*") as tcp
use timer
while not (d.exists("log") and d.read_text("log").contains("\n")) { timer.sleep(0.01) }
let at = d.read_text("log").after("//").before("/")
fn get(c, target, method = "GET", short = false) {
    c.write("${method} ${target} HTTP/1.1\r\nHost: x\r\n\r\n")
    let status = c.read_line()
    var size = 0
    while true {
        let h = c.read_line()
        if h == nil or h.empty { break }
        if h.starts_with("Content-Length: ") { size = h.after(": ").to_int() }
    }
    let body = if method == "HEAD" or status == nil { "" } else { c.read_exact(size).to_string() }
    print(if short { target[..5] } else { target }, status, size, body.trim().split("\n").first())
}
# One connection for many requests.
let c = tcp.connect(at)
get(c, "/")
get(c, "/server.conf")
get(c, "/server.conf", "HEAD")
get(c, "/tree")
get(c, "/tree/")
get(c, "/no%20such")
get(c, "/../secret")
get(c, "/%2e%2e/secret")
get(c, "/link")
get(c, "/server.conf", "DELETE")
c.close()
# What is no request is answered once.
let bad = tcp.connect(at)
get(bad, "/%zz")
print(bad.read())
let long = tcp.connect(at)
get(long, "/" + "x" * 8300, short: true)
END
cd $d; ambit -y get.amb; wait; cd /; rm -rf $d
