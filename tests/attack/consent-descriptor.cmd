# the directory that was shown is the one that is given, whatever its path leads to by then
pty=$(dirname "$(command -v ambit)")/tests/pty; d=$(mktemp -d); export XDG_CONFIG_HOME=$d/cfg; mkdir -p $d/w/out $d/cfg; cd $d/w
printf 'use fs.dir("./out") for write as out\nout.write_text("x", "y")\nprint("ran")\n' >s.amb
mkdir $d/evil; $pty -x "mv out kept; ln -s $d/evil out" -a y ambit s.amb >/dev/null; echo $?; ls kept; ls $d/evil | wc -l
cd /; rm -rf $d
