class Odd(Exception):
    def __init__(self, n):
        super().__init__("odd number")
        self.n = n


def check(n):
    if n % 2 == 1:
        raise Odd(n)
    return n


def deep(level, n):
    if level == 0:
        return check(n)
    return 1 + deep(level - 1, n)


def main():
    caught = total = finals = 0
    for i in range(1500000):
        try:
            total += check(i)
        except Odd as e:
            caught += e.n & 1
        finally:
            finals += 1
    for i in range(400000):
        try:
            total += deep(10, i)
        except Odd:
            caught += 1
    print(caught, total, finals)


main()
