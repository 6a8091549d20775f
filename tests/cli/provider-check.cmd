# spec: provider.check, provider.describe
so=$(dirname "$(command -v ambit)")/obj/tests/spi
ambit provider check $so/words.so; echo $?
ambit provider check $so/every.so --make 'store(mine)' --script tests/spi/every.amb | tail -n 6
ambit provider check $so/broken.so >$so/broken.log; echo $?; grep -E '^(ok|FAIL|[0-9]+ passed)' $so/broken.log
grep -hoE '(broken: (number|wait|forget).*|.*never reached|crash)' $so/broken.log | sort -u;
ambit provider check $so/wrong.so; echo $?
ambit provider check tests/spi 2>/dev/null | tail -n 1
ambit provider check 2>&1; ambit provider check $so/words.so --make 'x(' 2>&1; ambit provider check ./none.so 2>&1; ambit provider 2>&1 | head -n 1
