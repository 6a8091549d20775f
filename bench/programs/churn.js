function make(i) {
  const xs = [i, i + 1, i + 2];
  const m = new Map([["id", i], ["items", xs]]);
  const get = () => m.get("items");
  const name = `n${i}`;
  return [m, get, name];
}
function main() {
  const window = new Array(1000).fill(null);
  let sum = 0;
  for (let i = 0; i < 500000; i++) {
    const [m, get, name] = make(i);
    sum += get()[1] + m.get("id") + name.length;
    window[i % 1000] = [m, get, name];
  }
  for (const [m, get, name] of window) sum += get().length + m.size;
  console.log(sum);
}
main();
