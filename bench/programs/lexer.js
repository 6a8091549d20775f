function source(n) {
  const parts = [];
  for (let i = 0; i < n; i++) {
    parts.push(`let value_${i} = (alpha * ${i} + 42) / beta_${i % 10} # note ${i}\n` +
               `if value_${i} >= 10 { print("v", value_${i}) }\n`);
  }
  return parts.join("");
}
const isLetter = c => (c >= "a" && c <= "z") || (c >= "A" && c <= "Z") || c === "_";
const isDigit = c => c >= "0" && c <= "9";
function scan(s) {
  const kinds = new Map([["name", 0], ["number", 0], ["text", 0], ["mark", 0]]);
  const note = k => kinds.set(k, kinds.get(k) + 1);
  let sum = 0, i = 0;
  const n = s.length;
  while (i < n) {
    const c = s[i];
    if (c === " " || c === "\n") {
      i += 1;
    } else if (c === "#") {
      while (i < n && s[i] !== "\n") i += 1;
    } else if (isLetter(c)) {
      i += 1;
      while (i < n && (isLetter(s[i]) || isDigit(s[i]))) i += 1;
      note("name");
    } else if (isDigit(c)) {
      const from = i;
      while (i < n && isDigit(s[i])) i += 1;
      sum += parseInt(s.slice(from, i), 10);
      note("number");
    } else if (c === '"') {
      i += 1;
      while (s[i] !== '"') i += 1;
      i += 1;
      note("text");
    } else {
      i += s.slice(i, i + 2) === ">=" ? 2 : 1;
      note("mark");
    }
  }
  return [sum, kinds];
}
function main() {
  const s = source(24000);
  const [sum, kinds] = scan(s);
  console.log(s.length, sum, kinds.get("name"), kinds.get("number"), kinds.get("text"), kinds.get("mark"));
}
main();
