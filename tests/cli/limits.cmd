ambit --fuel 100000 -e "loop { }" 2>&1; echo $?; ambit --max-memory 20m -e "var s = \"x\"; loop { s += s }" 2>/dev/null; echo $?; ambit --timeout 0.2 -e "loop { }" 2>/dev/null; echo $?
