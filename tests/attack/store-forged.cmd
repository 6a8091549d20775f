# a damaged or truncated file of the store grants nothing
pty=$(dirname "$(command -v ambit)")/tests/pty; d=$(mktemp -d); export XDG_CONFIG_HOME=$d/cfg; mkdir -p $d/w/out $d/cfg; cd $d/w
printf 'use fs.dir("./out") for write as out\nout.write_text("x", "y")\nprint("ran")\n' >s.amb
$pty -a a ambit grant s.amb >/dev/null; echo "granted $?"
f=$(echo $d/cfg/ambit/grants/*.grant); cp $f $d/good; for edit in "s/^ambit grants 1/ambit grants 2/" "s/^source [0-9a-f]*/source 00/" "s:w/out:w:" "s/^grant .*/grant/" "/^script/d"; do sed "$edit" $d/good >$f; chmod 600 $f; ambit s.amb 2>/dev/null; echo $?; done; head -c 100 $d/good >$f; ambit s.amb 2>/dev/null; echo $?; cp $d/good $f; ambit s.amb
cd /; rm -rf $d
