# only the letter y or a, alone, is a yes
pty=$(dirname "$(command -v ambit)")/tests/pty; d=$(mktemp -d); export XDG_CONFIG_HOME=$d/cfg; mkdir -p $d/w/out $d/cfg; cd $d/w
printf 'use fs.dir("./out") for write as out\nout.write_text("x", "y")\nprint("ran")\n' >s.amb
for a in yes Y ya " y" "y " "" an yy n; do $pty -a "$a" -a "$a" -a "$a" ambit s.amb >/dev/null; echo "$a $?"; done; test -e out/x; echo $?
cd /; rm -rf $d
