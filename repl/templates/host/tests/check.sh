#!/bin/sh
# What the program does with scripts that are right, wrong, and without end.
passed=0 failed=0
d=$(mktemp -d) || exit 2
trap 'rm -rf "$d"' EXIT
expect() { # expect STATUS TEXT COMMAND...
    status=$1 text=$2
    shift 2
    timeout 20 "$@" >"$d/out" 2>&1
    got=$?
    if [ $got -eq "$status" ] && grep -qF "$text" "$d/out"; then passed=$((passed + 1)); else
        failed=$((failed + 1))
        echo "FAILED: $*: status $got, expected $status; '$text' is not in:"
        cat "$d/out"
    fi
}
echo 'pub fn greet(name) => [1][5]' >"$d/wrong.amb"
echo 'pub fn greet(name) { loop { } }' >"$d/endless.amb"
echo 'pub fn greet(name) { let all = []; loop { all.push("x" * 1000) } }' >"$d/greedy.amb"
echo 'use fs.dir("/") as root' >"$d/curious.amb"
echo 'let let' >"$d/no-script.amb"
expect 0 'Good day, ANNA!' ./skeleton greet.amb Anna
expect 0 'Hello, BEN!' ./skeleton greet.amb Anna Ben
expect 1 'IndexError' ./skeleton "$d/wrong.amb" Anna
expect 1 'used up' ./skeleton "$d/endless.amb" Anna
expect 1 'used up' ./skeleton "$d/greedy.amb" Anna
expect 1 'use fs.dir' ./skeleton "$d/curious.amb" Anna
expect 1 'no-script.amb:1:' ./skeleton "$d/no-script.amb" Anna
expect 1 'cannot read' ./skeleton "$d/none.amb" Anna
expect 2 'Usage' ./skeleton
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
