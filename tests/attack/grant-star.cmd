# a star or question mark in a path grant is a plain character, not a wildcard
pty=$(dirname "$(command -v ambit)")/tests/pty; d=$(mktemp -d); export XDG_CONFIG_HOME=$d/cfg; mkdir -p $d/w/out $d/cfg; cd $d/w
mkdir "*"; for g in "*" "o*" "ou?" "./*" "**"; do ambit --allow "fs.dir($g):write" -e "use fs.dir(\"out\") for write as d; print(1)" 2>/dev/null; echo $?; done; ambit --allow "fs.dir(*):write" -e "use fs.dir(\"*\") for write as d; print(2)"
cd /; rm -rf $d
