import numpy as np

print(np.array([1, 2.5]).dtype, np.array([1, 2], dtype="u1").dtype, np.array([True, 2]).dtype.kind, np.array(["ab", "c"]).dtype.str, np.array([1j]).dtype)
a = np.array([250, 10], dtype=np.uint8)
print((a + np.uint8(10)).tolist(), (a.astype(int) + 10).tolist(), np.array([1.9, -1.9]).astype(int).tolist(), np.array(["3", "4"]).astype(float).tolist())
print(np.iinfo(np.int16).max, np.iinfo("int64").min, float(np.finfo(np.float32).eps), np.finfo(float).max > 1e308)
print(np.result_type(np.int8, np.int16), np.promote_types("f4", "i8"), np.can_cast("i8", "i4"), np.can_cast("i2", "f8"), np.issubdtype(np.float32, np.floating))
f = np.float32(0.1)
print(float(f) == 0.1, round(float(f), 10), np.float16(65504).item(), np.array([0.1], "f4").view("u4").tolist())
print(np.array([1, 256], dtype="<u2").view("u1").tolist(), np.array([1], dtype=">i4").tobytes(), np.frombuffer(b"\x01\x00\x02\x00", dtype="<i2").tolist())
print(np.array([1, 2, 3], dtype="i4").nbytes, np.zeros((3, 4)).strides, np.dtype("i4,f8").names, np.array([1, 2], "i8").byteswap().tolist())
s = np.array([("Ann", 31, 1.5), ("Bob", 25, 2.5)], dtype=[("name", "U5"), ("age", "i4"), ("w", "f8")])
print(s["name"].tolist(), float(s["w"].mean()), s[s["age"] > 30]["name"].tolist(), np.sort(s, order="age")["name"].tolist(), s[0].item())
r = s.view(np.recarray)
print(r.age.tolist(), s.dtype.names, s.dtype["age"].itemsize)
o = np.array([1, "a", None], dtype=object)
print(o.tolist(), (np.array([1, 2], dtype=object) * 10 ** 20).tolist(), np.isscalar(3.0), np.ndim([[1]]))
print(np.bool_(True) == 1, int(np.int64(7)), np.array(3.5).item(), np.array([[1]]).item(), np.int8(-5).astype(np.uint8).item())
try:
    np.array([1, 2]).astype("M8[ns]"); np.array(["x"]).astype(int)
except ValueError as e:
    print(type(e).__name__)
