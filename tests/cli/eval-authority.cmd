# spec: eval.authority, eval.limits
d=$(mktemp -d); cd $d
printf 'print("runs")\nuse fs.dir(".") as d\nd.list()\n' >s.amb; ambit eval s.amb 2>&1; echo $?
for o in "--allow fs.dir(.)" -y "--policy s.amb" "--profile workspace" "--profile pure" "--provider fs=memory" "--provider ./none.so" "--audit x" --suggest "--cpu-profile x"; do ambit eval $o s.amb >/dev/null 2>&1; echo "$o $?"; done; ls
echo hello | ambit eval -e "[stdin]"; echo hello | ambit eval -e "input()" 2>&1 | head -n 1
printf 'secret\n' >t.txt; mkdir in; for p in ../t ../s ./t.txt; do printf "import \"$p\" as s\n1\n" >in/c.amb; ambit eval in/c.amb >/dev/null 2>&1; echo $?; done
for c in "loop { }" 'var s = "x"
loop { s += s }' "fn f(n) => 1 + f(n + 1)
f(0)" "class A { fn str() { loop { } } }
A()"; do timeout 60 ambit eval -e "$c" >/dev/null 2>&1; echo $?; done
timeout 60 ambit eval --timeout 0.1 -e "sleep(100)" 2>&1; echo $?; ambit eval --fuel 1000 -e "for i in 0..1000 { }
1" 2>&1; echo $?; ambit eval --fuel 100000 -e "for i in 0..1000 { }
1"; cd /; rm -r $d
