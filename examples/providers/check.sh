#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs the tests of one provider: check.sh NAME.so [OPTION...], in its folder. The options are for `ambit provider
# check`, which comes first.
#
# tests/X.amb is run with the flags of its line `# flags:`, tests/X.sh by the shell with $AMBIT ("ambit
# --provider NAME.so") set; each in an empty folder, and must print tests/X.out. Scripts are run three
# times: as they are, through frames (--wire), and disturbed (--chaos), unless they say `# once`.
#
#   AMBIT=ambit   the program, with flags
#   ONLY=         a name: that test only
so=$(realpath "$1") || exit 2
shift
here=$(pwd)
ambit=${AMBIT:-ambit}
case $ambit in
./* | ../*) ambit=$here/$ambit ;;
esac
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
passed=0 failed=0

verdict() { # NAME EXPECTED-FILE
    if diff -u "$2" "$work/out" >"$work/diff"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED $1"
        head -n 40 "$work/diff"
    fi
}

if [ -z "$ONLY" ]; then
    ${ambit%% *} provider check "$so" "$@" >"$work/check" 2>&1
    last=$(tail -n 1 "$work/check")
    case $last in
    *" passed, "*" failed") passed=${last%% passed*} failed=${last##*passed, } failed=${failed%% failed*} ;;
    *) failed=1 ;;
    esac
    [ "$failed" -eq 0 ] || cat "$work/check"
fi

for t in "$here"/tests/*.amb "$here"/tests/*.sh; do
    [ -f "$t" ] || continue
    name=$(basename "$t")
    [ -z "$ONLY" ] || [ "$ONLY" = "${name%.*}" ] || continue
    modes="plain wire chaos"
    case $name in
    *.sh) modes=plain ;;
    *) grep -q '^# once' "$t" && modes=plain ;;
    esac
    flags=$(sed -n 's/^# flags: //p' "$t")
    for mode in $modes; do
        dir=$work/$mode-${name%.*}
        rm -rf "$dir"
        mkdir "$dir"
        case $mode in
        plain) how= ;;
        wire) how=--wire ;;
        chaos) how='--chaos 7' ;;
        esac
        case $name in
        *.sh) (cd "$dir" && AMBIT="$ambit --provider $so" PROVIDER_DIR=$here timeout 60 sh "$t") >"$work/out" 2>&1 ;;
        *) (cd "$dir" && eval "timeout 60 $ambit $how $flags --provider $so $t") >"$work/out" 2>&1 ;;
        esac
        verdict "$name ($mode)" "${t%.*}.out"
    done
done
echo "$(basename "$so" .so): $passed passed, $failed failed"
[ "$failed" -eq 0 ]
