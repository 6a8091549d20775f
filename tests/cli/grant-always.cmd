# spec: grant.always, grant.store, grant.commands
pty=$(dirname "$(command -v ambit)")/tests/pty; d=$(mktemp -d); export XDG_CONFIG_HOME=$d/cfg; mkdir -p $d/w/out $d/cfg; cd $d/w
printf 'use fs.dir("./out") for write as out\nout.write_text("x", "y")\nprint("ran")\n' >s.amb
ambit grants; $pty -a a ambit s.amb >/dev/null; ambit s.amb; setsid -w ambit s.amb </dev/null; ambit grants | sed "s:$d::"; sed "s:$d::; s/^source .*/source SUM %/" $d/cfg/ambit/grants/*; mkdir $d/v; cd $d/v; ambit ../w/s.amb 2>/dev/null; echo $?; mkdir out; $pty -a a ambit ../w/s.amb >/dev/null; ambit ../w/s.amb; cd ../w; ambit s.amb; ambit grants | sed "s:$d::"; mv s.amb gone.amb; ambit grants | sed -n "1s:$d::p"; ambit revoke s.amb; echo $?; ambit grants; ambit revoke 2>&1; echo $?
cd /; rm -rf $d
