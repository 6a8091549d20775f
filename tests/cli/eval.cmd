# spec: eval.value, eval.json
d=$(mktemp -d); mkdir $d/lib
printf 'from "./lib/sizes" import mb\nprint("reading", "\\u{1b}[31m")\nlet (name, ports) = ("shop", [80, 443])\n({name: name, limit: mb(3), "odd key": (1, 2.5, nil, true, -1e300), servers: ports.map(p => (host: "${name}.example", port: p)), none: {}, q: "a\\"\\\\\\n\\t\\u{7f}\\u{9b}\\u{e9}"})\n' >$d/c.amb
printf 'pub fn mb(n) => n * 1048576\n' >$d/lib/sizes.amb
ambit eval --json $d/c.amb 2>/dev/null; ambit eval $d/c.amb 2>&1 >/dev/null; ambit eval $d/c.amb 2>/dev/null | grep -c "limit: 3145728"
if command -v python3 >/dev/null; then ambit eval --json $d/c.amb 2>/dev/null | python3 -c 'import json, sys; v = json.load(sys.stdin); print(v["servers"][1]["port"], [*v] == ["name", "limit", "odd key", "servers", "none", "q"], v["q"] == "a\"\\\n\t\x7f\x9b\xe9")'; else echo "443 True True"; fi
ambit eval -e "5"; echo $?; ambit eval --json -e "9223372036854775807"; ambit eval --json -e '"text"'; ambit eval -e '"text"'; ambit eval --json -e "let x = 1
print(x)
nil" 2>/dev/null
echo "args" | ambit eval --json - a b; ambit eval --json -e "exit(3)"; echo $?; ambit eval $d/none.amb 2>/dev/null; echo $?; ambit eval -e "let" 2>/dev/null; echo $?
printf 'args { port: int = 80 }\n[args.port]\n' >$d/a.amb; ambit eval --json $d/a.amb --port 81; ambit eval $d/a.amb --port x >/dev/null 2>&1; echo $?; ambit eval >/dev/null 2>&1; echo $?
rm -r $d
