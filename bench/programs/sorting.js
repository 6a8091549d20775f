function main() {
  let x = 42;
  const xs = [];
  for (let i = 0; i < 300000; i++) {
    x = (x * 1366 + 150889) % 714025;
    xs.push(x);
  }
  const down = xs.slice().sort((a, b) => b - a);
  const mod = xs.slice().sort((a, b) => a % 1000 - b % 1000);
  const plain = xs.slice().sort((a, b) => a - b);
  console.log(down[0], mod[0] % 1000, plain[0]);
}
main();
