# a script that changed is asked about again, and the question says so
pty=$(dirname "$(command -v ambit)")/tests/pty; d=$(mktemp -d); export XDG_CONFIG_HOME=$d/cfg; mkdir -p $d/w/out $d/cfg; cd $d/w
printf 'use fs.dir("./out") for write as out\nout.write_text("x", "y")\nprint("ran")\n' >s.amb
$pty -a a ambit grant s.amb >/dev/null; echo "granted $?"
ambit s.amb; echo "# more" >>s.amb; ambit s.amb 2>&1 | grep "Changed"; ambit s.amb >/dev/null 2>&1; echo $?; $pty -a n ambit s.amb | grep -c "Changed since it was allowed: the script"
cd /; rm -rf $d
