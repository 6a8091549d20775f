# spec: grant.ask, grant.ask.screen, grant.ask.terminal
pty=$(dirname "$(command -v ambit)")/tests/pty; d=$(mktemp -d); export XDG_CONFIG_HOME=$d/cfg; mkdir -p $d/w/out $d/cfg; cd $d/w
printf 'use fs.dir("./out") for write as out\nout.write_text("x", "y")\nprint("ran")\n' >s.amb
$pty -a y ambit s.amb | sed "s:$d::; s:   *: :g"; $pty -a n ambit s.amb | sed "s:$d::; s:   *: :g" | tail -n 6; echo 'use fs.dir("./out") for write as out?; print(out)' >o.amb; $pty -a n ambit o.amb | tail -n 1; $pty -a y ambit o.amb | tail -n 1; ambit o.amb; $pty -a y ambit -e 'use fs.dir("./out") for write as out; print(1)' | grep -c always; echo in >in; $pty -a y sh -c 'ambit -e "use fs.dir(\"./out\") for write as out; print(input())" <in' | tail -n 1
cd /; rm -rf $d
