def main():
    total = 0
    x = 0.0
    for i in range(1, 3001):
        for j in range(1, 3001):
            total += (i * j) % 7
            if (i + j) % 3 == 0:
                x += 0.5
            else:
                x = x * 0.999 + 1.0
    n = 27
    steps = 0
    for start in range(1, 200000):
        n = start
        while n > 1:
            if n % 2 == 0:
                n = n // 2
            else:
                n = 3 * n + 1
            steps += 1
            if steps % 50 == 0:
                break
    print(total, "%.6f" % x, steps)


main()
