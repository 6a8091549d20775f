# the workspace profile stops at the current directory and at what gives everything
pty=$(dirname "$(command -v ambit)")/tests/pty; d=$(mktemp -d); export XDG_CONFIG_HOME=$d/cfg; mkdir -p $d/w/out $d/cfg; cd $d/w
mkdir $d/other; ambit --profile workspace -e 'use fs.dir("./out") for full as o; o.write_text("x", "y"); print("ran")'; ambit --profile workspace -e 'use fs.dir("../other") for write as o' 2>/dev/null; echo $?; ln -s ../other sly; ambit --profile workspace -e 'use fs.dir("sly") for write as o' 2>/dev/null; echo $?; echo 'use fs.dir(".") for write as o' >s.amb; ambit --profile workspace s.amb 2>/dev/null; echo $?; cd /; ambit --profile workspace -e 'use fs.dir("tmp") for write as o' 2>/dev/null; echo $?
cd /; rm -rf $d
