# names with line ends, escapes and bytes that are no text show as they are or as U+FFFD
d=$(mktemp -d); mkdir $d/w $d/out; cd $d/w; echo SECRET >$d/out/secret
mkdir g; touch "$(printf 'g/a\nb')" "$(printf 'g/\033[2Jx')" "$(printf 'g/\377y')" "g/ "
cat >s.amb <<'X'
use fs.dir("g") for full as d
for e in d.list() { print(e.name.len, e.name == e.path, d.exists(e.name)) }
X
ambit -y s.amb 2>&1
cd /; chmod -R u+rwx $d; rm -rf $d
