# spec: grant.declared
pty=$(dirname "$(command -v ambit)")/tests/pty; d=$(mktemp -d); export XDG_CONFIG_HOME=$d/cfg; mkdir -p $d/w/out $d/cfg; cd $d/w
ambit -y -e 'use fs.dir("./out") for write as o; o.write_text("x", "y"); print("ran")'; ambit --allow-declared -e 'use fs.dir("./out") for write as o; o.remove("x")' 2>&1 | head -n 1
cd /; rm -rf $d
