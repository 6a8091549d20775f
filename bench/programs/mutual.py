def is_even(n):
    if n == 0:
        return True
    return is_odd(n - 1)


def is_odd(n):
    if n == 0:
        return False
    return is_even(n - 1)


def hanoi(n, start, to, via):
    if n == 0:
        return 0
    return hanoi(n - 1, start, via, to) + 1 + hanoi(n - 1, via, to, start)


def area(w, h=2, scale=1):
    return w * h * scale


def total_of(first, *more):
    total = first
    for m in more:
        total += m
    return total


def ways(n, coins, k):
    if n == 0:
        return 1
    if n < 0 or k < 0:
        return 0
    return ways(n, coins, k - 1) + ways(n - coins[k], coins, k)


def main():
    total = 0
    for i in range(5000):
        if is_even(i % 400):
            total += 1
    total += hanoi(19, 1, 2, 3)
    for i in range(1500000):
        total += area(i % 7) + area(2, i % 3) + area(1, 2, 3)
    for i in range(300000):
        total += total_of(i, 1, 2, 3) % 5
    total += ways(250, [1, 5, 10, 25, 50], 4)
    print(total)


main()
