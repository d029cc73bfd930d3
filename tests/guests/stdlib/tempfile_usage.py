import os
import tempfile

print(tempfile.gettempdir())
with tempfile.TemporaryDirectory(prefix="job_") as d:
    print(os.path.basename(d).startswith("job_"), os.path.isdir(d))
    path = os.path.join(d, "f.txt")
    with open(path, "w") as f:
        f.write("data" * 10)
    print(os.listdir(d), os.path.getsize(path))
print(os.path.exists(d), os.path.exists(path))
with tempfile.NamedTemporaryFile("w+", suffix=".log", dir="/tmp") as f:
    name = f.name
    f.write("first\nsecond\n"); f.flush(); f.seek(0)
    print(name.endswith(".log"), f.readlines(), os.path.exists(name))
print(os.path.exists(name))
keep = tempfile.NamedTemporaryFile(delete=False)
keep.write(b"kept"); keep.close()
print(open(keep.name, "rb").read()); os.unlink(keep.name)
fd, p = tempfile.mkstemp(".x", "pre_")
os.write(fd, b"12345"); os.close(fd)
print(os.stat(p).st_size, os.path.basename(p)[:4], p[-2:]); os.remove(p)
with tempfile.SpooledTemporaryFile(max_size=16) as sp:
    sp.write(b"short")
    small = sp._rolled
    sp.write(b"x" * 50)
    print(small, sp._rolled, sp.tell())
with tempfile.TemporaryFile() as t:
    t.write(b"anon"); t.seek(1)
    print(t.read())
a, b = tempfile.mkdtemp(), tempfile.mkdtemp()
print(a != b, os.listdir(a)); os.rmdir(a); os.rmdir(b)
