#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs a day's script, and scripts that are none, and compares what is printed. The last line adds everything up.
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
timeout 60 ./ledger day.amb >"$work/out" 2>&1
check "it ends well" test $? = 0
check "the day" diff -u tests/day.out "$work/out"
fails() { # EXPECTED-TEXT SOURCE
    printf '%b' "$2" >"$work/s.amb"
    timeout 60 ./ledger "$work/s.amb" >"$work/out" 2>&1
    check "status of: $2" test $? = 1
    check "$1" grep -q "$1" "$work/out"
    check "accounts of: $2" grep -qx "accounts at the end: 0" "$work/out"
}
fails "not accepted" "import nowhere\n"
fails "no .use. is granted" 'use fs.dir(".") as d\n'
fails "ValueError: an account cannot begin below zero" 'from ledger import Account\nlet a = Account("Ann", 1)\nAccount("Bo", -1)\n'
fails "fuel used up" 'from ledger import Account\nlet a = Account("Ann", 1)\nloop { }\n'
fails "no pub spend" "pub fn close_day(x) => 0\n"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
