function gcd(x, y) {
  let a = x, b = y;
  while (b !== 0) {
    const t = a % b;
    a = b;
    b = t;
  }
  return a;
}
function root(n) {
  let x = n;
  let y = Math.floor((x + 1) / 2);
  while (y < x) {
    x = y;
    y = Math.floor((x + Math.floor(n / x)) / 2);
  }
  return x;
}
function digits(n) {
  let rest = n, sum = 0;
  while (rest > 0) {
    sum += rest % 10;
    rest = Math.floor(rest / 10);
  }
  return sum;
}
function main() {
  let coprime = 0;
  for (let a = 1; a <= 500; a++) {
    for (let b = 1; b <= 500; b++) {
      if (gcd(a, b) === 1) coprime += 1;
    }
  }
  let roots = 0, sums = 0;
  for (let n = 1; n < 600000; n++) {
    roots += root(n);
    sums += digits(n * 7);
  }
  let area = 0.0;
  const steps = 4000000;
  const h = 1.0 / steps;
  for (let i = 0; i < steps; i++) {
    const x = (i + 0.5) * h;
    area += 4.0 / (1.0 + x * x);
  }
  console.log(coprime, roots, sums, (area * h).toFixed(9));
}
main();
