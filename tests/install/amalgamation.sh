#!/bin/sh
# SPDX-License-Identifier: MIT
# What `make check-amalgamation` runs: amalgamation.sh SRCDIR DIR, with CC, UV_CFLAGS and UV_LIBS; DIR holds ambit.c and
# ambit.h. The host program of the tests is built with one call of the compiler and runs; so does a host without
# libuv; gcc and clang, whichever there are, read the file as C17 without a warning. The last line adds up.
src=$1 dir=$2
CC=${CC:-cc}
w=$dir/check
log=$w/log
passed=0 failed=0

check() { # check WHAT COMMAND...
    what=$1
    shift
    if "$@" >"$log" 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "amalgamation: $what"
        head -n 40 "$log"
    fi
}
rm -rf "$w"
mkdir -p "$w" || exit 2
cd "$w" || exit 2
for f in "$src"/tests/api/*.[ch]; do sed 's|#include <ambit/[a-z]*\.h>|#include "ambit.h"|' "$f" >"$(basename "$f")"; done
cp "$src/tests/install/reactor.c" .
one=
for t in "$src"/tests/api/*.c; do
    t=$(basename "$t" .c)
    [ "$t" != sweep ] || continue # is linked in a way of its own
    if [ -z "$one" ]; then # the way it is meant; the second time without compiling it all again
        one=$t
        # shellcheck disable=SC2086
        check "$t and ambit.c in one call" $CC -std=gnu17 -O1 -Wall -Werror $UV_CFLAGS -save-temps=obj -I.. -o "$t" \
            "$t.c" ../ambit.c $UV_LIBS -lpthread -ldl -lm
        mv ./*ambit.o ambit.o
        rm -f ./*.i ./*.s ./*.bc
    else
        # shellcheck disable=SC2086
        check "$t with ambit.c" $CC -std=gnu17 -O1 -Wall -Werror -I.. -o "$t" "$t.c" ambit.o $UV_LIBS -lpthread -ldl -lm
    fi
    check "$t runs" "./$t"
done
nm -g --defined-only ambit.o | awk 'NF == 3 && $3 !~ /^amb/' >names
check "names for the linker that do not begin with amb: $(head -n 3 names | tr '\n' ' ')" test -f ambit.o -a ! -s names
check "a host without libuv" $CC -std=gnu17 -O0 -DAMB_NO_UV -I.. -o reactor reactor.c ../ambit.c -lpthread -ldl -lm
check "the host without libuv runs" timeout 20 ./reactor
for c in gcc clang; do
    command -v $c >/dev/null 2>&1 || { echo "amalgamation: SKIPPED $c, which is not installed"; continue; }
    check "$c, C17" $c -std=c17 -fsyntax-only -Wall -Werror ../ambit.c
    check "$c, C17 without libuv" $c -std=c17 -fsyntax-only -Wall -Werror -DAMB_NO_UV ../ambit.c
    check "$c, ambit.h as C99" $c -std=c99 -fsyntax-only -Wall -Wextra -pedantic -Werror -x c ../ambit.h
done
echo '#include "ambit.h"' >h.cc
if command -v g++ >/dev/null 2>&1; then
    check "ambit.h as C++17" g++ -std=c++17 -fsyntax-only -Wall -Wextra -pedantic -Werror -I.. h.cc
else
    echo "amalgamation: SKIPPED C++: g++ is not installed"
fi
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
