def gcd(x, y):
    a = x
    b = y
    while b != 0:
        t = a % b
        a = b
        b = t
    return a


def root(n):
    x = n
    y = (x + 1) // 2
    while y < x:
        x = y
        y = (x + n // x) // 2
    return x


def digits(n):
    rest = n
    total = 0
    while rest > 0:
        total += rest % 10
        rest = rest // 10
    return total


def main():
    coprime = 0
    for a in range(1, 501):
        for b in range(1, 501):
            if gcd(a, b) == 1:
                coprime += 1
    roots = sums = 0
    for n in range(1, 600000):
        roots += root(n)
        sums += digits(n * 7)
    area = 0.0
    steps = 4000000
    h = 1.0 / steps
    for i in range(steps):
        x = (i + 0.5) * h
        area += 4.0 / (1.0 + x * x)
    print(coprime, roots, sums, "%.9f" % (area * h))


main()
