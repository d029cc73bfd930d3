import io
import os
import tarfile

os.makedirs("/tmp/tar_src/sub", exist_ok=True)
for n, c in (("a.txt", "alpha\n"), ("sub/b.txt", "beta\n" * 500)):
    with open("/tmp/tar_src/" + n, "w") as f:
        f.write(c)
for mode in ("gz", "bz2", "xz", ""):
    path = f"/tmp/arc.tar.{mode}".rstrip(".")
    with tarfile.open(path, "w:" + mode) as t:
        t.add("/tmp/tar_src", arcname="src", filter=lambda i: None if i.name.endswith("a.txt") else i)
        info = tarfile.TarInfo("virtual/data.bin")
        info.size, info.mtime, info.mode = 10, 1600000000, 0o640
        t.addfile(info, io.BytesIO(b"0123456789"))
    with tarfile.open(path) as t:
        m = t.getmember("virtual/data.bin")
        print(mode or "plain", sorted(t.getnames()), m.mtime, oct(m.mode), len(t.extractfile("src/sub/b.txt").read()))
with tarfile.open("/tmp/arc.tar.gz") as t:
    t.extractall("/tmp/tar_out", filter="data")
print(open("/tmp/tar_out/virtual/data.bin").read(), open("/tmp/tar_out/src/sub/b.txt").read() == "beta\n" * 500)
evil = io.BytesIO()
with tarfile.open(fileobj=evil, mode="w") as t:
    info = tarfile.TarInfo("../../etc/evil")
    t.addfile(info, io.BytesIO())
evil.seek(0)
try:
    tarfile.open(fileobj=evil).extractall("/tmp/tar_out", filter="data")
except tarfile.OutsideDestinationError as e:
    print(type(e).__name__)
print(tarfile.is_tarfile("/tmp/arc.tar"), os.path.getsize("/tmp/arc.tar") % 512)
try:
    tarfile.open(fileobj=io.BytesIO(b"garbage" * 200))
except tarfile.ReadError as e:
    print(type(e).__name__)
