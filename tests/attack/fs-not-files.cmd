# pipes, devices and sockets in a directory: no operation waits for them or opens them
d=$(mktemp -d); mkdir $d/w $d/out; cd $d/w; echo SECRET >$d/out/secret
mkdir g; mkfifo g/pipe; ln -s pipe g/link; python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("g/socket")' 2>/dev/null || mkfifo g/socket
cat >s.amb <<'X'
use fs.dir("g") for full as d
use fs.dir("/dev") for read, write as dev
fn kind(f) { try { f(); return "done" } catch e: IOError { return e.kind } }
for p in ["pipe", "link", "socket"] { print([kind(() => d.read_text(p)), kind(() => d.open(p)), kind(() => d.edit(p)), kind(() => d.append(p)), kind(() => d.create(p)), kind(() => d.copy(p, "n"))]) }
print(kind(() => d.write_text("pipe", "x")), kind(() => d.copy(".", "n", tree: true)))
for p in ["null", "zero", "tty", "full"] { print([kind(() => dev.read_bytes(p)), kind(() => dev.edit(p)), kind(() => dev.append(p))]) }
X
timeout 10 ambit -y s.amb 2>&1
cd /; chmod -R u+rwx $d; rm -rf $d
