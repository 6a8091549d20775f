def source(n):
    parts = []
    for i in range(n):
        parts.append(f"let value_{i} = (alpha * {i} + 42) / beta_{i % 10} # note {i}\n"
                     f"if value_{i} >= 10 {{ print(\"v\", value_{i}) }}\n")
    return "".join(parts)


def is_letter(c):
    return ("a" <= c <= "z") or ("A" <= c <= "Z") or c == "_"


def is_digit(c):
    return "0" <= c <= "9"


def scan(s):
    kinds = {"name": 0, "number": 0, "text": 0, "mark": 0}
    total = 0
    i = 0
    n = len(s)
    while i < n:
        c = s[i]
        if c == " " or c == "\n":
            i += 1
        elif c == "#":
            while i < n and s[i] != "\n":
                i += 1
        elif is_letter(c):
            i += 1
            while i < n and (is_letter(s[i]) or is_digit(s[i])):
                i += 1
            kinds["name"] += 1
        elif is_digit(c):
            start = i
            while i < n and is_digit(s[i]):
                i += 1
            total += int(s[start:i])
            kinds["number"] += 1
        elif c == '"':
            i += 1
            while s[i] != '"':
                i += 1
            i += 1
            kinds["text"] += 1
        else:
            i += 2 if s[i:i + 2] == ">=" else 1
            kinds["mark"] += 1
    return total, kinds


def main():
    s = source(24000)
    total, kinds = scan(s)
    print(len(s), total, kinds["name"], kinds["number"], kinds["text"], kinds["mark"])


main()
