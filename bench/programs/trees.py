class Tree:
    __slots__ = ("left", "right")

    def __init__(self, left, right):
        self.left = left
        self.right = right

    def count(self):
        if self.left is None:
            return 1
        return 1 + self.left.count() + self.right.count()


def make(depth):
    if depth == 0:
        return Tree(None, None)
    return Tree(make(depth - 1), make(depth - 1))


keep = make(17)
total = 0
for depth in [4, 8, 12]:
    for i in range(1 << (19 - depth)):
        total += make(depth).count()
print(total, keep.count())
