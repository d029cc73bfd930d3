import numpy as np
from numpy.lib.stride_tricks import sliding_window_view, as_strided

x = np.array([1, 3, 2, 8, 5, 7, 4])
w = sliding_window_view(x, 3)
print(w.tolist(), w.mean(axis=1).round(4).tolist(), w.max(axis=1).tolist(), w.base is not None)
print(as_strided(x, shape=(3, 3), strides=(2 * x.itemsize, x.itemsize)).tolist())
img = np.arange(25).reshape(5, 5)
k = np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]])
print((sliding_window_view(img, (3, 3)) * k).sum(axis=(2, 3)).tolist(), np.abs(np.gradient(img.astype(float))[0]).sum())


def life(board):
    n = sum(np.roll(board, (i, j), (0, 1)) for i in (-1, 0, 1) for j in (-1, 0, 1) if (i, j) != (0, 0))
    return ((n == 3) | ((board == 1) & (n == 2))).astype(int)


b = np.zeros((6, 6), int)
for r, c in ((0, 1), (1, 2), (2, 0), (2, 1), (2, 2)):
    b[r, c] = 1
start = b.copy()
for _ in range(4):
    b = life(b)
for row in b:
    print("".join(".#"[v] for v in row))
print(bool((b == np.roll(start, (1, 1), (0, 1))).all()), int(b.sum()))
for _ in range(20):
    b = life(b)
print(bool((b == start).all()))
