# without a terminal nobody is asked and nothing runs: status 77 and a command line to paste
pty=$(dirname "$(command -v ambit)")/tests/pty; d=$(mktemp -d); export XDG_CONFIG_HOME=$d/cfg; mkdir -p $d/w/out $d/cfg; cd $d/w
printf 'use fs.dir("./out") for write as out\nout.write_text("x", "y")\nprint("ran")\n' >s.amb
setsid -w ambit s.amb </dev/null 2>log; echo $?; cat log; setsid -w sh -c 'echo a | ambit s.amb' 2>/dev/null; echo $?; test -e out/x; echo $?
cd /; rm -rf $d
