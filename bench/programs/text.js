function make(n) {
  const names = ["apple", "pear", "quince", "fig", "cherry"];
  const lines = [];
  let x = 17;
  for (let i = 0; i < n; i++) {
    x = (x * 1366 + 150889) % 714025;
    lines.push(`${i};  ${names[x % 5]} ;${x % 97};${(x % 1000 / 10).toFixed(1)}`);
  }
  return lines.join("\n");
}
function main() {
  const text = make(60000);
  let total = 0, out = [];
  for (let round = 0; round < 8; round++) {
    out = [];
    for (const line of text.split("\n")) {
      const fields = line.split(";");
      const name = fields[1].trim().toUpperCase();
      const quantity = parseInt(fields[2], 10);
      total += quantity;
      if (name.startsWith("P") && quantity > 50) {
        out.push(`${fields[0].padStart(8)} ${name.padEnd(10)}|${String(quantity).padStart(4)}|${fields[3]}`);
      } else if (fields[3].endsWith(".5")) {
        out.push(line.replaceAll(";", ",") + name.slice(0, 2));
      }
    }
  }
  const result = out.join("\n");
  let vowels = 0;
  for (let i = 0; i < 200000; i++) {
    const c = text[i];
    if ("aeiou".includes(c)) vowels += 1;
  }
  console.log(total, out.length, result.length, vowels);
}
main();
