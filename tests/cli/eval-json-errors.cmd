# spec: eval.json
e() { ambit eval --json -e "$1" 2>&1; echo "status $?"; }
e '({servers: [1, 2, {port: (x) => x}]})'; e '[1.0, 1.0 / 0.0]'; e '[(x: 0.0 / 0.0)]'; e '({ports: {80: "http"}})'; e '({"a b": {"": set()}})'
e 'let a = []
a.push({me: a})
a'; e 'let m = {}
m["m"] = (m, 1)
({m: m})'; e 'var a = [1]
for i in 0..300 { a = [a] }
a'; e 'var a = []
for i in 0..199 { a = [a] }
a' | tail -c 12; e 'class A { }
[A()]'; e 'bytes([1])'; e '1..3'; e 'done'
e 'let x = [1, 2]
[x, x]'
ambit eval --json --max-memory 2m -e 'var a = [1]
for i in 0..60 { a = [a, a] }
a' 2>&1; echo $?; ambit eval --max-memory 2m -e 'var a = [1]
for i in 0..60 { a = [a, a] }
a' 2>&1; echo $?
