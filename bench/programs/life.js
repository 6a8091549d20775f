function seeded(n) {
  const rows = [];
  let x = 12;
  for (let i = 0; i < n; i++) {
    const row = [];
    for (let j = 0; j < n; j++) {
      x = (x * 1366 + 150889) % 714025;
      row.push(x % 3 === 0 ? 1 : 0);
    }
    rows.push(row);
  }
  return rows;
}
function step(rows, n) {
  const next = [];
  for (let i = 0; i < n; i++) {
    const above = rows[(i + n - 1) % n], here = rows[i], below = rows[(i + 1) % n];
    const row = [];
    for (let j = 0; j < n; j++) {
      const l = j === 0 ? n - 1 : j - 1;
      const r = j === n - 1 ? 0 : j + 1;
      const around = above[l] + above[j] + above[r] + here[l] + here[r] + below[l] + below[j] + below[r];
      row.push(around === 3 || (around === 2 && here[j] === 1) ? 1 : 0);
    }
    next.push(row);
  }
  return next;
}
function main() {
  const n = 128;
  let rows = seeded(n);
  for (let round = 0; round < 250; round++) rows = step(rows, n);
  let alive = 0;
  for (const row of rows) for (const cell of row) alive += cell;
  console.log(alive);
}
main();
