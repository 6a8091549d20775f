# spec: grant.commands
pty=$(dirname "$(command -v ambit)")/tests/pty; d=$(mktemp -d); export XDG_CONFIG_HOME=$d/cfg; mkdir -p $d/w/out $d/cfg; cd $d/w
printf 'use fs.dir("./out") for write as out\nout.write_text("x", "y")\nprint("ran")\n' >s.amb
ambit grant s.amb 2>/dev/null; echo $?; ambit grant -y s.amb; echo $?; ls out; ambit s.amb; ambit revoke s.amb; ambit grant --allow 'fs.dir(./out):write' s.amb; ambit s.amb; ambit grant -e 1 2>&1; echo $?; ambit grant 2>&1; echo $?; ambit grant none.amb 2>&1; echo $?; printf 'use fs.dir(args[0]) for write as o\nprint("ran")\n' >a.amb; ambit grant -y a.amb out; ambit a.amb out; mkdir two; ambit a.amb two 2>/dev/null; echo $?; XDG_CONFIG_HOME=/proc/none ambit grant -y s.amb 2>&1; echo $?; echo 'print(1)' >q.amb; ambit grant q.amb; echo $?; ambit grants | grep -c q.amb
cd /; rm -rf $d
