# --deny-all leaves nothing but what --allow names, remembered grants and -y included
# spec: grant.deny-all
pty=$(dirname "$(command -v ambit)")/tests/pty; d=$(mktemp -d); export XDG_CONFIG_HOME=$d/cfg; mkdir -p $d/w/out $d/cfg; cd $d/w
printf 'use fs.dir("./out") for write as out\nout.write_text("x", "y")\nprint("ran")\n' >s.amb
$pty -a a ambit grant s.amb >/dev/null; echo "granted $?"
ambit s.amb; ambit --deny-all s.amb 2>/dev/null; echo $?; ambit --deny-all -y s.amb 2>/dev/null; echo $?; ambit --deny-all -e "use clock" 2>/dev/null; echo $?; ambit --deny-all --allow "fs.dir(./out):write" s.amb; ambit --deny-all --profile workspace s.amb 2>/dev/null; echo $?; ambit --deny-all -e "use fs.temp() as t" 2>/dev/null; echo $?
cd /; rm -rf $d
