class Shape:
    __slots__ = ()

    def area(self):
        return 0.0


class Square(Shape):
    __slots__ = ("side",)

    def __init__(self, side):
        self.side = side

    def area(self):
        return self.side * self.side


class Circle(Shape):
    __slots__ = ("r",)

    def __init__(self, r):
        self.r = r

    def area(self):
        return 3.14159 * self.r * self.r


class Rect(Shape):
    __slots__ = ("w", "h")

    def __init__(self, w, h):
        self.w = w
        self.h = h

    def area(self):
        return self.w * self.h


class Triangle(Shape):
    __slots__ = ("a", "b")

    def __init__(self, a, b):
        self.a = a
        self.b = b

    def area(self):
        return self.a * self.b / 2.0


class Op:
    __slots__ = ("tag", "n")

    def __init__(self, tag, n=0):
        self.tag = tag
        self.n = n


def step(acc, op):
    tag = op.tag
    if tag == "add":
        return acc + op.n
    if tag == "mul":
        return acc * op.n % 1000003
    if tag == "neg":
        return -acc
    return 0


def main():
    shapes = []
    for i in range(1000):
        k = i % 4
        if k == 0:
            shapes.append(Square(i + 1.0))
        elif k == 1:
            shapes.append(Circle(i + 1.0))
        elif k == 2:
            shapes.append(Rect(i + 1.0, 2.0))
        else:
            shapes.append(Triangle(i + 1.0, 3.0))
    total = 0.0
    for _ in range(5000):
        for s in shapes:
            total += s.area()
    ops = [Op("add", 5), Op("mul", 7), Op("neg"), Op("add", 11), Op("mul", 3), Op("add", 2)]
    acc = 1
    for _ in range(700000):
        for op in ops:
            acc = step(acc, op)
    print("%.0f %d" % (total, acc))


main()
