import numpy as np
import numpy.ma as ma

m = ma.array([1.0, -999, 3, 4], mask=[0, 1, 0, 0])
print(m.tolist(), float(m.mean()), int(m.count()), m.filled(0).tolist(), m.compressed().tolist())
v = ma.masked_values([1.5, -999.0, 2.5], -999.0)
print(v.mask.tolist(), float(v.sum()), ma.masked_where(np.arange(5) % 2 == 0, np.arange(5)).tolist())
two = ma.masked_greater(np.arange(6).reshape(2, 3), 3)
print(two.tolist(), two.sum(axis=0).tolist(), two.max(axis=1).tolist(), (two + 10).tolist())
m[0] = ma.masked
print(m.tolist(), bool(m[0] is ma.masked), ma.getmaskarray(m).tolist())
with np.errstate(invalid="ignore", divide="ignore"):
    q = ma.array([1.0, 4.0]) / ma.array([0.0, 2.0])
print(q.tolist(), ma.sqrt(ma.array([-1.0, 9.0])).tolist(), ma.masked_invalid([1, np.nan, np.inf]).tolist())
x = np.array([[1, np.nan, 3], [np.nan, np.nan, 6]])
print(np.nanmean(x, axis=1).tolist(), np.nanmax(x), np.isnan(x).sum(axis=0).tolist(), np.nancumsum(x[0]).tolist())
filled = np.where(np.isnan(x), np.nanmean(x), x)
print(filled.round(4).tolist(), np.nanpercentile(x, 50), np.array_equal(x, x), np.array_equal(x, x, equal_nan=True))
print(np.isclose(1.0, 1.0 + 1e-9), np.allclose([1, np.nan], [1, np.nan], equal_nan=True), np.isfinite([1, np.inf, np.nan]).tolist(), np.signbit(-0.0))
print(ma.median(ma.array([1, 5, 9, 100], mask=[0, 0, 0, 1])), ma.average(ma.array([1, 2, 3], mask=[1, 0, 0]), weights=[1, 1, 3]))
