#!/bin/sh
# SPDX-License-Identifier: MIT
# What `make check` runs: check.sh SRCDIR AMBIT RUNNER JOBS SLOW all|fast [UNIT-TESTS]
# Everything prints as it goes; the last line adds it all up.
src=$1 ambit=$2 runner=$3 jobs=$4 slow=$5 what=$6 unit=$7
passed=0 failed=0
log=$(mktemp "${TMPDIR:-/tmp}/ambit-check.XXXXXX") || exit 2
trap 'rm -f "$log"' EXIT

count() { # adds the numbers of a "N passed, N failed" line
    passed=$((passed + $1)) failed=$((failed + $2))
}

if [ -n "$unit" ]; then
    "$unit" -j "$jobs" >"$log" 2>&1
    st=$?
    sum=$(sed 's/\x1b\[[0-9;]*m//g' "$log" |
        sed -n 's/.*Synthesis: Tested: *\([0-9]*\) *| *Passing: *\([0-9]*\) *| *Failing: *\([0-9]*\) *| *Crashing: *\([0-9]*\).*/\2 \3 \4/p' | tail -n 1)
    if [ -n "$sum" ]; then
        # shellcheck disable=SC2086
        set -- $sum
        [ $(($2 + $3)) -eq 0 ] || grep -v '^$' "$log"
        echo "unit: $1 passed, $(($2 + $3)) failed"
        count "$1" $(($2 + $3))
    elif [ $st -ne 0 ]; then
        cat "$log"
        count 0 1
    fi
fi

sh "$src/spec/grammar.sh" "$src/compiler/grammar.y" --check "$src/spec/grammar.md"
count $((!$?)) $(($? != 0))
sh "$src/editors/generate.sh" "$src" --check "$src/editors/vim/syntax/ambit.vim"
count $((!$?)) $(($? != 0))

sh "$src/tests/install/words.sh" "$src"
count $((!$?)) $(($? != 0))

# Dispatch is fast because every handler ends in an indirect jump of its own; compilers like to merge
# them. Only where the build asks for threaded dispatch and is optimised.
if [ "$slow" = no ] && grep -q 'AMB_DISPATCH [12]$' config.h 2>/dev/null &&
    command -v objdump >/dev/null 2>&1 && [ -f obj/vm/interp.o ]; then
    jumps=$(objdump -d obj/vm/interp.o | grep -cE 'jmp +\*')
    handlers=$(grep -c '^OP(' "$src/vm/opcodes.def")
    if [ "$jumps" -ge "$handlers" ]; then
        count 1 0
    else
        echo "dispatch: $jumps indirect jumps for $handlers handlers"
        count 0 1
    fi
fi

# Host programs: each prints what fails and a last line of sums.
for program in $API; do
    AMBIT_TEST_SLOW=$slow "$program" >"$log" 2>&1
    st=$?
    last=$(tail -n 1 "$log")
    case $last in
    *" passed, "*" failed")
        sed '$d' "$log"
        echo "api/${program##*/}: $last"
        p=${last%% passed*} f=${last##*passed, } f=${f%% failed*}
        [ $st -eq 0 ] || [ "$f" -gt 0 ] || f=1
        count "$p" "$f" ;;
    *)  cat "$log"
        echo "api/${program##*/}: ended with status $st"
        count 0 1 ;;
    esac
done

if [ "$what" = all ] && [ -n "$SCALING" ]; then
    "$SCALING" "$src"/tests/scaling/*.amb >"$log" 2>&1
    sed '$d' "$log"
    last=$(tail -n 1 "$log")
    case $last in
    *" passed, "*" failed")
        echo "scaling: $last"
        p=${last%% passed*} f=${last##*passed, }
        count "$p" "${f%% failed*}" ;;
    *)  echo "scaling: $last"; count 0 1 ;;
    esac
fi

# The guides, followed step by step: what they show is compiled and run.
if [ "$what" = all ] && [ -n "$GUIDES" ]; then
    # shellcheck disable=SC2086
    sh "$src/tests/doc/run.sh" "$src" "$(pwd)" $GUIDES >"$log" 2>&1
    sed '$d' "$log"
    last=$(tail -n 1 "$log")
    echo "guides: $last"
    case $last in
    *" passed, "*" failed")
        p=${last%% passed*} f=${last##*passed, }
        count "$p" "${f%% failed*}" ;;
    *)  count 0 1 ;;
    esac
fi

# A few random programs of tasks that check themselves; check-tasks runs many.
if [ "$what" = all ] && command -v python3 >/dev/null 2>&1; then
    programs=6
    [ "$slow" = yes ] && programs=2
    python3 "$src/tests/tasks/run.py" "$ambit" $programs >"$log" 2>&1
    sed '$d' "$log"
    last=$(tail -n 1 "$log")
    echo "$last"
    case $last in
    "tasks: "*" passed, "*" failed"*)
        p=${last#tasks: } f=${last##*passed, }
        count "${p%% passed*}" "${f%% failed*}" ;;
    *) count 0 1 ;;
    esac
fi

paths=
dirs="lang diag limits regress attack cli"
[ "$what" = fast ] && dirs="lang diag"
for d in $dirs; do
    [ -d "$src/tests/$d" ] && paths="$paths $src/tests/$d"
done
coverage=
if [ "$what" = all ]; then
    [ -d "$src/tests/examples" ] && paths="$paths $src/tests/examples"
    for f in "$src/README.md" "$src/doc"; do [ -e "$f" ] && paths="$paths $f"; done
    [ -d "$src/spec" ] && paths="$paths $src/spec" coverage="--coverage $src/spec"
fi
timeout=20
[ "$slow" = yes ] && timeout=180
# shellcheck disable=SC2086
"$runner" --ambit "$ambit" -j "$jobs" --timeout $timeout --root "$src" $coverage $paths >"$log" 2>&1
st=$?
sed '$d' "$log"
last=$(tail -n 1 "$log")
case $last in
*" passed, "*" failed")
    p=${last%% passed*} f=${last##*passed, }
    count "$p" "${f%% failed*}" ;;
*)  echo "$last"; count 0 1 ;;
esac
[ $st -eq 0 ] || [ $failed -gt 0 ] || failed=1
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
