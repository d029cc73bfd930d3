from sympy import (symbols, latex, pretty, sin, sqrt, Integral, Matrix, Rational, pi, oo, And, Or, Not, Implies, Xor, simplify_logic, to_cnf,
                   satisfiable, FiniteSet, Interval, Union, Intersection, S, EmptySet, sympify, lambdify, Piecewise, Eq, srepr, ccode, pycode, Symbol, Lt)
from sympy.parsing.sympy_parser import parse_expr, standard_transformations, implicit_multiplication_application

x, y = symbols("x y")
e = Integral(sqrt(x) / (x ** 2 + 1), (x, 0, oo))
print(latex(e), latex(Matrix([[1, x], [y, 2]])), latex(Rational(3, 4) * pi))
print(pretty(x ** 2 / (y + 1), use_unicode=False))
print(pretty(Matrix([[1, x]]), use_unicode=True), pretty(sqrt(x), use_unicode=False))
print(srepr(x + 1), ccode(x ** 2 + sin(y)), pycode(sqrt(x) + 1), str(e))
p, q, r = symbols("p q r")
print(simplify_logic((p & q) | (p & ~q)), to_cnf(p | (q & r)), satisfiable(p & ~p), satisfiable(p & q) == {p: True, q: True}, Implies(p, q).subs({p: True, q: False}), Xor(True, False))
A, B = Interval(0, 5), Interval.open(3, 9)
print(A.union(B), A.intersect(B), A - B, 3 in A, FiniteSet(1, 2) | FiniteSet(2, 3), A.measure, FiniteSet(1, 2).powerset().__len__(), S.Integers.intersect(Interval(0, 3)))
f = lambdify((x, y), x ** 2 + sin(y), "math")
print(f(3, 0), sympify("2*x + 1/3").subs(x, 1), parse_expr("2x(y+1)", transformations=standard_transformations + (implicit_multiplication_application,)))
pw = Piecewise((x ** 2, x < 0), (x, True))
print(pw.subs(x, -3), pw.subs(x, 4), pw.diff(x), Eq(x, 2).subs(x, 2), Lt(1, 2), (x > 1).subs(x, 0), oo - 1, oo + oo == oo)
try:
    sympify("x +* 2")
except Exception as exc:
    print(type(exc).__name__)
