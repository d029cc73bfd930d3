from fractions import Fraction as F
import math

print(F(3, 6), F("0.125"), F(0.5), F("-3/7"), F(1, 3) + F(1, 6))
print(F(7, 3) // 1, F(7, 3) % 1, F(2, 3) ** -2, F(1, 2) * 3.0, abs(F(-1, 4)), round(F(7, 2)), round(F(22, 7), 2))
print(F(math.pi).limit_denominator(1000), F("3.1415926535").limit_denominator(100), float(F(1, 3)))
print(F(1, 3) < F(1, 2) < 0.6, F(4, 2) == 2, hash(F(4, 2)) == hash(2), F(5, 4).numerator, repr(F(5, 4)))


def harmonic(n):
    return sum((F(1, k) for k in range(1, n + 1)), F(0))


def cont_frac(x, terms):
    out = []
    while len(out) < terms:
        a = math.floor(x)
        out.append(a)
        x -= a
        if not x:
            break
        x = 1 / x
    return out


print(harmonic(10), harmonic(30).denominator)
print(cont_frac(F(649, 200), 10), cont_frac(F(415, 93), 10))
egypt, x = [], F(43, 48)
while x:
    d = math.ceil(1 / x)
    egypt.append(d)
    x -= F(1, d)
print(egypt, sum(F(1, d) for d in egypt))
try:
    F(1, 0)
except ZeroDivisionError as e:
    print(type(e).__name__)
