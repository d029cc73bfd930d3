import numpy as np
from scipy import interpolate as ip

x = np.arange(6.0)
y = np.array([0, 1, 4, 9, 16, 25.0])
cs = ip.CubicSpline(x, y)
print(np.round(cs([0.5, 2.5, 4.75]), 6).tolist(), round(float(cs(2.0, 1)), 6), round(float(cs.integrate(0, 3)), 6))
print(ip.interp1d(x, y)(1.5).item(), ip.interp1d(x, y, kind="nearest")(2.4).item(), ip.interp1d(x, y, bounds_error=False, fill_value=-1.0)([9.0]).tolist())
print(np.round(ip.PchipInterpolator(x, y)(2.5), 6).item(), np.round(ip.Akima1DInterpolator(x, y)(2.5), 4).item(), np.round(ip.BarycentricInterpolator(x, y)(1.5), 8).item())
spl = ip.make_interp_spline(x, y, k=3)
print(np.round(spl(3.3), 6).item(), np.round(ip.splev(3.3, ip.splrep(x, y)), 6).item(), len(spl.t))
u = ip.UnivariateSpline(np.linspace(0, 2 * np.pi, 50), np.sin(np.linspace(0, 2 * np.pi, 50)), s=0)
print(np.round(u.roots(), 4).tolist()[1:2], round(float(u.derivative()(0)), 3), round(float(u.integral(0, np.pi)), 4))
gx, gy = np.arange(4.0), np.arange(3.0)
z = gx[:, None] * 10 + gy
rgi = ip.RegularGridInterpolator((gx, gy), z)
print(rgi([[0.5, 0.5], [2.25, 1.5]]).tolist())
pts = np.array([[0, 0], [1, 0], [0, 1], [1, 1.0]])
print(ip.griddata(pts, pts.sum(axis=1), [[0.25, 0.25]], method="linear").round(8).tolist(), ip.griddata(pts, [1, 2, 3, 4.0], [[0.9, 0.2]], method="nearest").tolist())
rbf = ip.RBFInterpolator(pts, pts[:, 0] * 2 + 1)
print(rbf([[0.5, 0.5]]).round(6).tolist())
try:
    ip.interp1d(x, y)(7)
except ValueError:
    print("out of range")
