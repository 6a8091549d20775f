# a grant for fewer rights does not cover more, and misspelt rights are an error, not a grant
pty=$(dirname "$(command -v ambit)")/tests/pty; d=$(mktemp -d); export XDG_CONFIG_HOME=$d/cfg; mkdir -p $d/w/out $d/cfg; cd $d/w
for r in create append read create,append writ "" Write full,x; do ambit --allow "fs.dir(./out):$r" -e "use fs.dir(\"out\") for write as d; print(1)" 2>/dev/null; echo "$r $?"; done; ambit --allow "fs.dir(./out)" -e "use fs.dir(\"out\") for write as d" 2>/dev/null; echo $?; ambit --allow "fs.dir(./out):full" -e "use fs.dir(\"out\") for write as d; print(2)"
cd /; rm -rf $d
