import sys

n = int(input())
total, rows = 0, []
for _ in range(n):
    name, *nums = input().split()
    vals = list(map(float, nums))
    total += sum(vals)
    rows.append((name, sum(vals) / len(vals)))
for name, avg in sorted(rows, key=lambda r: -r[1]):
    print(f"{name:<6}{avg:>8.2f}")
print("total", total)
rest = sys.stdin.read()
words = rest.split()
print(len(rest.splitlines()), "lines", len(words), "words", sorted(set(map(str.lower, words)))[:4])
print(repr(sys.stdin.readline()))
try:
    input()
except EOFError as e:
    print("EOFError")
