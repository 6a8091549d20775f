from functools import reduce


def adder(n):
    return lambda x: x + n


def compose(f, g):
    return lambda x: f(g(x))


def counter():
    n = 0

    def tick():
        nonlocal n
        n += 1
        return n
    return tick


def main():
    total = 0
    for i in range(1000000):
        f = adder(i)
        total += f(1)
    chain = compose(compose(adder(1), adder(2)), compose(adder(3), adder(4)))
    for i in range(1000000):
        total += chain(i)
    c = counter()
    for i in range(4000000):
        c()
    xs = []
    for i in range(1000):
        xs.append(i)
    for _ in range(800):
        doubled = list(map(lambda x: x * 2, xs))
        kept = list(filter(lambda x: x % 3 == 0, doubled))
        total += reduce(lambda a, b: a + b, kept, 0)
    print(total, c())


main()
