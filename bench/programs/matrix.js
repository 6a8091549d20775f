function make(n, seed) {
  const rows = [];
  let x = seed;
  for (let i = 0; i < n; i++) {
    const row = [];
    for (let j = 0; j < n; j++) {
      x = (x * 1103 + 12345) % 65536;
      row.push(x / 65536);
    }
    rows.push(row);
  }
  return rows;
}
function multiply(a, b, n) {
  const c = [];
  for (let i = 0; i < n; i++) {
    const row = [], ai = a[i];
    for (let j = 0; j < n; j++) {
      let s = 0.0;
      for (let k = 0; k < n; k++) s += ai[k] * b[k][j];
      row.push(s);
    }
    c.push(row);
  }
  return c;
}
const n = 220;
const a = make(n, 1), b = make(n, 2);
let c = multiply(a, b, n);
c = multiply(c, b, n);
console.log(c[3][5].toFixed(6), c[n - 1][n - 1].toFixed(6));
