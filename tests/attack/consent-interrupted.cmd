# interrupting the question is no answer, and ends the program
pty=$(dirname "$(command -v ambit)")/tests/pty; d=$(mktemp -d); export XDG_CONFIG_HOME=$d/cfg; mkdir -p $d/w/out $d/cfg; cd $d/w
printf 'use fs.dir("./out") for write as out\nout.write_text("x", "y")\nprint("ran")\n' >s.amb
$pty -a "$(printf '\003')" ambit s.amb >/dev/null; echo $?; test -e out/x; echo $?
cd /; rm -rf $d
