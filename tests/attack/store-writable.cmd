# a store that others can write is not used, and the user is told
# spec: grant.store
pty=$(dirname "$(command -v ambit)")/tests/pty; d=$(mktemp -d); export XDG_CONFIG_HOME=$d/cfg; mkdir -p $d/w/out $d/cfg; cd $d/w
printf 'use fs.dir("./out") for write as out\nout.write_text("x", "y")\nprint("ran")\n' >s.amb
$pty -a a ambit grant s.amb >/dev/null; echo "granted $?"
g=$d/cfg/ambit/grants; for x in $g $d/cfg/ambit; do chmod go+w $x; ambit s.amb 2>&1 | grep -c "others can write"; ambit s.amb 2>/dev/null; echo $?; chmod go-w $x; done; chmod g+w $g/*; ambit s.amb 2>/dev/null; echo $?; chmod g-w $g/*; ambit s.amb; chmod o+w $d/cfg; ambit s.amb 2>/dev/null; echo $?
cd /; rm -rf $d
