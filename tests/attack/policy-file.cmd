# a policy that others can change, that is no file, or that says nonsense grants nothing
# spec: grant.policy
pty=$(dirname "$(command -v ambit)")/tests/pty; d=$(mktemp -d); export XDG_CONFIG_HOME=$d/cfg; mkdir -p $d/w/out $d/cfg; cd $d/w
printf 'use fs.dir("./out") for write as out\nout.write_text("x", "y")\nprint("ran")\n' >s.amb
echo 'allow fs.dir(./out):write' >p; chmod 666 p; ambit --policy p s.amb 2>/dev/null; echo $?; chmod 600 p; ambit --policy p s.amb; ambit --policy out s.amb 2>/dev/null; echo $?; for t in 'fs.dir(./out):writ' 'allow' 'grant everything' 'fs.dir(./out' 'profile root' 'net.everything'; do echo "$t" >p; ambit --policy p s.amb 2>/dev/null; echo $?; done; printf 'fs.dir(./out):write\000x\n' >p; ambit --policy p s.amb 2>/dev/null; echo $?
cd /; rm -rf $d
