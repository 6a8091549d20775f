# what a script can catch tells nothing about where its grants lie
pty=$(dirname "$(command -v ambit)")/tests/pty; d=$(mktemp -d); export XDG_CONFIG_HOME=$d/cfg; mkdir -p $d/w/out $d/cfg; cd $d/w
cat >s.amb <<'X'
import cap
use fs.dir("./out") as d
print(cap.describe(d))
for f in [() => d.open("none"), () => d.read_text("../s.amb"), () => d.write_text("a", "b"), () => d.list("none"), () => d.sub("none")] {
    try { f() } catch e { print("${e}") }
}
X
ambit s.amb | grep -c "$d"; ambit s.amb | wc -l
cd /; rm -rf $d
