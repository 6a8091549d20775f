function main() {
  const words = [];
  for (let i = 0; i < 200; i++) words.push("word" + i);
  let total = 0;
  for (let round = 0; round < 2500; round++) {
    const line = words.join(" ");
    const parts = line.split(" ");
    total += parts.length;
    let out = "";
    for (const p of parts) {
      if (p.endsWith("7")) out += p.toUpperCase();
      else out += p;
      out += ",";
    }
    total += out.length;
    total += line.replaceAll("word", "w").length;
    if (line.includes("word199")) total += 1;
    total += line.indexOf("word150");
  }
  let s = "";
  for (let i = 0; i < 1000000; i++) s += "x";
  let count = 0;
  for (const c of s) if (c === "x") count += 1;
  for (let i = 0; i < 500000; i++) {
    const t = `${i}:${i * 2}`;
    count += t.length;
  }
  console.log(total, s.length, count);
}
main();
