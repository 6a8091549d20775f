d=$(mktemp -d); (sleep 0.2; echo a; while [ ! -e $d/got ]; do sleep 0.02; done; sleep 0.1; echo b) | (ambit -e 'print(input())'; touch $d/got; sed -n 1p); rm -r $d
