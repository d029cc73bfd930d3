from sympy import (symbols, diff, integrate, limit, series, oo, sin, cos, exp, log, pi, sqrt, Derivative, Integral, Sum, Product,
                   summation, Function, fourier_series, laplace_transform, O, erf, atan, E, factorial, gamma, Abs)

x, n, k, t = symbols("x n k t")
s = symbols("s", positive=True)
print(diff(sin(x) * exp(x), x), "|", diff(x ** x, x), "|", diff(x ** 4, x, 3), "|", diff(log(x ** 2 + 1), x))
print(integrate(x * exp(x), x), "|", integrate(1 / (x ** 2 + 1), x), "|", integrate(exp(-x ** 2), (x, -oo, oo)), "|", integrate(sin(x) ** 2, (x, 0, pi)))
print(integrate(x * k, (x, 0, 1), (k, 0, 2)), integrate(log(x), (x, 1, E)), integrate(1 / x ** 2, (x, 1, oo)), integrate(sqrt(1 - x ** 2), (x, -1, 1)))
print(limit(sin(x) / x, x, 0), limit((1 + 1 / n) ** n, n, oo), limit(1 / x, x, 0, "+"), limit((x ** 2 - 4) / (x - 2), x, 2), limit(x * log(x), x, 0))
print(series(exp(x), x, 0, 5), "|", series(cos(x), x, 0, 6).removeO(), "|", series(1 / (1 - x), x, 0, 4))
print(summation(k ** 2, (k, 1, n)).factor(), Sum(1 / k ** 2, (k, 1, oo)).doit(), Product(k, (k, 1, 5)).doit())
f = x ** 3 - 3 * x
crit = sorted(__import__("sympy").solve(diff(f, x), x))
print(crit, [diff(f, x, 2).subs(x, c) for c in crit], [f.subs(x, c) for c in crit])
print(Derivative(x ** 2, x), Derivative(x ** 2, x).doit(), Integral(x, x), Integral(x, (x, 0, 2)).doit(), laplace_transform(exp(-2 * t), t, s, noconds=True))
print(diff(x ** 2 * k ** 3, x, k), [diff(sin(x * k), v) for v in (x, k)], integrate(x ** 2, (x, 0, t)).diff(t), round(float(Integral(exp(-x) / (x + 1), (x, 0, 3)).evalf()), 8))
