ambit examples/life.amb -n 2 -s 3; ambit examples/life.amb toad 2>&1; echo $?
