x = "outer"
squares = [x * x for x in range(6)]
print(x, squares)
print({k: v for k, v in zip("abc", (1, 2, 3)) if v != 2})
print(sorted({w.lower() for w in ["Ab", "aB", "c", "C", "d"]}))
matrix = [[1, 2, 3], [4, 5, 6]]
print([[row[i] for row in matrix] for i in range(3)])
print([y for row in matrix for y in row if y % 2])
print([(a, b) for a in range(4) for b in range(a) if (a + b) % 2])


class K:
    n = 3
    items = [i for i in range(n)]
    try:
        bad = [i * n for i in range(2)]
    except NameError:
        bad = "NameError"


print(K.items, K.bad)
gen = (i * x for i, x in enumerate(["a", "b", "c"]))
x = "changed"
print(list(gen), x)
fs = [lambda: (i, j) for i in range(2) for j in range(2)]
print([f() for f in fs])
print([[(i, j) for j in range(i)] for i in range(3)])
