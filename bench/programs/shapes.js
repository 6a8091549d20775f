class Shape {
  area() { return 0.0; }
}
class Square extends Shape {
  constructor(side) {
    super();
    this.side = side;
  }
  area() { return this.side * this.side; }
}
class Circle extends Shape {
  constructor(r) {
    super();
    this.r = r;
  }
  area() { return 3.14159 * this.r * this.r; }
}
class Rect extends Shape {
  constructor(w, h) {
    super();
    this.w = w;
    this.h = h;
  }
  area() { return this.w * this.h; }
}
class Triangle extends Shape {
  constructor(a, b) {
    super();
    this.a = a;
    this.b = b;
  }
  area() { return this.a * this.b / 2.0; }
}
function step(acc, op) {
  switch (op.tag) {
    case "add": return acc + op.n;
    case "mul": return acc * op.n % 1000003;
    case "neg": return -acc;
    default: return 0;
  }
}
function main() {
  const shapes = [];
  for (let i = 0; i < 1000; i++) {
    switch (i % 4) {
      case 0: shapes.push(new Square(i + 1.0)); break;
      case 1: shapes.push(new Circle(i + 1.0)); break;
      case 2: shapes.push(new Rect(i + 1.0, 2.0)); break;
      default: shapes.push(new Triangle(i + 1.0, 3.0));
    }
  }
  let total = 0.0;
  for (let round = 0; round < 5000; round++) {
    for (const s of shapes) total += s.area();
  }
  const ops = [{tag: "add", n: 5}, {tag: "mul", n: 7}, {tag: "neg", n: 0}, {tag: "add", n: 11},
               {tag: "mul", n: 3}, {tag: "add", n: 2}];
  let acc = 1;
  for (let round = 0; round < 700000; round++) {
    for (const op of ops) {
      acc = step(acc, op);
      // Remainders are floored elsewhere.
      if (acc < 0 && op.tag === "mul") acc += 1000003;
    }
  }
  console.log(total.toFixed(0), acc);
}
main();
