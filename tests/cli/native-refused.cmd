# spec: spi.table, spi.growth.major, spi.load.trust
so=$(dirname "$(command -v ambit)")/obj/tests/spi
d=$(mktemp -d); cd $d; cp $so/wrong.so $so/words.so .; echo 'print(1)' >s.amb
ambit --provider ./wrong.so s.amb 2>&1; echo $?
cat >t.amb <<'X'
use fs.dir(".") as d
import words
print(words.add(1, d.list().len))
X
ambit --provider ./words.so --deny-all t.amb >/dev/null 2>&1; echo $?
ambit --provider ./words.so caps t.amb
ambit check --provider ./words.so t.amb; echo $?
cd /; rm -r $d
