# spec: console.raw
pty=$(dirname "$(command -v ambit)")/tests/pty; d=$(mktemp -d); cd $d
cat >s.amb <<'X'
use console for read, write, raw as c
c.raw()
c.raw()
c.stdout().write("no: ")
let input = c.stdin()
var keys = b""
while keys.len < 2 { keys = keys + input.read(1) }
print(keys)
if args.len > 0 { throw ValueError("end") }
X
$pty -a ab sh -c 'stty -a | grep -o "[-]*icanon\|[-]*echo " | tr "\n" " "; echo; ambit -y s.amb; echo $?; stty -a | grep -o "[-]*icanon\|[-]*echo "' 2>&1; $pty -a ab sh -c 'NO_COLOR=1 ambit -y s.amb x; stty -a >all; grep -o "[-]*icanon\|[-]*echo " all >after'; cat after
rm -r $d
