import numpy as np

A, B = np.arange(6).reshape(2, 3), np.arange(12).reshape(3, 4)
print(np.einsum("ij,jk->ik", A, B).tolist(), (np.einsum("ij,jk", A, B) == A @ B).all())
print(np.einsum("ii", np.arange(9).reshape(3, 3)), np.einsum("ij->j", A).tolist(), np.einsum("i,j->ij", [1, 2], [3, 4]).tolist(), np.einsum("ij->ji", A).tolist())
T = np.arange(24).reshape(2, 3, 4)
print(np.tensordot(T, B, axes=([1, 2], [0, 1])).tolist(), np.einsum("abc,bc->a", T, B).tolist(), np.tensordot(A, B, 1).shape)
print((T @ np.ones((4, 2))).shape, np.matmul(T, B.T).sum(), np.inner([1, 2, 3], [0, 1, 0]), np.dot(A, [1, 0, 1]).tolist())
batch = np.stack([np.eye(2) * k for k in (1, 2, 3)])
print(np.linalg.det(batch).round(6).tolist(), np.linalg.inv(batch)[2].round(6).tolist(), np.einsum("bii->b", batch).tolist())
path, _ = np.einsum_path("ij,jk,kl->il", A, B, np.ones((4, 2)), optimize="greedy")
print(path[0], len(path), np.linalg.multi_dot([A, B, np.ones((4, 2), int)]).tolist())
print(np.moveaxis(T, 0, -1).shape, T.sum(axis=(0, 2)).tolist(), np.apply_along_axis(lambda v: v.max() - v.min(), 0, B).tolist(), T.max(axis=1)[1].tolist())
X = np.random.default_rng(1).random((120, 80))
Y = np.random.default_rng(2).random((80, 100))
Z = X @ Y
print(Z.shape, round(float(Z.sum()), 4), round(float(Z[7, 9]), 8), np.allclose(Z[3], [sum(X[3] * Y[:, j]) for j in range(100)]))
