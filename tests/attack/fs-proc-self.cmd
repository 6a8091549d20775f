# the links of /proc do not lead out of a grant for /proc
d=$(mktemp -d); mkdir $d/w $d/out; cd $d/w; echo SECRET >$d/out/secret
cat >s.amb <<'X'
use fs.dir("/proc") as p
use fs.dir("/proc/self") as me
for path in ["self/root/etc/passwd", "self/cwd/s.amb", "self/exe", "self/fd/0", "thread-self/root", "1/root/etc/passwd"] {
    try { p.read_text(path); print("reached", path) } catch e { print(path, type(e)) }
}
for path in ["root", "cwd", "root/etc", "cwd/.", "task/../cwd"] {
    try { me.list(path); print("reached", path) } catch e { print(path, type(e)) }
}
for path in ["exe", "fd/0", "fd/1", "cwd/s.amb", "root/etc/passwd"] {
    try { me.open(path); print("reached", path) } catch e { print(path, type(e)) }
    if me.exists(path) { print("seen", path) }
}
X
ambit -y s.amb </dev/null 2>&1 | sed 's/IOError\|CapabilityError/refused/'
cd /; chmod -R u+rwx $d; rm -rf $d
