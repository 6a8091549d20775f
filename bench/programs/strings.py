def main():
    words = []
    for i in range(200):
        words.append("word" + str(i))
    total = 0
    for _ in range(2500):
        line = " ".join(words)
        parts = line.split(" ")
        total += len(parts)
        out = ""
        for p in parts:
            if p.endswith("7"):
                out += p.upper()
            else:
                out += p
            out += ","
        total += len(out)
        total += len(line.replace("word", "w"))
        if "word199" in line:
            total += 1
        total += line.find("word150")
    s = ""
    for i in range(1000000):
        s += "x"
    count = 0
    for c in s:
        if c == "x":
            count += 1
    for i in range(500000):
        t = f"{i}:{i * 2}"
        count += len(t)
    print(total, len(s), count)


main()
