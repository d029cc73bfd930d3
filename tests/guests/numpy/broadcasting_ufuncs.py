import numpy as np

a, b = np.array([[1.0], [2.0], [3.0]]), np.array([10.0, 20.0])
print((a + b).tolist(), (a * b).shape, np.broadcast_shapes((3, 1), (1, 4)), np.broadcast_to([1, 2], (2, 2)).tolist())
print(np.sqrt([1, 4, 9]).tolist(), np.power(2, [0, 3, 10]).tolist(), np.mod([-7, 7], 3).tolist(), np.fmod([-7, 7], 3).tolist())
print(np.add.reduce([1, 2, 3]), np.multiply.accumulate([1, 2, 3, 4]).tolist(), np.add.outer([1, 2], [10, 20]).tolist(), np.add.reduceat([1, 2, 3, 4], [0, 2]).tolist())
print(np.maximum([1, 5], [3, 2]).tolist(), np.minimum.reduce([[4, 2], [3, 9]]).tolist(), np.hypot(3, 4), np.sign([-2, 0, 5]).tolist())
print(np.exp([0, 1]).round(8).tolist(), np.log1p(1e-10).round(16) > 0, np.sin(np.pi / 6).round(12), np.arctan2([1, -1], [1, -1]).round(8).tolist())
print(np.floor([-1.5, 1.5]).tolist(), np.rint([0.5, 1.5, 2.5]).tolist(), np.trunc([-1.7]).tolist(), np.round([1.2345, 9.8765], 2).tolist())
with np.errstate(divide="ignore", invalid="ignore"):
    r = np.array([1.0, 0.0, -1.0]) / 0
print(r.tolist(), np.isnan(r).tolist(), np.isinf(r).sum(), np.nan_to_num(r, nan=9, posinf=1, neginf=-1).tolist())
f = np.frompyfunc(lambda x, y: f"{x}{y}", 2, 1)
print(f(["a", "b"], [[1], [2]]).tolist(), np.vectorize(lambda x: x if x > 2 else 0)([1, 2, 3]).tolist())
out = np.empty(3)
np.multiply([1, 2, 3], 2, out=out, where=[True, True, True])
print(out.tolist(), np.logical_xor([1, 0], [1, 1]).tolist(), (np.array([5, 6]) & 3).tolist(), np.left_shift(1, [1, 4]).tolist())
try:
    np.ones(3) + np.ones(4)
except ValueError:
    print("shapes do not broadcast")
