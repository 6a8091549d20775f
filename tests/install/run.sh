#!/bin/sh
# SPDX-License-Identifier: MIT
# What `make installcheck` runs: run.sh SRCDIR BUILDDIR, with CC, SAN (flags of sanitizers), SLOW and MAKE.
# Installs beneath the build directory, then uses the installed files as somebody else would: pkg-config, a compiler
# and nothing of the source but the test programs. Each folder of examples/hosts that has a Makefile is copied away and asked
# for `make check`; `make -s needs` may print the pkg-config names of what it needs of the system, without which
# it is skipped. examples/providers: see tests/providers/run.sh. The last line adds everything up.
src=$1 build=$2
CC=${CC:-cc} MAKE=${MAKE:-make} SAN=${SAN-}
w=$build/installed
prefix=$w/prefix
passed=0 failed=0 skipped=0
log=$w/log

ok() { passed=$((passed + 1)); }
bad() {
    failed=$((failed + 1))
    echo "installcheck: $*"
    [ ! -s "$log" ] || head -n 40 "$log"
}
skip() {
    skipped=$((skipped + 1))
    echo "installcheck: SKIPPED $*"
}
check() { # check WHAT COMMAND...
    what=$1
    shift
    if "$@" >"$log" 2>&1; then ok; else bad "$what"; fi
}
finish() {
    [ $skipped -eq 0 ] || echo "installcheck: $skipped skipped, see above"
    echo "$passed passed, $failed failed"
    [ $failed -eq 0 ]
    exit
}

rm -rf "$w"
mkdir -p "$w/here" || exit 2
export MAKEFLAGS=
if ! "$MAKE" -s -C "$build" install DESTDIR= prefix="$prefix" bindir="$prefix/bin" libdir="$prefix/lib" \
    includedir="$prefix/include" datadir="$prefix/share" mandir="$prefix/share/man" >"$log" 2>&1; then
    bad "make install failed"
    finish
fi
ok
command -v pkg-config >/dev/null 2>&1 || { skip "everything: pkg-config is not installed"; finish; }
PKG_CONFIG_PATH=$prefix/lib/pkgconfig${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
LD_LIBRARY_PATH=$prefix/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
PATH=$prefix/bin:$PATH
export PKG_CONFIG_PATH LD_LIBRARY_PATH PATH CC
# A provider that is loaded into a program with AddressSanitizer has been compiled with it, too.
cflags="$(pkg-config --cflags ambit) $SAN" libs=$(pkg-config --libs ambit)
cd "$w/here" || exit 2

# --- the command ------------------------------------------------------------------------------
check "the installed command" sh -c 'ambit -e "print(6 * 7)" | grep -qx 42'
check "its version is pkg-config's" sh -c '[ "$(ambit --version | cut -d" " -f2)" = "$(pkg-config --modversion ambit)" ]'
check "the prefix is pkg-config's" test "$(pkg-config --variable=prefix ambit)" = "$prefix"

# --- what the libraries export ----------------------------------------------------------------
for h in "$prefix"/include/ambit/*.h; do echo "#include <ambit/$(basename "$h")>"; done >all.h
# shellcheck disable=SC2086
$CC -E -P $cflags -x c all.h 2>"$log" | awk -f "$src/include/exports.awk" | sort -u >declared
nm -D --defined-only "$prefix/lib/libambit.so" | sed -n 's/.* [A-Z] \([^@]*\)@@AMBIT_.*/\1/p' | sort -u >exported
nm -D --defined-only "$prefix/lib/libambit.so" | sed -n 's/.* [TDRBVW] //p' | sed 's/@.*//' | sort -u >all-exported
check "headers and exported names differ (< declared, > exported)" diff declared exported
check "a name is exported without a version" diff exported all-exported
check "fewer names are declared than there ever were" test "$(wc -l <declared)" -ge 60
objdump -p "$prefix/lib/libambit.so" | sed -n 's/^ *SONAME *//p' >soname
check "the soname leads to the library" test -e "$prefix/lib/$(cat soname)"
if [ -z "$SAN" ]; then
    nm -g --defined-only "$prefix/lib/libambit.a" | awk 'NF == 3 && $3 !~ /^amb/' >"$log"
    if [ -s "$log" ]; then bad "names of the static library that are not its own"; else ok; fi
else
    skip "names of the static library: sanitizers add theirs"
fi

# --- headers ----------------------------------------------------------------------------------
strict="-Wall -Wextra -pedantic -Werror -fsyntax-only"
case $CC in
*clang*) CXX=$(echo "$CC" | sed 's/clang/clang++/') ;;
*gcc*) CXX=$(echo "$CC" | sed 's/gcc/g++/') ;;
*) CXX=c++ ;;
esac
cxx=
# shellcheck disable=SC2086
if echo 'int main() { return 0; }' >t.cc && $CXX -std=c++17 $SAN -o t t.cc >/dev/null 2>&1; then cxx=yes
else skip "C++: $CXX is not installed"; fi
for h in "$prefix"/include/ambit/*.h all.h; do
    name=$(basename "$h")
    if [ "$name" = all.h ]; then cat all.h all.h >one.c
    else printf '#include <ambit/%s>\n#include <ambit/%s>\n' "$name" "$name" >one.c; fi
    echo 'int main(void) { return 0; }' >>one.c
    cp one.c one.cc
    # shellcheck disable=SC2086
    for std in c99 c17; do check "$name as $std" $CC -std=$std $strict $cflags one.c; done
    # shellcheck disable=SC2086
    [ -z "$cxx" ] || check "$name as C++17" $CXX -std=c++17 $strict $cflags one.cc
done

# --- a provider and hosts -----------------------------------------------------------------------
warn="-O1 -g -Wall -Wextra -Werror"
# shellcheck disable=SC2086
check "a provider" $CC -std=c99 $warn $cflags -fPIC -shared -o counter.so "$src/tests/install/counter.c"
nm -D --defined-only counter.so | awk '{ print $3 }' | grep -v '^_' >names
check "a provider exports one name" test "$(cat names)" = amb_provider_v1
check "the installed command loads it" sh -c "ambit -y --provider ./counter.so -e 'use counter.new(40) as c
c.add(2)
print(c.value())' | grep -qx 42"
for std in c99 c17; do
    # shellcheck disable=SC2086
    check "a host as $std" $CC -std=$std $warn -pedantic $cflags -o host-$std "$src/tests/install/host.c" $libs -ldl
    check "the host in $std runs" ./host-$std ./counter.so
done
if [ -n "$cxx" ]; then
    cp "$src/tests/install/host.c" host.cc
    # shellcheck disable=SC2086
    check "a host as C++17" $CXX -std=c++17 $warn -pedantic $cflags -o host-c++ host.cc $libs -ldl
    check "the host in C++ runs" ./host-c++ ./counter.so
fi
static=$(pkg-config --static --libs-only-l ambit | sed 's/-lambit/-l:libambit.a/')
# shellcheck disable=SC2086
check "a host with the static library" $CC $warn $cflags -o host-static "$src/tests/install/host.c" \
    "-L$prefix/lib" $static
check "the host with the static library runs" env LD_LIBRARY_PATH= ./host-static ./counter.so
for f in "$src"/tests/api/*.c; do
    t=$(basename "$f" .c)
    [ "$t" != sweep ] || continue # fails the library's own allocations, which takes the linker: make check does
    # shellcheck disable=SC2086
    check "$t" $CC -std=gnu17 $warn $cflags -o "$t" "$f" $libs -ldl -lpthread -lm
    check "$t runs" "./$t"
done
# The example of the manual page.
sed -n '/^\.EX$/,/^\.EE$/p' "$prefix/share/man/man3/ambit.h.3" | sed '/^\.E[XE]$/d; s/\\e/\\/g' >manual.c
# shellcheck disable=SC2086
check "the manual's example" $CC -std=c99 $warn -pedantic $cflags -o manual manual.c $libs
check "the manual's example runs" sh -c './manual | grep -qx 42'

# --- pages and completions --------------------------------------------------------------------
if command -v groff >/dev/null 2>&1; then
    for m in "$prefix"/share/man/man?/*; do
        groff -man -ww -Tutf8 "$m" 2>"$log" >page
        if [ -s "$log" ] || [ ! -s page ]; then bad "$(basename "$m") has mistakes"; else ok; fi
    done
else
    skip "manual pages are not read: groff is not installed"
fi
if command -v bash >/dev/null 2>&1; then
    check "completion for bash" bash "$src/tests/install/complete.bash" "$prefix/share/bash-completion/completions/ambit"
else
    skip "completion for bash is not tried: there is none"
fi
if command -v zsh >/dev/null 2>&1; then
    check "completion for zsh" zsh -n "$prefix/share/zsh/site-functions/_ambit"
else
    skip "completion for zsh is not read: there is none"
fi

# --- beginning a project, and the guides ---------------------------------------------------------
for kind in provider host; do
    check "ambit new $kind" ambit new $kind "my_$kind"
    check "a new $kind passes its tests" timeout 300 "$MAKE" -C "my_$kind" check CC="$CC $SAN"
done
for g in providers embedding; do
    [ -f "$src/doc/$g.md" ] || continue
    mkdir -p bin
    # Listings say `cc`.
    printf '#!/bin/sh\nexec %s %s "$@"\n' "$CC" "$SAN" >bin/cc && chmod +x bin/cc
    check "the guide doc/$g.md" env INSTALLED=1 PATH="$w/here/bin:$PATH" sh "$src/tests/doc/run.sh" "$src" "$build" "$src/doc/$g.md"
done

# --- examples -----------------------------------------------------------------------------------
if [ -d "$src/examples/hosts" ]; then cp -R "$src/examples/hosts" hosts; fi
for d in hosts/*/; do
    [ -f "$d/Makefile" ] || continue
    "$MAKE" -s -C "$d" clean >/dev/null 2>&1 # of what lies around from a build in the source tree
    missing=
    for p in $("$MAKE" -s -C "$d" needs 2>/dev/null); do
        pkg-config --exists "$p" || missing="$missing $p"
    done
    case $d in
    */cpp/*) [ -n "$cxx" ] || missing="$missing $CXX" ;;
    esac
    if [ -n "$missing" ]; then
        skip "$d: this system has no$missing"
    elif [ -n "$SAN" ]; then
        check "$d" timeout 300 "$MAKE" -C "$d" check CC="$CC $SAN" CXX="$CXX $SAN"
    else
        check "$d" timeout 300 "$MAKE" -C "$d" check CC="$CC" CXX="$CXX"
    fi
done
sh "$src/tests/providers/run.sh" "$src" "$build" >"$log" 2>&1
grep 'LEFT OUT' "$log" | while read -r line; do echo "installcheck: $line"; done
last=$(tail -n 1 "$log")
case $last in
"providers: "*" passed, 0 failed") last=${last#providers: } passed=$((passed + ${last%% passed*})) ;;
*) bad "providers of examples/providers" ;;
esac
finish
