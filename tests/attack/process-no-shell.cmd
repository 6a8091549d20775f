# arguments are words: no shell sees them
d=$(mktemp -d); mkdir $d/w $d/out; cd $d/w; echo SECRET >$d/out/secret
cat >s.amb <<'X'
use process.run("echo", "ls") as t
print(t.output(["echo", "; touch planted", "\$(touch planted)", "`touch planted`", "a\nb", "*", "", "--"]))
print(t.run(["ls", "; echo x"], stdin: "x").status != 0)
X
ambit -y s.amb 2>&1; ls
cd /; chmod -R u+rwx $d; rm -rf $d
