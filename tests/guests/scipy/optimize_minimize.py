import numpy as np
from scipy import optimize as opt

rosen = lambda v: (1 - v[0]) ** 2 + 100 * (v[1] - v[0] ** 2) ** 2
for method in ("Nelder-Mead", "BFGS", "L-BFGS-B", "Powell"):
    r = opt.minimize(rosen, [-1.2, 1.0], method=method, options={"maxiter": 4000})
    print(method, bool(r.success), (r.x.round(2) + 0.0).tolist(), r.fun < 1e-3)
r = opt.minimize(lambda v: (v[0] - 1) ** 2 + (v[1] - 2.5) ** 2, [2, 0], method="SLSQP", bounds=[(0, None), (0, None)],
                 constraints=[{"type": "ineq", "fun": lambda v: v[0] - 2 * v[1] + 2}, {"type": "ineq", "fun": lambda v: -v[0] - 2 * v[1] + 6}])
print(r.x.round(4).tolist(), round(float(r.fun), 4))
print(round(opt.brentq(lambda x: x ** 3 - x - 2, 1, 2), 8), round(float(opt.newton(np.cos, 1.0)), 8), round(float(opt.bisect(lambda x: x * x - 2, 0, 2)), 6))
s = opt.fsolve(lambda v: [v[0] + v[1] - 3, v[0] * v[1] - 2], [0.0, 5.0])
print(sorted(s.round(6).tolist()), opt.root(lambda x: x ** 2 - 9, 1.0).x.round(6).tolist())
m = opt.minimize_scalar(lambda x: (x - 2) ** 2 + 1, bounds=(0, 5), method="bounded")
print(round(float(m.x), 4), round(float(m.fun), 6))
x = np.linspace(0, 4, 30)
p, cov = opt.curve_fit(lambda x, a, b, c: a * np.exp(-b * x) + c, x, 2.5 * np.exp(-1.3 * x) + 0.5, p0=[1, 1, 0])
print(p.round(5).tolist(), bool((np.diag(cov) < 1e-6).all()))
ls = opt.least_squares(lambda v: [v[0] - 1, 10 * (v[1] - v[0] ** 2)], [3, 3])
print(ls.x.round(5).tolist(), round(float(opt.differential_evolution(lambda v: (v ** 2).sum(), [(-5, 5)] * 2, seed=1).fun), 6))
