# PATH counts when it is granted; relative folders and the current one do not
d=$(mktemp -d); mkdir $d/w $d/out; cd $d/w; echo SECRET >$d/out/secret
mkdir bin; for f in bin/tool tool; do printf '#!/bin/sh\necho planted\n' >$f; chmod +x $f; done; mkdir $d/good; printf '#!/bin/sh\necho good\n' >$d/good/tool; chmod +x $d/good/tool
cat >s.amb <<'X'
use process.run("tool") as t
print(t.output(["tool"], env: {"PATH": "bin:."}).trim())
X
PATH=".:bin::$PATH:$d/good" ambit -y s.amb 2>&1; PATH="$PATH:.:bin:" ambit -y s.amb 2>&1 | sed 's/.*run: //'
cd /; chmod -R u+rwx $d; rm -rf $d
