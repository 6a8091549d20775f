# a grant holds for the script at its real path: neither a copy nor a link to another script has it
pty=$(dirname "$(command -v ambit)")/tests/pty; d=$(mktemp -d); export XDG_CONFIG_HOME=$d/cfg; mkdir -p $d/w/out $d/cfg; cd $d/w
printf 'use fs.dir("./out") for write as out\nout.write_text("x", "y")\nprint("ran")\n' >s.amb
$pty -a a ambit grant s.amb >/dev/null; echo "granted $?"
cp s.amb copy.amb; ln -s s.amb link.amb; ambit copy.amb 2>/dev/null; echo $?; ambit link.amb; echo 'use fs.dir("./out") for write as out; print("other")' >t.amb; ln -sf t.amb link.amb; ambit link.amb 2>/dev/null; echo $?
cd /; rm -rf $d
