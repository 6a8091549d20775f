# spec: grant.allow
pty=$(dirname "$(command -v ambit)")/tests/pty; d=$(mktemp -d); export XDG_CONFIG_HOME=$d/cfg; mkdir -p $d/w/out $d/cfg; cd $d/w
for a in 'fs.dir(./out):writ' 'fs.dir(./out' 'fs.dir(./out)x' 'nothing.dir(x)' 'fs.nothing' '' ':' 'fs.dir(./out):' 'fs.dir():read'; do ambit --allow "$a" -e 'print(1)' 2>&1; echo $?; done; ambit --allow 2>&1 | head -n 1; ambit --profile none -e 1 2>&1 | head -n 1; ambit --provider fs=disk -e 1 2>&1 | head -n 1; ambit --provider fs -e 1 2>&1 | head -n 1
cd /; rm -rf $d
