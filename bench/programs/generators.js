function* numbers(n) { for (let i = 0; i < n; i++) yield i; }
function* evens(it) { for (const x of it) if (x % 2 === 0) yield x; }
function* squares(it) { for (const x of it) yield x * x; }
class Node {
  constructor(value, left, right) {
    this.value = value;
    this.left = left;
    this.right = right;
  }
  *walk() {
    if (this.left) for (const v of this.left.walk()) yield v;
    yield this.value;
    if (this.right) for (const v of this.right.walk()) yield v;
  }
}
function build(lo, hi) {
  if (lo >= hi) return null;
  const mid = (lo + hi) >> 1;
  return new Node(mid, build(lo, mid), build(mid + 1, hi));
}
function main() {
  let sum = 0;
  for (const x of squares(evens(numbers(3000000)))) sum = (sum + x) % 1000007;
  const tree = build(0, 4000);
  for (let round = 0; round < 25; round++) {
    for (const v of tree.walk()) sum += v;
  }
  const g = numbers(1500000);
  for (;;) {
    const r = g.next();
    if (r.done) break;
    sum += r.value & 1;
  }
  console.log(sum);
}
main();
