import numpy as np
from scipy import integrate as it

v, err = it.quad(lambda x: np.exp(-x * x), -np.inf, np.inf)
print(round(v, 8), err < 1e-6, round(it.quad(np.sin, 0, np.pi)[0], 10), round(it.quad(lambda x, a: x ** a, 0, 1, args=(3,))[0], 10))
print(round(it.dblquad(lambda y, x: x * y, 0, 2, 0, 1)[0], 8), round(it.nquad(lambda x, y: x + y, [[0, 1], [0, 2]])[0], 8))
x = np.linspace(0, np.pi, 101)
print(round(float(it.simpson(np.sin(x), x=x)), 6), round(float(it.trapezoid(np.sin(x), x)), 4), it.cumulative_trapezoid([1, 2, 3], initial=0).tolist())
for method in ("RK45", "DOP853", "LSODA", "BDF"):
    s = it.solve_ivp(lambda t, y: [y[1], -y[0]], (0, 10), [1, 0], method=method, rtol=1e-8, atol=1e-10, t_eval=[5, 10])
    print(method, s.status, np.allclose(s.y[0], np.cos([5, 10]), atol=1e-5))
ev = lambda t, y: y[0]
ev.terminal, ev.direction = True, -1
fall = it.solve_ivp(lambda t, y: [y[1], -9.81], (0, 10), [10, 0], events=ev, rtol=1e-9)
print(fall.status, round(float(fall.t_events[0][0]), 6), round((2 * 10 / 9.81) ** 0.5, 6))
lv = it.odeint(lambda z, t: [z[0] * (1.1 - 0.4 * z[1]), z[1] * (0.1 * z[0] - 0.4)], [10, 5], np.linspace(0, 20, 201), rtol=1e-10, atol=1e-10)
V = 0.1 * lv[:, 0] - 0.4 * np.log(lv[:, 0]) + 0.4 * lv[:, 1] - 1.1 * np.log(lv[:, 1])
print(lv.shape, bool(np.ptp(V) < 1e-6), bool((lv > 0).all()))
print(np.round(it.fixed_quad(lambda x: x ** 5, 0, 1, n=3)[0], 10), round(float(it.romb([0, 1, 4, 9, 16])), 6))
