#!/bin/sh
# check.sh NAME.so: runs each tests/X.amb with the flags of its line `# flags:` and compares what it prints with
# tests/X.out. Three times: as it is, with calls passed through a byte stream, and disturbed.
so=$1 passed=0 failed=0
out=$(mktemp) || exit 2
trap 'rm -f "$out"' EXIT
for t in tests/*.amb; do
    flags=$(sed -n 's/^# flags: //p' "$t")
    for mode in '' --wire '--chaos 7'; do
        # shellcheck disable=SC2086
        timeout 60 ${AMBIT:-ambit} $mode --provider "$so" $flags "$t" >"$out" 2>&1
        if diff "${t%.amb}.out" "$out"; then passed=$((passed + 1)); else
            failed=$((failed + 1))
            echo "FAILED $t $mode"
        fi
    done
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
