# a manifest that does not fit on one screen is not asked about, so nothing can scroll away
# spec: grant.ask.screen
pty=$(dirname "$(command -v ambit)")/tests/pty; d=$(mktemp -d); export XDG_CONFIG_HOME=$d/cfg; mkdir -p $d/w/out $d/cfg; cd $d/w
{ echo 'use fs.dir("./out") for write as out'; i=0; while [ $i -lt 40 ]; do echo "use clock as c$i"; i=$((i+1)); done; } >s.amb; $pty -a y ambit s.amb >log; echo $?; grep -c "does not fit on one screen" log; $pty -r 60 -a y ambit s.amb >log; echo $?
cd /; rm -rf $d
