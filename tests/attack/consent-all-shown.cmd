# what is granted without asking stands on the same screen as what is asked for
pty=$(dirname "$(command -v ambit)")/tests/pty; d=$(mktemp -d); export XDG_CONFIG_HOME=$d/cfg; mkdir -p $d/w/out $d/cfg; cd $d/w
printf 'use fs.dir("./out") for write as out\nuse fs.dir(".") as here\nuse clock\n' >s.amb; $pty -a n ambit s.amb | sed -n "s:$d::g; /line/s/  */ /gp"
cd /; rm -rf $d
