class Counter {
  #n = 0;
  bump(by) {
    this.#n += by;
    return this;
  }
  get value() { return this.#n; }
}
class Stack {
  #items = [];
  #depth = 0;
  push(x) {
    this.#items.push(x);
    this.#depth += 1;
  }
  pop() {
    this.#depth -= 1;
    return this.#items.pop();
  }
  size() { return this.#depth; }
}
function main() {
  const c = new Counter();
  for (let i = 0; i < 10000000; i++) c.bump(i % 4);
  const s = new Stack();
  let sum = 0;
  for (let round = 0; round < 1200; round++) {
    for (let i = 0; i < 2000; i++) s.push(i);
    while (s.size() > 0) sum += s.pop();
  }
  console.log(c.value, sum);
}
main();
