# what is remembered can be read and written by its owner only
pty=$(dirname "$(command -v ambit)")/tests/pty; d=$(mktemp -d); export XDG_CONFIG_HOME=$d/cfg; mkdir -p $d/w/out $d/cfg; cd $d/w
umask 000; printf 'use fs.dir("./out") for write as out\nout.write_text("x", "y")\nprint("ran")\n' >s.amb
$pty -a a ambit grant s.amb >/dev/null; echo "granted $?"
stat -c %a $d/cfg/ambit $d/cfg/ambit/grants $d/cfg/ambit/grants/*; ls -a $d/cfg/ambit/grants | grep -vc grant
cd /; rm -rf $d
