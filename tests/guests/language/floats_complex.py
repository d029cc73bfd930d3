import math

print(0.1 + 0.2, 1 / 3, 1e16, 1e15, 1.5e-7, 100.0, -0.0, 2 ** 0.5)
print((0.1).hex(), float.fromhex("0x1.8p3"), (0.75).as_integer_ratio(), (3.0).is_integer())
inf, nan = float("inf"), float("nan")
print(inf > 1e308, -inf, nan == nan, math.isnan(inf - inf), 1e308 * 10, math.isinf(inf))
print(round(2.675, 2), round(-1.5), round(1e20), round(1234.5678, -2), float("1_000.5"))
print(math.floor(-2.5), math.ceil(-2.5), math.trunc(-2.5), math.fmod(-7, 3), -7.0 % 3, 7.5 // 2)
print(math.fsum([0.1] * 10), math.hypot(3, 4), math.copysign(1, -0.0), math.frexp(12.0), math.ldexp(0.75, 4))
print(math.isclose(0.1 + 0.2, 0.3), math.nextafter(1.0, 2.0), math.ulp(1.0), math.modf(-3.25))
print(f"{math.pi:.15f} {math.e:.15f} {math.sin(1):.12f} {math.log(10):.12f} {math.gamma(5.5):.9f}")
print(f"{math.log2(1024)} {math.log10(1000):.6f} {math.exp(-1):.12f} {math.atan2(1, -1):.12f} {math.erf(0.5):.12f}")
z = 3 + 4j
print(abs(z), z.conjugate(), z * (1 - 2j), z / 2, z ** 2, (z == complex("3+4j")))
print(float("1e400"), float(" 12.5\n"), 5e-324, 5e-324 / 2, 1.7976931348623157e308)
try:
    1.0 / 0.0
except ZeroDivisionError as e:
    print(type(e).__name__, "caught")
