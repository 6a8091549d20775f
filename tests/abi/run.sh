#!/bin/sh
# SPDX-License-Identifier: MIT
# The ABI guard: run.sh check|renew SRCDIR LIBRARY
#
# check: compares the library with the baseline ambit.abi beside this file, which libabigail wrote from an earlier one.
# Whatever a program linked with that one could notice is a failure; functions that are new are not, nor are
# members behind the old end of structs that carry their size (judge.awk). renew: writes the baseline.
what=$1 src=$2 lib=$3
here=$src/tests/abi
base=$here/ambit.abi
w=$(mktemp -d "${TMPDIR:-/tmp}/ambit-abi.XXXXXX") || exit 2
trap 'rm -rf "$w"' EXIT

for tool in abidw abidiff; do
    command -v $tool >/dev/null 2>&1 && continue
    echo "check-abi: SKIPPED, $tool is not installed (Debian: abigail-tools)"
    [ "$what" = check ] && echo "0 passed, 0 failed"
    [ "$what" = check ]
    exit
done
if ! readelf -S "$lib" | grep -q '\.debug_info'; then
    echo "check-abi: SKIPPED, the library has no debugging information: build it with -g, as configure does by itself"
    [ "$what" = check ] && echo "0 passed, 0 failed"
    [ "$what" = check ]
    exit
fi

# Only what the public headers say, without the places of files.
describe() { # LIBRARY
    abidw --headers-dir "$src/include/ambit" --drop-private-types --no-corpus-path --no-comp-dir-path --no-show-locs --exported-interfaces-only \
        --type-id-style hash "$1" | sed "s| path='[^']*/\([^/']*/[^/']*\)'| path='\1'|"
}
if [ "$what" = renew ]; then
    describe "$lib" >"$w/new" && [ "$(grep -c '<elf-symbol' "$w/new")" -ge 60 ] || { echo "abidw failed"; exit 1; }
    mv "$w/new" "$base"
    echo "$base describes $(grep -c '<elf-symbol' "$base") symbols; git diff shows what has changed"
    exit
fi

passed=0 failed=0
describe "$lib" >"$w/now" || { echo "abidw failed"; exit 1; }
# Status 0: nothing that matters; 1: changes, told in w/report; 2: it did not work.
compare() { # BASELINE
    abidiff --leaf-changes-only --no-added-syms "$1" "$w/now" >"$w/diff" 2>&1
    [ $(($? & 3)) -eq 0 ] || { cp "$w/diff" "$w/report"; return 2; }
    awk -f "$here/judge.awk" "$w/diff" >"$w/report"
}
verdict() { # WANTED TEXT
    if [ $status -eq "$1" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        head -n 100 "$w/report"
        echo "check-abi: $2"
    fi
}
compare "$base"
status=$?
verdict 0 "programs linked with an earlier library would notice. If that is meant, and the version says so: make abi-baseline"
# Does it see anything? Baselines with one function more, with a double instead of a number, and with a member that is
# now missing, must differ; one whose last member was not there yet must not.
sed "s|<elf-symbol name='amb_vm_free'\(.*\)/>|&<elf-symbol name='amb_vm_gone'\1/>|" "$base" >"$w/more"
compare "$w/more"
status=$?
verdict 1 "a function that is gone is not noticed"
double=$(sed -n "s|.*<type-decl name='double'.* id='\([^']*\)'.*|\1|p" "$base")
sed "/<function-decl name='amb_int'/,/<\/function-decl>/s|<parameter type-id='[^']*'|<parameter type-id='$double'|" \
    "$base" >"$w/double"
compare "$w/double"
status=$?
verdict 1 "a parameter of another type is not noticed"
sed "/<class-decl name='amb_config'/,/<\/class-decl>/s|<var-decl name='fuel' type-id='[^']*'|<var-decl name='fuel' type-id='$double'|" \
    "$base" >"$w/member"
compare "$w/member"
status=$?
verdict 1 "a member of another type is not noticed"
# amb_param as it was without its last member: half of an eight-byte word
awk "/<class-decl name='amb_param'/ { inside = 1; sub(/size-in-bits='[0-9]*'/, \"size-in-bits='352'\") }
    inside && /layout-offset-in-bits='352'/ { skip = 3 }
    /<\/class-decl>/ { inside = 0 }
    skip > 0 { skip--; next } { print }" "$base" >"$w/short"
compare "$w/short"
status=$?
verdict 0 "a member behind the others of a struct that may grow is not let through"
if cmp -s "$base" "$w/short"; then failed=$((failed + 1)); echo "check-abi: amb_param is not what this test takes it for"; fi
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
