class Link:
    __slots__ = ("value", "next")

    def __init__(self, value, next):
        self.value = value
        self.next = next


def build(n, seed):
    head = None
    x = seed
    for _ in range(n):
        x = (x * 1366 + 150889) % 714025
        head = Link(x, head)
    return head


def reverse(items):
    out = None
    at = items
    while at is not None:
        following = at.next
        at.next = out
        out = at
        at = following
    return out


def merge(a, b):
    start = Link(0, None)
    last = start
    x = a
    y = b
    while x is not None and y is not None:
        if x.value <= y.value:
            last.next = x
            x = x.next
        else:
            last.next = y
            y = y.next
        last = last.next
    last.next = x if x is not None else y
    return start.next


def sort(items):
    if items is None or items.next is None:
        return items
    slow = items
    fast = items.next
    while fast is not None and fast.next is not None:
        slow = slow.next
        fast = fast.next.next
    half = slow.next
    slow.next = None
    return merge(sort(items), sort(half))


def total_of(items):
    s = 0
    at = items
    while at is not None:
        s += at.value
        at = at.next
    return s


def main():
    keep = build(200000, 1)
    total = 0
    for r in range(400):
        items = sort(reverse(build(1000, r)))
        total += items.value + total_of(items) % 1000
    for r in range(2000):
        total += total_of(build(1000, r)) % 10
    print(total, total_of(keep))
    # Freed link by link, so that the end does not recurse.
    while keep is not None:
        keep = keep.next


main()
