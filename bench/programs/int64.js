function power(base, exp, mod) {
  let r = 1n, b = base % mod, e = exp;
  while (e > 0n) {
    if ((e & 1n) === 1n) r = r * b % mod;
    b = b * b % mod;
    e >>= 1n;
  }
  return r;
}
function main() {
  const p = 1000000007n;
  let sum = 0n;
  for (let i = 1n; i < 100000n; i++) sum = (sum + power(i, p - 2n, p)) % p;
  let x = 88172645463325252n, acc = 0n;
  for (let i = 0; i < 8000000; i++) {
    x = BigInt.asUintN(64, x * 6364136223846793005n + 1442695040888963407n);
    acc ^= x >> 33n;
  }
  let h = -3750763034362895579n;
  for (let i = 0; i < 8000000; i++) {
    h = BigInt.asIntN(64, (h ^ BigInt(i & 255)) * 1099511628211n);
  }
  console.log(String(sum), String(acc), String(h));
}
main();
