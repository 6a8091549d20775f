class Link {
  constructor(value, next) {
    this.value = value;
    this.next = next;
  }
}
function build(n, seed) {
  let head = null, x = seed;
  for (let i = 0; i < n; i++) {
    x = (x * 1366 + 150889) % 714025;
    head = new Link(x, head);
  }
  return head;
}
function reverse(list) {
  let out = null, at = list;
  while (at !== null) {
    const next = at.next;
    at.next = out;
    out = at;
    at = next;
  }
  return out;
}
function merge(a, b) {
  const start = new Link(0, null);
  let last = start, x = a, y = b;
  while (x !== null && y !== null) {
    if (x.value <= y.value) {
      last.next = x;
      x = x.next;
    } else {
      last.next = y;
      y = y.next;
    }
    last = last.next;
  }
  last.next = x !== null ? x : y;
  return start.next;
}
function sort(list) {
  if (list === null || list.next === null) return list;
  let slow = list, fast = list.next;
  while (fast !== null && fast.next !== null) {
    slow = slow.next;
    fast = fast.next.next;
  }
  const half = slow.next;
  slow.next = null;
  return merge(sort(list), sort(half));
}
function sum(list) {
  let s = 0, at = list;
  while (at !== null) {
    s += at.value;
    at = at.next;
  }
  return s;
}
function main() {
  const keep = build(200000, 1);
  let total = 0;
  for (let round = 0; round < 400; round++) {
    const l = sort(reverse(build(1000, round)));
    total += l.value + sum(l) % 1000;
  }
  for (let round = 0; round < 2000; round++) total += sum(build(1000, round)) % 10;
  console.log(total, sum(keep));
}
main();
