# a script that may start ambit cannot answer its question: no answer comes from pipes
pty=$(dirname "$(command -v ambit)")/tests/pty; d=$(mktemp -d); export XDG_CONFIG_HOME=$d/cfg; mkdir -p $d/w/out $d/cfg; cd $d/w
cat >s.amb <<'X'
use process.run("ambit") as a
let code = "use fs.dir(\"/tmp\") for write as d; print(1)"
print(a.run(["ambit", "-e", code], stdin: "a\na\ny\n").status)
X
ambit --allow "process.run(ambit)" s.amb; ambit grants
cd /; rm -rf $d
