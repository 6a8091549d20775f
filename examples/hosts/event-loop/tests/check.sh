#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs three programs in one loop, with lines that come late, and compares what each of them printed. The last line adds everything up.
passed=0 failed=0
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
check() { # WHAT COMMAND...
    what=$1
    shift
    if "$@" >"$work/diff" 2>&1; then passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED $what"
        head -n 40 "$work/diff"
    fi
}
(printf '12\nseven\n-'; sleep 0.3; printf '3\n'; sleep 0.3; printf '1000') |
    timeout 60 ./loop words.amb patience.amb hungry.amb >"$work/out" 2>"$work/err"
check "one of them failed" test $? = 1
for p in words patience hungry; do
    grep "^$p" "$work/out" >"$work/$p"
    check "$p" diff -u "tests/$p.out" "$work/$p"
done
check "the limit is told" grep -q "fuel used up" "$work/err"
timeout 60 ./loop words.amb patience.amb </dev/null >"$work/out" 2>&1
check "nothing to read" grep -q "^words.amb: meanwhile: \[1, 4, 9, 16\]" "$work/out"
# Ends while the worker still computes for it.
printf 'import host\nspawn { host.square(2, 300) }\nsleep(0.01)\nexit(0)\n' >"$work/leaves.amb"
timeout 60 ./loop "$work/leaves.amb" </dev/null >"$work/out" 2>&1
check "leaving early" grep -qx "leaves.amb: ended, status 0" "$work/out"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
