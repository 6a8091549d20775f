d=$(mktemp -d); cat >$d/open.amb <<'END'
use net.tcp("127.0.0.1:*") for listen as tcp
use fs.dir(".") for full as d
use timer
let base = 21000 + d.read_text("n").trim().to_int() % 8000
let doors = []
for p in [base + 3, base + 17] { doors.push(tcp.listen("127.0.0.1:${p}")) }
d.write_text("base", "${base}")
while not d.exists("stop") { timer.sleep(0.02) }
END
here=$PWD; cd $d; echo $$ >n; ambit -y open.amb & while [ ! -f $d/base ]; do sleep 0.05; done; base=$(cat $d/base)
ambit -y $here/examples/portscan.amb 127.0.0.1 -p $base-$((base + 20)) | sed "s/$((base + 3))/third/; s/$((base + 17))/seventeenth/"
ambit --allow "net.tcp(127.0.0.1:$base):connect" $here/examples/portscan.amb 127.0.0.1 -p $base-$((base + 20)) 2>/dev/null; echo $?
touch stop; wait; cd /; rm -rf $d
