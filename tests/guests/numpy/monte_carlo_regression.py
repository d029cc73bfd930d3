import numpy as np

rng = np.random.default_rng(2024)
pts = rng.random((50000, 2))
pi = 4 * float((np.square(pts).sum(axis=1) < 1).mean())
print(round(pi, 4), abs(pi - np.pi) < 0.03)
x = np.linspace(0, 10, 200)
y = 2.5 * x - 1.2 + rng.normal(0, 0.5, x.size)
slope, icpt = np.polyfit(x, y, 1)
print(abs(slope - 2.5) < 0.05, abs(icpt + 1.2) < 0.2)
X = np.column_stack([np.ones_like(x), x])
beta = np.linalg.inv(X.T @ X) @ X.T @ y
print(np.allclose(beta, [icpt, slope]), X.shape)
w = np.zeros(2)
for _ in range(3000):
    w -= 0.02 * X.T @ (X @ w - y) / len(y)
print(np.allclose(w, beta, atol=1e-3))
resid = y - X @ beta
r2 = 1 - (resid @ resid) / np.square(y - y.mean()).sum()
print(r2 > 0.99, abs(float(resid.mean())) < 1e-10)
steps = rng.choice([-1, 1], size=(300, 400))
walks = steps.cumsum(axis=1)
print(walks.shape, abs(float(walks[:, -1].mean())) < 5, 15 < float(walks[:, -1].std()) < 25, int(np.abs(walks).max()) <= 400)
P = np.array([[0.9, 0.1, 0], [0.2, 0.7, 0.1], [0, 0.3, 0.7]])
pi_ = np.full(3, 1 / 3)
for _ in range(200):
    pi_ = pi_ @ P
print(pi_.round(6).tolist(), np.allclose(pi_ @ P, pi_))
