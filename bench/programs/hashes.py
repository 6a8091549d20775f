MASK = (1 << 64) - 1


def mix(n):
    z = n
    z = ((z ^ (z >> 30)) * 0xbf58476d1ce4e5b9) & MASK
    z = ((z ^ (z >> 27)) * 0x94d049bb133111eb) & MASK
    return z ^ (z >> 31)


def bits(n):
    x = n - ((n >> 1) & 0x5555555555555555)
    x = (x & 0x3333333333333333) + ((x >> 2) & 0x3333333333333333)
    x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0f
    return ((x * 0x0101010101010101) & MASK) >> 56


def signed(n):
    return n - (1 << 64) if n >> 63 else n


def main():
    counter = total = 0
    for _ in range(1500000):
        counter = (counter + 0x9e3779b97f4a7c15) & MASK
        total = (total + mix(counter)) & MASK
    s = 88172645463325252
    count = 0
    for _ in range(2000000):
        s = (s ^ (s << 13)) & MASK
        s = s ^ (s >> 7)
        s = (s ^ (s << 17)) & MASK
        count += bits(s & 0x7fffffffffffffff)
    print(signed(total), signed(s), count)


main()
