# brackets and colons in a directory name cannot end the pattern early and add rights to it
pty=$(dirname "$(command -v ambit)")/tests/pty; d=$(mktemp -d); export XDG_CONFIG_HOME=$d/cfg; mkdir -p $d/w/out $d/cfg; cd $d/w
mkdir "a):full" "a"; ambit --allow "fs.dir(./a):full):read" -e "use fs.dir(\"a\") for write as d; print(1)" 2>/dev/null; echo $?; ambit --allow "fs.dir(./a):full):read" -e "use fs.dir(\"a):full\") for write as d; print(1)" 2>/dev/null; echo $?; ambit --allow "fs.dir(./a" -e "print(1)" 2>/dev/null; echo $?; ambit --allow "fs.dir(./a)full" -e "print(1)" 2>/dev/null; echo $?
cd /; rm -rf $d
