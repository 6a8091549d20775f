class Odd extends Error {
  constructor(n) {
    super("odd number");
    this.n = n;
  }
}
function check(n) {
  if (n % 2 === 1) throw new Odd(n);
  return n;
}
function deep(level, n) {
  if (level === 0) return check(n);
  return 1 + deep(level - 1, n);
}
function main() {
  let caught = 0, sum = 0, finals = 0;
  for (let i = 0; i < 1500000; i++) {
    try {
      sum += check(i);
    } catch (e) {
      if (!(e instanceof Odd)) throw e;
      caught += e.n & 1;
    } finally {
      finals += 1;
    }
  }
  for (let i = 0; i < 400000; i++) {
    try {
      sum += deep(10, i);
    } catch (e) {
      caught += 1;
    }
  }
  console.log(caught, sum, finals);
}
main();
