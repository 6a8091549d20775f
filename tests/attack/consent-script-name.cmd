# a script's own name is escaped, too
pty=$(dirname "$(command -v ambit)")/tests/pty; d=$(mktemp -d); export XDG_CONFIG_HOME=$d/cfg; mkdir -p $d/w/out $d/cfg; cd $d/w
n=$(printf 's\033]0;x\007\342\200\213.amb'); printf 'use fs.dir("./out") for write as d\n' >"$n"; $pty -c 200 -a n ambit "$n" >log; tr -d "\n -~" <log | od -An -c; grep -c 's.u{1b}\]0;x.u{7}.u{200b}.amb asks for' log
cd /; rm -rf $d
