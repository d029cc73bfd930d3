from fractions import Fraction
from itertools import permutations

def matmul(a, b):
    return [[sum(x * y for x, y in zip(row, col)) for col in zip(*b)] for row in a]

def det_leibniz(m):
    n, total = len(m), 0
    for p in permutations(range(n)):
        inv = sum(p[i] > p[j] for i in range(n) for j in range(i + 1, n))
        prod = 1
        for i in range(n):
            prod *= m[i][p[i]]
        total += (-1) ** inv * prod
    return total

def gauss(m):
    n = len(m)
    a = [[Fraction(v) for v in row] + [Fraction(int(i == j)) for j in range(n)] for i, row in enumerate(m)]
    det = Fraction(1)
    for c in range(n):
        piv = next((r for r in range(c, n) if a[r][c]), None)
        if piv is None:
            return Fraction(0), None
        if piv != c:
            a[c], a[piv], det = a[piv], a[c], -det
        det *= a[c][c]
        a[c] = [v / a[c][c] for v in a[c]]
        for r in range(n):
            if r != c:
                a[r] = [x - a[r][c] * y for x, y in zip(a[r], a[c])]
    return det, [row[n:] for row in a]

M = [[0, 2, -1, 3], [4, 1, 0, -2], [5, 3, 2, 2], [1, 0, -3, 4]]
det, inv = gauss(M)
print(det, det_leibniz(M), gauss([[1, 2], [2, 4]])[0])
for row in inv:
    print("  ".join(f"{str(v):>8}" for v in row))
print([[int(v) for v in row] for row in matmul(M, inv)])
