# a grant to change the script itself says so, is not remembered, and cannot be
pty=$(dirname "$(command -v ambit)")/tests/pty; d=$(mktemp -d); export XDG_CONFIG_HOME=$d/cfg; mkdir -p $d/w/out $d/cfg; cd $d/w
printf 'use fs.dir(".") for write as d\nprint("ran")\n' >s.amb; $pty -a a -a n ambit s.amb >log; echo $?; grep -c "can do anything you can: this script" log; grep -c "always" log; $pty -a y ambit s.amb >log; echo $?; ambit grant -y s.amb 2>&1 | sed "s:$d::"; ambit grants
cd /; rm -rf $d
