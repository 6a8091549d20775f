function queens(n) {
  const cols = new Array(n).fill(false);
  const up = new Array(2 * n).fill(false);
  const down = new Array(2 * n).fill(false);
  function place(row) {
    if (row === n) return 1;
    let found = 0;
    for (let c = 0; c < n; c++) {
      if (!cols[c] && !up[row + c] && !down[row - c + n]) {
        cols[c] = true;
        up[row + c] = true;
        down[row - c + n] = true;
        found += place(row + 1);
        cols[c] = false;
        up[row + c] = false;
        down[row - c + n] = false;
      }
    }
    return found;
  }
  return place(0);
}
function permute(xs, k, seen) {
  if (k === xs.length) return seen + xs[0] * xs[k - 1];
  let s = seen;
  for (let i = k; i < xs.length; i++) {
    let t = xs[k];
    xs[k] = xs[i];
    xs[i] = t;
    s = permute(xs, k + 1, s);
    t = xs[k];
    xs[k] = xs[i];
    xs[i] = t;
  }
  return s;
}
console.log(queens(10), permute([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 0, 0));
