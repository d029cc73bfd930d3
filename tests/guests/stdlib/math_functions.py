import math
from itertools import accumulate

print([round(f(0.7), 10) for f in (math.sin, math.cos, math.tan, math.asin, math.acos, math.atan)])
print([round(f(1.3), 10) for f in (math.sinh, math.cosh, math.tanh, math.asinh, math.acosh, math.exp, math.expm1)])
print([round(f(2.5), 10) for f in (math.log, math.log2, math.log10, math.log1p, math.sqrt, math.cbrt, math.gamma, math.lgamma, math.erf, math.erfc)])
print(math.dist((1, 2, 3), (4, 6, 3)), math.hypot(2, 3, 6), math.degrees(math.pi), round(math.radians(270), 10), math.remainder(7, 3))
print(math.gcd(), math.gcd(12, 18, 27), math.lcm(2, 3, 7), math.comb(5, 7), math.perm(5), math.factorial(20), math.isqrt(99))
print(math.floor(-0.5), math.ceil(0.5), math.trunc(-2.7), math.frexp(0.1), math.fabs(-3), math.exp2(0.5) ** 2 - 2 < 1e-12)
print(math.inf > 10 ** 308, math.isfinite(math.nan), math.tau == 2 * math.pi, round(math.log(10 ** 400), 8), round(math.log(8, 2), 10))
for bad in (lambda: math.sqrt(-1), lambda: math.log(0), lambda: math.exp(1000), lambda: math.factorial(-1), lambda: math.comb(2.5, 1)):
    try:
        bad()
    except (ValueError, OverflowError, TypeError) as e:
        print(type(e).__name__, end=" ")
print()
print(list(accumulate(range(1, 10))), math.prod([1.5, 2, 4]), math.fsum([1e16, 1, -1e16]))


def simpson(f, a, b, n=200):
    h = (b - a) / n
    return h / 3 * math.fsum((1 if i in (0, n) else 4 if i % 2 else 2) * f(a + i * h) for i in range(n + 1))


print(round(simpson(math.sin, 0, math.pi), 6), round(simpson(lambda x: math.exp(-x * x), -5, 5), 8))
