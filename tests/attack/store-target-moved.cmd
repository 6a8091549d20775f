# a link that leads elsewhere than when it was allowed is asked about again
pty=$(dirname "$(command -v ambit)")/tests/pty; d=$(mktemp -d); export XDG_CONFIG_HOME=$d/cfg; mkdir -p $d/w/out $d/cfg; cd $d/w
mv out one; mkdir two; ln -s one out; printf 'use fs.dir("./out") for write as out\nout.write_text("x", "y")\nprint("ran")\n' >s.amb
$pty -a a ambit grant s.amb >/dev/null; echo "granted $?"
ambit s.amb; ls one; rm out; ln -s two out; ambit s.amb 2>/dev/null; echo $?; ls two
cd /; rm -rf $d
