const wrap = n => BigInt.asUintN(64, n);
function mix(n) {
  let z = n;
  z = wrap((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n);
  z = wrap((z ^ (z >> 27n)) * 0x94d049bb133111ebn);
  return z ^ (z >> 31n);
}
function bits(n) {
  let x = n - ((n >> 1n) & 0x5555555555555555n);
  x = (x & 0x3333333333333333n) + ((x >> 2n) & 0x3333333333333333n);
  x = (x + (x >> 4n)) & 0x0f0f0f0f0f0f0f0fn;
  return wrap(x * 0x0101010101010101n) >> 56n;
}
function main() {
  let counter = 0n, sum = 0n;
  for (let i = 0; i < 1500000; i++) {
    counter = wrap(counter + 0x9e3779b97f4a7c15n);
    sum = wrap(sum + mix(counter));
  }
  let s = 88172645463325252n, count = 0n;
  for (let i = 0; i < 2000000; i++) {
    s = wrap(s ^ (s << 13n));
    s = s ^ (s >> 7n);
    s = wrap(s ^ (s << 17n));
    count += bits(s & 0x7fffffffffffffffn);
  }
  console.log(String(BigInt.asIntN(64, sum)), String(BigInt.asIntN(64, s)), String(count));
}
main();
