# the program that was shown is the one that runs, whatever stands earlier in PATH by then
pty=$(dirname "$(command -v ambit)")/tests/pty; d=$(mktemp -d); export XDG_CONFIG_HOME=$d/cfg; mkdir -p $d/w $d/one $d/two $d/three; cd $d/w
printf '#!/bin/sh\necho good\n' >$d/two/tool; printf '#!/bin/sh\necho evil\n' >$d/three/tool; chmod +x $d/two/tool $d/three/tool; mkdir $d/one/tool
printf 'use process.run("tool") as tool\nprint(tool.run(["tool"]).stdout)\n' >s.amb; PATH=.:$d/one:$d/two:$PATH; cp $d/three/tool .
$pty -x "rmdir $d/one/tool; cp $d/three/tool $d/one/tool; mv $d/two/tool $d/two/old; cp $d/three/tool $d/two/tool" -a y ambit s.amb | sed -n "s:$d::; s:   *: :g; /process.run/p; \$p; /good/p; /evil/p"
cd /; rm -rf $d
