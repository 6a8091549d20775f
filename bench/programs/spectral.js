const a = (i, j) => 1.0 / ((i + j) * (i + j + 1) / 2 + i + 1);
function times(v, out, n) {
  for (let i = 0; i < n; i++) {
    let s = 0.0;
    for (let j = 0; j < n; j++) s += a(i, j) * v[j];
    out[i] = s;
  }
}
function transposed(v, out, n) {
  for (let i = 0; i < n; i++) {
    let s = 0.0;
    for (let j = 0; j < n; j++) s += a(j, i) * v[j];
    out[i] = s;
  }
}
function main() {
  const n = 400;
  const u = new Array(n).fill(1.0), v = new Array(n).fill(0.0), t = new Array(n).fill(0.0);
  for (let i = 0; i < 8; i++) {
    times(u, t, n);
    transposed(t, v, n);
    times(v, t, n);
    transposed(t, u, n);
  }
  let uv = 0.0, vv = 0.0;
  for (let i = 0; i < n; i++) {
    uv += u[i] * v[i];
    vv += v[i] * v[i];
  }
  console.log(Math.sqrt(uv / vv).toFixed(9));
}
main();
