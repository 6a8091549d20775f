# a trailing slash neither follows a last link nor makes a file of a directory
d=$(mktemp -d); mkdir $d/w $d/out; cd $d/w; echo SECRET >$d/out/secret
mkdir -p g/dir; echo x >g/file; ln -s ../../out g/l; ln -s ../../out/secret g/s
cat >s.amb <<'X'
use fs.dir("g") for full as d
fn kind(f) { try { f(); return "done" } catch e: CapabilityError { return "-" } catch e: IOError { return e.kind } }
for p in ["l/", "l//", "l/.", "s/", "file/", "file/.", "dir/", "new/", "./", "."] {
    print(p, [kind(() => d.read_text(p)), kind(() => d.write_text(p, "x")), kind(() => d.create(p)), kind(() => d.append(p)), kind(() => d.remove(p)), kind(() => d.remove(p, tree: true)), kind(() => d.rename(p, "n")), kind(() => d.list(p))])
}
X
ambit -y s.amb 2>&1; ls $d/out; ls g
cd /; chmod -R u+rwx $d; rm -rf $d
