d=$(mktemp -d); printf "#!/usr/bin/env ambit\nprint(args)\n" >$d/s; chmod +x $d/s; $d/s a "b c"; rm -r $d
