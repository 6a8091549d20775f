class Person {
  constructor(name, age, score) {
    this.name = name;
    this.age = age;
    this.score = score;
  }
}
function byAge(a, b) {
  if (a.age !== b.age) return a.age - b.age;
  if (a.score !== b.score) return b.score - a.score;
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}
function mergeSort(xs, before) {
  const n = xs.length;
  if (n < 2) return xs;
  const half = n >> 1;
  const left = mergeSort(xs.slice(0, half), before);
  const right = mergeSort(xs.slice(half, n), before);
  const out = [];
  let i = 0, j = 0;
  while (i < left.length && j < right.length) {
    if (before(right[j], left[i])) {
      out.push(right[j]);
      j += 1;
    } else {
      out.push(left[i]);
      i += 1;
    }
  }
  while (i < left.length) {
    out.push(left[i]);
    i += 1;
  }
  while (j < right.length) {
    out.push(right[j]);
    j += 1;
  }
  return out;
}
function main() {
  const people = [];
  let x = 31;
  for (let i = 0; i < 60000; i++) {
    x = (x * 1366 + 150889) % 714025;
    people.push(new Person("p" + x % 10007, x % 90, x % 13 / 4));
  }
  const a = people.slice().sort(byAge);
  const b = a.slice().sort(byAge);
  const c = mergeSort(people, (p, q) => q.age < p.age || (q.age === p.age && q.name < p.name));
  console.log(a[0].name, b[59999].name, a[30000].age, c[0].name, c[59999].name);
}
main();
