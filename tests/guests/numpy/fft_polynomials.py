import numpy as np
from numpy.polynomial import Polynomial, Chebyshev

t = np.arange(64) / 64
sig = 3 * np.sin(2 * np.pi * 5 * t) + np.cos(2 * np.pi * 12 * t) + 0.5
F = np.fft.rfft(sig)
amp = np.abs(F) / 32
print(np.flatnonzero(amp > 0.1).tolist(), amp[[5, 12]].round(8).tolist(), np.fft.rfftfreq(64, 1 / 64)[[5, 12]].tolist())
print(np.allclose(np.fft.irfft(F), sig), np.allclose(np.fft.ifft(np.fft.fft(sig)).real, sig), round(float(abs(F[0]) / 64), 8))
print(np.fft.fftfreq(6).round(4).tolist(), np.fft.fftshift([0, 1, 2, -2, -1]).tolist())
img = np.outer(np.cos(2 * np.pi * np.arange(8) / 8), np.ones(8))
print(np.argwhere(np.abs(np.fft.fft2(img)) > 1).tolist(), np.allclose(np.fft.ifft2(np.fft.fft2(img)).real, img))
a, b = np.array([1, 2, 3, 4]), np.array([5, 6, 7])
n = len(a) + len(b) - 1
print(np.fft.irfft(np.fft.rfft(a, n) * np.fft.rfft(b, n), n).round(8).tolist(), np.convolve(a, b).tolist())
p = np.poly1d([1, -6, 11, -6])
print(np.sort(p.roots.real).round(8).tolist(), p(4), p.deriv().coeffs.tolist(), (p * p).order, np.polyval([2, 0, 1], 3))
print(np.polyfit([0, 1, 2, 3], [1, 3, 7, 13], 2).round(8).tolist(), np.polymul([1, 1], [1, -1]).tolist(), [q.tolist() for q in np.polydiv([1, 0, -1], [1, 1])])
q = Polynomial([1, 2, 3])
print(q(2), q.deriv().coef.tolist(), q.integ().coef.round(6).tolist(), (q ** 2).coef.tolist(), q.degree())
f = Polynomial.fit([0, 1, 2, 3], [1, 2, 5, 10], 2).convert()
print((f.coef.round(6) + 0.0).tolist(), Chebyshev([0, 0, 1])(0.5), np.round(Polynomial.fromroots([1, 2]).coef, 6).tolist())
