# a program that leaves somebody behind with its output does not hold us
d=$(mktemp -d); mkdir $d/w $d/out; cd $d/w; echo SECRET >$d/out/secret
cat >s.amb <<'X'
use process.run("sh") as t
use clock
let from = clock.monotonic()
print(t.output(["sh", "-c", "sleep 20 & echo here"], env: {"PATH": "/usr/bin:/bin"}).trim(), clock.monotonic() - from < 10.0)
X
ambit -y s.amb 2>&1
cd /; chmod -R u+rwx $d; rm -rf $d
