#!/bin/sh
# SPDX-License-Identifier: MIT
# What `make distcheck` runs: dist.sh TARBALL WORKDIR, with CC, MAKE and DISTCHECK_FLAGS for configure. Unpacks the
# release read-only, configures out of tree, builds, runs the fast tests, installs with DESTDIR, runs what was
# installed, and takes everything away again: uninstall and distclean must leave no file. The last line adds up.
tarball=$1 w=$2
MAKE=${MAKE:-make}
passed=0 failed=0
log=$w/log
export MAKEFLAGS=

check() { # check WHAT COMMAND...
    what=$1
    shift
    if "$@" >"$log" 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "distcheck: $what"
        tail -n 40 "$log"
    fi
}
none() { # none DIR: no file or link beneath it
    find "$1" ! -type d >"$w/left" && cat "$w/left" && [ ! -s "$w/left" ]
}
same() { # the sources are as they were
    (cd "$src" && find . -type f -print0 | sort -z | xargs -0 cat | cksum)
}

[ ! -d "$w" ] || chmod -R u+w "$w"
rm -rf "$w"
mkdir -p "$w/build" "$w/dest" || exit 2
tar -xJf "$tarball" -C "$w" || exit 2
src=$(echo "$w"/ambit-*)
[ -x "$src/configure" ] || { echo "distcheck: $tarball unpacks to no configure script"; exit 2; }
before=$(same)
chmod -R a-w "$src"
cd "$w/build" || exit 2
# shellcheck disable=SC2086
check "configure" "$src/configure" --prefix=/usr ${CC:+"--cc=$CC"} $DISTCHECK_FLAGS
check "make" "$MAKE"
check "make check-fast" "$MAKE" check-fast
check "make install" "$MAKE" install DESTDIR="$w/dest"
check "the installed command" sh -c "'$w/dest/usr/bin/ambit' -e 'print(6 * 7)' | grep -qx 42"
for f in usr/bin/ambit usr/lib/libambit.a usr/lib/libambit.so usr/include/ambit/ambit.h usr/include/ambit/spi.h \
    usr/lib/pkgconfig/ambit.pc usr/share/man/man1/ambit.1 usr/share/man/man3/ambit.h.3 \
    usr/share/bash-completion/completions/ambit usr/share/zsh/site-functions/_ambit; do
    check "$f is not installed" test -e "$w/dest/$f"
done
if grep -rq "$w" "$w/dest/usr/lib/pkgconfig" "$w/dest/usr/share" "$w/dest/usr/include"; then
    echo "distcheck: an installed text names the place it was built or installed aside"
    failed=$((failed + 1))
else
    passed=$((passed + 1))
fi
check "make uninstall" "$MAKE" uninstall DESTDIR="$w/dest"
check "uninstall leaves files" none "$w/dest"
check "make distclean" "$MAKE" distclean
check "distclean leaves files" none "$w/build"
check "the sources have changed" test "$before" = "$(same)"
chmod -R u+w "$w"
[ $failed -gt 0 ] || rm -rf "$w"
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
