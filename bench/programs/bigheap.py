class Point:
    __slots__ = ("x", "y")

    def __init__(self, x, y):
        self.x = x
        self.y = y

    def plus(self, o):
        return Point(self.x + o.x, self.y + o.y)


class Record:
    __slots__ = ("id", "at", "tags")

    def __init__(self, id, at, tags):
        self.id = id
        self.at = at
        self.tags = tags


def main():
    n = 200000
    records = []
    for i in range(n):
        records.append(Record(i, Point(i, -i), [i, i + 1]))
    x = 1
    total = 0
    for i in range(2000000):
        x = (x * 1366 + 150889) % 714025
        p = Point(i, x).plus(Point(x, 1))
        total += p.x - p.y
        if i % 8 == 0:
            r = records[x % n]
            r.at = p
            r.tags = [x, i]
    check = 0
    for r in records:
        check += r.at.x % 7 + len(r.tags) + r.id % 2
    print(total, check)


main()
