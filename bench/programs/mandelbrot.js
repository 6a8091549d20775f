function main() {
  const size = 700;
  let inside = 0;
  for (let py = 0; py < size; py++) {
    const ci = 2.0 * py / size - 1.0;
    for (let px = 0; px < size; px++) {
      const cr = 2.0 * px / size - 1.5;
      let zr = 0.0, zi = 0.0, n = 0;
      while (n < 60) {
        const r2 = zr * zr, i2 = zi * zi;
        if (r2 + i2 > 4.0) break;
        zi = 2.0 * zr * zi + ci;
        zr = r2 - i2 + cr;
        n += 1;
      }
      if (n === 60) inside += 1;
    }
  }
  console.log(inside);
}
main();
