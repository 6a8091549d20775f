# no environment variable grants anything
# spec: grant.environment
pty=$(dirname "$(command -v ambit)")/tests/pty; d=$(mktemp -d); export XDG_CONFIG_HOME=$d/cfg; mkdir -p $d/w/out $d/cfg; cd $d/w
printf 'use fs.dir("./out") for write as out\nout.write_text("x", "y")\nprint("ran")\n' >s.amb
AMBIT_ALLOW='fs.dir(./out):write' AMBIT_FLAGS=-y AMBIT_OPTIONS=-y AMBIT_PROFILE=workspace AMBIT_POLICY=p AMBITOPTS=-y ambit s.amb 2>/dev/null; echo $?; cat >p <<X
allow fs.dir(./out):write
X
AMBIT_POLICY=$PWD/p ambit s.amb 2>/dev/null; echo $?; test -e out/x; echo $?
cd /; rm -rf $d
