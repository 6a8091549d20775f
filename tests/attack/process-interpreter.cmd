# the interpreter of a script is the one of the grant, also behind `env`
d=$(mktemp -d); mkdir $d/w $d/out; cd $d/w; echo SECRET >$d/out/secret
mkdir bin i; ln -s /bin/sh i/interp; ln -s /bin/sh bin/envsh; printf "#!$d/w/i/interp -e\necho granted \$1\n" >t1; printf '#!/usr/bin/env envsh\necho granted $1\n' >t2; printf "#!$d/w/t1\n" >t3; chmod +x t1 t2 t3
printf '#!/bin/sh\necho planted\n' >bad; chmod +x bad
cat >s.amb <<'X'
use process.run("./t1", "./t2", "./t3") as t
use fs.dir(".") for full as d
d.remove("i/interp"); d.copy("bad", "i/interp"); d.remove("bin/envsh"); d.copy("bad", "bin/envsh")
print(t.output(["./t1", "a"]).trim(), t.output(["./t2", "b"]).trim(), t.output(["./t3"]).trim())
X
PATH="$d/w/bin:$PATH" ambit -y s.amb 2>&1
cd /; chmod -R u+rwx $d; rm -rf $d
