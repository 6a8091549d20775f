# a program has no terminal of ours to type at or to ask the user on
d=$(mktemp -d); mkdir $d/w $d/out; cd $d/w; echo SECRET >$d/out/secret
pty=$(dirname "$(command -v ambit)")/tests/pty
cat >s.amb <<'X'
use process.run("sh") as t
print(t.output(["sh", "-c", "(echo planted >/dev/tty) 2>/dev/null || echo none"]).trim())
print(t.output(["sh", "-c", "test -t 0 || test -t 1 || test -t 2 || echo none"]).trim())
X
$pty ambit -y s.amb 2>&1
cd /; chmod -R u+rwx $d; rm -rf $d
