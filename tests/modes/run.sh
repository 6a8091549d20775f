#!/bin/sh
# SPDX-License-Identifier: MIT
# The suite once more with every provider call disturbed: run.sh SRCDIR JOBS [SEED...], in a build directory.
#
#   wire     every call and answer goes through bytes: the same results
#   chaos    calls wait, move to threads, are cut short, by seeded numbers: the same results
#   failing  some fail, too: whatever becomes of a program, it ends in time and in an orderly way
src=$1 jobs=$2
shift 2
seeds=${*:-1 2}
passed=0 failed=0
here=$PWD
dir=$(mktemp -d "${TMPDIR:-/tmp}/ambit-modes.XXXXXX") || exit 2
trap 'rm -rf "$dir"' EXIT

# The tests call `ambit`; what they get adds the mode's flags.
wrapper() { # NAME FLAGS
    mkdir -p "$dir/$1"
    ln -sfn "$here/tests" "$dir/$1/tests"
    ln -sfn "$here/obj" "$dir/$1/obj"
    printf '#!/bin/sh\nexec "%s" %s "$@"\n' "$here/ambit" "$2" >"$dir/$1/ambit"
    chmod +x "$dir/$1/ambit"
}

# Left out: what shows the command line, which has the mode's flags here, and what counts the calls of an
# audit, of which there are more; host programs do not call the command.
for t in cli attack; do
    cp -r "$src/tests/$t" "$dir/$t"
    for f in "$dir/$t"/*.cmd; do
        case $f in */audit-tasks.cmd | */hosts.cmd) rm -f "$f"; continue ;; esac
        grep -q "/ambit\|^ *ambit " "${f%.cmd}.out" 2>/dev/null && rm -f "$f"
    done
done

suite() { # NAME
    paths="$dir/cli $dir/attack"
    for p in tests/lang tests/limits tests/regress tests/examples spec doc README.md; do
        [ -e "$src/$p" ] && paths="$paths $src/$p"
    done
    # shellcheck disable=SC2086
    tests/runner --ambit "$dir/$1/ambit" -j "$jobs" --timeout 60 --root "$src" $paths >"$dir/log" 2>&1
    last=$(tail -n 1 "$dir/log")
    sed '$d' "$dir/log"
    case $last in
    *" passed, "*" failed")
        f=${last##*passed, }
        passed=$((passed + ${last%% passed*})) failed=$((failed + ${f%% failed*})) ;;
    *) last="0 passed, 1 failed"; failed=$((failed + 1)) ;;
    esac
    echo "$1: $last"
}

wrapper wire --wire
suite wire
for seed in $seeds; do
    wrapper "chaos-$seed" "--chaos $seed"
    suite "chaos-$seed"
done

# Programs that use providers, with failures in one call of ten: 0 to 3 and the statuses of the command are
# orderly ends; a signal, a sanitizer's report or a program that does not end are not.
cp -r "$src/tests/modes" "$dir/programs"
for seed in $seeds; do
    p=0 f=0
    for script in "$dir"/programs/*.amb; do
        for extra in "" --wire; do
            n=0
            while [ $n -lt 10 ]; do
                # shellcheck disable=SC2086
                (cd "$dir/programs" && timeout 60 "$here/ambit" $extra --chaos $((seed * 1000 + n)) --chaos-fails 100 \
                    -y "$script" >"$dir/out" 2>&1 </dev/null)
                st=$?
                case $st in
                0 | 1 | 2 | 3 | 77 | 130) good=yes ;;
                *) good=no ;;
                esac
                grep -q 'Sanitizer\|runtime error:\|heap check' "$dir/out" && good=no
                if [ $good = yes ]; then p=$((p + 1)); else
                    f=$((f + 1))
                    echo "FAIL failing: $(basename "$script") seed $((seed * 1000 + n)) $extra: status $st"
                    head -n 12 "$dir/out"
                fi
                n=$((n + 1))
            done
        done
    done
    echo "failing-$seed: $p passed, $f failed"
    passed=$((passed + p)) failed=$((failed + f))
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
