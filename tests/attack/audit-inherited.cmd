# programs that a script starts do not inherit the audit, nor anything else
pty=$(dirname "$(command -v ambit)")/tests/pty; d=$(mktemp -d); export XDG_CONFIG_HOME=$d/cfg; mkdir -p $d/w/out $d/cfg; cd $d/w
cat >s.amb <<'X'
use process.run("ls") as ls
let r = ls.run(["ls", "/proc/self/fd"])
print(r.stdout.trim().lines().len <= 4, r.stderr == "")
X
ambit --allow 'process.run(ls)' --audit log s.amb; grep -c '"operation": "run"' log
cd /; rm -rf $d
