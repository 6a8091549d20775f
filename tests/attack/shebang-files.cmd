# a first line cannot name a file to be written either
pty=$(dirname "$(command -v ambit)")/tests/pty; d=$(mktemp -d); export XDG_CONFIG_HOME=$d/cfg; mkdir -p $d/w/out $d/cfg; cd $d/w
echo keep >mine; for f in --audit --cpu-profile; do printf '#!/usr/bin/env -S ambit %s mine\nprint("ran")\n' $f >s.amb; ambit $f mine s.amb 2>/dev/null; echo $?; done; cat mine
cd /; rm -rf $d
