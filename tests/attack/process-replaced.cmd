# a program that is replaced after the grant: what was granted still runs
d=$(mktemp -d); mkdir $d/w $d/out; cd $d/w; echo SECRET >$d/out/secret
mkdir bin; printf '#!/bin/sh\necho granted\n' >bin/tool; chmod +x bin/tool; cp /bin/echo bin/prog
cat >s.amb <<'X'
use process.run("./bin/tool", "./bin/prog") as t
use fs.dir("bin") for full as bin
print(t.output(["./bin/tool"]).trim(), t.output(["./bin/prog", "granted"]).trim())
bin.write_text("new", "#!/bin/sh\necho planted\n")
bin.replace("new", "tool")
bin.remove("prog")
bin.copy("tool", "prog")
print(t.output(["./bin/tool"]).trim(), t.output(["./bin/prog", "granted"]).trim())
X
ambit -y s.amb 2>&1
cd /; chmod -R u+rwx $d; rm -rf $d
