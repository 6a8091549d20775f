# a file of the store counts only for the script it was made for, whatever it is called
pty=$(dirname "$(command -v ambit)")/tests/pty; d=$(mktemp -d); export XDG_CONFIG_HOME=$d/cfg; mkdir -p $d/w/out $d/cfg; cd $d/w
printf 'use fs.dir("./out") for write as out\nout.write_text("x", "y")\nprint("ran")\n' >s.amb
$pty -a a ambit grant s.amb >/dev/null; echo "granted $?"
printf 'use fs.dir("./out") for write as out\nprint("other")\n' >t.amb; $pty -a a ambit grant t.amb >/dev/null; a=$(grep -l "script .*/s.amb" cfg/ambit/grants/* $d/cfg/ambit/grants/* 2>/dev/null); b=$(grep -l "script .*/t.amb" $d/cfg/ambit/grants/*); cp $a $b; ambit t.amb 2>/dev/null; echo $?; ambit s.amb
cd /; rm -rf $d
