# starting ambit, or anything, with more authority takes a grant that says so and is never remembered
pty=$(dirname "$(command -v ambit)")/tests/pty; d=$(mktemp -d); export XDG_CONFIG_HOME=$d/cfg; mkdir -p $d/w/out $d/cfg; cd $d/w
printf 'use process.run("ambit") as a\nprint(a.run(["ambit", "-y", "-e", "1"]).status)\n' >s.amb; ambit s.amb 2>/dev/null; echo $?; ambit --profile workspace s.amb 2>/dev/null; echo $?; $pty -a a -a a -a a ambit s.amb | grep -c "can do anything you can"; $pty -a a ambit grant s.amb >/dev/null; echo $?; ambit grant -y s.amb 2>/dev/null; echo $?; ambit grants; ambit --allow 'process.run(cat)' s.amb 2>/dev/null; echo $?
cd /; rm -rf $d
