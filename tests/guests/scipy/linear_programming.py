import numpy as np
from scipy.optimize import linprog, linear_sum_assignment, milp, LinearConstraint, Bounds, nnls

r = linprog([-3, -5], A_ub=[[1, 0], [0, 2], [3, 2]], b_ub=[4, 12, 18], method="highs")
print(r.status, (r.x.round(6) + 0.0).tolist(), round(float(-r.fun), 6), r.slack.round(6).tolist())
r = linprog([1, 1], A_eq=[[1, 2]], b_eq=[4], bounds=[(0, None), (0, 1.5)])
print((r.x.round(6) + 0.0).tolist(), round(float(r.fun), 6))
print(linprog([1], A_ub=[[1], [-1]], b_ub=[1, -2]).status, linprog([-1], bounds=[(0, None)]).status)
cost = np.array([[4, 1, 3], [2, 0, 5], [3, 2, 2]])
rows, cols = linear_sum_assignment(cost)
print(cols.tolist(), int(cost[rows, cols].sum()), int(cost[linear_sum_assignment(cost, maximize=True)].sum()))
w, v = np.array([12, 2, 1, 4, 1]), np.array([4, 2, 1, 10, 2])
k = milp(-v, constraints=LinearConstraint(w[None, :], ub=15), integrality=np.ones(5), bounds=Bounds(0, 1))
print(k.x.round().astype(int).tolist(), int(round(-k.fun)), int(w @ k.x.round()))
best = max((sum(v[i] for i in range(5) if m >> i & 1), m) for m in range(32) if sum(w[i] for i in range(5) if m >> i & 1) <= 15)
print(int(best[0]))
x, resid = nnls(np.array([[1.0, 0], [1, 1], [0, 1]]), np.array([2.0, 1, -1]))
print((x.round(6) + 0.0).tolist(), round(float(resid), 6))
