def permutations(xs, n):
    if n <= 1:
        yield xs
    else:
        for i in range(n):
            for p in permutations(xs, n - 1):
                yield p
            j = i if n % 2 == 0 else 0
            xs[j], xs[n - 1] = xs[n - 1], xs[j]


def partitions(n, most):
    if n == 0:
        yield 0
    else:
        for k in range(1, min(n, most) + 1):
            for rest in partitions(n - k, k):
                yield rest + 1


def worker(id, steps):
    work = 0
    for i in range(steps):
        work += i % (id + 1)
        yield work


def main():
    total = 0
    for p in permutations([1, 2, 3, 4, 5, 6, 7, 8, 9], 9):
        total += p[0] * p[8]
    for parts in partitions(38, 38):
        total += parts
    alive = [worker(id, 12000 + id) for id in range(50)]
    while len(alive) > 0:
        after = []
        for w in alive:
            v = next(w, None)
            if v is not None:
                total += v % 5
                after.append(w)
        alive = after
    print(total)


main()
