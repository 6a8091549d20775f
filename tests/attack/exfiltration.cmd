# a script that can also reach out does not read the current directory without being asked
pty=$(dirname "$(command -v ambit)")/tests/pty; d=$(mktemp -d); export XDG_CONFIG_HOME=$d/cfg; mkdir -p $d/w/out $d/cfg; cd $d/w
ambit --allow 'process.run(ls)' -e 'use process.run("ls") as ls; use fs.dir("./out") as d' 2>&1 | sed -n 2p; ambit --profile workspace --allow 'process.run(ls)' -e 'use process.run("ls") as ls; use fs.dir("./out") as d' 2>/dev/null; echo $?; ambit -e 'use process.run("ls") as ls?; use fs.dir("./out") as d' 2>/dev/null; echo $?; ambit --allow 'net.tcp(example.org:443):connect' -e 'use net.tcp("example.org:443") for connect as w; use fs.dir("./out") as d' 2>/dev/null; echo $?; ambit -e 'use fs.dir("./out") as d; print(1)' 
cd /; rm -rf $d
