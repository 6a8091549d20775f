from functools import cmp_to_key


def main():
    x = 42
    xs = []
    for i in range(300000):
        x = (x * 1366 + 150889) % 714025
        xs.append(x)
    down = sorted(xs, key=cmp_to_key(lambda a, b: b - a))
    mod = sorted(xs, key=lambda v: v % 1000)
    plain = sorted(xs)
    print(down[0], mod[0] % 1000, plain[0])


main()
