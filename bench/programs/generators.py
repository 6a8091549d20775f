def numbers(n):
    for i in range(n):
        yield i


def evens(it):
    for x in it:
        if x % 2 == 0:
            yield x


def squares(it):
    for x in it:
        yield x * x


class Node:
    __slots__ = ("value", "left", "right")

    def __init__(self, value, left, right):
        self.value = value
        self.left = left
        self.right = right

    def walk(self):
        if self.left:
            for v in self.left.walk():
                yield v
        yield self.value
        if self.right:
            for v in self.right.walk():
                yield v


def build(lo, hi):
    if lo >= hi:
        return None
    mid = (lo + hi) // 2
    return Node(mid, build(lo, mid), build(mid + 1, hi))


def main():
    total = 0
    for x in squares(evens(numbers(3000000))):
        total = (total + x) % 1000007
    tree = build(0, 4000)
    for _ in range(25):
        for v in tree.walk():
            total += v
    g = numbers(1500000)
    while True:
        v = next(g, None)
        if v is None:
            break
        total += v & 1
    print(total)


main()
