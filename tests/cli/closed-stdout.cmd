ambit -e "for i in 0..1000000 { print(i) }" | head -n 2; ambit -e "for i in 0..1000000 { print(i) }" 2>&1 >/dev/full | head -n 3
