# the root, the home directory and what is above it are not read without asking
# spec: grant.cwd,grant.script-dir
pty=$(dirname "$(command -v ambit)")/tests/pty; d=$(mktemp -d); export XDG_CONFIG_HOME=$d/cfg; mkdir -p $d/w/out $d/cfg; cd $d/w
export HOME=$d/w/home/ann; mkdir -p $HOME/project; for p in / $d/w/home $HOME $d/w $HOME/project; do cd $p; printf "%s " "${p#$d}"; ambit -e "use fs.dir(\".\") as d" >/dev/null 2>&1; echo $?; done; cd /; ambit -e "use fs.dir(\"etc\") as d" 2>/dev/null; echo $?; cp /dev/null $HOME/s.amb; echo "use fs.dir(script_dir) as d" >$HOME/s.amb; ambit $HOME/s.amb 2>/dev/null; echo $?
cd /; rm -rf $d
