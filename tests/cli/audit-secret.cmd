# spec: audit.line
pty=$(dirname "$(command -v ambit)")/tests/pty; d=$(mktemp -d); export XDG_CONFIG_HOME=$d/cfg; mkdir -p $d/w/out $d/cfg; cd $d/w
ambit -y --audit log -e 'use process.run("cat") as cat; cat.run(["cat", "/dev/null"], env: {PW: "hush-hush"})'; grep -c '"operation": "run"' log; grep -c '<secret>' log; grep -c 'hush' log
cd /; rm -rf $d
