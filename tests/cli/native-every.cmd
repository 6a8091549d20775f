# spec: spi.growth.minor, spi.growth.flags, spi.growth.host, spi.names, spi.start
so=$(dirname "$(command -v ambit)")/obj/tests/spi
run() {
    ambit --provider $so/$1.so --allow 'every.store(mine):read,write,anything' --allow 'every.store(other)' \
        --allow every.book $2 $3 tests/spi/every.amb 2>/dev/null
}
run every
d=$(mktemp -d); run every >$d/out
for x in every-frozen every-future every-older; do run $x | cmp - $d/out && echo $x; done
run every --wire | cmp - $d/out && echo wire
for seed in 1 2 3; do run every --chaos $seed | cmp - $d/out && echo chaos; done
ambit --provider $so/every.so --deny-all tests/spi/every.amb 2>&1 | head -n 3; rm -r $d
ambit --provider $so/every.so -e 'use every.shelf' 2>&1 | cat
ambit --provider $so/every.so -e 'use some.shelf' 2>&1 | cat
