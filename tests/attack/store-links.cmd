# links in place of the store, its directory or a file of it are not followed
pty=$(dirname "$(command -v ambit)")/tests/pty; d=$(mktemp -d); export XDG_CONFIG_HOME=$d/cfg; mkdir -p $d/w/out $d/cfg; cd $d/w
printf 'use fs.dir("./out") for write as out\nout.write_text("x", "y")\nprint("ran")\n' >s.amb
$pty -a a ambit grant s.amb >/dev/null; echo "granted $?"
g=$d/cfg/ambit/grants; mv $g $d/elsewhere; ln -s $d/elsewhere $g; ambit s.amb 2>/dev/null; echo $?; rm $g; mv $d/elsewhere $g; ambit s.amb; f=$(ls $g); mv $g/$f $d/f; ln -s $d/f $g/$f; ambit s.amb 2>/dev/null; echo $?; rm $g/$f; ln $d/f $g/$f; ambit s.amb 2>/dev/null; echo $?; rm $d/f; ambit s.amb; mv $d/cfg/ambit $d/ambit; ln -s $d/ambit $d/cfg/ambit; ambit s.amb 2>/dev/null; echo $?
cd /; rm -rf $d
