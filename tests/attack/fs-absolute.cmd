# absolute paths lead nowhere, whatever they name; these would take no harm if they did
d=$(mktemp -d); mkdir $d/w $d/out; cd $d/w; echo SECRET >$d/out/secret
mkdir g
cat >s.amb <<'X'
use fs.dir("g") for full as d
for p in ["/proc/version", "//proc/version", "/", "/proc/self/cwd/s.amb", "/dev/null", "/./proc/version", args[0]] {
    var n = 0
    for f in [() => d.read_text(p), () => d.create(p), () => d.write_text(p, "x"), () => d.mkdir(p), () => d.sub(p), () => d.list(p), () => d.stat(p), () => d.watch(p)] {
        try { f(); print("reached", p) } catch e: CapabilityError { n += 1 } catch e: IOError { n += 1 }
    }
    print(n, d.exists(p))
}
X
ambit -y s.amb $d/out/secret 2>&1; cat $d/out/secret; ls g
cd /; chmod -R u+rwx $d; rm -rf $d
