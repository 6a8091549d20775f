# a configuration directory that somebody else prepared, and could change, is not believed
pty=$(dirname "$(command -v ambit)")/tests/pty; d=$(mktemp -d); export XDG_CONFIG_HOME=$d/cfg; mkdir -p $d/w/out $d/cfg; cd $d/w
printf 'use fs.dir("./out") for write as out\nout.write_text("x", "y")\nprint("ran")\n' >s.amb
$pty -a a ambit grant s.amb >/dev/null; echo "granted $?"
mkdir $d/theirs; cp -r $d/cfg/ambit $d/theirs/; chmod 777 $d/theirs; XDG_CONFIG_HOME=$d/theirs ambit s.amb 2>/dev/null; echo $?; chmod 755 $d/theirs; chmod 777 $d/theirs/ambit/grants; XDG_CONFIG_HOME=$d/theirs ambit s.amb 2>/dev/null; echo $?; XDG_CONFIG_HOME=theirs ambit s.amb 2>/dev/null; echo $?
cd /; rm -rf $d
