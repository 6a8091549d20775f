def main():
    queue = {}
    head = tail = total = 0
    for i in range(600000):
        queue[tail] = i * 3
        tail += 1
        if i % 3 != 0:
            total += queue.pop(head)
            head += 1
    while head < tail:
        total += queue.pop(head)
        head += 1
    seen = {}
    for i in range(300000):
        seen[f"k{i}"] = i
        if i >= 1000:
            del seen[f"k{i - 1000}"]
        if seen.get(f"k{i - 500}") is not None:
            total += 1
    cache = {}
    x = 5
    hits = 0
    for i in range(600000):
        x = (x * 1366 + 150889) % 714025
        k = x % 4096
        v = cache.get(k)
        if v is not None:
            hits += 1
            cache[k] = v + 1
        else:
            if len(cache) >= 2048:
                cache.pop((x // 7) % 4096, None)
            cache[k] = 0
    print(total, len(queue), len(seen), hits)


main()
