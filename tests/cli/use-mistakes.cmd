# spec: cap.use.unknown
try() { printf '%s\n' "$1" >s.amb; ambit s.amb 2>&1 </dev/null; echo "$?"; }
d=$(mktemp -d); cd $d
try 'use fs.dir() as d'
try 'use fs.dir(".", "x") as d'
try 'use fs.dir(5) as d'
try 'use fs.direct(".") as d'
try 'use fs as d'
try 'use files as d'
try 'use fs.dir(".") for raed as d'
try 'use net.tcp("http://localhost:80/") as d'
try 'use net.tcp("localhost") as d'
try 'use process.exec("ls") as d'
cd /; rm -r $d
