function textOf(n) {
  const syllables = ["ba", "ko", "li", "mer", "no", "pu", "ra", "si", "tor", "ve"];
  const words = [];
  let x = 99;
  for (let i = 0; i < n; i++) {
    x = (x * 1366 + 150889) % 714025;
    let w = syllables[x % 10];
    const parts = Math.floor(x / 10) % 4;
    let y = Math.floor(x / 40);
    for (let k = 0; k < parts; k++) {
      w += syllables[y % 10];
      y = Math.floor(y / 10);
    }
    words.push(w);
  }
  return words.join(" ");
}
function main() {
  const text = textOf(200000);
  let total = 0, best = "";
  for (let round = 0; round < 4; round++) {
    const counts = new Map();
    for (const w of text.split(" ")) counts.set(w, (counts.get(w) ?? 0) + 1);
    const list = [...counts].sort((a, b) => a[1] !== b[1] ? b[1] - a[1] : a[0] < b[0] ? -1 : 1);
    total += counts.size;
    best = list[0][0];
  }
  console.log(text.length, total, best);
}
main();
