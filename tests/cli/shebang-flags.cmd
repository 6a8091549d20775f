d=$(mktemp -d); printf "#!/usr/bin/env -S ambit -y\nuse fs.dir(\"/usr\") for write as d\n" >$d/s; chmod +x $d/s; $d/s 2>/dev/null; echo $?; rm -r $d
