ambit help brace-statement; ambit help no-such 2>&1; echo $?
