# a grant for a file covers that file only: not the directory of that name, not files beneath
pty=$(dirname "$(command -v ambit)")/tests/pty; d=$(mktemp -d); export XDG_CONFIG_HOME=$d/cfg; mkdir -p $d/w/out $d/cfg; cd $d/w
echo x >out/f; ambit --allow "fs.file(./out):write" -e "use fs.dir(\"out\") for write as d" 2>/dev/null; echo $?; ambit --allow "fs.file(./out):write" -e "use fs.file(\"out/f\") for write as d" 2>/dev/null; echo $?; ambit --allow "fs.file(./out/f):write" -e "use fs.file(\"out/ff\") for write as d" 2>/dev/null; echo $?; ambit --allow "fs.dir:write" -e "use fs.dir(\"out\") for write as d" 2>/dev/null; echo $?; ambit --allow "fs:write" -e "use fs.dir(\"out\") for write as d" 2>/dev/null; echo $?
cd /; rm -rf $d
