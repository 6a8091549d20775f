# what was typed before the question stands does not answer it
# spec: grant.ask.terminal
pty=$(dirname "$(command -v ambit)")/tests/pty; d=$(mktemp -d); export XDG_CONFIG_HOME=$d/cfg; mkdir -p $d/w/out $d/cfg; cd $d/w
printf 'use fs.dir("./out") for write as out\nout.write_text("x", "y")\nprint("ran")\n' >s.amb
$pty -b a ambit s.amb >log; echo $?; grep -c "asks for" log; test -e out/x; echo $?
cd /; rm -rf $d
