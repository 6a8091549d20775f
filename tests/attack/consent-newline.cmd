# a line end in a requested path cannot make up a line of the screen
pty=$(dirname "$(command -v ambit)")/tests/pty; d=$(mktemp -d); export XDG_CONFIG_HOME=$d/cfg; mkdir -p $d/w/out $d/cfg; cd $d/w
printf 'use fs.dir("./a\\n    fs.dir  /harmless  read  line 9\\n") for create as d\n' >s.amb; $pty -c 200 -a n ambit s.amb >log; grep -c "^    fs.dir  /harmless" log; grep -c 'a.u{a}    fs.dir' log
cd /; rm -rf $d
