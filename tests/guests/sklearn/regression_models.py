import numpy as np
from sklearn.linear_model import LinearRegression, Ridge, Lasso, ElasticNet, HuberRegressor
from sklearn.metrics import mean_squared_error, r2_score, mean_absolute_error
from sklearn.preprocessing import PolynomialFeatures
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeRegressor
from sklearn.neighbors import KNeighborsRegressor

rng = np.random.default_rng(0)
X = rng.normal(size=(80, 3))
y = X @ [3.0, -2.0, 0.0] + 5
m = LinearRegression().fit(X, y)
print((m.coef_.round(6) + 0.0).tolist(), round(float(m.intercept_), 6), round(m.score(X, y), 6))
print(Ridge(alpha=10).fit(X, y).coef_.round(4).tolist()[:2], (Lasso(alpha=0.5).fit(X, y).coef_.round(4) + 0.0).tolist(), int((ElasticNet(alpha=0.5).fit(X, y).coef_ != 0).sum()))
yo = y.copy(); yo[:5] += 200
print(np.abs(HuberRegressor(max_iter=1000).fit(X, yo).coef_[:2] - [3, -2]).max() < 0.5, np.abs(LinearRegression().fit(X, yo).coef_[:2] - [3, -2]).max() > 0.5)
x = np.linspace(-2, 2, 40)[:, None]
p = make_pipeline(PolynomialFeatures(2), LinearRegression()).fit(x, (x ** 2 - 3 * x + 1).ravel())
print(p.predict([[3.0]]).round(6).tolist(), list(p.named_steps), PolynomialFeatures(2).fit_transform([[2, 3]]).tolist())
t = DecisionTreeRegressor(max_depth=2).fit([[1], [2], [10], [11]], [1, 1, 5, 7])
print(t.predict([[0], [10], [12]]).tolist(), t.get_depth(), t.get_n_leaves(), KNeighborsRegressor(2).fit([[0], [1], [5]], [0, 2, 10]).predict([[0.4]]).tolist())
print(mean_squared_error([1, 2, 3], [1, 2, 5]), round(r2_score([1, 2, 3], [1.1, 1.9, 3.2]), 6), mean_absolute_error([1, 2], [2, 4]))
try:
    LinearRegression().fit([[1], [2]], [1, 2, 3])
except ValueError as e:
    print("inconsistent" in str(e))
