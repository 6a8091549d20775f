MASK = (1 << 64) - 1


def power(base, exp, mod):
    r, b, e = 1, base % mod, exp
    while e > 0:
        if e & 1 == 1:
            r = r * b % mod
        b = b * b % mod
        e >>= 1
    return r


def main():
    p = 1000000007
    total = 0
    for i in range(1, 100000):
        total = (total + power(i, p - 2, p)) % p
    x, acc = 88172645463325252, 0
    for i in range(8000000):
        x = (x * 6364136223846793005 + 1442695040888963407) & MASK
        acc ^= x >> 33
    h = -3750763034362895579 & MASK
    for i in range(8000000):
        h = ((h ^ (i & 255)) * 1099511628211) & MASK
    print(total, acc, h - (1 << 64) if h >> 63 else h)


main()
