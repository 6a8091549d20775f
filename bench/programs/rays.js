class Vec {
  constructor(x, y, z) {
    this.x = x;
    this.y = y;
    this.z = z;
  }
  plus(o) { return new Vec(this.x + o.x, this.y + o.y, this.z + o.z); }
  minus(o) { return new Vec(this.x - o.x, this.y - o.y, this.z - o.z); }
  times(k) { return new Vec(this.x * k, this.y * k, this.z * k); }
  dot(o) { return this.x * o.x + this.y * o.y + this.z * o.z; }
  unit() { return this.times(1.0 / Math.sqrt(this.dot(this))); }
}
class Sphere {
  constructor(centre, radius, shine) {
    this.centre = centre;
    this.radius = radius;
    this.shine = shine;
  }
  hit(from, way) {
    const v = from.minus(this.centre);
    const b = v.dot(way);
    const d = b * b - v.dot(v) + this.radius * this.radius;
    if (d < 0.0) return -1.0;
    return -b - Math.sqrt(d);
  }
}
class Scene {
  constructor(spheres, light) {
    this.spheres = spheres;
    this.light = light;
  }
  trace(from, way, depth) {
    let nearest = null, best = 1e9;
    for (const s of this.spheres) {
      const t = s.hit(from, way);
      if (t > 0.001 && t < best) {
        best = t;
        nearest = s;
      }
    }
    if (nearest === null) return 0.2;
    const at = from.plus(way.times(best));
    const normal = at.minus(nearest.centre).unit();
    let shade = normal.dot(this.light);
    if (shade < 0.1) shade = 0.1;
    if (depth === 0) return shade;
    const back = way.minus(normal.times(2.0 * way.dot(normal)));
    return shade * (1.0 - nearest.shine) + nearest.shine * this.trace(at, back, depth - 1);
  }
}
function main() {
  const spheres = [];
  for (let i = 0; i < 5; i++) {
    spheres.push(new Sphere(new Vec(i * 1.5 - 3.0, (i % 2) * 1.0 - 0.5, 6.0 + i), 1.0 + i * 0.1, 0.1 * i));
  }
  const scene = new Scene(spheres, new Vec(0.5, 0.7, -0.5).unit());
  const eye = new Vec(0.0, 0.0, -4.0);
  const size = 450;
  let sum = 0.0;
  for (let py = 0; py < size; py++) {
    for (let px = 0; px < size; px++) {
      const way = new Vec(px / size - 0.5, py / size - 0.5, 1.0).unit();
      sum += scene.trace(eye, way, 3);
    }
  }
  console.log(sum.toFixed(6));
}
main();
