# a link under the very name of the scratch directory is not followed when it is removed
d=$(mktemp -d); mkdir $d/w $d/out; cd $d/w; echo SECRET >$d/out/secret
mkdir $d/tmp $d/out/keep; echo x >$d/out/keep/file
cat >s.amb <<'X'
use fs.temp() as t
use console
print("ready")
console.stdout().flush()
input()
X
mkfifo go; TMPDIR=$d/tmp ambit s.amb <go >log 2>&1 & exec 3>go
while ! grep -q ready log 2>/dev/null; do sleep 0.01; done
n=$(ls $d/tmp); mv $d/tmp/$n $d/moved; ln -s $d/out/keep $d/tmp/$n
echo >&3; exec 3>&-; wait; find $d/out | sort | sed "s|$d||"; test -L $d/tmp/$n && echo link stays
cd /; chmod -R u+rwx $d; rm -rf $d
