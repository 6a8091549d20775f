# paths of a policy belong to the policy's directory, not to where it is used
pty=$(dirname "$(command -v ambit)")/tests/pty; d=$(mktemp -d); export XDG_CONFIG_HOME=$d/cfg; mkdir -p $d/w/out $d/cfg; cd $d/w
printf 'use fs.dir("./out") for write as out\nout.write_text("x", "y")\nprint("ran")\n' >s.amb
mkdir -p $d/x/out $d/p/out; echo 'allow fs.dir(./out):write' >$d/p/policy; chmod 600 $d/p/policy; cp s.amb $d/x; cd $d/x; ambit --policy $d/p/policy s.amb 2>/dev/null; echo $?; cp s.amb $d/p; cd $d/p; ambit --policy policy s.amb
cd /; rm -rf $d
