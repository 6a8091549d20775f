#!/bin/sh
# SPDX-License-Identifier: MIT
# Plays the cellar, and compares what is shown; what must not be rules is refused. The last line adds everything up.
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
play() { timeout 60 ./dungeon -d 10000 "$@"; }

play -t 40 maps/cellar.txt rules >"$work/game" 2>&1
check "the game" diff -u tests/cellar.out "$work/game"
play -t 40 -s 99 maps/cellar.txt rules >"$work/other" 2>&1
check "another seed is another game" sh -c '! cmp -s "$1" "$2"' - "$work/game" "$work/other"
mkdir "$work/rules"
printf 'use fs.dir(".") as d\npub fn update(me) { }\n' >"$work/rules/gold.amb"
printf '###\n#$#\n###\n' >"$work/map"
play "$work/map" "$work/rules" >"$work/refused" 2>&1
check "rules get no authority" grep -q "has a .use. line" "$work/refused"
printf 'loop { }\npub fn update(me) { }\n' >"$work/rules/gold.amb"
play "$work/map" "$work/rules" >"$work/endless" 2>&1
check "a top level that does not end" grep -q "fuel used up" "$work/endless"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
