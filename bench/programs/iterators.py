from functools import reduce


def pipeline(xs, steps):
    out = xs
    for s in steps:
        out = s(out)
    return out


def mapper(f):
    return lambda xs: list(map(f, xs))


def keeper(p):
    return lambda xs: list(filter(p, xs))


def curry(f):
    return lambda a: lambda b: f(a, b)


def each(xs, f):
    for x in xs:
        f(x)


def count(xs, p):
    n = 0
    for x in xs:
        if p(x):
            n += 1
    return n


def main():
    xs = list(range(2000))
    total = 0
    for r in range(600):
        k = r % 5 + 1

        def note(x):
            nonlocal total
            total += x % k
        each(xs, note)
        a = list(map(lambda x: x + k, xs))
        b = list(filter(lambda x: x % 2 == 0, a))
        c = list(map(lambda x: x * 3, b))
        total += reduce(lambda acc, x: acc + x % 100, c, 0)
        if any(map(lambda x: x == 1500 + r, xs)):
            total += 1
        total += count(xs, lambda x: x % 3 == k)
    steps = [mapper(lambda x: x * 2), keeper(lambda x: x % 3 != 0), mapper(lambda x: x - 1)]
    for _ in range(300):
        total += len(pipeline(xs, steps))
    add = curry(lambda a, b: a + b)
    for i in range(800000):
        total += add(i)(1) % 3
    print(total)


main()
