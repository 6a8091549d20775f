#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds and runs the fuzz targets: run.sh SRCDIR BUILDDIR [SECONDS [TARGET...]]
# The corpus starts from the examples and tests and is kept in BUILDDIR/corpus-TARGET; what makes a
# target fail is left in BUILDDIR as crash-*. Needs clang.
src=$(cd "$1" && pwd) build=$2 seconds=${3:-60}
[ $# -gt 3 ] && shift 3 && targets=$* || targets="compile run"
mkdir -p "$build" && cd "$build" || exit 2
"$src/configure" --cc=clang CFLAGS="-O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer" \
    LDFLAGS="-fsanitize=address,undefined" >/dev/null && make ambit || exit 2
uv=$(sed -n 's/^UV_STATIC *:\{0,1\}= *//p' config.mak)
status=0
for t in $targets; do
    clang -std=gnu17 -g -fsanitize=fuzzer,address,undefined -no-pie -I"$src/include" -o "fuzz-$t" \
        "$src/tests/fuzz/$t.c" $(find obj/vm obj/compiler obj/stdlib-modules obj/gen -name '*.o') $uv -lm || exit 2
    mkdir -p "corpus-$t"
    for d in "$src/tests/fuzz/corpus-$t" "$src/tests/fuzz/corpus"; do
        [ -d "$d" ] && cp -n "$d"/* "corpus-$t/" 2>/dev/null
    done
    i=0
    find "$src/examples" "$src/tests/lang" "$src/tests/diag" "$src/tests/limits" -name '*.amb' -size -8k 2>/dev/null |
        while read -r f; do i=$((i + 1)); cp -n "$f" "corpus-$t/seed-$i-$(basename "$f")"; done
    # What the specification shows of tasks, and random programs of them.
    awk -v d="corpus-$t" '/^```ambit/ { f = sprintf("%s/spec-tasks-%d.amb", d, ++n); next }
        /^```/ { if (f) close(f); f = "" } f { print >f }' "$src/spec/tasks.md"
    if command -v python3 >/dev/null; then
        for n in 1 2 3 4 5 6 7 8; do python3 "$src/tests/tasks/make.py" "$n" 8 >"corpus-$t/tasks-$n.amb"; done
    fi
    "./fuzz-$t" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 -max_len=8192 \
        -dict="$src/tests/fuzz/ambit.dict" -print_final_stats=1 "corpus-$t" || status=1
done
exit $status
