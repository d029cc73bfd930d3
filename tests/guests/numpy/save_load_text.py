import io
import os
import zipfile
import numpy as np

a = np.arange(6, dtype="i4").reshape(2, 3)
buf = io.BytesIO()
np.save(buf, a)
print(buf.getvalue()[:6], len(buf.getvalue()))
buf.seek(0)
b = np.load(buf)
print((a == b).all(), b.dtype, b.shape)
np.savez_compressed("/tmp/arrs.npz", x=a, y=np.array([1.5, np.nan]))
with np.load("/tmp/arrs.npz") as z:
    print(sorted(z.files), z["x"].sum(), np.isnan(z["y"]).tolist())
print(sorted(zipfile.ZipFile("/tmp/arrs.npz").namelist()))
np.savetxt("/tmp/a.csv", a / 4, delimiter=",", fmt="%.3f", header="a,b,c", comments="")
print(open("/tmp/a.csv").read())
print(np.loadtxt("/tmp/a.csv", delimiter=",", skiprows=1).tolist(), np.loadtxt(io.StringIO("1 2 # c\n3 4"), usecols=1).tolist())
g = np.genfromtxt(io.StringIO("id,v,name\n1,2.5,x\n2,,y\n"), delimiter=",", names=True, dtype=None, encoding="utf-8")
print(g.dtype.names, g["id"].tolist(), np.isnan(g["v"]).tolist(), g["name"].tolist())
open("/tmp/raw.bin", "wb").write(a.tobytes())
print(os.path.getsize("/tmp/raw.bin"), np.frombuffer(open("/tmp/raw.bin", "rb").read(), dtype="i4", count=4, offset=4).tolist())
print(np.fromstring("1, 2, 3", sep=",").tolist(), a.tobytes().hex()[:16], np.frombuffer(a.tobytes(), "i4").reshape(a.shape).tolist() == a.tolist())
try:
    np.load(io.BytesIO(b"not an npy file at all"), allow_pickle=False)
except ValueError as e:
    print(type(e).__name__)
o = io.BytesIO(); np.save(o, np.array([{"k": 1}], dtype=object)); o.seek(0)
print(np.load(o, allow_pickle=True)[0])
