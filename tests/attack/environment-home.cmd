# a false HOME does not make the home directory a place to read
pty=$(dirname "$(command -v ambit)")/tests/pty; d=$(mktemp -d); export XDG_CONFIG_HOME=$d/cfg; mkdir -p $d/w/out $d/cfg; cd $d/w
h=$(getent passwd "$(id -u)" | cut -d: -f6); cd "$h" 2>/dev/null || cd /; for home in /nonexistent "" $d /; do HOME=$home ambit -e "use fs.dir(\".\") as d; print(1)" 2>/dev/null; echo $?; done; env -u HOME ambit -e "use fs.dir(\".\") as d; print(1)" 2>/dev/null; echo $?
cd /; rm -rf $d
