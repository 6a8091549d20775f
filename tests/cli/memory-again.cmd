# a program that runs short of memory at the same place again and again goes on as long as garbage makes room
cat >/tmp/ambit-again-$$.amb <<'X'
fn worker(i) { sleep(0.2); return i }
for i in 0..50000 { spawn worker(i) }
print("all wait")
X
ambit --virtual-time --max-memory 100m /tmp/ambit-again-$$.amb; echo $?; rm /tmp/ambit-again-$$.amb
