# output without end is bounded and the program that sends it killed
d=$(mktemp -d); mkdir $d/w $d/out; cd $d/w; echo SECRET >$d/out/secret
cat >s.amb <<'X'
use process.run("sh") as t
for flood in ["while :; do echo x; done", "while :; do echo x >&2; done"] {
    try { t.run(["sh", "-c", flood], max: 100_000); print("ended") } catch e { print(type(e)) }
}
print(t.run(["sh", "-c", "echo ok"]).stdout.trim())
X
timeout 20 ambit -y s.amb 2>&1
cd /; chmod -R u+rwx $d; rm -rf $d
