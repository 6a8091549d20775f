# spec: provider.describe
so=$(dirname "$(command -v ambit)")/obj/tests/spi
ambit provider describe $so/every.so; ambit provider describe $so/words.so
ambit provider describe clock --markdown
for p in fs console process clock timer entropy modules net $so/every.so $so/words.so; do
    ambit provider describe $p --json | python3 -c 'import json,sys; d=json.load(sys.stdin); print(d["name"], len(d["operations"]), sorted(d["operations"][0]))' 2>/dev/null || { command -v python3 >/dev/null && echo 'not JSON' || basename $p .so; }
done | cut -d' ' -f1
ambit provider describe --json clock | cut -c 1-60
ambit provider describe none 2>&1; ambit provider describe ./none.so 2>&1; ambit provider describe 2>&1; ambit provider describe $so/wrong.so 2>&1 | cat
