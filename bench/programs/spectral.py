from math import sqrt


def a(i, j):
    return 1.0 / ((i + j) * (i + j + 1) / 2 + i + 1)


def times(v, out, n):
    for i in range(n):
        s = 0.0
        for j in range(n):
            s += a(i, j) * v[j]
        out[i] = s


def transposed(v, out, n):
    for i in range(n):
        s = 0.0
        for j in range(n):
            s += a(j, i) * v[j]
        out[i] = s


def main():
    n = 400
    u = [1.0] * n
    v = [0.0] * n
    t = [0.0] * n
    for _ in range(8):
        times(u, t, n)
        transposed(t, v, n)
        times(v, t, n)
        transposed(t, u, n)
    uv = vv = 0.0
    for i in range(n):
        uv += u[i] * v[i]
        vv += v[i] * v[i]
    print("%.9f" % sqrt(uv / vv))


main()
