function pipeline(xs, steps) {
  let out = xs;
  for (const s of steps) out = s(out);
  return out;
}
const mapper = f => xs => xs.map(f);
const keeper = p => xs => xs.filter(p);
const curry = f => a => b => f(a, b);
function count(xs, p) {
  let n = 0;
  for (const x of xs) if (p(x)) n += 1;
  return n;
}
function main() {
  const xs = [];
  for (let i = 0; i < 2000; i++) xs.push(i);
  let sum = 0;
  for (let round = 0; round < 600; round++) {
    const k = round % 5 + 1;
    xs.forEach(x => { sum += x % k; });
    sum += xs.map(x => x + k).filter(x => x % 2 === 0).map(x => x * 3).reduce((a, x) => a + x % 100, 0);
    if (xs.some(x => x === 1500 + round)) sum += 1;
    sum += count(xs, x => x % 3 === k);
  }
  const steps = [mapper(x => x * 2), keeper(x => x % 3 !== 0), mapper(x => x - 1)];
  for (let round = 0; round < 300; round++) sum += pipeline(xs, steps).length;
  const add = curry((a, b) => a + b);
  for (let i = 0; i < 800000; i++) sum += add(i)(1) % 3;
  console.log(sum);
}
main();
