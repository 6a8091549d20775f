def make(n, seed):
    rows = []
    x = seed
    for i in range(n):
        row = []
        for j in range(n):
            x = (x * 1103 + 12345) % 65536
            row.append(x / 65536)
        rows.append(row)
    return rows


def multiply(a, b, n):
    c = []
    for i in range(n):
        row = []
        ai = a[i]
        for j in range(n):
            s = 0.0
            for k in range(n):
                s += ai[k] * b[k][j]
            row.append(s)
        c.append(row)
    return c


def main():
    n = 220
    a = make(n, 1)
    b = make(n, 2)
    c = multiply(a, b, n)
    c = multiply(c, b, n)
    print("%.6f %.6f" % (c[3][5], c[n - 1][n - 1]))


main()
