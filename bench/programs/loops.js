function main() {
  let total = 0, x = 0.0;
  for (let i = 1; i <= 3000; i++) {
    for (let j = 1; j <= 3000; j++) {
      total += (i * j) % 7;
      if ((i + j) % 3 === 0) x += 0.5;
      else x = x * 0.999 + 1.0;
    }
  }
  let n = 27, steps = 0;
  for (let start = 1; start < 200000; start++) {
    n = start;
    while (n > 1) {
      if (n % 2 === 0) n = Math.floor(n / 2);
      else n = 3 * n + 1;
      steps += 1;
      if (steps % 50 === 0) break;
    }
  }
  console.log(total, x.toFixed(6), steps);
}
main();
