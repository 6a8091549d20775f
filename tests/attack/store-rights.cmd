# what is remembered covers the rights that were asked for, not more of them
pty=$(dirname "$(command -v ambit)")/tests/pty; d=$(mktemp -d); export XDG_CONFIG_HOME=$d/cfg; mkdir -p $d/w/out $d/cfg; cd $d/w
printf 'use fs.dir("./out") for write as out\nout.write_text("x", "y")\nprint("ran")\n' >s.amb
$pty -a a ambit grant s.amb >/dev/null; echo "granted $?"
f=$(echo $d/cfg/ambit/grants/*.grant); sed -i "s/ write / read /" $f; chmod 600 $f; ambit s.amb 2>/dev/null; echo $?; sed -i "s/ read / flying,write /" $f; chmod 600 $f; ambit s.amb; echo $?
cd /; rm -rf $d
