d=$(mktemp -d); cd $d; burn='fn burn(n) { var s = 0; for i in 0..n { s += i % 7 }; return s }; '
wrote() { grep -c 'burn (-e:1) [0-9]*$' p; rm p; }
ambit --cpu-profile p -e "$burn burn(20000000); throw ValueError(\"no\")" 2>/dev/null; echo "error $?"; wrote
ambit --cpu-profile p -e "$burn burn(20000000); exit(3)"; echo "exit $?"; wrote
ambit --cpu-profile p --fuel 100000000 -e "$burn burn(100000000)" 2>/dev/null; echo "limit $?"; wrote
ambit --cpu-profile p -e "$burn print(\"on\"); burn(100000000000)" >/dev/null & i=$!; sleep 0.6; kill -TERM $i; wait $i; echo "signal $?"; wrote
ambit --cpu-profile=p -e "let x = " 2>/dev/null; echo "compile $?"; test -s p; echo $?
ambit --cpu-profile $d/none/p -e "print(\"must not run\")"  2>e; echo "unwritable $?"; sed "s:$d::" e
ambit --cpu-profile p 2>&1; ambit check --cpu-profile p x.amb 2>&1
echo keep >mine; printf '#!/usr/bin/env -S ambit --cpu-profile mine\nprint(1)\n' >s.amb; ambit --cpu-profile mine s.amb 2>&1; cat mine
ambit --cpu-profile p.svg -e "$burn burn(20000000); print(\"<&>\")"; head -c 38 p.svg; echo; grep -c '<g class="f".*data-n="burn (-e:1)"><title>burn (-e:1)' p.svg; grep -c '<title>' p.svg; tail -n 1 p.svg
ambit --cpu-profile q.svg -e "" && grep -o 'No sample: the script' q.svg || grep -c '(compiler)' q.svg
cd /; rm -r $d
