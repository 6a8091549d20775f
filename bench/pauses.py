# See pauses.amb.
from time import perf_counter_ns


class Point:
    __slots__ = ("x", "y")

    def __init__(self, x, y):
        self.x = x
        self.y = y

    def plus(self, o):
        return Point(self.x + o.x, self.y + o.y)


class Record:
    __slots__ = ("id", "name", "points", "marks", "link")

    def __init__(self, id, name, points, marks):
        self.id = id
        self.name = name
        self.points = points
        self.marks = marks
        self.link = None


def make(i):
    return Record(i, f"record number {i}", [i, i + 1, i + 2, i + 3, i + 4, i + 5], {"a": i, "b": i + 1, "c": None})


def main():
    n = 450000
    units = 100000
    records = []
    for i in range(n):
        r = make(i)
        if i > 0:
            r.link = records[i // 2]
        records.append(r)
    times = [0] * units
    x = 1
    total = 0
    start = perf_counter_ns()
    before = start
    for u in range(units):
        p = Point(u, 1)
        for k in range(12):
            p = p.plus(Point(k, x % 10))
        fresh = []
        for k in range(8):
            fresh.append(f"t{u % 100}-{k}")
        total += p.x + p.y + len(",".join(fresh))
        for k in range(4):
            x = (x * 1366 + 150889) % 714025
            r = records[x % n]
            if k == 0:
                r.points = [u, k, x, 0, 0, 0]
            elif k == 1:
                r.marks = {"a": u, "b": r.marks["a"], "c": p}
            elif k == 2:
                r.name = f"renamed {u}"
            else:
                r.link = make(u)
            total += len(r.points)
        now = perf_counter_ns()
        times[u] = now - before
        before = now
    elapsed = before - start
    times.sort()

    def at(q):
        return "%.2f" % (times[int(q * units)] / 1000)
    print(at(0.5), at(0.99), at(0.999), "%.2f" % (times[units - 1] / 1000), "%.0f" % (units * 1e9 / elapsed), total)


main()
