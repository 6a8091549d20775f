def queens(n):
    cols = [False] * n
    up = [False] * (2 * n)
    down = [False] * (2 * n + 1)

    def place(row):
        if row == n:
            return 1
        found = 0
        for c in range(n):
            if not cols[c] and not up[row + c] and not down[row - c + n]:
                cols[c] = True
                up[row + c] = True
                down[row - c + n] = True
                found += place(row + 1)
                cols[c] = False
                up[row + c] = False
                down[row - c + n] = False
        return found

    return place(0)


def permute(xs, k, seen):
    if k == len(xs):
        return seen + xs[0] * xs[k - 1]
    s = seen
    for i in range(k, len(xs)):
        xs[k], xs[i] = xs[i], xs[k]
        s = permute(xs, k + 1, s)
        xs[k], xs[i] = xs[i], xs[k]
    return s


print(queens(10), permute([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 0, 0))
