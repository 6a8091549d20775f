class Tree {
  constructor(left, right) {
    this.left = left;
    this.right = right;
  }
  count() {
    if (this.left === null) return 1;
    return 1 + this.left.count() + this.right.count();
  }
}
function make(depth) {
  if (depth === 0) return new Tree(null, null);
  return new Tree(make(depth - 1), make(depth - 1));
}
const keep = make(17);
let total = 0;
for (const depth of [4, 8, 12]) {
  for (let i = 0; i < (1 << (19 - depth)); i++) total += make(depth).count();
}
console.log(total, keep.count());
