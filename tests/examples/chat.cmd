d=$(mktemp -d); ambit -y examples/chat.amb -a 127.0.0.1:0 --count 4 >$d/log & cat >$d/talk.amb <<'END'
use fs.dir(".") as d
use net.tcp("127.0.0.1:*") as tcp
use timer
while not (d.exists("log") and d.read_text("log").contains("\n")) { timer.sleep(0.01) }
let at = d.read_text("log").after("at ").trim()
fn join(name) {
    let c = tcp.connect(at)
    c.read_line()
    c.write(name + "\n")
    return c
}
let ann = join("Ann")
print("Ann:", ann.read_line())
let bob = join("Bob")
print("Bob:", bob.read_line())
print("Ann:", ann.read_line())
bob.write("hello\n")
print("Ann:", ann.read_line())
ann.write("hi there\n/who\n")
print("Ann:", ann.read_line())
print("Bob:", bob.read_line())
print("second Ann:", join("Ann").read_line())
# One who leaves without a word.
let eve = join("Eve")
print("Eve:", eve.read_line())
print("Ann:", ann.read_line())
print("Bob:", bob.read_line())
eve.close()
print("Ann:", ann.read_line())
print("Bob:", bob.read_line())
bob.write("/quit\n")
print("Ann:", ann.read_line())
print("Bob:", bob.read_line())
END
cd $d; ambit -y talk.amb; wait; cd /; rm -rf $d
