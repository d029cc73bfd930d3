import numpy as np
from sympy import symbols, lambdify, sin, cos, exp, pi, sqrt, N, Float, Rational, I, zoo, nan, oo, re, im, Abs, arg, conjugate, expand_complex, interpolate, Poly, nroots, diff, cse
import mpmath

x, y = symbols("x y")
f = lambdify(x, sin(x) ** 2 + x * exp(-x), "numpy")
print(f(np.array([0.0, 1.0, 2.0])).round(8).tolist())
g = lambdify((x, y), [diff(x ** 2 * y, v) for v in (x, y)])
print(g(3, 4), lambdify(x, Rational(1, 3) * x)(9))
z = 3 + 4 * I
print(Abs(z), re(z), im(z), conjugate(z), (z * z).expand(), expand_complex(1 / z), (I ** 7), arg(1 + I), sqrt(-4))
print(N(exp(1), 20), Float("0.1", 25), (sqrt(2) ** 2).evalf(), Rational(1, 3).evalf(10), 1 / Float(3), oo - oo, 1 / Float(4), zoo)
print([round(complex(r).real, 6) for r in Poly(x ** 3 - 2 * x - 5).nroots() if abs(complex(r).imag) < 1e-9], interpolate([(1, 1), (2, 4), (3, 9)], x), cse([x + y + sin(x + y), (x + y) ** 2])[0])
mpmath.mp.dps = 40
print(mpmath.mp.pi, mpmath.zeta(3), mpmath.sqrt(2))
print(mpmath.quad(lambda t: mpmath.exp(-t ** 2), [0, mpmath.inf]) ** 2 * 4 - mpmath.pi < mpmath.mpf("1e-35"), mpmath.nstr(mpmath.findroot(mpmath.cos, 1), 20), mpmath.identify(mpmath.mpf("0.5")))
print(mpmath.nstr(mpmath.besselj(0, 1), 15), mpmath.nstr(mpmath.gamma(0.5), 15), mpmath.binomial(10, 3), mpmath.nstr(mpmath.polyroots([1, 0, -2])[1], 12), mpmath.iv.mpf([1, 2]) + 1)
