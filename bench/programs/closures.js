const adder = n => x => x + n;
const compose = (f, g) => x => f(g(x));
function counter() {
  let n = 0;
  return () => {
    n += 1;
    return n;
  };
}
function main() {
  let sum = 0;
  for (let i = 0; i < 1000000; i++) {
    const f = adder(i);
    sum += f(1);
  }
  const chain = compose(compose(adder(1), adder(2)), compose(adder(3), adder(4)));
  for (let i = 0; i < 1000000; i++) sum += chain(i);
  const c = counter();
  for (let i = 0; i < 4000000; i++) c();
  const xs = [];
  for (let i = 0; i < 1000; i++) xs.push(i);
  for (let round = 0; round < 800; round++) {
    sum += xs.map(x => x * 2).filter(x => x % 3 === 0).reduce((a, b) => a + b, 0);
  }
  console.log(sum, c());
}
main();
