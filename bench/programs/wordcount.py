def text_of(n):
    syllables = ["ba", "ko", "li", "mer", "no", "pu", "ra", "si", "tor", "ve"]
    words = []
    x = 99
    for _ in range(n):
        x = (x * 1366 + 150889) % 714025
        w = syllables[x % 10]
        parts = (x // 10) % 4
        y = x // 40
        for k in range(parts):
            w += syllables[y % 10]
            y = y // 10
        words.append(w)
    return " ".join(words)


def main():
    text = text_of(200000)
    total = 0
    best = ""
    for _ in range(4):
        counts = {}
        for w in text.split(" "):
            counts[w] = counts.get(w, 0) + 1
        items = sorted(counts.items(), key=lambda e: (-e[1], e[0]))
        total += len(counts)
        best = items[0][0]
    print(len(text), total, best)


main()
