ambit --fuel 100000 -e "loop { }" 2>&1; echo $?; ambit --max-memory 20m -e "let l = []; loop { l.push([1,2,3]) }" 2>/dev/null; echo $?; ambit --timeout 0.2 -e "loop { }" 2>/dev/null; echo $?
