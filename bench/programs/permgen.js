function* permutations(xs, n) {
  if (n <= 1) {
    yield xs;
  } else {
    for (let i = 0; i < n; i++) {
      for (const p of permutations(xs, n - 1)) yield p;
      const j = n % 2 === 0 ? i : 0;
      const t = xs[j];
      xs[j] = xs[n - 1];
      xs[n - 1] = t;
    }
  }
}
function* partitions(n, most) {
  if (n === 0) {
    yield 0;
  } else {
    for (let k = 1; k <= Math.min(n, most); k++) {
      for (const rest of partitions(n - k, k)) yield rest + 1;
    }
  }
}
function* worker(id, steps) {
  let work = 0;
  for (let i = 0; i < steps; i++) {
    work += i % (id + 1);
    yield work;
  }
}
function main() {
  let sum = 0;
  for (const p of permutations([1, 2, 3, 4, 5, 6, 7, 8, 9], 9)) sum += p[0] * p[8];
  for (const parts of partitions(38, 38)) sum += parts;
  let alive = [];
  for (let id = 0; id < 50; id++) alive.push(worker(id, 12000 + id));
  while (alive.length > 0) {
    const next = [];
    for (const w of alive) {
      const r = w.next();
      if (!r.done) {
        sum += r.value % 5;
        next.push(w);
      }
    }
    alive = next;
  }
  console.log(sum);
}
main();
