# no signal goes to a process that is not our child any more
d=$(mktemp -d); mkdir $d/w $d/out; cd $d/w; echo SECRET >$d/out/secret
cat >s.amb <<'X'
use process.run("true", "sh") as t
let child = t.start(["true"])
child.wait()
print([child.kill("KILL"), child.kill(), child.kill("CONT")])
let quick = t.start(["sh", "-c", "exit 0"])
sleep(0.1)
print(quick.kill("KILL"), quick.wait())
X
ambit -y s.amb 2>&1
cd /; chmod -R u+rwx $d; rm -rf $d
