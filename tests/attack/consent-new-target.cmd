# a place that did not exist is not given when something else stands there after the answer
# spec: grant.made
pty=$(dirname "$(command -v ambit)")/tests/pty; d=$(mktemp -d); export XDG_CONFIG_HOME=$d/cfg; mkdir -p $d/w/out $d/cfg; cd $d/w
mkdir $d/evil; printf 'use fs.dir("./fresh") for write, create as out\nout.write_text("x", "y")\n' >s.amb; $pty -x "ln -s $d/evil fresh" -a y ambit s.amb | tail -n 1; ls $d/evil | wc -l; rm fresh; $pty -a y ambit s.amb >/dev/null; ls fresh
cd /; rm -rf $d
