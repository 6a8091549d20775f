def main():
    counts = {}
    x = 12345
    for i in range(1000000):
        x = (x * 1366 + 150889) % 714025
        k = f"k{x % 5000}"
        counts[k] = counts.get(k, 0) + 1
    squares = {}
    for i in range(200000):
        squares[i * 7] = i
    hits = 0
    for i in range(1400000):
        if squares.get(i) is not None:
            hits += 1
    total = 0
    for k, v in squares.items():
        total += k - v
    for i in range(100000):
        del squares[i * 7]
    top = 0
    for k, v in counts.items():
        if v > top:
            top = v
    print(len(counts), hits, total, len(squares), top)


main()
