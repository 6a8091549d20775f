# programs end with the script, whatever they ignore and however it ends
d=$(mktemp -d); mkdir $d/w $d/out; cd $d/w; echo SECRET >$d/out/secret
cat >s.amb <<'X'
use process.run("sh") as t
let child = t.start(["sh", "-c", "trap '' TERM HUP INT; echo \$\$; sleep 30"], env: {"PATH": "/usr/bin:/bin"})
print(child.stdout().read_line())
if args.len > 0 { exit(3) }
throw ValueError("end")
X
for a in "" x; do p=$(ambit -y s.amb $a 2>/dev/null); sleep 0.05; case $p in [0-9]*) ;; *) echo "no number" ;; esac; kill -0 $p 2>/dev/null && ! grep -q '^State:.Z' /proc/$p/status && echo "still there" || echo gone; done
cd /; chmod -R u+rwx $d; rm -rf $d
