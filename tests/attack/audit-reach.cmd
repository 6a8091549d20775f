# the audit file is out of reach of the grants, by its path, a link or another name
# spec: audit.reach
pty=$(dirname "$(command -v ambit)")/tests/pty; d=$(mktemp -d); export XDG_CONFIG_HOME=$d/cfg; mkdir -p $d/w/out $d/cfg; cd $d/w
echo 'use fs.dir("./out") for write as d; print("ran")' >s.amb; ambit -y --audit out/log s.amb 2>/dev/null; echo $?; rm -f out/log; ambit -y --audit log s.amb; ln -s $d/w/log out/ln; ambit -y --audit log -e 'use fs.file("out/ln") for append as f' 2>/dev/null; echo $?; ambit -y --audit log -e 'use fs.file("log") as f' 2>/dev/null; echo $?; ln log out/hard; ambit -y --audit log s.amb 2>/dev/null; echo $?; rm out/hard; ln -s log sym; ambit -y --audit sym s.amb 2>/dev/null; echo $?
cd /; rm -rf $d
