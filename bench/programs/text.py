def make(n):
    names = ["apple", "pear", "quince", "fig", "cherry"]
    lines = []
    x = 17
    for i in range(n):
        x = (x * 1366 + 150889) % 714025
        lines.append(f"{i};  {names[x % 5]} ;{x % 97};{x % 1000 / 10:.1f}")
    return "\n".join(lines)


def main():
    text = make(60000)
    total = 0
    out = []
    for _ in range(8):
        out = []
        for line in text.splitlines():
            fields = line.split(";")
            name = fields[1].strip().upper()
            quantity = int(fields[2])
            total += quantity
            if name.startswith("P") and quantity > 50:
                out.append(f"{fields[0]:>8} {name:<10}|{quantity:4d}|{fields[3]}")
            elif fields[3].endswith(".5"):
                out.append(line.replace(";", ",") + name[0:2])
    result = "\n".join(out)
    vowels = 0
    for i in range(200000):
        c = text[i]
        if c in "aeiou":
            vowels += 1
    print(total, len(out), len(result), vowels)


main()
