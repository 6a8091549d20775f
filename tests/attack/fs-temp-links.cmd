# links in a scratch directory are removed, not what they lead to; odd modes do not keep it
d=$(mktemp -d); mkdir $d/w $d/out; cd $d/w; echo SECRET >$d/out/secret
mkdir $d/tmp $d/out/keep; echo x >$d/out/keep/file
cat >s.amb <<'X'
use fs.temp() as t
use process.run("ln", "chmod", "sh") as tool
use console
t.mkdir("a/b", parents: true)
t.write_text("a/b/f", "x")
let dir = tool.output(["sh", "-c", "echo ${args[0]}/tmp/ambit-*"]).trim()
tool.output(["ln", "-s", args[0] + "/out/keep", dir + "/l"])
tool.output(["ln", "-s", args[0] + "/out/keep", dir + "/a/b/l"])
tool.output(["chmod", "000", dir + "/a/b"])
tool.output(["chmod", "500", dir + "/a"])
print("end")
X
TMPDIR=$d/tmp ambit -y s.amb $d 2>&1; ls $d/tmp; find $d/out | sort | sed "s|$d||"
cd /; chmod -R u+rwx $d; rm -rf $d
