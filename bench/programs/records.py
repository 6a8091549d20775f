from functools import cmp_to_key


class Person:
    __slots__ = ("name", "age", "score")

    def __init__(self, name, age, score):
        self.name = name
        self.age = age
        self.score = score


def by_age(a, b):
    if a.age != b.age:
        return a.age - b.age
    if a.score != b.score:
        return -1 if a.score > b.score else 1
    return -1 if a.name < b.name else 1 if a.name > b.name else 0


def merge_sort(xs, before):
    n = len(xs)
    if n < 2:
        return xs
    half = n // 2
    left = merge_sort(xs[0:half], before)
    right = merge_sort(xs[half:n], before)
    out = []
    i = j = 0
    while i < len(left) and j < len(right):
        if before(right[j], left[i]):
            out.append(right[j])
            j += 1
        else:
            out.append(left[i])
            i += 1
    while i < len(left):
        out.append(left[i])
        i += 1
    while j < len(right):
        out.append(right[j])
        j += 1
    return out


def main():
    people = []
    x = 31
    for _ in range(60000):
        x = (x * 1366 + 150889) % 714025
        people.append(Person(f"p{x % 10007}", x % 90, x % 13 / 4))
    a = sorted(people, key=cmp_to_key(by_age))
    b = sorted(a, key=cmp_to_key(by_age))
    c = merge_sort(people, lambda p, q: q.age < p.age or (q.age == p.age and q.name < p.name))
    print(a[0].name, b[59999].name, a[30000].age, c[0].name, c[59999].name)


main()
