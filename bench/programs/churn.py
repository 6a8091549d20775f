def make(i):
    xs = [i, i + 1, i + 2]
    m = {"id": i, "items": xs}
    name = f"n{i}"
    return m, lambda: m["items"], name


def main():
    window = [None] * 1000
    total = 0
    for i in range(500000):
        m, get, name = make(i)
        total += get()[1] + m["id"] + len(name)
        window[i % 1000] = (m, get, name)
    for m, get, name in window:
        total += len(get()) + len(m)
    print(total)


main()
