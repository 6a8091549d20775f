# variables that look like secrets are not to be had by naming them
pty=$(dirname "$(command -v ambit)")/tests/pty; d=$(mktemp -d); export XDG_CONFIG_HOME=$d/cfg; mkdir -p $d/w/out $d/cfg; cd $d/w
export MY_TOKEN=abc api_key=abc DB_PASSWORD=abc SECRETS=abc PLAIN=out; for v in MY_TOKEN api_key DB_PASSWORD SECRETS; do ambit -e "use fs.dir(env(\"$v\")) as d" 2>&1; done; ambit -e "use fs.dir(env(\"PLAIN\")) as d; print(1)"
cd /; rm -rf $d
