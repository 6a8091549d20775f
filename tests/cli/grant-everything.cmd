# spec: grant.everything
pty=$(dirname "$(command -v ambit)")/tests/pty; d=$(mktemp -d); export XDG_CONFIG_HOME=$d/cfg; mkdir -p $d/w/out $d/cfg; cd $d/w
printf 'use fs.dir(".") for write as d\nprint("ran")\n' >s.amb; $pty -a y ambit s.amb | sed "s:$d::; s:   *: :g"; printf 'use process.run("ls") as ls\nprint("ran")\n' >p.amb; $pty -a y ambit p.amb | grep -E "anything|once"; ambit p.amb 2>&1 | sed -n 3p; ambit grant -y p.amb 2>/dev/null; echo $?; ambit -y p.amb
cd /; rm -rf $d
