# Programs of one subject; a line `#%% NAME` begins each, `#%% NAME (whole)` one that is not cut into runs of a session.
#%% making arrays
import numpy as np
print(np.array([1, 2, 3]), np.zeros((2, 3)), np.ones(2, dtype=int), np.arange(0, 1, 0.25), np.linspace(0, 1, 5), np.eye(2), np.full((2, 2), 7), np.arange(10)[::-2], sep="\n")
a = np.arange(6).reshape(2, 3)
print(a.dtype, a.shape, a.ndim, a.size, a.itemsize, a.nbytes, np.array([1.5]).dtype, np.array([True]).dtype, np.array(["ab", "c"]).dtype, np.array([2**40]).dtype, np.array([1, 2.5]).dtype, np.array([1, "a"]).dtype)
a
#%% default integers
import numpy as np
print(np.arange(3).dtype, np.array([1]).dtype, np.int_(1).itemsize, np.array([2**31]) * 2, np.arange(5).sum().dtype, np.cumsum([2**30] * 4), np.array([50_000]) * 50_000, np.prod([100_000, 100_000]), np.ones(3, int).dtype, np.zeros(1, "i").dtype, np.random.default_rng(0).integers(10, size=2).dtype)
print(np.where([True, False])[0].dtype, np.argsort([2, 1]).dtype, np.nonzero([0, 1])[0].dtype, np.bincount([0, 1]).dtype, np.searchsorted([1, 2], 2).dtype, np.array([1, 2]).argmax().dtype, np.unique([3, 1, 1], return_counts=True)[1].dtype, np.count_nonzero([1, 0]), np.iinfo(int).max, np.dtype(int), np.intp)
np.int64(2**62) * 2
#%% scalar integers
import numpy as np
print(repr(np.int64(5)), np.float64(0.1), repr(np.float32(0.1)), repr(np.bool_(True)), np.int8(127) , np.uint8(200) // 3, np.int32(7) / 2, 3 * np.int64(2), type(np.int64(1) + 1), type(np.float64(1) + 1), type(1 + np.int64(1)).__name__, int(np.int64(3)), [np.int64(1)], {np.float64(1.5): "k"}[1.5])
np.array([200], dtype=np.uint8) + np.array([100], dtype=np.uint8)
#%% absolute values of plain integers
import numpy as np
print(np.abs(-3_000_000_000), np.power(10, 12), np.square(100_000), np.sign(-5), np.power(2, 40), np.mod(7, 3), np.add(2**31, 1), np.multiply(10**6, 10**6))
#%% indexing
import numpy as np
a = np.arange(12).reshape(3, 4)
print(a[1], a[:, 1], a[1:, ::2], a[a > 5], a[[0, 2], [1, 3]], a[-1, -1], a[..., 0], a[np.newaxis, 0].shape, np.where(a % 2, a, -a), a[np.ix_([0, 1], [2, 3])], np.take(a, [0, 5]), sep="\n")
a[a % 3 == 0] = 0
a[0] += 10
print(a)
a[5]
#%% errors of arrays
import numpy as np
a = np.arange(6)
for f in (lambda: a.reshape(4, 2), lambda: a + np.arange(4), lambda: a[10], lambda: a[1, 2], lambda: np.array([[1, 2], [3]]), lambda: np.array(["x"]).astype(int), lambda: np.dot(np.ones((2, 3)), np.ones((2, 3))), lambda: np.concatenate([a, np.ones((2, 2))]), lambda: bool(a), lambda: np.linalg.inv(np.zeros((2, 2))), lambda: a.astype("nope"), lambda: np.stack([]), lambda: int(a), lambda: np.zeros(-1)):
    try:
        print(f())
    except Exception as e:
        print(type(e).__name__, e)
a.nope
#%% broadcasting and ufuncs
import numpy as np
a, b = np.arange(3), np.arange(3)[:, None]
print(a + b, np.add.outer(a, a), np.sqrt(a), np.exp(a), np.maximum(a, 1), np.add.reduce(a), np.multiply.accumulate(a + 1), np.logaddexp(0, 1), np.hypot(3, 4), a ** 2, a / 2, a // 2, a % 2, a == 1, ~(a > 1), a @ a, sep="\n")
print(np.round([0.5, 1.5, -2.345], 1), np.floor(-1.5), np.isclose(0.1 + 0.2, 0.3), np.allclose(a, a), np.clip(a, 1, 2), np.sign([-2, 0]), np.array([1, 2]) << 3, np.bitwise_xor([5], 3))
#%% warnings of arithmetic
import numpy as np
print(np.array([1.0, 0.0]) / 0, np.log([0.0, -1.0]))
np.float64(1e308) * 10
#%% arithmetic errors on demand
import numpy as np
with np.errstate(divide="raise"):
    try:
        np.array([1.0]) / 0
        print("no error")
    except FloatingPointError as e:
        print(e)
with np.errstate(all="ignore"): print(np.sqrt(-1.0), np.float64(1e308) * 10, np.array([0.0]) / 0)
#%% warnings of integers
import numpy as np
print(np.int32([2**31 - 1]) + np.int32(1), np.array([1]) // 0, np.array([5]) % 0)
#%% raw files of arrays
import numpy as np
np.arange(6.0).tofile("raw")
print(np.fromfile("raw"), np.fromfile("raw", dtype="<i8", count=1))
#%% reductions
import numpy as np
a = np.array([[3, 1, 2], [9, 7, 8]])
print(a.sum(), a.sum(axis=0), a.mean(1), a.std(), a.var(ddof=1), a.min(), a.argmax(axis=1), np.median(a), np.percentile(a, [25, 50]), a.cumsum(), a.prod(), np.ptp(a), a.any(), a.all(axis=0), np.average(a, axis=0, weights=[1, 3]), a.trace(), np.sort(a), np.argsort(a), np.sort(a, axis=None)[::-1], np.nanmean([1, np.nan]), sep="\n")
np.histogram([1, 2, 2, 5], bins=4)
#%% linear algebra
import numpy as np
A, b = np.array([[3.0, 1], [1, 2]]), np.array([9.0, 8])
print(np.linalg.solve(A, b), np.linalg.det(A).round(10), np.linalg.inv(A).round(6), A.T @ A, np.linalg.norm(b).round(8), np.linalg.matrix_rank(A), np.linalg.eigvalsh(A).round(8), np.linalg.matrix_power(A, 3), np.outer([1, 2], [3, 4]), np.kron([1, 2], [1, 1]), np.cross([1, 0, 0], [0, 1, 0]), np.linalg.lstsq(np.c_[np.ones(3), [0, 1, 2]], [1, 3, 5], rcond=None)[0].round(8), np.einsum("ij,j->i", A, b), sep="\n")
np.linalg.solve(np.ones((2, 2)), b)
#%% printing arrays
import numpy as np
print(np.arange(1001), np.arange(2000).reshape(50, 40), np.array([1e-10, 1, 1e10]), np.array([0.1, 0.25, 1 / 3]), np.array([1.0, 2.0]), np.array([np.nan, np.inf, -1]), np.array([1 + 2j]), np.array([], dtype=int), np.array([[]]), np.array("x"), np.array([None, 1]), sep="\n")
with np.printoptions(precision=2, suppress=True, linewidth=40, threshold=5): print(np.arange(20) / 7, np.array([1e-5, 123.456]))
print(repr(np.arange(3.0)), repr(np.array([[1, 2], [3, 4]], dtype="int16")), repr(np.array(["a"])), np.array2string(np.arange(4) / 3, formatter={"float": "{:.1f}".format}), np.format_float_positional(1e-7), np.array_repr(np.array([True])))
np.array([[1.5, 2], [3, 4]])
#%% random numbers
import numpy as np
rng = np.random.default_rng(42)
print(rng.random(3), rng.integers(0, 100, 5), rng.normal(size=3), rng.choice(["a", "b", "c"], 4), rng.permutation(5), rng.shuffle(x := [1, 2, 3, 4]), x, rng.uniform(1, 2), rng.poisson(3, 4), rng.exponential(2), rng.binomial(10, 0.5, 3), rng.integers(2**40), sep="\n")
np.random.seed(0)
print(np.random.rand(2), np.random.randn(2), np.random.randint(0, 10, 5), np.random.choice(5, 3, replace=False), np.random.permutation(4), np.random.RandomState(1).uniform(size=2), np.random.normal(10, 2, 3), np.random.randint(2**31), np.random.shuffle([1]))
#%% the type of old random integers
import numpy as np
np.random.seed(1)
print(np.random.randint(0, 10, 3).dtype, np.random.randint(5).__class__, np.random.permutation(3).dtype, np.random.choice(4, 2).dtype, np.random.binomial(5, 0.5, 2).dtype, np.random.poisson(2, 2).dtype)
#%% random integers beyond 32 bits
import numpy as np
np.random.seed(2)
print(np.random.randint(0, 2**40, 3), np.random.randint(0, 10**12))
#%% shapes
import numpy as np
a = np.arange(6)
print(a.reshape(2, -1), a.reshape(3, 2).T, np.ravel([[1], [2]]), np.vstack([a, a]).shape, np.hstack([a, a]).shape, np.concatenate([a[:2], a[-2:]]), np.split(a, 3), np.tile([1, 2], 2), np.repeat([1, 2], [2, 3]), np.expand_dims(a, 0).shape, np.squeeze([[1]]).shape, np.flip(a), np.roll(a, 2), np.rot90([[1, 2], [3, 4]]), np.meshgrid([1, 2], [3, 4])[0], np.pad([1], 1), np.delete(a, 1), np.insert(a, 1, 9), np.append(a, 7), np.array_split(a, 4), sep="\n")
#%% sets and unique
import numpy as np
a = np.array([3, 1, 2, 3, 1])
print(np.unique(a), np.unique(a, return_index=True, return_inverse=True), np.isin(a, [1, 9]), np.union1d(a, [7]), np.intersect1d(a, [1, 2]), np.setdiff1d(a, [3]), np.digitize([0.5, 2.5], [0, 1, 2]), np.searchsorted([1, 3, 5], [0, 3, 9]), np.diff(a), np.trapezoid([1, 2, 3]), np.gradient([1, 4, 9.0]), np.convolve([1, 2], [1, 1]), np.interp(1.5, [1, 2], [10, 20]), np.polyfit([0, 1, 2], [1, 3, 7], 2).round(6), np.polyval([1, 0, 1], 3), sep="\n")
#%% structured and string arrays
import numpy as np
people = np.array([("Ann", 31, 1.7), ("Bob", 25, 1.8)], dtype=[("name", "U10"), ("age", "i4"), ("height", "f8")])
print(people, people["age"].mean(), people[people["age"] > 30]["name"], np.sort(people, order="age")["name"], people.dtype.names, people.dtype.itemsize)
s = np.array(["apple", "kiwi"])
print(np.char.upper(s), np.strings.add(s, "!"), s.dtype, s == "kiwi", np.char.split(["a b"])[0], np.array(["a", None]).dtype)
people[0]
#%% dates in arrays
import numpy as np
d = np.array(["2024-02-28", "2024-03-01"], dtype="datetime64[D]")
print(d, d[1] - d[0], np.datetime64("2024-01-01T12:00") + np.timedelta64(90, "m"), np.busday_count("2024-01-01", "2024-02-01"), d.astype("datetime64[M]"), np.is_busday("2024-01-06"))
#%% files of arrays
import numpy as np, io
a = np.arange(6.0).reshape(2, 3)
np.save("a.npy", a); np.savez("z.npz", x=a, y=np.array([1]))
print(np.load("a.npy"), sorted(np.load("z.npz").files), np.load("z.npz")["y"], np.load("z.npz")["y"].dtype)
np.savetxt("t.csv", a, delimiter=",", fmt="%.1f", header="a,b,c")
print(open("t.csv").read(), np.loadtxt("t.csv", delimiter=","), np.genfromtxt(io.StringIO("1,,3"), delimiter=","), np.frombuffer(b"\1\0\2\0", "<i2"), a.tobytes()[:8], np.fromstring("1 2", sep=" "))
with open("raw", "wb") as f: f.write(a.tobytes())
print(np.frombuffer(open("raw", "rb").read()))
#%% views and copies
import numpy as np
a = np.arange(5)
v, c = a[1:3], a[[1, 2]]
v[0] = 99; c[0] = -1
print(a, v.base is a, c.base is None, a.flags.writeable, np.shares_memory(a, v), a.strides, a.T.flags.c_contiguous, np.ascontiguousarray(a[::2]).strides, a.view("uint8")[:3])
a.flags.writeable = False
a[0] = 1
#%% masked, nan, complex
import numpy as np
m = np.ma.masked_array([1, 2, 3], mask=[0, 1, 0])
print(m, m.mean(), m.filled(0), np.nan_to_num([np.nan, np.inf]), np.nansum([1, np.nan]), np.isnan([1, np.nan]), np.real([1 + 2j]), np.angle(1j), np.abs(3 + 4j), np.roots([1, -3, 2]), np.fft.fft([1, 0, 0, 0]), np.fft.rfftfreq(4), np.sinc(0), sep="\n")
#%% vectorized simulations
import numpy as np
rng = np.random.default_rng(7)
walks = rng.choice([-1, 1], size=(100, 50)).cumsum(axis=1)
print(walks[:, -1].mean(), walks.max(), walks.dtype, (np.abs(walks) >= 10).any(axis=1).sum())
pts = rng.random((1000, 2))
print(4 * ((pts ** 2).sum(axis=1) < 1).mean(), np.corrcoef(pts.T).round(6))
f = np.vectorize(lambda x: "even" if x % 2 == 0 else "odd")
print(f(np.arange(4)), np.apply_along_axis(sum, 1, [[1, 2], [3, 4]]), np.fromiter((i * i for i in range(4)), int), np.frompyfunc(hex, 1, 1)([10, 255]))
#%% image-like
import numpy as np
img = (np.indices((4, 6)).sum(axis=0) * 20).astype(np.uint8)
gray = img[..., None] * np.array([0.299, 0.587, 0.114])
print(img, img.dtype, img.mean(), gray.sum(-1).round().astype(np.uint8)[0], 255 - img[0], img[:, ::-1][0], img.astype(float).std().round(6), np.histogram(img, bins=[0, 50, 100, 256])[0], np.kron(img[:2, :2], np.ones((2, 2), np.uint8)), sep="\n")
#%% sums of lists and mixed types
import numpy as np
print(sum(np.arange(5)), max(np.array([1.5, 2])), sorted(np.array([2, 1])), np.array([1, 2]) + [3, 4], [1, 2] + np.array([3, 4]), np.array([1, 2]).tolist(), list(np.array([1, 2])), 5 - np.array([1]), "%d %s" % (np.int64(3), np.array([1])), f"{np.float64(2.5):.3f} {np.int64(7):05d}", np.array([1, 2]) * 1.0, np.array([1]) == "a")
import json
print(json.dumps(np.array([1, 2]).tolist()), round(np.float64(2.567), 2), int(np.float64(3.9)), isinstance(np.float64(1), float), isinstance(np.int64(1), int), np.int64(3).bit_count(), hash(np.int64(5)) == 5)
json.dumps(np.int64(1))
#%% numbers to the last digit
import numpy as np
a = np.random.default_rng(3).normal(size=(50, 4))
print(a.mean(axis=0).tolist(), a.sum().tolist())
print(np.linalg.inv(a.T @ a).tolist(), np.corrcoef(a.T)[0].tolist(), np.sin(a[:5, 0]).tolist(), sep="\n")
#%% what pandas sums up exactly
import pandas as pd, numpy as np
df = pd.DataFrame(np.random.default_rng(5).normal(size=(30, 3)), columns=list("abc"))
df["g"] = np.arange(30) % 3
print(df.describe().values.tolist(), df.groupby("g").agg(["mean", "sum", "var"]).values.tolist(), df["a"].rolling(5).std().dropna().tolist(), df["b"].skew(), df["c"].quantile([.1, .33]).tolist(), sep="\n")
