class ParseError extends Error {}
class Parser {
  constructor(s) {
    this.s = s;
    this.i = 0;
  }
  space() {
    const s = this.s;
    while (this.i < s.length) {
      const c = s[this.i];
      if (c !== " " && c !== "\n" && c !== "\t" && c !== "\r") return;
      this.i += 1;
    }
  }
  value() {
    this.space();
    const c = this.s[this.i];
    if (c === "{") return this.object();
    if (c === "[") return this.array();
    if (c === '"') return this.text();
    if (c === "t") return this.word("true", true);
    if (c === "f") return this.word("false", false);
    if (c === "n") return this.word("null", null);
    return this.number();
  }
  word(w, v) {
    if (this.s.slice(this.i, this.i + w.length) !== w) throw new ParseError("bad JSON");
    this.i += w.length;
    return v;
  }
  number() {
    const s = this.s, from = this.i;
    while (this.i < s.length) {
      const c = s[this.i];
      if (!(c >= "0" && c <= "9") && c !== "-" && c !== "+" && c !== "." && c !== "e" && c !== "E") break;
      this.i += 1;
    }
    if (from === this.i) throw new ParseError("bad JSON");
    return Number(s.slice(from, this.i));
  }
  text() {
    const s = this.s;
    this.i += 1;
    const from = this.i;
    while (s[this.i] !== '"') {
      if (s[this.i] === "\\") return this.escaped(from);
      this.i += 1;
    }
    this.i += 1;
    return s.slice(from, this.i - 1);
  }
  escaped(from) {
    const s = this.s;
    let out = s.slice(from, this.i);
    for (;;) {
      const c = s[this.i];
      this.i += 1;
      if (c === '"') return out;
      if (c === "\\") {
        const e = s[this.i];
        this.i += 1;
        out += e === "n" ? "\n" : e === "t" ? "\t" : e;
      } else {
        out += c;
      }
    }
  }
  array() {
    const out = [];
    this.i += 1;
    this.space();
    if (this.s[this.i] === "]") {
      this.i += 1;
      return out;
    }
    for (;;) {
      out.push(this.value());
      this.space();
      const c = this.s[this.i];
      this.i += 1;
      if (c === "]") return out;
      if (c !== ",") throw new ParseError("bad JSON");
    }
  }
  object() {
    const out = new Map();
    this.i += 1;
    this.space();
    if (this.s[this.i] === "}") {
      this.i += 1;
      return out;
    }
    for (;;) {
      this.space();
      const k = this.text();
      this.space();
      if (this.s[this.i] !== ":") throw new ParseError("bad JSON");
      this.i += 1;
      out.set(k, this.value());
      this.space();
      const c = this.s[this.i];
      this.i += 1;
      if (c === "}") return out;
      if (c !== ",") throw new ParseError("bad JSON");
    }
  }
}
function quote(s, out) {
  out.push('"');
  out.push(s.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n"));
  out.push('"');
}
function encode(v, out) {
  if (v === null) {
    out.push("null");
  } else if (typeof v === "string") {
    quote(v, out);
  } else if (Array.isArray(v)) {
    out.push("[");
    let first = true;
    for (const x of v) {
      if (!first) out.push(",");
      first = false;
      encode(x, out);
    }
    out.push("]");
  } else if (v instanceof Map) {
    out.push("{");
    let first = true;
    for (const [k, x] of v) {
      if (!first) out.push(",");
      first = false;
      quote(k, out);
      out.push(":");
      encode(x, out);
    }
    out.push("}");
  } else {
    out.push(String(v));
  }
}
function main() {
  const rows = [];
  for (let i = 0; i < 400; i++) {
    rows.push(new Map([["id", i], ["name", "user " + i], ["tags", ["a", "b\n", "c" + i % 7]],
                       ["score", i * 0.5 + 0.25], ["ok", i % 2 === 0], ["none", null]]));
  }
  let text = "";
  for (let round = 0; round < 90; round++) {
    const out = [];
    encode(rows, out);
    text = out.join("");
    const back = new Parser(text).value();
    if (back.length !== rows.length || back[399].get("name") !== "user 399") throw new Error("round trip");
  }
  console.log(text.length);
}
main();
