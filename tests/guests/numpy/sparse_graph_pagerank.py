import numpy as np

links = {0: [1, 2], 1: [2], 2: [0], 3: [2, 0], 4: [3, 1]}
n = 5
M = np.zeros((n, n))
for src, dst in links.items():
    M[dst, src] = 1 / len(dst)
print(M.sum(axis=0).tolist())
d = 0.85
r = np.full(n, 1 / n)
for it in range(200):
    new = (1 - d) / n + d * M @ r
    if np.abs(new - r).max() < 1e-12:
        break
    r = new
print(r.round(6).tolist(), np.argsort(-r).tolist(), it < 200, round(float(r.sum()), 10))
exact = np.linalg.solve(np.eye(n) - d * M, np.full(n, (1 - d) / n))
print(np.allclose(exact, r))
A = (M.T > 0).astype(int)
paths2 = np.linalg.matrix_power(A, 2)
print(paths2.tolist(), int(np.trace(np.linalg.matrix_power(A, 3))))
reach = A.astype(bool)
for k in range(n):
    reach |= np.outer(reach[:, k], reach[k])
print(reach.astype(int).tolist())
D = np.where(A > 0, 1.0, np.inf)
np.fill_diagonal(D, 0)
for k in range(n):
    D = np.minimum(D, D[:, [k]] + D[[k], :])
print(D.tolist())
und = ((A + A.T) > 0).astype(float)
lap = np.diag(und.sum(axis=1)) - und
vals = np.linalg.eigvalsh(lap)
print((vals.round(5) + 0.0).tolist(), int((np.abs(vals) < 1e-9).sum()), und.sum(axis=1).astype(int).tolist())
