# the answer comes from the terminal: standard input full of answers says nothing
# spec: grant.ask.terminal
pty=$(dirname "$(command -v ambit)")/tests/pty; d=$(mktemp -d); export XDG_CONFIG_HOME=$d/cfg; mkdir -p $d/w/out $d/cfg; cd $d/w
printf 'use fs.dir("./out") for write as out\nout.write_text("x", "y")\nprint("ran")\n' >s.amb
$pty -a n sh -c 'yes a | ambit s.amb' >log; echo $?; grep -c "asks for" log; test -e out/x; echo $?; ambit grants
cd /; rm -rf $d
