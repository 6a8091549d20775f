#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds the providers of examples/providers against an installation of its own and runs their checks.
#
#   run.sh SOURCE BUILD     in the build's folder: installs into BUILD/installed-providers
#
# What lacks its library is left out, loudly; PROVIDERS="zlib tls" chooses. With a sanitizer build the
# providers are built the same way (SAN).
src=$(realpath "$1") build=$(realpath "$2") || exit 2
work=$build/installed-providers
passed=0 failed=0 skipped=
rm -rf "$work"
mkdir -p "$work/src" || exit 2
if ! make -s -C "$build" install prefix="$work/root" DESTDIR= >"$work/install.log" 2>&1; then
    tail -n 20 "$work/install.log"
    echo "providers: 0 passed, 1 failed"
    exit 1
fi
PKG_CONFIG_PATH=$work/root/lib/pkgconfig${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
export PKG_CONFIG_PATH
if ! pkg-config --exists ambit 2>/dev/null; then
    echo "providers: left out: pkg-config is not here"
    echo "providers: 0 passed, 0 failed"
    exit 0
fi
cp "$src/examples/providers/check.sh" "$work/src/"
for name in ${PROVIDERS:-zlib sqlite tls}; do
    case $name in
    zlib) needs=zlib debian=zlib1g-dev ;;
    sqlite) needs=sqlite3 debian=libsqlite3-dev ;;
    tls) needs=libssl debian=libssl-dev ;;
    esac
    [ -d "$src/examples/providers/$name" ] || continue
    if ! pkg-config --exists "$needs" || { [ "$name" = tls ] && ! command -v openssl >/dev/null; }; then
        echo "PROVIDER $name IS LEFT OUT: $debian is not installed"
        skipped="$skipped $name"
        continue
    fi
    cp -r "$src/examples/providers/$name" "$work/src/"
    # What lies around from a build in the source tree is not what is tested.
    make -s -C "$work/src/$name" clean >/dev/null 2>&1
    last=$(make -s -C "$work/src/$name" check CC="${CC:-cc} -Werror $SAN" AMBIT="$work/root/bin/ambit" 2>&1 |
        tee "$work/$name.log" | tail -n 1)
    case $last in
    *" passed, "*" failed") p=${last%% passed*} p=${p##* } f=${last##*passed, } f=${f%% failed*} ;;
    *) last=$(grep ' passed, .* failed$' "$work/$name.log" | tail -n 1)
        p=${last%% passed*} p=${p##* } f=${last##*passed, } f=${f%% failed*}
        [ -n "$last" ] || p=0 f=1 ;;
    esac
    passed=$((passed + p)) failed=$((failed + f))
    if [ "$f" -ne 0 ]; then tail -n 80 "$work/$name.log"; fi
    echo "provider $name: $p passed, $f failed"
done
[ -z "$skipped" ] || echo "left out:$skipped"
echo "providers: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
