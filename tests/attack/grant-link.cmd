# what is compared is where a path leads: a link inside a granted directory does not carry the grant outside
pty=$(dirname "$(command -v ambit)")/tests/pty; d=$(mktemp -d); export XDG_CONFIG_HOME=$d/cfg; mkdir -p $d/w/out $d/cfg; cd $d/w
mkdir $d/other; ln -s $d/other out/link; ln -s $d/other away; ambit --allow "fs.dir(./out):write" -e "use fs.dir(\"out/link\") for write as d" 2>/dev/null; echo $?; ambit -e "use fs.dir(\"away\") as d; print(d.list().len)" 2>/dev/null; echo $?; ambit --allow "fs.dir($d/other):write" -e "use fs.dir(\"out/link\") for write as d; print(2)"
cd /; rm -rf $d
