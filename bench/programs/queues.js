function main() {
  const queue = new Map();
  let head = 0, tail = 0, sum = 0;
  for (let i = 0; i < 600000; i++) {
    queue.set(tail, i * 3);
    tail += 1;
    if (i % 3 !== 0) {
      sum += queue.get(head);
      queue.delete(head);
      head += 1;
    }
  }
  while (head < tail) {
    sum += queue.get(head);
    queue.delete(head);
    head += 1;
  }
  const seen = new Map();
  for (let i = 0; i < 300000; i++) {
    seen.set("k" + i, i);
    if (i >= 1000) seen.delete("k" + (i - 1000));
    if (seen.get("k" + (i - 500)) !== undefined) sum += 1;
  }
  const cache = new Map();
  let x = 5, hits = 0;
  for (let i = 0; i < 600000; i++) {
    x = (x * 1366 + 150889) % 714025;
    const k = x % 4096;
    const v = cache.get(k);
    if (v !== undefined) {
      hits += 1;
      cache.set(k, v + 1);
    } else {
      if (cache.size >= 2048) cache.delete(Math.floor(x / 7) % 4096);
      cache.set(k, 0);
    }
  }
  console.log(sum, queue.size, seen.size, hits);
}
main();
