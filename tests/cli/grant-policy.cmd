# spec: grant.policy
pty=$(dirname "$(command -v ambit)")/tests/pty; d=$(mktemp -d); export XDG_CONFIG_HOME=$d/cfg; mkdir -p $d/w/out $d/cfg; cd $d/w
printf 'use fs.dir("./out") for write as out\nout.write_text("x", "y")\nprint("ran")\n' >s.amb
cat >p <<X
# what the build may do
allow fs.dir(./out):write

  fs.file(../none):read
profile workspace
X
chmod 600 p; ambit --policy p s.amb; ambit --policy p -e 'use fs.dir("./fresh") for create as f; print("made")'; ambit --policy none s.amb 2>&1; echo $?; echo 'allow fs.dir(./out):wirte' >p; ambit --policy p s.amb 2>&1; echo $?; echo 'profile root' >p; ambit --policy=p s.amb 2>&1; echo $?; chmod 622 p; ambit --policy p s.amb 2>&1; echo $?
cd /; rm -rf $d
