for c in "print(1)" "throw \"x\"" "let" "exit(4)" "fn main() => 7"; do ambit -e "$c" >/dev/null 2>&1; echo $?; done; ambit no-such-file.amb 2>/dev/null; echo $?; ambit --nonsense 2>/dev/null; echo $?
