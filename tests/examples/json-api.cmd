d=$(mktemp -d); ambit -y examples/json-api.amb -a 127.0.0.1:0 --count 2 >$d/log & cat >$d/call.amb <<'END'
use fs.dir(".") as d
use net.tcp("127.0.0.1:*") as tcp
use timer
while not (d.exists("log") and d.read_text("log").contains("\n")) { timer.sleep(0.01) }
let at = d.read_text("log").after("//").before("/")
fn call(c, method, target, body = "", chunked = false) {
    if chunked {
        c.write("${method} ${target} HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")
        for part in body.split(" ") { c.write("${part.byte_len.to_string(16)}\r\n${part}\r\n") }
        c.write("0\r\n\r\n")
    } else {
        c.write("${method} ${target} HTTP/1.1\r\nContent-Length: ${body.byte_len}\r\n\r\n${body}")
    }
    let status = c.read_line().split(" ")[1]
    var size = 0
    while true {
        let h = c.read_line()
        if h.empty { break }
        if h.starts_with("Content-Length: ") { size = h.after(": ").to_int() }
    }
    print(method, target, status, c.read_exact(size).to_string().trim())
}
let c = tcp.connect(at)
call(c, "GET", "/notes")
call(c, "POST", "/notes", "{\"text\": \"a \\\"first\\\" note \\u00e9\\n\"}")
call(c, "POST", "/notes", "{\"text\": \"second\"}", chunked: true)
call(c, "GET", "/notes")
call(c, "PUT", "/notes/2", "{\"text\": \"\u{1F600}\", \"more\": [1, 2.5, true, null, {}]}")
call(c, "GET", "/notes/2")
call(c, "DELETE", "/notes/1")
call(c, "GET", "/notes/1")
call(c, "POST", "/notes", "{\"text\": 1}")
call(c, "POST", "/notes", "{\"text\": \"open")
call(c, "POST", "/notes", "[" * 1000)
call(c, "PATCH", "/notes")
call(c, "GET", "/other")
c.close()
let big = tcp.connect(at)
big.write("POST /notes HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n")
print(big.read_line())
END
cd $d; ambit -y call.amb; wait; cd /; rm -rf $d
