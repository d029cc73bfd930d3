import numpy as np

a = np.arange(20).reshape(4, 5)
print(a[1, 2], a[-1].tolist(), a[:, 1].tolist(), a[1:3, ::2].tolist(), a[..., -1].tolist())
print(a[a % 3 == 0].tolist(), a[[0, 2], [1, 3]].tolist(), a[np.ix_([0, 3], [1, 4])].tolist())
v = a[1:3]
v[0, 0] = 100
c = a[[0, 1]]
c[:] = -1
print(a[1, 0], a[0, 0], np.shares_memory(a, v), np.shares_memory(a, c))
b = a.copy()
b[b > 15] = 0
b[:, 2] += 1000
b[0] = [1, 2, 3, 4, 5]
print(b.tolist())
print(np.where(a > 12, a, -a)[2:].tolist(), [x.tolist() for x in np.where(a == 7)], np.argwhere(a % 9 == 0).tolist())
print(np.nonzero([0, 3, 0, 4])[0].tolist(), np.take(a, [0, 6, -1]).tolist(), np.compress([True, False, True, True], a, axis=0).shape)
idx = np.argsort([30, 10, 20])
print(idx.tolist(), np.take_along_axis(np.array([[3, 1, 2]]), np.array([[1, 2, 0]]), 1).tolist())
x = np.zeros(5, dtype=int)
np.add.at(x, [0, 0, 3], 1)
np.put(x, [4], 9)
print(x.tolist(), np.select([x < 1, x < 5], ["low", "mid"], "high").tolist(), np.clip(a, 3, 6)[0].tolist(), np.choose([0, 1, 0], [[1, 2, 3], [4, 5, 6]]).tolist())
print(np.extract([1, 0, 1], [7, 8, 9]).tolist(), np.flatnonzero(np.array([1, 0, 2])).tolist(), np.unravel_index(13, (4, 5))[0] == 2)
try:
    a[4, 0]
except IndexError as e:
    print(type(e).__name__)
