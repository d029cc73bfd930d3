import cmath
import colorsys
import math


def c(z, n=6):
    z = complex(z)
    return f"{z.real + 0.0:.{n}f}{z.imag + 0.0:+.{n}f}j"


print(c(cmath.sqrt(-4)), c(cmath.exp(1j * math.pi / 3)), c(cmath.log(1 + 1j)), c(cmath.sin(1 + 2j)))
r, phi = cmath.polar(3 - 4j)
print(round(r, 6), round(phi, 6), c(cmath.rect(2, math.pi / 6)), round(cmath.phase(-1 + 0j), 6))
roots = [cmath.rect(1, 2 * math.pi * k / 5) for k in range(5)]
print([c(z, 3) for z in roots], abs(sum(roots)) < 1e-12)
print(cmath.isclose(cmath.exp(cmath.log(2 + 3j)), 2 + 3j), cmath.isnan(complex("nan")), cmath.isinf(complex("inf+1j")))


def fft(xs):
    n = len(xs)
    if n == 1:
        return list(xs)
    e, o = fft(xs[::2]), fft(xs[1::2])
    t = [cmath.exp(-2j * cmath.pi * k / n) * o[k] for k in range(n // 2)]
    return [e[k] + t[k] for k in range(n // 2)] + [e[k] - t[k] for k in range(n // 2)]


sig = [math.cos(2 * math.pi * 3 * k / 16) + 0.5 for k in range(16)]
print([round(abs(v), 4) + 0.0 for v in fft(sig)])
for rgb in ((1, 0, 0), (0.2, 0.4, 0.6), (0.5, 0.5, 0.5)):
    print([round(v, 4) for v in colorsys.rgb_to_hsv(*rgb)], [round(v, 4) for v in colorsys.rgb_to_hls(*rgb)])
print([round(v, 4) for v in colorsys.hsv_to_rgb(0.75, 0.5, 0.8)], [round(v, 3) for v in colorsys.rgb_to_yiq(1, 1, 0)])
