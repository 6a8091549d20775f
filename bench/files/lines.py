# Reads a file line by line and counts characters.
import sys
n = 0
with open(sys.argv[1], encoding="utf-8") as f:
    for line in f:
        n += len(line) - 1
print(n)
