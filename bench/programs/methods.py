class Counter:
    def __init__(self):
        self._n = 0

    def bump(self, by):
        self._n += by
        return self

    @property
    def value(self):
        return self._n


class Stack:
    def __init__(self):
        self._items = []
        self._depth = 0

    def push(self, x):
        self._items.append(x)
        self._depth += 1

    def pop(self):
        self._depth -= 1
        return self._items.pop()

    def size(self):
        return self._depth


def main():
    c = Counter()
    for i in range(10000000):
        c.bump(i % 4)
    s = Stack()
    total = 0
    for _ in range(1200):
        for i in range(2000):
            s.push(i)
        while s.size() > 0:
            total += s.pop()
    print(c.value, total)


main()
