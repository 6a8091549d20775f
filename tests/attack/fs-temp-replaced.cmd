# what stands in place of a scratch directory at the end is left alone
d=$(mktemp -d); mkdir $d/w $d/out; cd $d/w; echo SECRET >$d/out/secret
mkdir $d/tmp; mkdir $d/out/keep; echo x >$d/out/keep/file
cat >s.amb <<'X'
use fs.temp() as t
use console
t.write_text("mine", "x")
print("ready")
console.stdout().flush()
input()
print(t.read_text("mine"))
X
mkfifo go; (TMPDIR=$d/tmp ambit s.amb <go >log 2>&1; echo $? >>log) & exec 3>go
while ! grep -q ready log 2>/dev/null; do sleep 0.01; done
mv $d/tmp/ambit-* $d/tmp/moved; for n in $d/tmp/moved; do :; done
ln -s $d/out/keep "$d/tmp/$(ls $d/tmp | grep '^ambit-' || echo other)"
echo >&3; exec 3>&-; wait; cat log; find $d/out | sort | sed "s|$d||"; ls $d/tmp/moved
cd /; chmod -R u+rwx $d; rm -rf $d
