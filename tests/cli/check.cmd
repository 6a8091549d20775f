d=$(mktemp -d); printf "let a = b\n" >$d/bad.amb; printf "print(1)\n" >$d/good.amb; ambit check $d/good.amb; echo $?; ambit check $d/good.amb $d/bad.amb 2>/dev/null; echo $?; rm -r $d
