class ParseError(Exception):
    pass


class Parser:
    def __init__(self, s):
        self.s = s
        self.i = 0

    def space(self):
        s = self.s
        while self.i < len(s):
            c = s[self.i]
            if c != " " and c != "\n" and c != "\t" and c != "\r":
                return
            self.i += 1

    def value(self):
        self.space()
        c = self.s[self.i]
        if c == "{":
            return self.object()
        if c == "[":
            return self.array()
        if c == '"':
            return self.text()
        if c == "t":
            return self.word("true", True)
        if c == "f":
            return self.word("false", False)
        if c == "n":
            return self.word("null", None)
        return self.number()

    def word(self, w, v):
        if self.s[self.i:self.i + len(w)] != w:
            raise ParseError(self.i)
        self.i += len(w)
        return v

    def number(self):
        s = self.s
        start = self.i
        whole = True
        while self.i < len(s):
            c = s[self.i]
            if c == "." or c == "e" or c == "E":
                whole = False
            elif not ("0" <= c <= "9") and c != "-" and c != "+":
                break
            self.i += 1
        if start == self.i:
            raise ParseError(start)
        t = s[start:self.i]
        return int(t) if whole else float(t)

    def text(self):
        s = self.s
        self.i += 1
        start = self.i
        while s[self.i] != '"':
            if s[self.i] == "\\":
                return self.escaped(start)
            self.i += 1
        self.i += 1
        return s[start:self.i - 1]

    def escaped(self, start):
        s = self.s
        out = s[start:self.i]
        while True:
            c = s[self.i]
            self.i += 1
            if c == '"':
                return out
            if c == "\\":
                e = s[self.i]
                self.i += 1
                out += "\n" if e == "n" else "\t" if e == "t" else e
            else:
                out += c

    def array(self):
        out = []
        self.i += 1
        self.space()
        if self.s[self.i] == "]":
            self.i += 1
            return out
        while True:
            out.append(self.value())
            self.space()
            c = self.s[self.i]
            self.i += 1
            if c == "]":
                return out
            if c != ",":
                raise ParseError(self.i - 1)

    def object(self):
        out = {}
        self.i += 1
        self.space()
        if self.s[self.i] == "}":
            self.i += 1
            return out
        while True:
            self.space()
            k = self.text()
            self.space()
            if self.s[self.i] != ":":
                raise ParseError(self.i)
            self.i += 1
            out[k] = self.value()
            self.space()
            c = self.s[self.i]
            self.i += 1
            if c == "}":
                return out
            if c != ",":
                raise ParseError(self.i - 1)


def quote(s, out):
    out.append('"')
    out.append(s.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n"))
    out.append('"')


def encode(v, out):
    if v is None:
        out.append("null")
    elif isinstance(v, str):
        quote(v, out)
    elif isinstance(v, list):
        out.append("[")
        first = True
        for x in v:
            if not first:
                out.append(",")
            first = False
            encode(x, out)
        out.append("]")
    elif isinstance(v, dict):
        out.append("{")
        first = True
        for k, x in v.items():
            if not first:
                out.append(",")
            first = False
            quote(k, out)
            out.append(":")
            encode(x, out)
        out.append("}")
    elif v is True:
        out.append("true")
    elif v is False:
        out.append("false")
    else:
        out.append(str(v))


def main():
    rows = []
    for i in range(400):
        rows.append({"id": i, "name": "user " + str(i), "tags": ["a", "b\n", "c" + str(i % 7)], "score": i * 0.5 + 0.25,
                     "ok": i % 2 == 0, "none": None})
    text = ""
    for _ in range(90):
        out = []
        encode(rows, out)
        text = "".join(out)
        back = Parser(text).value()
        if len(back) != len(rows) or back[399]["name"] != "user 399":
            raise ValueError("round trip")
    print(len(text))


main()
