# what was withdrawn is gone at once
pty=$(dirname "$(command -v ambit)")/tests/pty; d=$(mktemp -d); export XDG_CONFIG_HOME=$d/cfg; mkdir -p $d/w/out $d/cfg; cd $d/w
printf 'use fs.dir("./out") for write as out\nout.write_text("x", "y")\nprint("ran")\n' >s.amb
$pty -a a ambit grant s.amb >/dev/null; echo "granted $?"
ambit s.amb; ambit revoke s.amb; echo $?; ambit s.amb 2>/dev/null; echo $?; ambit revoke s.amb 2>&1 | sed "s:$d::"; ambit grants
cd /; rm -rf $d
