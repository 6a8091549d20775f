ambit --version | cut -d" " -f1-2; ambit help check; ambit help nonsense 2>/dev/null; echo $?
