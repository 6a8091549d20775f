# spec: host.scope, host.scope.stray, host.scope.native, host.call, host.call.inside, host.call.then, host.native.args
# spec: host.native.status, host.pend, host.object, host.pub, host.limit, host.limit.after, host.memory, host.thread, host.remote
cd "$(dirname "$(command -v ambit)")"/obj/tests/api
AMBIT_TEST_SLOW=yes
export AMBIT_TEST_SLOW
for t in values calls waiting limits sweep many; do ./$t >/dev/null && echo "$t holds"; done
