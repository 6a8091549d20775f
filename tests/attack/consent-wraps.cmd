# long lines count as the rows they take: a path cannot push others off the screen
pty=$(dirname "$(command -v ambit)")/tests/pty; d=$(mktemp -d); export XDG_CONFIG_HOME=$d/cfg; mkdir -p $d/w/out $d/cfg; cd $d/w
long=$(printf '%0200d' 0); { echo 'use fs.dir("./out") for write as out'; i=0; while [ $i -lt 9 ]; do echo "use fs.dir(\"./out/$long$i\") for create as d$i"; i=$((i+1)); done; } >s.amb; $pty -a y ambit s.amb >log; echo $?; grep -c "does not fit on one screen" log
cd /; rm -rf $d
