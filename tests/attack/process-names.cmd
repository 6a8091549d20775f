# only the very names that were granted start something
d=$(mktemp -d); mkdir $d/w $d/out; cd $d/w; echo SECRET >$d/out/secret
cp /bin/echo ./echo2
cat >s.amb <<'X'
use process.run("echo") as t
for name in ["/bin/echo", "./echo2", "echo ", "ECHO", "", "../bin/echo", "echo\0", "sh", "/proc/self/exe"] {
    try { t.run([name, "x"]); print("ran", name) } catch e { print(type(e)) }
}
for words in [[], ["echo\0x"], [nil], [["echo"]], [1]] { try { t.run(words); print("ran") } catch e { print(type(e)) } }
X
ambit -y s.amb 2>&1
cd /; chmod -R u+rwx $d; rm -rf $d
