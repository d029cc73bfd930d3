from sympy import (symbols, expand, factor, simplify, cancel, apart, together, collect, Rational, sqrt, sin, cos, tan,
                   trigsimp, radsimp, powsimp, expand_trig, Poly, gcd, lcm, div, resultant, discriminant, Symbol, nsimplify, degree)

x, y, z = symbols("x y z")
print(expand((x + y) ** 4), "|", factor(x ** 4 - 1), "|", factor(x ** 3 + 3 * x ** 2 * y + 3 * x * y ** 2 + y ** 3))
print(cancel((x ** 2 - 1) / (x - 1)), "|", apart(1 / (x ** 2 + 3 * x + 2)), "|", together(1 / x + 1 / y), "|", collect(x * y + x - 3 + 2 * x ** 2 - z * x ** 2, x))
print(simplify(sin(x) ** 2 + cos(x) ** 2), trigsimp(2 * sin(x) * cos(x)), expand_trig(sin(x + y)), simplify((x ** 3 + x ** 2 - x - 1) / (x ** 2 + 2 * x + 1)))
print(sqrt(8), sqrt(Rational(9, 4)), radsimp(1 / (sqrt(2) + 1)), (sqrt(2) + 1).expand() ** 2, ((sqrt(2) + 1) ** 2).expand())
p = Poly(x ** 5 - 3 * x + 1, x)
print(p.degree(), p.coeffs(), p.eval(2), p.count_roots(), p.diff(x).as_expr(), p.is_irreducible)
print(gcd(x ** 2 - 1, x ** 2 - 3 * x + 2), "|", lcm(x - 1, x + 1), "|", div(x ** 3 + 2, x + 1), "|", resultant(x ** 2 - 1, x - 3, x), discriminant(x ** 2 + 4 * x + 1, x))
n = Symbol("n", positive=True)
print(sqrt(n ** 2), sqrt(x ** 2), powsimp(x ** 2 * x ** y), nsimplify(0.75), (x + 1).subs(x, y ** 2), (x * y).xreplace({x: z}), (x ** 2 + y).free_symbols == {x, y})
print(Rational(1, 3) + Rational(1, 6), (x + 1) / 2, -(x - y), x ** -1, (2 * x + 2 * y).as_coeff_Mul(), degree(x ** 3 * y, x), expand("(a+b)*(c-d)"))
