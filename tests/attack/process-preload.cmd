# LD_PRELOAD and everything else of our environment stays with us
d=$(mktemp -d); mkdir $d/w $d/out; cd $d/w; echo SECRET >$d/out/secret
cat >s.amb <<'X'
use process.run("env", "sh") as tool
print(tool.output(["env"]).len, tool.output(["sh", "-c", "echo \$LD_PRELOAD \$SECRET"]).trim().len)
let child = tool.start(["env"])
print(child.stdout().read_text().len)
print(tool.output(["env"], env: {"ONLY": "this"}).trim())
X
LD_PRELOAD=$d/none.so LD_LIBRARY_PATH=$d BASH_ENV=$d/x ENV=$d/x IFS=x SECRET=s ambit -y s.amb 2>/dev/null
cd /; chmod -R u+rwx $d; rm -rf $d
