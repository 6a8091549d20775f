# a grant for a directory ends at a whole name: ./out does not cover ./output
# spec: grant.compare
pty=$(dirname "$(command -v ambit)")/tests/pty; d=$(mktemp -d); export XDG_CONFIG_HOME=$d/cfg; mkdir -p $d/w/out $d/cfg; cd $d/w
mkdir output outer "out x"; for t in output outer "out x" out/../output ./out/../../w/output; do ambit --allow "fs.dir(./out):write" -e "use fs.dir(\"$t\") for write as d; print(1)" 2>/dev/null; echo $?; done; ambit --allow "fs.dir(./out):write" -e "use fs.dir(\"out/../out\") for write as d; print(2)"
cd /; rm -rf $d
