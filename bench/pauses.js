// See pauses.amb.
class Point {
  constructor(x, y) {
    this.x = x;
    this.y = y;
  }
  plus(o) { return new Point(this.x + o.x, this.y + o.y); }
}
class Record {
  constructor(id, name, points, marks) {
    this.id = id;
    this.name = name;
    this.points = points;
    this.marks = marks;
    this.link = null;
  }
}
function make(i) {
  return new Record(i, `record number ${i}`, [i, i + 1, i + 2, i + 3, i + 4, i + 5],
                    new Map([["a", i], ["b", i + 1], ["c", null]]));
}
function main() {
  const n = 450000, units = 100000;
  const records = [];
  for (let i = 0; i < n; i++) {
    const r = make(i);
    if (i > 0) r.link = records[i >> 1];
    records.push(r);
  }
  const times = new Float64Array(units);
  let x = 1, sum = 0;
  const start = performance.now();
  let before = start;
  for (let u = 0; u < units; u++) {
    let p = new Point(u, 1);
    for (let k = 0; k < 12; k++) p = p.plus(new Point(k, x % 10));
    const fresh = [];
    for (let k = 0; k < 8; k++) fresh.push(`t${u % 100}-${k}`);
    sum += p.x + p.y + fresh.join(",").length;
    for (let k = 0; k < 4; k++) {
      x = (x * 1366 + 150889) % 714025;
      const r = records[x % n];
      if (k === 0) r.points = [u, k, x, 0, 0, 0];
      else if (k === 1) r.marks = new Map([["a", u], ["b", r.marks.get("a")], ["c", p]]);
      else if (k === 2) r.name = `renamed ${u}`;
      else r.link = make(u);
      sum += r.points.length;
    }
    const now = performance.now();
    times[u] = now - before;
    before = now;
  }
  const total = before - start;
  times.sort();
  const at = q => (times[Math.floor(q * units)] * 1000).toFixed(2);
  console.log(at(0.5), at(0.99), at(0.999), (times[units - 1] * 1000).toFixed(2), (units * 1000 / total).toFixed(0), sum);
}
main();
