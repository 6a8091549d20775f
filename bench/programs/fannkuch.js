function fannkuch(n) {
  const perm = [], work = [], count = [];
  for (let i = 0; i < n; i++) {
    perm.push(i);
    work.push(0);
    count.push(i + 1);
  }
  let checksum = 0, most = 0, even = true;
  for (;;) {
    let first = perm[0];
    if (first !== 0) {
      for (let i = 0; i < n; i++) work[i] = perm[i];
      let flips = 0;
      while (first !== 0) {
        let lo = 1, hi = first - 1;
        while (lo < hi) {
          const t = work[lo];
          work[lo] = work[hi];
          work[hi] = t;
          lo += 1;
          hi -= 1;
        }
        const next = work[first];
        work[first] = first;
        first = next;
        flips += 1;
      }
      if (flips > most) most = flips;
      if (even) checksum += flips;
      else checksum -= flips;
    }
    even = !even;
    let r = 1;
    for (;;) {
      if (r === n) return [checksum, most];
      const head = perm[0];
      for (let i = 0; i < r; i++) perm[i] = perm[i + 1];
      perm[r] = head;
      count[r] -= 1;
      if (count[r] > 0) break;
      count[r] = r + 1;
      r += 1;
    }
  }
}
const [checksum, most] = fannkuch(9);
console.log(checksum, most);
