function main() {
  const counts = new Map();
  let x = 12345;
  for (let i = 0; i < 1000000; i++) {
    x = (x * 1366 + 150889) % 714025;
    const k = "k" + x % 5000;
    counts.set(k, (counts.get(k) ?? 0) + 1);
  }
  const squares = new Map();
  for (let i = 0; i < 200000; i++) squares.set(i * 7, i);
  let hits = 0;
  for (let i = 0; i < 1400000; i++) if (squares.get(i) !== undefined) hits += 1;
  let sum = 0;
  for (const [k, v] of squares) sum += k - v;
  for (let i = 0; i < 100000; i++) squares.delete(i * 7);
  let top = 0;
  for (const [k, v] of counts) if (v > top) top = v;
  console.log(counts.size, hits, sum, squares.size, top);
}
main();
