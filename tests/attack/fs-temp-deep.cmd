# a scratch directory of any depth is removed, with few descriptors
d=$(mktemp -d); mkdir $d/w $d/out; cd $d/w; echo SECRET >$d/out/secret
mkdir $d/tmp
cat >s.amb <<'X'
use fs.temp() as t
var at = t
for i in 0..3000 { at.mkdir("d"); let next = at.sub("d"); if i > 0 { at.close() }; at = next }
at.write_text("bottom", "x")
print(at.list().len)
t.mkdir("other")
X
ulimit -n 100; TMPDIR=$d/tmp ambit s.amb 2>&1; ls $d/tmp
cd /; chmod -R u+rwx $d; rm -rf $d
