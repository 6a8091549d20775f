def seeded(n):
    rows = []
    x = 12
    for i in range(n):
        row = []
        for j in range(n):
            x = (x * 1366 + 150889) % 714025
            row.append(1 if x % 3 == 0 else 0)
        rows.append(row)
    return rows


def step(rows, n):
    after = []
    for i in range(n):
        above = rows[(i + n - 1) % n]
        here = rows[i]
        below = rows[(i + 1) % n]
        row = []
        for j in range(n):
            le = n - 1 if j == 0 else j - 1
            ri = 0 if j == n - 1 else j + 1
            around = (above[le] + above[j] + above[ri] + here[le] + here[ri] + below[le] + below[j] + below[ri])
            row.append(1 if around == 3 or (around == 2 and here[j] == 1) else 0)
        after.append(row)
    return after


def main():
    n = 128
    rows = seeded(n)
    for _ in range(250):
        rows = step(rows, n)
    alive = 0
    for row in rows:
        for cell in row:
            alive += cell
    print(alive)


main()
