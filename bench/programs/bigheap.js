class Point {
  constructor(x, y) {
    this.x = x;
    this.y = y;
  }
  plus(o) { return new Point(this.x + o.x, this.y + o.y); }
}
class Record {
  constructor(id, at, tags) {
    this.id = id;
    this.at = at;
    this.tags = tags;
  }
}
function main() {
  const n = 200000, records = [];
  for (let i = 0; i < n; i++) records.push(new Record(i, new Point(i, -i), [i, i + 1]));
  let x = 1, sum = 0;
  for (let i = 0; i < 2000000; i++) {
    x = (x * 1366 + 150889) % 714025;
    const p = new Point(i, x).plus(new Point(x, 1));
    sum += p.x - p.y;
    if (i % 8 === 0) {
      const r = records[x % n];
      r.at = p;
      r.tags = [x, i];
    }
  }
  let check = 0;
  for (const r of records) check += r.at.x % 7 + r.tags.length + r.id % 2;
  console.log(sum, check);
}
main();
