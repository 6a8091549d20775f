def fannkuch(n):
    perm = list(range(n))
    work = [0] * n
    count = list(range(1, n + 1))
    checksum = 0
    most = 0
    even = True
    while True:
        first = perm[0]
        if first != 0:
            for i in range(n):
                work[i] = perm[i]
            flips = 0
            while first != 0:
                lo = 1
                hi = first - 1
                while lo < hi:
                    t = work[lo]
                    work[lo] = work[hi]
                    work[hi] = t
                    lo += 1
                    hi -= 1
                following = work[first]
                work[first] = first
                first = following
                flips += 1
            if flips > most:
                most = flips
            if even:
                checksum += flips
            else:
                checksum -= flips
        even = not even
        r = 1
        while True:
            if r == n:
                return checksum, most
            head = perm[0]
            for i in range(r):
                perm[i] = perm[i + 1]
            perm[r] = head
            count[r] -= 1
            if count[r] > 0:
                break
            count[r] = r + 1
            r += 1


print(*fannkuch(9))
