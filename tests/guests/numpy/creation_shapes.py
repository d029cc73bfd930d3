import numpy as np

a = np.arange(12).reshape(3, 4)
print(a, a.shape, a.ndim, a.size, a.dtype.kind)
print(np.zeros((2, 3)).tolist(), np.ones(3, dtype=int).tolist(), np.full((2, 2), 7).tolist(), np.eye(3, k=1, dtype=int).tolist())
print(np.linspace(0, 1, 5).tolist(), np.arange(1, 2, 0.25).tolist(), np.round(np.logspace(0, 2, 3), 6).tolist(), np.geomspace(1, 16, 5).round(6).tolist())
print(a.T.shape, a.ravel(order="F").tolist(), a.reshape(-1, 2).shape, a[np.newaxis].shape, np.expand_dims(a, -1).shape)
print(np.squeeze(np.ones((1, 3, 1))).shape, np.transpose(np.ones((2, 3, 4)), (2, 0, 1)).shape, np.swapaxes(np.ones((2, 3, 4)), 0, 2).shape)
print(np.diag([1, 2, 3]).tolist(), np.diag(np.arange(9).reshape(3, 3)).tolist(), np.tri(3, dtype=int).tolist())
print(np.fromfunction(lambda i, j: i * 10 + j, (2, 3), dtype=int).tolist(), np.fromiter((x * x for x in range(5)), dtype=int).tolist())
xx, yy = np.meshgrid([1, 2, 3], [10, 20])
print((xx + yy).tolist(), np.mgrid[0:2, 0:2].tolist(), [x.tolist() for x in np.ogrid[0:2, 0:3]])
print(np.identity(2).tolist(), np.zeros_like(a).sum() == 0, np.empty((2, 0)).size, np.array([[1, 2], [3, 4]], order="F").flags["F_CONTIGUOUS"])
try:
    a.reshape(5, 3)
except ValueError as e:
    print(type(e).__name__)
